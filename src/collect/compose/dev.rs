//! What an override file turns on that production forbids.

use super::canonical;
use super::load::{Layer, Loader};
use super::overview::labelled;
use super::project::Project;
use super::service::boolean;
use super::service::volume::Volume;
use super::value::{Node, text};
use crate::collect::yaml::{Map, Place};
use crate::facts::{Fact, Record};

/// Ports of databases, caches, queues, object stores and directories.
const DATASTORE_PORTS: [&str; 14] =
    ["5432", "3306", "6379", "27017", "9200", "9300", "5672", "15672", "9000", "9001", "389", "636", "1433", "11211"];
/// Words of a command that belong to development.
const DEV_WORDS: [&str; 10] = [
    "--reload",
    "start-dev",
    "nodemon",
    "runserver",
    "--debug",
    "debugpy",
    "--watch",
    "run dev",
    "tail -f /dev/null",
    "sleep infinity",
];

pub(super) fn write(project: &Project, loader: &Loader, facts: &mut Record) {
    let mut found = Vec::new();
    for layer in loader.layers.iter().filter(|layer| loader.is_override(layer)) {
        of_layer(project, layer, &mut found);
    }
    facts.set_here("dev_overrides", found);
}

fn of_layer(project: &Project, layer: &Layer, found: &mut Vec<Fact>) {
    let mut tree = layer.tree.clone();
    canonical::services(&mut tree);
    let audited: Vec<&str> = project.services().map(|(name, _)| &**name).collect();
    for (name, entry) in tree.get("services").and_then(Node::map).into_iter().flat_map(Map::iter) {
        if audited.contains(&&**name) {
            let mut add = |what: &str, at: &Place| found.push(labelled(format!("{name}: {what} ({at})"), at));
            of_service(&entry.node, &mut add);
        }
    }
}

fn of_service(service: &Node, add: &mut dyn FnMut(&str, &Place)) {
    environment(service, add);
    for key in ["command", "entrypoint"] {
        let Some(entry) = service.entry(key) else { continue };
        let words = match entry.node.list() {
            Some(list) => list.iter().filter_map(|node| text(node).ok()).collect::<Vec<_>>().join(" "),
            None => text(&entry.node).unwrap_or_default().to_owned(),
        };
        for word in DEV_WORDS.iter().filter(|word| words.contains(*word)) {
            add(&format!("{key} {word}"), &entry.at);
        }
    }
    for node in service.get("volumes").and_then(Node::list).unwrap_or_default() {
        if Volume::read(node).is_ok_and(|volume| is_source(&volume)) {
            add("source code mounted", &node.at);
        }
    }
    for node in service.get("ports").and_then(Node::list).unwrap_or_default() {
        if let Some(port) = published_datastore(node) {
            add(&format!("port {port} of a datastore published"), &node.at);
        }
    }
    switches(service, add);
}

fn switches(service: &Node, add: &mut dyn FnMut(&str, &Place)) {
    if let Some(entry) = service.entry("privileged").filter(|entry| text(&entry.node).ok().and_then(boolean) == Some(true)) {
        add("privileged", &entry.at);
    }
    for key in ["network_mode", "pid", "ipc", "userns_mode"] {
        if let Some(entry) = service.entry(key).filter(|entry| text(&entry.node) == Ok("host")) {
            add(&format!("{key} host"), &entry.at);
        }
    }
    let target = service.get("build").and_then(|build| build.entry("target"));
    if let Some(entry) = target.filter(|entry| text(&entry.node).is_ok_and(is_dev)) {
        add("build target for development", &entry.at);
    }
}

fn environment(service: &Node, add: &mut dyn FnMut(&str, &Place)) {
    for (name, entry) in service.get("environment").and_then(Node::map).into_iter().flat_map(Map::iter) {
        let value = text(&entry.node).unwrap_or_default();
        let upper = name.to_ascii_uppercase();
        let on = boolean(value) == Some(true);
        let what = if upper.contains("LOG") && (value.eq_ignore_ascii_case("debug") || value.eq_ignore_ascii_case("trace")) {
            Some(format!("{}={}", super::lint::shown(name), value.to_ascii_uppercase()))
        } else if on && ["DEBUG", "TRACE", "VERBOSE", "TESTING", "RELOAD"].iter().any(|word| upper.contains(word)) {
            Some(super::lint::shown(name).to_owned())
        } else if ["ENV", "ENVIRONMENT", "MODE"].iter().any(|end| upper.ends_with(end)) && is_dev(value) {
            Some(format!("{}=development", super::lint::shown(name)))
        } else {
            None
        };
        if let Some(what) = what {
            add(&what, &entry.at);
        }
    }
}

fn is_dev(word: &str) -> bool {
    ["dev", "development", "develop", "debug", "local"].iter().any(|dev| word.eq_ignore_ascii_case(dev))
}

/// A folder of the project laid over the application's own.
fn is_source(volume: &Volume) -> bool {
    let Some(source) = volume.source.as_deref().filter(|source| volume.kind == "bind" && source.starts_with('.')) else {
        return false;
    };
    let last = source.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let code = ["", ".", "..", "src", "app", "backend", "frontend", "server", "api", "web", "client", "lib", "code", "packages"];
    let target = volume.target.trim_end_matches('/');
    code.contains(&last) || ["/app", "/code", "/src", "/usr/src/app", "/workspace", "/srv"].contains(&target)
}

fn published_datastore(node: &Node) -> Option<String> {
    let (address, target) = if node.map().is_some() {
        (node.get("host_ip").and_then(|node| text(node).ok()).unwrap_or_default(), text(node.get("target")?).ok()?)
    } else {
        let written = text(node).ok()?.split('/').next()?;
        let (before, target) = written.rsplit_once(':')?;
        (before.rsplit_once(':').map_or("", |(address, _)| address), target)
    };
    let loopback = address.starts_with("127.") || address == "[::1]" || address == "::1";
    (!loopback && DATASTORE_PORTS.contains(&target)).then(|| target.to_owned())
}
