//! Folders and single files as targets: what is found, what is judged, what stays unknown.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "folder/property.rs"]
mod property;
#[path = "folder/repository.rs"]
mod repository;
#[path = "folder/secrets.rs"]
mod secrets;
mod support;
#[path = "folder/walk.rs"]
mod walk;

use serde_json::Value as Json;

/// A report on a folder with these files.
pub fn audit(files: &[(&str, &str)]) -> Json {
    let folder = support::folder(files);
    support::run_in(folder.path(), &["audit", ".", "--format", "json"]).json()
}

/// Status of a check on a subject; panics where there is no such result.
pub fn status(report: &Json, check: &str, subject: &str) -> String {
    let found = support::results(report, check);
    let result = found.iter().find(|result| result["subject"]["name"] == subject);
    let result = result.unwrap_or_else(|| panic!("{check} has no result on {subject}: {found:#?}"));
    result["status"].as_str().unwrap().to_owned()
}

/// The only result of a check.
pub fn only<'r>(report: &'r Json, check: &str) -> &'r Json {
    let found = support::results(report, check);
    assert_eq!(found.len(), 1, "{check}: {found:#?}");
    found[0]
}
