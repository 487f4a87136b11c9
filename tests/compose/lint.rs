//! Misspelt keys.

use crate::support::{files, one};

#[test]
fn misspelt_keys_are_found_with_what_was_meant() {
    let stack = one(
        "version: '3.8'\nx-anything: 1\nsevices: {}\nservices:\n  web:\n    image: x\n    enviroment: {A: b}\n    x-mine: 1\n    healthcheck: {tests: x}\n    build: {dockerFile: x}\n    \
         deploy: {resources: {limit: {}}}\n    environment:\n      - APP_CONFIG:/usr/share/x\n      - OK=a:b\n      - URL\nvolumes: {v: {divers: local}}\n",
    );
    assert_eq!(
        stack.labels("unknown_keys"),
        [
            "the file: sevices (did you mean services?)",
            "volume v: divers (did you mean driver?)",
            "service web: enviroment (did you mean environment?)",
            "service web, healthcheck: tests (did you mean test?)",
            "service web, build: dockerFile (did you mean dockerfile?)",
            "service web, deploy.resources: limit (did you mean limits?)",
            "service web: APP_CONFIG in environment is written with a colon (write NAME=value)",
        ]
    );
    let fact = &stack.compose().list("unknown_keys").unwrap().items[2];
    assert_eq!(crate::support::place(fact), "compose.yaml:7:5");
}

#[test]
fn a_value_in_the_place_of_a_key_is_not_repeated() {
    let stack = one(
        "services:\n  web:\n    image: x\n    environment:\n      - DB_PASSWORD:hunter2hunter2\n      - 'hunter2 hunter2'\n    labels: ['pass word: hunter2']\n    'hunter2 is a key': 1\n",
    );
    assert!(!stack.json().contains("hunter2"), "{}", stack.json());
    assert_eq!(crate::support::env(stack.service("web"), "DB_PASSWORD").text("class"), Some("literal"));
}

#[test]
fn every_file_of_the_project_is_looked_at_as_written() {
    let stack =
        files(&[("compose.yaml", "services: {a: {image: x}}"), ("compose.override.yaml", "services: {a: {privilegd: true}}")]);
    assert_eq!(stack.labels("unknown_keys"), ["service a: privilegd (did you mean privileged?)"]);
}
