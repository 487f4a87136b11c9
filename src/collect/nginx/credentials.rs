//! Credentials of the proxy's own that it puts into requests. Their values are never shown.

use std::collections::BTreeSet;

use super::Findings;
use super::code::{Part, because, in_force, runs};
use super::parse::Directive;
use super::requests::each;
use super::scope::any;
use super::server::{PASSES, Spot, View};
use super::variables::names;
use crate::facts::{Reason, Unknown, is_secret_name};

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

/// Credentials anywhere in the configuration.
pub(super) fn fixed(view: &View<'_>) -> Findings {
    let mut fixed = Findings::default();
    each(&view.config.main, &mut |directive| {
        if runs(&directive.name) {
            fixed.unsure(because(directive));
        }
        fixed.add_if(is_fixed(view, directive), directive, || {
            let header = header(directive).map(|(name, _)| name).filter(|name| is_known(name));
            format!("{} {}", directive.place(), header.unwrap_or_else(|| "a header or an argument with a credential".into()))
        });
    });
    for why in view.spots().filter(|(_, spot)| spot.pass.is_some()).filter_map(|(_, spot)| injects(view, spot).err()) {
        fixed.unsure(why);
    }
    fixed
}

/// Whether requests of this place get a credential of the proxy's own.
pub(super) fn injects(view: &View<'_>, spot: &Spot<'_>) -> Result<bool, Unknown> {
    let setters = SETTERS.iter().map(|(setter, _)| spot.scope.any(setter, |d| is_fixed(view, d)));
    let own = spot.scope.levels().flat_map(Directive::children).filter(|d| SETTERS.iter().all(|(name, _)| d.name != *name));
    let others = own.map(|d| is_fixed(view, d));
    any(setters.chain(others).chain(in_force(&spot.scope, Part::Requests).map(Err)))
}

fn is_known(header: &str) -> bool {
    CREDENTIALS.contains(&header.to_ascii_lowercase().as_str())
}

/// Name and value of the header that a directive puts into requests.
fn header(directive: &Directive) -> Option<(String, String)> {
    if directive.name == "more_set_input_headers" {
        let (name, value) = directive.args.iter().find_map(|arg| arg.split_once(':'))?;
        return Some((name.trim().to_owned(), value.trim().to_owned()));
    }
    let (_, prefix) = SETTERS.iter().find(|(name, _)| *name == directive.name)?;
    let [name, value, ..] = directive.args.as_slice() else { return None };
    let name = name.strip_prefix(prefix)?;
    // A dash of a header is an underscore of a parameter.
    Some((if prefix.is_empty() { name.to_owned() } else { name.replace('_', "-") }, value.clone()))
}

/// Whether a directive puts a written credential into requests.
fn is_fixed(view: &View<'_>, directive: &Directive) -> Result<bool, Unknown> {
    if let Some((name, value)) = header(directive) {
        let secret = is_known(&name.replace('_', "-")) || is_secret_name(&name.replace('_', "-"));
        return if secret { holds(view, &value, directive) } else { Ok(false) };
    }
    let [first, rest @ ..] = directive.args.as_slice() else { return Ok(false) };
    let text = match (directive.name.as_str(), rest) {
        ("set", [value, ..]) if first == "$args" => format!("?{value}"),
        ("set" | "rewrite", [value, ..]) => value.clone(),
        (name, _) if PASSES.contains(&name) => first.clone(),
        ("fastcgi_param" | "uwsgi_param" | "scgi_param", [value, ..]) if first == "QUERY_STRING" => format!("?{value}"),
        _ => return Ok(false),
    };
    // What stands behind the first mark of arguments; values elsewhere are judged where they are used.
    let arguments = text.split(['?', '&']).skip(1).filter_map(|argument| argument.split_once('='));
    let secret = arguments.filter(|(name, value)| !value.is_empty() && is_secret_name(name));
    any(secret.map(|(_, value)| holds(view, value, directive)))
}

/// Whether a value holds a credential that is written somewhere.
fn holds(view: &View<'_>, value: &str, at: &Directive) -> Result<bool, Unknown> {
    let mut open = vec![value];
    let mut followed = BTreeSet::new();
    let mut unknown = None;
    while let Some(text) = open.pop() {
        let used = names(text);
        let literal = used.iter().fold(text.replace(['{', '}'], ""), |text, name| text.replace(&format!("${name}"), " "));
        if is_credential(&literal, if used.is_empty() { 1 } else { 8 }) {
            return Ok(true);
        }
        for name in used.into_iter().filter(|name| followed.insert((*name).to_owned())) {
            let values = view.variables.values(name);
            if values.is_empty() && !view.variables.is_of_request(name) {
                let why = format!("{}: what its variable holds is not known", at.place());
                unknown.get_or_insert(Unknown::new(Reason::NoTarget, why));
            }
            unknown = unknown.or(view.variables.unseen(name));
            open.extend(values.iter().map(|value| value.text));
        }
    }
    unknown.map_or(Ok(false), Err)
}

/// Whether more than the name of a scheme is written.
fn is_credential(value: &str, least: usize) -> bool {
    let words =
        value.split_whitespace().filter(|word| !["basic", "bearer", "token"].contains(&word.to_ascii_lowercase().as_str()));
    words.map(str::len).sum::<usize>() >= least
}
