//! What the walk sees, what it leaves out, and what a single file gives.

use super::support::{folder, results, run_in};
use super::{audit, only, status};

#[test]
fn folders_of_dependencies_and_tests_are_not_ours() {
    let secret = "DB_PASSWORD=cK8vTq2mXw9ZpR4s\n";
    let report = audit(&[
        (".gitignore", ""),
        ("node_modules/x/.env", secret),
        ("venv/.env", secret),
        (".git/.env", secret),
        ("tests/fixtures/.env", secret),
        ("app/.env", secret),
    ]);
    let found = results(&report, "secrets-not-in-repository");
    let names: Vec<_> = found.iter().map(|result| result["subject"]["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["app/.env"]);
}

#[test]
fn an_empty_folder_is_still_a_folder_that_was_walked() {
    let report = audit(&[("readme.md", "# x")]);
    assert_eq!(only(&report, "secrets-not-in-repository")["status"], "not_applicable");
    assert_eq!(only(&report, "kubernetes-values-wellformed")["status"], "not_applicable");
    assert_eq!(only(&report, "repository-actions-pinned")["status"], "not_applicable");
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_is_unknown() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder(&[(".gitignore", ".env"), ("closed/.env", "A=b"), ("readme.md", "")]);
    let closed = folder.path().join("closed");
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
    // Root reads everything: nothing to see then.
    if std::fs::read_dir(&closed).is_ok() {
        return;
    }
    let report = run_in(folder.path(), &["audit", ".", "--format", "json"]).json();
    assert_eq!(only(&report, "secrets-not-in-repository")["reason"], "permission");
    assert_eq!(only(&report, "secrets-env-ignored-by-git")["status"], "not_evaluated");
}

#[test]
fn too_deep_or_too_large_is_unknown() {
    let deep = "a/b/c/d/e/f/g/h/i/j/.env";
    let report = audit(&[(".gitignore", ".env"), (deep, "A=b")]);
    assert_eq!(only(&report, "secrets-not-in-repository")["reason"], "unsupported");
    assert_eq!(only(&report, "secrets-env-ignored-by-git")["status"], "not_evaluated");
    let large = format!("A=b\n{}", "#".repeat(3 << 20));
    let report = audit(&[(".gitignore", ""), (".env", &large)]);
    assert_eq!(status(&report, "secrets-not-in-repository", ".env"), "not_evaluated");
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let outside = folder(&[(".env", "DB_PASSWORD=cK8vTq2mXw9ZpR4s")]);
    let inside = folder(&[(".gitignore", "")]);
    std::os::unix::fs::symlink(outside.path(), inside.path().join("link")).unwrap();
    std::os::unix::fs::symlink(inside.path(), inside.path().join("loop")).unwrap();
    let report = run_in(inside.path(), &["audit", ".", "--format", "json"]).json();
    assert_eq!(only(&report, "secrets-not-in-repository")["status"], "not_applicable");
}

#[test]
fn a_single_file_gives_its_own_documents_only() {
    let folder = folder(&[
        (".env", "DB_PASSWORD=cK8vTq2mXw9ZpR4s\n"),
        ("orthanc.json", "{\"DicomAet\": \"X\", \"PostgreSQL\": {\"Password\": \"cK8vTq2mXw9ZpR4s\"}}"),
        ("k8s.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: a, image: b}]}\n"),
        ("server.key", "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"),
    ]);
    for file in [".env", "orthanc.json", "k8s.yaml", "server.key"] {
        let report = run_in(folder.path(), &["audit", file, "--format", "json"]).json();
        assert_eq!(only(&report, "repository-actions-pinned")["reason"], "no_target", "{file}");
        let named = report["results"].as_array().unwrap().iter().filter(|r| r["subject"]["kind"] == "file");
        let names: std::collections::BTreeSet<_> = named.map(|r| r["subject"]["name"].as_str().unwrap()).collect();
        assert!(names.iter().all(|name| *name == file || *name == "file"), "{file}: {names:?}");
    }
    let report = run_in(folder.path(), &["audit", "orthanc.json", "--format", "json"]).json();
    assert_eq!(status(&report, "secrets-not-in-repository", "orthanc.json"), "fail");
    let report = run_in(folder.path(), &["audit", "k8s.yaml", "--format", "json"]).json();
    assert_eq!(status(&report, "container-not-privileged", "default/Pod/x/a"), "pass");
}

#[test]
fn other_json_is_still_no_snapshot() {
    let folder = folder(&[("other.json", "{\"a\": 1}")]);
    run_in(folder.path(), &["audit", "other.json"]).ends_with(2);
}
