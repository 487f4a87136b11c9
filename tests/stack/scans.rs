//! Reports of scanners as evidence.

use super::{Json, audit, folder, report, results};

const ONE: &str = "name: clinic\nservices:\n  a:\n    image: x/a:1\n";

fn trivy(name: &str, created: &str, severity: Option<&str>) -> String {
    let findings = severity.map_or_else(
        || "[]".to_owned(),
        |s| format!("[{{\"VulnerabilityID\": \"CVE-1\", \"Severity\": \"{s}\", \"FixedVersion\": \"2\"}}]"),
    );
    format!(
        "{{\"SchemaVersion\": 2, \"CreatedAt\": \"{created}\", \"ArtifactName\": \"{name}\", \"ArtifactType\": \"container_image\", \
         \"Metadata\": {{\"ImageID\": \"sha256:aa\", \"RepoTags\": [\"{name}\"]}}, \"Results\": [{{\"Class\": \"os-pkgs\", \"Vulnerabilities\": {findings}}}]}}"
    )
}

/// Status and message of one of the two checks, at 2026-11-24.
fn judge(check: &str, evidence: &str, files: &[(&str, &str)]) -> (String, String) {
    let text = format!("name: clinic\ntargets: [.]\n{evidence}");
    let all = [&[("compose.yaml", ONE), ("pacscan.yaml", text.as_str())], files].concat();
    let report = report(&folder(&all), "2026-11-24");
    let result: Json = results(&report, check)[0].clone();
    (result["status"].as_str().unwrap().to_owned(), format!("{} {}", result["message"], report["errors"]))
}

#[test]
fn scans_of_images() {
    let list = "evidence: [{file: s.json}]\n";
    let clean = trivy("x/a:1", "2026-11-20T08:00:00Z", None);
    let cases = [
        ("fresh and clean", list, clean.clone(), "pass", ""),
        ("the reference as the engine completes it", list, trivy("docker.io/x/a:1", "2026-11-20T08:00:00Z", None), "pass", ""),
        (
            "another registry",
            list,
            trivy("evil.example/x/a:1", "2026-11-20T08:00:00Z", None),
            "not_evaluated",
            "no report is about x/a:1",
        ),
        ("another tag", list, trivy("x/a:2", "2026-11-20T08:00:00Z", None), "not_evaluated", "no report is about x/a:1"),
        ("stale", list, trivy("x/a:1", "2026-11-10T08:00:00Z", None), "fail", "14 days old"),
        (
            "stale, and allowed to be",
            "evidence: [{file: s.json, max_age: 30}]\n",
            trivy("x/a:1", "2026-11-10T08:00:00Z", None),
            "pass",
            "",
        ),
        ("from the future", list, trivy("x/a:1", "2027-11-10T08:00:00Z", None), "fail", "future"),
        ("a finding at the threshold", list, trivy("x/a:1", "2026-11-20T08:00:00Z", Some("HIGH")), "fail", "1 high"),
        ("a finding below it", list, trivy("x/a:1", "2026-11-20T08:00:00Z", Some("MEDIUM")), "pass", ""),
        (
            "a lower threshold",
            "evidence: [{file: s.json, threshold: medium}]\n",
            trivy("x/a:1", "2026-11-20T08:00:00Z", Some("MEDIUM")),
            "fail",
            "1 medium",
        ),
        (
            "a finding without a severity",
            list,
            trivy("x/a:1", "2026-11-20T08:00:00Z", Some("UNKNOWN")),
            "not_evaluated",
            "no severity",
        ),
        ("cut off", list, clean[..60].to_owned(), "not_evaluated", "no readable report"),
        (
            "another file than was written down",
            "evidence: [{file: s.json, sha256: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad}]\n",
            clean.clone(),
            "fail",
            "not the file",
        ),
        ("missing", "evidence: [{file: t.json}]\n", clean.clone(), "not_evaluated", "missing"),
        ("none given", "", clean, "not_evaluated", "evidence:"),
    ];
    for (name, evidence, text, expected, says) in cases {
        let (status, message) = judge("process-image-scan-clean", evidence, &[("s.json", &text)]);
        assert_eq!(status, expected, "{name}: {message}");
        assert!(message.contains(says), "{name}: {message}");
    }
}

#[test]
fn audits_of_dependencies() {
    let npm = |high: u32| {
        format!(
            "{{\"auditReportVersion\": 2, \"vulnerabilities\": {{}}, \"metadata\": {{\"vulnerabilities\": {{\"low\": 0, \"moderate\": 1, \"high\": {high}, \"critical\": 0}}, \"dependencies\": {{\"total\": 9}}}}}}"
        )
    };
    let check = "process-dependency-audit-clean";
    let (status, message) = judge(check, "evidence: [{file: n.json}]\n", &[("n.json", &npm(0))]);
    assert_eq!(status, "not_evaluated", "npm audit names no date: {message}");
    let hash = |text: &str| {
        use sha2::Digest as _;
        sha2::Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    for (high, date, expected) in [(0, "2026-11-20", "pass"), (1, "2026-11-20", "fail"), (0, "2026-10-20", "fail")] {
        let text = npm(high);
        let evidence = format!("evidence: [{{file: n.json, date: {date}, sha256: {}}}]\n", hash(&text));
        assert_eq!(judge(check, &evidence, &[("n.json", &text)]).0, expected, "{high} {date}");
    }
    assert_eq!(judge(check, "", &[]).0, "not_evaluated");
    // A scan of an image says nothing about the dependencies of the source, and the other way round.
    let image = trivy("x/a:1", "2026-11-20T08:00:00Z", None);
    assert_eq!(judge(check, "evidence: [{file: s.json}]\n", &[("s.json", &image)]).0, "not_evaluated");
    assert_eq!(judge("process-image-scan-clean", "evidence: [{file: n.json}]\n", &[("n.json", &npm(0))]).0, "not_evaluated");
}

#[test]
fn without_a_description_they_are_unproven() {
    let place = folder(&[("compose.yaml", ONE)]);
    let report = super::run_in(place.path(), &["audit", "--format", "json", "--as-of", "2026-11-24"]).json();
    for check in ["process-image-scan-clean", "process-dependency-audit-clean"] {
        let result = results(&report, check)[0];
        assert_eq!((&result["status"], &result["reason"]), (&"not_evaluated".into(), &"unproven".into()), "{check}");
    }
    assert_eq!(results(&report, "stack-waivers-current")[0]["status"], "not_applicable");
    let table = audit(&folder(&[("compose.yaml", ONE), ("pacscan.yaml", "name: x\n")]), "2026-11-24", &[]).out;
    assert!(table.contains("Give a scanner's report as evidence"), "{table}");
}
