//! The stack description `pacscan.yaml`: reading it, and every error that the file alone shows.

mod file;
mod lint;

use std::path::{Path, PathBuf};

pub use file::{AttestationFile, EvidenceFile, ScanFile, StackFile, Threshold, WaiverFile};
use serde_saphyr::Location;

use super::{Target, TargetError, shown_address};
use crate::facts::is_secret_name;
use crate::source::{FileError, parse_yaml};

/// A file bigger than this is no stack description.
const MAX_BYTES: u64 = 1 << 20;
/// Names under which it is found in an audited folder.
const NAMES: [&str; 2] = ["pacscan.yaml", "pacscan.yml"];

/// A stack description that was read and holds no error of its own.
#[derive(Clone, Debug)]
pub struct Description {
    /// The file as the user named it.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// What it says.
    pub file: StackFile,
}

impl Description {
    /// Whether a file of this name (in lower case) is a stack description.
    pub fn is_name(name: &str) -> bool {
        NAMES.contains(&name) || NAMES.iter().any(|known| name.ends_with(&format!(".{known}")))
    }

    /// The stack description that lies in a folder.
    pub fn in_folder(folder: &Path) -> Option<PathBuf> {
        NAMES.iter().map(|name| folder.join(name)).find(|path| path.is_file())
    }

    /// Reads and checks one.
    pub fn read(path: &Path) -> Result<Self, TargetError> {
        let shown = path.display().to_string();
        let failed = |cause: String| TargetError::Unreadable { path: shown.clone(), cause };
        let about = std::fs::metadata(path).map_err(|e| failed(e.to_string()))?;
        if !about.is_file() || about.len() > MAX_BYTES {
            return Err(failed("it is no regular file of at most 1 MiB".into()));
        }
        let text = std::fs::read_to_string(path).map_err(|e| failed(e.to_string()))?;
        let wrong = |error: FileError| TargetError::Description(Box::new(without_secrets(error)));
        let file: StackFile = parse_yaml(&shown, &text).map_err(wrong)?;
        let description = Self { path: path.to_owned(), text, file };
        lint::lint(&description).map_err(wrong)?;
        Ok(description)
    }

    /// Path of a file that the description names.
    pub fn beside(&self, path: &str) -> PathBuf {
        self.folder().join(path)
    }

    /// The targets, each as a word of the command line; the folder itself when none is listed.
    pub fn targets(&self) -> Result<Vec<String>, TargetError> {
        if self.file.targets.is_empty() {
            return Ok(vec![shown(&self.folder())]);
        }
        let mut words = Vec::new();
        for target in &self.file.targets {
            let word = if target.value.contains(':') { target.value.clone() } else { shown(&self.beside(&target.value)) };
            let wrong = |message: String| TargetError::Description(Box::new(self.error(&target.referenced, message, None)));
            match Target::parse(&word) {
                Ok(Target::Stack(_) | Target::Snapshot(_)) => {
                    return Err(wrong(format!("`{}` cannot be a target of a stack description", shown_address(&target.value))));
                }
                Ok(_) => words.push(word),
                Err(error) => return Err(wrong(error.to_string())),
            }
        }
        Ok(words)
    }

    /// The profiles, paths seen from where the program runs.
    pub fn profiles(&self) -> impl Iterator<Item = String> {
        self.file.profiles.iter().map(|profile| {
            let name = &profile.value;
            let is_path = name.contains('/') || name.ends_with(".yaml") || name.ends_with(".yml");
            if is_path { shown(&self.beside(name)) } else { name.clone() }
        })
    }

    /// An error at a place of the file.
    pub fn error(&self, place: &Location, message: String, help: Option<String>) -> FileError {
        without_secrets(FileError::at(&self.path.display().to_string(), &self.text, place, message, help))
    }

    /// An error about this file, with the line that it speaks of where that may be shown.
    pub fn with_text(&self, error: FileError) -> FileError {
        let line = self.text.lines().nth(error.line.saturating_sub(1)).unwrap_or_default();
        let column = line.chars().take_while(|c| c.is_whitespace() || *c == '-').count() + 1;
        without_secrets(FileError::at_line(&error.path, &self.text, (error.line, column), error.message, error.help))
    }

    fn folder(&self) -> PathBuf {
        self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
    }
}

/// `docker/stacks/clinic`, without the `./` and `/.` that joining leaves.
fn shown(path: &Path) -> String {
    let plain: PathBuf = path.components().filter(|part| !matches!(part, std::path::Component::CurDir)).collect();
    if plain.as_os_str().is_empty() { ".".into() } else { plain.display().to_string() }
}

/// Takes the line away where it may hold a secret: one of credentials, with a secret's name, or with an address.
fn without_secrets(error: FileError) -> FileError {
    let line = error.text.lines().nth(error.line.saturating_sub(1)).unwrap_or_default();
    let mut names = line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
    let hidden = in_credentials(&error.text, error.line) || line.contains(['@', '?']) || line.contains("//");
    // Where fields belong stands a text of any kind.
    let hidden = hidden || error.message.starts_with("fields are expected");
    if hidden || names.any(is_secret_name) { error.without_text() } else { error }
}

/// Whether a line (from 1) lies inside the top-level block `credentials:`.
fn in_credentials(text: &str, line: usize) -> bool {
    let is_key = |line: &&str| line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '"' || c == '\'');
    text.lines()
        .take(line)
        .filter(is_key)
        .last()
        .is_some_and(|key| key.trim_start_matches(['"', '\'']).starts_with("credentials"))
}
