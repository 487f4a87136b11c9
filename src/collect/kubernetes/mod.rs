//! Kubernetes manifests and Helm values as files: what they say, never what a cluster makes of them.
//!
//! Every object becomes a document; the containers of its pods become documents of the kind `container`, so that the
//! same checks run on them. What Kubernetes has no notion of is unknown there, never assumed.

mod containers;
mod damage;
mod environment;
mod exposure;
mod helm;
mod limits;
mod object;
mod render;
mod secrets;
mod volumes;

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use regex::Regex;

use self::object::Object;
use super::Context;
use super::folder::settings::Setting;
use super::yaml::{self, Node, Source, YamlError};
use crate::facts::{Assurance, Document, Kind, Origin, Reason, Unknown};

static YAML: LazyLock<[Regex; 2]> = LazyLock::new(|| [constant(r"(?m)^apiVersion:\s*\S"), constant(r"(?m)^kind:\s*\S")]);
static JSON: LazyLock<[Regex; 2]> = LazyLock::new(|| [constant(r#""apiVersion"\s*:"#), constant(r#""kind"\s*:"#)]);

fn constant(pattern: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant patterns")]
    Regex::new(pattern).unwrap()
}

/// Whether a text holds Kubernetes objects: `apiVersion` and `kind` at the top, as YAML or as JSON.
pub(super) fn looks_like_manifest(text: &str) -> bool {
    let patterns = if text.trim_start_matches('\u{feff}').trim_start().starts_with('{') { &*JSON } else { &*YAML };
    patterns.iter().all(|pattern| pattern.is_match(text))
}

/// One file, read.
#[derive(Debug)]
pub(super) struct Manifest {
    shown: Arc<str>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Objects(Vec<Object>),
    /// It has to be rendered first.
    Template(String),
    Values(Node),
    Broken(YamlError),
}

impl Manifest {
    /// Reads a file of objects.
    pub(super) fn read(shown: &str, text: &str) -> Self {
        let content = match yaml::parse_all(text, &source(shown)) {
            Ok(nodes) => Content::Objects(nodes.into_iter().flat_map(Object::all_of).collect()),
            Err(_) if text.contains("{{") => Content::Template(text.to_owned()),
            Err(error) => Content::Broken(error),
        };
        Self { shown: shown.into(), content }
    }

    /// A template of a chart, which is not rendered.
    pub(super) fn template(shown: &str, text: &str) -> Self {
        Self { shown: shown.into(), content: Content::Template(text.to_owned()) }
    }

    /// Values of a chart.
    pub(super) fn values(shown: &str, text: &str) -> Self {
        let content = match yaml::parse(text, &source(shown)) {
            Ok(Some(node)) => Content::Values(node),
            Ok(None) => Content::Objects(Vec::new()),
            Err(error) => Content::Broken(error),
        };
        Self { shown: shown.into(), content }
    }

    /// Names and values in which a secret may stand, those of Secrets decoded.
    pub(super) fn settings(&self) -> Vec<Setting> {
        match &self.content {
            Content::Objects(objects) => objects.iter().flat_map(secrets::settings).collect(),
            _ => Vec::new(),
        }
    }
}

fn source(shown: &str) -> Arc<Source> {
    Arc::new(Source { shown: shown.into(), directory: PathBuf::new() })
}

/// The documents of all manifests of a target; they are read together since they refer to each other.
pub(super) fn documents(manifests: &[Manifest], given: &str, context: &mut Context<'_>) -> Vec<Document> {
    let mut out = Vec::new();
    let objects: Vec<&Object> = manifests.iter().flat_map(Manifest::objects).collect();
    for object in &objects {
        out.push(object_document(object, given));
        out.extend(containers::documents(object, &objects, given, context.groups));
        out.extend(secrets::orthanc(object, given, context));
    }
    out.extend(helm::documents(manifests, given, context));
    for manifest in manifests {
        if let Content::Broken(error) = &manifest.content {
            out.push(broken(&manifest.shown, error, given));
        }
    }
    unique(&mut out);
    out
}

impl Manifest {
    fn objects(&self) -> &[Object] {
        match &self.content {
            Content::Objects(objects) => objects,
            _ => &[],
        }
    }
}

/// The same object in two files (one for each environment) is two subjects: the file tells them apart.
fn unique(documents: &mut [Document]) {
    let mut names: Vec<(Kind, Arc<str>)> = documents.iter().map(|d| (d.kind, Arc::clone(&d.name))).collect();
    names.sort();
    for document in documents {
        let own = (document.kind, Arc::clone(&document.name));
        let twice = names.get(names.partition_point(|name| *name < own) + 1) == Some(&own);
        if let (true, Some(file)) = (twice, file_of(document)) {
            document.name = format!("{} ({file})", document.name).into();
        }
    }
}

fn file_of(document: &Document) -> Option<Arc<str>> {
    let path = if document.kind == Kind::Kubernetes { "path" } else { "image.reference" };
    document.facts.get(path).origin.as_ref()?.file.clone()
}

fn object_document(object: &Object, given: &str) -> Document {
    let mut document = Document::new(Kind::Kubernetes, object.title(), given, Assurance::Declared);
    let origin = object.node.at.origin();
    let facts = &mut document.facts;
    facts.set("path", Arc::clone(&object.node.at.source.shown), &origin);
    facts.set("kind", object.kind.as_str(), &origin);
    facts.set("name", object.name.as_str(), &origin);
    facts.set("namespace", object.namespace.as_str(), &origin);
    facts.set("damaged", damage::of(object), &origin);
    exposure::write(object, facts);
    document
}

/// A file that does not parse: damaged, and nothing else is known.
fn broken(shown: &Arc<str>, error: &YamlError, given: &str) -> Document {
    let mut document = Document::new(Kind::Kubernetes, Arc::clone(shown), given, Assurance::Declared);
    let origin = Origin::file(shown, error.place.line, error.place.column);
    let facts = &mut document.facts;
    facts.set("path", Arc::clone(shown), &origin);
    facts.set("kind", "unreadable", &origin);
    let label = format!("line {}: it is no valid YAML", error.place.line);
    facts.set("damaged", vec![damage::labelled(&label, &error.place)], &origin);
    let why = Unknown::new(Reason::Unsupported, error.to_string());
    for path in ["name", "namespace", "annotations", "exposes", "exposed_ports"] {
        facts.unknown(path, why.clone());
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_manifest_is() {
        assert!(looks_like_manifest("# x\napiVersion: v1\nkind: Pod\n"));
        assert!(looks_like_manifest("---\nkind: Pod\napiVersion: v1\n"));
        assert!(looks_like_manifest("{\n \"apiVersion\": \"v1\", \"kind\": \"Pod\"}"));
        assert!(!looks_like_manifest("apiVersion: v2\nname: chart\n"));
        assert!(!looks_like_manifest("services:\n  x:\n    kind: y\n"));
    }
}
