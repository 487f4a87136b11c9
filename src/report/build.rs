//! From judged outcomes to the view.

use jiff::Timestamp;

use super::remedy::remedy;
use super::view::{
    AuditView, ControlView, EvidenceView, GateView, ProfileView, REPORT_SCHEMA_VERSION, ResultView, SubjectView, View,
};
use crate::check::{Outcome, Status, Subject};
use crate::facts::{CollectError, Exposure, Probe, Reason, Tool};
use crate::profile::{Commitments, Decision, Judgement, Profile, fingerprint};

/// What a report says about the run itself.
#[derive(Clone, Debug)]
pub struct AuditFacts<'a> {
    /// When collecting began.
    pub started: Timestamp,
    /// The clock that checks went by.
    pub as_of: Timestamp,
    /// The targets as the user named them, credentials removed.
    pub targets: Vec<String>,
    /// Probing level.
    pub probe: Probe,
    /// SHA-256 of the snapshot, in hexadecimal.
    pub snapshot_sha256: &'a str,
    /// Who reaches patient data without a credential.
    pub exposure: &'a Exposure,
    /// What people answer for.
    pub commitments: &'a Commitments,
    /// What went wrong while collecting.
    pub errors: Vec<CollectError>,
}

impl<'a> View<'a> {
    /// The view of one audit; its order depends on nothing but its content.
    pub fn build(
        audit: AuditFacts<'a>,
        judged: &[(&'a Profile, &'a Judgement)],
        outcomes: &'a [Outcome],
        decision: &'a Decision,
    ) -> Self {
        let mut errors = audit.errors;
        errors.extend(outcomes.iter().flat_map(faults));
        errors.sort();
        errors.dedup();
        let mut results: Vec<ResultView<'a>> = outcomes.iter().map(result).collect();
        results.sort_by(|a, b| (a.check, &a.subject).cmp(&(b.check, &b.subject)));
        Self {
            schema_version: REPORT_SCHEMA_VERSION,
            tool: Tool::this(),
            audit: AuditView {
                started: audit.started.to_string(),
                as_of: audit.as_of.to_string(),
                targets: audit.targets,
                probe: audit.probe,
                snapshot_sha256: audit.snapshot_sha256,
            },
            verdict: &decision.verdict,
            gate: GateView::new(&decision.gate, decision.exit_code),
            profiles: judged.iter().map(|(profile, judgement)| profile_view(profile, judgement)).collect(),
            exposure: audit.exposure,
            results,
            waivers: &audit.commitments.waivers,
            attestations: &audit.commitments.attestations,
            errors,
        }
    }
}

/// Faults of an evaluation are told with those of collecting: they are why something is not evaluated.
fn faults(outcome: &Outcome) -> impl Iterator<Item = CollectError> {
    outcome.errors.iter().map(|error| CollectError {
        target: outcome.subject.target.to_string(),
        stage: "check".into(),
        message: format!("{} on {}: {error}", outcome.check.id, outcome.subject.name),
    })
}

fn profile_view<'a>(profile: &'a Profile, judgement: &'a Judgement) -> ProfileView<'a> {
    let controls = judgement.controls.iter().map(|judged| ControlView {
        id: &judged.control.id,
        title: &judged.control.title,
        group: judged.control.group.as_deref(),
        status: judged.status,
        waived: judged.waived.as_deref(),
        attestation: judged.attestation.as_ref(),
        planned: judged.control.planned.iter().map(|id| &**id).collect(),
        severity: judged.severity,
        weight: judged.control.weight,
        checks: judged.control.checks.iter().map(|id| &**id).collect(),
        references: &judged.control.references,
    });
    ProfileView {
        name: &profile.name,
        version: &profile.version,
        score: judgement.score,
        grade: judgement.grade,
        grade_cap: judgement.grade_cap.as_deref(),
        coverage: judgement.coverage,
        counts: judgement.counts,
        controls: controls.collect(),
    }
}

fn result(outcome: &Outcome) -> ResultView<'_> {
    let check = &outcome.check;
    ResultView {
        check: &check.id,
        title: &check.title,
        subject: subject(&outcome.subject),
        status: outcome.status,
        reason: outcome.reason,
        severity: outcome.severity,
        base_severity: outcome.base_severity,
        severity_reason: outcome.severity_reason.as_deref(),
        waiver: outcome.waiver.as_deref(),
        assurance: outcome.assurance,
        message: &outcome.message,
        expected: &check.expected,
        observed: &outcome.observed,
        evidence: outcome.evidence.iter().map(|e| EvidenceView { fact: &e.fact, value: &e.value, origin: &e.origin }).collect(),
        fix: match outcome.status {
            Status::Fail => Some(&check.fix),
            Status::NotEvaluated => Some(remedy(outcome.reason.unwrap_or(Reason::UnknownFact), outcome.subject.kind)),
            Status::Pass | Status::NotApplicable => None,
        },
        references: &check.references,
        fingerprint: fingerprint(&check.id, &outcome.subject),
    }
}

fn subject(subject: &Subject) -> SubjectView<'_> {
    SubjectView {
        kind: subject.kind,
        name: &subject.name,
        service: subject.service.as_deref(),
        project: subject.project.as_deref(),
        target: &subject.target,
    }
}
