//! Facts about the project as a whole.

use super::classify::secret_defaults;
use super::files::Layout;
use super::load::{Failure, Loader};
use super::project::Project;
use super::service::volume::Volume;
use super::service::{Service, binds, settings};
use super::value::{Node, Value, text};
use super::{dev, hardened, lint, texts, uploads};
use crate::collect::yaml::Place;
use crate::facts::{Fact, Groups, List, Reason, Record, Unknown};

/// Facts that need files that parse.
const OF_A_VALID_PROJECT: [&str; 13] = [
    "unresolved_variables",
    "secret_defaults",
    "unused_secrets",
    "secrets_declared",
    "binds",
    "dev_overrides",
    "hardened_alternatives",
    "services",
    "hidden_services",
    "upload_paths",
    "takes_uploads",
    "antivirus",
    "unknown_keys",
];

/// A record with a label and its place.
pub(super) fn labelled(label: impl Into<String>, at: &Place) -> Fact {
    let mut record = Record::new();
    record.set_here("label", label.into());
    Fact::known(record).at(&at.origin())
}

pub(super) fn write(project: &Project, loader: &Loader, facts: &mut Record, groups: &mut Groups) {
    let contradictions = project.contradictions();
    facts.set_here("parses", contradictions.is_empty());
    facts.set_here("parse_errors", contradictions.iter().map(error).collect::<Vec<_>>());
    read_files(loader, facts);
    variables(project, facts, groups);
    secrets(project, facts);
    facts.set_here("binds", bind_facts(project));
    facts.set_here("unknown_keys", loader.layers.iter().flat_map(lint::unknown_keys).collect::<Vec<_>>());
    facts.set_here(
        "services",
        project.services().map(|(name, entry)| Fact::known(&**name).at(&entry.at.origin())).collect::<Vec<_>>(),
    );
    facts.set_here("hidden_services", project.hidden().map(|name| Fact::known(&**name)).collect::<Vec<_>>());
    dev::write(project, loader, facts);
    hardened::write(project, facts);
    uploads::write(project, facts);
}

/// Files that cannot be put together: what is wrong, and nothing else.
pub(super) fn write_failure(failure: &Failure, layout: &Layout, loader: &Loader, facts: &mut Record) {
    read_files(loader, facts);
    if loader.layers.is_empty() {
        let main = super::files::relative(&layout.directory, &layout.main);
        facts.set_here("files", vec![Fact::known(main)]);
    }
    if failure.unseen.is_some() {
        facts.unknown("parses", failure.unknown());
        facts.unknown("parse_errors", failure.unknown());
    } else {
        let parses = Fact::known(false);
        facts.put(
            "parses",
            match &failure.place {
                Some(place) => parses.at(&place.origin()),
                None => parses,
            },
        );
        facts.set_here("parse_errors", vec![error(failure)]);
    }
    for path in OF_A_VALID_PROJECT {
        facts.unknown(path, failure.unknown());
    }
}

fn error(failure: &Failure) -> Fact {
    let mut record = Record::new();
    record.set_here("label", failure.label());
    let fact = Fact::known(record);
    failure.place.as_ref().map_or(fact.clone(), |place| fact.at(&place.origin()))
}

fn read_files(loader: &Loader, facts: &mut Record) {
    let shown = |layers: &mut dyn Iterator<Item = &super::load::Layer>| {
        layers.map(|layer| Fact::known(&*layer.source.shown)).collect::<Vec<_>>()
    };
    facts.set_here("files", shown(&mut loader.layers.iter()));
    facts.set_here("override_files", shown(&mut loader.layers.iter().filter(|layer| loader.is_override(layer))));
}

/// Every scalar of the audited set with the name of its setting.
fn each_scalar(project: &Project, look: &mut dyn FnMut(&str, &Value, &Place)) {
    for (name, entry) in project.services() {
        for (key, setting) in entry.node.map().into_iter().flatten() {
            if key.starts_with("x-") || &**key == "environment" {
                continue;
            }
            setting.node.each_scalar(key, &mut |key, value, at| look(key, value, at));
        }
        let service = Service { name, at: &entry.at, node: &entry.node, project, build: None };
        let settings = settings(&service);
        for (name, setting) in &settings.variables {
            look(name, &setting.value, &setting.at);
        }
    }
    for section in ["networks", "volumes", "secrets", "configs"] {
        for (key, entry) in project.section(section) {
            entry.node.each_scalar(key, &mut |key, value, at| look(key, value, at));
        }
    }
}

fn variables(project: &Project, facts: &mut Record, groups: &mut Groups) {
    let mut unresolved: Vec<(String, Place)> = Vec::new();
    let mut defaults: Vec<(String, Place)> = Vec::new();
    each_scalar(project, &mut |key, value, at| {
        for variable in value.unresolved() {
            let set = if variable.set_to_nothing() { ", set to nothing" } else { "" };
            unresolved.push((format!("{} ({at}{set})", variable.shown()), at.clone()));
        }
        for variable in secret_defaults(key, value, groups) {
            defaults.push((format!("${{{}:-...}} ({at})", variable.shown()), at.clone()));
        }
    });
    for (path, mut found) in [("unresolved_variables", unresolved), ("secret_defaults", defaults)] {
        found.sort_by(|a, b| (&a.1.source.shown, a.1.line, &a.0).cmp(&(&b.1.source.shown, b.1.line, &b.0)));
        found.dedup_by(|a, b| a.0 == b.0);
        facts.set_here(path, found.into_iter().map(|(label, at)| labelled(label, &at)).collect::<Vec<_>>());
    }
}

/// Secrets and configs that are declared, and those that no service of the whole project uses.
fn secrets(project: &Project, facts: &mut Record) {
    let mut declared = 0;
    let mut unused = Vec::new();
    for (section, word) in [("secrets", "secret"), ("configs", "config")] {
        let used: Vec<&str> = project.section("services").flat_map(|(_, entry)| uses(&entry.node, section)).collect();
        for (name, entry) in project.section(section) {
            declared += 1;
            if !used.contains(&&**name) {
                unused.push(labelled(format!("{word} {}", lint::shown(name)), &entry.at));
            }
        }
    }
    facts.set_here("secrets_declared", declared);
    facts.set_here("unused_secrets", unused);
}

/// Names of secrets or configs that a service, or its build, uses.
fn uses<'n>(service: &'n Node, section: &str) -> Vec<&'n str> {
    let lists = [service.get(section), service.get("build").and_then(|build| build.get(section))];
    let nodes = lists.into_iter().flatten().filter_map(Node::list).flatten();
    nodes.filter_map(|node| text(node.get("source").unwrap_or(node)).ok()).collect()
}

fn bind_facts(project: &Project) -> List {
    let mut list = List::default();
    for (name, entry) in project.services() {
        let service = Service { name, at: &entry.at, node: &entry.node, project, build: None };
        let volumes = service.get("volumes");
        let unread = volumes.and_then(Node::list).unwrap_or_default().iter().find_map(|node| Volume::read(node).err());
        list.incomplete = list.incomplete.or(unread);
        for bind in binds(&service) {
            let mut record = Record::new();
            record.set_here("label", format!("{name}: {}", bind.written));
            record.put("exists", exists(&bind));
            list.items.push(Fact::known(record).at(&bind.at.origin()));
        }
    }
    list
}

/// A path outside the project that is not on this machine may well be on the host that the stack is meant for.
fn exists(bind: &super::service::Bind) -> Fact {
    let Some(path) = &bind.path else {
        return Fact::unknown(Unknown::new(Reason::NoTarget, "a path that this machine cannot follow"));
    };
    match std::fs::metadata(path) {
        Ok(_) => Fact::known(true),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            Fact::unknown(Unknown::new(Reason::Permission, "the path cannot be looked at: permission denied"))
        }
        Err(_) if bind.relative => Fact::known(false),
        Err(_) => Fact::unknown(Unknown::new(Reason::NoTarget, "not on this machine; the stack's host was not asked")),
    }
}

/// Whether an image or service name says that it looks for malware.
pub(super) fn speaks_of(service: &Service<'_>, words: &[&str]) -> bool {
    let image = service.get("image").and_then(|node| text(node).ok()).unwrap_or_default().to_ascii_lowercase();
    let name = service.name.to_ascii_lowercase();
    words.iter().any(|word| image.contains(word) || name.contains(word))
        || texts(service.get("command")).iter().any(|word| words.contains(word))
}
