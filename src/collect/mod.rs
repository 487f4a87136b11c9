//! Looking: each collector turns one target into raw facts, and judges nothing.
//!
//! What cannot be read becomes an unknown fact with its reason; an `Err` never stops a run.

pub mod compose;
mod dockerfile;
pub mod engine;
pub mod folder;
mod kubernetes;
mod nginx;
mod orthanc;
mod program;
pub mod stack;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::facts::{CollectError, Document, Groups, Reason};

/// What a collector brings home.
#[derive(Debug, Default)]
pub struct Collected {
    /// Documents of raw facts (catalogue stage `raw`).
    pub documents: Vec<Document>,
    /// What went wrong on the way.
    pub errors: Vec<CollectError>,
    /// Files (absolute paths) whose settings these documents already hold, so that nobody judges them twice.
    pub read: BTreeSet<PathBuf>,
    /// Set when the target could not be looked at at all.
    pub unreachable: Option<Reason>,
}

/// What all collectors share during one run.
pub struct Context<'a> {
    /// Variables of the process, for interpolation and `$DOCKER_HOST`.
    pub environment: &'a BTreeMap<String, String>,
    /// Numbers for equal secrets; ask in a fixed order, or reports would differ from run to run.
    pub groups: &'a mut Groups,
    /// Told what is being done, for people who wait.
    pub progress: &'a dyn Fn(&str),
}

/// Which containers and services are wanted.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Compose profiles to audit besides the default set; `all` for all.
    pub compose_profiles: Vec<String>,
    /// Only containers of these names; empty = all.
    pub containers: Vec<String>,
    /// Only containers with these labels (`K=V` or `K`); empty = all.
    pub labels: Vec<String>,
    /// Only containers of these compose projects; empty = all.
    pub projects: Vec<String>,
}
