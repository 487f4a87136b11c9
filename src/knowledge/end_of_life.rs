//! Ends of security support of base systems and engines.

use std::sync::LazyLock;

use jiff::civil::Date;
use serde::Deserialize;

/// The file `end_of_life.yaml`.
#[derive(Debug, Deserialize)]
pub struct EndOfLife {
    systems: Vec<System>,
    images: Vec<Image>,
    engines: Vec<Engine>,
}

#[derive(Debug, Deserialize)]
struct System {
    id: String,
    version: String,
    #[serde(default)]
    code: Option<String>,
    title: String,
    ends: Date,
}

/// The software of an official image.
#[derive(Debug, Deserialize)]
struct Image {
    image: String,
    version: String,
    title: String,
    ends: Date,
}

/// What an image's name and tag say of its support.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageSupport {
    /// What ends, and when: the software of the image, the system below it.
    pub ends: Vec<(String, Date)>,
    /// Whether what the image is for is among them; a known system below an unknown software is only a part.
    pub whole: bool,
}

#[derive(Debug, Deserialize)]
struct Engine {
    engine: String,
    version: String,
    #[serde(default)]
    ends: Option<Date>,
    #[serde(default)]
    current: bool,
}

/// What is known about the support of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Support {
    /// Until this day, inclusive.
    Until(Date),
    /// It was still getting fixes when the list was made.
    Current,
    /// Nobody says so.
    Unknown,
}

/// Images that are a system, and its ID in os-release.
const SYSTEM_IMAGES: [(&str, &str); 15] = [
    ("debian", "debian"),
    ("ubuntu", "ubuntu"),
    ("alpine", "alpine"),
    ("centos", "centos"),
    ("fedora", "fedora"),
    ("rockylinux", "rocky"),
    ("rockylinux/rockylinux", "rocky"),
    ("almalinux", "almalinux"),
    ("amazonlinux", "amzn"),
    ("oraclelinux", "ol"),
    ("ubi8", "rhel"),
    ("ubi9", "rhel"),
    ("ubi8/ubi", "rhel"),
    ("ubi9/ubi", "rhel"),
    ("redhat/ubi9", "rhel"),
];
/// Words of tags that name a system before its version.
const SYSTEM_WORDS: [(&str, &str); 9] = [
    ("alpine", "alpine"),
    ("debian", "debian"),
    ("ubuntu", "ubuntu"),
    ("centos", "centos"),
    ("rockylinux", "rocky"),
    ("rocky", "rocky"),
    ("ubi", "rhel"),
    ("al", "amzn"),
    ("ol", "ol"),
];

/// Whether a version is an entry's, or a later part of it (`9` fits 9.4).
fn fits(version: &str, entry: &str) -> bool {
    version.strip_prefix(entry).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

static END_OF_LIFE: LazyLock<EndOfLife> = LazyLock::new(|| super::shipped("end_of_life.yaml", include_str!("end_of_life.yaml")));

/// The list of this version.
pub fn end_of_life() -> &'static EndOfLife {
    &END_OF_LIFE
}

impl EndOfLife {
    /// Name and last day of support of a base system, by `ID` and `VERSION_ID` of os-release.
    pub fn system(&self, id: &str, version: &str) -> Option<(&str, Date)> {
        self.systems.iter().find(|s| s.id == id && fits(version, &s.version)).map(|s| (s.title.as_str(), s.ends))
    }

    /// What ends with an image, by its repository (without registry and `library/`) and tag.
    pub fn image(&self, repository: &str, tag: &str) -> ImageSupport {
        let tag = tag.to_ascii_lowercase();
        let words: Vec<&str> = tag.split('-').collect();
        let version = words[0].strip_prefix('v').unwrap_or(words[0]);
        let own = self.images.iter().find(|image| image.image == repository && fits(version, &image.version));
        let mut ends: Vec<(String, Date)> = own.map(|image| (image.title.clone(), image.ends)).into_iter().collect();
        let system = SYSTEM_IMAGES.iter().find(|(image, _)| *image == repository).map(|(_, id)| *id);
        let of_words = words.iter().find_map(|word| self.system_in(word, system));
        let whole = own.is_some() || system.is_some() && of_words.is_some();
        ends.extend(of_words.map(|system| (system.title.clone(), system.ends)));
        ImageSupport { ends, whole }
    }

    /// ID and version of the system that an image's reference names (`debian:bookworm-slim`, `python:3.12-alpine3.20`).
    pub fn system_of_image(&self, reference: &str) -> Option<(&str, &str)> {
        let repository = super::repository(reference);
        let tag = reference.split('@').next()?.rsplit('/').next()?.split_once(':')?.1.to_ascii_lowercase();
        let own = SYSTEM_IMAGES.iter().find(|(image, _)| *image == repository).map(|(_, id)| *id);
        let system = tag.split('-').find_map(|word| self.system_in(word, own))?;
        Some((&system.id, &system.version))
    }

    /// The system that a word of a tag names: a code name, `alpine3.20`, `ubuntu22.04`, or a version of `own`.
    fn system_in(&self, word: &str, own: Option<&str>) -> Option<&System> {
        let digits = word.find(|c: char| c.is_ascii_digit()).unwrap_or(word.len());
        let (name, version) = word.split_at(digits);
        let id = if name.is_empty() { own } else { SYSTEM_WORDS.iter().find(|(w, _)| *w == name).map(|(_, id)| *id) };
        let by_version = |system: &&System| Some(system.id.as_str()) == id && fits(version, &system.version);
        let by_code = |system: &&System| system.code.as_deref() == Some(word);
        self.systems.iter().find(|system| by_code(system) || !version.is_empty() && by_version(system))
    }

    /// Support of an engine (`docker`, `podman`) by its version; the longest entry that fits decides.
    pub fn engine(&self, engine: &str, version: &str) -> Support {
        let fits = |e: &&Engine| {
            e.engine == engine
                && version.strip_prefix(e.version.as_str()).is_some_and(|rest| {
                    // A distribution's suffix ends anywhere (`+dfsg1`), a plain version only between its parts.
                    e.version.contains('+') || !rest.starts_with(|c: char| c.is_ascii_digit())
                })
        };
        match self.engines.iter().filter(fits).max_by_key(|e| e.version.len()) {
            Some(Engine { ends: Some(date), .. }) => Support::Until(*date),
            Some(Engine { current: true, .. }) => Support::Current,
            _ => Support::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn versions_are_found_by_their_parts() {
        assert_eq!(end_of_life().system("alpine", "3.16.2").map(|s| s.1), Some(date(2024, 5, 23)));
        assert_eq!(end_of_life().system("alpine", "3.1"), None);
        assert_eq!(end_of_life().engine("docker", "20.10.24+dfsg1"), Support::Until(date(2028, 6, 30)));
        assert_eq!(end_of_life().engine("docker", "20.10.24"), Support::Until(date(2023, 12, 10)));
        assert_eq!(end_of_life().engine("docker", "290.1"), Support::Unknown);
    }
}
