//! The five formats, as far as they are needed.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Counts, Scan};

/// Trivy, schema version 2 (`trivy image|fs --format json`).
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Trivy {
    created_at: Option<String>,
    artifact_name: String,
    #[serde(default)]
    artifact_type: String,
    #[serde(default)]
    metadata: TrivyMetadata,
    #[serde(default)]
    results: Option<Vec<TrivyResult>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct TrivyMetadata {
    #[serde(rename = "ImageID")]
    image_id: Option<String>,
    repo_tags: Option<Vec<String>>,
    repo_digests: Option<Vec<String>>,
    #[serde(rename = "OS")]
    os: Option<TrivySystem>,
}

#[derive(Deserialize)]
struct TrivySystem {
    /// Past its end of support: nobody files its flaws any more.
    #[serde(rename = "EOSL", default)]
    ended: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TrivyResult {
    #[serde(default)]
    class: String,
    #[serde(default)]
    vulnerabilities: Option<Vec<TrivyFinding>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TrivyFinding {
    #[serde(default)]
    severity: String,
    #[serde(default)]
    fixed_version: Option<String>,
}

impl Trivy {
    pub(super) fn scan(self) -> Scan {
        let mut counts = Counts::default();
        let results = self.results.unwrap_or_default();
        let packages = results.iter().any(|result| result.class == "os-pkgs" || result.class == "lang-pkgs");
        for finding in results.into_iter().filter_map(|result| result.vulnerabilities).flatten() {
            counts.add(&finding.severity, finding.fixed_version.is_some_and(|version| !version.is_empty()));
        }
        let ended = self.metadata.os.is_some_and(|os| os.ended);
        let digests = self.metadata.repo_digests.unwrap_or_default();
        let mut names = self.metadata.repo_tags.unwrap_or_default();
        names.push(self.artifact_name);
        Scan {
            scanner: "Trivy",
            image: self.artifact_type == "container_image",
            created: self.created_at,
            ids: self.metadata.image_id.into_iter().chain(digests.iter().filter_map(|digest| digest_of(digest))).collect(),
            names: names.into_iter().chain(digests).collect(),
            counts,
            gap: match (packages, ended) {
                (false, _) => Some("it holds no packages: nothing was searched for known flaws".into()),
                (true, true) => Some("the system in the image is past its end of life, so scanners learn of no new flaws".into()),
                (true, false) => None,
            },
        }
    }
}

/// Grype (`grype -o json`).
#[derive(Deserialize)]
pub(super) struct Grype {
    matches: Vec<GrypeMatch>,
    #[serde(default)]
    source: Option<GrypeSource>,
    descriptor: GrypeDescriptor,
}

#[derive(Deserialize)]
struct GrypeMatch {
    vulnerability: GrypeFinding,
}

#[derive(Deserialize)]
struct GrypeFinding {
    #[serde(default)]
    severity: String,
    #[serde(default)]
    fix: GrypeFix,
}

#[derive(Default, Deserialize)]
struct GrypeFix {
    #[serde(default)]
    state: String,
}

#[derive(Deserialize)]
struct GrypeSource {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    target: serde_json::Value,
}

#[derive(Deserialize)]
struct GrypeDescriptor {
    timestamp: Option<String>,
}

impl Grype {
    pub(super) fn scan(self) -> Scan {
        let mut counts = Counts::default();
        for one in &self.matches {
            counts.add(&one.vulnerability.severity, one.vulnerability.fix.state == "fixed");
        }
        let (kind, target) = self.source.map_or_else(Default::default, |source| (source.kind, source.target));
        let text = |field: &str| target.get(field).and_then(serde_json::Value::as_str).map(str::to_owned);
        let texts = |field: &str| -> Vec<String> {
            let list = target.get(field).and_then(serde_json::Value::as_array);
            list.into_iter().flatten().filter_map(|one| one.as_str().map(str::to_owned)).collect()
        };
        let digests = texts("repoDigests");
        Scan {
            scanner: "Grype",
            image: kind == "image",
            created: self.descriptor.timestamp,
            ids: text("imageID")
                .into_iter()
                .chain(text("manifestDigest"))
                .chain(digests.iter().filter_map(|d| digest_of(d)))
                .collect(),
            names: text("userInput").into_iter().chain(texts("tags")).chain(digests).collect(),
            counts,
            gap: None,
        }
    }
}

/// `name@sha256:...` -> `sha256:...`.
fn digest_of(reference: &str) -> Option<String> {
    reference.split_once('@').map(|(_, digest)| digest.to_owned())
}

/// npm audit, report versions 1 and 2 (`npm audit --json`).
#[derive(Deserialize)]
pub(super) struct Npm {
    metadata: NpmMetadata,
    #[serde(default)]
    vulnerabilities: BTreeMap<String, NpmFinding>,
}

#[derive(Deserialize)]
struct NpmMetadata {
    vulnerabilities: BTreeMap<String, i64>,
    /// A number in version 1, numbers by kind in version 2.
    #[serde(default)]
    dependencies: serde_json::Value,
}

#[derive(Deserialize)]
struct NpmFinding {
    /// `true`, `false`, or the change that fixes it.
    #[serde(rename = "fixAvailable", default)]
    fix_available: serde_json::Value,
}

impl Npm {
    pub(super) fn scan(self) -> Scan {
        let found = |name: &str| self.metadata.vulnerabilities.get(name).copied().unwrap_or(0);
        let fixable =
            self.vulnerabilities.values().filter(|one| one.fix_available.as_bool().unwrap_or(!one.fix_available.is_null()));
        let dependencies = &self.metadata.dependencies;
        let is_empty = dependencies.get("total").unwrap_or(dependencies).as_i64() == Some(0);
        Scan {
            scanner: "npm audit",
            gap: is_empty.then(|| "it holds no packages: nothing was searched for known flaws".into()),
            counts: Counts {
                critical: found("critical"),
                high: found("high"),
                medium: found("moderate"),
                low: found("low") + found("info"),
                unrated: 0,
                fixable: i64::try_from(fixable.count()).unwrap_or(i64::MAX),
            },
            ..Scan::default()
        }
    }
}

/// pip-audit (`pip-audit --format json`), which names no severities.
#[derive(Deserialize)]
pub(super) struct Pip {
    dependencies: Vec<PipDependency>,
}

#[derive(Deserialize)]
struct PipDependency {
    #[serde(default)]
    vulns: Vec<PipFinding>,
    #[serde(default)]
    skip_reason: Option<String>,
}

#[derive(Deserialize)]
struct PipFinding {
    #[serde(default)]
    fix_versions: Vec<String>,
}

impl Pip {
    pub(super) fn scan(self) -> Scan {
        let mut counts = Counts::default();
        for finding in self.dependencies.iter().flat_map(|dependency| &dependency.vulns) {
            counts.add("", !finding.fix_versions.is_empty());
        }
        let skipped = self.dependencies.iter().filter(|dependency| dependency.skip_reason.is_some()).count();
        Scan {
            scanner: "pip-audit",
            counts,
            gap: match (self.dependencies.len(), skipped) {
                (0, _) => Some("it holds no packages: nothing was searched for known flaws".into()),
                (_, 0) => None,
                (_, n) => Some(format!("{n} packages were skipped by the scanner")),
            },
            ..Scan::default()
        }
    }
}

/// osv-scanner (`osv-scanner --format json`), which names neither date nor words of severity.
#[derive(Deserialize)]
pub(super) struct Osv {
    results: Vec<OsvResult>,
}

#[derive(Deserialize)]
struct OsvResult {
    #[serde(default)]
    packages: Vec<OsvPackage>,
}

#[derive(Deserialize)]
struct OsvPackage {
    #[serde(default)]
    vulnerabilities: Vec<serde::de::IgnoredAny>,
    #[serde(default)]
    groups: Vec<OsvGroup>,
}

/// Aliases of one flaw.
#[derive(Deserialize)]
struct OsvGroup {
    /// Highest CVSS score, as text.
    #[serde(default)]
    max_severity: String,
}

impl Osv {
    pub(super) fn scan(self) -> Scan {
        let mut counts = Counts::default();
        for package in self.results.iter().flat_map(|result| &result.packages) {
            package.groups.iter().for_each(|group| counts.add(cvss(&group.max_severity), false));
            if package.groups.is_empty() {
                package.vulnerabilities.iter().for_each(|_| counts.add("", false));
            }
        }
        Scan { scanner: "osv-scanner", counts, ..Scan::default() }
    }
}

/// Words of CVSS 3.1, section 5.
fn cvss(score: &str) -> &'static str {
    match score.parse::<f64>() {
        Ok(score) if score >= 9.0 => "critical",
        Ok(score) if score >= 7.0 => "high",
        Ok(score) if score >= 4.0 => "medium",
        Ok(score) if score > 0.0 => "low",
        _ => "",
    }
}
