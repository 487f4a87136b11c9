//! Dependency updates, pipelines, security policy, what git ignores.

use super::{audit, only};

const WORKFLOW: &str = ".github/workflows/ci.yml";
const SHA: &str = "11bd71901bbe5b1630ceea73d27597364c9af683";

fn state(files: &[(&str, &str)], check: &str) -> String {
    only(&audit(files), check)["status"].as_str().unwrap().to_owned()
}

fn message(files: &[(&str, &str)], check: &str) -> String {
    only(&audit(files), check)["message"].as_str().unwrap().to_owned()
}

#[test]
fn env_files_are_ignored() {
    let check = "secrets-env-ignored-by-git";
    for (gitignore, expected) in [
        (".env\n", "pass"),
        (".env*\n!.env.example\n", "pass"),
        ("/.env\n", "fail"),
        (".env\n!deploy/.env\n", "fail"),
        ("#.env\n", "fail"),
        (".env.production\n", "fail"),
        ("deploy/\n/.env\n", "pass"),
    ] {
        let files = [(".gitignore", gitignore), (".env.example", "A=\n"), ("deploy/.env", "A=b\n")];
        assert_eq!(state(&files, check), expected, "{gitignore:?}");
    }
    // A .gitignore in a deeper folder has the last word.
    let files = [(".gitignore", ".env\n"), ("deploy/.gitignore", "!.env\n"), ("deploy/.env", "A=b\n")];
    assert_eq!(state(&files, check), "fail");
    assert_eq!(state(&[(".gitignore", "x"), ("a.txt", "")], check), "not_applicable");
    assert_eq!(state(&[(".env", "A=b")], check), "not_applicable");
}

#[test]
fn actions_are_pinned() {
    let check = "repository-actions-pinned";
    let workflow = |uses: &str| format!("on: push\njobs:\n  a:\n    steps:\n      - uses: {uses}\n");
    for (uses, expected) in [
        (format!("actions/checkout@{SHA} # v4"), "pass"),
        ("actions/checkout@v4".into(), "fail"),
        (format!("actions/checkout@{}", &SHA[..12]), "fail"),
        ("actions/checkout".into(), "fail"),
        ("./.github/actions/own".into(), "not_applicable"),
        (format!("docker://alpine@sha256:{}", "a".repeat(64)), "pass"),
        ("docker://alpine:3.20".into(), "fail"),
    ] {
        assert_eq!(state(&[(WORKFLOW, &workflow(&uses))], check), expected, "{uses}");
    }
    let reusable = "on: push\njobs:\n  a:\n    uses: org/repo/.github/workflows/x.yml@main\n";
    assert_eq!(state(&[(WORKFLOW, reusable)], check), "fail");
    assert_eq!(state(&[(WORKFLOW, "jobs: [\n")], check), "not_evaluated");
    let composite = "runs:\n  using: composite\n  steps:\n    - uses: appleboy/ssh-action@v0.1.7\n";
    assert!(message(&[(".github/actions/x/action.yml", composite)], check).contains("appleboy/ssh-action@v0.1.7"));
}

#[test]
fn scanners_of_the_policy_run_and_block() {
    let check = "repository-ci-scanners";
    let policy = "# Security\nWe use **Bandit** and Trivy.\n";
    let job = |steps: &str| format!("on: [push]\njobs:\n  scan:\n    steps:\n{steps}");
    let bandit = "      - run: |\n          pip install bandit\n          bandit -r src\n";
    let trivy = "      - uses: aquasecurity/trivy-action@master\n        with: {exit-code: '1'}\n";
    for (steps, expected) in [
        (format!("{bandit}{trivy}"), "pass"),
        (bandit.to_owned(), "fail"),
        (format!("{bandit}      - uses: aquasecurity/trivy-action@master\n"), "fail"),
        (format!("{trivy}      - run: bandit -r src || true\n"), "fail"),
        (format!("{trivy}      - run: bandit -r src\n        continue-on-error: true\n"), "fail"),
        (format!("{trivy}      - run: pip install bandit\n"), "fail"),
    ] {
        let files = [("SECURITY.md", policy), (WORKFLOW, &job(&steps))];
        assert_eq!(state(&files, check), expected, "{steps}");
    }
    // Nothing promised: one that blocks is enough, none is too few.
    assert_eq!(state(&[(WORKFLOW, &job(bandit))], check), "pass");
    assert_eq!(state(&[(WORKFLOW, &job("      - run: make\n"))], check), "fail");
    assert_eq!(state(&[(".gitignore", "")], check), "fail");
    assert_eq!(state(&[("a.txt", "")], check), "not_applicable");
    // Another system's language is not read.
    let gitlab = "scan:\n  script:\n    - bandit -r src\n";
    assert_eq!(state(&[(".gitignore", ""), (".gitlab-ci.yml", gitlab)], check), "not_evaluated");
    // By hand is not in CI.
    let by_hand = "on: workflow_dispatch\njobs:\n  a:\n    steps:\n      - run: bandit -r src\n";
    assert_eq!(state(&[(WORKFLOW, by_hand)], check), "fail");
    let hooks = "repos:\n  - repo: x\n    hooks:\n      - id: gitleaks\n";
    let files = [(".pre-commit-config.yaml", hooks), (WORKFLOW, &job("      - run: pre-commit run --all-files\n"))];
    assert_eq!(state(&files, check), "pass");
}

#[test]
fn the_policy_names_a_contact() {
    let check = "repository-security-contact";
    for (text, expected) in [
        ("Write to security@clinic.org.", "pass"),
        ("Use [advisories](https://github.com/a/b/security/advisories/new).", "pass"),
        ("**Email**: [Insert security contact email]", "fail"),
        ("Write to security@example.com", "fail"),
        ("security@clinic.org\nhttps://github.com/[username]/x/security/advisories", "fail"),
        ("We take security seriously.", "fail"),
        ("security@clinic.org\n```\nemail: [Your email]\n```", "pass"),
    ] {
        assert_eq!(state(&[(".gitignore", ""), ("SECURITY.md", text)], check), expected, "{text}");
    }
    let two = [(".github/SECURITY.md", "- **Primary Contact**: [Maintainer Email]"), ("SECURITY.md", "security@clinic.org")];
    assert_eq!(state(&two, check), "fail");
    assert_eq!(state(&[(".gitignore", "")], check), "fail");
    assert_eq!(state(&[("a.txt", "")], check), "not_applicable");
}

#[test]
fn dependencies_are_updated() {
    let check = "repository-dependency-updates";
    let dependabot = |entries: &[(&str, &str)]| {
        let entries = entries.iter().map(|(name, folder)| format!("  - {{package-ecosystem: {name}, directory: {folder}}}\n"));
        format!("version: 2\nupdates:\n{}", entries.collect::<String>())
    };
    let both = dependabot(&[("pip", "/backend"), ("docker", "/")]);
    for (config, expected) in [
        (both.as_str(), "pass"),
        (&dependabot(&[("pip", "/backend")]), "fail"),
        (&dependabot(&[("pip", "/"), ("docker", "/")]), "fail"),
        (&dependabot(&[("pip", "\"/**\""), ("docker", "/")]), "pass"),
        ("updates: [", "not_evaluated"),
    ] {
        let files = [(".github/dependabot.yml", config), ("backend/requirements.txt", ""), ("Dockerfile", "FROM x")];
        assert_eq!(state(&files, check), expected, "{config}");
    }
    assert_eq!(
        state(&[("renovate.json", "{\"extends\": [\"config:recommended\"]}"), (".gitignore", ""), ("go.mod", "")], check),
        "pass"
    );
    assert_eq!(
        state(&[("renovate.json", "{\"enabledManagers\": [\"npm\"]}"), (".gitignore", ""), ("go.mod", "")], check),
        "not_evaluated"
    );
    assert_eq!(state(&[(".gitignore", ""), ("package.json", "{}")], check), "fail");
    assert_eq!(state(&[(".gitignore", ""), ("a.txt", "")], check), "not_applicable");
}

#[test]
fn a_part_of_a_repository_does_not_judge_the_whole() {
    let folder = super::support::folder(&[
        (".git/HEAD", "x"),
        (".gitignore", ".env\n"),
        ("stack/.env", "A=b"),
        ("stack/package.json", "{}"),
    ]);
    let report = super::support::run_in(&folder.path().join("stack"), &["audit", ".", "--format", "json"]).json();
    assert_eq!(only(&report, "repository-security-contact")["reason"], "no_target");
    assert_eq!(only(&report, "repository-ci-scanners")["reason"], "no_target");
    assert_eq!(only(&report, "repository-dependency-updates")["status"], "not_evaluated");
    assert_eq!(only(&report, "secrets-env-ignored-by-git")["status"], "pass");
}
