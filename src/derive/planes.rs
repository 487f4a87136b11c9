//! Of which kinds of things a complete view was had, so that "there is none" differs from "nobody looked".

use std::collections::BTreeSet;

use crate::facts::{Document, Kind, Reason, Snapshot, State};
use crate::knowledge::images;

/// An engine shows engines, images and containers; a compose project shows itself and its services.
pub(super) fn planes(snapshot: &Snapshot, documents: &[Document]) -> (BTreeSet<Kind>, Vec<(Kind, Reason)>) {
    let mut seen = BTreeSet::from([Kind::Stack]);
    let mut unreachable = Vec::new();
    for target in &snapshot.targets {
        let kinds: &[Kind] = match target.kind.as_str() {
            "engine" => &[Kind::Engine, Kind::Image, Kind::Container, Kind::Orthanc, Kind::Proxy],
            "compose" => &[Kind::Compose, Kind::Container, Kind::Orthanc, Kind::Proxy, Kind::Dockerfile],
            _ => &[],
        };
        match target.unreachable {
            Some(reason) => unreachable.extend(kinds.iter().map(|kind| (*kind, reason))),
            None => {
                let has = |kind: Kind| snapshot.documents.iter().any(|d| d.kind == kind && *d.target == *target.given);
                let needs_services = [Kind::Container, Kind::Orthanc, Kind::Proxy, Kind::Dockerfile];
                let shown = shows_containers(snapshot, &target.given);
                seen.extend(kinds.iter().filter(|kind| shown || !needs_services.contains(kind)));
                // Only a folder that was walked shows that it holds no manifest and no Dockerfile.
                if has(Kind::Repository) {
                    seen.extend([Kind::Repository, Kind::File, Kind::Kubernetes, Kind::Dockerfile]);
                    unreachable.extend(hidden_files(snapshot, &target.given));
                }
            }
        }
    }
    unreachable.extend(hidden_programs(documents));
    // Files that make no project hide how many services there are.
    for project in snapshot.documents.iter().filter(|document| document.kind == Kind::Compose) {
        if matches!(project.facts.get("services").state, State::Unknown(_)) {
            unreachable.push((Kind::Container, Reason::Unsupported));
        }
    }
    (seen, unreachable)
}

/// Where the walk could not look, files may lie that nobody has judged.
fn hidden_files(snapshot: &Snapshot, target: &str) -> Vec<(Kind, Reason)> {
    let walked = snapshot.documents.iter().find(|d| d.kind == Kind::Repository && *d.target == *target);
    let hidden = walked.and_then(|d| d.facts.list("unread")?.incomplete.as_ref().map(|why| why.reason));
    hidden.map_or(Vec::new(), |reason| [Kind::File, Kind::Kubernetes, Kind::Dockerfile].map(|kind| (kind, reason)).into())
}

/// A compose file that could not be read says nothing about its services.
fn shows_containers(snapshot: &Snapshot, target: &str) -> bool {
    let unread = |d: &Document| d.kind == Kind::Compose && *d.target == *target && d.facts.bool("parses") != Some(true);
    !snapshot.documents.iter().any(unread)
}

/// What an image that nobody can name may hold: then there may be an Orthanc or a proxy that was not seen.
fn hidden_programs(documents: &[Document]) -> Vec<(Kind, Reason)> {
    let containers = || documents.iter().filter(|d| d.kind == Kind::Container);
    let nameless = containers().any(|c| matches!(c.facts.get("image.reference").state, State::Unknown(_)));
    let may_be = |c: &Document, kind: Kind, role: &str| {
        let known = c.facts.text("image.reference").is_some_and(|reference| images().find(reference).is_some());
        let seen =
            documents.iter().any(|d| d.kind == kind && (d.name == c.name || (d.service.is_some() && d.service == c.service)));
        c.facts.text("role") == Some(role) && !known && !seen
    };
    let hidden = |kind: Kind, role: &str| {
        (nameless || containers().any(|c| may_be(c, kind, role))).then_some((kind, Reason::ImageNotSeen))
    };
    hidden(Kind::Orthanc, "pacs").into_iter().chain(hidden(Kind::Proxy, "proxy")).collect()
}
