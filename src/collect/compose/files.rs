//! Which files belong to a project, and reading them safely.

use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

use crate::facts::Reason;

/// Names of the main file in the order in which Compose looks for them.
const MAIN: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
/// Names of the override file that Compose merges by itself, in its order.
const OVERRIDE: [&str; 4] =
    ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];
/// Largest file that is read.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// The files that make up a project.
#[derive(Debug)]
pub(super) struct Layout {
    /// Folder of the project, absolute.
    pub directory: PathBuf,
    /// The main file.
    pub main: PathBuf,
    /// Files laid over it by themselves.
    pub overrides: Vec<PathBuf>,
}

impl Layout {
    /// Finds the files of a folder, or of the project whose main file is named. A file with a name of its own
    /// (`docker-compose.prod.yml`) stands alone, as with `docker compose -f`.
    pub(super) fn find(path: &Path, compose_file: Option<&str>) -> Option<Self> {
        let path = absolute(path);
        if path.is_dir() {
            return match compose_file.map(|list| listed(&path, list)) {
                Some(files) if !files.is_empty() => Self::of_list(path, files),
                _ => Self::of_folder(path),
            };
        }
        let directory = path.parent()?.to_path_buf();
        match Self::of_folder(directory.clone()) {
            Some(layout) if layout.main == path => Some(layout),
            _ => Some(Self { directory, main: path, overrides: Vec::new() }),
        }
    }

    fn of_folder(directory: PathBuf) -> Option<Self> {
        let first = |names: [&str; 4]| names.into_iter().map(|name| directory.join(name)).find(|path| path.is_file());
        let main = first(MAIN)?;
        let overrides = first(OVERRIDE).into_iter().collect();
        Some(Self { directory, main, overrides })
    }

    fn of_list(directory: PathBuf, files: Vec<PathBuf>) -> Option<Self> {
        let mut files = files.into_iter();
        Some(Self { directory, main: files.next()?, overrides: files.collect() })
    }
}

/// `COMPOSE_FILE=a.yml:b.yml` of the project's `.env`.
fn listed(directory: &Path, list: &str) -> Vec<PathBuf> {
    list.split(':').filter(|name| !name.is_empty()).map(|name| join(directory, name)).collect()
}

/// Why a file's text is not to be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("there is no such file")]
    Missing,
    #[error("it is no file")]
    NoFile,
    #[error("it cannot be read: permission denied")]
    Permission,
    #[error("it cannot be read: {0}")]
    Other(String),
    #[error("it is larger than {} MiB", MAX_BYTES / 1024 / 1024)]
    TooLarge,
    #[error("it is not UTF-8 text")]
    NotText,
}

impl ReadError {
    /// The reason for facts that depend on it.
    pub(super) fn reason(&self) -> Reason {
        match self {
            Self::Permission => Reason::Permission,
            Self::Missing => Reason::UnknownFact,
            _ => Reason::Unsupported,
        }
    }
}

/// Reads a text file; pipes, devices and huge files are refused.
pub(super) fn read(path: &Path) -> Result<String, ReadError> {
    let wrong = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => ReadError::Missing,
        std::io::ErrorKind::PermissionDenied => ReadError::Permission,
        kind => ReadError::Other(kind.to_string()),
    };
    let metadata = std::fs::metadata(path).map_err(wrong)?;
    if !metadata.is_file() {
        return Err(ReadError::NoFile);
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path).map_err(wrong)?.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(wrong)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ReadError::TooLarge);
    }
    String::from_utf8(bytes).map_err(|_| ReadError::NotText)
}

/// The absolute path, `.` and `..` taken out by their names alone.
pub(super) fn absolute(path: &Path) -> PathBuf {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

/// A path as written in a file, meant against a folder.
pub(super) fn join(directory: &Path, written: &str) -> PathBuf {
    absolute(&directory.join(written))
}

/// The way from a folder to a file, for people.
pub(super) fn relative(folder: &Path, path: &Path) -> String {
    let mut ups = String::new();
    for ancestor in folder.ancestors() {
        if let Ok(rest) = path.strip_prefix(ancestor) {
            return format!("{ups}{}", rest.display());
        }
        ups.push_str("../");
    }
    path.display().to_string()
}
