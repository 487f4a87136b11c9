//! Each key in effect: as the log says, else as it is set, else the default of the version in use.

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::InUse;
use crate::facts::{Fact, Reason, Record, State, Unknown, Value};
use crate::knowledge::{Key, KeyDefault, Version, orthanc_images, orthanc_keys};

/// From this version on an absent `AuthenticationEnabled` follows `RemoteAccessAllowed`.
const FOLLOWS_REMOTE: Version = Version([1, 5, 8]);
/// From this version on worklists have a switch of their own.
const OWN_WORKLIST_SWITCH: Version = Version([1, 10, 0]);
/// What the start-up log says, and the fact that it decides.
const SAID: [(&str, &str); 6] = [
    ("authentication", "authentication_enabled"),
    ("https", "ssl_enabled"),
    ("remote_access", "remote_access_allowed"),
    ("lua", "execute_lua_enabled"),
    ("rest_write", "rest_api_write_to_file_system_enabled"),
    ("dicom_tls", "dicom_tls_enabled"),
];

/// Writes the keys in effect.
pub(super) fn derive(facts: &mut Record, in_use: InUse) {
    let names: Vec<String> =
        facts.get("set").record().map(|set| set.iter().map(|(name, _)| name.to_string()).collect()).unwrap_or_default();
    let package = facts.text("package").map(str::to_owned);
    for name in names {
        if matches!(name.as_str(), "AuthenticationEnabled" | "IndexDirectory" | "OverwriteInstances") {
            continue;
        }
        if let Some(key) = orthanc_keys().find(&name) {
            let fact = in_effect(key, facts.get(&format!("set.{name}")), in_use, package.as_deref());
            facts.put(&snake(&name), fact);
        }
    }
    worklists(facts, in_use);
    authentication(facts, in_use);
    let index = match facts.get("set.IndexDirectory") {
        Fact { state: State::Absent, .. } => facts.get("storage_directory").clone(),
        set => set.clone(),
    };
    facts.put("index_directory", index);
    overwriting(facts);
    for (said, path) in SAID {
        let fact = facts.get(&format!("said.{said}")).clone();
        if fact.bool().is_some() {
            facts.put(path, fact);
        }
    }
    let http = facts.get("http_server_enabled").clone();
    facts.put("uses_http", http);
}

/// `WebDavEnabled` -> `web_dav_enabled`, `MaximumRequestBodySizeMB` -> `maximum_request_body_size_mb`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut capital = true;
    for c in name.chars() {
        if c.is_ascii_uppercase() && !capital {
            out.push('_');
        }
        capital = c.is_ascii_uppercase();
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// What a version may do with a key.
struct Case {
    /// For which versions, in words.
    when: String,
    fact: Fact,
}

/// The key's value if all versions that it can be agree.
fn in_effect(key: &Key, set: &Fact, in_use: InUse, package: Option<&str>) -> Fact {
    let backported = package.is_some_and(|package| orthanc_images().backported(&key.key, package));
    let read = if backported { Some(true) } else { key.since.map_or(Some(true), |since| in_use.at_least(since)) };
    let mut cases = Vec::new();
    if let (Some(since), true) = (key.since, read != Some(true)) {
        cases.push(Case { when: format!("before {since}, which does not know the key"), fact: before(key, since) });
    }
    if read != Some(false) {
        match set.state {
            State::Absent => cases.extend(defaults(key, in_use)),
            _ => cases.push(Case { when: "otherwise".into(), fact: set.clone() }),
        }
    }
    agreed(&key.key, &cases, in_use)
}

fn before(key: &Key, since: Version) -> Fact {
    match &key.before {
        Some(Json::String(word)) if word == "unknown" => Fact::unknown(Unknown::new(
            Reason::UnknownFact,
            format!("what Orthanc before {since} does, which lacks {}, is not known here", key.key),
        )),
        Some(value) => shipped(value),
        None => Fact::absent(),
    }
}

/// What absence means in the versions that it can be.
fn defaults(key: &Key, in_use: InUse) -> Vec<Case> {
    match &key.default {
        None => vec![Case { when: "always".into(), fact: Fact::absent() }],
        Some(KeyDefault::Always(value)) => vec![Case { when: "by default".into(), fact: shipped(value) }],
        Some(KeyDefault::ByVersion(steps)) => {
            let from = |step: &crate::knowledge::Since| step.since.map_or(Some(true), |since| in_use.at_least(since));
            let possible = steps.iter().enumerate().filter(|(i, step)| {
                let next = steps.get(i + 1).map_or(Some(false), from);
                from(step) != Some(false) && next != Some(true)
            });
            let when = |step: &crate::knowledge::Since| {
                step.since.map_or_else(|| "in old versions".into(), |since| format!("since {since}"))
            };
            possible.map(|(_, step)| Case { when: when(step), fact: shipped(&step.value) }).collect()
        }
    }
}

fn shipped(value: &Json) -> Fact {
    match value {
        Json::Bool(b) => Fact::known(*b),
        Json::Number(number) => number.as_i64().map_or_else(Fact::absent, Fact::known),
        Json::String(text) => Fact::known(text.as_str()),
        _ => Fact::absent(),
    }
}

/// The common value, or why there is none.
fn agreed(name: &str, cases: &[Case], in_use: InUse) -> Fact {
    let Some(first) = cases.first() else { return Fact::unknown(Reason::UnknownFact) };
    if cases.iter().all(|case| case.fact.state == first.fact.state) {
        return cases.last().map_or_else(|| first.fact.clone(), |case| case.fact.clone());
    }
    if let Some(unknown) = cases.iter().find(|case| matches!(case.fact.state, State::Unknown(_))) {
        return unknown.fact.clone();
    }
    let mut detail = format!("{name} is ");
    for (i, case) in cases.iter().enumerate() {
        let _ = write!(detail, "{}{} {}", if i > 0 { " and " } else { "" }, words(&case.fact), case.when);
    }
    detail.push_str("; the version is not known");
    Fact { origin: cases.last().and_then(|case| case.fact.origin.clone()), ..in_use.unknown(detail) }
}

fn words(fact: &Fact) -> String {
    match fact.value() {
        Some(Value::Text(text)) => text.to_string(),
        Some(value) => value.to_string(),
        None => "without a default".into(),
    }
}

/// Before they have a switch of their own, worklists follow that of queries.
fn worklists(facts: &mut Record, in_use: InUse) {
    let own = facts.get("set.DicomAlwaysAllowFindWorklist").clone();
    let own = if own.is_absent() { Fact::known(false) } else { own };
    let find = facts.get("dicom_always_allow_find").clone();
    let fact = match in_use.at_least(OWN_WORKLIST_SWITCH) {
        Some(true) => own,
        Some(false) => find,
        None => agreed(
            "DicomAlwaysAllowFindWorklist",
            &[
                Case { when: format!("before {OWN_WORKLIST_SWITCH}, which looks at DicomAlwaysAllowFind"), fact: find },
                Case { when: "otherwise".into(), fact: own },
            ],
            in_use,
        ),
    };
    facts.put("dicom_always_allow_find_worklist", fact);
}

fn authentication(facts: &mut Record, in_use: InUse) {
    let set = facts.get("set.AuthenticationEnabled").clone();
    let fact = if set.is_absent() {
        let remote = facts.get("remote_access_allowed").clone();
        match in_use.at_least(FOLLOWS_REMOTE) {
            Some(true) => remote,
            Some(false) => Fact::known(false),
            None => agreed(
                "An absent AuthenticationEnabled",
                &[
                    Case { when: format!("before {FOLLOWS_REMOTE}"), fact: Fact::known(false) },
                    Case { when: format!("since {FOLLOWS_REMOTE}, where it follows RemoteAccessAllowed"), fact: remote },
                ],
                in_use,
            ),
        }
    } else {
        set
    };
    facts.put("authentication_enabled", fact);
}

fn overwriting(facts: &mut Record) {
    let set = facts.get("set.OverwriteInstances");
    let fact = match set.text() {
        Some("false" | "Never") => Fact { origin: set.origin.clone(), ..Fact::known(false) },
        Some(_) => Fact { origin: set.origin.clone(), ..Fact::known(true) },
        None if set.is_absent() => Fact::known(false),
        None => set.clone(),
    };
    facts.put("overwrites_instances", fact);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_paths() {
        for (name, path) in [
            ("WebDavEnabled", "web_dav_enabled"),
            ("MaximumRequestBodySizeMB", "maximum_request_body_size_mb"),
            ("RestApiWriteToFileSystemEnabled", "rest_api_write_to_file_system_enabled"),
            ("HttpsVerifyPeers", "https_verify_peers"),
            ("DicomAet", "dicom_aet"),
        ] {
            assert_eq!(snake(name), path);
        }
    }
}
