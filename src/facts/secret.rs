//! Secrets are classified the moment they are read and never kept: what remains is a class, a length and why.
//!
//! What may be shown is an allow-list: a value is printed only if it is of a shape that cannot hold a secret.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use regex::Regex;
use sha2::{Digest, Sha256};

use super::{Fact, Record};

/// What a value is, as far as secrets are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Empty.
    Empty,
    /// No secret.
    Plain,
    /// A secret in clear.
    Literal,
    /// A stand-in that was meant to be replaced (`CHANGE_ME`).
    Placeholder,
    /// `${VAR}`: the secret is elsewhere.
    Reference,
    /// The path of a file that holds the secret.
    File,
    /// A password hash.
    Hash,
    /// A public key or certificate.
    Public,
}

impl Class {
    /// The word of the catalogue.
    pub fn word(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Plain => "plain",
            Self::Literal => "literal",
            Self::Placeholder => "placeholder",
            Self::Reference => "reference",
            Self::File => "file",
            Self::Hash => "hash",
            Self::Public => "public",
        }
    }

    /// Whether a secret stands here that should not: in clear, or waiting to be.
    pub fn is_secret(self) -> bool {
        matches!(self, Self::Literal | Self::Placeholder)
    }
}

/// What remains of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// What it is.
    pub class: Class,
    /// Why it is thought so; never a part of the value.
    pub why: &'static str,
    /// The value, if it is harmless beyond doubt.
    pub shown: Option<String>,
    /// Length in characters.
    pub length: usize,
    /// On the list of published credentials.
    pub published: bool,
    /// Why it is weak, if so.
    pub weak: Option<String>,
    /// Same number, same secret.
    pub group: Option<usize>,
}

/// Numbers for equal secrets within one run. Only salted hashes are held, and only in memory.
#[derive(Debug, Default)]
pub struct Groups {
    seen: BTreeMap<[u8; 32], usize>,
}

impl Groups {
    fn number(&mut self, value: &str) -> usize {
        let next = self.seen.len() + 1;
        *self.seen.entry(Sha256::digest(value.as_bytes()).into()).or_insert(next)
    }
}

/// The detector with its lists: hashes of published credentials, and words that may be shown.
#[derive(Debug, Default)]
pub struct SecretScan {
    published: HashSet<[u8; 32]>,
    pub(super) vocabulary: HashSet<String>,
}

/// Names of settings whose value is a secret. Parts are separated by anything but letters and digits, or by a capital.
static SECRET_PART: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)(^|[^a-z])(password|passwd|passphrase|pwd|pass|secret|secrets|token|credential|credentials|registered_?users|htpasswd)([^a-z]|$)|(api|access|private|secret|encryption|encrypt|signing|sign|master|auth|account|storage|session|jwt|hmac|license|service|registration|shared)[^a-z]?key([^a-z]|$)|(^|[^a-z])(pw|passwords|tokens|api_?keys)([^a-z]|$)|(db|sql|smtp|ldap|mail|user|admin|root|redis|mongo|ftp|login)_?pass([^a-z]|$)|(^|[^a-z])(basic_?auth|auth_?basic|connection_?string|dsn|jwt|pat|psk|salt)([^a-z]|$)|password|passwd|requirepass|masterauth|secret|apikey|_token$|^token|token$|_key$|^key$",
    )
});
/// Settings about a secret that are none: `TOKEN_LIFETIME`, `PASSWORD_MIN_LENGTH`, `PUBLIC_KEY`.
static ABOUT_SECRET: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)(length|len|lifetime|expiry|expires?|expiration|ttl|max_?age|timeout|minutes|hours|days|seconds|algorithm|alg|enabled?|disabled?|header|issuer|audience|endpoint|ur[il]|host|port|policy|rotation|hash_?method|type|method|encryption|attempts|iterations|provider|scopes?|id|name|usage|required|count|size|class)$|(max|min|num|n|context|input|output|per)[^a-z]?tokens|tokens[^a-z]?per|public_?key|gpg_?keys?$|key_?(id|path|file|name|alias)|minio_?access_?key$|keyboard|tokeni[sz]ers?(_(parallelism|path|dir|name|model|config|cache))?$|keycloak_(url|realm)|existing_?secret|(^|[^a-z])id[-_]?token$|password_?key$|(proxy|fastcgi|uwsgi|scgi|grpc|memcached)_?pass(_.*)?$|(time|date)$|(secret|token|password)[-_]?(ref|store|rules?)$",
    )
});
static PLACEHOLDER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)change[-_ ]?(me|this|it|in)|^<[^>]*>$|^\[[^\]]*\]$|your[-_ ]|[-_ ]here$|replace[-_ ]?(me|this|with)|^x{3,}$|^\*{3,}$|^\.{3}$|placeholder|^todo|fixme|^insert[-_ ]|^generate[-_ ]|must[-_ ]be[-_ ]|^tbd$|^set[-_ ]?me|dummy[-_]|base64[-_]encoded|^example[-_ ]|[-_ ]example$|^(enter|put|fill)[-_ ]|^__[a-z0-9_]+__$",
    )
});
static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(\$\{[A-Za-z_][A-Za-z0-9_]*(:?[-?+][^}]*)?\}|\$[A-Za-z_][A-Za-z0-9_]*|\$\([^)]*\)|\$?\{\{[^}]*\}\})$|^(vault:|op://|arn:aws:(secretsmanager|ssm):|@Microsoft\.KeyVault\(|secretref:|ENC\[AES256_GCM,)",
    )
});
static HASH: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"^(\$(2[abxy]?|5|6|1|y|apr1|argon2(id|i|d)?|scrypt|pbkdf2[a-z0-9-]*)\$.+|\{S?SHA[0-9]*\}.+|pbkdf2[:_].+|scrypt:.+|SCRAM-SHA-256\$.+|md5[0-9a-f]{32}|[A-Za-z0-9._-]+:\$(2[aby]|apr1)\$.+)$",
    )
});
static KNOWN_SHAPE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(AKIA|ASIA)[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|xox[abposr]-[A-Za-z0-9-]{10,}|sk-[A-Za-z0-9_-]{20,}|AIza[A-Za-z0-9_-]{30,}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*|-----BEGIN ((RSA|EC|DSA|OPENSSH|PGP) )?PRIVATE KEY( BLOCK)?-----",
    )
});
static SWITCH: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)^(true|false|yes|no|on|off)$"));
static PASSWORD_NAME: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)(password|passwd|passphrase|pwd|_pass|_pw)$"));
static WORD: LazyLock<Regex> = LazyLock::new(|| regex(r"^([A-Z]?[a-z]{1,19}|[A-Z]{1,19})$"));
static PUBLIC: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^(-----BEGIN (PUBLIC KEY|RSA PUBLIC KEY|CERTIFICATE)-----|ssh-(rsa|ed25519) AAAA|ecdsa-sha2-)"));
/// `scheme://user:password@`; the user may be empty (Redis).
static URL_PASSWORD: LazyLock<Regex> = LazyLock::new(|| regex(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@]*:([^\s@/]+)@"));
/// `password=…`, `"Password": "…"`, `token: …` inside a longer value.
static INNER: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r#"(?i)["']?\b([a-z0-9_.-]*(?:password|passwd|pwd|secret|token|api_?key|accountkey|access_?key|private_?key|pass))["']?\s*[=:]\s*(?:"([^"]*)"|'([^']*)'|([^\s;,&"'}]+))"#,
    )
});
/// `--requirepass …`, `-db-password=…` inside a longer value.
static OPTION: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"(?:^|\s)--?([A-Za-z][A-Za-z0-9_.-]*)(?:\s+|=)(?:"([^"]*)"|'([^']*)'|([^\s"'-][^\s"']*))"#));
static BEARER: LazyLock<Regex> = LazyLock::new(|| regex(r"(?i)\b(bearer|basic)\s+([A-Za-z0-9._~+/=-]{6,})"));
static INNER_USERS: LazyLock<Regex> = LazyLock::new(|| regex(r#"(?i)"?registeredusers"?\s*:\s*\{\s*"[^"]*"\s*:\s*"[^"]+""#));
static HARMLESS: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)^(true|false|yes|no|on|off|enabled?|disabled?|none|null|default|auto|[0-9]{1,5}|[0-9]{1,4}(\.[0-9]{1,3}){1,3}|[0-9]{1,4} ?(k|m|g|kb|mb|gb|s|ms|min|h|d)|debug|trace|verbose|info|information|notice|warn|warning|error|critical|fatal|development|develop|dev|production|prod|staging|testing|test|local|trust|reject|md5|scram-sha-256|require|verify-full|verify-ca|prefer|allow|disable|json|text|utf-?8|c\.utf-?8|en_us\.utf-?8|utc|localhost|127\.0\.0\.1|0\.0\.0\.0)$",
    )
});
static PATH_VALUE: LazyLock<Regex> = LazyLock::new(|| regex(r"^(/[a-z0-9._-]+)+(:(/[a-z0-9._-]+)+)*$"));

/// The patterns above are constants; one that does not compile is caught by the first test that runs.
fn regex(pattern: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant patterns")]
    Regex::new(pattern).unwrap()
}

/// Whether a setting of this name holds a secret.
pub fn is_secret_name(name: &str) -> bool {
    let bare = name.strip_suffix("_FILE").unwrap_or(name);
    SECRET_PART.is_match(bare) && !ABOUT_SECRET.is_match(bare)
}

impl SecretScan {
    /// A detector with the sha256 of published credentials and the words that may be shown.
    pub fn new(published: impl IntoIterator<Item = [u8; 32]>, vocabulary: impl IntoIterator<Item = String>) -> Self {
        Self { published: published.into_iter().collect(), vocabulary: vocabulary.into_iter().collect() }
    }

    /// Whether exactly this value is on the list of published credentials.
    pub fn is_published(&self, value: &str) -> bool {
        let digest: [u8; 32] = Sha256::digest(value.as_bytes()).into();
        self.published.contains(&digest)
    }

    /// Classifies the value of a setting; `groups` numbers equal secrets of one run.
    pub fn scan(&self, name: &str, value: &str, groups: &mut Groups) -> Scanned {
        let (class, why, secret) = classify(name, value.trim());
        let mut scanned =
            Scanned { class, why, shown: None, length: value.chars().count(), published: false, weak: None, group: None };
        match secret {
            Some(secret) if class.is_secret() => {
                scanned.length = secret.chars().count();
                // A list of users holds several passwords.
                scanned.published =
                    self.is_published(secret) || secret.split('"').any(|part| part.len() > 2 && self.is_published(part));
                if class == Class::Literal {
                    scanned.weak = self.weakness(name, secret);
                    scanned.group = Some(groups.number(secret));
                }
            }
            _ if class == Class::Plain => scanned.shown = self.shown(name, value),
            _ => {}
        }
        scanned
    }

    fn weakness(&self, name: &str, secret: &str) -> Option<String> {
        let key = ["key", "secret", "salt"].iter().any(|part| name.to_ascii_lowercase().contains(part));
        let wanted = if key { 32 } else { 12 };
        let length = secret.chars().count();
        if self.is_published(secret) || self.is_published(&secret.to_ascii_lowercase()) {
            Some("it is on the list of published credentials".into())
        } else if name.eq_ignore_ascii_case(secret) {
            Some("it is its own name".into())
        } else if length < wanted {
            Some(format!("{length} characters, {wanted} wanted"))
        } else {
            None
        }
    }

    fn shown(&self, name: &str, value: &str) -> Option<String> {
        let harmless = HARMLESS.is_match(value)
            || (name == "PATH" && PATH_VALUE.is_match(value))
            || self.vocabulary.contains(&value.to_ascii_lowercase());
        (harmless && !is_secret_name(name)).then(|| value.to_owned())
    }
}

/// Class, reason, and the part of the value that is the secret.
fn classify<'v>(name: &str, value: &'v str) -> (Class, &'static str, Option<&'v str>) {
    if value.is_empty() {
        return (Class::Empty, "it is empty", None);
    }
    if PUBLIC.is_match(value) {
        return (Class::Public, "it is a public key or certificate", None);
    }
    if REFERENCE.is_match(value) {
        return (Class::Reference, "it refers to a variable", None);
    }
    if is_file(name, value) {
        return (Class::File, "it is the path of a file", None);
    }
    // orthancteam/orthanc: `X_SECRET=name` reads /run/secrets/name into X.
    if name.starts_with("ORTHANC__")
        && name.ends_with("_SECRET")
        && value.chars().all(|c| c.is_ascii_lowercase() || "_.-".contains(c))
    {
        return (Class::File, "it names a file below /run/secrets", None);
    }
    if let Some(found) = KNOWN_SHAPE.find(value) {
        return (Class::Literal, "it has the shape of a token or private key", Some(found.as_str()));
    }
    if let Some(found) = embedded(value) {
        return found;
    }
    if !is_secret_name(name) {
        return (Class::Plain, "neither its name nor its shape speaks of a secret", None);
    }
    // `secret: true` switches something; a password may be any word.
    if SWITCH.is_match(value) && !PASSWORD_NAME.is_match(name) {
        return (Class::Plain, "it is a switch", None);
    }
    if HASH.is_match(value) {
        return (Class::Hash, "it is a password hash", None);
    }
    if PLACEHOLDER.is_match(value) {
        return (Class::Placeholder, "its name is that of a secret and its value a placeholder", Some(value));
    }
    (Class::Literal, "its name is that of a secret and its value stands in clear", Some(value))
}

/// `certs/server.pem`, `./gcp.json`, `/badger/key`: a name of a file, or a path in lower case.
static FILE_NAME: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"^([A-Za-z0-9_.-]*/)*[A-Za-z0-9_-]+\.(pem|key|crt|cer|p12|pfx|jks|json|ya?ml|txt|conf)$|^(/[a-z][a-z0-9._-]*){2,}$")
});

fn is_file(name: &str, value: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let path = value.starts_with('/') || value.starts_with("./");
    value.starts_with("/run/secrets/")
        || FILE_NAME.is_match(value)
        || (path && upper.contains("DIRECTORY"))
        || (path && ["_FILE", "_PATH", "_DIR", "FILE", "PATH"].iter().any(|end| upper.ends_with(end)))
        || (path && ["/etc/", "/var/", "/opt/", "/usr/", "/certs/", "/app/"].iter().any(|start| value.starts_with(start)))
}

/// Secrets inside a longer value: URLs, connection strings, JSON, headers.
fn embedded(value: &str) -> Option<(Class, &'static str, Option<&str>)> {
    let mut reference = None;
    let url = URL_PASSWORD.captures_iter(value).filter_map(|c| c.get(1)).map(|m| (m.as_str(), "a URL carries a password"));
    let inner = INNER
        .captures_iter(value)
        .chain(OPTION.captures_iter(value))
        .filter(|c| c.get(1).is_some_and(|name| is_secret_name(name.as_str())))
        .filter_map(|c| c.get(2).or(c.get(3)).or(c.get(4)))
        .map(|m| (m.as_str(), "a password stands inside the value"));
    // "Basic authentication" is prose.
    let bearer = BEARER
        .captures_iter(value)
        .filter_map(|c| c.get(2))
        .filter(|m| !WORD.is_match(m.as_str()))
        .map(|m| (m.as_str(), "it carries an Authorization value"));
    for (secret, why) in url.chain(inner).chain(bearer) {
        if secret.is_empty() || HASH.is_match(secret) {
            continue;
        }
        if secret.starts_with("${") || secret.starts_with('$') || secret.starts_with("/run/secrets/") {
            reference = Some((Class::Reference, "the password inside refers to a variable", None));
        } else if PLACEHOLDER.is_match(secret) {
            return Some((Class::Placeholder, "the password inside is a placeholder", Some(secret)));
        } else {
            return Some((Class::Literal, why, Some(secret)));
        }
    }
    if INNER_USERS.is_match(value) {
        return Some((Class::Literal, "it lists users with passwords", Some(value)));
    }
    reference
}

impl Scanned {
    /// As a record of the catalogue (`container.env[]`, `container.labels[]`).
    pub fn to_record(&self, name: &str, fallback: bool) -> Record {
        let mut record = Record::new();
        record.set_here("name", name);
        record.set_here("class", self.class.word());
        record.set_here("why", self.why);
        record.set_or_absent("shown", self.shown.clone());
        record.set_here("length", i64::try_from(self.length).unwrap_or(i64::MAX));
        record.set_here("published", self.published);
        record.set_or_absent("weak", self.weak.clone());
        record.set_or_absent("group", self.group.and_then(|g| i64::try_from(g).ok()));
        record.set_here("fallback", fallback);
        record
    }

    /// [`Self::to_record`] as a fact.
    pub fn to_fact(&self, name: &str) -> Fact {
        self.to_record(name, false).into()
    }
}
