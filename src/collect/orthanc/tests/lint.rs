//! What is odd, and what was meant.

use super::*;

/// Kind and meaning of the only oddity.
fn only(facts: &Record) -> (String, String, String) {
    let list = facts.list("odd_keys").unwrap();
    assert_eq!(list.items.len(), 1, "{:?}", labels(facts, "odd_keys"));
    let odd = list.records().next().unwrap();
    let text = |path: &str| odd.text(path).unwrap_or("").to_owned();
    (text("kind"), text("meant"), text("label"))
}

#[test]
fn traps_of_variables() {
    for (name, value, kind, meant) in [
        ("ORTHANC__WEBDAV_ENABLED", "false", "wrong_case", "WebDavEnabled"),
        ("ORTHANC__DICOMWEB__ENABLE", "true", "wrong_case", "DicomWeb"),
        ("ORTHANC__REST_API_WRITE_TO_FILESYSTEM_ENABLED", "false", "wrong_case", "RestApiWriteToFileSystemEnabled"),
        ("ORTHANC__AUTHENTICATION__ENABLED", "true", "unknown", "AuthenticationEnabled"),
        ("ORTHANC__STL__ENABLE", "true", "wrong_case", "STL"),
        ("ORTHANC__DICOM_WEB__ENABLEWADO", "false", "wrong_case", "DicomWeb.EnableWado"),
        ("ORTHANC__DICOM_SERVER_VERIFY_CALLED_AET", "true", "unknown", "DicomCheckCalledAet"),
        ("ORTHANC_AUTHENTICATION_ENABLED", "true", "single_underscore", "ORTHANC__AUTHENTICATION_ENABLED"),
        ("ORTHANC_POSTGRESQL_PASSWORD", "x", "single_underscore", "ORTHANC__POSTGRESQL__PASSWORD"),
        ("ORTHANC_REGISTERED_USERS", "{}", "single_underscore", "ORTHANC__REGISTERED_USERS"),
        ("PG_PASSWORD", "x", "legacy", "ORTHANC__POSTGRESQL__PASSWORD"),
        ("DW_ENABLED", "true", "legacy", "DICOM_WEB_PLUGIN_ENABLED"),
        ("WORKLIST_PLUGIN_ENABLED", "true", "unknown", "WORKLISTS_PLUGIN_ENABLED"),
        ("ORTHANC__FOO_BAR", "1", "unknown", ""),
        ("ORTHANC_PASSWORD", "x", "too_new", ""),
    ] {
        let facts = team().env(name, value).facts();
        let (found, what, label) = only(&facts);
        assert_eq!((found.as_str(), what.as_str()), (kind, meant), "{name}: {label}");
        assert!(label.contains("compose.yaml:7"), "{label}");
    }
    let (_, _, label) = only(&team().env("ORTHANC__WEBDAV_ENABLED", "false").facts());
    assert_eq!(
        label,
        "WebdavEnabled, which ORTHANC__WEBDAV_ENABLED becomes, is ignored, since case matters; WebDavEnabled was probably meant, \
         and ORTHANC__WEB_DAV_ENABLED sets it (compose.yaml:7)"
    );
}

#[test]
fn a_secret_without_its_file() {
    let mut made = team().env("ORTHANC__ORTHANC_EXPLORER_2__KEYCLOAK__CLIENT_SECRET", "hunter2hunter2");
    made.program.inside.complete("/run/secrets");
    let (kind, _, label) = only(&made.facts());
    assert_eq!(kind, "unknown");
    assert!(label.contains("name of a file in /run/secrets") && !label.contains("hunter2"));
}

#[test]
fn what_is_right_is_not_odd() {
    let facts = team()
        .env("ORTHANC__NAME", "x")
        .env("ORTHANC__DICOM_WEB__ROOT", "/dicom-web/")
        .env("ORTHANC__POSTGRESQL__HOST", "db")
        .env("ORTHANC_USERNAME", "x")
        .env("ORTHANC_NAME", "mine")
        .env("ORTHANC_EXPLORER_2_ENABLED", "false")
        .env("VERBOSE_ENABLED", "true")
        .file("/etc/orthanc/orthanc.json", "{\"_comment\": \"x\", \"Name\": \"${ORTHANC_NAME}\", \"MyScript\": {\"A\": 1}, \"DicomWeb\": {\"QidoCaseSensitive\": true}}")
        .facts();
    assert_eq!(labels(&facts, "odd_keys"), Vec::<String>::new());
}

#[test]
fn keys_of_files() {
    for (text, kind, meant) in [
        ("{\"AuthentificationEnabled\": false}", "misspelt", "AuthenticationEnabled"),
        ("{\"registeredUsers\": {\"a\": \"b\"}}", "wrong_case", "RegisteredUsers"),
        ("{\"RemoteAccessEnabled\": true}", "unknown", "RemoteAccessAllowed"),
        ("{\"Verbosity\": \"verbose\"}", "unknown", ""),
        ("{\"LogLevel\": \"default\"}", "unknown", ""),
        ("{\"DicomWeb\": {\"Port\": 8042}}", "unknown", "HttpPort"),
        ("{\"DicomWeb\": {\"OAuth\": {}}}", "unknown", "DicomWebOAuth.Servers"),
        ("{\"PostgreSQL\": {\"EnableSSL\": true}}", "wrong_case", "PostgreSQL.EnableSsl"),
        ("{\"HttpKeepAlive\": true}", "unknown", "KeepAlive"),
        ("{\"DicomPort\": 1, \"DicomPort\": 2}", "duplicate", ""),
        ("{\"MaximumRequestBodySizeMB\": 10}", "too_new", ""),
        ("{\"Name\": true}", "wrong_type", ""),
    ] {
        let (found, what, label) = only(&core().file("/etc/orthanc/orthanc.json", text).facts());
        assert_eq!((found.as_str(), what.as_str()), (kind, meant), "{text}: {label}");
        assert!(label.contains("orthanc.json:1"), "{label}");
    }
}

#[test]
fn an_image_that_reads_no_variables_ignores_them() {
    let (kind, meant, label) = only(&core().env("ORTHANC__REGISTERED_USERS", "{\"a\": \"b\"}").facts());
    assert_eq!((kind.as_str(), meant.as_str()), ("ignored_by_image", "RegisteredUsers"));
    assert!(label.contains("orthancteam/orthanc does"));
    let unknown = image("clinic/pacs:1").env("ORTHANC__NAME", "x").facts();
    assert!(unknown.list("odd_keys").unwrap().incomplete.is_some());
}
