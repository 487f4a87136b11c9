//! Short forms written out, so that files can be merged and read in one way.

use std::sync::Arc;

use super::value::{Node, Part, Value, is_null, literal};
use crate::collect::yaml::{Content, Entry, Map, Place};

/// Lists of `NAME=value` that may be mappings as well.
const KEY_VALUES: [&str; 4] = ["environment", "labels", "annotations", "sysctls"];
/// Lists of names that may be mappings as well.
const NAMES: [&str; 2] = ["networks", "depends_on"];
/// Single texts that may be lists as well.
const TEXTS: [&str; 5] = ["env_file", "dns", "dns_search", "tmpfs", "label_file"];

/// Brings every service of a file into its long form.
pub(super) fn services(tree: &mut Node) {
    let Some(services) = map_mut(tree).and_then(|map| map.get_mut("services")).and_then(|entry| map_mut(&mut entry.node)) else {
        return;
    };
    for entry in services.values_mut() {
        if let Some(service) = map_mut(&mut entry.node) {
            canonical(service);
        }
    }
}

fn canonical(service: &mut Map<Value>) {
    for key in KEY_VALUES {
        change(service, key, key_values);
    }
    for key in NAMES {
        change(service, key, names);
    }
    for key in TEXTS {
        change(service, key, listed);
    }
    change(service, "build", |build| match &build.content {
        Content::Scalar(_) if !is_null(build) => {
            let at = build.at.clone();
            let entry = Entry { at: at.clone(), node: build.clone() };
            *build = Node { content: Content::Map(Map::from([("context".into(), entry)])), tag: build.tag.clone(), at };
        }
        _ => {}
    });
    if let Some(build) = service.get_mut("build").and_then(|entry| map_mut(&mut entry.node)) {
        change(build, "args", key_values);
        change(build, "labels", key_values);
    }
    if let Some(deploy) = service.get_mut("deploy").and_then(|entry| map_mut(&mut entry.node)) {
        change(deploy, "labels", key_values);
    }
}

fn change(map: &mut Map<Value>, key: &str, change: impl FnOnce(&mut Node)) {
    if let Some(entry) = map.get_mut(key) {
        change(&mut entry.node);
    }
}

/// `- NAME=value` becomes `NAME: value`, `- NAME` becomes `NAME:` without a value; the last of a name wins.
fn key_values(node: &mut Node) {
    let Content::List(items) = &node.content else { return };
    let mut map = Map::new();
    for item in items {
        let Some(value) = item.scalar() else {
            // `- NAME: value` is refused by Compose; what stands there is looked at all the same.
            map.extend(item.map().cloned().unwrap_or_default());
            continue;
        };
        let (name, value) = value.split_name();
        let at = item.at.clone();
        map.insert(name.into(), Entry { at: at.clone(), node: Node { content: Content::Scalar(value), tag: None, at } });
    }
    node.content = Content::Map(map);
}

/// `- name` becomes `name:` without a value.
fn names(node: &mut Node) {
    let Content::List(items) = &node.content else { return };
    let entries = items.iter().filter_map(|item| Some((Arc::clone(&item.scalar()?.text), null_entry(&item.at))));
    node.content = Content::Map(entries.collect());
}

fn null_entry(at: &Place) -> Entry<Value> {
    let null = Value { text: "".into(), plain: true, parts: Vec::new() };
    Entry { at: at.clone(), node: Node { content: Content::Scalar(null), tag: None, at: at.clone() } }
}

/// A single text becomes a list of one.
fn listed(node: &mut Node) {
    if matches!(node.content, Content::Scalar(_)) && !is_null(node) {
        let item = Node { tag: None, ..node.clone() };
        node.content = Content::List(vec![item]);
    }
}

/// The mapping of a node, to be changed in place.
pub(super) fn map_mut(node: &mut Node) -> Option<&mut Map<Value>> {
    match &mut node.content {
        Content::Map(map) => Some(map),
        _ => None,
    }
}

impl Value {
    /// Splits `NAME=value`; without `=` the value is null, which means: taken from the process.
    fn split_name(&self) -> (String, Self) {
        let null = Self { text: "".into(), plain: true, parts: Vec::new() };
        let Some((name, rest)) = self.text.split_once('=') else { return (self.text.to_string(), null) };
        let cut = self.parts.iter().position(|part| matches!(part, Part::Text(text) if text.contains('=')));
        let value = match cut {
            Some(at) => {
                let tail = match &self.parts[at] {
                    Part::Text(text) => text.split_once('=').map_or("", |(_, tail)| tail).to_owned(),
                    Part::Variable(_) => String::new(),
                };
                let mut parts = vec![Part::Text(tail)];
                parts.extend_from_slice(&self.parts[at + 1..]);
                Self::new(parts.into_iter().filter(|part| *part != Part::Text(String::new())).collect(), false)
            }
            None => Self::literal(rest),
        };
        (name.to_owned(), value)
    }
}

/// A mapping with one text, for short forms of `extends` and `include`.
pub(super) fn single(key: &str, text: &str, at: &Place) -> Node {
    let entry = Entry { at: at.clone(), node: literal(text, at) };
    Node { content: Content::Map(Map::from([(key.into(), entry)])), tag: None, at: at.clone() }
}
