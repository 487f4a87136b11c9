//! Helm charts: values are read as they are, templates are not rendered.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::containers;
use super::object::{Object, text};
use super::{Content, Manifest, damage, exposure, render};
use crate::collect::yaml::{self, Entry, Node, Scalar};
use crate::collect::{Context, orthanc};
use crate::facts::{Assurance, Document, Kind, Origin, Reason, Unknown};

const NOT_RENDERED: &str = "templates are not rendered: audit what `helm template` prints";
/// Settings that charts of `helm create` hand over whole, and where in a pod they go.
const HANDED_OVER: [&str; 4] = ["securityContext", "resources", "livenessProbe", "readinessProbe"];

/// The documents of charts: one for the templates of each, and what each file of values says.
pub(super) fn documents(manifests: &[Manifest], given: &str, context: &mut Context<'_>) -> Vec<Document> {
    let mut charts: BTreeMap<&str, Vec<(&Arc<str>, &str)>> = BTreeMap::new();
    for manifest in manifests {
        if let Content::Template(text) = &manifest.content {
            charts.entry(chart_of(&manifest.shown)).or_default().push((&manifest.shown, text));
        }
    }
    let mut out: Vec<Document> =
        charts.iter().filter_map(|(chart, templates)| Some(unrendered(chart, templates.first()?.0, given))).collect();
    for manifest in manifests {
        let Content::Values(node) = &manifest.content else { continue };
        let folder = manifest.shown.rsplit_once('/').map_or("", |(folder, _)| folder);
        let templates = charts.get(folder).map_or(&[][..], Vec::as_slice);
        out.push(values(&manifest.shown, node, given));
        out.extend(container(&manifest.shown, node, templates, given, context));
        for (shown, template) in templates {
            for (name, text) in render::json_files(template, node) {
                if orthanc::looks_like_configuration(&text) {
                    let title = format!("{name} ({})", manifest.shown);
                    out.extend(orthanc::alone_text(&title, shown, &text, given, context));
                }
            }
        }
    }
    out
}

/// The folder of the chart that a template belongs to; empty for the audited folder itself.
fn chart_of(shown: &str) -> &str {
    let folder = shown.rsplit_once('/').map_or("", |(folder, _)| folder);
    match folder.rfind("templates") {
        Some(0) => "",
        Some(at) if folder.as_bytes().get(at - 1) == Some(&b'/') => &folder[..at - 1],
        _ => folder,
    }
}

/// One document for all templates of a chart.
fn unrendered(chart: &str, first: &Arc<str>, given: &str) -> Document {
    let chart = if chart.is_empty() { "." } else { chart };
    let mut document = Document::new(Kind::Kubernetes, format!("{chart} (templates)"), given, Assurance::Declared);
    let origin = Origin::file(first, 1, 1);
    document.facts.set("path", Arc::clone(first), &origin);
    document.facts.set("kind", "HelmTemplate", &origin);
    for path in ["name", "namespace", "damaged", "annotations", "exposes", "exposed_ports"] {
        document.facts.unknown(path, Unknown::new(Reason::Unsupported, NOT_RENDERED));
    }
    document
}

/// The values of a chart.
fn values(shown: &Arc<str>, node: &Node, given: &str) -> Document {
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

/// The container of a chart whose template hands these values over as they are; the rest of it stands in the template.
fn container(
    shown: &Arc<str>,
    node: &Node,
    templates: &[(&Arc<str>, &str)],
    given: &str,
    context: &mut Context<'_>,
) -> Option<Document> {
    let uses =
        |text: &str, key: &str| ["toYaml .Values.", "with .Values."].iter().any(|way| text.contains(&format!("{way}{key} ")));
    let (_, template) =
        templates.iter().find(|(_, text)| text.contains(".Values.image.repository") && uses(text, "securityContext"))?;
    let image = node.get("image")?;
    let reference = format!("{}:{}", text(image, &["repository"])?, text(image, &["tag"]).filter(|tag| !tag.is_empty())?);
    let mut parts = vec![("name", None), ("image", None)];
    parts.extend(HANDED_OVER.iter().filter(|key| uses(template, key)).filter_map(|key| Some((*key, Some(node.entry(key)?)))));
    let scalar = |text: &str| Node {
        content: yaml::Content::Scalar(Scalar { text: text.into(), plain: false }),
        tag: None,
        at: image.at.clone(),
    };
    let entries = parts.into_iter().map(|(key, entry)| {
        let made = || Entry { at: image.at.clone(), node: scalar(if key == "image" { &reference } else { "values" }) };
        (Arc::from(key), entry.cloned().unwrap_or_else(made))
    });
    let container = Node { content: yaml::Content::Map(entries.collect()), tag: None, at: image.at.clone() };
    let pod_context = node.entry("podSecurityContext").filter(|_| uses(template, "podSecurityContext"));
    let pod = pod_context.map(|entry| (Arc::from("securityContext"), entry.clone())).into_iter().collect();
    let pod = Node { content: yaml::Content::Map(pod), tag: None, at: node.at.clone() };
    let object = Object { kind: "HelmValues".into(), name: shown.to_string(), namespace: String::new(), node: node.clone() };
    let handed: Vec<&str> = HANDED_OVER.iter().copied().filter(|key| uses(template, key)).collect();
    let mut document = containers::of_values(&object, &pod, &container, given, context.groups);
    document.name = format!("{shown} (values)").into();
    // A second `securityContext:` that is not handed over is the template's own, for the pod.
    let own = template.matches("securityContext:").count() > 1 && !uses(template, "podSecurityContext");
    forget(&mut document, &handed, !own);
    Some(document)
}

/// Only what the values decide is kept; the template may say anything about the rest.
fn forget(document: &mut Document, handed: &[&str], pod_known: bool) {
    let decided: &[(&str, &[&str])] = &[
        ("securityContext", &["read_only", "privileged", "cap_add", "cap_drop"]),
        ("resources", &["memory_limit", "nano_cpus", "cpu_quota", "cpuset", "cpu_shares", "devices"]),
        ("livenessProbe", &["health"]),
    ];
    let mut kept = vec!["image"];
    kept.extend(decided.iter().filter(|(key, _)| handed.contains(key)).flat_map(|(_, paths)| paths.iter().copied()));
    if pod_known {
        kept.extend(["user", "security_opt"]);
    }
    let names: Vec<Arc<str>> = document.facts.iter().map(|(name, _)| Arc::clone(name)).collect();
    for name in names.iter().filter(|name| !kept.contains(&&***name)) {
        document.facts.unknown(name, Unknown::new(Reason::Unsupported, NOT_RENDERED));
    }
}
