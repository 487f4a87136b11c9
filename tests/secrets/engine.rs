//! Canaries in everything an engine says.

use std::path::Path;

use serde_json::{Value as Json, json};

use super::canaries::Canaries;
use super::server::{Reply, Server, engine, info, inspect, version};
use super::support::folder;

const CONTAINER: &str = r#"{
 "Name": "/pacs", "Path": "/bin/serve",
 "Args": ["%%", "--token=%%", "--password", "%%", "--api-key=%%", "%%"],
 "Config": {
  "Image": "pacs:1", "User": "", "Hostname": "pacs", "Domainname": "%%",
  "Env": ["DB_PASSWORD=%%", "PLAIN_NAME=%%", "TOKEN=%%", "NOTE=%%", "AWS_SECRET_ACCESS_KEY=%%", "LOG_LEVEL=%%", "TZ=%%",
          "DATABASE_URL=postgres://u:%%@db/x", "REDIS_URL=redis://:%%@cache/0", "HOOK=https://hooks.example/%%",
          "ORTHANC_JSON={\"RegisteredUsers\": {\"orthanc\": \"%%\"}}", "HEADER=Authorization: Bearer %%",
          "CONNECTION=Server=db;Password=%%;X=%%", "MULTI=a\n%%\nb", "%% without a sign", "http_proxy=http://u:%%@proxy:3128"],
  "Labels": {"token": "%%", "note": "%%", "traefik.basicauth": "admin:%%", "db.url": "mysql://u:%%@h/d"},
  "Entrypoint": ["/entry.sh", "--password", "%%", "--api-key=%%", "%%"],
  "Cmd": ["sh", "-c", "export PW=%% && curl -u admin:%% http://u:%%@h/ -H 'Authorization: Bearer %%' # %%", "%%"],
  "Healthcheck": {"Test": ["CMD-SHELL", "curl -u orthanc:%% http://localhost/system?token=%% || mysql -p%% || redis-cli -a %% ping"]},
  "OnBuild": ["RUN login %%"]
 },
 "HostConfig": {
  "LogConfig": {"Type": "splunk", "Config": {"splunk-token": "%%", "splunk-url": "https://u:%%@splunk", "tag": "%%"}},
  "SecurityOpt": ["seccomp={\"x\": \"%%\"}"], "Annotations": {"note": "%%"}, "StorageOpt": {"size": "%%"},
  "DeviceRequests": [{"Driver": "nvidia", "Options": {"key": "%%"}}], "Sysctls": {"net.x": "%%"}
 },
 "Mounts": [{"Type": "volume", "Name": "share", "Source": "/var/lib/docker/volumes/share/_data", "Destination": "/data", "Driver": "local", "RW": true, "Mode": "%%"}],
 "State": {"Status": "running", "Running": true, "Error": "%%", "Health": {"Status": "healthy", "Log": [{"Output": "token %%"}]}},
 "NetworkSettings": {"Ports": {}, "Networks": {"back": {"DriverOpts": {"token": "%%"}, "Aliases": ["pacs"]}}}
}"#;

const IMAGE: &str = r#"{"Id": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "RepoTags": ["pacs:1"],
 "Comment": "%%", "Author": "%%", "Config": {"Env": ["IMAGE_TOKEN=%%", "BASE=%%"], "Labels": {"maintainer.password": "%%", "note": "%%"},
 "Cmd": ["serve", "--password", "%%"], "Entrypoint": ["%%"], "User": "", "Healthcheck": {"Test": ["CMD", "curl", "-u", "a:%%"]}}}"#;

const HISTORY: &str = r#"[{"CreatedBy": "ENV A=1 DB_PASSWORD=%%", "Comment": "%%"}, {"CreatedBy": "/bin/sh -c #(nop)  ENV TOKEN=%%"},
 {"CreatedBy": "|2 USER=x SECRET=%% /bin/sh -c make"}, {"CreatedBy": "RUN |1 PIP_PASSWORD=%% /bin/sh -c pip install -i https://b:%%@p/simple x # buildkit"},
 {"CreatedBy": "RUN /bin/sh -c echo %% > /etc/secret && export K=%%"}, {"CreatedBy": "CMD [\"--password\" \"%%\"]"},
 {"CreatedBy": "LABEL token=%% note=%%"}, {"CreatedBy": "COPY %% /x"}, {"CreatedBy": "ENV API_KEY=%% X=%%"}]"#;

const INFO: &str = r#"{"HttpProxy": "http://proxyuser:%%@proxy:3128", "HttpsProxy": "http://u:%%@proxy", "NoProxy": "%%",
 "Labels": ["token=%%", "note=%%"], "RegistryConfig": {"Mirrors": ["https://u:%%@mirror/"], "InsecureRegistryCIDRs": ["127.0.0.0/8"],
  "IndexConfigs": {"docker.io": {"Mirrors": ["https://u:%%@m/"], "Secure": true}}},
 "Swarm": {"LocalNodeState": "inactive", "Error": "%%"}, "Warnings": ["WARNING: %%"], "DriverStatus": [["key", "%%"]],
 "LoggingDriver": "json-file"}"#;

const NETWORKS: &str = r#"[{"Name": "bridge", "Internal": false, "Options": {"com.docker.network.bridge.enable_icc": "true", "token": "%%"}, "Labels": {"token": "%%"}},
 {"Name": "back", "Internal": true, "Options": {"x.password": "%%"}, "Labels": {"note": "%%"}}]"#;

const VOLUMES: &str = r#"{"Volumes": [{"Name": "share", "Driver": "local", "Mountpoint": "/var/lib/docker/volumes/share/_data", "Scope": "local",
 "Labels": {"token": "%%"}, "Options": {"type": "cifs", "o": "username=u,password=%%", "device": "//nas/share"}, "Status": {"note": "%%"}}], "Warnings": ["%%"]}"#;

const TOP: &str =
    r#"{"Titles": ["PID", "CMD"], "Processes": [["1", "serve --password %%"], ["2", "PW=%% x"], ["3", "sshd: %%"]]}"#;

const LOG: &str =
    "start\nAuthorization: Bearer %%\npassword=%%\nusing %%\nGET /?token=%%\npostgres://u:%%@db/x\n{\"api_key\": \"%%\"}\n";

/// An engine that knows many secrets.
fn planted(canaries: &mut Canaries) -> Server {
    let mut json = |text: &str| -> Json { serde_json::from_str(&canaries.plant(text)).unwrap() };
    let container = inspect(&json(CONTAINER));
    let (image, history, networks, volumes, top) = (json(IMAGE), json(HISTORY), json(NETWORKS), json(VOLUMES), json(TOP));
    let mut about = info();
    about.as_object_mut().unwrap().extend(json(INFO).as_object().unwrap().clone());
    let log = canaries.plant(LOG);
    let refused = canaries.plant("{\"message\": \"open /x: %%\"}");
    engine(vec![container], move |path| {
        let path = path.split('?').next()?;
        Some(match path {
            "/info" => Reply::json(&about),
            "/networks" => Reply::json(&networks),
            "/volumes" => Reply::json(&volumes),
            _ if path.ends_with("/history") => Reply::json(&history),
            _ if path.starts_with("/images/") => Reply::json(&image),
            _ if path.ends_with("/top") => Reply::json(&top),
            _ if path.ends_with("/logs") => Reply::Body(200, log.clone().into_bytes()),
            _ if path.ends_with("/archive") => Reply::Body(500, refused.clone().into_bytes()),
            _ => return None,
        })
    })
}

fn target(socket: &Path) -> String {
    format!("docker://{}", socket.display())
}

#[test]
fn nothing_an_engine_knows_leaves() {
    let mut canaries = Canaries::new(17);
    let server = planted(&mut canaries);
    assert!(canaries.len() >= 80, "{}", canaries.len());
    let place = folder(&[]);
    let found = canaries.hunt(place.path(), &[&target(&server.socket)]);
    assert!(found.is_empty(), "{} secrets leave: {found:#?}", found.len());
    let snapshot = std::fs::read_to_string(place.path().join("snapshot.json")).unwrap();
    for seen in ["DB_PASSWORD", "IMAGE_TOKEN", "ENV TOKEN", "ARG SECRET", "Authorization header"] {
        assert!(snapshot.contains(seen), "{seen} was not even read, so this test proves nothing about it");
    }
}

#[test]
fn an_engine_that_fails_with_secrets_in_its_messages() {
    let mut canaries = Canaries::new(19);
    let body = canaries.plant("{\"message\": \"cannot: token %%\"}");
    let broken = canaries.plant("{\"Config\": \"%%\", \"Name\": [\"%%\"]");
    let place = folder(&[]);
    let mut found = Vec::new();
    for (status, text) in [(500, &body), (403, &body), (200, &broken), (200, &body)] {
        for part in ["/version", "/containers/json", "/info", "/json"] {
            let text = text.clone();
            let answers = move |path: &str| match path.split('?').next().unwrap_or_default() {
                path if path.ends_with(part) => Some(Reply::Body(status, text.clone().into_bytes())),
                "/version" => Some(Reply::json(&version())),
                _ => None,
            };
            let server = engine(vec![inspect(&json!({"Name": "/pacs"}))], answers);
            found.extend(canaries.hunt(place.path(), &[&target(&server.socket)]));
        }
    }
    assert!(found.is_empty(), "{} secrets leave: {found:#?}", found.len());
}
