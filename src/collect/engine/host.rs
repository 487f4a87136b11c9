//! The engine's own host, as far as its files are the ones that we see.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value as Json;
use tokio::net::UnixStream;

use crate::facts::{Fact, Reason, Unknown};

/// Whether the engine runs where we run, and how it was started.
pub(super) enum Host {
    /// The engine's files are ours.
    Here(Daemon),
    /// They are not, or it cannot be told.
    Elsewhere(&'static str),
}

/// The engine's configuration: `daemon.json` and the command line of its process.
pub(super) struct Daemon {
    /// Words of the command line, if its process was found.
    arguments: Option<Vec<String>>,
    /// Path of `daemon.json`.
    pub file: PathBuf,
    content: Result<Option<Json>, Unknown>,
}

/// A setting of the engine.
pub(super) enum Setting {
    /// Texts of the command line; several where an option may be repeated.
    Flag(Vec<String>),
    /// Value in `daemon.json`.
    File(Json),
    /// Set nowhere, and both places were seen: the documented default holds.
    Default,
}

impl Host {
    /// Looks whether the engine behind a socket is on this host. `name` is the host's name as the engine tells it.
    pub async fn behind(socket: Option<&Path>, name: Option<&str>) -> Self {
        let Some(socket) = socket else { return Self::Elsewhere("the engine is remote") };
        // A socket may be handed into a container or lead into a virtual machine: then our files are not the engine's.
        let own_name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        if name.is_none_or(|name| name != own_name.trim()) {
            return Self::Elsewhere("the engine's host has another name than this one");
        }
        let peer = UnixStream::connect(socket).await.ok().and_then(|stream| stream.peer_cred().ok()).and_then(|cred| cred.pid());
        match peer {
            Some(pid) if pid > 0 && same_files(pid) => Self::Here(Daemon::read(pid)),
            _ => Self::Elsewhere("the engine's files are not the ones seen here"),
        }
    }

    /// A path of the engine's host with its symbolic links followed.
    pub fn resolve(&self, path: &str) -> Fact {
        match self {
            Self::Elsewhere(why) => Fact::unknown(Unknown::new(Reason::NoTarget, *why)),
            Self::Here(_) => match fs::canonicalize(path) {
                Ok(real) => Fact::known(super::fields::plain(&real.to_string_lossy())),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    Fact::unknown(Unknown::new(Reason::Permission, format!("no permission to follow {path}")))
                }
                Err(_) => Fact::unknown(Unknown::new(Reason::NoTarget, format!("{path} does not exist on this host"))),
            },
        }
    }

    /// A setting by its command line option and its key in `daemon.json`.
    pub fn setting(&self, option: &str, key: &str) -> Result<Setting, Unknown> {
        match self {
            Self::Elsewhere(why) => Err(Unknown::new(Reason::NoTarget, format!("{why}, so its daemon.json was not seen"))),
            Self::Here(daemon) => daemon.setting(option, key),
        }
    }
}

/// Whether a process sees the same files as we do. Without the right to ask: unless we are in a container ourselves.
fn same_files(pid: i32) -> bool {
    let own = fs::read_link("/proc/self/ns/mnt");
    match (own, fs::read_link(format!("/proc/{pid}/ns/mnt"))) {
        (Ok(own), Ok(other)) => own == other,
        _ => !["/.dockerenv", "/run/.containerenv"].iter().any(|mark| Path::new(mark).exists()),
    }
}

impl Daemon {
    fn read(peer: i32) -> Self {
        let pid = dockerd(peer);
        let arguments = pid.and_then(arguments);
        let file =
            arguments.as_deref().and_then(|words| flag(words, "config-file").pop()).unwrap_or("/etc/docker/daemon.json".into());
        let file = PathBuf::from(file);
        let content = content(&file, pid);
        Self { arguments, file, content }
    }

    fn setting(&self, option: &str, key: &str) -> Result<Setting, Unknown> {
        let flags = self.arguments.as_deref().map(|words| flag(words, option));
        if let Some(values) = flags.as_ref().filter(|values| !values.is_empty()) {
            return Ok(Setting::Flag(values.clone()));
        }
        // The engine does not start with the same setting in both places, so one in the file stands.
        match (&self.content, flags) {
            (Ok(Some(json)), flags) => match (json.get(key), flags) {
                (Some(value), _) => Ok(Setting::File(value.clone())),
                (None, Some(_)) => Ok(Setting::Default),
                (None, None) => Err(no_process()),
            },
            (Ok(None), Some(_)) => Ok(Setting::Default),
            (Ok(None), None) => Err(no_process()),
            (Err(why), _) => Err(why.clone()),
        }
    }
}

fn no_process() -> Unknown {
    Unknown::new(Reason::Permission, "the command line of dockerd could not be read")
}

/// The engine's process: the one behind the socket, or, when systemd holds the socket, the only one of that name.
fn dockerd(peer: i32) -> Option<i32> {
    let is_dockerd = |pid: i32| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim() == "dockerd");
    if is_dockerd(peer) {
        return Some(peer);
    }
    let pids = fs::read_dir("/proc").ok()?.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    let mut found: Vec<i32> = pids.filter(|pid| is_dockerd(*pid)).collect();
    if found.len() == 1 { found.pop() } else { None }
}

fn arguments(pid: i32) -> Option<Vec<String>> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).ok().filter(|bytes| !bytes.is_empty())?;
    Some(
        bytes
            .split(|byte| *byte == 0)
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .filter(|word| !word.is_empty())
            .collect(),
    )
}

/// `daemon.json`; `Ok(None)` when there is none.
fn content(file: &Path, pid: Option<i32>) -> Result<Option<Json>, Unknown> {
    let shown = file.display();
    let text = match fs::read(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(_) => return Err(Unknown::new(Reason::Permission, format!("{shown} cannot be read: run as root"))),
    };
    let changed = fs::metadata(file).and_then(|meta| meta.modified()).ok();
    if let (Some(changed), Some(started)) = (changed, pid.and_then(started))
        && changed > started + Duration::from_secs(1)
    {
        return Err(Unknown::new(Reason::Unproven, format!("{shown} was changed after the engine started")));
    }
    serde_json::from_slice(&text).map(Some).map_err(|_| Unknown::new(Reason::Unsupported, format!("{shown} is no valid JSON")))
}

/// When a process began, from its start time in ticks (100 a second on Linux) since boot.
fn started(pid: i32) -> Option<SystemTime> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let ticks: u64 = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
    let boot = fs::read_to_string("/proc/stat").ok()?;
    let boot: u64 = boot.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    Some(UNIX_EPOCH + Duration::from_secs(boot) + Duration::from_millis(ticks * 10))
}

/// All values of `--option=value` and `--option value`; a bare option is `true`.
fn flag(words: &[String], option: &str) -> Vec<String> {
    let mut values = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let Some(rest) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')).and_then(|word| word.strip_prefix(option))
        else {
            continue;
        };
        match rest.strip_prefix('=') {
            Some(value) => values.push(value.to_owned()),
            None if rest.is_empty() => {
                let next = words.get(at + 1).filter(|next| !next.starts_with('-'));
                values.push(next.cloned().unwrap_or_else(|| "true".to_owned()));
            }
            None => {}
        }
    }
    values
}

/// Owner and mode of the engine's files on this host: path, whether root owns it, whether no bit is set beyond the recommended.
pub(super) fn files(socket: &Path, daemon: &Daemon) -> Vec<(String, bool, bool)> {
    const ROOT: [(&str, u32); 8] = [
        ("/etc/docker", 0o755),
        ("/etc/default/docker", 0o644),
        ("/etc/sysconfig/docker", 0o644),
        ("/lib/systemd/system/docker.service", 0o644),
        ("/lib/systemd/system/docker.socket", 0o644),
        ("/etc/systemd/system/docker.service", 0o644),
        ("/run/containerd/containerd.sock", 0o660),
        ("/etc/docker/certs.d", 0o755),
    ];
    let own = [(socket.to_owned(), 0o660), (daemon.file.clone(), 0o644)];
    let all = own.into_iter().chain(ROOT.iter().map(|(path, mode)| (PathBuf::from(path), *mode)));
    all.filter_map(|(path, recommended)| {
        let meta = fs::metadata(&path).ok()?;
        let mode = meta.mode() & 0o7777;
        let label = format!("{} (uid {}, mode {mode:04o}, at most {recommended:04o})", path.display(), meta.uid());
        Some((label, meta.uid() == 0, mode & !recommended == 0))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn options_are_read_in_all_their_forms() {
        let words = words("dockerd --icc=false --log-opt max-size=1m --log-opt=max-file=2 -H fd:// --live-restore --iptables");
        assert_eq!(flag(&words, "icc"), ["false"]);
        assert_eq!(flag(&words, "log-opt"), ["max-size=1m", "max-file=2"]);
        assert_eq!(flag(&words, "live-restore"), ["true"]);
        assert_eq!(flag(&words, "iptables"), ["true"]);
        assert!(flag(&words, "log").is_empty());
    }

    #[test]
    fn a_default_needs_both_places_seen() {
        let daemon = |arguments: Option<&str>, content| Daemon { arguments: arguments.map(words), file: "/x".into(), content };
        let set = |daemon: &Daemon| match daemon.setting("iptables", "iptables") {
            Ok(Setting::Flag(values)) => values.join(","),
            Ok(Setting::File(value)) => value.to_string(),
            Ok(Setting::Default) => "default".into(),
            Err(why) => why.reason.to_string(),
        };
        assert_eq!(set(&daemon(Some("dockerd"), Ok(None))), "default");
        assert_eq!(set(&daemon(None, Ok(None))), "permission");
        assert_eq!(set(&daemon(None, Ok(Some(serde_json::json!({"iptables": false}))))), "false");
        assert_eq!(set(&daemon(Some("dockerd --iptables=false"), Err(Unknown::from(Reason::Permission)))), "false");
        assert_eq!(set(&daemon(Some("dockerd"), Err(Unknown::from(Reason::Permission)))), "permission");
    }

    #[test]
    fn modes_are_compared_as_bits() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("daemon.json");
        fs::write(&file, "{}").unwrap();
        // 577 is below 644 as a number and yet world-writable is one bit more than recommended.
        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o606)).unwrap();
        let daemon = Daemon { arguments: None, file: file.clone(), content: Ok(None) };
        let found = files(Path::new("/nonexistent"), &daemon);
        assert!(found.iter().any(|(label, _, mode_ok)| label.contains("daemon.json") && !mode_ok), "{found:?}");
    }
}
