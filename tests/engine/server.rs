//! A tiny HTTP server that plays an engine, and short ways to ask it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pacscan::collect::engine::{Limits, collect_within};
use pacscan::collect::{Collected, Context, Selection};
use pacscan::facts::{Document, Groups, Kind};
use pacscan::target::EngineAddress;
use serde_json::{Value as Json, json};

/// What the played engine does with a request.
#[derive(Clone)]
pub enum Reply {
    /// A status and a body.
    Body(u16, Vec<u8>),
    /// Nothing at all, for as long as the client waits.
    Silence,
    /// A body without end.
    Endless,
    /// Half of what was promised, then the end.
    Half(Vec<u8>),
    /// These bytes, whatever they are, then the end.
    Raw(Vec<u8>),
}

impl Reply {
    pub fn json(body: &Json) -> Self {
        Self::Body(200, body.to_string().into_bytes())
    }
    pub fn status(status: u16) -> Self {
        Self::Body(status, br#"{"message":"no"}"#.to_vec())
    }
}

pub type Handler = Arc<dyn Fn(&str) -> Reply + Send + Sync>;

/// A server on a Unix socket in a folder of its own.
pub struct Server {
    pub socket: PathBuf,
    pub requests: Arc<Mutex<Vec<String>>>,
    _folder: tempfile::TempDir,
}

impl Server {
    pub fn start(handler: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("engine.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (handler, log): (Handler, _) = (Arc::new(handler), Arc::clone(&requests));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (handler, log) = (Arc::clone(&handler), Arc::clone(&log));
                std::thread::spawn(move || serve(stream.unwrap(), &handler, &log));
            }
        });
        Self { socket, requests, _folder: folder }
    }

    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// Answers requests on one connection until it ends.
pub fn serve<S: Read + Write>(stream: S, handler: &Handler, log: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let request = line.trim_end().to_owned();
        while reader.read_line(&mut line).is_ok_and(|n| n > 2) {}
        log.lock().unwrap().push(request.clone());
        let path = request.split(' ').nth(1).unwrap_or_default();
        if answer(reader.get_mut(), handler(&unversioned(path))).is_none() {
            return;
        }
    }
}

/// `/v1.41/info` -> `/info`.
pub fn unversioned(path: &str) -> String {
    match path.strip_prefix("/v1.").and_then(|rest| rest.split_once('/')) {
        Some((_, rest)) => format!("/{rest}"),
        None => path.to_owned(),
    }
}

fn answer(stream: &mut impl Write, reply: Reply) -> Option<()> {
    match reply {
        Reply::Body(status, body) => {
            write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n", body.len()).ok()?;
            stream.write_all(&body).ok()?;
            stream.flush().ok()
        }
        Reply::Silence => {
            std::thread::sleep(Duration::from_secs(20));
            None
        }
        Reply::Endless => {
            write!(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").ok()?;
            let chunk = [b"4000\r\n".to_vec(), vec![b' '; 0x4000], b"\r\n".to_vec()].concat();
            while stream.write_all(&chunk).is_ok() {}
            None
        }
        Reply::Half(body) => {
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len() * 2).ok()?;
            stream.write_all(&body).ok()?;
            None
        }
        Reply::Raw(bytes) => {
            stream.write_all(&bytes).ok()?;
            None
        }
    }
}

/// An engine with these containers; `more` answers first.
pub fn engine(containers: Vec<Json>, more: impl Fn(&str) -> Option<Reply> + Send + Sync + 'static) -> Server {
    Server::start(move |path| more(path).or_else(|| usual(path, &containers)).unwrap_or_else(|| Reply::status(404)))
}

fn usual(path: &str, containers: &[Json]) -> Option<Reply> {
    let id = |at: usize| format!("{at:064x}");
    Some(Reply::json(&match path.split('?').next()? {
        "/version" => version(),
        "/info" => info(),
        "/networks" => json!([{"Name": "bridge", "Internal": false, "Options": {"com.docker.network.bridge.enable_icc": "true"}},
                              {"Name": "back", "Internal": true}]),
        "/volumes" => json!({"Volumes": [{"Name": "bound", "Driver": "local", "Mountpoint": "/x", "Labels": {}, "Scope": "local",
                              "Options": {"type": "none", "o": "bind", "device": "/etc"}}], "Warnings": null}),
        "/containers/json" => {
            let entry = |(at, inspect): (usize, &Json)| {
                let name = inspect.get("Name").and_then(Json::as_str).map_or_else(|| format!("/c{at}"), str::to_owned);
                json!({"Id": id(at), "Names": [name], "Labels": inspect.pointer("/Config/Labels")})
            };
            containers.iter().enumerate().map(entry).collect()
        }
        path => {
            let (at, question) = path.strip_prefix("/containers/")?.split_once('/')?;
            let at = usize::from_str_radix(at, 16).ok()?;
            (question == "json").then(|| containers.get(at).cloned())??
        }
    }))
}

pub fn version() -> Json {
    json!({"Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12", "Components": [{"Name": "Engine", "Version": "20.10.24"}]})
}

pub fn info() -> Json {
    json!({"Name": "elsewhere", "Containers": 1, "OperatingSystem": "Debian", "LiveRestoreEnabled": false, "ExperimentalBuild": false,
           "Swarm": {"LocalNodeState": "inactive"}, "LoggingDriver": "json-file", "Plugins": {"Authorization": null}, "Warnings": null,
           "RegistryConfig": {"InsecureRegistryCIDRs": ["127.0.0.0/8"], "IndexConfigs": {}},
           "SecurityOptions": ["name=seccomp,profile=default"]})
}

/// An inspect document as an engine writes it, with `change` laid over it.
pub fn inspect(change: &Json) -> Json {
    let mut base = json!({
        "Name": "/pacs", "Image": format!("sha256:{}", "a".repeat(64)), "Path": "/bin/pacs", "Args": [],
        "AppArmorProfile": "", "ProcessLabel": "", "Mounts": [],
        "State": {"Status": "running", "Running": true},
        "Config": {"Image": "pacs:1", "User": "", "Env": ["PATH=/usr/bin"], "Labels": {}, "Cmd": ["/bin/pacs"], "Entrypoint": null, "Tty": false},
        "HostConfig": {"Memory": 0, "NanoCpus": 0, "CpuQuota": 0, "CpusetCpus": "", "CpuShares": 0, "PidsLimit": null, "Ulimits": null,
            "ReadonlyRootfs": false, "Privileged": false, "CapAdd": null, "CapDrop": null, "SecurityOpt": null, "NetworkMode": "default",
            "PidMode": "", "IpcMode": "private", "UTSMode": "", "UsernsMode": "", "CgroupParent": "", "Devices": [], "PortBindings": {},
            "PublishAllPorts": false, "RestartPolicy": {"Name": "no"}, "LogConfig": {"Type": "json-file", "Config": {}}},
        "NetworkSettings": {"Ports": {}, "Networks": {"bridge": {}}}
    });
    merge(&mut base, change);
    base
}

pub fn merge(base: &mut Json, change: &Json) {
    match (base, change) {
        (Json::Object(base), Json::Object(change)) => {
            for (key, value) in change {
                merge(base.entry(key.clone()).or_insert(Json::Null), value);
            }
        }
        (base, change) => *base = change.clone(),
    }
}

/// Limits that make a test quick.
pub fn quick() -> Limits {
    Limits { timeout: Duration::from_millis(400), json: 1 << 20, ..Limits::default() }
}

/// Collects from a socket.
pub async fn collect(socket: &Path) -> Collected {
    collect_from(&EngineAddress::Unix(socket.to_owned()), &BTreeMap::new(), &Selection::default(), quick()).await
}

pub async fn collect_from(
    address: &EngineAddress,
    environment: &BTreeMap<String, String>,
    selection: &Selection,
    limits: Limits,
) -> Collected {
    let mut groups = Groups::default();
    let mut context = Context { environment, groups: &mut groups, progress: &|_| {} };
    collect_within(address, "docker:", selection, &mut context, limits).await
}

pub fn find<'c>(collected: &'c Collected, kind: Kind, name: &str) -> &'c Document {
    let found = collected.documents.iter().find(|document| document.kind == kind && &*document.name == name);
    found.unwrap_or_else(|| panic!("no {kind} {name}: {:?}", collected.errors))
}

pub fn only(collected: &Collected, kind: Kind) -> &Document {
    let mut found = collected.documents.iter().filter(|document| document.kind == kind);
    let first = found.next().unwrap_or_else(|| panic!("no {kind}: {:?}", collected.errors));
    assert!(found.next().is_none(), "more than one {kind}");
    first
}

/// A tar with one entry, as the archive API answers.
pub fn tar(name: &str, content: Result<&str, &str>) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    match content {
        Ok(text) => {
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            builder.append_data(&mut header, name, text.as_bytes()).unwrap();
        }
        Err(target) => {
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_size(0);
            builder.append_link(&mut header, name, target).unwrap();
        }
    }
    builder.into_inner().unwrap()
}
