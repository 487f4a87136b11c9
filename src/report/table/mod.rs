//! The report for people: the verdict, what to fix first, what is not known, and why the exit code is what it is.

mod commitments;
mod findings;
mod layout;
mod text;
mod unknowns;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use self::layout::{Paper, severity_cell};
use self::text::clean;
use super::format::Options;
use super::view::{ProfileView, SubjectView, View};
use crate::check::{Severity, Status};
use crate::facts::Kind;
use crate::profile::{GateScope, VerdictWord, listed, plural};

/// Errors that are listed before the rest is only counted.
const MAX_ERRORS: usize = 12;

/// Writes the report for a terminal, or plainly for a pipe.
pub(super) fn write(view: &View<'_>, options: Options, out: &mut dyn Write) -> io::Result<()> {
    let mut paper = Paper::new(options, out);
    verdict(view, &mut paper)?;
    exposure(view, &mut paper)?;
    findings::write(view, &mut paper)?;
    commitments::write(view, &mut paper)?;
    unknowns::write(view, &mut paper)?;
    by_subject(view, &mut paper)?;
    errors(view, &mut paper)?;
    counts(view, &mut paper)?;
    gate(view, &mut paper)
}

fn verdict(view: &View<'_>, paper: &mut Paper<'_>) -> io::Result<()> {
    let word = match view.verdict.decision {
        VerdictWord::Go => "GO",
        VerdictWord::NoGo => "NO-GO",
        VerdictWord::Undetermined => "UNDETERMINED",
    };
    let kind = if view.is_static() { "static audit" } else { "audit" };
    let targets: Vec<String> = view.audit.targets.iter().map(|target| clean(target)).collect();
    paper.verdict(
        view.verdict.decision,
        word,
        &format!("{kind} of {} at {}", listed(&targets, 4), to_second(&view.audit.as_of)),
    )?;
    for profile in &view.profiles {
        paper.line(&profile_line(profile))?;
    }
    paper.blank()?;
    paper.bullets(&view.verdict.reasons)
}

/// The open ways to patient data; nothing at all where no place that holds some was looked at.
fn exposure(view: &View<'_>, paper: &mut Paper<'_>) -> io::Result<()> {
    let exposure = view.exposure;
    if exposure.open.is_empty() && exposure.unknown.is_empty() {
        return Ok(());
    }
    paper.heading("Who reaches patient data without a credential")?;
    let open: Vec<String> = exposure.open.iter().map(|way| format!("{}: {}", way.subject, way.path)).collect();
    paper.bullets(&open)?;
    let unknown: Vec<String> = exposure.unknown.iter().map(|why| format!("not known: {why}")).collect();
    paper.bullets(&unknown)
}

/// The time without its fraction of a second.
fn to_second(time: &str) -> String {
    time.split_once('.').map_or_else(|| time.to_owned(), |(second, _)| format!("{second}Z"))
}

/// `go-live 1: score 62.5, grade F (capped: container-no-engine-socket is critical and open), coverage 91.0 %`
fn profile_line(profile: &ProfileView<'_>) -> String {
    let number = |value: Option<f64>| value.map_or_else(|| "none".to_owned(), |v| format!("{v:.1}"));
    let grade = profile.grade.map_or_else(String::new, |grade| format!(", grade {grade}"));
    let cap = profile.grade_cap.map_or_else(String::new, |id| format!(" (capped: {id} is critical and open)"));
    let coverage = number(profile.coverage);
    clean(&format!("{} {}: score {}{grade}{cap}, coverage {coverage} %", profile.name, profile.version, number(profile.score)))
}

/// One line for each subject with something open, the worst first: which service needs the most work.
fn by_subject(view: &View<'_>, paper: &mut Paper<'_>) -> io::Result<()> {
    let mut subjects: BTreeMap<SubjectView<'_>, [usize; 5]> = BTreeMap::new();
    for result in &view.results {
        let column = match result.status {
            Status::Fail => Severity::ALL.iter().position(|s| *s == result.severity).unwrap_or(3),
            Status::NotEvaluated => 4,
            Status::Pass | Status::NotApplicable => continue,
        };
        subjects.entry(result.subject).or_default()[column] += 1;
    }
    let mut rows: Vec<_> = subjects.into_iter().collect();
    rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let targets: BTreeSet<&str> = view.results.iter().map(|result| result.subject.target).collect();
    let mut table = paper.table(&["Subject", "Critical", "High", "Medium", "Low", "Not evaluated"], false);
    for (subject, numbers) in rows {
        let place = if targets.len() > 1 && subject.kind == Kind::Container { subject.target } else { "" };
        let mut cells = vec![layout::plain(subject_line(subject, place))];
        for (number, severity) in numbers.iter().zip(Severity::ALL.map(Some).into_iter().chain([None])) {
            let shown = if *number == 0 { "-".to_owned() } else { number.to_string() };
            cells.push(match severity.filter(|_| *number > 0) {
                Some(severity) => severity_cell(severity, &shown),
                None => layout::plain(shown),
            });
        }
        table.add_row(cells);
    }
    paper.section("By subject", &table)
}

fn subject_line(subject: SubjectView<'_>, place: &str) -> String {
    let name = text::short(subject.name);
    match (subject.kind.word() == subject.name, place) {
        (true, _) => format!("the {name}"),
        (false, "") => format!("{} {name}", subject.kind),
        (false, place) => format!("{} {name} ({})", subject.kind, text::short(place)),
    }
}

fn errors(view: &View<'_>, paper: &mut Paper<'_>) -> io::Result<()> {
    if view.errors.is_empty() {
        return Ok(());
    }
    paper.heading("Problems on the way")?;
    let lines: Vec<String> =
        view.errors.iter().take(MAX_ERRORS).map(|error| format!("{}: {}", error.target, error.message)).collect();
    paper.bullets(&lines)?;
    match view.errors.len().saturating_sub(MAX_ERRORS) {
        0 => Ok(()),
        more => paper.line(&format!("  and {more} more; --format json has them all")),
    }
}

fn counts(view: &View<'_>, paper: &mut Paper<'_>) -> io::Result<()> {
    paper.heading("Counts")?;
    for profile in &view.profiles {
        let c = &profile.counts;
        let numbers = [
            (c.met, "met"),
            (c.not_met, "not met"),
            (c.not_evaluated, "not evaluated"),
            (c.manual, "manual"),
            (c.attested, "attested"),
            (c.waived, "waived"),
            (c.not_applicable, "not applicable"),
        ];
        let controls = plural(profile.controls.len(), "control");
        paper.line(&clean(&format!("{}: {controls}: {}", profile.name, counted(&numbers))))?;
        let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
        profile.controls.iter().filter_map(|control| control.group).for_each(|group| *groups.entry(group).or_default() += 1);
        for (group, n) in groups {
            paper.line(&clean(&format!("  {n} of them in the group \"{group}\"")))?;
        }
    }
    let of = |status: Status| view.results.iter().filter(|result| result.status == status).count();
    let numbers = [
        (of(Status::Pass), "pass"),
        (of(Status::Fail), "fail"),
        (of(Status::NotEvaluated), "not evaluated"),
        (of(Status::NotApplicable), "not applicable"),
    ];
    paper.line(&format!("All checks: {}: {}", plural(view.results.len(), "result"), counted(&numbers)))
}

fn counted(numbers: &[(usize, &str)]) -> String {
    let shown: Vec<String> = numbers.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
    if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
}

fn gate(view: &View<'_>, paper: &mut Paper<'_>) -> io::Result<()> {
    let gate = &view.gate;
    let state = match (gate.scope, gate.met, gate.exit_code) {
        (GateScope::Off, true, _) => "off",
        (_, true, _) => "met",
        (_, false, 3) => "undetermined",
        (_, false, _) => "not met",
    };
    let scope = if gate.scope == GateScope::New { " (only what the baseline does not know)" } else { "" };
    paper.heading(&format!("Gate: {state}{scope}, exit code {}", gate.exit_code))?;
    let same = gate.reasons.iter().all(|reason| view.verdict.reasons.contains(reason));
    if same { paper.line("For the reasons at the top.") } else { paper.bullets(gate.reasons) }
}
