//! Which settings an application really reads, and what their values mean (`apps/README.md`).

use std::sync::LazyLock;

use serde::Deserialize;

use super::images::{glob, matches_end, repository};

/// One file: an application in a range of versions.
#[derive(Debug, Deserialize)]
pub struct Application {
    id: String,
    /// Its name for people.
    pub title: String,
    recognise: Recognise,
    #[serde(default)]
    versions: Versions,
    complete: Complete,
    #[serde(default)]
    closed: Vec<String>,
    #[serde(default)]
    passes: Vec<String>,
    settings: Vec<Setting>,
    #[serde(default)]
    unread: Vec<Unread>,
}

#[derive(Debug, Deserialize)]
struct Recognise {
    #[serde(default)]
    images: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Versions {
    from: Option<String>,
    below: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Complete {
    #[serde(default)]
    environment: bool,
}

/// A setting that is read.
#[derive(Debug, Deserialize)]
struct Setting {
    name: String,
    kind: Kind,
    means: String,
    #[serde(default, rename = "unsafe")]
    unsafe_values: Vec<String>,
    #[serde(default, rename = "safe")]
    safe_values: Vec<String>,
    #[serde(default)]
    secret: bool,
    #[serde(default)]
    also: Vec<String>,
}

/// What looks as if it were read, and is not.
#[derive(Debug, Deserialize)]
struct Unread {
    name: String,
    kind: Kind,
    because: String,
    #[serde(default)]
    meant: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Environment,
    Option,
    Key,
}

/// All files.
#[derive(Debug)]
pub struct Applications(Vec<Application>);

/// Names that the operating system, the language's runtime or the image's maker set, whatever the application.
const RUNTIME: [&str; 24] = [
    "PATH",
    "HOME",
    "HOSTNAME",
    "TZ",
    "LANG",
    "LC_*",
    "TERM",
    "USER",
    "PWD",
    "SHLVL",
    "PYTHON*",
    "PIP_*",
    "GPG_KEY*",
    "JAVA_*",
    "NODE_*",
    "NPM_*",
    "YARN_*",
    "*_VERSION",
    "DEBIAN_FRONTEND",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP*_PROXY",
    "NO_PROXY",
];

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("apps/", $name)))),+]
    };
}

static APPLICATIONS: LazyLock<Applications> = LazyLock::new(|| {
    let files = files!(
        "aimedres.yaml",
        "cbct-platform.yaml",
        "chest-xray-detector.yaml",
        "elasticsearch-7.yaml",
        "elasticsearch-8.yaml",
        "grafana.yaml",
        "keycloak-17.yaml",
        "keycloak-26.yaml",
        "minio.yaml",
        "mlflow.yaml",
        "ohif.yaml",
        "orthanc-dicomweb-oauth.yaml",
        "postgresql-14.yaml",
        "postgresql-9.yaml",
        "redis.yaml",
    );
    Applications(files.iter().map(|(name, text)| super::shipped(name, text)).collect())
});

/// The applications that this version knows.
pub fn applications() -> &'static Applications {
    &APPLICATIONS
}

impl Applications {
    /// Every file about the application of this image or id whose range the version may lie in; all of them must agree.
    pub fn find(&self, reference: Option<&str>, id: Option<&str>) -> Vec<&Application> {
        let name = reference.map(repository);
        let by_image = |app: &Application| {
            name.as_deref().is_some_and(|name| app.recognise.images.iter().any(|pattern| matches_end(pattern, name)))
        };
        let tag = reference.and_then(tag);
        self.0
            .iter()
            .filter(|app| match id {
                Some(id) => app.id == id,
                None => by_image(app),
            })
            .filter(|app| tag.is_none_or(|tag| app.versions.may_hold(tag)))
            .collect()
    }

    /// Words that values of settings may be, none of them secret.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        let plain = self.0.iter().flat_map(|app| &app.settings).filter(|setting| !setting.secret);
        let values = plain.flat_map(|setting| setting.unsafe_values.iter().chain(&setting.safe_values));
        values.map(String::as_str).chain(self.0.iter().map(|app| app.id.as_str()))
    }
}

impl Application {
    /// Why nothing reads this environment variable; `None` when something does, or nobody knows.
    pub fn why_unread(&self, name: &str) -> Option<String> {
        let of_environment = |setting: &&Setting| setting.kind == Kind::Environment;
        let is_read = |setting: &Setting| setting.name == name || setting.also.iter().any(|other| other == name);
        if self.settings.iter().filter(of_environment).any(is_read) {
            return None;
        }
        if let Some(unread) = self.unread.iter().find(|unread| unread.kind == Kind::Environment && unread.name == name) {
            let meant = unread.meant.as_ref().map_or_else(String::new, |meant| format!("; meant is {meant}"));
            return Some(format!("{}{meant}", unread.because));
        }
        if self.passes.iter().any(|prefix| name.starts_with(prefix.as_str())) {
            return None;
        }
        let runtime = RUNTIME.iter().any(|pattern| glob(pattern, name));
        let closed = self.closed.iter().any(|prefix| name.starts_with(prefix.as_str()));
        ((self.complete.environment && !runtime) || closed).then(|| format!("{} reads no such variable", self.title))
    }

    /// What an environment variable of this value does that production forbids.
    pub fn why_unsafe(&self, name: &str, value: &str) -> Option<&str> {
        let value = value.to_lowercase();
        let forbids = |setting: &&Setting| {
            setting.unsafe_values.iter().any(|one| *one == value || one == "*") && !setting.safe_values.contains(&value)
        };
        let found = self.settings.iter().filter(|s| s.kind == Kind::Environment && s.name == name).find(forbids)?;
        Some(&found.means)
    }
}

/// What is known of a value that may not be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hidden<'a> {
    /// Production forbids it whatever it is; the text says what the setting does.
    Unsafe(&'a str),
    /// It may be one of the values that production forbids.
    Perhaps,
    /// It is none of them.
    Harmless,
}

impl Application {
    /// What an environment variable does whose value is not shown; `published` when it is a published credential.
    pub fn hidden(&self, name: &str, published: bool) -> Hidden<'_> {
        let Some(setting) = self.settings.iter().find(|s| s.kind == Kind::Environment && s.name == name) else {
            return Hidden::Harmless;
        };
        let any = setting.unsafe_values.iter().any(|one| one == "*");
        // Words that somebody uses as a password are never shown, so such a value cannot be told from another.
        let unshown = setting.unsafe_values.iter().any(|one| super::secret_scan().is_published(one));
        match (any || (unshown && published), unshown && !setting.secret) {
            (true, _) => Hidden::Unsafe(&setting.means),
            (false, true) => Hidden::Perhaps,
            (false, false) => Hidden::Harmless,
        }
    }
}

impl Versions {
    /// A tag without a number may be any version.
    fn may_hold(&self, tag: &str) -> bool {
        let version = numbers(tag);
        let at_least = |bound: &Option<String>| bound.as_deref().is_none_or(|bound| version >= numbers(bound));
        let below = |bound: &Option<String>| bound.as_deref().is_none_or(|bound| version < numbers(bound));
        version.is_empty() || (at_least(&self.from) && below(&self.below))
    }
}

/// The tag of a reference.
fn tag(reference: &str) -> Option<&str> {
    let name = reference.split('@').next()?;
    let last = name.rsplit('/').next()?;
    last.split_once(':').map(|(_, tag)| tag)
}

/// `16.2-alpine` -> 16, 2.
fn numbers(version: &str) -> Vec<u32> {
    let plain = version.trim_start_matches('v').split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
    plain.split('.').map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unread(reference: &str, name: &str) -> bool {
        let found = applications().find(Some(reference), None);
        !found.is_empty() && found.iter().all(|app| app.why_unread(name).is_some())
    }

    #[test]
    fn what_nothing_reads_is_told_from_what_nobody_knows() {
        assert!(unread("postgres:16.2-alpine", "POSTGRES_SSL"));
        assert!(!unread("postgres:16.2-alpine", "POSTGRES_PASSWORD"));
        assert!(!unread("postgres:16.2-alpine", "POSTGRES_PASSWORD_FILE"));
        assert!(!unread("postgres:16.2-alpine", "PGTZ"));
        assert!(unread("redis", "REDIS_PASSWORD"));
        assert!(!unread("company/redis-like:1", "REDIS_PASSWORD"));
        let cbct = applications().find(None, Some("cbct-platform"));
        assert!(cbct[0].why_unread("ALLOWED_ORIGINS").is_some() && cbct[0].why_unread("PATH").is_none());
    }

    #[test]
    fn a_value_that_is_not_shown_is_not_taken_for_a_safe_one() {
        let minio = applications().find(Some("minio/minio:latest"), None)[0];
        assert_eq!(minio.hidden("MINIO_ROOT_USER", false), Hidden::Perhaps);
        assert!(matches!(minio.hidden("MINIO_ROOT_PASSWORD", true), Hidden::Unsafe(_)));
        assert_eq!(minio.hidden("MINIO_ROOT_PASSWORD", false), Hidden::Harmless);
        let elastic = applications().find(None, Some("elasticsearch"))[0];
        assert!(matches!(elastic.hidden("xpack.security.authc.anonymous.roles", false), Hidden::Unsafe(_)));
    }

    #[test]
    fn versions_choose_the_file() {
        assert_eq!(applications().find(Some("postgres:13"), None).len(), 1);
        assert_eq!(applications().find(Some("postgres:16"), None).len(), 1);
        assert_eq!(applications().find(Some("postgres"), None).len(), 2);
        let newest = applications().find(Some("postgres:16"), None)[0];
        assert!(newest.why_unsafe("POSTGRES_HOST_AUTH_METHOD", "trust").is_some());
    }
}
