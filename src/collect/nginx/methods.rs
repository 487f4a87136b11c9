//! Requests whose method something else than the method says.

use std::sync::LazyLock;

use super::Findings;
use super::access::{conditions, refuses};
use super::backends::{each_pass, leads_to_pacs};
use super::code::{Part, in_force};
use super::rewrite::condition;
use super::scope::any;
use super::server::{Spot, View};
use crate::facts::{Reason, Unknown};

/// Ways to write the argument that Orthanc reads as `_method`: any of its letters may be percent-encoded, and it may stand
/// twice, where `$arg__method` is the first.
static ARGUMENTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    const NAME: &str = "_method";
    let mut names = vec![NAME.to_owned()];
    for (i, letter) in NAME.char_indices() {
        for code in [format!("%{:02x}", u32::from(letter)), format!("%{:02X}", u32::from(letter))] {
            names.push(format!("{}{code}{}", &NAME[..i], &NAME[i + 1..]));
        }
    }
    let ways = names.iter().flat_map(|name| {
        [format!("{name}=DELETE"), format!("a=b&{name}=PUT"), format!("{name}=&_method=DELETE"), format!("a&{name}=POST&b=c")]
    });
    ways.collect()
});

/// Passes to a PACS that let `X-HTTP-Method-Override` or `_method` through.
pub(super) fn overrides(view: &View<'_>) -> Findings {
    each_pass(view, |_, spot, findings| {
        let header = any([header_cleared(spot), is_refused(spot, fits_header)].into_iter());
        let argument = is_refused(spot, fits_argument);
        if header == Ok(true) && argument == Ok(true) {
            return;
        }
        let open = [(&header, "X-HTTP-Method-Override"), (&argument, "_method")];
        let open: Vec<&str> = open.iter().filter(|(blocked, _)| **blocked == Ok(false)).map(|(_, name)| *name).collect();
        let unsure =
            in_force(&spot.scope, Part::Requests).or(header.as_ref().err().cloned()).or(argument.as_ref().err().cloned());
        let wrong = match (leads_to_pacs(view, spot), unsure) {
            (Ok(true), Some(why)) if open.is_empty() || in_force(&spot.scope, Part::Requests).is_some() => Err(why),
            (leads, _) => leads,
        };
        findings.add_if(wrong, spot.at, || format!("{} lets {} through", spot.label(), open.join(" and ")));
    })
}

fn header_cleared(spot: &Spot<'_>) -> Result<bool, Unknown> {
    if spot.scope.one("proxy_pass_request_headers")?.is_some_and(|d| d.arg() == "off") {
        return Ok(true);
    }
    spot.scope.any("proxy_set_header", |d| {
        Ok(d.arg().eq_ignore_ascii_case("X-HTTP-Method-Override") && d.args.get(1).is_some_and(String::is_empty))
    })
}

/// Whether an `if` refuses; `fits` answers for its variable and its pattern, or nothing where it is about something else.
fn is_refused(spot: &Spot<'_>, fits: impl Fn(&str, &str, &str) -> Result<bool, Unknown>) -> Result<bool, Unknown> {
    let blocks = conditions(&spot.scope).into_iter().filter(|block| refuses(&spot.scope, block));
    any(blocks.map(|block| {
        let (name, operator, operand) = condition(block);
        fits(&name, &operator, &operand)
    }))
}

fn fits_header(name: &str, operator: &str, operand: &str) -> Result<bool, Unknown> {
    match (name, operator, operand) {
        ("$http_x_http_method_override", "" | "!=", "") => Ok(true),
        ("$http_x_http_method_override", "~" | "~*", pattern) => {
            fits_all(operator, pattern, ["DELETE", "PUT", "POST", "delete", "put"].into_iter().map(str::to_owned))
        }
        _ => Ok(false),
    }
}

/// `$arg__method` itself is no use: nginx does not decode names, and Orthanc does.
fn fits_argument(name: &str, operator: &str, operand: &str) -> Result<bool, Unknown> {
    match (name, operator) {
        ("$args" | "$query_string", "~" | "~*") => fits_all(operator, operand, ARGUMENTS.iter().cloned()),
        ("$request_uri", "~" | "~*") => fits_all(operator, operand, ARGUMENTS.iter().map(|args| format!("/studies?{args}"))),
        _ => Ok(false),
    }
}

fn fits_all(operator: &str, pattern: &str, mut texts: impl Iterator<Item = String>) -> Result<bool, Unknown> {
    let flags = if operator == "~*" { "(?i)" } else { "" };
    let regex = super::pattern(&format!("{flags}{pattern}"))
        .ok_or_else(|| Unknown::new(Reason::Unsupported, "the pattern of an `if` cannot be read"))?;
    Ok(texts.all(|text| regex.is_match(&text)))
}
