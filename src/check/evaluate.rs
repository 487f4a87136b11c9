//! A check on a subject: pure, on recorded facts.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::library::Library;
use super::model::{Check, Severity, SeverityChange};
use super::outcome::{Evidence, Outcome, Status, Subject};
use crate::expr::{Scope, Trace, Truth};
use crate::facts::{Assurance, Document, Fact, Kind, Origin, Reason, State, Unknown, Value};

/// Which kinds of things were looked for, so that "there is none" differs from "nobody looked".
#[derive(Clone, Debug, Default)]
pub struct Planes {
    /// Kinds of which a complete view was had.
    pub seen: BTreeSet<Kind>,
    /// Kinds whose target could not be reached, and why.
    pub unreachable: Vec<(Kind, Reason)>,
    /// The targets, for the subjects of checks that found nothing to look at.
    pub targets: Vec<Arc<str>>,
}

const MAX_EVIDENCE: usize = 24;
const MAX_VALUE: usize = 300;

/// Every check on every subject of its kind; a kind without subjects gives one outcome that says why.
pub fn evaluate(library: &Library, documents: &[Document], planes: &Planes) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for check in library.iter().filter(|check| !check.is_manual()) {
        let before = outcomes.len();
        outcomes.extend(documents.iter().filter(|d| d.kind == check.subject).map(|d| on_document(check, d)));
        if outcomes.len() == before {
            outcomes.push(without_subject(check, planes));
        }
    }
    outcomes
}

/// The same for one kind alone, in place of its earlier outcomes: facts about it were only known after the others.
pub fn evaluate_again(library: &Library, documents: &[Document], kind: Kind, outcomes: &mut Vec<Outcome>) {
    let own: Vec<Document> = documents.iter().filter(|document| document.kind == kind).cloned().collect();
    if own.is_empty() {
        return;
    }
    outcomes.retain(|outcome| outcome.subject.kind != kind);
    let checks = library.iter().filter(|check| check.subject == kind && !check.is_manual());
    outcomes.extend(checks.flat_map(|check| own.iter().map(|document| on_document(check, document))));
    outcomes.sort_by(|a, b| a.check.id.cmp(&b.check.id)); // stable: subjects keep their order
}

/// One check on one document.
pub(super) fn on_document(check: &Arc<Check>, document: &Document) -> Outcome {
    let scope = Scope { root: check.subject.word(), facts: &document.facts, name: &document.name };
    let mut trace = Trace::default();
    if let Some(when) = &check.when {
        let (applies, seen) = when.eval(&scope);
        trace = seen;
        match applies {
            Truth::True => {}
            Truth::False => return finish(check, document, Status::NotApplicable, None, trace),
            Truth::Unknown(why) => return finish(check, document, Status::NotEvaluated, Some(why), trace),
        }
    }
    let Some(pass) = &check.pass else {
        let why = Unknown::new(Reason::Unproven, "no program can see this: a person has to attest it");
        return finish(check, document, Status::NotEvaluated, Some(why), trace);
    };
    let (holds, seen) = pass.eval(&scope);
    trace.read.extend(seen.read);
    trace.witnesses.extend(seen.witnesses);
    trace.errors.extend(seen.errors);
    match holds {
        Truth::True => finish(check, document, Status::Pass, None, trace),
        Truth::False => finish(check, document, Status::Fail, None, trace),
        Truth::Unknown(why) => finish(check, document, Status::NotEvaluated, Some(why), trace),
    }
}

fn finish(check: &Arc<Check>, document: &Document, status: Status, why: Option<Unknown>, trace: Trace<'_>) -> Outcome {
    let scope = Scope { root: check.subject.word(), facts: &document.facts, name: &document.name };
    // What raises or lowers a failure says nothing about anything else.
    let (severity, base_severity, severity_reason) = match status {
        Status::Fail => severity(check, &scope),
        _ => (check.severity, check.severity, None),
    };
    let assurance = trace.read.iter().filter_map(|(_, fact)| fact.origin.as_ref()?.assurance).min();
    let message = match (status, &why) {
        (Status::Fail, _) => check.message.render(&scope),
        (Status::Pass, _) => check.title.clone(),
        (Status::NotApplicable, _) => "does not apply".into(),
        (Status::NotEvaluated, Some(Unknown { detail: Some(detail), .. })) => format!("not evaluated: {detail}"),
        (Status::NotEvaluated, _) => "not evaluated".into(),
    };
    Outcome {
        check: Arc::clone(check),
        subject: Subject::of(document),
        status,
        reason: why.map(|why| why.reason),
        severity,
        base_severity,
        severity_reason,
        assurance: assurance.map_or(document.assurance, |a| a.min(document.assurance)),
        message,
        observed: check.observed.render(&scope),
        evidence: evidence(document, &trace),
        waiver: None,
        errors: trace.errors,
    }
}

/// Severity after all rules, after jumps only, and why it differs. At most one step beyond the jumps.
fn severity(check: &Check, scope: &Scope<'_>) -> (Severity, Severity, Option<String>) {
    let mut base = check.severity;
    let mut reasons = Vec::new();
    let mut applies = check.severity_rules.iter().filter(|rule| rule.when.eval(scope).0 == Truth::True).peekable();
    while let Some(rule) = applies.next_if(|rule| matches!(rule.change, SeverityChange::Is(_))) {
        if reasons.is_empty() {
            base = rule.change.apply(base);
            reasons.push(rule.because.as_str());
        }
    }
    let mut severity = base;
    if let Some(rule) = applies.next() {
        severity = rule.change.apply(base);
        if severity != base {
            reasons.push(&rule.because);
        }
    }
    (severity, base, (!reasons.is_empty()).then(|| reasons.join("; ")))
}

/// Deciding elements first, then the facts read, each once.
fn evidence(document: &Document, trace: &Trace<'_>) -> Vec<Evidence> {
    let mut evidence: Vec<Evidence> = Vec::new();
    for (path, fact) in &trace.witnesses {
        push(&mut evidence, Evidence { fact: path.clone(), value: fact.to_string(), origin: origin(document, fact) });
    }
    for (path, fact) in &trace.read {
        if trace.witnesses.iter().any(|(witness, _)| witness == path) {
            continue;
        }
        let value = match &fact.state {
            State::Known(Value::List(list)) if list.items.len() > 5 => format!("{} elements", list.items.len()),
            _ => fact.to_string(),
        };
        push(&mut evidence, Evidence { fact: path.clone(), value, origin: origin(document, fact) });
    }
    evidence
}

fn push(evidence: &mut Vec<Evidence>, mut one: Evidence) {
    if evidence.len() < MAX_EVIDENCE && !evidence.iter().any(|e| e.fact == one.fact && e.value == one.value) {
        if let Some((cut, _)) = one.value.char_indices().nth(MAX_VALUE) {
            one.value.truncate(cut);
            one.value.push('…');
        }
        evidence.push(one);
    }
}

fn origin(document: &Document, fact: &Fact) -> Origin {
    fact.origin.as_deref().cloned().unwrap_or_default().within(&document.target, document.assurance)
}

/// No subject: either we looked and there is none, or nobody looked.
fn without_subject(check: &Arc<Check>, planes: &Planes) -> Outcome {
    let kind = check.subject;
    let unreachable = planes.unreachable.iter().find(|(k, _)| *k == kind).map(|(_, reason)| *reason);
    let (status, reason, message) = match (unreachable, planes.seen.contains(&kind)) {
        (Some(reason), _) => (
            Status::NotEvaluated,
            reason,
            format!("not evaluated: the target that has the {kind} facts could not be read ({reason})"),
        ),
        (None, true) => (Status::NotApplicable, Reason::NoTarget, format!("does not apply: there is no {kind}")),
        (None, false) => (Status::NotEvaluated, Reason::NoTarget, format!("not evaluated: no target shows {kind} facts")),
    };
    Outcome {
        check: Arc::clone(check),
        subject: Subject {
            kind,
            name: kind.word().into(),
            service: None,
            project: None,
            target: planes.targets.first().cloned().unwrap_or_else(|| "".into()),
        },
        status,
        reason: (status == Status::NotEvaluated).then_some(reason),
        severity: check.severity,
        base_severity: check.severity,
        severity_reason: None,
        assurance: Assurance::Declared,
        message,
        observed: String::new(),
        evidence: Vec::new(),
        waiver: None,
        errors: Vec::new(),
    }
}
