//! GO or NO-GO, and the exit code (SEMANTICS section 7, CONTRACT section 1).
//!
//! The verdict judges the whole stack by the profiles alone. The gate is the same rule with the command line's
//! overrides, and it alone decides the exit code.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::fingerprint::fingerprint;
use super::judge::{ControlStatus, Judged, Judgement};
use super::model::{FailOn, Profile};
use super::sentence::{listed, plural};
use crate::check::{Outcome, Severity, Status};

/// How many ids a reason names.
const NAMED: usize = 6;

/// What happened around the audit that its outcomes alone do not show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Situation {
    /// Named targets that could not be reached.
    pub unreachable: Vec<String>,
    /// Nothing could be collected at all.
    pub nothing_collected: bool,
    /// The user broke the run off.
    pub interrupted: bool,
    /// Only files were looked at.
    pub static_only: bool,
}

impl Situation {
    /// Whether something that was to be looked at was not: a low score then proves nothing.
    fn is_incomplete(&self) -> bool {
        !self.unreachable.is_empty() || self.nothing_collected || self.interrupted
    }
}

/// The command line's overrides.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GateOptions {
    /// Severity from which a failure blocks; the profile's when not given.
    pub fail_on: Option<FailOn>,
    /// Least score; the profile's when not given.
    pub min_score: Option<f64>,
    /// Least coverage; the profile's when not given.
    pub min_coverage: Option<f64>,
    /// Fingerprints of the failures of an earlier report: only others gate.
    pub baseline: Option<BTreeSet<String>>,
}

/// The word of the verdict. The order is from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerdictWord {
    /// Ready to go live.
    Go,
    /// Nothing speaks against it, but not enough is known.
    Undetermined,
    /// Not ready.
    NoGo,
}

/// The verdict on the whole stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Verdict {
    /// The word.
    pub decision: VerdictWord,
    /// Plain sentences, the most important first.
    pub reasons: Vec<String>,
}

/// What the gate looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GateScope {
    /// Everything.
    All,
    /// What the baseline does not know.
    New,
    /// Nothing: `--fail-on never`.
    Off,
}

/// The gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Gate {
    /// Whether it is met.
    pub met: bool,
    /// What it looked at.
    pub scope: GateScope,
    /// Plain sentences, the most important first.
    pub reasons: Vec<String>,
}

/// Verdict, gate and exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The verdict on the whole stack.
    pub verdict: Verdict,
    /// The gate.
    pub gate: Gate,
    /// 0 met, 1 not met, 3 undetermined.
    pub exit_code: u8,
}

/// Decides over one or more judged profiles: the worst counts.
pub fn decide(judged: &[(&Profile, &Judgement)], outcomes: &[Outcome], situation: &Situation, options: &GateOptions) -> Decision {
    let verdict = weigh(judged, outcomes, situation, &GateOptions::default());
    let weighed = weigh(judged, outcomes, situation, options);
    let (gate, exit_code) = match options.fail_on {
        Some(FailOn::Never) => gate_off(situation),
        _ => gate(weighed, options.baseline.is_some(), judged),
    };
    let decision = verdict.word();
    Decision { verdict: Verdict { decision, reasons: verdict.reasons(|| satisfied(judged), situation) }, gate, exit_code }
}

/// What speaks against GO, and what is open.
#[derive(Default)]
struct Weighed {
    blocking: Vec<String>,
    open: Vec<String>,
}

impl Weighed {
    fn word(&self) -> VerdictWord {
        match (self.blocking.is_empty(), self.open.is_empty()) {
            (false, _) => VerdictWord::NoGo,
            (true, false) => VerdictWord::Undetermined,
            (true, true) => VerdictWord::Go,
        }
    }

    fn reasons(self, good: impl Fn() -> Vec<String>, situation: &Situation) -> Vec<String> {
        let mut reasons = if self.word() == VerdictWord::Go { good() } else { self.blocking };
        reasons.extend(self.open);
        if situation.static_only {
            reasons.push("This is a static audit: only files were read, nothing that runs was looked at.".into());
        }
        reasons
    }
}

fn gate(weighed: Weighed, is_baseline: bool, judged: &[(&Profile, &Judgement)]) -> (Gate, u8) {
    let word = weighed.word();
    let good = || if is_baseline { vec!["Nothing fails that the baseline does not know.".into()] } else { satisfied(judged) };
    let gate = Gate {
        met: word == VerdictWord::Go,
        scope: if is_baseline { GateScope::New } else { GateScope::All },
        reasons: weighed.reasons(good, &Situation::default()),
    };
    let exit_code = match word {
        VerdictWord::Go => 0,
        VerdictWord::NoGo => 1,
        VerdictWord::Undetermined => 3,
    };
    (gate, exit_code)
}

/// `--fail-on never`: only a run that could not do its work is told by the exit code.
fn gate_off(situation: &Situation) -> (Gate, u8) {
    let mut reasons = incomplete(situation);
    let met = reasons.is_empty();
    reasons.push("The gate is off (--fail-on never).".into());
    (Gate { met, scope: GateScope::Off, reasons }, if met { 0 } else { 3 })
}

fn weigh(judged: &[(&Profile, &Judgement)], outcomes: &[Outcome], situation: &Situation, options: &GateOptions) -> Weighed {
    let is_new = |check: &Outcome| {
        options.baseline.as_ref().is_none_or(|known| !known.contains(&fingerprint(&check.check.id, &check.subject)))
    };
    let failures: Vec<&Outcome> =
        outcomes.iter().filter(|o| o.status == Status::Fail && o.waiver.is_none() && is_new(o)).collect();
    let least = options
        .fail_on
        .map_or_else(|| judged.iter().filter_map(|(profile, _)| profile.fail_on.severity()).min(), FailOn::severity);
    let mut weighed = Weighed::default();
    if judged.is_empty() {
        weighed.open.push("No profile was judged.".into());
    }
    weighed.blocking.extend(by_severity(&failures, least, options.baseline.is_some()));
    for (profile, judgement) in judged {
        weighed.blocking.extend(required_failures(profile, judgement, &failures, least));
    }
    weighed.open.extend(incomplete(situation));
    if situation.nothing_collected {
        return weighed; // every control is open then; to say so for each profile tells nobody anything
    }
    for (profile, judgement) in judged {
        if situation.static_only && !profile.accepts_declared() && options.baseline.is_none() {
            weighed.open.push(format!("Files alone cannot satisfy {}: it asks for evidence from what runs.", profile.name));
        }
        if options.baseline.is_none() {
            weighed.open.extend(unproven(profile, judgement));
        }
        score(profile, judgement, situation, options, &mut weighed);
        weighed.open.extend(coverage(profile, judgement, options));
    }
    weighed
}

/// One sentence per severity at or above the least one, the worst first. All results count, in a profile or not.
fn by_severity(failures: &[&Outcome], least: Option<Severity>, is_baseline: bool) -> Vec<String> {
    let Some(least) = least else { return Vec::new() };
    let mut sentences = Vec::new();
    for severity in Severity::ALL.into_iter().filter(|severity| *severity >= least) {
        let mut checks: BTreeMap<&str, usize> = BTreeMap::new();
        for failure in failures.iter().filter(|f| f.severity == severity) {
            *checks.entry(&failure.check.id).or_default() += 1;
        }
        if !checks.is_empty() {
            let subjects: usize = checks.values().sum();
            let ids: Vec<&str> = checks.keys().copied().collect();
            let new = if is_baseline { "new " } else { "" };
            sentences.push(format!(
                "{} on {}: {}.",
                plural(checks.len(), &format!("{new}{severity} finding")),
                plural(subjects, "subject"),
                listed(&ids, NAMED)
            ));
        }
    }
    sentences
}

/// Required controls that fail only below the severity named already.
fn required_failures(profile: &Profile, judgement: &Judgement, failures: &[&Outcome], least: Option<Severity>) -> Option<String> {
    let severity_of =
        |judged: &Judged| failures.iter().filter(|f| judged.control.checks.contains(&f.check.id)).map(|f| f.severity).max();
    let ids: Vec<&str> = judgement
        .open_requirements()
        .filter(|judged| judged.status == ControlStatus::NotMet)
        .filter(|judged| severity_of(judged).is_some_and(|worst| least.is_none_or(|least| worst < least)))
        .map(|judged| &*judged.control.id)
        .collect();
    (!ids.is_empty()).then(|| format!("{} not met: {}.", controls_of(profile, ids.len()), listed(&ids, NAMED)))
}

fn score(profile: &Profile, judgement: &Judgement, situation: &Situation, options: &GateOptions, weighed: &mut Weighed) {
    let own = options.baseline.is_none().then_some(profile.score);
    let Some(least) = options.min_score.or(own) else { return };
    let name = &profile.name;
    // What nobody looked at lowers the score as a failure does, and is none.
    let proves_nothing =
        situation.is_incomplete() || options.min_score.is_none() && situation.static_only && !profile.accepts_declared();
    match judgement.score {
        None => weighed.open.push(format!("No control of {name} applies to what was found, so there is no score.")),
        Some(score) if score >= least => {}
        Some(score) if proves_nothing => {
            weighed.open.push(format!("The score of {name} is {score:.1} so far, {least} is asked for."));
        }
        Some(score) => weighed.blocking.push(format!("The score of {name} is {score:.1}, {least} is asked for.")),
    }
}

/// Required controls that nobody has shown or attested.
fn unproven(profile: &Profile, judgement: &Judgement) -> Vec<String> {
    // Where all failures are waived, what is undecided beside them is still open.
    let standing = |judged: &Judged| match (judged.status, &judged.waived) {
        (ControlStatus::NotMet, Some(_)) => ControlStatus::NotEvaluated,
        (status, _) => status,
    };
    let open = |status: ControlStatus| -> Vec<&str> {
        judgement.open_requirements().filter(|judged| standing(judged) == status).map(|judged| &*judged.control.id).collect()
    };
    let mut sentences = Vec::new();
    for (status, what) in [(ControlStatus::NotEvaluated, "not evaluated"), (ControlStatus::Manual, "manual and not attested")] {
        let ids = open(status);
        if !ids.is_empty() {
            sentences.push(format!("{} {what}: {}.", controls_of(profile, ids.len()), listed(&ids, NAMED)));
        }
    }
    sentences
}

fn coverage(profile: &Profile, judgement: &Judgement, options: &GateOptions) -> Option<String> {
    let own = options.baseline.is_none().then_some(profile.coverage);
    let least = options.min_coverage.or(own)?;
    let coverage = judgement.coverage.filter(|coverage| *coverage < least)?;
    Some(format!("The coverage of {} is {coverage:.1} %, {least} % is asked for.", profile.name))
}

fn incomplete(situation: &Situation) -> Vec<String> {
    let mut reasons = Vec::new();
    if situation.interrupted {
        reasons.push("The run was interrupted before everything was looked at.".to_owned());
    }
    if !situation.unreachable.is_empty() {
        let targets = listed(&situation.unreachable, NAMED);
        reasons.push(format!("{} could not be reached: {targets}.", plural(situation.unreachable.len(), "named target")));
    }
    if situation.nothing_collected {
        reasons.push("Nothing could be collected, so nothing was judged.".to_owned());
    }
    reasons
}

fn satisfied(judged: &[(&Profile, &Judgement)]) -> Vec<String> {
    let one = |(profile, judgement): &(&Profile, &Judgement)| {
        let required = judgement.controls.iter().filter(|judged| judged.control.required).count();
        let number = |value: Option<f64>| value.map_or_else(|| "none".to_owned(), |v| format!("{v:.1}"));
        format!(
            "Nothing stands against {}: {}, score {}, coverage {} %.",
            profile.name,
            match required {
                0 => "no control is required".to_owned(),
                n => format!("{} satisfied", plural(n, "required control")),
            },
            number(judgement.score),
            number(judgement.coverage)
        )
    };
    judged.iter().map(one).collect()
}

/// `3 required controls of go-live are`.
fn controls_of(profile: &Profile, n: usize) -> String {
    format!("{} of {} {}", plural(n, "required control"), profile.name, if n == 1 { "is" } else { "are" })
}
