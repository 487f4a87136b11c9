//! Reading our own YAML files (checks, profiles) with errors that point at the place.

use serde::de::DeserializeOwned;
use serde_saphyr::{Location, Spanned};

use crate::expr::ExprError;

/// What is wrong with a check or profile file, and where.
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
        let line = usize::try_from(place.line()).unwrap_or(1).max(1);
        let column = usize::try_from(place.column()).unwrap_or(1).max(1);
        let start = offset(source, line, column);
        let end = source[start..].find('\n').map_or(source.len(), |n| start + n);
        Self { path: path.into(), text: source.into(), line, span: (start, end.max(start)), message, help }
    }

    /// An error inside an expression or sentence that is written as a YAML value.
    pub fn in_expression(path: &str, source: &str, value: &Spanned<String>, error: &ExprError) -> Self {
        let mut at = Self::at(path, source, &value.referenced, error.message.clone(), error.help.clone());
        let written = &source[at.span.0..];
        let head = value.value.trim_start().chars().take(12).collect::<String>();
        // Quotes and block scalars put characters between the value's place and its text.
        let shift = written.find(&head).unwrap_or(0);
        let bytes = |chars: usize| value.value.chars().take(chars).map(char::len_utf8).sum::<usize>();
        let start = (at.span.0 + shift + bytes(error.span.0)).min(source.len());
        let end = (at.span.0 + shift + bytes(error.span.1)).min(source.len());
        if source.is_char_boundary(start) && source.is_char_boundary(end) {
            at.span = (start, end.max(start));
            at.line = source[..start].matches('\n').count() + 1;
        }
        at
    }
}

/// Byte offset of a line and column, both from 1, the column in characters.
fn offset(source: &str, line: usize, column: usize) -> usize {
    let before: usize = source.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let inside: usize = source[before..].chars().take(column - 1).take_while(|c| *c != '\n').map(char::len_utf8).sum();
    before + inside
}
