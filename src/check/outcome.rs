//! What came of one check on one subject.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::{Check, Severity};
use crate::facts::{Assurance, Document, Kind, Origin, Reason};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The condition holds.
    Pass,
    /// It does not.
    Fail,
    /// The check does not concern this subject.
    NotApplicable,
    /// It could not be found out.
    NotEvaluated,
}

impl Status {
    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotApplicable => "not_applicable",
            Self::NotEvaluated => "not_evaluated",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What a check was about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject {
    /// Kind of thing.
    pub kind: Kind,
    /// Its name (CONTRACT section 2).
    pub name: Arc<str>,
    /// Compose service, where there is one.
    pub service: Option<Arc<str>>,
    /// Compose project, where there is one.
    pub project: Option<Arc<str>>,
    /// Target it was found in.
    pub target: Arc<str>,
}

impl Subject {
    /// The subject of a document.
    pub fn of(document: &Document) -> Self {
        Self {
            kind: document.kind,
            name: Arc::clone(&document.name),
            service: document.service.clone(),
            project: document.project.clone(),
            target: Arc::clone(&document.target),
        }
    }
}

/// One fact that the outcome rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Path in the catalogue.
    pub fact: Arc<str>,
    /// Its value, for people.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// Why a finding does not gate, although it stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Waiver {
    /// Who answers for it.
    pub owner: String,
    /// Why it is accepted.
    pub reason: String,
    /// Where it is followed up.
    pub ticket: String,
    /// The last day on which it holds, to its end in UTC: RFC 3339 full-date.
    pub expires: String,
}

/// What came of one check on one subject.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The check.
    pub check: Arc<Check>,
    /// What it was about.
    pub subject: Subject,
    /// How it ended.
    pub status: Status,
    /// Why it could not be found out.
    pub reason: Option<Reason>,
    /// Severity after the rules.
    pub severity: Severity,
    /// Severity after explicit jumps, before exposure.
    pub base_severity: Severity,
    /// Why severity differs from that of the check.
    pub severity_reason: Option<String>,
    /// Strength of the weakest fact that was read.
    pub assurance: Assurance,
    /// One sentence.
    pub message: String,
    /// What was seen.
    pub observed: String,
    /// The facts behind it.
    pub evidence: Vec<Evidence>,
    /// Set when somebody has accepted it: the status stays, the gate is lifted.
    pub waiver: Option<Arc<Waiver>>,
    /// Faults of the evaluation itself; none in checks of ours.
    pub errors: Vec<String>,
}
