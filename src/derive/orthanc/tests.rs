//! Which value is in effect in which version.

use super::super::derive as derive_all;
use crate::facts::{
    Assurance, Document, Fact, Kind, List, Probe, Reason, Record, SNAPSHOT_SCHEMA_VERSION, Snapshot, State, Tool, Unknown,
};

/// Facts of an Orthanc in which nothing is set.
fn orthanc(version: &str) -> Record {
    let mut facts = Record::new();
    match version {
        "" => facts.unknown("version", Reason::ImageNotSeen),
        version => facts.set_here("version", version),
    }
    for name in crate::facts::Catalogue::get().iter().filter_map(|(path, _)| path.strip_prefix("orthanc.set.")) {
        facts.absent(&format!("set.{name}"));
    }
    for path in ["version_floor", "version_ceiling", "package", "set_ssl_ciphers", "set_dicom_tls_ciphers"] {
        facts.absent(path);
    }
    facts.set_here("users", Vec::new());
    facts.set_here("users_declared", false);
    facts.set_here("database.used", false);
    facts.set_here("object_storage.used", false);
    facts
}

fn document(kind: Kind, assurance: Assurance, facts: Record) -> Document {
    let mut document = Document::new(kind, "orthanc", ".", assurance);
    document.service = Some("orthanc".into());
    document.project = Some("clinic".into());
    document.facts = facts;
    document
}

fn derived(documents: Vec<Document>) -> Vec<Document> {
    let snapshot = Snapshot {
        schema_version: SNAPSHOT_SCHEMA_VERSION.into(),
        tool: Tool::this(),
        collected_at: jiff::Timestamp::UNIX_EPOCH,
        probe: Probe::default(),
        interrupted: false,
        targets: Vec::new(),
        documents,
        errors: Vec::new(),
    };
    derive_all(&snapshot, snapshot.collected_at).documents
}

fn facts(raw: Record) -> Record {
    let found = derived(vec![document(Kind::Orthanc, Assurance::Declared, raw)]);
    found.into_iter().find(|document| document.kind == Kind::Orthanc).unwrap().facts
}

fn said(facts: &Record, path: &str) -> String {
    match &facts.get(path).state {
        State::Known(value) => value.to_string(),
        State::Absent => "absent".into(),
        State::Unknown(_) => "unknown".into(),
    }
}

#[test]
fn an_absent_key_means_what_the_version_makes_of_it() {
    let paths = [
        "execute_lua_enabled",
        "rest_api_write_to_file_system_enabled",
        "web_dav_enabled",
        "deidentify_logs",
        "ssl_minimum_protocol_version",
        "maximum_request_body_size_mb",
        "dicom_always_allow_store",
        "dicom_always_allow_find",
        "https_verify_peers",
    ];
    for (version, wanted) in [
        ("1.5.7", "true true false false unknown 0 true false true"),
        ("1.10.1", "false true true true 4 0 true false true"),
        ("1.12.8", "false false true true 4 0 true false true"),
        ("1.12.11", "false false true true 4 8192 true false true"),
        ("1.13.0", "false false true true 4 8192 true false true"),
        ("", "unknown unknown unknown unknown unknown unknown true false true"),
    ] {
        let facts = facts(orthanc(version));
        assert_eq!(paths.map(|path| said(&facts, path)).join(" "), wanted, "{version}");
    }
}

#[test]
fn a_key_that_the_version_lacks_is_not_read() {
    let set = |version: &str| {
        let mut raw = orthanc(version);
        raw.set_here("set.ExecuteLuaEnabled", false);
        raw.set_here("set.RestApiWriteToFileSystemEnabled", false);
        raw
    };
    let both = |raw: Record| {
        let facts = facts(raw);
        ["execute_lua_enabled", "rest_api_write_to_file_system_enabled"].map(|path| said(&facts, path)).join(" ")
    };
    assert_eq!(both(set("1.5.7")), "true true");
    assert_eq!(both(set("1.10.1")), "false true");
    assert_eq!(both(set("1.12.8")), "false false");
    assert_eq!(both(set("")), "unknown unknown");
    // Debian's 1.10.1 has the rule of 1.12.0.
    let mut debian = set("1.10.1");
    debian.set_here("package", "1.10.1+dfsg-2+deb12u1");
    assert_eq!(both(debian), "false false");
    let mut floor = set("");
    floor.set_here("version_floor", "1.12.3");
    assert_eq!(both(floor), "false false");
}

#[test]
fn the_sentence_names_both_values_and_versions() {
    let facts = facts(orthanc(""));
    let shown = facts.get("execute_lua_enabled").to_string();
    assert_eq!(
        shown,
        "(unknown: ExecuteLuaEnabled is true before 1.5.8, which does not know the key and false by default; the version is not known)"
    );
}

#[test]
fn authentication_follows_remote_access_since_1_5_8() {
    let with = |version: &str, remote: bool| {
        let mut raw = orthanc(version);
        raw.set_here("set.RemoteAccessAllowed", remote);
        said(&facts(raw), "authentication_enabled")
    };
    assert_eq!(with("1.5.7", true), "false");
    assert_eq!(with("1.10.1", true), "true");
    assert_eq!(with("1.10.1", false), "false");
    assert_eq!(with("", true), "unknown");
    assert_eq!(with("", false), "false");
}

#[test]
fn old_versions_create_a_user_by_themselves() {
    let with = |version: &str, declared: bool| {
        let mut raw = orthanc(version);
        raw.set_here("set.RemoteAccessAllowed", true);
        raw.set_here("set.AuthenticationEnabled", true);
        raw.set_here("users_declared", declared);
        let facts = facts(raw);
        let list = facts.list("default_credentials").unwrap();
        let open = if list.incomplete.is_some() { "?" } else { "" };
        format!("{} {}{open}", said(&facts, "creates_default_user"), list.items.len())
    };
    for (version, unset, empty) in [
        ("1.10.1", "true 1", "true 1"),
        ("1.12.8", "true 1", "true 1"),
        ("1.12.11", "true 1", "false 0"),
        ("1.13.0", "false 0", "false 0"),
        ("", "unknown 0?", "unknown 0?"),
    ] {
        assert_eq!((with(version, false).as_str(), with(version, true).as_str()), (unset, empty), "{version}");
    }
}

#[test]
fn published_users_are_default_credentials_and_unseen_ones_may_be() {
    let user = |published: Fact| {
        let mut user = Record::new();
        user.set_here("name", "orthanc");
        user.put("published", published);
        let mut raw = orthanc("1.12.8");
        raw.set_here("users", List::complete(vec![user.into()]));
        facts(raw)
    };
    assert_eq!(said(&user(Fact::known(true)), "default_credentials"), "orthanc (published password)");
    assert_eq!(said(&user(Fact::known(false)), "default_credentials"), "");
    let mut raw = orthanc("1.12.8");
    let mut admin = Record::new();
    admin.set_here("name", "admin");
    admin.set_here("class", "placeholder");
    admin.set_here("published", false);
    raw.set_here("users", List::complete(vec![admin.into()]));
    assert_eq!(said(&facts(raw), "default_credentials"), "admin (a placeholder as password)");
    let hidden = user(Fact::unknown(Reason::NoTarget));
    assert!(hidden.list("default_credentials").unwrap().incomplete.is_some());
}

#[test]
fn the_log_knows_better_than_the_files() {
    let mut raw = orthanc("1.12.8");
    raw.set_here("set.AuthenticationEnabled", true);
    raw.set_here("said.authentication", false);
    raw.absent("said.https");
    let facts = facts(raw);
    assert_eq!(said(&facts, "authentication_enabled"), "false");
    assert_eq!(said(&facts, "ssl_enabled"), "false");
}

#[test]
fn ciphers_of_the_default_are_weak() {
    let count = |raw: Record, path: &str| facts(raw).list(path).map(|list| list.items.len());
    assert_eq!(count(orthanc("1.12.8"), "https_weak_ciphers"), Some(3));
    assert_eq!(count(orthanc("1.12.8"), "dicom_tls_weak_ciphers"), Some(2));
    let mut good = orthanc("1.12.8");
    good.set_here("set_ssl_ciphers", vec![Fact::known("ECDHE-RSA-AES256-GCM-SHA384")]);
    good.set_here("set_dicom_tls_ciphers", vec![Fact::known("ECDHE-RSA-AES256-GCM-SHA384"), Fact::known("AES128-SHA")]);
    assert_eq!(count(good.clone(), "https_weak_ciphers"), Some(0));
    assert_eq!(count(good.clone(), "dicom_tls_weak_ciphers"), Some(1));
    good.set_here("version", "1.8.1");
    assert_eq!(count(good.clone(), "https_weak_ciphers"), Some(1));
    good.unknown("version", Reason::ImageNotSeen);
    assert_eq!(said(&facts(good), "https_weak_ciphers"), "unknown");
    let mut alone = orthanc("1.12.8");
    alone.set_here("set.DicomTlsMinimumProtocolVersion", 4);
    assert_eq!(said(&facts(alone), "dicom_tls_weak_ciphers"), "unknown");
}

#[test]
fn storage_lies_on_a_mount_or_in_the_container() {
    let mount = |target: &str, kind: &str| {
        let mut mount = Record::new();
        mount.set_here("target", target);
        mount.set_here("kind", kind);
        Fact::from(mount)
    };
    let with = |mounts: List| {
        let mut raw = orthanc("1.12.8");
        raw.set_here("set.StorageDirectory", "/var/lib/orthanc/db");
        let mut container = Record::new();
        container.set_here("mounts", mounts);
        let found = derived(vec![
            document(Kind::Orthanc, Assurance::Declared, raw),
            document(Kind::Container, Assurance::Declared, container),
        ]);
        said(&found.iter().find(|document| document.kind == Kind::Orthanc).unwrap().facts, "storage_on_volume")
    };
    assert_eq!(with(List::complete(vec![mount("/var/lib/orthanc/db", "volume")])), "true");
    assert_eq!(with(List::complete(vec![mount("/var/lib/", "bind")])), "true");
    assert_eq!(with(List::complete(vec![mount("/var/lib/orthanc", "volume"), mount("/var/lib/orthanc/db", "tmpfs")])), "false");
    assert_eq!(with(List::complete(vec![mount("/var/lib/orthanc/db2", "volume")])), "false");
    assert_eq!(with(List::default()), "false");
    assert_eq!(with(List::incomplete(Vec::new(), Reason::Permission)), "unknown");
    assert_eq!(said(&facts(orthanc("1.12.8")), "storage_on_volume"), "unknown");
}

#[test]
fn one_orthanc_seen_from_both_sides_is_one() {
    let mut file = orthanc("1.12.8");
    file.set_here("set.SslEnabled", true);
    file.set_here("set.HttpVerbose", true);
    let mut engine = orthanc("1.12.8");
    engine.unknown("set.SslEnabled", Unknown::new(Reason::Permission, "not read"));
    engine.set_here("set.HttpVerbose", false);
    let found =
        derived(vec![document(Kind::Orthanc, Assurance::Declared, file), document(Kind::Orthanc, Assurance::Effective, engine)]);
    let orthancs: Vec<&Document> = found.iter().filter(|document| document.kind == Kind::Orthanc).collect();
    assert_eq!(orthancs.len(), 1);
    assert_eq!(
        (said(&orthancs[0].facts, "ssl_enabled"), said(&orthancs[0].facts, "http_verbose")),
        ("true".into(), "false".into())
    );
}

#[test]
fn every_derived_fact_is_written() {
    let facts = facts(orthanc("1.12.8"));
    let theirs = ["needs_", "tls_in_front", "front", "metrics_public", "reach", "dicom_reach", "open_paths", "advisor"];
    for (path, spec) in crate::facts::Catalogue::get().iter() {
        let Some(name) = path.strip_prefix("orthanc.").filter(|name| !name.contains("[]")) else { continue };
        if spec.stage == crate::facts::Stage::Derived && !theirs.iter().any(|start| name.starts_with(start)) {
            assert!(facts.has(name), "{path}");
            assert!(spec.optional || !facts.get(name).is_absent(), "{path}");
        }
    }
}
