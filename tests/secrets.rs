//! No secret ever leaves: random-looking canaries in every place where people put secrets, then every output is searched.
#![allow(clippy::unwrap_used, reason = "a test")]

#[path = "secrets/broken.rs"]
mod broken;
#[path = "secrets/canaries.rs"]
mod canaries;
#[path = "secrets/compose.rs"]
mod compose;
#[path = "secrets/detector.rs"]
mod detector;
#[path = "secrets/engine.rs"]
mod engine;
#[path = "engine/server.rs"]
#[allow(dead_code, reason = "shared")]
mod server;
mod support;
