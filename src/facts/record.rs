//! Named facts of a fixed shape, addressed by dotted paths.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{Fact, List, Origin, Reason, State, Unknown, Value};

/// Named facts. A name that is not there is unknown, never absent: absence is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    fields: BTreeMap<Arc<str>, Fact>,
}

static NOT_COLLECTED: Fact = Fact { state: State::Unknown(Unknown { reason: Reason::UnknownFact, detail: None }), origin: None };

impl Record {
    /// An empty record: everything in it is unknown.
    pub fn new() -> Self {
        Self::default()
    }

    /// The fact at a dotted path (`image.reference`). Below an absent or unknown fact lies the same state.
    pub fn get(&self, path: &str) -> &Fact {
        let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
        let Some(fact) = self.fields.get(head) else { return &NOT_COLLECTED };
        match (rest, &fact.state) {
            (Some(rest), State::Known(Value::Record(inner))) => inner.get(rest),
            (Some(_), State::Known(_)) => &NOT_COLLECTED,
            _ => fact,
        }
    }

    /// Whether a fact, in whatever state, is written at this dotted path.
    pub fn has(&self, path: &str) -> bool {
        !std::ptr::eq(self.get(path), &raw const NOT_COLLECTED)
    }

    /// Writes a fact at a dotted path, making the records on the way.
    pub fn put(&mut self, path: &str, fact: Fact) {
        match path.split_once('.') {
            None => {
                self.fields.insert(path.into(), fact);
            }
            Some((head, rest)) => {
                let entry = self.fields.entry(head.into()).or_insert_with(|| Fact::known(Record::new()));
                if !matches!(entry.state, State::Known(Value::Record(_))) {
                    entry.state = State::Known(Value::Record(Record::new()));
                }
                if let State::Known(Value::Record(inner)) = &mut entry.state {
                    inner.put(rest, fact);
                }
            }
        }
    }

    /// Writes a known value with its origin.
    pub fn set(&mut self, path: &str, value: impl Into<Value>, origin: &Arc<Origin>) {
        self.put(path, Fact::known(value).at(origin));
    }

    /// Writes a known value whose origin is that of the record around it.
    pub fn set_here(&mut self, path: &str, value: impl Into<Value>) {
        self.put(path, Fact::known(value));
    }

    /// Writes a known value, or absence where there is none.
    pub fn set_or_absent<V: Into<Value>>(&mut self, path: &str, value: Option<V>) {
        self.put(path, value.map_or_else(Fact::absent, Fact::known));
    }

    /// Writes that it was looked for and is not there.
    pub fn absent(&mut self, path: &str) {
        self.put(path, Fact::absent());
    }

    /// Writes that it could not be looked at, and why.
    pub fn unknown(&mut self, path: &str, why: impl Into<Unknown>) {
        self.put(path, Fact::unknown(why));
    }

    /// The known text at a path.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.get(path).text()
    }

    /// The known truth value at a path.
    pub fn bool(&self, path: &str) -> Option<bool> {
        self.get(path).bool()
    }

    /// The known number at a path.
    pub fn int(&self, path: &str) -> Option<i64> {
        self.get(path).int()
    }

    /// The known list at a path.
    pub fn list(&self, path: &str) -> Option<&List> {
        self.get(path).list()
    }

    /// The list at a path, to be changed in place.
    pub fn list_mut(&mut self, path: &str) -> Option<&mut List> {
        match &mut self.get_mut(path)?.state {
            State::Known(Value::List(list)) => Some(list),
            _ => None,
        }
    }

    /// The fact at a path, to be changed in place.
    pub fn get_mut(&mut self, path: &str) -> Option<&mut Fact> {
        match path.split_once('.') {
            None => self.fields.get_mut(path),
            Some((head, rest)) => match &mut self.fields.get_mut(head)?.state {
                State::Known(Value::Record(inner)) => inner.get_mut(rest),
                _ => None,
            },
        }
    }

    /// All fields in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Fact)> {
        self.fields.iter()
    }

    /// How many fields are written.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether no field is written.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

impl FromIterator<(Arc<str>, Fact)> for Record {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Fact)>>(iter: I) -> Self {
        Self { fields: iter.into_iter().collect() }
    }
}

impl fmt::Display for Record {
    /// The record's own `label` where it has one, else its known fields.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(label) = self.text("label") {
            return f.write_str(label);
        }
        let mut first = true;
        for (name, fact) in self.iter().filter(|(_, fact)| fact.value().is_some()) {
            if !first {
                f.write_str(" ")?;
            }
            first = false;
            write!(f, "{name}={fact}")?;
        }
        Ok(())
    }
}
