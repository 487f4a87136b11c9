//! The OAuth plugin for `DICOMweb` (`DicomWebOAuth`), which fetches tokens for requests to other servers.

use super::facts::{Section, labelled, section};
use super::json::{Json, Look, Map, Node};
use super::network::{is_https, is_loopback};
use super::shown;
use crate::facts::{Class, Fact, Groups, List, Reason, Record, Unknown};
use crate::knowledge::secret_scan;

/// Writes `oauth.*`.
pub(super) fn write(record: &mut Record, root: &Map, groups: &mut Groups) {
    let used = match section(root, &["DicomWebOAuth"]) {
        Section::Map(_, node) => Fact::known(true).at(&node.at),
        Section::Absent => Fact::known(false),
        Section::Unknown(why) => Fact::unknown(why),
    };
    let servers = match section(root, &["DicomWebOAuth", "Servers"]) {
        Section::Map(map, node) => {
            let items = map.entries.iter().map(|(name, node)| Fact::from(server(name, node, groups)).at(&node.at)).collect();
            Fact::known(List { items, incomplete: map.incomplete.clone() }).at(&node.at)
        }
        Section::Absent => Fact::known(Vec::new()),
        Section::Unknown(why) => Fact::unknown(why),
    };
    record.put("oauth.used", used);
    record.put("oauth.servers", servers);
}

fn server(name: &str, node: &Node, groups: &mut Groups) -> Record {
    let empty = Map::default();
    let hidden = Map { incomplete: node.unknown().cloned(), ..Map::default() };
    let map = node.map().unwrap_or(if node.unknown().is_some() { &hidden } else { &empty });
    let facts = [
        ("verifies_tls", verifies_tls(map), "does not verify TLS"),
        ("https", https(map), "not https"),
        ("validates_tokens", validates_tokens(map), "does not validate tokens"),
        ("inline_secret", inline_secret(map, groups), ""),
    ];
    let mut wrong: Vec<&str> = facts
        .iter()
        .filter(|(_, fact, words)| fact.bool() == Some(false) && !words.is_empty())
        .map(|(_, _, words)| *words)
        .collect();
    if facts[3].1.bool() == Some(true) {
        wrong.push("ClientSecret in clear");
    }
    let name = shown::key(name);
    let mut record = labelled(if wrong.is_empty() { name.clone() } else { format!("{name} ({})", wrong.join(", ")) });
    record.set_here("name", name);
    for (path, fact, _) in facts {
        record.put(path, fact);
    }
    record
}

/// `true`, absent, or the path of a bundle.
fn verifies_tls(map: &Map) -> Fact {
    match map.look("VerifySSL") {
        Look::Set(node) => match &node.json {
            Json::Bool(b) => Fact::known(*b).at(&node.at),
            Json::Text(text) if text.starts_with('/') || text.ends_with(".pem") || text.ends_with(".crt") => {
                Fact::known(true).at(&node.at)
            }
            _ => Fact::unknown(Unknown::new(Reason::Unsupported, "VerifySSL is neither true nor false nor a path")).at(&node.at),
        },
        Look::Absent => Fact::known(true),
        Look::Unknown(why) => Fact::unknown(why),
    }
}

/// Both URLs; a token endpoint that the provider knows by itself is not set.
fn https(map: &Map) -> Fact {
    let mut hidden = None;
    for key in ["TokenEndpoint", "Url"] {
        match map.look(key) {
            Look::Set(node) => match node.text() {
                Some(url) if is_https(url) || is_loopback(url) => {}
                _ => return Fact::known(false).at(&node.at),
            },
            Look::Absent => {}
            Look::Unknown(why) => hidden = Some(why),
        }
    }
    hidden.map_or_else(|| Fact::known(true), Fact::unknown)
}

/// A key of its own, or the keys that the Azure provider fetches.
fn validates_tokens(map: &Map) -> Fact {
    let hidden = match map.look("JWTPublicKey") {
        Look::Set(node) if node.text().is_some_and(|key| !key.trim().is_empty()) => return Fact::known(true).at(&node.at),
        Look::Unknown(why) => Some(why),
        _ => None,
    };
    let provider = match map.look("ProviderType") {
        Look::Set(node) => node.text().unwrap_or("").to_ascii_lowercase(),
        Look::Absent => String::new(),
        Look::Unknown(why) => return Fact::unknown(why),
    };
    if provider == "azure" {
        let off = super::facts::bool_at(map, &["DisableJWTValidation"], false);
        return match off.bool() {
            Some(off_) => Fact::known(!off_),
            None => off,
        };
    }
    hidden.map_or_else(|| Fact::known(false), Fact::unknown)
}

fn inline_secret(map: &Map, groups: &mut Groups) -> Fact {
    match map.entries.get("ClientSecret") {
        Some(node) => {
            let literal = match (&node.json, node.text()) {
                // It was written as a reference, whatever the variable holds.
                _ if node.reference => Fact::known(false),
                (Json::Unknown(why), _) => Fact::unknown(why.clone()),
                (_, Some(text)) => {
                    let class = secret_scan().scan("ClientSecret", text, groups).class;
                    Fact::known(!node.source.is_secret() && matches!(class, Class::Literal | Class::Placeholder))
                }
                _ => Fact::known(true),
            };
            literal.at(&node.at)
        }
        None => map.incomplete.clone().map_or_else(|| Fact::known(false), Fact::unknown),
    }
}
