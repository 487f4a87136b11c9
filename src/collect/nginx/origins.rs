//! Origins that may read answers: `Access-Control-Allow-Origin`.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

use super::Findings;
use super::code::{Part, in_force};
use super::limits::is_files;
use super::parse::Directive;
use super::rewrite::condition;
use super::scope::Scope;
use super::server::{Answer, Spot, View};
use super::variables::{Because, Value, names};
use crate::facts::{Reason, Unknown};

/// Origins that no allow-list may let in.
const STRANGERS: [&str; 3] = ["https://audit.invalid", "http://audit.invalid", "null"];
/// Most values of a variable that are followed.
const MAX_VALUES: usize = 500;
/// Longest chain of conditions that is followed.
const MAX_CHAIN: usize = 2;
const ALLOW_ORIGIN: &str = "access-control-allow-origin";
/// Parts of names of folders with data of patients.
const DATA: [&str; 12] =
    ["stud", "dicom", "dcm", "data", "patient", "image", "pacs", "orthanc", "upload", "export", "report", "series"];
/// Parts of names of folders with the files of a page.
const PAGES: [&str; 10] = ["html", "www", "static", "assets", "fonts", "public", "dist", "build", "frontend", "viewer"];

/// Patterns that fit the origins they name and no other: anchored, each dot escaped, at most the first label of a host
/// with two others left open.
static EXACT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let label = "[A-Za-z0-9-]+";
    let dot = r"\\\.";
    let literal = format!("{label}(?:{dot}{label})*");
    let item = format!(r"(?:{label}|\((?:\?:)?{literal}(?:\|{literal})*\))");
    let any = r"(?:\.[*+]|\[[^\]]+\][*+]|\\w[*+])";
    let open = format!(r"(?:{any}{dot}|\((?:\?:)?{any}{dot}\)[?*]?|\({any}\){dot})");
    let digits = r"(?:\\d|\[0-9\])(?:[*+]|\{[0-9,]+\})";
    let port = format!(r"(?::[0-9]+|:{digits}|\((?:\?:)?:(?:{digits}|[0-9]+)\)\??)?");
    let host = format!(r"(?:{open}{item}(?:{dot}{item})+|{item}(?:{dot}{item})*)");
    let origin = format!(r"(?:https?\??|\(https?\|https?\)):(?://|\\/\\/){host}{port}");
    Regex::new(&format!(r"^\^(?:{origin}|\((?:\?:)?{origin}(?:\|{origin})*\))\$$")).ok()
});

/// Answers of what is passed on, and of folders that may hold data, that every origin may read.
pub(super) fn open(view: &View<'_>) -> Findings {
    let mut found = Findings::default();
    for (_, spot) in view.spots() {
        if spot.pass.is_some() {
            origins(view, &spot.scope, &mut found);
        } else if spot.answer == Answer::Serves {
            let mut files = Findings::default();
            origins(view, &spot.scope, &mut files);
            match holds_data(spot) {
                Ok(false) => {}
                Ok(true) => {
                    found.items.append(&mut files.items);
                    files.unsure.into_iter().for_each(|why| found.unsure(why));
                }
                Err(why) if !files.items.is_empty() => found.unsure(why),
                Err(_) => files.unsure.into_iter().for_each(|why| found.unsure(why)),
            }
        }
    }
    found
}

/// Whether the files of a place may be data of patients, by its path and its folder.
fn holds_data(spot: &Spot<'_>) -> Result<bool, Unknown> {
    let alias = spot.scope.block().and_then(|block| block.children().iter().find(|d| d.name == "alias"));
    let folder = match alias {
        Some(alias) => Some(alias),
        None => spot.scope.one("root")?,
    };
    // Without `root` nginx serves its welcome page.
    let Some(folder) = folder.map(|d| d.arg().to_ascii_lowercase()) else {
        return Ok(false);
    };
    let path = spot.path.to_ascii_lowercase();
    let has = |words: &[&str], text: &str| words.iter().any(|word| text.contains(word));
    let data = has(&DATA, &folder) || (has(&DATA, &path) && !is_files(&path));
    let page = has(&PAGES, &folder) || is_files(&path);
    if data != page {
        return Ok(data);
    }
    Err(Unknown::new(Reason::Unproven, format!("{}: whether its folder holds data of patients is not known", spot.label())))
}

/// Judges the origins that a place and the conditions in it let in.
fn origins(view: &View<'_>, scope: &Scope<'_>, cors: &mut Findings) {
    let found = scope.find("add_header");
    // Those of headers-more add up over all levels.
    let more = scope.levels().flat_map(Directive::children).filter(|d| d.name == "more_set_headers");
    for header in found.directives.into_iter().chain(more) {
        if let Some(origin) = allowed_origin(header) {
            cors.add_if(is_open(view, scope, &origin, header), header, || label(header, &origin));
        }
    }
    let code = in_force(scope, Part::Answers);
    found.replaced.or(found.more).into_iter().chain(code).for_each(|why| cors.unsure(why));
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
        if !lets_strangers_in(view, block, 0)? {
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
                match applies_to_strangers(view, value, 0) {
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
fn applies_to_strangers(view: &View<'_>, value: &Value<'_>, depth: usize) -> Result<bool, Unknown> {
    match value.because {
        Because::If(block) => lets_strangers_in(view, block, depth),
        Because::Map { source, key } if source.contains("http_origin") => match key.strip_prefix('~') {
            None => Ok(key == "default" || key == "null"),
            Some(pattern) => fits_stranger(pattern.strip_prefix('*').unwrap_or(pattern)),
        },
        Because::Set | Because::Map { .. } => Ok(true),
    }
}

/// Whether the condition of an `if` holds for an origin on no list; conditions about anything else may hold.
fn lets_strangers_in(view: &View<'_>, block: &Directive, depth: usize) -> Result<bool, Unknown> {
    let (name, operator, operand) = condition(block);
    match (name.as_str(), operator.as_str()) {
        ("$http_origin", "~" | "~*") => fits_stranger(&operand),
        ("$http_origin", "=") => Ok(operand == "null"),
        (name, "=") if depth < MAX_CHAIN => {
            // `if ($allowed = yes)`, where another `if` or a map said so.
            let values = view.variables.values(name.trim_start_matches('$'));
            let equal: Vec<&Value<'_>> =
                values.iter().filter(|value| value.text == operand || value.text.contains('$')).collect();
            if equal.is_empty() || equal.len() > MAX_VALUES / 10 {
                return Ok(true);
            }
            super::scope::any(equal.into_iter().map(|value| applies_to_strangers(view, value, depth + 1)))
        }
        _ => Ok(true),
    }
}

/// Whether a pattern of nginx (behind `~` and `~*`) fits an origin that nobody has listed.
fn fits_stranger(pattern: &str) -> Result<bool, Unknown> {
    let pattern = pattern.trim();
    let unsure = |what: &str| Unknown::new(Reason::Unproven, format!("a pattern of origins {what}"));
    let regex = super::pattern(&format!("(?i){pattern}")).ok_or_else(|| unsure("cannot be read"))?;
    if STRANGERS.iter().any(|origin| regex.is_match(origin)) {
        return Ok(true);
    }
    let exact = EXACT.as_ref().is_some_and(|exact| exact.is_match(pattern));
    if exact { Ok(false) } else { Err(unsure("may fit more than it names: anchor it with ^ and $, and write \\. for a dot")) }
}
