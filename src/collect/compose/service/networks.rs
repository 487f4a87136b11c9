//! Networks and the network mode.

use super::Service;
use super::limits::follow;
use super::read::Items;
use crate::collect::compose::project::is_external;
use crate::collect::compose::value::text;
use crate::collect::yaml::{Map, Place};
use crate::facts::{Fact, Reason, Record, Unknown};

pub(super) fn write(service: &Service<'_>, facts: &mut Record) {
    let mut items = Items::default();
    let at = service.entry("network_mode").or_else(|| service.entry("networks")).map_or(service.at, |entry| &entry.at);
    let mode = mode(service);
    let fact = match &mode {
        Ok(mode) => Fact::known(mode.as_str()),
        Err(why) => Fact::unknown(why.clone()),
    };
    facts.put("network_mode", fact.at(&at.origin()));
    follow(service, facts, "network_mode", "network_mode");
    match mode {
        Ok(_) => joined(service, &mut items, 0),
        Err(why) => items.add(Err(why)),
    }
    facts.put("networks", Fact::known(items.list).at(&at.origin()));
}

/// As the engine would say it: the mode that is set, else the name of the first network.
fn mode(service: &Service<'_>) -> Result<String, Unknown> {
    if let Some(entry) = service.entry("network_mode").filter(|entry| !super::is_empty(entry)) {
        return text(&entry.node).map(str::to_owned);
    }
    let first = keys(service).next().map_or_else(|| "default".to_owned(), |(name, _)| name);
    Ok(service.project.engine_name("networks", &first))
}

/// Keys of the networks that the service names.
fn keys<'p>(service: &Service<'p>) -> impl Iterator<Item = (String, &'p Place)> {
    service
        .get("networks")
        .and_then(|node| node.map())
        .into_iter()
        .flat_map(Map::iter)
        .map(|(name, entry)| (name.to_string(), &entry.at))
}

/// The networks it is attached to: its own, those of the service whose network it shares, or the project's default.
fn joined(service: &Service<'_>, items: &mut Items, depth: usize) {
    let mode = service.get("network_mode").and_then(|node| text(node).ok()).unwrap_or_default();
    if let Some(name) = mode.strip_prefix("service:") {
        match service.other(name).filter(|_| depth < 16) {
            Some(other) => joined(&other, items, depth + 1),
            None => items.add(Err(Unknown::new(Reason::UnknownFact, "it shares the network of a service that is not there"))),
        }
        return;
    }
    if mode.starts_with("container:") {
        items.add(Err(Unknown::new(Reason::NoTarget, "it shares the network of a container, and no engine was asked")));
        return;
    }
    if !mode.is_empty() {
        let attached = if matches!(mode, "host" | "none") { Vec::new() } else { vec![network(service, mode, mode, service.at)] };
        items.add(Ok(attached));
        return;
    }
    let mut own = keys(service).peekable();
    if own.peek().is_none() {
        items.add(Ok(vec![named(service, "default", service.at)]));
    }
    for (name, at) in own {
        items.add(Ok(vec![named(service, &name, at)]));
    }
}

fn named(service: &Service<'_>, key: &str, at: &Place) -> Fact {
    network(service, key, &service.project.engine_name("networks", key), at)
}

fn network(service: &Service<'_>, key: &str, name: &str, at: &Place) -> Fact {
    let mut record = Record::new();
    record.set_here("name", name);
    let declared = service.project.declared("networks", key);
    record.put(
        "internal",
        match declared {
            Some(entry) if is_external(&entry.node) => {
                Fact::unknown(Unknown::new(Reason::NoTarget, "the network is made elsewhere, and no engine was asked"))
            }
            Some(entry) => match entry.node.entry("internal") {
                Some(internal) => {
                    super::read::text_fact(internal, |text| super::boolean(text).ok_or_else(|| super::read::unreadable(internal)))
                }
                None => Fact::known(false),
            },
            None => Fact::known(false),
        },
    );
    Fact::known(record).at(&at.origin())
}
