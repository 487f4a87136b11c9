//! Published and exposed ports.

use std::ops::RangeInclusive;

use super::Service;
use super::lacks_image;
use super::read::{Items, list_fact};
use crate::collect::compose::value::{Node, text};
use crate::facts::{Fact, Reason, Record, State, Unknown, Value};

/// Most ports of one service that are written out.
const MAX_PORTS: usize = 4096;

pub(super) fn write(service: &Service<'_>, facts: &mut Record) {
    let entry = service.entry("ports");
    let mut items = Items::default();
    for node in entry.and_then(|entry| entry.node.list()).unwrap_or_default() {
        items.add(read(node, MAX_PORTS.saturating_sub(items.list.items.len())));
    }
    if let Some(entry) = entry.filter(|entry| entry.node.list().is_none() && !super::is_empty(entry)) {
        items.add(Err(super::read::unreadable(entry)));
    }
    facts.put("ports", Fact::known(items.list).at(&entry.map_or(service.at, |entry| &entry.at).origin()));
    let mut exposed = list_fact(service, service.entry("expose"), expose);
    if let State::Known(Value::List(list)) = &mut exposed.state {
        for port in service.image_built().into_iter().flat_map(|image| &image.exposed) {
            match port.value.as_ref().ok().and_then(|port| port.split('/').next()?.parse::<u16>().ok()) {
                Some(number) => list.items.push(Fact::known(i64::from(number)).at(&service.built_at(port.at))),
                None => {
                    list.incomplete
                        .get_or_insert_with(|| Unknown::new(Reason::Unsupported, "a port of EXPOSE that cannot be read"));
                }
            }
        }
        lacks_image(service, list, "the image was not seen: it may expose more ports");
    }
    facts.put("exposed", exposed);
}

/// One published range.
#[derive(Debug, PartialEq, Eq)]
struct Published {
    address: String,
    host: Option<RangeInclusive<u16>>,
    container: RangeInclusive<u16>,
    protocol: String,
}

fn read(node: &Node, room: usize) -> Result<Vec<Fact>, Unknown> {
    let wrong = || Unknown::new(Reason::Unsupported, format!("a port that cannot be read ({})", node.at));
    let published = if node.map().is_some() { long(node)? } else { short(text(node)?) }.ok_or_else(wrong)?;
    let count = published.container.len();
    if count > room {
        return Err(Unknown::new(Reason::Unsupported, format!("more than {MAX_PORTS} published ports ({})", node.at)));
    }
    let same_length = published.host.as_ref().is_some_and(|host| host.len() == count);
    let mut hosts = published.host.clone().filter(|_| same_length);
    let fact = |port: u16| {
        let mut record = Record::new();
        record.set_here("address", published.address.as_str());
        record.set_or_absent("host_port", hosts.as_mut().and_then(Iterator::next).map(i64::from));
        record.set_here("container_port", i64::from(port));
        record.set_here("protocol", published.protocol.as_str());
        Fact::known(record).at(&node.at.origin())
    };
    Ok(published.container.clone().map(fact).collect())
}

fn long(node: &Node) -> Result<Option<Published>, Unknown> {
    let read = |key: &str| node.get(key).map(text).transpose();
    let address = read("host_ip")?.unwrap_or_default().to_owned();
    let protocol = read("protocol")?.filter(|p| !p.is_empty()).unwrap_or("tcp").to_ascii_lowercase();
    let Some(container) = read("target")?.and_then(range) else { return Ok(None) };
    let host = match read("published")?.filter(|p| !p.is_empty()) {
        None => None,
        Some(published) => match range(published) {
            Some(range) => Some(range),
            None => return Ok(None),
        },
    };
    Ok(Some(Published { address: bare(&address), host, container, protocol }))
}

/// `[[address:]host_port:]container_port[/protocol]`; ports may be ranges, IPv6 addresses stand in brackets.
fn short(written: &str) -> Option<Published> {
    let (ports, protocol) = written.rsplit_once('/').unwrap_or((written, "tcp"));
    let (before, container) = ports.rsplit_once(':').map_or((None, ports), |(before, container)| (Some(before), container));
    let (address, host) = match before {
        None => ("", ""),
        Some(before) => before.rsplit_once(':').unwrap_or(("", before)),
    };
    let host = if host.is_empty() { None } else { Some(range(host)?) };
    Some(Published { address: bare(address), host, container: range(container)?, protocol: protocol.to_ascii_lowercase() })
}

fn bare(address: &str) -> String {
    address.trim().trim_start_matches('[').trim_end_matches(']').to_owned()
}

fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.trim().split_once('-').unwrap_or((text.trim(), text.trim()));
    let range = first.parse().ok()?..=last.parse().ok()?;
    (!range.is_empty()).then_some(range)
}

fn expose(node: &Node) -> Result<Vec<Fact>, Unknown> {
    let written = text(node)?;
    let ports = range(written.split('/').next().unwrap_or(written)).filter(|range| range.len() <= MAX_PORTS);
    let ports = ports.ok_or_else(|| Unknown::new(Reason::Unsupported, format!("a port that cannot be read ({})", node.at)))?;
    Ok(ports.map(|port| Fact::known(i64::from(port)).at(&node.at.origin())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(written: &str) -> String {
        short(written).map_or_else(
            || "none".into(),
            |p| {
                format!(
                    "{} {:?} {:?} {}",
                    p.address,
                    p.host.map(|h| (*h.start(), *h.end())),
                    (*p.container.start(), *p.container.end()),
                    p.protocol
                )
            },
        )
    }

    #[test]
    fn short_forms() {
        assert_eq!(show("3000"), " None (3000, 3000) tcp");
        assert_eq!(show("8080:80"), " Some((8080, 8080)) (80, 80) tcp");
        assert_eq!(show("127.0.0.1:8080:80/udp"), "127.0.0.1 Some((8080, 8080)) (80, 80) udp");
        assert_eq!(show("[::1]:8080:80"), "::1 Some((8080, 8080)) (80, 80) tcp");
        assert_eq!(show("::1:8080:80"), "::1 Some((8080, 8080)) (80, 80) tcp");
        assert_eq!(show("[::]:80:80"), ":: Some((80, 80)) (80, 80) tcp");
        assert_eq!(show("127.0.0.1::80"), "127.0.0.1 None (80, 80) tcp");
        assert_eq!(show("9000-9001:80-81"), " Some((9000, 9001)) (80, 81) tcp");
        assert_eq!(show(":80"), " None (80, 80) tcp");
        assert_eq!(show("abc:80"), "none");
        assert_eq!(show("90000:80"), "none");
        assert_eq!(show("20-10:1-2"), "none");
    }
}
