//! The project: name, profiles, validity, overview facts.

use pacscan::facts::Kind;

use crate::support::{files, fixture, one, rows, with, word};

#[test]
fn names_of_projects() {
    let name = |files: &[(&str, &str)], environment: &[(&str, &str)]| {
        with(files, environment, &[]).document(Kind::Compose, "").project.clone().unwrap().to_string()
    };
    assert_eq!(name(&[("compose.yaml", "name: My-Clinic\nservices: {}")], &[]), "my-clinic");
    assert_eq!(name(&[("compose.yaml", "name: a\nservices: {}"), (".env", "COMPOSE_PROJECT_NAME=b")], &[]), "b");
    assert_eq!(name(&[("compose.yaml", "name: ${N:-from-default}\nservices: {}")], &[]), "from-default");
    let folder = crate::support::written(&[("_My Stack.2/compose.yaml", "services: {}")]);
    let collected = crate::support::collect(&folder.path().join("_My Stack.2"), &[], &[]);
    assert_eq!(collected.documents[0].project.as_deref(), Some("mystack2"));
}

#[test]
fn profiles_hide_services() {
    let text = "services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, profiles: [debug], environment: {P: '${UNSET}'}}\n  c: {image: x, profiles: [gpu, debug]}\n  d: {image: x, profiles: []}\n";
    let stack = |profiles: &[&str]| with(&[("compose.yaml", text)], &[], profiles);
    assert_eq!(stack(&[]).services(), ["a", "d"]);
    assert_eq!(word(stack(&[]).compose(), "hidden_services"), "[b, c]");
    assert!(stack(&[]).labels("unresolved_variables").is_empty());
    assert_eq!(stack(&["gpu"]).services(), ["a", "c", "d"]);
    assert_eq!(stack(&["all"]).services(), ["a", "b", "c", "d"]);
    assert_eq!(word(stack(&["debug"]).service("b"), "profiles"), "[debug]");
    let switched = with(&[("compose.yaml", text), (".env", "COMPOSE_PROFILES=gpu")], &[], &[]);
    assert_eq!(switched.services(), ["a", "c", "d"]);
}

#[test]
fn version_1_files_are_unsupported_not_wrong() {
    let stack = fixture("version1");
    assert_eq!(word(stack.compose(), "parses"), "unknown unsupported");
    assert_eq!(stack.collected.documents.len(), 1);
    assert!(stack.collected.unreachable.is_none());
}

#[test]
fn files_that_do_not_parse_say_where() {
    let stack = fixture("broken");
    assert_eq!(word(stack.compose(), "parses"), "false");
    let label = stack.labels("parse_errors")[0];
    assert!(label.starts_with("compose.yaml:5: "), "{label}");
    assert_eq!(word(stack.compose(), "files"), "[compose.yaml]");
    assert_eq!(word(stack.compose(), "binds"), "unknown unsupported");
    for text in [
        "",
        "just text",
        "- a\n- b",
        "services: [a]",
        "services: {a: text}",
        "a: 1\n---\nb: 2",
        "services: {a: {image: x}, a: {image: y}}",
        "services:\n\ta: b",
    ] {
        let stack = one(text);
        assert_eq!(word(stack.compose(), "parses"), "false", "{text}");
        assert!(stack.labels("parse_errors")[0].starts_with("compose.yaml:"), "{text}");
    }
}

#[test]
fn contradictions_are_refused_as_compose_does_but_services_are_still_looked_at() {
    for text in [
        "services: {a: {user: '5'}}",
        "services: {a: {image: x, networks: [none]}}",
        "services: {a: {image: x, depends_on: [none]}}",
        "services: {a: {image: x, secrets: [none]}}",
        "services: {a: {image: x, volumes: ['none:/x']}}",
    ] {
        let stack = one(text);
        assert_eq!(word(stack.compose(), "parses"), "false", "{text}");
        assert_eq!(stack.labels("parse_errors").len(), 1, "{text}");
        assert_eq!(stack.services(), ["a"], "{text}");
    }
    let stack =
        one("services: {a: {image: x, depends_on: {none: {condition: service_started, required: false}}, networks: [default]}}");
    assert_eq!(word(stack.compose(), "parses"), "true");
}

#[test]
fn what_an_override_turns_on_that_production_forbids() {
    let stack = files(&[
        ("docker-compose.yml", "services:\n  api: {image: x}\n  db: {image: postgres}\n  hidden: {image: x, profiles: [p]}\n"),
        (
            "docker-compose.override.yml",
            "services:\n  api:\n    build: {context: ., target: development}\n    environment:\n      - DEBUG=true\n      - LOG_LEVEL=DEBUG\n      - NODE_ENV=development\n      - QUIET=true\n    volumes: ['.:/app', './data:/data']\n    command: uvicorn x --reload\n    privileged: true\n  \
             db:\n    ports: ['5432:5432', '127.0.0.1:6379:6379']\n  hidden: {privileged: true}\n",
        ),
    ]);
    let file = "docker-compose.override.yml";
    assert_eq!(
        stack.labels("dev_overrides"),
        [
            format!("api: DEBUG ({file}:5)"),
            format!("api: LOG_LEVEL=DEBUG ({file}:6)"),
            format!("api: NODE_ENV=development ({file}:7)"),
            format!("api: command --reload ({file}:10)"),
            format!("api: source code mounted ({file}:9)"),
            format!("api: privileged ({file}:11)"),
            format!("api: build target for development ({file}:3)"),
            format!("db: port 5432 of a datastore published ({file}:13)"),
        ]
    );
    assert!(one("services: {a: {image: x, privileged: true}}").labels("dev_overrides").is_empty());
}

#[test]
fn a_hardened_file_that_lies_unused() {
    let hardened = |files: &[(&str, &str)]| {
        let stack = crate::support::files(files);
        let found: Vec<String> = rows(stack.compose(), "hardened_alternatives", &["label", "hardened_used"]);
        found
    };
    let two = [("orthanc.json", "{}"), ("orthanc-secure.json", "{}"), ("compose.prod.yaml", "services: {}")];
    let with = |compose: &'static str, docker: Option<&'static str>| {
        let mut files = two.to_vec();
        files.push(("compose.yaml", compose));
        files.extend(docker.map(|text| ("Dockerfile", text)));
        files
    };
    let mounts = |name: &str| format!("services: {{a: {{image: x, volumes: ['./{name}:/etc/orthanc/orthanc.json:ro']}}}}");
    let dev: &'static str = mounts("orthanc.json").leak();
    let good: &'static str = mounts("orthanc-secure.json").leak();
    assert_eq!(hardened(&with(dev, None)), ["orthanc.json is mounted, orthanc-secure.json lies beside it false"]);
    assert_eq!(hardened(&with(good, None)), ["orthanc-secure.json is mounted true"]);
    let built = "services: {a: {build: .}}";
    assert_eq!(hardened(&with(built, None)), ["a: orthanc-secure.json or orthanc.json ?"]);
    assert_eq!(
        hardened(&with(built, Some("FROM x\nCOPY orthanc.json /etc/"))),
        ["a: orthanc.json is copied into the image, orthanc-secure.json lies beside it false"]
    );
    assert_eq!(
        hardened(&with(built, Some("FROM x\nCOPY [\"orthanc-secure.json\", \"/etc/\"]"))),
        ["a: orthanc-secure.json is copied into the image true"]
    );
    assert!(hardened(&with("services: {a: {image: x}}", None)).is_empty());
}

#[test]
fn uploads_and_their_scanner() {
    let stack = one(
        "services:\n  api: {image: x, volumes: ['./backend:/app', 'uploads:/app/uploads', './uploads:/data']}\n  av: {image: 'clamav/clamav:1'}\nvolumes: {uploads: }",
    );
    assert_eq!(word(stack.compose(), "takes_uploads"), "true");
    assert_eq!(word(stack.compose(), "antivirus"), "true");
    assert_eq!(rows(stack.compose(), "upload_paths", &["label", "own_volume"]), ["api: /app/uploads true", "api: /data false"]);
    let stack = one("services: {api: {image: x, environment: {MAX_UPLOAD_SIZE: 5m}}}");
    assert_eq!(word(stack.compose(), "takes_uploads"), "true");
    assert_eq!(word(stack.compose(), "antivirus"), "false");
    assert_eq!(word(one("services: {a: {image: x}}").compose(), "takes_uploads"), "false");
}

#[test]
fn equal_input_gives_equal_bytes() {
    let text = "name: p\nservices: {b: {image: x, environment: {P_PASSWORD: aaaaaaaaaa, Q_PASSWORD: bbbbbbb}}, a: {image: x, environment: {P_PASSWORD: bbbbbbb}}}";
    assert_eq!(one(text).json(), one(text).json());
}
