//! Which known advisories apply to an Orthanc, allowing for distribution backports.

use crate::facts::{Document, Fact, List, Reason, Record, State, Unknown, Value};
use crate::knowledge::{Applies, advisories};

/// Severities, worst first.
const ORDER: [&str; 4] = ["critical", "high", "medium", "low"];

/// Writes `advisories` and `advisory_severity`.
pub(super) fn derive(orthanc: &mut Document) {
    let list = applying(&orthanc.facts);
    let worst = ORDER.iter().find(|word| list.records().any(|one| one.text("severity") == Some(word)));
    let origin = orthanc.facts.get("version").origin.clone();
    orthanc.facts.set_here("advisory_severity", *worst.unwrap_or(&"high"));
    orthanc.facts.put("advisories", Fact { origin, ..Fact::known(list) });
}

fn applying(facts: &Record) -> List {
    let mut list = List::default();
    let package = match &facts.get("package").state {
        State::Known(Value::Text(package)) => Ok(Some(package.to_string())),
        State::Absent => Ok(None),
        State::Unknown(why) => Err(why.clone()),
        State::Known(_) => Err(Unknown::from(Reason::Error)),
    };
    let upstream = package.as_ref().ok().and_then(Option::as_deref).and_then(|package| package.split(['+', '-']).next());
    let Some(version) = facts.text("version").or(upstream).map(str::to_owned) else {
        return List::incomplete(Vec::new(), version_unknown(facts));
    };
    for advisory in advisories().of("core") {
        let applies = match &package {
            Ok(package) => advisories().applies(advisory, &version, package.as_deref()),
            // Whether a distribution made it is not known: the number alone does not decide.
            Err(_) => match advisories().applies(advisory, &version, None) {
                Applies::No => Applies::No,
                _ => Applies::Perhaps,
            },
        };
        match applies {
            Applies::Yes => list.items.push(entry(&advisory.id, &advisory.title, &advisory.fixed, &advisory.severity)),
            Applies::Perhaps => {
                list.incomplete.get_or_insert_with(|| {
                    let why = format!("Orthanc {version} may hold the fix of {} under its old number", advisory.id);
                    Unknown::new(Reason::Unproven, why)
                });
            }
            Applies::No => {}
        }
    }
    if facts.bool("authorization.configured") != Some(false) && facts.bool("authorization.loaded") != Some(false) {
        let why = "the version of the Authorization plugin is not known";
        list.incomplete.get_or_insert_with(|| Unknown::new(Reason::Unproven, why));
    }
    list
}

fn version_unknown(facts: &Record) -> Unknown {
    match &facts.get("version").state {
        State::Unknown(why) => why.clone(),
        _ => Unknown::new(Reason::UnknownFact, "the version of Orthanc is not known"),
    }
}

fn entry(id: &str, title: &str, fixed: &str, severity: &str) -> Fact {
    let mut record = Record::new();
    record.set_here("label", format!("{id}: {title} (fixed in {fixed})"));
    record.set_here("severity", severity);
    record.into()
}
