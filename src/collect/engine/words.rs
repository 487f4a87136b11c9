//! Environment, labels, command and health check: classified for secrets while they are read.

use serde_json::Value as Json;

use super::fields::Fields;
use crate::facts::{Class, Fact, Groups, List, Reason, Record, Scanned, SecretScan, Unknown, WordSecret};

/// The detector and the numbers for equal secrets.
pub(super) struct Scanner<'a> {
    /// The detector.
    pub scan: &'a SecretScan,
    /// Numbers for equal secrets of the run.
    pub groups: &'a mut Groups,
}

/// Labels whose value may be shown as it is, by name. All others only where the value itself is harmless.
const SHOWN_LABELS: [&str; 8] = [
    "pacscan.role",
    "com.docker.compose.project",
    "com.docker.compose.service",
    "org.opencontainers.image.version",
    "org.opencontainers.image.title",
    "org.opencontainers.image.base.name",
    "org.opencontainers.image.licenses",
    "org.opencontainers.image.vendor",
];

impl Scanner<'_> {
    /// `Config.Env`.
    pub fn env(&mut self, fields: Fields<'_>) -> Fact {
        fields.list("Config.Env", |pair| {
            let (name, value) = pair.as_str().map(|pair| pair.split_once('=').unwrap_or((pair, "")))?;
            Some(self.scan.scan(name, value, self.groups).to_fact(&shown_name(name)))
        })
    }

    /// `Config.Labels`.
    pub fn labels(&mut self, fields: Fields<'_>) -> Fact {
        fields.entries("Config.Labels", |(name, value)| {
            let value = value.as_str()?;
            let scanned = self.scan.scan(name, value, self.groups);
            Some(label(name, value, &scanned))
        })
    }

    /// Command and health check of a container: their words, and the secrets of both.
    pub fn command(&mut self, fields: Fields<'_>, record: &mut Record) {
        let command = command(fields);
        let test = test(fields);
        let mut secrets = List::default();
        match command {
            Ok(command) => {
                let found = self.scan.scan_words(&command, self.groups);
                record.set("command", found.to_facts(), &fields.origins.of("Config.Cmd"));
                secrets.items.extend(found.secrets.iter().map(|secret| secret.to_fact("command")));
            }
            Err(why) => {
                record.unknown("command", why.clone());
                secrets.incomplete = Some(why);
            }
        }
        match self.health_test(test, fields, record) {
            Ok(found) => secrets.items.extend(found.iter().map(|secret| secret.to_fact("health check"))),
            Err(why) => secrets.incomplete = Some(why),
        }
        record.set("command_secrets", secrets, &fields.origins.of("Config.Cmd"));
    }

    /// `health.defined` and `health.test` of a container or an image; returns the secrets in the test.
    pub fn health(&mut self, fields: Fields<'_>, record: &mut Record) {
        // Secrets of an image's test are found in the containers that run it.
        let _ = self.health_test(test(fields), fields, record);
    }

    fn health_test(
        &mut self,
        test: Result<Vec<&str>, Unknown>,
        fields: Fields<'_>,
        record: &mut Record,
    ) -> Result<Vec<WordSecret>, Unknown> {
        let origin = fields.origins.of("Config.Healthcheck.Test");
        let test = test.inspect_err(|why| {
            record.unknown("health.test", why.clone());
            record.unknown("health.defined", why.clone());
        })?;
        record.set("health.defined", !matches!(test.first(), None | Some(&"NONE")), &origin);
        let (kind, rest) = match test.split_first() {
            Some((kind @ (&"NONE" | &"CMD" | &"CMD-SHELL"), rest)) => (vec![Fact::known(*kind)], rest),
            _ => (Vec::new(), test.as_slice()),
        };
        let found = self.scan.scan_words(rest, self.groups);
        record.set("health.test", [kind, found.to_facts()].concat(), &origin);
        Ok(found.secrets)
    }

    /// Kinds of credentials in the first lines of a log. Numbers of equal secrets are for settings, not for logs.
    pub fn log(&self, lines: &[String]) -> Vec<Fact> {
        let mut found: Vec<Fact> = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            let scanned = self.scan.scan("line", line, &mut Groups::default());
            if scanned.class == Class::Literal && (scanned.length >= 6 || scanned.published) && found.len() < 50 {
                found.push(super::fields::label(format!("{} (line {})", kind_of(line), at + 1)));
            }
        }
        found
    }
}

fn kind_of(line: &str) -> &'static str {
    let lower = line.to_ascii_lowercase();
    if lower.contains("authorization") || lower.contains("bearer ") || lower.contains("basic ") {
        "Authorization header"
    } else if lower.contains("passw") || lower.contains("pwd") {
        "password"
    } else if lower.contains("://") {
        "password in a URL"
    } else {
        "token or key"
    }
}

/// A name that looks like one; an entry without `=` may be anything.
fn shown_name(name: &str) -> String {
    let plain = name.len() <= 128 && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    if plain { name.to_owned() } else { "[redacted]".to_owned() }
}

fn label(name: &str, value: &str, scanned: &Scanned) -> Fact {
    let mut record = Record::new();
    let allowed = SHOWN_LABELS.contains(&name);
    let shown = scanned.shown.clone().or_else(|| (allowed && scanned.class == Class::Plain).then(|| super::fields::plain(value)));
    record.set_here("name", super::fields::plain(name));
    record.set_here("class", scanned.class.word());
    record.set_or_absent("shown", shown);
    record.set_here("published", scanned.published);
    record.set_here("why", scanned.why);
    record.into()
}

/// A field that is a list of words, one text, or nothing.
fn words<'a>(fields: Fields<'a>, field: &'static str) -> Result<Vec<&'a str>, Unknown> {
    match fields.get(field) {
        None | Some(Json::Null) => Ok(Vec::new()),
        Some(Json::String(text)) => Ok(vec![text]),
        Some(Json::Array(items)) => items.iter().map(Json::as_str).collect::<Option<_>>().ok_or_else(|| unreadable(field)),
        Some(_) => Err(unreadable(field)),
    }
}

/// The words of entrypoint and command.
pub(super) fn command(fields: Fields<'_>) -> Result<Vec<&str>, Unknown> {
    let words = [words(fields, "Config.Entrypoint")?, words(fields, "Config.Cmd")?].concat();
    if words.is_empty() { started(fields) } else { Ok(words) }
}

/// What was really started; the same words as entrypoint and command, where those are not told.
fn started(fields: Fields<'_>) -> Result<Vec<&str>, Unknown> {
    Ok([words(fields, "Path")?, words(fields, "Args")?].concat())
}

fn test(fields: Fields<'_>) -> Result<Vec<&str>, Unknown> {
    if fields.get("Config").is_none_or(|config| !config.is_object()) {
        return Err(unreadable("Config"));
    }
    match fields.get("Config.Healthcheck") {
        None | Some(Json::Null) => Ok(Vec::new()),
        Some(Json::Object(_)) => words(fields, "Config.Healthcheck.Test"),
        Some(_) => Err(unreadable("Config.Healthcheck")),
    }
}

fn unreadable(field: &str) -> Unknown {
    Unknown::new(Reason::Unsupported, format!("the engine's {field} cannot be read"))
}
