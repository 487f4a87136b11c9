//! A check as a page for people.

use std::fmt::Write as _;

use super::model::Check;

/// The page of a check in Markdown; also what `pacscan explain` prints.
pub fn page(check: &Check) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "# {}\n\n`{}` · {} · on each {}\n", check.title, check.id, check.severity, check.subject);
    let _ = writeln!(out, "## Why\n\n{}\n", check.why);
    let _ = writeln!(out, "## Passes when\n\n{}\n", check.expected);
    let _ = writeln!(out, "## Fix\n\n{}\n", check.fix);
    if !check.severity_rules.is_empty() {
        let _ = writeln!(out, "## Severity\n");
        for rule in &check.severity_rules {
            let change = match rule.change {
                super::SeverityChange::Is(severity) => severity.word(),
                super::SeverityChange::Raise => "one step up",
                super::SeverityChange::Lower => "one step down",
            };
            let _ = writeln!(out, "- {change}: {}", rule.because);
        }
        out.push('\n');
    }
    let mut paths = check.pass.paths();
    paths.extend(check.when.iter().flat_map(crate::expr::Expression::paths));
    paths.sort();
    paths.dedup();
    let _ = writeln!(out, "## Facts read\n");
    for path in paths {
        let meaning = crate::facts::Catalogue::get().spec(&path).map(|spec| spec.meaning).filter(|m| !m.is_empty());
        let _ = writeln!(out, "- `{path}`{}", meaning.map(|m| format!(": {m}")).unwrap_or_default());
    }
    if !check.references.is_empty() {
        let _ = writeln!(out, "\n## References\n");
        for reference in &check.references {
            let _ = writeln!(out, "- <{reference}>");
        }
    }
    out
}
