//! Whatever is waived or attested: statuses of results, score, coverage, grade and cap stay as SEMANTICS section 6 says.

use std::sync::Arc;

use pacscan::check::{Outcome, Status, Waiver};
use pacscan::facts::Reason;
use pacscan::profile::{Attestation, ControlStatus, GateOptions, Judgement, Profile, Situation, VerdictWord, decide, judge};
use proptest::prelude::*;

use super::made;

const CHECKS: [&str; 3] = ["container-read-only-rootfs", "container-not-privileged", "process-image-scan-clean"];
const PROFILE: &str = "
thresholds: {score: 0, coverage: 0, fail_on: low}
required: [critical, high, medium, low]
controls:
  - {id: a, title: A, checks: [container-read-only-rootfs]}
  - {id: b, title: B, checks: [container-not-privileged, process-backups-restored]}
  - {id: c, title: C, checks: [process-image-scan-clean]}
  - {id: d, title: D, checks: [container-read-only-rootfs, container-not-privileged]}
  - {id: m, title: M}
";

fn outcomes() -> impl Strategy<Value = Vec<Outcome>> {
    let one = (0..CHECKS.len(), 0..4u8, 0..5u8).prop_map(|(check, name, kind)| {
        let (check, name) = (CHECKS[check], format!("s{name}"));
        match kind {
            0 => made::pass(check, &name),
            1 => made::fail(check, &name),
            2 => made::inapplicable(check, &name),
            3 => made::unknown(check, &name, Reason::Unproven),
            _ => made::unknown(check, &name, Reason::Refused),
        }
    });
    prop::collection::vec(one, 0..12)
}

fn attestation(control: &str) -> Attestation {
    Attestation {
        control: control.into(),
        owner: "J".into(),
        date: "2026-11-01".into(),
        expires: "2027-11-01".into(),
        statement: "S".into(),
        evidence: None,
        void: None,
    }
}

fn waived(outcomes: &[Outcome], which: u16) -> Vec<Outcome> {
    let waiver = Arc::new(Waiver { owner: "J".into(), reason: "R".into(), ticket: "T".into(), expires: "2027-01-01".into() });
    let open = |o: &Outcome| matches!(o.status, Status::Fail | Status::NotEvaluated);
    let mark = |(i, outcome): (usize, &Outcome)| Outcome {
        waiver: (which >> i & 1 == 1 && open(outcome)).then(|| Arc::clone(&waiver)),
        ..outcome.clone()
    };
    outcomes.iter().enumerate().map(mark).collect()
}

fn numbers(judgement: &Judgement) -> (Option<f64>, Option<f64>, Option<String>, Option<String>) {
    let cap = judgement.grade_cap.as_ref().map(ToString::to_string);
    (judgement.score, judgement.coverage, judgement.grade.map(|g| g.to_string()), cap)
}

fn verdict(profile: &Profile, judgement: &Judgement, outcomes: &[Outcome]) -> VerdictWord {
    decide(&[(profile, judgement)], outcomes, &Situation::default(), &GateOptions::default()).verdict.decision
}

proptest! {
    #[test]
    fn a_waiver_changes_no_number_and_no_status(outcomes in outcomes(), which in any::<u16>(), attested in any::<bool>()) {
        let profile = made::profile(PROFILE);
        let attestations: Vec<Attestation> = if attested { ["m", "process-backups-restored"].map(attestation).into() } else { vec![] };
        let marked = waived(&outcomes, which);
        let (plain, lifted) = (judge(&profile, &outcomes, &attestations), judge(&profile, &marked, &attestations));
        prop_assert_eq!(numbers(&plain), numbers(&lifted));
        for (a, b) in plain.controls.iter().zip(&lifted.controls) {
            prop_assert_eq!(a.status, b.status);
        }
        // Every failure still open keeps the stack from GO, and so does everything undecided.
        let open = marked.iter().any(|o| o.waiver.is_none() && matches!(o.status, Status::Fail | Status::NotEvaluated));
        if open {
            prop_assert_ne!(verdict(&profile, &lifted, &marked), VerdictWord::Go);
        }
        prop_assert!(verdict(&profile, &lifted, &marked) <= verdict(&profile, &plain, &outcomes), "a waiver never makes it worse");
    }

    #[test]
    fn an_attestation_fills_nothing_but_manual_and_unproven(outcomes in outcomes(), id in prop::sample::select(vec!["a", "b", "c", "d", "m", "process-backups-restored", "process-image-scan-clean", "x"])) {
        let profile = made::profile(PROFILE);
        let (plain, attested) = (judge(&profile, &outcomes, &[]), judge(&profile, &outcomes, &[attestation(id)]));
        prop_assert!(attested.score >= plain.score && attested.coverage >= plain.coverage);
        prop_assert_eq!(&plain.grade_cap, &attested.grade_cap);
        for (a, b) in plain.controls.iter().zip(&attested.controls) {
            let changed = a.status != b.status;
            let fillable = a.status == ControlStatus::Manual || a.reasons.contains(&Reason::Unproven);
            prop_assert!(!changed || fillable, "{} went from {:?} to {:?}", a.control.id, a.status, b.status);
            prop_assert!(a.status != ControlStatus::NotMet || b.status == ControlStatus::NotMet);
            prop_assert_eq!(b.status == ControlStatus::Attested, b.attestation.is_some() && !matches!(b.status, ControlStatus::NotMet | ControlStatus::NotEvaluated | ControlStatus::Manual));
        }
    }
}
