//! Imports go one way; this is the table of who may import whom, and the sizes we hold ourselves to.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};

/// Module, and the modules of ours that it may import. `collect`, `derive` and `check` never see each other.
const MAY_IMPORT: [(&str, &[&str]); 13] = [
    ("facts", &[]),
    ("knowledge", &["facts"]),
    ("source", &[]),
    ("target", &["facts", "source"]),
    ("expr", &["facts"]),
    ("collect", &["facts", "knowledge", "target"]),
    ("derive", &["facts", "knowledge"]),
    ("check", &["facts", "expr", "source"]),
    ("profile", &["facts", "check"]),
    ("report", &["facts", "check", "profile"]),
    ("cli", &["facts", "check", "profile", "report"]),
    ("error", &["facts", "check", "profile", "report", "source", "target"]),
    ("author", &["facts", "check", "profile", "report", "cli", "error"]),
];
/// Words of crates that must not leave `collect`.
const ONLY_IN_COLLECT: [&str; 5] = ["bollard", "hyper", "rustls", "tokio_rustls", "saphyr_parser"];

fn sources() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut open = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    assert!(found.len() > 30, "the walk found too few files to mean anything");
    found
}

/// First part of the path below `src`: `check/lint.rs` and `cli.rs` belong to `check` and `cli`.
fn module(path: &Path) -> String {
    let below = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    below.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// Modules named behind `crate::`, grouped imports included.
fn imported(code: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => found.extend(group.split('}').next().unwrap_or("").split(',').map(|part| word(part.trim()))),
            None => found.push(word(rest)),
        }
    }
    found
}

/// Tests inside a module may import what they like; doc comments are no code.
fn code_only(text: &str) -> String {
    let before_tests = text.split("#[cfg(test)]").next().unwrap_or(text);
    before_tests.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn imports_go_one_way() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let from = module(&path);
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == from) else {
            assert!(matches!(from.as_str(), "lib" | "main" | "run"), "src/{from} stands in no layer: add it to the table");
            continue;
        };
        for to in imported(&code_only(&text)) {
            if to != from && !allowed.contains(&to.as_str()) {
                wrong.push(format!("{} imports {to}: {from} may import {allowed:?} (docs/design.md)", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_word_behind_crate_is_found() {
    let code = "use crate::facts::{Fact, List};\nlet x = crate::check::page();\nuse crate::{derive, expr::Scope};";
    assert_eq!(imported(code), ["facts", "check", "derive", "expr"]);
}

#[test]
fn foreign_types_stop_at_collect() {
    for (path, text) in sources() {
        let from = module(&path);
        for word in ONLY_IN_COLLECT {
            let used = code_only(&text).contains(&format!("{word}::"));
            assert!(!used || from == "collect", "{} uses {word}, which belongs to collect", path.display());
        }
    }
}

#[test]
fn files_and_functions_stay_small() {
    let mut long = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().count();
        if lines > 500 {
            long.push(format!("{}: {lines} lines, 500 are allowed", path.display()));
        }
        let mut start = None;
        for (i, line) in text.lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let head = line.trim_start();
            let opens =
                head.starts_with("fn ") || head.starts_with("pub") && head.contains("fn ") || head.starts_with("async fn ");
            if start.is_none() && opens && !head.ends_with(';') && !head.ends_with('}') {
                start = Some((i, indent));
            } else if let Some((from, depth)) = start
                && indent == depth
                && line.trim() == "}"
            {
                if i - from + 1 > 80 {
                    long.push(format!("{}:{}: a function of {} lines, 80 are allowed", path.display(), from + 1, i - from + 1));
                }
                start = None;
            }
        }
    }
    assert!(long.is_empty(), "{}", long.join("\n"));
}
