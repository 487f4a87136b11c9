//! The command line as a stranger meets it: what it says, and the exit codes of the contract.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "cli/engine.rs"]
mod engine;
#[path = "cli/gate.rs"]
mod gate;
#[path = "cli/input.rs"]
mod input;
#[path = "cli/output.rs"]
mod output;
#[path = "cli/schemas.rs"]
mod schemas;
#[path = "engine/server.rs"]
#[allow(dead_code, reason = "shared")]
mod server;
mod support;
