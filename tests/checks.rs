//! The check library held against the contract, and every check against its own cases.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;

use pacscan::check::{Check, Library, run_cases};

/// Parts of the contract that are finished; their checks must all exist.
const FINISHED_PARTS: [&str; 1] = ["1"];

fn library() -> Library {
    Library::load(&[]).unwrap_or_else(|e| panic!("{e:#?}"))
}

/// Id -> (area, subject, severity) of the finished parts.
fn contract() -> BTreeMap<&'static str, (&'static str, &'static str, &'static str)> {
    let rows = include_str!("checks.tsv").lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>());
    rows.filter(|row| FINISHED_PARTS.contains(&row[5])).map(|row| (row[0], (row[1], row[2], row[3]))).collect()
}

#[test]
fn every_id_of_a_finished_part_has_its_file() {
    let library = library();
    let contract = contract();
    assert!(contract.len() > 75);
    for (id, (area, subject, severity)) in &contract {
        let check = library.get(id).unwrap_or_else(|| panic!("{id} is missing"));
        assert_eq!((check.severity.word(), check.subject.word(), &*check.area), (*severity, *subject, *area), "{id}");
        assert_eq!(check.path, format!("checks/{area}/{id}.yaml"));
    }
    for check in library.iter() {
        assert!(contract.contains_key(&*check.id), "{} is not in the contract", check.id);
    }
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
