//! The check file, as written and as compiled.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;

use super::file::FileError;
use crate::expr::{Expression, Template};
use crate::facts::{Kind, Reason};

/// How bad a failure is. The order is from mild to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good practice.
    Low,
    /// Makes another fault worse.
    Medium,
    /// Patient data or the host are exposed with one more step.
    High,
    /// Patient data or the host are exposed.
    Critical,
}

impl Severity {
    /// All, worst first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }

    fn raised(self) -> Self {
        match self {
            Self::Low => Self::Medium,
            Self::Medium => Self::High,
            Self::High | Self::Critical => Self::Critical,
        }
    }

    fn lowered(self) -> Self {
        match self {
            Self::Critical => Self::Critical,
            Self::High => Self::Medium,
            Self::Medium | Self::Low => Self::Low,
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A check file as it is written (`checks/<area>/<id>.yaml`).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckFile {
    /// Same as the name of the file; states the wanted condition: `container-non-root`.
    #[schemars(with = "String")]
    pub id: Spanned<String>,
    /// One line, the wanted condition as a statement.
    #[schemars(with = "String")]
    pub title: Spanned<String>,
    /// How bad a failure is, before exposure is looked at.
    pub severity: Severity,
    /// What is checked; also the root of paths in expressions.
    pub subject: Kind,
    /// No program can see it: a named person attests it. Such a check has no `pass`, `when`, `message`, `observed`,
    /// `severity_rules` and `cases`, and yields no results.
    #[serde(default)]
    pub manual: bool,
    /// CEL: whether the check applies to this subject. Unknown makes the outcome `not_evaluated`.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub when: Option<Spanned<String>>,
    /// CEL: what must hold. Every check that is not manual has it.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub pass: Option<Spanned<String>>,
    /// What raises or lowers the severity of a failure.
    #[serde(default)]
    pub severity_rules: Vec<SeverityRuleFile>,
    /// One sentence about the failure, with expressions in braces.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub message: Option<Spanned<String>>,
    /// What was wanted; of a manual check, what an attestation must state.
    pub expected: String,
    /// What was seen, with expressions in braces.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub observed: Option<Spanned<String>>,
    /// Why it matters in an imaging stack.
    pub why: String,
    /// What to do.
    pub fix: String,
    /// Official pages.
    #[serde(default)]
    pub references: Vec<String>,
    /// Former ids.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The check's own tests.
    #[serde(default)]
    pub cases: Vec<CaseFile>,
}

/// One rule about severity, as written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeverityRuleFile {
    /// CEL: when it applies.
    #[schemars(with = "String")]
    pub when: Spanned<String>,
    /// An explicit jump of the contract: takes the place of the base severity.
    #[serde(default)]
    pub is: Option<Severity>,
    /// One step up.
    #[serde(default)]
    pub raise: bool,
    /// One step down; a critical stays critical.
    #[serde(default)]
    pub lower: bool,
    /// The reason to print.
    pub because: String,
}

/// One case of a check, as written. Facts that are not written are unknown.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// The outcome that must come about.
    pub expect: super::Status,
    /// The reason that must come about.
    #[serde(default)]
    pub reason: Option<Reason>,
    /// The severity that must come about.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// Why this case is here.
    #[serde(default)]
    pub note: Option<String>,
    /// Facts by path, nested.
    #[serde(default)]
    pub facts: serde_json::Map<String, serde_json::Value>,
    /// Paths that are absent.
    #[serde(default)]
    pub absent: Vec<String>,
    /// Lists that may lack elements.
    #[serde(default)]
    pub incomplete: Vec<String>,
    /// Paths that are unknown, with the reason.
    #[serde(default)]
    pub unknown: std::collections::BTreeMap<String, Reason>,
}

/// What a severity rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeverityChange {
    /// Takes the place of the base.
    Is(Severity),
    /// One step up.
    Raise,
    /// One step down.
    Lower,
}

impl SeverityChange {
    /// The severity after the change.
    pub fn apply(self, severity: Severity) -> Severity {
        match self {
            Self::Is(is) => is,
            Self::Raise => severity.raised(),
            Self::Lower => severity.lowered(),
        }
    }
}

/// A compiled rule about severity.
#[derive(Clone, Debug)]
pub struct SeverityRule {
    /// When it applies.
    pub when: Expression,
    /// What it does.
    pub change: SeverityChange,
    /// The reason to print.
    pub because: String,
}

/// A compiled check.
#[derive(Clone, Debug)]
pub struct Check {
    /// Its id.
    pub id: Arc<str>,
    /// Area: the first word of the id, and the name of its folder.
    pub area: Arc<str>,
    /// The wanted condition.
    pub title: String,
    /// Severity before rules.
    pub severity: Severity,
    /// What it is about.
    pub subject: Kind,
    /// Whether it applies.
    pub when: Option<Expression>,
    /// What must hold; none for a manual check.
    pub pass: Option<Expression>,
    /// Rules about severity: jumps first.
    pub severity_rules: Vec<SeverityRule>,
    /// Sentence about a failure.
    pub message: Template,
    /// What was wanted.
    pub expected: String,
    /// What was seen.
    pub observed: Template,
    /// Why it matters.
    pub why: String,
    /// What to do.
    pub fix: String,
    /// Official pages.
    pub references: Vec<String>,
    /// Former ids.
    pub aliases: Vec<String>,
    /// Its own tests.
    pub cases: Vec<CaseFile>,
    /// The file it came from.
    pub path: String,
    /// That file's text.
    pub source: String,
}

impl Check {
    /// Whether only a person can confirm it: it yields no results, and a control needs an attestation.
    pub fn is_manual(&self) -> bool {
        self.pass.is_none()
    }

    /// Compiles a check from its file's text.
    pub fn parse(path: &str, source: &str) -> Result<Self, FileError> {
        Self::compile(path, source, super::file::parse_yaml(path, source)?)
    }

    fn compile(path: &str, source: &str, file: CheckFile) -> Result<Self, FileError> {
        let root = file.subject.word();
        let expression = |text: &Spanned<String>| {
            Expression::parse(&text.value, root).map_err(|e| FileError::in_expression(path, source, text, &e))
        };
        let template = |text: &Option<Spanned<String>>| {
            text.as_ref().map_or(Ok(Template::default()), |text| {
                Template::parse(&text.value, root).map_err(|e| FileError::in_expression(path, source, text, &e))
            })
        };
        let mut severity_rules = Vec::new();
        for rule in &file.severity_rules {
            let change = match (rule.is, rule.raise, rule.lower) {
                (Some(is), false, false) => SeverityChange::Is(is),
                (None, true, false) => SeverityChange::Raise,
                (None, false, true) => SeverityChange::Lower,
                _ => {
                    let message = "a severity rule has exactly one of `is`, `raise: true` and `lower: true`".into();
                    return Err(FileError::at(path, source, &rule.when.referenced, message, None));
                }
            };
            severity_rules.push(SeverityRule { when: expression(&rule.when)?, change, because: rule.because.clone() });
        }
        severity_rules.sort_by_key(|rule| !matches!(rule.change, SeverityChange::Is(_)));
        let id = file.id.value.as_str();
        Ok(Self {
            // What a .dockerignore leaves out belongs to the Dockerfile beside it.
            area: if id.starts_with("dockerignore-") { "dockerfile" } else { id.split('-').next().unwrap_or(id) }.into(),
            id: id.into(),
            title: file.title.value.clone(),
            severity: file.severity,
            subject: file.subject,
            when: file.when.as_ref().map(expression).transpose()?,
            pass: file.pass.as_ref().map(expression).transpose()?,
            severity_rules,
            message: template(&file.message)?,
            expected: file.expected.clone(),
            observed: template(&file.observed)?,
            why: file.why.trim().to_owned(),
            fix: file.fix.trim().to_owned(),
            references: file.references.clone(),
            aliases: file.aliases.clone(),
            path: path.to_owned(),
            source: source.to_owned(),
            cases: super::library::lint(path, source, &file).map(|()| file.cases)?,
        })
    }
}
