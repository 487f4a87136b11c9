//! Laying waivers over results: which they match, and whether what they rest on holds.

use std::sync::Arc;

use super::{Commitments, Granted, Standing};
use crate::check::{Outcome, Status, Subject};
use crate::facts::{Document, Fact, Kind, List, Reason, Record, State, Unknown, Value};

impl Commitments {
    /// Marks every result that a waiver covers, and notes how each waiver stands.
    pub fn waive(&mut self, documents: &[Document], outcomes: &mut [Outcome]) {
        for outcome in outcomes.iter_mut() {
            outcome.waiver = None;
        }
        for granted in &mut self.waivers {
            let lifted = granted.weigh(documents, outcomes);
            granted.lifts = lifted.len();
            for i in lifted {
                outcomes[i].waiver.get_or_insert_with(|| Arc::clone(&granted.waiver));
            }
        }
    }

    /// Writes `stack.waivers[].used`, which could not be known before the other checks were done.
    pub fn note_use(&self, documents: &mut [Document]) {
        let mut waivers = self.waivers.iter();
        for stack in documents.iter_mut().filter(|document| document.kind == Kind::Stack) {
            let records = stack.facts.list_mut("waivers").map(|list: &mut List| list.items.iter_mut()).into_iter().flatten();
            for record in records.filter_map(record_mut) {
                if let Some(granted) = waivers.next() {
                    record.put("used", granted.used());
                }
            }
        }
    }
}

fn record_mut(fact: &mut Fact) -> Option<&mut Record> {
    match &mut fact.state {
        State::Known(Value::Record(record)) => Some(record),
        _ => None,
    }
}

impl Granted {
    /// The results for which the gate is lifted.
    fn weigh(&mut self, documents: &[Document], outcomes: &[Outcome]) -> Vec<usize> {
        let of_check = || outcomes.iter().enumerate().filter(|(_, outcome)| *outcome.check.id == *self.check);
        let matched: Vec<(usize, &Outcome)> = of_check().filter(|(_, outcome)| self.matches(outcome)).collect();
        let open: Vec<(usize, &Outcome)> = matched.iter().copied().filter(|(_, outcome)| is_open(outcome)).collect();
        let (mut lifted, mut lacks) = (Vec::new(), Vec::new());
        for (i, outcome) in &open {
            match self.holds(documents, outcomes, &outcome.subject) {
                Ok(()) => lifted.push(*i),
                Err(why) => lacks.push(why),
            }
        }
        let unseen = of_check().all(|(_, outcome)| has_no_subject(outcome) || outcome.reason == Some(Reason::Unreachable));
        self.detail = lacks.into_iter().next();
        self.standing = match (self.current, matched.is_empty(), open.is_empty(), lifted.is_empty()) {
            (false, ..) => Standing::Expired,
            (true, true, ..) if unseen => Standing::NotSeen,
            (true, true, ..) => Standing::Orphaned,
            (true, false, true, _) => Standing::Unused,
            (true, false, false, true) => Standing::Void,
            (true, false, false, false) => Standing::InForce,
        };
        if self.current { lifted } else { Vec::new() }
    }

    /// By name, service, or `project/service`.
    fn matches(&self, outcome: &Outcome) -> bool {
        let subject = &outcome.subject;
        let service = subject.service.as_deref();
        let full = subject.project.as_deref().zip(service).map(|(project, service)| format!("{project}/{service}"));
        let names = [Some(&*subject.name), service, full.as_deref()];
        !has_no_subject(outcome) && names.into_iter().flatten().any(|name| glob(&self.subject, name))
    }

    /// Whether the compensating check passes on this subject, and the image is the one that was looked at.
    fn holds(&self, documents: &[Document], outcomes: &[Outcome], subject: &Subject) -> Result<(), String> {
        if let Some(compensating) = &self.compensating {
            let on_subject = outcomes.iter().filter(|o| *o.check.id == **compensating && is_same_place(&o.subject, subject));
            let statuses: Vec<Status> = on_subject.map(|outcome| outcome.status).collect();
            if statuses.is_empty() || statuses.iter().any(|status| *status != Status::Pass) {
                return Err(format!("{compensating} does not pass on {}", subject.name));
            }
        }
        match &self.image {
            Some(image) if !images(documents, subject).iter().any(|known| known == image) => {
                Err(format!("the image of {} is unknown or another one", subject.name))
            }
            _ => Ok(()),
        }
    }

    /// Whether it covers something; an expired one is told by its date alone.
    fn used(&self) -> Fact {
        match self.standing {
            Standing::InForce | Standing::Void | Standing::Expired => Fact::known(true),
            Standing::Unused | Standing::Orphaned => Fact::known(false),
            Standing::NotSeen => Fact::unknown(Unknown::new(
                Reason::NoTarget,
                format!("nothing that the waiver of {} could match was looked at", self.check),
            )),
        }
    }
}

/// A failure, or something undecided. A target that did not answer cannot be accepted as a risk.
fn is_open(outcome: &Outcome) -> bool {
    match outcome.status {
        Status::Fail => true,
        Status::NotEvaluated => outcome.reason != Some(Reason::Unreachable),
        Status::Pass | Status::NotApplicable => false,
    }
}

/// The outcome of a check that found nothing to look at: its subject is the kind itself.
fn has_no_subject(outcome: &Outcome) -> bool {
    outcome.subject.kind != Kind::Stack && *outcome.subject.name == *outcome.subject.kind.word() && outcome.evidence.is_empty()
}

/// The same service, seen by whichever check; else the same name.
fn is_same_place(one: &Subject, other: &Subject) -> bool {
    match (&one.service, &other.service) {
        (Some(a), Some(b)) => a == b && one.project == other.project,
        _ => one.name == other.name,
    }
}

/// Id of the image that a subject runs or is, and the digest of its reference.
fn images(documents: &[Document], subject: &Subject) -> Vec<String> {
    let is_subject = |document: &&Document| match document.kind {
        Kind::Container => {
            is_same_place(&Subject::of(document), subject) && (subject.kind != Kind::Container || document.name == subject.name)
        }
        Kind::Image => subject.kind == Kind::Image && document.name == subject.name,
        _ => false,
    };
    let mut found: Vec<Vec<String>> = Vec::new();
    for document in documents.iter().filter(is_subject) {
        let prefix = if document.kind == Kind::Image { "" } else { "image." };
        let text = |field: &str| document.facts.text(&format!("{prefix}{field}")).map(str::to_owned);
        let digest = text("reference").and_then(|reference| Some(reference.split_once('@')?.1.to_owned()));
        found.push(text("id").into_iter().chain(digest).collect());
    }
    // Replicas that run different images: the waiver holds only for what all of them run.
    let Some((first, rest)) = found.split_first() else { return Vec::new() };
    first.iter().filter(|id| rest.iter().all(|others| others.contains(id))).cloned().collect()
}

/// Whether a name fits a pattern; `*` stands for any number of characters.
fn glob(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(rest) = parts.next().and_then(|head| name.strip_prefix(head)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    let mut rest = rest;
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn patterns() {
        for (pattern, name) in [
            ("*", ""),
            ("*", "a"),
            ("a", "a"),
            ("a*", "a"),
            ("*-1", "clinic-orthanc-1"),
            ("clinic/*", "clinic/db"),
            ("c*o*c", "clinic-orthanc"),
            ("a**b", "ab"),
        ] {
            assert!(glob(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("a", "ab"),
            ("a", "ba"),
            ("a*a", "a"),
            ("", "a"),
            ("*x*", "orthanc"),
            ("orthanc*", "clinic-orthanc-1"),
            ("ab*b", "ab"),
        ] {
            assert!(!glob(pattern, name), "{pattern} {name}");
        }
    }
}
