//! What a value with variables is, as far as secrets are concerned.
//!
//! Only what stands in the file in clear is a literal: `${VAR}` is none, even where `.env` resolves it; a
//! fallback `${VAR:-literal}` is one while nothing overrides it.

use super::value::{Value, Variable, deepest_default};
use crate::facts::{Class, Fact, Groups, Record, Scanned};
use crate::knowledge::secret_scan;

/// A classified value.
pub(super) struct Classified {
    pub scanned: Scanned,
    /// The secret is a fallback that is in force.
    pub fallback: bool,
}

impl Classified {
    /// As an element of `container.env`.
    pub(super) fn to_fact(&self, name: &str) -> Fact {
        self.scanned.to_record(&shown_name(name), self.fallback).into()
    }

    /// As an element of `container.labels`.
    pub(super) fn to_label(&self, name: &str) -> Fact {
        let mut record = Record::new();
        record.set_here("name", shown_name(name));
        record.set_here("class", self.scanned.class.word());
        record.set_or_absent("shown", self.scanned.shown.clone());
        record.set_here("published", self.scanned.published);
        record.set_here("why", self.scanned.why);
        record.into()
    }
}

/// Names of settings are shown only when they look like names: `- PASSWORD:hunter2` is a typing error that holds a value.
pub(super) fn shown_name(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-/[]@".contains(c);
    match name.find(|c| !plain(c)) {
        None if name.len() <= 160 && !looks_random(name) => name.to_owned(),
        Some(end) if end > 0 && end <= 64 && name[end..].starts_with(':') => name[..end].to_owned(),
        _ => "(unreadable name)".to_owned(),
    }
}

/// A long run that changes between cases or has digits in it: a line of a key that slipped in among the names.
pub(super) fn looks_random(name: &str) -> bool {
    let changes = name.as_bytes().windows(2).filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase()).count();
    let digit = name.bytes().any(|byte| byte.is_ascii_digit());
    name.len() >= 12 && !name.contains(['_', '.']) && (changes >= 3 || changes > 0 && digit)
}

/// Classifies the value of a setting.
pub(super) fn classify(name: &str, value: &Value, groups: &mut Groups) -> Classified {
    if !value.has_variables() {
        return Classified { scanned: secret_scan().scan(name, &value.text, groups), fallback: false };
    }
    let written = scan(name, &value.written(), groups);
    if written.class.is_secret() {
        return Classified { scanned: written, fallback: false };
    }
    let from_file = scan(name, &value.decided_here(), groups);
    if from_file.class.is_secret() {
        return Classified { scanned: from_file, fallback: true };
    }
    let effective = secret_scan().scan(name, &value.text, groups);
    if effective.class == Class::Plain && value.unknown().is_none() {
        return Classified { scanned: effective, fallback: false };
    }
    // `${KEY:?}` asks for a value, and a placeholder is one.
    if effective.class == Class::Placeholder && value.unknown().is_none() {
        return Classified { scanned: effective, fallback: true };
    }
    // The secret is elsewhere; that it is a bad one is still true.
    let scanned = Scanned { class: Class::Reference, why: "it refers to a variable", shown: None, ..effective };
    Classified { scanned, fallback: false }
}

/// Scans a text in which variables stand as `${NAME}`: what is made of them is no literal, what stands beside them may be.
fn scan(name: &str, text: &str, groups: &mut Groups) -> Scanned {
    let scanned = secret_scan().scan(name, text, groups);
    if !scanned.class.is_secret() || !text.contains("${") {
        return scanned;
    }
    let by_shape = secret_scan().scan("value", text, groups);
    if by_shape.class.is_secret() {
        return by_shape;
    }
    Scanned { class: Class::Reference, why: "it refers to a variable", published: false, weak: None, group: None, ..scanned }
}

/// Variables of a value whose fallback is a secret in clear, whether it is in force or not.
pub(super) fn secret_defaults<'v>(key: &str, value: &'v Value, groups: &mut Groups) -> Vec<&'v Variable> {
    let mut out = Vec::new();
    for variable in value.variables() {
        let Some(word) = variable.default() else { continue };
        let default = deepest_default(word);
        let by_name = scan(&variable.name, &default, groups).class.is_secret();
        let mut by_place = || {
            !scan(key, &value.written(), groups).class.is_secret()
                && scan(key, &value.with_default_of(variable), groups).class.is_secret()
        };
        if by_name || by_place() {
            out.push(variable);
        }
    }
    out
}
