//! Mounts, tmpfs and devices.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value as Json;

use super::failure::Failure;
use super::fields::{Fields, plain};
use super::host::Host;
use super::typed::Volume;
use crate::facts::{Fact, Reason, Record, State, Unknown, Value};

/// What it takes to tell what lies behind a mount.
pub(super) struct Behind<'a> {
    /// Volumes of the engine.
    pub volumes: &'a Result<BTreeMap<String, Volume>, Failure>,
    /// Whether the engine's files are ours.
    pub host: &'a Host,
    /// The compose project's own folder, from its label.
    pub project: Option<&'a str>,
}

/// `container.mounts` and `container.tmpfs`.
pub(super) fn mounts(fields: Fields<'_>, behind: &Behind<'_>, record: &mut Record) {
    let mut fact = fields.list("Mounts", |mount| one(mount, behind));
    let mut tmpfs: Vec<String> = Vec::new();
    if let State::Known(Value::List(list)) = &mut fact.state {
        if list.items.len() < asked_for(fields) {
            let why = "the engine lists fewer mounts than the container was given";
            list.incomplete.get_or_insert_with(|| Unknown::new(Reason::Unsupported, why));
        }
        tmpfs.extend(
            list.records().filter(|m| m.text("kind") == Some("tmpfs")).filter_map(|m| m.text("target")).map(str::to_owned),
        );
        for (target, options) in fields.get("HostConfig.Tmpfs").and_then(Json::as_object).into_iter().flatten() {
            if !tmpfs.contains(target) {
                let read_only = options.as_str().is_some_and(|options| options.split(',').any(|option| option == "ro"));
                list.items.push(memory(target, read_only));
                tmpfs.push(target.clone());
            }
        }
        record.set("tmpfs", super::fields::texts(&tmpfs), &fields.origins.of("HostConfig.Tmpfs"));
    } else {
        record.put("tmpfs", fact.clone());
    }
    record.put("mounts", fact);
}

/// How many mounts the container was created with; those of its image come on top.
fn asked_for(fields: Fields<'_>) -> usize {
    ["HostConfig.Binds", "HostConfig.Mounts"].iter().filter_map(|field| fields.get(field)?.as_array()).map(Vec::len).sum()
}

fn memory(target: &str, read_only: bool) -> Fact {
    let mut record = Record::new();
    record.set_here("kind", "tmpfs");
    record.set_here("target", plain(target));
    record.set_here("read_only", read_only);
    record.set_here("propagation", "");
    record.set_here("in_project", false);
    for path in ["source", "device", "resolved"] {
        record.absent(path);
    }
    record.into()
}

fn one(mount: &Json, behind: &Behind<'_>) -> Option<Fact> {
    let text = |key: &str| mount.get(key).and_then(Json::as_str).unwrap_or_default();
    let kind = Some(text("Type")).filter(|kind| !kind.is_empty())?;
    let target = Some(text("Destination")).filter(|target| !target.is_empty())?;
    let mut record = Record::new();
    record.set_here("kind", kind);
    record.set_here("target", plain(target));
    record.set_here("read_only", !mount.get("RW").and_then(Json::as_bool)?);
    record.set_here("propagation", text("Propagation"));
    let source = match kind {
        "bind" | "npipe" | "image" => Some(text("Source")),
        // The engine gives anonymous volumes 64 hexadecimal digits for a name.
        "volume" | "cluster" => {
            Some(text("Name")).filter(|name| !(name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit())))
        }
        _ => None,
    };
    record.set_or_absent("source", source.filter(|source| !source.is_empty()).map(plain));
    let device = if kind == "volume" { device(text("Name"), text("Driver"), behind) } else { Fact::absent() };
    let on_host = if kind == "bind" { source } else { device.text() };
    record.put("resolved", on_host.map_or_else(Fact::absent, |path| behind.host.resolve(path)));
    if let State::Unknown(why) = &device.state {
        record.unknown("resolved", why.clone());
    }
    let inside = |path: &str| behind.project.is_some_and(|project| project.len() > 1 && Path::new(path).starts_with(project));
    record.set_here("in_project", on_host.is_some_and(|path| inside(path) && record.text("resolved").is_none_or(inside)));
    record.put("device", device);
    Some(record.into())
}

/// The host path behind a volume of driver `local`: its options make it a bind, or mount a block device.
fn device(name: &str, driver: &str, behind: &Behind<'_>) -> Fact {
    let volumes = match behind.volumes {
        Ok(volumes) => volumes,
        Err(_) if !driver.is_empty() && driver != "local" => return Fact::absent(),
        Err(failure) => return Fact::unknown(failure.unknown()),
    };
    match volumes.get(name) {
        Some(volume) if volume.driver != "local" => Fact::absent(),
        Some(volume) => match volume.options.get("device").filter(|device| device.starts_with('/')) {
            Some(device) => Fact::known(plain(device)),
            None => Fact::absent(),
        },
        None if !driver.is_empty() && driver != "local" => Fact::absent(),
        None => Fact::unknown(Unknown::new(Reason::UnknownFact, "the engine does not list this volume")),
    }
}

/// `container.devices`: paths, cgroup rules and device requests.
pub(super) fn devices(fields: Fields<'_>) -> Fact {
    let mut fact = fields.list("HostConfig.Devices", |device| {
        let path = device.get("PathOnHost")?.as_str()?;
        Some(made(&plain(path), Some(path), false))
    });
    let State::Known(Value::List(list)) = &mut fact.state else { return fact };
    let entries = |field: &str| fields.get(field).and_then(Json::as_array).into_iter().flatten();
    for rule in entries("HostConfig.DeviceCgroupRules").filter_map(Json::as_str) {
        list.items.push(made(&format!("rule {}", plain(rule)), None, false));
    }
    for request in entries("HostConfig.DeviceRequests") {
        list.items.extend(requested(request));
    }
    fact
}

fn requested(request: &Json) -> Vec<Fact> {
    let texts = |value: Option<&Json>| -> Vec<String> {
        value.and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str).map(plain).collect()
    };
    let driver = request.get("Driver").and_then(Json::as_str).unwrap_or_default();
    let ids = texts(request.get("DeviceIDs"));
    if driver == "cdi" && !ids.is_empty() {
        return ids.iter().map(|id| made(id, None, true)).collect();
    }
    let capabilities =
        request.get("Capabilities").and_then(Json::as_array).into_iter().flatten().flat_map(|one| texts(Some(one)));
    let what = if driver.is_empty() {
        format!("capabilities={}", capabilities.collect::<Vec<_>>().join(","))
    } else {
        format!("driver={}", plain(driver))
    };
    vec![made(&what, None, true)]
}

fn made(label: &str, host: Option<&str>, request: bool) -> Fact {
    let mut record = Record::new();
    record.set_here("label", label);
    record.set_or_absent("host", host.map(plain));
    record.set_here("request", request);
    record.into()
}
