//! Variables, `.env`, `env_file`, and what of all that is a secret in clear.

use crate::support::{env, files, one, rows, with, word};

const PASSWORD: &str = "Str0ng-and-long-pass";

#[test]
fn the_process_goes_before_dot_env() {
    let stack = with(
        &[
            ("compose.yaml", "services:\n  a: {image: 'x:${TAG}', user: '${ID:-7}', restart: '${R-no}'}\n"),
            (".env", "TAG=file\nID=5\n"),
        ],
        &[("TAG", "process")],
        &[],
    );
    assert_eq!(word(stack.service("a"), "image.reference"), "x:process");
    assert_eq!(word(stack.service("a"), "user.spec"), "5");
    assert_eq!(word(stack.service("a"), "restart"), "no");
}

#[test]
fn unset_variables_come_out_empty_and_are_listed() {
    let stack = files(&[
        (
            "compose.yaml",
            "services:\n  a:\n    image: x\n    user: ${USER_ID}\n    environment:\n      A: $ONE ${TWO:-} ${THREE-x} ${FOUR:?} ${FIVE:+y} $$SIX\n",
        ),
        (".env", "SEVEN=\n"),
    ]);
    assert_eq!(word(stack.service("a"), "user.spec"), "unknown unknown_fact");
    assert_eq!(stack.labels("unresolved_variables"), ["USER_ID (compose.yaml:4)", "ONE (compose.yaml:6)"]);
    let stack = files(&[("compose.yaml", "services: {a: {image: x, environment: {B: '${SEVEN}'}}}"), (".env", "SEVEN=\n")]);
    assert_eq!(stack.labels("unresolved_variables"), ["SEVEN (compose.yaml:1, set to nothing)"]);
}

#[test]
fn a_guard_is_unknown_and_not_unresolved() {
    let stack = one(
        "services:\n  a:\n    image: x\n    user: ${ID:?set it}\n    read_only: ${RO:?}\n    ports: ['${P:?}:80', '1:2']\n    environment: {DB_PASSWORD: '${PW:?}'}\n",
    );
    let a = stack.service("a");
    assert_eq!(word(a, "user.spec"), "unknown unknown_fact");
    assert_eq!(word(a, "read_only"), "unknown unknown_fact");
    assert_eq!(rows(a, "ports", &["host_port"]), ["1"]);
    assert!(a.list("ports").unwrap().incomplete.is_some());
    assert_eq!(env(a, "DB_PASSWORD").text("class"), Some("reference"));
    assert!(stack.labels("unresolved_variables").is_empty());
}

#[test]
fn a_reference_is_no_literal_even_where_dot_env_resolves_it() {
    let stack = files(&[
        (
            "compose.yaml",
            "services:\n  a:\n    image: x\n    environment:\n      DB_PASSWORD: ${PW}\n      URL: 'pg://me:${PW}@db/x'\n      USERS: '{\"RegisteredUsers\": {\"me\": \"${PW}\"}}'\n      MODE: ${MODE}\n",
        ),
        (".env", &format!("PW={PASSWORD}\nMODE=debug\n")),
    ]);
    let a = stack.service("a");
    assert_eq!(env(a, "DB_PASSWORD").text("class"), Some("reference"));
    assert_eq!(env(a, "URL").text("class"), Some("reference"));
    assert_eq!(env(a, "MODE").text("shown"), Some("debug"));
    assert!(!stack.json().contains(PASSWORD));
    assert!(stack.labels("secret_defaults").is_empty());
}

#[test]
fn a_fallback_in_force_is_a_fallback() {
    let text = format!(
        "services:\n  a:\n    image: x\n    environment:\n      DB_PASSWORD: ${{PW:-{PASSWORD}}}\n      URL: pg://me:${{PW:-{PASSWORD}}}@${{HOST:-db}}/x\n      LOG: ${{LOG:-debug}}\n"
    );
    let stack = one(&text);
    let a = stack.service("a");
    for name in ["DB_PASSWORD", "URL"] {
        assert_eq!(env(a, name).text("class"), Some("literal"), "{name}");
        assert_eq!(env(a, name).bool("fallback"), Some(true), "{name}");
    }
    assert_eq!(env(a, "LOG").text("shown"), Some("debug"));
    assert_eq!(stack.labels("secret_defaults"), ["${PW:-...} (compose.yaml:5)", "${PW:-...} (compose.yaml:6)"]);
    assert!(!stack.json().contains(PASSWORD));

    let stack = files(&[("compose.yaml", &text), (".env", "PW=Another-long-passw0rd\n")]);
    assert_eq!(env(stack.service("a"), "DB_PASSWORD").text("class"), Some("reference"));
    assert_eq!(env(stack.service("a"), "DB_PASSWORD").bool("fallback"), Some(false));
    assert_eq!(stack.labels("secret_defaults").len(), 2);
}

#[test]
fn a_literal_beside_a_reference_stays_a_literal() {
    let stack = one(&format!(
        "services:\n  a:\n    image: x\n    environment:\n      URL: pg://me:{PASSWORD}@${{HOST}}/x\n      AUTH_TOKEN: Bearer ${{TOKEN}}\n      BASIC_AUTH: ${{U}}:${{P}}\n"
    ));
    let a = stack.service("a");
    assert_eq!(env(a, "URL").text("class"), Some("literal"));
    assert_eq!(env(a, "URL").bool("fallback"), Some(false));
    assert_eq!(env(a, "AUTH_TOKEN").text("class"), Some("reference"));
    assert_eq!(env(a, "BASIC_AUTH").text("class"), Some("reference"));
}

#[test]
fn an_unescaped_dollar_does_not_hide_a_password_nor_show_its_tail() {
    let stack = one("services:\n  a:\n    image: x\n    environment:\n      DB_PASSWORD: Tr0ub4dor$secretail\n");
    assert_eq!(env(stack.service("a"), "DB_PASSWORD").text("class"), Some("literal"));
    assert!(!stack.json().contains("secretail"));
}

#[test]
fn env_files_in_every_form() {
    let stack = files(&[
        (
            "compose.yaml",
            "services:\n  a:\n    image: x\n    env_file: common.env\n  b:\n    image: x\n    env_file: [common.env, missing.env]\n  c:\n    image: x\n    env_file:\n      - {path: raw.env, format: raw}\n      - {path: missing.env, required: false}\n    environment: {SHARED: '2'}\n",
        ),
        ("common.env", &format!("# comment\nexport SHARED=1 # one\nDB_PASSWORD='{PASSWORD}'\nAPI_KEY=${{KEY}}\n")),
        ("raw.env", "QUOTED='x'\nSHARED=0\n"),
    ]);
    let a = stack.service("a");
    assert_eq!(rows(a, "env", &["name", "class", "shown"]), ["API_KEY reference -", "DB_PASSWORD literal -", "SHARED plain 1"]);
    assert_eq!(rows(a, "env_files", &["path", "found"]), ["common.env true"]);
    assert_eq!(crate::support::place(&a.list("env").unwrap().items[1]), "common.env:3:1");
    let b = stack.service("b");
    assert_eq!(rows(b, "env_files", &["path", "found"]), ["common.env true", "missing.env false"]);
    assert_eq!(
        b.list("env").unwrap().incomplete.as_ref().unwrap().detail.as_deref(),
        Some("env_file missing.env: there is no such file")
    );
    let c = stack.service("c");
    assert_eq!(env(c, "SHARED").text("shown"), Some("2"));
    assert!(!stack.json().contains(PASSWORD));
    assert_eq!(stack.labels("unresolved_variables"), ["KEY (common.env:4)"]);
}

#[test]
fn an_unreadable_dot_env_makes_variables_unknown_not_empty() {
    let folder =
        crate::support::written(&[("compose.yaml", "services: {a: {image: x, user: '${ID}', read_only: '${RO:-true}'}}")]);
    std::fs::write(folder.path().join(".env"), [0xff, 0xfe, 0x00]).unwrap();
    let collected = crate::support::collect(folder.path(), &[], &[]);
    let a = &collected.documents[1].facts;
    assert_eq!(word(a, "user.spec"), "unknown permission");
    assert_eq!(word(a, "read_only"), "unknown permission");
    assert!(!collected.errors.is_empty());
}

#[test]
fn secrets_in_environment_lists_with_variables() {
    let stack = one(
        "services:\n  a:\n    image: x\n    environment:\n      - OAUTH_CLIENT_SECRET=${OAUTH_CLIENT_SECRET:-your_client_secret}\n      - TOKEN=${TOKEN}\n",
    );
    let a = stack.service("a");
    assert_eq!(env(a, "OAUTH_CLIENT_SECRET").text("class"), Some("placeholder"));
    assert_eq!(env(a, "OAUTH_CLIENT_SECRET").bool("fallback"), Some(true));
    assert_eq!(env(a, "TOKEN").text("class"), Some("reference"));
    assert_eq!(stack.labels("secret_defaults"), ["${OAUTH_CLIENT_SECRET:-...} (compose.yaml:5)"]);
}

#[test]
fn a_dollar_that_starts_nothing_is_refused_with_its_line() {
    let stack = one("services:\n  a:\n    image: x\n    environment:\n      HASH: $2y$05$abc\n");
    assert_eq!(word(stack.compose(), "parses"), "false");
    let label = stack.labels("parse_errors")[0];
    assert!(label.starts_with("compose.yaml:5: invalid use of `$`"), "{label}");
}
