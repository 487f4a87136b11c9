//! Mappings: duplicate keys are refused, and `<<` is resolved.

use std::collections::btree_map::Entry as Slot;
use std::sync::Arc;

use super::{Content, Entry, Map, Node, Place, Scalar, YamlError};

/// A key and its value as they stand in the file.
pub(super) struct Pair {
    key: Arc<str>,
    at: Place,
    value: Node,
    merges: bool,
}

impl Pair {
    /// Keys must be scalars.
    pub(super) fn new(key: Node, value: Node) -> Result<Self, YamlError> {
        match key.content {
            Content::Scalar(Scalar { text, plain }) => Ok(Self { merges: plain && &*text == "<<", key: text, at: key.at, value }),
            _ => Err(YamlError { message: "a key must be a single word or text".into(), place: key.at }),
        }
    }
}

/// Explicit keys win over merged ones, earlier members of a merged list over later ones.
pub(super) fn resolve(pairs: Vec<Pair>) -> Result<Map<Scalar>, YamlError> {
    let mut map = Map::new();
    let mut merged = Vec::new();
    for pair in pairs {
        if pair.merges {
            merged.push(pair.value);
            continue;
        }
        match map.entry(pair.key) {
            Slot::Vacant(slot) => {
                slot.insert(Entry { at: pair.at, node: pair.value });
            }
            Slot::Occupied(first) => {
                let message = format!("this key stands twice in the same mapping, first in line {}", first.get().at.line);
                return Err(YamlError { message, place: pair.at });
            }
        }
    }
    for value in merged {
        add(&mut map, value)?;
    }
    Ok(map)
}

fn add(map: &mut Map<Scalar>, value: Node) -> Result<(), YamlError> {
    match value.content {
        Content::Map(entries) => {
            for (key, entry) in entries {
                map.entry(key).or_insert(entry);
            }
            Ok(())
        }
        Content::List(items) => items.into_iter().try_for_each(|item| match item.content {
            Content::Map(_) => add(map, item),
            _ => Err(not_a_mapping(item.at)),
        }),
        Content::Scalar(_) => Err(not_a_mapping(value.at)),
    }
}

fn not_a_mapping(place: Place) -> YamlError {
    YamlError { message: "`<<` merges mappings only".into(), place }
}
