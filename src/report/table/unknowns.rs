//! What is not known, by reason: one paragraph for each way to find out.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::layout::Paper;
use super::text::{brief, clean, short};
use crate::check::Status;
use crate::facts::{Kind, Reason};
use crate::profile::{ControlStatus, listed, listed_with, plural};
use crate::report::remedy::remedy;
use crate::report::view::{ControlView, ProfileView, ResultView, View};

/// Subjects and details that are named before the rest is counted.
const NAMED: usize = 8;
const DETAILS: usize = 2;

/// One way to find out, and what would be known then.
struct Gap {
    why: String,
    ids: Vec<String>,
    subjects: Vec<String>,
    details: Vec<String>,
    remedy: String,
}

pub(super) fn write(view: &View<'_>, paper: &mut Paper<'_>) -> io::Result<()> {
    let mut gaps = by_reason(view);
    for profile in &view.profiles {
        gaps.extend(weak(view, profile));
        gaps.extend(manual(profile));
        gaps.extend(planned(profile));
    }
    if gaps.is_empty() {
        return Ok(());
    }
    paper.heading("What could not be evaluated")?;
    gaps.iter().try_for_each(|gap| gap.write(paper))
}

impl Gap {
    fn write(&self, paper: &mut Paper<'_>) -> io::Result<()> {
        let place = match self.subjects.as_slice() {
            [] => String::new(),
            names => format!(" on {} ({})", plural(names.len(), "subject"), listed(names, NAMED)),
        };
        paper.bullets(&[format!("{}{place}", self.why)])?;
        if !self.details.is_empty() {
            paper.indented(&format!("Because: {}.", listed_with(&self.details, DETAILS, "; ")))?;
        }
        paper.indented(&format!("To find out: {}", self.remedy))?;
        paper.indented(&self.ids.join(", "))
    }
}

fn by_reason(view: &View<'_>) -> Vec<Gap> {
    let mut groups: BTreeMap<(Reason, &str), Vec<&ResultView<'_>>> = BTreeMap::new();
    for result in view.results.iter().filter(|result| result.status == Status::NotEvaluated) {
        let reason = result.reason.unwrap_or(Reason::UnknownFact);
        groups.entry((reason, result.fix.unwrap_or_default())).or_default().push(result);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, results)| std::cmp::Reverse(results.len()));
    groups.into_iter().map(|((reason, fix), results)| gap(reason, fix, &results)).collect()
}

fn gap(reason: Reason, fix: &str, results: &[&ResultView<'_>]) -> Gap {
    // Every id is named: none may be lost here. Results come in order of check.
    let mut ids: Vec<String> = results.iter().map(|result| clean(result.check)).collect();
    ids.dedup();
    let subjects: BTreeSet<_> = results.iter().map(|result| result.subject).collect();
    let subjects = subjects.iter().filter(|subject| subject.kind.word() != subject.name).map(|subject| short(subject.name));
    let details: BTreeSet<&str> = results.iter().filter_map(|result| result.message.strip_prefix("not evaluated: ")).collect();
    Gap {
        why: format!("{}: {}", words(reason), plural(ids.len(), "check")),
        subjects: subjects.collect(),
        details: details.into_iter().map(brief).collect(),
        remedy: fix.to_owned(),
        ids,
    }
}

/// Controls that nothing but the strength of the evidence keeps from being met.
fn weak(view: &View<'_>, profile: &ProfileView<'_>) -> Option<Gap> {
    let with = |status: Status| -> BTreeSet<&str> {
        view.results.iter().filter(|result| result.status == status).map(|result| result.check).collect()
    };
    let (unknown, passing) = (with(Status::NotEvaluated), with(Status::Pass));
    let is_weak = |control: &ControlView<'_>| {
        let any = |checks: &BTreeSet<&str>| control.checks.iter().any(|check| checks.contains(check));
        control.status == ControlStatus::NotEvaluated && control.planned.is_empty() && any(&passing) && !any(&unknown)
    };
    of_controls(profile, words(Reason::Assurance), remedy(Reason::Assurance, Kind::Container), is_weak)
}

/// Controls that no check can decide.
fn manual(profile: &ProfileView<'_>) -> Option<Gap> {
    let remedy = "No program can see this: a person who answers for it attests it in pacscan.yaml (`pacscan explain process-…` shows how).";
    of_controls(profile, "Manual", remedy, |control| control.status == ControlStatus::Manual)
}

/// Controls that a later version will decide.
fn planned(profile: &ProfileView<'_>) -> Option<Gap> {
    let open = |control: &ControlView<'_>| control.status == ControlStatus::NotEvaluated && !control.planned.is_empty();
    of_controls(profile, "Not in this version", "This version has no such check yet: look at it yourself until it has.", open)
}

fn of_controls(profile: &ProfileView<'_>, why: &str, remedy: &str, which: impl Fn(&ControlView<'_>) -> bool) -> Option<Gap> {
    let ids: Vec<String> = profile.controls.iter().filter(|control| which(control)).map(|control| clean(control.id)).collect();
    (!ids.is_empty()).then(|| Gap {
        why: format!("{why}: {} of {}", plural(ids.len(), "control"), clean(profile.name)),
        ids,
        subjects: Vec::new(),
        details: Vec::new(),
        remedy: remedy.to_owned(),
    })
}

fn words(reason: Reason) -> &'static str {
    match reason {
        Reason::Unreachable => "Target unreachable",
        Reason::Refused => "Refused",
        Reason::Permission => "No permission",
        Reason::Timeout => "No answer in time",
        Reason::Unsupported => "Cannot be read truly",
        Reason::UnknownFact => "Not collected",
        Reason::ImageNotSeen => "Image not seen",
        Reason::NoTarget => "No target shows it",
        Reason::NotProbed => "Not probed",
        Reason::Unproven => "Effect not proven",
        Reason::Assurance => "Passes, but on files alone",
        Reason::Error => "Error in the check",
    }
}
