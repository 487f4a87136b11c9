//! Users that the steps of a Dockerfile make, and their ids.

use super::context::is_pattern;
use super::image::{Change, Image, Placed};

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
    /// What the steps make of a user: `useradd`, `adduser`, `usermod`, a line for /etc/passwd; none where no step does.
    pub(in crate::collect) fn user_made(&self, name: &str) -> Option<Made> {
        if name.is_empty() {
            return None;
        }
        self.changes.iter().fold(None, |so_far, change| match change {
            Change::Run { filled, .. } => {
                filled.split(['\n', ';', '&', '|']).fold(so_far, |so_far, command| made(command, name, so_far).or(so_far))
            }
            Change::Copy(placed) if placed.brings_users() => Some(Made::Unclear),
            Change::Copy(_) => so_far,
        })
    }
}

impl Placed {
    /// Whether it may put a file of users into the image. What lands in / or /etc may be a folder that holds one, unless
    /// its name has an ending.
    pub(super) fn brings_users(&self) -> bool {
        let is_users = |path: &str| path.rsplit('/').next() == Some("passwd");
        let is_file = |path: &str| {
            path.rsplit('/').next().is_some_and(|name| name.rfind('.').is_some_and(|at| at > 0)) && !is_pattern(path)
        };
        let mut sources = self.sources.iter().map(|source| source.as_deref().unwrap_or("*"));
        match self.target.as_deref().map(|target| target.trim_end_matches('/')) {
            Ok("" | "/etc") => self.what.add || !sources.all(is_file),
            Ok(target) => target == "/etc/passwd",
            Err(_) => sources.any(is_users),
        }
    }
}

/// Options of `useradd` whose next word is their value.
const VALUED: [&str; 15] = [
    "-d",
    "-g",
    "-G",
    "-s",
    "-c",
    "-h",
    "-b",
    "-k",
    "--home",
    "--home-dir",
    "--gid",
    "--groups",
    "--shell",
    "--comment",
    "--ingroup",
];
/// Commands that leave /etc/passwd as it is, unless their output goes there.
const READERS: [&str; 9] = ["grep", "cat", "getent", "chmod", "chown", "chgrp", "test", "ls", "["];
/// Commands that change a file they name.
const WRITERS: [&str; 12] = ["sed", "awk", "perl", "python", "python3", "tee", "ed", "ex", "cp", "mv", "ln", "install"];

/// What one command makes of a user; none where it leaves it alone.
fn made(command: &str, name: &str, so_far: Option<Made>) -> Option<Made> {
    let words: Vec<&str> = command.split_whitespace().map(|word| word.trim_matches(['"', '\''])).collect();
    let id = |text: &str| text.parse().map_or(Made::Unclear, Made::Id);
    let program = |word: &&str| word.rsplit('/').next().unwrap_or_default().to_owned();
    // `echo 'app:x:0:0:...' >> /etc/passwd`, but no pattern of an editor
    let writes = words.first().is_some_and(|word| WRITERS.contains(&program(word).as_str()));
    if let (false, Some((_, rest))) =
        (writes, words.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix(':')?.split_once(':')))
    {
        return Some(id(rest.split(':').next().unwrap_or("")));
    }
    if changes_users(command, &words, writes) {
        return Some(Made::Unclear);
    }
    let at = words.iter().position(|word| matches!(program(word).as_str(), "useradd" | "adduser" | "usermod"))?;
    let changes_only = words[at].ends_with("usermod");
    let through = words[..at].iter().any(|word| program(word) == "xargs");
    let words = &words[at + 1..];
    let valued = |i: usize| i > 0 && VALUED.contains(&words[i - 1]);
    let variable =
        words.iter().enumerate().any(|(i, word)| word.contains(['$', '`']) && !valued(i) && !word.starts_with("--home"));
    if !words.contains(&name) {
        // Who it is about is not known; a user that is there already cannot be made once more.
        return ((variable || through) && (changes_only || so_far.is_none())).then_some(Made::Unclear);
    }
    let renamed = changes_only && words.iter().any(|word| word.starts_with("-l") || word.starts_with("--login"));
    let ids: Vec<&str> = words.iter().enumerate().filter_map(|(i, word)| uid(word, words.get(i + 1).copied())).collect();
    match ids[..] {
        _ if variable || renamed || through => Some(Made::Unclear),
        [uid] => Some(id(uid)),
        [] if changes_only => None,
        [] => Some(Made::Chosen),
        _ => Some(Made::Unclear),
    }
}

/// Whether a command may change /etc/passwd in a way that is not followed.
fn changes_users(command: &str, words: &[&str], writes: bool) -> bool {
    let first = words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
    if matches!(first, "newusers" | "vipw") {
        return true;
    }
    let redirected = command.contains('>');
    if command.contains("etc/passwd") {
        let literal = matches!(first, "echo" | "printf") && command.contains(">>") && !command.contains(['$', '`', '(']);
        return !literal && (redirected || !READERS.contains(&first));
    }
    words.contains(&"passwd") && (writes || redirected)
}

/// The id that an option gives: `-u 0`, `-u0`, `-ou 0`, `--uid 0`, `--uid=0`.
fn uid<'w>(word: &'w str, next: Option<&'w str>) -> Option<&'w str> {
    if let Some(long) = word.strip_prefix("--") {
        let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        return matches!(name, "u" | "ui" | "uid").then(|| value.or(next).unwrap_or(""));
    }
    let flags = word.strip_prefix('-')?;
    let (before, after) = flags.split_once('u')?;
    if !before.chars().all(|c| "morMNrlDSH".contains(c)) {
        return None;
    }
    Some(if after.is_empty() { next.unwrap_or("") } else { after })
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
            ("useradd $O app", Some(Made::Unclear)),
            ("useradd -o -u 0 $U", Some(Made::Unclear)),
            ("useradd -m -d $HOME_OF -g $GID app", Some(Made::Chosen)),
            ("useradd -u 1000 -o -u 0 app", Some(Made::Unclear)),
            ("xargs useradd -o -u 0", Some(Made::Unclear)),
            ("usermod -l app toor", Some(Made::Unclear)),
            ("sed -i s/^app:x:[0-9]*/app:x:0/ /etc/passwd", Some(Made::Unclear)),
            ("sed -i 's/^app:x:1000:/app:x:0:/' passwd", Some(Made::Unclear)),
            ("grep app /etc/passwd", None),
            ("chmod g=u /etc/passwd", None),
            ("echo other:x:7:7::/:/bin/sh >> /etc/passwd", None),
            ("echo $LINE >> /etc/passwd", Some(Made::Unclear)),
            ("newusers /tmp/list", Some(Made::Unclear)),
            ("passwd -d app", None),
            ("apt-get install -y passwd", None),
            ("chown app /x", None),
        ] {
            assert_eq!(made(command, "app", None), expected, "{command}");
        }
    }
}
