//! The program as a user has it: run it, look at what it says and how it ends.
#![allow(dead_code, clippy::unwrap_used, reason = "shared by several tests")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value as Json;

/// A moment for reports that must not depend on the clock.
pub const AS_OF: &str = "2026-11-24T12:00:00Z";

/// How a run ended.
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Standard output as JSON.
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("no JSON ({e}): {}\n{}", self.out, self.err))
    }

    /// Fails the test with everything that was said.
    pub fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.out, self.err);
        self
    }
}

/// The program with an environment that holds nothing of this machine.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pacscan"));
    command.env_clear().env("HOME", "/nonexistent").current_dir(folder).stdin(Stdio::null());
    command
}

/// Runs it in a folder.
pub fn run_in(folder: &Path, arguments: &[&str]) -> Ran {
    let output = command(folder).args(arguments).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    Ran { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
}

/// Runs it in the project's root.
pub fn run(arguments: &[&str]) -> Ran {
    run_in(&root(), arguments)
}

pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A folder with these files.
pub fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// The results of one check.
pub fn results<'r>(report: &'r Json, check: &str) -> Vec<&'r Json> {
    let all = report["results"].as_array().unwrap();
    all.iter().filter(|result| result["check"] == check).collect()
}
