//! What a container may do: limits, capabilities, seccomp, mandatory access control, devices.

use crate::facts::{Document, Fact, List, Reason, Record, State, Unknown};

/// Capabilities that give the host away.
const DANGEROUS: [&str; 8] = ["ALL", "SYS_ADMIN", "SYS_PTRACE", "SYS_MODULE", "SYS_RAWIO", "DAC_READ_SEARCH", "NET_ADMIN", "BPF"];
/// What an entrypoint needs to drop root.
const DROP_ROOT: [&str; 5] = ["CHOWN", "SETUID", "SETGID", "DAC_OVERRIDE", "FOWNER"];

/// Writes the derived facts about privileges.
pub(super) fn derive(document: &mut Document, engine: Option<&Document>) {
    cpu(&mut document.facts);
    no_new_privileges(&mut document.facts, engine);
    capabilities(&mut document.facts);
    seccomp(&mut document.facts, engine);
    mac(&mut document.facts, engine);
    devices(&mut document.facts);
    ulimits(&mut document.facts, engine);
    logs(&mut document.facts);
}

/// The fact at a path as it is, for carrying an unknown on.
fn unknown_at(facts: &Record, path: &str) -> Fact {
    match &facts.get(path).state {
        State::Unknown(why) => Fact::unknown(why.clone()),
        _ => Fact::unknown(Unknown::new(Reason::Error, format!("{path} has an unexpected type"))),
    }
}

fn cpu(facts: &mut Record) {
    let positive = |path: &str| facts.int(path).map(|n| n > 0);
    let set = facts.text("cpuset").map(|set| !set.is_empty());
    let parts = [positive("nano_cpus"), positive("cpu_quota"), set];
    let fact = if parts.contains(&Some(true)) {
        Fact::known(true)
    } else if parts.iter().all(Option::is_some) {
        Fact::known(false)
    } else {
        let path = ["nano_cpus", "cpu_quota", "cpuset"]
            .into_iter()
            .find(|path| facts.get(path).value().is_none())
            .unwrap_or("nano_cpus");
        unknown_at(facts, path)
    };
    put_like(facts, "cpu_limited", fact, "nano_cpus");
}

/// Writes a fact with the origin of the raw fact it rests on.
fn put_like(facts: &mut Record, path: &str, mut fact: Fact, raw: &str) {
    fact.origin.clone_from(&facts.get(raw).origin);
    facts.put(path, fact);
}

/// Options split at the first `=` or `:` (`seccomp:unconfined` is the older spelling).
fn options<'a>(facts: &'a Record, name: &'a str) -> impl Iterator<Item = Option<&'a str>> {
    facts.list("security_opt").into_iter().flat_map(List::texts).filter_map(move |option| {
        let (key, value) = option.split_once(['=', ':']).map_or((option, None), |(key, value)| (key, Some(value)));
        (key == name).then_some(value)
    })
}

/// Why more options may be set than were read; the last one of a name counts, so nothing is certain then.
fn unread_options(facts: &Record) -> Option<Fact> {
    Some(Fact::unknown(facts.list("security_opt")?.incomplete.clone()?))
}

fn no_new_privileges(facts: &mut Record, engine: Option<&Document>) {
    let fact = match &facts.get("security_opt").state {
        State::Known(_) => match options(facts, "no-new-privileges").last() {
            // The engine reads the value with Go's ParseBool; nothing behind the name means true.
            Some(value) => Fact::known(matches!(value, None | Some("1" | "t" | "T" | "true" | "TRUE" | "True"))),
            None => match engine {
                Some(engine) => engine.facts.get("no_new_privileges").clone(),
                None => Fact::known(false),
            },
        },
        _ => unknown_at(facts, "security_opt"),
    };
    let fact = unread_options(facts).unwrap_or(fact);
    put_like(facts, "no_new_privileges", fact, "security_opt");
}

fn capabilities(facts: &mut Record) {
    let drops = match facts.list("cap_drop") {
        Some(list) if list.texts().any(|cap| cap == "ALL") => Fact::known(true),
        Some(List { incomplete: Some(why), .. }) => Fact::unknown(why.clone()),
        Some(_) => Fact::known(false),
        None => unknown_at(facts, "cap_drop"),
    };
    put_like(facts, "capabilities.drops_all", drops, "cap_drop");
    let added = match facts.list("cap_add") {
        Some(list) => {
            let items = list.items.iter().map(|item| capability(facts, item)).collect();
            Fact::known(List { items, incomplete: list.incomplete.clone() })
        }
        None => unknown_at(facts, "cap_add"),
    };
    put_like(facts, "capabilities.added", added, "cap_add");
}

fn capability(facts: &Record, item: &Fact) -> Fact {
    let Some(name) = item.text() else { return item.clone() };
    let drops_root = matches!(facts.text("role"), Some("proxy" | "database" | "pacs"));
    let allowed = name == "NET_BIND_SERVICE" || (drops_root && DROP_ROOT.contains(&name));
    let mut record = Record::new();
    record.set_here("name", name);
    record.set_here("label", name);
    record.set_here("allowed", allowed);
    record.set_here("dangerous", DANGEROUS.contains(&name));
    Fact { origin: item.origin.clone(), ..record.into() }
}

fn seccomp(facts: &mut Record, engine: Option<&Document>) {
    let fact = match &facts.get("security_opt").state {
        State::Known(_) => match options(facts, "seccomp").last() {
            Some(Some("unconfined")) => Fact::known("unconfined"),
            Some(_) => Fact::known("custom"),
            None => match engine.map(|engine| engine.facts.get("seccomp")) {
                None => Fact::known("default"),
                Some(default) => match default.text() {
                    Some("none" | "unconfined") => Fact::known("unconfined"),
                    Some(_) => Fact::known("default"),
                    None => default.clone(),
                },
            },
        },
        _ => unknown_at(facts, "security_opt"),
    };
    let unconfined = fact.text() == Some("unconfined");
    let fact = unread_options(facts).filter(|_| !unconfined).unwrap_or(fact);
    put_like(facts, "seccomp", fact, "security_opt");
}

fn mac(facts: &mut Record, engine: Option<&Document>) {
    let host_has = match engine {
        None => Fact::unknown(Unknown::new(Reason::NoTarget, "whether the host has AppArmor or SELinux only an engine can say")),
        Some(engine) => match (engine.facts.bool("apparmor"), engine.facts.bool("selinux")) {
            (Some(true), _) | (_, Some(true)) => Fact::known(true),
            (Some(false), Some(false)) => Fact::known(false),
            _ => Fact::unknown(Unknown::new(Reason::UnknownFact, "the engine does not say whether it has AppArmor or SELinux")),
        },
    };
    let switched_off =
        options(facts, "apparmor").any(|v| v == Some("unconfined")) || options(facts, "label").any(|v| v == Some("disable"));
    let confined = if switched_off || facts.bool("privileged") == Some(true) {
        Fact::known(false)
    } else {
        match (&facts.get("mac_profile").state, facts.bool("running")) {
            (State::Known(_), _) => Fact::known(!matches!(facts.text("mac_profile"), Some("" | "unconfined"))),
            (State::Absent, Some(true)) => Fact::known(false),
            (State::Absent, _) => {
                Fact::unknown(Unknown::new(Reason::UnknownFact, "the profile is set when the container starts"))
            }
            (State::Unknown(why), _) => Fact::unknown(why.clone()),
        }
    };
    facts.put("mac.host_has", host_has);
    put_like(facts, "mac.confined", confined, "mac_profile");
}

/// GPU devices belong to an AI application; everything else of the host to nobody.
fn devices(facts: &mut Record) {
    let ai = facts.text("role") == Some("ai-app");
    let Some(list) = facts.list_mut("devices") else { return };
    for device in list.items.iter_mut().filter_map(record_mut) {
        let gpu = device.bool("request") == Some(true)
            || device.text("host").is_some_and(|host| {
                ["/dev/nvidia", "/dev/dri", "/dev/kfd", "nvidia.com/gpu"].iter().any(|gpu| host.starts_with(gpu))
            });
        device.set_here("allowed", ai && gpu);
    }
}

/// The record inside a fact, to be changed in place.
pub(super) fn record_mut(fact: &mut Fact) -> Option<&mut Record> {
    match &mut fact.state {
        State::Known(crate::facts::Value::Record(record)) => Some(record),
        _ => None,
    }
}

fn ulimits(facts: &mut Record, engine: Option<&Document>) {
    let limits = |list: &List| list.records().any(|limit| matches!(limit.text("name"), Some("nofile" | "nproc")));
    let own = facts.list("ulimits").map(limits);
    let fact = match (own, engine.map(|engine| engine.facts.get("default_ulimits"))) {
        (Some(true), _) => Fact::known(true),
        (Some(false), None) => Fact::known(false),
        (Some(false), Some(default)) => match (&default.state, default.list()) {
            (_, Some(list)) => Fact::known(limits(list)),
            (State::Unknown(why), _) => Fact::unknown(why.clone()),
            _ => Fact::known(false),
        },
        (None, _) => unknown_at(facts, "ulimits"),
    };
    put_like(facts, "ulimits_set", fact, "ulimits");
}

fn logs(facts: &mut Record) {
    let fact = bounded(facts, "log.driver", "log.max_size");
    put_like(facts, "log.bounded", fact, "log.driver");
}

/// Whether a log driver keeps logs and bounds them; drivers that hand over to a log system leave both to it.
pub(super) fn bounded(facts: &Record, driver: &str, max_size: &str) -> Fact {
    match facts.text(driver) {
        None => unknown_at(facts, driver),
        Some("none" | "") => Fact::known(false),
        Some("json-file") => match &facts.get(max_size).state {
            State::Known(_) => Fact::known(!matches!(facts.text(max_size), Some("" | "-1" | "0"))),
            State::Absent => Fact::known(false),
            State::Unknown(why) => Fact::unknown(why.clone()),
        },
        Some(
            "local" | "journald" | "syslog" | "fluentd" | "gelf" | "awslogs" | "splunk" | "gcplogs" | "etwlogs" | "k8s-file",
        ) => Fact::known(true),
        Some(other) => Fact::unknown(Unknown::new(
            Reason::Unproven,
            format!("nobody knows whether the log driver `{other}` keeps and bounds logs"),
        )),
    }
}
