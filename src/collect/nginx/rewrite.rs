//! What the rewrite module does with a request: its directives run in order, until one of them ends it.

use super::code::runs;
use super::parse::Directive;
use super::server::Answer;

/// Patterns of `rewrite` that every path fits.
const EVERYTHING: [&str; 9] = ["^", "^/", ".*", "^.*", "(.*)", "^(.*)", "^(.*)$", "^/(.*)", "^/(.*)$"];

/// What a block answers to everything by `return` or `rewrite`; nothing where some requests get past them.
pub(super) fn fixed_answer(block: &Directive) -> Option<Answer> {
    for directive in block.children() {
        match directive.name.as_str() {
            "return" => return Some(returned(directive)),
            "rewrite" if EVERYTHING.contains(&directive.arg()) && redirects(directive).is_some() => return redirects(directive),
            _ if may_leave(directive) => return None,
            _ => {}
        }
    }
    None
}

/// Whether a directive may keep those behind it from running, for another end than a refusal or https.
pub(super) fn may_leave(directive: &Directive) -> bool {
    match directive.name.as_str() {
        "break" => true,
        "rewrite" => match redirects(directive) {
            Some(answer) => answer == Answer::Serves,
            None => directive.args.get(2).is_some(),
        },
        "return" => returned(directive) == Answer::Serves,
        "if" => directive.children().iter().any(may_leave),
        name => runs(name),
    }
}

/// The `if` blocks of a block that every request meets.
pub(super) fn conditions(block: &Directive) -> impl Iterator<Item = &Directive> {
    // The block that leaves may refuse by itself, but it is no use to those behind it.
    block.children().iter().take_while(|d| !may_leave(d)).filter(|d| d.name == "if")
}

/// What a `rewrite` answers, where it redirects.
fn redirects(rewrite: &Directive) -> Option<Answer> {
    let to = rewrite.args.get(1).map_or("", String::as_str);
    let flagged = matches!(rewrite.args.get(2).map(String::as_str), Some("redirect" | "permanent"));
    if to.starts_with("https://") {
        Some(Answer::Redirects)
    } else if flagged && to.starts_with('/') {
        Some(Answer::Harmless)
    } else {
        (flagged || to.starts_with("http://") || to.starts_with("$scheme")).then_some(Answer::Serves)
    }
}

/// What a `return` does.
pub(super) fn returned(directive: &Directive) -> Answer {
    let code = directive.arg().parse::<u16>().ok();
    let target = if code.is_some() { directive.args.get(1).map_or("", String::as_str) } else { directive.arg() };
    match code {
        None | Some(301..=308) if target.starts_with("https://") => Answer::Redirects,
        None | Some(301..=308) if target.starts_with('/') => Answer::Harmless,
        Some(400..) => Answer::Refuses,
        Some(200..=299) => Answer::Harmless,
        _ => Answer::Serves,
    }
}

/// The condition of an `if`: a variable, an operator and what it is compared with; the last two may be empty.
pub(super) fn condition(block: &Directive) -> (String, String, String) {
    let text = block.args.join(" ");
    let text = text.trim();
    let text = text.strip_prefix('(').unwrap_or(text);
    // The closing bracket of the condition alone: those before it belong to a pattern.
    let text = text.strip_suffix(')').unwrap_or(text).trim();
    let (name, test) = text.split_once(' ').unwrap_or((text, ""));
    let (operator, operand) = test.trim_start().split_once(' ').unwrap_or((test.trim(), ""));
    (name.to_owned(), operator.to_owned(), operand.trim().to_owned())
}

/// Whether the requests without TLS are sent to https before any location is asked; `ports` are the sockets without TLS.
pub(super) fn redirects_plain(server: &Directive, ports: &[&str]) -> bool {
    let only_80 = ports.iter().all(|socket| socket.ends_with(":80"));
    conditions(server).any(|block| {
        let (name, operator, operand) = condition(block);
        let plain = match (name.as_str(), operator.as_str(), operand.as_str()) {
            ("$scheme", "=", "http")
            | ("$scheme", "!=", "https")
            | ("$https" | "$ssl_protocol", "=", "")
            | ("$https", "!=", "on") => true,
            ("$server_port", "=", "80") => only_80,
            _ => false,
        };
        plain && fixed_answer(block) == Some(Answer::Redirects)
    })
}
