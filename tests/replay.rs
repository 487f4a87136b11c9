//! What was collected can be judged elsewhere and later, with the same result to the byte.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::path::{Path, PathBuf};

use support::{AS_OF, folder, root, run_in};

const FORMATS: [&str; 2] = ["json", "table"];

/// Audits a stack directly and by way of a snapshot.
fn both_ways(stack: &str, place: &Path, clock_while_collecting: bool) {
    let clock: &[&str] = if clock_while_collecting { &["--as-of", AS_OF] } else { &[] };
    run_in(place, &[&["collect", stack, "-o", "snapshot.json"], clock].concat()).ends_with(0);
    for format in FORMATS {
        let audit = |target: &str| {
            run_in(place, &["audit", target, "--as-of", AS_OF, "--format", format, "--fail-on", "never"]).ends_with(0)
        };
        let (direct, replayed) = (audit(stack), audit("snapshot.json"));
        assert!(!direct.out.is_empty());
        assert_same(&direct.out, &replayed.out, &format!("{stack} as {format}"));
        assert_same(&replayed.out, &audit("snapshot.json").out, "the same snapshot twice");
    }
}

fn assert_same(a: &str, b: &str, what: &str) {
    let differs = a.lines().zip(b.lines()).enumerate().find(|(_, (a, b))| a != b);
    assert!(a == b, "{what}: {differs:?}");
}

#[test]
fn the_clinic_replays_byte_for_byte() {
    let place = folder(&[]);
    for stack in ["docker/stacks/clinic", "docker/stacks/clinic-hardened"] {
        let stack = root().join(stack);
        both_ways(stack.to_str().unwrap(), place.path(), true);
        both_ways(stack.to_str().unwrap(), place.path(), false);
    }
}

#[test]
fn the_same_run_twice_gives_the_same_bytes() {
    let place = folder(&[]);
    let stack = root().join("docker/stacks/clinic");
    let collect = |name: &str| {
        run_in(place.path(), &["collect", stack.to_str().unwrap(), "--as-of", AS_OF, "-o", name]).ends_with(0);
        std::fs::read(place.path().join(name)).unwrap()
    };
    assert!(collect("a.json") == collect("b.json"));
    let audit = || run_in(place.path(), &["audit", stack.to_str().unwrap(), "--as-of", AS_OF, "--format", "json"]).out;
    assert_same(&audit(), &audit(), "two audits");
}

#[test]
fn an_engine_replays_too() {
    let place = folder(&[]);
    let collected = run_in(place.path(), &["collect", "docker:///nonexistent.sock", "-o", "s.json", "--as-of", AS_OF]);
    assert_eq!(collected.code, 3, "{}", collected.err);
    for format in FORMATS {
        let audit = |target: &str| run_in(place.path(), &["audit", target, "--as-of", AS_OF, "--format", format]).ends_with(3);
        assert_same(&audit("docker:///nonexistent.sock").out, &audit("s.json").out, format);
    }
}

/// All compose files below the folder that `PACSCAN_STACKS` names: real ones, that are not ours to ship.
#[test]
fn real_stacks_audit_without_a_crash_and_replay() {
    let Some(stacks) = std::env::var_os("PACSCAN_STACKS") else {
        eprintln!("LEFT OUT: PACSCAN_STACKS names no folder, so no compose files of real projects were tried");
        return;
    };
    let mut files = Vec::new();
    compose_files(Path::new(&stacks), &mut files);
    files.sort();
    assert!(!files.is_empty(), "no compose file below {}", Path::new(&stacks).display());
    let place = folder(&[]);
    let mut wrong = Vec::new();
    for file in &files {
        let target = file.to_str().unwrap();
        let audit = |target: &str, format: &str| run_in(place.path(), &["audit", target, "--as-of", AS_OF, "--format", format]);
        run_in(place.path(), &["collect", target, "-o", "s.json"]);
        for format in FORMATS {
            let (direct, replayed) = (audit(target, format), audit("s.json", format));
            if !matches!(direct.code, 0 | 1 | 3) || direct.out != replayed.out || direct.code != replayed.code {
                wrong.push(format!("{target} as {format}: exit {} and {}: {}", direct.code, replayed.code, direct.err));
            }
        }
    }
    eprintln!("{} compose files of real projects", files.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Files that look like compose files, recursively; symbolic links are not followed.
fn compose_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().filter_map(Result::ok) {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        let name = entry.file_name().to_string_lossy().to_lowercase();
        if kind.is_dir() {
            compose_files(&path, files);
        } else if kind.is_file() && name.contains("compose") && (name.ends_with(".yml") || name.ends_with(".yaml")) {
            files.push(path);
        }
    }
}
