//! The facts of one Dockerfile.

use super::image::{Base, Built, Change, Image};
use super::parse::{Command, Spot};
use super::users::Made;
use super::{Reading, copies, secrets};
use crate::facts::{Fact, Groups, List, Record, Unknown};
use crate::knowledge::secret_scan;

/// Writes everything that is known of a Dockerfile.
pub(super) fn write(reading: &Reading, facts: &mut Record, groups: &mut Groups) {
    facts.set_here("path", &*reading.shown);
    facts.set_here("services", List::default());
    match (&reading.mistake, &reading.built) {
        (Some((message, at)), _) => {
            let origin = reading.origin(*at);
            facts.set("parses", false, &origin);
            facts.set("error", format!("line {}: {message}", at.line), &origin);
        }
        (None, Err(why)) => {
            facts.unknown("parses", why.clone());
            facts.unknown("error", why.clone());
        }
        (None, Ok(_)) => {
            facts.set_here("parses", true);
            facts.absent("error");
        }
    }
    match &reading.built {
        Ok(built) => whole(reading, built, facts, groups),
        Err(why) => {
            for path in ["bases", "secrets", "added", "sources", "env_reaches"] {
                facts.unknown(path, why.clone());
            }
        }
    }
    match reading.image() {
        Ok(image) => final_stage(reading, image, facts),
        Err(why) => {
            for path in ["base", "user.spec", "user.made_root", "health.defined", "health.test"] {
                facts.unknown(path, why.clone());
            }
        }
    }
}

fn whole(reading: &Reading, built: &Built, facts: &mut Record, groups: &mut Groups) {
    let mut bases = List::default();
    for (base, at, number) in &built.bases {
        let Base::Image(reference) = base else { continue };
        let mut record = Record::new();
        record.set_here("stage", built.stages[*number].0.clone().unwrap_or_else(|| format!("number {number}")));
        record.put("reference", reference.clone().map_or_else(Fact::unknown, Fact::known));
        record.set_here("line", i64::from(at.line));
        bases.items.push(Fact::known(record).at(&reading.origin(*at)));
    }
    facts.set_here("bases", bases);
    facts.set_here("secrets", secrets::secrets(reading, built, groups));
    facts.set_here("added", copies::added(reading, built));
    facts.set_here("sources", copies::sources(reading, built));
    facts.set_here("env_reaches", copies::env_reaches(reading, built));
    let ignore = reading.context.ignore().map(|ignore| ignore.file.as_ref().and_then(|file| file.file_name()?.to_str()));
    match ignore {
        Ok(file) => facts.set_or_absent("ignore_file", file),
        Err(why) => facts.unknown("ignore_file", why),
    }
}

fn final_stage(reading: &Reading, image: &Image, facts: &mut Record) {
    let from = reading.origin(image.base_at);
    let base = match &image.base {
        Base::Scratch => Fact::absent(),
        Base::Image(reference) => reference.clone().map_or_else(Fact::unknown, Fact::known),
    };
    facts.put("base", base.at(&from));
    let (spec, at) = match &image.user {
        None => (Fact::absent(), image.base_at),
        Some(said) => (said.value.clone().map_or_else(Fact::unknown, Fact::known), said.at),
    };
    facts.put("user.spec", spec.at(&reading.origin(at)));
    facts.put("user.made_root", made_root(image).at(&reading.origin(at)));
    let (defined, at) = match &image.health {
        None => (false, image.base_at),
        Some(said) => (said.value.is_some(), said.at),
    };
    facts.set("health.defined", defined, &reading.origin(at));
    facts.set("health.test", image.health_words(), &reading.origin(at));
}

impl Image {
    /// The words of the health check that may be shown; empty without one.
    pub(in crate::collect) fn health_words(&self) -> List {
        let (kind, words) = match self.health.as_ref().map(|said| &said.value) {
            None => return List::default(),
            Some(None) => return List::complete(vec![Fact::known("NONE")]),
            Some(Some(Command::Exec(words))) => ("CMD", words.clone()),
            Some(Some(Command::Shell(text))) => ("CMD-SHELL", vec![text.clone()]),
        };
        let shown = secret_scan().scan_words(&words, &mut Groups::default()).to_facts();
        List::complete(std::iter::once(Fact::known(kind)).chain(shown).collect())
    }
}

/// Whether a step gives the user's name the uid 0 (`useradd --non-unique --uid 0`, a line of /etc/passwd).
fn made_root(image: &Image) -> Fact {
    let spec = match image.user.as_ref().map(|said| &said.value) {
        None => return Fact::known(false),
        Some(Err(why)) => return Fact::unknown(why.clone()),
        Some(Ok(spec)) => spec,
    };
    let name = spec.split(':').next().unwrap_or("");
    if let Some(at) = passwd_copied(image) {
        let why = format!("line {} copies users into the image", at.line);
        return Fact::unknown(Unknown::new(crate::facts::Reason::ImageNotSeen, why));
    }
    match image.user_made(name) {
        Some(Made::Unclear) => Fact::unknown(Unknown::new(
            crate::facts::Reason::UnknownFact,
            "a step changes users in a way that only the build shows",
        )),
        made => Fact::known(made == Some(Made::Id(0))),
    }
}

fn passwd_copied(image: &Image) -> Option<Spot> {
    image.changes.iter().find_map(|change| match change {
        Change::Copy(placed) => placed.brings_users().then_some(placed.at),
        Change::Run { .. } => None,
    })
}
