//! Published ports, exposed ports and networks.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::failure::Failure;
use super::fields::{Fields, none, plain};
use super::typed::Network;
use crate::facts::{Fact, List, Reason, Record, State, Unknown, Value};

/// `container.ports` and `container.exposed`.
pub(super) fn ports(fields: Fields<'_>, record: &mut Record) {
    record.put("exposed", fields.get("Config.ExposedPorts").map_or_else(none, |_| exposed(fields)));
    record.put("ports", published(fields));
}

fn exposed(fields: Fields<'_>) -> Fact {
    fields.entries("Config.ExposedPorts", |(port, _)| Some(Fact::known(number(port)?.0)))
}

/// Bindings in force for a container that runs. One that does not, or is between two starts, will have the configured ones.
fn published(fields: Fields<'_>) -> Fact {
    let mode = fields.str("HostConfig.NetworkMode");
    if mode == "host" || mode.starts_with("container:") {
        return none().at(&fields.origins.of("HostConfig.NetworkMode"));
    }
    // An engine that answers null here has not said that nothing is published.
    let answered = fields.get("NetworkSettings.Ports").is_none_or(|ports| !ports.is_null());
    let in_force = answered && matches!(fields.str("State.Status"), "running" | "paused");
    let field = if in_force { "NetworkSettings.Ports" } else { "HostConfig.PortBindings" };
    let mut fact = fields.entries(field, |(port, bindings)| {
        let (container_port, protocol) = number(port)?;
        let bindings: &[Json] = match bindings {
            Json::Null => &[],
            Json::Array(bindings) => bindings,
            _ => return None,
        };
        let found: Vec<Fact> = bindings.iter().map(|one| binding(one, container_port, protocol)).collect::<Option<_>>()?;
        Some(Fact::known(found))
    });
    flatten(&mut fact);
    if !in_force && fields.get("HostConfig.PublishAllPorts").and_then(Json::as_bool) == Some(true) {
        publish_exposed(fields, &mut fact);
    }
    fact
}

fn binding(binding: &Json, container_port: i64, protocol: &str) -> Option<Fact> {
    let mut record = Record::new();
    let host_port = match binding.get("HostPort") {
        None | Some(Json::Null) => None,
        // A range is a choice that the engine makes; so is 0.
        Some(port) => port.as_str()?.parse::<u16>().ok().filter(|port| *port > 0),
    };
    let address = binding.get("HostIp").map_or(Some(""), |ip| if ip.is_null() { Some("") } else { ip.as_str() })?;
    record.set_here("address", plain(address));
    record.set_or_absent("host_port", host_port.map(i64::from));
    record.set_here("container_port", container_port);
    record.set_here("protocol", protocol);
    Some(record.into())
}

/// The entries of a port map are lists themselves.
fn flatten(fact: &mut Fact) {
    if let State::Known(Value::List(list)) = &mut fact.state {
        list.items = list.items.drain(..).filter_map(|ports| ports.list().map(|ports| ports.items.clone())).flatten().collect();
    }
}

/// `--publish-all`: every exposed port gets a port of the engine's choice on every address.
fn publish_exposed(fields: Fields<'_>, fact: &mut Fact) {
    let State::Known(Value::List(list)) = &mut fact.state else { return };
    for port in fields.get("Config.ExposedPorts").and_then(Json::as_object).into_iter().flat_map(|ports| ports.keys()) {
        if let Some((container_port, protocol)) = number(port) {
            list.items.extend(binding(&Json::Null, container_port, protocol));
        }
    }
}

/// `8042/tcp` -> 8042, tcp.
fn number(port: &str) -> Option<(i64, &str)> {
    let (number, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
    Some((i64::from(number.parse::<u16>().ok()?), protocol)).filter(|(_, protocol)| matches!(*protocol, "tcp" | "udp" | "sctp"))
}

/// `container.networks`; a container in another one's network namespace is where that one is.
pub(super) fn networks(fields: Fields<'_>, known: &Result<Vec<Network>, Failure>, other: impl Fn(&str) -> Option<Json>) -> Fact {
    let host = match fields.str("HostConfig.NetworkMode").strip_prefix("container:") {
        None => fields.get("NetworkSettings.Networks").cloned(),
        Some(id) => match other(id) {
            Some(networks) => Some(networks),
            None => return Fact::unknown(Unknown::new(Reason::UnknownFact, "the container whose network it uses was not seen")),
        },
    };
    let entries = match &host {
        Some(Json::Object(entries)) => entries.keys().collect(),
        Some(Json::Null) => Vec::new(),
        _ => return fields.missing("NetworkSettings.Networks"),
    };
    let internal: BTreeMap<&str, Option<bool>> =
        known.iter().flatten().map(|network| (network.name.as_str(), network.internal)).collect();
    let element = |name: &String| {
        let mut record = Record::new();
        record.set_here("name", plain(name));
        // Podman lists its default network `podman` under Docker's name.
        let listed = internal.get(name.as_str()).or_else(|| internal.get("bridge").filter(|_| name == "podman"));
        match (listed.copied().flatten(), known) {
            (Some(internal), _) => record.set_here("internal", internal),
            (None, Err(failure)) => record.unknown("internal", failure.unknown()),
            (None, Ok(_)) => {
                record.unknown("internal", Unknown::new(Reason::UnknownFact, "the engine does not list this network"));
            }
        }
        record.into()
    };
    Fact::known(List::complete(entries.into_iter().map(element).collect())).at(&fields.origins.of("NetworkSettings.Networks"))
}
