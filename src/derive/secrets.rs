//! Secrets: which stand in clear, which everybody knows, which are weak or used twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::privileges::record_mut;
use crate::facts::{Document, Fact, Kind, List, Record, State, Unknown};

/// Writes `secret_literal` on variables and labels, and `published_secrets`.
pub(super) fn derive(document: &mut Document) {
    literal_flags(document, "env");
    literal_flags(document, "labels");
    let published = published(&document.facts);
    document.facts.set_here("published_secrets", published);
}

/// A literal or placeholder that stands here by itself; a `${X:-literal}` belongs to `compose-no-secret-defaults`.
pub(super) fn literal_flags(document: &mut Document, path: &str) {
    let Some(list) = document.facts.list_mut(path) else { return };
    for item in list.items.iter_mut().filter_map(record_mut) {
        let literal = matches!(item.text("class"), Some("literal" | "placeholder"));
        let fallback = item.bool("fallback") == Some(true);
        let label = item.text("name").unwrap_or("?").to_owned();
        item.set_here("secret_literal", literal && !fallback);
        item.set_here("label", label);
    }
}

fn unknown_of(facts: &Record, path: &str) -> Option<Unknown> {
    match &facts.get(path).state {
        State::Unknown(why) => Some(why.clone()),
        _ => facts.list(path).and_then(|list| list.incomplete.clone()),
    }
}

fn published(facts: &Record) -> List {
    let mut found = List::default();
    for (path, place) in [("env", "environment"), ("labels", "label"), ("command_secrets", "")] {
        if let Some(why) = unknown_of(facts, path) {
            found.incomplete.get_or_insert(why);
        }
        for item in facts.list(path).into_iter().flat_map(List::records) {
            let placeholder = item.text("class") == Some("placeholder");
            if item.bool("published") != Some(true) && !placeholder {
                continue;
            }
            let name = item.text("name").or(item.text("label")).unwrap_or("?");
            let what = if placeholder { "placeholder" } else { "published credential" };
            let place = if place.is_empty() { String::new() } else { format!("{place} ") };
            let mut record = Record::new();
            record.set_here("label", format!("{place}{name} ({what})"));
            let origin = item.get("name").origin.clone().or_else(|| item.get("class").origin.clone());
            found.items.push(Fact { origin, ..record.into() });
        }
    }
    found
}

/// Writes `weak_secrets`: too short, listed, or the same in two services.
///
/// A password that a client shares with its datastore is one secret in two places, not two secrets.
pub(super) fn weakness(documents: &mut [Document]) {
    let mut users: BTreeMap<i64, Vec<(Arc<str>, String, bool)>> = BTreeMap::new();
    for document in documents.iter().filter(|d| d.kind == Kind::Container) {
        let service = document.service.as_ref().unwrap_or(&document.name);
        let datastore = document.facts.bool("datastore") == Some(true);
        for variable in document.facts.list("env").into_iter().flat_map(List::records) {
            if let (Some(group), Some(name)) = (variable.int("group"), variable.text("name")) {
                users.entry(group).or_default().push((Arc::clone(service), name.to_owned(), datastore));
            }
        }
    }
    for document in documents.iter_mut().filter(|d| d.kind == Kind::Container) {
        let service = document.service.clone().unwrap_or_else(|| Arc::clone(&document.name));
        let datastore = document.facts.bool("datastore") == Some(true);
        let mut weak = List { items: Vec::new(), incomplete: unknown_of(&document.facts, "env") };
        for variable in document.facts.list("env").into_iter().flat_map(List::records) {
            let name = variable.text("name").unwrap_or("?");
            let shared = variable
                .int("group")
                .and_then(|group| users.get(&group))
                .and_then(|all| all.iter().find(|(other, _, other_store)| *other != service && !datastore && !other_store));
            let why = match (variable.text("weak"), shared) {
                (Some(why), _) => why.to_owned(),
                (None, Some((other, other_name, _))) => format!("the same secret as {other_name} of {other}"),
                (None, None) => continue,
            };
            let mut record = Record::new();
            record.set_here("label", format!("{name} ({why})"));
            weak.items.push(Fact { origin: variable.get("name").origin.clone(), ..record.into() });
        }
        document.facts.set_here("weak_secrets", weak);
    }
}
