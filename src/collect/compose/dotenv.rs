//! `.env` and `env_file`, by the rules of Compose.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::interpolate::Variables;
use super::value::Value;
use crate::collect::yaml::{Place, Source};

/// One line of a file of variables.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub name: String,
    /// `None`: only the name stands there, its value comes from the process.
    pub value: Option<Value>,
    pub at: Place,
}

/// What a file of variables holds, and the lines that could not be understood.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub lines: Vec<Line>,
    pub broken: Vec<Place>,
}

/// Reads the lines of a file of variables; `raw` is `format: raw` of an `env_file`: nothing is unquoted or interpolated.
pub(super) fn parse(text: &str, source: &Arc<Source>, variables: &Variables, raw: bool) -> Parsed {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut out = Parsed::default();
    let mut earlier = BTreeMap::new();
    let mut rest = text;
    let mut line = 1;
    while !rest.is_empty() {
        let at = Place { source: Arc::clone(source), line, column: 1 };
        let statement = statement(rest);
        match statement.assignment {
            Some((name, written)) => {
                let value = written.map(|written| evaluate(&written, variables, &earlier, raw));
                if let Some(value) = &value {
                    earlier.insert(name.to_owned(), value.text.to_string());
                }
                out.lines.push(Line { name: name.to_owned(), value, at });
            }
            None if statement.broken => out.broken.push(at),
            None => {}
        }
        let lines = rest[..statement.length].matches('\n').count();
        line = line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        rest = &rest[statement.length..];
    }
    out
}

/// Names and values, for interpolation. A name without a value says nothing here.
pub(super) fn values(parsed: Parsed) -> BTreeMap<String, String> {
    parsed.lines.into_iter().filter_map(|line| Some((line.name, line.value?.text.to_string()))).collect()
}

struct Statement<'t> {
    assignment: Option<(&'t str, Option<Written<'t>>)>,
    broken: bool,
    /// How many bytes it takes, the end of its line included.
    length: usize,
}

/// A value as written.
enum Written<'t> {
    Plain(&'t str),
    Single(&'t str),
    Double(&'t str),
}

/// The statement at the beginning of a text: one line, or more where quotes go on.
fn statement(text: &str) -> Statement<'_> {
    let line_end = text.find('\n').map_or(text.len(), |at| at + 1);
    let nothing = |broken| Statement { assignment: None, broken, length: line_end };
    let line = text[..line_end].trim();
    if line.is_empty() || line.starts_with('#') {
        return nothing(false);
    }
    let start = text.len() - text.trim_start().len();
    let after_export = text[start..]
        .strip_prefix("export")
        .filter(|rest| rest.starts_with([' ', '\t']))
        .map_or(start, |rest| text.len() - rest.len());
    let body = &text[after_export..];
    let name_end = body.find(['=', ':', '\n']).unwrap_or(body.len());
    let name = body[..name_end].trim();
    if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || "_.-[]".contains(c)) {
        return nothing(true);
    }
    if matches!(body[name_end..].chars().next(), None | Some('\n')) {
        return Statement { assignment: Some((name, None)), broken: false, length: line_end };
    }
    let value_start = after_export + name_end + 1;
    let line_rest = &text[value_start..line_end.max(value_start)];
    let quoted_at = value_start + (line_rest.len() - line_rest.trim_start_matches([' ', '\t']).len());
    match text[quoted_at..].chars().next() {
        Some(quote @ ('"' | '\'')) => quoted(text, name, quoted_at, quote).unwrap_or_else(|| nothing(true)),
        _ => Statement { assignment: Some((name, Some(Written::Plain(line_rest)))), broken: false, length: line_end },
    }
}

/// A quoted value; what follows the closing quote on its line is dropped.
fn quoted<'t>(text: &'t str, name: &'t str, quoted_at: usize, quote: char) -> Option<Statement<'t>> {
    let inner = &text[quoted_at + 1..];
    let mut escaped = false;
    let end = inner.char_indices().find_map(|(at, c)| {
        let closes = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        closes.then_some(at)
    })?;
    let after = quoted_at + 1 + end + 1;
    let length = text[after..].find('\n').map_or(text.len(), |at| after + at + 1);
    let written = if quote == '"' { Written::Double(&inner[..end]) } else { Written::Single(&inner[..end]) };
    Some(Statement { assignment: Some((name, Some(written))), broken: false, length })
}

fn evaluate(written: &Written<'_>, variables: &Variables, earlier: &BTreeMap<String, String>, raw: bool) -> Value {
    let interpolate = |text: &str| {
        let found = variables.interpolate_with(text, false, &|name| variables.find_or(name, earlier));
        found.unwrap_or_else(|_| Value::literal(text))
    };
    match written {
        Written::Plain(text) if raw => Value::literal(text.trim_end_matches(['\r', '\n'])),
        Written::Single(text) if raw => Value::literal(&format!("'{text}'")),
        Written::Double(text) if raw => Value::literal(&format!("\"{text}\"")),
        Written::Plain(text) => interpolate(without_comment(text).trim()),
        Written::Single(text) => Value::literal(text),
        Written::Double(text) => interpolate(&unescape(text)),
    }
}

/// An inline comment begins with `#` behind a space.
fn without_comment(text: &str) -> &str {
    let comment =
        text.char_indices().find(|(at, c)| *c == '#' && text[..*at].chars().next_back().is_none_or(char::is_whitespace));
    comment.map_or(text, |(at, _)| &text[..at])
}

/// Escapes of double quotes; `\$` is a dollar sign that starts no variable.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some('$') => out.push_str("$$"),
            Some(other) => out.push(other),
            None => out.push('\\'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, Option<String>)> {
        let process = BTreeMap::from([("OUTER".to_owned(), "outer".to_owned())]);
        let parsed = parse(text, &Arc::default(), &Variables::new(&process), false);
        parsed.lines.into_iter().map(|line| (line.name, line.value.map(|v| v.text.to_string()))).collect()
    }

    fn one(text: &str) -> String {
        read(text).pop().and_then(|(_, value)| value).unwrap_or_else(|| "(none)".into())
    }

    #[test]
    fn quotes_comments_and_escapes() {
        assert_eq!(one("A=plain # comment"), "plain");
        assert_eq!(one("A=pa#ss"), "pa#ss");
        assert_eq!(one("A=#only a comment"), "");
        assert_eq!(one("export A = spaced  \r\n"), "spaced");
        assert_eq!(one("A='single $OUTER \\n' # c"), "single $OUTER \\n");
        assert_eq!(one("A=\"double ${OUTER}\\n\\$x\""), "double outer\n$x");
        assert_eq!(one("A=${OUTER:-d}/${NONE:-d}"), "outer/d");
        assert_eq!(one("B=first\nA=$B"), "first");
        assert_eq!(one("A: yaml style"), "yaml style");
        assert_eq!(one("A=pa$"), "pa$");
        assert_eq!(one("A="), "");
    }

    #[test]
    fn several_lines_and_places() {
        let parsed = parse("\u{feff}# c\n\nA=\"one\ntwo\"\nB=x\nnot a name=1\nC", &Arc::default(), &Variables::default(), false);
        let places: Vec<(&str, u32)> = parsed.lines.iter().map(|line| (line.name.as_str(), line.at.line)).collect();
        assert_eq!(places, [("A", 3), ("B", 5), ("C", 7)]);
        assert_eq!(parsed.broken.len(), 1);
        assert!(parsed.lines[2].value.is_none());
    }

    #[test]
    fn an_open_quote_breaks_one_line_only() {
        let parsed = parse("A=\"open\nB=x", &Arc::default(), &Variables::default(), false);
        assert_eq!(parsed.broken.len(), 1);
        assert_eq!(parsed.lines.len(), 1);
    }
}
