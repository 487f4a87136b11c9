//! Answers recorded from a real Docker Engine 20.10.24: four containers whose flags are known.

use std::collections::BTreeMap;

use pacscan::facts::{Kind, Reason, State};
use serde_json::Value as Json;

use super::server::{Reply, Server, collect, find, only, unversioned};

fn replay() -> Server {
    replay_of(include_str!("../fixtures/engine/docker-20.10.json"))
}

/// Plays the answers of a file.
fn replay_of(text: &str) -> Server {
    let recorded: BTreeMap<String, Json> = serde_json::from_str(text).unwrap();
    Server::start(move |path| match recorded.get(&unversioned(path)).or_else(|| other_columns(&recorded, path)) {
        None => Reply::status(404),
        Some(answer) => {
            let status = u16::try_from(answer["status"].as_u64().unwrap()).unwrap();
            let body = match answer.get("json") {
                Some(json) => json.to_string().into_bytes(),
                None => base64(answer["base64"].as_str().unwrap()),
            };
            Reply::Body(status, body)
        }
    })
}

/// The process list was recorded with fewer columns than are asked for today.
fn other_columns<'r>(recorded: &'r BTreeMap<String, Json>, path: &str) -> Option<&'r Json> {
    let (asked, _) = path.split_once("/top?")?;
    recorded.iter().find(|(path, _)| path.starts_with(&format!("{asked}/top?"))).map(|(_, answer)| answer)
}

fn base64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for digit in text.bytes().filter_map(|byte| DIGITS.iter().position(|digit| *digit == byte)) {
        bits = bits << 6 | u32::try_from(digit).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hardened_container_is_read_as_it_was_started() {
    let server = replay();
    let collected = collect(&server.socket).await;
    assert!(collected.errors.is_empty(), "{:?}", collected.errors);
    let document = find(&collected, Kind::Container, "rec-hardened");
    assert_eq!((document.project.as_deref(), document.service.as_deref()), (Some("clinic"), Some("pacs")));
    let facts = &document.facts;
    assert_eq!((facts.bool("running"), facts.bool("read_only"), facts.bool("privileged")), (Some(true), Some(true), Some(false)));
    assert_eq!(
        (facts.int("memory_limit"), facts.int("nano_cpus"), facts.int("pids_limit")),
        (Some(64 << 20), Some(500_000_000), Some(20))
    );
    assert_eq!(facts.text("user.spec"), Some("app"));
    assert!(facts.list("passwd").unwrap().records().any(|user| user.text("name") == Some("app")));
    assert_eq!(facts.get("cap_drop").to_string(), "ALL");
    assert_eq!(facts.get("security_opt").to_string(), "no-new-privileges:true");
    assert_eq!(facts.get("tmpfs").to_string(), "/tmp");
    assert_eq!(
        (facts.text("restart"), facts.text("log.driver"), facts.text("log.max_size")),
        (Some("unless-stopped"), Some("json-file"), Some("1m"))
    );
    assert_eq!(facts.get("ulimits").to_string(), "hard=128 name=nofile soft=64");
    assert_eq!(facts.get("networks").to_string(), "internal=true name=rec-back");
    assert_eq!(facts.get("processes").to_string(), "sleep");
    assert_eq!((facts.bool("health.defined"), facts.bool("health.tool_found")), (Some(true), Some(true)));
    let file = facts.list("env").unwrap().records().find(|e| e.text("name") == Some("DB_PASSWORD_FILE")).unwrap();
    assert_eq!(file.text("class"), Some("file"));
    assert_eq!(only_image(&collected, "pacscan-m/user-app:1").text("user.spec"), Some("app"));
}

fn only_image<'c>(collected: &'c pacscan::collect::Collected, name: &str) -> &'c pacscan::facts::Record {
    &find(collected, Kind::Image, name).facts
}

#[tokio::test(flavor = "multi_thread")]
async fn the_open_and_the_stopped_containers_are_read_as_they_were_started() {
    let server = replay();
    let collected = collect(&server.socket).await;
    let open = &find(&collected, Kind::Container, "rec-open").facts;
    let ports = open.list("ports").unwrap().records();
    let ports: Vec<_> = ports.map(|p| format!("{}:{}", p.text("address").unwrap(), p.int("host_port").unwrap())).collect();
    assert!(ports.contains(&"127.0.0.1:28991".to_owned()) && ports.contains(&"0.0.0.0:28992".to_owned()), "{ports:?}");
    let device = open.list("mounts").unwrap().records().find(|m| m.text("source") == Some("rec-bound")).unwrap();
    assert_eq!((device.text("device"), device.bool("read_only")), (Some("/etc"), Some(true)));
    assert_eq!((open.text("pid_mode"), open.text("log.driver")), (Some("host"), Some("local")));
    assert_eq!(open.get("cap_add").to_string(), "SYS_ADMIN");

    let created = &find(&collected, Kind::Container, "rec-created").facts;
    assert_eq!(
        (created.text("state"), created.bool("privileged"), created.bool("running")),
        (Some("created"), Some(true), Some(false))
    );
    assert_eq!(
        (created.text("network_mode"), created.text("uts_mode"), created.text("ipc_mode")),
        (Some("host"), Some("host"), Some("host"))
    );
    assert_eq!(created.list("ports").map(|ports| ports.items.len()), Some(0));
    for path in ["processes", "health.status", "log_credentials", "mac_profile"] {
        assert!(matches!(&created.get(path).state, State::Unknown(why) if why.reason == Reason::UnknownFact), "{path}");
    }
    let exited = &find(&collected, Kind::Container, "rec-exited").facts;
    let port = exited.list("ports").unwrap().records().next().unwrap();
    assert_eq!(
        (port.int("container_port"), port.get("host_port").is_absent(), port.text("address")),
        (Some(8042), true, Some(""))
    );
    assert_eq!(exited.get("security_opt").to_string(), "seccomp=unconfined");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_engine_is_read_and_runs_agree() {
    let server = replay();
    let (first, second) = (collect(&server.socket).await, collect(&server.socket).await);
    let text = |collected: &pacscan::collect::Collected| serde_json::to_string(&collected.documents).unwrap();
    assert_eq!(text(&first), text(&second));
    assert!(!text(&first).contains("Kanarie"));
    let engine = &only(&first, Kind::Engine).facts;
    assert_eq!((engine.text("version"), engine.text("api_version")), (Some("20.10.24+dfsg1"), Some("1.41")));
    assert_eq!(
        (engine.text("seccomp"), engine.bool("icc"), engine.text("swarm")),
        (Some("default"), Some(true), Some("inactive"))
    );
    assert_eq!(engine.list("insecure_registries").map(|list| list.items.len()), Some(0));
    assert!(matches!(&engine.get("userland_proxy").state, State::Unknown(why) if why.reason == Reason::NoTarget));
    let asked = server.requests().len() / 2;
    assert!(asked <= 4 * 8 + 5, "{asked} requests for four containers");
}

/// Debian's Orthanc: `/etc/orthanc` bound, with two configuration files, a link and two keys; a secret; `/tmp` in memory.
#[tokio::test(flavor = "multi_thread")]
async fn an_orthanc_is_read_as_it_runs() {
    let server = replay_of(include_str!("../fixtures/engine/orthanc-1.10.1.json"));
    let collected = collect(&server.socket).await;
    assert!(collected.errors.is_empty(), "{:?}", collected.errors);
    let document = only(&collected, Kind::Orthanc);
    assert_eq!(
        (&*document.name, document.project.as_deref(), document.service.as_deref()),
        ("rec-orthanc", Some("clinic"), Some("pacs"))
    );
    let facts = &document.facts;
    assert_eq!((facts.text("version"), facts.text("package")), (Some("1.10.1"), Some("1.10.1+dfsg-2+deb12u1")));
    assert_eq!((facts.bool("loads"), facts.text("assembly")), (Some(true), Some("core")));
    let set = ["RemoteAccessAllowed", "ExecuteLuaEnabled", "DicomAlwaysAllowStore"].map(|key| facts.bool(&format!("set.{key}")));
    assert_eq!(set, [Some(true), Some(true), Some(false)]);
    assert_eq!(facts.text("set.DicomAet"), Some("RECORDED"));
    assert!(facts.get("set.AuthenticationEnabled").is_absent());
    assert_eq!(facts.list("users").map(|users| users.items.len()), Some(1));
    let said =
        ["authentication", "https", "remote_access", "lua", "rest_write", "insecure"].map(|f| facts.bool(&format!("said.{f}")));
    assert_eq!(said, [Some(true), Some(false), Some(true), Some(true), Some(false), Some(true)]);
    assert!(facts.get("said.dicom_tls").is_absent(), "the log's usual level does not tell");
    let text = serde_json::to_string(&collected.documents).unwrap();
    for secret in ["tundra", "zdW8", "PRIVATE", "TUlJRXZ3"] {
        assert!(!text.contains(secret), "{secret}");
    }
}
