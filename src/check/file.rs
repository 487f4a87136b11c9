//! Errors inside the expressions of a check file.

use serde_saphyr::Spanned;

use crate::expr::ExprError;
pub use crate::source::{FileError, parse_yaml};

impl FileError {
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
