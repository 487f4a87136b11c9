//! Resources, privileges, name spaces, logging: settings that are a word or a number.

use super::read::{boolean, bytes, list_fact, nano, number, plain, put, put_text, text_fact};
use super::{Service, is_empty};
use crate::collect::compose::value::{Node, Value, text};
use crate::collect::yaml::{Entry, Map};
use crate::facts::{Fact, List, Reason, Record, Unknown};

pub(super) fn write(service: &Service<'_>, facts: &mut Record) {
    resources(service, facts);
    privileges(service, facts);
    ulimits(service, facts);
    restart(service, facts);
    logging(service, facts);
}

fn resources(service: &Service<'_>, facts: &mut Record) {
    let limit = |deploy: &str, own: &str| {
        service
            .at_path(&["deploy", "resources", "limits", deploy])
            .filter(|entry| !is_empty(entry))
            .or_else(|| service.entry(own))
    };
    put(service, facts, "memory_limit", limit("memory", "mem_limit"), 0, bytes);
    put(service, facts, "nano_cpus", limit("cpus", "cpus"), 0, nano);
    put(service, facts, "pids_limit", limit("pids", "pids_limit"), 0, number);
    put(service, facts, "cpu_quota", service.entry("cpu_quota"), 0, number);
    put(service, facts, "cpu_shares", service.entry("cpu_shares"), 0, number);
    put_text(service, facts, "cpuset", "cpuset");
}

fn privileges(service: &Service<'_>, facts: &mut Record) {
    put(service, facts, "read_only", service.entry("read_only"), false, boolean);
    put(service, facts, "privileged", service.entry("privileged"), false, boolean);
    facts.put("security_opt", list_fact(service, service.entry("security_opt"), plain));
    for key in ["cap_add", "cap_drop"] {
        facts.put(key, list_fact(service, service.entry(key), capability));
    }
    for (path, key) in [("pid_mode", "pid"), ("ipc_mode", "ipc")] {
        put_text(service, facts, path, key);
        follow(service, facts, path, key);
    }
    put_text(service, facts, "uts_mode", "uts");
    put_text(service, facts, "userns_mode", "userns_mode");
    put_text(service, facts, "cgroup_parent", "cgroup_parent");
}

/// `CAP_NET_ADMIN`, `net_admin` and `NET_ADMIN` are the same.
fn capability(node: &Node) -> Result<Vec<Fact>, Unknown> {
    let name = text(node)?.trim().to_ascii_uppercase();
    Ok(vec![Fact::known(name.strip_prefix("CAP_").unwrap_or(&name)).at(&node.at.origin())])
}

/// `pid: service:x` where x has the host's is the host's; where the chain leads out of the project, nobody knows.
pub(super) fn follow(service: &Service<'_>, facts: &mut Record, path: &str, key: &str) {
    let Some(entry) = service.entry(key) else { return };
    match end(service, key, 0) {
        Ok("host") => facts.set(path, "host", &entry.at.origin()),
        Ok(_) => {}
        Err(why) => facts.put(path, Fact::unknown(why).at(&entry.at.origin())),
    }
}

/// The mode at the end of a chain of services.
fn end<'p>(service: &Service<'p>, key: &str, depth: usize) -> Result<&'p str, Unknown> {
    let mode = service.get(key).map_or(Ok(""), text)?;
    if mode.starts_with("container:") {
        return Err(Unknown::new(Reason::NoTarget, format!("its {key} is that of a container, and no engine was asked")));
    }
    match mode.strip_prefix("service:") {
        None => Ok(mode),
        Some(name) => match service.other(name).filter(|_| depth < 16) {
            Some(other) => end(&other, key, depth + 1),
            None => Err(Unknown::new(Reason::Unsupported, format!("its {key} is that of a service that is not there"))),
        },
    }
}

fn ulimits(service: &Service<'_>, facts: &mut Record) {
    let entry = service.entry("ulimits");
    let mut list = List::default();
    for (name, limit) in entry.and_then(|entry| entry.node.map()).into_iter().flat_map(Map::iter) {
        let mut record = Record::new();
        record.set_here("name", &**name);
        for part in ["soft", "hard"] {
            let value = limit.node.entry(part).unwrap_or(limit);
            record.put(part, text_fact(value, |text| number(text).ok_or_else(|| super::read::unreadable(value))));
        }
        list.items.push(Fact::known(record).at(&limit.at.origin()));
    }
    facts.put("ulimits", Fact::known(list).at(&entry.map_or(service.at, |entry| &entry.at).origin()));
}

/// `deploy.restart_policy` goes before `restart`, as in Compose; without a condition it sets none on the engine.
fn restart(service: &Service<'_>, facts: &mut Record) {
    let condition = |text: &str| {
        Some(match text {
            "none" => "no".to_owned(),
            "any" => "always".to_owned(),
            other => other.to_owned(),
        })
    };
    match service.at_path(&["deploy", "restart_policy"]).filter(|policy| policy.node.map().is_some()) {
        Some(_) => {
            let said = service.at_path(&["deploy", "restart_policy", "condition"]);
            put(service, facts, "restart", said, String::new(), condition);
        }
        None => put(service, facts, "restart", service.entry("restart"), String::new(), |text| {
            let name = text.split(':').next().unwrap_or_default();
            Some(if name == "false" { "no".to_owned() } else { name.to_owned() })
        }),
    }
}

/// Docker's factory default is `json-file` without a limit.
fn logging(service: &Service<'_>, facts: &mut Record) {
    let driver = service.at_path(&["logging", "driver"]);
    put(service, facts, "log.driver", driver, "json-file".to_owned(), |text| Some(text.to_owned()));
    let size: Option<&Entry<Value>> = service.at_path(&["logging", "options", "max-size"]).filter(|entry| !is_empty(entry));
    facts.put(
        "log.max_size",
        match size {
            Some(entry) => text_fact(entry, |text| Ok(text.to_owned())),
            None => Fact::absent().at(&service.entry("logging").map_or(service.at, |entry| &entry.at).origin()),
        },
    );
}
