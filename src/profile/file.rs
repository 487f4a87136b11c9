//! The profile file, as written (`profiles/<name>.yaml`).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::FailOn;
use crate::check::Severity;
use crate::facts::Assurance;

/// A profile file. With `extends`, what is given replaces the parent's, key by key.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileFile {
    /// Same as the name of the file for those shipped.
    #[schemars(with = "String")]
    pub name: Spanned<String>,
    /// Version of the content, in quotes.
    pub version: String,
    /// One line.
    pub title: String,
    /// What it is for.
    pub summary: String,
    /// The profile to start from: the name of one shipped, or a path relative to this file.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub extends: Option<Spanned<String>>,
    /// Controls of the parent that are left out.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub omit: Vec<Spanned<String>>,
    /// When it is satisfied.
    #[serde(default)]
    pub thresholds: ThresholdsFile,
    /// Controls of these severities are required, unless one says otherwise. Critical and high when nobody says.
    #[serde(default)]
    pub required: Option<Vec<Severity>>,
    /// Weakest evidence on which a pass counts, by area (the first word of a check's id); `declared` when not given.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, Assurance>")]
    pub minimum_assurance: BTreeMap<String, Spanned<Assurance>>,
    /// Weight of a control by its severity: 10, 5, 2 and 1 when not given.
    #[serde(default)]
    #[schemars(with = "BTreeMap<Severity, f64>")]
    pub weights: BTreeMap<Severity, Spanned<f64>>,
    /// The lines of the checklist.
    #[serde(default)]
    pub controls: Vec<ControlFile>,
}

/// Thresholds as written; 80, 90 and `high` when nobody says.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThresholdsFile {
    /// Least score, 0 to 100.
    #[serde(default)]
    #[schemars(with = "Option<f64>", range(min = 0, max = 100))]
    pub score: Option<Spanned<f64>>,
    /// Least coverage, 0 to 100.
    #[serde(default)]
    #[schemars(with = "Option<f64>", range(min = 0, max = 100))]
    pub coverage: Option<Spanned<f64>>,
    /// Severity from which a failure blocks.
    #[serde(default)]
    pub fail_on: Option<FailOn>,
}

/// One line of the checklist, as written. One with the id of a parent's control takes its place.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlFile {
    /// Unique in the profile.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// The line itself.
    pub title: String,
    /// Heading under which reports show it, where it is no line of the checklist itself: `repository documents`.
    #[serde(default)]
    pub group: Option<String>,
    /// Ids of the checks that decide it. None, or only manual ones, make it manual: somebody must attest it.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub checks: Vec<Spanned<String>>,
    /// The worst severity of its checks when not given; high for a manual control.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// By its severity when not given.
    #[serde(default)]
    pub required: Option<bool>,
    /// Clauses of other documents, and pages.
    #[serde(default)]
    pub references: Vec<String>,
    /// By its severity when not given; 0 keeps it out of score and coverage.
    #[serde(default)]
    #[schemars(with = "Option<f64>", range(min = 0))]
    pub weight: Option<Spanned<f64>>,
    /// Weakest evidence on which a pass counts for this control; by area when not given.
    #[serde(default)]
    pub minimum_assurance: Option<Assurance>,
}
