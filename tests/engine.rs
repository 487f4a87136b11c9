//! The engine collector against recorded, hostile and real engines.
#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::large_futures, reason = "a test")]

#[path = "engine/facts.rs"]
mod facts;
#[path = "engine/hostile.rs"]
mod hostile;
#[path = "engine/lab.rs"]
mod lab;
#[path = "engine/programs.rs"]
mod programs;
#[path = "engine/recorded.rs"]
mod recorded;
#[path = "engine/remote.rs"]
mod remote;
#[path = "engine/secrets.rs"]
mod secrets;
#[path = "engine/server.rs"]
mod server;
