//! The expression language of checks: a subset of CEL, evaluated in three values.
//!
//! The crate `cel` parses; everything after that is ours, because CEL by itself takes what it does not know for
//! false or true (`'x' != 1`, `'z' in map`, a null on the way): [`lower`] turns its syntax tree into a small typed
//! one and refuses what is unsafe, [`eval`] evaluates that one after Kleene and remembers which facts were read.
//! No other module knows the language.

mod eval;
mod lower;
mod node;
mod template;

use std::sync::Arc;

use crate::facts::{Fact, Record, Unknown};

pub use template::Template;

/// Longest expression in bytes; longer ones overflow the parser's stack.
pub const MAX_BYTES: usize = 2_000;

/// A compiled expression that yields a truth value.
#[derive(Clone, Debug)]
pub struct Expression {
    node: node::Node,
}

/// Why an expression was refused, and where in its text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExprError {
    /// What is wrong.
    pub message: String,
    /// What to write instead, where that is known.
    pub help: Option<String>,
    /// First and one past the last character concerned.
    pub span: (usize, usize),
}

/// What an expression may speak of.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// Name of the root, `container` for example.
    pub root: &'a str,
    /// The facts below it.
    pub facts: &'a Record,
    /// The document's name, `name` in templates.
    pub name: &'a str,
}

/// Result of an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not.
    False,
    /// A fact that decides is unknown.
    Unknown(Unknown),
}

/// What an evaluation looked at.
#[derive(Debug, Default)]
pub struct Trace<'a> {
    /// Facts read, by path, in the order of reading.
    pub read: Vec<(Arc<str>, &'a Fact)>,
    /// Elements that decided an `all` or `exists`, by path of their list.
    pub witnesses: Vec<(Arc<str>, &'a Fact)>,
    /// Faults of the evaluation, even where `||` or `&&` made them irrelevant.
    pub errors: Vec<String>,
}

impl Expression {
    /// Compiles an expression about facts below `root`; optional facts must be asked for with `absent` first.
    pub fn parse(source: &str, root: &str) -> Result<Self, ExprError> {
        let (node, kind) = lower::lower(source, root, lower::Guarding::Required)?;
        match kind {
            node::Type::Bool => Ok(Self { node }),
            other => Err(ExprError {
                message: format!("this is {other}, but the answer must be true or false"),
                help: Some("compare it with something: `==`, `>`, `in [...]`".into()),
                span: (0, source.chars().count()),
            }),
        }
    }

    /// Evaluates against recorded facts.
    pub fn eval<'a>(&'a self, scope: &Scope<'a>) -> (Truth, Trace<'a>) {
        let mut evaluation = eval::Evaluation::new(scope);
        let truth = evaluation.truth(&self.node);
        (truth, evaluation.trace)
    }

    /// Paths of facts it reads, loop variables resolved to the elements of their lists.
    pub fn paths(&self) -> Vec<Arc<str>> {
        let mut paths = Vec::new();
        self.node.paths(&mut paths);
        paths.sort();
        paths.dedup();
        paths
    }
}

/// Runs `work` with a stack large enough for the parser whatever the input.
///
/// The parser recurses along chains (`1+1+1+…`), which its own depth limit does not count.
pub fn on_parser_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(32 << 20).spawn_scoped(scope, work);
        match thread.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(error) => panic!("the system gives no thread for the parser: {error}"),
        }
    })
}
