//! Verdict, gate, exit codes.

use super::support::{AS_OF, folder, run, run_in};

const CLINIC: &str = "docker/stacks/clinic";

#[test]
fn a_bad_stack_is_no_go_with_1_and_never_lets_it_through_with_0() {
    let judged = run(&["audit", CLINIC]).ends_with(1);
    assert!(judged.out.starts_with("NO-GO"), "{}", judged.out);
    let shown = run(&["audit", CLINIC, "--fail-on", "never"]).ends_with(0);
    assert!(shown.out.starts_with("NO-GO"), "the verdict stays: {}", shown.out);
    assert!(judged.err.is_empty() && shown.err.is_empty(), "not on a terminal: {}", judged.err);
}

#[test]
fn files_alone_are_never_go_on_go_live() {
    let hardened = run(&["audit", "docker/stacks/clinic-hardened", "--format", "json"]);
    assert_ne!(hardened.json()["verdict"]["decision"], "go");
    assert_ne!(hardened.code, 0, "{}", hardened.err);
}

#[test]
fn a_baseline_gates_on_what_is_new_only() {
    let stack = folder(&[("compose.yaml", "services:\n  a:\n    image: x:1\n    pid: host\n")]);
    let at = |more: &[&str]| run_in(stack.path(), &[&["audit", "--as-of", AS_OF, "--format", "json"], more].concat());
    at(&["-o", "old.json"]).ends_with(1);
    let same = at(&["--baseline", "old.json"]).ends_with(0).json();
    assert_eq!((&same["gate"]["scope"], &same["gate"]["met"]), (&"new".into(), &true.into()));
    assert_eq!(same["verdict"]["decision"], "no_go", "the verdict judges the whole stack");
    let worse = "services:\n  a:\n    image: x:1\n    pid: host\n    privileged: true\n";
    std::fs::write(stack.path().join("compose.yaml"), worse).unwrap();
    let new = at(&["--baseline", "old.json"]).ends_with(1).json();
    let reasons = new["gate"]["reasons"].to_string();
    assert!(reasons.contains("container-not-privileged") && !reasons.contains("container-no-host-pid"), "{reasons}");
}

#[test]
fn a_moved_line_is_nothing_new() {
    let stack = folder(&[("compose.yaml", "services:\n  a:\n    image: x:1\n    pid: host\n")]);
    let at = |more: &[&str]| run_in(stack.path(), &[&["audit", "--as-of", AS_OF], more].concat());
    at(&["-o", "old.json"]).ends_with(1);
    let moved = "# a comment\n\nservices:\n  a:\n    pid: host\n    image: x:1\n";
    std::fs::write(stack.path().join("compose.yaml"), moved).unwrap();
    at(&["--baseline", "old.json"]).ends_with(0);
}

#[test]
fn thresholds_gate() {
    let profile = ["audit", CLINIC, "--profile", "pre-deploy", "--fail-on", "critical"];
    let report = run(&[&profile[..], &["--min-score", "99", "--format", "json"]].concat()).ends_with(1).json();
    assert!(report["gate"]["reasons"].to_string().contains("99"), "{}", report["gate"]);
    for wrong in ["101", "-1", "x", "NaN"] {
        run(&["audit", CLINIC, &format!("--min-score={wrong}")]).ends_with(2);
    }
}

#[test]
fn several_profiles_the_worst_decides() {
    let report =
        run(&["audit", CLINIC, "--profile", "pre-deploy", "--profile", "go-live", "--format", "json"]).ends_with(1).json();
    assert_eq!(report["profiles"].as_array().unwrap().len(), 2);
}

#[test]
fn as_of_is_the_clock() {
    let at = |date: &str| run(&["audit", CLINIC, "--as-of", date, "--format", "json"]).json();
    assert_eq!(at("2026-11-24")["audit"]["as_of"], "2026-11-24T23:59:59Z");
    assert_eq!(at(AS_OF)["audit"]["as_of"], AS_OF);
    assert!(run(&["audit", CLINIC, "--as-of", "yesterday"]).ends_with(2).err.contains("2026-11-24"));
}
