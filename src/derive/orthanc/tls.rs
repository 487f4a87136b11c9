//! Ciphers of Orthanc's own TLS, set or by the default of the version.

use super::InUse;
use crate::facts::{Fact, List, Reason, Record, State, Unknown};
use crate::knowledge::Version;

/// From this version on the list of HTTPS ciphers can be set.
const SSL_CIPHERS: Version = Version([1, 8, 2]);
/// From this version on the list of DICOM TLS ciphers can be set.
const DICOM_CIPHERS: Version = Version([1, 12, 4]);
/// Suites of the default of HTTPS without AEAD or forward secrecy (source and log of 1.10.1).
const HTTPS_DEFAULT: [&str; 3] = ["AES128-SHA (by default)", "AES256-SHA (by default)", "DHE suites with SHA-1 (by default)"];
/// Before the list can be set, OpenSSL decides.
const HTTPS_OLD: [&str; 1] = ["the whole default list of OpenSSL, with CBC suites and without forward secrecy"];
/// Suites of the retired profile that DICOM TLS uses by default (negotiated with 1.10.1).
const DICOM_DEFAULT: [&str; 2] = ["AES128-SHA (by the retired default profile)", "DES-CBC3-SHA (by the retired default profile)"];

/// Writes `https_weak_ciphers` and `dicom_tls_weak_ciphers`.
pub(super) fn derive(facts: &mut Record, in_use: InUse) {
    let https = https(facts, in_use);
    let dicom = dicom(facts, in_use);
    facts.put("https_weak_ciphers", https);
    facts.put("dicom_tls_weak_ciphers", dicom);
}

fn https(facts: &Record, in_use: InUse) -> Fact {
    let set = facts.get("set_ssl_ciphers");
    match (in_use.at_least(SSL_CIPHERS), set.list()) {
        (Some(false), _) => labels(&HTTPS_OLD),
        (Some(true), Some(list)) => weak(list, true, set),
        (None, Some(list)) => match weak(list, true, set) {
            // The old default is weak in any case; a good list may be ignored.
            fact if fact.list().is_some_and(|list| !list.items.is_empty()) => fact,
            _ => in_use.unknown(unread("SslCiphersAccepted", SSL_CIPHERS)),
        },
        _ => match &set.state {
            State::Unknown(why) => Fact::unknown(why.clone()),
            _ => labels(&HTTPS_DEFAULT),
        },
    }
}

fn dicom(facts: &Record, in_use: InUse) -> Fact {
    let set = facts.get("set_dicom_tls_ciphers");
    let minimum = facts.get("dicom_tls_minimum_protocol_version");
    if in_use.at_least(DICOM_CIPHERS) == Some(false) {
        return labels(&DICOM_DEFAULT);
    }
    match (set.list(), &set.state, minimum.int()) {
        (Some(list), ..) => match weak(list, false, set) {
            fact if in_use.at_least(DICOM_CIPHERS) == Some(true) || fact.list().is_some_and(|list| !list.items.is_empty()) => {
                fact
            }
            _ => in_use.unknown(unread("DicomTlsCiphersAccepted", DICOM_CIPHERS)),
        },
        (_, State::Unknown(why), _) => Fact::unknown(why.clone()),
        (.., Some(0)) => labels(&DICOM_DEFAULT),
        (.., Some(_)) => {
            let detail = "DicomTlsMinimumProtocolVersion needs DicomTlsCiphersAccepted beside it, which is not set";
            Fact::unknown(Unknown::new(Reason::Unproven, detail))
        }
        (.., None) => super::unknown_like(minimum),
    }
}

fn unread(key: &str, since: Version) -> String {
    format!("{key} is read by {since} and newer; the version is not known")
}

fn labels(names: &[&str]) -> Fact {
    let label = |name: &&str| {
        let mut record = Record::new();
        record.set_here("label", *name);
        Fact::from(record)
    };
    Fact::known(names.iter().map(label).collect::<Vec<_>>())
}

fn weak(list: &List, forward_secrecy: bool, set: &Fact) -> Fact {
    let wrong = |cipher: &&str| !is_aead(cipher) || forward_secrecy && !is_forward_secret(cipher);
    let mut out = List { items: Vec::new(), incomplete: list.incomplete.clone() };
    for item in &list.items {
        if let Some(cipher) = item.text().filter(|cipher| wrong(cipher)) {
            let mut record = Record::new();
            record.set_here("label", cipher);
            out.items.push(Fact { origin: item.origin.clone(), ..record.into() });
        }
    }
    Fact { origin: set.origin.clone(), ..Fact::known(out) }
}

fn is_aead(cipher: &str) -> bool {
    ["GCM", "CCM", "CHACHA20"].iter().any(|mode| cipher.contains(mode))
}

/// `ECDHE-…`, `DHE-…`, and the suites of TLS 1.3 and IANA names of the same.
fn is_forward_secret(cipher: &str) -> bool {
    let name = cipher.strip_prefix("TLS_").unwrap_or(cipher);
    ["ECDHE", "DHE", "AES_", "CHACHA20_"].iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites() {
        for (cipher, aead, forward) in [
            ("ECDHE-RSA-AES256-GCM-SHA384", true, true),
            ("DHE-RSA-AES128-GCM-SHA256", true, true),
            ("AES128-GCM-SHA256", true, false),
            ("AES128-SHA", false, false),
            ("ECDHE-RSA-AES128-SHA256", false, true),
            ("TLS_AES_256_GCM_SHA384", true, true),
            ("TLS_RSA_WITH_AES_128_GCM_SHA256", true, false),
            ("ECDHE-ECDSA-CHACHA20-POLY1305", true, true),
        ] {
            assert_eq!((is_aead(cipher), is_forward_secret(cipher)), (aead, forward), "{cipher}");
        }
    }
}
