//! The one detector: what other scanners report falsely, and what everybody must find.

use pacscan::facts::{Class, Groups};
use pacscan::knowledge::secret_scan;

fn class(name: &str, value: &str) -> Class {
    secret_scan().scan(name, value, &mut Groups::default()).class
}

#[test]
fn no_secret() {
    for (name, value, expected) in [
        ("libcrypto3", "3.0.8-r0", Class::Plain),
        ("DB_PASSWORD", "", Class::Empty),
        ("DB_PASSWORD_FILE", "/run/secrets/db", Class::File),
        ("POSTGRES_PASSWORD_FILE", "./secrets/db.txt", Class::File),
        ("SSL_KEY", "certs/server.pem", Class::File),
        ("BADGER_DIRECTORY_KEY", "/badger/key", Class::File),
        ("TLS_KEY", "-----BEGIN CERTIFICATE-----\nMIIB", Class::Public),
        ("SIGNING_KEY", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA", Class::Public),
        ("DB_PASSWORD", "${DB_PASSWORD}", Class::Reference),
        ("DB_PASSWORD", "$(DB_PASSWORD)", Class::Reference),
        ("TOKEN", "${{ secrets.GITHUB_TOKEN }}", Class::Reference),
        ("DATABASE_URL", "postgres://app:${PW}@db/x", Class::Reference),
        ("DB_PASSWORD", "vault:secret/data/db#password", Class::Reference),
        ("password", "ENC[AES256_GCM,data:x,type:str]", Class::Reference),
        ("KEYCLOAK_URL", "https://idp.clinic.org/auth", Class::Plain),
        ("keycloak_url", "https://idp.clinic.org/auth", Class::Plain),
        ("DB_HOST", "postgres.clinic.org", Class::Plain),
        ("STUDY_ID", "3f2504e0-4f89-41d3-9a0c-0305e82c3301", Class::Plain),
        ("IMAGE", "orthanc@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", Class::Plain),
        ("LOGO", "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUA", Class::Plain),
        ("TOKEN_LIFETIME", "3600", Class::Plain),
        ("PASSWORD_MIN_LENGTH", "12", Class::Plain),
        ("id-token", "write", Class::Plain),
        ("proxy_pass", "http://orthanc:8042", Class::Plain),
        ("existingSecret", "orthanc-db", Class::Plain),
        ("AUTH_DESCRIPTION", "Basic authentication is required", Class::Plain),
        ("ENABLE_TOKEN", "true", Class::Plain),
        ("ADMIN_PASSWORD", "$2b$12$abcdefghijklmnopqrstuv", Class::Hash),
    ] {
        assert_eq!(class(name, value), expected, "{name}={value}");
    }
}

#[test]
fn secrets() {
    for (name, value) in [
        ("DB_PASSWORD", "hunter2"),
        ("MYAPP_TOKEN", "a/b"),
        ("SECRET_KEY", "/aB3/dE4+x9"),
        ("URL", "redis://:hunter2@cache:6379/0"),
        ("HEADER", "Authorization: Basic cHVibGljOmhlbGxv"),
        ("HEADER", "Bearer 0a1b2c3d4e"),
        ("ANY", "-----BEGIN OPENSSH PRIVATE KEY-----"),
        ("ANY", "-----BEGIN PRIVATE KEY-----"),
        ("ORTHANC_JSON", "{\"RegisteredUsers\": {\"ann\": \"hunter2\"}}"),
    ] {
        assert_eq!(class(name, value), Class::Literal, "{name}={value}");
    }
    for value in ["CHANGE_ME", "your-secret-here", "<password>", "base64_encoded_api_key", "REPLACE_WITH_KEY", "__PASSWORD__"] {
        assert_eq!(class("DB_PASSWORD", value), Class::Placeholder, "{value}");
    }
}

/// Everything that the manuals of Orthanc, OHIF, dcm4chee and their samples print.
#[test]
fn credentials_of_the_manuals_are_on_the_list() {
    for value in [
        "orthanc",
        "alicePassword",
        "orthanctest",
        "demo",
        "admin",
        "user1",
        "hello",
        "bones123",
        "change-me",
        "auth-service-pwd",
        "change-me-I-am-a-secret-key",
        "my-secret-key",
        "keycloak",
        "postgres",
        "pg-password",
        "pacs",
        "foo-root",
        "miniopwd",
        "secret",
        "changeit",
        "b3J0aGFuYzpvcnRoYW5j",
        "ZGVtbzpkZW1v",
        "cHVibGljOmhlbGxv",
        "Ym9uZXM6Ym9uZXMxMjM=",
        "orthanc:orthanc",
        "alice:alicePassword",
        "alice:orthanctest",
        "demo:demo",
        "public:hello",
        "bones:bones123",
        "share-user:change-me",
        "root:changeit",
        "admin:changeit",
        "user:changeit",
        "keycloak:keycloak",
        "postgres:postgres",
    ] {
        assert!(secret_scan().is_published(value), "{value}");
    }
    // Secrets that only their hash may name: the client secret that four projects share (OHIF recipes), and others.
    let list = include_str!("../../src/knowledge/published.yaml");
    assert!(list.contains("cf3151b3ba5a377e8d0a1f9c208b88361780c3191b14b1cfaeb08ff8ca735b69"));
}
