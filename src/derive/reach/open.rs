//! Which ways ask for no credential.

use super::{Sure, Way, label, sure};
use crate::facts::{Fact, List, Record, Unknown};

/// Whether Orthanc itself asks for a credential.
fn asks_itself(facts: &Record) -> Sure {
    match (sure(facts, "authentication_enabled"), sure(facts, "authorization.loaded")) {
        (Ok(true), _) | (_, Ok(true)) => Ok(true),
        (Ok(false), Ok(false)) => Ok(false),
        (Err(why), _) | (_, Err(why)) => Err(why),
    }
}

/// Whether this way lets anybody in without a credential.
fn is_open(way: &Way, itself: &Sure) -> Sure {
    match (&way.asks, itself, &way.injects) {
        (Ok(false), Ok(false), _) | (Ok(false), _, Ok(true)) => Ok(true),
        (Ok(true), _, _) | (Ok(false), Ok(true), Ok(false)) => Ok(false),
        (Err(why), _, _) | (_, Err(why), _) | (_, _, Err(why)) => Err(why.clone()),
    }
}

pub(super) fn paths(facts: &Record, http: &[Way], dicom: &(Vec<Way>, Option<Unknown>), missing: Option<&Unknown>) -> List {
    let mut list = List::default();
    let itself = asks_itself(facts);
    let reason = if itself == Ok(true) { "the proxy logs everybody in" } else { "authentication off" };
    for way in http.iter().filter(|_| facts.bool("http_server_enabled") != Some(false)) {
        match is_open(way, &itself) {
            Ok(true) => {
                list.items.push(label(&format!("{} -> {} -> Orthanc REST API, {reason}", way.reach.people(), way.via)));
            }
            Ok(false) => {}
            Err(why) => list.incomplete = Some(why),
        }
    }
    if facts.bool("dicom_server_enabled") != Some(false) {
        let queries = [
            ("dicom_always_allow_find", "C-FIND"),
            ("dicom_always_allow_find_worklist", "worklist C-FIND"),
            ("dicom_always_allow_get", "C-GET"),
            ("dicom_always_allow_move", "C-MOVE"),
        ];
        let open: Vec<&str> =
            queries.iter().filter(|(key, _)| facts.bool(key) == Some(true)).map(|(_, service)| *service).collect();
        for way in dicom.0.iter().filter(|_| !open.is_empty()) {
            let services = open.join(", ");
            list.items.push(label(&format!("{} -> {} -> Orthanc DICOM, any AE title: {services}", way.reach.people(), way.via)));
        }
        if let Some(why) = queries.iter().find_map(|(key, _)| sure(facts, key).err()).or_else(|| dicom.1.clone()) {
            list.incomplete.get_or_insert(why);
        }
    }
    if let Some(why) = missing {
        list.incomplete.get_or_insert_with(|| why.clone());
    }
    list
}

/// Whether somebody from outside reads `/tools/metrics-prometheus` without a credential.
pub(super) fn metrics_public(facts: &Record, ways: &[Way], missing: Option<&Unknown>) -> Fact {
    let itself = asks_itself(facts);
    let leads = |way: &&Way| way.location.as_deref().is_none_or(|location| "/tools/metrics-prometheus".starts_with(location));
    let open: Vec<Sure> = ways.iter().filter(leads).map(|way| is_open(way, &itself)).collect();
    if open.contains(&Ok(true)) {
        return Fact::known(true);
    }
    match open.into_iter().find_map(Sure::err).or_else(|| missing.cloned()) {
        Some(why) => Fact::unknown(why),
        None => Fact::known(false),
    }
}
