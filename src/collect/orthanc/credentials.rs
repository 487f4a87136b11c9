//! Credentials that stand in clear: in the image, in the environment, or in a file that any user may read.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::facts::labelled;
use super::json::{Json, Map, Node};
use super::shown;
use super::source::{Source, SourceKind};
use crate::collect::program::Place;
use crate::facts::{Class, Fact, Groups, List, Reason, Record, Unknown};
use crate::knowledge::secret_scan;

/// Any user of the host or the container may read a file with this bit.
const READ_BY_OTHERS: u32 = 0o004;

/// What is found on the way through the configuration.
struct Walk<'g> {
    list: List,
    groups: &'g mut Groups,
    seen: BTreeSet<String>,
}

/// Writes `clear_credentials`.
pub(super) fn write(record: &mut Record, root: &Map, groups: &mut Groups) {
    let mut walk = Walk { list: List::default(), groups, seen: BTreeSet::new() };
    walk.map("", root);
    record.set_here("clear_credentials", walk.list);
}

impl Walk<'_> {
    fn map(&mut self, path: &str, map: &Map) {
        if let Some(why) = &map.incomplete {
            self.list.incomplete.get_or_insert_with(|| why.clone());
        }
        for (key, node) in &map.entries {
            let below = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
            // Names of users and of servers say nothing about a path.
            let shown_path = if path == "RegisteredUsers" { path.to_owned() } else { below.clone() };
            let users = path == "RegisteredUsers";
            match &node.json {
                Json::Map(inner) => self.map(&below, inner),
                Json::List(items) => self.items(&below, items),
                Json::Text(text) => self.text(&shown_path, if users { "password" } else { key }, text, node),
                Json::Unknown(why) => self.unknown(if users { "password" } else { key }, node, why),
                Json::Int(_) | Json::Real if users => self.text(&shown_path, "password", "a number", node),
                _ => {}
            }
        }
    }

    /// `[url, user, password]` of a peer or server; in other lists only what shows itself as a secret.
    fn items(&mut self, path: &str, items: &[Node]) {
        let server = path.starts_with("OrthancPeers.") || path.starts_with("DicomWeb.Servers.");
        for (i, item) in items.iter().enumerate() {
            let name = if server && i == 2 { "password" } else { "item" };
            match &item.json {
                Json::Map(map) => self.map(path, map),
                Json::List(inner) => self.items(path, inner),
                Json::Text(text) => self.text(path, name, text, item),
                Json::Unknown(why) => self.unknown(name, item, why),
                _ => {}
            }
        }
    }

    fn text(&mut self, path: &str, name: &str, text: &str, node: &Node) {
        if names_a_file(name, text) {
            return;
        }
        let scanned = secret_scan().scan(name, text, self.groups);
        let proxy = name == "HttpProxy" && text.contains('@');
        if !proxy && !matches!(scanned.class, Class::Literal | Class::Placeholder) {
            return;
        }
        let source = Arc::clone(node.clear_in());
        match in_clear(&source) {
            Ok(Some(why)) => self.add(path, &source, why, node),
            Ok(None) => {}
            Err(why) => {
                self.list.incomplete.get_or_insert(why);
            }
        }
    }

    fn unknown(&mut self, name: &str, node: &Node, why: &Unknown) {
        let secret = crate::facts::is_secret_name(name) && !node.source.is_secret();
        if secret {
            self.list.incomplete.get_or_insert_with(|| why.clone());
        }
    }

    fn add(&mut self, path: &str, source: &Source, why: &str, node: &Node) {
        let label = format!("{} in {} ({why})", shown::key(path), source.shown);
        if self.seen.insert(label.clone()) {
            let origin = source.origin(node.at.line.unwrap_or(1), node.at.column.unwrap_or(1));
            self.list.items.push(Fact::from(labelled(label)).at(&origin));
        }
    }
}

/// `DicomTlsPrivateKey` and its like hold the path of a file; a password may begin with a slash.
fn names_a_file(name: &str, text: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let word = ["pass", "secret", "token", "accesskey"].iter().any(|word| name.contains(word));
    !word && text.starts_with('/') && shown::path(text).is_some()
}

/// Why a credential stands in clear here; none where a secret belongs.
fn in_clear(source: &Source) -> Result<Option<&'static str>, Unknown> {
    match source.kind {
        SourceKind::File(Place::Secret, _) => Ok(None),
        SourceKind::Variable { by_image: true } => Ok(Some("set by the image")),
        SourceKind::Variable { by_image: false } => Ok(Some("in the environment, which `docker inspect` shows")),
        SourceKind::File(Place::Image, _) => Ok(Some("part of the image")),
        SourceKind::Default => Ok(Some("set by the image itself")),
        SourceKind::File(_, Some(mode)) if mode & READ_BY_OTHERS != 0 => Ok(Some("any user may read the file")),
        SourceKind::File(_, Some(_)) => Ok(None),
        SourceKind::File(_, None) => {
            let detail = format!("who may read {} is not known", source.shown);
            Err(Unknown::new(Reason::UnknownFact, detail))
        }
    }
}
