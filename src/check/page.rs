//! A check as a page for people.

use std::fmt::Write as _;

use super::model::Check;

/// The page of a check in Markdown; also what `pacscan explain` prints.
pub fn page(check: &Check) -> String {
    let mut out = String::new();
    let about = if check.is_manual() { "manual: a named person attests it".into() } else { format!("on each {}", check.subject) };
    let _ = writeln!(out, "# {}\n\n`{}` · {} · {about}\n", check.title, check.id, check.severity);
    let _ = writeln!(out, "## Why\n\n{}\n", check.why);
    let (wanted, remedy) = if check.is_manual() { ("What is attested", "What to bring") } else { ("Passes when", "Fix") };
    let _ = writeln!(out, "## {wanted}\n\n{}\n", check.expected.trim());
    let _ = writeln!(out, "## {remedy}\n\n{}\n", check.fix);
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
    if !check.is_manual() {
        facts_read(check, &mut out);
    }
    if !check.references.is_empty() {
        let _ = writeln!(out, "## References\n");
        for reference in &check.references {
            let _ = writeln!(out, "- <{reference}>");
        }
    }
    out
}

fn facts_read(check: &Check, out: &mut String) {
    let mut paths: Vec<_> = check.pass.iter().chain(&check.when).flat_map(crate::expr::Expression::paths).collect();
    paths.sort();
    paths.dedup();
    let _ = writeln!(out, "## Facts read\n");
    for path in paths {
        let meaning = crate::facts::Catalogue::get().spec(&path).map(|spec| spec.meaning).filter(|m| !m.is_empty());
        let _ = writeln!(out, "- `{path}`{}", meaning.map(|m| format!(": {m}")).unwrap_or_default());
    }
    out.push('\n');
}
