//! The stack description as facts: who confirms what, what is accepted, and what reports of scanners say.
//!
//! Credentials are left out: not even their references are recorded.

mod evidence;
mod scan;

use std::sync::Arc;

use serde_saphyr::{Location, Spanned};

use self::evidence::{Content, State};
use super::Collected;
use crate::facts::{Assurance, CollectError, Document, Fact, Kind, List, Origin, Record};
use crate::target::{AttestationFile, Description, ScanFile, Threshold, WaiverFile};

/// Days for which a report of a scanner counts when nobody says otherwise.
const MAX_AGE: i64 = 7;

/// The document of a stack description; `given` is the target that brought it in. Only one that was `named` itself
/// chooses profiles.
pub fn collect(description: &Description, given: &str, named: bool) -> Collected {
    let mut writer = Writer { description, named, file: file_name(description), errors: Vec::new() };
    let mut document = Document::new(Kind::Stack, description.file.name.value.trim(), given, Assurance::Declared);
    writer.write(&mut document.facts);
    let errors = writer.errors.into_iter().map(|message| CollectError::new(given, message)).collect();
    Collected { documents: vec![document], errors, ..Collected::default() }
}

fn file_name(description: &Description) -> Arc<str> {
    description.path.file_name().map_or_else(|| "pacscan.yaml".into(), |name| name.to_string_lossy().as_ref().into())
}

struct Writer<'a> {
    description: &'a Description,
    named: bool,
    /// Its name in origins.
    file: Arc<str>,
    errors: Vec<String>,
}

impl Writer<'_> {
    fn write(&mut self, facts: &mut Record) {
        let file = &self.description.file;
        facts.set_here("described", true);
        facts.set_here("file", self.description.path.display().to_string());
        facts.set_here("targets", i64::try_from(file.targets.len().max(1)).unwrap_or(i64::MAX));
        facts.set_here("profiles", texts(self.description.profiles().filter(|_| self.named)));
        facts.set_here("roots", texts(file.roots.iter().map(|root| root.value.clone())));
        let roles = file.roles.iter().map(|(name, role)| self.pair(("name", name), ("role", role))).collect::<Vec<_>>();
        facts.set_here("roles", roles);
        let services = file.services.iter().map(|(service, name)| self.pair(("service", service), ("container", name)));
        facts.set_here("services", services.collect::<Vec<_>>());
        facts.set_here("needs.webdav", texts(file.needs.webdav.iter().cloned()));
        facts.set_here("needs.mutual_tls", texts(file.needs.mutual_tls.iter().cloned()));
        facts.set_here("needs.swarm", file.needs.swarm);
        let attestations: Vec<Fact> = file.attestations.iter().map(|one| self.attestation(one)).collect();
        facts.set_here("attestations", attestations);
        let waivers: Vec<Fact> = file.waivers.iter().map(|one| self.waiver(one)).collect();
        facts.set_here("waivers", waivers);
        let scans: Vec<Fact> = file.evidence.iter().map(|one| self.scan(one)).collect();
        facts.set_here("scans", scans);
    }

    fn origin(&self, place: &Location) -> Arc<Origin> {
        let number = |n: u64| u32::try_from(n).unwrap_or(u32::MAX).max(1);
        Origin::file(&self.file, number(place.line()), number(place.column()))
    }

    fn pair(&self, (key, name): (&str, &str), (field, value): (&str, &Spanned<String>)) -> Fact {
        let mut record = Record::new();
        record.set_here(key, name);
        record.set_here(field, value.value.as_str());
        Fact::from(record).at(&self.origin(&value.referenced))
    }

    fn attestation(&mut self, written: &AttestationFile) -> Fact {
        let mut record = Record::new();
        let place = &written.control.referenced;
        record.set("control", written.control.value.trim(), &self.origin(place));
        record.set_here("owner", written.owner.value.trim());
        record.set_here("date", written.date.value.to_string());
        record.set_here("expires", written.expires.value.to_string());
        record.set_here("statement", written.statement.value.trim());
        match &written.evidence {
            None => {
                record.absent("evidence_file");
                record.absent("evidence_state");
            }
            Some(evidence) => {
                let state = evidence::state(&self.description.beside(&evidence.file.value), &evidence.sha256.value);
                record.set_here("evidence_file", evidence.file.value.as_str());
                record.set_here("evidence_state", state.word());
                self.remark(&evidence.file, state, "the attestation does not count");
            }
        }
        Fact::from(record).at(&self.origin(place))
    }

    fn waiver(&self, written: &WaiverFile) -> Fact {
        let mut record = Record::new();
        record.set("check", written.check.value.trim(), &self.origin(&written.check.referenced));
        record.set_here("subject", written.subject.value.trim());
        record.set_here("reason", written.reason.value.trim());
        record.set_here("owner", written.owner.value.trim());
        record.set_here("ticket", written.ticket.value.trim());
        record.set_here("expires", written.expires.value.to_string());
        match &written.compensating {
            None => record.absent("compensating"),
            Some(check) => record.set("compensating", check.value.trim(), &self.origin(&check.referenced)),
        }
        record.set_or_absent("image", written.image.as_ref().map(|image| image.value.as_str()));
        Fact::from(record).at(&self.origin(&written.check.referenced))
    }

    fn scan(&mut self, written: &ScanFile) -> Fact {
        let mut record = Record::new();
        record.set_here("file", written.file.value.as_str());
        record.set_here("max_age", written.max_age.as_ref().map_or(MAX_AGE, |age| i64::from(age.value)));
        record.set_here("threshold", written.threshold.as_ref().map_or(Threshold::High, |t| t.value).word());
        let path = self.description.beside(&written.file.value);
        match evidence::read(&path, written.sha256.as_ref().map(|hash| hash.value.as_str())) {
            Content::Text(text) => {
                record.set_here("intact", true);
                let date = written.date.as_ref().map(|date| date.value);
                if let Err(why) = scan::write(&text, date, &mut record) {
                    self.errors.push(format!("{}:{}: `{}` {why}", self.file, written.file.referenced.line(), written.file.value));
                    record.set_here("gap", format!("it {why}"));
                }
            }
            Content::None(state) => {
                match state {
                    State::Differs => record.set_here("intact", false),
                    _ => record.set_here("gap", format!("the file is {}", state.word())),
                }
                self.remark(&written.file, state, "it shows nothing");
            }
        }
        Fact::from(record).at(&self.origin(&written.file.referenced))
    }

    fn remark(&mut self, file: &Spanned<String>, state: State, so: &str) {
        let what = match state {
            State::Intact => return,
            State::Differs => "is not the file whose sha256 is written here",
            State::Missing => "is missing",
            State::Unreadable => "cannot be read",
            State::Empty => "is empty",
        };
        self.errors.push(format!("{}:{}: `{}` {what}: {so}", self.file, file.referenced.line(), file.value));
    }
}

fn texts(words: impl Iterator<Item = String>) -> List {
    List::complete(words.map(Fact::known).collect())
}
