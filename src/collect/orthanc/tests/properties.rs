//! Nothing makes it panic, and no value of a secret comes through.

use proptest::prelude::*;
use serde_json::{Value as Value_, json};

use super::*;
use crate::knowledge::orthanc_environment;

const CANARY: &str = "Canary!7Zq%9wK(never)shown";

/// Any name that the code looks at, or any other.
fn name() -> impl Strategy<Value = String> {
    let top: Vec<String> = orthanc_keys().top().map(str::to_owned).collect();
    let inner = [
        "Servers",
        "Url",
        "Password",
        "Username",
        "Host",
        "AET",
        "VerifySSL",
        "ClientSecret",
        "TokenEndpoint",
        "Permissions",
        "Enable",
        "ConnectionUri",
        "HttpHeaders",
        "Authorization",
        "StorageEncryption",
        "JWTPublicKey",
        "UncheckedFolders",
        "TokenGetArguments",
        "Folders",
        "UseDicomTls",
        "alice",
    ];
    let inner: Vec<String> = inner.iter().map(|name| (*name).to_owned()).collect();
    prop_oneof![proptest::sample::select(top), proptest::sample::select(inner), "[A-Za-z${}:]{0,8}"]
}

fn value() -> impl Strategy<Value = Value_> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(|b| json!(b)),
        any::<i32>().prop_map(|n| json!(n)),
        Just(json!(1.5)),
        Just(json!(CANARY)),
        Just(json!(format!("https://user:{CANARY}@host/"))),
        Just(json!("${NAME}")),
        "[ -~]{0,12}".prop_map(|text| json!(text)),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| json!(items)),
            prop::collection::btree_map(name(), inner, 0..5).prop_map(|map| json!(map)),
        ]
    })
}

fn configuration() -> impl Strategy<Value = String> {
    prop::collection::btree_map(name(), value(), 0..8).prop_map(|map| json!(map).to_string())
}

fn variable() -> impl Strategy<Value = (String, String)> {
    let names: Vec<String> = orthanc_environment()
        .plugins
        .iter()
        .map(|plugin| plugin.switch.clone())
        .chain(
            ["ORTHANC_JSON", "ORTHANC_PASSWORD", "AC_REGISTERED_USERS", "TRACE_ENABLED", "ORTHANC__POSTGRESQL", "PG_PASSWORD"]
                .map(str::to_owned),
        )
        .collect();
    let name = prop_oneof![
        proptest::sample::select(names),
        "ORTHANC__[A-Z_]{0,20}(_SECRET)?",
        Just("ORTHANC__REGISTERED_USERS".to_owned()),
        "ORTHANC_[A-Z_]{0,20}",
        "\\PC{0,8}",
    ];
    (name, prop_oneof![value().prop_map(|value| value.to_string()), Just(CANARY.to_owned()), "\\PC{0,20}"])
}

fn some_image() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "orthancteam/orthanc:24.12.0",
        "jodogne/orthanc:1.5.7",
        "clinic/pacs",
        "orthancteam/orthanc:26.8.0",
        "osimis/orthanc",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn no_configuration_makes_it_panic_or_tell_a_secret(
        reference in some_image(),
        files in prop::collection::vec(configuration(), 0..3),
        environment in prop::collection::vec(variable(), 0..6),
        written in prop::option::of(configuration()),
    ) {
        let mut made = image(reference).env("ORTHANC__NAME", "x");
        for (i, text) in files.iter().enumerate() {
            made = made.file(&format!("/etc/orthanc/{i}.json"), text).file(&format!("/run/secrets/ORTHANC__KEY{i}"), text);
        }
        for (name, value) in &environment {
            made = made.env(name, value);
        }
        if let Some(text) = &written {
            made = made.file("/tmp/orthanc.json", text);
        }
        let json = made.json();
        prop_assert!(!json.contains("Canary!7Zq"), "{json}");
        // Facts can be written and read back.
        let document: Document = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(serde_json::to_string(&document).unwrap(), json);
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC*", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let lossy = String::from_utf8_lossy(&bytes);
        for text in [text.as_str(), &lossy, &format!("{{{text}}}"), &format!("{{\"A\": \"${{{text}\"}}")] {
            let _ = looks_like_configuration(text);
            for make in [team(), core(), image("clinic/pacs")] {
                let _ = make.file("/etc/orthanc/orthanc.json", text).env("ORTHANC_JSON", text).json();
            }
        }
    }
}
