//! Planting and searching.

use std::path::Path;

use super::support::run_in;

/// Secrets that stand nowhere else, each with the line it was planted in.
pub struct Canaries {
    state: u64,
    planted: Vec<(String, String)>,
}

impl Canaries {
    pub fn new(seed: u64) -> Self {
        Self { state: seed, planted: Vec::new() }
    }

    /// Puts a fresh secret at every `%%`.
    pub fn plant(&mut self, text: &str) -> String {
        text.split_inclusive('\n').map(|line| self.plant_line(line)).collect()
    }

    fn plant_line(&mut self, line: &str) -> String {
        let mut parts = line.split("%%");
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let secret = self.fresh();
            out += &secret;
            out += part;
            self.planted.push((secret, line.trim().to_owned()));
        }
        out
    }

    /// Letters and digits as a password manager makes them.
    fn fresh(&mut self) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";
        let mut next = || {
            self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(LETTERS[usize::try_from(self.state >> 33).unwrap() % LETTERS.len()])
        };
        format!("q{}7T", (0..13).map(|_| next()).collect::<String>())
    }

    pub fn len(&self) -> usize {
        self.planted.len()
    }

    /// Every planted secret that stands in a text, in whatever case.
    pub fn found(&self, what: &str, text: &str) -> Vec<String> {
        let lower = text.to_lowercase();
        let find = |secret: &String| lower.find(&secret.to_lowercase());
        let show = |at: usize| lower.get(at.saturating_sub(80)..(at + 20).min(lower.len())).unwrap_or_default().to_owned();
        let hits = self.planted.iter().filter_map(|(secret, line)| Some((line, show(find(secret)?))));
        hits.map(|(line, near)| format!("{what}: planted in `{line}`, seen in `{near}`")).collect()
    }

    /// Runs everything that takes these targets, and searches what it says and writes.
    pub fn hunt(&self, place: &Path, targets: &[&str]) -> Vec<String> {
        let runs: [&[&str]; 5] = [
            &["audit", "-v"],
            &["audit", "-v", "--format", "json", "-o", "report.json"],
            &[
                "audit",
                "--compose-profile",
                "all",
                "--format",
                "json",
                "--profile",
                "cis-docker-1.6.0",
                "--profile",
                "pre-deploy",
            ],
            &["audit", "--fail-on", "never", "--all-containers"],
            &["collect", "-v", "--compose-profile", "all", "-o", "snapshot.json"],
        ];
        let mut found = Vec::new();
        for arguments in runs {
            // Compose's own options are refused where no compose file is.
            let own = |word: &&&str| targets == ["."] || !matches!(**word, "--compose-profile" | "all");
            let arguments: Vec<&str> = arguments.iter().filter(own).copied().collect();
            let ran = run_in(place, &[&arguments[..], targets].concat());
            assert!(matches!(ran.code, 0 | 1 | 3), "{arguments:?}: exit {}: {}", ran.code, ran.err);
            found.extend(self.found(&format!("output of {arguments:?}"), &ran.out));
            found.extend(self.found(&format!("errors of {arguments:?}"), &ran.err));
        }
        for file in ["report.json", "snapshot.json"] {
            found.extend(self.found(file, &std::fs::read_to_string(place.join(file)).unwrap()));
        }
        let replayed = run_in(place, &["audit", "snapshot.json", "-v"]);
        found.extend(self.found("a replay", &format!("{}{}", replayed.out, replayed.err)));
        found
    }
}
