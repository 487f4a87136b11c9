//! Uploads: whether the stack takes them, where they land, and whether anything scans them.

use super::overview::speaks_of;
use super::project::Project;
use super::service::volume::Volume;
use super::service::{Service, settings};
use super::value::Node;
use crate::facts::{Fact, Record};

const SCANNERS: [&str; 7] = ["clamav", "clamd", "freshclam", "antivirus", "anti-virus", "malware", "c-icap"];

pub(super) fn write(project: &Project, facts: &mut Record) {
    let mut takes = false;
    let mut scans = false;
    let mut paths = Vec::new();
    for (name, entry) in project.services() {
        let service = Service { name, at: &entry.at, node: &entry.node, project, build: None };
        scans |= speaks_of(&service, &SCANNERS);
        takes |= speaks_of(&service, &["upload"]);
        takes |= settings(&service).variables.keys().any(|name| name.to_ascii_lowercase().contains("upload"));
        for node in entry.node.get("volumes").and_then(Node::list).unwrap_or_default() {
            if let Some(path) = upload_path(name, node) {
                takes = true;
                paths.push(path);
            }
        }
    }
    facts.set_here("takes_uploads", takes);
    facts.set_here("antivirus", scans);
    facts.set_here("upload_paths", paths);
}

/// A mount whose source or target speaks of uploads; a bind of a folder of the project is no place of its own.
fn upload_path(service: &str, node: &Node) -> Option<Fact> {
    let volume = Volume::read(node).ok()?;
    let source = volume.source.clone().unwrap_or_default();
    let speaks = |text: &str| text.to_ascii_lowercase().contains("upload");
    if !speaks(&source) && !speaks(&volume.target) {
        return None;
    }
    let mut record = Record::new();
    record.set_here("label", format!("{service}: {}", volume.target));
    record.set_here("own_volume", matches!(volume.kind.as_str(), "volume" | "tmpfs"));
    Some(Fact::known(record).at(&node.at.origin()))
}
