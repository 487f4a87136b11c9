//! The engine's own facts, from its answers and, on this host, from its configuration.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value as Json;

use super::container::{all_unknown, labelled};
use super::fields::{Fields, Origins, none, plain};
use super::gather::Material;
use super::host::{self, Host, Setting};
use super::podman;
use crate::facts::{Assurance, Document, Fact, Kind, Reason, Record, State, Unknown, Value};

/// The document of the engine. `unprotected` is the address by which it was reached without TLS, if so.
pub(super) fn document(
    material: &Material,
    host: &Host,
    socket: Option<&std::path::Path>,
    unprotected: Option<String>,
    target: &str,
    origins: &Origins,
) -> Document {
    let is_podman = material.version.is_podman();
    let name = if is_podman { "Podman Engine" } else { "Docker Engine" };
    let mut document = Document::new(Kind::Engine, target.trim_end_matches(':'), target, Assurance::Effective);
    let record = &mut document.facts;
    match &material.info {
        Err(failure) => all_unknown(Kind::Engine, record, &failure.unknown()),
        Ok(json) => {
            let fields = Fields { json, origins };
            described(fields, record);
            record.put("tcp_unprotected", tcp(fields));
            record.put("no_new_privileges", no_new_privileges(fields, material, host));
        }
    }
    record.put("icc", icc(material).at(&origins.of("Networks.bridge.Options")));
    configured(host, record);
    record.put("files", files(host, socket, record.bool("rootless")));
    if is_podman {
        podman::engine(record);
    }
    if let Some(address) = unprotected {
        let reached = labelled(format!("{address}: it answered us without TLS"), &[]);
        match record.list_mut("tcp_unprotected") {
            Some(list) => list.items.push(reached),
            None => record.set_here("tcp_unprotected", vec![reached]),
        }
    }
    record.set("name", name, &origins.of("Version.Components"));
    let text =
        |value: &Option<String>| value.as_deref().map_or_else(|| Fact::unknown(Reason::Unsupported), |v| Fact::known(plain(v)));
    record.put("version", text(&material.version.engine).at(&origins.of("Version.Version")));
    record.put("api_version", text(&material.version.api).at(&origins.of("Version.ApiVersion")));
    document
}

fn described(fields: Fields<'_>, record: &mut Record) {
    record.put("containers", fields.int("Containers"));
    record.put("operating_system", fields.text("OperatingSystem"));
    record.put("live_restore", fields.bool("LiveRestoreEnabled"));
    record.put("experimental", fields.bool("ExperimentalBuild"));
    record.put("swarm", fields.text("Swarm.LocalNodeState"));
    record.put("log_driver", fields.text("LoggingDriver"));
    record.put("authorization_plugins", fields.list("Plugins.Authorization", |name| Some(Fact::known(plain(name.as_str()?)))));
    record.put("insecure_registries", insecure_registries(fields));
    record.put("rootless", option(fields, |name| name == "rootless"));
    record.put("userns_remap", option(fields, |name| name == "userns"));
    record.put("apparmor", option(fields, |name| name == "apparmor"));
    record.put("selinux", option(fields, |name| name == "selinux"));
    record.put(
        "seccomp",
        fields.fact("SecurityOptions", |options| {
            let options = names(options)?;
            let seccomp = options.iter().find(|(name, _)| *name == "seccomp");
            Some(match seccomp.map(|(_, rest)| rest.strip_prefix("profile=").unwrap_or_default()) {
                None => "none".into(),
                Some("" | "default" | "builtin") => "default".into(),
                Some("unconfined") => "unconfined".into(),
                Some(_) => "custom".into(),
            })
        }),
    );
}

/// `name=seccomp,profile=default` -> (`seccomp`, `profile=default`). Old engines wrote `seccomp` alone.
fn names(options: &Json) -> Option<Vec<(&str, &str)>> {
    if options.is_null() {
        return Some(Vec::new());
    }
    options
        .as_array()?
        .iter()
        .map(|option| {
            let option = option.as_str()?;
            let (name, rest) = option.split_once(',').unwrap_or((option, ""));
            Some((name.strip_prefix("name=").unwrap_or(name), rest))
        })
        .collect()
}

fn option(fields: Fields<'_>, wanted: impl Fn(&str) -> bool) -> Fact {
    fields.fact("SecurityOptions", |options| Some(names(options)?.iter().any(|(name, _)| wanted(name)).into()))
}

/// Engines list it since API 1.43 (moby pull request 45320); before that only their configuration tells.
fn no_new_privileges(fields: Fields<'_>, material: &Material, host: &Host) -> Fact {
    let listed = option(fields, |name| name == "no-new-privileges");
    let minor = material.version.api.as_deref().and_then(|api| api.strip_prefix("1.")?.parse::<u32>().ok()).unwrap_or(0);
    if listed.bool() == Some(true) || (minor >= 43) || listed.bool().is_none() {
        return listed;
    }
    truth(host, "no-new-privileges", false)
}

/// Loopback addresses are there in every engine and harmless.
fn insecure_registries(fields: Fields<'_>) -> Fact {
    let mut fact = fields.list("RegistryConfig.InsecureRegistryCIDRs", |cidr| Some(Fact::known(plain(cidr.as_str()?))));
    if let State::Known(Value::List(list)) = &mut fact.state {
        list.items.retain(|cidr| cidr.text().is_none_or(|cidr| !cidr.starts_with("127.") && cidr != "::1/128" && cidr != "::1"));
        for (name, index) in fields.get("RegistryConfig.IndexConfigs").and_then(Json::as_object).into_iter().flatten() {
            let host = name.rsplit_once(':').map_or(name.as_str(), |(host, _)| host);
            let loopback = host == "localhost" || host.starts_with("127.") || host.trim_matches(['[', ']']) == "::1";
            if index.get("Secure").and_then(Json::as_bool) == Some(false) && !loopback {
                list.items.push(Fact::known(plain(name)));
            }
        }
    }
    fact
}

static ACCESSIBLE: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::unwrap_used, reason = "constant pattern")]
    Regex::new(r"API is accessible on ((?:https?|tcp)://[^\s/]+)\S* (without (?:encryption|TLS client verification))").unwrap()
});

/// The engine warns of every address without mutual TLS.
fn tcp(fields: Fields<'_>) -> Fact {
    let mut fact = fields.list("Warnings", |warning| {
        let warning = warning.as_str()?;
        let found = ACCESSIBLE.captures(warning);
        Some(Fact::known(found.map_or_else(String::new, |found| format!("{} {}", &found[1], &found[2]))))
    });
    if let State::Known(Value::List(list)) = &mut fact.state {
        list.items = list.items.iter().filter_map(Fact::text).filter(|text| !text.is_empty()).map(super::fields::label).collect();
    }
    fact
}

/// The default bridge's own option. Without a default bridge no containers can talk over it.
fn icc(material: &Material) -> Fact {
    match &material.networks {
        Err(failure) => Fact::unknown(failure.unknown()),
        Ok(networks) => match networks.iter().find(|network| network.name == "bridge") {
            None => Fact::known(false),
            Some(bridge) => {
                Fact::known(bridge.options.get("com.docker.network.bridge.enable_icc").is_none_or(|icc| icc != "false"))
            }
        },
    }
}

/// What only the engine's configuration tells.
fn configured(host: &Host, record: &mut Record) {
    record.put("userland_proxy", truth(host, "userland-proxy", true));
    record.put("iptables", truth(host, "iptables", true));
    record.put("default_ulimits", ulimits(host));
    record.put("log_max_size", log_max_size(host));
}

fn truth(host: &Host, key: &str, default: bool) -> Fact {
    let unreadable = || Fact::unknown(Unknown::new(Reason::Unsupported, format!("{key} is neither true nor false")));
    match host.setting(key, key) {
        Err(why) => Fact::unknown(why),
        Ok(Setting::Default) => Fact::known(default),
        Ok(Setting::File(value)) => value.as_bool().map_or_else(unreadable, Fact::known),
        Ok(Setting::Flag(values)) => match values.last().map(String::as_str) {
            Some("true" | "1" | "t" | "T" | "TRUE" | "True") => Fact::known(true),
            Some("false" | "0" | "f" | "F" | "FALSE" | "False") => Fact::known(false),
            _ => unreadable(),
        },
    }
}

fn ulimits(host: &Host) -> Fact {
    let one = |name: &str| {
        let mut record = Record::new();
        record.set_here("name", plain(name));
        Fact::from(record)
    };
    match host.setting("default-ulimit", "default-ulimits") {
        Err(why) => Fact::unknown(why),
        Ok(Setting::Default) => none(),
        Ok(Setting::Flag(values)) => {
            Fact::known(values.iter().filter_map(|v| Some(one(v.split_once('=')?.0))).collect::<Vec<_>>())
        }
        Ok(Setting::File(Json::Object(limits))) => Fact::known(limits.keys().map(|name| one(name)).collect::<Vec<_>>()),
        Ok(Setting::File(_)) => Fact::unknown(Reason::Unsupported),
    }
}

fn log_max_size(host: &Host) -> Fact {
    let or_absent = |size: Option<String>| size.map_or_else(Fact::absent, |size| Fact::known(plain(&size)));
    match host.setting("log-opt", "log-opts") {
        Err(why) => Fact::unknown(why),
        Ok(Setting::Default) => Fact::absent(),
        Ok(Setting::Flag(values)) => {
            or_absent(values.iter().find_map(|value| value.strip_prefix("max-size=").map(str::to_owned)))
        }
        Ok(Setting::File(options)) => or_absent(options.get("max-size").and_then(Json::as_str).map(str::to_owned)),
    }
}

fn files(host: &Host, socket: Option<&std::path::Path>, rootless: Option<bool>) -> Fact {
    match (host, socket) {
        (Host::Elsewhere(why), _) => Fact::unknown(Unknown::new(Reason::NoTarget, format!("{why}, so its files were not seen"))),
        (Host::Here(_), None) => Fact::unknown(Reason::NoTarget),
        (Host::Here(_), _) if rootless != Some(false) => {
            Fact::unknown(Unknown::new(Reason::Unsupported, "the files of a rootless engine belong to its user"))
        }
        (Host::Here(daemon), Some(socket)) => {
            let file = |(label, root, mode): (String, bool, bool)| labelled(label, &[("owner_root", root), ("mode_ok", mode)]);
            Fact::known(host::files(socket, daemon).into_iter().map(file).collect::<Vec<_>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(info: &Json) -> Record {
        let origins = Origins::default();
        let mut record = Record::new();
        let fields = Fields { json: info, origins: &origins };
        described(fields, &mut record);
        record.put("tcp_unprotected", tcp(fields));
        record
    }

    #[test]
    fn security_options_are_read_whatever_the_engine_calls_its_profile() {
        for (given, seccomp) in
            [("default", "default"), ("builtin", "default"), ("unconfined", "unconfined"), ("/x.json", "custom")]
        {
            let record = read(&json!({"SecurityOptions": [format!("name=seccomp,profile={given}"), "name=userns"]}));
            assert_eq!(record.text("seccomp"), Some(seccomp));
            assert_eq!((record.bool("userns_remap"), record.bool("apparmor")), (Some(true), Some(false)));
        }
        assert_eq!(read(&json!({"SecurityOptions": []})).text("seccomp"), Some("none"));
        assert_eq!(read(&json!({})).text("seccomp"), None, "missing is unknown");
    }

    #[test]
    fn addresses_without_mutual_tls_are_listed() {
        let record = read(&json!({"Warnings": [
            "WARNING: API is accessible on http://0.0.0.0:2375 without encryption.\n         Access to the remote API is equivalent to root access",
            "[DEPRECATION NOTICE]: API is accessible on https://10.0.0.1:2376 without TLS client verification.",
            "WARNING: No swap limit support"]}));
        let labels: Vec<&str> = record
            .list("tcp_unprotected")
            .into_iter()
            .flat_map(crate::facts::List::records)
            .filter_map(|r| r.text("label"))
            .collect();
        assert_eq!(labels, ["http://0.0.0.0:2375 without encryption", "https://10.0.0.1:2376 without TLS client verification"]);
        assert_eq!(read(&json!({"Warnings": null})).list("tcp_unprotected").map(|l| l.items.len()), Some(0));
    }

    #[test]
    fn loopback_is_no_insecure_registry() {
        let record = read(&json!({"RegistryConfig": {"InsecureRegistryCIDRs": ["::1/128", "127.0.0.0/8", "10.0.0.0/8"],
            "IndexConfigs": {"docker.io": {"Secure": true}, "localhost:5000": {"Secure": false}, "reg.example:5000": {"Secure": false}}}}));
        let found: Vec<&str> = record.list("insecure_registries").into_iter().flat_map(crate::facts::List::texts).collect();
        assert_eq!(found, ["10.0.0.0/8", "reg.example:5000"]);
    }
}
