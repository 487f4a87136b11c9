//! The walk over a folder: bounded in depth, number and size, links not followed.

use std::path::{Path, PathBuf};

use crate::facts::{Reason, Unknown};

/// How deep it goes below the audited folder.
const MAX_DEPTH: usize = 8;
/// How many files and folders are looked at.
const MAX_ENTRIES: usize = 20_000;
/// Largest file that is read, in bytes.
pub(super) const MAX_BYTES: u64 = 2 * 1024 * 1024;

/// Folders that hold nothing of ours: dependencies, builds, git's own data.
const NOT_OURS: [&str; 14] = [
    ".git",
    "node_modules",
    "bower_components",
    "venv",
    ".venv",
    "site-packages",
    "target",
    "dist",
    "vendor",
    "__pycache__",
    ".terraform",
    ".tox",
    ".mypy_cache",
    ".idea",
];

/// One file of the folder.
#[derive(Debug)]
pub(super) struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// Path relative to the audited folder, with `/`.
    pub shown: String,
    /// Its name in lower case.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
    /// Permission bits, where the system has them.
    pub mode: Option<u32>,
}

/// What a walk brought home, in order of path.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// The files.
    pub files: Vec<Found>,
    /// Folders and files that could not be looked at, as seen from the audited folder.
    pub unread: Vec<String>,
    /// Why there may be more.
    pub incomplete: Option<Unknown>,
}

impl Walked {
    /// Walks a folder.
    pub(super) fn of(root: &Path) -> Self {
        let mut walked = Self::default();
        let mut open = vec![(root.to_path_buf(), String::new(), 0)];
        let mut entries = 0;
        while let Some((folder, shown, depth)) = open.pop() {
            let Ok(list) = std::fs::read_dir(&folder) else {
                walked.unreadable(if shown.is_empty() { "." } else { shown.trim_end_matches('/') });
                continue;
            };
            for entry in list {
                entries += 1;
                if entries > MAX_ENTRIES {
                    walked.limit(format!("the folder holds more than {MAX_ENTRIES} files, the rest was not looked at"));
                    open.clear();
                    break;
                }
                let Ok(entry) = entry else {
                    walked.unreadable(&shown);
                    continue;
                };
                let name = entry.file_name().to_string_lossy().into_owned();
                let path = format!("{shown}{name}");
                let Ok(about) = entry.path().symlink_metadata() else {
                    walked.unreadable(&path);
                    continue;
                };
                if about.is_dir() {
                    if NOT_OURS.contains(&name.as_str()) {
                        continue;
                    }
                    if depth < MAX_DEPTH {
                        open.push((entry.path(), format!("{path}/"), depth + 1));
                    } else {
                        walked.limit(format!("{path} lies more than {MAX_DEPTH} folders deep and was not looked at"));
                    }
                } else if about.is_file() {
                    let name = name.to_lowercase();
                    walked.files.push(Found { path: entry.path(), shown: path, name, size: about.len(), mode: mode(&about) });
                }
            }
        }
        walked.files.sort_by(|a, b| a.shown.cmp(&b.shown));
        walked.unread.sort();
        walked
    }

    fn unreadable(&mut self, path: &str) {
        self.unread.push(path.to_owned());
        self.incomplete.get_or_insert_with(|| Unknown::new(Reason::Permission, format!("{path} cannot be read")));
    }

    fn limit(&mut self, detail: String) {
        self.incomplete.get_or_insert_with(|| Unknown::new(Reason::Unsupported, detail));
    }

    /// A file by its path relative to the audited folder.
    pub(super) fn file(&self, shown: &str) -> Option<&Found> {
        self.files.binary_search_by(|found| found.shown.as_str().cmp(shown)).ok().map(|i| &self.files[i])
    }
}

impl Found {
    /// A single file that is a target by itself.
    pub(super) fn alone(path: &Path) -> Option<Self> {
        let about = std::fs::metadata(path).ok()?;
        let name = path.file_name()?.to_string_lossy().into_owned();
        Some(Self { path: path.to_path_buf(), name: name.to_lowercase(), shown: name, size: about.len(), mode: mode(&about) })
    }

    /// Its text. Binary files are no text (`None`).
    pub(super) fn text(&self) -> Result<Option<String>, Unknown> {
        if self.size > MAX_BYTES {
            let detail = format!("{} is larger than {} MiB and was not read", self.shown, MAX_BYTES >> 20);
            return Err(Unknown::new(Reason::Unsupported, detail));
        }
        let bytes = std::fs::read(&self.path).map_err(|error| {
            let denied = error.kind() == std::io::ErrorKind::PermissionDenied;
            let reason = if denied { Reason::Permission } else { Reason::Error };
            Unknown::new(reason, format!("{} cannot be read: {}", self.shown, error.kind()))
        })?;
        if bytes.contains(&0) {
            return Ok(None);
        }
        Ok(Some(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())))
    }

    /// The folder it lies in, as seen from the audited folder; empty for that folder itself.
    pub(super) fn folder(&self) -> &str {
        self.shown.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// Whether it lies in a folder of one of these names.
    pub(super) fn is_in(&self, names: &[&str]) -> bool {
        self.folder().split('/').any(|part| names.contains(&part.to_ascii_lowercase().as_str()))
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere there are no permission bits")]
fn mode(about: &std::fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(about.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
fn mode(_about: &std::fs::Metadata) -> Option<u32> {
    None
}
