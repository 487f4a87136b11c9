//! What happens to requests on their way: limits, credentials put in, methods overridden.

use super::parse::Directive;
use super::server::{Server, View};
use super::{credentials, limits, methods, stream};
use crate::facts::{Record, Unknown};

pub(super) fn write(view: &View<'_>, facts: &mut Record) {
    let unseen = unseen(view);
    let streams = stream::may_speak_http(view);
    limits::unlimited(view).write(facts, "unlimited_locations", unseen.as_ref().or(streams.as_ref()));
    limits::bodies(view).write(facts, "unlimited_bodies", unseen.as_ref());
    methods::overrides(view).write(facts, "method_override", unseen.as_ref().or(streams.as_ref()));
    credentials::fixed(view).write(facts, "fixed_credentials", unseen.as_ref());
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
