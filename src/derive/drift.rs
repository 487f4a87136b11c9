//! Where a running container differs from what its compose service says.

use std::collections::BTreeSet;

use crate::facts::{Fact, List, Record};

/// Fields whose values are compared as they are, with the severity of the check that looks at them.
const PLAIN: [(&str, &str); 5] = [
    ("privileged", "critical"),
    ("read_only", "medium"),
    ("memory_limit", "medium"),
    ("nano_cpus", "medium"),
    ("cpuset", "medium"),
];
/// Fields of which only `host` matters; the engine writes its own words for "nothing said".
const HOST_OR_NOT: [(&str, &str); 5] =
    [("network_mode", "high"), ("pid_mode", "high"), ("ipc_mode", "medium"), ("userns_mode", "medium"), ("uts_mode", "low")];
/// Lists that are compared as sets.
const SETS: [(&str, &str); 3] = [("cap_add", "high"), ("cap_drop", "medium"), ("security_opt", "high")];
const ORDER: [&str; 4] = ["low", "medium", "high", "critical"];

/// The differences, and the worst severity among them.
pub(super) fn compare(running: &Record, declared: &Record) -> (List, Option<&'static str>) {
    let mut found: Vec<(String, &'static str)> = Vec::new();
    for (field, severity) in PLAIN {
        both(running.get(field), declared.get(field), |r, d| (r != d).then(|| say(field, d, r)), severity, &mut found);
    }
    for (field, severity) in HOST_OR_NOT {
        let host = |text: &str| (text == "host").to_string();
        both(
            running.get(field),
            declared.get(field),
            |r, d| (host(r) != host(d)).then(|| say(field, d, r)),
            severity,
            &mut found,
        );
    }
    for (field, severity) in SETS {
        if let (Some(r), Some(d)) = (running.list(field), declared.list(field)) {
            let (mut r, d) = (set(r), set(d));
            // The engine itself adds it to privileged containers and to those in the host's PID or IPC namespace.
            if !d.contains("label:disable") {
                r.remove("label:disable");
            }
            if r != d {
                found.push((say(field, &join(&d), &join(&r)), severity));
            }
        }
    }
    let limit = |n: &str| n.parse::<i64>().ok().filter(|n| *n > 0);
    both(
        running.get("pids_limit"),
        declared.get("pids_limit"),
        |r, d| (limit(r) != limit(d)).then(|| say("pids_limit", d, r)),
        "medium",
        &mut found,
    );
    let policy = |text: &str| if text.is_empty() { "no".to_owned() } else { text.to_owned() };
    both(
        running.get("restart"),
        declared.get("restart"),
        |r, d| (policy(r) != policy(d)).then(|| say("restart", d, r)),
        "low",
        &mut found,
    );
    user(running, declared, &mut found);
    both(
        running.get("image.reference"),
        declared.get("image.reference"),
        |r, d| (r != d && !r.starts_with("sha256:")).then(|| say("image", d, r)),
        "medium",
        &mut found,
    );
    ports(running, declared, &mut found);
    mounts(running, declared, &mut found);
    switches(running, declared, &mut found);
    let worst = found.iter().filter_map(|(_, s)| ORDER.iter().position(|o| o == s)).max().map(|i| ORDER[i]);
    (List::complete(found.into_iter().map(|(label, severity)| difference(label, severity)).collect()), worst)
}

/// A container without a user runs as root, whatever user the file names.
fn user(running: &Record, declared: &Record, found: &mut Vec<(String, &'static str)>) {
    let (r, d) = (running.get("user.spec"), declared.text("user.spec"));
    let Some(d) = d.filter(|_| r.is_absent() || r.text().is_some()) else { return };
    let r = r.text().unwrap_or("");
    if r != d {
        found.push((say("user", d, r), "high"));
    }
}

fn difference(label: String, severity: &str) -> Fact {
    let mut record = Record::new();
    record.set_here("label", label);
    record.set_here("severity", severity);
    record.into()
}

fn say(field: &str, declared: &str, running: &str) -> String {
    let or_nothing = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
    format!("{field}: the file says {}, the container has {}", or_nothing(declared), or_nothing(running))
}

/// Compares two facts that are both known.
fn both(
    r: &Fact,
    d: &Fact,
    differs: impl Fn(&str, &str) -> Option<String>,
    severity: &'static str,
    found: &mut Vec<(String, &'static str)>,
) {
    if let (Some(r), Some(d)) = (r.value(), d.value()) {
        found.extend(differs(&r.to_string(), &d.to_string()).map(|label| (label, severity)));
    }
}

fn set(list: &List) -> BTreeSet<String> {
    list.texts().map(|text| text.replace('=', ":").trim_end_matches(":true").to_owned()).collect()
}

fn join(set: &BTreeSet<String>) -> String {
    set.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// Published ports by address class, host port and container port.
fn ports(running: &Record, declared: &Record, found: &mut Vec<(String, &'static str)>) {
    let (Some(r), Some(d)) = (running.list("ports"), declared.list("ports")) else { return };
    if r.incomplete.is_some() || d.incomplete.is_some() {
        return;
    }
    let key = |port: &Record| {
        let address = match port.text("address").unwrap_or("") {
            "" | "::" | "[::]" => "0.0.0.0",
            other => other,
        };
        let protocol = port.text("protocol").unwrap_or("tcp");
        (address.to_owned(), port.int("container_port").unwrap_or(0), protocol.to_owned(), port.int("host_port"))
    };
    let (r, d): (BTreeSet<_>, BTreeSet<_>) = (r.records().map(key).collect(), d.records().map(key).collect());
    // A port that the engine chooses has no number in the file.
    let same = |a: &(String, i64, String, Option<i64>), b: &(String, i64, String, Option<i64>)| {
        a.0 == b.0 && a.1 == b.1 && a.2 == b.2 && (a.3 == b.3 || a.3.is_none() || b.3.is_none())
    };
    let show = |p: &(String, i64, String, Option<i64>)| {
        format!("{}:{}->{}/{}", p.0, p.3.map_or("?".into(), |n| n.to_string()), p.1, p.2)
    };
    for port in r.iter().filter(|port| !d.iter().any(|other| same(port, other))) {
        found.push((format!("ports: the container publishes {}, the file does not", show(port)), "high"));
    }
    for port in d.iter().filter(|port| !r.iter().any(|other| same(port, other))) {
        found.push((format!("ports: the file publishes {}, the container does not", show(port)), "medium"));
    }
}

/// Mounts by their place in the container; an image's own anonymous volumes are none of the file's business.
fn mounts(running: &Record, declared: &Record, found: &mut Vec<(String, &'static str)>) {
    let (Some(r), Some(d)) = (running.list("mounts"), declared.list("mounts")) else { return };
    let target = |mount: &Record| mount.text("target").unwrap_or("").trim_end_matches('/').to_owned();
    for mount in d.records().filter(|m| matches!(m.text("kind"), Some("bind" | "volume"))) {
        match r.records().find(|other| target(other) == target(mount)) {
            None => found.push((format!("mounts: {} is in the file only", target(mount)), "medium")),
            Some(other) if other.bool("read_only").zip(mount.bool("read_only")).is_some_and(|(a, b)| a != b) => {
                let mode = |mount: &Record| if mount.bool("read_only") == Some(true) { "read-only" } else { "writable" };
                let label = format!("mounts: {} is {} in the file, {} in the container", target(mount), mode(mount), mode(other));
                found.push((label, "medium"));
            }
            Some(_) => {}
        }
    }
    for mount in r.records().filter(|m| m.text("kind") == Some("bind")) {
        if !d.records().any(|other| target(other) == target(mount)) && d.incomplete.is_none() {
            found.push((format!("mounts: {} is in the container only", target(mount)), "high"));
        }
    }
}

/// Variables whose harmless values can be shown on both sides.
fn switches(running: &Record, declared: &Record, found: &mut Vec<(String, &'static str)>) {
    let (Some(r), Some(d)) = (running.list("env"), declared.list("env")) else { return };
    for variable in d.records() {
        let (Some(name), Some(value)) = (variable.text("name"), variable.text("shown")) else { continue };
        let other = r.records().find(|v| v.text("name") == Some(name)).and_then(|v| v.text("shown"));
        if let Some(other) = other.filter(|other| *other != value) {
            found.push((say(name, value, other), "medium"));
        }
    }
}
