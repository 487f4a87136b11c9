//! From fields of an engine's answer to facts: what is missing or of the wrong type is unknown, never a default.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::facts::{Fact, List, Origin, Reason, Record, Unknown, Value};

/// One origin a field, shared by all documents.
#[derive(Default)]
pub(super) struct Origins(RefCell<BTreeMap<&'static str, Arc<Origin>>>);

impl Origins {
    /// The origin of a dotted field (`HostConfig.Memory`).
    pub fn of(&self, field: &'static str) -> Arc<Origin> {
        Arc::clone(self.0.borrow_mut().entry(field).or_insert_with(|| Origin::field(field)))
    }
}

/// An answer that is being read.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    /// The answer.
    pub json: &'a Json,
    /// Shared origins.
    pub origins: &'a Origins,
}

impl<'a> Fields<'a> {
    /// The value of a dotted field; JSON null is a value.
    pub fn get(&self, field: &str) -> Option<&'a Json> {
        field.split('.').try_fold(self.json, |at, part| at.get(part))
    }

    /// The text of a field, empty where it has none.
    pub fn str(&self, field: &str) -> &'a str {
        self.get(field).and_then(Json::as_str).unwrap_or_default()
    }

    /// A truth value.
    pub fn bool(&self, field: &'static str) -> Fact {
        self.fact(field, |json| json.as_bool().map(Value::from))
    }

    /// A whole number; null is 0.
    pub fn int(&self, field: &'static str) -> Fact {
        self.fact(field, |json| if json.is_null() { Some(0.into()) } else { json.as_i64().map(Value::from) })
    }

    /// A text; null is empty.
    pub fn text(&self, field: &'static str) -> Fact {
        self.fact(field, |json| if json.is_null() { Some("".into()) } else { json.as_str().map(Value::from) })
    }

    /// A list whose elements are made by `element`; null is empty. An element that cannot be read makes the list incomplete.
    pub fn list(&self, field: &'static str, element: impl FnMut(&'a Json) -> Option<Fact>) -> Fact {
        let Some(json) = self.get(field) else { return self.missing(field) };
        let items = match json {
            Json::Null => &[],
            Json::Array(items) => items.as_slice(),
            _ => return wrong(field).at(&self.origins.of(field)),
        };
        Fact::known(collect(field, items.iter().map(element))).at(&self.origins.of(field))
    }

    /// A list made from an object's entries; null is empty.
    pub fn entries(&self, field: &'static str, element: impl FnMut((&'a String, &'a Json)) -> Option<Fact>) -> Fact {
        let Some(json) = self.get(field) else { return self.missing(field) };
        let list = match json {
            Json::Null => List::default(),
            Json::Object(entries) => collect(field, entries.iter().map(element)),
            _ => return wrong(field).at(&self.origins.of(field)),
        };
        Fact::known(list).at(&self.origins.of(field))
    }

    /// Whatever `read` makes of the field; what it cannot read is unknown.
    pub fn fact(&self, field: &'static str, read: impl FnOnce(&'a Json) -> Option<Value>) -> Fact {
        match self.get(field) {
            None => self.missing(field),
            Some(json) => read(json).map_or_else(|| wrong(field), Fact::known).at(&self.origins.of(field)),
        }
    }

    /// A field that this engine's answer does not have.
    pub fn missing(&self, field: &'static str) -> Fact {
        Fact::unknown(Unknown::new(Reason::Unsupported, format!("the engine's answer has no {field}")))
            .at(&self.origins.of(field))
    }
}

fn wrong(field: &str) -> Fact {
    Fact::unknown(Unknown::new(Reason::Unsupported, format!("the engine's {field} cannot be read")))
}

fn collect(field: &str, items: impl Iterator<Item = Option<Fact>>) -> List {
    let mut list = List::default();
    for item in items {
        match item {
            Some(fact) => list.items.push(fact),
            None => list.incomplete = Some(Unknown::new(Reason::Unsupported, format!("an element of {field} cannot be read"))),
        }
    }
    list
}

/// A list that is known to be empty.
pub(super) fn none() -> Fact {
    Fact::known(Vec::new())
}

/// Texts as list elements.
pub(super) fn texts<S: AsRef<str>>(items: impl IntoIterator<Item = S>) -> Vec<Fact> {
    items.into_iter().map(|item| Fact::known(item.as_ref())).collect()
}

/// A record with one text, `label`.
pub(super) fn label(text: impl Into<Value>) -> Fact {
    let mut record = Record::new();
    record.set_here("label", text);
    record.into()
}

/// A text that may be printed: a short word or path; anything else is hidden.
pub(super) fn plain(text: &str) -> String {
    let short = text.chars().count() <= 256 && !text.chars().any(char::is_control);
    if short { text.to_owned() } else { "[redacted]".to_owned() }
}
