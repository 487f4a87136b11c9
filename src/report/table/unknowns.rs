//! What is not known, by reason: one row for each way to find out.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::layout::{Paper, plain};
use super::text::{clean, short};
use crate::check::Status;
use crate::facts::{Kind, Reason};
use crate::profile::{ControlStatus, listed, plural};
use crate::report::remedy::remedy;
use crate::report::view::{ProfileView, ResultView, View};

/// Subjects, details and controls that a row names before it counts the rest.
const NAMED: usize = 8;
const DETAILS: usize = 2;

pub(super) fn write(view: &View<'_>, paper: &mut Paper<'_>) -> io::Result<()> {
    let mut table = paper.table(&["Why", "Not evaluated", "Where", "To find out"]);
    for row in by_reason(view) {
        table.add_row(row.map(plain));
    }
    for profile in &view.profiles {
        for row in [weak(view, profile), manual(profile)].into_iter().flatten() {
            table.add_row(row.map(plain));
        }
    }
    table.set_constraints([paper.share(16), paper.share(38), paper.share(20), paper.share(26)]);
    paper.section("What could not be evaluated", &table)
}

fn by_reason(view: &View<'_>) -> Vec<[String; 4]> {
    let mut groups: BTreeMap<(Reason, &str), Vec<&ResultView<'_>>> = BTreeMap::new();
    for result in view.results.iter().filter(|result| result.status == Status::NotEvaluated) {
        let reason = result.reason.unwrap_or(Reason::UnknownFact);
        groups.entry((reason, result.fix.unwrap_or_default())).or_default().push(result);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, results)| std::cmp::Reverse(results.len()));
    groups.into_iter().map(|((reason, fix), results)| row(reason, fix, &results)).collect()
}

fn row(reason: Reason, fix: &str, results: &[&ResultView<'_>]) -> [String; 4] {
    // Every id is named: none may be lost here. Results come in order of check.
    let mut checks: Vec<String> = results.iter().map(|result| clean(result.check)).collect();
    checks.dedup();
    let subjects: BTreeSet<_> = results.iter().map(|result| result.subject).collect();
    let names: Vec<String> =
        subjects.iter().filter(|subject| subject.kind.word() != subject.name).map(|subject| short(subject.name)).collect();
    let mut why = vec![words(reason).to_owned()];
    let details: BTreeSet<&str> = results.iter().filter_map(|result| result.message.strip_prefix("not evaluated: ")).collect();
    why.extend(details.iter().take(DETAILS).map(|detail| clean(detail)));
    if details.len() > DETAILS {
        why.push(format!("and {} more", details.len() - DETAILS));
    }
    [
        why.join("\n"),
        format!("{}: {}", plural(checks.len(), "check"), checks.join(", ")),
        if names.is_empty() { String::new() } else { format!("{}: {}", names.len(), listed(&names, NAMED)) },
        fix.to_owned(),
    ]
}

/// Controls that nothing but the strength of the evidence keeps from being met.
fn weak(view: &View<'_>, profile: &ProfileView<'_>) -> Option<[String; 4]> {
    let unknown: BTreeSet<&str> =
        view.results.iter().filter(|result| result.status == Status::NotEvaluated).map(|result| result.check).collect();
    let is_weak = |checks: &[&str]| !checks.iter().any(|check| unknown.contains(check));
    let weak = profile.controls.iter().filter(|c| c.status == ControlStatus::NotEvaluated && is_weak(&c.checks));
    let ids: Vec<String> = weak.map(|control| clean(control.id)).collect();
    (!ids.is_empty()).then(|| {
        [
            words(Reason::Assurance).to_owned(),
            format!("{} of {}: {}", plural(ids.len(), "control"), clean(profile.name), listed(&ids, NAMED)),
            String::new(),
            remedy(Reason::Assurance, Kind::Container).to_owned(),
        ]
    })
}

/// Controls that no check can decide.
fn manual(profile: &ProfileView<'_>) -> Option<[String; 4]> {
    let manual = profile.controls.iter().filter(|control| control.status == ControlStatus::Manual);
    let ids: Vec<String> = manual.map(|control| clean(control.id)).collect();
    (!ids.is_empty()).then(|| {
        [
            "manual".to_owned(),
            format!("{} of {}: {}", plural(ids.len(), "control"), clean(profile.name), listed(&ids, NAMED)),
            String::new(),
            "No program can see this: a person who answers for it has to confirm it.".to_owned(),
        ]
    })
}

fn words(reason: Reason) -> &'static str {
    match reason {
        Reason::Unreachable => "target unreachable",
        Reason::Refused => "refused",
        Reason::Permission => "no permission",
        Reason::Timeout => "no answer in time",
        Reason::Unsupported => "cannot be read",
        Reason::UnknownFact => "not collected",
        Reason::ImageNotSeen => "image not seen",
        Reason::NoTarget => "no target shows it",
        Reason::NotProbed => "not probed",
        Reason::Unproven => "effect not proven",
        Reason::Assurance => "passes on files only",
        Reason::Error => "error in the check",
    }
}
