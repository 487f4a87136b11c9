//! Known advisories of Orthanc and its plugins.

use std::sync::LazyLock;

use serde::Deserialize;

/// The file `orthanc_advisories.yaml`.
#[derive(Debug, Deserialize)]
pub struct Advisories {
    read_packages: Vec<String>,
    advisories: Vec<Advisory>,
}

/// One advisory.
#[derive(Debug, Deserialize)]
pub struct Advisory {
    /// Its CVE, or a name of ours where nobody gave one.
    pub id: String,
    /// What it lets happen.
    pub title: String,
    /// `core`, or the plugin.
    pub component: String,
    /// The first version that has it; all before the fix when not given.
    #[serde(default)]
    pub introduced: Option<String>,
    /// The first version without it.
    pub fixed: String,
    /// critical, high, medium or low.
    pub severity: String,
    /// Versions of distributions' packages that hold the fix under an old number.
    #[serde(default)]
    fixed_in_packages: Vec<String>,
    /// Only in builds that carry the library at fault along.
    #[serde(default)]
    static_only: bool,
}

/// Whether an advisory applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applies {
    /// It does.
    Yes,
    /// It does not.
    No,
    /// The number falls under it, and nobody knows what the distribution did about it.
    Perhaps,
}

static ADVISORIES: LazyLock<Advisories> =
    LazyLock::new(|| super::shipped("orthanc_advisories.yaml", include_str!("orthanc_advisories.yaml")));

/// The list of this version.
pub fn advisories() -> &'static Advisories {
    &ADVISORIES
}

impl Advisories {
    /// The advisories of `core` or a plugin.
    pub fn of<'a>(&'a self, component: &'a str) -> impl Iterator<Item = &'a Advisory> {
        self.advisories.iter().filter(move |advisory| advisory.component == component)
    }

    /// Whether one applies to a version, outside a distribution (`package` none) or as its package.
    pub fn applies(&self, advisory: &Advisory, version: &str, package: Option<&str>) -> Applies {
        let number = numbers(version);
        let before_fix = number < numbers(&advisory.fixed);
        let since = advisory.introduced.as_deref().is_none_or(|first| number >= numbers(first));
        match package {
            _ if !before_fix || !since => Applies::No,
            None => Applies::Yes,
            Some(_) if advisory.static_only => Applies::No,
            Some(package) if advisory.fixed_in_packages.iter().any(|fixed| fixed == package) => Applies::No,
            Some(package) if self.read_packages.iter().any(|read| read == package) => Applies::Yes,
            Some(_) => Applies::Perhaps,
        }
    }
}

/// `1.12.8` as numbers; what is no number ends it, so that `1.13.0~rc1` counts as 1.13.0.
fn numbers(version: &str) -> Vec<u32> {
    let plain = version.split(|c: char| !c.is_ascii_digit() && c != '.').next().unwrap_or_default();
    plain.split('.').map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worst(version: &str, package: Option<&str>) -> Vec<(&'static str, Applies)> {
        let all = advisories();
        let found = all.of("core").map(|one| (one.severity.as_str(), all.applies(one, version, package)));
        found.filter(|(_, applies)| *applies != Applies::No).collect()
    }

    #[test]
    fn the_newest_version_has_none_and_older_ones_what_the_reference_says() {
        assert!(worst("1.13.0", None).is_empty());
        assert!(worst("1.12.11", None).iter().all(|(severity, _)| *severity == "medium"));
        assert!(worst("1.12.10", None).iter().any(|(severity, _)| *severity == "high"));
        assert!(worst("1.5.7", None).iter().any(|(severity, _)| *severity == "critical"));
    }

    #[test]
    fn debian_fixed_one_under_the_old_number_and_not_the_others() {
        let all = advisories();
        let file_write = all.of("core").find(|a| a.id == "CVE-2023-33466").unwrap();
        assert_eq!(all.applies(file_write, "1.10.1", None), Applies::Yes);
        assert_eq!(all.applies(file_write, "1.10.1", Some("1.10.1+dfsg-2+deb12u1")), Applies::No);
        assert_eq!(all.applies(file_write, "1.10.1", Some("1.10.1+dfsg-3")), Applies::Perhaps);
        let found = worst("1.10.1", Some("1.10.1+dfsg-2+deb12u1"));
        assert!(found.iter().any(|(_, applies)| *applies == Applies::Yes));
    }
}
