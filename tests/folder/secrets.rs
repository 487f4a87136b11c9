//! Secrets in files: found where they stand, and not where they do not.

use super::support::{folder, results, run_in};
use super::{audit, status};

const SECRET: &str = "cK8vTq2mXw9ZpR4s";

/// Names of the files that fail the check.
fn failing(files: &[(&str, &str)]) -> Vec<String> {
    let mut files = files.to_vec();
    files.push((".gitignore", "ignored/"));
    let report = audit(&files);
    let failed = results(&report, "secrets-not-in-repository").into_iter().filter(|result| result["status"] == "fail");
    failed.map(|result| result["subject"]["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn literals_are_found_in_every_format() {
    for (name, text) in [
        (".env", "DB_PASSWORD=@"),
        ("prod.env", "export API_TOKEN='@'"),
        (".env.example", "DATABASE_URL=postgresql://app:@@db/x"),
        ("app.json", "{\"database\": {\"password\": \"@\"}}"),
        ("app.json", "// c\n{\"x\": {\"name\": \"API_TOKEN\", \"value\": \"@\"}}"),
        ("app.yaml", "database:\n  password: '@'\n"),
        ("app.yaml", "db: {url: 'redis://:@@cache/0'}\n"),
        ("app.yaml", "broken: [\npassword: @\n"),
        ("docker-compose.prod.yml", "services:\n  a:\n    environment:\n      - DB_PASSWORD=@\n"),
        ("redis.conf", "requirepass @\n"),
        ("site.conf", "proxy_set_header Authorization \"Basic @\";\n"),
        ("app.ini", "[db]\npassword = @\n"),
        ("app.toml", "secret_key = \"@\"\n"),
        ("orthanc/orthanc.json", "{\"DicomAet\": \"A\", \"RegisteredUsers\": {\"ann\": \"@\"}}"),
        ("realm.json", "{\"clients\": [{\"clientId\": \"x\", \"secret\": \"@\"}]}"),
        ("server.key", "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n"),
        ("k8s.yaml", "apiVersion: v1\nkind: Secret\nstringData: {password: '@'}\n"),
        ("k8s.yaml", "apiVersion: v1\nkind: ConfigMap\ndata:\n  app.conf: |\n    password = @\n"),
        ("k8s.yaml", "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - env: [{name: DB_PASSWORD, value: '@'}]\n"),
        ("values.yaml", "redis:\n  password: '@'\n"),
    ] {
        let text = text.replace("@@", "\u{1}").replace('@', SECRET).replace('\u{1}', &format!("{SECRET}@"));
        assert_eq!(failing(&[(name, &text)]), [name], "{text}");
    }
    // base64 of "database-password"
    let encoded = "apiVersion: v1\nkind: Secret\ndata: {DB_PASSWORD: ZGF0YWJhc2UtcGFzc3dvcmQ=}\n";
    assert_eq!(failing(&[("k8s.yaml", encoded)]), ["k8s.yaml"]);
}

#[test]
fn what_is_no_secret_is_not_reported() {
    for (name, text) in [
        (".env", "DB_PASSWORD=\nDB_PASSWORD_FILE=/run/secrets/db\nTOKEN_LIFETIME=3600\nKEYCLOAK_URL=https://idp/auth\n"),
        (
            ".env",
            "DB_PASSWORD=${OTHER}\nPUBLIC_KEY=abcdefghijk\nIMAGE=x@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n",
        ),
        (
            ".env.example",
            "DB_PASSWORD=changeme\nSECRET_KEY=your-secret-key-here\nAPI_TOKEN=<token>\nJWT_SECRET=\n# OLD_PASSWORD=x1y2z3\n",
        ),
        ("examples/app.json", "{\"clientSecret\": \"your-client-secret-here\"}"),
        (
            "app.json",
            "{\"ClientSecret\": \"${OAUTH_CLIENT_SECRET}\", \"tokenEndpoint\": \"https://x/token\", \"passwordPolicy\": \"length(12)\"}",
        ),
        ("schema.json", "{\"properties\": {\"password\": {\"type\": \"string\", \"description\": \"The password\"}}}"),
        ("i18n/en.json", "{\"password\": \"Password\", \"forgotPassword\": \"Forgot your password?\"}"),
        ("logo.json", "{\"logo\": \"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4\"}"),
        ("id.json", "{\"id\": \"3f2504e0-4f89-41d3-9a0c-0305e82c3301\", \"digest\": \"sha256:abc\"}"),
        (
            "nginx.conf",
            "server {\n  location / {\n    proxy_pass http://orthanc:8042;\n    auth_basic \"Basic authentication\";\n  }\n  ssl_certificate_key certs/server.key;\n}\n",
        ),
        (
            "compose.prod.yml",
            "services:\n  a:\n    environment:\n      DB_PASSWORD: ${DB_PASSWORD:?set it}\n      URL: postgres://${U:-app}:${DB_PASSWORD}@db/x\n    secrets: [db_password]\n",
        ),
        (
            ".github/workflows/ci.yml",
            "permissions: {id-token: write}\njobs:\n  a:\n    secrets: inherit\n    steps:\n      - uses: a/b@c\n        with: {token: '${{ secrets.GITHUB_TOKEN }}', key: '${{ runner.os }}-pip'}\n",
        ),
        (
            "k8s.yaml",
            "apiVersion: v1\nkind: Pod\nspec:\n  volumes: [{name: c, secret: {secretName: orthanc-tls}}]\n  containers:\n    - name: a\n      env: [{name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: orthanc, key: db-password}}}]\n",
        ),
        (
            "values.yaml",
            "password: ''\nexistingSecret: orthanc-db\ncredentialsSecret: azure-credentials\nimagePullSecrets: []\nautomountServiceAccountToken: false\n",
        ),
        ("server.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n"),
        ("server.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n"),
        ("secrets.enc.yaml", "password: ENC[AES256_GCM,data:abc,iv:def,type:str]\n"),
        ("package-lock.json", "{\"token\": \"cK8vTq2mXw9ZpR4s\"}"),
        ("ignored/.env", "DB_PASSWORD=cK8vTq2mXw9ZpR4s\n"),
        ("htpasswd.conf", "ann:$apr1$abcdefgh$0123456789012345678901\n"),
    ] {
        assert!(failing(&[(name, text)]).is_empty(), "{name}: {text}");
    }
}

#[test]
fn a_placeholder_is_a_finding_outside_templates() {
    assert_eq!(failing(&[("app.json", "{\"clientSecret\": \"your-client-secret-here\"}")]), ["app.json"]);
    let manifest = "apiVersion: v1\nkind: Secret\nstringData: {DB_PASSWORD: REPLACE_WITH_PASSWORD}\n";
    assert_eq!(failing(&[("k8s/secret.yaml", manifest)]), ["k8s/secret.yaml"]);
    assert!(failing(&[("k8s/examples/secret.yaml", manifest)]).is_empty());
}

#[test]
fn published_credentials_are_named_as_such() {
    let report = audit(&[(".gitignore", ""), (".env.example", "MINIO_ROOT_PASSWORD=minioadmin\n")]);
    let result = results(&report, "secrets-not-in-repository")[0];
    assert_eq!(result["status"], "fail");
    let message = result["message"].as_str().unwrap();
    assert!(message.contains("MINIO_ROOT_PASSWORD (line 1)") && message.contains("published credential"), "{message}");
    assert!(!result.to_string().contains("minioadmin"));
}

#[test]
fn a_file_for_secrets_on_a_server_is_where_it_belongs() {
    // Nothing says that this folder is under version control.
    let report = audit(&[(".env", "DB_PASSWORD=cK8vTq2mXw9ZpR4s\n"), ("app.json", "{\"password\": \"cK8vTq2mXw9ZpR4s\"}")]);
    assert_eq!(status(&report, "secrets-not-in-repository", ".env"), "not_applicable");
    assert_eq!(status(&report, "secrets-not-in-repository", "app.json"), "fail");
}

#[cfg(unix)]
#[test]
fn modes_are_compared_as_bits() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder(&[(".env", "DB_PASSWORD=cK8vTq2mXw9ZpR4s\n"), ("plain.env", "LOG_LEVEL=INFO\n")]);
    for (mode, expected) in
        [(0o600, "pass"), (0o640, "pass"), (0o660, "pass"), (0o644, "fail"), (0o604, "fail"), (0o601, "fail"), (0o602, "fail")]
    {
        std::fs::set_permissions(folder.path().join(".env"), std::fs::Permissions::from_mode(mode)).unwrap();
        let report = run_in(folder.path(), &["audit", ".", "--format", "json"]).json();
        assert_eq!(status(&report, "secrets-files-not-readable", ".env"), expected, "{mode:o}");
        assert_eq!(status(&report, "secrets-files-not-readable", "plain.env"), "not_applicable");
    }
}
