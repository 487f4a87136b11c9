//! Files of bind mounts; other volumes hide what lies below them.

use std::path::Path;

use super::declared;
use super::files::{Files, is_below, real};
use crate::collect::compose::files;
use crate::collect::compose::service::volume::Volume;
use crate::collect::compose::service::{Service, device_of, host_path, is_in_project, mount_sources};
use crate::collect::compose::value::{Node, text};
use crate::collect::program::{Place, clean};
use crate::facts::{Reason, Unknown};

/// Deepest folder below a bind that is read.
const MAX_DEPTH: usize = 8;

/// A walk below one mount.
#[derive(Clone, Copy)]
struct Walk<'m> {
    /// Where it is mounted.
    root: &'m str,
    depth: usize,
}

/// Gathers what `volumes`, `tmpfs` and `volumes_from` bring in.
pub(super) fn gather(service: &Service<'_>, files: &mut Files) {
    let (owners, unsure) = mount_sources(service);
    let mut unsure = unsure.or_else(|| declared::unreadable(service));
    let mut volumes = Vec::new();
    for owner in &owners {
        for node in owner.get("volumes").and_then(Node::list).unwrap_or_default() {
            match Volume::read(node) {
                Ok(volume) => volumes.push((*owner, Volume { target: clean(&volume.target), ..volume }, node)),
                Err(why) => unsure = unsure.or(Some(why)),
            }
        }
    }
    // The engine mounts folders before what lies in them.
    volumes.sort_by_key(|(_, volume, _)| bare(&volume.target).matches('/').count());
    files.mounted = volumes.iter().map(|(_, volume, _)| bare(&volume.target).to_owned()).collect();
    for path in owners.iter().flat_map(|owner| owner.get("tmpfs").and_then(Node::list).unwrap_or_default()) {
        match text(path) {
            Ok(path) => {
                let path = bare(path.split(':').next().unwrap_or(path));
                files.mounted.push(path.to_owned());
                files.complete(path);
            }
            Err(why) => unsure = unsure.or(Some(why)),
        }
    }
    files.unsure = unsure;
    for (owner, volume, node) in &volumes {
        mount(owner, volume, node, files);
    }
}

fn mount(service: &Service<'_>, volume: &Volume, node: &Node, files: &mut Files) {
    let target = bare(&volume.target);
    match (volume.kind.as_str(), volume.source.as_deref()) {
        ("bind", Some(source)) => match host_path(service, source, node) {
            Some(path) => bind(service, target, &path, !source.starts_with(['/', '~']), files),
            None => files.hide(target, Unknown::new(Reason::Unsupported, "a path that this system cannot follow")),
        },
        ("tmpfs", _) => files.complete(target),
        ("volume", Some(name)) if node.at_path(&["volume", "subpath"]).is_none() => match device_of(service, name) {
            Some(Ok(path)) => bind(service, target, &path, false, files),
            Some(Err(why)) => files.hide(target, why),
            None => files.hide(target, Unknown::new(Reason::NoTarget, "it lies in a volume, and no engine was asked")),
        },
        _ => files.hide(target, Unknown::new(Reason::NoTarget, "it lies in a volume, and no engine was asked")),
    }
}

/// One bind. A source that is missing becomes an empty folder when the engine starts the container.
fn bind(service: &Service<'_>, target: &str, path: &Path, relative: bool, files: &mut Files) {
    let Some(real) = real(path) else {
        if relative && std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            files.complete(target);
        } else {
            files.hide(target, Unknown::new(Reason::NoTarget, "its source is not on this machine"));
        }
        return;
    };
    let shown = files::relative(&service.project.directory, path);
    if relative && !is_in_project(service, &real, true) {
        let why = Unknown::new(Reason::Unsupported, format!("{shown} leads out of the project"));
        return files.put(target, Err(why), shown.into(), None, Place::Mount);
    }
    match std::fs::metadata(&real) {
        Ok(about) if about.is_dir() => folder(&shown, target, &real, files, Walk { root: target, depth: 0 }),
        _ => files.read(target, &real, shown.into(), Place::Mount),
    }
}

/// A bound folder, as far as its content is wanted. What is mounted below it comes from elsewhere.
fn folder(shown: &str, target: &str, path: &Path, files: &mut Files, walk: Walk<'_>) {
    if !files.leads_to_wanted(target) {
        return files.hide(target, not_read());
    }
    let entries = match std::fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => {
            let reason =
                if error.kind() == std::io::ErrorKind::PermissionDenied { Reason::Permission } else { Reason::Unsupported };
            return files.hide(target, Unknown::new(reason, format!("the folder cannot be read: {}", error.kind())));
        }
    };
    files.complete(target);
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    for name in names {
        let Some(name) = name.to_str() else { continue };
        if walk.depth >= MAX_DEPTH || files.is_full() {
            return files.hide(target, Unknown::new(Reason::Unsupported, "the folder holds too many files"));
        }
        entry(
            &format!("{}/{name}", shown.trim_end_matches('/')),
            &format!("{}/{name}", bare(target)),
            &path.join(name),
            files,
            walk,
        );
    }
}

fn entry(shown: &str, target: &str, path: &Path, files: &mut Files, walk: Walk<'_>) {
    if files.mounted.iter().any(|mounted| mounted.len() > walk.root.len() && is_below(target, mounted)) {
        return;
    }
    let Ok(about) = std::fs::symlink_metadata(path) else { return files.hide(target, not_read()) };
    if about.is_symlink() && !stays(path) {
        // Inside the container the link leads somewhere else than here.
        let why = Unknown::new(Reason::Unsupported, format!("{shown} is a link that leads out of the mounted folder"));
        files.hide(target, why.clone());
        return files.put(target, Err(why), shown.into(), None, Place::Mount);
    }
    match std::fs::metadata(path) {
        Ok(about) if about.is_dir() => folder(shown, target, path, files, Walk { depth: walk.depth + 1, ..walk }),
        Ok(_) if files.leads_to_wanted(target) => files.read(target, path, shown.into(), Place::Mount),
        _ => files.hide(target, not_read()),
    }
}

fn not_read() -> Unknown {
    Unknown::new(Reason::UnknownFact, "its content is not read: it is no configuration")
}

/// Whether a link names something in its own folder.
fn stays(path: &Path) -> bool {
    let named = std::fs::read_link(path).ok().filter(|named| named.is_relative());
    let folder = path.parent().and_then(real);
    named.is_some() && folder.zip(real(path)).is_some_and(|(folder, real)| real.starts_with(folder))
}

fn bare(path: &str) -> &str {
    path.trim_end_matches('/')
}
