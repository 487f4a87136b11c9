//! Limits of the proxy: rates of requests, sizes of bodies.

use std::collections::{BTreeMap, BTreeSet};

use super::Findings;
use super::backends::{each_pass, leads_to_pacs, targets};
use super::parse::Directive;
use super::scope::Scope;
use super::server::{Server, Spot, View, is_health};
use super::variables::names;
use crate::facts::{Reason, Unknown};

/// Parts of paths where logins, uploads and APIs are found.
const API: [&str; 24] = [
    "api", "login", "log-in", "signin", "sign-in", "auth", "token", "session", "upload", "dicom", "orthanc", "pacs", "wado",
    "stow", "qido", "stud", "series", "instance", "patient", "admin", "user", "account", "graphql", "predict",
];
/// Words of paths where documentation and the files of a page are found.
const FILES: [&str; 28] = [
    "docs", "redoc", "swagger", "openapi", "json", "static", "assets", "images", "img", "css", "js", "mjs", "map", "fonts",
    "favicon", "ico", "png", "jpg", "jpeg", "gif", "svg", "woff", "woff2", "ttf", "eot", "robots", "txt", "webp",
];
/// Parts of names of programs that serve pages and nothing else.
const PAGES: [&str; 8] = ["frontend", "front-end", "viewer", "ohif", "static", "client", "react", "angular"];
/// Variables that every request has and that its sender does not choose.
const SENDERS: [&str; 3] = ["binary_remote_addr", "remote_addr", "realip_remote_addr"];

/// Passes to logins, uploads and APIs without a rate limit in force.
pub(super) fn unlimited(view: &View<'_>) -> Findings {
    let limits = Limits::of(view);
    let apis: BTreeMap<*const Directive, Hosts> =
        view.servers.iter().map(|server| (std::ptr::from_ref(server.block), api_hosts(view, server))).collect();
    each_pass(view, |server, spot, findings| {
        if spot.internal || is_health(&spot.path) {
            return;
        }
        // A named location is reached from others, and their limit has counted already.
        let from = |other: &&Spot<'_>| other.scope.block().is_some_and(|block| refers(block, &spot.path));
        let callers: Vec<&Spot<'_>> = server.reached().filter(|_| spot.is_named()).filter(from).collect();
        let by_callers = !callers.is_empty() && callers.iter().all(|caller| limits.covers(&caller.scope) == Ok(true));
        let limited = if by_callers { Ok(true) } else { limits.covers(&spot.scope) };
        if limited == Ok(true) {
            return;
        }
        let page = apis.get(&std::ptr::from_ref(server.block)).map_or(Ok(false), |apis| is_page(view, apis, spot));
        if page == Ok(true) {
            return;
        }
        let open = limited.and(page).map(|page| !page);
        let undefined = spot.scope.find("limit_req").directives.iter().any(|d| !d.args.is_empty());
        let why = if undefined { "its limit_req names a zone that nothing defines, or only counts" } else { "no limit_req" };
        findings.add_if(open, spot.at, || format!("{}: {why}", spot.label()));
    })
}

/// Zones that limit requests.
struct Limits<'v> {
    /// Whether the key of each zone is never empty: nginx does not count requests with an empty key.
    zones: BTreeMap<&'v str, Result<bool, Unknown>>,
    hole: Option<Unknown>,
}

impl<'v> Limits<'v> {
    fn of(view: &'v View<'_>) -> Self {
        let mut zones = BTreeMap::new();
        for zone in view.http.iter().flat_map(|http| http.children()).filter(|d| d.name == "limit_req_zone") {
            if let Some(name) = zone.args.iter().find_map(|arg| arg.strip_prefix("zone=")) {
                zones.insert(name.split(':').next().unwrap_or(name), counts(view, zone));
            }
        }
        Self { zones, hole: view.http.iter().find_map(|http| super::unseen_below(http)) }
    }

    fn covers(&self, scope: &Scope<'_>) -> Result<bool, Unknown> {
        match scope.one("limit_req_dry_run")?.map(Directive::arg) {
            Some("on") => return Ok(false),
            Some(text) if text.contains('$') => return Err(Unknown::from(Reason::NoTarget)),
            _ => {}
        }
        scope.any("limit_req", |d| {
            let zone = d.args.iter().find_map(|arg| arg.strip_prefix("zone="));
            match zone.and_then(|zone| self.zones.get(zone)) {
                Some(_) if super::rate::bursts(d) => Ok(false),
                Some(counts) => counts.clone(),
                None => self.hole.clone().map_or(Ok(false), Err),
            }
        })
    }
}

/// Whether the key of a zone tells senders apart and is never empty.
fn counts(view: &View<'_>, zone: &Directive) -> Result<bool, Unknown> {
    let key = zone.arg();
    let unsure = |what: &str| Err(Unknown::new(Reason::Unproven, format!("{}: {what}", zone.place())));
    if !super::rate::zone_limits(zone) {
        return Ok(false);
    }
    let used = names(key);
    if used.is_empty() {
        return if key.is_empty() { Ok(false) } else { unsure("all senders share one limit") };
    }
    let by_map = |name: &&str| {
        let values = view.variables.values(name);
        let complete = view.variables.unseen(name).is_none() && values.iter().any(|value| value.because.is_default());
        complete && values.iter().all(|value| is_sender(value.text))
    };
    if is_sender(key) || used.iter().any(by_map) {
        return Ok(true);
    }
    let empty = |name: &&str| {
        let values = view.variables.values(name);
        !values.is_empty() && values.iter().all(|value| value.text.is_empty())
    };
    if used.iter().all(empty) {
        return Ok(false);
    }
    unsure("the key of the zone may be empty, and nginx does not count such requests")
}

fn is_sender(text: &str) -> bool {
    names(text).iter().any(|name| SENDERS.contains(name))
}

/// Hosts that places pass to; nothing for those that are not known.
type Hosts = BTreeSet<Option<String>>;

fn hosts(view: &View<'_>, spot: &Spot<'_>) -> Hosts {
    targets(view, spot).into_iter().map(|target| target.host.ok().map(|host| host.to_ascii_lowercase())).collect()
}

/// Where the logins, uploads and APIs of a server are.
fn api_hosts(view: &View<'_>, server: &Server<'_>) -> Hosts {
    let apis = server.reached().filter(|spot| spot.pass.is_some() && !spot.internal && is_api(view, spot));
    apis.flat_map(|spot| hosts(view, spot)).collect()
}

/// Whether a place serves pages or documentation beside the APIs of its server.
fn is_page(view: &View<'_>, apis: &Hosts, spot: &Spot<'_>) -> Result<bool, Unknown> {
    if apis.is_empty() || is_api(view, spot) || leads_to_pacs(view, spot) != Ok(false) {
        return Ok(false);
    }
    if is_files(&spot.path) {
        return Ok(true);
    }
    let own = hosts(view, spot);
    if apis.contains(&None) || !own.is_disjoint(apis) {
        return Ok(false);
    }
    if own.iter().flatten().all(|host| PAGES.iter().any(|word| host.contains(word))) {
        return Ok(true);
    }
    let why = format!("{}: whether the program behind has a login or an API is not known", spot.label());
    Err(Unknown::new(Reason::Unproven, why))
}

fn is_api(view: &View<'_>, spot: &Spot<'_>) -> bool {
    let path = spot.path.to_ascii_lowercase();
    let named = API.iter().any(|word| path.contains(word)) && !is_files(&path);
    named || leads_to_pacs(view, spot) == Ok(true)
}

/// Whether every word of a path means documentation or files of a page.
pub(super) fn is_files(path: &str) -> bool {
    let mut words = path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() > 1).peekable();
    words.peek().is_some() && words.all(|word| FILES.contains(&word.to_ascii_lowercase().as_str()))
}

/// Whether a block sends requests to a named location.
fn refers(block: &Directive, name: &str) -> bool {
    block.children().iter().any(|d| d.block.is_none() && d.args.iter().any(|arg| arg.rsplit('=').next() == Some(name)))
}

/// Passes that take a body of any size, or on whose size nobody decided.
pub(super) fn bodies(view: &View<'_>) -> Findings {
    let judge = |scope: &Scope<'_>, label: &str, at: &Directive, findings: &mut Findings| match scope.one("client_max_body_size")
    {
        Ok(None) => findings.add(format!("{label}: client_max_body_size is not set"), at),
        Ok(Some(d)) if d.arg().contains('$') => findings.unsure(Unknown::from(Reason::NoTarget)),
        Ok(Some(d)) if is_zero(d.arg()) => findings.add(format!("{}: client_max_body_size 0", d.place()), d),
        Ok(Some(_)) => {}
        Err(why) => findings.unsure(why),
    };
    let mut findings = each_pass(view, |_, spot, findings| judge(&spot.scope, &spot.label(), spot.at, findings));
    for server in view.servers.iter().filter(|s| s.ends.is_none() && s.spots.iter().all(|spot| spot.pass.is_none())) {
        if server.serves() == Ok(true) {
            judge(&server.scope, &server.block.place(), server.block, &mut findings);
        }
    }
    findings
}

fn is_zero(size: &str) -> bool {
    size.trim_end_matches(|c: char| c.is_ascii_alphabetic()).parse::<u64>().is_ok_and(|n| n == 0)
}
