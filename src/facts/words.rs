//! Command lines: which words may be shown, and which are secrets.

use std::sync::LazyLock;

use regex::Regex;

use super::secret::{Class, Groups, Scanned, SecretScan, is_secret_name};
use super::{Fact, Record};

/// A command line with its secrets taken out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// The words in order; those that are not on the allow-list read `[redacted]`.
    pub shown: Vec<String>,
    /// The secrets that stood there.
    pub secrets: Vec<WordSecret>,
}

/// One secret in a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WordSecret {
    /// Where it stands, `--password` for example; never the value.
    pub label: String,
    /// What was found.
    pub scanned: Scanned,
}

impl WordSecret {
    /// As a record of the catalogue (`container.command_secrets[]`), `place` being `command` or `health check`.
    pub fn to_fact(&self, place: &str) -> Fact {
        let mut record = Record::new();
        record.set_here("label", format!("{} in the {place}", self.label));
        record.set_here("class", self.scanned.class.word());
        record.set_here("published", self.scanned.published);
        record.set_here("why", self.scanned.why);
        record.into()
    }
}

impl Words {
    /// The words that may be shown, as a list fact's elements.
    pub fn to_facts(&self) -> Vec<Fact> {
        self.shown.iter().map(|word| Fact::known(word.as_str())).collect()
    }
}

const REDACTED: &str = "[redacted]";

static TOKEN: LazyLock<Regex> =
    LazyLock::new(|| constant(r#""[^"]*"|'[^']*'|&&|\|\||[;|<>(){}]|(?:\$\{[^}]*\}|[^\s"';|<>(){}&])+|&"#));
static FLAG: LazyLock<Regex> = LazyLock::new(|| constant(r"^(-[A-Za-z]{1,3}|-[0-9]|--[a-z][a-z0-9]*([-_.][a-z0-9]+)*)$"));
static ASSIGNMENT: LazyLock<Regex> = LazyLock::new(|| constant(r"^(--?)?([A-Za-z_][A-Za-z0-9_.-]*)=(.*)$"));
static SMALL: LazyLock<Regex> =
    LazyLock::new(|| constant(r"^([0-9]{1,5}|[0-9]{1,3}(\.[0-9]{1,3}){3}(:[0-9]{1,5})?|[0-9]>?&[0-9]|[!\\@:.])$"));
static SHOWN_PATH: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"^(/dev|/bin|/sbin|/usr|/etc|/opt|/app|/var|/run|/home|/root|/docker-entrypoint[a-z.]*|\.)(/[A-Za-z0-9_.-]{1,32})*$",
    )
});
static LOCAL_URL: LazyLock<Regex> =
    LazyLock::new(|| constant(r"^(https?|tcp)://(localhost|127\.0\.0\.1|\[::1\]|0\.0\.0\.0)(:[0-9]{1,5})?(/[a-z0-9._-]*)*$"));
static HEADER: LazyLock<Regex> =
    LazyLock::new(|| constant(r"(?i)^(authorization|proxy-authorization|x-api-key|x-auth-token|cookie):$"));

fn constant(pattern: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant patterns")]
    Regex::new(pattern).unwrap()
}

impl SecretScan {
    /// Splits the words of a command further where they are shell text, shows what is harmless and finds the secrets.
    pub fn scan_words<S: AsRef<str>>(&self, words: &[S], groups: &mut Groups) -> Words {
        let tokens: Vec<&str> = words.iter().flat_map(|word| split(word.as_ref())).collect();
        let mut out = Words::default();
        let mut program = "";
        for (i, token) in tokens.iter().enumerate() {
            let before = i.checked_sub(1).map_or("", |b| tokens[b]);
            if let Some(secret) = self.secret(program, before, token, groups) {
                out.shown.push(hidden(token));
                out.secrets.push(secret);
            } else {
                out.shown.push(self.show(token));
            }
            if let Some(name) = program_name(token) {
                program = name;
            }
        }
        out
    }

    fn secret(&self, program: &str, before: &str, token: &str, groups: &mut Groups) -> Option<WordSecret> {
        // base64 ends in `=` and is no assignment.
        let assigns =
            |parts: &regex::Captures<'_>| parts.get(3).is_some_and(|value| !value.as_str().trim_matches('=').is_empty());
        let (label, scanned) = if let Some(parts) = ASSIGNMENT.captures(token).filter(assigns) {
            let name = parts.get(2).map_or("", |m| m.as_str());
            (
                label(parts.get(1).map_or("", |m| m.as_str()), name),
                self.scan(name, unquote(parts.get(3).map_or("", |m| m.as_str())), groups),
            )
        } else if let Some(password) = token.strip_prefix("-p").filter(|p| program.starts_with("mysql") && !p.is_empty()) {
            ("-p".to_owned(), self.scan("password", password, groups))
        } else if before == "-a" && program == "redis-cli" || (before == "-w" || before == "-p") && program.starts_with("ldap") {
            (before.to_owned(), self.scan("password", token, groups))
        } else if (before == "-u" || before == "--user") && token.contains(':') && matches!(program, "curl" | "wget" | "http") {
            (before.to_owned(), self.scan("password", token.split_once(':').map_or("", |(_, p)| p), groups))
        } else if names_a_secret(program, before) && !token.starts_with('-') && !is_operator(token) {
            // Only what has the shape of an option is shown: `-pVALUE` is none.
            (if FLAG.is_match(before) { before } else { "an option" }.to_owned(), self.scan("password", token, groups))
        } else if HEADER.is_match(before) && !is_scheme(token) || is_scheme(before) && token.len() > 5 {
            ("an Authorization header".to_owned(), self.scan("token", token, groups))
        } else {
            ("a word".to_owned(), self.scan("word", token, groups))
        };
        (scanned.class == Class::Literal || scanned.class == Class::Placeholder).then_some(WordSecret { label, scanned })
    }

    fn show(&self, token: &str) -> String {
        let known = |word: &str| {
            FLAG.is_match(word)
                || SMALL.is_match(word)
                || is_operator(word)
                || self.vocabulary.contains(&word.to_ascii_lowercase())
        };
        if known(token) || SHOWN_PATH.is_match(token) {
            return token.to_owned();
        }
        if let Some(url) = LOCAL_URL.captures(token) {
            let whole = url.get(0).map_or("", |m| m.as_str());
            let path_known = whole.split('/').skip(3).all(|part| part.is_empty() || self.vocabulary.contains(part));
            if path_known {
                return token.to_owned();
            }
        }
        match ASSIGNMENT.captures(token) {
            Some(parts) if parts.get(3).is_some_and(|v| known(v.as_str()) || SHOWN_PATH.is_match(v.as_str())) => token.to_owned(),
            Some(_) => hidden(token),
            None => REDACTED.to_owned(),
        }
    }
}

/// Words and operators of a shell text; quotes are taken off, their inside is split again.
fn split(word: &str) -> Vec<&str> {
    TOKEN
        .find_iter(word)
        .flat_map(|m| {
            let token = m.as_str();
            let bare = unquote(token);
            if bare.len() < token.len() && bare.contains(char::is_whitespace) { split(bare) } else { vec![bare] }
        })
        .collect()
}

fn unquote(token: &str) -> &str {
    let strip = |q: char| token.strip_prefix(q).and_then(|t| t.strip_suffix(q));
    strip('"').or_else(|| strip('\'')).unwrap_or(token)
}

/// `--name=[redacted]` keeps the name, which is not the secret.
fn hidden(token: &str) -> String {
    match ASSIGNMENT.captures(token) {
        Some(parts) if is_plain_name(parts.get(2).map_or("", |m| m.as_str())) => {
            format!("{}{}={REDACTED}", parts.get(1).map_or("", |m| m.as_str()), parts.get(2).map_or("", |m| m.as_str()))
        }
        _ => REDACTED.to_owned(),
    }
}

/// An option or variable for people; what does not look like a name may be a part of the secret.
fn label(dashes: &str, name: &str) -> String {
    let one_case = name == name.to_ascii_lowercase() || name == name.to_ascii_uppercase();
    let plain = name.len() <= 64 && (one_case || !name.chars().any(|c| c.is_ascii_digit()));
    if plain { format!("{dashes}{name}") } else { "an option".to_owned() }
}

/// Names are shown in lower or upper case throughout; base64 with a trailing `=` is no name.
fn is_plain_name(name: &str) -> bool {
    name.len() <= 40
        && (name == name.to_ascii_lowercase() || name == name.to_ascii_uppercase())
        && !name.chars().any(|c| c.is_ascii_digit())
}

fn is_operator(token: &str) -> bool {
    matches!(token, "&&" | "||" | ";" | "|" | "<" | ">" | "(" | ")" | "{" | "}" | "&")
}

/// `--api-key`, but not `--api-key=value`, which holds its value itself.
fn names_a_secret(program: &str, option: &str) -> bool {
    // `mysql -pPASSWORD database`: the option is the password, and what follows is none.
    let glued = program.starts_with("mysql") && option.starts_with("-p") && option.len() > 2;
    !glued && option.starts_with('-') && !option.contains('=') && is_secret_name(option.trim_start_matches('-'))
}

fn is_scheme(token: &str) -> bool {
    token.eq_ignore_ascii_case("bearer") || token.eq_ignore_ascii_case("basic")
}

fn program_name(token: &str) -> Option<&str> {
    let name = token.rsplit('/').next().unwrap_or(token);
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.');
    (plain && !token.starts_with('-') && !token.contains('=')).then_some(name).filter(|_| KNOWN_PROGRAMS.contains(&name))
}

/// Programs whose single-letter options carry passwords.
const KNOWN_PROGRAMS: [&str; 11] =
    ["mysql", "mysqladmin", "mysqldump", "redis-cli", "curl", "wget", "http", "ldapsearch", "ldapwhoami", "sh", "bash"];
