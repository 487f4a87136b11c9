//! A scalar after interpolation: its text in force, and what stood in the file.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::collect::yaml::{Node as YamlNode, Place};
use crate::facts::{Reason, Unknown};

/// A value of a compose file after interpolation.
pub(super) type Node = YamlNode<Value>;

/// A scalar after interpolation.
#[derive(Clone, Debug)]
pub(super) struct Value {
    /// The text in force.
    pub text: Arc<str>,
    /// Written without quotes.
    pub plain: bool,
    /// What stood in the file; empty when no variable did.
    pub parts: Vec<Part>,
}

/// A piece of a text with variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Variable(Variable),
}

/// `${NAME}`, with what follows the name and what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    pub name: String,
    /// `$name` in the middle of a word: most likely a dollar sign that was meant literally.
    pub accidental: bool,
    pub operator: Option<Operator>,
    pub found: Found,
}

/// `:-`, `-`, `:+`, `+`, `:?`, `?`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Operator {
    pub kind: OperatorKind,
    /// With a colon, a variable that is set to nothing counts as not set.
    pub empty_counts_as_unset: bool,
    pub word: Vec<Part>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OperatorKind {
    Default,
    Alternative,
    Required,
}

/// What a look-up gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Set(String),
    Unset,
    /// A file of variables could not be read, so that nobody knows.
    Unreadable,
}

/// Which text of a value with variables is wanted.
#[derive(Clone, Copy)]
enum View<'v> {
    /// What Compose would use.
    Effective,
    /// Variables as `${NAME}`.
    Written,
    /// Defaults in force in clear, every other variable as `${NAME}`.
    FromFile,
    /// Only the default of this variable in clear.
    DefaultOf(&'v Variable),
}

impl Variable {
    /// Whether the variable's own value is used: set, and to something where `:` asks for it.
    fn applies(&self) -> bool {
        let empty_counts = self.operator.as_ref().is_some_and(|operator| operator.empty_counts_as_unset);
        matches!(&self.found, Found::Set(value) if !(empty_counts && value.is_empty()))
    }

    /// The word that stands in for the variable now: a default in force, or an alternative.
    fn word_in_force(&self) -> Option<&[Part]> {
        let operator = self.operator.as_ref()?;
        let used = match operator.kind {
            OperatorKind::Default => !self.applies() && self.found != Found::Unreadable,
            OperatorKind::Alternative => self.applies(),
            OperatorKind::Required => false,
        };
        used.then_some(operator.word.as_slice())
    }

    fn is_guard(&self) -> bool {
        self.operator.as_ref().is_some_and(|operator| operator.kind == OperatorKind::Required)
    }

    /// The default written behind it.
    pub(super) fn default(&self) -> Option<&[Part]> {
        self.operator.as_ref().filter(|o| o.kind == OperatorKind::Default).map(|o| o.word.as_slice())
    }

    /// Whether it comes out empty although nobody said that it may.
    fn is_unresolved(&self) -> bool {
        self.operator.is_none() && matches!(&self.found, Found::Unset) || self.operator.is_none() && self.is_set_to_nothing()
    }

    fn is_set_to_nothing(&self) -> bool {
        matches!(&self.found, Found::Set(value) if value.is_empty())
    }
}

fn render(parts: &[Part], view: View<'_>) -> String {
    let mut out = String::new();
    for part in parts {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Variable(variable) => render_variable(variable, view, &mut out),
        }
    }
    out
}

fn render_variable(variable: &Variable, view: View<'_>, out: &mut String) {
    match (view, variable.word_in_force(), &variable.found) {
        (View::DefaultOf(wanted), _, _) if std::ptr::eq(wanted, variable) => {
            out.push_str(&render(variable.default().unwrap_or_default(), View::Written));
        }
        (View::Effective | View::FromFile, Some(word), _) => out.push_str(&render(word, view)),
        (View::Effective, None, Found::Set(value))
            if variable.applies() && variable.kind() != Some(OperatorKind::Alternative) =>
        {
            out.push_str(value);
        }
        (View::Effective, None, _) => {}
        _ if variable.accidental && variable.found == Found::Unset => {}
        _ => {
            let _ = write!(out, "${{{}}}", variable.name);
        }
    }
}

impl Variable {
    fn kind(&self) -> Option<OperatorKind> {
        self.operator.as_ref().map(|operator| operator.kind)
    }
}

impl Value {
    /// A value from its parts.
    pub(super) fn new(parts: Vec<Part>, plain: bool) -> Self {
        let text = render(&parts, View::Effective).into();
        let has_variables = parts.iter().any(|part| matches!(part, Part::Variable(_)));
        Self { text, plain, parts: if has_variables { parts } else { Vec::new() } }
    }

    /// A value that is written as it is meant.
    pub(super) fn literal(text: &str) -> Self {
        Self { text: text.into(), plain: false, parts: Vec::new() }
    }

    /// `~`, `null` or nothing at all, without quotes.
    pub(super) fn is_null(&self) -> bool {
        self.plain && self.parts.is_empty() && matches!(&*self.text, "" | "~" | "null" | "Null" | "NULL")
    }

    /// Why the text in force cannot be known, if so.
    pub(super) fn unknown(&self) -> Option<Unknown> {
        fn search(parts: &[Part]) -> Option<Unknown> {
            parts.iter().find_map(|part| {
                let Part::Variable(variable) = part else { return None };
                if variable.found == Found::Unreadable {
                    let detail = format!("{} may be set in a file that cannot be read", variable.shown());
                    return Some(Unknown::new(Reason::Permission, detail));
                }
                if variable.is_guard() && !variable.applies() {
                    let detail = format!("${{{}:?}} is not set here", variable.shown());
                    return Some(Unknown::new(Reason::UnknownFact, detail));
                }
                variable.word_in_force().and_then(search)
            })
        }
        search(&self.parts)
    }

    /// Whether variables stand in it.
    pub(super) fn has_variables(&self) -> bool {
        !self.parts.is_empty()
    }

    /// The text with every variable as `${NAME}`; dollar signs that were most likely meant literally give what Compose makes of them.
    pub(super) fn written(&self) -> String {
        self.view(View::Written)
    }

    /// The text as far as this file alone decides it: defaults in force in clear, other variables as `${NAME}`.
    pub(super) fn decided_here(&self) -> String {
        self.view(View::FromFile)
    }

    /// The text with only this variable's default in clear.
    pub(super) fn with_default_of(&self, variable: &Variable) -> String {
        self.view(View::DefaultOf(variable))
    }

    fn view(&self, view: View<'_>) -> String {
        if self.parts.is_empty() { self.text.to_string() } else { render(&self.parts, view) }
    }

    /// Variables that come out empty although nobody said that they may.
    pub(super) fn unresolved(&self) -> Vec<&Variable> {
        fn collect<'p>(parts: &'p [Part], out: &mut Vec<&'p Variable>) {
            for part in parts {
                let Part::Variable(variable) = part else { continue };
                if variable.is_unresolved() {
                    out.push(variable);
                }
                if let Some(word) = variable.word_in_force() {
                    collect(word, out);
                }
            }
        }
        let mut out = Vec::new();
        collect(&self.parts, &mut out);
        out
    }

    /// Variables of the text itself, those in defaults left out.
    pub(super) fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(variable) => Some(variable),
            Part::Text(_) => None,
        })
    }
}

impl Variable {
    /// The name for people; what may be the tail of a password is not shown.
    pub(super) fn shown(&self) -> &str {
        if self.accidental || super::classify::looks_random(&self.name) { "(a variable)" } else { &self.name }
    }

    /// Whether it was set, but to nothing.
    pub(super) fn set_to_nothing(&self) -> bool {
        self.is_set_to_nothing()
    }
}

/// The text of a word in which nested variables take their own defaults.
pub(super) fn deepest_default(word: &[Part]) -> String {
    let mut out = String::new();
    for part in word {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Variable(variable) => match variable.default() {
                Some(word) => out.push_str(&deepest_default(word)),
                None => {
                    let _ = write!(out, "${{{}}}", variable.name);
                }
            },
        }
    }
    out
}

impl Value {
    /// Why the text cannot be relied on: [`Self::unknown`], or a variable that is not set here and may well be set elsewhere.
    pub(super) fn undecided(&self) -> Option<Unknown> {
        let unset = || self.unresolved().into_iter().find(|variable| variable.found == Found::Unset && !variable.accidental);
        let why = |variable: &Variable| Unknown::new(Reason::UnknownFact, format!("${{{}}} is not set here", variable.shown()));
        self.unknown().or_else(|| unset().map(why))
    }
}

/// A scalar's text, or why it cannot be known.
pub(super) fn text(node: &Node) -> Result<&str, Unknown> {
    match node.scalar() {
        None => {
            Err(Unknown::new(Reason::Unsupported, format!("a list or mapping stands where a text is expected ({})", node.at)))
        }
        Some(value) => value.undecided().map_or(Ok(&*value.text), Err),
    }
}

/// Whether nothing is said: no value at all.
pub(super) fn is_null(node: &Node) -> bool {
    node.scalar().is_some_and(Value::is_null)
}

/// A node with this text, at this place.
pub(super) fn literal(text: &str, at: &Place) -> Node {
    Node { content: crate::collect::yaml::Content::Scalar(Value::literal(text)), tag: None, at: at.clone() }
}
