//! The merged project: its name, its services in the audited set, and what Compose would refuse.

use std::path::PathBuf;
use std::sync::Arc;

use super::interpolate::Variables;
use super::load::Failure;
use super::value::{Node, Value, text};
use crate::collect::yaml::{Entry, Map, Place};

/// A compose project with everything merged.
pub(super) struct Project {
    /// Name by the rules of Compose.
    pub name: Arc<str>,
    /// Folder of the project, absolute.
    pub directory: PathBuf,
    /// The whole tree.
    pub tree: Node,
    /// Profiles that are switched on.
    pub profiles: Vec<String>,
    /// Home folder of the user, where it is known.
    pub home: Option<String>,
    /// Variables of the project.
    pub variables: Variables,
    /// Folders of included projects with the variables that hold there.
    pub scopes: Vec<(PathBuf, Variables)>,
}

impl Project {
    /// The entries of a top-level section.
    pub(super) fn section(&self, name: &str) -> impl Iterator<Item = (&Arc<str>, &Entry<Value>)> {
        self.tree.get(name).and_then(Node::map).into_iter().flat_map(Map::iter)
    }

    /// The variables that hold where something stands.
    pub(super) fn variables_at(&self, at: &Place) -> &Variables {
        let own = self.scopes.iter().find(|(folder, _)| *folder == at.source.directory && *folder != self.directory);
        own.map_or(&self.variables, |(_, variables)| variables)
    }

    /// One entry of a top-level section.
    pub(super) fn declared(&self, section: &str, name: &str) -> Option<&Entry<Value>> {
        self.tree.get(section)?.entry(name)
    }

    /// Services in the audited set.
    pub(super) fn services(&self) -> impl Iterator<Item = (&Arc<str>, &Entry<Value>)> {
        self.section("services").filter(|(_, entry)| self.is_audited(&entry.node))
    }

    /// Services left out because of their profiles.
    pub(super) fn hidden(&self) -> impl Iterator<Item = &Arc<str>> {
        self.section("services").filter(|(_, entry)| !self.is_audited(&entry.node)).map(|(name, _)| name)
    }

    /// A service without profiles always runs; one whose profiles cannot be known is audited rather than left out.
    fn is_audited(&self, service: &Node) -> bool {
        let Some(profiles) = service.get("profiles").and_then(Node::list).filter(|list| !list.is_empty()) else { return true };
        self.profiles.iter().any(|profile| profile == "all" || profile == "*")
            || profiles.iter().any(|node| text(node).map_or(true, |name| self.profiles.iter().any(|p| p == name)))
    }

    /// A network, volume, secret or config as the engine names it: its own name, else `<project>_<key>`.
    pub(super) fn engine_name(&self, section: &str, key: &str) -> String {
        let entry = self.declared(section, key);
        let own = entry.and_then(|entry| entry.node.get("name")).and_then(|node| text(node).ok()).filter(|name| !name.is_empty());
        match own {
            Some(name) => name.to_owned(),
            None if entry.is_some_and(|entry| is_external(&entry.node)) => key.to_owned(),
            None => format!("{}_{key}", self.name),
        }
    }

    /// What Compose refuses although the files are well formed.
    pub(super) fn contradictions(&self) -> Vec<Failure> {
        let mut out = Vec::new();
        for (_, entry) in self.services() {
            let service = &entry.node;
            let built = ["image", "build", "provider"].iter().any(|key| service.get(key).is_some());
            if !built {
                out.push(Failure::invalid("this service has neither `image` nor `build`", &entry.at));
            }
            for (key, section) in [("networks", "networks"), ("depends_on", "services")] {
                for (name, used) in service.get(key).and_then(Node::map).into_iter().flat_map(Map::iter) {
                    let default = key == "networks" && &**name == "default";
                    let optional = used.node.get("required").and_then(|node| text(node).ok()) == Some("false");
                    if !default && !optional && self.declared(section, name).is_none() {
                        out.push(Failure::invalid(format!("`{key}` names something that is declared nowhere"), &used.at));
                    }
                }
            }
            out.extend(self.undeclared_mounts(service));
        }
        out
    }

    fn undeclared_mounts(&self, service: &Node) -> Vec<Failure> {
        let mut out = Vec::new();
        for section in ["secrets", "configs"] {
            for node in service.get(section).and_then(Node::list).unwrap_or_default() {
                let name = node.get("source").unwrap_or(node);
                if text(name).is_ok_and(|name| self.declared(section, name).is_none()) {
                    out.push(Failure::invalid(format!("`{section}` names something that is declared nowhere"), &node.at));
                }
            }
        }
        for node in service.get("volumes").and_then(Node::list).unwrap_or_default() {
            let Ok(volume) = super::service::volume::Volume::read(node) else { continue };
            let named =
                volume.kind == "volume" && volume.source.as_ref().is_some_and(|name| self.declared("volumes", name).is_none());
            if named {
                out.push(Failure::invalid("`volumes` names a volume that is declared nowhere", &node.at));
            }
        }
        out
    }
}

/// `external: true`, or the older `external: {name: …}`.
pub(super) fn is_external(node: &Node) -> bool {
    node.get("external").is_some_and(|external| external.map().is_some() || text(external).is_ok_and(|text| text == "true"))
}

/// The project's name: `COMPOSE_PROJECT_NAME`, else `name:`, else the folder's, in the letters that Compose allows.
pub(super) fn name(tree: Option<&Node>, directory: &std::path::Path, variables: &Variables) -> Arc<str> {
    let set = variables.get("COMPOSE_PROJECT_NAME").filter(|name| !name.is_empty());
    let own = || tree?.get("name").and_then(|node| text(node).ok()).filter(|name| !name.is_empty());
    let folder = std::fs::canonicalize(directory).unwrap_or_else(|_| directory.to_path_buf());
    let folder = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = set.or_else(own).unwrap_or(&folder).to_lowercase();
    let allowed: String = name.chars().filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(*c)).collect();
    allowed.trim_start_matches(['_', '-']).into()
}
