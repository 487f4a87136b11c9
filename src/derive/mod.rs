//! What follows from the raw facts: merged views, effective users, roles, exposure. Nothing is fetched, nothing judged.
//!
//! It runs on the snapshot, so newer rules read older snapshots.

mod advisories;
mod application;
mod command;
mod dockerfile;
mod drift;
mod engine;
mod exposure;
mod image;
mod merge;
mod mounts;
mod orthanc;
mod planes;
mod privileges;
mod reach;
mod role;
mod secrets;
mod stack;
mod user;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::facts::{Document, Exposure, Kind, Reason, Snapshot};

/// The facts that checks read.
#[derive(Debug, Default)]
pub struct Derived {
    /// Documents with raw and derived facts, in a fixed order.
    pub documents: Vec<Document>,
    /// Kinds of which a complete view was had.
    pub seen: BTreeSet<Kind>,
    /// Kinds whose target could not be reached.
    pub unreachable: Vec<(Kind, Reason)>,
    /// Who reaches patient data without a credential.
    pub exposure: Exposure,
    /// The targets as the user named them.
    pub targets: Vec<Arc<str>>,
}

/// Derives all facts of a snapshot; `as_of` is the clock for ends of support.
pub fn derive(snapshot: &Snapshot, as_of: Timestamp) -> Derived {
    let described = stack::Described::of(&snapshot.documents);
    let mut documents = merge::reconcile(&snapshot.documents, &described);
    dockerfile::once(&mut documents);
    let today = as_of.to_zoned(jiff::tz::TimeZone::UTC).date();
    let (engines, images) = (of_kind(&documents, Kind::Engine), of_kind(&documents, Kind::Image));
    for document in &mut documents {
        let engine = engines.iter().find(|engine| engine.target == document.target);
        match document.kind {
            Kind::Container => {
                image::container_base(document, &images);
                user::derive(document, engine);
                role::derive(document, &described);
                privileges::derive(document, engine);
                mounts::derive(document);
                exposure::ports(document);
                image::reference(document, today);
                command::derive(document);
                secrets::derive(document);
                application::derive(document);
            }
            Kind::Image => {
                user::derive(document, engine);
                secrets::literal_flags(document, "env");
                secrets::literal_flags(document, "labels");
            }
            Kind::Dockerfile => dockerfile::derive(document, today),
            Kind::Engine => engine::derive(document, today, described.swarm),
            Kind::Orthanc => described.needs(document),
            _ => {}
        }
    }
    exposure::neighbours(&mut documents);
    secrets::weakness(&mut documents);
    orthanc::derive(&mut documents);
    reach::derive(&mut documents);
    documents.iter_mut().filter(|d| d.kind == Kind::Orthanc).for_each(advisories::derive);
    stack::derive(&mut documents, &snapshot.targets, as_of);
    documents.sort_by(|a, b| (a.kind, &a.project, &a.name, &a.target).cmp(&(b.kind, &b.project, &b.name, &b.target)));
    let (seen, unreachable) = planes::planes(snapshot, &documents);
    let targets = snapshot.targets.iter().map(|target| Arc::from(target.given.as_str())).collect();
    let exposure = reach::exposure(&documents);
    Derived { documents, seen, unreachable, exposure, targets }
}

fn of_kind(documents: &[Document], kind: Kind) -> Vec<Document> {
    documents.iter().filter(|document| document.kind == kind).cloned().collect()
}

#[cfg(test)]
#[path = "tests/reach.rs"]
mod reach_tests;
