//! What a container mounts.

use super::containers::Container;
use super::object::{boolean, list, text};
use crate::collect::yaml::Node;
use crate::facts::{Fact, List, Reason, Record, Unknown};

pub(super) fn write(container: &Container<'_>, facts: &mut Record) {
    let entry = container.node.entry("volumeMounts");
    let origin = entry.map_or(&container.node.at, |entry| &entry.at).origin();
    let (mut mounts, mut tmpfs) = (List::default(), List::default());
    for mount in list(container.node, &["volumeMounts"]) {
        let (Some(name), Some(target)) = (text(mount, &["name"]), text(mount, &["mountPath"])) else {
            mounts.incomplete = Some(Unknown::new(Reason::Unsupported, format!("a mount that cannot be read ({})", mount.at)));
            continue;
        };
        let volume = list(container.pod, &["volumes"]).iter().find(|volume| text(volume, &["name"]) == Some(name));
        // A stateful set makes claims of its own.
        let (kind, source) = volume.map_or(("volume", Some(name)), |volume| source(volume, name));
        let read_only = boolean(mount, &["readOnly"]).unwrap_or(false) || matches!(kind, "config" | "secret");
        let propagation = match text(mount, &["mountPropagation"]) {
            Some("Bidirectional") => "rshared",
            Some("HostToContainer") => "rslave",
            _ => "private",
        };
        let mut record = Record::new();
        record.set_here("kind", kind);
        record.set_or_absent("source", source);
        record.set_here("target", target);
        record.set_here("read_only", read_only);
        record.set_here("propagation", propagation);
        record.absent("device");
        record.absent("resolved");
        record.set_here("in_project", false);
        mounts.items.push(Fact::known(record).at(&mount.at.origin()));
        if kind == "tmpfs" {
            tmpfs.items.push(Fact::known(target).at(&mount.at.origin()));
        }
    }
    facts.set("mounts", mounts, &origin);
    facts.set("tmpfs", tmpfs, &origin);
}

/// Kind of a mount, and its path on the node or its name.
fn source<'n>(volume: &'n Node, name: &'n str) -> (&'static str, Option<&'n str>) {
    if let Some(path) = volume.get("hostPath") {
        return ("bind", text(path, &["path"]));
    }
    if volume.get("emptyDir").is_some() {
        let memory = text(volume, &["emptyDir", "medium"]) == Some("Memory");
        return if memory { ("tmpfs", None) } else { ("volume", Some(name)) };
    }
    if let Some(config) = volume.get("configMap") {
        return ("config", text(config, &["name"]).or(Some(name)));
    }
    if let Some(secret) = volume.get("secret") {
        return ("secret", text(secret, &["secretName"]).or(Some(name)));
    }
    ("volume", text(volume, &["persistentVolumeClaim", "claimName"]).or(Some(name)))
}
