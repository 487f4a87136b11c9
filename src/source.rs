//! Reading our own YAML files (checks, profiles, stack descriptions) with errors that point at the place.

use serde::de::DeserializeOwned;
use serde_saphyr::Location;

/// What is wrong with a file of ours (check, profile, stack description), and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}:{line}: {message}")]
pub struct FileError {
    /// The file as the user named it.
    pub path: String,
    /// Its text, for showing the place.
    pub text: String,
    /// Line from 1; 1 where the file as a whole is meant.
    pub line: usize,
    /// Range of bytes in `text` to point at.
    pub span: (usize, usize),
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// Reads a YAML file of ours; unknown fields, wrong types and double keys are errors with their place.
pub fn parse_yaml<T: DeserializeOwned>(path: &str, source: &str) -> Result<T, FileError> {
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    serde_saphyr::from_str_with_options(source, options).map_err(|error| {
        let place = error.location().unwrap_or(Location::UNKNOWN);
        let message = error.without_snippet().to_string();
        let (message, help) = plain(message.lines().next().unwrap_or("not valid YAML"));
        FileError::at(path, source, &place, message, help.map(str::to_owned))
    })
}

/// The reader's words in ours, with what to write; a value that it quotes is left out, since it may be a secret.
fn plain(message: &str) -> (String, Option<&'static str>) {
    const DATE: &str = "write it as year, month and day: 2026-11-24 for example";
    const ALL_FIELDS: &str = "`pacscan schema stack` (or `check`, `profile`) prints all fields";
    let message = message.split(" at line ").next().unwrap_or(message);
    if let Some((_, rest)) = message.split_once("missing field `") {
        return (format!("missing field `{rest}: this entry needs it"), Some(ALL_FIELDS));
    }
    for (theirs, ours, help) in [
        ("expected sequence start", "a list is expected here", "write `[one, two]`, or each on a line of its own after `- `"),
        ("expected mapping start", "fields are expected here", "write `field: value`, each on a line of its own"),
        ("DuplicateKeyPolicy", "this key stands here twice", "keep one of the two"),
        ("failed to parse", "this is no date", DATE),
        ("invalid date", "this is no date", DATE),
        ("invalid u16", "a whole number is expected here", "write it without quotes, unit or fraction"),
    ] {
        if message.contains(theirs) {
            return (ours.to_owned(), Some(help));
        }
    }
    match message.split_once(": string ") {
        Some((head, rest)) => match rest.rsplit_once(", expected ") {
            Some((_, expected)) => (format!("{head}: a text, expected {expected}"), None),
            None => (head.to_owned(), None),
        },
        None => (message.to_owned(), None),
    }
}

impl FileError {
    /// An error about a file as a whole.
    pub fn whole(path: &str, source: &str, message: impl Into<String>, help: Option<&str>) -> Self {
        let first = source.lines().next().map_or(0, str::len);
        Self {
            path: path.into(),
            text: source.into(),
            line: 1,
            span: (0, first),
            message: message.into(),
            help: help.map(str::to_owned),
        }
    }

    /// An error at a place of the file.
    pub fn at(path: &str, source: &str, place: &Location, message: String, help: Option<String>) -> Self {
        let number = |n: u64| usize::try_from(n).unwrap_or(1);
        Self::at_line(path, source, (number(place.line()), number(place.column())), message, help)
    }

    /// The error without the file's text, which is then not shown.
    #[must_use]
    pub fn without_text(mut self) -> Self {
        self.text.clear();
        self.span = (0, 0);
        self
    }

    /// An error at a line and column, both from 1.
    pub fn at_line(path: &str, source: &str, place: (usize, usize), message: String, help: Option<String>) -> Self {
        let (line, column) = (place.0.max(1), place.1.max(1));
        let start = offset(source, line, column);
        let end = source[start..].find('\n').map_or(source.len(), |n| start + n);
        Self { path: path.into(), text: source.into(), line, span: (start, end.max(start)), message, help }
    }
}

/// Byte offset of a line and column, both from 1, the column in characters.
fn offset(source: &str, line: usize, column: usize) -> usize {
    let before: usize = source.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let inside: usize = source[before..].chars().take(column - 1).take_while(|c| *c != '\n').map(char::len_utf8).sum();
    before + inside
}
