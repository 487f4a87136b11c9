//! What requests are passed on to: upstreams resolved, variables followed where their value is written.

use super::Findings;
use super::access::authenticates;
use super::parse::Directive;
use super::requests;
use super::server::{Server, Spot, View};
use super::variables::{Because, names};
use crate::facts::{Fact, List, Reason, Record, Unknown};
use crate::knowledge::secret_scan;

/// Where a pass leads.
pub(super) struct Target {
    pub scheme: String,
    pub host: Result<String, Unknown>,
    pub port: Option<i64>,
}

impl Target {
    /// Whether a PACS is behind it: by name, or by Orthanc's port.
    pub(super) fn is_pacs(&self) -> Result<bool, Unknown> {
        if self.port == Some(8042) {
            return Ok(true);
        }
        let host = self.host.as_ref().map_err(Clone::clone)?.to_ascii_lowercase();
        Ok(["orthanc", "pacs"].iter().any(|word| host.contains(word)))
    }
}

pub(super) fn write(view: &View<'_>, facts: &mut Record) {
    let mut passes = Vec::new();
    let mut fronts = Vec::new();
    for (server, spot) in view.spots() {
        for target in targets(view, spot) {
            fronts.push(target.is_pacs());
            passes.push(pass(view, server, spot, &target));
        }
    }
    let holes = requests::unseen(view);
    facts.set_here("passes", List { items: passes, incomplete: holes.clone() });
    let fronts = super::scope::any(fronts.into_iter().chain(holes.map(Err)));
    facts.put("fronts_pacs", fronts.map_or_else(Fact::unknown, Fact::known));
}

fn pass(view: &View<'_>, server: &Server<'_>, spot: &Spot<'_>, target: &Target) -> Fact {
    let mut record = Record::new();
    let location = shown(&spot.path);
    let host = target.host.as_deref().unwrap_or("(unknown)");
    let port = target.port.map(|port| format!(":{port}")).unwrap_or_default();
    record.set_here("label", format!("{} {location} -> {host}{port}", spot.at.place()));
    record.put("host", target.host.clone().map_or_else(Fact::unknown, Fact::known));
    record.set_or_absent("port", target.port);
    record.set_here("scheme", target.scheme.as_str());
    record.set_here("location", location);
    record.set_here("backend_path", backend_path(spot));
    let sockets: Vec<&str> = server.listens.iter().map(|listen| listen.socket.trim_start_matches("*:")).collect();
    record.set_here("listens", sockets.join(", "));
    let put = |record: &mut Record, name: &str, answer: Result<bool, Unknown>| {
        record.put(name, answer.map_or_else(Fact::unknown, Fact::known));
    };
    let plain = server.plain().next().is_some() && !server.redirects_plain;
    put(&mut record, "server_tls", if plain { Ok(false) } else { server.listens_unsure.clone().map_or(Ok(true), Err) });
    put(&mut record, "authenticates", authenticates(server, spot));
    put(&mut record, "injects_credentials", requests::injects(view, spot));
    Fact::from(record).at(&spot.at.origin())
}

/// The location as text, unless it looks like a secret.
fn shown(path: &str) -> String {
    let scanned = secret_scan().scan("location", path, &mut crate::facts::Groups::default());
    if scanned.class.is_secret() { "(not shown)".to_owned() } else { path.to_owned() }
}

/// Where the location's paths begin at the program behind; `/` where a pattern or a `rewrite` decides.
fn backend_path(spot: &Spot<'_>) -> String {
    let location = spot.scope.levels().filter(|level| level.name == "location").last();
    let rewrites = spot.scope.levels().flat_map(Directive::children).any(|d| d.name == "rewrite");
    let prefix = match location.map(|l| l.args.as_slice()) {
        Some([path]) if path.starts_with('/') => path.as_str(),
        Some([modifier, path]) if matches!(modifier.as_str(), "^~" | "=") => path.as_str(),
        _ => "/",
    };
    let given = spot.pass.map_or("", |pass| pass.arg());
    let uri = given.split_once("://").map_or(given, |(_, rest)| rest).find('/').map(|_| given);
    let uri = uri.and_then(|given| given.split_once("://")).and_then(|(_, rest)| rest.find('/').map(|slash| &rest[slash..]));
    match uri {
        _ if rewrites || given.contains('$') => "/".to_owned(),
        Some(uri) => without_secrets(uri),
        None => without_secrets(prefix),
    }
}

/// A path without its query, and without the segments from the first on that may be a secret.
fn without_secrets(path: &str) -> String {
    let path = path.split(['?', '#', ';']).next().unwrap_or(path);
    let clear = |segment: &&str| {
        let scanned = secret_scan().scan("path", segment, &mut crate::facts::Groups::default());
        let has = |kind: fn(&u8) -> bool| segment.as_bytes().iter().any(kind);
        let random = segment.len() >= 16 && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
        !scanned.class.is_secret() && !random && !segment.contains(['=', '@', ':'])
    };
    let kept: Vec<&str> = path.split('/').take_while(clear).collect();
    if kept.len() < 2 { "/".to_owned() } else { kept.join("/") }
}

/// Where one place passes to: one target, or each server of an upstream.
pub(super) fn targets(view: &View<'_>, spot: &Spot<'_>) -> Vec<Target> {
    let Some(pass) = spot.pass else { return Vec::new() };
    let plain = match pass.name.as_str() {
        "proxy_pass" => "http",
        other => other.trim_end_matches("_pass"),
    };
    let Some(address) = followed(view, pass.arg()) else {
        let why = format!("{}: a variable says where it passes to", pass.place());
        let scheme = pass.arg().split_once("://").map_or(plain, |(scheme, _)| scheme);
        return vec![Target { scheme: scheme.to_owned(), host: Err(Unknown::new(Reason::NoTarget, why)), port: None }];
    };
    let (scheme, rest) = address.split_once("://").unwrap_or((plain, &address));
    let authority = authority(rest);
    let upstreams = view.http.iter().flat_map(|http| http.children()).filter(|d| d.name == "upstream");
    let upstreams: Vec<&Directive> = upstreams.filter(|d| d.arg() == authority).collect();
    if upstreams.is_empty() {
        let port = if scheme == "https" { 443 } else { 80 };
        return vec![target(scheme, authority, port)];
    }
    let mut found = Vec::new();
    for member in upstreams.into_iter().flat_map(Directive::children) {
        if let Some(why) = &member.unseen {
            found.push(Target { scheme: scheme.to_owned(), host: Err(why.clone()), port: None });
        } else if member.name == "server" && !member.args.iter().any(|arg| arg == "down") {
            found.push(target(scheme, member.arg(), 80));
        }
    }
    found
}

/// Host, port and nothing of user names; a Unix socket has no port.
fn target(scheme: &str, authority: &str, port: i64) -> Target {
    let address = authority.rsplit('@').next().unwrap_or(authority);
    let scheme = scheme.to_owned();
    if address.starts_with("unix:") {
        return Target { scheme, host: Ok("unix".to_owned()), port: None };
    }
    let split = address.rsplit_once(':').filter(|(_, port)| !port.is_empty() && !port.contains(']'));
    let (host, port) = split.map_or((address, Some(port)), |(host, port)| (host, port.parse().ok()));
    Target { scheme, host: Ok(host.to_owned()), port }
}

fn authority(rest: &str) -> &str {
    if rest.starts_with("unix:") { rest } else { rest.split(['/', '?']).next().unwrap_or(rest) }
}

/// The address with its variables put in; nothing where one of its host has no single written value.
fn followed(view: &View<'_>, address: &str) -> Option<String> {
    let mut address = address.to_owned();
    for _ in 0..4 {
        let (scheme, rest) = address.split_once("://").unwrap_or(("", &address));
        let Some(name) = names(scheme).first().copied().or_else(|| names(authority(rest)).first().copied()) else {
            return Some(address);
        };
        let [value] = view.variables.values(name) else { return None };
        if !matches!(value.because, Because::Set) {
            return None;
        }
        address = address.replace(&format!("${{{name}}}"), value.text).replace(&format!("${name}"), value.text);
        if address.len() > 4096 {
            return None;
        }
    }
    None
}

/// Passes to a PACS, and those that may lead to one.
pub(super) fn leads_to_pacs(view: &View<'_>, spot: &Spot<'_>) -> Result<bool, Unknown> {
    super::scope::any(targets(view, spot).iter().map(Target::is_pacs))
}

/// A check's findings over every place that passes requests on.
pub(super) fn each_pass(view: &View<'_>, mut judge: impl FnMut(&Server<'_>, &Spot<'_>, &mut Findings)) -> Findings {
    let mut findings = Findings::default();
    for (server, spot) in view.spots().filter(|(_, spot)| spot.pass.is_some()) {
        judge(server, spot, &mut findings);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_path_holds_no_token() {
        assert_eq!(without_secrets("/dicom-web?token=Zq7canaryTok3nXv91ab"), "/dicom-web");
        assert_eq!(without_secrets("/api_key=Zq7canaryKeyabcd123/x"), "/");
        assert_eq!(without_secrets("/dicom-web/"), "/dicom-web/");
        assert_eq!(without_secrets("/"), "/");
    }
}
