//! Which security scanners the policy names, which run, and which of those stop a pipeline.

use super::ci::{Pipelines, Step};
use super::policy::Policy;
use super::{place, whole_list};
use crate::collect::folder::walk::Walked;
use crate::facts::{Fact, Reason, Record, Unknown};
use crate::knowledge::{Scanner, scanners};

/// Ways of letting a command fail unnoticed.
const SHRUGS: [&str; 6] = ["|| true", "||true", "|| :", "|| exit 0", "|| echo", "; true"];

pub(super) fn write(facts: &mut Record, policy: &Policy<'_>, pipelines: &Pipelines<'_>, walked: &Walked, part: Option<&Unknown>) {
    let text = policy.text();
    let hooks = hooks(walked);
    let mut items = Vec::new();
    for scanner in scanners() {
        let named = scanner.is_named_in(&text);
        let runs: Vec<(&Step<'_>, Option<bool>)> =
            pipelines.steps.iter().filter_map(|step| run_of(scanner, step, &hooks)).collect();
        let configured = scanner.files.iter().any(|file| walked.file(file).is_some());
        if named || !runs.is_empty() {
            items.push(scanner_fact(scanner, named, &runs, configured, pipelines, part));
        }
    }
    let mut list = whole_list(items, walked, part);
    if let Some(why) = policy.unread().or(pipelines.unread.as_ref()) {
        list.incomplete.get_or_insert_with(|| why.clone());
    }
    facts.set_here("scanners", list);
}

fn scanner_fact(
    scanner: &Scanner,
    named: bool,
    runs: &[(&Step<'_>, Option<bool>)],
    configured: bool,
    pipelines: &Pipelines<'_>,
    part: Option<&Unknown>,
) -> Fact {
    let run = configured || !runs.is_empty();
    let best = runs.iter().map(|(_, blocks)| *blocks).max_by_key(|blocks| match blocks {
        Some(true) => 2,
        None => 1,
        Some(false) => 0,
    });
    let blocks = if configured { Some(true) } else { best.flatten() };
    let state = match (run, blocks) {
        (false, _) => "does not run",
        (_, Some(true)) => "runs and blocks",
        (_, Some(false)) => "runs, and its findings stop nothing",
        (_, None) => "runs; whether its findings stop anything is not known",
    };
    let mut record = Record::new();
    record.set_here("label", format!("{}: {state}", scanner.name));
    record.set_here("name", scanner.name.as_str());
    record.set_here("named", named);
    let unseen = pipelines.unread.as_ref().or(part).filter(|_| !run);
    record.put("runs", unseen.map_or_else(|| Fact::known(run), |why| Fact::unknown(why.clone())));
    let undecided = || Unknown::new(Reason::Unsupported, "the language of this CI system is not read");
    record.put(
        "blocks",
        match (run, blocks) {
            (false, _) => unseen.map_or_else(|| Fact::known(false), |why| Fact::unknown(why.clone())),
            (true, Some(blocks)) => Fact::known(blocks),
            (true, None) => Fact::unknown(undecided()),
        },
    );
    let origin = runs.first().map(|(step, _)| place(step.found, step.line));
    Fact { origin, ..Fact::from(record) }
}

/// The hooks of pre-commit, which run where a step runs pre-commit.
fn hooks(walked: &Walked) -> String {
    let file = walked.file(".pre-commit-config.yaml").and_then(|found| found.text().ok().flatten());
    file.unwrap_or_default()
}

/// Whether a step runs the scanner, and whether its findings stop the pipeline.
fn run_of<'s, 'w>(scanner: &Scanner, step: &'s Step<'w>, hooks: &str) -> Option<(&'s Step<'w>, Option<bool>)> {
    let by_action = step.uses.as_deref().is_some_and(|uses| scanner.actions.iter().any(|action| uses.starts_with(action)));
    let by_hook = !hooks.is_empty()
        && (step.text.contains("pre-commit run")
            || step.uses.as_deref().is_some_and(|uses| uses.starts_with("pre-commit/action")))
        && scanner
            .hooks
            .iter()
            .any(|hook| hooks.lines().any(|line| line.trim().trim_start_matches("- ") == format!("id: {hook}")));
    if by_action || by_hook {
        return Some((step, step.stops.map(|stops| stops && scanner.blocks(&step.text))));
    }
    let line = step.text.lines().find(|line| scanner.is_run_by(line))?;
    let shrugs = SHRUGS.iter().any(|shrug| line.contains(shrug));
    Some((step, step.stops.map(|stops| stops && !shrugs && scanner.blocks(line))))
}
