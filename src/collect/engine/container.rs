//! One container's facts, from its inspect document and what else was asked about it.

use serde_json::Value as Json;

use super::fields::{Fields, Origins, label, plain, texts};
use super::gather::{Image, Material, Seen};
use super::host::Host;
use super::mounts::{self, Behind};
use super::podman;
use super::ports;
use super::words::Scanner;
use crate::facts::{Assurance, Catalogue, Document, Fact, Kind, Reason, Record, Stage, Unknown};

/// What all containers of an engine are described with.
pub(super) struct Around<'a> {
    pub target: &'a str,
    pub material: &'a Material,
    pub host: &'a Host,
    pub origins: &'a Origins,
}

/// The document of one container.
pub(super) fn document(seen: &Seen, around: &Around<'_>, scanner: &mut Scanner<'_>) -> Document {
    let mut document = Document::new(Kind::Container, seen.name.as_str(), around.target, Assurance::Effective);
    match &seen.inspect {
        Err(failure) => all_unknown(Kind::Container, &mut document.facts, &failure.unknown()),
        Ok(json) => {
            let fields = Fields { json, origins: around.origins };
            let label = |name: &str| fields.get("Config.Labels").and_then(|labels| labels.get(name)).and_then(Json::as_str);
            document.project = label("com.docker.compose.project").filter(|name| is_name(name)).map(Into::into);
            document.service = label("com.docker.compose.service").filter(|name| is_name(name)).map(Into::into);
            describe(seen, fields, around, scanner, &mut document.facts);
            if around.material.version.is_podman() {
                podman::container(&mut document.facts);
            }
        }
    }
    document
}

/// Writes every raw fact of a kind as unknown.
pub(super) fn all_unknown(kind: Kind, record: &mut Record, why: &Unknown) {
    let start = format!("{kind}.");
    let raw = Catalogue::get().iter().filter(|(_, spec)| spec.stage == Stage::Raw).map(|(path, _)| path);
    for path in raw.filter_map(|path| path.strip_prefix(&start)).filter(|path| !path.contains("[]")) {
        record.unknown(path, why.clone());
    }
}

/// Whether a label's text can be the name of a project or service.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 128 && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

fn describe(seen: &Seen, fields: Fields<'_>, around: &Around<'_>, scanner: &mut Scanner<'_>, record: &mut Record) {
    state(fields, record);
    image(seen, fields, around.material.images.get(seen.image().unwrap_or_default()), record);
    user(seen, fields, record);
    limits(fields, record);
    isolation(fields, record);
    let project = fields.get("Config.Labels").and_then(|labels| labels.get("com.docker.compose.project.working_dir")?.as_str());
    mounts::mounts(fields, &Behind { volumes: &around.material.volumes, host: around.host, project }, record);
    record.put("devices", mounts::devices(fields));
    ports::ports(fields, record);
    for (path, pointer) in
        [("network_mode", "/HostConfig/NetworkMode"), ("pid_mode", "/HostConfig/PidMode"), ("ipc_mode", "/HostConfig/IpcMode")]
    {
        follow(seen, around, path, pointer, record);
    }
    let networks_of = |id: &str| {
        let other = around.material.containers.iter().find(|other| other.id.starts_with(id) || other.name == id)?;
        other.field("/NetworkSettings/Networks").cloned()
    };
    record.put("networks", ports::networks(fields, &around.material.networks, networks_of));
    record.put("restart", fields.text("HostConfig.RestartPolicy.Name"));
    log(fields, record);
    record.put("env", scanner.env(fields));
    record.put("labels", scanner.labels(fields));
    scanner.command(fields, record);
    health(seen, fields, record);
    running(seen, fields, scanner, record);
}

/// `container:x` where x has the host's is the host's; where x was not looked at, nobody knows.
fn follow(seen: &Seen, around: &Around<'_>, path: &str, pointer: &str, record: &mut Record) {
    let mode = |seen: &Seen| seen.field(pointer).and_then(Json::as_str).map(str::to_owned);
    let Some(mut end) = mode(seen).filter(|mode| mode.starts_with("container:")) else { return };
    let mut links = 0;
    while let Some(id) = end.strip_prefix("container:") {
        let other = around.material.containers.iter().find(|other| other.id == id || other.name == id);
        links += 1;
        match other.filter(|_| links <= 16).and_then(mode) {
            Some(next) => end = next,
            None => {
                return record.unknown(path, Unknown::new(Reason::NoTarget, "it is that of a container that was not looked at"));
            }
        }
    }
    if end == "host" {
        let origin = record.get(path).origin.clone();
        record.put(path, Fact { origin, ..Fact::known("host") });
    }
}

fn state(fields: Fields<'_>, record: &mut Record) {
    record.put(
        "state",
        fields.fact("State.Status", |status| {
            // Podman has words of its own.
            Some(match status.as_str()? {
                "configured" | "initialized" => "created".into(),
                "stopped" => "exited".into(),
                status => plain(status).into(),
            })
        }),
    );
    record.put("running", fields.bool("State.Running"));
}

fn image(seen: &Seen, fields: Fields<'_>, image: Option<&Image>, record: &mut Record) {
    record.put(
        "image.reference",
        fields.fact("Config.Image", |name| name.as_str().filter(|n| !n.is_empty()).map(|n| plain(n).into())),
    );
    record.put(
        "image.id",
        seen.image().map_or_else(|| fields.missing("Image"), |id| Fact::known(id).at(&fields.origins.of("Image"))),
    );
    // The container's configuration has the image's merged into it, even when the image is gone.
    record.set("image.seen", fields.get("Config").is_some_and(Json::is_object), &fields.origins.of("Config"));
    os(image, record);
}

/// `os.id` and `os.version`.
pub(super) fn os(image: Option<&Image>, record: &mut Record) {
    match image.map(|image| &image.os) {
        Some(Ok(os)) => {
            record.set_or_absent("os.id", os.id.clone());
            record.set_or_absent("os.version", os.version.clone());
        }
        Some(Err(failure)) => {
            record.unknown("os.id", failure.unknown());
            record.unknown("os.version", failure.unknown());
        }
        None => {
            record.unknown("os.id", Reason::ImageNotSeen);
            record.unknown("os.version", Reason::ImageNotSeen);
        }
    }
}

fn user(seen: &Seen, fields: Fields<'_>, record: &mut Record) {
    record.put("user.spec", user_spec(fields));
    record.unknown("user.made", Unknown::new(Reason::NoTarget, "its Dockerfile was not read"));
    record.absent("user.refuses_root");
    record.put("passwd", passwd(seen.passwd.as_ref()));
}

/// `Config.User`: absent when it is empty or, as newer engines answer for images, left out.
pub(super) fn user_spec(fields: Fields<'_>) -> Fact {
    let origin = fields.origins.of("Config.User");
    match fields.get("Config") {
        Some(Json::Object(config)) => match config.get("User") {
            None | Some(Json::Null) => Fact::absent().at(&origin),
            Some(Json::String(user)) if user.is_empty() => Fact::absent().at(&origin),
            Some(Json::String(user)) => Fact::known(plain(user)).at(&origin),
            Some(_) => Fact::unknown(Unknown::new(Reason::Unsupported, "the engine's Config.User cannot be read")).at(&origin),
        },
        _ => fields.missing("Config.User"),
    }
}

/// Users of `/etc/passwd`; not asked for where the user is given by number.
pub(super) fn passwd(found: Option<&Result<Vec<super::archive::User>, super::failure::Failure>>) -> Fact {
    match found {
        None => Fact::unknown(Unknown::new(Reason::UnknownFact, "not asked for: the user is not given by name")),
        Some(Err(failure)) => Fact::unknown(failure.unknown()),
        Some(Ok(users)) => {
            let user = |user: &super::archive::User| {
                let mut record = Record::new();
                record.set_here("name", plain(&user.name));
                record.set_here("uid", user.uid);
                record.into()
            };
            Fact::known(users.iter().map(user).collect::<Vec<Fact>>())
        }
    }
}

fn limits(fields: Fields<'_>, record: &mut Record) {
    record.put("memory_limit", fields.int("HostConfig.Memory"));
    record.put("nano_cpus", fields.int("HostConfig.NanoCpus"));
    record.put("cpu_quota", fields.int("HostConfig.CpuQuota"));
    record.put("cpuset", fields.text("HostConfig.CpusetCpus"));
    record.put("cpu_shares", fields.int("HostConfig.CpuShares"));
    record.put("pids_limit", fields.int("HostConfig.PidsLimit"));
    record.put(
        "ulimits",
        fields.list("HostConfig.Ulimits", |ulimit| {
            let mut record = Record::new();
            record.set_here("name", plain(ulimit.get("Name")?.as_str()?));
            record.set_here("soft", ulimit.get("Soft")?.as_i64()?);
            record.set_here("hard", ulimit.get("Hard")?.as_i64()?);
            Some(record.into())
        }),
    );
}

fn isolation(fields: Fields<'_>, record: &mut Record) {
    record.put("read_only", fields.bool("HostConfig.ReadonlyRootfs"));
    record.put("privileged", fields.bool("HostConfig.Privileged"));
    let capability = |json: &Json| {
        let name = json.as_str()?.trim().to_ascii_uppercase();
        Some(Fact::known(plain(name.strip_prefix("CAP_").unwrap_or(&name))))
    };
    record.put("cap_add", fields.list("HostConfig.CapAdd", capability));
    record.put("cap_drop", fields.list("HostConfig.CapDrop", capability));
    record.put(
        "security_opt",
        fields.list("HostConfig.SecurityOpt", |option| {
            let option = option.as_str()?;
            // The client replaces the path of a seccomp profile by its whole content.
            let inline =
                option.split_once(['=', ':']).filter(|(name, value)| *name == "seccomp" && value.trim_start().starts_with('{'));
            Some(Fact::known(inline.map_or_else(|| plain(option), |_| "seccomp=(profile)".to_owned())))
        }),
    );
    for (path, field) in [
        ("network_mode", "HostConfig.NetworkMode"),
        ("pid_mode", "HostConfig.PidMode"),
        ("ipc_mode", "HostConfig.IpcMode"),
        ("uts_mode", "HostConfig.UTSMode"),
        ("userns_mode", "HostConfig.UsernsMode"),
        ("cgroup_parent", "HostConfig.CgroupParent"),
    ] {
        record.put(path, fields.text(field));
    }
    record.put("mac_profile", mac_profile(fields));
}

/// The engine settles it when a container starts: one that never did has none yet.
fn mac_profile(fields: Fields<'_>) -> Fact {
    for field in ["AppArmorProfile", "ProcessLabel"] {
        let profile = fields.str(field);
        if !profile.is_empty() {
            return Fact::known(plain(profile)).at(&fields.origins.of(field));
        }
    }
    let answered = ["AppArmorProfile", "ProcessLabel"].iter().any(|field| fields.get(field).is_some_and(Json::is_string));
    match fields.str("State.Status") {
        "created" | "configured" | "initialized" => Fact::unknown(Unknown::new(Reason::UnknownFact, "it was never started")),
        _ if answered => Fact::absent().at(&fields.origins.of("AppArmorProfile")),
        _ => fields.missing("AppArmorProfile"),
    }
}

fn log(fields: Fields<'_>, record: &mut Record) {
    record.put("log.driver", fields.text("HostConfig.LogConfig.Type"));
    let size = match fields.get("HostConfig.LogConfig") {
        Some(Json::Object(log)) => match log.get("Config").and_then(|config| config.get("max-size")) {
            None => Fact::absent(),
            Some(Json::String(size)) if size.is_empty() => Fact::absent(),
            Some(Json::String(size)) => Fact::known(plain(size)),
            Some(_) => Fact::unknown(Reason::Unsupported),
        },
        _ => fields.missing("HostConfig.LogConfig.Config"),
    };
    record.put("log.max_size", size.at(&fields.origins.of("HostConfig.LogConfig.Config")));
}

fn health(seen: &Seen, fields: Fields<'_>, record: &mut Record) {
    let unknown = |reason: Reason, detail: &str| Fact::unknown(Unknown::new(reason, detail));
    let status = match (fields.get("State.Running").and_then(Json::as_bool), record.bool("health.defined")) {
        (Some(false), _) => unknown(Reason::UnknownFact, "it does not run"),
        (_, Some(false)) => unknown(Reason::UnknownFact, "there is no health check"),
        // Older Podman calls it Healthcheck.
        _ => match fields.get("State.Health.Status").or_else(|| fields.get("State.Healthcheck.Status")).and_then(Json::as_str) {
            Some(status @ ("healthy" | "unhealthy")) => Fact::known(status),
            Some("starting") => unknown(Reason::Unproven, "still starting"),
            _ => unknown(Reason::UnknownFact, "the engine tells no health"),
        },
    };
    record.put("health.status", status.at(&fields.origins.of("State.Health.Status")));
    let tool = match &seen.tool {
        None => unknown(Reason::UnknownFact, "there is no health check"),
        Some(Ok(found)) => Fact::known(*found),
        Some(Err(why)) => Fact::unknown(why.clone()),
    };
    record.put("health.tool_found", tool);
}

fn running(seen: &Seen, fields: Fields<'_>, scanner: &Scanner<'_>, record: &mut Record) {
    let not_running = || Fact::unknown(Unknown::new(Reason::UnknownFact, "it does not run"));
    let processes = match &seen.processes {
        None => not_running(),
        Some(Err(failure)) => Fact::unknown(failure.unknown()),
        Some(Ok(names)) => Fact::known(texts(names)),
    };
    record.put("processes", processes.at(&fields.origins.of("top")));
    let log = match &seen.log {
        None => not_running(),
        Some(Err(failure)) => Fact::unknown(failure.unknown()),
        Some(Ok(lines)) => Fact::known(scanner.log(lines)),
    };
    record.put("log_credentials", log.at(&fields.origins.of("logs")));
}

/// A container that was listed and then gone.
pub(super) fn vanished(name: &str) -> String {
    format!("container {} was removed while it was being looked at; it is not in the report", plain(name))
}

/// A record whose only field is a text.
pub(super) fn labelled(text: String, more: &[(&str, bool)]) -> Fact {
    let mut fact = label(text);
    if let crate::facts::State::Known(crate::facts::Value::Record(record)) = &mut fact.state {
        for (path, value) in more {
            record.set_here(path, *value);
        }
    }
    fact
}
