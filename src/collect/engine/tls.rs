//! Mutual TLS as Docker does it: `ca.pem`, `cert.pem` and `key.pem` in one folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};

use super::failure::Failure;
use crate::facts::Reason;

/// A client certificate, the authority to trust, and the name to expect.
pub(super) struct Mutual {
    /// Ready configuration.
    pub config: Arc<ClientConfig>,
    /// Name or address that the server's certificate must carry.
    pub name: ServerName<'static>,
}

/// The TLS of a host; `None` only for an unprotected API on loopback for which no certificates are set up.
pub(super) fn for_host(host: &str, environment: &BTreeMap<String, String>) -> Result<Option<Mutual>, Failure> {
    let folder = folder(environment);
    let set_up = folder.as_ref().is_some_and(|folder| FILES.iter().any(|file| folder.join(file).exists()));
    let asked_for = environment.get("DOCKER_TLS_VERIFY").is_some_and(|value| !value.is_empty());
    if !set_up && !asked_for && is_loopback(host) {
        return Ok(None);
    }
    let Some(folder) = folder else {
        return Err(Failure::new(
            Reason::Unreachable,
            format!("{host} needs mutual TLS: set $DOCKER_CERT_PATH to the folder of ca.pem, cert.pem and key.pem"),
        ));
    };
    mutual(host, &folder).map(Some)
}

const FILES: [&str; 3] = ["ca.pem", "cert.pem", "key.pem"];

fn folder(environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    let value = |name: &str| environment.get(name).filter(|value| !value.is_empty());
    value("DOCKER_CERT_PATH").map(PathBuf::from).or_else(|| value("HOME").map(|home| Path::new(home).join(".docker")))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn mutual(host: &str, folder: &Path) -> Result<Mutual, Failure> {
    let wrong = |file: &str, what: String| {
        Failure::new(
            Reason::Unreachable,
            format!(
                "{} cannot be used: {what}; {host} needs mutual TLS with ca.pem, cert.pem and key.pem from that folder ($DOCKER_CERT_PATH)",
                folder.join(file).display()
            ),
        )
    };
    let certificates = |file: &str| -> Result<Vec<CertificateDer<'static>>, Failure> {
        let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(folder.join(file))
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|e| wrong(file, e.to_string()));
        found.and_then(|list| if list.is_empty() { Err(wrong(file, "it holds no certificate".into())) } else { Ok(list) })
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates("ca.pem")? {
        roots.add(certificate).map_err(|e| wrong("ca.pem", e.to_string()))?;
    }
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).map_err(|e| wrong("key.pem", e.to_string()))?;
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| wrong("ca.pem", e.to_string()))?
        .with_root_certificates(roots)
        .with_client_auth_cert(certificates("cert.pem")?, key)
        .map_err(|e| wrong("cert.pem", e.to_string()))?;
    let name = ServerName::try_from(host.to_owned()).map_err(|e| wrong("ca.pem", format!("`{host}` is no host name ({e})")))?;
    Ok(Mutual { config: Arc::new(config), name })
}
