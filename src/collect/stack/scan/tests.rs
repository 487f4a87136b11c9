#![allow(clippy::unwrap_used, reason = "a test")]

use super::*;

fn facts(text: &str) -> Record {
    let mut record = Record::new();
    write(text, None, &mut record).unwrap();
    record
}

const TRIVY: &str = r#"{"SchemaVersion": 2, "CreatedAt": "2026-11-20T08:00:00.123456789+01:00", "ArtifactName": "clinic/orthanc:1.0",
 "ArtifactType": "container_image",
 "Metadata": {"ImageID": "sha256:aa", "RepoTags": ["clinic/orthanc:1.0"], "RepoDigests": ["clinic/orthanc@sha256:bb"]},
 "Results": [{"Target": "debian", "Class": "os-pkgs", "Vulnerabilities": [
   {"VulnerabilityID": "CVE-1", "Severity": "HIGH", "FixedVersion": "1.2"}, {"VulnerabilityID": "CVE-2", "Severity": "UNKNOWN"}]}]}"#;

#[test]
fn trivy_names_the_image_and_its_flaws() {
    let facts = facts(TRIVY);
    assert_eq!((facts.text("scanner"), facts.text("kind")), (Some("Trivy"), Some("image")));
    assert_eq!((facts.int("high"), facts.int("unrated"), facts.int("fixable")), (Some(1), Some(1), Some(1)));
    assert_eq!(facts.list("ids").unwrap().texts().collect::<Vec<_>>(), ["sha256:aa", "sha256:bb"]);
    assert!(facts.get("gap").is_absent());
}

#[test]
fn a_report_that_searched_nothing_shows_nothing() {
    for text in [
        r#"{"SchemaVersion": 2, "ArtifactName": "x", "ArtifactType": "container_image"}"#,
        r#"{"SchemaVersion": 2, "ArtifactName": "x", "ArtifactType": "container_image", "Results": [{"Class": "secret"}]}"#,
        r#"{"dependencies": [], "fixes": []}"#,
        r#"{"dependencies": [{"name": "a", "skip_reason": "not on PyPI"}], "fixes": []}"#,
    ] {
        assert!(facts(text).text("gap").is_some(), "{text}");
    }
    let ended = TRIVY.replace("\"ImageID\"", "\"OS\": {\"Family\": \"debian\", \"Name\": \"10\", \"EOSL\": true}, \"ImageID\"");
    assert!(facts(&ended).text("gap").unwrap().contains("end of life"));
}

#[test]
fn every_scanner_is_told_apart() {
    let grype = r#"{"matches": [{"vulnerability": {"id": "CVE-1", "severity": "Critical", "fix": {"state": "fixed", "versions": ["2"]}}}],
      "source": {"type": "image", "target": {"userInput": "nginx:1", "imageID": "sha256:aa", "manifestDigest": "sha256:cc", "tags": ["nginx:1"], "repoDigests": []}},
      "descriptor": {"name": "grype", "version": "0.90.0", "timestamp": "2026-11-20T08:00:00Z"}}"#;
    let npm = r#"{"auditReportVersion": 2, "vulnerabilities": {"a": {"severity": "high", "fixAvailable": {"name": "b"}}, "c": {"fixAvailable": false}},
      "metadata": {"vulnerabilities": {"info": 0, "low": 1, "moderate": 2, "high": 3, "critical": 0, "total": 6}, "dependencies": {"total": 9}}}"#;
    let pip = r#"{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"], "aliases": []}]}], "fixes": []}"#;
    let osv = r#"{"results": [{"source": {"path": "x", "type": "lockfile"}, "packages": [{"package": {"name": "a"}, "vulnerabilities": [{"id": "G"}, {"id": "C"}],
      "groups": [{"ids": ["G", "C"], "max_severity": "9.8"}]}]}]}"#;
    let cases =
        [(grype, "Grype", 1, 0, 0), (npm, "npm audit", 0, 3, 0), (pip, "pip-audit", 0, 0, 1), (osv, "osv-scanner", 1, 0, 0)];
    for (text, scanner, critical, high, unrated) in cases {
        let facts = facts(text);
        assert_eq!(facts.text("scanner"), Some(scanner));
        assert_eq!((facts.int("critical"), facts.int("high"), facts.int("unrated")), (Some(critical), Some(high), Some(unrated)));
    }
    assert_eq!(facts(grype).text("created"), Some("2026-11-20T08:00:00Z"));
    assert!(facts(npm).text("created").is_none(), "npm audit says no date");
}

#[test]
fn what_is_no_report_is_said_without_its_content() {
    for text in [
        "",
        "hunter2",
        "{\"password\": \"hunter2\"}",
        "[1]",
        "{\"matches\": \"hunter2\", \"descriptor\": {}}",
        "{\"SchemaVersion\": 2, \"ArtifactName\": 5}",
    ] {
        let why = write(text, None, &mut Record::new()).unwrap_err();
        assert!(!why.contains("hunter2"), "{why}");
    }
}

#[test]
fn reports_of_other_tools_are_not_known() {
    for text in [
        r#"{"errors": [], "paths": {"scanned": ["a.py"]}, "results": [], "skipped_rules": [], "version": "1.90.0"}"#,
        r#"{"errors": [], "generated_at": "2026-11-23T00:00:00Z", "metrics": {"_totals": {}}, "results": []}"#,
        r#"{"results": []}"#,
        r#"{"results": null}"#,
        r#"{"results": [{"check_id": "x"}]}"#,
        r#"{"dependencies": []}"#,
        r#"{"name": "app", "dependencies": []}"#,
    ] {
        let why = write(text, None, &mut Record::new()).unwrap_err();
        assert!(why.contains("no report that pacscan knows"), "{text}: {why}");
    }
    let clean = r#"{"results": [], "experimental_config": {"licenses": {"summary": false, "allowlist": null}}}"#;
    assert_eq!(facts(clean).text("scanner"), Some("osv-scanner"));
}
