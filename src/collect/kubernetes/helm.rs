//! Helm charts: values are read as they are, templates are not rendered.

use std::sync::Arc;

use super::{damage, exposure};
use crate::collect::yaml::Node;
use crate::facts::{Assurance, Document, Kind, Origin, Reason, Unknown};

/// One document for all templates of a chart.
pub(super) fn template(shown: &Arc<str>, given: &str, out: &mut Vec<Document>) {
    let folder = shown.rsplit_once('/').map_or(".", |(folder, _)| folder);
    let chart = folder.split_once("/templates").map_or(folder, |(chart, _)| chart);
    let name = format!("{chart} (templates)");
    if out.iter().any(|document| *document.name == *name) {
        return;
    }
    let mut document = Document::new(Kind::Kubernetes, name, given, Assurance::Declared);
    let origin = Origin::file(shown, 1, 1);
    document.facts.set("path", Arc::clone(shown), &origin);
    document.facts.set("kind", "HelmTemplate", &origin);
    let detail = "templates are not rendered: audit what `helm template` prints";
    for path in ["name", "namespace", "damaged", "annotations", "exposes", "exposed_ports"] {
        document.facts.unknown(path, Unknown::new(Reason::Unsupported, detail));
    }
    out.push(document);
}

/// The values of a chart.
pub(super) fn values(shown: &Arc<str>, node: &Node, given: &str) -> Document {
    let mut document = Document::new(Kind::Kubernetes, format!("{shown} (values)"), given, Assurance::Declared);
    let origin = node.at.origin();
    let facts = &mut document.facts;
    facts.set("path", Arc::clone(shown), &origin);
    facts.set("kind", "HelmValues", &origin);
    facts.set("name", Arc::clone(shown), &origin);
    facts.set("namespace", "", &origin);
    facts.set("damaged", damage::of_node(node), &origin);
    exposure::of_values(node, facts);
    document
}
