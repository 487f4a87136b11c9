//! TLS: who speaks it, with which versions and suites.

use std::collections::BTreeMap;

use super::Findings;
use super::parse::Directive;
use super::requests::unseen;
use super::scope::Scope;
use super::server::{Listen, Server, View};
use crate::facts::{Fact, Reason, Record, Unknown};

/// Versions of the protocol below TLS 1.2.
const WEAK: [&str; 4] = ["SSLv2", "SSLv3", "TLSv1", "TLSv1.1"];
/// Versions that are left.
const GOOD: [&str; 2] = ["TLSv1.2", "TLSv1.3"];
/// Key exchanges with forward secrecy, as words of OpenSSL's cipher lists.
const FORWARD: [&str; 8] = ["ECDHE", "EECDH", "DHE", "EDH", "kECDHE", "kEECDH", "kDHE", "kEDH"];
/// Words for authenticated encryption.
const SEALED: [&str; 4] = ["AESGCM", "CHACHA20", "AESCCM", "ARIAGCM"];
/// Words for sets that hold CBC or static RSA.
const BROAD: [&str; 39] = [
    "HIGH",
    "MEDIUM",
    "LOW",
    "ALL",
    "DEFAULT",
    "COMPLEMENTOFDEFAULT",
    "COMPLEMENTOFALL",
    "kRSA",
    "RSA",
    "aRSA",
    "AES",
    "AES128",
    "AES256",
    "ECDHE",
    "EECDH",
    "kECDHE",
    "kEECDH",
    "DHE",
    "EDH",
    "kDHE",
    "kEDH",
    "ECDSA",
    "aECDSA",
    "3DES",
    "DES",
    "RC4",
    "IDEA",
    "SEED",
    "CAMELLIA",
    "SHA",
    "SHA1",
    "MD5",
    "SSLv3",
    "TLSv1",
    "ADH",
    "AECDH",
    "aNULL",
    "eNULL",
    "NULL",
];

pub(super) fn write(view: &View<'_>, facts: &mut Record) {
    let unseen = unseen(view);
    let more = view.unseen();
    let (mut plain, mut bare) = (Findings::default(), Findings::default());
    let (mut protocols, mut ciphers, mut hsts) = (protocols(view), ciphers(view), super::headers::without_hsts(view));
    let streams = super::stream::tls(view, &mut plain, &mut [&mut protocols, &mut ciphers, &mut hsts]);
    let speaks = streams || view.servers.iter().any(Server::has_tls);
    let unsure = more.cloned().or_else(|| view.servers.iter().find_map(|server| server.listens_unsure.clone()));
    facts.put(
        "speaks_tls",
        match unsure.clone().filter(|_| !speaks) {
            Some(why) => Fact::unknown(why),
            None => Fact::known(speaks),
        },
    );
    for server in &view.servers {
        serves_plain(server, &mut plain);
        if server.has_tls() && server.serves() != Ok(false) {
            let has = server.scope.one("ssl_certificate").map(|found| found.is_none());
            bare.add_if(has, server.block, || format!("{} has no ssl_certificate", server.block.place()));
        }
    }
    plain.write(facts, "plain_servers", unseen.as_ref().or(unsure.as_ref()));
    bare.write(facts, "without_certificate", unsure.as_ref());
    protocols.write(facts, "weak_protocols", unsure.as_ref());
    ciphers.write(facts, "weak_ciphers", unsure.as_ref());
    hsts.write(facts, "without_hsts", unseen.as_ref().or(unsure.as_ref()));
}

fn serves_plain(server: &Server<'_>, plain: &mut Findings) {
    if server.redirects_plain {
        return;
    }
    let sockets: Vec<&str> = server.plain().map(|listen| listen.socket.trim_start_matches("*:")).collect();
    if let Some(why) = &server.listens_unsure {
        plain.unsure(why.clone());
    }
    if !sockets.is_empty() {
        let label = || format!("{} listens on {} without TLS", server.block.place(), sockets.join(", "));
        plain.add_if(server.serves(), server.block, label);
    }
}

/// The server that decides for each socket with TLS: the default one, else the first.
fn deciding<'v, 'a>(view: &'v View<'a>) -> Vec<&'v Server<'a>> {
    let mut sockets: BTreeMap<&str, (&Server<'a>, bool)> = BTreeMap::new();
    for server in &view.servers {
        for Listen { socket, default, .. } in server.listens.iter().filter(|listen| listen.tls) {
            let entry = sockets.entry(socket).or_insert((server, *default));
            if *default && !entry.1 {
                *entry = (server, true);
            }
        }
    }
    let mut found: Vec<&Server<'a>> = Vec::new();
    for (server, _) in sockets.into_values() {
        if !found.iter().any(|known| std::ptr::eq(*known, server)) {
            found.push(server);
        }
    }
    found.sort_by_key(|server| (server.block.file.clone(), server.block.line));
    found
}

/// `ssl_conf_command` can set what the other directives set.
fn by_command(scope: &Scope<'_>) -> Result<(), Unknown> {
    if let Some(code) = scope.levels().flat_map(Directive::children).find(|d| d.name.starts_with("ssl_client_hello_by_lua")) {
        return Err(super::code::because(code));
    }
    let found = scope.find("ssl_conf_command");
    match found.directives.iter().find(|d| ["MinProtocol", "Protocol", "CipherString"].contains(&d.arg())) {
        Some(d) => Err(Unknown::new(Reason::Unsupported, format!("{}: ssl_conf_command decides", d.place()))),
        None => Ok(()),
    }
}

fn protocols(view: &View<'_>) -> Findings {
    let mut findings = Findings::default();
    let deciding = deciding(view);
    for server in &deciding {
        // Several lines of one block add up.
        let found = server.scope.find("ssl_protocols");
        if let Some(why) = by_command(&server.scope).err().or(found.replaced) {
            findings.unsure(why);
        } else if found.directives.is_empty() {
            findings.add_if(default_is_weak(view), server.block, || {
                format!("{} sets no ssl_protocols, and this nginx offers TLSv1 TLSv1.1 by default", server.block.place())
            });
        }
        found.more.into_iter().for_each(|why| findings.unsure(why));
        for d in found.directives {
            let weak = weak(d);
            if !weak.is_empty() {
                findings.add(format!("{} {}", d.place(), weak.join(" ")), d);
            } else if !d.args.iter().all(|arg| is_one_of(&GOOD, arg)) {
                findings.unsure(Unknown::new(Reason::NoTarget, format!("{}: a version is not known", d.place())));
            }
        }
    }
    // Older versions heed the default server alone, newer ones the one that was named.
    for server in view.servers.iter().filter(|server| server.has_tls()) {
        let named = !deciding.iter().any(|known| std::ptr::eq(*known, server));
        if named && server.scope.find("ssl_protocols").directives.iter().any(|d| !weak(d).is_empty()) {
            let why = format!(
                "{}: whether the ssl_protocols of a server that is not the default one count depends on the version",
                server.block.place()
            );
            findings.unsure(Unknown::new(Reason::Unproven, why));
        }
    }
    findings
}

fn weak(protocols: &Directive) -> Vec<&str> {
    protocols.args.iter().map(String::as_str).filter(|word| is_one_of(&WEAK, word)).collect()
}

/// nginx reads these words in any case.
fn is_one_of(words: &[&str], word: &str) -> bool {
    words.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// TLS 1.0 and 1.1 left the default in 1.23.4.
fn default_is_weak(view: &View<'_>) -> Result<bool, Unknown> {
    match view.version {
        Some(version) => Ok(version < (1, 23, 4)),
        None => {
            Err(Unknown::new(Reason::ImageNotSeen, "ssl_protocols is not set, and its default depends on the version of nginx"))
        }
    }
}

fn ciphers(view: &View<'_>) -> Findings {
    let mut findings = Findings::default();
    for server in view.servers.iter().filter(|server| server.has_tls()) {
        let newest = server
            .scope
            .one("ssl_protocols")
            .is_ok_and(|found| found.is_some_and(|d| d.args.len() == 1 && is_one_of(&["TLSv1.3"], d.arg())));
        if newest || server.ends == Some(super::server::Answer::Refuses) {
            continue;
        }
        match by_command(&server.scope).and_then(|()| server.scope.one("ssl_ciphers")) {
            Ok(Some(d)) => match admitted(d.arg()) {
                Ok(weak) if weak.is_empty() => {}
                Ok(weak) => findings.add(format!("{} {}", d.place(), weak.join(" ")), d),
                Err(()) => {
                    findings.unsure(Unknown::new(Reason::Unsupported, format!("{}: a word of the list is not known", d.place())));
                }
            },
            Ok(None) => {
                let label = format!("{} sets no ssl_ciphers: nginx's default is HIGH:!aNULL:!MD5", server.block.place());
                findings.add(label, server.block);
            }
            Err(why) => findings.unsure(why),
        }
    }
    findings
}

/// Entries of an OpenSSL cipher list that admit CBC, static RSA or worse; an error where an entry is not understood.
fn admitted(list: &str) -> Result<Vec<&str>, ()> {
    let entries: Vec<&str> = list.split([':', ',', ' ']).filter(|entry| !entry.is_empty()).collect();
    // Without suites that end in a plain SHA only authenticated encryption is left of a keyword.
    let trimmed = entries.iter().any(|entry| matches!(*entry, "!SHA" | "!SHA1"));
    let mut weak = Vec::new();
    let mut unknown = false;
    for entry in entries.into_iter().filter(|entry| !entry.starts_with(['!', '-', '@', '+'])) {
        match is_weak(entry) {
            Some(true) if trimmed && !entry.contains('-') => unknown = true,
            Some(true) => weak.push(entry),
            Some(false) => {}
            None => unknown = true,
        }
    }
    if weak.is_empty() && unknown { Err(()) } else { Ok(weak) }
}

fn is_weak(entry: &str) -> Option<bool> {
    let has = |words: &[&str]| entry.split('+').any(|part| words.contains(&part));
    if entry.starts_with("TLS_") || (has(&FORWARD) && has(&SEALED)) {
        return Some(false);
    }
    if entry.contains('-') {
        let forward = entry.starts_with("ECDHE-") || entry.starts_with("DHE-") || entry.starts_with("EDH-");
        let sealed = ["-GCM-", "-CHACHA20-POLY1305", "-CCM"].iter().any(|word| entry.contains(word)) && !entry.ends_with("CCM8");
        let suite = entry.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-');
        return suite.then_some(!(forward && sealed));
    }
    entry.split('+').all(|part| BROAD.contains(&part) || SEALED.contains(&part)).then_some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cipher_lists_are_read_as_openssl_does() {
        let good = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE+CHACHA20:DHE-RSA-AES256-GCM-SHA384:!aNULL@STRENGTH";
        assert_eq!(admitted(good), Ok(vec![]));
        assert_eq!(admitted("HIGH:!aNULL:!MD5"), Ok(vec!["HIGH"]));
        assert_eq!(admitted("ECDHE-RSA-AES128-SHA:AES128-GCM-SHA256"), Ok(vec!["ECDHE-RSA-AES128-SHA", "AES128-GCM-SHA256"]));
        assert_eq!(admitted("AESGCM"), Ok(vec!["AESGCM"]));
        assert_eq!(admitted("PROFILE=SYSTEM"), Err(()));
        assert_eq!(admitted("HIGH:!SHA1"), Err(()));
    }
}
