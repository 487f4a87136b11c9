//! Users that the steps of a Dockerfile make, and their ids.

use super::image::{Change, Image};

/// What a step makes of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::collect) enum Made {
    /// This id.
    Id(i64),
    /// An id that the system chooses: never 0.
    Chosen,
    /// An id that a variable holds.
    Unclear,
}

impl Image {
    /// What the last `useradd`, `adduser`, `usermod` or line for /etc/passwd makes of a user; none where no step does.
    pub(in crate::collect) fn user_made(&self, name: &str) -> Option<Made> {
        if name.is_empty() {
            return None;
        }
        let runs = self.changes.iter().filter_map(|change| match change {
            Change::Run { filled, .. } => Some(filled),
            Change::Copy(_) => None,
        });
        runs.flat_map(|text| text.split(['\n', ';', '&', '|'])).filter_map(|command| made(command, name)).next_back()
    }
}

fn made(command: &str, name: &str) -> Option<Made> {
    let words: Vec<&str> = command.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
    let id = |text: &str| text.parse().map_or(Made::Unclear, Made::Id);
    // `echo 'app:x:0:0:...' >> /etc/passwd`
    if let Some((_, rest)) = words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix(':')?.split_once(':')) {
        return Some(id(rest.split(':').next().unwrap_or("")));
    }
    let program = words.iter().position(|word| matches!(word.rsplit('/').next(), Some("useradd" | "adduser" | "usermod")))?;
    let changes_only = words[program].ends_with("usermod");
    let words = &words[program + 1..];
    if !words.contains(&name) {
        return None;
    }
    let next = words.iter().position(|word| is_uid_option(word)).and_then(|at| words.get(at + 1)).copied();
    let joined = || words.iter().find_map(|word| word.strip_prefix("--uid=").or_else(|| word.strip_prefix("-u")));
    match next.or_else(joined) {
        Some(uid) => Some(id(uid)),
        None if changes_only => None,
        None => Some(Made::Chosen),
    }
}

/// `-u`, `--uid`, or short options joined with `u` at their end (`-ou 0`).
fn is_uid_option(word: &str) -> bool {
    word == "--uid"
        || word.strip_prefix('-').is_some_and(|flags| flags.ends_with('u') && flags.chars().all(|c| c.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_users() {
        for (command, expected) in [
            ("useradd -r app", Some(Made::Chosen)),
            ("useradd --uid 10001 --gid 10001 --no-create-home app", Some(Made::Id(10001))),
            ("adduser -D -u 1000 app", Some(Made::Id(1000))),
            ("useradd -o -u 0 app", Some(Made::Id(0))),
            ("useradd -ou 0 app", Some(Made::Id(0))),
            ("useradd -u0 app", Some(Made::Id(0))),
            ("useradd --uid=0 app", Some(Made::Id(0))),
            ("usermod -u 0 app", Some(Made::Id(0))),
            ("usermod -aG docker app", None),
            ("useradd -u $UID app", Some(Made::Unclear)),
            ("echo 'app:x:0:0::/:/bin/sh' >> /etc/passwd", Some(Made::Id(0))),
            ("useradd other", None),
            ("chown app /x", None),
        ] {
            assert_eq!(made(command, "app"), expected, "{command}");
        }
    }
}
