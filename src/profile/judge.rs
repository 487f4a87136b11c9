//! Outcomes under a profile: the status of every control, score, coverage and grade (SEMANTICS section 6).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::commitments::Attestation;
use super::model::{Control, Profile};
use crate::check::{Outcome, Severity, Status, Waiver};
use crate::facts::{Assurance, Reason};

/// How a control stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ControlStatus {
    /// Every applicable subject passes, on strong enough evidence.
    Met,
    /// A subject fails.
    NotMet,
    /// None fails, but something could not be found out.
    NotEvaluated,
    /// It concerns nothing here.
    NotApplicable,
    /// A named person says so.
    Attested,
    /// No check decides it, and nobody has attested it.
    Manual,
}

/// School grade of a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub enum Grade {
    /// 90 and more.
    A,
    /// 80 and more.
    B,
    /// 70 and more.
    C,
    /// 60 and more.
    D,
    /// Less, or a critical finding is open.
    F,
}

impl Grade {
    /// The grade of a score between 0 and 100.
    pub fn of(score: f64) -> Self {
        match score {
            s if s >= 90.0 => Self::A,
            s if s >= 80.0 => Self::B,
            s if s >= 70.0 => Self::C,
            s if s >= 60.0 => Self::D,
            _ => Self::F,
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// A control as judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The line of the checklist.
    pub control: Control,
    /// How it stands.
    pub status: ControlStatus,
    /// Set when all its failing subjects are waived, or, where none fails, all that is not evaluated: the waiver that
    /// ends first.
    pub waived: Option<Arc<Waiver>>,
    /// Something is undecided that nobody has waived or attested.
    pub undecided: bool,
    /// The attestation that it rests on.
    pub attestation: Option<Attestation>,
    /// The worst of its failing subjects, else its own.
    pub severity: Severity,
    /// Share of applicable subjects that pass, 0 to 1; none when it does not apply.
    pub score: Option<f64>,
    /// Share of applicable subjects that were decided, 0 to 1; none when it does not apply.
    pub coverage: Option<f64>,
    /// Why subjects are undecided, weak passes (`assurance`) included.
    pub reasons: BTreeSet<Reason>,
}

/// How often each status occurs; a waived control counts as waived only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Counts {
    /// Met.
    pub met: usize,
    /// Not met.
    pub not_met: usize,
    /// Not evaluated.
    pub not_evaluated: usize,
    /// Not applicable.
    pub not_applicable: usize,
    /// Attested.
    pub attested: usize,
    /// Manual, and attested by nobody.
    pub manual: usize,
    /// Waived.
    pub waived: usize,
}

/// A profile as judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The controls in the order of the profile.
    pub controls: Vec<Judged>,
    /// 0 to 100 with one decimal; none when nothing applies. Grade and thresholds go by this rounded number, so
    /// that a reader of the report comes to the same decision.
    pub score: Option<f64>,
    /// 0 to 100 with one decimal; none when nothing applies.
    pub coverage: Option<f64>,
    /// Grade of the score, after the cap.
    pub grade: Option<Grade>,
    /// The check whose open critical finding caps the grade at F; the first by id.
    pub grade_cap: Option<Arc<str>>,
    /// How often each status occurs.
    pub counts: Counts,
}

impl Judged {
    /// Whether GO may be said although nothing more happens here.
    pub fn is_satisfied(&self) -> bool {
        self.waived.is_some() && !self.undecided
            || matches!(self.status, ControlStatus::Met | ControlStatus::Attested | ControlStatus::NotApplicable)
    }
}

impl Judgement {
    /// The required controls that stand in the way of GO, in the order of the profile.
    pub fn open_requirements(&self) -> impl Iterator<Item = &Judged> {
        self.controls.iter().filter(|judged| judged.control.required && !judged.is_satisfied())
    }
}

/// Judges outcomes by a profile, with the attestations that count. A check without any outcome counts as not evaluated.
pub fn judge(profile: &Profile, outcomes: &[Outcome], attestations: &[Attestation]) -> Judgement {
    let mut by_check: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
    for outcome in outcomes {
        by_check.entry(&outcome.check.id).or_default().push(outcome);
    }
    let controls: Vec<Judged> = profile.controls.iter().map(|c| judge_control(profile, c, &by_check, attestations)).collect();
    let score = weighted(&controls, |judged| judged.score);
    let grade_cap = open_critical(profile, &by_check);
    Judgement {
        coverage: weighted(&controls, |judged| judged.coverage),
        grade: if grade_cap.is_some() { Some(Grade::F) } else { score.map(Grade::of) },
        counts: count(&controls),
        score,
        grade_cap,
        controls,
    }
}

/// Subjects of one check: not applicable ones are left out.
#[derive(Clone, Copy, Default)]
struct Tally {
    pass: u32,
    fail: u32,
    unknown: u32,
}

impl Tally {
    fn share(self, of: u32) -> Option<f64> {
        let all = self.pass + self.fail + self.unknown;
        (all > 0).then(|| f64::from(of) / f64::from(all))
    }
}

/// One control while its outcomes are counted.
#[derive(Default)]
struct Count {
    tallies: Vec<Tally>,
    reasons: BTreeSet<Reason>,
    severity: Option<Severity>,
    /// The attestation that filled something.
    attestation: Option<Attestation>,
    /// A manual part that nobody has attested.
    manual: bool,
    /// Waivers of failures and of undecided results, and how many of each have none.
    waived_failures: BTreeSet<Arc<Waiver>>,
    waived_unknowns: BTreeSet<Arc<Waiver>>,
    open_failures: usize,
    open_unknowns: usize,
}

impl Count {
    fn fail(&mut self, tally: &mut Tally, outcome: &Outcome) {
        tally.fail += 1;
        self.severity = self.severity.max(Some(outcome.severity));
        match &outcome.waiver {
            Some(waiver) => drop(self.waived_failures.insert(Arc::clone(waiver))),
            None => self.open_failures += 1,
        }
    }

    fn unknown(&mut self, tally: &mut Tally, reason: Reason, waiver: Option<&Arc<Waiver>>) {
        tally.unknown += 1;
        self.reasons.insert(reason);
        match waiver {
            Some(waiver) => drop(self.waived_unknowns.insert(Arc::clone(waiver))),
            None => self.open_unknowns += 1,
        }
    }

    fn manual(&mut self, attestation: Option<&Attestation>) -> Tally {
        match attestation {
            Some(attestation) => {
                self.attestation = Some(attestation.clone());
                Tally { pass: 1, ..Tally::default() }
            }
            None => {
                self.manual = true;
                self.open_unknowns += 1;
                Tally { unknown: 1, ..Tally::default() }
            }
        }
    }

    fn waived(&self) -> Option<Arc<Waiver>> {
        let first = |waivers: &BTreeSet<Arc<Waiver>>| waivers.iter().min_by_key(|waiver| waiver.expires.clone()).cloned();
        match (self.open_failures, self.waived_failures.is_empty(), self.open_unknowns) {
            (0, false, _) => first(&self.waived_failures),
            (0, true, 0) => first(&self.waived_unknowns),
            _ => None,
        }
    }
}

fn judge_control(
    profile: &Profile,
    control: &Control,
    by_check: &BTreeMap<&str, Vec<&Outcome>>,
    attestations: &[Attestation],
) -> Judged {
    let mut count = Count::default();
    let whole = attestations.iter().find(|attestation| attestation.is_for(profile, control));
    for check in &control.checks {
        let attestation = whole.or_else(|| attestations.iter().find(|attestation| attestation.is_for_check(check)));
        let tally = if control.manual.contains(check) {
            count.manual(attestation)
        } else {
            let outcomes = by_check.get(&**check).map(Vec::as_slice);
            let minimum = profile.minimum_for(control, check);
            let missing = if control.planned.contains(check) { Reason::NotProbed } else { Reason::UnknownFact };
            tally(&mut count, outcomes, minimum, attestation, missing)
        };
        count.tallies.push(tally);
    }
    if control.checks.is_empty() {
        let tally = count.manual(whole);
        count.tallies.push(tally);
    }
    Judged {
        status: status(control, &count),
        waived: count.waived(),
        undecided: count.open_unknowns > 0,
        severity: count.severity.unwrap_or(control.severity),
        // A manual line applies and nobody has shown it: it weighs in both and earns nothing until it is attested.
        score: mean(count.tallies.iter().filter_map(|t| t.share(t.pass))),
        coverage: mean(count.tallies.iter().filter_map(|t| t.share(t.pass + t.fail))),
        reasons: count.reasons,
        attestation: count.attestation,
        control: control.clone(),
    }
}

/// One check of a control; without any outcome it is undecided for the reason `missing`.
fn tally(
    count: &mut Count,
    outcomes: Option<&[&Outcome]>,
    minimum: Assurance,
    attestation: Option<&Attestation>,
    missing: Reason,
) -> Tally {
    let mut tally = Tally::default();
    for outcome in outcomes.into_iter().flatten() {
        match (outcome.status, outcome.reason) {
            (Status::Fail, _) => count.fail(&mut tally, outcome),
            (Status::Pass, _) if outcome.assurance >= minimum => tally.pass += 1,
            (Status::Pass, _) => count.unknown(&mut tally, Reason::Assurance, None),
            (Status::NotEvaluated, Some(Reason::Unproven)) if attestation.is_some() => {
                tally.pass += 1;
                count.attestation = attestation.cloned();
            }
            (Status::NotEvaluated, reason) => {
                count.unknown(&mut tally, reason.unwrap_or(Reason::UnknownFact), outcome.waiver.as_ref());
            }
            (Status::NotApplicable, _) => {}
        }
    }
    if outcomes.is_none() {
        count.unknown(&mut tally, missing, None);
    }
    tally
}

fn status(control: &Control, count: &Count) -> ControlStatus {
    let any = |of: fn(&Tally) -> u32| count.tallies.iter().any(|tally| of(tally) > 0);
    if any(|t| t.fail) {
        ControlStatus::NotMet
    } else if !control.planned.is_empty() {
        ControlStatus::NotEvaluated
    } else if count.manual {
        ControlStatus::Manual
    } else if any(|t| t.unknown) {
        ControlStatus::NotEvaluated
    } else if count.attestation.is_some() {
        ControlStatus::Attested
    } else if any(|t| t.pass) {
        ControlStatus::Met
    } else {
        ControlStatus::NotApplicable
    }
}

fn mean(shares: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = shares.fold((0.0, 0u32), |(sum, n), share| (sum + share, n + 1));
    (n > 0).then(|| sum / f64::from(n))
}

/// 100 x the weighted mean over applicable controls, with one decimal.
fn weighted(controls: &[Judged], share: fn(&Judged) -> Option<f64>) -> Option<f64> {
    let mut sum = 0.0;
    let mut weights = 0.0;
    for judged in controls {
        if let Some(share) = share(judged) {
            sum += judged.control.weight * share;
            weights += judged.control.weight;
        }
    }
    (weights > 0.0).then(|| (1000.0 * sum / weights).round() / 10.0)
}

/// The first check of the profile, by id, with a critical failure. A waiver does not lift the cap.
fn open_critical(profile: &Profile, by_check: &BTreeMap<&str, Vec<&Outcome>>) -> Option<Arc<str>> {
    let checks: BTreeSet<&Arc<str>> = profile.controls.iter().flat_map(|control| &control.checks).collect();
    let is_open = |check: &str| {
        let outcomes = by_check.get(check).into_iter().flatten();
        outcomes.into_iter().any(|o| o.status == Status::Fail && o.severity == Severity::Critical)
    };
    checks.into_iter().find(|check| is_open(check)).cloned()
}

fn count(controls: &[Judged]) -> Counts {
    let mut counts = Counts::default();
    for judged in controls {
        let slot = match (&judged.waived, judged.status) {
            (Some(_), _) => &mut counts.waived,
            (None, ControlStatus::Met) => &mut counts.met,
            (None, ControlStatus::NotMet) => &mut counts.not_met,
            (None, ControlStatus::NotEvaluated) => &mut counts.not_evaluated,
            (None, ControlStatus::NotApplicable) => &mut counts.not_applicable,
            (None, ControlStatus::Attested) => &mut counts.attested,
            (None, ControlStatus::Manual) => &mut counts.manual,
        };
        *slot += 1;
    }
    counts
}
