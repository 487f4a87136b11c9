//! Ways to an Orthanc without authentication that must not be taken for closed: each is a folder of its own.
use serde_json::Value as Json;

use super::support::{folder, results, run_in};

const OPEN: &str = r#"{"RemoteAccessAllowed": true, "AuthenticationEnabled": false}"#;
const NGINX: &str = "events {}\nhttp {\n  server {\n    listen 80;\n    location / { proxy_pass http://TARGET; }\n  }\n}\n";

/// The report on an Orthanc behind a published nginx that passes everything to `target`; `more` goes into the compose file.
fn behind(target: &str, orthanc: &str, proxy: &str, more: &str) -> Json {
    let compose = format!(
        "services:\n  orthanc:\n    image: jodogne/orthanc:1.12.8\n    volumes: [\"./o.json:/etc/orthanc/orthanc.json:ro\"]\n{orthanc}  \
         proxy:\n    image: nginx:1.27\n    ports: [\"80:80\"]\n    volumes: [\"./nginx.conf:/etc/nginx/nginx.conf:ro\"]\n{proxy}{more}"
    );
    let nginx = NGINX.replace("TARGET", target);
    let stack = folder(&[("compose.yaml", &compose), ("o.json", OPEN), ("nginx.conf", &nginx)]);
    run_in(stack.path(), &["audit", "--format", "json", "--fail-on", "never"]).json()
}

fn status<'r>(report: &'r Json, check: &str) -> &'r str {
    results(report, check)[0]["status"].as_str().unwrap()
}

/// Open, or plainly not known.
fn is_not_closed(report: &Json) -> bool {
    let exposure = &report["exposure"];
    exposure["open"].as_array().unwrap().len() + exposure["unknown"].as_array().unwrap().len() > 0
        && status(report, "orthanc-https") != "pass"
        && status(report, "orthanc-metrics-guarded") != "pass"
}

#[test]
fn names_of_an_orthanc_are_known_or_unknown_never_elsewhere() {
    let alias = "    networks: {default: {aliases: [ris]}}\n";
    let cases = [
        ("orthanc:8042", "", "", ""),
        ("ORTHANC:8042", "", "", ""),
        ("orthanc.:8042", "", "", ""),
        ("ris:8042", alias, "", ""),
        ("ris:8042", "", "    links: [\"orthanc:ris\"]\n", ""),
        ("docker-host:8042", "    ports: [\"127.0.0.1:8042:8042\"]\n", "    extra_hosts: [\"docker-host:host-gateway\"]\n", ""),
        ("$backend:8042", "", "", ""),
    ];
    for (target, orthanc, proxy, more) in cases {
        let report = behind(target, orthanc, proxy, more);
        assert!(is_not_closed(&report), "{target}: {}", report["exposure"]);
    }
}

#[test]
fn an_open_way_is_told_as_open() {
    let report = behind("orthanc:8042", "", "", "");
    assert!(report["exposure"]["open"][0]["path"].as_str().unwrap().starts_with("any host -> proxy"), "{}", report["exposure"]);
}

#[test]
fn what_stands_beside_it_and_is_published_may_pass_requests_on() {
    let socat =
        "  forward:\n    image: alpine/socat:1\n    command: tcp-listen:8042,fork tcp:orthanc:8042\n    ports: [\"8042:8042\"]\n";
    let report = behind("elsewhere.example:80", "", "", socat);
    assert!(is_not_closed(&report), "{}", report["exposure"]);
    let inner = "  edge:\n    image: traefik:3\n    ports: [\"443:443\"]\n";
    let report = behind("orthanc:8042", "", "", inner);
    assert!(is_not_closed(&report), "{}", report["exposure"]);
}

#[test]
fn a_port_that_is_not_known_is_not_closed() {
    let orthanc = "    ports: [\"8043:8043\"]\n";
    let compose = format!(
        "services:\n  orthanc:\n    image: orthancteam/orthanc:25.8.2\n    environment: {{ORTHANC__HTTP_PORT: \"${{HP}}\", \
         ORTHANC__AUTHENTICATION_ENABLED: \"false\"}}\n{orthanc}"
    );
    let stack = folder(&[("compose.yaml", &compose)]);
    let report = run_in(stack.path(), &["audit", "--format", "json", "--fail-on", "never"]).json();
    assert!(is_not_closed(&report), "{}", report["exposure"]);
}

#[test]
fn a_proxy_in_the_same_network_stack_is_not_overlooked() {
    let local = r#"{"RemoteAccessAllowed": false, "AuthenticationEnabled": false}"#;
    let compose = "services:\n  pause: {image: \"pause:3\", ports: [\"80:80\"]}\n  orthanc:\n    image: jodogne/orthanc:1.12.8\n    \
                   network_mode: service:pause\n    volumes: [\"./o.json:/etc/orthanc/orthanc.json:ro\"]\n  web:\n    image: caddy:2\n    \
                   network_mode: service:pause\n";
    let stack = folder(&[("compose.yaml", compose), ("o.json", local)]);
    let report = run_in(stack.path(), &["audit", "--format", "json", "--fail-on", "never"]).json();
    assert_ne!(status(&report, "orthanc-remote-access-guarded"), "pass");
}
