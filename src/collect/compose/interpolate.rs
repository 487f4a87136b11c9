//! `$VAR`, `${VAR:-default}` and their relatives, as the Compose Specification has them.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::value::{Found, Operator, OperatorKind, Part, Value, Variable};

/// Deepest nesting of `${A:-${B:-…}}`.
const MAX_NESTING: usize = 32;
/// Most text that variables may add up to in one project.
const MAX_TEXT: usize = 16 * 1024 * 1024;

/// Where variables are looked up: the process first, then the files of variables, the first file that has it.
#[derive(Clone, Debug, Default)]
pub(super) struct Variables {
    process: Rc<BTreeMap<String, String>>,
    files: Rc<BTreeMap<String, String>>,
    unreadable: bool,
    spent: Rc<Cell<usize>>,
}

/// What is wrong with a text that holds a `$`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TemplateError {
    #[error("invalid use of `$`: write `$$` where a dollar sign is meant, `${{NAME}}` where a variable is")]
    Invalid,
    #[error("variables nested more than {MAX_NESTING} levels deep")]
    Depth,
    #[error("variables add up to more than {} MiB of text", MAX_TEXT / 1024 / 1024)]
    Size,
}

impl Variables {
    /// Variables of the process.
    pub(super) fn new(process: &BTreeMap<String, String>) -> Self {
        Self { process: Rc::new(process.clone()), ..Self::default() }
    }

    /// The same with more variables from a file; what is there already stays.
    pub(super) fn with_file(&self, file: BTreeMap<String, String>) -> Self {
        let mut files = (*self.files).clone();
        for (name, value) in file {
            files.entry(name).or_insert(value);
        }
        let (process, spent) = (Rc::clone(&self.process), Rc::clone(&self.spent));
        Self { process, files: Rc::new(files), unreadable: self.unreadable, spent }
    }

    /// What tells these variables from others, for as long as it is held.
    pub(super) fn identity(&self) -> Rc<BTreeMap<String, String>> {
        Rc::clone(&self.files)
    }

    /// Notes that a file of variables could not be read: what is not set elsewhere is then unknown.
    pub(super) fn lose(&mut self) {
        self.unreadable = true;
    }

    /// The value of a variable.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.process.get(name).or_else(|| self.files.get(name)).map(String::as_str)
    }

    /// What looking for a variable gives.
    pub(super) fn find(&self, name: &str) -> Found {
        match self.get(name) {
            Some(value) => Found::Set(value.to_owned()),
            None if self.unreadable => Found::Unreadable,
            None => Found::Unset,
        }
    }

    /// Interpolates one scalar.
    pub(super) fn interpolate(&self, text: &str, plain: bool) -> Result<Value, TemplateError> {
        self.interpolate_with(text, plain, &|name| self.find(name))
    }

    /// Interpolates with names that hold besides the variables (earlier lines of a file of variables).
    pub(super) fn interpolate_with(&self, text: &str, plain: bool, find: &dyn Fn(&str) -> Found) -> Result<Value, TemplateError> {
        if !text.contains('$') {
            return Ok(Value { text: text.into(), plain, parts: Vec::new() });
        }
        let value = Value::new(parts(text, find, 0)?, plain);
        self.spent.set(self.spent.get().saturating_add(value.text.len()));
        if self.spent.get() > MAX_TEXT { Err(TemplateError::Size) } else { Ok(value) }
    }

    /// What a look-up gives when earlier lines of the same file count as well.
    pub(super) fn find_or(&self, name: &str, earlier: &BTreeMap<String, String>) -> Found {
        match (self.find(name), earlier.get(name)) {
            (Found::Set(value), _) => Found::Set(value),
            (_, Some(value)) => Found::Set(value.clone()),
            (found, None) => found,
        }
    }
}

fn parts(text: &str, find: &dyn Fn(&str) -> Found, depth: usize) -> Result<Vec<Part>, TemplateError> {
    if depth > MAX_NESTING {
        return Err(TemplateError::Depth);
    }
    let mut out = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(dollar) = rest.find('$') {
        plain.push_str(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        if let Some(after) = rest.strip_prefix('$') {
            plain.push('$');
            rest = after;
            continue;
        }
        let (variable, after) = match rest.strip_prefix('{') {
            Some(inner) => braced(inner, find, depth)?,
            None => bare(rest, find, plain.chars().next_back())?,
        };
        if !plain.is_empty() {
            out.push(Part::Text(std::mem::take(&mut plain)));
        }
        out.push(Part::Variable(variable));
        rest = after;
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        out.push(Part::Text(plain));
    }
    Ok(out)
}

/// `$NAME`; behind a letter, digit or sign of a password it is most likely a dollar sign meant literally.
fn bare<'t>(rest: &'t str, find: &dyn Fn(&str) -> Found, before: Option<char>) -> Result<(Variable, &'t str), TemplateError> {
    let (name, after) = name(rest).ok_or(TemplateError::Invalid)?;
    let inside_a_word = before.is_some_and(|c| c.is_alphanumeric() || "!#%^&*~+?".contains(c));
    let unusual = name.chars().any(char::is_lowercase);
    let found = find(name);
    let accidental = found == Found::Unset && (inside_a_word || unusual);
    Ok((Variable { name: name.to_owned(), accidental, operator: None, found }, after))
}

/// The inside of `${…}`.
fn braced<'t>(inner: &'t str, find: &dyn Fn(&str) -> Found, depth: usize) -> Result<(Variable, &'t str), TemplateError> {
    let (name, rest) = name(inner).ok_or(TemplateError::Invalid)?;
    let end = closing_brace(rest).ok_or(TemplateError::Invalid)?;
    let (operation, after) = (&rest[..end], &rest[end + 1..]);
    let found = find(name);
    let operator = match operation {
        "" => None,
        text => Some(operator(text, find, depth)?),
    };
    Ok((Variable { name: name.to_owned(), accidental: false, operator, found }, after))
}

fn operator(text: &str, find: &dyn Fn(&str) -> Found, depth: usize) -> Result<Operator, TemplateError> {
    let (empty_counts_as_unset, text) = text.strip_prefix(':').map_or((false, text), |rest| (true, rest));
    let kind = match text.chars().next() {
        Some('-') => OperatorKind::Default,
        Some('+') => OperatorKind::Alternative,
        Some('?') => OperatorKind::Required,
        _ => return Err(TemplateError::Invalid),
    };
    // The message of `:?` is only text; Compose does not need it to be a valid template.
    let word = match kind {
        OperatorKind::Required => Vec::new(),
        _ => parts(&text[1..], find, depth + 1)?,
    };
    Ok(Operator { kind, empty_counts_as_unset, word })
}

/// Splits a name off the front of a text.
fn name(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    (!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())).then_some((name, rest))
}

/// Where the `}` stands that closes the brace opened before this text.
fn closing_brace(text: &str) -> Option<usize> {
    let mut open = 1_usize;
    let mut previous = ' ';
    for (at, c) in text.char_indices() {
        match c {
            '{' if previous == '$' => open += 1,
            '}' => {
                open -= 1;
                if open == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
        previous = c;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Variables {
        Variables::new(&pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }

    fn text(template: &str) -> String {
        let found = variables(&[("A", "a"), ("EMPTY", "")]).interpolate(template, true);
        found.map_or_else(|error| format!("error: {error:?}"), |value| value.text.to_string())
    }

    #[test]
    fn all_forms() {
        for (template, expected) in [
            ("$A/${A}", "a/a"),
            ("$$A $$ $${A}", "$A $ ${A}"),
            ("${NONE}x$NONE", "x"),
            ("${NONE:-d} ${NONE-d} ${EMPTY:-d} ${EMPTY-d}", "d d d "),
            ("${A:+r} ${A+r} ${EMPTY:+r} ${EMPTY+r} ${NONE+r}", "r r  r "),
            ("${NONE:-${OTHER:-${A}}}", "a"),
            ("${NONE:-x}}", "x}"),
            ("${A:?} ${A?why} ${A:?because ${B}}", "a a a"),
            ("${NONE:?why}", ""),
            ("${NONE:-{\"a\": 1}", "{\"a\": 1"),
            ("${1A}", "error: Invalid"),
            ("$1", "error: Invalid"),
            ("cost: $", "error: Invalid"),
            ("${A", "error: Invalid"),
            ("${A:x}", "error: Invalid"),
        ] {
            assert_eq!(text(template), expected, "{template}");
        }
    }

    #[test]
    fn a_required_variable_that_is_not_set_is_unknown_not_empty() -> Result<(), TemplateError> {
        let found = variables(&[]).interpolate("${UID:?set it}", true)?;
        assert_eq!(found.unknown().and_then(|u| u.detail).as_deref(), Some("${UID:?} is not set here"));
        assert!(found.unresolved().is_empty());
        Ok(())
    }

    #[test]
    fn what_the_file_decides_is_told_from_what_the_environment_decides() -> Result<(), TemplateError> {
        let value = variables(&[("HOST", "db")]).interpolate("x://${U:-me}:${P}@${HOST:-h}", true)?;
        assert_eq!(value.decided_here(), "x://me:${P}@${HOST}");
        assert_eq!(value.written(), "x://${U}:${P}@${HOST}");
        assert_eq!(&*value.text, "x://me:@db");
        Ok(())
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = "${A:-".repeat(50_000);
        assert!(text(&deep).starts_with("error"));
        let closed = format!("{}x{}", "${NONE:-".repeat(40), "}".repeat(40));
        assert_eq!(text(&closed), "error: Depth");
    }
}
