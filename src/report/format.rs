//! The formats: one file each, and one line here.

use std::io::{self, Write};
use std::path::Path;

use super::view::View;
use super::{json, table};

/// How a report is to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Columns of the terminal; ignored by formats for machines.
    pub width: usize,
    /// Whether colours and drawn lines may be used: a terminal, and no `NO_COLOR`.
    pub color: bool,
}

/// One format.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// The word of `--format`.
    pub name: &'static str,
    /// How a file of it ends (`-o`); none when it is for terminals only.
    pub ending: Option<&'static str>,
    /// Writes a report.
    pub write: fn(&View<'_>, Options, &mut dyn Write) -> io::Result<()>,
}

/// Every format of this version.
pub const FORMATS: [Format; 2] = [
    Format { name: "table", ending: None, write: table::write },
    Format { name: "json", ending: Some(".json"), write: json::write },
];

/// Endings and words of the contract, the longest ending first where one is the end of another.
const PROMISED: [(&str, &str); 7] = [
    (".oscal.json", "oscal"),
    (".hdf.json", "hdf"),
    (".junit.xml", "junit"),
    (".sarif", "sarif"),
    (".html", "html"),
    (".md", "markdown"),
    (".json", "json"),
];

/// Why a report cannot be written in the wanted format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// Of the contract, but of a later version.
    #[error("`{wanted}`: the {name} format is not in pacscan {}; this version writes {}", env!("CARGO_PKG_VERSION"), names())]
    NotYet {
        /// As given.
        wanted: String,
        /// The format's word.
        name: &'static str,
    },
    /// No such format.
    #[error("`{0}` is no known format; this version writes {names}", names = names())]
    Unknown(String),
    /// A file whose ending names no format.
    #[error("`{0}`: the ending names no format; end the file in {endings}", endings = endings())]
    Ending(String),
}

impl Format {
    /// The format of a word of `--format`.
    pub fn named(word: &str) -> Result<&'static Self, FormatError> {
        let promised = PROMISED.iter().find(|(_, name)| *name == word);
        FORMATS.iter().find(|format| format.name == word).ok_or_else(|| match promised {
            Some((_, name)) => FormatError::NotYet { wanted: word.to_owned(), name },
            None => FormatError::Unknown(word.to_owned()),
        })
    }

    /// The format of a file by its ending.
    pub fn of_file(path: &Path) -> Result<&'static Self, FormatError> {
        let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
        let shown = || path.display().to_string();
        let (_, word) = PROMISED.iter().find(|(ending, _)| name.ends_with(ending)).ok_or_else(|| FormatError::Ending(shown()))?;
        Self::named(word).map_err(|_| FormatError::NotYet { wanted: shown(), name: word })
    }
}

fn names() -> String {
    FORMATS.map(|format| format.name).join(", ")
}

fn endings() -> String {
    FORMATS.iter().filter_map(|format| format.ending).collect::<Vec<_>>().join(", ")
}
