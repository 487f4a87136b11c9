//! Other systems in the configuration: modalities, Orthanc peers, `DICOMweb` servers.

use std::net::IpAddr;
use std::sync::Arc;

use super::facts::{Section, labelled, section};
use super::json::{Json, Look, Map, Node};
use super::shown;
use crate::facts::{Class, Fact, Groups, List, Reason, Record, Unknown};
use crate::knowledge::secret_scan;

/// Rights of a modality; one that is not stated is granted.
const RIGHTS: [&str; 7] =
    ["AllowEcho", "AllowStore", "AllowFind", "AllowFindWorklist", "AllowGet", "AllowMove", "AllowStorageCommitment"];
/// What stands behind one right.
const BEHIND_COMMITMENT: [&str; 2] = ["AllowNAction", "AllowNEventReport"];

/// Writes `modalities`, `peers` and `dicomweb_servers`.
pub(super) fn write(record: &mut Record, root: &Map, groups: &mut Groups) {
    let modalities = in_database(root, "DicomModalitiesInDatabase").unwrap_or_else(|| each(root, &["DicomModalities"], modality));
    record.put("modalities", modalities);
    let peers = in_database(root, "OrthancPeersInDatabase")
        .unwrap_or_else(|| each(root, &["OrthancPeers"], |name, node| server(name, node, groups).0));
    record.put("peers", peers);
    let servers = each(root, &["DicomWeb", "Servers"], |name, node| dicomweb(name, node, groups));
    record.put("dicomweb_servers", servers);
}

/// A list in the database is not in the configuration.
fn in_database(root: &Map, key: &str) -> Option<Fact> {
    match root.look(key) {
        Look::Set(Node { json: Json::Bool(true), .. }) => {
            Some(Fact::unknown(Unknown::new(Reason::Unsupported, format!("{key} is true, so the list lives in the database"))))
        }
        _ => None,
    }
}

fn each(root: &Map, path: &[&str], mut make: impl FnMut(&str, &Node) -> Record) -> Fact {
    match section(root, path) {
        Section::Map(map, node) => {
            let items = map.entries.iter().map(|(name, node)| Fact::from(make(name, node)).at(&node.at)).collect();
            Fact::known(List { items, incomplete: map.incomplete.clone() }).at(&node.at)
        }
        Section::Absent => Fact::known(Vec::new()),
        Section::Unknown(why) => Fact::unknown(why),
    }
}

/// Fields of an entry, whichever of the two forms it has.
fn field<'n>(node: &'n Node, index: usize, key: &str) -> Look<'n> {
    match &node.json {
        Json::List(items) => match items.get(index) {
            Some(item) => item.unknown().map_or(Look::Set(item), |why| Look::Unknown(why.clone())),
            None => Look::Absent,
        },
        Json::Map(map) => map.look(key),
        Json::Unknown(why) => Look::Unknown(why.clone()),
        _ => Look::Absent,
    }
}

fn modality(name: &str, node: &Node) -> Record {
    let object = match &node.json {
        Json::Map(_) => Fact::known(true),
        Json::Unknown(why) => Fact::unknown(why.clone()),
        _ => Fact::known(false),
    };
    let (rights, missing) = rights(node);
    let host = field(node, 1, "Host");
    let (address, host_shown) = match &host {
        Look::Set(host) => match host.text() {
            Some(text) => (Fact::known(text.parse::<IpAddr>().is_ok()), shown::host(text)),
            None => (Fact::known(false), "no host".to_owned()),
        },
        Look::Absent => (Fact::known(false), "no host".to_owned()),
        Look::Unknown(why) => (Fact::unknown(why.clone()), "a host that was not seen".to_owned()),
    };
    let aet = match field(node, 0, "AET") {
        Look::Set(aet) => aet.text().and_then(shown::aet).unwrap_or_else(|| "?".to_owned()),
        _ => "?".to_owned(),
    };
    let mut record = labelled(format!("{} ({aet} at {host_shown}{missing})", shown::key(name)));
    record.set_here("name", shown::key(name));
    record.put("object_form", object);
    record.put("states_rights", rights);
    record.put("host_is_address", address);
    record.put("tls", tls(node));
    record
}

fn tls(node: &Node) -> Fact {
    match &node.json {
        Json::Map(map) => match map.look("UseDicomTls") {
            Look::Set(Node { json: Json::Bool(b), at, .. }) => Fact::known(*b).at(at),
            Look::Set(_) => Fact::unknown(Reason::Unsupported),
            Look::Absent => Fact::absent(),
            Look::Unknown(why) => Fact::unknown(why),
        },
        Json::Unknown(why) => Fact::unknown(why.clone()),
        _ => Fact::absent(),
    }
}

/// Whether each right is stated, and which are not.
fn rights(node: &Node) -> (Fact, String) {
    let map = match &node.json {
        Json::Map(map) => map,
        Json::Unknown(why) => return (Fact::unknown(why.clone()), String::new()),
        _ => return (Fact::known(false), "; the short form states no right, so all are granted".into()),
    };
    let has = |right: &str| map.entries.contains_key(right);
    let commitment = BEHIND_COMMITMENT.iter().all(|right| has(right));
    let missing: Vec<&str> =
        RIGHTS.into_iter().filter(|right| !(has(right) || commitment && *right == "AllowStorageCommitment")).collect();
    match (&map.incomplete, missing.is_empty()) {
        (_, true) => (Fact::known(true), String::new()),
        (Some(why), false) => (Fact::unknown(why.clone()), String::new()),
        (None, false) => (Fact::known(false), format!("; not stated and so granted: {}", missing.join(", "))),
    }
}

/// A server that is addressed by URL; with what is wrong with it.
fn server(name: &str, node: &Node, groups: &mut Groups) -> (Record, Vec<&'static str>) {
    let url = match field(node, 0, "Url") {
        Look::Set(url) => url.text().map(Arc::<str>::from).ok_or_else(|| Unknown::new(Reason::Unsupported, "its Url is no text")),
        Look::Absent => Err(Unknown::new(Reason::Unsupported, "it has no Url")),
        Look::Unknown(why) => Err(why),
    };
    let (https, loopback) = match &url {
        Ok(url) => (Fact::known(is_https(url)), Fact::known(is_loopback(url))),
        Err(why) => (Fact::unknown(why.clone()), Fact::unknown(why.clone())),
    };
    let inline = inline_credentials(node, url.as_deref().ok(), groups);
    let mut wrong = Vec::new();
    if https.bool() == Some(false) {
        wrong.push(if loopback.bool() == Some(true) { "not https, on loopback" } else { "not https" });
    }
    if inline.bool() == Some(true) {
        wrong.push("credentials in clear");
    }
    let mut record = Record::new();
    record.set_here("name", shown::key(name));
    record.put("https", https);
    record.put("loopback", loopback);
    record.put("inline_credentials", inline);
    label(&mut record, &wrong);
    (record, wrong)
}

fn label(record: &mut Record, wrong: &[&str]) {
    let name = record.text("name").unwrap_or("?").to_owned();
    let label = if wrong.is_empty() { name } else { format!("{name} ({})", wrong.join(", ")) };
    record.set_here("label", label);
}

fn dicomweb(name: &str, node: &Node, groups: &mut Groups) -> Record {
    let (mut record, mut wrong) = server(name, node, groups);
    let delete = match &node.json {
        Json::Map(map) => super::facts::bool_at(map, &["HasDelete"], false),
        Json::Unknown(why) => Fact::unknown(why.clone()),
        _ => Fact::known(false),
    };
    if delete.bool() == Some(true) {
        wrong.push("HasDelete is true");
    }
    record.put("has_delete", delete);
    label(&mut record, &wrong);
    record
}

/// Whether a URL is https.
pub(super) fn is_https(url: &str) -> bool {
    url.trim_start().to_ascii_lowercase().starts_with("https://")
}

/// Host of a URL, without user, password and port.
pub(super) fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.split(':').next().unwrap_or(host),
    }
}

/// Whether a URL or host names this very machine.
pub(super) fn is_loopback(url: &str) -> bool {
    let host = host_of(url);
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A user, password or token of a server in clear; one that comes from a secret or a variable is none.
fn inline_credentials(node: &Node, url: Option<&str>, groups: &mut Groups) -> Fact {
    let mut found = false;
    let mut hidden: Option<Unknown> = None;
    let mut judge = |name: &str, value: &Node| match (&value.json, value.text()) {
        (Json::Unknown(why), _) if !value.reference => hidden = hidden.take().or_else(|| Some(why.clone())),
        (_, Some(text)) if value.via.is_none() && !value.source.is_secret() => {
            found |= matches!(secret_scan().scan(name, text, groups).class, Class::Literal | Class::Placeholder);
        }
        _ => {}
    };
    match &node.json {
        Json::List(items) => items.iter().enumerate().filter(|(i, _)| *i == 2).for_each(|(_, item)| judge("password", item)),
        Json::Map(map) => {
            for key in ["Password", "CertificateKeyPassword"] {
                map.entries.get(key).into_iter().for_each(|value| judge("password", value));
            }
            if let Some(headers) = map.entries.get("HttpHeaders").and_then(Node::map) {
                let carries = |name: &str| {
                    ["authorization", "token", "key", "cookie", "auth"].iter().any(|w| name.to_ascii_lowercase().contains(w))
                };
                headers.entries.iter().filter(|(name, _)| carries(name)).for_each(|(_, value)| judge("token", value));
            }
            if let Some(why) = &map.incomplete {
                hidden.get_or_insert_with(|| why.clone());
            }
        }
        Json::Unknown(why) => hidden = Some(why.clone()),
        _ => {}
    }
    let in_url = url.is_some_and(|url| secret_scan().scan("url", url, groups).class == Class::Literal);
    match (found || in_url, hidden) {
        (true, _) => Fact::known(true),
        (false, Some(why)) => Fact::unknown(why),
        (false, None) => Fact::known(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        for (url, https, loopback) in [
            ("https://pacs.example/dicom-web", true, false),
            ("HTTP://localhost:8042/", false, true),
            ("http://127.0.0.1:8042", false, true),
            ("http://[::1]:8042/x", false, true),
            ("http://user:pass@localhost.example/", false, false),
            ("http://127.0.0.1@evil.example/", false, false),
        ] {
            assert_eq!((is_https(url), is_loopback(url)), (https, loopback), "{url}");
        }
    }
}
