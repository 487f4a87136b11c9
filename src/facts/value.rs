//! A fact is known, absent or unknown; nothing in between and nothing assumed.

use std::fmt;
use std::sync::Arc;

use super::{Origin, Record};

/// Why something could not be found out. The words are part of the outside contract (`results[].reason`).
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The target did not answer at all.
    Unreachable,
    /// The target answered and refused.
    Refused,
    /// We lack the right to look.
    Permission,
    /// No answer in the time allowed.
    Timeout,
    /// It is there, but in a form that cannot be read truly.
    Unsupported,
    /// The fact was not collected.
    UnknownFact,
    /// The answer lies in an image that nobody has seen.
    ImageNotSeen,
    /// The target that could answer (an engine, an endpoint) was not named.
    NoTarget,
    /// The probe that would answer was not run at this level.
    NotProbed,
    /// Declared, but nothing is known to read it, or the effect has not been seen yet.
    Unproven,
    /// Known, but on weaker evidence than the profile asks for.
    Assurance,
    /// A fault of the evaluation itself.
    Error,
}

impl Reason {
    /// The word of the contract, `image_not_seen` for example.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::Permission => "permission",
            Self::Timeout => "timeout",
            Self::Unsupported => "unsupported",
            Self::UnknownFact => "unknown_fact",
            Self::ImageNotSeen => "image_not_seen",
            Self::NoTarget => "no_target",
            Self::NotProbed => "not_probed",
            Self::Unproven => "unproven",
            Self::Assurance => "assurance",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// An unknown: the reason, and a sentence for people where one helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// Why it is unknown.
    pub reason: Reason,
    /// What exactly happened, without secrets: "the engine refused GET /containers/…/top: 403".
    pub detail: Option<Arc<str>>,
}

impl Unknown {
    /// An unknown with a sentence that says what happened.
    pub fn new(reason: Reason, detail: impl Into<Arc<str>>) -> Self {
        Self { reason, detail: Some(detail.into()) }
    }
}

impl From<Reason> for Unknown {
    fn from(reason: Reason) -> Self {
        Self { reason, detail: None }
    }
}

/// The three values a fact can have.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// We looked and this is what is there.
    Known(Value),
    /// We looked and it is not there. Not the same as empty, nor as a default.
    Absent,
    /// We could not look.
    Unknown(Unknown),
}

/// A value that was seen. There is no null: what is not there is [`State::Absent`].
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// A whole number; sizes in bytes, times in seconds unless the catalogue says otherwise.
    Int(i64),
    /// Text that may be printed.
    Text(Arc<str>),
    /// Several facts of one kind.
    List(List),
    /// Named facts of a fixed shape.
    Record(Record),
}

/// A list, and whether it is the whole list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct List {
    /// The elements that were seen.
    pub items: Vec<Fact>,
    /// Set where more elements may exist that were not seen (a missing `env_file`, an unseen image).
    pub incomplete: Option<Unknown>,
}

/// One fact: its state, and where it comes from when that differs from its surroundings.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// Known, absent or unknown.
    pub state: State,
    /// Own origin; without one, that of the enclosing record or document holds.
    pub origin: Option<Arc<Origin>>,
}

impl Fact {
    /// A known fact without an origin of its own.
    pub fn known(value: impl Into<Value>) -> Self {
        Self { state: State::Known(value.into()), origin: None }
    }

    /// A fact that was looked for and is not there.
    pub fn absent() -> Self {
        Self { state: State::Absent, origin: None }
    }

    /// A fact that could not be looked at.
    pub fn unknown(why: impl Into<Unknown>) -> Self {
        Self { state: State::Unknown(why.into()), origin: None }
    }

    /// The same fact with this origin.
    #[must_use]
    pub fn at(mut self, origin: &Arc<Origin>) -> Self {
        self.origin = Some(Arc::clone(origin));
        self
    }

    /// The value, if known.
    pub fn value(&self) -> Option<&Value> {
        match &self.state {
            State::Known(value) => Some(value),
            _ => None,
        }
    }

    /// The text, if known and a text.
    pub fn text(&self) -> Option<&str> {
        match self.value() {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if known and one.
    pub fn bool(&self) -> Option<bool> {
        match self.value() {
            Some(Value::Bool(b)) => Some(*b),
            _ => None,
        }
    }

    /// The number, if known and one.
    pub fn int(&self) -> Option<i64> {
        match self.value() {
            Some(Value::Int(n)) => Some(*n),
            _ => None,
        }
    }

    /// The list, if known and one.
    pub fn list(&self) -> Option<&List> {
        match self.value() {
            Some(Value::List(list)) => Some(list),
            _ => None,
        }
    }

    /// The record, if known and one.
    pub fn record(&self) -> Option<&Record> {
        match self.value() {
            Some(Value::Record(record)) => Some(record),
            _ => None,
        }
    }

    /// Whether it is known not to be there.
    pub fn is_absent(&self) -> bool {
        self.state == State::Absent
    }
}

impl List {
    /// A complete list.
    pub fn complete(items: Vec<Fact>) -> Self {
        Self { items, incomplete: None }
    }

    /// A list that may lack elements, and why.
    pub fn incomplete(items: Vec<Fact>, why: impl Into<Unknown>) -> Self {
        Self { items, incomplete: Some(why.into()) }
    }

    /// The records among the elements.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.items.iter().filter_map(Fact::record)
    }

    /// The texts among the elements.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.items.iter().filter_map(Fact::text)
    }
}

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Arc<str>> for Value {
    fn from(text: Arc<str>) -> Self {
        Self::Text(text)
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        Self::List(list)
    }
}

impl From<Vec<Fact>> for Value {
    fn from(items: Vec<Fact>) -> Self {
        Self::List(List::complete(items))
    }
}

impl From<Record> for Value {
    fn from(record: Record) -> Self {
        Self::Record(record)
    }
}

impl From<Record> for Fact {
    fn from(record: Record) -> Self {
        Self::known(record)
    }
}

impl fmt::Display for Value {
    /// For people: lists joined by commas, records by their `label` or first text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(b) => write!(f, "{b}"),
            Self::Int(n) => write!(f, "{n}"),
            Self::Text(text) => f.write_str(text),
            Self::List(list) => {
                for (i, item) in list.items.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{item}")?;
                }
                if list.incomplete.is_some() {
                    f.write_str(if list.items.is_empty() { "(unknown)" } else { ", and perhaps more" })?;
                }
                Ok(())
            }
            Self::Record(record) => write!(f, "{record}"),
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.state {
            State::Known(value) => write!(f, "{value}"),
            State::Absent => f.write_str("(not set)"),
            State::Unknown(unknown) => match &unknown.detail {
                Some(detail) => write!(f, "(unknown: {detail})"),
                None => write!(f, "(unknown: {})", unknown.reason),
            },
        }
    }
}
