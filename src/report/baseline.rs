//! What an earlier report already knew.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::view::REPORT_SCHEMA_VERSION;
use crate::check::Status;
use crate::facts::{version, without_values};

/// Why a report cannot serve as a baseline.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// Not JSON, cut off, or not a report.
    #[error("not a readable report (--baseline takes what `--format json` wrote): {}", without_values(.0))]
    Malformed(#[from] serde_json::Error),
    /// Made by another pacscan.
    #[error(
        "the report has schema version {}, this pacscan reads {REPORT_SCHEMA_VERSION}: make the baseline again",
        version(found)
    )]
    Version {
        /// The version found.
        found: String,
    },
}

#[derive(Deserialize)]
struct VersionOnly {
    schema_version: String,
}

#[derive(Deserialize)]
struct Report {
    results: Vec<Known>,
}

#[derive(Deserialize)]
struct Known {
    status: Status,
    fingerprint: String,
    #[serde(default)]
    waiver: Option<serde::de::IgnoredAny>,
}

/// Fingerprints of the failing results of an earlier report in JSON. Waived ones are left out: when the waiver has
/// expired, the failure is new to the gate.
pub fn baseline(text: &str) -> Result<BTreeSet<String>, BaselineError> {
    let VersionOnly { schema_version: found } = serde_json::from_str(text)?;
    if found.split('.').next() != REPORT_SCHEMA_VERSION.split('.').next() {
        return Err(BaselineError::Version { found });
    }
    let report: Report = serde_json::from_str(text)?;
    Ok(report
        .results
        .into_iter()
        .filter(|known| known.status == Status::Fail && known.waiver.is_none())
        .map(|known| known.fingerprint)
        .collect())
}
