//! Whole configurations, put together as each image does it.

mod json;
mod lint;
mod properties;
mod real;
mod sections;
mod start;

use std::collections::BTreeMap;

use super::*;
use crate::facts::{Origin, State};

/// A program under test: the official image unless something else is said.
pub(super) struct Make {
    program: Program,
}

pub(super) fn image(reference: &str) -> Make {
    let program = Program {
        name: "orthanc".into(),
        service: Some("orthanc".into()),
        project: Some("clinic".into()),
        target: ".".into(),
        assurance: Assurance::Declared,
        image: (!reference.is_empty()).then(|| reference.to_owned()),
        base: None,
        words: None,
        environment: Vec::new(),
        environment_incomplete: None,
        inside: Inside::default(),
    };
    Make { program }
}

/// The image whose start script puts the configuration together.
pub(super) fn team() -> Make {
    image("orthancteam/orthanc:24.12.0")
}

/// An image that runs the program alone, and whose files are all seen.
pub(super) fn core() -> Make {
    let mut made = image("jodogne/orthanc:1.12.8");
    made.program.inside.complete("/etc/orthanc");
    made
}

impl Make {
    pub(super) fn env(mut self, name: &str, value: &str) -> Self {
        let origin = Origin::file(&"compose.yaml".into(), 7, 1);
        self.program.environment.push(Variable { name: name.into(), value: Ok(value.into()), origin, by_image: false });
        self
    }

    pub(super) fn unknown_env(mut self, name: &str) -> Self {
        let why = Unknown::new(Reason::UnknownFact, "not set here");
        let origin = Origin::file(&"compose.yaml".into(), 8, 1);
        self.program.environment.push(Variable { name: name.into(), value: Err(why), origin, by_image: false });
        self
    }

    pub(super) fn env_incomplete(mut self) -> Self {
        self.program.environment_incomplete = Some(Unknown::new(Reason::Permission, "an env_file was not read"));
        self
    }

    pub(super) fn file(mut self, path: &str, text: &str) -> Self {
        let place = if path.starts_with("/run/secrets") { Place::Secret } else { Place::Mount };
        let place = if path.starts_with("/tmp") { Place::Runtime } else { place };
        let shown = path.rsplit('/').next().unwrap_or(path).into();
        self.program.inside.put(path, InsideFile { text: Ok(text.into()), shown, mode: Some(0o644), place });
        self
    }

    pub(super) fn unreadable(mut self, path: &str) -> Self {
        let text = Err(Unknown::new(Reason::Permission, "may not be read"));
        self.program.inside.put(path, InsideFile { text, shown: path.into(), mode: None, place: Place::Mount });
        self
    }

    pub(super) fn hidden(mut self, folder: &str) -> Self {
        self.program.inside.hide(folder, Unknown::new(Reason::Permission, "the folder was not read"));
        self
    }

    pub(super) fn words(mut self, words: &[&str]) -> Self {
        self.program.words = Some(words.iter().map(|word| (*word).to_owned()).collect());
        self
    }

    pub(super) fn facts(&self) -> Record {
        collect(&self.program, &mut Groups::default()).expect("an Orthanc").facts
    }

    pub(super) fn json(&self) -> String {
        serde_json::to_string(&collect(&self.program, &mut Groups::default())).unwrap()
    }
}

/// `true`, `5`, `text`, `absent` or `unknown`.
pub(super) fn said(facts: &Record, path: &str) -> String {
    match &facts.get(path).state {
        State::Known(value) => value.to_string(),
        State::Absent => "absent".into(),
        State::Unknown(_) => "unknown".into(),
    }
}

pub(super) fn labels(facts: &Record, path: &str) -> Vec<String> {
    let list = facts.list(path).unwrap_or_else(|| panic!("{path}: {}", facts.get(path)));
    list.records().map(|record| record.text("label").unwrap_or("?").to_owned()).collect()
}

fn expect(facts: &Record, wanted: &[(&str, &str)]) {
    for (path, value) in wanted {
        assert_eq!(said(facts, path), *value, "{path}: {}", facts.get(path));
    }
}

#[test]
fn the_start_script_sets_its_own_defaults() {
    let facts = team().facts();
    expect(
        &facts,
        &[
            ("assembly", "orthancteam"),
            ("version", "1.12.5"),
            ("loads", "true"),
            ("set.RemoteAccessAllowed", "true"),
            ("set.AuthenticationEnabled", "true"),
            ("set.StorageDirectory", "/var/lib/orthanc/db"),
            ("set.SslEnabled", "absent"),
            ("users_declared", "false"),
            ("database.used", "false"),
            ("trace", "false"),
            ("authorization.loaded", "false"),
        ],
    );
    assert!(labels(&facts, "users").is_empty() && labels(&facts, "odd_keys").is_empty());
}

#[test]
fn stronger_sources_overwrite_weaker_ones_key_by_key() {
    let facts = team()
        .file(
            "/etc/orthanc/orthanc.json",
            "{\"DicomAet\": \"FILE\", \"DicomWeb\": {\"Enable\": true, \"Root\": \"/a/\"}, \"HttpVerbose\": true}",
        )
        .file("/run/secrets/more.json", "{\"DicomAet\": \"SECRET\"}")
        .env("ORTHANC__DICOM_AET", "ENV")
        .env("ORTHANC_JSON", "{\"HttpVerbose\": false /* no */, \"SslEnabled\": true, \"WebDavEnabled\": false}")
        .env("ORTHANC__SSL_ENABLED", "false")
        .env("ORTHANC__WEB_DAV_ENABLED", "false")
        .file("/run/secrets/ORTHANC__LIMIT_FIND_RESULTS", "100\n")
        .facts();
    expect(
        &facts,
        &[
            ("set.DicomAet", "ENV"),
            ("set.HttpVerbose", "false"),
            // Nobody defines in which order the variables are read.
            ("set.SslEnabled", "unknown"),
            ("set.WebDavEnabled", "false"),
            ("set.LimitFindResults", "100"),
            ("loads", "unknown"),
        ],
    );
    let origin = facts.get("set.DicomAet").origin.clone().unwrap();
    assert_eq!((origin.file.as_deref(), origin.line), (Some("compose.yaml"), Some(7)));
}

#[test]
fn two_files_of_one_folder_have_no_order() {
    let facts = team()
        .file("/etc/orthanc/a.json", "{\"DicomAet\": \"A\", \"SslEnabled\": true}")
        .file("/etc/orthanc/b.json", "{\"DicomAet\": \"B\", \"SslEnabled\": true}")
        .facts();
    expect(&facts, &[("set.DicomAet", "unknown"), ("set.SslEnabled", "true")]);
    let facts =
        core().file("/etc/orthanc/a.json", "{\"DicomAet\": \"A\"}").file("/etc/orthanc/b.json", "{\"DicomAet\": \"B\"}").facts();
    expect(&facts, &[("set.DicomAet", "unknown"), ("loads", "false")]);
    assert!(labels(&facts, "load_errors")[0].contains("DicomAet is defined in a.json and in b.json"));
}

#[test]
fn values_of_variables_are_json_or_text() {
    let facts = team().env("ORTHANC__AUTHENTICATION_ENABLED", "False").facts();
    expect(&facts, &[("set.AuthenticationEnabled", "unknown"), ("loads", "false")]);
    assert!(labels(&facts, "load_errors")[0].contains("AuthenticationEnabled is a text and must be true or false"));
    let facts = team().env("ORTHANC__REGISTERED_USERS", "{\"demo\": 123456}").facts();
    expect(&facts, &[("loads", "unknown")]);
    let facts = team().env("ORTHANC__POSTGRESQL__PASSWORD", "123456").facts();
    expect(&facts, &[("database.used", "true"), ("database.default_login", "true")]);
}

#[test]
fn secrets_are_read_by_name_and_by_reference() {
    let facts = team()
        .env("ORTHANC__REGISTERED_USERS__ALICE_SECRET", "alice_password")
        .file("/run/secrets/alice_password", "a-good-long-password-9f\n")
        .file("/run/secrets/ORTHANC__POSTGRESQL__USERNAME", "archive")
        .facts();
    let users = labels(&facts, "users");
    assert_eq!(users, ["Alice"]);
    assert_eq!(facts.list("users").unwrap().records().next().unwrap().text("place"), Some("secret"));
    expect(&facts, &[("database.used", "true")]);
    assert!(labels(&facts, "clear_credentials").iter().all(|label| !label.contains("RegisteredUsers")));
}

#[test]
fn envsubst_mangles_dollars_in_files_of_newer_images() {
    let file = "{\"DicomAet\": \"A$B\", \"DicomPort\": ${PORT}}";
    let facts = team().env("PORT", "104").file("/etc/orthanc/orthanc.json", file).facts();
    expect(&facts, &[("set.DicomAet", "A"), ("set.DicomPort", "104"), ("loads", "true")]);
    let facts = image("osimis/orthanc:23.4.0").env("PORT", "104").file("/etc/orthanc/orthanc.json", file).facts();
    expect(&facts, &[("set.DicomAet", "unknown"), ("set.DicomPort", "104")]);
}

#[test]
fn legacy_names_work_until_the_image_refuses_to_start() {
    let old = team().env("AC_AUTHENTICATION_ENABLED", "false").env("WVB_ENABLED", "true").facts();
    expect(&old, &[("set.AuthenticationEnabled", "false"), ("loads", "true")]);
    assert_eq!(labels(&old, "odd_keys").len(), 2);
    let new = image("orthancteam/orthanc:26.8.0").env("AC_AUTHENTICATION_ENABLED", "false").facts();
    expect(&new, &[("loads", "false"), ("version", "1.13.0")]);
    let latest = image("orthancteam/orthanc").env("AC_AUTHENTICATION_ENABLED", "false").facts();
    expect(&latest, &[("loads", "unknown"), ("set.AuthenticationEnabled", "false")]);
}

#[test]
fn orthanc_password_makes_a_user_in_images_that_know_it() {
    let users = |reference: &str| image(reference).env("ORTHANC_PASSWORD", "a-good-long-password-9f").facts();
    assert_eq!(labels(&users("orthancteam/orthanc:26.7.0"), "users"), ["orthanc"]);
    assert!(labels(&users("orthancteam/orthanc:25.1.1"), "users").is_empty());
    assert_eq!(labels(&users("orthancteam/orthanc:25.1.1"), "odd_keys").len(), 1);
    assert_eq!(labels(&users("orthancteam/orthanc"), "users"), ["orthanc (the password was not seen)"]);
}

#[test]
fn what_was_not_seen_may_set_anything_that_nothing_stronger_sets() {
    let facts = team()
        .file("/etc/orthanc/orthanc.json", "{\"SslEnabled\": true, \"HttpVerbose\": true}")
        .env("ORTHANC__HTTP_VERBOSE", "false")
        .env_incomplete()
        .facts();
    expect(
        &facts,
        &[
            ("set.SslEnabled", "unknown"),
            ("set.HttpVerbose", "false"),
            ("set.DicomAet", "unknown"),
            ("set.RemoteAccessAllowed", "unknown"),
            ("loads", "unknown"),
            ("trace", "unknown"),
            ("authorization.loaded", "unknown"),
        ],
    );
    let facts = team().unreadable("/etc/orthanc/orthanc.json").env("ORTHANC__SSL_ENABLED", "true").facts();
    expect(&facts, &[("set.SslEnabled", "true"), ("set.HttpVerbose", "unknown"), ("users", "unknown")]);
    let facts = team().hidden("/etc/orthanc").file("/etc/orthanc/orthanc.json", "{\"SslEnabled\": true}").facts();
    expect(&facts, &[("set.SslEnabled", "unknown"), ("set.HttpVerbose", "unknown")]);
    let facts = team().unknown_env("ORTHANC__SSL_ENABLED").unknown_env("ORTHANC_JSON").facts();
    expect(&facts, &[("set.SslEnabled", "unknown"), ("set.HttpVerbose", "unknown")]);
}

#[test]
fn users_of_an_unseen_source_leave_the_list_open() {
    let facts = team().env_incomplete().env("ORTHANC__REGISTERED_USERS", "{\"a\": \"a-good-long-password-9f\"}").facts();
    let list = facts.list("users").unwrap();
    assert_eq!(list.items.len(), 1);
    assert!(list.incomplete.is_some());
}

#[test]
fn what_the_start_script_wrote_is_the_configuration() {
    let facts = team()
        .env("ORTHANC__SSL_ENABLED", "true")
        .env("ORTHANC__HTTP_VERBOSE", "true")
        .env_incomplete()
        .file("/tmp/orthanc.json", "{\n\"SslEnabled\": true,\n\"HttpVerbose\": false,\n\"DicomPort\": 104}")
        .facts();
    expect(
        &facts,
        &[
            ("set.SslEnabled", "true"),
            ("set.HttpVerbose", "false"),
            ("set.DicomPort", "104"),
            ("set.RemoteAccessAllowed", "absent"),
            ("loads", "true"),
        ],
    );
    // Where the variable says the same, its place is the one to change.
    assert_eq!(facts.get("set.SslEnabled").origin.as_ref().unwrap().file.as_deref(), Some("compose.yaml"));
    assert_eq!(facts.get("set.DicomPort").origin.as_ref().unwrap().line, Some(4));
}

#[test]
fn the_program_alone_reads_no_variables_but_in_braces() {
    let facts = core()
        .file(
            "/etc/orthanc/orthanc.json",
            "{\"AuthenticationEnabled\": ${AUTH:-true}, \"DicomAet\": \"$AET\", \"HttpPort\": ${PORT}}",
        )
        .env("AET", "X")
        .env("PORT", "8043")
        .env("ORTHANC__AUTHENTICATION_ENABLED", "false")
        .facts();
    expect(
        &facts,
        &[
            ("assembly", "core"),
            ("set.AuthenticationEnabled", "true"),
            ("set.DicomAet", "unknown"),
            ("set.HttpPort", "8043"),
            ("set.RemoteAccessAllowed", "absent"),
            ("loads", "true"),
        ],
    );
    assert!(labels(&facts, "odd_keys")[0].contains("this image does not read ORTHANC__ variables"));
}

#[test]
fn the_command_names_file_or_folder() {
    let facts =
        core().words(&["Orthanc", "/run/secrets/", "--verbose"]).file("/run/secrets/a.json", "{\"SslEnabled\": true}").facts();
    expect(&facts, &[("set.SslEnabled", "true"), ("trace", "false")]);
    let facts = core().words(&["/config/o.json"]).file("/config/o.json", "{\"SslEnabled\": true}").facts();
    expect(&facts, &[("set.SslEnabled", "true")]);
    let facts = core().words(&["Orthanc", "--trace", "/etc/orthanc"]).facts();
    expect(&facts, &[("set.SslEnabled", "absent"), ("trace", "true")]);
    for words in [
        &["sh", "-c", "sed x && Orthanc /etc/orthanc"][..],
        &["/my.sh"],
        &["/opt/start"],
        &["bash", "/run.json"],
        &["/docker-entrypoint.sh"],
        &["${}"],
        &["Orthanc", "${CONFIGURATION}"],
    ] {
        for made in [core(), team(), image("clinic/pacs:1").env("ORTHANC__SSL_ENABLED", "true")] {
            expect(&made.words(words).facts(), &[("set.SslEnabled", "unknown"), ("loads", "unknown")]);
        }
    }
}

#[test]
fn an_unknown_image_shows_what_both_ways_agree_on() {
    let facts = image("clinic/pacs:1")
        .file("/etc/orthanc/orthanc.json", "{\"SslEnabled\": true, \"HttpVerbose\": false}")
        .env("ORTHANC__HTTP_VERBOSE", "true")
        .facts();
    expect(
        &facts,
        &[
            ("assembly", "unknown"),
            ("version", "unknown"),
            ("version_floor", "absent"),
            ("set.SslEnabled", "true"),
            ("set.HttpVerbose", "unknown"),
            ("set.RemoteAccessAllowed", "unknown"),
            ("loads", "unknown"),
        ],
    );
}

#[test]
fn the_last_of_two_variables_counts() {
    let facts =
        team().env("ORTHANC__REGISTERED_USERS", "{\"a\": \"x\"}").env("ORTHANC__REGISTERED_USERS", "{\"b\": \"y\"}").facts();
    assert_eq!(facts.list("users").unwrap().items.len(), 1);
}

#[test]
fn newer_versions_do_not_start_without_users() {
    let loads = |made: Make| said(&made.facts(), "loads");
    assert_eq!(loads(image("orthancteam/orthanc:26.8.0")), "false");
    assert_eq!(loads(image("orthancteam/orthanc:26.8.0").env("ORTHANC__REGISTERED_USERS", "{\"a\": \"b\"}")), "true");
    assert_eq!(loads(team()), "true");
}

/// What Debian's 1.10.1 does with each.
#[test]
fn wrong_values_stop_orthanc_where_it_reads_them() {
    for (text, loads) in [
        ("\"StableAge\": 1.5", "false"),
        ("\"StableAge\": -5", "false"),
        ("\"SslEnabled\": null", "false"),
        ("\"Plugins\": \"/x\"", "false"),
        ("\"OverwriteInstances\": \"Never\"", "false"),
        ("\"DicomAet\": \"\"", "false"),
        ("\"RegisteredUsers\": []", "false"),
        ("\"DicomModalities\": {\"a b\": [\"A\", \"h\", 1]}", "false"),
        ("\"SslMinimumProtocolVersion\": \"4\"", "true"),
        ("\"SslEnabled\": true, \"SslMinimumProtocolVersion\": \"4\"", "false"),
        ("\"HttpBindAddresses\": 5", "true"),
        ("\"Name\": true", "true"),
        ("\"Plugins\": [\"/x.py\"]", "unknown"),
        ("\"Plugins\": [\"/etc/orthanc/orthanc.py\"]", "false"),
        ("\"StableAge\": 60,", "true"),
    ] {
        let mut made = image("jodogne/orthanc:1.10.1")
            .file("/etc/orthanc/orthanc.py", "")
            .file("/etc/orthanc/orthanc.json", &format!("{{{text}}}"));
        made.program.inside.complete("/etc/orthanc");
        assert_eq!(said(&made.facts(), "loads"), loads, "{text}: {:?}", labels(&made.facts(), "load_errors"));
    }
}

#[test]
fn other_programs_have_such_variables_too() {
    let is = |made: Make| is_orthanc(&made.program);
    assert!(!is(image("clinic/backend").env("ORTHANC__BASEURL", "http://orthanc:8042")));
    assert!(!is(image("nginx:1.27").env("ORTHANC_URL", "http://orthanc:8042")));
    assert!(is(image("clinic/pacs").env("ORTHANC__WEBDAV_ENABLED", "false")));
    assert!(is(image("clinic/pacs").words(&["/usr/sbin/Orthanc", "/x"])));
    assert!(is(core()) && is(team()));
}

#[test]
fn debian_packages_tell_their_version() {
    let facts = image("")
        .words(&["Orthanc", "/etc/orthanc"])
        .file(
            "/var/lib/dpkg/status",
            "Package: libx\nVersion: 9\n\nPackage: orthanc\nStatus: ok\nVersion: 1.10.1+dfsg-2+deb12u1\n\n",
        )
        .file("/etc/orthanc/orthanc.json", "{\"RestApiWriteToFileSystemEnabled\": false}")
        .facts();
    expect(&facts, &[("assembly", "core"), ("version", "1.10.1"), ("package", "1.10.1+dfsg-2+deb12u1"), ("image", "absent")]);
}

#[test]
fn one_file_decides_what_it_alone_decides() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("orthanc.json");
    std::fs::write(
        &path,
        "{\"AuthenticationEnabled\": false, \"RegisteredUsers\": {\"${U}\": \"${P}\"}, \"DicomPort\": ${PORT}}",
    )
    .unwrap();
    let environment = BTreeMap::new();
    let mut context = Context { environment: &environment, groups: &mut Groups::default(), progress: &|_| {} };
    let documents = alone("orthanc.json", &[(path, "orthanc.json".into())], "orthanc.json", &mut context);
    let facts = &documents[0].facts;
    expect(
        facts,
        &[
            ("assembly", "unknown"),
            ("image", "absent"),
            ("version", "unknown"),
            ("set.AuthenticationEnabled", "false"),
            ("set.DicomPort", "unknown"),
            ("set.DicomAlwaysAllowStore", "absent"),
            ("set.RemoteAccessAllowed", "unknown"),
            ("trace", "unknown"),
        ],
    );
    let user = facts.list("users").unwrap().records().next().unwrap();
    assert_eq!((user.text("name"), user.text("class")), (Some("${U}"), Some("reference")));
    let text = "{\"Plugins\": [\"/etc/orthanc/plugins\"], \"DicomWeb\": {}}";
    let folders = &alone_text("x", "orthanc.json", text, ".", &mut context)[0].facts;
    assert!(labels(folders, "unloaded_plugins").is_empty() && folders.list("unloaded_plugins").unwrap().incomplete.is_some());
    assert_eq!(&*documents[0].name, "orthanc.json");
}

#[test]
fn a_configuration_is_told_by_its_keys() {
    assert!(looks_like_configuration("{ // x\n \"DicomAet\": \"A\"}"));
    assert!(looks_like_configuration("{\"RegisteredUsers\" : {}}"));
    assert!(!looks_like_configuration("{\"name\": \"orthanc\", \"version\": \"1\"}"));
    assert!(!looks_like_configuration("{\"Name\": \"x\", \"Plugins\": []}"));
    assert!(!looks_like_configuration("DicomAet"));
    assert!(!looks_like_configuration("{\"properties\": {\"DicomWebOAuth\": {}}}"));
    assert!(looks_like_configuration("{\"DicomAet\": {{ aet }}, \"DicomPort\": 1}"));
    assert!(looks_like_configuration("{\"DicomPort\": ${PORT}}"));
}

/// Every raw fact of the catalogue is written, of its type, and absent only where it may be.
#[test]
fn every_raw_fact_is_written() {
    use crate::facts::{Catalogue, Stage};
    for made in
        [team(), core(), image("clinic/pacs:1").env("ORTHANC__NAME", "x"), team().env_incomplete(), team().hidden("/etc/orthanc")]
    {
        let facts = made.facts();
        for (path, spec) in Catalogue::get().iter() {
            let Some(name) = path.strip_prefix("orthanc.").filter(|name| !name.contains("[]") && !name.starts_with("said."))
            else {
                continue;
            };
            if spec.stage == Stage::Raw {
                assert!(facts.has(name), "{path} is not written");
                assert!(spec.optional || !facts.get(name).is_absent(), "{path} is absent");
            }
        }
    }
}
