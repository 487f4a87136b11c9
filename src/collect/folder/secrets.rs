//! Files with settings or keys: which secrets stand in them in clear, and who may read them.

use std::sync::{Arc, LazyLock};

use regex::Regex;

use super::git::Git;
use super::settings::{Format, Setting};
use super::walk::Found;
use crate::facts::{
    Assurance, Class, Document, Fact, Groups, Kind, List, Origin, Reason, Record, Scanned, Unknown, is_secret_name,
};
use crate::knowledge::secret_scan;

/// What kind of file it is, as far as secrets are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// `.env` and its like.
    Env,
    /// A file of keys or certificates.
    Key,
    /// A password-protected key store that cannot be looked into.
    Keystore,
    /// An Orthanc configuration.
    Orthanc,
    /// Kubernetes objects.
    Manifest,
    /// A compose file, whose `${NAME:-default}` `compose-no-secret-defaults` judges.
    Compose,
    /// Any other file of settings.
    Settings(Format),
}

impl Holder {
    fn word(self) -> &'static str {
        match self {
            Self::Env => "env",
            Self::Key => "key",
            Self::Keystore => "keystore",
            Self::Orthanc => "orthanc",
            Self::Manifest => "kubernetes",
            Self::Compose => "compose",
            Self::Settings(Format::Json) => "json",
            Self::Settings(Format::Yaml) => "yaml",
            Self::Settings(Format::Env | Format::Lines) => "settings",
        }
    }

    /// Files that exist to hold secrets, so that they belong on a server and not into a repository.
    pub(super) fn is_for_secrets(self) -> bool {
        matches!(self, Self::Env | Self::Key | Self::Keystore)
    }
}

/// Words that say "fill me in" in the name of a file or of a folder.
static TEMPLATE: LazyLock<Regex> =
    LazyLock::new(|| constant(r"(?i)(^|[._/-])(examples?|samples?|templates?|dist|tmpl|skel)([._/-]|$)"));
static PRIVATE_KEY: LazyLock<Regex> = LazyLock::new(|| constant(r"-----BEGIN ([A-Z]+ )*PRIVATE KEY-----"));
static ENCRYPTED: LazyLock<Regex> = LazyLock::new(|| constant(r"-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED"));
static VARIABLE: LazyLock<Regex> = LazyLock::new(|| constant(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^{}]*)|:?[?+][^{}]*)?\}"));
static OBJECT: LazyLock<Regex> = LazyLock::new(|| constant(r"^[a-z0-9]+(-[a-z0-9]+)+$"));
static RANDOM: LazyLock<Regex> = LazyLock::new(|| constant(r"^[A-Za-z0-9+/_=-]{20,}$"));

fn constant(pattern: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant patterns")]
    Regex::new(pattern).unwrap()
}

/// Values of structured files that say what a secret is for or where it goes, and are none.
const NO_SECRETS: [&str; 24] = [
    "read", "write", "none", "null", "inherit", "optional", "required", "always", "never", "default", "auto", "string", "basic",
    "bearer", "jwt", "header", "cookie", "body", "post", "get", "query", "opaque", "file", "env",
];
/// Names that mean a secret as a variable, and something else in most structured files.
const VAGUE_NAMES: [&str; 8] = ["secrets", "key", "keys", "auth", "auth_basic", "pat", "salt", "pass"];

/// A file that is expected to hold placeholders.
pub(super) fn is_template(shown: &str) -> bool {
    TEMPLATE.is_match(shown)
}

/// The document of one file; a file of settings gets one only where a secret stands in it.
pub(super) fn document(
    found: &Found,
    holder: Holder,
    settings: Result<&[Setting], &Unknown>,
    text: &str,
    place: (&Git, &str),
    groups: &mut Groups,
) -> Option<Document> {
    let (git, given) = place;
    let template = is_template(&found.shown);
    let shown: Arc<str> = found.shown.as_str().into();
    let literals = match settings {
        Ok(settings) => Ok(settings.iter().filter_map(|s| literal(s, holder, template, &shown, groups)).collect::<Vec<_>>()),
        Err(why) => Err(why.clone()),
    };
    if matches!(holder, Holder::Settings(_) | Holder::Manifest | Holder::Compose) && literals.as_ref().is_ok_and(Vec::is_empty) {
        return None;
    }
    let mut document = Document::new(Kind::File, Arc::clone(&shown), given, Assurance::Declared);
    let facts = &mut document.facts;
    let origin = Origin::file(&shown, 1, 1);
    facts.set("path", Arc::clone(&shown), &origin);
    facts.set("format", holder.word(), &origin);
    facts.set("template", template, &origin);
    let kept = match (git.used, git.ignores(&found.shown)) {
        (false, _) => Ok(holder.is_for_secrets() && !template),
        (true, ignored) => ignored,
    };
    facts.put("kept_out_of_git", fact(kept).at(&origin));
    let key = private_key(holder, text, settings.err());
    let holds = match (&key, &literals) {
        (Ok(true), _) => Ok(true),
        (_, Ok(literals)) if !template && literals.iter().any(is_literal) => Ok(true),
        (Err(why), _) | (_, Err(why)) => Err(why.clone()),
        (Ok(false), Ok(_)) => Ok(false),
    };
    facts.put("private_key", fact(key).at(&origin));
    facts.put("holds_secret", fact(holds).at(&origin));
    facts.put("literals", fact(literals.map(List::complete)).at(&origin));
    modes(facts, found.mode, &origin);
    Some(document)
}

fn fact(value: Result<impl Into<crate::facts::Value>, Unknown>) -> Fact {
    value.map_or_else(Fact::unknown, Fact::known)
}

fn is_literal(fact: &Fact) -> bool {
    fact.record().is_some_and(|record| record.text("class") == Some("literal"))
}

fn modes(facts: &mut Record, mode: Option<u32>, origin: &Arc<Origin>) {
    let why = || Unknown::new(Reason::Unsupported, "this system has no permission bits");
    let bits = mode.ok_or_else(why);
    facts.put("mode", fact(bits.clone().map(|bits| format!("{bits:04o}"))).at(origin));
    facts.put("open_to_others", fact(bits.map(|bits| bits & 0o007 != 0)).at(origin));
}

/// Whether a private key stands there that needs no password.
fn private_key(holder: Holder, text: &str, unread: Option<&Unknown>) -> Result<bool, Unknown> {
    match (holder, unread) {
        (Holder::Keystore, _) => {
            Err(Unknown::new(Reason::Unsupported, "what lies in a key store cannot be seen without its password"))
        }
        (_, Some(why)) => Err(why.clone()),
        _ => Ok(PRIVATE_KEY.is_match(text) && !ENCRYPTED.is_match(text)),
    }
}

/// A secret in clear, or a placeholder outside a template.
fn literal(setting: &Setting, holder: Holder, template: bool, shown: &Arc<str>, groups: &mut Groups) -> Option<Fact> {
    let scanned = scan(setting, holder, groups)?;
    // What every manual prints is no secret that a repository gives away; the Orthanc checks name it.
    let default_user = holder == Holder::Orthanc && setting.user && (scanned.published || scanned.class == Class::Placeholder);
    // The database of a test in CI lives for minutes, and everybody knows its password.
    let test = shown.starts_with(".github/") && scanned.published;
    if default_user || test || (template && scanned.class == Class::Placeholder) {
        return None;
    }
    let name = shown_name(&setting.name);
    let published = if scanned.published { ", a published credential" } else { "" };
    let mut record = Record::new();
    record.set_here("label", format!("{name} (line {}): {}{published}", setting.line, scanned.why));
    record.set_here("name", name);
    record.set_here("line", i64::from(setting.line));
    record.set_here("class", scanned.class.word());
    record.set_here("why", scanned.why);
    record.set_here("published", scanned.published);
    Some(Fact::known(record).at(&Origin::file(shown, setting.line, 1)))
}

/// The detector's word on one setting, where it is a secret.
fn scan(setting: &Setting, holder: Holder, groups: &mut Groups) -> Option<Scanned> {
    let value = without_variables(&setting.value, holder != Holder::Compose);
    let by_shape = secret_scan().scan("", &value, groups);
    if by_shape.class.is_secret() {
        return Some(by_shape);
    }
    let structured = !matches!(holder, Holder::Env);
    let name = setting.name.rsplit(['.', '/']).next().unwrap_or("").to_ascii_lowercase();
    if structured && NO_SECRETS.contains(&value.to_ascii_lowercase().as_str()) {
        return None;
    }
    if structured && VAGUE_NAMES.contains(&name.as_str()) && !looks_random(&value) {
        return None;
    }
    if structured && names_an_object(&setting.name, &value) {
        return None;
    }
    Some(secret_scan().scan(&setting.name, &value, groups)).filter(|scanned| scanned.class.is_secret())
}

/// `${NAME:-default}` stands for its default, which is in clear, where that counts; every other reference is one.
fn without_variables(value: &str, defaults: bool) -> String {
    let replace = |text: &str| {
        let by = |found: &regex::Captures<'_>| match found.get(2).map(|m| m.as_str()) {
            Some(default) if defaults && !default.is_empty() => default.to_owned(),
            _ => format!("${}", found.get(1).map_or("X", |m| m.as_str())),
        };
        VARIABLE.replace_all(text, by).into_owned()
    };
    replace(&replace(value))
}

/// `credentialsSecret: azure-credentials` of a chart names a Secret; `clientSecret: …` is one.
fn names_an_object(name: &str, value: &str) -> bool {
    let stem = name.strip_suffix("Secret").filter(|stem| stem.ends_with(|c: char| c.is_ascii_lowercase()));
    let own = ["client", "app", "api", "jwt", "session", "shared", "token", "cookie", "auth", "hook", "oauth", "consumer"];
    stem.is_some_and(|stem| !own.iter().any(|word| stem.to_ascii_lowercase().ends_with(word))) && OBJECT.is_match(value)
}

/// Letters of both cases and digits without a pattern: no path, no word.
fn looks_random(value: &str) -> bool {
    let has = |test: fn(&char) -> bool| value.chars().any(|c| test(&c));
    RANDOM.is_match(value) && has(char::is_ascii_digit) && has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase)
}

/// Only what looks like a name is shown: in a damaged file a value may stand where a name belongs.
fn shown_name(name: &str) -> &str {
    let plain = !name.is_empty() && name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-/".contains(c));
    let random = looks_random(name) || secret_scan().is_published(name) && !is_secret_name(name);
    if plain && !random { name } else { "a value" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates() {
        for name in [".env.example", "env.sample", "deploy/.env.healthcare.template", "examples/app.json", "app.conf.dist"] {
            assert!(is_template(name), "{name}");
        }
        for name in [".env", ".env.production", "deploy/.env.staging", "config/sampler.json", "distribution.yaml"] {
            assert!(!is_template(name), "{name}");
        }
    }
}
