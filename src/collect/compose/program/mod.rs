//! A service as a program with its words, variables and files, in clear, for the readers of configurations.

mod binds;
mod declared;
mod files;

use std::collections::BTreeMap;
use std::sync::Arc;

use self::files::Files;
use super::service::{Service, settings, words};
use super::value::{Found, Node, Part, text};
use crate::collect::program::{Program, Variable};
use crate::collect::yaml::Map;
use crate::facts::{Assurance, Reason, Unknown};

/// What the compose files say that a service runs, and with what.
pub(super) fn program(service: &Service<'_>, target: &str) -> Program {
    let (environment, environment_incomplete) = environment(service);
    let words = words(service);
    Program {
        name: Arc::clone(service.name),
        service: Some(Arc::clone(service.name)),
        project: Some(Arc::clone(&service.project.name)),
        target: target.into(),
        assurance: Assurance::Declared,
        image: service.get("image").and_then(|node| text(node).ok()).filter(|text| !text.is_empty()).map(str::to_owned),
        base: None,
        labels: labels(service),
        inside: Files::of(service, words.as_deref().unwrap_or_default()),
        words,
        environment,
        environment_incomplete,
    }
}

/// The variables in the order of their names: each stands once, with the value that wins.
fn environment(service: &Service<'_>) -> (Vec<Variable>, Option<Unknown>) {
    let settings = settings(service);
    let variables = settings.variables.iter().filter(|(name, _)| !name.contains(':')).map(|(name, setting)| Variable {
        name: name.clone(),
        value: match setting.value.undecided() {
            Some(why) => Err(why),
            None if setting.bare && is_unset(&setting.value.parts) => {
                Err(Unknown::new(Reason::UnknownFact, format!("{} is taken from where the stack is started", setting.at)))
            }
            None => Ok(setting.value.text.to_string()),
        },
        origin: setting.at.origin(),
        by_image: false,
    });
    (variables.collect(), settings.incomplete)
}

fn is_unset(parts: &[Part]) -> bool {
    parts.iter().any(|part| matches!(part, Part::Variable(variable) if !matches!(variable.found, Found::Set(_))))
}

fn labels(service: &Service<'_>) -> BTreeMap<String, String> {
    let labels = service.get("labels").and_then(Node::map).into_iter().flat_map(Map::iter);
    labels.filter_map(|(name, entry)| Some((name.to_string(), text(&entry.node).ok()?.to_owned()))).collect()
}

#[cfg(test)]
mod tests;
