//! From one merged service to the facts of a container.

mod built;
mod command;
mod devices;
mod environment;
mod health;
mod limits;
mod mounts;
mod networks;
mod ports;
mod read;
pub(super) mod volume;

use std::sync::Arc;

use super::build::Build;
use super::project::Project;
use super::value::{Node, Value, is_null};
use crate::collect::yaml::{Entry, Place};
use crate::facts::{Assurance, Document, Fact, Groups, Kind, List, Reason, Record, Unknown};
pub(super) use command::words;
pub(super) use environment::settings;
pub(super) use mounts::{Bind, binds, device_of, host_path, is_in_project, mount_sources};
pub(super) use read::boolean;

/// One service of the audited set.
#[derive(Clone, Copy)]
pub(super) struct Service<'p> {
    pub name: &'p Arc<str>,
    pub at: &'p Place,
    pub node: &'p Node,
    pub project: &'p Project,
    /// What it is built from; none where it is not built, or where that does not matter.
    pub build: Option<&'p Build>,
}

impl<'p> Service<'p> {
    /// A setting, where something is said.
    pub(super) fn entry(&self, key: &str) -> Option<&'p Entry<Value>> {
        self.node.entry(key).filter(|entry| !is_null(&entry.node))
    }

    /// A setting's value, where something is said.
    pub(super) fn get(&self, key: &str) -> Option<&'p Node> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// A setting at a path of keys.
    fn at_path(&self, keys: &[&str]) -> Option<&'p Entry<Value>> {
        let (last, before) = keys.split_last()?;
        let node = before.iter().try_fold(self.node, |node, key| node.get(key))?;
        node.entry(last).filter(|entry| !is_null(&entry.node))
    }

    /// Another service of the project.
    fn other(&self, name: &str) -> Option<Service<'p>> {
        let (name, entry) = self.project.tree.get("services")?.map()?.get_key_value(name)?;
        Some(Service { name, at: &entry.at, node: &entry.node, project: self.project, build: None })
    }

    /// What the engine would use: the service with every default that the specification fixes.
    pub(super) fn document(&self, target: &str, groups: &mut Groups) -> Document {
        let mut document = Document::new(Kind::Container, Arc::clone(self.name), target, Assurance::Declared);
        document.service = Some(Arc::clone(self.name));
        document.project = Some(Arc::clone(&self.project.name));
        let facts = &mut document.facts;
        self.image(facts);
        self.only_an_engine_can_tell(facts);
        limits::write(self, facts);
        environment::write(self, facts, groups);
        mounts::write(self, facts);
        networks::write(self, facts);
        ports::write(self, facts);
        devices::write(self, facts);
        health::write(self, facts);
        command::write(self, facts, groups);
        document
    }

    fn image(&self, facts: &mut Record) {
        match self.entry("image") {
            None => facts.put("image.reference", Fact::absent().at(&self.at.origin())),
            Some(entry) => {
                let empty = || Unknown::new(Reason::UnknownFact, "the image name comes out empty");
                let read = |text: &str| if text.is_empty() { Err(empty()) } else { Ok(text.to_owned()) };
                facts.put("image.reference", read::text_fact(entry, read));
            }
        }
        facts.put(
            "container_name",
            match self.entry("container_name").filter(|entry| !is_empty(entry)) {
                Some(entry) => read::text_fact(entry, |text| Ok(text.to_owned())),
                None => Fact::absent().at(&self.at.origin()),
            },
        );
        let built = self.entry("build");
        let origin = built.map_or(self.at, |entry| &entry.at).origin();
        facts.set("image.built", built.is_some(), &origin);
        facts.set("image.seen", false, &self.at.origin());
        built::user(self, facts);
        built::system(self, facts);
    }

    fn only_an_engine_can_tell(&self, facts: &mut Record) {
        let no_engine = || Unknown::new(Reason::NoTarget, "a compose file says what should run; no engine was asked");
        for path in
            ["state", "running", "image.id", "mac_profile", "health.status", "health.tool_found", "processes", "log_credentials"]
        {
            facts.put(path, Fact::unknown(no_engine()).at(&self.at.origin()));
        }
        let profiles = self.entry("profiles");
        facts.put(
            "profiles",
            read::list_fact(self, profiles, |node| Ok(vec![Fact::known(super::value::text(node)?).at(&node.at.origin())])),
        );
    }
}

/// Whether a text is there and comes out empty, which Compose takes for "not set".
fn is_empty(entry: &Entry<Value>) -> bool {
    entry.node.scalar().is_some_and(|value| value.text.is_empty() && value.undecided().is_none())
}

/// A list that lacks what only the image knows, unless nothing lies below its Dockerfile.
fn lacks_image(service: &Service<'_>, list: &mut List, detail: &'static str) {
    if service.is_from_scratch() {
        return;
    }
    list.incomplete.get_or_insert_with(|| Unknown::new(Reason::ImageNotSeen, detail));
}
