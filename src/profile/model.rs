//! A profile with everything it extends merged in and every name checked.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::check::Severity;
use crate::facts::Assurance;

/// The severity from which a failure blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FailOn {
    /// Only critical failures.
    Critical,
    /// High and worse.
    High,
    /// Medium and worse.
    Medium,
    /// Every failure.
    Low,
    /// No failure by its severity alone.
    Never,
}

impl FailOn {
    /// The words of the command line, in order.
    pub const WORDS: [&str; 5] = ["critical", "high", "medium", "low", "never"];

    /// The mildest severity that blocks; none for `never`.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::Critical => Some(Severity::Critical),
            Self::High => Some(Severity::High),
            Self::Medium => Some(Severity::Medium),
            Self::Low => Some(Severity::Low),
            Self::Never => None,
        }
    }
}

impl fmt::Display for FailOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.severity().map_or("never", Severity::word))
    }
}

impl FromStr for FailOn {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        [Self::Critical, Self::High, Self::Medium, Self::Low, Self::Never]
            .into_iter()
            .find(|one| one.to_string() == word)
            .ok_or_else(|| format!("`{word}` is none of {}", Self::WORDS.join(", ")))
    }
}

/// A checklist, ready to judge.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Its name, `go-live` for example.
    pub name: String,
    /// Version of its content.
    pub version: String,
    /// One line.
    pub title: String,
    /// What it is for.
    pub summary: String,
    /// Score from which it is satisfied, 0 to 100.
    pub score: f64,
    /// Coverage from which it is satisfied, 0 to 100.
    pub coverage: f64,
    /// Severity from which a failure blocks.
    pub fail_on: FailOn,
    /// Weakest evidence on which a pass counts, by area of the check; `declared` where an area is not named.
    pub minimum_assurance: BTreeMap<String, Assurance>,
    /// The lines of the checklist, in its order.
    pub controls: Vec<Control>,
}

/// One line of the checklist.
#[derive(Clone, Debug, PartialEq)]
pub struct Control {
    /// Its id, unique in the profile.
    pub id: Arc<str>,
    /// The line itself.
    pub title: String,
    /// Heading under which reports show it; none for a line of the checklist itself.
    pub group: Option<String>,
    /// Ids of the checks that decide it; none for a manual control.
    pub checks: Vec<Arc<str>>,
    /// Those of them that only an attestation can fill.
    pub manual: Vec<Arc<str>>,
    /// Those of them that this version does not have yet: while there is one, the control cannot be met.
    pub planned: Vec<Arc<str>>,
    /// Severity before anything was seen.
    pub severity: Severity,
    /// Whether GO depends on it.
    pub required: bool,
    /// Its weight in score and coverage; 0 keeps it out of both.
    pub weight: f64,
    /// Clauses of other documents, and pages.
    pub references: Vec<String>,
    /// Weakest evidence on which a pass counts, where the control itself says so.
    pub minimum_assurance: Option<Assurance>,
}

impl Control {
    /// Whether no check of ours decides any part of it.
    pub fn is_manual(&self) -> bool {
        self.manual.len() == self.checks.len()
    }
}

impl Profile {
    /// The weakest evidence on which a pass of this check counts for this control.
    pub fn minimum_for(&self, control: &Control, check: &str) -> Assurance {
        let area = check.split('-').next().unwrap_or(check);
        control.minimum_assurance.or_else(|| self.minimum_assurance.get(area).copied()).unwrap_or_default()
    }

    /// Whether passes on files alone can satisfy every line.
    pub fn accepts_declared(&self) -> bool {
        let controls = self.controls.iter().filter_map(|control| control.minimum_assurance);
        self.minimum_assurance.values().copied().chain(controls).all(|least| least == Assurance::Declared)
    }
}
