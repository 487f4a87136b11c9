//! A folder of sources, or a configuration file by itself: every file that pacscan can read, by what it is.

use std::path::Path;

use super::{Collected, Context};

/// Everything below a folder beside its compose project: Dockerfiles, proxies, Orthanc configurations, `.env`
/// files, Kubernetes manifests, the repository itself.
pub fn collect(_path: &Path, _given: &str, _context: &mut Context<'_>) -> Collected {
    Collected::default()
}

/// One configuration file named as a target.
pub fn file(_path: &Path, _given: &str, _context: &mut Context<'_>) -> Collected {
    Collected::default()
}
