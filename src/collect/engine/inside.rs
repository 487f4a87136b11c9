//! Files of a running or stopped container as its program finds them, read through the archive API.
//!
//! Measured with Engine 20.10.24, the same for running, stopped and never started containers: binds and volumes are shown,
//! nested ones too; a tmpfs is not, but what the layer has beneath it; configs and secrets of a swarm's task are empty
//! files. A file is shown as it is **now**: the program may have read another one when it started, and where a bound file
//! was replaced on the host it still holds the old one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value as Json;

use super::archive::{self, MULTIPLIES, multiplies};
use super::client::Client;
use super::tree::{End, Node, Tree, What};
use crate::collect::program::{Inside, InsideFile, Place};
use crate::facts::{Reason, Unknown};

/// What reading one container's files may cost: requests, bytes and files.
const REQUESTS: usize = 11;
const BYTES: usize = 4 << 20;
const FILES: usize = 200;
/// Links out of a folder that are followed.
const LINKS: usize = 4;
/// A start script may write what its program then reads, in seconds after the start.
const GRACE: i64 = 60;
/// Files that hold keys or hashes of passwords; their text is not kept.
const KEYS: [&str; 9] = [".key", ".pem", ".crt", ".p12", ".pfx", ".jks", ".htpasswd", "id_rsa", "id_ed25519"];

/// What is kept of the files below a path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// Texts.
    Texts,
    /// Names and modes: the place holds secrets.
    Names,
    /// Of a list of Debian packages the ones of this program.
    Packages(&'static str),
}

/// Reads the files of one container.
pub(super) struct Reader<'a> {
    client: &'a Client,
    id: &'a str,
    inspect: &'a Json,
    podman: bool,
    requests: usize,
    bytes: usize,
    files: usize,
    /// What was read.
    pub inside: Inside,
}

impl<'a> Reader<'a> {
    /// Nothing is asked yet.
    pub fn new(client: &'a Client, id: &'a str, inspect: &'a Json, podman: bool) -> Self {
        Self { client, id, inspect, podman, requests: REQUESTS, bytes: BYTES, files: FILES, inside: Inside::default() }
    }

    /// Reads a file or a whole folder.
    pub async fn read(&mut self, path: &str, keep: Keep) {
        match self.tree(path, keep).await {
            Err(why) => self.inside.hide(path, why),
            Ok(None) => self.inside.complete(path),
            Ok(Some(tree)) => {
                for (path, target) in self.take(path, &tree, keep).into_iter().take(LINKS) {
                    self.read_target(&path, &target, keep).await;
                }
            }
        }
    }

    /// A file that a link out of its folder leads to; the link's path then stands for it.
    async fn read_target(&mut self, path: &str, target: &str, keep: Keep) {
        if let Ok(Some(tree)) = self.tree(target, keep).await
            && let Some(node @ Node { what: What::File(_), .. }) = tree.top()
        {
            self.put(path, target, node, keep);
        }
    }

    /// The tree below a path, the path's own link followed once; `None` when there is nothing.
    async fn tree(&mut self, path: &str, keep: Keep) -> Result<Option<Tree>, Unknown> {
        let mut at = path.to_owned();
        for _ in 0..2 {
            if let Some(why) = self.refused(&at) {
                return Err(why);
            }
            if self.requests == 0 || self.bytes == 0 {
                return Err(Unknown::new(Reason::NotProbed, "as much of this container was read as may be"));
            }
            self.requests -= 1;
            // One folder full of other things must not cost all the rest.
            let most = self.bytes - self.bytes / 4;
            let answer = archive::fetch(self.client, self.id, &at, most).await.map_err(|failure| failure.unknown())?;
            let Some(answer) = answer else { return Ok(None) };
            self.bytes -= answer.body.len();
            let kept = |path: &str| match keep {
                Keep::Texts => !KEYS.iter().any(|ending| path.ends_with(ending)),
                Keep::Names => false,
                Keep::Packages(_) => true,
            };
            let tree = Tree::read(&at, &answer.body, answer.cut, self.files, kept);
            match tree.top().map(|node| &node.what) {
                Some(What::Link(target)) => at = archive::resolve(&at, target),
                _ => return Ok(Some(tree)),
            }
        }
        Err(Unknown::new(Reason::Unsupported, format!("{path} leads through more links than are followed")))
    }

    /// Puts what a tree holds; returns links out of it with where they lead.
    fn take(&mut self, root: &str, tree: &Tree, keep: Keep) -> Vec<(String, String)> {
        let mut out = Vec::new();
        match &tree.more {
            None => self.inside.complete(root),
            Some(why) => self.inside.hide(root, why.clone()),
        }
        for (below, node) in tree.iter() {
            let path = if below.is_empty() { root.to_owned() } else { format!("{root}/{below}") };
            match (&node.what, tree.end(below)) {
                _ if self.covered(&path) => {}
                (What::Folder, _) if self.changed_since_start(&path, node) => self.inside.hide(&path, changed(&path)),
                (What::Folder | What::Other, _) => {}
                (What::File(_), _) => self.put(&path, &path, node, keep),
                (What::Link(_), End::Node(node @ Node { what: What::File(_), .. })) => self.put(&path, &path, node, keep),
                (What::Link(_), End::Node(_)) => {
                    self.inside.hide(&path, Unknown::new(Reason::Unsupported, format!("{path} is a link to a folder")));
                }
                (What::Link(_), end) => {
                    let why = Unknown::new(Reason::Unsupported, format!("{path} is a link that was not followed"));
                    let lost = Node { what: What::File(Err(why)), ..*node };
                    self.put(&path, &path, &lost, keep);
                    out.extend(if let End::Outside(target) = end { Some((path, target)) } else { None });
                }
            }
        }
        let below = format!("{}/", root.trim_end_matches('/'));
        for (target, kind) in mounts(self.inspect) {
            if target.starts_with(&below) && !shown(kind) {
                self.inside.hide(&target, in_memory(&target));
            }
        }
        out
    }

    /// Puts the file that lies at `from` under `path`.
    fn put(&mut self, path: &str, from: &str, node: &Node, keep: Keep) {
        self.files = self.files.saturating_sub(1);
        let What::File(bytes) = &node.what else { return };
        let text = match (keep, bytes) {
            (Keep::Names, _) => Err(Unknown::new(Reason::Unsupported, "secrets are listed, not read")),
            _ if self.changed_since_start(from, node) => Err(changed(path)),
            (_, Err(why)) => Err(Unknown::new(why.reason, format!("{path}: {}", why.detail.as_deref().unwrap_or_default()))),
            (Keep::Packages(program), Ok(bytes)) => Ok(packages(&String::from_utf8_lossy(bytes), program)),
            (Keep::Texts, Ok(bytes)) => String::from_utf8(bytes.clone())
                .map_err(|_| Unknown::new(Reason::Unsupported, format!("{path} is no text in UTF-8"))),
        };
        let text = match text {
            Ok(text) if text.contains("PRIVATE KEY-----") => {
                Err(Unknown::new(Reason::Unsupported, format!("{path} holds a key: listed, not read")))
            }
            text => text,
        };
        self.inside.put(path, InsideFile { text, shown: path.into(), mode: node.mode, place: self.place(from, node) });
    }

    /// Why a path is not asked for.
    fn refused(&self, path: &str) -> Option<Unknown> {
        let swarm = |labels: &serde_json::Map<String, Json>| labels.keys().any(|name| name.starts_with("com.docker.swarm."));
        let unsupported = |text: &str| Some(Unknown::new(Reason::Unsupported, text));
        if multiplies(self.inspect) {
            unsupported(MULTIPLIES)
        } else if self.inspect.pointer("/Config/Labels").and_then(Json::as_object).is_some_and(swarm) {
            unsupported("a task of a swarm: the engine does not say where its configs and secrets are mounted")
        } else if self.podman && self.meets_mounts(path) {
            unsupported("it lies under a mount of the container, which Podman does not show for certain")
        } else if self.covered(path) {
            Some(in_memory(path))
        } else {
            None
        }
    }

    /// Whether the mount nearest to a path is one that the archive API does not show.
    fn covered(&self, path: &str) -> bool {
        self.mount(path).is_some_and(|kind| !shown(kind))
    }

    /// Whether a mount lies above, on or below a path.
    fn meets_mounts(&self, path: &str) -> bool {
        let below = format!("{path}/");
        self.mount(path).is_some() || mounts(self.inspect).keys().any(|target| target.starts_with(&below))
    }

    /// The kind of mount that a path lies on; none for the container's own layer.
    fn mount(&self, path: &str) -> Option<&'static str> {
        // Every usual system has this link.
        let path = path.strip_prefix("/var/run/").map_or_else(|| path.to_owned(), |rest| format!("/run/{rest}"));
        let holds = |target: &str| {
            path.strip_prefix(target.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let mounts = mounts(self.inspect);
        mounts.into_iter().filter(|(target, _)| holds(target)).max_by_key(|(target, _)| target.len()).map(|(_, kind)| kind)
    }

    fn place(&self, path: &str, node: &Node) -> Place {
        let mounted = self.mount(path).is_some();
        let made = time(self.inspect, "/Created");
        match path {
            path if path.starts_with("/run/secrets/") => Place::Secret,
            _ if mounted => Place::Mount,
            _ if made.is_some_and(|made| node.changed > made) => Place::Runtime,
            _ => Place::Image,
        }
    }

    /// Whether a file or folder was changed so late that the running program may not know it.
    fn changed_since_start(&self, path: &str, node: &Node) -> bool {
        let runs = self.inspect.pointer("/State/Running").and_then(Json::as_bool) == Some(true);
        let started = time(self.inspect, "/State/StartedAt");
        runs && !path.starts_with("/tmp/") && started.is_none_or(|started| node.changed > started + GRACE)
    }
}

fn in_memory(path: &str) -> Unknown {
    Unknown::new(Reason::Unsupported, format!("{path} lies in memory (tmpfs), and the engine shows only what is beneath"))
}

fn changed(path: &str) -> Unknown {
    let what = "was changed after the program had started, which may still run with what was there before: restart the container";
    Unknown::new(Reason::Unproven, format!("{path} {what}"))
}

/// Whether the archive API shows what is mounted, not what is beneath.
fn shown(kind: &str) -> bool {
    matches!(kind, "bind" | "volume")
}

/// Targets of mounts and of what kind each is; the later of two at one target is in force.
fn mounts(inspect: &Json) -> BTreeMap<String, &'static str> {
    let kind = |mount: &Json| match mount.get("Type").and_then(Json::as_str) {
        Some("bind") => "bind",
        Some("volume") => "volume",
        Some("tmpfs") => "tmpfs",
        _ => "other",
    };
    let list = inspect.get("Mounts").and_then(Json::as_array).into_iter().flatten();
    let mut mounts: BTreeMap<String, &'static str> =
        list.filter_map(|mount| Some((mount.get("Destination")?.as_str()?.to_owned(), kind(mount)))).collect();
    let tmpfs = inspect.pointer("/HostConfig/Tmpfs").and_then(Json::as_object).into_iter().flatten();
    mounts.extend(tmpfs.map(|(target, _)| (target.clone(), "tmpfs")));
    mounts
}

/// A time of the inspect document in seconds since 1970; none for what never happened.
pub(super) fn time(inspect: &Json, pointer: &str) -> Option<i64> {
    let time: Timestamp = inspect.pointer(pointer)?.as_str()?.parse().ok()?;
    Some(time.as_second()).filter(|seconds| *seconds > 0)
}

/// The stanzas of a dpkg status file about packages of this program.
fn packages(status: &str, program: &str) -> String {
    let start = format!("Package: {program}");
    let wanted = status.split("\n\n").filter(|stanza| stanza.trim_start().starts_with(&start));
    wanted.collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mount_of(inspect: &Json, path: &str) -> Option<&'static str> {
        let endpoint = super::super::endpoint::Endpoint::Unix("/none".into());
        let client = Client::new(endpoint, super::super::client::Limits::default());
        Reader::new(&client, "x", inspect, false).mount(path)
    }

    #[test]
    fn the_nearest_mount_decides() {
        let inspect = json!({
            "Mounts": [
                {"Type": "bind", "Destination": "/etc/orthanc"},
                {"Type": "volume", "Destination": "/etc/orthanc/sub/"},
                {"Type": "bind", "Destination": "/run/secrets/users.json"},
                {"Type": "image", "Destination": "/opt"},
            ],
            "HostConfig": {"Tmpfs": {"/run": "", "/tmp": ""}}
        });
        for (path, kind) in [
            ("/etc/orthanc", Some("bind")),
            ("/etc/orthanc/a.json", Some("bind")),
            ("/etc/orthanc/sub/b.json", Some("volume")),
            ("/etc/orthanc-old", None),
            ("/run/secrets", Some("tmpfs")),
            ("/var/run/secrets", Some("tmpfs")),
            ("/run/secrets/users.json", Some("bind")),
            ("/tmp/orthanc.json", Some("tmpfs")),
            ("/opt/x", Some("other")),
            ("/srv", None),
        ] {
            assert_eq!(mount_of(&inspect, path), kind, "{path}");
        }
    }

    #[test]
    fn only_the_programs_own_packages_are_kept() {
        let status = "Package: apt\nVersion: 2\n\nPackage: orthanc\nVersion: 1.10.1\n\nPackage: orthanc-dicomweb\nVersion: 1.7\n\nPackage: zlib\nConffiles: x\n";
        assert_eq!(packages(status, "orthanc"), "Package: orthanc\nVersion: 1.10.1\n\nPackage: orthanc-dicomweb\nVersion: 1.7");
    }

    #[test]
    fn times_that_never_were_are_none() {
        assert_eq!(time(&json!({"a": "1970-01-01T00:01:00.5Z"}), "/a"), Some(60));
        assert_eq!(time(&json!({"a": "0001-01-01T00:00:00Z"}), "/a"), None);
        assert_eq!(time(&json!({"a": ""}), "/a"), None);
    }
}
