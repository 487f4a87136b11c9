//! Engines: how long a version is cared for, and whether its default logs are bounded.

use jiff::civil::Date;

use super::privileges::bounded;
use crate::facts::{Document, Fact, Reason, State, Unknown};
use crate::knowledge::{Support, end_of_life};

/// Writes the derived facts of an engine.
pub(super) fn derive(document: &mut Document, today: Date, swarm: bool) {
    let (supported, ends) = support(document, today);
    document.facts.put("supported", supported);
    document.facts.put("support_ends", ends);
    let logs = bounded(&document.facts, "log_driver", "log_max_size");
    document.facts.put("log_bounded", logs);
    document.facts.set_here("swarm_declared", swarm);
}

fn support(document: &Document, today: Date) -> (Fact, Fact) {
    let version = document.facts.get("version");
    let Some(text) = version.text() else {
        let why = match &version.state {
            State::Unknown(why) => why.clone(),
            _ => Unknown::new(Reason::UnknownFact, "the engine names no version"),
        };
        return (Fact::unknown(why.clone()), Fact::unknown(why));
    };
    let name = document.facts.text("name").unwrap_or("docker").to_ascii_lowercase();
    let engine = if name.contains("podman") { "podman" } else { "docker" };
    let (supported, ends) = match end_of_life().engine(engine, text) {
        Support::Until(date) => (Fact::known(today <= date), Fact::known(date.to_string())),
        Support::Current => (Fact::known(true), Fact::absent()),
        Support::Unknown => {
            let why = Unknown::new(Reason::UnknownFact, format!("nothing is known about the support of {engine} {text}"));
            (Fact::unknown(why.clone()), Fact::unknown(why))
        }
    };
    (Fact { origin: version.origin.clone(), ..supported }, ends)
}
