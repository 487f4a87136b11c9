//! Outcomes and profiles made by hand for the tests of scoring and reports.
#![allow(dead_code, clippy::unwrap_used, reason = "shared by tests, each of which uses a part")]

use std::sync::{Arc, LazyLock};

use pacscan::check::{Evidence, Library, Outcome, Severity, Status, Subject};
use pacscan::facts::{Assurance, Exposure, Kind, Origin, Probe, Reason};
use pacscan::profile::{self, Decision, GateOptions, Judgement, Profile, Situation};
use pacscan::report::{AuditFacts, View};

pub static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::load(&[]).unwrap());

/// An outcome of a real check on a service of that name, known by the engine.
pub fn outcome(check: &str, name: &str, status: Status) -> Outcome {
    let check = Arc::clone(LIBRARY.get(check).unwrap_or_else(|| panic!("no check {check}")));
    Outcome {
        subject: Subject {
            kind: check.subject,
            name: name.into(),
            service: (check.subject == Kind::Container).then(|| name.into()),
            project: Some("clinic".into()),
            target: "docker:".into(),
        },
        status,
        reason: (status == Status::NotEvaluated).then_some(Reason::UnknownFact),
        severity: check.severity,
        base_severity: check.severity,
        severity_reason: None,
        assurance: Assurance::Effective,
        message: match status {
            Status::Fail => format!("{name} does not satisfy {}", check.id),
            Status::NotEvaluated => "not evaluated".into(),
            _ => check.title.clone(),
        },
        observed: "something".into(),
        evidence: Vec::new(),
        waiver: None,
        errors: Vec::new(),
        check,
    }
}

pub fn pass(check: &str, name: &str) -> Outcome {
    outcome(check, name, Status::Pass)
}

pub fn fail(check: &str, name: &str) -> Outcome {
    outcome(check, name, Status::Fail)
}

pub fn inapplicable(check: &str, name: &str) -> Outcome {
    outcome(check, name, Status::NotApplicable)
}

pub fn unknown(check: &str, name: &str, reason: Reason) -> Outcome {
    Outcome { reason: Some(reason), ..outcome(check, name, Status::NotEvaluated) }
}

pub fn declared(mut outcome: Outcome) -> Outcome {
    outcome.assurance = Assurance::Declared;
    outcome.subject.target = "stacks/clinic".into();
    outcome
}

pub fn severity(mut outcome: Outcome, severity: Severity, why: &str) -> Outcome {
    outcome.severity = severity;
    outcome.severity_reason = Some(why.into());
    outcome
}

pub fn says(mut outcome: Outcome, message: &str) -> Outcome {
    outcome.message = message.into();
    outcome
}

pub fn at(mut outcome: Outcome, line: u32) -> Outcome {
    let origin = (*Origin::file(&"compose.yaml".into(), line, 5)).clone();
    let target = Arc::clone(&outcome.subject.target);
    outcome.evidence.push(Evidence {
        fact: "container.user".into(),
        value: "root".into(),
        origin: origin.within(&target, Assurance::Declared),
    });
    outcome
}

/// A profile from the text of its file, without the head that every file has.
pub fn profile(body: &str) -> Profile {
    try_profile(body).unwrap()
}

pub fn try_profile(body: &str) -> Result<Profile, profile::ProfileError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.yaml");
    std::fs::write(&path, format!("name: test\nversion: \"1\"\ntitle: A test\nsummary: For tests.\n{body}")).unwrap();
    profile::load(path.to_str().unwrap(), &LIBRARY)
}

static NO_EXPOSURE: Exposure = Exposure { open: Vec::new(), unknown: Vec::new() };

static NO_COMMITMENTS: LazyLock<profile::Commitments> = LazyLock::new(profile::Commitments::default);

/// Everything up to the decision.
pub struct Judged {
    pub profile: Profile,
    pub judgement: Judgement,
    pub outcomes: Vec<Outcome>,
    pub decision: Decision,
}

pub fn judged(profile: Profile, outcomes: Vec<Outcome>, situation: &Situation, options: &GateOptions) -> Judged {
    let judgement = profile::judge(&profile, &outcomes, &[]);
    let decision = profile::decide(&[(&profile, &judgement)], &outcomes, situation, options);
    Judged { profile, judgement, outcomes, decision }
}

impl Judged {
    pub fn view(&self) -> View<'_> {
        let audit = AuditFacts {
            started: "2026-11-24T06:00:00Z".parse().unwrap(),
            as_of: "2026-11-24T06:00:00Z".parse().unwrap(),
            targets: vec!["stacks/clinic".into(), "docker:".into()],
            probe: Probe::Standard,
            snapshot_sha256: "0000000000000000000000000000000000000000000000000000000000000000",
            exposure: &NO_EXPOSURE,
            commitments: &NO_COMMITMENTS,
            errors: Vec::new(),
        };
        View::build(audit, &[(&self.profile, &self.judgement)], &self.outcomes, &self.decision)
    }
}
