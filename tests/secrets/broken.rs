//! Files that do not parse: the message names the place, never the line.

use super::canaries::Canaries;
use super::support::{folder, run_in};

/// Each is broken at or beside a secret.
const BROKEN: [&str; 22] = [
    "services:\n  a:\n    environment:\n      PASSWORD: %%: %%\n",
    "services:\n  a:\n    environment: {PASSWORD: %%\n",
    "services:\n  a:\n    environment: [\"PASSWORD=%%\n",
    "services:\n  a:\n    environment:\n      PASSWORD: \"%%\\q\"\n",
    "services:\n  a:\n    environment:\n      PASSWORD: *%%\n",
    "services:\n  a:\n    environment:\n      PASSWORD: !%% x\n",
    "services:\n  a:\n    environment:\n      PASSWORD: &%% %%\n     X: y\n",
    "services:\n  a:\n    environment:\n\t  PASSWORD: %%\n",
    "services:\n  a:\n    environment:\n      PASSWORD: %%\n      PASSWORD: %%\n",
    "services:\n  a:\n    environment:\n      %%: x\n      %%: y\n     bad\n",
    "services:\n  a:\n    environment:\n      PASSWORD: ${%%\n",
    "services:\n  a:\n    environment:\n      PASSWORD: ${A:-%%\n",
    "services:\n  a:\n    environment:\n      PASSWORD: ${A!%%}\n",
    "services:\n  a:\n    environment:\n      PASSWORD: ab${%%@x}\n",
    "services:\n  a:\n    environment: %%\n    ports: %%\n    volumes: %%\n    command: {x: %%}\n",
    "services:\n  a: %%\n",
    "services: %%\n",
    "services: [%%]\n",
    "%%\n",
    "services:\n  a:\n    image: x\n    extends: {service: %%}\n",
    "services:\n  a:\n    image: x\n    ports: [\"%%:%%\"]\n    mem_limit: %%\n    cpus: %%\n    healthcheck: {test: %%, interval: %%}\n    privileged: %%\n    read_only: %%\n",
    "services:\n  a:\n    image: x\n    env_file: [{path: x.env, required: %%}]\n    deploy: {resources: {limits: {memory: %%, cpus: %%, pids: %%}}}\n",
];

#[test]
fn what_is_broken_is_not_quoted() {
    let mut canaries = Canaries::new(11);
    let mut found = Vec::new();
    for text in BROKEN {
        let stack = folder(&[("compose.yaml", &canaries.plant(text))]);
        found.extend(canaries.hunt(stack.path(), &["."]));
    }
    assert!(found.is_empty(), "{} secrets leave: {found:#?}", found.len());
}

#[test]
fn other_files_given_by_mistake_are_not_quoted() {
    let mut canaries = Canaries::new(13);
    let place = folder(&[
        ("config.json", &canaries.plant("{\"RegisteredUsers\": {\"a\": \"%%\"}, \"schema_version\": \"%%\"}")),
        ("list.json", &canaries.plant("[\"%%\"]")),
        ("text.json", &canaries.plant("\"%%\"")),
        ("cut.json", &canaries.plant("{\"schema_version\": \"1.0\", \"tool\": \"%%\", \"x\": %%")),
        (".env", &canaries.plant("PASSWORD=%%\n")),
        ("compose.yaml", "services: {a: {image: x}}\n"),
    ]);
    let mut found = Vec::new();
    for file in ["config.json", "list.json", "text.json", "cut.json"] {
        // A file with users is an Orthanc configuration, and a target.
        let code = if file == "config.json" { 1 } else { 2 };
        for (arguments, code) in [(&["audit", file][..], code), (&["audit", "--baseline", file], 2)] {
            let ran = run_in(place.path(), arguments).ends_with(code);
            found.extend(canaries.found(&format!("{arguments:?}"), &format!("{}{}", ran.out, ran.err)));
        }
    }
    let ran = run_in(place.path(), &["audit", ".env", "--format", "json"]).ends_with(1);
    found.extend(canaries.found(".env as a target", &format!("{}{}", ran.out, ran.err)));
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn addresses_and_descriptions_with_passwords_are_not_quoted() {
    let mut canaries = Canaries::new(17);
    let mut found = Vec::new();
    for address in
        ["docker+tcp://u:%%@h:1", "https://u:%%@127.0.0.1:1/", "docker+ssh://u:%%@h", "docker://u:%%@h", "https:/u:%%@h"]
    {
        let place = folder(&[]);
        let ran = run_in(place.path(), &["audit", &canaries.plant(address)]).ends_with(2);
        found.extend(canaries.found(address, &format!("{}{}", ran.out, ran.err)));
    }
    for text in [
        "targets: ['https://u:%%@h/']\n",
        "name: x\ntargets: ['https://u:%%@h/']\n",
        "name: x\ntargets: 'https://u:%%@h/'\n",
        "name: x\ntargets: [{a: 'https://u:%%@h/'}]\n",
        "name: x\ntargets: 'https://u:%%@h/'\nprobe: nope\n",
        "name: x\nname: 'https://u:%%@h/'\n",
        "name: x\nneeds: %%\n",
        "name: x\ncredentials: {a: %%}\n",
        "credentials:\n  - password: %%\n    bogus: 1\n",
        "name: x\nroots: ['https://u:%%@h/']\n",
        "name: x\nevidence: [{file: a, sha256: x, date: 'https://u:%%@h/'}]\n",
    ] {
        let place = folder(&[("compose.yaml", "services: {a: {image: x}}\n"), ("pacscan.yaml", &canaries.plant(text))]);
        for target in [".", "pacscan.yaml"] {
            let ran = run_in(place.path(), &["audit", target, "-v"]);
            found.extend(canaries.found(text, &format!("{}{}", ran.out, ran.err)));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn another_file_given_as_a_profile_is_not_quoted() {
    let mut canaries = Canaries::new(19);
    let mut found = Vec::new();
    for text in ["PASSWORD=%%\n", "PASSWORD: %%\n", "- %%\n", "name: x\ntitle: {a: %%}\n", "{\"a\": \"%%\"", "name: [%%]\n"] {
        let place = folder(&[("compose.yaml", "services: {a: {image: x}}\n"), ("p.yaml", &canaries.plant(text))]);
        let ran = run_in(place.path(), &["audit", "--profile", "./p.yaml"]).ends_with(2);
        found.extend(canaries.found(text, &format!("{}{}", ran.out, ran.err)));
    }
    assert!(found.is_empty(), "{found:#?}");
}
