//! Security scanners: how policies name them, and how pipelines run them.

use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

/// One scanner.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scanner {
    /// Its name.
    pub name: String,
    /// Pattern by which a policy names it.
    #[serde(deserialize_with = "pattern")]
    policy: Regex,
    /// Pattern of a command line that runs it.
    #[serde(default, deserialize_with = "some_pattern")]
    command: Option<Regex>,
    /// Beginnings of actions that run it.
    #[serde(default)]
    pub actions: Vec<String>,
    /// Ids of pre-commit hooks that run it.
    #[serde(default)]
    pub hooks: Vec<String>,
    /// Files whose presence means that it runs by itself.
    #[serde(default)]
    pub files: Vec<String>,
    /// Pattern without which findings do not stop a pipeline; none = they do.
    #[serde(default, deserialize_with = "some_pattern")]
    needs: Option<Regex>,
    /// Pattern with which findings do not stop a pipeline.
    #[serde(default, deserialize_with = "some_pattern")]
    soft: Option<Regex>,
}

impl Scanner {
    /// Whether a policy names it.
    pub fn is_named_in(&self, policy: &str) -> bool {
        self.policy.is_match(policy)
    }

    /// Whether a command line runs it (installing it is not running it).
    pub fn is_run_by(&self, line: &str) -> bool {
        let comment = line.trim_start().starts_with('#');
        let installs = ["pip install", "pip3 install", "apt-get", "npm install", "brew install", "go install"];
        let installs = installs.iter().any(|word| line.contains(word)) && !line.contains("&&") && !line.contains(';');
        !comment && !installs && self.command.as_ref().is_some_and(|command| command.is_match(line))
    }

    /// Whether its findings stop a pipeline when it is run with these words.
    pub fn blocks(&self, words: &str) -> bool {
        self.needs.as_ref().is_none_or(|needs| needs.is_match(words))
            && !self.soft.as_ref().is_some_and(|soft| soft.is_match(words))
    }
}

#[derive(Deserialize)]
struct File {
    scanners: Vec<Scanner>,
}

static SCANNERS: LazyLock<Vec<Scanner>> =
    LazyLock::new(|| super::shipped::<File>("scanners.yaml", include_str!("scanners.yaml")).scanners);

/// The scanners of this version.
pub fn scanners() -> &'static [Scanner] {
    &SCANNERS
}

fn pattern<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Regex, D::Error> {
    let text = String::deserialize(deserializer)?;
    Regex::new(&text).map_err(serde::de::Error::custom)
}

fn some_pattern<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Regex>, D::Error> {
    pattern(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> &'static Scanner {
        scanners().iter().find(|scanner| scanner.name == name).unwrap()
    }

    #[test]
    fn runs_and_blocks() {
        for (name, line, runs, blocks) in [
            ("Bandit", "bandit -r src", true, true),
            ("Bandit", "bandit -r src --exit-zero", true, false),
            ("Bandit", "pip install bandit", false, true),
            ("Bandit", "pip install bandit && bandit -r .", true, true),
            ("Trivy", "trivy image x", true, false),
            ("Trivy", "trivy image --exit-code 1 x", true, true),
            ("Safety", "safety check -r requirements.txt", true, true),
            ("npm audit", "npm audit --audit-level=high", true, true),
            ("npm audit", "npm ci --no-audit", false, true),
            ("Semgrep", "semgrep scan", true, false),
            ("Gitleaks", "gitleaks detect", true, true),
            ("Gitleaks", "# gitleaks detect", false, true),
        ] {
            assert_eq!((named(name).is_run_by(line), !runs || named(name).blocks(line)), (runs, !runs || blocks), "{line}");
        }
        assert!(named("Safety").is_named_in("- **Safety**: Python dependency checker"));
        assert!(!named("Safety").is_named_in("Patient safety comes first. Safety of patients"));
        assert!(named("Trivy").is_named_in("- Trivy (vulnerabilities)"));
    }
}
