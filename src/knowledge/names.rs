//! Words in names and variables that speak for a role.

use std::sync::LazyLock;

use serde::Deserialize;

/// The file `names.yaml`.
#[derive(Debug, Deserialize)]
pub struct Names {
    names: Vec<NameHint>,
    environment: Vec<NameHint>,
}

/// A word of a name, or the beginning of a variable's name, and the role it speaks for.
#[derive(Debug, Deserialize)]
pub struct NameHint {
    /// The word or prefix.
    #[serde(alias = "word", alias = "prefix")]
    pub text: String,
    /// The role.
    pub role: String,
    /// The highest wins.
    pub priority: i64,
    /// It serves LDAP.
    #[serde(default)]
    pub ldap: bool,
}

static NAMES: LazyLock<Names> = LazyLock::new(|| super::shipped("names.yaml", include_str!("names.yaml")));

/// The hints of this version.
pub fn names() -> &'static Names {
    &NAMES
}

impl Names {
    /// The strongest hint in the name of a service, container or image.
    pub fn in_name(&self, name: &str) -> Option<&NameHint> {
        let normal = normalise(name);
        strongest(self.names.iter().filter(|hint| has_word(&normal, &hint.text)))
    }

    /// The strongest hint among the names of variables.
    pub fn in_environment(&self, variables: &[&str]) -> Option<&NameHint> {
        strongest(self.environment.iter().filter(|hint| variables.iter().any(|v| v.starts_with(&hint.text))))
    }
}

/// The first of those with the highest priority.
fn strongest<'a>(hints: impl Iterator<Item = &'a NameHint>) -> Option<&'a NameHint> {
    hints.fold(None, |best, hint| match best {
        Some(best) if best.priority >= hint.priority => Some(best),
        _ => Some(hint),
    })
}

/// `Reverse_Proxy` -> `-reverse-proxy-`.
fn normalise(name: &str) -> String {
    let mut normal = String::from("-");
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            normal.push(c.to_ascii_lowercase());
        } else if !normal.ends_with('-') {
            normal.push('-');
        }
    }
    if !normal.ends_with('-') {
        normal.push('-');
    }
    normal
}

/// `-word-` with digits allowed behind the word: `orthanc2`.
fn has_word(normal: &str, word: &str) -> bool {
    let pattern = format!("-{word}");
    normal
        .match_indices(&pattern)
        .any(|(i, _)| normal[i + pattern.len()..].trim_start_matches(|c: char| c.is_ascii_digit()).starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_that_serves_another_product_wins() {
        let role = |name| names().in_name(name).map(|hint| hint.role.as_str());
        assert_eq!(role("orthanc2"), Some("pacs"));
        assert_eq!(role("orthanc-nginx"), Some("proxy"));
        assert_eq!(role("keycloak_db"), Some("database"));
        assert_eq!(role("redis-exporter"), Some("monitoring"));
        assert_eq!(role("vanilla"), None);
    }
}
