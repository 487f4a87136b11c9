//! The environment of a container: its own variables, those of a `ConfigMap` that was read, references to secrets.

use super::containers::Container;
use super::object::{Object, list, text};
use crate::collect::yaml::{Map, Node};
use crate::facts::{Fact, Groups, List, Reason, Record, Unknown};
use crate::knowledge::secret_scan;

pub(super) fn write(container: &Container<'_>, objects: &[&Object], facts: &mut Record, groups: &mut Groups) {
    let entry = container.node.entry("env").or_else(|| container.node.entry("envFrom"));
    let origin = entry.map_or(&container.node.at, |entry| &entry.at).origin();
    let mut env = List::default();
    for source in list(container.node, &["envFrom"]) {
        from(container, source, objects, &mut env, groups);
    }
    for variable in list(container.node, &["env"]) {
        let Some(name) = text(variable, &["name"]) else {
            env.incomplete = Some(Unknown::new(Reason::Unsupported, format!("a variable without a name ({})", variable.at)));
            continue;
        };
        let fact = match (variable.get("value").and_then(Node::scalar), variable.get("valueFrom")) {
            (_, Some(source)) => value_from(container, name, source, objects, groups),
            (Some(value), None) => scanned(name, &value.text, groups),
            (None, None) => scanned(name, "", groups),
        };
        env.items.push(fact.at(&variable.at.origin()));
    }
    env.incomplete.get_or_insert_with(|| Unknown::new(Reason::ImageNotSeen, "the environment of the image was not seen"));
    facts.set("env", env, &origin);
}

fn scanned(name: &str, value: &str, groups: &mut Groups) -> Fact {
    secret_scan().scan(name, value, groups).to_fact(name)
}

/// A variable whose value stands elsewhere.
fn reference(name: &str) -> Fact {
    secret_scan().scan(name, "$(REFERENCE)", &mut Groups::default()).to_fact(name)
}

fn value_from(container: &Container<'_>, name: &str, source: &Node, objects: &[&Object], groups: &mut Groups) -> Fact {
    let key = (text(source, &["configMapKeyRef", "name"]), text(source, &["configMapKeyRef", "key"]));
    let value = match key {
        (Some(map), Some(key)) => config_map(container, map, objects).and_then(|map| map.get("data")?.get(key)?.scalar()),
        _ => None,
    };
    value.map_or_else(|| reference(name), |value| scanned(name, &value.text, groups))
}

/// All variables of a `ConfigMap`; a Secret's are references, of which the names are not known here.
fn from(container: &Container<'_>, source: &Node, objects: &[&Object], env: &mut List, groups: &mut Groups) {
    let prefix = text(source, &["prefix"]).unwrap_or("");
    if let Some(name) = text(source, &["secretRef", "name"]) {
        let secret = find(container, "Secret", name, objects).map(|object| &object.node);
        let names = ["data", "stringData"].iter().filter_map(|key| secret?.get(key)?.map()).flat_map(Map::keys);
        env.items.extend(names.map(|name| reference(&format!("{prefix}{name}")).at(&source.at.origin())));
        return;
    }
    let Some(name) = text(source, &["configMapRef", "name"]) else { return };
    match config_map(container, name, objects).and_then(|map| map.get("data")?.map()) {
        Some(data) => env.items.extend(data.iter().filter_map(|(name, entry)| {
            let value = entry.node.scalar()?;
            Some(scanned(&format!("{prefix}{name}"), &value.text, groups).at(&entry.at.origin()))
        })),
        None => {
            let detail = format!("the ConfigMap {name} is not among the audited files");
            env.incomplete = Some(Unknown::new(Reason::NoTarget, detail));
        }
    }
}

fn config_map<'o>(container: &Container<'_>, name: &str, objects: &[&'o Object]) -> Option<&'o Node> {
    find(container, "ConfigMap", name, objects).map(|object| &object.node)
}

/// The one object of this name; where two files hold one each, nobody knows which is meant.
fn find<'o>(container: &Container<'_>, kind: &str, name: &str, objects: &[&'o Object]) -> Option<&'o Object> {
    let own = |object: &&&Object| object.kind == kind && object.name == name && object.namespace == container.object.namespace;
    let mut found = objects.iter().filter(own);
    let first = found.next()?;
    found.next().is_none().then_some(*first)
}
