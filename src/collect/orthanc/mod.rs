//! Orthanc's effective configuration, put together as the program or its image's start script does.

use super::Context;
use super::program::Program;
use crate::facts::{Document, Groups};

/// Whether this program is an Orthanc: by its image or base, its `ORTHANC__` variables, or files in `/etc/orthanc`.
pub fn is_orthanc(_program: &Program) -> bool {
    false
}

/// The effective configuration of an Orthanc in a container; named by the container.
pub fn collect(_program: &Program, _groups: &mut Groups) -> Option<Document> {
    None
}

/// Whether a JSON text is an Orthanc configuration rather than anything else.
pub fn looks_like_configuration(_text: &str) -> bool {
    false
}

/// A configuration file or folder by itself (paths, and what to call each), without image, environment or version.
pub fn alone(_name: &str, _files: &[(std::path::PathBuf, String)], _given: &str, _context: &mut Context<'_>) -> Vec<Document> {
    Vec::new()
}

/// [`alone`] for a text that stands inside another file, a `ConfigMap` for example.
pub fn alone_text(_name: &str, _shown: &str, _text: &str, _given: &str, _context: &mut Context<'_>) -> Vec<Document> {
    Vec::new()
}
