//! The environment: `env_file` first, `environment` over it.

use std::collections::BTreeMap;

use super::Service;
use super::lacks_image;
use super::read::boolean;
use crate::collect::compose::classify::{classify, shown_name};
use crate::collect::compose::value::{Node, Operator, OperatorKind, Part, Value, Variable, is_null, text};
use crate::collect::compose::{dotenv, files};
use crate::collect::yaml::{Map, Place, Source};
use crate::facts::{Fact, Groups, List, Reason, Record, Unknown};
use crate::knowledge::secret_scan;

/// One variable of a service.
pub(in crate::collect::compose) struct Setting {
    pub value: Value,
    pub at: Place,
    /// Only the name stands there, or what is taken for one.
    pub bare: bool,
}

/// The variables of a service, and why some may be missing.
#[derive(Default)]
pub(in crate::collect::compose) struct Settings {
    pub variables: BTreeMap<String, Setting>,
    pub incomplete: Option<Unknown>,
    files: Vec<Fact>,
}

pub(super) fn write(service: &Service<'_>, facts: &mut Record, groups: &mut Groups) {
    let settings = settings(service);
    let mut env = List { items: Vec::new(), incomplete: settings.incomplete };
    for variable in service.image_built().into_iter().flat_map(|image| &image.env) {
        if !settings.variables.contains_key(&variable.name) {
            let scanned = secret_scan().scan(&variable.name, &variable.written, groups);
            env.items.push(scanned.to_fact(&shown_name(&variable.name)).at(&service.built_at(variable.at)));
        }
    }
    for (name, setting) in &settings.variables {
        let shown = if setting.bare && !is_variable_name(name) { "(unreadable name)" } else { name };
        env.items.push(classify(name, &setting.value, groups).to_fact(shown).at(&setting.at.origin()));
    }
    lacks_image(service, &mut env, "the environment of the image was not seen");
    let entry = service.entry("environment").or_else(|| service.entry("env_file"));
    facts.put("env", Fact::known(env).at(&entry.map_or(service.at, |entry| &entry.at).origin()));
    let at = service.entry("env_file").map_or(service.at, |entry| &entry.at);
    facts.put("env_files", Fact::known(settings.files).at(&at.origin()));
    labels(service, facts, groups);
}

fn labels(service: &Service<'_>, facts: &mut Record, groups: &mut Groups) {
    let entry = service.entry("labels");
    let mut list = List::default();
    for (name, label) in entry.and_then(|entry| entry.node.map()).into_iter().flat_map(Map::iter) {
        match label.node.scalar() {
            Some(value) => list.items.push(classify(name, value, groups).to_label(name).at(&label.at.origin())),
            None => list.incomplete = Some(Unknown::new(Reason::Unsupported, format!("a label that is no text ({})", label.at))),
        }
    }
    if service.get("label_file").is_some() {
        list.incomplete.get_or_insert_with(|| Unknown::new(Reason::Unsupported, "`label_file` is not read"));
    }
    facts.put("labels", Fact::known(list).at(&entry.map_or(service.at, |entry| &entry.at).origin()));
}

/// All variables that the files give a service.
pub(in crate::collect::compose) fn settings(service: &Service<'_>) -> Settings {
    let mut out = Settings::default();
    for node in service.get("env_file").and_then(Node::list).unwrap_or_default() {
        if let Err(why) = read_file(service, node, &mut out) {
            out.incomplete.get_or_insert(why);
        }
    }
    let Some(environment) = service.entry("environment") else { return out };
    let Some(map) = environment.node.map() else {
        let why =
            Unknown::new(Reason::Unsupported, format!("`environment` is neither a list nor a mapping ({})", environment.at));
        out.incomplete.get_or_insert(why);
        return out;
    };
    for (name, entry) in map {
        let bare = is_null(&entry.node);
        let value = match entry.node.scalar() {
            Some(value) if value.is_null() => from_process(service, name, &entry.at),
            Some(value) => value.clone(),
            None => {
                let why = Unknown::new(Reason::Unsupported, format!("a variable that is no text ({})", entry.at));
                out.incomplete.get_or_insert(why);
                continue;
            }
        };
        out.variables.insert(name.to_string(), Setting { value, at: entry.at.clone(), bare });
    }
    out
}

/// `NAME` without a value is taken from the variables of the project: a reference.
fn from_process(service: &Service<'_>, name: &str, at: &Place) -> Value {
    // A typing error such as `NAME:value` is no reference: what stands behind the colon stands there in clear.
    if let Some((_, value)) = name.split_once(':') {
        return Value::literal(value);
    }
    let found = service.project.variables_at(at).find(name);
    // Compose leaves a variable out that is not set: nothing is unresolved.
    let operator = Operator { kind: OperatorKind::Default, empty_counts_as_unset: false, word: Vec::new() };
    let variable = Variable { name: name.to_owned(), accidental: false, operator: Some(operator), found };
    Value::new(vec![Part::Variable(variable)], false)
}

fn read_file(service: &Service<'_>, node: &Node, out: &mut Settings) -> Result<(), Unknown> {
    let option = |key: &str| node.get(key).map(text).transpose();
    let written = match node.map() {
        Some(_) => option("path")?,
        None => Some(text(node)?),
    };
    let written =
        written.ok_or_else(|| Unknown::new(Reason::Unsupported, format!("an env_file without a path ({})", node.at)))?;
    let required = option("required")?.and_then(boolean).unwrap_or(true);
    let raw = option("format")?.is_some_and(|format| format == "raw");
    let path = files::join(&node.at.source.directory, written);
    let read = files::read(&path);
    let mut record = Record::new();
    record.set_here("path", written);
    record.set_here("found", !matches!(read, Err(files::ReadError::Missing)));
    out.files.push(Fact::known(record).at(&node.at.origin()));
    let content = match read {
        Ok(content) => content,
        // A file that need not be there adds nothing on this machine; elsewhere it may.
        Err(error) => {
            let optional = if required { "" } else { " (it is optional)" };
            return Err(Unknown::new(error.reason(), format!("env_file {written}: {error}{optional}")));
        }
    };
    let source = Source { shown: shown(service, &path).into(), directory: node.at.source.directory.clone() };
    let parsed = dotenv::parse(&content, &source.into(), service.project.variables_at(&node.at), raw);
    for line in parsed.lines {
        let bare = line.value.is_none();
        let value = line.value.unwrap_or_else(|| from_process(service, &line.name, &node.at));
        out.variables.insert(line.name, Setting { value, at: line.at, bare });
    }
    match parsed.broken.first() {
        Some(place) => Err(Unknown::new(Reason::Unsupported, format!("{place}: not of the form NAME=value"))),
        None => Ok(()),
    }
}

fn is_variable_name(name: &str) -> bool {
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
}

fn shown(service: &Service<'_>, path: &std::path::Path) -> String {
    files::relative(&service.project.directory, path)
}
