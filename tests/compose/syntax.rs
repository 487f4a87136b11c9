//! One service: every form of every setting.

use crate::support::{one, place, rows, word};

/// A stack whose service `web` has these settings.
fn web(settings: &str) -> crate::support::Stack {
    let indented = settings.lines().flat_map(|line| ["    ", line, "\n"]).collect::<String>();
    one(&format!("name: clinic\nservices:\n  web:\n    image: nginx:1\n{indented}"))
}

#[test]
fn a_bare_service_has_the_defaults_of_the_specification() {
    let stack = one("services:\n  db:\n    image: postgres:16\n");
    let db = stack.service("db");
    for (path, expected) in [
        ("image.reference", "postgres:16"),
        ("image.built", "false"),
        ("image.seen", "false"),
        ("image.id", "unknown no_target"),
        ("state", "unknown no_target"),
        ("running", "unknown no_target"),
        ("user.spec", "unknown image_not_seen"),
        ("read_only", "false"),
        ("privileged", "false"),
        ("memory_limit", "0"),
        ("nano_cpus", "0"),
        ("cpu_quota", "0"),
        ("cpu_shares", "0"),
        ("cpuset", ""),
        ("pids_limit", "0"),
        ("security_opt", "[]"),
        ("cap_add", "[]"),
        ("cap_drop", "[]"),
        ("mounts", "[]"),
        ("ports", "[]"),
        ("labels", "[]"),
        ("devices", "[]"),
        ("env", "[] + image_not_seen"),
        ("command", "[] + image_not_seen"),
        ("exposed", "[] + image_not_seen"),
        ("pid_mode", ""),
        ("restart", ""),
        ("log.driver", "json-file"),
        ("log.max_size", "absent"),
        ("health.defined", "unknown image_not_seen"),
        ("health.status", "unknown no_target"),
    ] {
        assert_eq!(word(db, path), expected, "{path}");
    }
    assert_eq!(place(db.get("read_only")), "compose.yaml:2:3");
    assert_eq!(place(db.get("image.reference")), "compose.yaml:3:5");
}

#[test]
fn every_raw_fact_of_the_catalogue_is_written_with_its_type() {
    use pacscan::facts::{Catalogue, FactType, Stage, State, Value};
    let stack = web("ports: ['80:80']");
    for (document, prefix) in [(stack.service("web"), "container."), (stack.compose(), "compose.")] {
        for (path, spec) in Catalogue::get().iter().filter(|(_, spec)| spec.stage == Stage::Raw) {
            let Some(path) = path.strip_prefix(prefix).filter(|path| !path.contains("[]")) else { continue };
            assert!(document.has(path), "{prefix}{path} is not written");
            let right = match &document.get(path).state {
                State::Known(Value::Bool(_)) => spec.kind == FactType::Bool,
                State::Known(Value::Int(_)) => spec.kind == FactType::Int,
                State::Known(Value::Text(_)) => spec.kind == FactType::Text,
                State::Known(Value::List(_)) => spec.kind == FactType::List,
                State::Known(Value::Record(_)) => spec.kind == FactType::Record,
                State::Absent => spec.optional,
                State::Unknown(_) => true,
            };
            assert!(right, "{prefix}{path}: {:?}", document.get(path));
        }
    }
}

#[test]
fn nothing_is_written_that_the_catalogue_does_not_know() {
    use pacscan::facts::{Catalogue, Fact, State, Value};
    fn check(path: &str, fact: &Fact) {
        match &fact.state {
            State::Known(Value::Record(record)) => record.iter().for_each(|(name, fact)| check(&format!("{path}.{name}"), fact)),
            State::Known(Value::List(list)) => list.items.iter().for_each(|item| check(&format!("{path}[]"), item)),
            _ => assert!(Catalogue::get().spec(path).is_some(), "{path}"),
        }
    }
    let stack = web(
        "ports: ['80:80']\nvolumes: ['./a:/a', 'b:/b']\nenvironment: [A=b]\nlabels: [a=b]\ndevices: [/dev/x]\nulimits: {nofile: 5}\n\
         env_file: [x.env]\nsecrets: [s]\nentrypoint: [run, --password=hunter2hunter2]\nexpose: [80]\nprofiles: []",
    );
    stack.service("web").iter().for_each(|(name, fact)| check(&format!("container.{name}"), fact));
    stack.compose().iter().for_each(|(name, fact)| check(&format!("compose.{name}"), fact));
}

#[test]
fn ports_in_every_form() {
    let stack = web(
        "ports:\n  - 3000\n  - \"8080:80\"\n  - 127.0.0.1:4242:4242\n  - \"[::1]:5:5/udp\"\n  - \"9000-9001:9000-9001\"\n  - \"7000-7001:80\"\n  \
         - {target: 104, published: \"11112\", host_ip: 10.0.0.1, protocol: tcp, mode: host}\n  - {target: 99}\n  - \"nonsense\"",
    );
    assert_eq!(
        rows(stack.service("web"), "ports", &["address", "host_port", "container_port", "protocol"]),
        [
            " - 3000 tcp",
            " 8080 80 tcp",
            "127.0.0.1 4242 4242 tcp",
            "::1 5 5 udp",
            " 9000 9000 tcp",
            " 9001 9001 tcp",
            " - 80 tcp",
            "10.0.0.1 11112 104 tcp",
            " - 99 tcp"
        ]
    );
    let list = stack.service("web").list("ports").unwrap();
    assert_eq!(list.incomplete.as_ref().unwrap().reason.word(), "unsupported");
    assert_eq!(place(&list.items[1]), "compose.yaml:7:9");
}

#[test]
fn limits_from_deploy_and_from_the_service() {
    let stack = web(
        "mem_limit: 1g\ncpus: 0.5\npids_limit: 100\ncpuset: 0-1\ncpu_shares: 512\ncpu_quota: 50000\ndeploy:\n  resources:\n    limits:\n      \
         memory: 512M\n      cpus: '1.5'\n      pids: 20",
    );
    let web_facts = stack.service("web");
    assert_eq!(word(web_facts, "memory_limit"), (512 << 20).to_string());
    assert_eq!(word(web_facts, "nano_cpus"), "1500000000");
    assert_eq!(word(web_facts, "pids_limit"), "20");
    assert_eq!(word(web_facts, "cpuset"), "0-1");
    assert_eq!(word(web_facts, "cpu_shares"), "512");
    assert_eq!(word(web_facts, "cpu_quota"), "50000");
    assert_eq!(place(web_facts.get("memory_limit")), "compose.yaml:14:11");
    assert_eq!(word(web("mem_limit: plenty").service("web"), "memory_limit"), "unknown unsupported");
}

#[test]
fn privileges_and_name_spaces() {
    let stack = web(
        "user: '00'\nread_only: yes\nprivileged: false\ncap_add: [net_admin, CAP_SYS_TIME]\ncap_drop:\n  - ALL\nsecurity_opt:\n  \
         - no-new-privileges:true\n  - seccomp:unconfined\npid: host\nipc: shareable\nuts: host\nuserns_mode: host\ncgroup_parent: x\n\
         ulimits:\n  nproc: 65535\n  nofile: {soft: 20, hard: 40}\nruntime: nvidia\ngpus: all\ndevices:\n  - /dev/dri:/dev/dri:rwm\n  \
         - vendor.com/gpu=all",
    );
    let facts = stack.service("web");
    for (path, expected) in [
        ("user.spec", "00"),
        ("read_only", "true"),
        ("privileged", "false"),
        ("cap_add", "[NET_ADMIN, SYS_TIME]"),
        ("cap_drop", "[ALL]"),
        ("security_opt", "[no-new-privileges:true, seccomp:unconfined]"),
        ("pid_mode", "host"),
        ("ipc_mode", "shareable"),
        ("uts_mode", "host"),
        ("userns_mode", "host"),
        ("cgroup_parent", "x"),
    ] {
        assert_eq!(word(facts, path), expected, "{path}");
    }
    assert_eq!(rows(facts, "ulimits", &["name", "soft", "hard"]), ["nofile 20 40", "nproc 65535 65535"]);
    assert_eq!(
        rows(facts, "devices", &["label", "host", "request"]),
        ["/dev/dri /dev/dri false", "vendor.com/gpu=all - true", "gpus=all - true", "runtime=nvidia - true"]
    );
}

#[test]
fn gpu_reservations_are_device_requests() {
    let stack = web(
        "deploy:\n  resources:\n    reservations:\n      devices:\n        - driver: nvidia\n          count: 1\n          capabilities: [gpu]",
    );
    assert_eq!(rows(stack.service("web"), "devices", &["label", "request"]), ["driver=nvidia true"]);
}

#[test]
fn health_checks_in_every_form() {
    for (check, test, defined) in [
        ("test: [CMD, curl, -f, 'http://localhost/']", "[CMD, curl, -f, http://localhost/]", "true"),
        ("test: [\"CMD-SHELL\", \"exit 0\"]", "[CMD-SHELL, exit, 0]", "true"),
        ("test: exit 1", "[CMD-SHELL, exit, 1]", "true"),
        ("test: [NONE]", "[NONE]", "false"),
        ("test: NONE", "[NONE]", "false"),
        ("disable: true", "[NONE]", "false"),
        ("interval: 5s", "unknown image_not_seen", "unknown image_not_seen"),
    ] {
        let stack = web(&format!("healthcheck:\n  {check}"));
        let facts = stack.service("web");
        assert_eq!(word(facts, "health.test").replace("[redacted]", "exit"), test, "{check}");
        assert_eq!(word(facts, "health.defined"), defined, "{check}");
    }
}

#[test]
fn commands_are_split_and_their_secrets_found() {
    let stack =
        web("entrypoint: /bin/sh -c\ncommand: >\n  \"redis-server --requirepass hunter2hunter2\"\nhealthcheck: {disable: true}");
    let facts = stack.service("web");
    assert!(!stack.json().contains("hunter2"));
    assert!(word(facts, "command").starts_with("[/bin/sh, -c,"), "{}", word(facts, "command"));
    assert_eq!(rows(facts, "command_secrets", &["label", "class"]), ["--requirepass in the command literal"]);
    assert!(facts.list("command").unwrap().incomplete.is_none());
    assert!(facts.list("command_secrets").unwrap().incomplete.is_none());
}

#[test]
fn a_password_glued_to_its_flag_is_no_label() {
    let stack = web(
        "entrypoint: []\ncommand: mysql -pMyPassword1hunter2 clinic\npost_start: [{command: [curl, -u, 'me:hunter2hunter2', x]}]",
    );
    let labels = rows(stack.service("web"), "command_secrets", &["label"]);
    assert_eq!(labels, ["-p in the command", "-u in the post_start"]);
    assert!(!stack.json().contains("hunter2"));
}

#[test]
fn variables_in_commands_and_health_checks_are_no_secrets() {
    let stack =
        web("entrypoint: []\ncommand: [run, '--password=${PW}', '--token=$$TOKEN', '--secret=$${SECRET}']\nhealthcheck:\n  \
         test: mysqladmin ping -p$${MYSQL_ROOT_PASSWORD} || redis-cli -a \"$$REDIS_PASSWORD\" ping");
    assert_eq!(word(stack.service("web"), "command_secrets"), "[]");
}

#[test]
fn restart_and_logging() {
    for (text, restart) in [
        ("restart: unless-stopped", "unless-stopped"),
        ("restart: on-failure:5", "on-failure"),
        ("restart: no", "no"),
        ("restart: 'no'", "no"),
        ("deploy: {restart_policy: {condition: any}}", "always"),
        ("deploy: {restart_policy: {condition: none}}\nrestart: always", "no"),
    ] {
        assert_eq!(word(web(text).service("web"), "restart"), restart, "{text}");
    }
    let stack = web("logging:\n  driver: local\n  options: {max-size: 10m, max-file: '3'}");
    assert_eq!(word(stack.service("web"), "log.driver"), "local");
    assert_eq!(word(stack.service("web"), "log.max_size"), "10m");
    assert_eq!(word(web("logging: {options: {max-size: 1m}}").service("web"), "log.driver"), "json-file");
}

#[test]
fn networks_in_every_form() {
    let text = "name: clinic\nservices:\n  a: {image: x, networks: [front, back]}\n  b: {image: x, networks: {back: {aliases: [db]}}}\n  \
                c: {image: x}\n  d: {image: x, network_mode: host}\n  e: {image: x, network_mode: 'service:d'}\n  \
                f: {image: x, network_mode: 'service:a'}\n  g: {image: x, network_mode: 'container:other'}\n  h: {image: x, networks: [out]}\n\
                networks:\n  front: {name: web}\n  back: {internal: true}\n  out: {external: true}\n";
    let stack = one(text);
    for (service, mode, networks) in [
        ("a", "clinic_back", vec!["clinic_back true", "web false"]),
        ("b", "clinic_back", vec!["clinic_back true"]),
        ("c", "clinic_default", vec!["clinic_default false"]),
        ("d", "host", vec![]),
        ("e", "host", vec![]),
        ("f", "service:a", vec!["clinic_back true", "web false"]),
        ("g", "unknown no_target", vec![]),
        ("h", "out", vec!["out ?"]),
    ] {
        assert_eq!(word(stack.service(service), "network_mode"), mode, "{service}");
        assert_eq!(rows(stack.service(service), "networks", &["name", "internal"]), networks, "{service}");
    }
    assert!(stack.service("g").list("networks").unwrap().incomplete.is_some());
    assert_eq!(word(stack.compose(), "parses"), "true");
}

#[test]
fn environment_list_and_map() {
    let stack = web("environment:\n  - A=1\n  - B\n  - PASSWORD=hunter2hunter2\n  - EMPTY=");
    let rows_of = |stack: &crate::support::Stack| rows(stack.service("web"), "env", &["name", "class", "shown"]);
    assert_eq!(rows_of(&stack), ["A plain 1", "B reference -", "EMPTY empty -", "PASSWORD literal -"]);
    let stack = web("environment:\n  A: yes\n  B: 0644\n  C: 3.10\n  D:\n  PASSWORD_FILE: /run/secrets/x");
    assert_eq!(rows_of(&stack), ["A plain yes", "B plain 0644", "C plain 3.10", "D reference -", "PASSWORD_FILE file -"]);
    assert_eq!(place(&stack.service("web").list("env").unwrap().items[1]), "compose.yaml:7:7");
}

#[test]
fn literal_blocks_hold_secrets_too() {
    let stack = web("environment:\n  ORTHANC_JSON: |\n    {\n      \"RegisteredUsers\": {\"demo\": \"demopassword\"}\n    }");
    assert_eq!(rows(stack.service("web"), "env", &["name", "class"]), ["ORTHANC_JSON literal"]);
    assert!(!stack.json().contains("demopassword"));
}

#[test]
fn labels_and_exposed_ports() {
    let stack = web("labels:\n  - a.b=true\n  - db.password=hunter2hunter2\nexpose: [80, '90-91/tcp']");
    assert_eq!(rows(stack.service("web"), "labels", &["name", "class", "shown"]), ["a.b plain true", "db.password literal -"]);
    assert_eq!(word(stack.service("web"), "exposed"), "[80, 90, 91] + image_not_seen");
}

#[test]
fn a_service_that_is_only_built_has_no_reference() {
    let stack = one("services:\n  app:\n    build: .\n  two:\n    image: x\n    build: {context: ., args: [A=b]}\n");
    assert_eq!(word(stack.service("app"), "image.reference"), "absent");
    assert_eq!(word(stack.service("app"), "image.built"), "true");
    assert_eq!(word(stack.service("two"), "image.reference"), "x");
}

#[test]
fn anchors_merge_keys_and_fragments() {
    let text = "x-base: &base\n  restart: always\n  read_only: true\nx-log: &log\n  restart: 'no'\n  user: '5'\nservices:\n  a:\n    <<: [*base, *log]\n    image: x\n  \
                b:\n    <<: *base\n    image: x\n    read_only: false\n    environment: &env {A: '1'}\n  c: {image: x, environment: *env}\n";
    let stack = one(text);
    assert_eq!(word(stack.service("a"), "restart"), "always");
    assert_eq!(word(stack.service("a"), "user.spec"), "5");
    assert_eq!(place(stack.service("a").get("user.spec")), "compose.yaml:6:3");
    assert_eq!(word(stack.service("b"), "read_only"), "false");
    assert_eq!(rows(stack.service("c"), "env", &["name"]), ["A"]);
}

#[test]
fn byte_order_mark_and_carriage_returns() {
    let stack = one("\u{feff}services:\r\n  a:\r\n    image: x\r\n    user: \"5\"\r\n    ports:\r\n      - \"1:2\"\r\n");
    assert_eq!(word(stack.service("a"), "user.spec"), "5");
    assert_eq!(rows(stack.service("a"), "ports", &["host_port"]), ["1"]);
    assert_eq!(place(stack.service("a").get("user.spec")), "compose.yaml:4:5");
}

#[test]
fn columns_are_counted_in_characters() {
    let stack = one("services:\n  a: {image: 'ä', user: \"5\"}\n");
    assert_eq!(place(stack.service("a").get("user.spec")), "compose.yaml:2:19");
}
