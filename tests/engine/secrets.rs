//! No secret leaves, wherever it was planted.

use pacscan::facts::Kind;
use serde_json::{Value as Json, json};

use super::server::{Reply, collect, engine, inspect, only};

/// Numbered canaries; all share a part that can be searched for.
struct Canaries(std::cell::Cell<usize>);

impl Canaries {
    fn next(&self) -> String {
        self.0.set(self.0.get() + 1);
        format!("Kanarie{:03}Zq", self.0.get())
    }
}

fn planted(canary: &Canaries) -> Json {
    let c = || canary.next();
    let env: Vec<String> = [
        "DB_PASSWORD",
        "PLAIN_NAME",
        "TOKEN",
        "API_KEY",
        "AWS_SECRET_ACCESS_KEY",
        "REGISTERED_USERS",
        "X",
        "NOTE",
        "JWT",
        "DSN",
        "lower_case",
        "A.B",
    ]
    .iter()
    .map(|name| format!("{name}={}", c()))
    .chain([
        format!("DATABASE_URL=postgres://user:{}@db/x", c()),
        format!("REDIS_URL=redis://:{}@cache:6379/0", c()),
        format!("ORTHANC_JSON={{\"RegisteredUsers\": {{\"orthanc\": \"{}\"}}}}", c()),
        format!("OPTIONS=--user admin --password {}", c()),
        format!("HEADER=Authorization: Bearer {}", c()),
        format!("CONNECTION=Server=db;Password={};Encrypt=yes", c()),
        format!("MULTI=line\n{}\nline", c()),
        format!("{} no equals sign", c()),
        format!("PEM=-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", c()),
    ])
    .collect();
    let labels =
        json!({"token": c(), "traefik.auth": format!("admin:{}", c()), "note": c(), "db.url": format!("mysql://u:{}@h/d", c())});
    json!({
        "Path": format!("/bin/{}", c()), "Args": [c(), format!("--token={}", c())],
        "Config": {
            "Env": env, "Labels": labels,
            "Entrypoint": ["/entry.sh", "--password", c(), format!("--api-key={}", c())],
            "Cmd": ["sh", "-c", format!("export PW={} && curl -u admin:{} http://u:{}@host/ -H 'Authorization: Bearer {}'", c(), c(), c(), c()), c()],
            "Healthcheck": {"Test": ["CMD-SHELL", format!("curl -u orthanc:{} http://localhost/system?token={} || mysql -p{}", c(), c(), c())]},
        },
        "HostConfig": {
            "LogConfig": {"Type": "splunk", "Config": {"splunk-token": c(), "splunk-url": format!("https://u:{}@splunk", c())}},
            "SecurityOpt": [format!("seccomp={{\"x\": \"{}\"}}", c())],
            "DeviceRequests": [{"Driver": "nvidia", "Options": {"key": c()}}],
        },
        "State": {"Status": "running", "Running": true, "Error": c(), "Health": {"Status": "healthy", "Log": [{"Output": c()}]}}
    })
}

fn image(canary: &Canaries) -> (Json, Json) {
    let c = || canary.next();
    let config = json!({"Config": {"Env": [format!("IMAGE_TOKEN={}", c()), format!("BASE={}", c())], "Labels": {"maintainer.password": c(), "note": c()},
        "Healthcheck": {"Test": ["CMD", "curl", "-u", format!("a:{}", c())]}}, "Comment": c(), "Author": c()});
    let steps: Vec<Json> = [
        format!("ENV A=1 DB_PASSWORD={}", c()),
        format!("/bin/sh -c #(nop)  ENV TOKEN={}", c()),
        format!("|2 USER=x SECRET={} /bin/sh -c make", c()),
        format!(
            "RUN |1 PIP_PASSWORD={} /bin/sh -c pip install --index-url https://bot:{}@pypi.example/simple x # buildkit",
            c(),
            c()
        ),
        format!("RUN /bin/sh -c echo {} > /etc/secret && export K={}", c(), c()),
        format!("CMD [\"--password\" \"{}\"]", c()),
        format!("LABEL token={} note={}", c(), c()),
        format!("COPY {} /x", c()),
    ]
    .iter()
    .map(|step| json!({"CreatedBy": step, "Comment": c()}))
    .collect();
    (config, Json::from(steps))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_planted_secret_is_in_documents_or_errors() {
    let canary = Canaries(std::cell::Cell::new(0));
    let container = inspect(&planted(&canary));
    let (config, history) = image(&canary);
    let top = json!({"Titles": ["PID", "CMD"], "Processes": [["1", format!("pacs --password {}", canary.next())], ["2", format!("P={} x", canary.next())]]});
    let log = format!("start\nAuthorization: Bearer {}\npassword={}\nusing {}\n", canary.next(), canary.next(), canary.next());
    let refused = format!("{{\"message\": \"{}\"}}", canary.next());
    let server = engine(vec![container], move |path| {
        let path = path.split('?').next()?;
        Some(match path {
            _ if path.ends_with("/history") => Reply::json(&history),
            _ if path.starts_with("/images/") => Reply::json(&config),
            _ if path.ends_with("/top") => Reply::json(&top),
            _ if path.ends_with("/logs") => Reply::Body(200, log.clone().into_bytes()),
            "/volumes" => Reply::Body(403, refused.clone().into_bytes()),
            _ => return None,
        })
    });
    let collected = collect(&server.socket).await;
    assert!(canary.0.get() >= 60, "{} canaries", canary.0.get());
    let written = format!("{} {:?}", serde_json::to_string(&collected.documents).unwrap(), collected.errors);
    let at = written.find("Kanarie").map(|at| &written[at.saturating_sub(120)..(at + 40).min(written.len())]);
    assert_eq!(at, None, "a planted secret leaves");

    let (container, image) = (only(&collected, Kind::Container), only(&collected, Kind::Image));
    let of = |path: &str| {
        container.facts.list(path).unwrap().records().filter_map(|r| r.text("label").or(r.text("name"))).collect::<Vec<_>>()
    };
    assert_eq!(of("log_credentials"), ["Authorization header (line 2)", "password (line 3)"]);
    assert!(of("command_secrets").len() >= 6, "{:?}", of("command_secrets"));
    let literal = |name: &str| {
        container.facts.list("env").unwrap().records().any(|r| r.text("name") == Some(name) && r.text("class") == Some("literal"))
    };
    assert!(["DB_PASSWORD", "TOKEN", "DATABASE_URL", "REDIS_URL", "ORTHANC_JSON", "HEADER"].iter().all(|name| literal(name)));
    let history: Vec<_> = image.facts.list("history_secrets").unwrap().records().filter_map(|r| r.text("label")).collect();
    for label in ["ENV DB_PASSWORD", "ENV TOKEN", "ARG SECRET", "ARG PIP_PASSWORD", "LABEL token"] {
        assert!(history.contains(&label), "{label}: {history:?}");
    }
    assert_eq!(container.facts.get("processes").to_string(), "[redacted], pacs");
}
