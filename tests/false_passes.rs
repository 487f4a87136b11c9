//! Settings that must not pass, one a line: a false pass is the worst fault there is.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "false_passes/compose.rs"]
mod compose;
#[path = "false_passes/engine.rs"]
mod engine;
#[path = "false_passes/orthanc.rs"]
mod orthanc;
#[path = "false_passes/reach.rs"]
mod reach;
#[path = "engine/server.rs"]
#[allow(dead_code, reason = "shared")]
mod server;
#[path = "false_passes/start.rs"]
mod start;
mod support;

use serde_json::Value as Json;
use support::results;

/// Lines (setting, check, expected status, or `not` and a status) that do not hold for the subjects svc000, svc001 and so on.
fn disagreements<'l>(report: &Json, lines: impl Iterator<Item = (&'l str, &'l str, &'l str)>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (i, (setting, check, expected)) in lines.enumerate() {
        let name = format!("svc{i:03}");
        let result = results(report, check).into_iter().find(|result| result["subject"]["name"] == *name).unwrap();
        let status = result["status"].as_str().unwrap();
        let holds = match expected.strip_prefix("not ") {
            Some(other) => status != other && status != "not_applicable",
            None => status == expected,
        };
        if !holds {
            wrong.push(format!("{check} of `{setting}`: {status}, expected {expected}: {}", result["message"]));
        }
    }
    wrong
}
