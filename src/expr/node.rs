//! The typed tree that is evaluated.

use std::fmt;
use std::sync::Arc;

use regex::Regex;

/// Type of a part of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Bool,
    Int,
    Text,
    /// A list with elements of this type.
    List(Box<Type>),
    /// The record at this path of the catalogue.
    Record(Arc<str>),
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("a truth value"),
            Self::Int => f.write_str("a number"),
            Self::Text => f.write_str("a text"),
            Self::List(_) => f.write_str("a list"),
            Self::Record(_) => f.write_str("a record"),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextTest {
    StartsWith,
    EndsWith,
    Contains,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fold {
    All,
    Exists,
    Filter,
    Map,
}

/// Where a path begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// The document's facts.
    Root,
    /// The loop variable of this depth.
    Variable(usize),
    /// The document's name.
    Name,
}

/// A path to a fact.
#[derive(Clone, Debug)]
pub(super) struct Path {
    pub base: Base,
    /// Dotted path below the base; empty for the base itself.
    pub below: Arc<str>,
    /// Path in the catalogue, for evidence and messages.
    pub full: Arc<str>,
}

#[derive(Clone, Debug)]
pub(super) enum Node {
    Bool(bool),
    Int(i64),
    Text(Arc<str>),
    List(Vec<Node>),
    Path(Path),
    Absent(Path),
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    If(Box<[Node; 3]>),
    Compare(Compare, Box<[Node; 2]>),
    Arithmetic(Arithmetic, Box<[Node; 2]>),
    Negate(Box<Node>),
    In(Box<[Node; 2]>),
    Fold { fold: Fold, list: Box<Node>, body: Box<Node> },
    Size(Box<Node>),
    IsNone(Box<Node>),
    TextTest(TextTest, Box<[Node; 2]>),
    LowerAscii(Box<Node>),
    Rx(Box<Node>, Regex),
}

impl Node {
    /// Paths read anywhere in the tree.
    pub(super) fn paths(&self, into: &mut Vec<Arc<str>>) {
        match self {
            Self::Bool(_) | Self::Int(_) | Self::Text(_) => {}
            Self::Path(path) | Self::Absent(path) => into.push(Arc::clone(&path.full)),
            Self::List(nodes) | Self::And(nodes) | Self::Or(nodes) => nodes.iter().for_each(|n| n.paths(into)),
            Self::If(nodes) => nodes.iter().for_each(|n| n.paths(into)),
            Self::Compare(_, nodes) | Self::Arithmetic(_, nodes) | Self::In(nodes) | Self::TextTest(_, nodes) => {
                nodes.iter().for_each(|n| n.paths(into));
            }
            Self::Not(node)
            | Self::Negate(node)
            | Self::Size(node)
            | Self::IsNone(node)
            | Self::LowerAscii(node)
            | Self::Rx(node, _) => {
                node.paths(into);
            }
            Self::Fold { list, body, .. } => {
                list.paths(into);
                body.paths(into);
            }
        }
    }
}
