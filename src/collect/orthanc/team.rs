//! The configuration as the start script of orthancteam/orthanc puts it together: files, secrets, environment and its own
//! defaults, each laid over the one before.

use std::sync::Arc;

use super::Setting;
use super::assembled::{Assembled, Problem};
use super::image::Image;
use super::json::{Json, Map, Node, Reader, leaf, loose, shipped};
use super::merge::{Order, fill, fog, lay};
use super::read::{self, Manner};
use super::source::Source;
use super::substitute::Syntax;
use crate::collect::program::{InsideFile, Look, Variable, is_only_the_image};
use crate::facts::{Reason, Unknown};
use crate::knowledge::{Plugin, orthanc_environment, orthanc_images};

const CONFIGURATIONS: &str = "/etc/orthanc";
const SECRETS: &str = "/run/secrets";
/// Where the start script writes what it has put together.
pub(super) const RESULT: &str = "/tmp/orthanc.json";

/// Puts the configuration together.
pub(super) fn assemble(setting: &Setting<'_>, image: &Image) -> Assembled {
    let mut out = Assembled::default();
    folder(CONFIGURATIONS, setting, image, &mut out);
    folder(SECRETS, setting, image, &mut out);
    if !setting.alone {
        variables(setting, image, &mut out);
        secrets(setting, &mut out);
        password(setting, image, &mut out);
    }
    defaults(&mut out);
    result(setting, &mut out);
    out.check_types(image.versions);
    out.check_plugins(setting, image.versions);
    out
}

/// The JSON files of a folder, in no defined order.
fn folder(path: &str, setting: &Setting<'_>, image: &Image, out: &mut Assembled) {
    let (files, hidden) = setting.program.inside.folder(path);
    // Images put nothing into /run/secrets, and the official one nothing into /etc/orthanc.
    let hidden = hidden.filter(|why| !is_only_the_image(why) || path != SECRETS && image.known.is_none());
    let before = image.date.is_some_and(|date| date < orthanc_images().envsubst_since);
    // Before, only Orthanc itself puts variables in, when it reads the result.
    let syntax = if before { Syntax::Core } else { Syntax::Envsubst };
    let manner = Manner { syntax, reader: Reader::Python };
    let mut together = Map::default();
    for (path, file) in files.into_iter().filter(|(path, _)| path.ends_with(".json")) {
        let map = read::file(path, file, manner, setting, out);
        lay(&mut together, map, Order::Undefined, &mut out.problems);
    }
    if let Some(why) = hidden {
        if is_only_the_image(&why) {
            // What was laid over the image was seen, and is meant to count.
            together.incomplete = Some(why.clone());
        } else {
            fog(&mut together, &why);
        }
        out.doubt.get_or_insert(why);
    }
    lay(&mut out.root, together, Order::Known, &mut out.problems);
}

fn variables(setting: &Setting<'_>, image: &Image, out: &mut Assembled) {
    if let Some(why) = &setting.program.environment_incomplete {
        fog(&mut out.root, why);
        out.doubt.get_or_insert_with(|| why.clone());
    }
    // Nobody defines the order of the variables, so what two of them set differently is not known.
    let mut together = Map::default();
    for variable in setting.variables() {
        let source = Arc::new(Source::variable(variable));
        let map = if variable.name == "ORTHANC_JSON" {
            Some(json(variable, &source, setting, out))
        } else if variable.name.ends_with("_SECRET") {
            None
        } else {
            set(variable, &source, image, setting, out)
        };
        if let Some(map) = map {
            lay(&mut together, map, Order::Undefined, &mut out.problems);
        }
    }
    if let Some(why) = together.incomplete.clone() {
        fog(&mut together, &why);
    }
    lay(&mut out.root, together, Order::Known, &mut out.problems);
}

fn json(variable: &Variable, source: &Arc<Source>, setting: &Setting<'_>, out: &mut Assembled) -> Map {
    out.sources.push("ORTHANC_JSON".into());
    match &variable.value {
        Ok(text) => {
            let manner = Manner { syntax: Syntax::Core, reader: Reader::Python };
            read::text_of(text, source, manner, setting, out)
        }
        Err(why) => {
            out.doubt.get_or_insert_with(|| why.clone());
            Map { incomplete: Some(why.clone()), ..Map::default() }
        }
    }
}

/// A variable that sets a key or switches a plugin.
fn set(variable: &Variable, source: &Arc<Source>, image: &Image, setting: &Setting<'_>, out: &mut Assembled) -> Option<Map> {
    let environment = orthanc_environment();
    if let Some(path) = environment.path(&variable.name) {
        if environment.legacy(&variable.name).is_some() {
            legacy(variable, image, out);
        }
        let node = match &variable.value {
            Ok(text) => loose(text, source, &setting.surroundings()),
            Err(why) => leaf(Json::Unknown(why.clone()), source),
        };
        out.sources.push(super::shown::key(&variable.name));
        return Some(nested(&path, node));
    }
    if let Some((plugin, old)) = environment.switch(&variable.name) {
        if old {
            legacy(variable, image, out);
        }
        match variable.value.as_deref() {
            Ok("false") => {
                out.switched_off.insert(&plugin.name);
            }
            Ok(_) => {
                out.switched_on.insert(&plugin.name);
            }
            Err(why) => {
                out.doubt.get_or_insert_with(|| why.clone());
            }
        }
    }
    None
}

/// An old name works in old images and stops new ones.
fn legacy(variable: &Variable, image: &Image, out: &mut Assembled) {
    let end = orthanc_environment().legacy_end;
    let name = super::shown::key(&variable.name);
    match image.date {
        Some(date) if date < end => {}
        Some(_) => {
            let text = format!("{name} is a legacy name, with which the image refuses to start from {end} on");
            out.problems.push(Problem { text, at: Arc::clone(&variable.origin) });
        }
        None => out.doubt(format!(
            "{name} is a legacy name, with which the image refuses to start from {end} on, and its tag is no date"
        )),
    }
}

fn nested(path: &[String], node: Node) -> Map {
    let mut node = node;
    for key in path.iter().skip(1).rev() {
        let (at, source) = (Arc::clone(&node.at), Arc::clone(&node.source));
        let map = Map { entries: [(key.as_str().into(), node)].into(), incomplete: None };
        node = Node { json: Json::Map(map), at, source, via: None, reference: false };
    }
    Map { entries: [(path.first().map_or("", String::as_str).into(), node)].into(), incomplete: None }
}

/// Files below /run/secrets that are named by a `_SECRET` variable or named like a variable themselves.
fn secrets(setting: &Setting<'_>, out: &mut Assembled) {
    let environment = orthanc_environment();
    let inside = &setting.program.inside;
    let mut read = Vec::new();
    for variable in setting.variables().filter(|variable| variable.name.ends_with("_SECRET")) {
        let Some(path) = environment.path(variable.name.strip_suffix("_SECRET").unwrap_or_default()) else { continue };
        let source = Arc::new(Source::variable(variable));
        let node = match &variable.value {
            Err(why) => leaf(Json::Unknown(why.clone()), &source),
            Ok(name) => match inside.look(&format!("{SECRETS}/{name}")) {
                Look::File(file) => {
                    read.push(name.as_str());
                    content(file, setting)
                }
                Look::Absent => continue,
                Look::Unknown(_) => leaf(Json::Unknown(Unknown::new(Reason::Permission, "the secret was not read")), &source),
            },
        };
        out.sources.push(super::shown::key(&variable.name));
        lay(&mut out.root, nested(&path, node), Order::Known, &mut out.problems);
    }
    let (files, hidden) = inside.folder(SECRETS);
    if let Some(why) = hidden.filter(|why| !is_only_the_image(why)) {
        fog(&mut out.root, &why);
    }
    for (path, file) in files {
        let name = path.rsplit('/').next().unwrap_or(path);
        let Some(keys) = environment.path(name).filter(|_| !read.contains(&name)) else { continue };
        out.sources.push(path.to_owned());
        lay(&mut out.root, nested(&keys, content(file, setting)), Order::Known, &mut out.problems);
    }
}

fn content(file: &InsideFile, setting: &Setting<'_>) -> Node {
    let source = Arc::new(Source::file(file));
    match &file.text {
        Ok(text) => loose(text.trim_end_matches('\n'), &source, &setting.surroundings()),
        Err(why) => leaf(Json::Unknown(why.clone()), &source),
    }
}

/// `ORTHANC_PASSWORD` makes or changes the user `orthanc`, in images that know it.
fn password(setting: &Setting<'_>, image: &Image, out: &mut Assembled) {
    let Some(variable) = setting.program.environment.iter().rev().find(|variable| variable.name == "ORTHANC_PASSWORD") else {
        return;
    };
    let source = Arc::new(Source::variable(variable));
    let known = image.date.map(|date| date >= orthanc_images().password_since);
    let json = match (known, &variable.value) {
        (Some(false), _) => return,
        (Some(true), Ok(text)) => Json::Text(text.as_str().into()),
        (_, Err(why)) => Json::Unknown(why.clone()),
        (None, _) => {
            let since = orthanc_images().password_since;
            Json::Unknown(Unknown::new(
                Reason::ImageNotSeen,
                format!("ORTHANC_PASSWORD is read from {since} on, and the tag is no date"),
            ))
        }
    };
    out.sources.push("ORTHANC_PASSWORD".into());
    let path = ["RegisteredUsers".to_owned(), "orthanc".to_owned()];
    lay(&mut out.root, nested(&path, leaf(json, &source)), Order::Known, &mut out.problems);
}

fn defaults(out: &mut Assembled) {
    let environment = orthanc_environment();
    let source = Arc::new(Source::default("default of the image"));
    let of =
        |values: &serde_json::Map<String, serde_json::Value>| match shipped(&serde_json::Value::Object(values.clone()), &source)
            .json
        {
            Json::Map(map) => map,
            _ => Map::default(),
        };
    fill(&mut out.root, &of(&environment.defaults));
    for plugin in environment.plugins.iter().filter(|plugin| !plugin.defaults.is_empty()) {
        if enabled(plugin, out) != Some(true) {
            continue;
        }
        let section: Arc<str> = plugin.section().into();
        if out.root.entries.contains_key(&section) || out.root.incomplete.is_none() {
            let node = leaf(Json::Map(of(&plugin.defaults)), &source);
            fill(&mut out.root, &Map { entries: [(section, node)].into(), incomplete: None });
        }
    }
}

/// Whether the start script enables a plugin; `None` where nobody can say.
pub(super) fn enabled(plugin: &Plugin, assembled: &Assembled) -> Option<bool> {
    if assembled.switched_on.contains(plugin.name.as_str()) {
        return Some(true);
    }
    if plugin.always {
        return Some(!assembled.switched_off.contains(plugin.name.as_str()));
    }
    let has = |key: &str| !plugin.switched && assembled.root.entries.contains_key(key);
    if has(plugin.section()) || plugin.root.as_deref().is_some_and(has) {
        return Some(true);
    }
    if assembled.root.incomplete.is_some() { None } else { Some(false) }
}

/// What the start script has written is the configuration; where a source says the same, its place is the better one.
fn result(setting: &Setting<'_>, out: &mut Assembled) {
    let Look::File(file) = setting.program.inside.look(RESULT) else { return };
    if file.text.is_err() {
        return;
    }
    let mut seen = Assembled::default();
    let manner = Manner { syntax: Syntax::Core, reader: Reader::JsonCpp };
    let written = read::file(RESULT, file, manner, setting, &mut seen);
    if seen.problems.is_empty() && written.incomplete.is_none() {
        out.sources.append(&mut seen.sources);
        out.root = place(written, &out.root);
        // The start script came to its end.
        out.problems.clear();
        out.doubt = None;
    }
}

/// The values of `written` at the places of `declared` where both say the same.
fn place(written: Map, declared: &Map) -> Map {
    let keep = |(key, node): (Arc<str>, Node)| {
        let node = match (node.json, declared.entries.get(&key)) {
            (Json::Map(inner), Some(other)) => match other.map() {
                Some(below) => Node { json: Json::Map(place(inner, below)), ..other.clone() },
                None => Node { json: Json::Map(inner), at: node.at, source: node.source, via: None, reference: false },
            },
            (json, Some(other)) if super::merge::same(&json, &other.json) => Node { json, ..other.clone() },
            (json, _) => Node { json, at: node.at, source: node.source, via: node.via, reference: node.reference },
        };
        (key, node)
    };
    Map { entries: written.entries.into_iter().map(keep).collect(), incomplete: None }
}
