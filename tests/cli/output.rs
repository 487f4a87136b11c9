//! Where reports go, and what they look like there.

use std::io::Read;
use std::process::Stdio;

use super::support::{AS_OF, command, folder, root, run, run_in};

const CLINIC: &str = "docker/stacks/clinic";

#[test]
fn a_file_holds_what_standard_output_would() {
    let place = folder(&[]);
    let stack = root().join(CLINIC);
    let arguments = ["audit", stack.to_str().unwrap(), "--as-of", AS_OF, "--fail-on", "never", "-o"];
    let table = run_in(place.path(), &[&arguments[..], &["report.json"]].concat()).ends_with(0);
    let json = run_in(place.path(), &[&arguments[..], &["again.json", "--format", "json"]].concat()).ends_with(0);
    let file = std::fs::read_to_string(place.path().join("report.json")).unwrap();
    assert!(table.out.starts_with("NO-GO"));
    assert_eq!(file, json.out);
    assert_eq!(file, std::fs::read_to_string(place.path().join("again.json")).unwrap());
    let mut names: Vec<_> = std::fs::read_dir(place.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["again.json", "report.json"], "nothing is left lying about");
}

#[test]
fn a_report_that_cannot_be_written_leaves_the_old_one() {
    let place = folder(&[("report.json/inside", "x"), ("compose.yaml", "services: {a: {image: x}}\n")]);
    let ran = run_in(place.path(), &["audit", "-o", "report.json", "--fail-on", "never"]).ends_with(2);
    assert!(ran.err.contains("report.json"), "{}", ran.err);
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 2, "nothing is left lying about");
}

#[test]
fn what_is_piped_is_plain() {
    for arguments in [
        &["audit", CLINIC][..],
        &["audit", CLINIC, "--format", "json"],
        &["checks", "list"],
        &["--help"],
        &["explain", "container-non-root"],
    ] {
        let ran = run(arguments);
        assert!(!ran.out.contains('\u{1b}') && !ran.err.contains('\u{1b}'), "{arguments:?}");
    }
    let wrong = run(&["audit", "/nope"]);
    assert!(!wrong.err.contains('\u{1b}'), "{}", wrong.err);
}

#[test]
fn the_table_fits_its_width() {
    for width in ["60", "80", "100", "200"] {
        let output = command(&root()).args(["audit", CLINIC]).env("COLUMNS", width).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let longest = text.lines().max_by_key(|line| line.chars().count()).unwrap();
        assert!(longest.chars().count() <= width.parse().unwrap(), "{width}: {longest}");
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_fault() {
    for arguments in [
        &["audit", CLINIC, "--format", "json", "--fail-on", "never"][..],
        &["checks", "list"],
        &["schema", "report"],
        &["profiles", "show", "go-live"],
    ] {
        let mut child = command(&root()).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(err.is_empty(), "{arguments:?}: {err}");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
    }
}

#[test]
fn every_command_has_help() {
    let commands: [&[&str]; 14] = [
        &[],
        &["audit"],
        &["collect"],
        &["checks"],
        &["checks", "list"],
        &["checks", "show"],
        &["checks", "test"],
        &["checks", "new"],
        &["checks", "docs"],
        &["profiles"],
        &["profiles", "list"],
        &["profiles", "show"],
        &["explain"],
        &["schema"],
    ];
    for words in commands {
        let help = run(&[words, &["--help"]].concat()).ends_with(0).out;
        assert!(help.contains("Usage: pacscan") && help.contains("--help"), "{words:?}: {help}");
        let plain = |line: &&str| line.trim_start().starts_with('-') && line.trim_end().ends_with('>');
        assert_eq!(help.lines().find(plain), None, "{words:?}: an option that says nothing");
    }
    assert!(run(&["--help"]).out.contains("Exit codes"));
    assert!(run(&["--version"]).ends_with(0).out.starts_with("pacscan "));
}

#[test]
fn checks_and_profiles_are_listed_shown_and_written() {
    let list = run(&["checks", "list"]).ends_with(0).out;
    for id in list.lines().filter_map(|line| line.split_whitespace().next()).take(100) {
        assert!(run(&["checks", "show", id]).ends_with(0).out.contains(id));
    }
    run(&["checks", "test"]).ends_with(0);
    for name in ["go-live", "pre-deploy", "cis-docker-1.6.0"] {
        assert!(run(&["profiles", "list"]).ends_with(0).out.contains(name));
        assert!(run(&["profiles", "show", name]).ends_with(0).out.lines().count() > 5);
    }
    let place = folder(&[]);
    run_in(place.path(), &["checks", "docs", "-o", "pages"]).ends_with(0);
    run_in(place.path(), &["checks", "docs", "-o", "pages", "--check"]).ends_with(0);
    let new = run(&["checks", "new", "site-mine"]).ends_with(0).out;
    std::fs::create_dir(place.path().join("own")).unwrap();
    std::fs::write(place.path().join("own/site-mine.yaml"), &new).unwrap();
    let unfilled = run_in(place.path(), &["checks", "test", "--checks", "own"]).ends_with(2);
    assert!(unfilled.err.contains("placeholder"), "{}", unfilled.err);
    let filled = new.replace("\"<", "\"here is ").replace(">\"", "\"");
    std::fs::write(place.path().join("own/site-mine.yaml"), filled).unwrap();
    run_in(place.path(), &["checks", "test", "--checks", "own"]).ends_with(0);
}
