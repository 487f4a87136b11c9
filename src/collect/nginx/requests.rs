//! What happens to requests on their way: limits, credentials put in, methods overridden.

use std::collections::BTreeSet;

use super::Findings;
use super::access::{conditions, refuses};
use super::backends::{each_pass, leads_to_pacs};
use super::parse::Directive;
use super::scope::{Scope, any};
use super::server::{Server, Spot, View, is_health};
use super::variables::names;
use crate::facts::{Reason, Record, Unknown, is_secret_name};

/// Directives that put a header into a request, and the prefix of its name.
const SETTERS: [(&str, &str); 5] = [
    ("proxy_set_header", ""),
    ("grpc_set_header", ""),
    ("fastcgi_param", "HTTP_"),
    ("uwsgi_param", "HTTP_"),
    ("scgi_param", "HTTP_"),
];
/// Headers that carry a credential.
const CREDENTIALS: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "x-api-key"];

pub(super) fn write(view: &View<'_>, facts: &mut Record) {
    let unseen = unseen(view);
    unlimited(view).write(facts, "unlimited_locations", unseen.as_ref());
    bodies(view).write(facts, "unlimited_bodies", unseen.as_ref());
    overrides(view).write(facts, "method_override", unseen.as_ref());
    let mut fixed = Findings::default();
    each(&view.config.main, &mut |directive| {
        fixed.add_if(is_fixed(view, directive), directive, || {
            let header = if is_known(directive.arg()) { directive.arg() } else { "a header with a credential" };
            format!("{} {}", directive.place(), header)
        });
    });
    let hidden = view.spots().filter(|(_, spot)| spot.pass.is_some()).find_map(|(_, spot)| injects(view, spot).err());
    fixed.write(facts, "fixed_credentials", hidden.or(unseen).as_ref());
}

/// Why there may be more servers or locations than those seen.
pub(super) fn unseen(view: &View<'_>) -> Option<Unknown> {
    let inside = view.spots().find_map(|(_, spot)| spot.at.children().iter().find_map(|d| d.unseen.clone()));
    view.unseen().cloned().or_else(|| view.servers.iter().find_map(Server::hole)).or(inside)
}

/// Every directive at any depth.
pub(super) fn each<'a>(directives: &'a [Directive], visit: &mut impl FnMut(&'a Directive)) {
    for directive in directives {
        visit(directive);
        each(directive.children(), visit);
    }
}

/// Passes without a rate limit in force.
fn unlimited(view: &View<'_>) -> Findings {
    let defined =
        view.http.iter().flat_map(|http| http.children()).filter(|d| d.name == "limit_req_zone" && super::rate::zone_limits(d));
    let names = defined.flat_map(|d| &d.args).filter_map(|arg| arg.strip_prefix("zone="));
    let zones: BTreeSet<&str> = names.filter_map(|zone| zone.split(':').next()).collect();
    let hole = view.http.iter().find_map(|http| super::unseen_below(http));
    let limited = |scope: &Scope<'_>| -> Result<bool, Unknown> {
        if scope.one("limit_req_dry_run")?.is_some_and(|d| d.arg() == "on") {
            return Ok(false);
        }
        scope.any("limit_req", |d| match d.args.iter().find_map(|arg| arg.strip_prefix("zone=")) {
            Some(_) if super::rate::bursts(d) => Ok(false),
            Some(zone) if zones.contains(zone) => Ok(true),
            _ => hole.clone().map_or(Ok(false), Err),
        })
    };
    each_pass(view, |server, spot, findings| {
        if spot.internal || is_health(&spot.path) {
            return;
        }
        // A named location is reached from others, and their limit has counted already.
        let from = |other: &&Spot<'_>| other.scope.block().is_some_and(|block| refers(block, &spot.path));
        let callers: Vec<&Spot<'_>> = server.reached().filter(|_| spot.is_named()).filter(from).collect();
        let by_callers = !callers.is_empty() && callers.iter().all(|caller| limited(&caller.scope) == Ok(true));
        let open = if by_callers { Ok(false) } else { limited(&spot.scope).map(|limited| !limited) };
        let undefined = spot.scope.find("limit_req").directives.iter().any(|d| !d.args.is_empty());
        let why =
            if undefined { "its limit_req only counts, or its zone is not defined or limits no client" } else { "no limit_req" };
        findings.add_if(open, spot.at, || format!("{}: {why}", spot.label()));
    })
}

/// Whether a block sends requests to a named location.
fn refers(block: &Directive, name: &str) -> bool {
    block.children().iter().any(|d| d.block.is_none() && d.args.iter().any(|arg| arg.rsplit('=').next() == Some(name)))
}

/// Passes that take a body of any size, or on whose size nobody decided.
fn bodies(view: &View<'_>) -> Findings {
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

/// Passes to a PACS that let `X-HTTP-Method-Override` or `_method` through.
fn overrides(view: &View<'_>) -> Findings {
    each_pass(view, |_, spot, findings| {
        let header = any([header_cleared(spot), Ok(is_refused(spot, "$http_x_http_method_override"))].into_iter());
        let argument = is_refused(spot, "$arg__method");
        let open: Vec<&str> = [(header != Ok(true), "X-HTTP-Method-Override"), (!argument, "_method")]
            .into_iter()
            .filter_map(|(open, name)| open.then_some(name))
            .collect();
        if open.is_empty() {
            return;
        }
        let wrong = match (leads_to_pacs(view, spot), header) {
            (Ok(true), Err(why)) if argument => Err(why),
            (leads, _) => leads,
        };
        findings.add_if(wrong, spot.at, || format!("{} lets {} through", spot.label(), open.join(" and ")));
    })
}

fn header_cleared(spot: &Spot<'_>) -> Result<bool, Unknown> {
    if spot.scope.one("proxy_pass_request_headers")?.is_some_and(|d| d.arg() == "off") {
        return Ok(true);
    }
    let clears =
        |d: &Directive| d.arg().eq_ignore_ascii_case("X-HTTP-Method-Override") && d.args.get(1).is_some_and(String::is_empty);
    spot.scope.any("proxy_set_header", |d| Ok(clears(d)))
}

/// Whether an `if` on this variable refuses whatever would change the method.
fn is_refused(spot: &Spot<'_>, variable: &str) -> bool {
    conditions(&spot.scope).into_iter().filter(|block| refuses(block)).any(|block| {
        let condition = block.args.join(" ");
        let condition = condition.trim_start_matches('(').trim_end_matches(')').trim();
        let (name, test) = condition.split_once(' ').unwrap_or((condition, ""));
        let fits = |text: &str| {
            let pattern = test.strip_prefix("~* ").map(|p| format!("(?i){p}")).or(test.strip_prefix("~ ").map(str::to_owned));
            pattern.and_then(|pattern| super::pattern(&pattern)).is_some_and(|regex| regex.is_match(text))
        };
        if name == variable {
            return matches!(test, "" | "!=" | "!= ''") || (fits("DELETE") && fits("PUT"));
        }
        let whole = ["$args", "$query_string", "$request_uri"].contains(&name) && variable == "$arg__method";
        whole && fits("a=b&_method=DELETE") && fits("_method=PUT")
    })
}

/// Whether requests of this place get a credential of the proxy's own.
pub(super) fn injects(view: &View<'_>, spot: &Spot<'_>) -> Result<bool, Unknown> {
    any(SETTERS.iter().map(|(setter, _)| spot.scope.any(setter, |d| is_fixed(view, d))))
}

fn is_known(header: &str) -> bool {
    CREDENTIALS.contains(&header.to_ascii_lowercase().as_str())
}

/// Whether a directive puts a written credential into requests. Its value is never shown.
fn is_fixed(view: &View<'_>, directive: &Directive) -> Result<bool, Unknown> {
    let Some((_, prefix)) = SETTERS.iter().find(|(name, _)| *name == directive.name) else { return Ok(false) };
    let [name, value, ..] = directive.args.as_slice() else { return Ok(false) };
    let Some(header) = name.strip_prefix(prefix).map(|header| header.replace('_', "-")) else { return Ok(false) };
    if !is_known(&header) && !is_secret_name(&header) {
        return Ok(false);
    }
    let used = names(value);
    if used.is_empty() {
        return Ok(is_credential(value, 1));
    }
    let literal = used.iter().fold(value.replace(['{', '}'], ""), |text, name| text.replace(&format!("${name}"), " "));
    if is_credential(&literal, 8) {
        return Ok(true);
    }
    any(used.into_iter().map(|name| {
        let values = view.variables.values(name);
        if values.iter().any(|value| !value.text.contains('$') && is_credential(value.text, 1)) {
            Ok(true)
        } else if !values.is_empty() || view.variables.is_of_request(name) {
            view.variables.unseen(name).map_or(Ok(false), Err)
        } else {
            let why = format!("{}: what its variable holds is not known", directive.place());
            Err(Unknown::new(Reason::NoTarget, why))
        }
    }))
}

/// Whether more than the name of a scheme is written.
fn is_credential(value: &str, least: usize) -> bool {
    let words =
        value.split_whitespace().filter(|word| !["basic", "bearer", "token"].contains(&word.to_ascii_lowercase().as_str()));
    words.map(str::len).sum::<usize>() >= least
}
