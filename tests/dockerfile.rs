//! Built services and Dockerfiles through the whole pipeline: files on disk in, statuses out.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::path::Path;

use pacscan::check::{Library, Outcome, Planes, Status, evaluate};
use pacscan::collect::{Collected, Context, Selection, compose, folder};
use pacscan::facts::{Assurance, Groups, Probe, Snapshot, TargetRecord, Tool};

fn written(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn collected(path: &Path) -> Collected {
    let environment = BTreeMap::new();
    let mut groups = Groups::default();
    let mut context = Context { environment: &environment, groups: &mut groups, progress: &|_| {} };
    if path.join("compose.yaml").exists() {
        compose::collect(path, "stack", &Selection::default(), &mut context)
    } else {
        let nothing = Collected::default();
        folder::collect(path, "stack", &nothing, &mut context)
    }
}

fn outcomes(files: &[(&str, &str)]) -> Vec<Outcome> {
    let folder = written(files);
    let found = collected(folder.path());
    let snapshot = Snapshot {
        schema_version: "1.0".into(),
        tool: Tool::this(),
        collected_at: "2026-11-24T12:00:00Z".parse().unwrap(),
        probe: Probe::None,
        interrupted: false,
        targets: vec![TargetRecord { given: "stack".into(), kind: "compose".into(), unreachable: None }],
        documents: found.documents,
        errors: found.errors,
    };
    let derived = pacscan::derive::derive(&snapshot, snapshot.collected_at);
    let planes =
        Planes { seen: derived.seen.clone(), unreachable: derived.unreachable.clone(), targets: derived.targets.clone() };
    evaluate(&Library::load(&[]).unwrap(), &derived.documents, &planes)
}

/// Status of a check on a subject, in one word.
fn status(outcomes: &[Outcome], check: &str, subject: &str) -> &'static str {
    let found: Vec<_> = outcomes.iter().filter(|o| &*o.check.id == check && &*o.subject.name == subject).collect();
    assert_eq!(found.len(), 1, "{check} on {subject}: {} results", found.len());
    match found[0].status {
        Status::Pass => "pass",
        Status::Fail => "fail",
        Status::NotApplicable => "not_applicable",
        Status::NotEvaluated => "not_evaluated",
    }
}

fn built(compose: &str, dockerfile: &str, check: &str) -> &'static str {
    let text = format!("services:\n  app:\n    build: {compose}\n");
    status(
        &outcomes(&[("compose.yaml", &text), ("Dockerfile", dockerfile), ("prod.Dockerfile", "FROM x:1\nUSER 7")]),
        check,
        "app",
    )
}

#[test]
fn the_user_of_a_built_service() {
    for (compose, dockerfile, expected) in [
        (".", "FROM debian:12\nUSER root", "fail"),
        (".", "FROM debian:12\nUSER 0:0", "fail"),
        (".", "FROM debian:12\nUSER 1000:1000", "pass"),
        (".", "FROM debian:12", "not_evaluated"),
        (".", "FROM scratch", "fail"),
        (".", "FROM scratch\nUSER 65532", "pass"),
        (".", "FROM debian:12\nRUN useradd app\nUSER app", "pass"),
        (".", "FROM debian:12\nRUN useradd -u 0 -o app\nUSER app", "fail"),
        (".", "FROM debian:12\nRUN useradd -u 1001 app\nUSER app:app", "pass"),
        (".", "FROM debian:12\nRUN useradd -u $X app\nUSER app", "not_evaluated"),
        (".", "FROM debian:12\nUSER app", "not_evaluated"),
        (".", "FROM debian:12\nRUN useradd app\nCOPY passwd /etc/passwd\nUSER app", "not_evaluated"),
        (".", "FROM debian:12\nRUN useradd app\nCOPY rootfs /\nUSER app", "not_evaluated"),
        (".", "FROM debian:12\nRUN O='-o -u 0'; useradd $O app\nUSER app", "not_evaluated"),
        (".", "FROM debian:12\nRUN useradd app && sed -i 's/^app:x:[0-9]*/app:x:0/' /etc/passwd\nUSER app", "not_evaluated"),
        (".\n    user: root", "FROM debian:12\nUSER 1000", "fail"),
        (".\n    user: '1000'", "FROM debian:12\nUSER root", "pass"),
        (".\n    user: app", "FROM debian:12\nRUN useradd app\nUSER root", "pass"),
        ("{context: ., target: dev}", "FROM a:1 AS prod\nUSER 1000\nFROM a:1 AS dev\nUSER root\nFROM prod", "fail"),
        ("{context: ., target: prod}", "FROM a:1 AS prod\nUSER 1000\nFROM a:1 AS dev\nUSER root", "pass"),
        ("{context: ., target: gone}", "FROM a:1 AS prod\nUSER 1000", "not_evaluated"),
        ("{context: ., args: {U: '0'}}", "FROM a:1\nARG U=1000\nUSER $U", "fail"),
        ("{context: ., args: {U: '${UNSET}'}}", "FROM a:1\nARG U=1000\nUSER $U", "not_evaluated"),
        ("{context: ., args: [U]}", "FROM a:1\nARG U=1000\nUSER $U", "not_evaluated"),
        ("{context: ., dockerfile: prod.Dockerfile}", "FROM a:1", "pass"),
        ("{context: ., dockerfile: gone.Dockerfile}", "FROM a:1\nUSER 7", "not_evaluated"),
        ("{context: 'https://example.org/x.git'}", "FROM a:1\nUSER 7", "not_evaluated"),
        ("{context: ., additional_contexts: {a: ./other}}", "FROM a\nUSER 7", "pass"),
        ("{dockerfile_inline: \"FROM a:1\\nUSER 7\"}", "", "pass"),
        (".\n    image: x:1\n    pull_policy: always", "FROM a:1\nUSER 7", "not_evaluated"),
        (".", "FROM a:1\nUSER 7\nRNU x", "not_evaluated"),
        (".", "FROM a:1\nUSER +0", "not pass"),
        (".", "FROM a:1\nUSER Root", "not pass"),
    ] {
        let found = built(compose, dockerfile, "container-non-root");
        assert!(found == expected || expected == "not pass" && found != "pass", "{compose} / {dockerfile}: {found}");
    }
}

#[test]
fn what_else_a_built_service_has_from_its_dockerfile() {
    for (dockerfile, check, expected) in [
        ("FROM a:1\nHEALTHCHECK CMD curl -f http://localhost/", "container-healthcheck-defined", "pass"),
        ("FROM a:1\nHEALTHCHECK NONE", "container-healthcheck-defined", "fail"),
        ("FROM a:1", "container-healthcheck-defined", "not_evaluated"),
        ("FROM scratch", "container-healthcheck-defined", "fail"),
        ("FROM a:1\nHEALTHCHECK CMD exit 0", "container-healthcheck-meaningful", "fail"),
        ("FROM a:1\nENV DB_PASSWORD=hunter2-and-more", "container-secrets-not-in-environment", "fail"),
        ("FROM a:1\nENV DEBUG=true", "container-no-debug-mode", "fail"),
        ("FROM a:1\nCMD pip install x && run", "container-no-install-at-start", "fail"),
        ("FROM a:1\nENTRYPOINT [\"app\", \"--password\", \"hunter2hunter2\"]", "container-secrets-not-in-command", "fail"),
        ("FROM scratch\nENTRYPOINT [\"/app\"]", "container-secrets-not-in-environment", "pass"),
        ("FROM debian:10", "container-image-maintained", "fail"),
    ] {
        assert_eq!(built(".", dockerfile, check), expected, "{dockerfile}: {check}");
    }
}

#[test]
fn the_checks_of_a_dockerfile() {
    for (dockerfile, check, expected) in [
        ("FROM debian:12", "dockerfile-non-root", "fail"),
        ("FROM gcr.io/distroless/static:nonroot", "dockerfile-non-root", "not_evaluated"),
        ("FROM a:1\nUSER app", "dockerfile-non-root", "pass"),
        ("FROM a:1\nCOPY passwd /etc/passwd\nUSER app", "dockerfile-non-root", "not_evaluated"),
        ("FROM a:1\nUSER +0", "dockerfile-non-root", "not_evaluated"),
        ("FROM nginx:alpine", "dockerfile-base-pinned", "fail"),
        ("FROM $BASE", "dockerfile-base-pinned", "not_evaluated"),
        ("ARG BASE=debian:12\nFROM $BASE", "dockerfile-base-pinned", "pass"),
        ("ARG BASE\nFROM ${BASE:-debian}", "dockerfile-base-pinned", "fail"),
        ("ARG BASE\nFROM ${BASE}", "dockerfile-base-pinned", "not_evaluated"),
        ("FROM python:3.8 AS b\nFROM scratch", "dockerfile-base-supported", "fail"),
        ("FROM orthancteam/orthanc:24.1.2", "dockerfile-base-supported", "not_evaluated"),
        ("FROM a:1\nADD x.sh /", "dockerfile-copy-not-add", "fail"),
        ("FROM a:1\nCOPY gone.py /", "dockerfile-copy-sources-exist", "fail"),
        ("FROM a:1\nCOPY . /", "dockerignore-excludes-env", "fail"),
        ("FROM a:1\nENV TOKEN=abcdefgh12345", "dockerfile-no-secrets", "fail"),
        ("FROM a:1\nCOPY $WHAT /", "dockerfile-no-secrets", "not_evaluated"),
        ("no dockerfile", "dockerfile-non-root", "not_evaluated"),
    ] {
        // The same with a service and without one; only the latter leaves build arguments open.
        let service = outcomes(&[("compose.yaml", "services: {app: {build: .}}"), ("Dockerfile", dockerfile)]);
        assert_eq!(status(&service, check, "Dockerfile"), expected, "{dockerfile}: {check}");
        let alone = outcomes(&[("Dockerfile", dockerfile)]);
        assert_eq!(status(&alone, check, "Dockerfile"), expected, "alone: {dockerfile}: {check}");
    }
}

#[test]
fn files_of_a_service_that_are_not_looked_at() {
    let of = |build: &str, dockerfile: &str, check: &str| {
        let compose = format!("services: {{app: {{build: {build}}}}}\n");
        let files = [
            ("compose.yaml", compose.as_str()),
            ("Dockerfile", dockerfile),
            (".env", "A=1\n"),
            ("cfg/.env", "PASSWORD=x\n"),
            ("cfg/.dockerignore", "**\n"),
        ];
        status(&outcomes(&files), check, "Dockerfile")
    };
    let named = "{context: ., additional_contexts: {cfg: ./cfg}}";
    let copied = "FROM a:1\nCOPY --from=cfg . /app";
    assert_eq!(of(named, copied, "dockerfile-no-secrets"), "not_evaluated");
    assert_eq!(of(named, copied, "dockerignore-excludes-env"), "not_evaluated");
    let mounted = "FROM a:1\nRUN --mount=type=bind,target=/src cp -r /src /app";
    assert_eq!(of(".", mounted, "dockerignore-excludes-env"), "not_evaluated");
    let file = "FROM a:1\nRUN --mount=type=bind,source=requirements.txt,target=/r.txt pip install -r /r.txt";
    assert_eq!(of(".", file, "dockerignore-excludes-env"), "pass");
}

#[test]
fn patterns_of_a_dockerfile_are_no_dockerfile() {
    let outcomes = outcomes(&[("Dockerfile", "FROM x:1\nUSER 7"), ("Dockerfile.dockerignore", "# none\n")]);
    assert!(outcomes.iter().all(|outcome| &*outcome.subject.name != "Dockerfile.dockerignore"));
}

#[test]
fn one_file_is_one_subject() {
    let compose = "services:\n  a: {build: .}\n  b: {build: {context: ., target: dev}}\n  c: {build: .}\n";
    let outcomes = outcomes(&[("compose.yaml", compose), ("Dockerfile", "FROM x:1 AS dev\nUSER root\nFROM x:1\nUSER 7")]);
    assert_eq!(status(&outcomes, "dockerfile-non-root", "Dockerfile"), "pass");
    assert_eq!(status(&outcomes, "dockerfile-non-root", "Dockerfile (dev)"), "fail");
    assert_eq!(outcomes.iter().filter(|o| &*o.check.id == "dockerfile-non-root").count(), 2);
    assert!(outcomes.iter().filter(|o| o.check.id.starts_with("dockerfile-")).all(|o| o.assurance == Assurance::Declared));
}

#[test]
fn nothing_of_a_secret_is_kept() {
    let dockerfile = "FROM a:1\nARG PIP_TOKEN=sekrit-canary-1\nENV DB_PASSWORD=sekrit-canary-2 URL=https://u:sekrit-canary-3@h/\nRUN login -p sekrit-canary-4 --password sekrit-canary-5\nCOPY <<E /x\nPASSWORD=sekrit-canary-6\nE\nHEALTHCHECK CMD curl -u me:sekrit-canary-7 http://localhost\nCMD [\"run\", \"--token=sekrit-canary-8\"]\nLABEL db.password=sekrit-canary-9\nUSER $sekrit-canary\n";
    let folder = written(&[("compose.yaml", "services: {app: {build: .}}"), ("Dockerfile", dockerfile)]);
    let json = serde_json::to_string(&collected(folder.path()).documents).unwrap();
    assert!(!json.contains("sekrit-canary"), "{json}");
}
