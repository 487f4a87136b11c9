//! The file itself: schema, errors with their place, roles and needs.

use super::support::{root, run};
use super::{Json, audit, folder, report, results, run_in, stack};

const FULL: &str = "name: clinic
targets: [.]
profiles: [go-live]
compose_profiles: [all]
probe: none
roots: [ca.pem]
roles: {a: pacs}
services: {a: pacs-1}
needs: {webdav: [a], mutual_tls: [a], swarm: true}
credentials: {\"https://pacs.example/\": {user: env:PACS_USER, password: file:/run/secrets/pacs}}
attestations:
  - {control: process-training, owner: J, date: 2026-11-01, expires: 2027-11-01, statement: S, evidence: {file: a.pdf, sha256: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad}}
waivers:
  - {check: container-memory-limit, subject: a, reason: R, owner: J, ticket: T, expires: 2026-12-31, compensating: container-not-privileged, image: \"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"}
evidence:
  - {file: scan.json, sha256: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad, date: 2026-11-20, max_age: 7, threshold: high}
";

fn with(text: &str) -> tempfile::TempDir {
    folder(&[("compose.yaml", super::COMPOSE), ("ca.pem", "x"), ("pacscan.yaml", text)])
}

/// The error output of an audit that is refused.
fn refused(text: &str) -> String {
    let ran = audit(&with(text), "2026-12-01", &[]).ends_with(2);
    assert!(ran.out.is_empty(), "{}", ran.out);
    ran.err
}

#[test]
fn every_field_is_in_the_schema_and_accepted() {
    let schema = run(&["schema", "stack"]).ends_with(0).json();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let json = |text: &str| -> Json { serde_saphyr::from_str(text).unwrap() };
    let errors: Vec<String> = validator.iter_errors(&json(FULL)).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:?}");
    for wrong in [
        FULL.replace("needs: {webdav", "needs: {webdaf"),
        FULL.replace("password: file:/run/secrets/pacs", "password: hunter2"),
        FULL.replace("max_age: 7", "max_age: 0"),
        FULL.replace("name: clinic\n", ""),
    ] {
        assert!(!validator.is_valid(&json(&wrong)), "{wrong}");
    }
    let shipped = std::fs::read_to_string(root().join("docker/stacks/clinic-hardened/pacscan.yaml")).unwrap();
    assert!(validator.is_valid(&json(&shipped)));
    let ran = audit(&with(FULL), "2026-12-01", &["--format", "json"]);
    assert!(ran.err.is_empty(), "{}", ran.err);
}

/// One wrong word in each field: the message names it, the line is right.
#[test]
fn typos_are_shown_at_their_place() {
    let cases = [
        ("name: clinic", "naem: clinic", 1, "naem"),
        ("targets: [.]", "targets: [nowhere]", 2, "nowhere"),
        ("profiles: [go-live]", "profile: [go-live]", 3, "profile"),
        ("compose_profiles", "compose_profile", 4, "compose_profile"),
        ("probe: none", "probe: nonne", 5, "nonne"),
        ("roots: [ca.pem]", "roots: [c.pem]", 6, "c.pem"),
        ("roles: {a: pacs}", "roles: {a: pax}", 7, "pax"),
        ("services: {a: pacs-1}", "services: {a: \"\"}", 8, "services"),
        ("webdav", "webdaf", 9, "webdaf"),
        ("swarm: true", "swarm: yes", 9, "pacscan.yaml"),
        ("control: process-training", "control: process-traning", 12, "process-training"),
        ("date: 2026-11-01", "date: 2026-13-01", 12, "pacscan.yaml"),
        ("expires: 2027-11-01", "expires: 2025-11-01", 12, "ends before it begins"),
        ("expires: 2027-11-01", "expires: 2047-11-01", 12, "too long"),
        ("statement: S", "statement: \"\"", 12, "statement"),
        ("a.pdf, sha256: ba", "a.pdf, sha256: xx", 12, "hexadecimal"),
        ("check: container-memory-limit", "check: container-memory-limt", 14, "container-memory-limit"),
        ("check: container-memory-limit", "check: process-training", 14, "confirmed by people"),
        ("check: container-memory-limit", "check: tls-offered", 14, "this version has no check"),
        ("compensating: container-not-privileged", "compensating: container-not-priviliged", 14, "container-not-privileged"),
        ("ticket: T", "tiket: T", 14, "tiket"),
        ("ticket: T, ", "", 14, "ticket"),
        ("\"sha256:ba", "\"md5:ba", 14, "image"),
        ("max_age: 7", "max_age: 0", 16, "max_age"),
        ("threshold: high", "threshold: hihg", 16, "hihg"),
        ("scan.json, sha256: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "scan.json", 16, "sha256"),
    ];
    for (right, wrong, line, says) in cases {
        let text = FULL.replacen(right, wrong, 1);
        assert_ne!(text, FULL, "{right}");
        let error = refused(&text);
        assert!(error.contains(says), "{wrong}: {error}");
        assert!(error.contains(&format!("pacscan.yaml:{line}")), "{wrong} in line {line}: {error}");
    }
}

#[test]
fn a_literal_credential_is_refused_and_never_printed() {
    let secret = "hunter2-very-secret";
    for credentials in [
        format!("credentials: {{pacs: {{password: {secret}}}}}\n"),
        format!("credentials:\n  pacs:\n    password: {secret}\n"),
        format!("credentials: {{pacs: {secret}}}\n"),
        format!("credentials: {{pacs: {{pasword: {secret}}}}}\n"),
        format!("credentials: {secret}\n"),
        format!("credentials:\n  pacs: {{password: \"{secret}\n"),
        format!("credential: {{pacs: {{password: {secret}}}}}\n"),
        format!("password: {secret}\n"),
    ] {
        let error = refused(&format!("name: clinic\n{credentials}"));
        assert!(!error.contains("hunter2"), "{error}");
        assert!(error.contains("pacscan.yaml"), "{error}");
    }
    let place = with("name: clinic\ncredentials: {pacs: {password: env:PACS_PASSWORD}}\n");
    run_in(place.path(), &["collect", "pacscan.yaml", "-o", "s.json"]).ends_with(0);
    let snapshot = std::fs::read_to_string(place.path().join("s.json")).unwrap();
    assert!(!snapshot.contains("PACS_PASSWORD"), "not even the reference is recorded");
}

#[test]
fn what_is_no_description_is_refused() {
    for text in ["", "[]", "a: &a [*a]", "name: x\nname: y\n", "name: [x]", "\u{0}", "name: x\ntargets: [pacscan.yaml]"] {
        refused(text);
    }
    let place = with("name: x\n");
    std::fs::rename(place.path().join("pacscan.yaml"), place.path().join("clinic.pacscan.yaml")).unwrap();
    run_in(place.path(), &["audit", "clinic.pacscan.yaml", "--fail-on", "never"]).ends_with(0);
}

#[test]
fn roles_are_given_and_misspelt_names_are_told() {
    let place = stack("roles: {a: database, gone: pacs}\n");
    let report = report(&place, "2026-12-01");
    assert_eq!(results(&report, "container-datastore-not-published").iter().filter(|r| r["status"] == "pass").count(), 1);
    assert!(report["errors"].to_string().contains("`gone`"), "{}", report["errors"]);
}

#[test]
fn the_targets_of_the_description_are_audited_and_named() {
    let report = report(&stack(""), "2026-12-01");
    assert_eq!(report["audit"]["targets"], serde_json::json!(["pacscan.yaml", "."]));
    assert_eq!(report["profiles"][0]["name"], "mine");
    let other = audit(&stack(""), "2026-12-01", &["--profile", "go-live", "--format", "json"]).json();
    assert_eq!(other["profiles"][0]["name"], "go-live", "the command line outranks the file");
}

#[test]
fn what_a_folder_leaves_unused_is_said() {
    let place = with("name: x\nprofiles: [go-lif]\ncompose_profiles: [prodd]\ntargets: [nowhere]\n");
    let report = run_in(place.path(), &["audit", ".", "--format", "json", "--as-of", "2026-12-01"]).json();
    let errors = report["errors"].to_string();
    for field in ["`profiles`", "`compose_profiles`", "`targets`", "pacscan.yaml"] {
        assert!(errors.contains(field), "{field}: {errors}");
    }
    let place = with("name: x\nprofiles: [go-live]\ntargets: [.]\n");
    let report = run_in(place.path(), &["audit", ".", "--format", "json", "--as-of", "2026-12-01"]).json();
    assert!(!report["errors"].to_string().contains("counts only"), "{}", report["errors"]);
}

#[test]
fn errors_say_what_to_write() {
    for (text, says) in [
        ("name: x\ntargets: y\n", "write `[one, two]`"),
        ("name: x\nneeds: y\n", "write `field: value`"),
        ("name: x\nname: y\n", "keep one of the two"),
        ("targets: [.]\n", "pacscan schema stack"),
        (
            "name: x\nattestations: [{control: a, owner: b, date: 2026-13-01, expires: 2026-12-01, statement: s}]\n",
            "2026-11-24 for example",
        ),
        ("name: x\nevidence: [{file: a, max_age: x}]\n", "without quotes, unit or fraction"),
    ] {
        let error = refused(text);
        assert!(error.contains(says), "{text}: {error}");
    }
}
