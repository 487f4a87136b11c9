//! Headers of answers: those that a location loses, HSTS, the version.

use super::Findings;
use super::code::{Part, because, in_block, in_force};
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

pub(super) fn write(view: &View<'_>, facts: &mut Record) {
    let unseen = unseen(view);
    let (mut lost, mut banner) = (Findings::default(), Findings::default());
    for http in &view.http {
        walk(view, &Scope::default().within(http), &mut lost);
    }
    for server in &view.servers {
        let inner = server
            .reached()
            .filter(|spot| spot.scope.block().is_some_and(|b| b.children().iter().any(|d| d.name == "server_tokens")));
        for scope in std::iter::once(&server.scope).chain(inner.map(|spot| &spot.scope)) {
            tells_version(scope, server.block, &mut banner);
        }
    }
    lost.write(facts, "lost_headers", unseen.as_ref());
    super::origins::open(view).write(facts, "open_cors", unseen.as_ref());
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
fn walk(view: &View<'_>, scope: &Scope<'_>, lost: &mut Findings) {
    let Some(block) = scope.block() else { return };
    loses(view, scope, block, lost);
    if let Some(why) = in_block(block, Part::Answers) {
        lost.unsure(why);
    }
    for child in block.children().iter().filter(|d| matches!(d.name.as_str(), "server" | "location" | "if" | "limit_except")) {
        if child.block.is_some() {
            walk(view, &scope.within(child), lost);
        }
    }
}

fn loses(view: &View<'_>, scope: &Scope<'_>, block: &Directive, lost: &mut Findings) {
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
    let has = |name: &str, list: &[&Directive]| {
        let named = list.iter().filter(|d| d.arg().eq_ignore_ascii_case(name));
        any(named.map(|d| is_sent(view, d.args.get(1).map_or("", String::as_str))))
    };
    let before = SECURITY.into_iter().filter(|name| has(name, &outer.directives) != Ok(false));
    let (mut gone, mut unsure) = (Vec::new(), None);
    for name in before {
        match has(name, &own) {
            Ok(true) => {}
            Ok(false) if has(name, &outer.directives) == Ok(true) => gone.push(name),
            Ok(false) => unsure = has(name, &outer.directives).err(),
            Err(why) => unsure = Some(why),
        }
    }
    if let Some(why) = unsure {
        lost.unsure(why);
    }
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

/// Whether a header with this value is sent: nginx leaves out those that are empty.
fn is_sent(view: &View<'_>, value: &str) -> Result<bool, Unknown> {
    let used = names(value);
    let literal = used.iter().fold(value.replace(['{', '}'], ""), |text, name| text.replace(&format!("${name}"), ""));
    if !literal.is_empty() || used.is_empty() {
        return Ok(!literal.is_empty());
    }
    let full = |name: &&str| {
        let values = chosen(view, name);
        values.iter().any(|value| value.because.is_default()) && values.iter().all(|value| !value.text.is_empty())
    };
    if used.iter().any(full) { Ok(true) } else { Err(Unknown::new(Reason::NoTarget, "a variable may leave a header empty")) }
}

/// Values that a variable may have in a request over TLS.
fn chosen<'v>(view: &'v View<'_>, name: &str) -> Vec<&'v Value<'v>> {
    let values = view.variables.values(name);
    let over_tls = values.iter().find(|v| {
        matches!(v.because, Because::Map { source: "$scheme", key: "https" } | Because::Map { source: "$https", key: "on" })
    });
    over_tls.map_or_else(|| values.iter().collect(), |value| vec![value])
}

/// Whether a scope's answers carry HSTS of at least half a year.
pub(super) fn has_hsts(view: &View<'_>, scope: &Scope<'_>) -> Result<bool, Unknown> {
    if let Some(why) = in_force(scope, Part::Answers) {
        return Err(why);
    }
    let plain = scope.any("add_header", |d| {
        if d.arg().eq_ignore_ascii_case(SECURITY[0]) {
            long_enough(view, d.args.get(1).map_or("", String::as_str))
        } else {
            Ok(false)
        }
    });
    // Those of all levels are in force.
    for d in scope.levels().flat_map(Directive::children).filter(|d| d.name == "more_set_headers") {
        for (name, value) in d.args.iter().filter_map(|arg| arg.split_once(':')) {
            if name.trim().eq_ignore_ascii_case(SECURITY[0]) {
                let always = d.args.iter().all(|arg| arg.contains(':'));
                return if always && long_enough(view, value)? { Ok(true) } else { Err(because(d)) };
            }
        }
    }
    plain
}

fn long_enough(view: &View<'_>, value: &str) -> Result<bool, Unknown> {
    const LEAST: u64 = 15_768_000;
    if let Some(name) = names(value).first() {
        let values = chosen(view, name);
        let long = |value: &&Value<'_>| max_age(value.text).is_some_and(|age| age >= LEAST);
        let single = matches!(values.as_slice(), [Value { because: Because::Map { key: "https" | "on", .. }, .. }]);
        let complete = single || values.iter().any(|value| value.because.is_default());
        let all = complete && values.iter().all(long) && view.variables.unseen(name).is_none();
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
