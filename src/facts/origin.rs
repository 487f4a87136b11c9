//! Where a fact comes from, and how strong that evidence is.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// How strongly a fact is known. The order is the order of strength.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Assurance {
    /// A file says so.
    #[default]
    Declared,
    /// The engine, or the running program, says so.
    Effective,
    /// A probe saw it.
    Observed,
}

impl fmt::Display for Assurance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Declared => "declared",
            Self::Effective => "effective",
            Self::Observed => "observed",
        })
    }
}

/// The place a fact was read from: a file with line and column (both from 1), or a field of an engine's answer.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Origin {
    /// The target as the user named it; filled in from the document where the fact itself has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Arc<str>>,
    /// Path relative to the audited folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Arc<str>>,
    /// Line in `file`, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column in `file`, in characters, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// Field of an answer, `HostConfig.Memory` for example.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Arc<str>>,
    /// Strength, where it differs from that of the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assurance: Option<Assurance>,
}

impl Origin {
    /// A place in a file; line and column count from 1.
    pub fn file(file: &Arc<str>, line: u32, column: u32) -> Arc<Self> {
        Arc::new(Self { file: Some(Arc::clone(file)), line: Some(line), column: Some(column), ..Self::default() })
    }

    /// A field of an engine's answer. Make one per field and share it: a thousand containers need one.
    pub fn field(field: &str) -> Arc<Self> {
        Arc::new(Self { field: Some(field.into()), ..Self::default() })
    }

    /// The same place, with gaps filled from a surrounding document.
    #[must_use]
    pub fn within(&self, target: &Arc<str>, assurance: Assurance) -> Self {
        let mut full = self.clone();
        full.target.get_or_insert_with(|| Arc::clone(target));
        full.assurance.get_or_insert(assurance);
        full
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, self.line, &self.field) {
            (Some(file), Some(line), _) => write!(f, "{file}:{line}"),
            (Some(file), None, _) => f.write_str(file),
            (None, _, Some(field)) => f.write_str(field),
            (None, _, None) => f.write_str(self.target.as_deref().unwrap_or("?")),
        }
    }
}
