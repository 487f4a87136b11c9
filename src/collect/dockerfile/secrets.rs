//! Secrets that an image is built with: in `ARG`, `ENV` and `RUN`, and files that `COPY` brings in.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use super::Reading;
use super::copies::{copies, is_env, shown};
use super::image::{Argument, Built, Change, Image};
use super::parse::{Source, Spot};
use crate::facts::{Class, Fact, Groups, List, Reason, Record, Scanned, Unknown, is_secret_name};
use crate::knowledge::secret_scan;

/// Names of files that hold a secret.
const SECRET_FILES: [&str; 10] =
    ["id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", ".netrc", ".pgpass", ".git-credentials", ".pypirc", ".dockercfg", ".htpasswd"];
/// Endings of files that hold a private key.
const KEY_ENDINGS: [&str; 7] = [".key", ".pem", ".p12", ".pfx", ".jks", ".keystore", ".ppk"];
/// `echo 'root:password' | chpasswd`, a variable in the place of the password left out.
static CHPASSWD: LazyLock<Regex> = LazyLock::new(|| {
    constant(r#"(?s)(?:echo|printf)[^|;&\n]*?[\s"'][a-z_][a-z0-9_-]*:([^\s"'$\\|]+)[^|;&\n]*\|\s*(?:sudo\s+)?chpasswd"#)
});
/// Comments of a JSON file: whole lines, and blocks.
static COMMENT: LazyLock<Regex> = LazyLock::new(|| constant(r"(?s)/\*.*?\*/|(?m)^\s*//[^\n]*"));
/// Variables of web pages: what they hold is public.
const PUBLIC: [&str; 5] = ["NEXT_PUBLIC_", "VITE_", "REACT_APP_", "VUE_APP_", "PUBLIC_"];

fn constant(pattern: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant patterns")]
    Regex::new(pattern).unwrap()
}

/// How much of a file is looked at, in bytes.
const HEAD: u64 = 64 * 1024;

/// `dockerfile.secrets`.
pub(super) fn secrets(reading: &Reading, built: &Built, groups: &mut Groups) -> List {
    let mut found = Found { reading, list: List::default(), places: Vec::new() };
    let target = built.target.as_ref().ok().copied();
    for (number, (_, image)) in built.stages.iter().enumerate() {
        found.environment(image, groups);
        found.arguments(image, target == Some(number), groups);
        found.runs(image, groups);
    }
    found.heredocs(built, groups);
    found.files(built, groups);
    found.list
}

struct Found<'r> {
    reading: &'r Reading,
    list: List,
    /// Places and labels that were reported already: stages repeat what they are built on.
    places: Vec<(Spot, String)>,
}

impl Found<'_> {
    fn add(&mut self, label: String, class: &str, published: bool, why: &str, at: Spot) {
        if self.places.contains(&(at, label.clone())) {
            return;
        }
        let mut record = Record::new();
        record.set_here("label", format!("{label} (line {})", at.line));
        record.set_here("class", class);
        record.set_here("published", published);
        record.set_here("why", why);
        self.list.items.push(Fact::known(record).at(&self.reading.origin(at)));
        self.places.push((at, label));
    }

    fn scanned(&mut self, label: String, scanned: &Scanned, at: Spot) {
        if scanned.class.is_secret() {
            self.add(label, scanned.class.word(), scanned.published, scanned.why, at);
        }
    }

    fn environment(&mut self, image: &Image, groups: &mut Groups) {
        for variable in image.env.iter().filter(|variable| !is_fingerprint(&variable.name, &variable.written)) {
            let scanned = secret_scan().scan(&variable.name, &variable.written, groups);
            self.scanned(format!("ENV {}", name(&variable.name)), &scanned, variable.at);
        }
    }

    /// A default in clear stands in the file; a value given at build time stands in the image's history once a step uses it.
    fn arguments(&mut self, image: &Image, wanted: bool, groups: &mut Groups) {
        for argument in &image.args {
            let default = argument.default.as_deref().unwrap_or("").trim_matches(['"', '\'']);
            if is_fingerprint(&argument.name, default) {
                continue;
            }
            let scanned = secret_scan().scan(&argument.name, default, groups);
            self.scanned(format!("ARG {}", name(&argument.name)), &scanned, argument.at);
            let given_later = matches!(scanned.class, Class::Empty | Class::Reference)
                && is_secret_name(&argument.name)
                && !PUBLIC.iter().any(|start| argument.name.starts_with(start));
            if given_later && wanted && is_used(image, argument) {
                let why = "its value is given at build time and stays in the history of the image";
                self.add(format!("ARG {}", name(&argument.name)), "literal", false, why, argument.at);
            }
        }
    }

    fn runs(&mut self, image: &Image, groups: &mut Groups) {
        for change in &image.changes {
            let Change::Run { text, at, .. } = change else { continue };
            // `name==1.2` is a version that is asked for, no setting.
            let words: Vec<&str> = text.split(' ').filter(|word| !word.contains("==")).collect();
            for secret in secret_scan().scan_words(&[words.join(" ")], groups).secrets {
                self.scanned(format!("{} in RUN", secret.label), &secret.scanned, *at);
            }
            if let Some(password) = CHPASSWD.captures(text).and_then(|found| found.get(1)) {
                let scanned = secret_scan().scan("password", password.as_str(), groups);
                self.scanned("a password for chpasswd in RUN".to_owned(), &scanned, *at);
            }
        }
    }

    /// Text that stands in the Dockerfile and becomes a file.
    fn heredocs(&mut self, built: &Built, groups: &mut Groups) {
        for (_, placed) in copies(built) {
            for source in &placed.what.sources {
                let Source::Here { text, .. } = source else { continue };
                for line in text.lines() {
                    let (name, value) = line.split_once('=').unwrap_or(("line", line));
                    let scanned = secret_scan().scan(name.trim(), value.trim().trim_matches(['"', '\'']), groups);
                    self.scanned("the text of a heredoc".to_owned(), &scanned, placed.at);
                }
            }
        }
    }

    fn files(&mut self, built: &Built, groups: &mut Groups) {
        for (_, placed) in copies(built) {
            if let Some(name) = placed.from() {
                self.list.incomplete = self.list.incomplete.take().or_else(|| built.elsewhere(name, placed.at));
                continue;
            }
            for (source, path) in placed.what.sources.iter().zip(&placed.sources) {
                let (Source::Path(_), Ok(path)) = (source, path) else {
                    if let (Source::Path(_), Err(why)) = (source, path) {
                        self.list.incomplete.get_or_insert_with(|| why.clone());
                    }
                    continue;
                };
                if super::context::is_remote(path) {
                    continue;
                }
                let (entries, more) = self.reading.context.matching(path);
                if entries.is_empty() {
                    self.file(path, None, true, placed.at);
                }
                let direct = entries.len() == 1 && entries[0].inside == super::ignore::clean(path);
                let orthancs = placed.target.as_deref().is_ok_and(|target| target.starts_with("/etc/orthanc"));
                for entry in entries {
                    if orthancs && entry.inside.ends_with(".json") {
                        self.configuration(&entry.inside, &entry.path, placed.at, groups);
                    }
                    self.file(&entry.inside, Some(&entry.path), direct, placed.at);
                }
                self.list.incomplete = self.list.incomplete.take().or(more);
            }
        }
    }

    /// A configuration of Orthanc that becomes part of the image, with the passwords that stand in it.
    fn configuration(&mut self, inside: &str, path: &Path, at: Spot, groups: &mut Groups) {
        let Some(text) = head(path) else { return };
        let plain = COMMENT.replace_all(&text, "");
        let scanned = secret_scan().scan("file", &plain, groups);
        self.scanned(format!("the file {}", shown(inside)), &scanned, at);
    }

    /// One file that is copied; a `.env` that a whole folder brings along is `dockerignore-excludes-env`'s.
    fn file(&mut self, inside: &str, path: Option<&Path>, direct: bool, at: Spot) {
        let file = inside.rsplit('/').next().unwrap_or(inside).to_ascii_lowercase();
        if is_env(&file) {
            if direct {
                self.add(format!("the file {}", shown(inside)), "file", false, "a file of settings is copied into the image", at);
            }
            return;
        }
        let by_name = SECRET_FILES.contains(&file.as_str());
        if !by_name && !KEY_ENDINGS.iter().any(|ending| file.ends_with(ending)) {
            return;
        }
        let public = ["pub", "public", "signing", "gpg", "keyring"].iter().any(|word| file.contains(word));
        match path.and_then(head) {
            Some(text) if is_private_key(&text) || by_name => {
                self.add(format!("the file {}", shown(inside)), "file", false, "it holds a private key or a password", at);
            }
            Some(text) if text.contains("-----BEGIN ") || public => {}
            None if public || is_certificate(&file) => {}
            // A key store, or a file that is not there: the name says what it is.
            _ if by_name || !file.ends_with(".pem") => {
                self.add(format!("the file {}", shown(inside)), "file", false, "its name is that of a private key", at);
            }
            _ => {
                let why =
                    Unknown::new(Reason::UnknownFact, format!("{} may hold a private key, and cannot be read", shown(inside)));
                self.list.incomplete.get_or_insert(why);
            }
        }
    }
}

fn head(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).ok().filter(|file| file.metadata().is_ok_and(|about| about.is_file()))?;
    std::io::Read::read_to_end(&mut std::io::Read::take(file, HEAD), &mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn is_private_key(text: &str) -> bool {
    text.contains("PRIVATE KEY-----")
}

fn is_certificate(file: &str) -> bool {
    ["cert", "chain", "ca.", "ca-", "_ca", "bundle", "dhparam"].iter().any(|word| file.contains(word))
}

/// `GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D`: the fingerprint of a public key.
fn is_fingerprint(name: &str, value: &str) -> bool {
    let upper = name.to_ascii_uppercase();
    let hex = value.split_whitespace().all(|word| word.len() >= 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let hash = ["SHA256", "SHA512", "SHA1", "SHASUM", "CHECKSUM", "DIGEST", "GPG", "PGP", "FINGERPRINT"];
    hex && hash.iter().any(|word| upper.contains(word))
}

/// Names are shown when they look like names.
fn name(name: &str) -> &str {
    let plain = name.len() <= 80 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '.');
    if plain { name } else { "(unreadable name)" }
}

/// Whether a step after the `ARG` uses it, or runs at all: the builder writes the arguments into the history of `RUN`.
fn is_used(image: &Image, argument: &Argument) -> bool {
    let later = |at: &Spot| at.line > argument.at.line;
    let runs = image.changes.iter().any(|change| matches!(change, Change::Run { at, .. } if later(at)));
    let reference = |text: &str| text.contains(&format!("${}", argument.name)) || text.contains(&format!("${{{}", argument.name));
    runs || image.env.iter().any(|variable| later(&variable.at) && reference(&variable.written))
}
