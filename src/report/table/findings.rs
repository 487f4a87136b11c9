//! What to fix first: one row for each check that fails, however many subjects it fails on.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::layout::{Paper, plain, severity_cell};
use super::text::{brief, clean, first_step, short};
use crate::check::{Severity, Status};
use crate::profile::{listed, plural};
use crate::report::view::{ResultView, View};

/// Subjects and sentences that a row names before it counts the rest.
const NAMED: usize = 8;
const SENTENCES: usize = 3;
/// Columns: `critical` with its margins, and the longest id of a check with its own.
const SEVERITY_WIDTH: usize = 10;
const WHAT_WIDTH: usize = 43;
const WHERE_WIDTH: usize = 28;

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
    let wide = paper.is_wide();
    let mut table =
        paper.table(if wide { &["Severity", "What", "Where", "Fix"] } else { &["Severity", "What and where", "Fix"] }, true);
    for (failing, applicable) in rows {
        let severity = failing[0].severity;
        let (what, place) = (what(&failing, severity), place(&failing, applicable));
        let fix = plain(first_step(failing[0].fix.unwrap_or_default()));
        let severity = severity_cell(severity, severity.word());
        if wide {
            table.add_row([severity, plain(what), plain(place), fix]);
        } else {
            table.add_row([severity, plain(format!("{what}\n{place}")), fix]);
        }
    }
    let spare = paper.spare();
    let widths = [SEVERITY_WIDTH, WHAT_WIDTH + spare / 3, WHERE_WIDTH + spare / 4];
    paper.set_widths(&mut table, if wide { &widths } else { &widths[..2] });
    paper.section("What to fix first", &table)
}

/// The failure in words, then the id of the check. What all sentences say is said once.
fn what(failing: &[&ResultView<'_>], severity: Severity) -> String {
    let mut seen = BTreeSet::new();
    let distinct: Vec<&ResultView<'_>> = failing.iter().copied().filter(|result| seen.insert(without_name(result))).collect();
    let common = common_head(&distinct);
    let mut lines: Vec<String> = match (distinct.as_slice(), common) {
        ([one], _) if failing.len() > 1 => vec![brief(without_name(one))],
        (many, Some(head)) => {
            let detail =
                |r: &&ResultView<'_>| format!("- {}: {}", short(r.subject.name), brief(&without_name(r)[head.len() + 2..]));
            [clean(head)].into_iter().chain(many.iter().take(SENTENCES).map(detail)).collect()
        }
        (many, None) => many.iter().take(SENTENCES).map(|result| brief(result.message)).collect(),
    };
    if distinct.len() > SENTENCES {
        lines.push(format!("and {} more", distinct.len() - SENTENCES));
    }
    let first = failing[0];
    if let Some(why) = first.severity_reason.filter(|_| severity != first.base_severity) {
        lines.push(format!("{severity} because {}", clean(why)));
    }
    lines.extend(waived(failing));
    lines.push(clean(first.check));
    lines.join("\n")
}

/// Who has accepted it, and until when: the waiver that ends first.
fn waived(failing: &[&ResultView<'_>]) -> Option<String> {
    let waivers = || failing.iter().filter_map(|result| result.waiver);
    let first = waivers().min_by_key(|waiver| &waiver.expires)?;
    let how_many = match waivers().count() {
        n if n == failing.len() => String::new(),
        n => format!("{n} of {} ", failing.len()),
    };
    Some(brief(&format!("{how_many}waived until {} by {} ({})", first.expires, first.owner, first.ticket)))
}

/// What several sentences say before their first colon, when it is the same.
fn common_head<'a>(distinct: &[&ResultView<'a>]) -> Option<&'a str> {
    let (head, _) = without_name(distinct.first()?).split_once(": ")?;
    let same = |result: &&ResultView<'_>| without_name(result).split_once(": ").is_some_and(|(other, _)| other == head);
    (distinct.len() > 1 && distinct.iter().all(same)).then_some(head)
}

fn without_name<'a>(result: &ResultView<'a>) -> &'a str {
    let rest = result.message.strip_prefix(result.subject.name);
    rest.filter(|rest| rest.starts_with(' ')).map_or(result.message, str::trim_start)
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
