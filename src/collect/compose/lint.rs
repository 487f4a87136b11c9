//! Misspelt keys, and list entries of the form `KEY:value`.

use super::keys;
use super::load::Layer;
use super::value::{Node, text};
use crate::collect::yaml::Map;
use crate::facts::Fact;

/// Everything that the specification does not know in one file as written.
pub(super) fn unknown_keys(layer: &Layer) -> Vec<Fact> {
    let mut out = Vec::new();
    check(&layer.tree, "the file", keys::TOP, &mut out);
    for (section, known) in
        [("networks", keys::NETWORK), ("volumes", keys::VOLUME), ("secrets", keys::SECRET), ("configs", keys::SECRET)]
    {
        for (name, entry) in layer.tree.get(section).and_then(Node::map).into_iter().flat_map(Map::iter) {
            check(&entry.node, &format!("{} {}", section.trim_end_matches('s'), shown(name)), known, &mut out);
        }
    }
    for (name, entry) in layer.tree.get("services").and_then(Node::map).into_iter().flat_map(Map::iter) {
        service(&entry.node, &format!("service {}", shown(name)), &mut out);
    }
    out
}

fn service(node: &Node, place: &str, out: &mut Vec<Fact>) {
    check(node, place, keys::SERVICE, out);
    let below: [(&[&str], &[&str]); 8] = [
        (&["healthcheck"], keys::HEALTH),
        (&["build"], keys::BUILD),
        (&["deploy"], keys::DEPLOY),
        (&["deploy", "resources"], keys::RESOURCES),
        (&["deploy", "resources", "limits"], keys::LIMITS),
        (&["deploy", "resources", "reservations"], keys::RESERVATIONS),
        (&["deploy", "restart_policy"], keys::RESTART),
        (&["logging"], keys::LOGGING),
    ];
    for (path, known) in below {
        if let Some(inner) = node.at_path(path) {
            check(inner, &format!("{place}, {}", path.join(".")), known, out);
        }
    }
    for key in ["environment", "labels"] {
        for item in node.get(key).and_then(Node::list).unwrap_or_default() {
            colon_entry(item, key, place, out);
        }
    }
}

fn check(node: &Node, place: &str, known: &[&str], out: &mut Vec<Fact>) {
    for (key, entry) in node.map().into_iter().flat_map(Map::iter) {
        if known.contains(&&**key) || key.starts_with("x-") {
            continue;
        }
        let label = match nearest(key, known) {
            Some(meant) => format!("{place}: {} (did you mean {meant}?)", shown(key)),
            None => format!("{place}: {}", shown(key)),
        };
        out.push(fact(label, &entry.at));
    }
}

/// In a list, `NAME:value` sets nothing: it asks for a variable of that whole name.
fn colon_entry(item: &Node, key: &str, place: &str, out: &mut Vec<Fact>) {
    let Ok(written) = text(item) else {
        if item.map().is_some() {
            out.push(fact(format!("{place}: an entry of {key} is a mapping (write NAME=value)"), &item.at));
        }
        return;
    };
    let name = written.split_once(':').map(|(name, _)| name).filter(|name| !name.contains('='));
    if let Some(name) = name.filter(|_| !written.contains('=') || written.find(':') < written.find('=')) {
        let name = if is_plain(name) { name } else { "an entry" };
        out.push(fact(format!("{place}: {name} in {key} is written with a colon (write NAME=value)"), &item.at));
    }
}

fn fact(label: String, at: &crate::collect::yaml::Place) -> Fact {
    let mut record = crate::facts::Record::new();
    record.set_here("label", label);
    Fact::known(record).at(&at.origin())
}

fn nearest<'k>(key: &str, known: &[&'k str]) -> Option<&'k str> {
    let likeness = |known: &&'k str| (strsim::jaro_winkler(&key.to_ascii_lowercase(), known), *known);
    known.iter().map(likeness).filter(|(likeness, _)| *likeness > 0.85).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, key)| key)
}

/// Keys come from the user: only what looks like a key is repeated, for anything else may be a value in the wrong place.
pub(super) fn shown(key: &str) -> &str {
    if is_plain(key) { key } else { "(a key that is not shown)" }
}

fn is_plain(key: &str) -> bool {
    !key.is_empty()
        && key.len() <= 64
        && !super::classify::looks_random(key)
        && key.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
}
