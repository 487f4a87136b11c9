//! What an Orthanc's configuration means in the version in use.

mod effective;
mod storage;
mod tls;
mod users;

use std::sync::Arc;

use super::merge::overlay;
use crate::facts::{Assurance, Document, Fact, Kind, Record, State};
use crate::knowledge::{Version, VersionRange};

/// Joins what files and what the engine say about one Orthanc, and writes the derived facts.
pub(super) fn derive(documents: &mut Vec<Document>) {
    join(documents);
    let containers: Vec<Document> = documents.iter().filter(|document| document.kind == Kind::Container).cloned().collect();
    for document in documents.iter_mut().filter(|document| document.kind == Kind::Orthanc) {
        let versions = versions(&document.facts);
        effective::derive(&mut document.facts, versions);
        users::derive(&mut document.facts, versions);
        tls::derive(&mut document.facts, versions);
        let container = containers.iter().find(|container| same(container, document));
        storage::derive(&mut document.facts, container.map(|container| &container.facts));
    }
}

/// One Orthanc seen from both sides is one: the engine's view, with the file's facts where the engine has none.
fn join(documents: &mut Vec<Document>) {
    let is = |document: &Document, assured: bool| {
        document.kind == Kind::Orthanc && (document.assurance > Assurance::Declared) == assured
    };
    let declared: Vec<Document> = documents.iter().filter(|document| is(document, false)).cloned().collect();
    let mut joined: Vec<(Arc<str>, Arc<str>)> = Vec::new();
    for strong in documents.iter_mut().filter(|document| is(document, true)) {
        let belongs =
            |weak: &&Document| weak.service.is_some() && weak.service == strong.service && weak.project == strong.project;
        if let Some(weak) = declared.iter().find(belongs) {
            overlay(&mut strong.facts, &weak.facts, &weak.target);
            joined.push((Arc::clone(&weak.target), Arc::clone(&weak.name)));
        }
    }
    documents.retain(|document| {
        !(is(document, false) && joined.iter().any(|(target, name)| *target == document.target && *name == document.name))
    });
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

/// The versions that it can be, as the collector wrote them.
fn versions(facts: &Record) -> VersionRange {
    let version = |path: &str| facts.text(path).and_then(Version::parse);
    match version("version") {
        Some(exact) => VersionRange::exactly(exact),
        None => VersionRange { floor: version("version_floor"), ceiling: version("version_ceiling") },
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
