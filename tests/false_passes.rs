//! Settings that must not pass: each line is a service with one setting, a check, and what has to come of it.
//! `not pass` stands where the file alone cannot decide, or where Compose itself would refuse the value.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use std::fmt::Write as _;

use support::{folder, results, run_in};

/// Volumes, networks and services that the lines below refer to.
const AROUND: &str = "\
volumes:
  sockvol: {driver: local, driver_opts: {type: none, o: bind, device: /var/run/docker.sock}}
  etcvol: {driver_opts: {type: none, o: bind, device: /etc}}
  etcvol2: {driver_opts: {type: \"\", o: \"ro,rbind\", device: /etc/}}
networks:
  hostnet: {external: true, name: host}
configs:
  sock: {file: /var/run/docker.sock}
  shadow: {file: /etc/shadow}
secrets:
  socks: {file: /var/run/docker.sock}
services:
  svchostpid: {image: \"x:1\", pid: host}
  svchostnet: {image: \"x:1\", network_mode: host}
  svcoutpid: {image: \"x:1\", pid: \"container:x\"}
  svcsock: {image: \"x:1\", volumes: [\"/var/run/docker.sock:/x\"]}
";

const LINES: [(&str, &str, &str); 230] = [
    (r#"privileged: "true""#, "container-not-privileged", "fail"),
    ("privileged: yes", "container-not-privileged", "not pass"),
    (r#"privileged: "on""#, "container-not-privileged", "not pass"),
    ("privileged: True", "container-not-privileged", "fail"),
    ("privileged: ${P:-true}", "container-not-privileged", "fail"),
    ("privileged: ${P}", "container-not-privileged", "not pass"),
    ("privileged: 1", "container-not-privileged", "not pass"),
    ("user: 0", "container-non-root", "fail"),
    (r#"user: "00""#, "container-non-root", "fail"),
    ("user: 00", "container-non-root", "fail"),
    (r#"user: "root:1000""#, "container-non-root", "fail"),
    (r#"user: " 0""#, "container-non-root", "not pass"),
    (r#"user: "+0""#, "container-non-root", "not pass"),
    (r#"user: "0x0""#, "container-non-root", "not pass"),
    ("user: 0:0", "container-non-root", "fail"),
    (r#"user: ":1000""#, "container-non-root", "not pass"),
    (r#"user: """#, "container-non-root", "not pass"),
    ("user: ${U:-0}", "container-non-root", "fail"),
    ("user: ${U}", "container-non-root", "not pass"),
    (r#"user: "1000:0""#, "container-non-root", "pass"),
    (r#"user: "Root""#, "container-non-root", "not pass"),
    (r#"user: "-1""#, "container-non-root", "not pass"),
    (r#"user: "4294967296""#, "container-non-root", "not pass"),
    (r#"user: "1000.5""#, "container-non-root", "not pass"),
    ("user: app", "container-non-root", "not pass"),
    ("pid: host", "container-no-host-pid", "fail"),
    ("pid: ${P:-host}", "container-no-host-pid", "fail"),
    ("ipc: host", "container-no-host-ipc", "fail"),
    ("ipc: shareable", "container-no-host-ipc", "pass"),
    ("pid: service:svchostpid", "container-no-host-pid", "not pass"),
    ("pid: container:x", "container-no-host-pid", "not pass"),
    ("network_mode: host", "container-no-host-network", "fail"),
    ("network_mode: service:svchostnet", "container-no-host-network", "not pass"),
    ("network_mode: container:x", "container-no-host-network", "not pass"),
    ("networks: [hostnet]", "container-no-host-network", "not pass"),
    ("uts: host", "container-no-host-uts", "fail"),
    ("userns_mode: host", "container-no-host-userns", "fail"),
    (r#"ports: ["8042"]"#, "container-ports-not-on-all-interfaces", "fail"),
    ("ports: [8042]", "container-ports-not-on-all-interfaces", "fail"),
    (r#"ports: ["9000:8042"]"#, "container-ports-not-on-all-interfaces", "fail"),
    (r#"ports: ["0.0.0.0:9000:8042"]"#, "container-ports-not-on-all-interfaces", "fail"),
    (r#"ports: ["[::]:9000:8042"]"#, "container-ports-not-on-all-interfaces", "fail"),
    (r#"ports: ["[::0]:9000:8042"]"#, "container-ports-not-on-all-interfaces", "fail"),
    (r#"ports: ["[0:0:0:0:0:0:0:0]:9000:8042"]"#, "container-ports-not-on-all-interfaces", "fail"),
    (r#"ports: ["[::ffff:0.0.0.0]:9000:8042"]"#, "container-ports-not-on-all-interfaces", "not pass"),
    (r#"ports: ["127.0.0.1:9000:8042"]"#, "container-ports-not-on-all-interfaces", "pass"),
    (r#"ports: ["${IP}:9000:8042"]"#, "container-ports-not-on-all-interfaces", "not pass"),
    (r#"ports: ["${IP:-0.0.0.0}:9000:8042"]"#, "container-ports-not-on-all-interfaces", "fail"),
    (r#"ports: ["${PORTS}"]"#, "container-ports-not-on-all-interfaces", "not pass"),
    ("ports: [{target: 8042, published: 9000}]", "container-ports-not-on-all-interfaces", "fail"),
    (r#"ports: [{target: 8042, published: "9000", host_ip: ""}]"#, "container-ports-not-on-all-interfaces", "fail"),
    ("ports: [{target: 8042}]", "container-ports-not-on-all-interfaces", "fail"),
    ("ports: [{target: 8042, published: 9000, host_ip: 127.0.0.1}]", "container-ports-not-on-all-interfaces", "pass"),
    (r#"ports: [{target: 8042, published: 9000, host_ip: "${IP}"}]"#, "container-ports-not-on-all-interfaces", "not pass"),
    (r#"ports: ["8000-8010:8000-8010"]"#, "container-ports-not-on-all-interfaces", "fail"),
    (r#"ports: ["192.168.1.5:104:4242"]"#, "container-ports-not-on-all-interfaces", "pass"),
    (r#"ports: ["0:0:8042"]"#, "container-ports-not-on-all-interfaces", "not pass"),
    (r#"ports: ["0.0.0.0::8042"]"#, "container-ports-not-on-all-interfaces", "fail"),
    ("ports: 8042:8042", "container-ports-not-on-all-interfaces", "not pass"),
    ("ports: {a: b}", "container-ports-not-on-all-interfaces", "not pass"),
    (r#"volumes: ["/var/run/docker.sock:/x"]"#, "container-no-engine-socket", "fail"),
    (r#"volumes: ["/var/run/../run/docker.sock:/x"]"#, "container-no-engine-socket", "fail"),
    (r#"volumes: ["//var//run/./docker.sock/:/x"]"#, "container-no-engine-socket", "fail"),
    (r#"volumes: ["/run:/x:ro"]"#, "container-no-engine-socket", "fail"),
    (r#"volumes: ["/:/x:ro"]"#, "container-no-engine-socket", "fail"),
    (r#"volumes: ["/run/user/1000:/x"]"#, "container-no-engine-socket", "fail"),
    (r#"volumes: ["/run/user/1000/docker.sock:/x"]"#, "container-no-engine-socket", "fail"),
    (r#"volumes: ["$XDG_RUNTIME_DIR/docker.sock:/x"]"#, "container-no-engine-socket", "not pass"),
    (r#"volumes: ["${SOCK}:/x"]"#, "container-no-engine-socket", "not pass"),
    (r#"volumes: ["${SOCK:-/var/run/docker.sock}:/var/run/docker.sock"]"#, "container-no-engine-socket", "fail"),
    (r#"volumes: ["/run/containerd/containerd.sock:/x"]"#, "container-no-engine-socket", "fail"),
    (r#"volumes: ["/run/podman:/x"]"#, "container-no-engine-socket", "fail"),
    (r#"volumes: ["/run/crio/crio.sock:/x"]"#, "container-no-engine-socket", "fail"),
    (r#"volumes: ["sockvol:/x"]"#, "container-no-engine-socket", "fail"),
    ("volumes: [{type: bind, source: /var/run/docker.sock, target: /x}]", "container-no-engine-socket", "fail"),
    (r#"volumes: [{type: bind, source: "/var/run/docker.sock", target: /x, read_only: true}]"#, "container-no-engine-socket", "fail"),
    ("configs: [sock]", "container-no-engine-socket", "not pass"),
    ("secrets: [socks]", "container-no-engine-socket", "not pass"),
    ("volumes_from: [svcsock]", "container-no-engine-socket", "not pass"),
    (r#"volumes_from: ["container:x"]"#, "container-no-engine-socket", "not pass"),
    (r#"volumes: ["/etc:/x:ro"]"#, "container-no-sensitive-host-paths", "fail"),
    (r#"volumes: ["/etc/../etc/shadow:/x:ro"]"#, "container-no-sensitive-host-paths", "fail"),
    (r#"volumes: ["~/.ssh:/x:ro"]"#, "container-no-sensitive-host-paths", "fail"),
    (r#"volumes: ["../../../../../../../etc:/x"]"#, "container-no-sensitive-host-paths", "fail"),
    (r#"volumes: ["${DIR}:/x"]"#, "container-no-sensitive-host-paths", "not pass"),
    (r#"volumes: ["${DIR}/sub:/x"]"#, "container-no-sensitive-host-paths", "not pass"),
    (r#"volumes: ["etcvol:/x"]"#, "container-no-sensitive-host-paths", "fail"),
    (r#"volumes: ["etcvol2:/x"]"#, "container-no-sensitive-host-paths", "fail"),
    (r#"volumes: ["./linketc:/x"]"#, "container-no-sensitive-host-paths", "fail"),
    (r#"volumes: ["/etc/localtime:/etc/localtime:ro"]"#, "container-no-sensitive-host-paths", "pass"),
    ("configs: [shadow]", "container-no-sensitive-host-paths", "not pass"),
    (r#"volumes: ["/etc/localtime/../shadow:/x:ro"]"#, "container-no-sensitive-host-paths", "fail"),
    (r#"volumes: ["/mnt:/x:rshared"]"#, "container-mount-propagation-private", "fail"),
    (r#"volumes: ["/mnt:/x:ro,rshared"]"#, "container-mount-propagation-private", "fail"),
    (r#"volumes: ["/mnt:/x:shared,z"]"#, "container-mount-propagation-private", "fail"),
    ("volumes: [{type: bind, source: /mnt, target: /x, bind: {propagation: rshared}}]", "container-mount-propagation-private", "fail"),
    (r#"volumes: [{type: bind, source: /mnt, target: /x, bind: {propagation: "${PROP}"}}]"#, "container-mount-propagation-private", "not pass"),
    ("cap_add: [CAP_SYS_ADMIN]", "container-capabilities-minimal", "fail"),
    ("cap_add: [sys_admin]", "container-capabilities-minimal", "fail"),
    ("cap_add: [all]", "container-capabilities-minimal", "fail"),
    (r#"cap_add: ["${CAP}"]"#, "container-capabilities-minimal", "not pass"),
    ("cap_add: ALL", "container-capabilities-minimal", "not pass"),
    ("cap_drop: [all]", "container-capabilities-dropped", "pass"),
    (r#"cap_drop: ["${CAP}"]"#, "container-capabilities-dropped", "not pass"),
    ("cap_drop: [NET_RAW]", "container-capabilities-dropped", "fail"),
    (r#"security_opt: ["seccomp=unconfined"]"#, "container-seccomp-enabled", "fail"),
    (r#"security_opt: ["seccomp:unconfined"]"#, "container-seccomp-enabled", "fail"),
    (r#"security_opt: ["${OPT}"]"#, "container-seccomp-enabled", "not pass"),
    (r#"security_opt: ["no-new-privileges"]"#, "container-no-new-privileges", "pass"),
    (r#"security_opt: ["no-new-privileges:true"]"#, "container-no-new-privileges", "pass"),
    (r#"security_opt: ["no-new-privileges=false"]"#, "container-no-new-privileges", "fail"),
    (r#"security_opt: ["no-new-privileges:true", "no-new-privileges:false"]"#, "container-no-new-privileges", "not pass"),
    (r#"security_opt: ["no-new-privileges:${NNP}"]"#, "container-no-new-privileges", "not pass"),
    (r#"security_opt: ["no-new-privileges:0"]"#, "container-no-new-privileges", "not pass"),
    (r#"security_opt: ["apparmor:unconfined"]"#, "container-mac-profile", "not pass"),
    (r#"security_opt: ["label:disable"]"#, "container-mac-profile", "not pass"),
    ("mem_limit: 0", "container-memory-limit", "fail"),
    (r#"mem_limit: "0m""#, "container-memory-limit", "fail"),
    ("mem_limit: -1", "container-memory-limit", "not pass"),
    (r#"mem_limit: "${M}""#, "container-memory-limit", "not pass"),
    ("mem_limit: banana", "container-memory-limit", "not pass"),
    ("mem_reservation: 512m", "container-memory-limit", "fail"),
    ("deploy: {resources: {limits: {memory: 0}}}", "container-memory-limit", "fail"),
    ("deploy: {resources: {reservations: {memory: 1g}}}", "container-memory-limit", "fail"),
    ("deploy: {resources: {limits: {memory: 512M}}}", "container-memory-limit", "pass"),
    ("pids_limit: -1", "container-pids-limit", "fail"),
    ("pids_limit: 0", "container-pids-limit", "fail"),
    (r#"pids_limit: "${N}""#, "container-pids-limit", "not pass"),
    ("deploy: {resources: {limits: {pids: -1}}}", "container-pids-limit", "fail"),
    ("deploy: {resources: {limits: {pids: 100}}}", "container-pids-limit", "pass"),
    ("cpus: 0", "container-cpu-limit", "fail"),
    (r#"cpus: "0.0""#, "container-cpu-limit", "fail"),
    ("cpu_quota: -1", "container-cpu-limit", "fail"),
    ("cpu_shares: 512", "container-cpu-limit", "fail"),
    (r#"cpuset: "0""#, "container-cpu-limit", "pass"),
    (r#"cpuset: """#, "container-cpu-limit", "fail"),
    (r#"cpus: "${C}""#, "container-cpu-limit", "not pass"),
    ("healthcheck: {disable: true}", "container-healthcheck-defined", "fail"),
    (r#"healthcheck: {test: ["NONE"]}"#, "container-healthcheck-defined", "fail"),
    (r#"healthcheck: {disable: "true", test: ["CMD","x"]}"#, "container-healthcheck-defined", "fail"),
    ("healthcheck: {interval: 5s}", "container-healthcheck-defined", "not pass"),
    ("healthcheck: {test: []}", "container-healthcheck-defined", "not pass"),
    (r#"healthcheck: {test: ["CMD", "true"]}"#, "container-healthcheck-meaningful", "fail"),
    (r#"healthcheck: {test: "exit 0"}"#, "container-healthcheck-meaningful", "fail"),
    (r#"healthcheck: {test: ["CMD-SHELL", "curl http://x || true"]}"#, "container-healthcheck-meaningful", "fail"),
    (r#"healthcheck: {test: ["CMD-SHELL", "curl http://x; exit 0"]}"#, "container-healthcheck-meaningful", "fail"),
    (r#"healthcheck: {test: ["CMD", "/bin/true"]}"#, "container-healthcheck-meaningful", "fail"),
    (r#"healthcheck: {test: ["CMD-SHELL", ":"]}"#, "container-healthcheck-meaningful", "fail"),
    (r#"healthcheck: {test: ["CMD", "echo", "ok"]}"#, "container-healthcheck-meaningful", "fail"),
    (r#"healthcheck: {test: ["CMD-SHELL", "curl -s http://localhost:8042/ > /dev/null; echo ok"]}"#, "container-healthcheck-meaningful", "not pass"),
    (r#"restart: "no""#, "container-restart-policy", "fail"),
    ("restart: no", "container-restart-policy", "fail"),
    ("restart: false", "container-restart-policy", "fail"),
    (r#"restart: "${R}""#, "container-restart-policy", "not pass"),
    ("deploy: {restart_policy: {condition: none}}", "container-restart-policy", "fail"),
    ("restart: sometimes", "container-restart-policy", "not pass"),
    (r#"image: "x@sha256:abc""#, "container-image-pinned", "not pass"),
    (r#"image: "x:1""#, "container-image-pinned", "fail"),
    (r#"image: "localhost:5000/x""#, "container-image-tag-fixed", "fail"),
    (r#"image: "localhost:5000/x:latest""#, "container-image-tag-fixed", "fail"),
    (r#"image: "x:${TAG}""#, "container-image-tag-fixed", "not pass"),
    (r#"image: "x:${TAG:-latest}""#, "container-image-tag-fixed", "fail"),
    (r#"image: "${IMG}""#, "container-image-pinned", "not pass"),
    ("logging: {driver: json-file}", "container-logs-kept-bounded", "fail"),
    (r#"logging: {driver: json-file, options: {max-size: "-1"}}"#, "container-logs-kept-bounded", "not pass"),
    (r#"logging: {driver: json-file, options: {max-size: "0"}}"#, "container-logs-kept-bounded", "not pass"),
    (r#"logging: {driver: json-file, options: {max-size: "${L}"}}"#, "container-logs-kept-bounded", "not pass"),
    (r#"logging: {options: {max-file: "3"}}"#, "container-logs-kept-bounded", "fail"),
    ("logging: {driver: none}", "container-logs-kept-bounded", "fail"),
    ("logging: {driver: local}", "container-logs-kept-bounded", "pass"),
    (r#"logging: {driver: "${D}"}"#, "container-logs-kept-bounded", "not pass"),
    (r#"read_only: "false""#, "container-read-only-rootfs", "fail"),
    (r#"read_only: "${RO}""#, "container-read-only-rootfs", "not pass"),
    (r#"devices: ["/dev/sda"]"#, "container-no-host-devices", "fail"),
    ("devices: [{source: /dev/sda, target: /dev/x}]", "container-no-host-devices", "fail"),
    (r#"devices: ["${DEV}"]"#, "container-no-host-devices", "not pass"),
    (r#"device_cgroup_rules: ["a *:* rwm"]"#, "container-no-host-devices", "not pass"),
    ("environment: {DB_PASSWORD: hunter2x}", "container-secrets-not-in-environment", "fail"),
    (r#"environment: ["DB_PASSWORD=hunter2x"]"#, "container-secrets-not-in-environment", "fail"),
    (r#"environment: {DB_PASSWORD: "${DB_PASSWORD:-hunter2x}"}"#, "container-secrets-not-in-environment", "not pass"),
    (r#"environment: {A: "${B:-postgres://u:hunter2x@db/x}"}"#, "container-secrets-not-in-environment", "not pass"),
    ("environment: {ADMIN_PW: hunter2x}", "container-secrets-not-in-environment", "fail"),
    ("environment: {PGPASSWORD: hunter2x}", "container-secrets-not-in-environment", "fail"),
    ("environment: {MYSQL_PWD: hunter2x}", "container-secrets-not-in-environment", "fail"),
    (r#"environment: {ORTHANC__REGISTERED_USERS: '{"a":"hunter2x"}'}"#, "container-secrets-not-in-environment", "fail"),
    ("environment: {AWS_SECRET_ACCESS_KEY: abcdefg}", "container-secrets-not-in-environment", "fail"),
    ("environment: {DBPASS: hunter2x}", "container-secrets-not-in-environment", "fail"),
    ("environment: {dbPass: hunter2x}", "container-secrets-not-in-environment", "fail"),
    ("environment: {KC_BOOTSTRAP_ADMIN_PASSWORD: admin}", "container-secrets-not-in-environment", "fail"),
    ("environment: {SECRET_KEY_BASE: hunter2x}", "container-secrets-not-in-environment", "fail"),
    ("environment: {DB_PASSWORD: 0123}", "container-secrets-not-in-environment", "fail"),
    ("environment: {DB_PASSWORD: true}", "container-secrets-not-in-environment", "fail"),
    ("env_file: [missing.env]", "container-secrets-not-in-environment", "not pass"),
    (r#"env_file: ["${F}"]"#, "container-secrets-not-in-environment", "not pass"),
    (r#"environment: {REDIS_ARGS: "--requirepass hunter2x"}"#, "container-secrets-not-in-environment", "fail"),
    (r#"environment: {SMTP: "smtp://u:hunter2x@mail:25"}"#, "container-secrets-not-in-environment", "fail"),
    ("environment: {PASSPHRASE: hunter2x}", "container-secrets-not-in-environment", "fail"),
    ("environment: {API_TOKENS: hunter2x}", "container-secrets-not-in-environment", "fail"),
    ("environment: {PASSWORDS: hunter2x}", "container-secrets-not-in-environment", "fail"),
    ("environment: {DB_PASSWORD_1: hunter2x}", "container-secrets-not-in-environment", "fail"),
    ("environment: {POSTGRES_PASSWORD: postgres}", "container-secrets-not-published-defaults", "fail"),
    (r#"environment: {POSTGRES_PASSWORD: "${P:-postgres}"}"#, "container-secrets-not-published-defaults", "fail"),
    ("environment: {ADMIN_PASSWORD: CHANGE_ME}", "container-secrets-not-published-defaults", "fail"),
    ("command: serve --password hunter2x", "container-secrets-not-in-command", "fail"),
    (r#"command: ["serve", "--password=hunter2x"]"#, "container-secrets-not-in-command", "fail"),
    (r#"entrypoint: ["redis-server", "--requirepass", "hunter2x"]"#, "container-secrets-not-in-command", "fail"),
    (r#"command: sh -c "PGPASSWORD=hunter2x psql""#, "container-secrets-not-in-command", "fail"),
    (r#"healthcheck: {test: ["CMD","mysqladmin","-phunter2x","ping"]}"#, "container-secrets-not-in-command", "fail"),
    (r#"healthcheck: {test: "curl -u a:hunter2x http://x"}"#, "container-secrets-not-in-command", "fail"),
    ("labels: {a.password: hunter2x}", "container-secrets-not-in-labels", "fail"),
    (r#"labels: ["a.password=hunter2x"]"#, "container-secrets-not-in-labels", "fail"),
    (r#"environment: {DEBUG: "1"}"#, "container-no-debug-mode", "fail"),
    (r#"environment: {DEBUG: "${DEBUG:-true}"}"#, "container-no-debug-mode", "fail"),
    ("environment: {FLASK_ENV: development}", "container-no-debug-mode", "fail"),
    ("environment: {NODE_ENV: development}", "container-no-debug-mode", "fail"),
    ("environment: {LOG_LEVEL: debug}", "container-no-debug-mode", "fail"),
    ("command: uvicorn app:app --reload", "container-no-debug-mode", "fail"),
    ("environment: {PYTHONHTTPSVERIFY: 0}", "container-tls-verification-on", "fail"),
    (r#"environment: {NODE_TLS_REJECT_UNAUTHORIZED: "0"}"#, "container-tls-verification-on", "fail"),
    (r#"environment: {NODE_TLS_REJECT_UNAUTHORIZED: "${V:-0}"}"#, "container-tls-verification-on", "fail"),
    (r#"environment: {GIT_SSL_NO_VERIFY: "true"}"#, "container-tls-verification-on", "fail"),
    (r#"command: sh -c "pip install x && serve""#, "container-no-install-at-start", "fail"),
    (r#"entrypoint: ["/bin/sh","-c","apt-get update; apt-get -y install curl"]"#, "container-no-install-at-start", "fail"),
    ("cgroup_parent: /x", "container-cgroup-parent-default", "fail"),
    ("pid: service:svcoutpid", "container-no-host-pid", "not pass"),
    ("pid: service:svchostpid", "container-no-host-pid", "fail"),
    ("network_mode: service:svchostnet", "container-no-host-network", "fail"),
    (r#"environment: {MAX_TOKENS: "512"}"#, "container-secrets-not-in-environment", "not fail"),
    (r#"environment: {BYPASS: "on1"}"#, "container-secrets-not-in-environment", "not fail"),
    ("command: serve --max-tokens 512 --token-lifetime 60", "container-secrets-not-in-command", "not fail"),
];

#[test]
fn none_of_these_passes() {
    let mut file = AROUND.to_owned();
    for (i, (setting, _, _)) in LINES.iter().enumerate() {
        let image = if setting.starts_with("image:") { "" } else { "    image: \"x:1\"\n" };
        writeln!(file, "  svc{i:03}:\n{image}    {setting}").unwrap();
    }
    let stack = folder(&[("compose.yaml", &file)]);
    std::os::unix::fs::symlink("/etc", stack.path().join("linketc")).unwrap();
    let ran = run_in(stack.path(), &["audit", "--format", "json"]).ends_with(1);
    let report = ran.json();
    let mut wrong = Vec::new();
    for (i, (setting, check, expected)) in LINES.iter().enumerate() {
        let name = format!("svc{i:03}");
        let result = results(&report, check).into_iter().find(|result| result["subject"]["name"] == *name).unwrap();
        let status = result["status"].as_str().unwrap();
        let holds = match expected.strip_prefix("not ") {
            Some(other) => status != other && status != "not_applicable",
            None => status == *expected,
        };
        if !holds {
            wrong.push(format!("{check} of `{setting}`: {status}, expected {expected}: {}", result["message"]));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
