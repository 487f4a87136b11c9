//! One file over another, by the rules of the Compose Specification ("Merge and override").

use std::collections::HashMap;

use super::load::Failure;
use super::service::volume;
use super::value::{Node, Value, is_null};
use crate::collect::yaml::{Content, Map};

/// How two values of one place become one.
#[derive(Clone, Copy)]
enum Rule {
    Document,
    Services,
    Service,
    /// Mappings key by key, lists one behind the other, texts replaced.
    Plain,
    /// The later one.
    Replace,
    /// Mappings key by key, and a key without a value counts too.
    KeyValues,
    Health,
    Logging,
    /// Mappings key by key, one level only.
    Shallow,
    /// Lists in which a later element replaces an earlier one with the same name.
    Unique(fn(&Node) -> Option<String>),
}

impl Rule {
    fn below(self, key: &str) -> Self {
        match (self, key) {
            (Self::Document, "services") => Self::Services,
            (Self::Services, _) => Self::Service,
            (Self::Service, "command" | "entrypoint") | (Self::Health, "test") | (Self::Shallow, _) => Self::Replace,
            (Self::Service, "environment" | "labels" | "annotations" | "sysctls") => Self::KeyValues,
            (Self::Service, "healthcheck") => Self::Health,
            (Self::Service, "logging") => Self::Logging,
            (Self::Service, "ulimits") => Self::Shallow,
            (Self::Service, "volumes") => Self::Unique(volume::target_of),
            (Self::Service, "secrets") => Self::Unique(|node| volume::mounted_at(node, "/run/secrets/")),
            (Self::Service, "configs") => Self::Unique(|node| volume::mounted_at(node, "/")),
            (Self::Service, "env_file") => Self::Unique(|node| text_of(node).or_else(|| text_of(node.get("path")?))),
            (Self::Service, _) => Self::Unique(text_of),
            _ => Self::Plain,
        }
    }
}

fn text_of(node: &Node) -> Option<String> {
    node.scalar().map(|value| value.text.to_string())
}

/// A whole file over what earlier files gave.
pub(super) fn documents(base: Node, over: Node) -> Result<Node, Failure> {
    merge(base, over, Rule::Document)
}

/// A service over the one that it extends.
pub(super) fn services(base: Node, over: Node) -> Result<Node, Failure> {
    merge(base, over, Rule::Service)
}

fn merge(base: Node, over: Node, rule: Rule) -> Result<Node, Failure> {
    if over.tag.as_deref() == Some("!override") || is_null(&base) {
        return Ok(over);
    }
    match (rule, is_null(&over)) {
        (Rule::Replace, _) => return Ok(over),
        (_, true) => return Ok(base),
        (Rule::Logging, _) if !same_driver(&base, &over) => return Ok(over),
        _ => {}
    }
    let content = match (base.content, over.content) {
        (Content::Map(base), Content::Map(over)) => Content::Map(merge_maps(base, over, rule)?),
        (Content::List(base), Content::List(over)) => Content::List(merge_lists(base, over, rule)),
        (Content::Scalar(_), content) => return Ok(Node { content, tag: over.tag, at: over.at }),
        _ => return Err(Failure::invalid("this cannot be laid over a value of another shape in an earlier file", &over.at)),
    };
    Ok(Node { content, tag: base.tag, at: base.at })
}

fn merge_maps(mut base: Map<Value>, over: Map<Value>, rule: Rule) -> Result<Map<Value>, Failure> {
    for (key, mut entry) in over {
        match base.remove(&key) {
            _ if is_reset(&entry.node) => {}
            Some(earlier) if !matches!(rule, Rule::KeyValues) => {
                if matches!(entry.node.content, Content::Map(_)) {
                    entry.at = earlier.at;
                }
                entry.node = merge(earlier.node, entry.node, rule.below(&key))?;
                base.insert(key, entry);
            }
            _ => {
                base.insert(key, entry);
            }
        }
    }
    Ok(base)
}

fn merge_lists(base: Vec<Node>, over: Vec<Node>, rule: Rule) -> Vec<Node> {
    let Rule::Unique(name) = rule else { return base.into_iter().chain(over).collect() };
    let mut seen: HashMap<String, usize> = HashMap::new();
    let mut out: Vec<Node> = Vec::new();
    for node in base.into_iter().chain(over) {
        match name(&node).map(|name| (seen.get(&name).copied(), name)) {
            Some((Some(at), _)) => out[at] = node,
            Some((None, name)) => {
                seen.insert(name, out.len());
                out.push(node);
            }
            None => out.push(node),
        }
    }
    out
}

/// Options of a log driver are merged only when the driver stays the same.
fn same_driver(base: &Node, over: &Node) -> bool {
    let driver = |node: &Node| node.get("driver").and_then(text_of);
    match (driver(base), driver(over)) {
        (Some(base), Some(over)) => base == over,
        _ => true,
    }
}

fn is_reset(node: &Node) -> bool {
    node.tag.as_deref() == Some("!reset")
}

/// Takes out what `!reset` marks and no earlier file had.
pub(super) fn drop_resets(node: &mut Node) {
    match &mut node.content {
        Content::Scalar(_) => {}
        Content::List(items) => {
            items.retain(|item| !is_reset(item));
            items.iter_mut().for_each(drop_resets);
        }
        Content::Map(map) => {
            map.retain(|_, entry| !is_reset(&entry.node));
            for entry in map.values_mut() {
                drop_resets(&mut entry.node);
            }
        }
    }
}

/// Whether two values say the same, wherever they stand.
pub(super) fn same(a: &Node, b: &Node) -> bool {
    match (&a.content, &b.content) {
        (Content::Scalar(a), Content::Scalar(b)) => a.text == b.text,
        (Content::List(a), Content::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Content::Map(a), Content::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((ka, a), (kb, b))| ka == kb && same(&a.node, &b.node))
        }
        _ => false,
    }
}
