//! pacscan audits the deployment of a medical imaging stack before it goes live.
//!
//! ```text
//! targets -> collect -> snapshot (raw facts, redacted) -> derive -> check -> outcomes -> profile -> report -> formats
//! ```
//!
//! Modules in the order of their layers; imports go one way only (`tests/layers.rs` enforces it).

pub mod author;
pub mod check;
pub mod cli;
pub mod collect;
pub mod derive;
pub mod error;
pub mod expr;
pub mod facts;
pub mod knowledge;
pub mod profile;
pub mod report;
pub mod run;
pub mod source;
pub mod target;
