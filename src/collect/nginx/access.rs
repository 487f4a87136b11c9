//! Whether a place asks for a credential.

use super::code::{Part, in_force};
use super::parse::Directive;
use super::rewrite::{self, condition, returned};
use super::scope::{Scope, any};
use super::server::{Answer, Server, Spot};
use crate::facts::{Reason, Unknown};

/// Whether nobody gets through this place without a credential.
pub(super) fn authenticates(server: &Server<'_>, spot: &Spot<'_>) -> Result<bool, Unknown> {
    let scope = &spot.scope;
    if spot.answer == Answer::Refuses || certificate(server, scope)? {
        return Ok(true);
    }
    if let Some(why) = in_force(scope, Part::Requests) {
        return Err(why);
    }
    if scope.one("satisfy")?.is_some_and(|d| d.arg() == "any") && allows_strangers(scope)? {
        return Ok(false);
    }
    any(["auth_request", "auth_jwt", "auth_oidc"].into_iter().map(|name| scope.is_on(name)).chain([basic(scope)]))
}

/// `auth_basic` with a file of passwords.
fn basic(scope: &Scope<'_>) -> Result<bool, Unknown> {
    if scope.one("auth_basic")?.is_some_and(|d| d.arg().starts_with('$')) {
        return Err(Unknown::new(Reason::Unproven, "a variable says whether auth_basic applies"));
    }
    Ok(scope.is_on("auth_basic")? && scope.one("auth_basic_user_file")?.is_some())
}

/// Client certificates: demanded by TLS, or optional and then demanded by an `if`.
fn certificate(server: &Server<'_>, scope: &Scope<'_>) -> Result<bool, Unknown> {
    if !server.has_tls() || server.plain().next().is_some() {
        return Ok(false);
    }
    let demand = server.scope.one("ssl_verify_client")?.map_or("", |d| d.arg());
    let refused = || {
        let blocks = conditions(scope).into_iter().filter(|block| refuses(scope, block));
        blocks.into_iter().any(|block| condition(block) == ("$ssl_client_verify".into(), "!=".into(), "SUCCESS".into()))
    };
    Ok(demand == "on" || (demand == "optional" && refused()))
}

/// With `satisfy any`, addresses that `allow` names need no credential.
fn allows_strangers(scope: &Scope<'_>) -> Result<bool, Unknown> {
    let own = |address: &str| address.starts_with("127.") || address == "::1";
    scope.any("allow", |d| Ok(!own(d.arg())))
}

/// The `if` blocks that a request to this place meets: the server's, and those of the innermost location.
pub(super) fn conditions<'a>(scope: &Scope<'a>) -> Vec<&'a Directive> {
    let server = scope.levels().filter(|level| level.name == "server");
    let location = scope.levels().filter(|level| level.name == "location").last();
    server.chain(location).flat_map(rewrite::conditions).collect()
}

/// Whether an `if` block ends in a refusal that no `error_page` turns into a pass.
pub(super) fn refuses(scope: &Scope<'_>, block: &Directive) -> bool {
    let pages = scope.find("error_page").directives;
    let passed_on = |code: &str| pages.iter().any(|d| d.args.iter().any(|a| a == code) && d.args.iter().any(|a| a.contains('@')));
    block.children().iter().any(|d| d.name == "return" && returned(d) == Answer::Refuses && !passed_on(d.arg()))
}
