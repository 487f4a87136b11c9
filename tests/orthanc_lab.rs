//! Effective configuration against reality: what pacscan says about each Orthanc of `tests/lab/orthanc.yaml`, and what that
//! server then does.
//!
//! Only with `PACSCAN_LAB=1`; `tests/lab/orthanc up` makes the containers.
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a test")]

#[path = "orthanc_lab/server.rs"]
mod server;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use pacscan::derive::derive;
use pacscan::facts::{Document, Fact, Kind, List, Reason, Record, Snapshot, State};
use serde::Deserialize;
use serde_json::Value as Json;
use server::{Answer, Server, request};

/// One container of the lab; the other fields are for the script.
#[derive(Deserialize)]
struct Entry {
    name: String,
    /// Names and passwords to try.
    #[serde(default)]
    logins: Vec<(String, String)>,
    /// Whether the server comes up at all.
    #[serde(default = "yes")]
    starts: bool,
    /// Whether pacscan can see the configuration; where it cannot, it may only say that it does not know.
    #[serde(default = "yes")]
    seen: bool,
    /// Whether other builds refuse the configuration.
    #[serde(default)]
    doubtful: bool,
    #[serde(default)]
    after: Option<String>,
}

fn yes() -> bool {
    true
}

/// Stands for six facts: whether any of them is true.
const ANY_ALLOWED: &str = "dicom_always_allow_*";

/// A fact that the server's behaviour decides.
type Truth = (&'static str, Json);

#[test]
fn the_effective_configuration_is_what_the_server_does() {
    if std::env::var("PACSCAN_LAB").is_ok_and(|value| value == "1") {
        compare();
    } else {
        println!("not run: set PACSCAN_LAB=1 (tests/run does, with an engine)");
    }
}

fn compare() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries: Vec<Entry> =
        serde_saphyr::from_str(&std::fs::read_to_string(root.join("tests/lab/orthanc.yaml")).unwrap()).unwrap();
    let snapshot = audited();
    let (with_log, documents) = (derived(&snapshot), derived(&without_log(snapshot)));
    let (mut truths, mut wrong) = (0, Vec::new());
    for entry in &entries {
        let name = format!("pacscan-o-{}", entry.name);
        let server = Server::of(&name).unwrap_or_else(|| panic!("{name} does not exist: run tests/lab/orthanc up"));
        let stopped = entry.after.as_deref() == Some("stop");
        assert_eq!(server.running, entry.starts && !stopped, "{name}: {}", server.log);
        let named = |documents: &[Document]| documents.iter().find(|document| *document.name == *name).map(|d| d.facts.clone());
        let (Some(facts), Some(all)) = (named(&documents), named(&with_log)) else {
            wrong.push(format!("{name}: pacscan sees no Orthanc"));
            continue;
        };
        let behaviour = if server.running { behaviour(&server, entry) } else { Vec::new() };
        truths += 2 * behaviour.len();
        let mut note = |how: &str, text: String| wrong.push(format!("{name} ({how}): {text}"));
        contradictions(entry, &facts, &behaviour).for_each(|text| note("files alone", text));
        contradictions(entry, &all, &behaviour).for_each(|text| note("with the log", text));
        if server.running {
            said(&server, &all).for_each(|text| note("log", text));
        } else if all.bool("said.lua").is_some() || all.bool("said.remote_access").is_some() {
            note("log", "it does not run, so its log says nothing about it".into());
        }
        let loads = facts.bool("loads");
        if entry.seen && loads != Some(entry.starts) && !(entry.doubtful && loads.is_none()) {
            note("files alone", format!("starts {}, pacscan: loads = {}", entry.starts, facts.get("loads")));
        }
    }
    assert!(entries.len() >= 20);
    assert!(wrong.is_empty(), "{} of {truths} truths:\n{}", wrong.len(), wrong.join("\n"));
    eprintln!("{} Orthancs, {truths} truths, all right", entries.len());
}

/// What pacscan collects about the lab.
fn audited() -> Snapshot {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lab.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_pacscan"));
    command.args(["collect", "docker:", "--label", "pacscan.lab=orthanc", "--quiet", "--output"]).arg(&path);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(&path).unwrap();
    for secret in ["mauve", "abcdefgh", "hinge"] {
        assert!(!text.contains(secret), "a password is in the snapshot");
    }
    Snapshot::from_json(&text).unwrap()
}

/// The log is of the same server that is asked: without it only the configuration speaks.
fn without_log(mut snapshot: Snapshot) -> Snapshot {
    for document in snapshot.documents.iter_mut().filter(|document| document.kind == Kind::Orthanc) {
        for fact in ["authentication", "https", "remote_access", "lua", "rest_write", "dicom_tls", "insecure"] {
            document.facts.unknown(&format!("said.{fact}"), Reason::NotProbed);
        }
    }
    snapshot
}

/// The Orthancs with derived facts.
fn derived(snapshot: &Snapshot) -> Vec<Document> {
    let mut documents = derive(snapshot, snapshot.collected_at).documents;
    documents.retain(|document| document.kind == Kind::Orthanc);
    documents
}

/// Known facts must agree; where the configuration can be seen, they must be known.
fn contradictions<'a>(entry: &'a Entry, facts: &'a Record, truths: &'a [Truth]) -> impl Iterator<Item = String> + 'a {
    truths.iter().filter_map(move |(path, truth)| {
        let fact = if *path == ANY_ALLOWED { any_allowed(facts) } else { facts.get(path).clone() };
        let says = match (&fact.state, truth) {
            (State::Known(_), Json::Bool(truth)) => fact.bool() == Some(*truth),
            (State::Known(_), Json::Number(truth)) => fact.int() == truth.as_i64(),
            (State::Known(_), Json::String(truth)) => fact.text() == Some(truth),
            (State::Known(_), Json::Array(truth)) => names(facts, path) == truth.iter().filter_map(Json::as_str).collect(),
            _ => !entry.seen,
        };
        (!says).then(|| format!("{path}: the server says {truth}, pacscan {fact}"))
    })
}

fn any_allowed(facts: &Record) -> Fact {
    let flags =
        ["echo", "store", "find", "find_worklist", "get", "move"].map(|flag| facts.get(&format!("dicom_always_allow_{flag}")));
    if flags.iter().any(|flag| flag.bool() == Some(true)) {
        return Fact::known(true);
    }
    let unknown = flags.into_iter().find(|flag| flag.bool().is_none());
    unknown.cloned().unwrap_or_else(|| Fact::known(false))
}

fn names<'f>(facts: &'f Record, path: &str) -> BTreeSet<&'f str> {
    facts.list(path).into_iter().flat_map(List::records).filter_map(|record| record.text("name")).collect()
}

/// The log's words, seen by another eye than pacscan's.
fn said<'a>(server: &'a Server, facts: &'a Record) -> impl Iterator<Item = String> + 'a {
    let pairs = [
        ("said.remote_access", "remote access is allowed)", "remote access is not allowed)"),
        ("said.https", "HTTPS encryption is enabled", "HTTPS encryption is disabled"),
        ("said.lua", "LUA script execution is enabled", "LUA script execution is disabled"),
        ("said.rest_write", "Rest API can write", "Rest API can not write"),
        ("said.dicom_tls", "SCP will use DICOM TLS", "SCP will *not* use DICOM TLS"),
        ("said.authentication", "enabling HTTP authentication", "authentication is explicitly disabled"),
    ];
    pairs.into_iter().filter_map(|(path, yes, no)| {
        let truth = if server.said(yes) { Some(true) } else { server.said(no).then_some(false) };
        let fact = facts.get(path);
        // A server that never came up may still have said something; one that said nothing is not asked.
        let agrees = match truth {
            Some(truth) => fact.bool() == Some(truth),
            None => path == "said.authentication" || fact.is_absent() || !server.said("Orthanc has started"),
        };
        (!agrees).then(|| format!("{path}: the log says {truth:?}, pacscan {fact}"))
    })
}

/// What the server does when it is asked.
fn behaviour(server: &Server, entry: &Entry) -> Vec<Truth> {
    let http = server.port("HTTP server listening on port: ");
    let mut truths: Vec<Truth> = vec![("http_server_enabled", http.is_some().into())];
    if let Some(port) = http {
        web(server, entry, port, &mut truths);
    }
    dicom(server, &mut truths);
    truths
}

fn web(server: &Server, entry: &Entry, port: u16, truths: &mut Vec<Truth>) {
    let outside = server.ask_from_outside(port);
    let mut tries = vec![request("GET", "/system", None), request("GET", "/system", Some(("orthanc", "orthanc")))];
    tries.extend(entry.logins.iter().map(|(name, password)| request("GET", "/system", Some((name, password)))));
    let answers = server.ask_inside(port, &tries);
    let (anonymous, default, logins) = (answers[0].0, answers[1].0, &answers[2..]);
    assert!(matches!(outside, 200 | 401) && matches!(anonymous, 200 | 401), "{}: {outside} {anonymous}", server.name);
    let authentication = anonymous == 401;
    let remote = server.said("remote access is allowed)");
    assert_eq!(outside == 200, remote && !authentication, "{}: the log and the door disagree", server.name);
    truths.extend([("http_port", port.into()), ("remote_access_allowed", remote.into())]);
    truths.push(("authentication_enabled", authentication.into()));
    let declared = entry.logins.iter().any(|(name, _)| name == "orthanc") && !server.said("Creating a default user");
    let created = authentication && default == 200 && !declared;
    truths.push(("creates_default_user", created.into()));
    let open = entry.logins.iter().zip(logins).filter(|(_, answer)| answer.0 == 200).map(|(login, _)| login);
    let open: Vec<&(String, String)> = open.filter(|_| authentication).collect();
    let users: Vec<&str> = open.iter().map(|(name, _)| name.as_str()).filter(|name| !(created && *name == "orthanc")).collect();
    if !users.is_empty() {
        truths.push(("users", Json::from(users)));
    }
    let key = match (authentication, open.first()) {
        (false, _) => None,
        (true, Some((name, password))) => Some((name.as_str(), password.as_str())),
        (true, None) => return,
    };
    let asked = [
        ("GET", "/system"),
        ("GET", "/modalities?expand"),
        ("POST", "/tools/execute-script"),
        ("OPTIONS", "/webdav/"),
        ("GET", "/no-such-thing"),
    ];
    let answers = server.ask_inside(port, &asked.map(|(method, path)| request(method, path, key)));
    let json = |answer: &Answer| {
        serde_json::from_str::<Json>(&answer.1).unwrap_or_else(|e| panic!("{}: {e}: {}", server.name, answer.1))
    };
    let system = json(&answers[0]);
    truths.push(("version", system["Version"].clone()));
    if !server.said("DICOM server listening") {
        truths.extend([("dicom_aet", system["DicomAet"].clone()), ("dicom_port", system["DicomPort"].clone())]);
    }
    let modalities = json(&answers[1]);
    truths.push(("modalities", modalities.as_object().unwrap().keys().cloned().collect()));
    truths.push(("execute_lua_enabled", (answers[2].0 == 200).into()));
    truths.push(("web_dav_enabled", (answers[3].0 == 200).into()));
    truths.push(("http_describe_errors", answers[4].1.contains("HttpError").into()));
}

fn dicom(server: &Server, truths: &mut Vec<Truth>) {
    let port = server.port("DICOM server listening with AET ").or(Some(4242));
    let named = server.log.split_once("DICOM server listening with AET ").and_then(|(_, rest)| {
        let (title, rest) = rest.split_once(" on port: ")?;
        Some((title.to_owned(), rest.lines().next()?.trim().parse::<u16>().ok()?))
    });
    truths.push(("dicom_server_enabled", named.is_some().into()));
    let Some((title, port)) = named else {
        assert!(port.is_none_or(|port| !server.listens(port)), "{}: it listens all the same", server.name);
        return;
    };
    truths.extend([("dicom_aet", title.clone().into()), ("dicom_port", port.into())]);
    let (known, class) = server.associate(port, &title);
    let tls = server.said("SCP will use DICOM TLS");
    truths.push(("dicom_tls_enabled", tls.into()));
    // With all six off, and only then, a modality that nobody knows is turned away.
    if !tls {
        truths.push((ANY_ALLOWED, known.into()));
    }
    if known {
        truths.push(("unknown_sop_class_accepted", class.into()));
        truths.push(("dicom_check_called_aet", (!server.associate(port, "SOMEBODY").0).into()));
    }
}
