//! `.dockerignore`: which files of the build context the builder is given.

use std::path::{Path, PathBuf};

use regex::Regex;

use crate::facts::{Reason, Unknown};

/// Most patterns that are followed.
const MAX_PATTERNS: usize = 1000;
/// Largest file that is read, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// The patterns of one build.
#[derive(Debug, Default)]
pub(super) struct Ignore {
    patterns: Vec<Pattern>,
    /// The file that holds them, where there is one.
    pub file: Option<PathBuf>,
}

#[derive(Debug)]
struct Pattern {
    regex: Regex,
    /// `!`: what matches is let in again.
    exception: bool,
}

impl Ignore {
    /// The patterns for a Dockerfile: those of `<Dockerfile>.dockerignore` beside it, else of `.dockerignore` in the context.
    pub(super) fn of(context: &Path, dockerfile: &Path) -> Result<Self, Unknown> {
        let mut own = dockerfile.as_os_str().to_owned();
        own.push(".dockerignore");
        for path in [PathBuf::from(own), context.join(".dockerignore")] {
            match std::fs::metadata(&path) {
                Ok(about) if about.is_file() && about.len() <= MAX_BYTES => {
                    let unread =
                        |error: std::io::Error| Unknown::new(Reason::Permission, format!(".dockerignore: {}", error.kind()));
                    let text = String::from_utf8_lossy(&std::fs::read(&path).map_err(unread)?).into_owned();
                    return Ok(Self { file: Some(path), ..Self::parse(&text)? });
                }
                Ok(_) => return Err(Unknown::new(Reason::Unsupported, ".dockerignore is no readable file")),
                Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                    return Err(Unknown::new(Reason::Permission, ".dockerignore cannot be read: permission denied"));
                }
                Err(_) => {}
            }
        }
        Ok(Self::default())
    }

    /// Reads patterns, one a line.
    pub(super) fn parse(text: &str) -> Result<Self, Unknown> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines: Vec<&str> =
            text.lines().filter(|line| !line.starts_with('#')).map(str::trim).filter(|l| !l.is_empty()).collect();
        if lines.len() > MAX_PATTERNS {
            return Err(Unknown::new(Reason::Unsupported, format!(".dockerignore has more than {MAX_PATTERNS} patterns")));
        }
        let patterns = lines.into_iter().filter_map(|line| {
            let (exception, pattern) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest.trim()));
            let clean = clean(pattern);
            (!clean.is_empty()).then(|| Some(Pattern { regex: regex(&clean)?, exception }))
        });
        let patterns = patterns.collect::<Option<_>>();
        let wrong = || Unknown::new(Reason::Unsupported, ".dockerignore has a pattern that cannot be read");
        Ok(Self { patterns: patterns.ok_or_else(wrong)?, file: None })
    }

    /// Whether a path of the context (`a/b`, no slash in front) is left out. The last pattern that matches it, or a folder
    /// that it lies in, decides.
    pub(super) fn excludes(&self, path: &str) -> bool {
        let path = clean(path);
        let folders: Vec<&str> =
            path.match_indices('/').map(|(at, _)| &path[..at]).chain(std::iter::once(path.as_str())).collect();
        self.patterns.iter().fold(false, |out, pattern| {
            // Only a pattern that could change the answer is asked.
            if pattern.exception == out && folders.iter().any(|path| pattern.regex.is_match(path)) {
                !pattern.exception
            } else {
                out
            }
        })
    }

    /// Whether a pattern lets something in again.
    pub(super) fn has_exceptions(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern.exception)
    }
}

/// A path without `.`, `..`, doubled slashes and a slash in front.
pub(super) fn clean(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// A pattern as Docker reads it: `*` and `?` stop at slashes, `**` does not, `[…]` is a class, a backslash takes the meaning away.
pub(super) fn regex(pattern: &str) -> Option<Regex> {
    let mut out = String::from("^");
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.peek() == Some(&'*') => {
                chars.next();
                if chars.peek() == Some(&'/') {
                    chars.next();
                }
                out.push_str(if chars.peek().is_none() { ".*" } else { "(.*/)?" });
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '[' => out.push_str(&class(&mut chars)?),
            '\\' => out.push_str(&regex::escape(&chars.next()?.to_string())),
            c => out.push_str(&regex::escape(&c.to_string())),
        }
    }
    out.push('$');
    Regex::new(&out).ok()
}

/// `[a-z]` or `[^a-z]`, up to its closing bracket.
fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<String> {
    let mut out = String::from("[");
    if chars.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    loop {
        match chars.next()? {
            ']' => break,
            '\\' => out.push_str(&regex::escape(&chars.next()?.to_string())),
            '-' => out.push('-'),
            c => out.push_str(&regex::escape(&c.to_string())),
        }
    }
    out.push(']');
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excluded(patterns: &str, path: &str) -> bool {
        Ignore::parse(patterns).unwrap().excludes(path)
    }

    #[test]
    fn patterns_as_docker_reads_them() {
        for (patterns, path, expected) in [
            (".env", ".env", true),
            (".env", "sub/.env", false),
            ("**/.env", "sub/deep/.env", true),
            ("**/.env", ".env", true),
            ("/.env", ".env", true),
            (".env*", ".env.production", true),
            ("*", ".env", true),
            ("*", "sub/file", true),
            ("*\n!app", "app/.env", false),
            ("*\n!app\napp/.env", "app/.env", true),
            ("!app\n*", "app/x", true),
            ("sub", "sub/a/b", true),
            ("sub/", "sub/a", true),
            ("*/temp*", "a/temporary.txt", true),
            ("*/temp*", "a/b/temporary.txt", false),
            ("# .env\n\n", ".env", false),
            ("  .env  ", ".env", true),
            ("\u{feff}.env\r\nx", ".env", true),
            ("[.]env", ".env", true),
            ("a[^b]c", "adc", true),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("**", "anything/at/all", true),
            ("a/**/z", "a/z", true),
            ("a/**/z", "a/b/c/z", true),
            ("./x/../.env", ".env", true),
            ("*.env", "prod.env", true),
            ("!.env", ".env", false),
        ] {
            assert_eq!(excluded(patterns, path), expected, "{patterns:?} on {path}");
        }
        assert!(Ignore::parse("[").is_err());
        assert!(Ignore::parse(&"x\n".repeat(2000)).is_err());
    }
}
