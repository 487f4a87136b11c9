//! Ends of security support of base systems and engines.

use std::sync::LazyLock;

use jiff::civil::Date;
use serde::Deserialize;

/// The file `end_of_life.yaml`.
#[derive(Debug, Deserialize)]
pub struct EndOfLife {
    systems: Vec<System>,
    engines: Vec<Engine>,
}

#[derive(Debug, Deserialize)]
struct System {
    id: String,
    version: String,
    title: String,
    ends: Date,
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

static END_OF_LIFE: LazyLock<EndOfLife> = LazyLock::new(|| super::shipped("end_of_life.yaml", include_str!("end_of_life.yaml")));

/// The list of this version.
pub fn end_of_life() -> &'static EndOfLife {
    &END_OF_LIFE
}

impl EndOfLife {
    /// Name and last day of support of a base system, by `ID` and `VERSION_ID` of os-release.
    pub fn system(&self, id: &str, version: &str) -> Option<(&str, Date)> {
        let fits = |s: &&System| {
            s.id == id && version.strip_prefix(s.version.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.systems.iter().find(fits).map(|s| (s.title.as_str(), s.ends))
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
