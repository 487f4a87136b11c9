//! Orthanc in compose services whose start command, files or build change what it reads.
use std::fmt::Write as _;

use super::disagreements;
use super::orthanc::{CORE, TEAM};
use super::support::{folder, results, run_in};

/// A service whose start, files or build change what is read; the files lie around it.
const STARTED: [(&str, &str, &str); 23] = [
    ("{image: TEAM, command: [/cfg/off.json], volumes: ['./off.json:/cfg/off.json']}", "orthanc-lua-off", "fail"),
    ("{image: TEAM, command: [/cfg/off.json], volumes: ['./off.json:/cfg/off.json']}", "orthanc-authentication-on", "fail"),
    ("{image: TEAM, entrypoint: [Orthanc, /cfg/off.json], volumes: ['./off.json:/cfg/off.json']}", "orthanc-lua-off", "fail"),
    (
        "{image: TEAM, entrypoint: [sh, -c, 'export ORTHANC__EXECUTE_LUA_ENABLED=true; exec /docker-entrypoint.sh /tmp/orthanc.json']}",
        "orthanc-lua-off",
        "not_evaluated",
    ),
    ("{image: TEAM, entrypoint: /my.sh, volumes: ['./my.sh:/my.sh']}", "orthanc-lua-off", "not_evaluated"),
    ("{image: CORE, entrypoint: /my.sh, volumes: ['./my.sh:/my.sh']}", "orthanc-lua-off", "not_evaluated"),
    ("{image: TEAM, command: ['${UNSET_CONFIGURATION}']}", "orthanc-lua-off", "not_evaluated"),
    ("{image: TEAM, environment: {BEFORE_ORTHANC_STARTUP_SCRIPT: /my.sh}}", "orthanc-lua-off", "not_evaluated"),
    ("{image: TEAM, volumes: ['./my.sh:/docker-entrypoint.sh']}", "orthanc-lua-off", "not_evaluated"),
    ("{image: TEAM, volumes: ['scripts:/startup']}", "orthanc-lua-off", "not_evaluated"),
    ("{image: TEAM, command: [/tmp/orthanc.json]}", "orthanc-lua-off", "pass"),
    (
        "{image: TEAM, environment: {ORTHANC_JSON: '{\"ExecuteLuaEnabled\": true}', ORTHANC__EXECUTE_LUA_ENABLED: 'false'}}",
        "orthanc-lua-off",
        "not_evaluated",
    ),
    ("{image: CORE, volumes: ['./nope.json:/etc/orthanc/orthanc.json']}", "orthanc-authentication-on", "not_evaluated"),
    ("{image: x, build: {dockerfile_inline: \"FROM TEAM\\nENTRYPOINT [\\\"/my.sh\\\"]\"}}", "orthanc-lua-off", "not_evaluated"),
    (
        "{image: x, build: {dockerfile_inline: \"FROM TEAM\\nCOPY on.json /etc/orthanc/on.json\\nRUN echo '{}' > /etc/orthanc/z.json\"}}",
        "orthanc-lua-off",
        "not_evaluated",
    ),
    (
        "{image: x, build: {dockerfile_inline: \"FROM TEAM\\nWORKDIR /etc/orthanc\\nRUN echo '{}' >z.json\"}}",
        "orthanc-lua-off",
        "not_evaluated",
    ),
    (
        "{image: x, build: {dockerfile_inline: \"FROM TEAM\\nADD https://x.example/y.json /etc/orthanc/z.json\"}}",
        "orthanc-lua-off",
        "not_evaluated",
    ),
    (
        "{image: x, build: {dockerfile_inline: \"FROM CORE\\nADD https://x.example/y.json /etc/orthanc/orthanc.json\"}}",
        "orthanc-authentication-on",
        "not_evaluated",
    ),
    (
        "{image: x, build: {dockerfile_inline: \"FROM TEAM\\nCOPY my.sh /docker-entrypoint.sh\"}}",
        "orthanc-lua-off",
        "not_evaluated",
    ),
    (
        "{image: TEAM, build: {dockerfile_inline: \"FROM debian:11\\nCOPY on.json /etc/orthanc/on.json\\nCMD [\\\"Orthanc\\\", \\\"/etc/orthanc\\\"]\"}}",
        "orthanc-rest-cannot-write-files",
        "not_evaluated",
    ),
    ("{image: TEAM, volumes: ['memory:/var/lib/orthanc/db']}", "orthanc-storage-on-volume", "fail"),
    (
        "{image: TEAM, environment: {ORTHANC__POSTGRESQL__CONNECTION_URI: 'host=db.example user=o sslmode=disable application_name=sslmode=verify-full'}}",
        "orthanc-database-tls",
        "fail",
    ),
    (
        "{image: TEAM, environment: {ORTHANC__POSTGRESQL__CONNECTION_URI: 'postgresql://o:Xk29!aaQQp@db.example/o?sslmode=prefer&sslmode=verify-full'}}",
        "orthanc-database-own-role",
        "pass",
    ),
];

#[test]
fn start_and_build() {
    let mut compose = "volumes: {scripts: {}, memory: {driver_opts: {type: tmpfs, device: tmpfs}}}\nservices:\n".to_owned();
    for (i, (service, _, _)) in STARTED.iter().enumerate() {
        let service = service.replace("TEAM", TEAM).replace("CORE", CORE);
        writeln!(compose, "  svc{i:03}: {service}").unwrap();
    }
    let off = r#"{"AuthenticationEnabled": false, "RemoteAccessAllowed": true, "ExecuteLuaEnabled": true}"#;
    let on = r#"{"AuthenticationEnabled": true, "RegisteredUsers": {"a": "kLw83nfHq29vX1"}}"#;
    let stack = folder(&[("compose.yaml", &compose), ("off.json", off), ("on.json", on), ("my.sh", "#!/bin/sh\n")]);
    let ran = run_in(stack.path(), &["audit", "compose.yaml", "--format", "json", "--fail-on", "never"]);
    let wrong = disagreements(&ran.json(), STARTED.iter().copied());
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_a_build_changes_is_not_judged_by_itself() {
    let dockerfile = format!("FROM {TEAM}\nCOPY o.json /etc/orthanc/o.json\nRUN sed -i s/true/false/ /etc/orthanc/o.json\n");
    let o = r#"{"AuthenticationEnabled": true, "RegisteredUsers": {"a": "kLw83nfHq29vX1"}}"#;
    let compose = "services: {svc000: {image: x, build: .}}";
    let stack = folder(&[("compose.yaml", compose), ("o.json", o), ("Dockerfile", &dockerfile)]);
    let ran = run_in(stack.path(), &["audit", ".", "--format", "json", "--fail-on", "never"]);
    let report = ran.json();
    let found = results(&report, "orthanc-authentication-on");
    let said: Vec<_> = found.iter().map(|result| (result["subject"]["name"].as_str(), result["status"].as_str())).collect();
    assert_eq!(said, [(Some("svc000"), Some("not_evaluated"))]);
}
