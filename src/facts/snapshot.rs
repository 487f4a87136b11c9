//! Everything a run collected, redacted, as one file that can be kept, moved and judged again later.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Assurance, Kind, Record};
use super::{Document, Reason};

/// Version of the snapshot's shape. A reader accepts the same major number.
pub const SNAPSHOT_SCHEMA_VERSION: &str = "1.0";

/// How far probing may go (SEMANTICS section 3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Probe {
    /// Nothing leaves.
    None,
    /// One harmless request.
    Gentle,
    /// Everything that cannot hurt.
    #[default]
    Standard,
    /// Active tests, on request only.
    Thorough,
}

/// The program that made a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// Always `pacscan`.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl Tool {
    /// This program.
    pub fn this() -> Self {
        Self { name: "pacscan".into(), version: env!("CARGO_PKG_VERSION").into() }
    }
}

/// A target as named by the user, and whether it could be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TargetRecord {
    /// As the user named it, credentials removed.
    pub given: String,
    /// What it was recognised as: `compose`, `engine`.
    pub kind: String,
    /// Why nothing could be collected from it, when so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreachable: Option<Reason>,
}

/// Something that went wrong while collecting; the affected facts are unknown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct CollectError {
    /// Target it happened at.
    pub target: String,
    /// Always `collect` for now.
    pub stage: String,
    /// What happened, without secrets.
    pub message: String,
}

impl CollectError {
    /// An error of the collecting stage.
    pub fn new(target: impl Into<String>, message: impl Into<String>) -> Self {
        Self { target: target.into(), stage: "collect".into(), message: message.into() }
    }
}

/// The recorded facts of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// Version of this shape.
    pub schema_version: String,
    /// Who made it.
    pub tool: Tool,
    /// When collecting began.
    #[schemars(with = "String")]
    pub collected_at: Timestamp,
    /// Probing level used.
    pub probe: Probe,
    /// Whether the user broke the run off: the facts are then incomplete.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub interrupted: bool,
    /// What was to be audited.
    pub targets: Vec<TargetRecord>,
    /// What was found.
    #[schemars(with = "Vec<DocumentShape>")]
    pub documents: Vec<Document>,
    /// What went wrong.
    #[serde(default)]
    pub errors: Vec<CollectError>,
}

/// Why a snapshot cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// Not JSON, cut off, or not a snapshot.
    #[error("not a readable snapshot: {}", without_values(.0))]
    Malformed(#[from] serde_json::Error),
    /// Made by a newer pacscan.
    #[error("the snapshot has schema version {}, this pacscan reads {SNAPSHOT_SCHEMA_VERSION}", version(found))]
    Version {
        /// The version found.
        found: String,
    },
}

/// What is wrong with a JSON file, and where. Values are left out: the file may be another one, with secrets in it.
pub fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if error.is_data() && !text.starts_with("missing field") {
        return format!("a value does not fit at line {} column {}", error.line(), error.column());
    }
    text
}

/// A version number as found, if it is one.
pub fn version(found: &str) -> &str {
    let plain = found.len() < 16 && found.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    if plain { found } else { "(no version number)" }
}

#[derive(Deserialize)]
struct VersionOnly {
    schema_version: String,
}

impl Snapshot {
    /// Reads a snapshot, refusing one of another major version before its details can mislead.
    pub fn from_json(text: &str) -> Result<Self, SnapshotError> {
        let VersionOnly { schema_version: found } = serde_json::from_str(text)?;
        if found.split('.').next() != SNAPSHOT_SCHEMA_VERSION.split('.').next() {
            return Err(SnapshotError::Version { found });
        }
        Ok(serde_json::from_str(text)?)
    }
}

/// Shape of [`Document`] for the published schema.
#[derive(JsonSchema)]
#[schemars(rename = "Document")]
#[expect(dead_code, reason = "only its shape is used")]
struct DocumentShape {
    kind: Kind,
    name: String,
    target: String,
    assurance: Assurance,
    #[serde(default)]
    service: Option<String>,
    #[serde(default)]
    project: Option<String>,
    facts: Record,
}
