//! Users, other systems, plugins, databases.

use super::*;

fn made(json: &str) -> Record {
    team().file("/etc/orthanc/orthanc.json", json).facts()
}

fn first<'r>(facts: &'r Record, path: &str) -> &'r Record {
    facts.list(path).unwrap().records().next().unwrap_or_else(|| panic!("{path} is empty"))
}

#[test]
fn passwords_are_judged_and_never_shown() {
    for (name, password, class, published, weak) in [
        ("orthanc", "orthanc", "literal", true, true),
        ("alice", "alicePassword", "literal", true, true),
        ("admin", "CHANGE_THIS_PASSWORD_IMMEDIATELY", "placeholder", false, true),
        ("bob", "bob", "literal", false, true),
        ("bob", "short-9f!", "literal", false, true),
        ("bob", "", "empty", false, true),
        ("bob", "a-good-long-password-9f", "literal", false, false),
    ] {
        let text = format!("{{\"RegisteredUsers\": {{\"{name}\": \"{password}\"}}}}");
        let made = team().file("/etc/orthanc/orthanc.json", &text);
        let facts = made.facts();
        let user = first(&facts, "users");
        assert_eq!(user.text("class"), Some(class), "{password}");
        assert_eq!(user.text("weak").is_some(), weak, "{password}");
        assert!(!published || user.bool("published") == Some(true), "{password}");
        assert!(password.len() < 9 || !made.json().contains(password));
    }
    let facts =
        team().env("PW", "orthanc").file("/etc/orthanc/orthanc.json", "{\"RegisteredUsers\": {\"orthanc\": \"${PW}\"}}").facts();
    let user = first(&facts, "users");
    assert_eq!(
        (user.text("class"), user.bool("published"), user.text("place")),
        (Some("reference"), Some(true), Some("environment"))
    );
}

#[test]
fn credentials_in_clear_are_told_by_place() {
    let facts = team()
        .file(
            "/etc/orthanc/orthanc.json",
            "{\"RegisteredUsers\": {\"a\": \"a-good-long-password-9f\", \"b\": \"another-long-password-1x\"}}",
        )
        .env("ORTHANC__POSTGRESQL__PASSWORD", "yet-another-long-password")
        .env("ORTHANC__POSTGRESQL__USERNAME", "archive")
        .facts();
    assert_eq!(
        labels(&facts, "clear_credentials"),
        [
            "PostgreSQL.Password in ORTHANC__POSTGRESQL__PASSWORD (in the environment, which `docker inspect` shows)",
            "RegisteredUsers in orthanc.json (any user may read the file)"
        ]
    );
    let facts = team().env("ORTHANC__DICOM_TLS_PRIVATE_KEY", "/tls/key").facts();
    assert!(labels(&facts, "clear_credentials").is_empty());
    let facts = team().file("/run/secrets/users.json", "{\"RegisteredUsers\": {\"a\": \"a-good-long-password-9f\"}}").facts();
    assert!(labels(&facts, "clear_credentials").is_empty());
}

#[test]
fn modalities() {
    let facts = made(
        "{\"DicomModalities\": {\"ct\": [\"CT1\", \"10.0.0.5\", 104], \"ws\": {\"AET\": \"WS\", \"Host\": \"workstation\", \"Port\": 104, \"AllowEcho\": true, \
         \"AllowStore\": false, \"AllowFind\": true, \"AllowFindWorklist\": false, \"AllowGet\": false, \"AllowMove\": true, \"AllowStorageCommitment\": false, \"UseDicomTls\": true}}}",
    );
    let list: Vec<&Record> = facts.list("modalities").unwrap().records().collect();
    let bools = |record: &Record| ["object_form", "states_rights", "host_is_address"].map(|path| record.bool(path));
    assert_eq!(bools(list[0]), [Some(false), Some(false), Some(true)]);
    assert_eq!(bools(list[1]), [Some(true), Some(true), Some(false)]);
    assert_eq!(list[1].bool("tls"), Some(true));
    assert_eq!(labels(&facts, "modalities")[0], "ct (CT1 at 10.0.0.5; the short form states no right, so all are granted)");
    assert_eq!(said(&made("{\"DicomModalitiesInDatabase\": true}"), "modalities"), "unknown");
}

#[test]
fn peers_and_dicomweb_servers() {
    let facts = made(
        "{\"OrthancPeers\": {\"a\": [\"http://10.0.0.1:8042/\", \"alice\", \"a-good-long-password-9f\"], \"b\": {\"Url\": \"https://b.example/\"}}, \
         \"DicomWeb\": {\"Servers\": {\"c\": {\"Url\": \"http://localhost:8042/x\", \"HasDelete\": true, \"HttpHeaders\": {\"Authorization\": \"Bearer abcdefghijkl\"}}}}}",
    );
    assert_eq!(labels(&facts, "peers"), ["a (not https, credentials in clear)", "b"]);
    let c = first(&facts, "dicomweb_servers");
    assert_eq!(
        ["https", "loopback", "inline_credentials", "has_delete"].map(|path| c.bool(path)),
        [Some(false), Some(true), Some(true), Some(true)]
    );
}

#[test]
fn a_script_in_plugins_is_not_loaded_and_hides_the_images_own() {
    let facts = made(
        "{\"Plugins\": [\"/etc/orthanc/plugins/x.py\"], \"DicomWeb\": {\"Enable\": true}, \"DicomWebOAuth\": {\"Servers\": {}}, \"Authorization\": {\"WebServiceRootUrl\": \"https://a/\"}}",
    );
    let found = labels(&facts, "unloaded_plugins");
    for part in ["x.py in Plugins", "section Authorization", "section DicomWeb:", "section DicomWebOAuth"] {
        assert!(found.iter().any(|label| label.contains(part)), "{part}: {found:?}");
    }
    assert_eq!((facts.bool("authorization.configured"), facts.bool("authorization.loaded")), (Some(true), Some(false)));
    let facts = made(
        "{\"DicomWeb\": {\"Enable\": true}, \"PythonScript\": \"/x.py\", \"DicomWebOAuth\": {\"Servers\": {}}, \"Authorization\": {\"WebServiceRootUrl\": \"https://a/\"}}",
    );
    assert!(labels(&facts, "unloaded_plugins").is_empty(), "{:?}", labels(&facts, "unloaded_plugins"));
    assert_eq!(facts.bool("authorization.loaded"), Some(true));
}

#[test]
fn the_core_loads_what_plugins_names() {
    let facts = |plugins: &str| {
        core()
            .file(
                "/etc/orthanc/orthanc.json",
                &format!("{{{plugins}\"Authorization\": {{\"WebServiceRootUrl\": \"https://a/\"}}}}"),
            )
            .facts()
    };
    assert_eq!(facts("").bool("authorization.loaded"), Some(false));
    assert_eq!(facts("\"Plugins\": [\"/x/libOrthancAuthorization.so\"], ").bool("authorization.loaded"), Some(true));
    assert_eq!(said(&facts("\"Plugins\": [\"/usr/share/orthanc/plugins\"], "), "authorization.loaded"), "unknown");
    let listed = core()
        .file("/plugins/libOrthancAuthorization.so", "")
        .file(
            "/etc/orthanc/orthanc.json",
            "{\"Plugins\": [\"/plugins\"], \"Authorization\": {\"WebServiceRootUrl\": \"https://a/\"}}",
        )
        .facts();
    assert_eq!(listed.bool("authorization.loaded"), Some(true));
}

#[test]
fn rules_of_the_authorization_plugin() {
    let facts = made(
        "{\"Authorization\": {\"WebServiceRootUrl\": \"https://a/\", \"TokenGetArguments\": [\"token\"], \"UncheckedFolders\": [\"/app/\", \"/dicom-web/\"], \
         \"ExtraPermissions\": [[\"get\", \"^/studies/x$\", \"\"], [\"post\", \"^/tools/lookup$\", \"\"], [\"get\", \"/series/\", \"view\"]]}}",
    );
    let found = labels(&facts, "authorization.problems");
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn databases() {
    let at = |json: &str| made(&format!("{{\"PostgreSQL\": {json}}}"));
    let facts = at("{\"Host\": \"db\", \"EnableSsl\": true}");
    assert_eq!(labels_of(&facts), "PostgreSQL at db as postgres true false true");
    let facts = at(
        "{\"ConnectionUri\": \"postgresql://archive:a-good-long-password-9f@db:5432/x?sslmode=verify-full\", \"Username\": \"archive\", \"Password\": \"a-good-long-password-9f\"}",
    );
    assert_eq!(labels_of(&facts), "PostgreSQL at db as archive true true false");
    let facts = made(
        "{\"MySQL\": {\"Host\": \"localhost\", \"Username\": \"a\", \"Password\": \"a-good-long-password-9f\", \"EnableSsl\": true}}",
    );
    assert_eq!(labels_of(&facts), "MySQL at localhost as a false true false");
}

fn labels_of(facts: &Record) -> String {
    ["label", "remote", "verified_tls", "default_login"].map(|path| said(facts, &format!("database.{path}"))).join(" ")
}

#[test]
fn stores_worklists_and_folders() {
    let facts = made(
        "{\"AzureBlobStorage\": {\"EnableStorageEncryption\": false}, \"Worklists\": {\"FilterIssuerAet\": true}, \"ServeFolders\": {\"/pki\": \"/etc/ssl\"}}",
    );
    for (path, wanted) in [
        ("object_storage.used", true),
        ("object_storage.encrypted", false),
        ("worklists.used", true),
        ("worklists.filtered", true),
    ] {
        assert_eq!(facts.bool(path), Some(wanted), "{path}");
    }
    assert_eq!(labels(&facts, "served_folders"), ["/pki -> /etc/ssl"]);
}

#[test]
fn the_oauth_plugin() {
    let facts = made(
        "{\"DicomWebOAuth\": {\"Servers\": {\"a\": {\"Url\": \"https://a/\", \"TokenEndpoint\": \"http://b/\", \"ClientSecret\": \"s3cr3t-in-clear\", \"VerifySSL\": false}, \
         \"b\": {\"Url\": \"http://localhost:1/\", \"ProviderType\": \"azure\", \"ClientSecret\": \"${X}\", \"VerifySSL\": \"/ca.pem\"}}}}",
    );
    let list: Vec<&Record> = facts.list("oauth.servers").unwrap().records().collect();
    let bools = |record: &Record| ["verifies_tls", "https", "validates_tokens", "inline_secret"].map(|path| record.bool(path));
    assert_eq!(bools(list[0]), [Some(false), Some(false), Some(false), Some(true)]);
    assert_eq!(bools(list[1]), [Some(true), Some(true), Some(true), Some(false)]);
}
