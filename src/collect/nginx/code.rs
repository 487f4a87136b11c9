//! Code and third-party directives that change requests or answers, whose effect is not read.

use super::parse::Directive;
use super::scope::Scope;
use crate::facts::{Reason, Unknown};

/// Code that runs outside of requests, or cannot touch their headers.
const APART: [&str; 6] = ["init_", "exit_", "ssl_", "log_by", "balancer_", "proxy_ssl_"];
/// Directives of njs and Perl that run for a request.
const RUNS: [&str; 6] = ["js_access", "js_content", "js_header_filter", "js_body_filter", "js_preread", "perl"];

/// What code may change.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Requests,
    Answers,
}

/// Whether a directive runs Lua, njs or Perl for a request.
pub(super) fn runs(name: &str) -> bool {
    (name.contains("_by_lua") && !APART.iter().any(|start| name.starts_with(start))) || RUNS.contains(&name)
}

fn changes(name: &str, part: Part) -> bool {
    let headers = match part {
        Part::Requests => ["more_set_input_headers", "more_clear_input_headers"].contains(&name),
        Part::Answers => name == "more_clear_headers",
    };
    headers || runs(name)
}

/// Why what is read of requests or answers may not be all.
pub(super) fn in_force(scope: &Scope<'_>, part: Part) -> Option<Unknown> {
    scope.levels().find_map(|level| in_block(level, part))
}

/// The same for what stands directly in one block.
pub(super) fn in_block(block: &Directive, part: Part) -> Option<Unknown> {
    block.children().iter().find(|d| changes(&d.name, part)).map(because)
}

/// What is not known because of this directive.
pub(super) fn because(directive: &Directive) -> Unknown {
    Unknown::new(Reason::Unproven, format!("{}: what {} does is not read", directive.place(), directive.name))
}
