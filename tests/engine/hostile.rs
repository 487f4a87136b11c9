//! Engines that refuse, are slow, lie or break off: bounded time and memory, and a reason for every fact.

use std::time::{Duration, Instant};

use pacscan::collect::Selection;
use pacscan::facts::{Kind, Reason, State};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::server::{Reply, Server, collect, collect_from, engine, find, inspect, only, quick, version};

fn reason(state: &State) -> Option<Reason> {
    match state {
        State::Unknown(unknown) => Some(unknown.reason),
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_cannot_be_asked_is_unreachable_with_advice() {
    let folder = tempfile::tempdir().unwrap();
    let stopped = folder.path().join("stopped.sock");
    drop(std::os::unix::net::UnixListener::bind(&stopped).unwrap());
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    for (path, wanted, advice) in [
        (folder.path().join("missing.sock"), Reason::Unreachable, "there is no socket"),
        (stopped, Reason::Unreachable, "the engine is stopped"),
        (file, Reason::Unreachable, "is no socket"),
        (folder.path().to_owned(), Reason::Unreachable, "is no socket"),
    ] {
        let collected = collect(&path).await;
        assert_eq!(collected.unreachable, Some(wanted));
        assert!(collected.errors[0].message.contains(advice), "{}", collected.errors[0].message);
        assert!(collected.documents.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_no_answers_are_unreachable_in_bounded_time() {
    for (reply, wanted) in [
        (Reply::status(403), Reason::Refused),
        (Reply::status(500), Reason::Refused),
        (Reply::Silence, Reason::Timeout),
        (Reply::Endless, Reason::Unsupported),
        (Reply::Half(b"{\"Version\":".to_vec()), Reason::Unsupported),
        (Reply::Body(200, b"<html>".to_vec()), Reason::Unsupported),
        (Reply::Body(301, b"".to_vec()), Reason::Refused),
        (Reply::Raw(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()), Reason::Unsupported),
        (Reply::Raw(Vec::new()), Reason::Unreachable),
    ] {
        for place in ["/version", "/containers/json?all=1"] {
            let at = reply.clone();
            let server = engine(vec![inspect(&json!({}))], move |path| (path == place).then(|| at.clone()));
            let started = Instant::now();
            let collected = collect(&server.socket).await;
            assert!(started.elapsed() < Duration::from_secs(4), "{place}: {:?}", started.elapsed());
            let got = collected.unreachable.unwrap_or_else(|| panic!("{place}: wanted {wanted}, got documents"));
            // Whether a broken stream shows as unreadable or as time run out depends on when it breaks.
            assert!(got == wanted || matches!(got, Reason::Unsupported | Reason::Timeout), "{place}: {got}, not {wanted}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_unknown_and_said_and_the_rest_is_known() {
    for place in ["top", "logs", "archive", "/images", "/info", "/networks", "/volumes"] {
        let change = json!({"Config": {"User": "orthanc"}, "Mounts": [{"Type": "volume", "Name": "bound", "Destination": "/d", "RW": true, "Driver": "local"}]});
        let server = engine(vec![inspect(&change)], move |path| path.contains(place).then(|| Reply::status(403)));
        let collected = collect(&server.socket).await;
        assert_eq!(collected.unreachable, None);
        let (container, engine) = (only(&collected, Kind::Container), only(&collected, Kind::Engine));
        assert_eq!(container.facts.bool("privileged"), Some(false));
        let refused = match place {
            "top" => container.facts.get("processes"),
            "logs" => container.facts.get("log_credentials"),
            "archive" => container.facts.get("passwd"),
            "/images" => only(&collected, Kind::Image).facts.get("user.spec"),
            "/info" => engine.facts.get("seccomp"),
            "/networks" => engine.facts.get("icc"),
            _ => container.facts.list("mounts").unwrap().records().next().unwrap().get("device"),
        };
        assert_eq!(reason(&refused.state), Some(Reason::Refused), "{place}: {refused:?}");
        assert!(collected.errors.iter().any(|error| error.message.contains("403")), "{place}: {:?}", collected.errors);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inspect_that_fails_leaves_a_container_of_unknowns_and_one_that_vanished_is_said() {
    let all = (0..3).map(|at| inspect(&json!({"Name": format!("/c{at}")}))).collect();
    let server = engine(all, |path| match path {
        _ if path.ends_with("1/json") => Some(Reply::status(500)),
        _ if path.ends_with("2/json") => Some(Reply::status(404)),
        _ => None,
    });
    let collected = collect(&server.socket).await;
    assert_eq!(reason(&find(&collected, Kind::Container, "c1").facts.get("privileged").state), Some(Reason::Refused));
    assert_eq!(reason(&find(&collected, Kind::Container, "c1").facts.get("image.reference").state), Some(Reason::Refused));
    assert_eq!(collected.documents.iter().filter(|document| document.kind == Kind::Container).count(), 2);
    assert!(collected.errors.iter().any(|error| error.message.contains("c2 was removed")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_stops_answering_costs_seconds_not_hours() {
    let all = (0..200).map(|at| inspect(&json!({"Name": format!("/c{at}")}))).collect();
    let server = engine(all, |path| (path.ends_with("/json") && path.starts_with("/containers/0")).then_some(Reply::Silence));
    let started = Instant::now();
    let collected = collect(&server.socket).await;
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    let containers = collected.documents.iter().filter(|document| document.kind == Kind::Container);
    assert!(
        containers.clone().count() == 200
            && containers.clone().all(|c| reason(&c.facts.get("state").state) == Some(Reason::Timeout))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn endless_files_and_logs_are_cut() {
    let server = engine(vec![inspect(&json!({"Config": {"User": "orthanc"}}))], |path| {
        (path.contains("/logs") || path.contains("/archive")).then_some(Reply::Endless)
    });
    let collected = collect(&server.socket).await;
    let container = only(&collected, Kind::Container);
    assert_eq!(reason(&container.facts.get("passwd").state), Some(Reason::Unsupported));
    assert!(container.facts.list("log_credentials").is_some(), "the start of an endless log is still its start");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_get_is_ever_sent() {
    let change = json!({"Config": {"User": "orthanc", "Healthcheck": {"Test": ["CMD", "curl"]}}});
    let server = engine(vec![inspect(&change)], |_| None);
    collect(&server.socket).await;
    let requests = server.requests();
    assert!(requests.len() > 8, "{requests:?}");
    assert!(requests.iter().all(|request| request.starts_with("GET /")), "{requests:?}");
    let pinned = requests.iter().filter(|request| !request.starts_with("GET /version ")).all(|r| r.starts_with("GET /v1.41/"));
    assert!(pinned, "{requests:?}");
}

fn arbitrary_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        "[ -~]{0,12}".prop_map(Json::from),
        Just(json!("8042/tcp")),
        Just(json!("container:x")),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map("[A-Za-z/:=]{0,8}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

const PLACES: [&str; 28] = [
    "",
    "/Name",
    "/Image",
    "/Path",
    "/Args",
    "/Mounts",
    "/State",
    "/State/Status",
    "/State/Running",
    "/State/Health",
    "/Config",
    "/Config/Image",
    "/Config/User",
    "/Config/Env",
    "/Config/Labels",
    "/Config/Cmd",
    "/Config/Entrypoint",
    "/Config/Healthcheck",
    "/Config/ExposedPorts",
    "/HostConfig",
    "/HostConfig/Tmpfs",
    "/HostConfig/Devices",
    "/HostConfig/PortBindings",
    "/HostConfig/LogConfig",
    "/HostConfig/NetworkMode",
    "/HostConfig/Ulimits",
    "/NetworkSettings/Ports",
    "/NetworkSettings/Networks",
];

fn put(json: &mut Json, place: &str, value: Json) {
    let Some((above, key)) = place.rsplit_once('/') else {
        *json = value;
        return;
    };
    if let Some(Json::Object(above)) = json.pointer_mut(above) {
        above.insert(key.to_owned(), value);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn no_answer_makes_it_panic(values in prop::collection::vec((0..PLACES.len(), arbitrary_json()), 12), other in arbitrary_json()) {
        let containers: Vec<Json> = values.into_iter().map(|(place, value)| {
            let mut inspect = inspect(&json!({}));
            put(&mut inspect, PLACES[place], value);
            inspect
        }).collect();
        let all = containers.len();
        let server = engine(containers, move |path| {
            (path.contains("/images/") || path.contains("/top") || path == "/info").then(|| Reply::json(&other))
        });
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let collected = runtime.block_on(collect(&server.socket));
        let containers = collected.documents.iter().filter(|document| document.kind == Kind::Container).count();
        prop_assert_eq!(containers, all);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_field_is_never_a_harmless_default() {
    let mut broken = inspect(&json!({}));
    broken["HostConfig"] = json!({"Privileged": "no", "CapAdd": "ALL", "Memory": "1g"});
    let server = engine(vec![broken], |_| None);
    let collected = collect(&server.socket).await;
    let facts = &only(&collected, Kind::Container).facts;
    for path in
        ["privileged", "cap_add", "cap_drop", "memory_limit", "read_only", "network_mode", "pid_mode", "devices", "security_opt"]
    {
        assert_eq!(reason(&facts.get(path).state), Some(Reason::Unsupported), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redirects_are_not_followed() {
    let target = Server::start(|_| Reply::json(&version()));
    let to = format!("http://localhost{}", target.socket.display());
    let server =
        Server::start(move |_| Reply::Raw(format!("HTTP/1.1 307 X\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").into_bytes()));
    let collected = collect(&server.socket).await;
    assert!(collected.unreachable.is_some());
    assert!(target.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn selections_are_kept_to() {
    let all =
        (0..3).map(|at| inspect(&json!({"Name": format!("/c{at}"), "Config": {"Labels": {"n": at.to_string()}}}))).collect();
    let server = engine(all, |_| None);
    let address = pacscan::target::EngineAddress::Unix(server.socket.clone());
    let wanted = Selection { containers: vec!["c1".into()], ..Selection::default() };
    let collected = collect_from(&address, &std::collections::BTreeMap::new(), &wanted, quick()).await;
    assert_eq!(&*only(&collected, Kind::Container).name, "c1");
}
