//! Where Podman's Docker-like answers mean something else (seen with Podman 4.3.1).

use crate::facts::{Fact, Reason, Record, Unknown};

/// The capabilities that Docker gives by default. Podman lists what is missing from them as dropped.
const DEFAULTS: [&str; 14] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// Corrects a container's facts.
pub(super) fn container(record: &mut Record) {
    if record.text("ipc_mode") == Some("shareable") {
        record.unknown("ipc_mode", unknown("Podman says `shareable` of the host's namespace as well"));
    }
    if let Some(dropped) = record.list_mut("cap_drop") {
        let names: Vec<&str> = dropped.texts().collect();
        if DEFAULTS.iter().all(|name| names.contains(name)) {
            dropped.items = vec![Fact::known("ALL")];
        }
    }
}

/// Corrects the engine's facts: what Podman answers by rote is unknown.
pub(super) fn engine(record: &mut Record) {
    for path in ["userland_proxy", "iptables", "default_ulimits", "log_max_size", "live_restore", "experimental", "icc"] {
        record.unknown(path, unknown("Podman has no such setting"));
    }
    if record.text("log_driver") == Some("") {
        record.unknown("log_driver", unknown("Podman does not tell its default log driver"));
    }
    record.unknown("tcp_unprotected", unknown("Podman does not tell on which addresses its API is offered"));
    record.set_here("no_new_privileges", false);
    record.unknown("files", unknown("Podman has no daemon whose files could be looked at"));
}

fn unknown(why: &str) -> Unknown {
    Unknown::new(Reason::Unsupported, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dropping_all_is_recognised_and_a_namespace_that_may_be_the_hosts_is_unknown() {
        let mut record = Record::new();
        record.set_here("ipc_mode", "shareable");
        record.set_here("cap_drop", DEFAULTS.map(Fact::known).to_vec());
        container(&mut record);
        assert_eq!((record.get("cap_drop").to_string().as_str(), record.text("ipc_mode")), ("ALL", None));
        record.set_here("cap_drop", vec![Fact::known("MKNOD"), Fact::known("NET_RAW")]);
        container(&mut record);
        assert_eq!(record.get("cap_drop").to_string(), "MKNOD, NET_RAW");
    }
}
