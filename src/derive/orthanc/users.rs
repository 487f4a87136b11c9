//! The user that a version creates by itself, and credentials that everybody knows.

use super::{InUse, unknown_like};
use crate::facts::{Fact, List, Record, State};
use crate::knowledge::Version;

/// Up to this version an empty list of users is no list.
const EMPTY_IS_A_LIST: Version = Version([1, 12, 9]);
/// From this version on Orthanc refuses to start without users.
const REFUSES: Version = Version([1, 13, 0]);

/// Writes `creates_default_user` and `default_credentials`.
pub(super) fn derive(facts: &mut Record, in_use: InUse) {
    let creates = creates_user(facts, in_use);
    let list = default_credentials(facts, &creates);
    facts.put("creates_default_user", creates);
    facts.set_here("default_credentials", list);
}

/// With authentication and remote access on and no user, old versions make `orthanc:orthanc`.
fn creates_user(facts: &Record, in_use: InUse) -> Fact {
    let users = facts.get("users");
    if users.list().is_some_and(|list| !list.items.is_empty()) || in_use.at_least(REFUSES) == Some(true) {
        return Fact::known(false);
    }
    for path in ["authentication_enabled", "remote_access_allowed"] {
        match facts.get(path).bool() {
            Some(false) => return Fact::known(false),
            Some(true) => {}
            None => return unknown_like(facts.get(path)),
        }
    }
    let why = match (&users.state, users.list()) {
        (State::Unknown(why), _) => Some(why.clone()),
        (_, Some(list)) => list.incomplete.clone(),
        _ => None,
    };
    if let Some(why) = why {
        return Fact::unknown(why);
    }
    let declared = facts.get("users_declared");
    let end = match declared.bool() {
        Some(true) => EMPTY_IS_A_LIST,
        Some(false) => REFUSES,
        None => return unknown_like(declared),
    };
    match in_use.at_least(end) {
        Some(later) => Fact::known(!later),
        None => {
            let detail =
                format!("without users, Orthanc before {end} creates orthanc:orthanc by itself; the version is not known");
            in_use.unknown(detail)
        }
    }
}

fn default_credentials(facts: &Record, creates: &Fact) -> List {
    let mut out = List::default();
    let users = facts.get("users");
    if let State::Unknown(why) = &users.state {
        out.incomplete = Some(why.clone());
    }
    if let Some(list) = users.list() {
        out.incomplete.clone_from(&list.incomplete);
        for user in &list.items {
            let Some(record) = user.record() else { continue };
            let name = record.text("name").unwrap_or("?");
            let placeholder = record.text("class") == Some("placeholder");
            match (record.bool("published"), &record.get("published").state) {
                (Some(true), _) => out.items.push(found(format!("{name} (published password)"), user)),
                // A template's placeholder is as public as the template.
                _ if placeholder => out.items.push(found(format!("{name} (a placeholder as password)"), user)),
                (None, State::Unknown(why)) => {
                    out.incomplete.get_or_insert_with(|| why.clone());
                }
                _ => {}
            }
        }
    }
    match (creates.bool(), &creates.state) {
        (Some(true), _) => {
            out.items.push(found("orthanc (created by this version of Orthanc, with its published password)".into(), creates));
        }
        (None, State::Unknown(why)) => {
            out.incomplete.get_or_insert_with(|| why.clone());
        }
        _ => {}
    }
    out
}

fn found(label: String, at: &Fact) -> Fact {
    let mut record = Record::new();
    record.set_here("label", label);
    Fact { origin: at.origin.clone(), ..record.into() }
}
