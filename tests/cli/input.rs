//! Bad input: each a clear message, and the exit code of the contract.

use std::os::unix::fs::{PermissionsExt, symlink};

use serde_json::Value as Json;

use super::support::{folder, results, run, run_in};

const CLINIC: &str = "docker/stacks/clinic";

fn says(arguments: &[&str], parts: &[&str]) {
    let ran = run(arguments).ends_with(2);
    assert!(ran.out.is_empty(), "{}", ran.out);
    for part in parts {
        assert!(ran.err.contains(part), "{part:?} is missing: {}", ran.err);
    }
}

#[test]
fn wrong_words_are_explained() {
    says(&["audit", CLINIC, "--profile", "go-liv"], &["go-liv", "did you mean", "go-live", "pre-deploy"]);
    says(&["audit", CLINIC, "--format", "jsn"], &["jsn", "table", "json"]);
    says(&["audit", CLINIC, "-o", "report.txt"], &["report.txt", ".json"]);
    says(&["audit", CLINIC, "--fail-on", "medum"], &["medum", "medium", "never"]);
    says(&["audit", "/nope/compose.yaml"], &["/nope/compose.yaml", "no file or folder"]);
    says(&["audit", "https://pacs.example/"], &["https://pacs.example/", "does not audit yet"]);
    says(&["audit", "docker://host"], &["docker+tcp://"]);
    says(&["audit", "docker+ssh://-oProxyCommand=x"], &["docker+ssh"]);
    says(&["audit", CLINIC, "--checks", "/nope"], &["/nope"]);
    says(&["audit", CLINIC, "-o", "/nope/report.json"], &["/nope/report.json"]);
    says(&["explain", "container-non-rot"], &["container-non-rot", "did you mean `container-non-root`"]);
    says(&["checks", "show", "nothing-like-it"], &["nothing-like-it", "checks list"]);
    says(&["profiles", "show", "go-liv"], &["did you mean `go-live`"]);
    says(&["collect", CLINIC, "-o", "snapshot.yaml"], &[".json"]);
    says(&["audit", "Cargo.toml"], &["Cargo.toml"]);
    says(&["audit", "LICENSE"], &["LICENSE", "neither"]);
}

#[test]
fn folders_without_a_compose_file() {
    let empty = folder(&[]);
    let ran = run_in(empty.path(), &["audit"]).ends_with(3);
    assert!(ran.out.contains("no compose file") && ran.out.contains("compose.yaml"), "{}", ran.out);
    run_in(empty.path(), &["audit", "--fail-on", "never"]).ends_with(3);
    symlink(".", empty.path().join("again")).unwrap();
    run_in(empty.path(), &["audit", "again/again/again"]).ends_with(3);
    symlink("b", empty.path().join("a")).unwrap();
    symlink("a", empty.path().join("b")).unwrap();
    assert!(run_in(empty.path(), &["audit", "a"]).ends_with(2).err.contains("`a` cannot be read"));
}

#[test]
fn a_folder_that_holds_itself_is_audited_once() {
    let text = "services:\n  a:\n    image: x:1\n    env_file: self/self/e.env\n    volumes: [\"./self:/data\"]\n";
    let looped = folder(&[("compose.yaml", text), ("e.env", "A=1\n")]);
    symlink(".", looped.path().join("self")).unwrap();
    let report = run_in(looped.path(), &["audit", "--format", "json", "--fail-on", "never"]).ends_with(0).json();
    assert_eq!(results(&report, "container-not-privileged").len(), 1);
}

#[test]
fn an_unreadable_file_is_no_pass() {
    let stack = folder(&[("compose.yaml", "services: {a: {image: x}}\n")]);
    let file = stack.path().join("compose.yaml");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::read(&file).is_ok() {
        eprintln!("not tried: this user may read everything (root)");
        return;
    }
    let ran = run_in(stack.path(), &["audit", "--format", "json"]);
    assert!(matches!(ran.code, 2 | 3), "{} {}", ran.code, ran.err);
    assert!(format!("{}{}", ran.out, ran.err).to_lowercase().contains("permission"), "{}", ran.err);
}

/// Every check about containers, when no file could be made sense of.
fn nothing_about_containers_is_decided(report: &Json) {
    let decided = report["results"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|result| result["check"].as_str().unwrap().starts_with("container-") && result["status"] != "not_evaluated");
    let decided: Vec<_> = decided.map(|result| format!("{} {}", result["check"], result["status"])).collect();
    assert!(decided.is_empty(), "nobody has seen the services: {decided:?}");
}

#[test]
fn a_broken_compose_file_is_a_finding_with_a_whole_report() {
    let stack = folder(&[("compose.yaml", "services:\n  a:\n   image: x\n  b: [1, 2\n  c: d: e\n")]);
    let report = run_in(stack.path(), &["audit", "--format", "json"]).ends_with(1).json();
    let parses = results(&report, "compose-parses");
    assert_eq!((parses.len(), &parses[0]["status"]), (1, &"fail".into()));
    assert!(parses[0]["message"].as_str().unwrap().contains("compose.yaml:"), "{}", parses[0]["message"]);
    nothing_about_containers_is_decided(&report);
    run_in(stack.path(), &["audit", "--fail-on", "never"]).ends_with(0);
}

#[test]
fn a_compose_file_of_version_1_is_not_evaluated() {
    let stack = folder(&[("docker-compose.yml", "web:\n  image: x:1\n  ports: [\"80:80\"]\n")]);
    let report = run_in(stack.path(), &["audit", "--format", "json"]).ends_with(3).json();
    let parses = results(&report, "compose-parses");
    assert_eq!((&parses[0]["status"], &parses[0]["reason"]), (&"not_evaluated".into(), &"unsupported".into()));
    nothing_about_containers_is_decided(&report);
}

#[test]
fn snapshots_that_cannot_be_used() {
    let place = folder(&[]);
    run_in(place.path(), &["collect", concat!(env!("CARGO_MANIFEST_DIR"), "/docker/stacks/clinic"), "-o", "s.json"]).ends_with(0);
    let whole = std::fs::read_to_string(place.path().join("s.json")).unwrap();
    let with = |text: &str, parts: &[&str]| {
        std::fs::write(place.path().join("t.json"), text).unwrap();
        let ran = run_in(place.path(), &["audit", "t.json"]).ends_with(2);
        for part in parts {
            assert!(ran.err.contains(part), "{part:?} is missing: {}", ran.err);
        }
    };
    for part in [0, 1, 2, 10, whole.len() / 2, whole.len() - 1] {
        with(&whole[..part], &["t.json", "cannot be used", "collect it again"]);
    }
    with(&whole.replacen("\"schema_version\":\"1.0\"", "\"schema_version\":\"2.0\"", 1), &["2.0", "1.0", "at least as new"]);
    let beside = run_in(place.path(), &["audit", "s.json", "docker:///nonexistent.sock"]).ends_with(2);
    assert!(beside.err.contains("by itself"), "{}", beside.err);
    std::fs::write(place.path().join("s.json"), b"\xff\xfe").unwrap();
    run_in(place.path(), &["audit", "s.json"]).ends_with(2);
}

#[test]
fn a_file_of_another_kind_does_not_print_its_values() {
    let place = folder(&[
        ("a.json", "\"hunter2Kanarie\""),
        ("b.json", "{\"schema_version\": \"hunter2Kanarie\"}"),
        ("c.json", "{\"schema_version\": \"1.0\", \"tool\": \"hunter2Kanarie\"}"),
        ("d.json", "{\"schema_version\": \"1.0\", \"probe\": \"hunter2Kanarie\", \"results\": [\"hunter2Kanarie\"]}"),
        ("compose.yaml", "services: {}\n"),
    ]);
    for file in ["a.json", "b.json", "c.json", "d.json"] {
        for arguments in [&["audit", file][..], &["audit", "--baseline", file]] {
            let ran = run_in(place.path(), arguments).ends_with(2);
            assert!(!ran.err.contains("Kanarie"), "{arguments:?}: {}", ran.err);
        }
    }
}

#[test]
fn an_error_in_a_check_file_has_its_place_and_a_caret() {
    let check = "id: site-x\ntitle: A site's own\nseverity: high\nsubject: container\npass: container.privilegd == false\nmessage: m\n\
                 expected: e\nobserved: o\nwhy: w\nfix: f\nreferences: []\ncases: []\n";
    let place = folder(&[("site-x.yaml", check)]);
    let ran = run(&["audit", CLINIC, "--checks", place.path().to_str().unwrap()]).ends_with(2);
    for part in ["site-x.yaml:5:7", "^^^^", "did you mean `container.privileged`?"] {
        assert!(ran.err.contains(part), "{part:?} is missing: {}", ran.err);
    }
    let broken = folder(&[("x.yaml", "id: [a\nb: c: d\n")]);
    assert!(run(&["checks", "test", "--checks", broken.path().to_str().unwrap()]).ends_with(2).err.contains("x.yaml:1:5"));
}
