//! What usually listens on a container port.

use std::sync::LazyLock;

use serde::Deserialize;

/// The file `ports.yaml`.
#[derive(Debug, Deserialize)]
pub struct Ports {
    ports: Vec<PortMeaning>,
}

/// One meaning of one port.
#[derive(Debug, Deserialize)]
pub struct PortMeaning {
    /// Port in the container.
    pub port: i64,
    /// dicom, hl7, dicom-tls, hl7-tls, pacs-http, pacs-https, admin, database, cache, queue, object-store, ldap.
    pub kind: String,
    /// Roles for which this meaning holds; empty = all.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The role that the port speaks for when nothing else tells.
    #[serde(default)]
    pub suggests: Option<String>,
    /// Its name for people.
    pub title: String,
}

static PORTS: LazyLock<Ports> = LazyLock::new(|| super::shipped("ports.yaml", include_str!("ports.yaml")));

/// The meanings of this version.
pub fn ports() -> &'static Ports {
    &PORTS
}

impl Ports {
    /// The meanings of a port for a container of this role.
    pub fn meanings<'a>(&'a self, port: i64, role: &'a str) -> impl Iterator<Item = &'a PortMeaning> {
        self.ports.iter().filter(move |p| p.port == port && (p.roles.is_empty() || p.roles.iter().any(|r| r == role)))
    }

    /// The role that a port speaks for.
    pub fn suggestion(&self, port: i64) -> Option<&PortMeaning> {
        self.ports.iter().find(|p| p.port == port && p.suggests.is_some())
    }
}
