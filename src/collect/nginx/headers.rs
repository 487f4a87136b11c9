//! Headers of answers: those that a location loses, origins that are let in, the version.

use std::collections::BTreeSet;

use super::Findings;
use super::parse::Directive;
use super::requests::unseen;
use super::scope::{Scope, any};
use super::server::{Answer, View};
use super::variables::{Because, Value, names};
use crate::facts::{Reason, Record, Unknown};

/// Headers that protect whoever reads the answer.
const SECURITY: [&str; 9] = [
    "strict-transport-security",
    "x-content-type-options",
    "x-frame-options",
    "content-security-policy",
    "referrer-policy",
    "permissions-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "cross-origin-embedder-policy",
];
/// Origins that no allow-list may let in.
const STRANGERS: [&str; 3] = ["https://audit.invalid", "http://audit.invalid", "null"];
/// Most values of a variable that are followed.
const MAX_VALUES: usize = 500;
const ALLOW_ORIGIN: &str = "access-control-allow-origin";

pub(super) fn write(view: &View<'_>, facts: &mut Record) {
    let unseen = unseen(view);
    let (mut lost, mut cors, mut banner) = (Findings::default(), Findings::default(), Findings::default());
    for http in &view.http {
        walk(&Scope::default().within(http), &mut lost);
    }
    view.spots().filter(|(_, spot)| spot.pass.is_some()).for_each(|(_, spot)| origins(view, &spot.scope, &mut cors));
    for server in &view.servers {
        let inner = server
            .reached()
            .filter(|spot| spot.scope.block().is_some_and(|b| b.children().iter().any(|d| d.name == "server_tokens")));
        for scope in std::iter::once(&server.scope).chain(inner.map(|spot| &spot.scope)) {
            tells_version(scope, server.block, &mut banner);
        }
    }
    lost.write(facts, "lost_headers", unseen.as_ref());
    cors.write(facts, "open_cors", unseen.as_ref());
    banner.write(facts, "version_banners", view.unseen());
}

fn tells_version(scope: &Scope<'_>, server: &Directive, banner: &mut Findings) {
    match scope.one("server_tokens") {
        Ok(None) => banner.add(format!("{}: server_tokens is not set", server.place()), server),
        Ok(Some(d)) if d.arg().contains('$') => banner.unsure(Unknown::from(Reason::NoTarget)),
        Ok(Some(d)) if !matches!(d.arg(), "off" | "") => banner.add(format!("{}: server_tokens is on", d.place()), d),
        Ok(Some(_)) => {}
        Err(why) => banner.unsure(why),
    }
}

/// Judges the `add_header` lines of every block in the HTTP part.
fn walk(scope: &Scope<'_>, lost: &mut Findings) {
    let Some(block) = scope.block() else { return };
    loses(scope, block, lost);
    for child in block.children().iter().filter(|d| matches!(d.name.as_str(), "server" | "location" | "if" | "limit_except")) {
        if child.block.is_some() {
            walk(&scope.within(child), lost);
        }
    }
}

fn loses(scope: &Scope<'_>, block: &Directive, lost: &mut Findings) {
    let own: Vec<&Directive> = block.children().iter().filter(|d| d.name == "add_header").collect();
    let merges = scope.one("add_header_inherit").is_ok_and(|found| found.is_some_and(|d| d.arg() == "merge"));
    if own.is_empty() || merges {
        // Something unseen in this block may add headers and lose others by that.
        if let Some(why) = block.children().iter().find_map(|d| d.unseen.clone()).filter(|_| !merges && block.name != "http") {
            lost.unsure(why);
        }
        return;
    }
    let outer = scope.outer().find("add_header");
    let has = |name: &str, list: &[&Directive]| list.iter().any(|d| d.arg().eq_ignore_ascii_case(name));
    let gone: Vec<&str> = SECURITY.into_iter().filter(|name| has(name, &outer.directives) && !has(name, &own)).collect();
    let hole = block.children().iter().find_map(|d| d.unseen.clone());
    match (gone.is_empty(), hole) {
        (true, _) => outer.replaced.or(outer.more).into_iter().for_each(|why| lost.unsure(why)),
        (false, Some(why)) => lost.unsure(why),
        (false, None) => {
            let path =
                if block.args.is_empty() { block.name.clone() } else { format!("{} {}", block.name, block.args.join(" ")) };
            lost.add(format!("{} {path} loses {}", own[0].place(), gone.join(", ")), own[0]);
        }
    }
}

/// Judges the origins that a place and the conditions in it let in; files of a viewer may be read by every origin.
fn origins(view: &View<'_>, scope: &Scope<'_>, cors: &mut Findings) {
    for name in ["add_header", "more_set_headers"] {
        let found = scope.find(name);
        for header in found.directives {
            if let Some(origin) = allowed_origin(header) {
                cors.add_if(is_open(view, scope, &origin, header), header, || label(header, &origin));
            }
        }
        found.replaced.or(found.more).into_iter().for_each(|why| cors.unsure(why));
    }
    let inner = scope.block().into_iter().flat_map(Directive::children);
    for block in inner.filter(|d| matches!(d.name.as_str(), "if" | "limit_except") && d.block.is_some()) {
        origins(view, &scope.within(block), cors);
    }
}

/// The value of `Access-Control-Allow-Origin`, where this directive sets it.
fn allowed_origin(directive: &Directive) -> Option<String> {
    if directive.name == "add_header" {
        let named = directive.arg().eq_ignore_ascii_case(ALLOW_ORIGIN);
        return directive.args.get(1).filter(|_| named).cloned();
    }
    directive.args.iter().find_map(|arg| {
        let (name, value) = arg.split_once(':')?;
        name.trim().eq_ignore_ascii_case(ALLOW_ORIGIN).then(|| value.trim().to_owned())
    })
}

fn label(header: &Directive, origin: &str) -> String {
    let what = if origin.contains('*') { "*" } else { "the origin of whoever asks" };
    format!("{} Access-Control-Allow-Origin: {what}", header.place())
}

/// Whether a stranger's pages are let in.
fn is_open(view: &View<'_>, scope: &Scope<'_>, origin: &str, at: &Directive) -> Result<bool, Unknown> {
    // An `if` around it that tests the origin is an allow-list.
    for block in scope.levels().filter(|level| level.name == "if") {
        if !lets_strangers_in(block)? {
            return Ok(false);
        }
    }
    opens(view, origin, at)
}

/// Follows the variables of a header's value, each of them once.
fn opens(view: &View<'_>, text: &str, at: &Directive) -> Result<bool, Unknown> {
    let mut open = vec![text];
    let mut followed = BTreeSet::new();
    let mut unknown = None;
    while let Some(text) = open.pop() {
        if text.trim() == "*" || text.trim().eq_ignore_ascii_case("null") {
            return Ok(true);
        }
        for name in names(text) {
            match name {
                "http_origin" | "http_referer" => return Ok(true),
                "host" | "http_host" | "server_name" | "scheme" => continue,
                name if !followed.insert(name.to_owned()) => continue,
                _ => {}
            }
            let values = view.variables.values(name);
            unknown = unknown.or(view.variables.unseen(name));
            if values.is_empty() || values.len() > MAX_VALUES {
                let why = format!("{}: what its variable holds is not known", at.place());
                unknown.get_or_insert(Unknown::new(Reason::NoTarget, why));
                continue;
            }
            for value in values {
                match applies_to_strangers(value) {
                    Ok(true) => open.push(value.text),
                    Ok(false) => {}
                    Err(why) => unknown = unknown.or(Some(why)),
                }
            }
        }
    }
    unknown.map_or(Ok(false), Err)
}

/// Whether a value is that of an origin on no list.
fn applies_to_strangers(value: &Value<'_>) -> Result<bool, Unknown> {
    match value.because {
        Because::If(block) => lets_strangers_in(block),
        Because::Map { source, key } if source.contains("http_origin") => match key.strip_prefix('~') {
            None => Ok(key == "default" || key == "null"),
            Some(pattern) => fits_stranger(pattern),
        },
        Because::Set | Because::Map { .. } => Ok(true),
    }
}

/// Whether the condition of an `if` holds for an origin on no list; conditions about anything else may hold.
fn lets_strangers_in(block: &Directive) -> Result<bool, Unknown> {
    let condition = block.args.join(" ");
    let condition = condition.trim_start_matches('(').trim_end_matches([')', ' ']).trim();
    match condition.split_once(' ') {
        Some(("$http_origin", test)) => match (test.strip_prefix("~"), test.strip_prefix("= ")) {
            (Some(_), _) => {
                // The closing bracket belongs to the condition only once.
                let whole = block.args.join(" ");
                let pattern = whole.split_once('~').map_or("", |(_, pattern)| pattern);
                fits_stranger(pattern.strip_suffix(')').unwrap_or(pattern))
            }
            (None, Some(_)) => Ok(false),
            _ => Ok(true),
        },
        _ => Ok(true),
    }
}

/// Whether a pattern of nginx (behind its first `~`) fits an origin that nobody has listed.
fn fits_stranger(pattern: &str) -> Result<bool, Unknown> {
    let (flags, pattern) = pattern.strip_prefix('*').map_or(("", pattern), |pattern| ("(?i)", pattern));
    let regex = super::pattern(&format!("{flags}{}", pattern.trim()))
        .ok_or_else(|| Unknown::new(Reason::Unsupported, "a pattern of origins cannot be read"))?;
    Ok(STRANGERS.iter().any(|origin| regex.is_match(origin)))
}

/// Whether a scope's answers carry HSTS of at least half a year.
pub(super) fn has_hsts(view: &View<'_>, scope: &Scope<'_>) -> Result<bool, Unknown> {
    let plain = scope.any("add_header", |d| {
        if d.arg().eq_ignore_ascii_case(SECURITY[0]) {
            long_enough(view, d.args.get(1).map_or("", String::as_str))
        } else {
            Ok(false)
        }
    });
    let more = scope.any("more_set_headers", |d| {
        any(d.args.iter().map(|arg| match arg.split_once(':') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case(SECURITY[0]) => long_enough(view, value),
            _ => Ok(false),
        }))
    });
    any([plain, more].into_iter())
}

fn long_enough(view: &View<'_>, value: &str) -> Result<bool, Unknown> {
    const LEAST: u64 = 15_768_000;
    if let Some(name) = names(value).first() {
        let values = view.variables.values(name);
        let fits = |value: &&Value<'_>| !value.text.is_empty();
        let all =
            !values.is_empty() && values.iter().filter(fits).all(|value| max_age(value.text).is_some_and(|age| age >= LEAST));
        return if all { Ok(true) } else { Err(Unknown::new(Reason::NoTarget, "a variable holds Strict-Transport-Security")) };
    }
    Ok(max_age(value).is_some_and(|age| age >= LEAST))
}

fn max_age(value: &str) -> Option<u64> {
    let parts = value.split(';').filter_map(|part| part.split_once('='));
    let age = parts.into_iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("max-age"));
    age.and_then(|(_, age)| age.trim().trim_matches('"').parse().ok())
}

/// TLS servers with a place that answers without HSTS.
pub(super) fn without_hsts(view: &View<'_>) -> Findings {
    let mut findings = Findings::default();
    for server in view.servers.iter().filter(|server| server.has_tls()) {
        for spot in server.reached().filter(|spot| spot.answer == Answer::Serves && !spot.internal) {
            findings.add_if(has_hsts(view, &spot.scope).map(|has| !has), spot.at, || spot.label());
        }
    }
    findings
}
