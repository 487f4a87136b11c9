//! The labelled lab: verdicts on real containers and stacks of a real engine, against truth written from the flags.
//!
//! Only with `PACSCAN_LAB=1`; `tests/run` brings the engine, the matrix and the stacks up.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Entry {
    name: String,
    #[serde(default)]
    host: Option<String>,
    #[serde(default)]
    needs: Option<String>,
    #[serde(default)]
    expect: BTreeMap<String, String>,
    #[serde(default)]
    severity: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Unreachable {
    status: String,
    checks: Vec<String>,
}

#[derive(Deserialize)]
struct Expected {
    #[serde(rename = "static")]
    files: Vec<Row>,
    running: Vec<Row>,
    gate: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Row {
    check: String,
    status: String,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    service: Option<String>,
    #[serde(default)]
    image: Option<String>,
}

/// Whether the lab is wanted; said aloud when it is not.
fn wanted() -> bool {
    let wanted = std::env::var("PACSCAN_LAB").is_ok_and(|value| value == "1");
    if !wanted {
        println!("not run: set PACSCAN_LAB=1 (tests/run does, with an engine)");
    }
    wanted
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Exit code and JSON report.
fn audit(targets: &[&str]) -> (i32, Value) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pacscan"));
    let output = command.current_dir(root()).arg("audit").args(targets).args(["--format", "json"]).output().unwrap();
    let report =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code().unwrap(), report)
}

fn read<T: serde::de::DeserializeOwned>(path: PathBuf) -> T {
    serde_saphyr::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn results(report: &Value) -> impl Iterator<Item = &Value> {
    report["results"].as_array().unwrap().iter()
}

#[test]
fn the_matrix_is_judged_without_a_mistake() {
    if !wanted() {
        return;
    }
    let entries: Vec<Entry> = read(root().join("tests/lab/matrix.yaml"));
    let (_, report) = audit(&["docker:"]);
    let found: BTreeMap<(&str, &str), &Value> =
        results(&report).map(|r| ((r["subject"]["name"].as_str().unwrap(), r["check"].as_str().unwrap()), r)).collect();
    let (mut labels, mut containers, mut wrong) = (0, 0, Vec::new());
    for entry in &entries {
        let name = format!("pacscan-m-{}", entry.name);
        if !found.keys().any(|(subject, _)| *subject == name) {
            assert!(entry.host.is_some() || entry.needs.is_some(), "{name} does not exist: run tests/lab/matrix up");
            continue;
        }
        containers += 1;
        for (field, wants) in [("status", &entry.expect), ("severity", &entry.severity)] {
            for (check, want) in wants {
                labels += 1;
                let result = found.get(&(&name, check)).unwrap_or_else(|| panic!("{name} has no result of {check}"));
                if result[field] != *want {
                    wrong
                        .push(format!("{name}: {check}: the flags say {want}, pacscan {}: {}", result[field], result["message"]));
                }
            }
        }
    }
    assert!(containers >= 120, "{containers} containers are too few");
    assert!(wrong.is_empty(), "{} of {labels} labels:\n{}", wrong.len(), wrong.join("\n"));
    eprintln!("{containers} containers, {labels} labels, all right");
}

/// Every container check has a label of each kind, or stands in `unreachable.yaml`.
#[test]
fn every_check_has_its_labels() {
    let entries: Vec<Entry> = read(root().join("tests/lab/matrix.yaml"));
    let labels: BTreeSet<(&str, &str)> =
        entries.iter().flat_map(|e| &e.expect).map(|(check, status)| (check.as_str(), status.as_str())).collect();
    let unreachable: Vec<Unreachable> = read(root().join("tests/lab/unreachable.yaml"));
    let excused = |id: &str, status: &str| {
        unreachable
            .iter()
            .any(|u| u.checks.iter().any(|c| c == id) && (u.status == "any" || u.status.split(" and ").any(|s| s == status)))
    };
    let part_1 = include_str!("checks.tsv").lines().map(|line| line.split('\t').collect::<Vec<_>>());
    for row in part_1.filter(|row| row[1] == "container" && row[5] == "1") {
        for status in ["pass", "fail", "not_evaluated"] {
            assert!(labels.contains(&(row[0], status)) || excused(row[0], status), "{}: no label `{status}`", row[0]);
        }
    }
}

/// Rows of a stack's `expected.yaml` that a report contradicts.
fn contradictions(report: &Value, rows: &[Row]) -> Vec<String> {
    let fits = |row: &Row, result: &Value| {
        let subject = &result["subject"];
        let image = |wanted: &String| {
            subject["name"].as_str().is_some_and(|name| name.split(", ").any(|n| n == wanted))
                || result["evidence"].to_string().contains(wanted)
        };
        result["check"] == *row.check
            && match (&row.service, &row.subject, &row.image) {
                (Some(service), ..) => subject["service"] == **service,
                (_, Some(name), _) => subject["name"] == **name || subject["service"] == **name,
                (.., Some(wanted)) => image(wanted),
                _ => true,
            }
    };
    let mut wrong = Vec::new();
    for row in rows {
        let which = row.service.as_ref().or(row.subject.as_ref()).or(row.image.as_ref());
        let mut hits = results(report).filter(|result| fits(row, result)).peekable();
        if hits.peek().is_none() {
            wrong.push(format!("{} on {which:?}: no result", row.check));
        }
        for result in hits.filter(|result| result["status"] != *row.status) {
            wrong.push(format!(
                "{} on {which:?}: the files say {}, pacscan {}: {}",
                row.check, row.status, result["status"], result["message"]
            ));
        }
    }
    wrong
}

fn stack(name: &str) {
    let folder = format!("docker/stacks/{name}");
    let expected: Expected = read(root().join(&folder).join("expected.yaml"));
    let (code, running) = audit(&[&folder, "docker:"]);
    let wrong = contradictions(&running, &expected.running);
    assert!(wrong.is_empty(), "{name}, running:\n{}", wrong.join("\n"));
    assert_eq!(running["verdict"]["decision"], *expected.gate["running"], "{name}: {}", running["verdict"]);
    assert_eq!(code, i32::from(expected.gate["running"] != "go"));
    if let Some(grade) = expected.gate.get("grade") {
        assert_eq!(running["profiles"][0]["grade"], **grade);
    }
}

#[test]
fn the_clinic_is_told_apart_from_the_hardened_clinic() {
    if wanted() {
        stack("clinic");
        stack("clinic-hardened");
    }
}

/// Needs no engine: files alone.
#[test]
fn the_files_of_the_stacks_say_what_they_say() {
    for name in ["clinic", "clinic-hardened"] {
        let folder = format!("docker/stacks/{name}");
        let expected: Expected = read(root().join(&folder).join("expected.yaml"));
        let (code, report) = audit(&[&folder]);
        let secrets = root().join(&folder).join("secrets").exists();
        let rows: Vec<Row> =
            expected.files.into_iter().filter(|row| !(secrets && row.check == "compose-bind-sources-exist")).collect();
        let wrong = contradictions(&report, &rows);
        assert!(wrong.is_empty(), "{name}, static:\n{}", wrong.join("\n"));
        assert_eq!(report["verdict"]["decision"], *expected.gate["static"], "{name}: {}", report["verdict"]);
        assert_eq!(code, if expected.gate["static"] == "no_go" { 1 } else { 3 });
    }
}

/// Our own image passes our own audit.
#[test]
fn our_own_image_is_clean() {
    if !wanted() {
        return;
    }
    let (_, report) = audit(&["docker:", "--container", "pacscan-self"]);
    let bad: Vec<String> = results(&report)
        .filter(|r| r["subject"]["kind"] == "container" || r["subject"]["kind"] == "image")
        .filter(|r| r["status"] == "fail" && r["check"] != "container-image-pinned" && r["check"] != "container-restart-policy")
        .map(|r| format!("{}: {}", r["check"], r["message"]))
        .collect();
    assert!(
        results(&report).any(|r| r["subject"]["name"] == "pacscan-self"),
        "docker/image and the container pacscan-self are missing"
    );
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}
