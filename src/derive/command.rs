//! What commands and variables switch on: debug modes, TLS verification, installations, health checks.

use crate::facts::{Document, Fact, List, Reason, Record, State, Unknown};
use crate::knowledge::{Switches, debug_switches, tls_switches};

const INSTALLERS: [(&str, &[&str]); 12] = [
    ("apt-get", &["install"]),
    ("apt", &["install"]),
    ("apk", &["add"]),
    ("yum", &["install"]),
    ("dnf", &["install"]),
    ("microdnf", &["install"]),
    ("pip", &["install"]),
    ("pip3", &["install"]),
    ("npm", &["install", "i", "ci"]),
    ("yarn", &["install", "add"]),
    ("pnpm", &["install", "add", "i"]),
    ("gem", &["install"]),
];

/// Writes the derived facts about commands, variables, processes and health checks.
pub(super) fn derive(document: &mut Document) {
    let words = lower_words(&document.facts, "command");
    let facts = &mut document.facts;
    let debug = switched_on(facts, &words, debug_switches());
    let tls = switched_on(facts, &words, tls_switches());
    let installs =
        List { items: installations(&words).map(|label| labelled(&label)).collect(), incomplete: unknown_of(facts, "command") };
    let ssh = ssh_servers(facts);
    facts.set_here("debug_switches", debug);
    facts.set_here("tls_verification_off", tls);
    facts.set_here("installs_at_start", installs);
    facts.put("ssh_servers", ssh);
    health(facts);
}

fn labelled(label: &str) -> Fact {
    let mut record = Record::new();
    record.set_here("label", label);
    record.into()
}

/// Words in lower case, `--word=value` as two.
fn lower_words(facts: &Record, path: &str) -> Vec<String> {
    let words = facts.list(path).into_iter().flat_map(List::texts);
    words
        .flat_map(|word| match word.split_once('=') {
            Some((name, value)) if name.starts_with('-') => vec![name.to_ascii_lowercase(), value.to_ascii_lowercase()],
            _ => vec![word.to_ascii_lowercase()],
        })
        .collect()
}

/// Why a list may lack elements, or the fact as a whole is unknown.
fn unknown_of(facts: &Record, path: &str) -> Option<Unknown> {
    match &facts.get(path).state {
        State::Unknown(why) => Some(why.clone()),
        _ => facts.list(path).and_then(|list| list.incomplete.clone()),
    }
}

fn switched_on(facts: &Record, words: &[String], switches: &Switches) -> List {
    let mut on = List { items: Vec::new(), incomplete: unknown_of(facts, "env").or_else(|| unknown_of(facts, "command")) };
    for variable in facts.list("env").into_iter().flat_map(List::records) {
        let Some(name) = variable.text("name") else { continue };
        let value = if variable.text("class") == Some("empty") { Some("") } else { variable.text("shown") };
        let reference = value.is_none() && variable.text("class") == Some("reference");
        match switches.state(name, value).map(|state| state.filter(|_| !reference)) {
            Some(Some(true)) => {
                let mut item = labelled(&format!("{name}={}", value.unwrap_or("[not shown]")));
                item.origin.clone_from(&variable.get("name").origin);
                on.items.push(item);
            }
            Some(None) => {
                on.incomplete
                    .get_or_insert_with(|| Unknown::new(Reason::UnknownFact, format!("the value of {name} cannot be told")));
            }
            _ => {}
        }
    }
    on.items
        .extend(switches.command.iter().filter(|switch| switch.stands_in(words)).map(|switch| labelled(&switch.words.join(" "))));
    on
}

/// `pip install`, `apt-get -y install`: the verb within a few words of the program.
fn installations(words: &[String]) -> impl Iterator<Item = String> + '_ {
    words.iter().enumerate().filter_map(|(i, word)| {
        let program = word.rsplit('/').next().unwrap_or(word);
        let (program, verbs) = INSTALLERS.iter().find(|(name, _)| *name == program)?;
        let verb = words[i + 1..]
            .iter()
            .take(4)
            .take_while(|w| !matches!(w.as_str(), "&&" | "||" | ";" | "|"))
            .find(|w| verbs.contains(&w.as_str()))?;
        Some(format!("{program} {verb}"))
    })
}

fn ssh_servers(facts: &Record) -> Fact {
    match facts.list("processes") {
        Some(list) => {
            let names = list.texts().filter(|name| {
                matches!(name.rsplit('/').next().unwrap_or("").trim_end_matches(':'), "sshd" | "dropbear" | "sshd-session")
            });
            Fact::known(List { items: names.map(labelled).collect(), incomplete: list.incomplete.clone() })
        }
        None => facts.get("processes").clone(),
    }
}

fn health(facts: &mut Record) {
    let words = lower_words(facts, "health.test");
    if facts.list("health.test").is_none() {
        for path in ["health.can_fail", "health.works_with_authentication"] {
            let fact = facts.get("health.test").clone();
            facts.put(path, fact);
        }
        return;
    }
    let body: &[String] = match words.first().map(String::as_str) {
        Some("cmd" | "cmd-shell" | "none") => &words[1..],
        _ => &words,
    };
    let can_fail = can_fail(body);
    let works = works_with_authentication(body, facts.text("role") == Some("pacs")) && !takes_refusal_for_health(facts, body);
    let origin = facts.get("health.test").origin.clone();
    facts.put("health.can_fail", Fact { origin: origin.clone(), ..Fact::known(can_fail) });
    facts.put("health.works_with_authentication", Fact { origin, ..Fact::known(works) });
}

/// A test that ends in success whatever happens is none.
fn can_fail(words: &[String]) -> bool {
    let text: Vec<&str> = words.iter().map(String::as_str).collect();
    let always = matches!(text.as_slice(), [] | ["true" | ":" | "/bin/true" | "/usr/bin/true"] | ["exit", "0"])
        || matches!(text.as_slice(), ["python" | "python3", "-c", "import", _, ";", "sys.exit", "(", "0", ")"])
        || text.first() == Some(&"echo") && !text.iter().any(|w| matches!(*w, "|" | "&&" | "||" | ";" | ">" | "<"));
    let swallowed = matches!(
        text.as_slice(),
        [.., "||" | ";", "true" | ":" | "/bin/true"] | [.., "||" | ";", "exit", "0"] | [.., "||", "echo", _]
    );
    let shell = matches!(text.as_slice(), ["sh" | "bash" | "/bin/sh" | "/bin/bash", "-c", rest @ ..] if !can_fail(&rest.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>()));
    !(always || swallowed || shell)
}

/// `curl -f` on a PACS answers 401 as soon as authentication is on, and the container counts as ill.
fn works_with_authentication(words: &[String], pacs: bool) -> bool {
    let fails_on_401 = words.iter().any(|w| w.ends_with("curl")) && words.iter().any(|w| w == "--fail" || is_short_flag(w, 'f'))
        || words.iter().any(|w| w.ends_with("wget") || w == "httpget");
    let credentials = words.iter().any(|w| {
        matches!(w.as_str(), "--user" | "--netrc" | "--netrc-file" | "--config" | "--header" | "--cert" | "--http-user")
            || ["u", "n", "k", "h", "e"].iter().any(|f| w == &format!("-{f}"))
    });
    !(pacs && fails_on_401 && !credentials)
}

/// `redis-cli ping` ends with 0 although the answer is NOAUTH.
fn takes_refusal_for_health(facts: &Record, words: &[String]) -> bool {
    let asks_for_password = lower_words(facts, "command").iter().any(|word| word == "--requirepass");
    let has = |names: &[&str]| words.iter().any(|word| names.contains(&word.as_str()));
    let mut variables = facts.list("env").into_iter().flat_map(List::records).filter_map(|variable| variable.text("name"));
    asks_for_password
        && has(&["redis-cli"])
        && !has(&["-a", "--pass", "--user", "-e", "|"])
        && !variables.any(|name| name == "REDISCLI_AUTH")
}

fn is_short_flag(word: &str, flag: char) -> bool {
    word.strip_prefix('-').is_some_and(|flags| !flags.starts_with('-') && flags.contains(flag))
}
