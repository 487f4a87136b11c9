//! From values of the configuration to facts.

use super::json::{Json, Look, Map, Node};
use super::shown;
use crate::facts::{Fact, List, Reason, Record, Unknown};
use crate::knowledge::{KeyType, orthanc_keys};

/// Keys of the core that are facts by themselves, `orthanc.set.<key>`.
const KEYS: [&str; 35] = [
    "AuthenticationEnabled",
    "RemoteAccessAllowed",
    "HttpServerEnabled",
    "SslEnabled",
    "SslMinimumProtocolVersion",
    "SslVerifyPeers",
    "ExecuteLuaEnabled",
    "RestApiWriteToFileSystemEnabled",
    "WebDavEnabled",
    "WebDavDeleteAllowed",
    "WebDavUploadAllowed",
    "HttpsVerifyPeers",
    "HttpVerbose",
    "DicomServerEnabled",
    "DicomAet",
    "DicomPort",
    "HttpPort",
    "DicomCheckCalledAet",
    "DicomCheckModalityHost",
    "DicomAlwaysAllowEcho",
    "DicomAlwaysAllowStore",
    "DicomAlwaysAllowFind",
    "DicomAlwaysAllowFindWorklist",
    "DicomAlwaysAllowGet",
    "DicomAlwaysAllowMove",
    "DicomTlsEnabled",
    "DicomTlsRemoteCertificateRequired",
    "DicomTlsMinimumProtocolVersion",
    "UnknownSopClassAccepted",
    "DeidentifyLogs",
    "MaximumStorageSize",
    "MaximumPatientCount",
    "MaximumStorageMode",
    "LimitFindResults",
    "LimitFindInstances",
];
/// The rest of them.
const MORE_KEYS: [&str; 8] = [
    "MaximumRequestBodySizeMB",
    "HttpDescribeErrors",
    "MetricsEnabled",
    "DicomModalitiesInDatabase",
    "OrthancPeersInDatabase",
    "StorageDirectory",
    "IndexDirectory",
    "OverwriteInstances",
];

/// Writes `set.*`, the two lists of ciphers and whether DICOM TLS has its key.
pub(super) fn write(record: &mut Record, root: &Map) {
    for name in KEYS.iter().chain(&MORE_KEYS) {
        record.put(&format!("set.{name}"), fact(root.look(name), name));
    }
    for (key, path) in [("SslCiphersAccepted", "set_ssl_ciphers"), ("DicomTlsCiphersAccepted", "set_dicom_tls_ciphers")] {
        record.put(path, ciphers(root.look(key), key));
    }
    let (certificate, key) = (filled(root, "DicomTlsCertificate"), filled(root, "DicomTlsPrivateKey"));
    record.put("has_dicom_tls_key", both(certificate, key));
}

/// Both true, at least one false, or not known.
pub(super) fn both(a: Fact, b: Fact) -> Fact {
    if a.bool() == Some(true) || b.bool() == Some(false) && a.bool() != Some(false) { b } else { a }
}

fn filled(root: &Map, key: &str) -> Fact {
    match root.look(key) {
        Look::Set(node) => Fact::known(node.text().is_some_and(|text| !text.is_empty())).at(&node.at),
        Look::Absent => Fact::known(false),
        Look::Unknown(why) => Fact::unknown(why),
    }
}

/// The value of a key as its type wants it; another type is fatal to Orthanc, so nothing is said then.
fn fact(look: Look<'_>, name: &str) -> Fact {
    let node = match look {
        Look::Set(node) => node,
        Look::Absent => return Fact::absent(),
        Look::Unknown(why) => return Fact::unknown(why),
    };
    let kind = orthanc_keys().find(name).map(|key| key.kind);
    let fact = match (&node.json, kind) {
        (Json::Bool(b), Some(KeyType::Bool)) => Fact::known(*b),
        (Json::Bool(b), Some(KeyType::Overwrite)) => Fact::known(if *b { "true" } else { "false" }),
        (Json::Int(number), Some(KeyType::Uint)) => Fact::known(*number),
        (Json::Text(text), Some(KeyType::Text | KeyType::Overwrite)) => match shown_value(name, text) {
            Some(text) => Fact::known(text),
            None => Fact::unknown(Unknown::new(
                Reason::Unsupported,
                format!("the value of {name} is not of a shape that may be shown"),
            )),
        },
        _ => Fact::unknown(wrong_type(name, node)),
    };
    fact.at(&node.at)
}

fn shown_value(name: &str, text: &str) -> Option<String> {
    match name {
        "DicomAet" => shown::aet(text),
        "StorageDirectory" | "IndexDirectory" => shown::path(text),
        _ => matches!(text, "Recycle" | "Reject" | "Never" | "Always" | "IfChanged").then(|| text.to_owned()),
    }
}

fn wrong_type(name: &str, node: &Node) -> Unknown {
    Unknown::new(Reason::Unsupported, format!("{name} is {}, with which Orthanc does not start", node.json.words()))
}

fn ciphers(look: Look<'_>, name: &str) -> Fact {
    let node = match look {
        Look::Set(node) => node,
        Look::Absent => return Fact::absent(),
        Look::Unknown(why) => return Fact::unknown(why),
    };
    let Json::List(items) = &node.json else { return Fact::unknown(wrong_type(name, node)).at(&node.at) };
    let mut list = List::default();
    for item in items {
        match item.text().and_then(shown::cipher) {
            Some(cipher) => list.items.push(Fact::known(cipher).at(&item.at)),
            None => {
                let why = || Unknown::new(Reason::Unsupported, format!("{name} holds something that is no cipher's name"));
                list.incomplete.get_or_insert_with(|| item.unknown().cloned().unwrap_or_else(why));
            }
        }
    }
    Fact::known(list).at(&node.at)
}

/// A truth value at a path, with what its absence means.
pub(super) fn bool_at(map: &Map, path: &[&str], absent: bool) -> Fact {
    match map.at(path) {
        Look::Set(node) => match node.json {
            Json::Bool(b) => Fact::known(b).at(&node.at),
            _ => Fact::unknown(wrong_type(path.last().unwrap_or(&"it"), node)).at(&node.at),
        },
        Look::Absent => Fact::known(absent),
        Look::Unknown(why) => Fact::unknown(why),
    }
}

/// A record with its label.
pub(super) fn labelled(label: impl Into<String>) -> Record {
    let mut record = Record::new();
    record.set_here("label", label.into());
    record
}

/// The objects of a section, or why they are not known.
pub(super) enum Section<'m> {
    /// The section, where it stands.
    Map(&'m Map, &'m Node),
    /// It is not there.
    Absent,
    /// Nobody can say.
    Unknown(Unknown),
}

/// A section that is an object.
pub(super) fn section<'m>(map: &'m Map, path: &[&str]) -> Section<'m> {
    match map.at(path) {
        Look::Set(node) => match node.map() {
            Some(inner) => Section::Map(inner, node),
            None => Section::Unknown(wrong_type(path.last().unwrap_or(&"it"), node)),
        },
        Look::Absent => Section::Absent,
        Look::Unknown(why) => Section::Unknown(why),
    }
}
