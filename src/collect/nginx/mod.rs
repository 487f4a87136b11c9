//! nginx configuration as nginx reads it: includes followed, directives inherited.

use std::path::Path;

use super::Context;
use super::program::Program;
use crate::facts::Document;

/// The configuration of an nginx in a container.
pub fn collect(_program: &Program) -> Option<Document> {
    None
}

/// Whether a file is an nginx configuration, by name and content.
pub fn looks_like_configuration(_name: &str, _text: &str) -> bool {
    false
}

/// A configuration file by itself, called `shown`.
pub fn alone(_path: &Path, _shown: &str, _given: &str, _context: &mut Context<'_>) -> Vec<Document> {
    Vec::new()
}
