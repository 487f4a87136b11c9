//! Reports of scanners, told apart by their shape.

mod formats;

use jiff::civil::Date;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::facts::{Fact, List, Reason, Record, Unknown, without_values};

/// Names of an artefact that are kept.
const MAX_NAMES: usize = 50;
/// Longest name that is kept, in characters.
const MAX_NAME: usize = 300;

/// What one report says.
#[derive(Debug, Default)]
struct Scan {
    scanner: &'static str,
    /// Of an image; else of dependencies.
    image: bool,
    /// RFC 3339, where the report says when it was made.
    created: Option<String>,
    /// References of the image.
    names: Vec<String>,
    /// Ids and digests of the image.
    ids: Vec<String>,
    counts: Counts,
    /// Why the report does not show everything.
    gap: Option<String>,
}

/// Findings by severity.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    critical: i64,
    high: i64,
    medium: i64,
    low: i64,
    /// Without a severity.
    unrated: i64,
    /// For which there is a fixed version.
    fixable: i64,
}

impl Counts {
    fn add(&mut self, severity: &str, fixable: bool) {
        let slot = match severity.to_ascii_lowercase().as_str() {
            "critical" => &mut self.critical,
            "high" => &mut self.high,
            "medium" | "moderate" => &mut self.medium,
            "low" | "negligible" | "info" => &mut self.low,
            _ => &mut self.unrated,
        };
        *slot += 1;
        self.fixable += i64::from(fixable);
    }
}

/// Which fields a report has.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "SchemaVersion")]
    schema_version: Option<IgnoredAny>,
    #[serde(rename = "ArtifactName")]
    artifact_name: Option<IgnoredAny>,
    matches: Option<IgnoredAny>,
    descriptor: Option<IgnoredAny>,
    results: Option<IgnoredAny>,
    dependencies: Option<IgnoredAny>,
    /// pip-audit's list of what it changed, always there.
    fixes: Option<IgnoredAny>,
    #[serde(rename = "auditReportVersion")]
    audit_report_version: Option<IgnoredAny>,
    advisories: Option<IgnoredAny>,
}

/// Writes what a report says; `date` is the day that the stack description names. The error says what is wrong with it.
pub(super) fn write(text: &str, date: Option<Date>, facts: &mut Record) -> Result<(), String> {
    let scan = read(text.trim_start_matches('\u{feff}'))?;
    facts.set_here("scanner", scan.scanner);
    facts.set_here("kind", if scan.image { "image" } else { "dependencies" });
    match scan.created.or_else(|| date.map(|date| format!("{date}T00:00:00Z"))) {
        Some(created) => facts.set_here("created", created),
        None => {
            let why = format!("a report of {} names no date: give `date` and `sha256` in the stack description", scan.scanner);
            facts.unknown("created", Unknown::new(Reason::Unproven, why));
        }
    }
    facts.set_here("names", names(scan.names));
    facts.set_here("ids", names(scan.ids));
    let counts = scan.counts;
    let numbers = [
        ("critical", counts.critical),
        ("high", counts.high),
        ("medium", counts.medium),
        ("low", counts.low),
        ("unrated", counts.unrated),
        ("fixable", counts.fixable),
    ];
    for (name, number) in numbers {
        facts.set_here(name, number);
    }
    facts.set_or_absent("gap", scan.gap);
    Ok(())
}

fn names(found: Vec<String>) -> List {
    let plain = |name: &String| !name.is_empty() && name.chars().count() <= MAX_NAME && !name.chars().any(char::is_control);
    List::complete(found.into_iter().filter(plain).take(MAX_NAMES).map(Fact::known).collect())
}

fn read(text: &str) -> Result<Scan, String> {
    let head: Head = parse(text)?;
    if head.schema_version.is_some() && head.artifact_name.is_some() {
        parse::<formats::Trivy>(text).map(formats::Trivy::scan)
    } else if head.matches.is_some() && head.descriptor.is_some() {
        parse::<formats::Grype>(text).map(formats::Grype::scan)
    } else if head.audit_report_version.is_some() || head.advisories.is_some() {
        parse::<formats::Npm>(text).map(formats::Npm::scan)
    } else if head.dependencies.is_some() && head.fixes.is_some() {
        parse::<formats::Pip>(text).map(formats::Pip::scan)
    } else if head.results.is_some() && is_osv(text) {
        parse::<formats::Osv>(text).map(formats::Osv::scan)
    } else {
        Err("is no report that pacscan knows: those of Trivy, Grype, osv-scanner, npm audit and pip-audit in JSON".into())
    }
}

/// Many tools write `results`; only osv-scanner's top holds no more than this, and its results name a source.
fn is_osv(text: &str) -> bool {
    const FIELDS: [&str; 5] =
        ["results", "experimental_config", "license_summary", "image_metadata", "experimental_generic_findings"];
    let Ok(head) = parse::<std::collections::BTreeMap<String, serde_json::Value>>(text) else { return false };
    let is_result = |one: &serde_json::Value| one.get("source").is_some() && one.get("packages").is_some();
    let results = head.get("results").and_then(serde_json::Value::as_array);
    let named = head.contains_key("experimental_config") || results.is_some_and(|results| !results.is_empty());
    named && head.keys().all(|key| FIELDS.contains(&key.as_str())) && results.is_some_and(|results| results.iter().all(is_result))
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| format!("is no readable report: {}", without_values(&error)))
}

#[cfg(test)]
mod tests;
