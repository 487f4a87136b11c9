//! `extends`: a service over another one, of this file or of another.

use std::path::PathBuf;

use super::canonical::{map_mut, single};
use super::files;
use super::interpolate::Variables;
use super::load::{Failure, Loader};
use super::merge;
use super::value::{Node, Value, text};
use crate::collect::yaml::{Content, Map};

/// Longest chain of services that extend one another.
const MAX_CHAIN: usize = 32;

/// The services being worked on, to notice that one extends itself.
type Chain = Vec<(PathBuf, String)>;

impl Loader {
    /// Resolves every `extends` of a file.
    pub(super) fn extend_all(&mut self, tree: &mut Node, variables: &Variables) -> Result<(), Failure> {
        let Some(Content::Map(services)) = tree.get("services").map(|node| node.content.clone()) else { return Ok(()) };
        for (name, entry) in &services {
            if entry.node.get("extends").is_none() {
                continue;
            }
            let file = PathBuf::from(&*tree.at.source.shown);
            let extended = self.extend(&entry.node, &services, &mut vec![(file, name.to_string())], variables)?;
            let slot = map_mut(tree).and_then(|map| map.get_mut("services")).and_then(|entry| map_mut(&mut entry.node));
            if let Some(slot) = slot.and_then(|map| map.get_mut(name)) {
                slot.node = extended;
            }
        }
        Ok(())
    }

    fn extend(
        &mut self,
        service: &Node,
        siblings: &Map<Value>,
        chain: &mut Chain,
        variables: &Variables,
    ) -> Result<Node, Failure> {
        self.spend(service)?;
        let mut service = service.clone();
        let Some(extends) = map_mut(&mut service).and_then(|map| map.remove("extends")) else { return Ok(service) };
        let at = extends.at.clone();
        let long = match extends.node.scalar() {
            Some(name) => single("service", &name.text, &at),
            None => extends.node,
        };
        let name = asked(&long, "service")?.ok_or_else(|| Failure::invalid("`extends` names no service", &at))?;
        let file = asked(&long, "file")?;
        let others = match &file {
            Some(file) => Some(self.extended_file(file, &long, variables)?),
            None => None,
        };
        let siblings = match &others {
            Some(tree) => tree.get("services").and_then(Node::map).ok_or_else(|| not_there(&long))?,
            None => siblings,
        };
        let base = siblings.get(name.as_str()).ok_or_else(|| not_there(&long))?;
        let link = (PathBuf::from(&*base.at.source.shown), name);
        if chain.contains(&link) {
            return Err(Failure::invalid("these services extend one another in a circle", &at));
        }
        if chain.len() >= MAX_CHAIN {
            return Err(Failure::invalid(format!("more than {MAX_CHAIN} services extend one another in a row"), &at));
        }
        chain.push(link);
        let base = self.extend(&base.node, siblings, chain, variables)?;
        merge::services(base, service)
    }

    fn extended_file(&mut self, file: &str, extends: &Node, variables: &Variables) -> Result<Node, Failure> {
        refuse_remote(file, extends)?;
        let path = files::join(&extends.at.source.directory, file);
        let directory = path.parent().unwrap_or(&path).to_path_buf();
        self.file(&path, &directory, variables, Some(&extends.at))
    }
}

fn not_there(extends: &Node) -> Failure {
    Failure::invalid("`extends` names a service that is not there", &extends.at)
}

fn asked(node: &Node, key: &str) -> Result<Option<String>, Failure> {
    node.get(key)
        .map(|node| {
            text(node).map(str::to_owned).map_err(|why| Failure {
                message: why.detail.as_deref().unwrap_or("unknown").to_owned(),
                place: Some(node.at.clone()),
                unseen: Some(why.reason),
            })
        })
        .transpose()
}

/// Files elsewhere (`https://…`, `oci://…`, `git@…`) are not fetched.
pub(super) fn refuse_remote(file: &str, node: &Node) -> Result<(), Failure> {
    if file.contains("://") || file.starts_with("git@") || file.starts_with("github.com/") {
        return Err(Failure {
            message: "part of this project lies on another machine; it is not fetched".into(),
            place: Some(node.at.clone()),
            unseen: Some(crate::facts::Reason::NoTarget),
        });
    }
    Ok(())
}
