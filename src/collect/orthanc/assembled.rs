//! A configuration that was put together, and what keeps it from loading.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Setting;
use super::json::{Json, Look, Map, Node};
use super::shown;
use crate::facts::{Origin, Reason, Unknown};
use crate::knowledge::{KeyType, Version, VersionRange, orthanc_keys};

/// From this version on Orthanc checks users when it starts.
const REFUSES: Version = Version([1, 13, 0]);

/// From this version on Orthanc stops at a plugin that is not there.
const MISSING_IS_FATAL: Version = Version([1, 12, 5]);

/// What keeps a configuration from loading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// What is wrong.
    pub text: String,
    /// Where.
    pub at: Arc<Origin>,
}

/// A configuration that was put together.
#[derive(Debug, Default)]
pub(super) struct Assembled {
    /// The whole of it.
    pub root: Map,
    /// What surely keeps it from loading.
    pub problems: Vec<Problem>,
    /// What may.
    pub doubt: Option<Unknown>,
    /// What it was put together from, the weakest first.
    pub sources: Vec<String>,
    /// Keys that stand twice in one object: the last counts.
    pub duplicates: Vec<(Arc<str>, Arc<Origin>)>,
    /// Plugins that the start script switches on.
    pub switched_on: BTreeSet<&'static str>,
    /// Plugins that it switches off.
    pub switched_off: BTreeSet<&'static str>,
}

impl Assembled {
    /// Remembers the first doubt.
    pub(super) fn doubt(&mut self, detail: impl Into<Arc<str>>) {
        self.doubt.get_or_insert_with(|| Unknown::new(Reason::Unproven, detail));
    }

    /// Compares the values of the core's keys with their types: a wrong one is fatal.
    pub(super) fn check_types(&mut self, versions: VersionRange) {
        let mut problems = Vec::new();
        let mut doubt = None;
        for key in orthanc_keys().iter().filter(|key| !key.plugin && !key.lazy) {
            let Some(node) = self.root.entries.get(key.key.as_str()) else { continue };
            if key.only_with.as_deref().is_some_and(|other| !self.may_be_true(other)) {
                continue;
            }
            // A version that lacks the key does not look at it.
            let read = key.since.map_or(Some(true), |since| versions.at_least(since));
            match (fits(node, key.kind, versions), read) {
                (Some(true), _) | (_, Some(false)) => {}
                (Some(false), Some(true)) => problems.push(Problem {
                    text: format!("{} is {} and must be {}{}", key.key, node.json.words(), key.kind.words(), capital(node)),
                    at: Arc::clone(&node.at),
                }),
                _ => doubt = doubt.or_else(|| Some(format!("whether the value of {} has the right type is not known", key.key))),
            }
        }
        self.problems.append(&mut problems);
        if let Some(text) = doubt {
            self.doubt(text);
        }
        self.check_users(versions);
        self.check_nobody(versions);
        self.check_names();
        self.check_aet();
    }

    fn may_be_true(&self, key: &str) -> bool {
        match self.root.look(key) {
            Look::Set(node) => !matches!(node.json, Json::Bool(false)),
            Look::Absent => false,
            Look::Unknown(_) => true,
        }
    }

    /// An application entity title has 1 to 16 characters.
    fn check_aet(&mut self) {
        let Some(node) = self.root.entries.get("DicomAet") else { return };
        if let Some(length) = node.text().map(str::len).filter(|length| !(1..=16).contains(length)) {
            let text = format!("DicomAet has {length} characters; it must have 1 to 16");
            self.problems.push(Problem { text, at: Arc::clone(&node.at) });
        }
    }

    /// Orthanc stops at an entry of `Plugins` that is no shared library; before 1.12.5 it passes over one that is not there.
    pub(super) fn check_plugins(&mut self, setting: &Setting<'_>, versions: VersionRange) {
        let Some(Node { json: Json::List(items), .. }) = self.root.entries.get("Plugins") else { return };
        let mut found = Vec::new();
        for item in items {
            let Some(path) = item.text().filter(|path| path.ends_with(".py")) else { continue };
            let name = shown::path(path).unwrap_or_else(|| "a .py file".into());
            let there = match setting.program.inside.look(path) {
                _ if setting.alone => None,
                crate::collect::program::Look::File(_) => Some(true),
                crate::collect::program::Look::Absent => Some(false),
                crate::collect::program::Look::Unknown(_) => None,
            };
            let stops = there == Some(true) || versions.at_least(MISSING_IS_FATAL) == Some(true);
            found.push((stops, format!("Plugins names {name}, which is no shared library"), Arc::clone(&item.at)));
        }
        for (stops, text, at) in found {
            if stops {
                self.problems.push(Problem { text: format!("{text}, and Orthanc stops there"), at });
            } else {
                self.doubt(format!("{text}: Orthanc stops there if it exists"));
            }
        }
    }

    /// With authentication and remote access on and no user, newer versions do not start.
    fn check_nobody(&mut self, versions: VersionRange) {
        let is_on = |key: &str| matches!(self.root.entries.get(key).map(|node| &node.json), Some(Json::Bool(true)));
        let nobody = match self.root.look("RegisteredUsers") {
            Look::Absent => true,
            Look::Set(node) => node.map().is_some_and(|map| map.entries.is_empty() && map.incomplete.is_none()),
            Look::Unknown(_) => false,
        };
        if nobody && is_on("AuthenticationEnabled") && is_on("RemoteAccessAllowed") && versions.at_least(REFUSES) == Some(true) {
            let text = format!(
                "authentication and remote access are on and RegisteredUsers names nobody, with which Orthanc {REFUSES} and newer do not start"
            );
            let at = self
                .root
                .entries
                .get("AuthenticationEnabled")
                .map_or_else(|| Origin::field("RegisteredUsers"), |node| Arc::clone(&node.at));
            self.problems.push(Problem { text, at });
        }
    }

    /// A password that is a number: accepted by old versions, an error in new ones.
    fn check_users(&mut self, versions: VersionRange) {
        let Some(users) = self.root.entries.get("RegisteredUsers").and_then(Node::map) else { return };
        let wrong = users.entries.iter().find(|(_, node)| !matches!(node.json, Json::Text(_) | Json::Unknown(_)));
        let Some((name, node)) = wrong else { return };
        let text = format!("the password of {} in RegisteredUsers is {}, no text", shown::key(name), node.json.words());
        match versions.at_least(REFUSES) {
            Some(true) => self.problems.push(Problem { text, at: Arc::clone(&node.at) }),
            _ => self.doubt(format!("{text}, which newer versions refuse")),
        }
    }

    /// Names of modalities and peers are letters, digits, dashes and underscores.
    fn check_names(&mut self) {
        for section in ["DicomModalities", "OrthancPeers"] {
            let Some(map) = self.root.entries.get(section).and_then(Node::map) else { continue };
            let plain = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
            let Some((name, node)) = map.entries.iter().find(|(name, _)| !plain(name) && !name.contains('$')) else { continue };
            let text = format!("{} in {section}: a name may hold letters, digits, - and _ only", shown::key(name));
            self.problems.push(Problem { text, at: Arc::clone(&node.at) });
        }
    }
}

/// The classic: Python's `True` in a variable is a text.
fn capital(node: &Node) -> &'static str {
    match node.text() {
        Some("True" | "False" | "TRUE" | "FALSE" | "Yes" | "No" | "yes" | "no" | "on" | "off") => {
            "; JSON writes true and false in lower case and without quotes"
        }
        _ => "",
    }
}

/// Whether a value has a type; `None` where it is not known.
pub(super) fn fits(node: &Node, kind: KeyType, versions: VersionRange) -> Option<bool> {
    match (&node.json, kind) {
        (Json::Unknown(_), _) => None,
        (Json::Bool(_), KeyType::Bool | KeyType::Overwrite)
        | (Json::Text(_), KeyType::Text)
        | (Json::List(_), KeyType::List)
        | (Json::Map(_), KeyType::Map) => Some(true),
        (Json::Int(number), KeyType::Uint) => Some(*number >= 0),
        (Json::Text(word), KeyType::Overwrite) if matches!(&**word, "Never" | "Always" | "IfChanged") => {
            versions.at_least(Version([1, 13, 0]))
        }
        _ => Some(false),
    }
}
