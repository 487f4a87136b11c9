//! Mounts: engine sockets, sensitive host paths, source code, `.env` files.

use super::privileges::record_mut;
use crate::facts::{Document, Fact, Record, State, Unknown};

/// File names of the sockets of container engines.
const SOCKETS: [&str; 9] = [
    "docker.sock",
    "docker-engine.sock",
    "containerd.sock",
    "podman.sock",
    "crio.sock",
    "cri-dockerd.sock",
    "dockershim.sock",
    "buildkitd.sock",
    "balena-engine.sock",
];
/// Folders that hold one.
const SOCKET_FOLDERS: [&str; 8] =
    ["/", "/run", "/var/run", "/run/docker", "/run/containerd", "/run/podman", "/run/crio", "/run/user"];
/// Sensitive with all that lies below.
const SENSITIVE_BELOW: [&str; 19] = [
    "/etc",
    "/root",
    "/home",
    "/boot",
    "/dev",
    "/proc",
    "/sys",
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/bin",
    "/sbin",
    "/run",
    "/var/run",
    "/var/lib/docker",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/kubelet",
];
/// Sensitive themselves; data of single services lies below.
const SENSITIVE_SELF: [&str; 6] = ["/", "/var", "/var/lib", "/var/log", "/var/spool", "/var/cache"];
/// Harmless when read-only.
const HARMLESS: [&str; 9] = [
    "/etc/localtime",
    "/etc/timezone",
    "/usr/share/zoneinfo",
    "/etc/ssl/certs",
    "/etc/ca-certificates",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/etc/pki/ca-trust",
    "/etc/pki/tls/certs",
];
const CODE_ROOTS: [&str; 8] = ["/app", "/src", "/code", "/usr/src", "/workspace", "/opt/app", "/srv/app", "/var/www"];
const CODE_NAMES: [&str; 12] =
    ["src", "app", "backend", "frontend", "api", "server", "code", "source", "client", "web", "lib", "scripts"];
const DATA_NAMES: [&str; 34] = [
    "data",
    "models",
    "model",
    "weights",
    "uploads",
    "upload",
    "logs",
    "log",
    "config",
    "configs",
    "conf",
    "conf.d",
    "certs",
    "ssl",
    "tls",
    "secrets",
    "storage",
    "cache",
    "output",
    "outputs",
    "input",
    "inputs",
    "results",
    "media",
    "tmp",
    "db",
    "backup",
    "backups",
    "datasets",
    "dataset",
    "dicom",
    "images",
    "checkpoints",
    "runtime",
];
const CODE_ENDINGS: [&str; 9] = [".py", ".js", ".ts", ".tsx", ".jsx", ".php", ".rb", ".go", ".java"];

/// Writes the derived facts of every mount.
pub(super) fn derive(document: &mut Document) {
    let Some(list) = document.facts.list_mut("mounts") else { return };
    for mount in list.items.iter_mut().filter_map(record_mut) {
        let paths = sources(mount);
        let hidden = hidden_device(mount);
        let read_only = mount.bool("read_only").unwrap_or(false);
        let excused = mount.bool("in_project") == Some(true);
        let sensitive = paths.iter().enumerate().any(|(i, path)| {
            // A link out of the project's folder is judged by where it leads.
            let inside = excused && (i == 0 || paths.len() == 1 || paths[i] == paths[0]);
            !inside && is_sensitive(path, read_only)
        });
        mount.put("engine_socket", unless_hidden(paths.iter().any(|path| holds_socket(path)), hidden.as_ref()));
        mount.put("sensitive", unless_hidden(sensitive, hidden.as_ref()));
        mount.set_here("source_code", is_source_code(mount, excused));
        mount.set_here("env_file", paths.iter().any(|path| is_env_file(path)));
        let shared = match mount.get("propagation").text() {
            Some(propagation) => Fact::known(matches!(propagation, "shared" | "rshared")),
            None => mount.get("propagation").clone(),
        };
        mount.put("shared", shared);
        mount.set_here("label", label(mount));
    }
}

/// Host paths behind a mount: as written, then with links followed, then a volume's device.
fn sources(mount: &Record) -> Vec<String> {
    let mut paths = Vec::new();
    if matches!(mount.text("kind"), Some("bind" | "secret" | "config" | "npipe")) {
        paths.extend(mount.text("source").map(normal));
    }
    paths.extend(mount.text("resolved").map(normal));
    paths.extend(mount.text("device").map(normal));
    paths
}

/// A volume may bind any path of the host; one whose options were not seen shows nothing of it.
fn hidden_device(mount: &Record) -> Option<Unknown> {
    match &mount.get("device").state {
        State::Unknown(why) if mount.text("kind") == Some("volume") => Some(match why.detail {
            Some(_) => why.clone(),
            None => Unknown::new(why.reason, "the options of a volume were not seen"),
        }),
        _ => None,
    }
}

/// What was found is found; "nothing found" needs to have seen everything.
fn unless_hidden(found: bool, hidden: Option<&Unknown>) -> Fact {
    match hidden {
        Some(why) if !found => Fact::unknown(why.clone()),
        _ => Fact::known(found),
    }
}

/// Without `.`, `..`, double and trailing slashes; `~` is a home.
fn normal(path: &str) -> String {
    let path = path.strip_prefix('~').map_or_else(|| path.to_owned(), |rest| format!("/home/{}", rest.trim_start_matches('/')));
    if !path.starts_with('/') {
        return path;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
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

fn within(path: &str, folder: &str) -> bool {
    path == folder || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

fn holds_socket(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or("");
    SOCKETS.contains(&file) || SOCKET_FOLDERS.contains(&path) || (within(path, "/run/user") && path.matches('/').count() <= 3)
}

fn is_sensitive(path: &str, read_only: bool) -> bool {
    if read_only && HARMLESS.iter().any(|harmless| within(path, harmless)) {
        return false;
    }
    SENSITIVE_SELF.contains(&path) || SENSITIVE_BELOW.iter().any(|folder| within(path, folder))
}

/// A bind of the project's own folder or of a folder of code onto a place where programs lie.
fn is_source_code(mount: &Record, in_project: bool) -> bool {
    if mount.text("kind") != Some("bind") {
        return false;
    }
    let (source, target) = (mount.text("source").unwrap_or(""), mount.text("target").unwrap_or(""));
    let last = |path: &str| path.trim_end_matches('/').rsplit('/').next().unwrap_or("").to_ascii_lowercase();
    let (source_name, target_name) = (last(source), last(target));
    if DATA_NAMES.contains(&target_name.as_str()) || DATA_NAMES.contains(&source_name.as_str()) {
        return false;
    }
    // `../src:/etc/orthanc/plugins`: a folder of that name is code wherever it goes; /usr/src is the host's own.
    if source_name == "src" && !within(source, "/usr") {
        return true;
    }
    if within(target, "/etc") {
        return false;
    }
    if is_env_file(source) {
        return false;
    }
    let file = source_name.rsplit_once('.').is_some_and(|(stem, _)| !stem.is_empty());
    if file {
        return CODE_ENDINGS.iter().any(|ending| source_name.ends_with(ending));
    }
    let code_root = CODE_ROOTS.iter().any(|root| within(target, root));
    code_root || (in_project && CODE_NAMES.contains(&source_name.as_str()) && !within(target, "/usr/share"))
}

fn is_env_file(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or("");
    let template = ["example", "sample", "template", "dist"].iter().any(|word| file.contains(word));
    !template && (file == ".env" || file.starts_with(".env.") || file.ends_with(".env"))
}

fn label(mount: &Record) -> String {
    let source = mount.text("source").or(mount.text("kind")).unwrap_or("?");
    let resolved = mount.text("resolved").or(mount.text("device")).filter(|path| *path != source);
    let arrow = resolved.map(|path| format!(" (= {path})")).unwrap_or_default();
    let mode = if mount.bool("read_only") == Some(true) { " (read-only)" } else { "" };
    format!("{source}{arrow} -> {}{mode}", mount.text("target").unwrap_or("?"))
}
