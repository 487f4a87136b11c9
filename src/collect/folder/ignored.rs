//! What git ignores, by the `.gitignore` files alone (git is not asked).

use regex::Regex;

/// The rules of all `.gitignore` files that hold for a folder.
#[derive(Debug, Default)]
pub(super) struct Ignored {
    rules: Vec<Rule>,
}

#[derive(Debug)]
struct Rule {
    /// Folder of the `.gitignore`, relative to the root, with a slash at the end; empty for the root.
    folder: String,
    pattern: Regex,
    negated: bool,
    folders_only: bool,
}

impl Ignored {
    /// Adds the lines of one `.gitignore`; those of deeper folders must be added later, since the last match wins.
    pub(super) fn add(&mut self, folder: &str, text: &str) {
        let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        self.rules.extend(text.lines().filter_map(|line| Rule::parse(&folder, line)));
    }

    /// Whether git leaves this file out. What lies in an ignored folder cannot be brought back.
    pub(super) fn covers(&self, path: &str) -> bool {
        let folders = path.match_indices('/').map(|(end, _)| (&path[..end], true));
        folders.chain([(path, false)]).any(|(path, folder)| self.last_match(path, folder))
    }

    fn last_match(&self, path: &str, folder: bool) -> bool {
        let matching = self.rules.iter().rev().find(|rule| rule.matches(path, folder));
        matching.is_some_and(|rule| !rule.negated)
    }
}

impl Rule {
    fn parse(folder: &str, line: &str) -> Option<Self> {
        let line = line.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
        let kept = line.trim_end_matches(' ');
        // `\ ` at the end is a space that belongs to the name.
        let line = if kept.ends_with('\\') && kept.len() < line.len() { &line[..=kept.len()] } else { kept };
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let (negated, line) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
        let (folders_only, line) = line.strip_suffix('/').map_or((false, line), |rest| (true, rest));
        let anchored = line.contains('/');
        let line = line.strip_prefix('/').unwrap_or(line);
        let start = if anchored { "^" } else { "^(?:.*/)?" };
        let pattern = Regex::new(&format!("{start}{}$", glob(line))).ok()?;
        Some(Self { folder: folder.to_owned(), pattern, negated, folders_only })
    }

    fn matches(&self, path: &str, folder: bool) -> bool {
        (folder || !self.folders_only) && path.strip_prefix(&self.folder).is_some_and(|below| self.pattern.is_match(below))
    }
}

/// A pattern of gitignore(5) as a regular expression.
fn glob(pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        if rest == "/**" {
            out.push_str("/.*");
            break;
        } else if let Some(after) = rest.strip_prefix("**/") {
            out.push_str("(?:.*/)?");
            rest = after;
            continue;
        } else if let Some(after) = rest.strip_prefix("**") {
            out.push_str(".*");
            rest = after;
            continue;
        }
        rest = &rest[c.len_utf8()..];
        match c {
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '[' => match rest.find(']').filter(|end| *end > 0) {
                Some(end) => {
                    let (negated, class) = rest[..end].strip_prefix(['!', '^']).map_or(("", &rest[..end]), |class| ("^", class));
                    let class = class.replace('\\', r"\\").replace('[', r"\[");
                    out.extend(["[", negated, &class, "]"]);
                    rest = &rest[end + 1..];
                }
                None => out.push_str(r"\["),
            },
            '\\' => {
                if let Some(escaped) = rest.chars().next() {
                    out.push_str(&regex::escape(&rest[..escaped.len_utf8()]));
                    rest = &rest[escaped.len_utf8()..];
                }
            }
            _ => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(text: &str, path: &str) -> bool {
        let mut ignored = Ignored::default();
        ignored.add("", text);
        ignored.covers(path)
    }

    #[test]
    fn patterns_of_the_manual() {
        for (text, path, expected) in [
            (".env", ".env", true),
            (".env", "deploy/.env", true),
            ("/.env", "deploy/.env", false),
            ("/.env", ".env", true),
            (".env*", ".env.production", true),
            (".env*\n!.env.example", ".env.example", false),
            (".env", ".env.production", false),
            ("*.env", ".env", true),
            ("*.env", "prod.env", true),
            ("env/", "env/.env", true),
            ("env/", "env", false),
            (".env/", ".env", false),
            ("deploy/", "deploy/.env", true),
            ("deploy/\n!deploy/.env", "deploy/.env", true),
            ("deploy/*\n!deploy/.env", "deploy/.env", false),
            ("deploy/.env", "x/deploy/.env", false),
            ("**/.env", "a/b/.env", true),
            ("a/**/.env", "a/.env", true),
            ("a/**", "a/b/.env", true),
            ("#.env", ".env", false),
            (".env  ", ".env", true),
            (".env\r", ".env", true),
            (r"\#x", "#x", true),
            (".en[v]", ".env", true),
            (".en[!v]", ".env", false),
            (".e?v", ".env", true),
            ("*", ".env", true),
            ("*\n!*/\n!.env", ".env", false),
            ("!.env\n.env", ".env", true),
        ] {
            assert_eq!(covers(text, path), expected, "{text:?} {path}");
        }
    }

    #[test]
    fn a_deeper_file_has_the_last_word() {
        let mut ignored = Ignored::default();
        ignored.add("", ".env");
        ignored.add("deploy", "!.env");
        assert!(ignored.covers(".env"));
        assert!(!ignored.covers("deploy/.env"));
    }
}
