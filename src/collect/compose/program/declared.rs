//! Files of compose `configs:` and `secrets:`.

use super::files::{Files, is_below};
use crate::collect::compose::files;
use crate::collect::compose::project::is_external;
use crate::collect::compose::service::Service;
use crate::collect::compose::service::volume::mounted_at;
use crate::collect::compose::value::{Found, Node, text};
use crate::collect::program::Place as How;
use crate::collect::yaml::Place;
use crate::facts::{Reason, Unknown};

/// Sections, the folders that their files go to unless they say otherwise, and how they get there.
const SECTIONS: [(&str, &str, How); 2] = [("configs", "/", How::Config), ("secrets", "/run/secrets/", How::Secret)];
/// Mode of a secret or config that the engine writes itself.
const WRITTEN: u32 = 0o444;

/// Why something may be mounted anywhere: an entry that cannot be read.
pub(super) fn unreadable(service: &Service<'_>) -> Option<Unknown> {
    let wrong = |at: &Place| Unknown::new(Reason::Unsupported, format!("what stands at {at} cannot be read"));
    SECTIONS.iter().find_map(|(section, folder, _)| {
        let entry = service.entry(section)?;
        let Some(nodes) = entry.node.list() else { return Some(wrong(&entry.at)) };
        nodes.iter().find(|node| mounted_at(node, folder).is_none()).map(|node| wrong(&node.at))
    })
}

/// Gathers the configs and secrets of a service. No image has anything in `/run/secrets`: the engine makes it.
pub(super) fn gather(service: &Service<'_>, files: &mut Files) {
    if !files.mounted.iter().any(|mounted| is_below("/run/secrets", mounted)) {
        files.complete("/run/secrets");
    }
    for (section, folder, how) in SECTIONS {
        for node in service.get(section).and_then(Node::list).unwrap_or_default() {
            if let Some(target) = mounted_at(node, folder) {
                one(service, section, node, &target, how, files);
            }
        }
    }
}

fn one(service: &Service<'_>, section: &str, node: &Node, target: &str, place: How, files: &mut Files) {
    let unsure = |why: &str| Unknown::new(Reason::NoTarget, why.to_owned());
    let name = text(node.get("source").unwrap_or(node)).unwrap_or_default();
    let Some(entry) = service.project.declared(section, name) else {
        return files.put(target, Err(unsure("it is declared nowhere")), target.into(), None, place);
    };
    let mode =
        node.get("mode").map_or(Some(WRITTEN), |mode| u32::from_str_radix(text(mode).ok()?.trim_start_matches("0o"), 8).ok());
    if let Some(file) = entry.node.get("file") {
        let path = text(file).map(|written| files::join(&file.at.source.directory, written));
        return match path {
            Ok(path) if path.is_file() => {
                files.read(target, &path, files::relative(&service.project.directory, &path).into(), place);
            }
            Ok(path) => {
                let shown = files::relative(&service.project.directory, &path);
                let what = if path.exists() { "is no file" } else { "is not on this machine" };
                let why = Unknown::new(Reason::NoTarget, format!("{shown} {what}"));
                files.put(target, Err(why), shown.into(), None, place);
            }
            Err(why) => files.put(target, Err(why), target.into(), None, place),
        };
    }
    let content = entry.node.get("content").map(|content| text(content).map(str::to_owned));
    let variable = entry.node.get("environment").map(|name| {
        let name = text(name)?;
        match service.project.variables_at(&entry.at).find(name) {
            Found::Set(value) => Ok(value),
            _ => Err(Unknown::new(Reason::NoTarget, "the variable that holds it is not set here")),
        }
    });
    let elsewhere =
        || if is_external(&entry.node) { unsure("it is made elsewhere") } else { unsure("nothing says what it holds") };
    let text = content.or(variable).unwrap_or_else(|| Err(elsewhere()));
    let shown = format!("{}:{}", entry.at.source.shown, entry.at.line);
    files.put(target, text, shown.into(), mode, place);
}
