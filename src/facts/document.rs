//! One audited thing and what is known about it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Assurance, Record};

/// What kind of thing a document describes; the word is also the root name in expressions (`container.read_only`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A container of an engine, or a service of a compose file.
    Container,
    /// An image of an engine.
    Image,
    /// A container engine.
    Engine,
    /// A compose project (its files taken together).
    Compose,
    /// The effective configuration of one Orthanc.
    Orthanc,
    /// The configuration of one reverse proxy.
    Proxy,
    /// A Dockerfile.
    Dockerfile,
    /// Another audited file.
    File,
    /// The folder of sources around the audited files.
    Repository,
    /// A Kubernetes object, or a file of Helm values.
    Kubernetes,
    /// The audited stack as a whole.
    Stack,
}

impl Kind {
    /// Every kind, in the order of reports.
    pub const ALL: [Self; 11] = [
        Self::Stack,
        Self::Engine,
        Self::Repository,
        Self::Compose,
        Self::Kubernetes,
        Self::Dockerfile,
        Self::File,
        Self::Image,
        Self::Container,
        Self::Orthanc,
        Self::Proxy,
    ];

    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Image => "image",
            Self::Engine => "engine",
            Self::Compose => "compose",
            Self::Orthanc => "orthanc",
            Self::Proxy => "proxy",
            Self::Dockerfile => "dockerfile",
            Self::File => "file",
            Self::Repository => "repository",
            Self::Kubernetes => "kubernetes",
            Self::Stack => "stack",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One audited thing: raw from a collector, or derived from several of those.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// What it is.
    pub kind: Kind,
    /// Its name in reports (CONTRACT section 2 says which).
    pub name: Arc<str>,
    /// The target it was found in, as the user named it.
    pub target: Arc<str>,
    /// Strength of the facts that do not say otherwise.
    pub assurance: Assurance,
    /// Compose service, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Arc<str>>,
    /// Compose project, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<Arc<str>>,
    /// What is known.
    pub facts: Record,
}

impl Document {
    /// A document without facts: everything about it is unknown.
    pub fn new(kind: Kind, name: impl Into<Arc<str>>, target: impl Into<Arc<str>>, assurance: Assurance) -> Self {
        Self { kind, name: name.into(), target: target.into(), assurance, service: None, project: None, facts: Record::new() }
    }
}
