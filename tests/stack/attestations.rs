//! Attestations: what they fill, when they count, and what they never do.

use super::{audit, control, report, stack, status};

const BACKUPS: &str = "attestations:\n  - {control: process-backups-restored, owner: Jane Roe, date: 2026-11-01, expires: 2027-03-31, statement: Restored in a drill.}\n";

#[test]
fn a_manual_control_is_attested_until_the_end_of_its_last_day() {
    let place = stack(BACKUPS);
    let cases = [
        ("2026-10-31", "manual", "fail"),
        ("2026-11-01", "attested", "pass"),
        ("2027-03-31T23:59:59Z", "attested", "pass"),
        ("2027-04-01T00:00:00Z", "manual", "fail"),
    ];
    for (as_of, expected, current) in cases {
        let report = report(&place, as_of);
        assert_eq!(control(&report, "backups")["status"], expected, "{as_of}");
        assert_eq!(status(&report, "stack-attestations-current"), current, "{as_of}");
        assert_eq!(control(&report, "by-hand")["status"], "manual");
    }
}

#[test]
fn it_counts_in_full_and_is_shown_with_its_owner() {
    let (with, without) = (report(&stack(BACKUPS), "2026-12-01"), report(&stack(""), "2026-12-01"));
    let score = |report: &serde_json::Value, what: &str| report["profiles"][0][what].as_f64().unwrap();
    // weights: read-only 2, memory 2, backups 5, by-hand 5; half of read-only passes
    assert_eq!((score(&without, "score"), score(&with, "score")), (7.1, 42.9));
    assert_eq!((score(&without, "coverage"), score(&with, "coverage")), (28.6, 64.3));
    let backups = control(&with, "backups");
    assert_eq!(
        (&backups["attestation"]["owner"], &backups["attestation"]["expires"]),
        (&"Jane Roe".into(), &"2027-03-31".into())
    );
    assert_eq!(with["attestations"][0]["void"], serde_json::Value::Null);
    let table = audit(&stack(BACKUPS), "2026-12-01", &[]).out;
    assert!(table.contains("Jane Roe") && table.contains("2027-03-31") && table.contains("counts"), "{table}");
    let expired = audit(&stack(BACKUPS), "2028-01-01", &[]).out;
    assert!(expired.contains("expired on 2027-03-31"), "{expired}");
}

#[test]
fn a_control_is_named_by_id_or_with_its_profile() {
    for (name, expected) in [("by-hand", "attested"), ("mine/by-hand", "attested")] {
        let text = BACKUPS.replace("process-backups-restored", name);
        assert_eq!(control(&report(&stack(&text), "2026-12-01"), "by-hand")["status"], expected, "{name}");
    }
    // Of another profile: no error, and no help here.
    let other = BACKUPS.replace("process-backups-restored", "go-live/process-backups-restored");
    assert_eq!(control(&report(&stack(&other), "2026-12-01"), "backups")["status"], "manual");
}

#[test]
fn it_never_fills_a_failure() {
    let plain = report(&stack(""), "2026-12-01");
    let attested = report(&stack(&BACKUPS.replace("process-backups-restored", "read-only")), "2026-12-01");
    assert_eq!(control(&attested, "read-only")["status"], "not_met");
    assert_eq!(plain["profiles"][0]["score"], attested["profiles"][0]["score"]);
    assert_eq!(plain["verdict"]["decision"], attested["verdict"]["decision"]);
}

#[test]
fn evidence_must_be_the_very_file() {
    let hash = "0a2e5aae5dac7d0ca7bd8ab1dd8ea4b4f8e2ac0ff7a4ef4ba1b62a1a4a5b1b5d";
    let with = |hash: &str| BACKUPS.replace("statement:", &format!("evidence: {{file: drill.txt, sha256: {hash}}}, statement:"));
    let place = stack(&with(hash));
    let missing = report(&place, "2026-12-01");
    assert_eq!(control(&missing, "backups")["status"], "manual");
    assert!(missing["attestations"][0]["void"].as_str().unwrap().contains("missing"), "{}", missing["attestations"]);
    assert!(missing["errors"].to_string().contains("drill.txt"), "{}", missing["errors"]);
    std::fs::write(place.path().join("drill.txt"), "abc").unwrap();
    let differs = report(&place, "2026-12-01");
    assert_eq!(status(&differs, "stack-attestations-current"), "fail");
    assert!(differs["attestations"][0]["void"].as_str().unwrap().contains("not the file"));
    // sha256 of "abc", FIPS 180-2 appendix B.1
    let place = stack(&with("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"));
    std::fs::write(place.path().join("drill.txt"), "abc").unwrap();
    let intact = report(&place, "2026-12-01");
    assert_eq!(
        (control(&intact, "backups")["status"].as_str(), status(&intact, "stack-attestations-current").as_str()),
        (Some("attested"), "pass")
    );
}

#[test]
fn the_snapshot_judges_alike() {
    let place = stack(BACKUPS);
    let direct = report(&place, "2026-12-01");
    super::run_in(place.path(), &["collect", "pacscan.yaml", "-o", "s.json", "--as-of", "2026-12-01"]).ends_with(0);
    let again = super::run_in(place.path(), &["audit", "s.json", "--as-of", "2026-12-01", "--format", "json"]).json();
    assert_eq!(direct, again);
}

#[test]
fn an_empty_file_is_no_evidence() {
    let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let place = stack(&BACKUPS.replace("statement:", &format!("evidence: {{file: drill.txt, sha256: {hash}}}, statement:")));
    std::fs::write(place.path().join("drill.txt"), "").unwrap();
    let report = report(&place, "2026-12-01");
    assert_eq!(
        (control(&report, "backups")["status"].as_str(), status(&report, "stack-attestations-current").as_str()),
        (Some("manual"), "fail")
    );
    assert!(report["attestations"][0]["void"].as_str().unwrap().contains("empty"), "{}", report["attestations"]);
}
