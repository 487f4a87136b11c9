//! Variables of a Dockerfile: `$NAME`, `${NAME:-default}` and their relatives, three-valued.

use std::collections::BTreeMap;

use crate::facts::{Reason, Unknown};

/// Deepest nesting of `${A:-${B:-…}}`.
const MAX_NESTING: usize = 16;
/// Longest text that replacing may give.
const MAX_LENGTH: usize = 64 * 1024;

/// The variables that hold at one line.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// Values; an error where one is not known.
    pub known: BTreeMap<String, Result<String, Unknown>>,
    /// Build arguments without a default that nobody gives: `$NAME` is then not known, `${NAME:-default}` is its default.
    pub not_given: BTreeMap<String, Unknown>,
    /// Why a variable that nobody declares may still be set: the base image may set it.
    pub unseen: Option<Unknown>,
}

impl Scope {
    fn find(&self, name: &str) -> Result<Option<&str>, Unknown> {
        match (self.known.get(name), self.not_given.get(name).or(self.unseen.as_ref())) {
            (Some(Ok(value)), _) => Ok(Some(value)),
            (Some(Err(why)), _) | (None, Some(why)) => Err(why.clone()),
            (None, None) => Ok(None),
        }
    }

    /// A word with its quotes taken off and its variables replaced.
    pub(super) fn expand(&self, text: &str, escape: char) -> Result<String, Unknown> {
        let mut out = String::new();
        self.append(text, escape, 0, &mut out)?;
        if out.len() > MAX_LENGTH { Err(Unknown::new(Reason::Unsupported, "variables add up to too much text")) } else { Ok(out) }
    }

    /// A shell text in which the plain `$NAME` and `${NAME}` that are known are replaced; all else stays.
    pub(super) fn fill(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(dollar) = rest.find('$') {
            out.push_str(&rest[..dollar]);
            rest = &rest[dollar..];
            let braced =
                rest[1..].strip_prefix('{').and_then(|inner| inner.split_once('}')).map(|(name, _)| (name, name.len() + 3));
            let end = rest[1..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len() - 1);
            let (name, length) = braced.unwrap_or((&rest[1..=end], end + 1));
            match self.known.get(name) {
                Some(Ok(value)) if out.len() < MAX_LENGTH => out.push_str(value),
                _ => out.push_str(&rest[..length]),
            }
            rest = &rest[length..];
        }
        out.push_str(rest);
        out
    }

    fn append(&self, text: &str, escape: char, depth: usize, out: &mut String) -> Result<(), Unknown> {
        if depth > MAX_NESTING || out.len() > MAX_LENGTH {
            return Err(Unknown::new(Reason::Unsupported, "variables are nested too deeply"));
        }
        let mut rest = text;
        let mut quoted = false;
        while let Some(c) = rest.chars().next() {
            rest = &rest[c.len_utf8()..];
            match c {
                '"' => quoted = !quoted,
                '\'' if !quoted => {
                    let end = rest.find('\'').unwrap_or(rest.len());
                    out.push_str(&rest[..end]);
                    rest = rest.get(end + 1..).unwrap_or("");
                }
                c if c == escape => {
                    // Inside double quotes only `"`, `$` and the escape itself lose their meaning.
                    let next = rest.chars().next();
                    if quoted && !next.is_some_and(|next| next == '"' || next == '$' || next == escape) {
                        out.push(c);
                    } else if let Some(next) = next {
                        out.push(next);
                        rest = &rest[next.len_utf8()..];
                    }
                }
                '$' => rest = self.variable(rest, escape, depth, out)?,
                c => out.push(c),
            }
        }
        Ok(())
    }

    /// What follows a `$`; gives what is left of the text.
    fn variable<'t>(&self, rest: &'t str, escape: char, depth: usize, out: &mut String) -> Result<&'t str, Unknown> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let Some(inner) = rest.strip_prefix('{') else {
            let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
            if end == 0 {
                out.push('$');
            } else {
                out.push_str(self.find(&rest[..end])?.unwrap_or(""));
            }
            return Ok(&rest[end..]);
        };
        let wrong = || Unknown::new(Reason::Unsupported, "a variable that cannot be read");
        let close = closing(inner).ok_or_else(wrong)?;
        let (body, after) = (&inner[..close], &inner[close + 1..]);
        let end = body.find(|c| !is_name(c)).unwrap_or(body.len());
        let (name, operation) = body.split_at(end);
        if name.is_empty() {
            return Err(wrong());
        }
        let found = if operation.is_empty() || !self.not_given.contains_key(name) { self.find(name) } else { Ok(None) };
        let (empty_is_unset, operator) = operation.strip_prefix(':').map_or((false, operation), |rest| (true, rest));
        let set = found.clone().map(|value| value.filter(|value| !(empty_is_unset && value.is_empty())));
        match operator.chars().next() {
            None if operation.is_empty() => out.push_str(found?.unwrap_or("")),
            Some('-') => match set? {
                Some(value) => out.push_str(value),
                None => self.append(&operator[1..], escape, depth + 1, out)?,
            },
            Some('+') => {
                if set?.is_some() {
                    self.append(&operator[1..], escape, depth + 1, out)?;
                }
            }
            Some('?') => out.push_str(set?.ok_or_else(|| Unknown::new(Reason::UnknownFact, "a required variable is not set"))?),
            _ => return Err(Unknown::new(Reason::Unsupported, "a pattern in a variable is not followed")),
        }
        Ok(after)
    }
}

/// Where the `}` stands that closes the brace opened before this text.
fn closing(text: &str) -> Option<usize> {
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

    #[test]
    fn forms_of_variables() {
        let mut scope = Scope::default();
        scope.known.insert("A".into(), Ok("a".into()));
        scope.known.insert("E".into(), Ok(String::new()));
        scope.known.insert("U".into(), Err(Unknown::from(Reason::NoTarget)));
        for (text, expected) in [
            ("$A/${A}", "a/a"),
            ("${N:-d}${E:-e}${E-f}${N-${A}}", "dea"),
            ("${A:+x}${N:+y}${E+z}", "xz"),
            ("'$A' \"$A b\" \\$A", "$A a b $A"),
            ("$", "$"),
            ("${N}", ""),
            ("\"a\\nb\"", "a\\nb"),
        ] {
            assert_eq!(scope.expand(text, '\\').as_deref(), Ok(expected), "{text}");
        }
        for text in ["$U", "${U:-d}", "${A", "${}", "${A#x}", "${N:?}"] {
            assert!(scope.expand(text, '\\').is_err(), "{text}");
        }
        assert_eq!(scope.fill("-u $A ${A} ${N:-x} $U $(id) $"), "-u a a ${N:-x} $U $(id) $");
        scope.unseen = Some(Unknown::from(Reason::ImageNotSeen));
        assert!(scope.expand("${N:-d}", '\\').is_err());
    }
}
