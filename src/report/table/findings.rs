//! What to fix first: one row for each check that fails, however many subjects it fails on.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::layout::{Paper, plain, severity_cell};
use super::text::{clean, first_sentence, short};
use crate::check::{Severity, Status};
use crate::profile::{listed, plural};
use crate::report::view::{ResultView, View};

/// Subjects and sentences that a row names before it counts the rest.
const NAMED: usize = 8;
const SENTENCES: usize = 3;

pub(super) fn write(view: &View<'_>, paper: &mut Paper<'_>) -> io::Result<()> {
    let mut groups: BTreeMap<&str, (Vec<&ResultView<'_>>, usize)> = BTreeMap::new();
    for result in &view.results {
        let (failing, applicable) = groups.entry(result.check).or_default();
        match result.status {
            Status::Fail => failing.push(result),
            Status::NotApplicable => continue,
            Status::Pass | Status::NotEvaluated => {}
        }
        *applicable += 1;
    }
    let mut rows: Vec<_> = groups.into_values().filter(|(failing, _)| !failing.is_empty()).collect();
    // The worst subject speaks for the row; ids keep the order the same from run to run.
    for (failing, _) in &mut rows {
        failing.sort_by_key(|result| std::cmp::Reverse(result.severity));
    }
    rows.sort_by_key(|(failing, _)| std::cmp::Reverse((failing[0].severity, failing.len())));
    let mut table = paper.table(&["Severity", "What", "Where", "Fix"]);
    for (failing, applicable) in rows {
        let severity = failing[0].severity;
        table.add_row([
            severity_cell(severity, severity.word()),
            plain(what(&failing, severity)),
            plain(place(&failing, applicable)),
            plain(first_sentence(failing[0].fix.unwrap_or_default())),
        ]);
    }
    table.set_constraints([paper.share(10), paper.share(31), paper.share(24), paper.share(35)]);
    paper.section("What to fix first", &table)
}

/// The failure in words. Sentences that differ only in the subject's name become one.
fn what(failing: &[&ResultView<'_>], severity: Severity) -> String {
    let mut seen = BTreeSet::new();
    let distinct: Vec<&ResultView<'_>> = failing.iter().copied().filter(|result| seen.insert(without_name(result))).collect();
    let mut lines: Vec<String> = match distinct.as_slice() {
        [one] if failing.len() > 1 => vec![clean(without_name(one))],
        many => many.iter().take(SENTENCES).map(|result| clean(result.message)).collect(),
    };
    if distinct.len() > SENTENCES {
        lines.push(format!("and {} more like these", distinct.len() - SENTENCES));
    }
    let first = failing[0];
    if let Some(why) = first.severity_reason.filter(|_| severity != first.base_severity) {
        lines.push(format!("{severity} because {}", clean(why)));
    }
    lines.push(format!("[{}]", clean(first.check)));
    lines.join("\n")
}

fn without_name<'a>(result: &ResultView<'a>) -> &'a str {
    result.message.strip_prefix(result.subject.name).map_or(result.message, str::trim_start)
}

/// `11 of 12 services: a, b, c`, and the first place in a file.
fn place(failing: &[&ResultView<'_>], applicable: usize) -> String {
    let names: Vec<String> = failing.iter().map(|result| short(result.subject.name)).collect();
    let all_services = failing.iter().all(|result| result.subject.service == Some(result.subject.name));
    let noun = if all_services { "service" } else { failing[0].subject.kind.word() };
    let mut lines = vec![match applicable {
        1 => names.concat(),
        n => format!("{} of {}: {}", failing.len(), plural(n, noun), listed(&names, NAMED)),
    }];
    let origins = failing.iter().flat_map(|result| &result.evidence).map(|evidence| evidence.origin);
    if let Some(origin) = origins.into_iter().find(|origin| origin.file.is_some() && origin.line.is_some()) {
        lines.push(clean(&origin.to_string()));
    }
    lines.join("\n")
}
