//! Host devices and GPU requests.

use super::Service;
use super::read::Items;
use crate::collect::compose::value::{Node, Value, text};
use crate::collect::yaml::Entry;
use crate::facts::{Fact, Reason, Record, Unknown};

pub(super) fn write(service: &Service<'_>, facts: &mut Record) {
    let mut items = Items::default();
    let entry = service.entry("devices");
    for node in nodes(entry) {
        items.add(device(node));
    }
    for node in nodes(service.at_path(&["deploy", "resources", "reservations", "devices"])) {
        items.add(request(node));
    }
    if let Some(gpus) = service.entry("gpus") {
        match gpus.node.list() {
            Some(list) => list.iter().for_each(|node| items.add(request(node))),
            None => items.add(text(&gpus.node).map(|count| vec![fact(&format!("gpus={count}"), None, true, &gpus.node)])),
        }
    }
    if let Some(runtime) = service.entry("runtime") {
        let gpu = |name: &str| {
            if name.contains("nvidia") { vec![fact(&format!("runtime={name}"), None, true, &runtime.node)] } else { Vec::new() }
        };
        items.add(text(&runtime.node).map(gpu));
    }
    for node in nodes(service.entry("device_cgroup_rules")) {
        items.add(text(node).map(|rule| vec![fact(&format!("cgroup rule {rule}"), None, false, node)]));
    }
    facts.put("devices", Fact::known(items.list).at(&entry.map_or(service.at, |entry| &entry.at).origin()));
}

fn nodes(entry: Option<&Entry<Value>>) -> &[Node] {
    entry.and_then(|entry| entry.node.list()).unwrap_or_default()
}

fn fact(label: &str, host: Option<&str>, request: bool, node: &Node) -> Fact {
    let mut record = Record::new();
    record.set_here("label", label);
    record.set_or_absent("host", host);
    record.set_here("request", request);
    Fact::known(record).at(&node.at.origin())
}

/// `/dev/x[:/dev/y[:rwm]]`, the long form, or a CDI name (`vendor.com/class=name`).
fn device(node: &Node) -> Result<Vec<Fact>, Unknown> {
    let written = match node.map() {
        Some(_) => node.get("source").map(text).transpose()?,
        None => Some(text(node)?),
    };
    let written = written.ok_or_else(|| Unknown::new(Reason::Unsupported, format!("a device without a source ({})", node.at)))?;
    if !written.starts_with('/') && written.contains('=') {
        return Ok(vec![fact(written, None, true, node)]);
    }
    let host = written.split(':').next().unwrap_or(written);
    Ok(vec![fact(host, Some(host), false, node)])
}

/// A request for devices by driver or capability.
fn request(node: &Node) -> Result<Vec<Fact>, Unknown> {
    let label = if let Some(driver) = node.get("driver") {
        format!("driver={}", text(driver)?)
    } else {
        let capabilities = node.get("capabilities").and_then(Node::list).unwrap_or_default();
        let names: Vec<&str> = capabilities.iter().map(text).collect::<Result<_, _>>()?;
        format!("capabilities={}", names.join(","))
    };
    Ok(vec![fact(&label, None, true, node)])
}
