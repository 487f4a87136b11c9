//! Single files of a container, read through the archive API.
//!
//! The API reads the layer under a tmpfs or nested mount, so a path below one is never believed. And to read at all, the
//! engine mounts the container's binds once more: with mount points below them that harms the host ([`multiplies`]).

use std::io::Read;
use std::path::Path;

use serde_json::Value as Json;
use tar::{Archive, EntryType};

use super::client::{Answer, Client, asked};
use super::failure::Failure;
use crate::facts::Reason;

/// A user of `/etc/passwd`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    /// Name.
    pub name: String,
    /// User id.
    pub uid: i64,
}

/// The parts of `os-release` that name the system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OsRelease {
    /// `ID`.
    pub id: Option<String>,
    /// `VERSION_ID`.
    pub version: Option<String>,
}

/// Users of the container; none where it has no such file.
pub(super) async fn passwd(client: &Client, id: &str, inspect: &Json) -> Result<Vec<User>, Failure> {
    let text = text(client, id, inspect, "/etc/passwd").await?;
    Ok(text.map(|text| users(&text)).unwrap_or_default())
}

/// What the container's system calls itself; empty where it has no such file.
pub(super) async fn os_release(client: &Client, id: &str, inspect: &Json) -> Result<OsRelease, Failure> {
    let text = text(client, id, inspect, "/etc/os-release").await?;
    Ok(text.map(|text| release(&text)).unwrap_or_default())
}

/// Whether a path exists.
pub(super) async fn exists(client: &Client, id: &str, path: &str) -> Result<bool, Failure> {
    Ok(fetch(client, id, path, 4096).await?.is_some())
}

/// Whether a mount or tmpfs of the container lies on or above the path.
pub(super) fn covered(inspect: &Json, path: &str) -> bool {
    let over = |target: &str| {
        let target = target.trim_end_matches('/');
        path.strip_prefix(target).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let listed = |pointer: &str, key: &str| {
        let mounts = inspect.pointer(pointer).and_then(Json::as_array);
        mounts.is_some_and(|mounts| mounts.iter().filter_map(|mount| mount.get(key)?.as_str()).any(over))
    };
    let tmpfs = inspect.pointer("/HostConfig/Tmpfs").and_then(Json::as_object);
    listed("/Mounts", "Destination")
        || listed("/HostConfig/Mounts", "Target")
        || tmpfs.is_some_and(|paths| paths.keys().any(|path| over(path)))
}

/// Whether reading would multiply the host's mounts. Docker binds the source recursively into the layer for every
/// request, and where the source holds the engine's own folder (`/`, `/var`), every other container with such a bind
/// keeps a copy: measured with Engine 20.10.24, the mounts double with each request, and after some 16 of them the
/// kernel's limit (100,000) stops the engine from starting any container.
pub(super) fn multiplies(inspect: &Json) -> bool {
    const MOUNT_POINTS: [&str; 6] = [
        "/var/lib/docker/overlay2",
        "/var/lib/containers/storage",
        "/run/docker/netns",
        "/var/run/docker/netns",
        "/sys/fs/cgroup",
        "/dev/pts",
    ];
    let merged = inspect.pointer("/GraphDriver/Data/MergedDir").and_then(Json::as_str);
    let own = inspect.get("ResolvConfPath").and_then(Json::as_str).filter(|path| !path.is_empty());
    let points = || MOUNT_POINTS.into_iter().chain(merged).chain(own);
    let mounts = inspect.get("Mounts").and_then(Json::as_array).into_iter().flatten();
    let mut binds = mounts.filter(|mount| mount.get("Type").and_then(Json::as_str) == Some("bind"));
    binds.any(|bind| {
        let source = Path::new(bind.get("Source").and_then(Json::as_str).unwrap_or("/"));
        source.starts_with("/proc") || points().any(|point| Path::new(point).starts_with(source))
    })
}

/// Why a container's files are not asked for.
pub(super) const MULTIPLIES: &str =
    "the container binds a part of the host that holds mount points; to read its files the engine would mount them all once more";

/// The file's text, following one symbolic link inside the container; `None` when it does not exist.
async fn text(client: &Client, id: &str, inspect: &Json, path: &str) -> Result<Option<String>, Failure> {
    if multiplies(inspect) {
        return Err(Failure::new(Reason::Unsupported, MULTIPLIES));
    }
    let mut path = path.to_owned();
    for _ in 0..2 {
        if covered(inspect, &path) {
            return Err(Failure::new(
                Reason::Unsupported,
                format!("{path} lies under a mount of the container, and the engine shows only what is beneath"),
            ));
        }
        let Some(answer) = fetch(client, id, &path, client.limits.file).await? else { return Ok(None) };
        match first_entry(&answer.body).ok_or_else(|| Failure::malformed("GET /containers/…/archive", "no complete tar entry"))?
        {
            Entry::File(text) => return Ok(Some(text)),
            Entry::Link(target) => path = resolve(&path, &target),
            Entry::Other => break,
        }
    }
    Err(Failure::new(Reason::Unsupported, format!("{path} is neither a file nor a link to one")))
}

/// The tar of one path, cut at `most` bytes; `None` when the path does not exist.
pub(super) async fn fetch(client: &Client, id: &str, path: &str, most: usize) -> Result<Option<Answer>, Failure> {
    let request = format!("/containers/{id}/archive?path={}", encode(path));
    let answer = client.answer(&request, most).await?;
    match answer.status {
        200 => Ok(Some(answer)),
        404 if !String::from_utf8_lossy(&answer.body).to_ascii_lowercase().contains("no such container") => Ok(None),
        status => Err(Failure::status(&asked(&request), status)),
    }
}

enum Entry {
    File(String),
    Link(String),
    Other,
}

fn first_entry(bytes: &[u8]) -> Option<Entry> {
    let mut archive = Archive::new(bytes);
    let mut entry = archive.entries().ok()?.next()?.ok()?;
    match entry.header().entry_type() {
        EntryType::Regular | EntryType::Continuous => {
            let mut content = Vec::new();
            let size = entry.header().size().ok()?;
            entry.read_to_end(&mut content).ok()?;
            // A cut file may lack the very line that matters.
            (content.len() as u64 == size).then(|| Entry::File(String::from_utf8_lossy(&content).into_owned()))
        }
        EntryType::Symlink => Some(Entry::Link(entry.link_name().ok()??.to_string_lossy().into_owned())),
        _ => Some(Entry::Other),
    }
}

/// A link's target as an absolute path; `..` never leaves the root.
pub(super) fn resolve(link: &str, target: &str) -> String {
    let folder = link.rsplit_once('/').map_or("", |(folder, _)| folder);
    let whole = if target.starts_with('/') { target.to_owned() } else { format!("{folder}/{target}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

fn encode(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn users(text: &str) -> Vec<User> {
    let user = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty() && !name.starts_with('#'))?;
        let uid = fields.nth(1)?.trim().parse().ok()?;
        Some(User { name: name.to_owned(), uid })
    };
    text.lines().filter_map(user).collect()
}

fn release(text: &str) -> OsRelease {
    let value = |key: &str| {
        let line = text.lines().rev().find_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='))?;
        let bare = line.trim().trim_matches(['"', '\'']);
        let plain = bare.len() <= 64 && bare.chars().all(|c| c.is_ascii_alphanumeric() || "._~+-".contains(c));
        (plain && !bare.is_empty()).then(|| bare.to_owned())
    };
    OsRelease { id: value("ID"), version: value("VERSION_ID") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn mounts_cover_what_lies_below_them_only() {
        let inspect = json!({
            "Mounts": [{"Destination": "/etc/orthanc"}, {"Destination": "/usr/lib/"}],
            "HostConfig": {"Tmpfs": {"/run": "size=1m"}, "Mounts": [{"Target": "/srv"}]}
        });
        for path in ["/etc/orthanc/orthanc.json", "/etc/orthanc", "/usr/lib/os-release", "/run/x", "/srv"] {
            assert!(covered(&inspect, path), "{path}");
        }
        for path in ["/etc/passwd", "/etc/orthanc-old", "/usr/libexec", "/runs"] {
            assert!(!covered(&inspect, path), "{path}");
        }
        assert!(covered(&json!({"Mounts": [{"Destination": "/"}]}), "/etc/passwd"));
    }

    #[test]
    fn containers_that_bind_the_engines_own_folders_are_left_alone() {
        let binds = |source: &str| multiplies(&json!({"Mounts": [{"Type": "bind", "Source": source, "Destination": "/x"}]}));
        for source in ["/", "/var", "/var/lib/docker", "/run", "/sys", "/dev", "/proc", "/proc/1"] {
            assert!(binds(source), "{source}");
        }
        for source in ["/srv", "/etc", "/var/run/docker.sock", "/var/lib/dockers", "/dev/log", "/sys/class"] {
            assert!(!binds(source), "{source}");
        }
        let moved = json!({"Mounts": [{"Type": "bind", "Source": "/data"}], "GraphDriver": {"Data": {"MergedDir": "/data/docker/overlay2/x/merged"}}});
        assert!(multiplies(&moved));
    }

    #[test]
    fn links_stay_inside_the_root() {
        assert_eq!(resolve("/etc/os-release", "../usr/lib/os-release"), "/usr/lib/os-release");
        assert_eq!(resolve("/etc/os-release", "/usr/lib/x"), "/usr/lib/x");
        assert_eq!(resolve("/etc/os-release", "../../../../etc/shadow"), "/etc/shadow");
    }

    #[test]
    fn passwd_and_os_release_are_read_tolerantly() {
        let text =
            "root:x:0:0:root:/root:/bin/sh\n\n# note\nbroken\northanc:x:999:999::/var/lib/orthanc:/bin/false\nodd:x:zero:0::/:\n";
        let found: Vec<_> = users(text).into_iter().map(|user| (user.name, user.uid)).collect();
        assert_eq!(found, [("root".to_owned(), 0), ("orthanc".to_owned(), 999)]);
        let debian = release("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n");
        assert_eq!(debian, OsRelease { id: Some("debian".into()), version: Some("12".into()) });
        assert_eq!(release("ID=debian\n").version, None);
    }
}
