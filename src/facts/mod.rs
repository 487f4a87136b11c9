//! What is known about the audited deployment: three-valued facts with their origin.
//!
//! This is the lowest layer: it imports nothing else of pacscan, and no other layer may define facts of its own.

mod catalogue;
mod document;
mod exposure;
mod json;
mod origin;
mod record;
mod role;
mod secret;
mod snapshot;
mod value;
mod words;

pub use catalogue::{Catalogue, FactType, Spec, Stage};
pub use document::{Document, Kind};
pub use exposure::{Exposure, OpenPath};
pub use origin::{Assurance, Origin};
pub use record::Record;
pub use role::ROLES;
pub use secret::{Class, Groups, Scanned, SecretScan, is_secret_name};
pub use snapshot::{
    CollectError, Probe, SNAPSHOT_SCHEMA_VERSION, Snapshot, SnapshotError, TargetRecord, Tool, version, without_values,
};
pub use value::{Fact, List, Reason, State, Unknown, Value};
pub use words::{WordSecret, Words};
