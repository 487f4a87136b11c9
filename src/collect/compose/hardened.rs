//! Configuration files that have a hardened sibling: which of the two is in use?

use std::path::{Path, PathBuf};

use super::files;
use super::overview::labelled;
use super::project::Project;
use super::service::{Service, binds};
use super::value::{Node, text};
use crate::collect::yaml::Place;
use crate::facts::{Fact, Reason, Record, State, Unknown, Value};

const HARDENED: [&str; 5] = ["secure", "secured", "hardened", "production", "prod"];
/// Words that tell variants of one file apart.
const VARIANTS: [&str; 8] = ["dev", "development", "staging", "test", "local", "default", "insecure", "demo"];
const EXTENSIONS: [&str; 10] = ["json", "yaml", "yml", "conf", "toml", "ini", "cfg", "xml", "properties", "lua"];
/// Most files of one folder that are looked at.
const MAX_FILES: usize = 2_000;

/// One file name taken apart: what it configures, how it ends, whether it says that it is hardened.
#[derive(PartialEq, Eq)]
struct Named {
    stem: Vec<String>,
    extension: String,
    hardened: bool,
}

pub(super) fn write(project: &Project, facts: &mut Record) {
    let mut found = Vec::new();
    let mut seen: Vec<PathBuf> = Vec::new();
    for (name, entry) in project.services() {
        let service = Service { name, at: &entry.at, node: &entry.node, project, build: None };
        for bind in binds(&service) {
            let Some(path) = bind.path.filter(|path| path.is_file()) else { continue };
            if let Some(fact) = mounted(&path, &bind.at) {
                seen.push(path);
                found.push(fact);
            }
        }
    }
    copied(project, &seen, &mut found);
    facts.set_here("hardened_alternatives", found);
}

/// A mounted file that is one of such a pair.
fn mounted(path: &Path, at: &Place) -> Option<Fact> {
    let own = Named::of(path)?;
    let (shown, sibling) = (file_name(path)?, counterpart(path, &own)?);
    let label =
        if own.hardened { format!("{shown} is mounted") } else { format!("{shown} is mounted, {sibling} lies beside it") };
    Some(fact(label, Fact::known(own.hardened), at))
}

/// Pairs beside the compose file of which none is mounted: the Dockerfile may copy one into the image.
fn copied(project: &Project, seen: &[PathBuf], found: &mut Vec<Fact>) {
    for path in folder(&project.directory) {
        let Some(own) = Named::of(&path).filter(|own| own.hardened) else { continue };
        let (Some(shown), Some(sibling)) = (file_name(&path), counterpart(&path, &own)) else { continue };
        let is_pair = |seen: &PathBuf| Named::of(seen).is_some_and(|n| n.stem == own.stem && n.extension == own.extension);
        if seen.iter().any(is_pair) {
            continue;
        }
        for (name, entry) in project.services().filter(|(_, entry)| entry.node.get("build").is_some()) {
            let used = built_with(&entry.node, &shown, &sibling);
            if used.is_absent() {
                continue;
            }
            let label = match &used.state {
                State::Known(Value::Bool(true)) => format!("{name}: {shown} is copied into the image"),
                State::Known(_) => format!("{name}: {sibling} is copied into the image, {shown} lies beside it"),
                _ => format!("{name}: {shown} or {sibling}"),
            };
            found.push(fact(label, used, &entry.at));
        }
    }
}

/// Which of two files a service's Dockerfile names; absent when it names neither.
fn built_with(service: &Node, hardened: &str, sibling: &str) -> Fact {
    let Some(build) = service.get("build") else { return Fact::absent() };
    let part = |key: &str| build.get(key).and_then(|node| text(node).ok());
    let context = files::join(&build.at.source.directory, part("context").unwrap_or("."));
    let path = files::join(&context, part("dockerfile").unwrap_or("Dockerfile"));
    let inline = part("dockerfile_inline").map(str::to_owned);
    match inline.map_or_else(|| files::read(&path), Ok) {
        Ok(text) if names(&text, hardened) => Fact::known(true),
        Ok(text) if names(&text, sibling) => Fact::known(false),
        Ok(_) => Fact::absent(),
        Err(error) => Fact::unknown(Unknown::new(Reason::UnknownFact, format!("the Dockerfile of the service: {error}"))),
    }
}

/// Whether a Dockerfile names a file, as a word of its own.
fn names(dockerfile: &str, file: &str) -> bool {
    let lines = dockerfile.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.flat_map(str::split_whitespace).any(|word| word.trim_matches(['"', ',', '[', ']']).rsplit('/').next() == Some(file))
}

fn fact(label: String, used: Fact, at: &Place) -> Fact {
    let mut fact = labelled(label, at);
    if let State::Known(Value::Record(record)) = &mut fact.state {
        record.put("hardened_used", used);
    }
    fact
}

/// The other file of the pair, in the same folder; the one with the plainest name where there are several.
fn counterpart(path: &Path, own: &Named) -> Option<String> {
    let is_other = |other: &Path| {
        Named::of(other).is_some_and(|n| n.stem == own.stem && n.extension == own.extension && n.hardened != own.hardened)
    };
    folder(path.parent()?).iter().filter(|path| is_other(path)).filter_map(|path| file_name(path)).min_by_key(String::len)
}

/// The files of a folder in the order of their names.
fn folder(path: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten().take(MAX_FILES);
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect();
    files.sort();
    files
}

fn file_name(path: &Path) -> Option<String> {
    path.file_name().map(|name| name.to_string_lossy().into_owned())
}

impl Named {
    fn of(path: &Path) -> Option<Self> {
        let name = file_name(path)?.to_ascii_lowercase();
        let (stem, extension) = name.rsplit_once('.')?;
        let compose = stem.starts_with("compose") || stem.starts_with("docker-compose");
        if compose || !EXTENSIONS.contains(&extension) {
            return None;
        }
        let words = || stem.split(['-', '_', '.']).filter(|word| !word.is_empty());
        let hardened = words().any(|word| HARDENED.contains(&word));
        let stem: Vec<String> = words().filter(|w| !HARDENED.contains(w) && !VARIANTS.contains(w)).map(str::to_owned).collect();
        (!stem.is_empty()).then(|| Self { stem, extension: extension.to_owned(), hardened })
    }
}
