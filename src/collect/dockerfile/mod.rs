//! Dockerfiles: stages, the final one's user and health check, bases, secrets, what is copied in.

use std::path::Path;

use super::Context;
use crate::facts::Document;

/// The facts of a Dockerfile called `shown`, built with this context folder.
pub fn collect(_path: &Path, _build_context: &Path, _shown: &str, _given: &str, _context: &mut Context<'_>) -> Vec<Document> {
    Vec::new()
}

/// Whether a file is a Dockerfile, by its name.
pub fn is_dockerfile(name: &str) -> bool {
    name == "Dockerfile" || name == "Containerfile" || name.starts_with("Dockerfile.") || name.ends_with(".Dockerfile")
}
