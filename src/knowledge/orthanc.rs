//! What is known about Orthanc: its keys by version, its images, and how the start script of one of them reads variables.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value as Json;

use super::images::matches_end;

/// A version of Orthanc, or the date in an image's tag: three numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Version(pub [u32; 3]);

impl Version {
    /// From `1.12.8`; what follows the three numbers is not looked at (`1.10.1+dfsg-2`, `24.1.2-full`).
    pub fn parse(text: &str) -> Option<Self> {
        let number = |part: &str| -> Option<u32> {
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        };
        let mut parts = text.splitn(3, '.');
        let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
        let whole = |part: &str| part.chars().all(|c| c.is_ascii_digit());
        if !whole(first) || !whole(second) {
            return None;
        }
        Some(Self([number(first)?, number(second)?, number(third)?]))
    }
}

impl TryFrom<String> for Version {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is no version of three numbers"))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([a, b, c]) = self;
        write!(f, "{a}.{b}.{c}")
    }
}

/// The file `orthanc_keys.yaml`.
#[derive(Debug, Deserialize)]
pub struct Keys {
    core: Vec<Key>,
    sections: Vec<Section>,
    meant: BTreeMap<String, String>,
}

/// One key of the core.
#[derive(Debug, Deserialize)]
pub struct Key {
    /// Its name; case matters.
    pub key: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: KeyType,
    /// The version that first reads it; the beginning where nothing is said.
    #[serde(default)]
    pub since: Option<Version>,
    /// What older versions do whatever is set; `"unknown"` where that is not known here.
    #[serde(default)]
    pub before: Option<Json>,
    /// What an absent key means.
    #[serde(default)]
    pub default: Option<Default>,
    /// Read by a plugin or a start script: a wrong type is not fatal by itself.
    #[serde(default)]
    pub plugin: bool,
    /// Read when it is used: a wrong type does not keep Orthanc from starting.
    #[serde(default)]
    pub lazy: bool,
    /// Read only where this key is true.
    #[serde(default)]
    pub only_with: Option<String>,
}

/// What an absent key means, always or by version.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Default {
    /// From the version named, the oldest first.
    ByVersion(Vec<Since>),
    /// In every version.
    Always(Json),
}

/// A value from a version on.
#[derive(Debug, Deserialize)]
pub struct Since {
    /// From this version; the beginning where nothing is said.
    #[serde(default)]
    pub since: Option<Version>,
    /// The value.
    pub value: Json,
}

/// Type of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyType {
    /// `true` or `false`.
    Bool,
    /// Text.
    Text,
    /// Whole number that is not negative.
    Uint,
    /// List.
    List,
    /// Object.
    Map,
    /// `OverwriteInstances`: a truth value, or one of three words.
    Overwrite,
}

impl KeyType {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Text => "a text",
            Self::Uint => "a whole number",
            Self::List => "a list",
            Self::Map => "an object",
            Self::Overwrite => "true, false or one of the words Never, Always, IfChanged",
        }
    }
}

/// One section of a plugin.
#[derive(Debug, Deserialize)]
pub struct Section {
    /// Its name; case matters.
    pub section: String,
    /// Keys that are known.
    pub keys: Vec<String>,
}

/// The file `orthanc_environment.yaml`.
#[derive(Debug, Deserialize)]
pub struct Environment {
    aliases: BTreeMap<String, String>,
    prefixes: BTreeMap<String, String>,
    /// From this tag on the image refuses to start with a legacy name.
    pub legacy_end: Version,
    legacy: BTreeMap<String, String>,
    /// What the image sets where nothing else does.
    pub defaults: serde_json::Map<String, Json>,
    /// The plugins that it knows.
    pub plugins: Vec<Plugin>,
}

/// One plugin of the image.
#[derive(Debug, Deserialize)]
pub struct Plugin {
    /// Its name.
    pub name: String,
    #[serde(default)]
    section: Option<String>,
    /// The variable that switches it on.
    pub switch: String,
    /// The legacy variable that does.
    #[serde(default)]
    pub old_switch: Option<String>,
    /// Only the switch loads it, not its section.
    #[serde(default)]
    pub switched: bool,
    /// On unless the switch says `false`.
    #[serde(default)]
    pub always: bool,
    /// The key of the core that loads it.
    #[serde(default)]
    pub root: Option<String>,
    /// What the image sets in its section.
    #[serde(default)]
    pub defaults: serde_json::Map<String, Json>,
}

impl Plugin {
    /// The section it reads.
    pub fn section(&self) -> &str {
        self.section.as_deref().unwrap_or(&self.name)
    }
}

/// The file `orthanc_images.yaml`.
#[derive(Debug, Deserialize)]
pub struct OrthancImages {
    /// The newest version that this file knows.
    pub newest: Version,
    images: Vec<OrthancImage>,
    complete_until: Version,
    releases: Vec<Release>,
    /// The start script runs envsubst over files from this tag on.
    pub envsubst_since: Version,
    /// The start script reads `ORTHANC_PASSWORD` from this tag on.
    pub password_since: Version,
    /// What the factory file of the core images sets.
    pub factory: serde_json::Map<String, Json>,
    backports: Vec<Backport>,
}

/// Images of one family.
#[derive(Debug, Deserialize)]
pub struct OrthancImage {
    #[serde(rename = "match")]
    patterns: Vec<String>,
    /// How the configuration is put together.
    pub assembly: Assembly,
    tags: Tags,
    #[serde(default)]
    oldest: Option<Version>,
    #[serde(default)]
    last: Option<Version>,
    /// It ships a configuration file of its own.
    #[serde(default)]
    pub factory: bool,
}

/// How a configuration is put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Assembly {
    /// By the program itself.
    Core,
    /// By the start script of orthancteam/orthanc.
    #[serde(rename = "orthancteam")]
    Team,
}

impl Assembly {
    /// The word of the catalogue.
    pub fn word(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Team => "orthancteam",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Tags {
    Dates,
    Versions,
}

#[derive(Debug, Deserialize)]
struct Release {
    tag: Version,
    orthanc: Version,
}

#[derive(Debug, Deserialize)]
struct Backport {
    key: String,
    packages: Vec<String>,
}

/// The versions that a program can be: from `floor` to `ceiling`, both inclusive; open where nothing is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VersionRange {
    /// The oldest.
    pub floor: Option<Version>,
    /// The newest.
    pub ceiling: Option<Version>,
}

impl VersionRange {
    /// Exactly this version.
    pub fn exactly(version: Version) -> Self {
        Self { floor: Some(version), ceiling: Some(version) }
    }

    /// The version, if there is only one.
    pub fn exact(self) -> Option<Version> {
        self.floor.filter(|floor| self.ceiling == Some(*floor))
    }

    /// Whether all of them are at least this one; `None` where some are and some are not.
    pub fn at_least(self, version: Version) -> Option<bool> {
        if self.floor.is_some_and(|floor| floor >= version) {
            Some(true)
        } else if self.ceiling.is_some_and(|ceiling| ceiling < version) {
            Some(false)
        } else {
            None
        }
    }
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| super::shipped("orthanc_keys.yaml", include_str!("orthanc_keys.yaml")));
static ENVIRONMENT: LazyLock<Environment> =
    LazyLock::new(|| super::shipped("orthanc_environment.yaml", include_str!("orthanc_environment.yaml")));
static IMAGES: LazyLock<OrthancImages> =
    LazyLock::new(|| super::shipped("orthanc_images.yaml", include_str!("orthanc_images.yaml")));

/// Keys of Orthanc and its plugins.
pub fn orthanc_keys() -> &'static Keys {
    &KEYS
}

/// How the start script of orthancteam/orthanc reads variables.
pub fn orthanc_environment() -> &'static Environment {
    &ENVIRONMENT
}

/// Images of Orthanc.
pub fn orthanc_images() -> &'static OrthancImages {
    &IMAGES
}

impl Keys {
    /// A key of the core, by its exact name.
    pub fn find(&self, name: &str) -> Option<&Key> {
        self.core.iter().find(|key| key.key == name)
    }

    /// Every key of the core.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        self.core.iter()
    }

    /// A section, by its exact name.
    pub fn section(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.section == name)
    }

    /// Every name that may stand at the top.
    pub fn top(&self) -> impl Iterator<Item = &str> {
        self.core.iter().map(|key| key.key.as_str()).chain(self.sections.iter().map(|section| section.section.as_str()))
    }

    /// What people mean who write this path (`DicomWeb.Port`).
    pub fn meant(&self, path: &str) -> Option<&str> {
        self.meant.get(path).map(String::as_str)
    }
}

impl Environment {
    /// The path that a variable sets: `ORTHANC__DICOM_WEB__ROOT` -> `["DicomWeb", "Root"]`; `None` for any other variable.
    pub fn path(&self, name: &str) -> Option<Vec<String>> {
        if let Some(path) = self.aliases.get(name).or_else(|| self.legacy.get(name)) {
            return Some(path.split('.').map(str::to_owned).collect());
        }
        if let Some((prefix, section)) = self.prefixes.iter().find(|(prefix, _)| name.starts_with(prefix.as_str())) {
            let rest = name[prefix.len()..].split("__").map(camel_case);
            return Some(std::iter::once(section.clone()).chain(rest).collect());
        }
        Some(name.strip_prefix("ORTHANC__")?.split("__").map(camel_case).collect())
    }

    /// The variable with a name of its own that sets a path.
    pub fn alias_of(&self, path: &str) -> Option<&str> {
        let found = self.aliases.iter().find(|(name, target)| *target == path && name.starts_with("ORTHANC__"));
        found.map(|(name, _)| name.as_str())
    }

    /// The key that a legacy name sets.
    pub fn legacy(&self, name: &str) -> Option<&str> {
        self.legacy.get(name).map(String::as_str)
    }

    /// The plugin that a variable switches, and whether by a legacy name.
    pub fn switch(&self, name: &str) -> Option<(&Plugin, bool)> {
        self.plugins.iter().find_map(|plugin| {
            let old = plugin.old_switch.as_deref() == Some(name);
            (plugin.switch == name || old).then_some((plugin, old))
        })
    }
}

/// `QUERY_RETRIEVE_SIZE` -> `QueryRetrieveSize`. The first letter of each word stays as it is; an empty word, on which the
/// start script itself would fail, gives nothing.
fn camel_case(token: &str) -> String {
    let mut out = String::new();
    for word in token.split('_') {
        let mut letters = word.chars();
        out.extend(letters.next());
        out.push_str(&letters.as_str().to_lowercase());
    }
    out
}

impl OrthancImages {
    /// What is known about the image of a reference.
    pub fn find(&self, reference: &str) -> Option<&OrthancImage> {
        let repository = super::images::repository(reference);
        self.images.iter().find(|image| image.patterns.iter().any(|pattern| matches_end(pattern, &repository)))
    }

    /// The versions of Orthanc that this reference can hold.
    pub fn versions(&self, reference: &str) -> VersionRange {
        let Some(image) = self.find(reference) else { return VersionRange::default() };
        let tag = tag(reference);
        let latest = tag.is_none_or(|tag| tag == "latest" || tag.starts_with("latest-")) && !reference.contains('@');
        match (image.tags, tag.and_then(Version::parse)) {
            (Tags::Versions, Some(version)) => VersionRange::exactly(version),
            (Tags::Dates, Some(date)) => self.by_date(date),
            (_, None) => VersionRange { floor: image.oldest.filter(|_| latest), ceiling: image.last },
        }
    }

    /// The date in the tag of a dated image.
    pub fn date(&self, reference: &str) -> Option<Version> {
        self.find(reference).filter(|image| image.tags == Tags::Dates)?;
        tag(reference).and_then(Version::parse)
    }

    fn by_date(&self, date: Version) -> VersionRange {
        let floor = self.releases.iter().rev().find(|release| release.tag <= date).map(|release| release.orthanc);
        let next = self.releases.iter().find(|release| release.tag > date).map(|release| release.orthanc);
        let known = date <= self.complete_until || self.releases.iter().any(|release| release.tag == date);
        VersionRange { floor, ceiling: if known { floor } else { next } }
    }

    /// Whether a distribution's package has a key that its version lacks.
    pub fn backported(&self, key: &str, package: &str) -> bool {
        let fits = |prefix: &String| {
            package.strip_prefix(prefix.as_str()).is_some_and(|rest| rest.starts_with(|c: char| ('1'..='9').contains(&c)))
        };
        self.backports.iter().any(|backport| backport.key == key && backport.packages.iter().any(fits))
    }
}

/// The tag of a reference.
fn tag(reference: &str) -> Option<&str> {
    let name = reference.split('@').next()?.rsplit('/').next()?;
    name.split_once(':').map(|(_, tag)| tag)
}

#[cfg(test)]
mod tests;
