//! Containers of an engine: each line is what differs from an ordinary inspect document.

use serde_json::{Value as Json, json};

use super::disagreements;
use super::server::{engine, inspect};
use super::support::run;

const LINES: [(&str, &str, &str); 122] = [
    (
        r#"{"NetworkSettings":{"Ports":null},"HostConfig":{"PortBindings":{"8042/tcp":[{"HostIp":"","HostPort":"8042"}]}}}"#,
        "container-ports-not-on-all-interfaces",
        "fail",
    ),
    (r#"{"HostConfig":{"Privileged":true}}"#, "container-not-privileged", "fail"),
    (r#"{"HostConfig":{"Privileged":null}}"#, "container-not-privileged", "not pass"),
    (r#"{"HostConfig":{"Privileged":"true"}}"#, "container-not-privileged", "not pass"),
    (r#"{"HostConfig":null}"#, "container-not-privileged", "not pass"),
    (r#"{"HostConfig":null}"#, "container-no-host-pid", "not pass"),
    (r#"{"HostConfig":null}"#, "container-seccomp-enabled", "not pass"),
    (r#"{"HostConfig":null}"#, "container-capabilities-minimal", "not pass"),
    (r#"{"HostConfig":null}"#, "container-no-host-devices", "not pass"),
    (r#"{"HostConfig":[]}"#, "container-no-host-network", "not pass"),
    (r#"{"Config":null}"#, "container-non-root", "not pass"),
    (r#"{"Config":null}"#, "container-secrets-not-in-environment", "not pass"),
    (r#"{"Config":{"Env":null}}"#, "container-secrets-not-in-environment", "pass"),
    (r#"{"Config":{"Env":"A=B"}}"#, "container-secrets-not-in-environment", "not pass"),
    (r#"{"Config":{"Env":[1]}}"#, "container-secrets-not-in-environment", "not pass"),
    (r#"{"Config":{"Env":["DB_PASSWORD=hunter2x"]}}"#, "container-secrets-not-in-environment", "fail"),
    (r#"{"Config":{"Env":["DBPASS=hunter2x"]}}"#, "container-secrets-not-in-environment", "fail"),
    (r#"{"Config":{"Env":["ADMIN_PW=hunter2x"]}}"#, "container-secrets-not-in-environment", "fail"),
    (r#"{"Config":{"Env":["API_TOKENS=hunter2x"]}}"#, "container-secrets-not-in-environment", "fail"),
    (r#"{"Config":{"Env":["REDIS_ARGS=--requirepass hunter2x"]}}"#, "container-secrets-not-in-environment", "fail"),
    (
        r#"{"Config":{"Env":["JAVA_OPTS=-Djavax.net.ssl.keyStorePassword=hunter2x"]}}"#,
        "container-secrets-not-in-environment",
        "fail",
    ),
    (r#"{"Config":{"Env":["MAX_TOKENS=4096","BYPASS=on","PATH=/usr/bin"]}}"#, "container-secrets-not-in-environment", "pass"),
    (r#"{"Config":{"User":"0"}}"#, "container-non-root", "fail"),
    (r#"{"Config":{"User":"root"}}"#, "container-non-root", "fail"),
    (r#"{"Config":{"User":"00:1000"}}"#, "container-non-root", "fail"),
    (r#"{"Config":{"User":"  0"}}"#, "container-non-root", "not pass"),
    (r#"{"Config":{"User":":1000"}}"#, "container-non-root", "not pass"),
    (r#"{"Config":{"User":""}}"#, "container-non-root", "not pass"),
    (r#"{"Config":{"User":"app"}}"#, "container-non-root", "not pass"),
    (r#"{"Config":{"User":"1000"}}"#, "container-non-root", "pass"),
    (r#"{"Config":{"User":"4294967296"}}"#, "container-non-root", "not pass"),
    (r#"{"HostConfig":{"PidMode":"host"}}"#, "container-no-host-pid", "fail"),
    (r#"{"HostConfig":{"PidMode":"container:svcpidhost"}}"#, "container-no-host-pid", "fail"),
    (r#"{"HostConfig":{"PidMode":"container:nowhere"}}"#, "container-no-host-pid", "not pass"),
    (r#"{"HostConfig":{"IpcMode":"host"}}"#, "container-no-host-ipc", "fail"),
    (r#"{"HostConfig":{"IpcMode":"container:svcpidhost"}}"#, "container-no-host-ipc", "fail"),
    (r#"{"HostConfig":{"IpcMode":"shareable"}}"#, "container-no-host-ipc", "pass"),
    (r#"{"HostConfig":{"UTSMode":"host"}}"#, "container-no-host-uts", "fail"),
    (r#"{"HostConfig":{"UsernsMode":"host"}}"#, "container-no-host-userns", "fail"),
    (r#"{"HostConfig":{"NetworkMode":"host"}}"#, "container-no-host-network", "fail"),
    (r#"{"HostConfig":{"NetworkMode":"container:svcpidhost"}}"#, "container-no-host-network", "fail"),
    (r#"{"HostConfig":{"NetworkMode":"container:nowhere"}}"#, "container-no-host-network", "not pass"),
    (r#"{"HostConfig":{"NetworkMode":"container:nowhere"}}"#, "container-ports-not-on-all-interfaces", "not pass"),
    (r#"{"HostConfig":{"NetworkMode":"host"}}"#, "container-ports-not-on-all-interfaces", "not pass"),
    (r#"{"HostConfig":{"Memory":0}}"#, "container-memory-limit", "fail"),
    (r#"{"HostConfig":{"Memory":-1}}"#, "container-memory-limit", "fail"),
    (r#"{"HostConfig":{"Memory":null}}"#, "container-memory-limit", "not pass"),
    (r#"{"HostConfig":{"Memory":"1g"}}"#, "container-memory-limit", "not pass"),
    (r#"{"HostConfig":{"NanoCpus":0,"CpuQuota":-1}}"#, "container-cpu-limit", "fail"),
    (r#"{"HostConfig":{"CpuShares":512}}"#, "container-cpu-limit", "fail"),
    (r#"{"HostConfig":{"NanoCpus":null,"CpuQuota":null}}"#, "container-cpu-limit", "not pass"),
    (r#"{"HostConfig":{"PidsLimit":-1}}"#, "container-pids-limit", "fail"),
    (r#"{"HostConfig":{"PidsLimit":0}}"#, "container-pids-limit", "fail"),
    (r#"{"HostConfig":{"PidsLimit":null}}"#, "container-pids-limit", "not pass"),
    (r#"{"HostConfig":{"ReadonlyRootfs":null}}"#, "container-read-only-rootfs", "not pass"),
    (r#"{"HostConfig":{"SecurityOpt":["seccomp=unconfined"]}}"#, "container-seccomp-enabled", "fail"),
    (r#"{"HostConfig":{"SecurityOpt":["seccomp:unconfined"]}}"#, "container-seccomp-enabled", "fail"),
    (r#"{"HostConfig":{"SecurityOpt":[7]}}"#, "container-seccomp-enabled", "not pass"),
    (r#"{"HostConfig":{"Privileged":true}}"#, "container-seccomp-enabled", "fail"),
    (r#"{"HostConfig":{"SecurityOpt":["no-new-privileges:false"]}}"#, "container-no-new-privileges", "fail"),
    (
        r#"{"HostConfig":{"SecurityOpt":["no-new-privileges:true","no-new-privileges:false"]}}"#,
        "container-no-new-privileges",
        "fail",
    ),
    (r#"{"HostConfig":{"SecurityOpt":["no-new-privileges:true",7]}}"#, "container-no-new-privileges", "not pass"),
    (r#"{"HostConfig":{"CapAdd":["SYS_ADMIN"]}}"#, "container-capabilities-minimal", "fail"),
    (r#"{"HostConfig":{"CapAdd":["CAP_SYS_ADMIN"]}}"#, "container-capabilities-minimal", "fail"),
    (r#"{"HostConfig":{"CapAdd":["cap_sys_admin"]}}"#, "container-capabilities-minimal", "fail"),
    (r#"{"HostConfig":{"CapAdd":"ALL"}}"#, "container-capabilities-minimal", "not pass"),
    (r#"{"HostConfig":{"CapDrop":["ALL"],"Privileged":true}}"#, "container-capabilities-dropped", "fail"),
    (r#"{"HostConfig":{"CapDrop":["NET_RAW"]}}"#, "container-capabilities-dropped", "fail"),
    (
        r#"{"Mounts":[{"Type":"bind","Source":"/var/run/docker.sock","Destination":"/x","RW":false,"Propagation":"rprivate"}]}"#,
        "container-no-engine-socket",
        "fail",
    ),
    (
        r#"{"Mounts":[{"Type":"bind","Source":"/run","Destination":"/x","RW":false,"Propagation":"rprivate"}]}"#,
        "container-no-engine-socket",
        "fail",
    ),
    (
        r#"{"Mounts":[{"Type":"bind","Source":"/","Destination":"/x","RW":false,"Propagation":"rprivate"}]}"#,
        "container-no-engine-socket",
        "fail",
    ),
    (r#"{"Mounts":"x"}"#, "container-no-engine-socket", "not pass"),
    (r#"{"Mounts":[7]}"#, "container-no-engine-socket", "not pass"),
    (r#"{"Mounts":[{"Type":"bind","Destination":"/x"}]}"#, "container-no-engine-socket", "not pass"),
    (r#"{"Mounts":null,"HostConfig":{"Binds":["/var/run/docker.sock:/x"]}}"#, "container-no-engine-socket", "not pass"),
    (r#"{"Mounts":[],"HostConfig":{"Binds":["/var/run/docker.sock:/x"]}}"#, "container-no-engine-socket", "not pass"),
    (
        r#"{"Mounts":[],"HostConfig":{"Mounts":[{"Type":"bind","Source":"/var/run/docker.sock","Target":"/x"}]}}"#,
        "container-no-engine-socket",
        "not pass",
    ),
    (
        r#"{"Mounts":[{"Type":"volume","Name":"bound","Source":"/x","Destination":"/y","Driver":"local","RW":true}]}"#,
        "container-no-sensitive-host-paths",
        "fail",
    ),
    (
        r#"{"Mounts":[{"Type":"volume","Name":"unseen","Source":"/x","Destination":"/y","Driver":"local","RW":true}]}"#,
        "container-no-sensitive-host-paths",
        "not pass",
    ),
    (
        r#"{"Mounts":[{"Type":"bind","Source":"/etc/../root","Destination":"/y","RW":true,"Propagation":"rprivate"}]}"#,
        "container-no-sensitive-host-paths",
        "fail",
    ),
    (
        r#"{"Mounts":[{"Type":"bind","Source":"/mnt","Destination":"/y","RW":true,"Propagation":"rshared"}]}"#,
        "container-mount-propagation-private",
        "fail",
    ),
    (
        r#"{"NetworkSettings":{"Ports":{"8042/tcp":[{"HostIp":"::","HostPort":"80"}]}}}"#,
        "container-ports-not-on-all-interfaces",
        "fail",
    ),
    (
        r#"{"NetworkSettings":{"Ports":{"8042/tcp":[{"HostIp":"","HostPort":"80"}]}}}"#,
        "container-ports-not-on-all-interfaces",
        "fail",
    ),
    (
        r#"{"NetworkSettings":{"Ports":{"8042/tcp":[{"HostIp":"::0","HostPort":"80"}]}}}"#,
        "container-ports-not-on-all-interfaces",
        "fail",
    ),
    (
        r#"{"NetworkSettings":{"Ports":{"8042/tcp":[{"HostIp":"127.0.0.1","HostPort":"80"},{"HostIp":"0.0.0.0","HostPort":"81"}]}}}"#,
        "container-ports-not-on-all-interfaces",
        "fail",
    ),
    (r#"{"NetworkSettings":{"Ports":"x"}}"#, "container-ports-not-on-all-interfaces", "not pass"),
    (r#"{"NetworkSettings":null}"#, "container-ports-not-on-all-interfaces", "not pass"),
    (
        r#"{"State":{"Status":"exited","Running":false},"HostConfig":{"PortBindings":{"8042/tcp":[{"HostIp":"","HostPort":"80"}]}}}"#,
        "container-ports-not-on-all-interfaces",
        "fail",
    ),
    (
        r#"{"State":{"Status":"created","Running":false},"HostConfig":{"PublishAllPorts":true},"Config":{"ExposedPorts":{"8042/tcp":{}}}}"#,
        "container-ports-not-on-all-interfaces",
        "fail",
    ),
    (
        r#"{"State":{"Status":"running","Running":true,"Health":{"Status":"unhealthy"}},"Config":{"Healthcheck":{"Test":["CMD","x"]}}}"#,
        "container-healthy",
        "fail",
    ),
    (
        r#"{"State":{"Status":"running","Running":true,"Health":{"Status":"starting"}},"Config":{"Healthcheck":{"Test":["CMD","x"]}}}"#,
        "container-healthy",
        "not_evaluated",
    ),
    (
        r#"{"State":{"Status":"running","Running":true},"Config":{"Healthcheck":{"Test":["CMD","x"]}}}"#,
        "container-healthy",
        "not_evaluated",
    ),
    (
        r#"{"State":{"Status":"running","Running":true,"Health":{"Status":"?"}},"Config":{"Healthcheck":{"Test":["CMD","x"]}}}"#,
        "container-healthy",
        "not pass",
    ),
    (r#"{"Config":{"Healthcheck":{"Test":["NONE"]}}}"#, "container-healthcheck-defined", "fail"),
    (r#"{"Config":{"Healthcheck":{"Test":[]}}}"#, "container-healthcheck-defined", "not pass"),
    (r#"{"HostConfig":{"RestartPolicy":{"Name":""}}}"#, "container-restart-policy", "fail"),
    (r#"{"HostConfig":{"RestartPolicy":null}}"#, "container-restart-policy", "not pass"),
    (r#"{"HostConfig":{"RestartPolicy":{"Name":"sometimes"}}}"#, "container-restart-policy", "not pass"),
    (r#"{"HostConfig":{"LogConfig":{"Type":"none","Config":{}}}}"#, "container-logs-kept-bounded", "fail"),
    (r#"{"HostConfig":{"LogConfig":{"Type":"json-file","Config":{}}}}"#, "container-logs-kept-bounded", "fail"),
    (
        r#"{"HostConfig":{"LogConfig":{"Type":"json-file","Config":{"max-size":"-1"}}}}"#,
        "container-logs-kept-bounded",
        "not pass",
    ),
    (r#"{"HostConfig":{"LogConfig":{"Type":"json-file","Config":{"max-size":""}}}}"#, "container-logs-kept-bounded", "not pass"),
    (r#"{"HostConfig":{"LogConfig":null}}"#, "container-logs-kept-bounded", "not pass"),
    (r#"{"HostConfig":{"LogConfig":{"Type":"","Config":{}}}}"#, "container-logs-kept-bounded", "not pass"),
    (
        r#"{"HostConfig":{"Devices":[{"PathOnHost":"/dev/sda","PathInContainer":"/dev/sda","CgroupPermissions":"rwm"}]}}"#,
        "container-no-host-devices",
        "fail",
    ),
    (r#"{"HostConfig":{"Devices":[7]}}"#, "container-no-host-devices", "not pass"),
    (r#"{"HostConfig":{"DeviceRequests":[{"Driver":"nvidia","Count":-1}]}}"#, "container-no-host-devices", "fail"),
    (r#"{"HostConfig":{"DeviceCgroupRules":["a *:* rwm"]}}"#, "container-no-host-devices", "not pass"),
    (r#"{"HostConfig":{"CgroupParent":"/x"}}"#, "container-cgroup-parent-default", "fail"),
    (r#"{"HostConfig":{"Ulimits":null}}"#, "container-ulimits-set", "not pass"),
    (r#"{"Config":{"Image":"pacs"}}"#, "container-image-tag-fixed", "fail"),
    (r#"{"Config":{"Image":"localhost:5000/pacs"}}"#, "container-image-tag-fixed", "fail"),
    (r#"{"Config":{"Image":""}}"#, "container-image-pinned", "not pass"),
    (r#"{"Config":{"Image":"pacs@sha256:abc"}}"#, "container-image-pinned", "not pass"),
    (r#"{"Config":{"Labels":{"a.password":"hunter2x"}}}"#, "container-secrets-not-in-labels", "fail"),
    (r#"{"Config":{"Labels":7}}"#, "container-secrets-not-in-labels", "not pass"),
    (
        r#"{"Config":{"Cmd":["serve","--password","hunter2x"]},"Args":["--password","hunter2x"]}"#,
        "container-secrets-not-in-command",
        "fail",
    ),
    (r#"{"Config":{"Env":["NODE_TLS_REJECT_UNAUTHORIZED=0"]}}"#, "container-tls-verification-on", "fail"),
    (r#"{"Config":{"Env":["DEBUG=true"]}}"#, "container-no-debug-mode", "fail"),
    ("{}", "container-no-ssh-server", "not pass"),
    ("{}", "container-logs-no-credentials", "not pass"),
    ("{}", "container-image-maintained", "not pass"),
];

#[test]
fn none_of_these_passes() {
    let named = |(i, (change, _, _)): (usize, &(&str, &str, &str))| {
        let mut container = inspect(&serde_json::from_str::<Json>(change).unwrap());
        container["Name"] = format!("/svc{i:03}").into();
        container
    };
    let mut containers: Vec<Json> = LINES.iter().enumerate().map(named).collect();
    containers.push(inspect(
        &json!({"Name": "/svcpidhost", "HostConfig": {"PidMode": "host", "IpcMode": "host", "NetworkMode": "host"}}),
    ));
    let server = engine(containers, |_| None);
    let report = run(&["audit", &format!("docker://{}", server.socket.display()), "--format", "json"]).ends_with(1).json();
    let wrong = disagreements(&report, LINES.iter().copied());
    assert!(wrong.is_empty(), "{wrong:#?}");
}
