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
        FileError::at(path, source, &place, message.lines().next().unwrap_or("not valid YAML").to_owned(), None)
    })
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
