//! Laying one source over another, as the start script of orthancteam/orthanc does it.

use std::sync::Arc;

use super::assembled::Problem;
use super::json::{Json, Map, Node};
use crate::facts::{Reason, Unknown};

/// Whether it is known which of two sources comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// `over` comes last and wins.
    Known,
    /// Files of one folder are read in no defined order.
    Undefined,
}

/// Lays `over` on `under`, objects key by key. What cannot be merged stops the start script.
pub(super) fn lay(under: &mut Map, over: Map, order: Order, problems: &mut Vec<Problem>) {
    if let Some(why) = &over.incomplete {
        fog(under, why);
    }
    for (key, mut node) in over.entries {
        let Some(old) = under.entries.get_mut(&key) else {
            if let (Some(why), Json::Map(map)) = (&under.incomplete, &mut node.json) {
                open(map, why);
            }
            under.entries.insert(key, node);
            continue;
        };
        match (&mut old.json, node.json) {
            (Json::Map(below), Json::Map(above)) => lay(below, above, order, problems),
            (Json::Unknown(why), Json::Map(mut above)) => {
                open(&mut above, &why.clone());
                *old = Node { json: Json::Map(above), ..node };
            }
            (below, Json::Map(_)) => {
                let text = format!(
                    "{} is {} in {} and an object in {}: the start script cannot merge them and stops",
                    super::shown::key(&key),
                    below.words(),
                    old.source.shown,
                    node.source.shown
                );
                problems.push(Problem { text, at: Arc::clone(&node.at) });
            }
            (below, json) if order == Order::Undefined && !same(below, &json) => {
                let detail = format!(
                    "{} is set in {} and in {}, and nothing says which of them is read last",
                    super::shown::key(&key),
                    old.source.shown,
                    node.source.shown
                );
                *below = Json::Unknown(Unknown::new(Reason::Unproven, detail));
            }
            (_, json) => *old = Node { json, ..node },
        }
    }
}

/// Fills what is not set; where something unseen may set it, it stays unknown.
pub(super) fn fill(map: &mut Map, defaults: &Map) {
    for (key, node) in &defaults.entries {
        match (map.entries.get_mut(key), &node.json) {
            (Some(old), Json::Map(below)) => {
                if let Json::Map(inner) = &mut old.json {
                    fill(inner, below);
                }
            }
            (Some(_), _) => {}
            (None, _) if map.incomplete.is_some() => {}
            (None, _) => {
                map.entries.insert(Arc::clone(key), node.clone());
            }
        }
    }
}

/// Something unseen may have set every key anew.
pub(super) fn fog(map: &mut Map, why: &Unknown) {
    for node in map.entries.values_mut() {
        match &mut node.json {
            Json::Map(inner) => fog(inner, why),
            json => *json = Json::Unknown(why.clone()),
        }
    }
    map.incomplete.get_or_insert_with(|| why.clone());
}

/// Something unseen may have added keys, here and below.
fn open(map: &mut Map, why: &Unknown) {
    for node in map.entries.values_mut() {
        if let Json::Map(inner) = &mut node.json {
            open(inner, why);
        }
    }
    map.incomplete.get_or_insert_with(|| why.clone());
}

/// Whether two values are surely the same.
pub(super) fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Null, Json::Null) => true,
        (Json::Bool(a), Json::Bool(b)) => a == b,
        (Json::Int(a), Json::Int(b)) => a == b,
        (Json::Text(a), Json::Text(b)) => a == b,
        (Json::List(a), Json::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(&a.json, &b.json)),
        (Json::Map(a), Json::Map(b)) => {
            a.incomplete.is_none()
                && b.incomplete.is_none()
                && a.entries.len() == b.entries.len()
                && a.entries.iter().all(|(key, node)| b.entries.get(key).is_some_and(|other| same(&node.json, &other.json)))
        }
        _ => false,
    }
}

/// What two ways of putting a configuration together agree on; everything else is unknown.
pub(super) fn agree(a: &Map, b: &Map, why: &Unknown) -> Map {
    let mut out =
        Map { entries: std::collections::BTreeMap::new(), incomplete: a.incomplete.clone().or_else(|| b.incomplete.clone()) };
    for key in a.entries.keys().chain(b.entries.keys()) {
        if out.entries.contains_key(key) {
            continue;
        }
        let node = match (a.entries.get(key), b.entries.get(key)) {
            (Some(one), Some(other)) => match (&one.json, &other.json) {
                (Json::Map(x), Json::Map(y)) => Node { json: Json::Map(agree(x, y, why)), ..one.clone() },
                (Json::Unknown(_), _) => one.clone(),
                (_, Json::Unknown(_)) => other.clone(),
                (x, y) if same(x, y) => one.clone(),
                _ => Node { json: Json::Unknown(why.clone()), ..one.clone() },
            },
            (Some(only), None) | (None, Some(only)) => Node { json: Json::Unknown(why.clone()), ..only.clone() },
            (None, None) => continue,
        };
        out.entries.insert(Arc::clone(key), node);
    }
    out
}
