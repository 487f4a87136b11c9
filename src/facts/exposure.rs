//! Who reaches patient data without a credential, for people.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The open ways to patient data that were found, and what could not be found out about others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Exposure {
    /// Ways that ask for no credential.
    pub open: Vec<OpenPath>,
    /// Why there may be more, one sentence for each subject.
    pub unknown: Vec<String>,
}

/// One way to patient data that asks for no credential.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct OpenPath {
    /// Name of the container or service that holds the data.
    pub subject: String,
    /// The target it was found in.
    pub target: String,
    /// The way, from outside inwards: `any host -> 0.0.0.0:8042 -> orthanc REST, authentication off`.
    pub path: String,
}
