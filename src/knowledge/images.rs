//! Well-known images by the name of their repository.

use std::sync::LazyLock;

use serde::Deserialize;

/// The file `images.yaml`.
#[derive(Debug, Deserialize)]
pub struct Images {
    images: Vec<ImageKnowledge>,
    retired: Vec<Retired>,
}

/// What is known about images of one repository.
#[derive(Debug, Deserialize)]
pub struct ImageKnowledge {
    #[serde(rename = "match")]
    patterns: Vec<String>,
    /// Role in an imaging stack.
    pub role: String,
    /// Its name for people.
    pub title: String,
    /// What USER usually is; informative.
    #[serde(default)]
    pub default_user: Option<String>,
    /// Paths that must stay writable under `read_only: true`.
    #[serde(default)]
    pub writable: Vec<String>,
    /// It starts as root and drops to a service user, which takes a few capabilities.
    #[serde(default)]
    pub drops_root: bool,
    /// It serves LDAP.
    #[serde(default)]
    pub ldap: bool,
    /// It scans for malware.
    #[serde(default)]
    pub antivirus: bool,
}

/// A name under which nothing new is published.
#[derive(Debug, Deserialize)]
pub struct Retired {
    #[serde(rename = "match")]
    patterns: Vec<String>,
    /// What to use instead.
    pub successor: String,
    /// Why.
    pub why: String,
}

static IMAGES: LazyLock<Images> = LazyLock::new(|| super::shipped("images.yaml", include_str!("images.yaml")));

/// The well-known images of this version.
pub fn images() -> &'static Images {
    &IMAGES
}

impl Images {
    /// What is known about the image of a reference (`registry/name:tag@digest`).
    pub fn find(&self, reference: &str) -> Option<&ImageKnowledge> {
        let repository = repository(reference);
        self.images.iter().find(|image| image.patterns.iter().any(|p| matches_end(p, &repository)))
    }

    /// Whether the name of a reference is retired.
    pub fn retired(&self, reference: &str) -> Option<&Retired> {
        let repository = repository(reference);
        self.retired.iter().find(|retired| retired.patterns.iter().any(|p| matches_end(p, &repository)))
    }
}

/// Name of the repository in lower case: no registry host, no `library/`, no tag, no digest.
pub(crate) fn repository(reference: &str) -> String {
    let name = reference.split('@').next().unwrap_or(reference);
    let slash = name.rfind('/').map_or(0, |i| i + 1);
    let name = name[slash..].find(':').map_or(name, |colon| &name[..slash + colon]);
    let name = match name.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => rest,
        _ => name,
    };
    name.strip_prefix("library/").unwrap_or(name).to_ascii_lowercase()
}

/// A pattern of n parts is compared with the last n parts of the name, so that mirrors match too. A pattern of one part
/// is an official image: it does not match somebody's `company/nginx`, except behind a mirror's `library/`.
pub(super) fn matches_end(pattern: &str, repository: &str) -> bool {
    let wanted = pattern.split('/').count();
    let parts: Vec<&str> = repository.split('/').collect();
    let Some(skip) = parts.len().checked_sub(wanted) else { return false };
    let official = wanted > 1 || skip == 0 || parts[skip - 1] == "library";
    official && glob(pattern, &parts[skip..].join("/"))
}

/// `*` stands for any run of characters except `/`.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            let end = rest.find('/').unwrap_or(rest.len());
            (0..=end).filter(|i| rest.is_char_boundary(*i)).any(|i| glob(tail, &rest[i..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_taken_apart() {
        for (reference, name) in [
            ("nginx", "nginx"),
            ("docker.io/library/nginx:1.27", "nginx"),
            ("localhost:5000/team/App:1@sha256:00", "team/app"),
            ("quay.io/keycloak/keycloak:26", "keycloak/keycloak"),
            ("orthancteam/orthanc@sha256:00", "orthancteam/orthanc"),
        ] {
            assert_eq!(repository(reference), name);
        }
    }

    #[test]
    fn mirrors_match_and_namesakes_do_not() {
        let role = |reference| images().find(reference).map(|image| image.role.as_str());
        assert_eq!(role("mirror.example/hub/orthancteam/orthanc:26.1"), Some("pacs"));
        assert_eq!(role("nginx:1.27"), Some("proxy"));
        assert_eq!(role("evil/nginx:1"), None);
        assert!(images().retired("osimis/orthanc:1").is_some());
        assert!(images().retired("orthancteam/orthanc:1").is_none());
    }
}
