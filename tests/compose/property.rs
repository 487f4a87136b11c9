//! Whatever is written, nothing crashes and no planted secret comes out.

use proptest::prelude::*;

use crate::support::{collect, with, written};

const CANARY: &str = "cAnArY-7f3a9b2c1d";

/// Where a secret may stand, with `@` for the secret itself.
const PLACES: [&str; 16] = [
    "environment: {DB_PASSWORD: '@'}",
    "environment: ['API_TOKEN=@']",
    "environment: {URL: 'postgres://me:@@db/x'}",
    "environment: {ORTHANC_JSON: '{\"RegisteredUsers\": {\"a\": \"@\"}}'}",
    "environment: {PLAIN_NAME: '@'}",
    "environment: {A: '${UNSET:-@}', B: '${IN_ENV}'}",
    "environment: ['DB_PASSWORD:@', '@']",
    "labels: ['traefik.basicauth.password=@']",
    "labels: {secret: '@', other: '@'}",
    "command: run --password @ --token=@",
    "command: [sh, -c, 'export PW=@; curl -u me:@ http://x']",
    "entrypoint: ['@']",
    "healthcheck: {test: 'curl -H \"Authorization: Bearer @\" http://localhost'}",
    "healthcheck: {test: [CMD, redis-cli, -a, '@']}",
    "build: {context: ., args: {TOKEN: '@'}}",
    "env_file: secret.env",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_planted_secret_comes_out(chosen in proptest::sample::subsequence(PLACES.to_vec(), 1..5), wrong in any::<bool>()) {
        let mut seen = Vec::new();
        let mut settings = String::new();
        for place in chosen {
            let key = place.split(':').next().unwrap_or_default();
            if !seen.contains(&key) {
                seen.push(key);
                let planted = place.replace("@@", "\u{1}").replace('@', CANARY).replace('\u{1}', &format!("{CANARY}@"));
                settings.extend(["    ", &planted, "\n"]);
            }
        }
        let end = if wrong { format!("  broken: [{CANARY}\n {CANARY}: '") } else { String::new() };
        let text = format!("services:\n  a:\n    image: x\n{settings}{end}\nsecrets: {{s: {{file: ./s}}}}\nconfigs: {{c: {{content: '{CANARY}'}}}}\n");
        let stack = with(
            &[("compose.yaml", &text), (".env", &format!("DOT={CANARY}\n")), ("secret.env", &format!("DB_PASSWORD={CANARY}\nX='{CANARY}'\n{CANARY} =\n"))],
            &[("IN_ENV", CANARY)],
            &[],
        );
        let errors: String = stack.collected.errors.iter().map(|e| e.message.clone()).collect();
        prop_assert!(!stack.json().contains(CANARY), "{}\n{}", text, stack.json());
        prop_assert!(!errors.contains(CANARY), "{}", errors);
    }

    #[test]
    fn yaml_like_text_never_crashes(pieces in proptest::collection::vec(piece(), 0..60)) {
        let text: String = pieces.concat();
        let folder = written(&[("compose.yaml", &text), ("e.env", &text), (".env", &text)]);
        let collected = collect(folder.path(), &[("A", "b")], &["all"]);
        prop_assert!(!collected.documents.is_empty());
    }

    #[test]
    fn arbitrary_values_of_settings_never_crash(key in key(), value in "[ -~äß\\t]{0,24}", list in any::<bool>()) {
        let quoted = value.replace('\'', "''");
        let value = if list { format!("['{quoted}']") } else { format!("'{quoted}'") };
        let text = format!("services:\n  a:\n    image: x\n    {key}: {value}\n");
        let folder = written(&[("compose.yaml", &text)]);
        let collected = collect(folder.path(), &[], &[]);
        prop_assert!(!collected.documents.is_empty());
    }
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("services:\n".to_owned()),
        Just("  a:\n".to_owned()),
        Just("    image: x\n".to_owned()),
        Just("\n".to_owned()),
        Just("${".to_owned()),
        Just("}".to_owned()),
        key().prop_map(|key| format!("    {key}:")),
        "[ \\-:{}\\[\\]&*!|>'\"%@`#,?$a-c0-9\\n\\t]{1,6}",
        "(&a |\\*a |<<: |!reset |!override |- |\\? )",
        "\\PC{1,4}",
    ]
}

fn key() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "ports",
        "volumes",
        "environment",
        "env_file",
        "command",
        "entrypoint",
        "healthcheck",
        "mem_limit",
        "cpus",
        "devices",
        "networks",
        "network_mode",
        "secrets",
        "configs",
        "labels",
        "build",
        "deploy",
        "logging",
        "ulimits",
        "extends",
        "profiles",
        "expose",
        "tmpfs",
        "volumes_from",
        "gpus",
        "restart",
        "user",
        "depends_on",
    ])
}
