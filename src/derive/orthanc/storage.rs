//! Whether images and index outlive the container.

use crate::facts::{Fact, List, Reason, Record, State, Unknown};

/// A relative path counts from the folder of the configuration.
const CONFIGURATION: &str = "/etc/orthanc";

/// Where a folder lies.
enum Place {
    /// On a mount that outlives the container.
    Kept(String),
    /// In the container's own layer, or in memory.
    Lost,
    Unknown(Unknown),
}

/// Writes `storage_on_volume` and `storage_label`; `container` are the facts of its container.
pub(super) fn derive(facts: &mut Record, container: Option<&Record>) {
    let mut labels = Vec::new();
    let mut result = Fact::known(true);
    let folders = [("storage", "storage_directory", "object_storage.used"), ("index", "index_directory", "database.used")];
    for (what, path, elsewhere) in folders {
        match facts.get(elsewhere).bool() {
            Some(true) => {
                labels.push(format!("{what} outside the file system"));
                continue;
            }
            Some(false) => {}
            None => {
                labels.push(format!("{what} at a place that was not seen"));
                weaken(&mut result, &super::unknown_like(facts.get(elsewhere)));
                continue;
            }
        }
        let folder = facts.get(path);
        let place = match folder.text() {
            Some(folder) => place(folder, container),
            None => Place::Unknown(why(folder)),
        };
        let shown = folder.text().unwrap_or("a folder that was not seen");
        match place {
            Place::Kept(target) => labels.push(format!("{what} in {shown} (mounted at {target})")),
            Place::Lost => {
                labels.push(format!("{what} in {shown} (in the container's own layer)"));
                result = Fact { origin: folder.origin.clone(), ..Fact::known(false) };
            }
            Place::Unknown(unknown) => {
                labels.push(format!("{what} in {shown}"));
                weaken(&mut result, &Fact::unknown(unknown));
            }
        }
    }
    facts.put("storage_on_volume", result);
    facts.set_here("storage_label", labels.join(", "));
}

/// A known loss stays one.
fn weaken(result: &mut Fact, by: &Fact) {
    if result.bool() == Some(true) {
        *result = by.clone();
    }
}

fn why(fact: &Fact) -> Unknown {
    match &fact.state {
        State::Unknown(why) => why.clone(),
        _ => Unknown::new(Reason::UnknownFact, "the folder is not known"),
    }
}

fn place(folder: &str, container: Option<&Record>) -> Place {
    let Some(container) = container else {
        return Place::Unknown(Unknown::new(Reason::NoTarget, "the container's mounts were not seen"));
    };
    let mounts = container.get("mounts");
    let Some(list) = mounts.list() else { return Place::Unknown(why(mounts)) };
    let folder = absolute(folder);
    match longest(list, &folder) {
        Some((target, kind)) if kind != "tmpfs" => Place::Kept(target),
        Some(_) => Place::Lost,
        None => list.incomplete.clone().map_or(Place::Lost, Place::Unknown),
    }
}

fn absolute(folder: &str) -> String {
    let folder = folder.trim_end_matches('/');
    if folder.starts_with('/') { folder.to_owned() } else { format!("{CONFIGURATION}/{}", folder.trim_start_matches("./")) }
}

/// The innermost mount that holds a folder, and its kind.
fn longest(list: &List, folder: &str) -> Option<(String, String)> {
    let holds = |target: &str| {
        let target = target.trim_end_matches('/');
        folder == target || folder.strip_prefix(target).is_some_and(|rest| rest.starts_with('/'))
    };
    list.records()
        .filter_map(|mount| Some((mount.text("target")?.to_owned(), mount.text("kind").unwrap_or("").to_owned())))
        .filter(|(target, _)| holds(target))
        .max_by_key(|(target, _)| target.len())
}
