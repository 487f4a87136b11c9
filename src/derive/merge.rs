//! One container seen from several sides: the stronger known value decides, and where they differ it is said.

use std::sync::Arc;

use super::drift;
use super::stack::Described;
use crate::facts::{Assurance, Document, Fact, Kind, Origin, Reason, Record, State, Unknown, Value};

/// Joins each compose service with its containers; everything else is passed on.
pub(super) fn reconcile(raw: &[Document], described: &Described) -> Vec<Document> {
    let (declared, mut documents): (Vec<&Document>, Vec<Document>) =
        raw.iter().fold((Vec::new(), Vec::new()), |(mut services, mut rest), d| {
            match (d.kind, d.assurance) {
                (Kind::Container, Assurance::Declared) => services.push(d),
                (Kind::Orthanc | Kind::Proxy, Assurance::Declared) if d.service.is_some() => services.push(d),
                _ => rest.push(d.clone()),
            }
            (services, rest)
        });
    for document in documents.iter_mut().filter(|d| d.assurance > Assurance::Declared) {
        let service = declared.iter().find(|service| service.kind == document.kind && belongs(document, service, described));
        match (document.kind, service) {
            (Kind::Container, service) => join(document, service.copied()),
            // What the running program reads decides; the file shows the line to change.
            (Kind::Orthanc | Kind::Proxy, Some(service)) => overlay(&mut document.facts, &service.facts, &service.target),
            _ => {}
        }
    }
    for service in declared {
        let seen = |d: &Document| d.kind == service.kind && d.assurance > Assurance::Declared && belongs(d, service, described);
        if !documents.iter().any(seen) {
            let mut alone = service.clone();
            if alone.kind != Kind::Container {
                documents.push(alone);
                continue;
            }
            // A container of a Kubernetes manifest is no service.
            alone.facts.set_here("compose.service", alone.service.is_some());
            alone.facts.set_here("compose.matched", false);
            drift_unknown(&mut alone, "no container of this service was seen");
            documents.push(alone);
        }
    }
    documents
}

/// By the labels of Compose, else by the container's name as the file gives it, else by the stack description; never by
/// image.
fn belongs(container: &Document, service: &Document, described: &Described) -> bool {
    match (&container.project, &container.service) {
        (Some(project), Some(name)) => service.project.as_ref() == Some(project) && service.service.as_ref() == Some(name),
        _ => {
            let named = service.facts.text("container_name").is_some_and(|name| *name == *container.name);
            named || service.service.as_ref().is_some_and(|name| described.is_container_of(&container.name, name))
        }
    }
}

fn join(container: &mut Document, service: Option<&Document>) {
    let in_compose = container.service.is_some() || service.is_some();
    container.facts.set_here("compose.service", in_compose);
    container.facts.set_here("compose.matched", service.is_some());
    let Some(service) = service else {
        return drift_unknown(container, "its compose file was not audited together with it");
    };
    container.service.clone_from(&service.service);
    container.project.clone_from(&service.project);
    let (drift, severity) = drift::compare(&container.facts, &service.facts);
    container.facts.set_here("drift", drift);
    match severity {
        Some(severity) => container.facts.set_here("drift_severity", severity),
        None => container.facts.set_here("drift_severity", "medium"),
    }
    overlay(&mut container.facts, &service.facts, &service.target);
}

fn drift_unknown(document: &mut Document, why: &str) {
    document.facts.unknown("drift", Unknown::new(Reason::NoTarget, why));
    document.facts.unknown("drift_severity", Unknown::new(Reason::NoTarget, why));
}

/// Fills what the engine does not know from the file, and gives the engine's facts the file's line.
fn overlay(strong: &mut Record, weak: &Record, target: &Arc<str>) {
    for (name, declared) in weak.iter() {
        match strong.get_mut(name) {
            Some(Fact { state: State::Known(Value::Record(inner)), .. }) => {
                if let State::Known(Value::Record(below)) = &declared.state {
                    overlay(inner, below, target);
                }
            }
            Some(fact) if !matches!(fact.state, State::Unknown(_)) => fact.origin = both(fact, declared),
            _ if matches!(declared.state, State::Unknown(_)) => {}
            _ => {
                let origin = declared.origin.as_deref().cloned().unwrap_or_default().within(target, Assurance::Declared);
                strong.put(name, declared.clone().at(&Arc::new(origin)));
            }
        }
    }
}

/// The engine's field, and the line that has to be changed.
fn both(effective: &Fact, declared: &Fact) -> Option<Arc<Origin>> {
    let own = effective.origin.as_deref().cloned().unwrap_or_default();
    match declared.origin.as_deref() {
        Some(line) if line.file.is_some() && !matches!(declared.state, State::Unknown(_)) => {
            Some(Arc::new(Origin { file: line.file.clone(), line: line.line, column: line.column, ..own }))
        }
        _ => effective.origin.clone(),
    }
}
