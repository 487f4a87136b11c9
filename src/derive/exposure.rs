//! Who can reach a container: published ports, and neighbours on its networks.

use std::sync::Arc;

use super::privileges::record_mut;
use crate::facts::{Document, Fact, Kind, List, Reason, Record, State, Unknown};
use crate::knowledge::ports as known_ports;

/// Writes the derived facts of every published port, `admin_ui`, `dicom` and `on_default_bridge`.
pub(super) fn ports(document: &mut Document) {
    let role = document.facts.text("role").unwrap_or("other").to_owned();
    let (mut admin, mut dicom) = (matches!(role.as_str(), "admin" | "monitoring"), role == "pacs");
    let foreign = foreign_network(&document.facts);
    if let Some(list) = document.facts.list_mut("ports") {
        for port in list.items.iter_mut().filter_map(record_mut) {
            let kinds: Vec<&str> = port
                .int("container_port")
                .map(|n| known_ports().meanings(n, &role).map(|m| m.kind.as_str()).collect())
                .unwrap_or_default();
            admin |= kinds.contains(&"admin");
            dicom |= kinds.iter().any(|kind| kind.starts_with("dicom") || kind.starts_with("hl7"));
            port_facts(port, &role, &kinds);
        }
        if let (Some(why), None) = (foreign, &list.incomplete) {
            list.incomplete = Some(why);
        }
    }
    let exposed = document.facts.list("exposed").into_iter().flat_map(|list| &list.items).filter_map(Fact::int);
    admin |= exposed.into_iter().any(|n| known_ports().meanings(n, &role).any(|m| m.kind == "admin"));
    document.facts.set_here("admin_ui", admin);
    document.facts.set_here("dicom", dicom);
    default_bridge(&mut document.facts);
}

/// On the host's network, or on another container's, ports are reachable that no list of published ports shows.
fn foreign_network(facts: &Record) -> Option<Unknown> {
    if let State::Unknown(why) = &facts.get("network_mode").state {
        return Some(why.clone());
    }
    let mode = facts.text("network_mode")?;
    let foreign = mode == "host" || mode.starts_with("container:") || mode.starts_with("service:");
    foreign.then(|| Unknown::new(Reason::Unsupported, format!("with the network mode `{mode}` its open ports stand in no list")))
}

fn port_facts(port: &mut Record, role: &str, kinds: &[&str]) {
    let address = port.get("address").clone();
    let (all, loopback) = match address.text() {
        Some(text) => (Fact::known(is_all(text)), Fact::known(is_loopback(text))),
        None => (address.clone(), address.clone()),
    };
    let front = matches!(role, "proxy" | "viewer") && matches!(port.int("host_port"), Some(80 | 443));
    let tcp = port.text("protocol") != Some("udp");
    // Whatever else a PACS publishes over TCP is taken for its web interface: better a false alarm than open images.
    let other = kinds.iter().any(|kind| kind.starts_with("dicom") || kind.starts_with("hl7") || *kind == "admin");
    port.set_here("label", label(port));
    port.put("all_interfaces", all);
    port.put("loopback", loopback);
    port.set_here("web_front", front);
    port.set_here("admin", kinds.contains(&"admin"));
    port.set_here("cleartext_dicom", kinds.contains(&"dicom") || kinds.contains(&"hl7"));
    port.set_here("pacs_http", role == "pacs" && tcp && !other);
}

fn is_all(address: &str) -> bool {
    let address = address.trim_matches(['[', ']']);
    matches!(address, "" | "*" | "0") || address.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_unspecified())
}

fn is_loopback(address: &str) -> bool {
    let address = address.trim_matches(['[', ']']);
    address == "localhost" || address.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

fn label(port: &Record) -> String {
    let address = match port.text("address") {
        Some("") | None => "0.0.0.0".to_owned(),
        Some(v6) if v6.contains(':') && !v6.starts_with('[') => format!("[{v6}]"),
        Some(other) => other.to_owned(),
    };
    let host = port.int("host_port").map_or("?".to_owned(), |n| n.to_string());
    format!("{address}:{host}->{}/{}", port.int("container_port").unwrap_or(0), port.text("protocol").unwrap_or("tcp"))
}

fn default_bridge(facts: &mut Record) {
    let fact = match facts.text("network_mode") {
        Some("default" | "bridge" | "") => Fact::known(true),
        Some("pod") => facts.get("networks").clone(),
        Some(_) => match facts.list("networks") {
            Some(list) if list.records().any(|network| network.text("name") == Some("bridge")) => Fact::known(true),
            _ => Fact::known(false),
        },
        None => facts.get("network_mode").clone(),
    };
    let origin = facts.get("network_mode").origin.clone();
    facts.put("on_default_bridge", Fact { origin, ..fact });
}

/// Neighbours that are named: one decides, and all of them on a large network would be a list as long for each container.
const MAX_NEIGHBOURS: usize = 20;

/// For every datastore: who publishes ports off loopback and shares a network with it.
pub(super) fn neighbours(documents: &mut [Document]) {
    struct Publisher {
        target: Arc<str>,
        name: Arc<str>,
        networks: Vec<String>,
        unknown: bool,
    }
    let networks = |d: &Document| -> Vec<String> {
        d.facts
            .list("networks")
            .map(|l| l.records().filter_map(|n| n.text("name")).map(str::to_owned).collect())
            .unwrap_or_default()
    };
    let publishers: Vec<Publisher> = documents
        .iter()
        .filter(|d| d.kind == Kind::Container)
        .filter_map(|d| {
            let published =
                d.facts.list("ports").map(|l| (l.records().any(|p| p.bool("loopback") != Some(true)), l.incomplete.is_some()));
            let (open, unsure) = published.unwrap_or((false, true));
            (open || unsure).then(|| Publisher {
                target: Arc::clone(&d.target),
                name: Arc::clone(&d.name),
                networks: networks(d),
                unknown: !open,
            })
        })
        .collect();
    for document in documents.iter_mut().filter(|d| d.kind == Kind::Container) {
        let own = networks(document);
        let mut list = List::default();
        for publisher in publishers.iter().filter(|p| p.target == document.target && p.name != document.name) {
            let Some(shared) = own.iter().find(|network| publisher.networks.contains(network)) else { continue };
            if publisher.unknown {
                list.incomplete =
                    Some(Unknown::new(Reason::UnknownFact, format!("the ports of {} are not known", publisher.name)));
                continue;
            }
            let mut record = Record::new();
            record.set_here("label", format!("{} (network {shared})", publisher.name));
            list.items.push(record.into());
            if list.items.len() == MAX_NEIGHBOURS {
                break;
            }
        }
        if let State::Unknown(why) = &document.facts.get("networks").state {
            list.incomplete = Some(why.clone());
        }
        let origin = document.facts.get("networks").origin.clone();
        document.facts.put("exposed_neighbours", Fact { origin, ..Fact::known(list) });
    }
}
