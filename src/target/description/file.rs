//! The stack description as written (`pacscan.yaml`).

use std::collections::BTreeMap;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::facts::Probe;

/// A stack description: what belongs to the stack, what is needed, who answers for what.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "StackDescription")]
pub struct StackFile {
    /// Name of the stack in reports.
    #[schemars(with = "String", length(min = 1))]
    pub name: Spanned<String>,
    /// What to audit when this file is named as the target; paths are relative to this file. Just this file's folder
    /// when not given.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub targets: Vec<Spanned<String>>,
    /// Profiles to judge by where the command line names none: names, or paths relative to this file.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub profiles: Vec<Spanned<String>>,
    /// Compose profiles to audit besides the default set; `all` for all.
    #[serde(default)]
    pub compose_profiles: Vec<String>,
    /// How far probing may go where the command line does not say.
    #[serde(default)]
    #[schemars(with = "Option<Probe>")]
    pub probe: Option<Spanned<Probe>>,
    /// Files with extra trusted root certificates, relative to this file.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub roots: Vec<Spanned<String>>,
    /// Role by name of container or service: `orthanc: pacs`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub roles: BTreeMap<String, Spanned<String>>,
    /// Container by compose service, where no label tells: `orthanc: pacs-prod-1`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub services: BTreeMap<String, Spanned<String>>,
    /// What the stack needs although a check would forbid it, or must have beyond what checks ask.
    #[serde(default)]
    pub needs: NeedsFile,
    /// Credentials for probes, by target, as references only: `{password: env:NAME}` or `{password: file:PATH}`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, CredentialShape>")]
    pub credentials: serde_json::Map<String, serde_json::Value>,
    /// What named people confirm.
    #[serde(default)]
    pub attestations: Vec<AttestationFile>,
    /// Findings that are accepted for a time.
    #[serde(default)]
    pub waivers: Vec<WaiverFile>,
    /// Reports of scanners that show the state of images and dependencies.
    #[serde(default)]
    pub evidence: Vec<ScanFile>,
}

/// Needs of the stack, by name of service or container.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NeedsFile {
    /// Services that need `WebDAV`.
    #[serde(default)]
    pub webdav: Vec<String>,
    /// Services that must ask for client certificates.
    #[serde(default)]
    pub mutual_tls: Vec<String>,
    /// The engine runs in swarm mode on purpose.
    #[serde(default)]
    pub swarm: bool,
}

/// Shape of one credential for the published schema; every value is a reference.
#[derive(JsonSchema)]
#[schemars(rename = "Credential", deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape is used")]
struct CredentialShape {
    /// User name: `env:NAME` or `file:PATH`.
    #[schemars(regex(pattern = "^(env|file):.+$"))]
    user: Option<String>,
    /// Password.
    #[schemars(regex(pattern = "^(env|file):.+$"))]
    password: Option<String>,
    /// Bearer token.
    #[schemars(regex(pattern = "^(env|file):.+$"))]
    token: Option<String>,
    /// Client certificate.
    #[schemars(regex(pattern = "^(env|file):.+$"))]
    certificate: Option<String>,
    /// Key of the client certificate.
    #[schemars(regex(pattern = "^(env|file):.+$"))]
    key: Option<String>,
}

/// One attestation: a named person confirms what no program can see.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttestationFile {
    /// Id of a control (`backups`), of a control of one profile (`go-live/backups`), or of a `process-*` check.
    #[schemars(with = "String", length(min = 1))]
    pub control: Spanned<String>,
    /// Who answers for it.
    #[schemars(with = "String", length(min = 1))]
    pub owner: Spanned<String>,
    /// Since when it counts.
    #[schemars(with = "String", extend("format" = "date"))]
    pub date: Spanned<Date>,
    /// Last day on which it counts, to its end in UTC.
    #[schemars(with = "String", extend("format" = "date"))]
    pub expires: Spanned<Date>,
    /// What is confirmed.
    #[schemars(with = "String", length(min = 1))]
    pub statement: Spanned<String>,
    /// The document that shows it; its hash is compared at every audit.
    #[serde(default)]
    pub evidence: Option<EvidenceFile>,
}

/// A file with its hash.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceFile {
    /// Path relative to this file.
    #[schemars(with = "String", length(min = 1))]
    pub file: Spanned<String>,
    /// SHA-256 in hexadecimal, as `sha256sum` prints it.
    #[schemars(with = "String", regex(pattern = "^[0-9a-fA-F]{64}$"))]
    pub sha256: Spanned<String>,
}

/// One waiver: a failure is accepted for a time. It lifts the gate only; score, coverage and the finding stay.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaiverFile {
    /// Id of the check.
    #[schemars(with = "String", length(min = 1))]
    pub check: Spanned<String>,
    /// Pattern for the subject: its name, its service or `project/service`; `*` stands for anything.
    #[schemars(with = "String", length(min = 1))]
    pub subject: Spanned<String>,
    /// Why it is accepted.
    #[schemars(with = "String", length(min = 1))]
    pub reason: Spanned<String>,
    /// Who answers for it.
    #[schemars(with = "String", length(min = 1))]
    pub owner: Spanned<String>,
    /// Where it is followed up.
    #[schemars(with = "String", length(min = 1))]
    pub ticket: Spanned<String>,
    /// Last day on which it holds, to its end in UTC.
    #[schemars(with = "String", extend("format" = "date"))]
    pub expires: Spanned<Date>,
    /// Check that must keep passing on the same subject, else the waiver is void.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub compensating: Option<Spanned<String>>,
    /// Image id or digest for which it holds (`sha256:...`); void for any other and for an unknown one.
    #[serde(default)]
    #[schemars(with = "Option<String>", regex(pattern = "^sha256:[0-9a-f]{64}$"))]
    pub image: Option<Spanned<String>>,
}

/// One report of a scanner: Trivy, Grype, osv-scanner, npm audit or pip-audit, as JSON.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScanFile {
    /// Path relative to this file.
    #[schemars(with = "String", length(min = 1))]
    pub file: Spanned<String>,
    /// SHA-256 in hexadecimal; compared where given.
    #[serde(default)]
    #[schemars(with = "Option<String>", regex(pattern = "^[0-9a-fA-F]{64}$"))]
    pub sha256: Option<Spanned<String>>,
    /// Day of the scan, for reports that name none (osv-scanner, npm audit, pip-audit). Needs `sha256`.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub date: Option<Spanned<Date>>,
    /// Days for which a report counts; 7 when not given.
    #[serde(default)]
    #[schemars(with = "Option<u16>", range(min = 1, max = 366))]
    pub max_age: Option<Spanned<u16>>,
    /// Severity from which a finding fails: `critical`, `high` (when not given), `medium` or `low`.
    #[serde(default)]
    #[schemars(with = "Option<Threshold>")]
    pub threshold: Option<Spanned<Threshold>>,
}

/// Severity from which a finding of a scanner fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Threshold {
    /// Critical findings.
    Critical,
    /// High and worse.
    High,
    /// Medium and worse.
    Medium,
    /// Every finding.
    Low,
}

impl Threshold {
    /// Its word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}
