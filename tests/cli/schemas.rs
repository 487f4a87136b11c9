//! The published schemas are schemas, and what is written keeps to them.

use serde_json::Value as Json;

use super::support::{folder, root, run, run_in};

fn validator(name: &str) -> jsonschema::Validator {
    let schema = run(&["schema", name]).ends_with(0).json();
    assert!(schema["properties"].as_object().is_some_and(|properties| !properties.is_empty()), "{name}");
    jsonschema::meta::validate(&schema).unwrap_or_else(|e| panic!("{name}: {e}"));
    jsonschema::validator_for(&schema).unwrap()
}

fn keeps_to(validator: &jsonschema::Validator, instance: &Json, what: &str) {
    let wrong: Vec<_> = validator.iter_errors(instance).take(5).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(wrong.is_empty(), "{what}: {wrong:#?}");
}

#[test]
fn reports_and_snapshots_keep_to_their_schemas() {
    let (report, snapshot) = (validator("report"), validator("snapshot"));
    let place = folder(&[]);
    let (clinic, missing) = (root().join("docker/stacks/clinic"), "docker:///nonexistent.sock");
    for targets in [&[clinic.to_str().unwrap()][..], &[missing], &[clinic.to_str().unwrap(), missing]] {
        let audit = run_in(place.path(), &[&["audit", "--format", "json"], targets].concat());
        keeps_to(&report, &audit.json(), &format!("report of {targets:?}"));
        run_in(place.path(), &[&["collect", "-o", "s.json"], targets].concat());
        let written = std::fs::read_to_string(place.path().join("s.json")).unwrap();
        keeps_to(&snapshot, &serde_json::from_str(&written).unwrap(), &format!("snapshot of {targets:?}"));
    }
    assert!(!report.is_valid(&serde_json::json!({})) && !snapshot.is_valid(&serde_json::json!({})), "they ask for something");
}

#[test]
fn checks_and_profiles_have_schemas() {
    for name in ["check", "profile", "stack"] {
        assert!(!validator(name).is_valid(&serde_json::json!({"no": "such"})), "{name}");
    }
}
