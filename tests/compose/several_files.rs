//! Overrides, `extends`, `include`, `!reset`, `!override`.

use crate::support::{env, files, fixture, place, rows, with, word};

#[test]
fn an_override_is_laid_over_the_main_file() {
    let stack = files(&[
        (
            "compose.yaml",
            "services:\n  a:\n    image: x:1\n    command: [one]\n    environment: {A: '1', B: '1'}\n    ports: ['1:1']\n    volumes: ['data:/d', './src:/app:ro']\n    labels: [l=1]\n    cap_drop: [ALL]\n    \
             healthcheck: {test: [CMD, 'true'], retries: 3}\n    logging: {driver: json-file, options: {max-size: 1m}}\n    read_only: true\nvolumes: {data: }\n",
        ),
        (
            "docker-compose.override.yml",
            "services:\n  a:\n    image: x:2\n    command: run two\n    environment: [B=2, C=3]\n    ports: ['1:1', '2:2']\n    volumes: ['./other:/app']\n    labels: {l: '2', m: '3'}\n    \
             healthcheck: {test: [NONE]}\n    logging: {driver: local}\n    read_only: false\n  b: {image: y}\n",
        ),
    ]);
    let a = stack.service("a");
    for (path, expected) in [
        ("image.reference", "x:2"),
        ("cap_drop", "[ALL]"),
        ("health.defined", "false"),
        ("log.driver", "local"),
        ("log.max_size", "absent"),
        ("read_only", "false"),
    ] {
        assert_eq!(word(a, path), expected, "{path}");
    }
    assert_eq!(rows(a, "env", &["name", "shown"]), ["A 1", "B 2", "C 3"]);
    assert_eq!(rows(a, "ports", &["host_port"]), ["1", "2"]);
    assert_eq!(rows(a, "mounts", &["target", "read_only"]), ["/d false", "/app false"]);
    assert_eq!(rows(a, "labels", &["name", "shown"]), ["l 2", "m 3"]);
    assert_eq!(a.list("command").unwrap().items.len(), 2);
    assert_eq!(place(a.get("read_only")), "docker-compose.override.yml:11:5");
    assert_eq!(stack.services(), ["a", "b"]);
    assert_eq!(word(stack.compose(), "override_files"), "[docker-compose.override.yml]");
    assert_eq!(word(stack.compose(), "files"), "[compose.yaml, docker-compose.override.yml]");
}

#[test]
fn a_named_file_of_another_name_stands_alone() {
    let folder = crate::support::written(&[
        ("compose.yaml", "services: {a: {image: x}}"),
        ("compose.override.yaml", "services: {a: {privileged: true}}"),
        ("docker-compose.prod.yml", "services: {p: {image: x}}"),
    ]);
    let services = |name: &str| {
        let collected = crate::support::collect(&folder.path().join(name), &[], &[]);
        (
            collected.documents[0].name.to_string(),
            word(&collected.documents[0].facts, "services"),
            word(&collected.documents[1].facts, "privileged"),
        )
    };
    assert_eq!(services("compose.yaml"), ("compose.yaml".into(), "[a]".into(), "true".into()));
    assert_eq!(services("docker-compose.prod.yml"), ("docker-compose.prod.yml".into(), "[p]".into(), "false".into()));
}

#[test]
fn reset_and_override_tags() {
    let stack = files(&[
        (
            "compose.yaml",
            "services:\n  a:\n    image: x\n    build: .\n    user: '5'\n    ports: ['1:1']\n    environment: {A: '1', B: '2'}\n    volumes: ['/etc:/etc']\n",
        ),
        (
            "compose.override.yaml",
            "services:\n  a:\n    build: !reset null\n    user: !reset\n    ports: !override ['2:2']\n    environment:\n      A: !reset null\n    volumes: !reset []\n    cap_add: !reset []\n",
        ),
    ]);
    let a = stack.service("a");
    assert_eq!(word(a, "image.built"), "false");
    assert_eq!(word(a, "user.spec"), "unknown image_not_seen");
    assert_eq!(rows(a, "ports", &["host_port"]), ["2"]);
    assert_eq!(rows(a, "env", &["name"]), ["B"]);
    assert_eq!(word(a, "mounts"), "[]");
    assert_eq!(word(a, "cap_add"), "[]");
}

#[test]
fn extends_within_a_file_and_across_files() {
    let stack = fixture("extends");
    let web = stack.service("web");
    assert_eq!(word(web, "read_only"), "true");
    assert_eq!(word(web, "user.spec"), "1000");
    assert_eq!(word(web, "restart"), "always");
    assert_eq!(rows(web, "env", &["name", "shown"]), ["A 1", "B 2", "C 3"]);
    assert_eq!(place(web.get("read_only")), "common/base.yaml:4:5");
    let source = rows(web, "mounts", &["source"]).remove(0);
    assert!(source.ends_with("tests/fixtures/compose/extends/common/data"), "{source}");
    assert_eq!(stack.services(), ["middle", "web"]);
    assert_eq!(word(stack.compose(), "parses"), "true");
}

#[test]
fn includes_bring_their_own_folder_and_variables() {
    let stack = fixture("include");
    assert_eq!(stack.services(), ["db", "queue", "web"]);
    assert_eq!(word(stack.service("db"), "image.reference"), "postgres:16");
    assert_eq!(word(stack.service("queue"), "image.reference"), "rabbitmq:from-env-file");
    let source = rows(stack.service("db"), "mounts", &["source"]).remove(0);
    assert!(source.ends_with("include/db/conf"), "{source}");
    assert_eq!(env(stack.service("db"), "MODE").text("shown"), Some("production"));
    assert_eq!(env(stack.service("db"), "FROM_FILE").text("shown"), Some("production"));
    assert_eq!(place(stack.service("db").get("image.reference")), "db/compose.yaml:3:5");
    assert_eq!(word(stack.compose(), "parses"), "true");
}

#[test]
fn what_is_included_may_not_be_defined_twice() {
    let stack = files(&[
        ("compose.yaml", "include: [other.yaml]\nservices: {a: {image: x}}"),
        ("other.yaml", "services: {a: {image: y}}"),
    ]);
    assert_eq!(word(stack.compose(), "parses"), "false");
    assert!(stack.labels("parse_errors")[0].contains("other.yaml:1"));
}

#[test]
fn circles_and_missing_files_are_named() {
    for (text, expected) in [
        ("include: [compose.yaml]\nservices: {}", "includes itself"),
        ("include: [b.yaml]\nservices: {}", "includes itself"),
        ("services: {a: {extends: b}, b: {extends: {service: a}}}", "in a circle"),
        ("services: {a: {extends: a}}", "in a circle"),
        ("services: {a: {extends: {service: a, file: c.yaml}}}", "in a circle"),
        ("services: {a: {extends: {service: x, file: b.yaml}}}", "not there"),
        ("services: {a: {extends: {service: x, file: none.yaml}}}", "none.yaml: there is no such file"),
        ("include: [none.yaml]", "none.yaml: there is no such file"),
        ("include: [{path: b2.yaml, env_file: none.env}]", "env_file"),
    ] {
        let stack = files(&[
            ("compose.yaml", text),
            ("b.yaml", "include: [compose.yaml]\nservices: {}"),
            ("b2.yaml", "services: {}"),
            ("c.yaml", "services: {a: {extends: {service: a, file: compose.yaml}}}"),
        ]);
        assert_eq!(word(stack.compose(), "parses"), "false", "{text}");
        let label = stack.labels("parse_errors").join(" ");
        assert!(label.contains(expected), "{text}: {label}");
        assert!(
            label.starts_with("compose.yaml:1:") || label.starts_with("b.yaml:1:") || label.starts_with("c.yaml:1"),
            "{label}"
        );
        assert_eq!(word(stack.compose(), "services"), "unknown unsupported");
    }
}

#[test]
fn what_lies_on_another_machine_is_unknown() {
    let stack = files(&[("compose.yaml", "include: ['https://github.com/x/y.git']\nservices: {}")]);
    assert_eq!(word(stack.compose(), "parses"), "unknown no_target");
    assert!(!stack.collected.errors.is_empty());
}

#[test]
fn compose_file_of_dot_env_is_heeded() {
    let stack = with(
        &[
            ("compose.yaml", "services: {a: {image: x}}"),
            ("prod.yaml", "services: {b: {image: x}}"),
            (".env", "COMPOSE_FILE=prod.yaml\n"),
        ],
        &[],
        &[],
    );
    assert_eq!(stack.services(), ["b"]);
}
