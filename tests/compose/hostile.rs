//! Files that mean harm: bounded time and memory, a clear message, never a crash.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use crate::support::{collect, files, one, word, written};

/// The error of a project that does not parse, found quickly.
fn refused(text: &str) -> String {
    let start = Instant::now();
    let stack = one(text);
    assert!(start.elapsed() < Duration::from_secs(20), "took {:?}", start.elapsed());
    assert_eq!(word(stack.compose(), "parses"), "false");
    stack.labels("parse_errors")[0].to_owned()
}

#[test]
fn alias_bombs() {
    let mut text = String::from("x0: &x0 [a,a,a,a,a,a,a,a,a]\n");
    for i in 1..12 {
        let before = format!("*x{}", i - 1);
        writeln!(text, "x{i}: &x{i} [{}]", [before.as_str(); 9].join(",")).unwrap();
    }
    assert!(refused(&text).contains("more than 100000 values"));
    let mut merging = String::from("x0: &x0 {a0: 1}\n");
    for i in 1..40 {
        writeln!(merging, "x{i}: &x{i}\n  <<: [*x{p}, *x{p}]\n  a{i}: {{b: *x{p}, c: *x{p}}}", p = i - 1).unwrap();
    }
    assert!(refused(&merging).contains("more than"));
    assert!(refused("a: &a [*a]").contains("alias"));
    assert!(refused("a: *nothing").starts_with("compose.yaml:1:"));
}

#[test]
fn deep_nesting() {
    assert!(refused(&"[".repeat(200_000)).starts_with("compose.yaml:1:"));
    assert!(refused(&"{a: ".repeat(100_000)).starts_with("compose.yaml:1:"));
    assert!(refused(&format!("a: {}x{}", "[".repeat(70), "]".repeat(70))).contains("64 levels"));
    let mut block = String::new();
    for i in 0..200 {
        writeln!(block, "{}a:", " ".repeat(i)).unwrap();
    }
    assert!(refused(&block).contains("64 levels"));
}

#[test]
fn variables_that_grow() {
    let mut dot_env = String::from("A0=aaaaaaaaaaaaaaaa\n");
    for i in 1..40 {
        writeln!(dot_env, "A{i}=${{A{p}}}${{A{p}}}", p = i - 1).unwrap();
    }
    let start = Instant::now();
    let stack = files(&[("compose.yaml", "services: {a: {image: '${A39}'}}"), (".env", &dot_env)]);
    assert!(start.elapsed() < Duration::from_secs(20));
    assert_eq!(word(stack.compose(), "parses"), "unknown unsupported");
}

#[test]
fn long_chains_of_extends() {
    let mut text = String::from("services:\n  s0: {image: x}\n");
    for i in 1..500 {
        writeln!(text, "  s{i}: {{extends: s{}}}", i - 1).unwrap();
    }
    assert!(refused(&text).contains("in a row"));
}

#[test]
fn files_that_are_no_text() {
    let folder = written(&[]);
    std::fs::write(folder.path().join("compose.yaml"), [0xff, 0xfe, b'a', 0]).unwrap();
    let collected = collect(folder.path(), &[], &[]);
    assert_eq!(word(&collected.documents[0].facts, "parses"), "false");
    let big = "# padding padding padding padding\n".repeat(200_000);
    let stack = one(&big);
    assert_eq!(word(stack.compose(), "parses"), "unknown unsupported");
    assert!(stack.collected.errors[0].message.contains("larger than 4 MiB"));
    let stack = one("services: {a: {image: \"x\u{0}y\"}}");
    assert_eq!(
        stack.collected.documents.iter().filter(|d| d.service.is_some()).count()
            + usize::from(word(stack.compose(), "parses") == "false"),
        1
    );
}

#[cfg(unix)]
#[test]
fn pipes_loops_and_folders_in_place_of_files() {
    let folder = written(&[(
        "compose.yaml",
        "include: [pipe, loop/compose.yaml]\nservices: {a: {image: x, env_file: [dir, pipe], volumes: ['./loop:/x']}}",
    )]);
    std::fs::create_dir(folder.path().join("dir")).unwrap();
    std::os::unix::fs::symlink(".", folder.path().join("loop")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap().success());
    let collected = collect(folder.path(), &[], &[]);
    assert_eq!(word(&collected.documents[0].facts, "parses"), "false");
    std::fs::write(
        folder.path().join("compose.yaml"),
        "services: {a: {image: x, env_file: [dir, pipe], volumes: ['./loop:/x']}}",
    )
    .unwrap();
    let collected = collect(folder.path(), &[], &[]);
    assert_eq!(word(&collected.documents[0].facts, "parses"), "true");
    assert!(collected.documents[1].facts.list("env").unwrap().incomplete.is_some());
}

#[test]
fn nothing_there() {
    let folder = written(&[]);
    let collected = collect(folder.path(), &[], &[]);
    assert!(collected.unreachable.is_some());
    assert!(collected.documents.is_empty());
    let collected = collect(&folder.path().join("gone/compose.yaml"), &[], &[]);
    assert!(!collected.documents.is_empty() || collected.unreachable.is_some());
}

#[test]
fn huge_port_ranges_are_bounded() {
    let ports = vec!["'0-65535'"; 500].join(",");
    let stack = one(&format!("services: {{a: {{image: x, ports: ['1:1', {ports}]}}}}"));
    let list = stack.service("a").list("ports").unwrap();
    assert_eq!(list.items.len(), 1);
    assert!(list.incomplete.is_some());
}
