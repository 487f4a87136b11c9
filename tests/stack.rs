//! The stack description: attestations, waivers and evidence, from the file to verdict, report and exit code.
#![allow(clippy::unwrap_used, reason = "a test")]

mod made;
mod support;

#[path = "stack/attestations.rs"]
mod attestations;
#[path = "stack/description.rs"]
mod description;
#[path = "stack/property.rs"]
mod property;
#[path = "stack/scans.rs"]
mod scans;
#[path = "stack/waivers.rs"]
mod waivers;

use serde_json::Value as Json;
use support::{Ran, folder, results, run_in};

/// `a` fails read-only and names its image, `b` is fine in that; both lack a memory limit.
const COMPOSE: &str = "name: clinic\nservices:\n  a:\n    image: x/a:1\n    user: \"1000\"\n  b:\n    image: x/b:1\n    user: \"1000\"\n    read_only: true\n";
/// Only what a test is about decides.
const PROFILE: &str = "name: mine\nversion: \"1\"\ntitle: Mine\nsummary: For tests.\nthresholds: {score: 0, coverage: 0, fail_on: medium}\nrequired: []\ncontrols:\n  - {id: read-only, title: Read-only, checks: [container-read-only-rootfs], required: true}\n  - {id: memory, title: Memory, checks: [container-memory-limit]}\n  - {id: backups, title: Backups, checks: [process-backups-restored], required: true}\n  - {id: by-hand, title: By hand}\n";

/// A stack with this rest of a description, and a profile.
fn stack(rest: &str) -> tempfile::TempDir {
    let description = format!("name: clinic\ntargets: [.]\nprofiles: [mine.yaml]\n{rest}");
    folder(&[("compose.yaml", COMPOSE), ("mine.yaml", PROFILE), ("pacscan.yaml", &description)])
}

fn audit(folder: &tempfile::TempDir, as_of: &str, more: &[&str]) -> Ran {
    run_in(folder.path(), &[&["audit", "pacscan.yaml", "--as-of", as_of], more].concat())
}

fn report(folder: &tempfile::TempDir, as_of: &str) -> Json {
    audit(folder, as_of, &["--format", "json"]).json()
}

fn control<'r>(report: &'r Json, id: &str) -> &'r Json {
    report["profiles"][0]["controls"].as_array().unwrap().iter().find(|control| control["id"] == id).unwrap()
}

fn status(report: &Json, check: &str) -> String {
    results(report, check)[0]["status"].as_str().unwrap().to_owned()
}
