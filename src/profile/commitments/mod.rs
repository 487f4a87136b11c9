//! What people answer for: attestations and waivers of the stack description (SEMANTICS section 6).

mod verify;
mod waive;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::model::{Control, Profile};
use crate::check::Waiver;
use crate::facts::{Document, Kind, List, Origin, Record};

/// What a named person confirms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Attestation {
    /// Control, `profile/control`, or `process-*` check.
    pub control: String,
    /// Who answers for it.
    pub owner: String,
    /// Since when it counts, RFC 3339 full-date.
    pub date: String,
    /// The last day on which it counts, to its end in UTC.
    pub expires: String,
    /// What is confirmed.
    pub statement: String,
    /// The document that shows it.
    pub evidence: Option<String>,
    /// Why it does not count; null when it does.
    pub void: Option<String>,
}

/// How a waiver stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It lifts the gate for at least one result.
    InForce,
    /// Its last day is over.
    Expired,
    /// It matches, but what it rests on does not hold (`detail` says what).
    Void,
    /// It matches results, and none of them fails or is undecided.
    Unused,
    /// It matches no result.
    Orphaned,
    /// Nothing that it could match was looked at this time.
    NotSeen,
}

/// A waiver as written, and how it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Granted {
    /// Id of the check.
    pub check: String,
    /// Pattern for the subject.
    pub subject: String,
    /// Owner, reason, ticket and last day.
    #[serde(flatten)]
    pub waiver: Arc<Waiver>,
    /// Check that must keep passing on the same subjects.
    pub compensating: Option<String>,
    /// Image id or digest for which it holds.
    pub image: Option<String>,
    /// How it stands.
    pub standing: Standing,
    /// What it lacks, in words.
    pub detail: Option<String>,
    /// For how many results it lifts the gate.
    pub lifts: usize,
    #[serde(skip)]
    current: bool,
}

/// Everything that the stack descriptions of a run hold of this.
#[derive(Clone, Debug, Default)]
pub struct Commitments {
    /// All attestations, those that do not count included.
    pub attestations: Vec<Attestation>,
    /// All waivers.
    pub waivers: Vec<Granted>,
    /// Where they stand: file as the user named it, and place in it; in the same order.
    attested_at: Vec<Place>,
    waived_at: Vec<Place>,
}

/// A place in a stack description.
#[derive(Clone, Debug, Default)]
struct Place {
    file: String,
    line: usize,
    column: usize,
}

impl Attestation {
    /// Whether it speaks of this control of this profile.
    pub(super) fn is_for(&self, profile: &Profile, control: &Control) -> bool {
        match self.control.split_once('/') {
            Some((name, id)) => name == profile.name && id == &*control.id,
            None => self.control == *control.id,
        }
    }

    /// Whether it speaks of a check that people confirm, wherever it is asked for.
    pub(super) fn is_for_check(&self, check: &str) -> bool {
        self.control == check && check.starts_with("process-")
    }
}

impl Commitments {
    /// Reads them from the derived facts of the stack descriptions.
    pub fn of(documents: &[Document]) -> Self {
        let mut all = Self::default();
        for facts in documents.iter().filter(|d| d.kind == Kind::Stack).map(|d| &d.facts) {
            let file = facts.text("file").unwrap_or_default();
            for record in facts.list("attestations").into_iter().flat_map(List::records) {
                all.attestations.push(attestation(record));
                all.attested_at.push(Place::of(file, record.get("control").origin.as_deref()));
            }
            for record in facts.list("waivers").into_iter().flat_map(List::records) {
                all.waivers.push(granted(record));
                all.waived_at.push(Place::of(file, record.get("check").origin.as_deref()));
            }
        }
        all
    }

    /// The attestations that count.
    pub fn counting(&self) -> Vec<Attestation> {
        self.attestations.iter().filter(|attestation| attestation.void.is_none()).cloned().collect()
    }
}

impl Place {
    fn of(file: &str, origin: Option<&Origin>) -> Self {
        let number = |n: Option<u32>| n.map_or(1, |n| usize::try_from(n).unwrap_or(1));
        Self {
            file: file.to_owned(),
            line: number(origin.and_then(|origin| origin.line)),
            column: number(origin.and_then(|origin| origin.column)),
        }
    }
}

fn text(record: &Record, field: &str) -> String {
    record.text(field).unwrap_or_default().to_owned()
}

fn attestation(record: &Record) -> Attestation {
    let why = || record.text("why").unwrap_or("it could not be read").to_owned();
    Attestation {
        control: text(record, "control"),
        owner: text(record, "owner"),
        date: text(record, "date"),
        expires: text(record, "expires"),
        statement: text(record, "statement"),
        evidence: record.text("evidence_file").map(str::to_owned),
        // Whatever is not known to count does not.
        void: (record.bool("current") != Some(true)).then(why),
    }
}

fn granted(record: &Record) -> Granted {
    Granted {
        check: text(record, "check"),
        subject: text(record, "subject"),
        waiver: Arc::new(Waiver {
            owner: text(record, "owner"),
            reason: text(record, "reason"),
            ticket: text(record, "ticket"),
            expires: text(record, "expires"),
        }),
        compensating: record.text("compensating").map(str::to_owned),
        image: record.text("image").map(str::to_owned),
        standing: Standing::Orphaned,
        detail: None,
        lifts: 0,
        current: record.bool("current") == Some(true),
    }
}
