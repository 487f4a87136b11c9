//! What is mounted: volumes, tmpfs, secrets, configs, and what comes from other services.

use std::path::{Path, PathBuf};

use super::Service;
use super::read::{Items, boolean};
use super::volume::{Volume, mounted_at};
use crate::collect::compose::files;
use crate::collect::compose::project::is_external;
use crate::collect::compose::value::{Node, text};
use crate::collect::yaml::Place;
use crate::facts::{Fact, Reason, Record, Unknown};

/// Longest chain of `volumes_from`.
const MAX_CHAIN: usize = 8;

pub(super) fn write(service: &Service<'_>, facts: &mut Record) {
    let mut items = Items::default();
    collect(service, &mut items, 0, false);
    let at = service.entry("volumes").map_or(service.at, |entry| &entry.at);
    facts.put("mounts", Fact::known(items.list).at(&at.origin()));
    let mut tmpfs = Items::default();
    for node in nodes(service, "tmpfs") {
        tmpfs.add(text(node).map(|path| vec![Fact::known(path_of(path)).at(&node.at.origin())]));
    }
    for node in nodes(service, "volumes") {
        if let Ok(volume) =
            Volume::read(node).as_ref().map_err(drop).and_then(|v| if v.kind == "tmpfs" { Ok(v) } else { Err(()) })
        {
            tmpfs.add(Ok(vec![Fact::known(volume.target.as_str()).at(&node.at.origin())]));
        }
    }
    facts.put("tmpfs", Fact::known(tmpfs.list).at(&service.entry("tmpfs").map_or(service.at, |entry| &entry.at).origin()));
}

fn collect(service: &Service<'_>, items: &mut Items, depth: usize, read_only: bool) {
    for node in nodes(service, "volumes") {
        items.add(Volume::read(node).map(|volume| vec![volume_fact(service, &volume, node, read_only)]));
    }
    for node in nodes(service, "tmpfs") {
        items.add(text(node).map(|path| vec![plain_mount("tmpfs", None, path_of(path), false, &node.at)]));
    }
    for (section, kind, folder) in [("secrets", "secret", "/run/secrets/"), ("configs", "config", "/")] {
        for node in nodes(service, section) {
            items.add(secret(service, node, section, kind, folder));
        }
    }
    if service.get("use_api_socket").and_then(|node| text(node).ok()).and_then(boolean) == Some(true) {
        let at = service.entry("use_api_socket").map_or(service.at, |entry| &entry.at);
        items.add(Ok(vec![plain_mount("bind", Some("/var/run/docker.sock"), "/var/run/docker.sock", false, at)]));
    }
    for key in ["volumes", "tmpfs", "secrets", "configs", "volumes_from"] {
        let odd = service.entry(key).filter(|entry| entry.node.list().is_none() && !super::is_empty(entry));
        if let Some(entry) = odd {
            items.add(Err(super::read::unreadable(entry)));
        }
    }
    for node in nodes(service, "volumes_from") {
        if let Err(why) = from_other(service, node, items, depth) {
            items.add(Err(why));
        }
    }
}

fn nodes<'p>(service: &Service<'p>, key: &str) -> &'p [Node] {
    service.get(key).and_then(Node::list).unwrap_or_default()
}

fn path_of(written: &str) -> &str {
    written.split(':').next().unwrap_or(written)
}

/// `volumes_from: [service[:ro]]` or `container:name[:ro]`.
fn from_other(service: &Service<'_>, node: &Node, items: &mut Items, depth: usize) -> Result<(), Unknown> {
    let written = text(node)?;
    if written.starts_with("container:") {
        return Err(Unknown::new(
            Reason::NoTarget,
            format!("volumes of another container, and no engine was asked ({})", node.at),
        ));
    }
    let (name, mode) = written.split_once(':').unwrap_or((written, "rw"));
    let other = service.other(name).filter(|_| depth < MAX_CHAIN);
    let other = other.ok_or_else(|| Unknown::new(Reason::Unsupported, format!("`volumes_from` leads nowhere ({})", node.at)))?;
    collect(&other, items, depth + 1, mode == "ro");
    Ok(())
}

fn plain_mount(kind: &str, source: Option<&str>, target: &str, read_only: bool, at: &Place) -> Fact {
    let mut record = Record::new();
    record.set_here("kind", kind);
    record.set_or_absent("source", source);
    record.set_here("target", target);
    record.set_here("read_only", read_only);
    record.set_here("propagation", "");
    record.absent("device");
    record.absent("resolved");
    record.set_here("in_project", false);
    Fact::known(record).at(&at.origin())
}

fn secret(service: &Service<'_>, node: &Node, section: &str, kind: &str, folder: &str) -> Result<Vec<Fact>, Unknown> {
    let wrong = || Unknown::new(Reason::Unsupported, format!("a {kind} that cannot be read ({})", node.at));
    let target = mounted_at(node, folder).ok_or_else(wrong)?;
    let name = text(node.get("source").unwrap_or(node))?;
    let file = service.project.declared(section, name).and_then(|entry| entry.node.get("file"));
    let path = file.map(|file| Ok::<_, Unknown>(files::join(&file.at.source.directory, text(file)?))).transpose()?;
    let source = path.map(|path| path.display().to_string());
    Ok(vec![plain_mount(kind, source.as_deref(), &target, true, &node.at)])
}

fn volume_fact(service: &Service<'_>, volume: &Volume, node: &Node, read_only: bool) -> Fact {
    let mut record = Record::new();
    record.set_here("kind", volume.kind.as_str());
    record.set_here("target", volume.target.as_str());
    record.set_here("read_only", volume.read_only || read_only);
    record.set_here("propagation", volume.propagation.as_str());
    record.absent("device");
    record.absent("resolved");
    record.set_here("in_project", false);
    match (&volume.source, volume.kind.as_str()) {
        (Some(source), "bind") => bind_source(service, source, node, &mut record),
        (Some(source), "volume") => {
            if in_memory(service, source) {
                record.set_here("kind", "tmpfs");
            }
            record.set_here("source", service.project.engine_name("volumes", source));
            device(service, source, &mut record);
        }
        (Some(source), _) => record.set_here("source", source.as_str()),
        (None, _) => record.absent("source"),
    }
    Fact::known(record).at(&node.at.origin())
}

/// The folder behind a `local` volume that is a bind in disguise.
fn device(service: &Service<'_>, name: &str, record: &mut Record) {
    match device_of(service, name) {
        Some(Ok(path)) => {
            record.set_here("device", path.display().to_string());
            resolve(&path, record);
        }
        Some(Err(why)) => record.unknown("device", why),
        None => {}
    }
}

/// Whether a named volume is made of memory: it is empty after each start.
fn in_memory(service: &Service<'_>, name: &str) -> bool {
    let entry = service.project.declared("volumes", name).filter(|entry| !is_external(&entry.node));
    let kind = entry.and_then(|entry| entry.node.at_path(&["driver_opts", "type"])).map(text);
    kind.is_some_and(|kind| matches!(kind, Ok("tmpfs" | "ramfs")))
}

/// The host path that a named volume binds; none for a volume of the engine's own, an error where it cannot be told.
pub(in crate::collect::compose) fn device_of(service: &Service<'_>, name: &str) -> Option<Result<PathBuf, Unknown>> {
    let entry = service.project.declared("volumes", name)?;
    if is_external(&entry.node) {
        return Some(Err(Unknown::new(Reason::NoTarget, "the volume is made elsewhere, and no engine was asked")));
    }
    let option = |key: &str| entry.node.at_path(&["driver_opts", key]).map(text);
    let local =
        entry.node.get("driver").is_none_or(|driver| text(driver).is_ok_and(|driver| driver == "local" || driver.is_empty()));
    let binds = option("o").is_some_and(|o| o.is_ok_and(|o| o.split(',').any(|word| word == "bind" || word == "rbind")));
    match option("device") {
        Some(Ok(path)) if local && (binds || option("type").is_some_and(|kind| kind == Ok("none"))) => {
            Some(Ok(files::join(&entry.node.at.source.directory, path)))
        }
        Some(Err(why)) if local => Some(Err(why)),
        _ => None,
    }
}

/// The services whose volumes a service has: itself, and those that `volumes_from` names. And why there may be more.
pub(in crate::collect::compose) fn mount_sources<'p>(service: &Service<'p>) -> (Vec<Service<'p>>, Option<Unknown>) {
    let mut found = vec![*service];
    let mut unsure = None;
    let mut next = 0;
    while let Some(service) = found.get(next).copied() {
        next += 1;
        for node in nodes(&service, "volumes_from") {
            match text(node).ok().and_then(|written| service.other(written.split(':').next()?)) {
                Some(other) if found.len() <= MAX_CHAIN => found.push(other),
                _ => unsure = Some(Unknown::new(Reason::NoTarget, format!("volumes of another container ({})", node.at))),
            }
        }
    }
    (found, unsure)
}

fn bind_source(service: &Service<'_>, source: &str, node: &Node, record: &mut Record) {
    let Some(path) = host_path(service, source, node) else {
        record.set_here("source", source);
        record.unknown("resolved", Unknown::new(Reason::Unsupported, "a path that this system cannot follow"));
        return;
    };
    let shown = if source.starts_with('~') { source.to_owned() } else { path.display().to_string() };
    record.set_here("source", shown);
    resolve(&path, record);
    let real = std::fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
    let written_relative = source.starts_with('.');
    record.set_here("in_project", is_in_project(service, &real, written_relative));
}

fn resolve(path: &Path, record: &mut Record) {
    match std::fs::canonicalize(path) {
        Ok(real) => record.set_here("resolved", real.display().to_string()),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            record.unknown("resolved", Unknown::new(Reason::Permission, "the path cannot be followed: permission denied"));
        }
        Err(_) => record.unknown("resolved", Unknown::new(Reason::NoTarget, "the path is not on this machine")),
    }
}

/// A bind source as a path of this machine; `~` is the home folder.
pub(in crate::collect::compose) fn host_path(service: &Service<'_>, source: &str, node: &Node) -> Option<PathBuf> {
    if let Some(rest) = source.strip_prefix('~') {
        let home = service.project.home.as_deref()?;
        return (rest.is_empty() || rest.starts_with('/')).then(|| files::join(Path::new(home), rest.trim_start_matches('/')));
    }
    (!source.contains('\\')).then(|| files::join(&node.at.source.directory, source))
}

/// Inside the project's own folder; a path written relative to it may also lie elsewhere in the same repository.
pub(in crate::collect::compose) fn is_in_project(service: &Service<'_>, path: &Path, written_relative: bool) -> bool {
    let folder = std::fs::canonicalize(&service.project.directory).unwrap_or_else(|_| service.project.directory.clone());
    if path.starts_with(&folder) {
        return true;
    }
    let repository = folder.ancestors().skip(1).take(4).find(|ancestor| ancestor.join(".git").exists());
    written_relative && repository.is_some_and(|root| path.starts_with(root))
}

/// A bind mount of a service, for the project's overview.
pub(in crate::collect::compose) struct Bind {
    /// Source as written.
    pub written: String,
    /// Where that is on this machine, where it can be told.
    pub path: Option<PathBuf>,
    /// Whether the source is meant relative to the project.
    pub relative: bool,
    pub at: Place,
}

/// The bind mounts that a service's own `volumes` ask for.
pub(in crate::collect::compose) fn binds(service: &Service<'_>) -> Vec<Bind> {
    let bind = |node: &Node| {
        let volume = Volume::read(node).ok().filter(|volume| volume.kind == "bind")?;
        let written = volume.source?;
        let path = host_path(service, &written, node);
        let relative = !written.starts_with(['/', '~']);
        Some(Bind { written, path, relative, at: node.at.clone() })
    };
    nodes(service, "volumes").iter().filter_map(bind).collect()
}
