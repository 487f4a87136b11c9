//! A check's own cases, run the way real facts are.

use std::fmt;
use std::sync::Arc;

use super::evaluate::on_document;
use super::model::{CaseFile, Check};
use super::outcome::{Outcome, Status};
use crate::facts::{Assurance, Catalogue, Document, Fact, FactType, List, Record, State, Value};

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseVerdict {
    /// As expected, and it was no failure.
    Validated,
    /// As expected: a failure was reported.
    Reported,
    /// A false alarm: a failure was reported that is none.
    Noisy(String),
    /// A miss: a failure, or an unknown, was not seen. The worst there is.
    Missing(String),
    /// The facts of the case do not exist, or reason or severity differ.
    Wrong(String),
}

impl CaseVerdict {
    /// Whether the case holds.
    pub fn holds(&self) -> bool {
        matches!(self, Self::Validated | Self::Reported)
    }
}

impl fmt::Display for CaseVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Validated => f.write_str("validated"),
            Self::Reported => f.write_str("reported"),
            Self::Noisy(why) => write!(f, "noisy: {why}"),
            Self::Missing(why) => write!(f, "missing: {why}"),
            Self::Wrong(why) => write!(f, "wrong: {why}"),
        }
    }
}

/// A case by its number, from 1, and how it ended.
#[derive(Clone, Debug)]
pub struct CaseResult {
    /// Its number in the file, from 1.
    pub number: usize,
    /// How it ended.
    pub verdict: CaseVerdict,
}

/// Runs all cases of a check.
pub fn run_cases(check: &Arc<Check>) -> Vec<CaseResult> {
    let run = |(i, case): (usize, &CaseFile)| CaseResult { number: i + 1, verdict: run_case(check, case) };
    check.cases.iter().enumerate().map(run).collect()
}

fn run_case(check: &Arc<Check>, case: &CaseFile) -> CaseVerdict {
    let facts = match facts(check, case) {
        Ok(facts) => facts,
        Err(message) => return CaseVerdict::Wrong(message),
    };
    let mut document = Document::new(check.subject, "case", "case", Assurance::Effective);
    document.facts = facts;
    judge(case, &on_document(check, &document))
}

fn judge(case: &CaseFile, outcome: &Outcome) -> CaseVerdict {
    let differs = format!("expected {}, got {} ({})", case.expect, outcome.status, outcome.message);
    if outcome.status != case.expect {
        return if outcome.status == Status::Fail { CaseVerdict::Noisy(differs) } else { CaseVerdict::Missing(differs) };
    }
    if let Some(error) = outcome.errors.first() {
        return CaseVerdict::Wrong(format!("the evaluation has a fault: {error}"));
    }
    if case.reason.is_some() && case.reason != outcome.reason {
        let got = outcome.reason.map_or("none", |reason| reason.word());
        return CaseVerdict::Wrong(format!("expected the reason {}, got {got}", case.reason.map_or("none", |r| r.word())));
    }
    if let Some(severity) = case.severity.filter(|s| *s != outcome.severity) {
        return CaseVerdict::Wrong(format!("expected the severity {severity}, got {}", outcome.severity));
    }
    if outcome.status == Status::Fail { CaseVerdict::Reported } else { CaseVerdict::Validated }
}

/// The facts of a case below the check's root, each checked against the catalogue.
fn facts(check: &Check, case: &CaseFile) -> Result<Record, String> {
    let root = check.subject.word();
    let mut all: Record = serde_json::from_value(serde_json::Value::Object(case.facts.clone())).map_err(|e| e.to_string())?;
    for path in &case.absent {
        all.put(path, Fact::absent());
    }
    for (path, reason) in &case.unknown {
        all.put(path, Fact::unknown(*reason));
    }
    for path in &case.incomplete {
        let items = all.list(path).map(|list| list.items.clone()).unwrap_or_default();
        all.put(path, Fact::known(List::incomplete(items, crate::facts::Reason::UnknownFact)));
    }
    for (name, fact) in all.iter() {
        if **name != *root {
            return Err(format!("facts of a check on a {root} begin with `{root}`, not `{name}`"));
        }
        catalogued(name, fact)?;
    }
    Ok(all.get(root).record().cloned().unwrap_or_default())
}

fn catalogued(path: &str, fact: &Fact) -> Result<(), String> {
    let Some(spec) = Catalogue::get().spec(path) else {
        let near = Catalogue::get().nearest(path).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
        return Err(format!("there is no fact `{path}`{near}"));
    };
    match (&fact.state, spec.kind) {
        (State::Absent, _) if !spec.optional => Err(format!("`{path}` is never absent")),
        (State::Absent | State::Unknown(_), _)
        | (State::Known(Value::Bool(_)), FactType::Bool)
        | (State::Known(Value::Int(_)), FactType::Int)
        | (State::Known(Value::Text(_)), FactType::Text) => Ok(()),
        (State::Known(Value::List(list)), FactType::List) => {
            list.items.iter().try_for_each(|item| catalogued(&format!("{path}[]"), item))
        }
        (State::Known(Value::Record(record)), FactType::Record) => {
            record.iter().try_for_each(|(name, fact)| catalogued(&format!("{path}.{name}"), fact))
        }
        (State::Known(value), kind) => Err(format!("`{path}` is {kind:?}, not `{value}`")),
    }
}
