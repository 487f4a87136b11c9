//! Debug switches, and settings that switch TLS verification off.

use std::sync::LazyLock;

use serde::Deserialize;

use super::images::glob;

#[derive(Deserialize)]
struct File {
    debug: Switches,
    tls_verification_off: Switches,
}

/// Switches of one kind.
#[derive(Debug, Deserialize)]
pub struct Switches {
    environment: Vec<Variable>,
    /// Switches among the words of a command.
    pub command: Vec<CommandSwitch>,
}

#[derive(Debug, Deserialize)]
struct Variable {
    name: String,
    #[serde(default)]
    means_on: Vec<String>,
    #[serde(default)]
    means_off: Vec<String>,
    #[serde(default)]
    otherwise: Otherwise,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Otherwise {
    On,
    Off,
    #[default]
    Unknown,
}

/// Words that stand one after the other in a command.
#[derive(Debug, Deserialize)]
pub struct CommandSwitch {
    /// The words, in lower case.
    pub words: Vec<String>,
    /// Only behind this program.
    #[serde(default)]
    pub program: Option<String>,
}

static FILE: LazyLock<File> = LazyLock::new(|| super::shipped("switches.yaml", include_str!("switches.yaml")));

/// Debug switches.
pub fn debug_switches() -> &'static Switches {
    &FILE.debug
}

/// Settings that switch the verification of TLS certificates off.
pub fn tls_switches() -> &'static Switches {
    &FILE.tls_verification_off
}

impl Switches {
    /// Whether a variable is switched on; `Some(None)` when it is a switch but its value cannot be told,
    /// `None` when it is no switch. `value` is `None` for a value that is not shown.
    pub fn state(&self, name: &str, value: Option<&str>) -> Option<Option<bool>> {
        let upper = name.to_ascii_uppercase();
        let variable = self.environment.iter().find(|variable| glob(&variable.name, &upper))?;
        let all = |list: &[String]| list.iter().any(|entry| entry == "*");
        if all(&variable.means_on) || all(&variable.means_off) {
            return Some(Some(all(&variable.means_on)));
        }
        let value = value.map(str::to_ascii_lowercase);
        if let Some(value) = &value {
            if variable.means_on.contains(value) {
                return Some(Some(true));
            }
            if value.is_empty() || variable.means_off.contains(value) {
                return Some(Some(false));
            }
        }
        Some(match variable.otherwise {
            Otherwise::On => Some(true),
            Otherwise::Off => Some(false),
            Otherwise::Unknown => None,
        })
    }
}

impl CommandSwitch {
    /// Whether the words stand in a command; `--word=value` counts as `--word value`, `--word=false` as off.
    pub fn stands_in(&self, words: &[String]) -> bool {
        let program =
            self.program.as_deref().is_none_or(|p| words.iter().any(|w| w.rsplit('/').next().is_some_and(|w| w.starts_with(p))));
        program
            && words.windows(self.words.len()).enumerate().any(|(i, window)| {
                window == self.words && !matches!(words.get(i + self.words.len()).map(String::as_str), Some("false" | "0"))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A word that is not shown can never be found in a command.
    #[test]
    fn every_word_of_a_command_switch_is_shown() {
        let scan = super::super::secret_scan();
        for word in debug_switches().command.iter().chain(&tls_switches().command).flat_map(|switch| &switch.words) {
            let shown = scan.scan_words(&[word.as_str()], &mut crate::facts::Groups::default()).shown;
            assert_eq!(shown, [word.as_str()]);
        }
    }

    #[test]
    fn switches_are_on_off_or_unknown() {
        let state = |name, value| debug_switches().state(name, value);
        assert_eq!(state("LOG_LEVEL", Some("DEBUG")), Some(Some(true)));
        assert_eq!(state("LOG_LEVEL", Some("info")), Some(Some(false)));
        assert_eq!(state("LOG_LEVEL", None), Some(None));
        assert_eq!(state("DEBUG", Some("0")), Some(Some(false)));
        assert_eq!(state("PATH", Some("/bin")), None);
        assert_eq!(tls_switches().state("NODE_TLS_REJECT_UNAUTHORIZED", Some("0")), Some(Some(true)));
    }
}
