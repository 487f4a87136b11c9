//! Worked examples for SEMANTICS sections 5 to 7; every number is calculated by hand.
#![allow(clippy::unwrap_used, clippy::float_cmp, clippy::type_complexity, reason = "tables of cases; scores are rounded")]

mod made;

use std::collections::BTreeSet;

use made::{declared, fail, inapplicable, judged, pass, profile, severity, try_profile, unknown};
use pacscan::check::{Outcome, Severity};
use pacscan::facts::{Assurance, Reason};
use pacscan::profile::{
    ControlStatus as Control, FailOn, GateOptions, GateScope, Grade, Profile, Situation, VerdictWord, fingerprint, judge,
};

/// Controls `a` (high, non-root) and `b` (medium, memory): thresholds so low that only what a test is about decides.
const TWO: &str = "
thresholds: {score: 0, coverage: 0, fail_on: never}
required: []
controls:
  - {id: a, title: A, checks: [container-non-root]}
  - {id: b, title: B, checks: [container-memory-limit]}
";
const USER: &str = "container-non-root";
const MEMORY: &str = "container-memory-limit";
const SOCKET: &str = "container-no-engine-socket";
const RESTART: &str = "container-restart-policy";

fn times(n: usize, make: impl Fn(&str) -> Outcome) -> Vec<Outcome> {
    (0..n).map(|i| make(&format!("{i}"))).collect()
}

#[test]
fn status_of_a_control() {
    let p = profile(TWO);
    let cases: [(&str, Vec<Outcome>, Control); 7] = [
        (
            "a failure outweighs everything",
            vec![fail(USER, "x"), unknown(USER, "y", Reason::Refused), pass(USER, "z")],
            Control::NotMet,
        ),
        ("an unknown outweighs passes", vec![unknown(USER, "x", Reason::Refused), pass(USER, "y")], Control::NotEvaluated),
        ("passes", vec![pass(USER, "x"), inapplicable(USER, "y")], Control::Met),
        ("nothing it concerns", vec![inapplicable(USER, "x")], Control::NotApplicable),
        ("no outcome at all is unknown, not fine", vec![], Control::NotEvaluated),
        ("a pass on the engine's word", vec![pass(USER, "x")], Control::Met),
        ("a pass on a file's word, where a file is enough", vec![declared(pass(USER, "x"))], Control::Met),
    ];
    for (name, outcomes, expected) in cases {
        assert_eq!(judge(&p, &outcomes, &[]).controls[0].status, expected, "{name}");
    }
}

#[test]
fn score_and_coverage() {
    // weights: a 5, b 2
    let cases: [(&str, Vec<Outcome>, Option<f64>, Option<f64>); 7] = [
        // all pass
        ("full marks", vec![pass(USER, "x"), pass(MEMORY, "x")], Some(100.0), Some(100.0)),
        // a = 3/4, b = 1: (5 x 0.75 + 2) / 7 = 0.8214
        (
            "a share of subjects",
            [times(3, |n| pass(USER, n)), vec![fail(USER, "w"), pass(MEMORY, "x")]].concat(),
            Some(82.1),
            Some(100.0),
        ),
        // a = 1/2, b = 0/1: 2.5 / 7 = 0.3571; covered: a 2/2, b 0/1: 5 / 7 = 0.7143
        (
            "unknown earns nothing and is not covered",
            vec![pass(USER, "x"), fail(USER, "y"), unknown(MEMORY, "x", Reason::Refused)],
            Some(35.7),
            Some(71.4),
        ),
        // b drops out: 5 x 0.5 / 5
        (
            "what does not apply weighs nothing",
            vec![pass(USER, "x"), fail(USER, "y"), inapplicable(MEMORY, "x"), inapplicable(MEMORY, "y")],
            Some(50.0),
            Some(100.0),
        ),
        // a: the inapplicable subject is not in the denominator
        (
            "nor does a subject it does not apply to",
            vec![pass(USER, "x"), inapplicable(USER, "y"), pass(MEMORY, "x")],
            Some(100.0),
            Some(100.0),
        ),
        ("nothing applies", vec![inapplicable(USER, "x"), inapplicable(MEMORY, "x")], None, None),
        // both checks without outcomes: 0 of 7
        ("nothing came", vec![], Some(0.0), Some(0.0)),
    ];
    for (name, outcomes, score, coverage) in cases {
        let judgement = judge(&profile(TWO), &outcomes, &[]);
        assert_eq!((judgement.score, judgement.coverage), (score, coverage), "{name}");
    }
}

#[test]
fn a_control_is_the_mean_over_its_checks() {
    let p = profile("controls: [{id: a, title: A, checks: [container-non-root, container-memory-limit, container-cpu-limit]}]");
    // 1/1 and 1/3; the third check applies to nothing and drops out: (1 + 1/3) / 2
    let outcomes =
        vec![pass(USER, "x"), pass(MEMORY, "x"), fail(MEMORY, "y"), fail(MEMORY, "z"), inapplicable("container-cpu-limit", "x")];
    let judgement = judge(&p, &outcomes, &[]);
    assert_eq!(judgement.score, Some(66.7));
    assert_eq!(judgement.controls[0].status, Control::NotMet);
}

#[test]
fn weights() {
    let own = "
weights: {medium: 5}
controls:
  - {id: a, title: A, checks: [container-non-root]}
  - {id: b, title: B, checks: [container-memory-limit]}
  - {id: c, title: C, checks: [container-restart-policy], weight: 0}
  - {id: d, title: D, checks: [container-no-engine-socket]}
";
    let outcomes = vec![pass(USER, "x"), fail(MEMORY, "x"), fail(RESTART, "x"), pass(SOCKET, "x")];
    let judgement = judge(&profile(own), &outcomes, &[]);
    let weights: Vec<f64> = judgement.controls.iter().map(|judged| judged.control.weight).collect();
    assert_eq!(weights, [5.0, 5.0, 0.0, 10.0]);
    assert_eq!(judgement.score, Some(75.0), "15 of 20; the control of weight 0 counts for nothing");
}

#[test]
fn manual_controls_apply_and_earn_nothing() {
    let p = profile(
        "required: []\nthresholds: {score: 0, coverage: 0}\ncontrols:\n  - {id: a, title: A, checks: [container-non-root]}\n  - {id: m, title: M}\n",
    );
    let judgement = judge(&p, &[pass(USER, "x")], &[]);
    assert_eq!(judgement.controls[1].status, Control::Manual);
    assert_eq!(judgement.controls[1].control.severity, Severity::High, "a manual line is high unless the profile says otherwise");
    assert_eq!((judgement.score, judgement.coverage), (Some(50.0), Some(50.0)));
    assert_eq!((judgement.counts.met, judgement.counts.manual), (1, 1));
}

#[test]
fn minimum_assurance() {
    let p = profile(&format!("minimum_assurance: {{container: effective}}{TWO}"));
    // declared passes count as unknown: a 1/2, b 1/1: (2.5 + 2) / 7, and the same for coverage
    let outcomes = vec![pass(USER, "x"), declared(pass(USER, "y")), pass(MEMORY, "x")];
    let judgement = judge(&p, &outcomes, &[]);
    assert_eq!(judgement.controls[0].status, Control::NotEvaluated);
    assert_eq!(judgement.controls[0].reasons, BTreeSet::from([Reason::Assurance]));
    assert_eq!((judgement.score, judgement.coverage), (Some(64.3), Some(64.3)));
    // a failure counts on any evidence
    let judgement = judge(&p, &[declared(fail(USER, "x")), pass(MEMORY, "x")], &[]);
    assert_eq!(judgement.controls[0].status, Control::NotMet);
    assert_eq!(judgement.coverage, Some(100.0));
    // areas that are not named accept files; a control may ask for more by itself
    let p = profile(
        "controls:\n  - {id: a, title: A, checks: [container-non-root]}\n  - {id: b, title: B, checks: [container-memory-limit], minimum_assurance: observed}\n",
    );
    let judgement = judge(&p, &[declared(pass(USER, "x")), pass(MEMORY, "x")], &[]);
    assert_eq!([judgement.controls[0].status, judgement.controls[1].status], [Control::Met, Control::NotEvaluated]);
}

#[test]
fn severity_of_a_control() {
    let p = profile(TWO);
    let outcomes = [
        severity(fail(USER, "x"), Severity::Medium, "user ids are remapped"),
        severity(fail(USER, "y"), Severity::Critical, "published"),
        severity(pass(USER, "z"), Severity::Critical, "published"),
        pass(MEMORY, "x"),
    ];
    let worst = |outcomes: &[Outcome]| judge(&p, outcomes, &[]).controls[0].severity;
    assert_eq!(worst(&outcomes), Severity::Critical, "the worst of its failing subjects");
    assert_eq!(worst(&outcomes[..1]), Severity::Medium, "which may be milder than its own");
    assert_eq!(worst(&outcomes[2..]), Severity::High, "its own when nothing fails");
    assert_eq!(judge(&p, &outcomes, &[]).controls[0].control.weight, 5.0, "the weight does not move with exposure");
}

#[test]
fn grades_and_the_cap() {
    let grades = [(100.0, Grade::A), (90.0, Grade::A), (89.9, Grade::B), (80.0, Grade::B), (79.9, Grade::C), (70.0, Grade::C)];
    let low = [(69.9, Grade::D), (60.0, Grade::D), (59.9, Grade::F), (0.0, Grade::F)];
    for (score, grade) in grades.into_iter().chain(low) {
        assert_eq!(Grade::of(score), grade, "{score}");
    }
    let p = profile(
        "controls:\n  - {id: a, title: A, checks: [container-non-root]}\n  - {id: s, title: S, checks: [container-no-engine-socket]}\n",
    );
    // a 5 x 1, s 10 x 19/20: 14.5 / 15
    let outcomes = [vec![pass(USER, "x"), fail(SOCKET, "w")], times(19, |n| pass(SOCKET, n))].concat();
    let judgement = judge(&p, &outcomes, &[]);
    assert_eq!((judgement.score, judgement.grade, judgement.grade_cap.as_deref()), (Some(96.7), Some(Grade::F), Some(SOCKET)));
    // a critical failure outside the profile caps nothing
    let judgement = judge(&profile(TWO), &[pass(USER, "x"), pass(MEMORY, "x"), fail(SOCKET, "x")], &[]);
    assert_eq!((judgement.grade, judgement.grade_cap), (Some(Grade::A), None));
    // nor does a critical check that is not evaluated
    let judgement = judge(&p, &[pass(USER, "x"), unknown(SOCKET, "x", Reason::Refused)], &[]);
    assert_eq!((judgement.score, judgement.grade_cap), (Some(33.3), None));
}

/// A profile with one required control (`a`), one other (`b`), and the usual thresholds.
const GATED: &str = "
controls:
  - {id: a, title: A, checks: [container-non-root]}
  - {id: b, title: B, checks: [container-memory-limit]}
";

fn decided(body: &str, outcomes: Vec<Outcome>, options: &GateOptions) -> (VerdictWord, bool, u8) {
    let judged = judged(profile(body), outcomes, &Situation::default(), options);
    (judged.decision.verdict.decision, judged.decision.gate.met, judged.decision.exit_code)
}

#[test]
fn verdicts() {
    use VerdictWord::{Go, NoGo, Undetermined};
    let optional = "\ncontrols:\n  - {id: a, title: A, checks: [container-non-root], required: false}\n  - {id: b, title: B, checks: [container-memory-limit]}\n";
    let strict = &format!("required: [critical, high, medium]{GATED}");
    let manual = &format!("{GATED}  - {{id: m, title: M, weight: 0}}\n");
    let a_fails = || vec![fail(USER, "x"), pass(MEMORY, "x")];
    let b_fails = |n| [vec![pass(USER, "x"), fail(MEMORY, "x")], times(n, |name| pass(MEMORY, name))].concat();
    let a_unknown = || vec![unknown(USER, "x", Reason::ImageNotSeen), pass(MEMORY, "x")];
    let cases: [(&str, &str, Vec<Outcome>, VerdictWord, u8); 11] = [
        ("all well", GATED, vec![pass(USER, "x"), pass(MEMORY, "x")], Go, 0),
        ("not applicable is fine", GATED, vec![inapplicable(USER, "x"), pass(MEMORY, "x")], Go, 0),
        ("a required control fails", GATED, a_fails(), NoGo, 1),
        ("a high failure in a control that is not required", optional, a_fails(), NoGo, 1),
        // (5 + 2 x 1/2) / 7 = 85.7
        ("a medium failure, score high enough", GATED, b_fails(1), Go, 0),
        // (5 + 2 x 0) / 7 = 71.4
        ("score below 80", GATED, b_fails(0), NoGo, 1),
        ("a medium failure in a required control", strict, b_fails(1), NoGo, 1),
        (
            "a high failure outside the profile",
            GATED,
            vec![pass(USER, "x"), pass(MEMORY, "x"), fail("container-no-host-pid", "x")],
            NoGo,
            1,
        ),
        ("a manual required control", manual, vec![pass(USER, "x"), pass(MEMORY, "x")], Undetermined, 3),
        // score 2 / 7
        ("a required control unknown, and the score therefore low", GATED, a_unknown(), NoGo, 1),
        ("nothing applies at all", GATED, vec![inapplicable(USER, "x"), inapplicable(MEMORY, "x")], Undetermined, 3),
    ];
    for (name, body, outcomes, verdict, exit_code) in cases {
        let (word, met, code) = decided(body, outcomes, &GateOptions::default());
        assert_eq!((word, met, code), (verdict, exit_code == 0, exit_code), "{name}");
    }
    let lenient = &format!("thresholds: {{score: 0, coverage: 28}}{GATED}");
    assert_eq!(decided(lenient, a_unknown(), &GateOptions::default()), (Undetermined, false, 3), "required and unknown");
    // coverage (5 x 9/10 + 2) / 7 = 92.9; with `b` unknown 5 / 7 = 71.4, score the same
    let low_cover = vec![pass(USER, "x"), unknown(MEMORY, "x", Reason::Refused)];
    let body = &format!("thresholds: {{score: 70}}{GATED}");
    assert_eq!(decided(body, low_cover, &GateOptions::default()), (Undetermined, false, 3), "coverage below 90");
}

#[test]
fn the_gate_takes_overrides_and_the_verdict_does_not() {
    use VerdictWord::{Go, NoGo};
    let with = |fail_on: Option<FailOn>, min_score: Option<f64>, min_coverage: Option<f64>| GateOptions {
        fail_on,
        min_score,
        min_coverage,
        baseline: None,
    };
    // score 85.7 with one medium failure
    let medium = || vec![pass(USER, "x"), fail(MEMORY, "x"), pass(MEMORY, "y")];
    let high = || vec![fail(USER, "x"), pass(MEMORY, "x")];
    let cases: [(&str, Vec<Outcome>, GateOptions, VerdictWord, u8); 9] = [
        ("medium gates", medium(), with(Some(FailOn::Medium), None, None), Go, 1),
        ("low gates a medium one too", medium(), with(Some(FailOn::Low), None, None), Go, 1),
        ("critical only, but a required control fails", high(), with(Some(FailOn::Critical), None, None), NoGo, 1),
        ("never", high(), with(Some(FailOn::Never), None, None), NoGo, 0),
        ("never, even with a score asked for", high(), with(Some(FailOn::Never), Some(99.0), None), NoGo, 0),
        ("a higher score is asked for", medium(), with(None, Some(90.0), None), Go, 1),
        ("just the score that is there", medium(), with(None, Some(85.7), None), Go, 0),
        ("a higher coverage than there can be", medium(), with(None, None, Some(100.0)), Go, 0),
        (
            "low failures outside the profile",
            [medium(), vec![fail(RESTART, "x")]].concat(),
            with(Some(FailOn::High), None, None),
            Go,
            0,
        ),
    ];
    for (name, outcomes, options, verdict, exit_code) in cases {
        let (word, met, code) = decided(GATED, outcomes, &options);
        assert_eq!((word, met, code), (verdict, exit_code == 0, exit_code), "{name}");
    }
    let low_score = vec![pass(USER, "x"), fail(MEMORY, "x")];
    assert_eq!(decided(GATED, low_score, &with(None, Some(70.0), None)), (NoGo, true, 0), "71.4 is enough for the gate");
}

#[test]
fn what_was_not_looked_at_is_never_an_exit_code_of_0() {
    let good = || vec![pass(USER, "x"), pass(MEMORY, "x")];
    let lost = || vec![unknown(USER, "x", Reason::Unreachable), unknown(MEMORY, "x", Reason::Unreachable)];
    let bad = || vec![fail(USER, "x"), unknown(MEMORY, "x", Reason::Unreachable)];
    let situations = [
        Situation { unreachable: vec!["docker:".into()], ..Situation::default() },
        Situation { nothing_collected: true, ..Situation::default() },
        Situation { interrupted: true, ..Situation::default() },
    ];
    let never = GateOptions { fail_on: Some(FailOn::Never), ..GateOptions::default() };
    for situation in situations {
        for (outcomes, expected) in [(good(), 3), (lost(), 3), (bad(), 1)] {
            let judged = judged(profile(GATED), outcomes, &situation, &GateOptions::default());
            assert_eq!(judged.decision.exit_code, expected, "{situation:?}");
            assert_ne!(judged.decision.verdict.decision, VerdictWord::Go);
        }
        let judged = judged(profile(GATED), bad(), &situation, &never);
        assert_eq!((judged.decision.exit_code, judged.decision.gate.met), (3, false), "{situation:?}");
    }
}

#[test]
fn files_alone() {
    let static_only = Situation { static_only: true, ..Situation::default() };
    let strong = &format!("minimum_assurance: {{container: effective}}{GATED}");
    let good = || vec![declared(pass(USER, "x")), declared(pass(MEMORY, "x"))];
    let word = |body: &str, outcomes: Vec<Outcome>| {
        let judged = judged(profile(body), outcomes, &static_only, &GateOptions::default());
        assert!(judged.decision.verdict.reasons.last().unwrap().contains("static"), "it says so");
        (judged.decision.verdict.decision, judged.decision.exit_code)
    };
    assert_eq!(word(strong, good()), (VerdictWord::Undetermined, 3));
    assert_eq!(word(strong, vec![inapplicable(USER, "x"), declared(inapplicable(MEMORY, "x"))]), (VerdictWord::Undetermined, 3));
    assert_eq!(word(strong, vec![declared(fail(USER, "x"))]), (VerdictWord::NoGo, 1));
    assert_eq!(word(GATED, good()), (VerdictWord::Go, 0), "a profile that asks for no more than files");
}

#[test]
fn with_a_baseline_only_new_findings_gate() {
    let old = fail(USER, "x");
    let known = BTreeSet::from([fingerprint(USER, &old.subject)]);
    let with = |baseline: &BTreeSet<String>, min_score: Option<f64>| GateOptions {
        baseline: Some(baseline.clone()),
        min_score,
        ..GateOptions::default()
    };
    let run = |outcomes: Vec<Outcome>, options: &GateOptions| {
        let judged = judged(profile(GATED), outcomes, &Situation::default(), options);
        assert_eq!(judged.decision.gate.scope, GateScope::New);
        assert_eq!(judged.decision.verdict.decision, VerdictWord::NoGo, "the verdict is on the whole stack");
        judged.decision.exit_code
    };
    let same = || vec![fail(USER, "x"), pass(MEMORY, "x")];
    assert_eq!(run(same(), &with(&known, None)), 0, "known, and the score does not gate by itself");
    assert_eq!(run(same(), &with(&known, Some(80.0))), 1, "the score gates when it is asked for: 2 of 7");
    assert_eq!(run(same(), &with(&BTreeSet::new(), None)), 1, "an empty baseline knows nothing");
    assert_eq!(run([same(), vec![fail(USER, "y")]].concat(), &with(&known, None)), 1, "another service");
    assert_eq!(run(vec![old.clone(), unknown(MEMORY, "x", Reason::Refused)], &with(&known, None)), 0);
    // a replica and a container seen by another target are the same finding
    let mut replica = old;
    replica.subject.name = "clinic-x-2".into();
    replica.subject.target = "docker+ssh://other".into();
    assert_eq!(run(vec![replica, pass(MEMORY, "x")], &with(&known, None)), 0);
}

#[test]
fn of_several_profiles_the_worst_counts() {
    let lenient = profile(
        "thresholds: {score: 0, coverage: 0, fail_on: never}\nrequired: []\ncontrols: [{id: b, title: B, checks: [container-memory-limit]}]",
    );
    let strict = profile("controls: [{id: b, title: B, checks: [container-memory-limit], required: true}]");
    let decide = |profiles: &[&Profile], outcomes: &[Outcome]| {
        let judgements: Vec<_> = profiles.iter().map(|p| judge(p, outcomes, &[])).collect();
        let judged: Vec<_> = profiles.iter().copied().zip(&judgements).collect();
        pacscan::profile::decide(&judged, outcomes, &Situation::default(), &GateOptions::default()).verdict.decision
    };
    let bad = [fail(MEMORY, "x")];
    assert_eq!(decide(&[&lenient], &bad), VerdictWord::Go);
    assert_eq!(decide(&[&lenient, &strict], &bad), VerdictWord::NoGo);
    assert_eq!(decide(&[&lenient, &strict], &[unknown(MEMORY, "x", Reason::Refused)]), VerdictWord::NoGo, "score 0");
    assert_eq!(decide(&[], &bad), VerdictWord::Undetermined, "no profile, no GO");
}

#[test]
fn fingerprints() {
    let of = |outcome: &Outcome| fingerprint(&outcome.check.id, &outcome.subject);
    let base = fail(USER, "x");
    assert_eq!(of(&base).len(), 32);
    let change = |make: &dyn Fn(&mut Outcome)| {
        let mut other = base.clone();
        make(&mut other);
        of(&other)
    };
    assert_eq!(change(&|o| o.subject.target = "elsewhere".into()), of(&base), "the target is no part of it");
    assert_eq!(change(&|o| o.subject.name = "clinic-x-7".into()), of(&base), "nor the replica");
    assert_ne!(change(&|o| o.subject.service = Some("y".into())), of(&base));
    assert_ne!(change(&|o| o.subject.project = Some("other".into())), of(&base));
    assert_ne!(of(&fail(MEMORY, "x")), of(&base));
    let mut nameless = base.clone();
    nameless.subject.service = None;
    assert_ne!(of(&nameless), of(&base), "a container that belongs to no service has only its name");
}

#[test]
fn profiles_extend() {
    let p = profile(
        "extends: go-live
omit: [container-healthy]
thresholds: {score: 55}
required: [critical]
minimum_assurance: {container: declared}
weights: {low: 3}
controls:
  - {id: container-non-root, title: Mine, checks: [container-non-root, container-not-privileged], severity: low}
  - {id: site, title: Added, checks: [container-restart-policy]}
",
    );
    let parent = pacscan::profile::load("go-live", &made::LIBRARY).unwrap();
    assert_eq!((p.score, p.coverage, p.fail_on), (55.0, parent.coverage, parent.fail_on), "key by key");
    assert_eq!(p.minimum_assurance["container"], Assurance::Declared);
    assert_eq!(p.minimum_assurance["engine"], parent.minimum_assurance["engine"]);
    assert_eq!(p.controls.len(), parent.controls.len());
    assert!(!p.controls.iter().any(|control| &*control.id == "container-healthy"));
    let own = p.controls.iter().find(|control| &*control.id == "container-non-root").unwrap();
    assert_eq!((own.title.as_str(), own.checks.len(), own.weight, own.required), ("Mine", 2, 3.0, false));
    assert_eq!(p.controls.last().unwrap().weight, 3.0);
    let socket = p.controls.iter().find(|control| &*control.id == SOCKET).unwrap();
    assert!(socket.required && socket.weight == 10.0, "what the parent's controls are worth goes by the child's rules");
}

#[test]
fn what_is_wrong_with_a_profile_is_told_with_its_place() {
    let one = "controls: [{id: a, title: A, checks: [container-non-root]}]";
    let cases: [(String, &str, usize); 12] = [
        ("controls: []".into(), "no controls", 1),
        ("controls:\n  - {id: a, title: A, checks: [container-non-rot]}".into(), "there is no check `container-non-rot`", 6),
        ("controls:\n  - {id: a, title: A}\n  - {id: a, title: B}".into(), "twice", 7),
        ("controls: [{id: a, title: A, checks: [container-non-root, container-non-root]}]".into(), "twice", 5),
        (format!("thresholds: {{score: 101}}\n{one}"), "not between 0 and 100", 5),
        (format!("thresholds: {{coverage: -1}}\n{one}"), "not between 0 and 100", 5),
        (format!("thresholds: {{score: .nan}}\n{one}"), "not between 0 and 100", 5),
        (format!("weights: {{low: -1}}\n{one}"), "not a number from 0 up", 5),
        (format!("minimum_assurance: {{contianer: effective}}\n{one}"), "there is no area `contianer`", 5),
        (format!("omit: [b]\n{one}"), "there is no control `b`", 5),
        (format!("extends: no-live\n{one}"), "there is no profile `no-live`", 5),
        (format!("extends: ./test.yaml\n{one}"), "extends itself", 5),
    ];
    for (body, message, line) in cases {
        match try_profile(&body) {
            Err(pacscan::profile::ProfileError::File(error)) => {
                assert!(error.message.contains(message), "{body}\n{error}");
                assert_eq!(error.line, line, "{body}\n{error}");
            }
            other => panic!("{body}\n{other:?}"),
        }
    }
    assert!(matches!(try_profile(&format!("requird: [high]\n{one}")), Err(pacscan::profile::ProfileError::File(_))));
    let unknown = pacscan::profile::load("go-lvie", &made::LIBRARY).unwrap_err().to_string();
    assert!(unknown.contains("did you mean `go-live`?") && unknown.contains("pre-deploy"), "{unknown}");
    let missing = pacscan::profile::load("./nowhere.yaml", &made::LIBRARY).unwrap_err().to_string();
    assert!(missing.contains("./nowhere.yaml"), "{missing}");
}

#[test]
fn shipped_profiles_load() {
    for name in Profile::names() {
        let profile = pacscan::profile::load(name, &made::LIBRARY).unwrap();
        assert_eq!(profile.name, name);
        assert!(!profile.controls.is_empty() && profile.title.len() > 5 && profile.summary.len() > 20);
    }
    let go_live = pacscan::profile::load("go-live", &made::LIBRARY).unwrap();
    assert_eq!((go_live.score, go_live.coverage, go_live.fail_on), (80.0, 90.0, FailOn::High));
    for control in &go_live.controls {
        assert_eq!(
            control.required,
            control.severity >= Severity::High,
            "{}: required are all critical and high ones",
            control.id
        );
    }
    assert!(!go_live.accepts_declared());
    assert!(pacscan::profile::load("pre-deploy", &made::LIBRARY).unwrap().accepts_declared());
}
