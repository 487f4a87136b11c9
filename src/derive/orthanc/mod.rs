//! What an Orthanc's configuration means in the version in use.

mod effective;
mod storage;
mod tls;
mod users;

use crate::facts::{Document, Fact, Kind, Reason, Record, State, Unknown};
use crate::knowledge::{Version, VersionRange};

/// Writes the derived facts of every Orthanc.
pub(super) fn derive(documents: &mut [Document]) {
    let containers: Vec<Document> = documents.iter().filter(|document| document.kind == Kind::Container).cloned().collect();
    for document in documents.iter_mut().filter(|document| document.kind == Kind::Orthanc) {
        let in_use = InUse::of(&document.facts);
        effective::derive(&mut document.facts, in_use);
        users::derive(&mut document.facts, in_use);
        tls::derive(&mut document.facts, in_use);
        let container = containers.iter().find(|container| same(container, document));
        storage::derive(&mut document.facts, container.map(|container| &container.facts));
        not_probed(&mut document.facts);
    }
}

/// Whether a container and an Orthanc are the same thing.
fn same(container: &Document, orthanc: &Document) -> bool {
    match (&orthanc.service, &orthanc.project) {
        (Some(service), Some(project)) => {
            container.service.as_ref() == Some(service) && container.project.as_ref() == Some(project)
        }
        _ => container.name == orthanc.name && container.target == orthanc.target,
    }
}

/// What only a probe of the running server can see.
fn not_probed(facts: &mut Record) {
    for path in ["oauth.debug_routes", "oauth.token_in_responses"] {
        if !facts.has(path) {
            facts.unknown(path, Unknown::new(Reason::NotProbed, "nobody asked the running server"));
        }
    }
}

/// The version in use, as far as the collector knows it.
#[derive(Clone, Copy)]
struct InUse {
    versions: VersionRange,
    /// Why it is not known exactly.
    reason: Reason,
}

impl InUse {
    fn of(facts: &Record) -> Self {
        let version = |path: &str| facts.text(path).and_then(Version::parse);
        let versions = match version("version") {
            Some(exact) => VersionRange::exactly(exact),
            None => VersionRange { floor: version("version_floor"), ceiling: version("version_ceiling") },
        };
        let reason = match &facts.get("version").state {
            State::Unknown(why) => why.reason,
            _ => Reason::ImageNotSeen,
        };
        Self { versions, reason }
    }

    /// It depends on the version, and the version is not known.
    fn unknown(self, detail: String) -> Fact {
        Fact::unknown(Unknown::new(self.reason, detail))
    }

    fn at_least(self, version: Version) -> Option<bool> {
        self.versions.at_least(version)
    }
}

/// The same fact for every one of these paths, where it is not known.
fn unknown_like(fact: &Fact) -> Fact {
    match &fact.state {
        State::Unknown(why) => Fact::unknown(why.clone()),
        _ => fact.clone(),
    }
}

#[cfg(test)]
mod tests;
