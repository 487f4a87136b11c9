//! Where Orthanc keeps its index and images, and what it serves besides: databases, object storage, worklists, folders.

use std::collections::BTreeMap;

use super::facts::{Section, bool_at, both, labelled, section};
use super::json::{Json, Look, Map, Node};
use super::network::is_loopback;
use super::{postgres, shown};
use crate::facts::{Fact, List, Reason, Record, Unknown};
use crate::knowledge::{Assembly, secret_scan};

/// Sections of the object stores.
const OBJECT_STORES: [&str; 3] = ["AwsS3Storage", "AzureBlobStorage", "GoogleCloudStorage"];
/// Options of `ServeFolders` that are no folders.
const SERVE_OPTIONS: [&str; 4] = ["AllowCache", "GenerateETag", "Extensions", "Folders"];

/// Writes `database.*`, `object_storage.*`, `worklists.*` and `served_folders`.
pub(super) fn write(record: &mut Record, root: &Map, assembly: Option<Assembly>) {
    database(record, root);
    object_storage(record, root);
    worklists(record, root, assembly);
    record.put("served_folders", served_folders(root));
}

/// A database server in use: its kind and section.
enum Database<'m> {
    Server(&'static str, &'m Map, &'m Node),
    None,
    Unknown(Unknown),
}

fn find_database(root: &Map) -> Database<'_> {
    for kind in ["PostgreSQL", "MySQL", "Odbc"] {
        match section(root, &[kind]) {
            Section::Map(map, node) => {
                match (bool_at(map, &["EnableIndex"], true).bool(), bool_at(map, &["EnableStorage"], false).bool()) {
                    (Some(false), Some(false)) => {}
                    _ => return Database::Server(kind, map, node),
                }
            }
            Section::Absent => {}
            Section::Unknown(why) => return Database::Unknown(why),
        }
    }
    Database::None
}

fn database(record: &mut Record, root: &Map) {
    let facts = match find_database(root) {
        Database::Server(kind, map, node) => {
            record.put("database.used", Fact::known(true).at(&node.at));
            [
                ("label", database_label(kind, map)),
                ("remote", remote(kind, map)),
                ("verified_tls", verified_tls(kind, map)),
                ("default_login", default_login(kind, map)),
            ]
            .map(|(path, fact)| (path, if fact.origin.is_some() { fact } else { fact.at(&node.at) }))
        }
        Database::None => {
            record.set_here("database.used", false);
            [
                ("label", Fact::known("none")),
                ("remote", Fact::known(false)),
                ("verified_tls", Fact::known(false)),
                ("default_login", Fact::known(false)),
            ]
        }
        Database::Unknown(why) => {
            record.unknown("database.used", why.clone());
            ["label", "remote", "verified_tls", "default_login"].map(|path| (path, Fact::unknown(why.clone())))
        }
    };
    for (path, fact) in facts {
        record.put(&format!("database.{path}"), fact);
    }
}

/// What the connection string says, which alone counts where it is set.
enum Connection {
    Parameters(BTreeMap<String, String>),
    /// No connection string: the keys of the section count.
    None,
    Unknown(Unknown),
}

fn connection(kind: &str, map: &Map) -> Connection {
    if kind != "PostgreSQL" {
        return Connection::None;
    }
    match map.look("ConnectionUri") {
        Look::Set(node) => match node.text() {
            Some("") => Connection::None,
            text => text.and_then(postgres::parameters).map_or_else(
                || Connection::Unknown(Unknown::new(Reason::Unsupported, "ConnectionUri cannot be taken apart")),
                Connection::Parameters,
            ),
        },
        Look::Absent => Connection::None,
        Look::Unknown(why) => Connection::Unknown(why),
    }
}

/// The host, from its own key or from the connection string.
fn host(kind: &str, map: &Map) -> Result<Option<String>, Unknown> {
    match connection(kind, map) {
        Connection::Parameters(found) => return Ok(found.get("host").cloned()),
        Connection::Unknown(why) => return Err(why),
        Connection::None => {}
    }
    match map.look("Host") {
        Look::Set(node) => Ok(node.text().map(str::to_owned)),
        Look::Absent => Ok(None),
        Look::Unknown(why) => Err(why),
    }
}

fn database_label(kind: &str, map: &Map) -> Fact {
    let place = match host(kind, map) {
        Ok(Some(host)) => format!(" at {}", shown::host(&host)),
        Ok(None) => String::new(),
        Err(_) => " at a host that was not seen".into(),
    };
    let user = match (connection(kind, map), map.look("Username")) {
        (Connection::Parameters(found), _) => found.get("user").cloned(),
        (Connection::None, Look::Set(node)) => node.text().map(str::to_owned),
        _ => None,
    };
    let user = user.map(|user| format!(" as {}", shown::key(&user))).unwrap_or_default();
    Fact::known(format!("{kind}{place}{user}"))
}

fn remote(kind: &str, map: &Map) -> Fact {
    if kind == "Odbc" {
        return Fact::unknown(Unknown::new(Reason::Unsupported, "the server stands in an ODBC connection string"));
    }
    match host(kind, map) {
        Ok(Some(host)) => Fact::known(!(host.is_empty() || host.starts_with('/') || is_loopback(&host))),
        // Both plugins connect to localhost where no host is named.
        Ok(None) => Fact::known(false),
        Err(why) => Fact::unknown(why),
    }
}

/// `EnableSsl` alone encrypts and verifies nothing in `PostgreSQL`; only `sslmode=verify-full` does.
fn verified_tls(kind: &str, map: &Map) -> Fact {
    match kind {
        "PostgreSQL" => match connection(kind, map) {
            Connection::Parameters(found) => Fact::known(found.get("sslmode").is_some_and(|mode| mode == "verify-full")),
            Connection::None => Fact::known(false),
            Connection::Unknown(why) => Fact::unknown(why),
        },
        "MySQL" => {
            let (on, verifies) = (bool_at(map, &["EnableSsl"], false), bool_at(map, &["SslVerifyServerCertificates"], true));
            both(on, verifies)
        }
        _ => Fact::unknown(Unknown::new(Reason::Unsupported, "TLS is set in an ODBC connection string")),
    }
}

fn default_login(kind: &str, map: &Map) -> Fact {
    let superuser = if kind == "MySQL" { "root" } else { "postgres" };
    let is_published = |password: &str| !password.is_empty() && secret_scan().is_published(password);
    match connection(kind, map) {
        Connection::Parameters(found) => {
            let user = found.get("user");
            let wrong = user.is_some_and(|user| user == superuser) || found.get("password").is_some_and(|p| is_published(p));
            return match (wrong, user) {
                (true, _) => Fact::known(true),
                (false, Some(_)) => Fact::known(false),
                (false, None) => Fact::unknown(Unknown::new(Reason::Unproven, "ConnectionUri names no user")),
            };
        }
        Connection::Unknown(why) => return Fact::unknown(why),
        Connection::None => {}
    }
    let mut hidden = None;
    for key in ["Username", "Password"] {
        match map.look(key) {
            Look::Set(node) => {
                let text = node.text().unwrap_or("");
                if if key == "Username" { text == superuser } else { is_published(text) } {
                    return Fact::known(true).at(&node.at);
                }
            }
            Look::Absent => {}
            Look::Unknown(why) => hidden = Some(why),
        }
    }
    match (kind, hidden) {
        ("Odbc", _) => Fact::unknown(Unknown::new(Reason::Unsupported, "the login stands in an ODBC connection string")),
        (_, Some(why)) => Fact::unknown(why),
        (_, None) => Fact::known(false),
    }
}

fn object_storage(record: &mut Record, root: &Map) {
    let mut used = Fact::known(false);
    let mut encrypted = Fact::known(true);
    for name in OBJECT_STORES {
        match section(root, &[name]) {
            Section::Map(map, node) => {
                used = Fact::known(true).at(&node.at);
                let fact = bool_at(map, &["StorageEncryption", "Enable"], false);
                if encrypted.bool() == Some(true) {
                    encrypted = if fact.origin.is_some() { fact } else { fact.at(&node.at) };
                }
            }
            Section::Unknown(why) if used.bool() == Some(false) => {
                used = Fact::unknown(why.clone());
                encrypted = Fact::unknown(why);
            }
            Section::Absent | Section::Unknown(_) => {}
        }
    }
    record.put("object_storage.used", used);
    record.put("object_storage.encrypted", encrypted);
}

/// The start script switches the plugin on where it has a section; the program itself does not.
fn worklists(record: &mut Record, root: &Map, assembly: Option<Assembly>) {
    let (used, filtered) = match section(root, &["Worklists"]) {
        Section::Map(map, _) => {
            let absent = assembly == Some(Assembly::Team);
            (bool_at(map, &["Enable"], absent), bool_at(map, &["FilterIssuerAet"], false))
        }
        Section::Absent => (Fact::known(false), Fact::known(false)),
        Section::Unknown(why) => (Fact::unknown(why.clone()), Fact::unknown(why)),
    };
    record.put("worklists.used", used);
    record.put("worklists.filtered", filtered);
}

fn served_folders(root: &Map) -> Fact {
    let (map, node) = match section(root, &["ServeFolders"]) {
        Section::Map(map, node) => (map, node),
        Section::Absent => return Fact::known(Vec::new()),
        Section::Unknown(why) => return Fact::unknown(why),
    };
    let mut list = List { items: Vec::new(), incomplete: map.incomplete.clone() };
    let own = map.entries.iter().filter(|(key, _)| !SERVE_OPTIONS.contains(&&***key));
    let nested = map.entries.get("Folders");
    if let Some(Node { json: Json::Unknown(why), .. }) = nested {
        list.incomplete.get_or_insert_with(|| why.clone());
    }
    let folders = nested.and_then(Node::map).map(|map| map.entries.iter()).into_iter().flatten();
    for (uri, folder) in own.chain(folders) {
        let path = folder.text().and_then(shown::path).unwrap_or_else(|| "a folder".into());
        list.items.push(Fact::from(labelled(format!("{} -> {path}", shown::key(uri)))).at(&folder.at));
    }
    Fact::known(list).at(&node.at)
}
