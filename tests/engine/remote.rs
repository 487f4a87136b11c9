//! Engines over TCP with mutual TLS, and over ssh.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use pacscan::collect::{Collected, Selection};
use pacscan::facts::{Kind, Reason};
use pacscan::target::EngineAddress;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;

use super::server::{Handler, Reply, collect_from, info, inspect, only, quick, serve, unversioned, version};

fn ready() -> Handler {
    Arc::new(|path| {
        Reply::json(&match path.split('?').next().unwrap_or_default() {
            "/version" => version(),
            "/info" => info(),
            "/networks" => json!([]),
            "/volumes" => json!({"Volumes": []}),
            "/containers/json" => json!([{"Id": "c1", "Names": ["/pacs"], "Labels": {}}]),
            "/containers/c1/json" => inspect(&json!({})),
            _ => return Reply::status(404),
        })
    })
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate and its key, both as PEM.
fn leaf(name: &str, issuer: &CertifiedIssuer<'static, KeyPair>) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate().unwrap();
    (CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, issuer).unwrap(), key)
}

/// A TLS server that asks for a client certificate of this authority; returns its port.
fn tls_server(issuer: &CertifiedIssuer<'static, KeyPair>) -> u16 {
    let (certificate, key) = leaf("127.0.0.1", issuer);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(issuer.der().clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![CertificateDer::from(certificate.der().to_vec())],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let config = Arc::new(config);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let config = Arc::clone(&config);
            std::thread::spawn(move || {
                let connection = ServerConnection::new(config).unwrap();
                serve(StreamOwned::new(connection, stream.unwrap()), &ready(), &Mutex::default());
            });
        }
    });
    port
}

fn certificates(folder: &Path, trusted: &CertifiedIssuer<'static, KeyPair>, own: &CertifiedIssuer<'static, KeyPair>) {
    let (certificate, key) = leaf("client", own);
    std::fs::write(folder.join("ca.pem"), trusted.pem()).unwrap();
    std::fs::write(folder.join("cert.pem"), certificate.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
}

/// Certificates of a new authority for a client and for a server on 127.0.0.1.
pub fn write_certificates(folder: &Path) {
    let issuer = authority();
    certificates(folder, &issuer, &issuer);
    let (certificate, key) = leaf("127.0.0.1", &issuer);
    std::fs::write(folder.join("server.pem"), certificate.pem()).unwrap();
    std::fs::write(folder.join("server-key.pem"), key.serialize_pem()).unwrap();
}

async fn over_tcp(port: u16, variables: &[(&str, &Path)]) -> Collected {
    let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), value.display().to_string())).collect();
    let address = EngineAddress::Tcp { host: "127.0.0.1".into(), port };
    let limits = pacscan::collect::engine::Limits { timeout: std::time::Duration::from_secs(5), ..quick() };
    collect_from(&address, &environment, &Selection::default(), limits).await
}

#[tokio::test(flavor = "multi_thread")]
async fn mutual_tls_works_and_nothing_less() {
    let (issuer, stranger) = (authority(), authority());
    let port = tls_server(&issuer);
    let folder = tempfile::tempdir().unwrap();

    certificates(folder.path(), &issuer, &issuer);
    let collected = over_tcp(port, &[("DOCKER_CERT_PATH", folder.path())]).await;
    assert_eq!(&*only(&collected, Kind::Container).name, "pacs");
    let unprotected = only(&collected, Kind::Engine).facts.list("tcp_unprotected").map(|list| list.items.len());
    assert_eq!(unprotected, Some(0));

    certificates(folder.path(), &stranger, &issuer);
    let wrong_authority = over_tcp(port, &[("DOCKER_CERT_PATH", folder.path())]).await;
    certificates(folder.path(), &issuer, &stranger);
    let wrong_client = over_tcp(port, &[("DOCKER_CERT_PATH", folder.path())]).await;
    std::fs::remove_file(folder.path().join("key.pem")).unwrap();
    let no_key = over_tcp(port, &[("DOCKER_CERT_PATH", folder.path())]).await;
    for (collected, said) in [(wrong_authority, "no TLS connection"), (wrong_client, "127.0.0.1"), (no_key, "key.pem")] {
        assert!(collected.unreachable.is_some() && collected.documents.is_empty());
        assert!(collected.errors[0].message.contains(said), "{}", collected.errors[0].message);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unprotected_api_is_used_on_loopback_only_and_recorded() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || serve(stream.unwrap(), &ready(), &Mutex::default()));
        }
    });
    let empty = tempfile::tempdir().unwrap();
    let collected = over_tcp(port, &[("HOME", empty.path())]).await;
    let facts = &only(&collected, Kind::Engine).facts;
    assert!(facts.get("tcp_unprotected").to_string().contains("without TLS"), "{}", facts.get("tcp_unprotected"));

    let asked_for = over_tcp(port, &[("HOME", empty.path()), ("DOCKER_TLS_VERIFY", Path::new("1"))]).await;
    assert!(asked_for.unreachable.is_some(), "certificates were asked for");
    let address = EngineAddress::Tcp { host: "192.0.2.1".into(), port };
    let collected = collect_from(&address, &BTreeMap::new(), &Selection::default(), quick()).await;
    assert_eq!(collected.unreachable, Some(Reason::Unreachable));
    assert!(collected.errors[0].message.contains("DOCKER_CERT_PATH"));
}

/// Plays ssh: writes down how it was called, then answers HTTP from files.
const FAKE_SSH: &str = r#"#!/bin/sh
here=$(dirname "$0")
echo "$@" >> "$here/calls"
while IFS= read -r line; do
    set -- $line
    name=$(printf %s "$2" | tr '/?=&' '____')
    while IFS= read -r header && [ ${#header} -gt 1 ]; do :; done
    if [ -f "$here/$name" ]; then status=200; else status=404; name=empty; fi
    printf 'HTTP/1.1 %s X\r\nContent-Length: %d\r\n\r\n' $status "$(wc -c < "$here/$name")"
    cat "$here/$name"
done
"#;

pub fn program(folder: &Path, text: &str) {
    let path = folder.join("ssh");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
}

async fn over_ssh(folder: &Path) -> Collected {
    let path = format!("{}:/usr/bin:/bin", folder.display());
    let environment = BTreeMap::from([("PATH".to_owned(), path)]);
    let address = EngineAddress::Ssh { destination: "ops@pacs.example".into(), port: Some(2222) };
    let limits = pacscan::collect::engine::Limits { timeout: std::time::Duration::from_secs(10), ..quick() };
    collect_from(&address, &environment, &Selection::default(), limits).await
}

#[tokio::test(flavor = "multi_thread")]
async fn ssh_is_called_without_a_terminal_and_its_answers_are_read() {
    let folder = tempfile::tempdir().unwrap();
    program(folder.path(), FAKE_SSH);
    for path in ["/version", "/info", "/networks", "/volumes", "/containers/json?all=1", "/containers/c1/json"] {
        let Reply::Body(_, body) = ready()(&unversioned(path)) else { unreachable!() };
        for prefix in ["", "/v1.41"] {
            std::fs::write(folder.path().join(format!("{prefix}{path}").replace(['/', '?', '=', '&'], "_")), &body).unwrap();
        }
    }
    std::fs::write(folder.path().join("empty"), "").unwrap();
    let collected = over_ssh(folder.path()).await;
    assert_eq!(&*only(&collected, Kind::Container).name, "pacs");
    let calls = std::fs::read_to_string(folder.path().join("calls")).unwrap();
    let wanted = "-T -o BatchMode=yes -o ConnectTimeout=8 -p 2222 -- ops@pacs.example docker system dial-stdio";
    assert!(calls.lines().all(|call| call == wanted), "{calls}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ssh_says_is_passed_on() {
    let folder = tempfile::tempdir().unwrap();
    program(folder.path(), "#!/bin/sh\necho 'ops@pacs.example: Permission denied (publickey).' >&2\nsleep 0.2\nexit 255\n");
    let collected = over_ssh(folder.path()).await;
    assert_eq!(collected.unreachable, Some(Reason::Unreachable));
    assert!(collected.errors[0].message.contains("Permission denied (publickey)"), "{}", collected.errors[0].message);
    std::fs::remove_file(folder.path().join("ssh")).unwrap();
}
