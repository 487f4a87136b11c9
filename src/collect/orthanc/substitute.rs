//! Variables in the text of a configuration file, put in before it is parsed; places in the file survive.

use std::ops::Range;
use std::sync::Arc;

use super::source::Source;
use crate::collect::program::Variable;
use crate::facts::Unknown;

/// Which variables are recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Syntax {
    /// Orthanc's own: `${NAME}` and `${NAME:-default}`, the default perhaps in quotes.
    Core,
    /// `envsubst` of Python: also `$NAME` and `${NAME-default}`.
    Envsubst,
}

/// The environment as far as it is known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Surroundings<'e> {
    /// The variables; the last of a name counts.
    pub variables: &'e [Variable],
    /// Why there may be more.
    pub incomplete: Option<&'e Unknown>,
}

/// A text with its variables put in.
#[derive(Debug)]
pub(super) struct Substituted {
    /// What is parsed.
    pub text: String,
    pieces: Vec<Piece>,
}

/// A stretch of the text, and the stretch of the file that it comes from.
#[derive(Debug)]
struct Piece {
    out: Range<usize>,
    from: Range<usize>,
    variable: Option<Used>,
}

/// A variable that was put in.
#[derive(Clone, Debug)]
pub(super) struct Used {
    /// Where it is set; none for a default or a variable that is not set.
    pub set: Option<Arc<Source>>,
    /// Why its value is not known, if so.
    pub unknown: Option<Unknown>,
}

/// `${NAME:-default}` as found in a text.
struct Reference<'t> {
    name: &'t str,
    default: Option<&'t str>,
    /// A variable that is set to nothing takes its default.
    empty_takes_default: bool,
    end: usize,
}

/// Where in a JSON text the scanner stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Plain,
    Text,
    LineComment,
    BlockComment,
}

impl Surroundings<'_> {
    /// The variable's value, or why nobody knows; `Ok(None)` when it is surely not set.
    pub(super) fn look(&self, name: &str) -> Result<Option<&Variable>, Unknown> {
        match (self.variables.iter().rev().find(|variable| variable.name == name), self.incomplete) {
            (Some(variable), _) => match &variable.value {
                Ok(_) => Ok(Some(variable)),
                Err(why) => Err(why.clone()),
            },
            (None, Some(why)) => Err(why.clone()),
            (None, None) => Ok(None),
        }
    }
}

/// Puts the variables in. One whose value is not known becomes an empty text, and [`Substituted::unknown`] tells.
pub(super) fn substitute(text: &str, syntax: Syntax, environment: &Surroundings<'_>) -> Substituted {
    let mut out = Substituted { text: String::with_capacity(text.len()), pieces: Vec::new() };
    let (mut state, mut from, mut at) = (State::Plain, 0, 0);
    while at < text.len() {
        match reference(text, at, syntax) {
            Some(found) => {
                out.keep(text, from..at);
                out.put(&found, at, state, environment, syntax);
                (at, from) = (found.end, found.end);
            }
            None => {
                let (next, step) = advance(state, &text[at..]);
                state = next;
                at += step;
            }
        }
    }
    out.keep(text, from..text.len());
    out
}

impl Substituted {
    fn keep(&mut self, text: &str, from: Range<usize>) {
        if from.is_empty() {
            return;
        }
        let start = self.text.len();
        self.text.push_str(&text[from.clone()]);
        self.pieces.push(Piece { out: start..self.text.len(), from, variable: None });
    }

    fn put(&mut self, found: &Reference<'_>, at: usize, state: State, environment: &Surroundings<'_>, syntax: Syntax) {
        let start = self.text.len();
        let mut used = Used { set: None, unknown: None };
        match environment.look(found.name) {
            Ok(Some(variable)) if !(found.empty_takes_default && variable.value.as_deref() == Ok("")) => {
                used.set = Some(Arc::new(Source::variable(variable)));
                self.text.push_str(variable.value.as_deref().unwrap_or_default());
            }
            Ok(_) => match (found.default, syntax) {
                (Some(default), Syntax::Envsubst) => {
                    let inner = substitute(default, syntax, environment);
                    used.unknown = inner.pieces.iter().find_map(|piece| piece.variable.as_ref()?.unknown.clone());
                    self.text.push_str(&inner.text);
                }
                (Some(default), Syntax::Core) => self.text.push_str(unquote(default)),
                (None, _) => {}
            },
            Err(why) => {
                // Outside quotes a stand-in keeps the text readable: what stands there is unknown anyway.
                self.text.push_str(if state == State::Plain { "\"\"" } else { "" });
                used.unknown = Some(why);
            }
        }
        self.pieces.push(Piece { out: start..self.text.len(), from: at..found.end, variable: Some(used) });
    }

    /// The place in the file of a place in the text.
    pub(super) fn place(&self, at: usize) -> usize {
        let next = self.pieces.partition_point(|piece| piece.out.end <= at);
        let piece = self.pieces.get(next).or(self.pieces.last());
        piece.map_or(at, |piece| match piece.variable {
            Some(_) => piece.from.start,
            None => piece.from.start + (at.saturating_sub(piece.out.start)).min(piece.from.len()),
        })
    }

    /// The variables inside a stretch of the text.
    pub(super) fn used(&self, range: Range<usize>) -> impl Iterator<Item = &Used> {
        let first = self.pieces.partition_point(|piece| piece.out.end <= range.start);
        let near = self.pieces[first..].iter().take_while(move |piece| piece.out.start < range.end);
        near.filter_map(|piece| piece.variable.as_ref())
    }

    /// Whether any variable in the text is unknown.
    pub(super) fn unknown(&self) -> Option<&Unknown> {
        self.pieces.iter().find_map(|piece| piece.variable.as_ref()?.unknown.as_ref())
    }
}

fn unquote(default: &str) -> &str {
    let strip = |quote: char| default.strip_prefix(quote)?.strip_suffix(quote);
    strip('"').or_else(|| strip('\'')).unwrap_or(default)
}

/// The variable that begins exactly here.
fn reference(text: &str, at: usize, syntax: Syntax) -> Option<Reference<'_>> {
    let rest = text[at..].strip_prefix('$')?;
    let escaped = syntax == Syntax::Envsubst && text[..at].ends_with('\\');
    if escaped {
        return None;
    }
    let word = |text: &str| text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let Some(inner) = rest.strip_prefix('{') else {
        let length = if syntax == Syntax::Envsubst { word(rest) } else { 0 };
        let name = &rest[..length];
        return (length > 0).then_some(Reference { name, default: None, empty_takes_default: false, end: at + 1 + length });
    };
    let close = inner.find('}')?;
    let body = &inner[..close];
    let end = at + 2 + close + 1;
    match syntax {
        Syntax::Core => match body.split_once(":-") {
            Some((name, default)) => Some(Reference { name, default: Some(default), empty_takes_default: false, end }),
            None => (!body.contains(':')).then_some(Reference { name: body, default: None, empty_takes_default: false, end }),
        },
        Syntax::Envsubst => {
            let name = &body[..word(body)];
            let (empty_takes_default, default) = match &body[name.len()..] {
                "" => (false, None),
                rest => match (rest.strip_prefix(":-"), rest.strip_prefix('-')) {
                    (Some(default), _) => (true, Some(default)),
                    (None, Some(default)) => (false, Some(default)),
                    (None, None) => return None,
                },
            };
            (!name.is_empty()).then_some(Reference { name, default, empty_takes_default, end })
        }
    }
}

/// The state behind the next character, and its length in bytes.
fn advance(state: State, rest: &str) -> (State, usize) {
    let length = rest.chars().next().map_or(1, char::len_utf8);
    match state {
        State::Plain if rest.starts_with("//") => (State::LineComment, 2),
        State::Plain if rest.starts_with("/*") => (State::BlockComment, 2),
        State::Plain if rest.starts_with('"') => (State::Text, 1),
        State::Text if rest.starts_with('\\') => (State::Text, 1 + rest[1..].chars().next().map_or(0, char::len_utf8)),
        State::Text if rest.starts_with('"') => (State::Plain, 1),
        State::LineComment if rest.starts_with('\n') => (State::Plain, 1),
        State::BlockComment if rest.starts_with("*/") => (State::Plain, 2),
        state => (state, length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Origin, Reason};

    fn variables() -> Vec<Variable> {
        let make = |name: &str, value: &str| Variable {
            name: name.into(),
            value: Ok(value.into()),
            origin: Origin::field(name),
            by_image: false,
        };
        vec![make("A", "1"), make("EMPTY", "")]
    }

    fn core(text: &str) -> String {
        let variables = variables();
        substitute(text, Syntax::Core, &Surroundings { variables: &variables, incomplete: None }).text
    }

    fn envsubst(text: &str) -> String {
        let variables = variables();
        substitute(text, Syntax::Envsubst, &Surroundings { variables: &variables, incomplete: None }).text
    }

    #[test]
    fn the_core_knows_braces_only() {
        for (text, wanted) in [
            ("${A}", "1"),
            ("x${A}y${A}", "x1y1"),
            ("$A", "$A"),
            ("${B}", ""),
            ("${B:-true}", "true"),
            ("${B:-\"x y\"}", "x y"),
            ("${B:-'x'}", "x"),
            ("${A:-2}", "1"),
            ("${EMPTY:-2}", ""),
            ("${A:x}", "${A:x}"),
            ("${A", "${A"),
            ("ü$", "ü$"),
        ] {
            assert_eq!(core(text), wanted, "{text}");
        }
    }

    #[test]
    fn envsubst_eats_every_dollar() {
        for (text, wanted) in [
            ("$A", "1"),
            ("pa$sword", "pa"),
            ("${A}", "1"),
            ("${B:-$A}", "1"),
            ("${EMPTY:-2}", "2"),
            ("${EMPTY-2}", ""),
            ("\\$A", "\\$A"),
            ("$ A", "$ A"),
            ("${A:+x}", "${A:+x}"),
        ] {
            assert_eq!(envsubst(text), wanted, "{text}");
        }
    }

    #[test]
    fn places_survive_and_the_unknown_is_told() {
        let why = Unknown::from(Reason::NoTarget);
        let surroundings = Surroundings { variables: &[], incomplete: Some(&why) };
        let text = "{\"P\": ${PORT}, \"N\": \"a${B}c\", \"X\": 1}";
        let found = substitute(text, Syntax::Core, &surroundings);
        assert_eq!(found.text, "{\"P\": \"\", \"N\": \"ac\", \"X\": 1}");
        let x = found.text.find("\"X\"").unwrap();
        assert_eq!(found.place(x), text.find("\"X\"").unwrap());
        assert_eq!(found.used(6..8).count(), 1);
        assert_eq!(found.used(15..19).count(), 1);
        assert_eq!(found.used(x..found.text.len()).count(), 0);
        assert!(found.unknown().is_some());
    }
}
