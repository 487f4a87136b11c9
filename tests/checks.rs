//! The check library held against the contract, and every check against its own cases.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;

use pacscan::check::{Check, Library, run_cases};

/// Parts of the contract that are finished; their checks must all exist.
const FINISHED_PARTS: [&str; 2] = ["1", "2"];

fn library() -> Library {
    Library::load(&[]).unwrap_or_else(|e| panic!("{e:#?}"))
}

/// Checks beyond the contract's list.
const ADDED: [&str; 2] = ["container-settings-read", "container-settings-safe"];

/// Id -> (area, subject, severity) of these parts.
fn contract(parts: &[&str]) -> BTreeMap<&'static str, (&'static str, &'static str, &'static str)> {
    let rows = include_str!("checks.tsv").lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    rows.filter(|row| parts.contains(&row[5])).map(|row| (row[0], (row[1], row[2], row[3]))).collect()
}

#[test]
fn every_id_of_a_finished_part_has_its_file() {
    let library = library();
    let finished = contract(&FINISHED_PARTS);
    assert!(finished.len() > 75);
    for id in finished.keys() {
        assert!(library.get(id).is_some(), "{id} is missing");
    }
    for check in library.iter().filter(|check| !ADDED.contains(&&*check.id)) {
        let known = finished.get(&*check.id).unwrap_or_else(|| panic!("{} is not in the contract", check.id));
        assert_eq!((&*check.area, check.subject.word(), check.severity.word()), *known, "{}", check.id);
        assert_eq!(check.path, format!("checks/{}/{}.yaml", check.area, check.id));
    }
}

/// What a later part brings may be named in profiles, so its list must agree with the contract and with the files.
#[test]
fn planned_checks_are_those_of_later_parts_and_have_no_file() {
    let rows = include_str!("checks.tsv").lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    let later: Vec<_> = rows.filter(|row| !FINISHED_PARTS.contains(&row[5])).map(|row| (row[0], row[3])).collect();
    assert_eq!(Library::planned_ids().map(|(id, severity)| (id, severity.word())).collect::<Vec<_>>(), later);
    let library = library();
    for (id, _) in later {
        assert!(library.get(id).is_none(), "{id} has a file: take it out of checks/planned.txt");
    }
}

#[test]
fn manual_checks_say_what_to_bring_and_carry_no_condition() {
    let library = library();
    let manual: Vec<_> = library.iter().filter(|check| check.is_manual()).collect();
    assert!(manual.len() > 30);
    for check in manual {
        assert_eq!(&*check.area, "process", "{}", check.id);
        assert!(check.fix.contains("attestations:"), "{} does not show how to attest it", check.id);
        assert!(!check.references.is_empty(), "{}", check.id);
    }
    let text = "id: site-x\ntitle: X is so\nseverity: high\nsubject: stack\nmanual: true\npass: stack.targets > 0\nexpected: this and that\nwhy: because of this\nfix: do that thing\n";
    let error = Check::parse("site-x.yaml", text).unwrap_err();
    assert!(error.message.contains("a manual check has no `pass`"), "{}", error.message);
    let error = Check::parse("site-x.yaml", &text.replace("manual: true\n", "")).unwrap_err();
    assert!(error.message.contains("`message` is missing"), "{}", error.message);
}

#[test]
fn every_case_holds() {
    let mut cases = 0;
    for check in library().iter() {
        for result in run_cases(check) {
            cases += 1;
            assert!(result.verdict.holds(), "{}: case {}: {}", check.path, result.number, result.verdict);
        }
    }
    assert!(cases > 300);
}

/// A check that cannot fail, or that passes on nothing known, is the worst bug there is.
#[test]
fn no_check_passes_when_nothing_is_known() {
    use pacscan::check::{Planes, Status, evaluate};
    use pacscan::facts::{Assurance, Document, Kind};
    let documents: Vec<Document> = Kind::ALL.iter().map(|kind| Document::new(*kind, "x", "t", Assurance::Effective)).collect();
    for outcome in evaluate(&library(), &documents, &Planes::default()) {
        assert_eq!(outcome.status, Status::NotEvaluated, "{} on a subject of which nothing is known", outcome.check.id);
    }
}

#[test]
fn errors_point_at_their_place() {
    let text = "id: site-x\ntitle: X is so\nseverity: high\nsubject: container\npass: container.read_onyl\nmessage: m\nexpected: e\nobserved: o\nwhy: because of this\nfix: do that thing\ncases: []\n";
    let error = Check::parse("site-x.yaml", text).unwrap_err();
    assert_eq!(error.line, 5);
    assert_eq!(&error.text[error.span.0..error.span.1], "container.read_onyl");
    assert!(error.help.unwrap().contains("container.read_only"));
    let error = Check::parse("site-x.yaml", &text.replace("severity: high", "severty: high")).unwrap_err();
    assert!(error.message.contains("severty"), "{}", error.message);
}
