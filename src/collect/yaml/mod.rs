//! YAML as a tree in which every value knows its file, line and column.
//!
//! Scalars keep their source text: what `yes`, `0644` or `3.10` mean is for the reader of the format to say.
//! Anchors, aliases and merge keys are resolved here, within a budget that no file can exceed.

mod build;
mod merge_keys;

pub use build::{parse, parse_all};

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::facts::Origin;

/// Most values that one file may hold, those repeated by aliases included.
pub const MAX_NODES: usize = 100_000;
/// Deepest nesting.
pub const MAX_DEPTH: usize = 64;

/// A file that values come from.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Path for people, relative to the audited folder.
    pub shown: Arc<str>,
    /// Folder against which relative paths in it are meant.
    pub directory: PathBuf,
}

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub source: Arc<Source>,
    /// Line from 1.
    pub line: u32,
    /// Column in characters from 1.
    pub column: u32,
}

impl Place {
    /// As an origin of facts.
    pub fn origin(&self) -> Arc<Origin> {
        Origin::file(&self.source.shown, self.line, self.column)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.source.shown, self.line)
    }
}

/// One value; `S` is what a scalar is: its text as written, or what a format makes of it.
#[derive(Clone, Debug)]
pub struct Node<S = Scalar> {
    /// The value itself.
    pub content: Content<S>,
    /// A tag of its own (`!reset`); tags of the core schema (`!!str`) are not kept.
    pub tag: Option<Arc<str>>,
    /// Where it stands.
    pub at: Place,
}

/// The three shapes of a value.
#[derive(Clone, Debug)]
pub enum Content<S> {
    /// A text.
    Scalar(S),
    /// A sequence.
    List(Vec<Node<S>>),
    /// A mapping.
    Map(Map<S>),
}

/// A mapping, in the order of its keys.
pub type Map<S> = BTreeMap<Arc<str>, Entry<S>>;

/// What stands under a key.
#[derive(Clone, Debug)]
pub struct Entry<S> {
    /// Where the key stands.
    pub at: Place,
    /// The value.
    pub node: Node<S>,
}

/// A scalar as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The text, quotes and escapes resolved.
    pub text: Arc<str>,
    /// Written without quotes, so that `null` and `~` mean nothing.
    pub plain: bool,
}

/// Why a text is not YAML that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct YamlError {
    /// What is wrong; holds no text of the file.
    pub message: String,
    /// Where.
    pub place: Place,
}

impl<S> Node<S> {
    /// The mapping, if it is one.
    pub fn map(&self) -> Option<&Map<S>> {
        match &self.content {
            Content::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The sequence, if it is one.
    pub fn list(&self) -> Option<&[Node<S>]> {
        match &self.content {
            Content::List(items) => Some(items),
            _ => None,
        }
    }

    /// The scalar, if it is one.
    pub fn scalar(&self) -> Option<&S> {
        match &self.content {
            Content::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// What stands under a key.
    pub fn entry(&self, key: &str) -> Option<&Entry<S>> {
        self.map()?.get(key)
    }

    /// The value under a key.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// The value at a path of keys.
    pub fn at_path(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// How many values it holds, itself included.
    pub fn size(&self) -> usize {
        1 + match &self.content {
            Content::Scalar(_) => 0,
            Content::List(items) => items.iter().map(Self::size).sum(),
            Content::Map(map) => map.values().map(|entry| 1 + entry.node.size()).sum(),
        }
    }

    /// The same tree with other scalars.
    pub fn try_map<T, E>(&self, change: &mut impl FnMut(&S, &Place) -> Result<T, E>) -> Result<Node<T>, E> {
        let content = match &self.content {
            Content::Scalar(scalar) => Content::Scalar(change(scalar, &self.at)?),
            Content::List(items) => Content::List(items.iter().map(|item| item.try_map(change)).collect::<Result<_, _>>()?),
            Content::Map(map) => Content::Map(
                map.iter()
                    .map(|(key, entry)| Ok((Arc::clone(key), Entry { at: entry.at.clone(), node: entry.node.try_map(change)? })))
                    .collect::<Result<_, E>>()?,
            ),
        };
        Ok(Node { content, tag: self.tag.clone(), at: self.at.clone() })
    }

    /// Calls `look` on every scalar with the key it stands under.
    pub fn each_scalar<'n>(&'n self, key: &'n str, look: &mut impl FnMut(&'n str, &'n S, &'n Place)) {
        match &self.content {
            Content::Scalar(scalar) => look(key, scalar, &self.at),
            Content::List(items) => items.iter().for_each(|item| item.each_scalar(key, look)),
            Content::Map(map) => map.iter().for_each(|(key, entry)| entry.node.each_scalar(key, look)),
        }
    }
}
