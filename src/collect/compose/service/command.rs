//! Entrypoint and command: words that may be shown, and secrets among them.

use std::sync::Arc;

use super::Service;
use super::health::{self, Check};
use super::lacks_image;
use crate::collect::compose::value::{Node, Value, text};
use crate::collect::dockerfile::{Command, Said};
use crate::facts::{Fact, Groups, List, Origin, Record, Unknown};
use crate::knowledge::secret_scan;

/// The words of a command line.
#[derive(Default)]
pub(super) struct Words {
    /// As Compose would use them; variables that are not set as `${NAME}`.
    effective: Vec<String>,
    /// As far as the file decides them: variables as `${NAME}`.
    decided: Vec<String>,
    /// Why some may be missing.
    unknown: Option<Unknown>,
    /// Why even what the file decides may be missing; a variable that is not set is no reason.
    unread: Option<Unknown>,
}

impl Words {
    /// The words of an instruction of a Dockerfile.
    fn built(command: &Command) -> Self {
        let words = match command {
            Command::Exec(words) => words.clone(),
            Command::Shell(text) => vec!["/bin/sh".to_owned(), "-c".to_owned(), text.clone()],
        };
        Self { effective: words.clone(), decided: words, unknown: None, unread: None }
    }

    /// The words that may be shown.
    pub(super) fn shown_list(&self) -> List {
        let words = secret_scan().scan_words(&self.effective, &mut Groups::default());
        List { items: words.to_facts(), incomplete: self.unknown.clone() }
    }

    fn secrets(&self, place: &str, groups: &mut Groups) -> Vec<Fact> {
        secret_scan().scan_words(&self.decided, groups).secrets.iter().map(|secret| secret.to_fact(place)).collect()
    }
}

/// Words of nodes that are one word each, or one shell text.
pub(super) fn words_of(nodes: &[&Node]) -> Words {
    let mut out = Words::default();
    for node in nodes {
        match (text(node), node.scalar()) {
            (Ok(effective), Some(value)) => {
                out.effective.push(effective.to_owned());
                out.decided.push(value.decided_here());
            }
            (Err(why), value) => {
                if value.is_none_or(|value| value.unknown().is_some()) {
                    out.unread = Some(why.clone());
                }
                // What stands beside a variable that is not set stands there whatever its value will be.
                out.effective.extend(value.map(Value::decided_here));
                out.decided.extend(value.map(Value::decided_here));
                out.unknown = Some(why);
            }
            (Ok(_), None) => {}
        }
    }
    out
}

pub(super) fn write(service: &Service<'_>, facts: &mut Record, groups: &mut Groups) {
    let mut shown = List::default();
    let mut secrets = List::default();
    let lines = lines(service);
    let at = lines.last().map_or_else(|| service.at.origin(), |line| Arc::clone(&line.origin));
    for Line { place, words, origin } in lines {
        let part = words.shown_list();
        shown.items.extend(part.items.into_iter().map(|fact| fact.at(&origin)));
        shown.incomplete = shown.incomplete.or(part.incomplete);
        secrets.items.extend(words.secrets(place, groups).into_iter().map(|fact| fact.at(&origin)));
        secrets.incomplete = secrets.incomplete.or(words.unread);
    }
    if !knows_entrypoint(service) {
        lacks_image(service, &mut shown, "the entrypoint of the image was not seen");
        lacks_image(service, &mut secrets, "the entrypoint of the image was not seen");
    }
    health_secrets(service, &mut secrets, groups);
    hook_secrets(service, &mut secrets, groups);
    facts.put("command", Fact::known(shown).at(&at));
    facts.put("command_secrets", Fact::known(secrets).at(&at));
}

/// Entrypoint or command, by the compose file or the Dockerfile.
struct Line {
    place: &'static str,
    words: Words,
    origin: Arc<Origin>,
}

/// What runs: the entrypoint and the command. With an entrypoint of its own, Compose drops the command of the image.
fn lines(service: &Service<'_>) -> Vec<Line> {
    let image = service.image_built();
    let own = |key: &'static str| {
        let entry = service.entry(key)?;
        Some(Line { place: key, words: line(&entry.node), origin: entry.at.origin() })
    };
    let built = |place: &'static str, said: Option<&Said<Command>>| {
        let said = said?;
        Some(Line { place, words: Words::built(&said.value), origin: service.built_at(said.at) })
    };
    let entrypoint = own("entrypoint");
    let replaced = entrypoint.is_some();
    let entrypoint = entrypoint.or_else(|| built("entrypoint", image?.entrypoint.as_ref()));
    let command = own("command").or_else(|| built("command", image.filter(|_| !replaced)?.cmd.as_ref()));
    entrypoint.into_iter().chain(command).collect()
}

/// Whether the entrypoint is known: by the compose file, or by the Dockerfile.
fn knows_entrypoint(service: &Service<'_>) -> bool {
    service.entry("entrypoint").is_some() || service.image_built().is_some_and(|image| image.entrypoint.is_some())
}

/// The words of entrypoint and command in clear, as far as the files say them; what cannot be known as `${NAME}` or `${}`.
/// None where they say nothing.
pub(in crate::collect::compose) fn words(service: &Service<'_>) -> Option<Vec<String>> {
    let said = lines(service);
    let gap = said.iter().any(|line| line.words.unknown.is_some()).then(|| "${}".to_owned());
    (!said.is_empty()).then(|| said.into_iter().flat_map(|line| line.words.effective).chain(gap).collect())
}

fn health_secrets(service: &Service<'_>, secrets: &mut List, groups: &mut Groups) {
    match health::check(service) {
        Check::Test(test) => {
            let origin = service.entry("healthcheck").map_or(service.at, |entry| &entry.at).origin();
            let found = words_of(&health::parts(test).1).secrets("health check", groups);
            secrets.items.extend(found.into_iter().map(|fact| fact.at(&origin)));
        }
        Check::Images => match service.image_built().and_then(|image| image.health.as_ref()) {
            Some(said) => {
                let found = said.value.iter().flat_map(|test| Words::built(test).secrets("health check", groups));
                let origin = service.built_at(said.at);
                secrets.items.extend(found.map(|fact| fact.at(&origin)));
            }
            None => lacks_image(service, secrets, "the health check of the image was not seen"),
        },
        Check::Off => {}
        Check::Unknown(why) => secrets.incomplete = Some(why),
    }
}

/// Commands that run in the container when it starts or stops.
fn hook_secrets(service: &Service<'_>, secrets: &mut List, groups: &mut Groups) {
    for key in ["post_start", "pre_stop"] {
        for hook in service.get(key).and_then(Node::list).unwrap_or_default() {
            let found = hook.get("command").map(|command| line(command).secrets(key, groups)).unwrap_or_default();
            secrets.items.extend(found.into_iter().map(|fact| fact.at(&hook.at.origin())));
        }
    }
}

/// A list is its words, a text is split as a shell would.
fn line(node: &Node) -> Words {
    if let Some(items) = node.list() {
        return words_of(&items.iter().collect::<Vec<_>>());
    }
    let whole = words_of(&[node]);
    let split = |texts: &[String]| texts.iter().flat_map(|text| shell_words(text)).collect();
    Words { effective: split(&whole.effective), decided: split(&whole.decided), unknown: whole.unknown, unread: whole.unread }
}

/// Splits at spaces outside quotes and takes the quotes off.
fn shell_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(chars.next()),
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_shell_text() {
        assert_eq!(
            shell_words(r#"bash -c "pip install x && run" 'a b' c\ d "" "#),
            ["bash", "-c", "pip install x && run", "a b", "c d", ""]
        );
        assert!(shell_words("  ").is_empty());
    }
}
