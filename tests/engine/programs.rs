//! Programs in containers: which files are asked for, what is made of them, and what an engine may do meanwhile.

use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use super::server::{Reply, collect, engine, inspect};

/// A container that runs Orthanc, with `change` laid over it.
fn orthanc(change: &Json) -> Json {
    let mut json = inspect(&json!({
        "Name": "/pacs", "Created": "2026-01-01T00:00:00Z",
        "State": {"StartedAt": "2026-01-02T00:00:00.5Z"},
        "Config": {"Image": "clinic/pacs:3", "Cmd": ["Orthanc", "/etc/orthanc"], "Env": ["PATH=/usr/bin"]}
    }));
    super::server::merge(&mut json, change);
    json
}

/// A folder or file as the archive API answers: names with their texts, all last changed at `changed`.
fn tar(entries: &[(&str, &str)], changed: u64) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (path, text) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_mtime(changed);
        header.set_size(text.len() as u64);
        if path.ends_with('/') {
            header.set_entry_type(tar::EntryType::Directory);
        }
        builder.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

/// The paths that were asked for through the archive API, in order.
async fn asked(container: Json, reply: impl Fn(&str) -> Option<Reply> + Send + Sync + 'static) -> Vec<String> {
    let server = engine(vec![container], move |path| path.split_once("/archive?path=").and_then(|(_, file)| reply(file)));
    let collected = collect(&server.socket).await;
    assert!(collected.unreachable.is_none(), "{:?}", collected.errors);
    let requests = server.requests();
    assert!(requests.iter().all(|request| request.starts_with("GET ")), "{requests:?}");
    let path = |request: &String| Some(request.split_once("archive?path=")?.1.split(' ').next()?.to_owned());
    requests.iter().filter_map(path).filter(|path| !path.ends_with("os-release")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orthancs_files_are_asked_for_and_nobody_elses() {
    let usual = ["/etc/orthanc", "/tmp/orthanc.json", "/run/secrets", "/var/lib/dpkg/status"];
    assert_eq!(asked(orthanc(&json!({})), |_| None).await, usual);
    let stopped = json!({"State": {"Status": "exited", "Running": false}});
    assert_eq!(asked(orthanc(&stopped), |_| None).await, usual, "stopped");
    let elsewhere = json!({"Config": {"Cmd": ["Orthanc", "/srv/pacs.json", "/run/secrets/", "/var/lib/orthanc/db"]}});
    assert_eq!(
        asked(orthanc(&elsewhere), |_| None).await,
        ["/etc/orthanc", "/tmp/orthanc.json", "/srv/pacs.json", "/run/secrets", "/var/lib/dpkg/status"]
    );
    assert!(asked(inspect(&json!({})), |_| None).await.is_empty());
    let others = ["/etc/nginx", "/run/secrets", "/usr/local/openresty/nginx/conf", "/usr/local/nginx/conf"];
    assert_eq!(asked(inspect(&json!({"Config": {"Image": "nginx:1.27"}})), |_| None).await, others);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_be_wrong_or_harmful_to_read_is_not_asked_for() {
    let host = json!({"Mounts": [{"Type": "bind", "Source": "/", "Destination": "/host", "RW": false}]});
    assert!(asked(orthanc(&host), |_| None).await.is_empty());
    let swarm = json!({"Config": {"Labels": {"com.docker.swarm.service.name": "pacs"}}});
    assert!(asked(orthanc(&swarm), |_| None).await.is_empty());
    let memory = json!({"HostConfig": {"Tmpfs": {"/tmp": "", "/run": ""}}});
    assert_eq!(asked(orthanc(&memory), |_| None).await, ["/etc/orthanc", "/var/lib/dpkg/status"]);
    // A bind below a tmpfs is shown as it is.
    let below = json!({"HostConfig": {"Tmpfs": {"/etc": ""}}, "Mounts": [{"Type": "bind", "Source": "/x", "Destination": "/etc/orthanc", "RW": false}]});
    assert!(asked(orthanc(&below), |_| None).await.contains(&"/etc/orthanc".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn links_out_of_a_folder_are_followed_a_few_times_only() {
    let mut builder = tar::Builder::new(Vec::new());
    for at in 0..50 {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        builder.append_link(&mut header, format!("orthanc/{at}.json"), format!("/srv/{at}.json")).unwrap();
    }
    let body = builder.into_inner().unwrap();
    let paths = asked(orthanc(&json!({})), move |file| (file == "/etc/orthanc").then(|| Reply::Body(200, body.clone()))).await;
    assert_eq!(paths.iter().filter(|path| path.starts_with("/srv/")).count(), 4);
    assert!(paths.len() <= 11);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_refuses_stalls_or_lies_costs_little() {
    let big = tar(&[("orthanc/", ""), ("orthanc/orthanc.json", &" ".repeat(8 << 20))], 0);
    for reply in [
        Reply::status(403),
        Reply::status(500),
        Reply::Silence,
        Reply::Endless,
        Reply::Half(b"half a tar".to_vec()),
        Reply::Raw(Vec::new()),
        Reply::Body(200, Vec::new()),
        Reply::Body(200, vec![b'x'; 10_000]),
        Reply::Body(200, big),
    ] {
        let started = Instant::now();
        asked(orthanc(&json!({})), move |_| Some(reply.clone())).await;
        assert!(started.elapsed() < Duration::from_secs(6), "{:?}", started.elapsed());
    }
}
