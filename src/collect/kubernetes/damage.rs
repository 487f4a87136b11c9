//! Values that a tool or a hand has damaged: masked, cut off, never filled in.

use std::sync::LazyLock;

use regex::Regex;

use super::object::Object;
use super::secrets;
use crate::collect::folder::settings::{self, Setting};
use crate::collect::yaml::{Map, Node, Place};
use crate::facts::{Fact, List, Record};

static MASKED: LazyLock<Regex> = LazyLock::new(|| super::constant(r"\*{4,}|\[(REDACTED|MASKED|FILTERED)\]|<(redacted|masked)>"));
static UNFILLED: LazyLock<Regex> = LazyLock::new(|| super::constant(r"REPLACE_WITH|REPLACE[-_ ]?ME|CHANGE[-_ ]?ME|<REPLACE"));
static CUT_OFF: LazyLock<Regex> = LazyLock::new(|| {
    super::constant(
        r"^(https?|wss?|postgres(ql)?|mysql|mongodb(\+srv)?|rediss?|amqps?|ldaps?|ftp)(\+[a-z0-9]+)?:/(/\s*$|/[?#]|[^/\s]|/[^\s]*(\.\.\.|…)$)|^https?:///",
    )
});

/// The damaged values of an object.
pub(super) fn of(object: &Object) -> List {
    let mut found = of_node(&object.node);
    if object.kind == "Secret" {
        let data = object.node.get("data").and_then(Node::map);
        let undecodable = |value: &str| !value.is_empty() && secrets::decode(value).is_none();
        for (name, entry) in data.into_iter().flat_map(Map::iter) {
            if entry.node.scalar().is_some_and(|scalar| undecodable(&scalar.text)) {
                let label = format!("{name} (line {}): it is no base64", entry.at.line);
                found.items.push(labelled(&label, &entry.at));
            }
        }
    }
    found
}

/// The damaged values of a tree.
pub(super) fn of_node(node: &Node) -> List {
    let mut all = Vec::new();
    settings::tree(node, "", &mut all);
    let damaged = all.iter().filter_map(|setting| Some((setting, why(setting)?)));
    let place = |line: u32| Place { source: std::sync::Arc::clone(&node.at.source), line, column: 1 };
    List::complete(
        damaged
            .map(|(setting, why)| labelled(&format!("{} (line {}): {why}", name(setting), setting.line), &place(setting.line)))
            .collect(),
    )
}

/// Only names that cannot be a value are shown.
fn name(setting: &Setting) -> &str {
    let plain = setting.name.len() <= 64 && setting.name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-/".contains(c));
    if plain && !setting.name.is_empty() { &setting.name } else { "a value" }
}

fn why(setting: &Setting) -> Option<&'static str> {
    let value = setting.value.trim();
    // Scripts and configurations in a block hold stars and slashes of their own.
    if value.contains('\n') {
        return None;
    }
    if MASKED.is_match(value) {
        Some("a tool has masked a part of it")
    } else if UNFILLED.is_match(value) {
        Some("it was never filled in")
    } else if CUT_OFF.is_match(value) {
        Some("it is a damaged URL")
    } else {
        None
    }
}

/// A record that is only its label, with its place.
pub(super) fn labelled(label: &str, at: &Place) -> Fact {
    let mut record = Record::new();
    record.set_here("label", label);
    Fact::known(record).at(&at.origin())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_and_sound_values() {
        let why = |value: &str| why(&Setting { name: "X".into(), value: value.into(), line: 1, user: false }).is_some();
        for value in [
            "******aimedres-postgres:5432/x",
            "postgresql://u:******@db/x",
            "REPLACE_WITH_KEY",
            "http://",
            "https:/x.org",
            "http:///x",
            "https://a.b/...",
        ] {
            assert!(why(value), "{value}");
        }
        for value in [
            "*/5 * * * *",
            "https://a.b/c",
            "redis://redis:6379",
            "0 0 * * *",
            "docker.io/x",
            "file:///etc/x",
            "a: b",
            "redis://:x@db/0",
            "postgresql:///db",
            "https://$(HOST)/x",
            "urn:x",
            "/**",
        ] {
            assert!(!why(value), "{value}");
        }
        assert!(!why("jdbc:postgresql://db/x"));
    }
}
