//! The shape of a report: frozen, versioned, redacted (CONTRACT section 2). Everything is borrowed from the judged
//! outcomes, so that a report on a thousand containers costs little memory.

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use crate::check::{Severity, Status};
use crate::facts::{Assurance, CollectError, Exposure, Kind, Origin, Probe, Reason, Tool};
use crate::profile::{Attestation, ControlStatus, Counts, Gate, GateScope, Grade, Granted, Verdict, Waiver};

/// Version of the report's shape; a change of meaning raises it.
pub const REPORT_SCHEMA_VERSION: &str = "1.0";

/// One audit, as every format sees it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Report")]
pub struct View<'a> {
    /// Version of this shape.
    pub schema_version: &'a str,
    /// Who made it.
    pub tool: Tool,
    /// What was audited, when and how.
    pub audit: AuditView<'a>,
    /// The verdict on the whole stack.
    pub verdict: &'a Verdict,
    /// What decides the exit code.
    pub gate: GateView<'a>,
    /// The checklists as judged, in the order in which they were asked for.
    pub profiles: Vec<ProfileView<'a>>,
    /// Who reaches patient data without a credential.
    pub exposure: &'a Exposure,
    /// Every check on every subject, passes included, by check and subject.
    pub results: Vec<ResultView<'a>>,
    /// Waivers of the stack description, and how each stands.
    pub waivers: &'a [Granted],
    /// Attestations of the stack description, those that do not count included.
    pub attestations: &'a [Attestation],
    /// What went wrong on the way.
    pub errors: Vec<CollectError>,
}

/// What was audited, when and how.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Audit")]
pub struct AuditView<'a> {
    /// When collecting began, RFC 3339.
    pub started: String,
    /// The clock that checks went by, RFC 3339.
    pub as_of: String,
    /// The targets as the user named them, credentials removed.
    pub targets: Vec<String>,
    /// Probing level.
    pub probe: Probe,
    /// SHA-256 of the snapshot that was judged, in hexadecimal.
    pub snapshot_sha256: &'a str,
}

/// The gate and its exit code.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Gate")]
pub struct GateView<'a> {
    /// Whether it is met.
    pub met: bool,
    /// What it looked at.
    pub scope: GateScope,
    /// Plain sentences, the most important first.
    pub reasons: &'a [String],
    /// For people; programs see it as the exit code itself.
    #[serde(skip)]
    pub exit_code: u8,
}

impl<'a> GateView<'a> {
    pub(super) fn new(gate: &'a Gate, exit_code: u8) -> Self {
        Self { met: gate.met, scope: gate.scope, reasons: &gate.reasons, exit_code }
    }
}

/// A checklist as judged.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ProfileResult")]
pub struct ProfileView<'a> {
    /// Its name.
    pub name: &'a str,
    /// Version of its content.
    pub version: &'a str,
    /// 0 to 100, one decimal; null when no control applies.
    pub score: Option<f64>,
    /// Grade of the score; F while a critical finding is open.
    pub grade: Option<Grade>,
    /// The check whose critical finding caps the grade.
    pub grade_cap: Option<&'a str>,
    /// Share of the weight that was evaluated or attested, 0 to 100; null when no control applies.
    pub coverage: Option<f64>,
    /// How many controls stand how; each is counted once.
    pub counts: Counts,
    /// The lines of the checklist, in its order.
    pub controls: Vec<ControlView<'a>>,
}

/// A control as judged.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Control")]
pub struct ControlView<'a> {
    /// Its id.
    pub id: &'a str,
    /// The line itself.
    pub title: &'a str,
    /// Heading of a group beside the checklist itself, `repository documents` for example.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<&'a str>,
    /// How it stands.
    pub status: ControlStatus,
    /// Set when all its failing subjects are waived.
    pub waived: Option<&'a Waiver>,
    /// The attestation that it rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attestation: Option<&'a Attestation>,
    /// Checks of it that this version does not have yet: until then it is not evaluated.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub planned: Vec<&'a str>,
    /// The worst of its failing subjects, else its own.
    pub severity: Severity,
    /// Its weight in score and coverage.
    #[serde(serialize_with = "whole")]
    pub weight: f64,
    /// Ids of the checks that decide it; none for a manual control.
    pub checks: Vec<&'a str>,
    /// Clauses of other documents, and pages.
    pub references: &'a [String],
}

/// One check on one subject.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Result")]
pub struct ResultView<'a> {
    /// Id of the check.
    pub check: &'a str,
    /// The wanted condition.
    pub title: &'a str,
    /// What was checked.
    pub subject: SubjectView<'a>,
    /// How it ended.
    pub status: Status,
    /// Why it is not evaluated.
    pub reason: Option<Reason>,
    /// Severity after exposure and role.
    pub severity: Severity,
    /// Severity before exposure and role.
    pub base_severity: Severity,
    /// Why it differs from the check's own.
    pub severity_reason: Option<&'a str>,
    /// Set when somebody has accepted the failure.
    pub waiver: Option<&'a Waiver>,
    /// Strength of the weakest evidence.
    pub assurance: Assurance,
    /// One sentence.
    pub message: &'a str,
    /// What was wanted.
    pub expected: &'a str,
    /// What was seen.
    pub observed: &'a str,
    /// The facts behind it.
    pub evidence: Vec<EvidenceView<'a>>,
    /// What to do about a failure, or what would make the unknown known; null where there is nothing to do.
    pub fix: Option<&'a str>,
    /// Official pages.
    pub references: &'a [String],
    /// Stable across runs for the same check and place; replicas share it.
    pub fingerprint: String,
}

/// What was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[schemars(rename = "Subject")]
pub struct SubjectView<'a> {
    /// Kind of thing.
    pub kind: Kind,
    /// Its name.
    pub name: &'a str,
    /// Compose service.
    pub service: Option<&'a str>,
    /// Compose project.
    pub project: Option<&'a str>,
    /// The target it was found in.
    pub target: &'a str,
}

/// One fact that a result rests on.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Evidence")]
pub struct EvidenceView<'a> {
    /// Path in the catalogue of facts.
    pub fact: &'a str,
    /// Its value, for people.
    pub value: &'a str,
    /// Where it comes from.
    pub origin: &'a Origin,
}

impl View<'_> {
    /// Whether nothing but files was looked at.
    pub fn is_static(&self) -> bool {
        let mut decided = self.results.iter().filter(|r| matches!(r.status, Status::Pass | Status::Fail)).peekable();
        decided.peek().is_some() && decided.all(|r| r.assurance == Assurance::Declared)
    }
}

/// JSON Schema (2020-12) of the report, as `pacscan schema report` prints it.
pub fn schema() -> String {
    let schema = schemars::generate::SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut text = serde_json::to_string_pretty(&schema.into_root_schema_for::<View<'static>>()).unwrap_or_default();
    text.push('\n');
    text
}

/// A whole number is written as one: 5, not 5.0.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn whole<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if number.fract() == 0.0 && number.abs() < 1e9 {
        #[expect(clippy::cast_possible_truncation, reason = "a small whole number")]
        serializer.serialize_i64(*number as i64)
    } else {
        serializer.serialize_f64(*number)
    }
}
