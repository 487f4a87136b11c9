//! A service as a program with its words, variables and files, in clear, for the readers of configurations.

mod binds;
mod declared;
mod files;
mod image;

use std::path::PathBuf;
use std::sync::Arc;

use self::files::Files;
use super::service::{Service, settings, words};
use super::value::{Found, Part, text};
use crate::collect::dockerfile::Base;
use crate::collect::program::{Program, Variable};
use crate::facts::{Assurance, Reason, Unknown};

/// What the compose files, and the Dockerfile of a service that is built, say that it runs, and with what;
/// and the files of this machine that were read for it.
pub(super) fn program(service: &Service<'_>, target: &str) -> (Program, Vec<PathBuf>) {
    let (environment, environment_incomplete) = environment(service);
    let words = words(service);
    let base = service.image_built().and_then(|image| match &image.base {
        Base::Image(Ok(reference)) => Some(reference.clone()),
        _ => None,
    });
    let (inside, sources) = Files::of(service, words.as_deref().unwrap_or_default());
    let program = Program {
        name: Arc::clone(service.name),
        service: Some(Arc::clone(service.name)),
        project: Some(Arc::clone(&service.project.name)),
        target: target.into(),
        assurance: Assurance::Declared,
        image: service.get("image").and_then(|node| text(node).ok()).filter(|text| !text.is_empty()).map(str::to_owned),
        base,
        inside,
        words,
        environment,
        environment_incomplete,
    };
    (program, sources)
}

/// The variables of the Dockerfile, then those of the compose files; the later of a name wins.
fn environment(service: &Service<'_>) -> (Vec<Variable>, Option<Unknown>) {
    let settings = settings(service);
    let image = service.image_built().into_iter().flat_map(|image| &image.env).map(|variable| Variable {
        name: variable.name.clone(),
        value: variable.value.clone(),
        origin: service.built_at(variable.at),
        by_image: true,
    });
    let own = settings.variables.iter().filter(|(name, _)| !name.contains(':')).map(|(name, setting)| Variable {
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
    let variables = image.chain(own).collect();
    let unread = service.build.and_then(|build| build.image().err());
    (variables, settings.incomplete.or(unread))
}

fn is_unset(parts: &[Part]) -> bool {
    parts.iter().any(|part| matches!(part, Part::Variable(variable) if !matches!(variable.found, Found::Set(_))))
}

#[cfg(test)]
mod tests;
