//! Orthanc in compose services: image, environment, orthanc.json, a check, and what has to come of it.
//! `-` stands for no file. The truth is Orthanc's and its images' own rules (Orthanc Book, release notes), not pacscan's output.
use std::fmt::Write as _;

use super::disagreements;
use super::support::{folder, run_in};

pub(super) const TEAM: &str = "orthancteam/orthanc:25.8.2";
pub(super) const CORE: &str = "jodogne/orthanc-plugins:1.12.8";
const OLD: &str = "jodogne/orthanc:1.5.7";
const OWN: &str = "registry.example/own-orthanc:3";

/// Image, environment (flow mapping), orthanc.json, check, expected.
type Line = (&'static str, &'static str, &'static str, &'static str, &'static str);

const AUTHENTICATION: [Line; 22] = [
    // the image switches authentication and remote access on by itself
    (TEAM, "{}", "{}", "orthanc-authentication-on", "pass"),
    (TEAM, "{}", r#"{"AuthenticationEnabled": false}"#, "orthanc-authentication-on", "fail"),
    (TEAM, r#"{ORTHANC__AUTHENTICATION_ENABLED: "false"}"#, "-", "orthanc-authentication-on", "fail"),
    // variables win over files
    (
        TEAM,
        r#"{ORTHANC__AUTHENTICATION_ENABLED: "true"}"#,
        r#"{"AuthenticationEnabled": false}"#,
        "orthanc-authentication-on",
        "pass",
    ),
    (TEAM, r#"{ORTHANC_JSON: "{\"AuthenticationEnabled\": false /* x */}"}"#, "-", "orthanc-authentication-on", "fail"),
    // one underscore does nothing, so the image's default stays
    (TEAM, r#"{ORTHANC_AUTHENTICATION_ENABLED: "false"}"#, "-", "orthanc-authentication-on", "pass"),
    (TEAM, r#"{ORTHANC__AUTHENTICATION__ENABLED: "false"}"#, "-", "orthanc-authentication-on", "pass"),
    // the Python spelling stays a text, and Orthanc refuses to start
    (TEAM, r#"{ORTHANC__AUTHENTICATION_ENABLED: "False"}"#, "-", "orthanc-configuration-loads", "fail"),
    (TEAM, r#"{ORTHANC__AUTHENTICATION_ENABLED: "False"}"#, "-", "orthanc-authentication-on", "not pass"),
    (TEAM, "{ORTHANC__AUTHENTICATION_ENABLED: \"${AUTH}\"}", "-", "orthanc-authentication-on", "not pass"),
    (CORE, "{}", r#"{"RemoteAccessAllowed": true, "AuthenticationEnabled": false}"#, "orthanc-authentication-on", "fail"),
    // the absent key follows remote access since 1.5.8
    (
        CORE,
        "{}",
        r#"{"RemoteAccessAllowed": true, "RegisteredUsers": {"a": "kLw83nfHq29vX1"}}"#,
        "orthanc-authentication-on",
        "pass",
    ),
    (
        OLD,
        "{}",
        r#"{"RemoteAccessAllowed": true, "RegisteredUsers": {"a": "kLw83nfHq29vX1"}}"#,
        "orthanc-authentication-on",
        "fail",
    ),
    // case matters, and unknown keys do nothing
    (CORE, "{}", r#"{"RemoteAccessAllowed": true, "authenticationEnabled": false}"#, "orthanc-authentication-on", "pass"),
    (
        CORE,
        "{}",
        r#"{"RemoteAccessAllowed": true, "AuthenticationEnabled": false, "authenticationEnabled": true}"#,
        "orthanc-authentication-on",
        "fail",
    ),
    // variables mean nothing to the program itself
    (
        CORE,
        r#"{ORTHANC__AUTHENTICATION_ENABLED: "true"}"#,
        r#"{"RemoteAccessAllowed": true, "AuthenticationEnabled": false}"#,
        "orthanc-authentication-on",
        "fail",
    ),
    (
        CORE,
        r#"{AUTH: "true"}"#,
        r#"{"RemoteAccessAllowed": true, "AuthenticationEnabled": ${AUTH:-false}}"#,
        "orthanc-authentication-on",
        "pass",
    ),
    (
        CORE,
        "{}",
        r#"{"RemoteAccessAllowed": true, "AuthenticationEnabled": ${AUTH:-false}}"#,
        "orthanc-authentication-on",
        "fail",
    ),
    // an image that nobody has seen may do either
    (OWN, r#"{ORTHANC__AUTHENTICATION_ENABLED: "true"}"#, "-", "orthanc-authentication-on", "not pass"),
    (OWN, "{}", r#"{"AuthenticationEnabled": true}"#, "orthanc-no-default-credentials", "not pass"),
    (CORE, "{}", r#"{"AuthenticationEnabled": true,"#, "orthanc-authentication-on", "not pass"),
    (CORE, "{}", r#"{"AuthenticationEnabled": true,"#, "orthanc-configuration-loads", "fail"),
];

const USERS: [Line; 14] = [
    // with remote access and no user, versions before 1.13.0 make orthanc:orthanc
    (
        CORE,
        "{}",
        r#"{"RemoteAccessAllowed": true, "AuthenticationEnabled": true, "RegisteredUsers": {"orthanc": "orthanc"}}"#,
        "orthanc-no-default-credentials",
        "fail",
    ),
    (
        CORE,
        "{}",
        r#"{"RemoteAccessAllowed": true, "AuthenticationEnabled": true, "RegisteredUsers": {"demo": "demo"}}"#,
        "orthanc-no-default-credentials",
        "fail",
    ),
    (
        CORE,
        "{}",
        r#"{"RemoteAccessAllowed": true, "AuthenticationEnabled": true, "RegisteredUsers": {}}"#,
        "orthanc-no-default-credentials",
        "fail",
    ),
    (CORE, "{}", r#"{"RemoteAccessAllowed": true, "AuthenticationEnabled": true}"#, "orthanc-no-default-credentials", "fail"),
    (
        CORE,
        "{}",
        r#"{"RemoteAccessAllowed": true, "AuthenticationEnabled": true, "registeredUsers": {"a": "kLw83nfHq29vX1"}}"#,
        "orthanc-no-default-credentials",
        "fail",
    ),
    (
        "jodogne/orthanc-plugins:1.12.10",
        "{}",
        r#"{"RemoteAccessAllowed": true, "AuthenticationEnabled": true, "RegisteredUsers": {}}"#,
        "orthanc-no-default-credentials",
        "pass",
    ),
    (
        "jodogne/orthanc-plugins:1.12.10",
        "{}",
        r#"{"RemoteAccessAllowed": true, "AuthenticationEnabled": true}"#,
        "orthanc-no-default-credentials",
        "fail",
    ),
    (
        CORE,
        "{}",
        r#"{"RemoteAccessAllowed": true, "AuthenticationEnabled": true, "RegisteredUsers": {"a": "kLw83nfHq29vX1"}}"#,
        "orthanc-no-default-credentials",
        "pass",
    ),
    (
        CORE,
        "{}",
        r#"{"RemoteAccessAllowed": true, "AuthenticationEnabled": true, "RegisteredUsers": {"radiology": "radiology"}}"#,
        "orthanc-passwords-strong",
        "fail",
    ),
    (
        CORE,
        "{}",
        r#"{"RemoteAccessAllowed": true, "AuthenticationEnabled": true, "RegisteredUsers": {"a": "CHANGE_THIS_PASSWORD_IMMEDIATELY"}}"#,
        "orthanc-passwords-strong",
        "fail",
    ),
    (
        CORE,
        "{}",
        r#"{"RemoteAccessAllowed": true, "AuthenticationEnabled": true, "RegisteredUsers": {"a": "short"}}"#,
        "orthanc-passwords-strong",
        "fail",
    ),
    (
        CORE,
        "{}",
        r#"{"RemoteAccessAllowed": true, "AuthenticationEnabled": true, "RegisteredUsers": {"a": "${UNSET_PASSWORD}"}}"#,
        "orthanc-passwords-strong",
        "not pass",
    ),
    (TEAM, r#"{ORTHANC__REGISTERED_USERS: "{\"orthanc\": \"orthanc\"}"}"#, "-", "orthanc-no-default-credentials", "fail"),
    (
        CORE,
        "{}",
        r#"{"RemoteAccessAllowed": true, "AuthenticationEnabled": false, "RegisteredUsers": {"orthanc": "orthanc"}}"#,
        "orthanc-no-default-credentials",
        "not_applicable",
    ),
];

const DICOM: [Line; 20] = [
    (CORE, "{}", "{}", "orthanc-dicom-no-open-store", "fail"),
    (CORE, "{}", r#"{"DicomAlwaysAllowStore": false}"#, "orthanc-dicom-no-open-store", "pass"),
    (CORE, "{}", r#"{"DicomAlwaysAllowStore": false}"#, "orthanc-dicom-unknown-ae-rejected", "fail"),
    (
        CORE,
        "{}",
        r#"{"DicomAlwaysAllowStore": false, "DicomAlwaysAllowEcho": false}"#,
        "orthanc-dicom-unknown-ae-rejected",
        "pass",
    ),
    (CORE, "{}", r#"{"DicomAlwaysAllowFind": true}"#, "orthanc-dicom-no-open-find", "fail"),
    (CORE, "{}", "{}", "orthanc-dicom-no-open-find", "pass"),
    (TEAM, r#"{ORTHANC__DICOM_ALWAYS_ALLOW_GET: "true"}"#, "-", "orthanc-dicom-no-open-get", "fail"),
    (TEAM, r#"{ORTHANC__DICOM_SERVER_ALWAYS_ALLOW_STORE: "false"}"#, "-", "orthanc-dicom-no-open-store", "fail"),
    (TEAM, r#"{ORTHANC__DICOM_SERVER_ALWAYS_ALLOW_STORE: "false"}"#, "-", "orthanc-keys-known", "fail"),
    (CORE, "{}", "{}", "orthanc-dicom-check-host", "fail"),
    (
        CORE,
        "{}",
        r#"{"DicomCheckModalityHost": true, "DicomModalities": {"ct": ["CT", "ct.hospital", 104]}}"#,
        "orthanc-dicom-check-host",
        "fail",
    ),
    (CORE, "{}", r#"{"DicomModalities": {"ct": ["CT", "10.0.0.9", 104]}}"#, "orthanc-dicom-modalities-least-privilege", "fail"),
    (
        CORE,
        "{}",
        r#"{"DicomModalities": {"ct": {"AET": "CT", "Host": "10.0.0.9", "Port": 104, "AllowStore": true}}}"#,
        "orthanc-dicom-modalities-least-privilege",
        "fail",
    ),
    (CORE, "{}", r#"{"DicomTlsEnabled": true}"#, "orthanc-dicom-tls", "not pass"),
    (CORE, "{}", "{}", "orthanc-dicom-tls", "fail"),
    (
        CORE,
        "{}",
        r#"{"DicomTlsEnabled": true, "DicomTlsCertificate": "/a", "DicomTlsPrivateKey": "/b", "DicomTlsTrustedCertificates": "/c"}"#,
        "orthanc-dicom-tls-minimum-version",
        "fail",
    ),
    (CORE, "{}", r#"{"DicomServerEnabled": false}"#, "orthanc-dicom-no-open-store", "not_applicable"),
    (CORE, "{}", "{}", "orthanc-dicom-check-called-aet", "fail"),
    (CORE, "{}", r#"{"DicomCheckCalledAet": true}"#, "orthanc-dicom-check-called-aet", "fail"),
    (CORE, "{}", r#"{"DicomCheckCalledAet": true, "DicomAet": "RADPACS1"}"#, "orthanc-dicom-check-called-aet", "pass"),
];

const REST: [Line; 34] = [
    (CORE, "{}", r#"{"SslEnabled": true, "SslCertificate": "/c.pem"}"#, "orthanc-https", "pass"),
    (CORE, "{}", r#"{"DicomWeb": {"Ssl": true}}"#, "orthanc-https", "fail"),
    (CORE, "{}", r#"{"ExecuteLuaEnabled": true}"#, "orthanc-lua-off", "fail"),
    (CORE, "{}", "{}", "orthanc-lua-off", "pass"),
    (OLD, "{}", r#"{"ExecuteLuaEnabled": false}"#, "orthanc-lua-off", "fail"),
    (OWN, "{}", r#"{"ExecuteLuaEnabled": true}"#, "orthanc-lua-off", "not pass"),
    (CORE, "{}", r#"{"RestApiWriteToFileSystemEnabled": true}"#, "orthanc-rest-cannot-write-files", "fail"),
    (CORE, "{}", "{}", "orthanc-rest-cannot-write-files", "pass"),
    ("jodogne/orthanc:1.11.3", "{}", r#"{"RestApiWriteToFileSystemEnabled": false}"#, "orthanc-rest-cannot-write-files", "fail"),
    (TEAM, r#"{ORTHANC__REST_API_WRITE_TO_FILESYSTEM_ENABLED: "true"}"#, "-", "orthanc-rest-cannot-write-files", "pass"),
    (TEAM, r#"{ORTHANC__REST_API_WRITE_TO_FILESYSTEM_ENABLED: "true"}"#, "-", "orthanc-keys-known", "fail"),
    (CORE, "{}", "{}", "orthanc-webdav-off", "fail"),
    (TEAM, r#"{ORTHANC__WEBDAV_ENABLED: "false"}"#, "-", "orthanc-webdav-off", "fail"),
    (TEAM, r#"{ORTHANC__WEB_DAV_ENABLED: "false"}"#, "-", "orthanc-webdav-off", "pass"),
    (CORE, "{}", r#"{"WebDavDeleteAllowed": true}"#, "orthanc-webdav-no-delete", "fail"),
    (CORE, "{}", r#"{"HttpsVerifyPeers": false}"#, "orthanc-peers-verified", "fail"),
    (CORE, "{}", r#"{"OrthancPeers": {"b": ["http://b:8042/", "u", "p"]}}"#, "orthanc-peers-verified", "fail"),
    (CORE, "{}", r#"{"OverwriteInstances": true}"#, "orthanc-no-overwrite", "fail"),
    ("jodogne/orthanc:1.13.0", "{}", r#"{"OverwriteInstances": "Always"}"#, "orthanc-no-overwrite", "fail"),
    ("jodogne/orthanc:1.13.0", "{}", r#"{"OverwriteInstances": "Never"}"#, "orthanc-no-overwrite", "pass"),
    (CORE, "{}", "{}", "orthanc-no-overwrite", "pass"),
    (CORE, "{}", r#"{"MaximumStorageSize": 1000}"#, "orthanc-no-recycle", "fail"),
    (CORE, "{}", r#"{"MaximumStorageSize": 1000, "MaximumStorageMode": "Reject"}"#, "orthanc-no-recycle", "pass"),
    (CORE, "{}", r#"{"DeidentifyLogs": false}"#, "orthanc-logs-deidentified", "fail"),
    (TEAM, r#"{TRACE_ENABLED: "true"}"#, "-", "orthanc-logs-deidentified", "fail"),
    (CORE, "{}", r#"{"LimitFindResults": 100, "LimitFindInstances": 100}"#, "orthanc-find-limited", "fail"),
    ("jodogne/orthanc:1.12.11", "{}", r#"{"LimitFindResults": 100, "LimitFindInstances": 100}"#, "orthanc-find-limited", "pass"),
    (CORE, "{}", r#"{"MaximumRequestBodySizeMB": 1000}"#, "orthanc-request-size-limited", "fail"),
    (CORE, "{}", "{}", "orthanc-errors-terse", "fail"),
    (CORE, "{}", "{}", "orthanc-version-supported", "fail"),
    ("jodogne/orthanc:1.13.0", "{}", "{}", "orthanc-version-supported", "pass"),
    ("jodogne/orthanc", "{}", "{}", "orthanc-version-supported", "not pass"),
    (CORE, "{}", r#"{"Verbosity": "debug"}"#, "orthanc-keys-known", "fail"),
    (CORE, "{}", r#"{"_comment": "x", "Name": "clinic"}"#, "orthanc-keys-known", "pass"),
];

const PLUGINS: [Line; 22] = [
    (TEAM, "{}", r#"{"PostgreSQL": {"Host": "db"}}"#, "orthanc-database-own-role", "fail"),
    (TEAM, "{ORTHANC__POSTGRESQL__HOST: db}", "-", "orthanc-database-tls", "fail"),
    (
        TEAM,
        r#"{ORTHANC__POSTGRESQL__HOST: db, ORTHANC__POSTGRESQL__ENABLE_SSL: "true"}"#,
        "-",
        "orthanc-database-tls",
        "not pass",
    ),
    (
        CORE,
        "{}",
        r#"{"PostgreSQL": {"EnableIndex": true, "Host": "db", "EnableSSL": true, "Username": "o", "Password": "kLw83nfHq29vX1"}}"#,
        "orthanc-database-tls",
        "fail",
    ),
    (
        CORE,
        "{}",
        r#"{"PostgreSQL": {"EnableIndex": true, "ConnectionUri": "postgresql://o@db/o?sslmode=verify-full"}}"#,
        "orthanc-database-tls",
        "pass",
    ),
    (
        CORE,
        "{}",
        r#"{"DicomWeb": {"Servers": {"x": {"Url": "http://x/", "HasDelete": true}}}}"#,
        "orthanc-dicomweb-servers-safe",
        "fail",
    ),
    (
        CORE,
        "{}",
        r#"{"DicomWeb": {"Servers": {"x": ["https://x/dicom-web/", "u", "p"]}}}"#,
        "orthanc-dicomweb-servers-safe",
        "fail",
    ),
    (CORE, "{}", r#"{"ServeFolders": {"/pki": "/etc/ssl"}}"#, "orthanc-serve-folders-off", "fail"),
    (CORE, "{}", "{}", "orthanc-serve-folders-off", "pass"),
    (CORE, "{}", r#"{"Worklists": {"Enable": true, "Database": "/wl"}}"#, "orthanc-worklists-filtered", "fail"),
    (CORE, "{}", r#"{"Plugins": ["/etc/orthanc/oauth_plugin.py"]}"#, "orthanc-plugins-loaded", "fail"),
    (CORE, "{}", r#"{"DicomModalitiesInDatabase": true}"#, "orthanc-modality-lists-in-files", "fail"),
    (
        CORE,
        "{}",
        r#"{"DicomWebOAuth": {"Servers": {"s": {"Url": "https://s/", "TokenEndpoint": "http://t/", "ClientId": "c", "ClientSecret": "${S}"}}}}"#,
        "orthanc-oauth-https",
        "fail",
    ),
    (
        CORE,
        "{}",
        r#"{"DicomWebOAuth": {"Servers": {"s": {"Url": "https://s/", "TokenEndpoint": "https://t/", "ClientId": "c", "ClientSecret": "kLw83nfHq29vX1", "VerifySSL": false}}}}"#,
        "orthanc-oauth-verify-ssl",
        "fail",
    ),
    (
        CORE,
        "{}",
        r#"{"DicomWebOAuth": {"Servers": {"s": {"Url": "https://s/", "TokenEndpoint": "https://t/", "ClientId": "c", "ClientSecret": "kLw83nfHq29vX1"}}}}"#,
        "orthanc-oauth-no-inline-secret",
        "fail",
    ),
    (
        CORE,
        "{}",
        r#"{"DicomWebOAuth": {"Servers": {"s": {"Url": "https://s/", "TokenEndpoint": "https://t/", "ClientId": "c", "ClientSecret": "${S}"}}}}"#,
        "orthanc-oauth-jwt-validated",
        "fail",
    ),
    (
        TEAM,
        "{}",
        r#"{"AuthenticationEnabled": false, "Authorization": {"WebServiceRootUrl": "http://auth:8000/"}}"#,
        "orthanc-authentication-on",
        "not fail",
    ),
    (
        CORE,
        "{}",
        r#"{"RemoteAccessAllowed": true, "AuthenticationEnabled": false, "Authorization": {"WebServiceRootUrl": "http://auth:8000/"}, "Plugins": []}"#,
        "orthanc-authentication-on",
        "not pass",
    ),
    (
        TEAM,
        "{}",
        r#"{"Authorization": {"WebServiceRootUrl": "http://auth:8000/", "UncheckedFolders": ["/"]}}"#,
        "orthanc-authorization-scoped",
        "fail",
    ),
    (
        TEAM,
        "{}",
        r#"{"Authorization": {"WebServiceRootUrl": "http://auth:8000/", "TokenGetArguments": ["token"]}}"#,
        "orthanc-authorization-scoped",
        "fail",
    ),
    (TEAM, r#"{AC_AUTHENTICATION_ENABLED: "false"}"#, "-", "orthanc-authentication-on", "fail"),
    ("orthancteam/orthanc:26.8.0", r#"{AC_AUTHENTICATION_ENABLED: "false"}"#, "-", "orthanc-configuration-loads", "fail"),
];

fn disagree(lines: &[Line]) -> Vec<String> {
    let mut compose = "services:\n".to_owned();
    let mut files = Vec::new();
    for (i, (image, environment, json, _, _)) in lines.iter().enumerate() {
        writeln!(compose, "  svc{i:03}:\n    image: \"{image}\"\n    environment: {environment}").unwrap();
        if *json != "-" {
            writeln!(compose, "    volumes: [\"./svc{i:03}.json:/etc/orthanc/orthanc.json:ro\"]").unwrap();
            files.push((format!("svc{i:03}.json"), *json));
        }
    }
    let mut all: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    all.push(("compose.yaml", &compose));
    let stack = folder(&all);
    let ran = run_in(stack.path(), &["audit", "compose.yaml", "--format", "json", "--fail-on", "never"]);
    let shown: Vec<String> =
        lines.iter().map(|(image, environment, json, _, _)| format!("{image} {environment} {json}")).collect();
    let expected = lines.iter().zip(&shown).map(|((_, _, _, check, expected), shown)| (shown.as_str(), *check, *expected));
    disagreements(&ran.json(), expected)
}

#[test]
fn authentication() {
    let wrong = disagree(&AUTHENTICATION);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn users() {
    let wrong = disagree(&USERS);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn dicom() {
    let wrong = disagree(&DICOM);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn rest() {
    let wrong = disagree(&REST);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn plugins() {
    let wrong = disagree(&PLUGINS);
    assert!(wrong.is_empty(), "{wrong:#?}");
}
