//! Files that are named as evidence: read within bounds, and compared with their hash.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

/// Largest document that is hashed, in bytes.
const MAX_DOCUMENT: u64 = 1 << 30;
/// Largest report of a scanner that is read, in bytes.
const MAX_REPORT: u64 = 64 << 20;

/// How a file stands to the hash that was written down for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// The very file.
    Intact,
    /// Another one.
    Differs,
    /// There is none.
    Missing,
    /// It is no regular file, too large, or may not be read.
    Unreadable,
    /// Nothing stands in it.
    Empty,
}

impl State {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Intact => "intact",
            Self::Differs => "differs",
            Self::Missing => "missing",
            Self::Unreadable => "unreadable",
            Self::Empty => "empty",
        }
    }
}

/// A report of a scanner.
pub(super) enum Content {
    /// Its text.
    Text(String),
    /// It cannot be used.
    None(State),
}

/// Compares a file with its hash without keeping it.
pub(super) fn state(path: &Path, sha256: &str) -> State {
    let hash = |file: File| -> io::Result<String> {
        let (mut file, mut hasher, mut block) = (file, Sha256::new(), vec![0; 1 << 16]);
        loop {
            match file.read(&mut block)? {
                0 => return Ok(hex(&hasher.finalize())),
                n => hasher.update(&block[..n]),
            }
        }
    };
    if std::fs::metadata(path).is_ok_and(|about| about.is_file() && about.len() == 0) {
        return State::Empty;
    }
    match open(path, MAX_DOCUMENT).and_then(hash) {
        Ok(found) if found.eq_ignore_ascii_case(sha256) => State::Intact,
        Ok(_) => State::Differs,
        Err(error) => failed(&error),
    }
}

/// Reads a report; with a hash only the very file.
pub(super) fn read(path: &Path, sha256: Option<&str>) -> Content {
    let text = open(path, MAX_REPORT).and_then(|file| {
        let mut text = String::new();
        file.take(MAX_REPORT).read_to_string(&mut text)?;
        Ok(text)
    });
    match text {
        Ok(text) if sha256.is_none_or(|wanted| hex(&Sha256::digest(text.as_bytes())).eq_ignore_ascii_case(wanted)) => {
            Content::Text(text)
        }
        Ok(_) => Content::None(State::Differs),
        Err(error) => Content::None(failed(&error)),
    }
}

/// A regular file of at most this size; opening a pipe would wait for ever.
fn open(path: &Path, most: u64) -> io::Result<File> {
    let about = std::fs::metadata(path)?;
    if !about.is_file() || about.len() > most {
        return Err(io::Error::other("no regular file of that size"));
    }
    File::open(path)
}

fn failed(error: &io::Error) -> State {
    if error.kind() == io::ErrorKind::NotFound { State::Missing } else { State::Unreadable }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
