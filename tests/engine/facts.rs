//! What the facts say about what the engine said.

use pacscan::facts::{Fact, Kind, Reason, State};
use serde_json::{Value as Json, json};

use super::server::{Reply, collect, engine, find, inspect, only, tar};

fn why(fact: &Fact) -> Option<Reason> {
    match &fact.state {
        State::Unknown(unknown) => Some(unknown.reason),
        _ => None,
    }
}

/// The one container of an engine without files, processes or images.
async fn container(change: Json) -> pacscan::facts::Record {
    let server = engine(vec![inspect(&change)], |_| None);
    only(&collect(&server.socket).await, Kind::Container).facts.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_fields_are_taken_over_with_their_origin() {
    let facts = container(json!({
        "HostConfig": {"Memory": 536_870_912, "PidsLimit": null, "CapAdd": ["CAP_SYS_ADMIN", "net_raw"], "CapDrop": ["all"],
            "SecurityOpt": ["no-new-privileges:true", "seccomp={\"defaultAction\":\"SCMP_ACT_ALLOW\"}"], "UTSMode": "host",
            "LogConfig": {"Type": "json-file", "Config": {"max-size": "10m"}}},
        "Config": {"User": "", "Image": "pacs@sha256:abc"}
    }))
    .await;
    assert_eq!(facts.int("memory_limit"), Some(536_870_912));
    assert_eq!(facts.get("memory_limit").origin.as_ref().and_then(|o| o.field.clone()).as_deref(), Some("HostConfig.Memory"));
    assert_eq!(facts.int("pids_limit"), Some(0));
    assert_eq!(facts.get("cap_add").to_string(), "SYS_ADMIN, NET_RAW");
    assert_eq!(facts.get("cap_drop").to_string(), "ALL");
    assert_eq!(facts.get("security_opt").to_string(), "no-new-privileges:true, seccomp=(profile)");
    assert_eq!(facts.text("log.max_size"), Some("10m"));
    assert_eq!(facts.text("uts_mode"), Some("host"));
    assert!(facts.get("user.spec").is_absent() && facts.get("mac_profile").is_absent());
    assert_eq!((facts.text("image.reference"), facts.bool("image.seen")), (Some("pacs@sha256:abc"), Some(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn ports_in_force_are_those_of_a_running_container() {
    let bindings =
        json!({"8042/tcp": [{"HostIp": "", "HostPort": "8042"}], "4242/tcp": [{"HostIp": "127.0.0.1", "HostPort": ""}]});
    let in_force =
        json!({"8042/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8042"}, {"HostIp": "::", "HostPort": "8042"}], "9/udp": null});
    let change = |status: &str, running: bool| {
        json!({"State": {"Status": status, "Running": running}, "HostConfig": {"PortBindings": bindings},
               "NetworkSettings": {"Ports": in_force}, "Config": {"ExposedPorts": {"8042/tcp": {}, "9/udp": {}}}})
    };
    let shown = |facts: &pacscan::facts::Record| {
        let ports = facts.list("ports").unwrap().records();
        ports
            .map(|p| {
                format!(
                    "{}|{}|{}",
                    p.text("address").unwrap(),
                    p.int("host_port").unwrap_or(-1),
                    p.int("container_port").unwrap()
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(&container(change("running", true)).await), ["0.0.0.0|8042|8042", "::|8042|8042"]);
    let configured = ["127.0.0.1|-1|4242", "|8042|8042"];
    assert_eq!(shown(&container(change("exited", false)).await), configured);
    assert_eq!(
        shown(&container(change("restarting", true)).await),
        configured,
        "between two starts nothing is bound, but it will be"
    );
    let mut all = change("created", false);
    all["HostConfig"]["PublishAllPorts"] = json!(true);
    assert_eq!(shown(&container(all).await).len(), 4);
    let mut host = change("running", true);
    host["HostConfig"]["NetworkMode"] = json!("host");
    assert!(shown(&container(host).await).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_told_apart() {
    let test = json!(["CMD", "curl", "-f", "http://localhost/"]);
    let with = |test: &Json, health: Json, running: bool| json!({"State": {"Status": if running { "running" } else { "exited" }, "Running": running, "Health": health}, "Config": {"Healthcheck": {"Test": test}}});
    let facts = container(with(&test, json!({"Status": "unhealthy"}), true)).await;
    assert_eq!((facts.text("health.status"), facts.bool("health.defined")), (Some("unhealthy"), Some(true)));
    let facts = container(with(&test, json!({"Status": "starting"}), true)).await;
    assert_eq!(why(facts.get("health.status")), Some(Reason::Unproven));
    let facts = container(with(&test, json!({"Status": "healthy"}), false)).await;
    assert_eq!(why(facts.get("health.status")), Some(Reason::UnknownFact), "a stopped container has no health");
    let facts = container(with(&json!(["NONE"]), json!(null), true)).await;
    assert_eq!((why(facts.get("health.status")), facts.bool("health.defined")), (Some(Reason::UnknownFact), Some(false)));
    assert_eq!(container(json!({})).await.bool("health.defined"), Some(false));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_under_a_mount_are_unknown_and_links_are_followed() {
    let passwd = "root:x:0:0::/:\northanc:x:999:999::/:\n";
    let containers = vec![
        inspect(&json!({"Name": "/open", "Config": {"User": "orthanc"}})),
        inspect(
            &json!({"Name": "/bound", "Config": {"User": "orthanc"}, "Mounts": [{"Type": "bind", "Source": "/x", "Destination": "/etc/passwd", "RW": false}]}),
        ),
        inspect(&json!({"Name": "/shadowed", "Config": {"User": "orthanc"}, "HostConfig": {"Tmpfs": {"/etc": ""}}})),
        inspect(&json!({"Name": "/broken", "Config": {"User": "orthanc"}})),
    ];
    let server = engine(containers, move |path| {
        let (_, file) = path.split_once("archive?path=")?;
        Some(match file {
            "/etc/passwd" if path.contains("3/archive") => Reply::status(500),
            "/etc/passwd" => Reply::Body(200, tar("passwd", Ok(passwd))),
            "/etc/os-release" => Reply::Body(200, tar("os-release", Err("../usr/lib/os-release"))),
            "/usr/lib/os-release" => Reply::Body(200, tar("os-release", Ok("ID=debian\nVERSION_ID=\"12\"\n"))),
            _ => Reply::status(404),
        })
    });
    let collected = collect(&server.socket).await;
    let uid = |name: &str| {
        find(&collected, Kind::Container, name)
            .facts
            .list("passwd")
            .map(|list| list.records().nth(1).unwrap().int("uid").unwrap())
    };
    assert_eq!((uid("open"), uid("broken")), (Some(999), Some(999)), "another container of the image may serve");
    for name in ["bound", "shadowed"] {
        assert_eq!(why(find(&collected, Kind::Container, name).facts.get("passwd")), Some(Reason::Unsupported), "{name}");
    }
    let facts = &find(&collected, Kind::Container, "open").facts;
    assert_eq!((facts.text("os.id"), facts.text("os.version")), (Some("debian"), Some("12")));
    assert_eq!(find(&collected, Kind::Image, "pacs:1").facts.text("id").map(str::len), Some(71));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tool_of_a_health_check_is_looked_up() {
    let containers = ["curl", "wget", "/probe/tool"].map(|tool| {
        let change = json!({"Name": format!("/{}", tool.rsplit('/').next().unwrap()), "Config": {"Healthcheck": {"Test": ["CMD", tool]}, "Env": ["PATH=/usr/bin:/bin"]},
            "Mounts": [{"Type": "bind", "Source": "/x", "Destination": "/probe", "RW": false}]});
        inspect(&change)
    });
    let server = engine(containers.to_vec(), |path| {
        path.contains("/archive?path=/bin/curl").then(|| Reply::Body(200, tar("curl", Ok("elf"))))
    });
    let collected = collect(&server.socket).await;
    let found = |name: &str| find(&collected, Kind::Container, name).facts.get("health.tool_found").clone();
    assert_eq!((found("curl").bool(), found("wget").bool()), (Some(true), Some(false)));
    assert_eq!(why(&found("tool")), Some(Reason::Unsupported), "it lies under a mount");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_a_container_that_binds_the_hosts_root_are_never_asked_for() {
    let root = json!({"Type": "bind", "Source": "/", "Destination": "/host", "RW": false});
    let change = json!({"Config": {"User": "orthanc", "Healthcheck": {"Test": ["CMD", "curl"]}}, "Mounts": [root]});
    let server = engine(vec![inspect(&change)], |_| None);
    let collected = collect(&server.socket).await;
    assert!(!server.requests().iter().any(|request| request.contains("/archive")), "{:?}", server.requests());
    let facts = &only(&collected, Kind::Container).facts;
    for path in ["passwd", "os.id", "health.tool_found"] {
        assert_eq!(why(facts.get(path)), Some(Reason::Unsupported), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mounts_show_what_lies_behind_them() {
    let facts = container(json!({
        "Config": {"Labels": {"com.docker.compose.project": "clinic", "com.docker.compose.project.working_dir": "/srv/clinic"}},
        "Mounts": [
            {"Type": "volume", "Name": "bound", "Driver": "local", "Source": "/var/lib/docker/volumes/bound/_data", "Destination": "/a", "RW": true},
            {"Type": "volume", "Name": "f".repeat(64), "Driver": "local", "Destination": "/b", "RW": true},
            {"Type": "bind", "Source": "/srv/clinic/orthanc.json", "Destination": "/c", "RW": false, "Propagation": "rprivate"},
            {"Type": "bind", "Source": "/srv/clinical", "Destination": "/d", "RW": true, "Propagation": "rshared"}],
        "HostConfig": {"Tmpfs": {"/tmp": "ro,size=1m"}}
    }))
    .await;
    let mounts: Vec<_> = facts.list("mounts").unwrap().records().cloned().collect();
    assert_eq!((mounts[0].text("source"), mounts[0].text("device")), (Some("bound"), Some("/etc")));
    assert_eq!(why(mounts[0].get("resolved")), Some(Reason::NoTarget), "the engine is not on this host");
    assert!(mounts[1].get("source").is_absent());
    assert_eq!((mounts[2].bool("in_project"), mounts[2].bool("read_only")), (Some(true), Some(true)));
    assert_eq!((mounts[3].bool("in_project"), mounts[3].text("propagation")), (Some(false), Some("rshared")));
    assert_eq!(
        (mounts[4].text("kind"), mounts[4].text("target"), mounts[4].bool("read_only")),
        (Some("tmpfs"), Some("/tmp"), Some(true))
    );
    assert_eq!(facts.get("tmpfs").to_string(), "/tmp");
}

#[tokio::test(flavor = "multi_thread")]
async fn networks_are_those_of_the_container_whose_namespace_is_used() {
    let containers = vec![
        inspect(&json!({"Name": "/web", "NetworkSettings": {"Networks": {"back": {}, "front": {}}}, "Config": {"Labels": {
            "com.docker.compose.project": "clinic", "com.docker.compose.service": "web", "secret.token": "x"}}})),
        inspect(
            &json!({"Name": "/side", "HostConfig": {"NetworkMode": format!("container:{:064x}", 0)}, "NetworkSettings": {"Networks": {}}}),
        ),
        inspect(&json!({"Name": "/lost", "HostConfig": {"NetworkMode": "container:gone"}, "NetworkSettings": {"Networks": {}}})),
    ];
    let server = engine(containers, |_| None);
    let collected = collect(&server.socket).await;
    let web = find(&collected, Kind::Container, "web");
    assert_eq!((web.project.as_deref(), web.service.as_deref()), (Some("clinic"), Some("web")));
    let networks: Vec<_> = find(&collected, Kind::Container, "side").facts.list("networks").unwrap().records().cloned().collect();
    assert_eq!((networks[0].text("name"), networks[0].bool("internal")), (Some("back"), Some(true)));
    assert_eq!(why(networks[2].get("internal")), Some(Reason::UnknownFact), "the engine does not list it");
    assert_eq!(why(find(&collected, Kind::Container, "lost").facts.get("networks")), Some(Reason::UnknownFact));
}

#[tokio::test(flavor = "multi_thread")]
async fn devices_and_requests_are_listed() {
    let facts = container(json!({"HostConfig": {
        "Devices": [{"PathOnHost": "/dev/sda", "PathInContainer": "/dev/sda"}], "DeviceCgroupRules": ["c 81:* rmw"],
        "DeviceRequests": [{"Driver": "", "Count": -1, "Capabilities": [["gpu"]]}, {"Driver": "cdi", "DeviceIDs": ["nvidia.com/gpu=0"]}]}}))
    .await;
    let labels: Vec<_> = facts
        .list("devices")
        .unwrap()
        .records()
        .map(|d| format!("{} {}", d.text("label").unwrap(), d.bool("request").unwrap()))
        .collect();
    assert_eq!(labels, ["/dev/sda false", "rule c 81:* rmw false", "capabilities=gpu true", "nvidia.com/gpu=0 true"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_raw_fact_of_the_catalogue_is_written() {
    let server = engine(vec![inspect(&json!({}))], |path| match path.split('?').next()? {
        path if path.starts_with("/images/") && path.ends_with("/json") => Some(Reply::json(&json!({"Config": {}}))),
        _ => None,
    });
    let collected = collect(&server.socket).await;
    let of_compose = ["container.image.built", "container.container_name", "container.env_files", "container.profiles"];
    for (path, _) in pacscan::facts::Catalogue::get().iter().filter(|(_, spec)| spec.stage == pacscan::facts::Stage::Raw) {
        let Some((kind, rest)) = path.split_once('.') else { continue };
        let Some(kind) = [Kind::Container, Kind::Image, Kind::Engine].into_iter().find(|k| k.word() == kind) else { continue };
        if !rest.contains("[]") && !of_compose.contains(&path) {
            assert!(only(&collected, kind).facts.has(rest), "{path} is not written");
        }
    }
}
