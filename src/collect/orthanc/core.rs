//! The configuration as the program itself puts it together: a file or a folder, no merging, the environment only by `${NAME}`.

use std::sync::Arc;

use super::Setting;
use super::assembled::{Assembled, Problem};
use super::image::Image;
use super::json::{Json, Map, Reader, shipped};
use super::merge::{fog, same};
use super::read::{self, Manner};
use super::source::Source;
use super::substitute::Syntax;
use crate::collect::program::{InsideFile, Look, is_only_the_image};
use crate::facts::{Origin, Reason, Unknown};
use crate::knowledge::{Version, orthanc_images};

/// Where the configuration of the well-known images and packages lies.
const DEFAULT_FOLDER: &str = "/etc/orthanc";
/// The file in it that the well-known images ship.
const FACTORY: &str = "/etc/orthanc/orthanc.json";
/// Builds from this version on have a newer JSON reader.
const NEW_READER: Version = Version([1, 9, 0]);

/// Reads what the program reads.
pub(super) fn assemble(setting: &Setting<'_>, image: &Image) -> Assembled {
    let mut out = Assembled::default();
    match paths(setting) {
        Ok(paths) => paths.iter().for_each(|path| read_path(path, setting, image, &mut out)),
        Err(why) => {
            out.doubt.get_or_insert_with(|| why.clone());
            fog(&mut out.root, &why);
        }
    }
    out.check_types(image.versions);
    out.check_plugins(setting, image.versions);
    out
}

/// The paths among the words of the command: what follows the program and is no option.
fn paths(setting: &Setting<'_>) -> Result<Vec<String>, Unknown> {
    let Some(words) = &setting.program.words else { return Ok(vec![DEFAULT_FOLDER.to_owned()]) };
    let name = |word: &String| word.rsplit('/').next().map(str::to_owned);
    let program = words.iter().position(|word| name(word).as_deref() == Some("Orthanc"));
    if words.iter().any(|word| word.contains("${")) {
        return Err(Unknown::new(Reason::UnknownFact, "the command depends on something that is not known"));
    }
    let shell = words.iter().any(|word| word.contains(char::is_whitespace));
    let arguments = match program {
        Some(at) => &words[at + 1..],
        None if shell => {
            let why = "the command is a shell text, so which configuration it passes to Orthanc is not known";
            return Err(Unknown::new(Reason::Unsupported, why));
        }
        None => words.as_slice(),
    };
    let script =
        |word: &&String| word.ends_with(".sh") || word.contains("entrypoint") || word.ends_with("tini") || word.as_str() == "--";
    let paths: Vec<String> = arguments
        .iter()
        .filter(|word| !word.starts_with('-') && !script(word))
        .map(|path| path.trim_end_matches('/').to_owned())
        .collect();
    match (paths.is_empty(), program) {
        // The program alone runs with its built-in configuration.
        (true, Some(_)) => Ok(Vec::new()),
        (true, None) => Ok(vec![DEFAULT_FOLDER.to_owned()]),
        (false, _) => Ok(paths),
    }
}

fn manner(image: &Image) -> Manner {
    let new = image.versions.at_least(NEW_READER) == Some(true);
    Manner { syntax: Syntax::Core, reader: if new { Reader::NewJsonCpp } else { Reader::JsonCpp } }
}

fn read_path(path: &str, setting: &Setting<'_>, image: &Image, out: &mut Assembled) {
    let inside = &setting.program.inside;
    if let Look::File(file) = inside.look(path) {
        let map = read::file(path, file, manner(image), setting, out);
        return add(map, out);
    }
    let (files, hidden) = inside.folder(path);
    let configurations: Vec<(&str, &InsideFile)> =
        files.into_iter().filter(|(path, _)| path.to_ascii_lowercase().ends_with(".json")).collect();
    let unseen_image = hidden.as_ref().is_some_and(is_only_the_image);
    let ships = image.known.is_some_and(|known| known.factory) && path == DEFAULT_FOLDER;
    // Where something lies over the image's own file, that is not read.
    let factory = ships && unseen_image && is_the_images(setting, FACTORY).unwrap_or(false);
    let covered = if ships { is_the_images(setting, FACTORY).err() } else { None };
    if let Some(why) = covered {
        out.root.incomplete.get_or_insert_with(|| why.clone());
        out.doubt.get_or_insert(why);
    }
    for (path, file) in &configurations {
        let map = read::file(path, file, manner(image), setting, out);
        add(map, out);
    }
    if factory {
        let name = "/etc/orthanc/orthanc.json of the image";
        let source = Arc::new(Source::default(name));
        let node = shipped(&serde_json::Value::Object(orthanc_images().factory.clone()), &source);
        out.sources.push(name.into());
        if let Json::Map(map) = node.json {
            add(map, out);
        }
    }
    match hidden {
        Some(why) if !(ships && unseen_image) => {
            out.root.incomplete.get_or_insert_with(|| why.clone());
            out.doubt.get_or_insert(why);
        }
        None if configurations.is_empty() && path != DEFAULT_FOLDER => {
            let text = format!("no configuration lies at {}, which the command names", super::shown::key(path));
            out.problems.push(Problem { text, at: Origin::field("command") });
        }
        _ => {}
    }
}

/// Whether a path is as the image has it; false where a file lies over it, an error where something that cannot be read does.
fn is_the_images(setting: &Setting<'_>, path: &str) -> Result<bool, Unknown> {
    let inside = &setting.program.inside;
    match inside.look(path) {
        Look::File(_) => Ok(false),
        Look::Unknown(why) if is_only_the_image(&why) => Ok(true),
        Look::Unknown(why) => Err(why),
        Look::Absent if inside.folder(DEFAULT_FOLDER).1.is_none() => Ok(false),
        Look::Absent => Err(Unknown::new(Reason::NoTarget, format!("what is mounted over {path} is not there"))),
    }
}

/// Adds the keys of one more file; a key that stands in two of them is fatal.
fn add(map: Map, out: &mut Assembled) {
    if let Some(why) = map.incomplete {
        out.root.incomplete.get_or_insert_with(|| why.clone());
    }
    for (key, node) in map.entries {
        match out.root.entries.get_mut(&key) {
            None => {
                out.root.entries.insert(key, node);
            }
            Some(old) => {
                let text = format!("{} is defined in {} and in {}", super::shown::key(&key), old.source.shown, node.source.shown);
                if !same(&old.json, &node.json) {
                    old.json = Json::Unknown(Unknown::new(Reason::Unproven, text.clone()));
                }
                out.problems.push(Problem { text: format!("{text}, which Orthanc refuses"), at: node.at });
            }
        }
    }
}
