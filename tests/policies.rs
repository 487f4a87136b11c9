//! The profiles of the four published policies: every line a control, and what files must give under them.
//!
//! `tests/policies/README.md` describes the data. Real files are read from the folder that `PACSCAN_STACKS` names.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

mod support;
use support::{root, run};

/// Profile, prefix of its ids, lines of the policy, items of the project's other documents.
const POLICIES: [(&str, &str, usize, usize); 4] = [
    ("orthanc-dicomweb-oauth", "s0", 30, 25),
    ("cbct-platform", "s1", 56, 6),
    ("chest-xray-detector", "s2", 58, 17),
    ("aimedres", "s3", 43, 31),
];
/// Group of the items that do not come from the policy itself.
const SECOND_GROUP: &str = "repository documents";

#[derive(Deserialize)]
struct Profile {
    controls: Vec<Control>,
}

#[derive(Deserialize)]
struct Control {
    id: String,
    checks: Vec<String>,
    group: Option<String>,
    weight: Option<f64>,
    required: Option<bool>,
    references: Vec<String>,
}

#[derive(Deserialize)]
struct Fixture {
    #[serde(rename = "static")]
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Expected {
    profile: String,
    folder: String,
    audits: Vec<Audit>,
}

#[derive(Deserialize)]
struct Audit {
    targets: Vec<String>,
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    item: String,
    control: Option<String>,
    check: Option<String>,
    subject: Option<String>,
    status: Option<String>,
    fixture: Option<String>,
}

/// A file of `src/knowledge/apps`, as its README describes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Application {
    version: String,
    id: String,
    title: String,
    recognise: BTreeMap<String, Vec<String>>,
    versions: BTreeMap<String, String>,
    complete: BTreeMap<String, bool>,
    #[serde(default)]
    closed: Vec<String>,
    #[serde(default)]
    passes: Vec<String>,
    settings: Vec<Setting>,
    unread: Vec<Unread>,
    sources: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Setting {
    name: String,
    kind: String,
    means: String,
    default: String,
    #[serde(default)]
    safe: Vec<String>,
    #[serde(default)]
    r#unsafe: Vec<String>,
    #[serde(default)]
    secret: bool,
    #[serde(default)]
    also: Vec<String>,
    check: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unread {
    name: String,
    kind: String,
    because: String,
    meant: Option<String>,
}

fn known_checks() -> BTreeSet<&'static str> {
    include_str!("checks.tsv").lines().filter_map(|line| line.split('\t').next()).collect()
}

fn read<T: serde::de::DeserializeOwned>(path: &Path) -> T {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_saphyr::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn profile(name: &str) -> Profile {
    read(&root().join(format!("profiles/{name}.yaml")))
}

fn expected(name: &str) -> Expected {
    read(&root().join(format!("tests/policies/{name}.yaml")))
}

fn fixtures() -> BTreeMap<String, Fixture> {
    let folders = std::fs::read_dir(root().join("tests/policies/fixtures")).unwrap().map(|entry| entry.unwrap().path());
    folders.map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), read(&path.join("expected.yaml")))).collect()
}

#[test]
fn every_line_is_a_control_in_order() {
    let known = known_checks();
    for (name, prefix, lines, others) in POLICIES {
        let controls = profile(name).controls;
        let ids: Vec<&str> = controls.iter().map(|c| c.id.as_str()).collect();
        let wanted: Vec<String> = (1..=lines + others).map(|n| format!("{prefix}-{n:02}")).collect();
        assert_eq!(ids, wanted, "{name}");
        for (at, control) in controls.iter().enumerate() {
            let second = at >= lines;
            assert_eq!(control.group.as_deref() == Some(SECOND_GROUP), second, "{}: group", control.id);
            assert!(!second || control.weight == Some(0.0) && control.required == Some(false), "{}: decides", control.id);
            assert!(!control.references.is_empty(), "{}: where does it come from?", control.id);
            let unknown: Vec<&String> = control.checks.iter().filter(|id| !known.contains(id.as_str())).collect();
            assert!(unknown.is_empty(), "{}: no such checks: {unknown:?}", control.id);
        }
        run(&["profiles", "show", name]).ends_with(0);
    }
}

/// Every item of every profile has an expectation, and those about files that are not supplied have a fixture.
#[test]
fn every_control_has_an_expectation() {
    let fixtures = fixtures();
    for (name, ..) in POLICIES {
        let rows: Vec<Row> = expected(name).audits.into_iter().flat_map(|audit| audit.rows).collect();
        let ids: BTreeSet<String> = profile(name).controls.into_iter().map(|c| c.id).collect();
        let items: BTreeSet<String> = rows.iter().map(|row| row.item.clone()).collect();
        assert_eq!(items, ids, "{name}");
        for row in &rows {
            let Some(fixture) = &row.fixture else { continue };
            let stands_for = fixtures.get(fixture).unwrap_or_else(|| panic!("{}: there is no fixture {fixture}", row.item));
            let has = |check: &String| stands_for.rows.iter().any(|r| r.check.as_ref() == Some(check));
            assert!(row.check.as_ref().is_none_or(has), "{}: {fixture} does not show it", row.item);
        }
    }
}

#[test]
fn the_traps_are_found() {
    let mut wrong = Vec::new();
    for (name, fixture) in fixtures() {
        // A copy: inside this repository a fixture would be a part of it.
        let copy = tempfile::tempdir().unwrap();
        let folder = copy.path().join(&name);
        copy_folder(&root().join("tests/policies/fixtures").join(&name), &folder);
        let report = run(&["audit", &folder.display().to_string(), "--format", "json", "--fail-on", "never"]).json();
        wrong.extend(fixture.rows.iter().filter_map(|row| contradiction(&report, row)).map(|what| format!("{name}: {what}")));
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn real_files_give_what_the_policies_say() {
    let Some(stacks) = std::env::var_os("PACSCAN_STACKS") else {
        println!("left out: real files of the four projects (PACSCAN_STACKS is not set)");
        return;
    };
    let (mut wrong, mut rows) = (Vec::new(), 0);
    for (name, ..) in POLICIES {
        let expected = expected(name);
        let folder = Path::new(&stacks).join(&expected.folder);
        assert!(folder.is_dir(), "PACSCAN_STACKS holds no {}", expected.folder);
        for audit in &expected.audits {
            let targets: Vec<String> = audit.targets.iter().map(|t| folder.join(t).display().to_string()).collect();
            let mut arguments = vec!["audit"];
            arguments.extend(targets.iter().map(String::as_str));
            arguments.extend(["--profile", &expected.profile, "--format", "json", "--fail-on", "never"]);
            let report = run(&arguments).json();
            rows += audit.rows.len();
            for row in &audit.rows {
                let found = [control_contradiction(&report, row), contradiction(&report, row)];
                wrong.extend(found.into_iter().flatten().map(|what| format!("{name} {:?}: {}: {what}", audit.targets, row.item)));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {rows} rows:\n{}", wrong.len(), wrong.join("\n"));
    eprintln!("{rows} rows of four projects, all right");
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if path.is_dir() {
            copy_folder(&path, &to.join(name));
        } else {
            std::fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

fn control_contradiction(report: &Value, row: &Row) -> Option<String> {
    let wanted = row.control.as_ref()?;
    let control = report["profiles"][0]["controls"].as_array().unwrap().iter().find(|c| c["id"] == *row.item).unwrap();
    (control["status"] != **wanted).then(|| format!("the control is {}, the files say {wanted}", control["status"]))
}

/// What a report says against a row, if anything. A row about a fixture is checked there.
fn contradiction(report: &Value, row: &Row) -> Option<String> {
    let (Some(check), Some(status)) = (&row.check, &row.status) else { return None };
    let of_check = || report["results"].as_array().unwrap().iter().filter(|result| result["check"] == **check);
    let exact = |result: &&Value, subject: &str| result["subject"]["name"] == subject || result["subject"]["service"] == subject;
    let ends = |result: &&Value, subject: &str| result["subject"]["name"].as_str().is_some_and(|name| name.contains(subject));
    let hits: Vec<&Value> = match &row.subject {
        None => of_check().collect(),
        Some(subject) => {
            let hits: Vec<&Value> = of_check().filter(|result| exact(result, subject)).collect();
            if hits.is_empty() { of_check().filter(|result| ends(result, subject)).collect() } else { hits }
        }
    };
    let subject = row.subject.as_deref().unwrap_or("all");
    if hits.is_empty() {
        return (status != "not_evaluated").then(|| format!("{check} on {subject}: no result, the files say {status}"));
    }
    let other = hits.iter().find(|result| result["status"] != **status)?;
    Some(format!("{check} on {subject}: {}, the files say {status}: {}", other["status"], other["message"]))
}

/// What the README of the data says; the loader itself is more lenient.
#[test]
fn application_knowledge_is_well_formed() {
    let known = known_checks();
    let kinds = ["environment", "option", "key"];
    let mut ids = BTreeSet::new();
    for entry in std::fs::read_dir(root().join("src/knowledge/apps")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "yaml") {
            continue;
        }
        let app: Application = read(&path);
        let file = path.display();
        assert!(!app.title.is_empty() && !app.version.is_empty() && !app.sources.is_empty(), "{file}");
        assert!(app.recognise.keys().all(|k| ["images", "source", "words"].contains(&k.as_str())), "{file}: recognise");
        assert!(app.versions.keys().all(|k| ["from", "below"].contains(&k.as_str())), "{file}: versions");
        assert!(app.complete.keys().all(|k| kinds.contains(&k.as_str())), "{file}: complete");
        assert!(app.closed.iter().all(|c| !app.passes.contains(c)), "{file}: both closed and handed on");
        let mut names = BTreeSet::new();
        for setting in &app.settings {
            assert!(names.insert((&setting.kind, &setting.name)), "{file}: {} twice", setting.name);
            assert!(kinds.contains(&setting.kind.as_str()) && !setting.means.is_empty(), "{file}: {}", setting.name);
            assert!(!setting.default.is_empty() && !setting.also.contains(&setting.name), "{file}: {}", setting.name);
            assert!(setting.safe.iter().all(|value| !setting.r#unsafe.contains(value)), "{file}: {}", setting.name);
            assert!(setting.safe.iter().chain(&setting.r#unsafe).all(|v| *v == v.to_lowercase()), "{file}: {}", setting.name);
            assert!(!setting.secret || setting.safe.is_empty(), "{file}: {}: no secret is safe for all", setting.name);
            assert!(setting.check.as_ref().is_none_or(|id| known.contains(id.as_str())), "{file}: {}", setting.name);
        }
        for unread in &app.unread {
            assert!(names.insert((&unread.kind, &unread.name)), "{file}: {} is read", unread.name);
            assert!(!unread.because.is_empty() && unread.meant.as_ref() != Some(&unread.name), "{file}: {}", unread.name);
        }
        ids.insert(app.id);
    }
    assert!(ids.len() >= 12, "{ids:?}");
}
