//! Names and values of a settings file, with their lines, whatever the format. Nothing here fails: a file that does
//! not parse is read line by line, since a secret in a broken file is a secret all the same.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use regex::Regex;

use crate::collect::yaml::{self, Content, Node, Source};

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::collect) enum Format {
    /// `NAME=value` lines for a shell or Compose.
    Env,
    /// JSON, with comments as Orthanc reads it.
    Json,
    /// YAML.
    Yaml,
    /// Lines of `name = value`, `name: value` or `name value`.
    Lines,
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::collect) struct Setting {
    /// Its name; for an entry of a list of users the name of that list.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Line from 1.
    pub line: u32,
    /// The value is the password of a user (`RegisteredUsers`).
    pub user: bool,
}

/// All settings of a text.
pub(in crate::collect) fn read(format: Format, text: &str) -> Vec<Setting> {
    match format {
        Format::Env => text.lines().zip(1..).filter_map(|(line, n)| env_line(line, n)).collect(),
        Format::Json => json(text),
        Format::Yaml => yaml(text).unwrap_or_else(|| lines(text)),
        Format::Lines => lines(text),
    }
}

/// The begin of every private key; the key itself is not looked at.
pub(in crate::collect) fn keys(text: &str) -> Vec<Setting> {
    let begins = |line: &&str| line.starts_with("-----BEGIN ") && line.contains("PRIVATE KEY");
    let encrypted = text.contains("Proc-Type: 4,ENCRYPTED");
    let lines = text.lines().zip(1..).filter(|(line, _)| begins(line) && !encrypted && !line.contains("ENCRYPTED"));
    lines.map(|(line, n)| setting("private key", line, n)).collect()
}

fn setting(name: &str, value: &str, line: u32) -> Setting {
    Setting { name: name.to_owned(), value: value.to_owned(), line, user: false }
}

/// `[export] NAME=value`, quotes and a comment behind it taken off.
fn env_line(line: &str, n: u32) -> Option<Setting> {
    let line = line.trim_start_matches('\u{feff}').trim();
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    let (name, value) = line.split_once(['=', ':'])?;
    let name = name.trim();
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_.-".contains(c));
    plain.then(|| setting(name, unquote(value.trim()), n))
}

/// The inside of quotes, or everything before ` #`.
fn unquote(value: &str) -> &str {
    for quote in ['"', '\'', '`'] {
        if let Some(inside) = value.strip_prefix(quote) {
            return inside.find(quote).map_or(inside, |end| &inside[..end]);
        }
    }
    if value.starts_with('#') { "" } else { value.split(" #").next().unwrap_or(value).trim_end() }
}

fn lines(text: &str) -> Vec<Setting> {
    text.lines().zip(1..).filter_map(|(line, n)| plain_line(line, n)).collect()
}

fn plain_line(line: &str, n: u32) -> Option<Setting> {
    let line = line.trim().trim_start_matches("- ").trim();
    if line.is_empty() || line.starts_with(['#', ';', '[']) {
        return None;
    }
    let line = line.trim_end_matches([';', ',']);
    let end = line.find(['=', ':']).filter(|end| !line[..*end].trim().contains(char::is_whitespace));
    let (name, value) = match end {
        Some(end) => (&line[..end], &line[end + 1..]),
        None => line.split_once(char::is_whitespace)?,
    };
    let name = name.trim().trim_matches(['"', '\'']);
    // `location = /x:y` and addresses: what stands before the sign has to look like a name.
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_.-/".contains(c));
    Some(setting(if plain { name } else { "" }, unquote(value.trim().trim_start_matches(['=', '>']).trim()), n))
}

static PAIR: LazyLock<Regex> =
    LazyLock::new(|| constant(r#""((?:[^"\\]|\\.)*)"\s*:\s*(?:"((?:[^"\\]|\\.)*)"|(-?[0-9][0-9.]*))"#));
static TEXT: LazyLock<Regex> = LazyLock::new(|| constant(r#""((?:[^"\\]|\\.)*)""#));
static USERS: LazyLock<Regex> = LazyLock::new(|| constant(r#"(?i)"registeredusers"\s*:\s*\{"#));

fn constant(pattern: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant patterns")]
    Regex::new(pattern).unwrap()
}

/// Pairs wherever they stand: unquoted `${NUM}`, Jinja and cut-off files are read as far as they go.
fn json(text: &str) -> Vec<Setting> {
    let text = without_comments(text);
    let users: Vec<_> =
        USERS.find_iter(&text).map(|m| m.end()..text[m.end()..].find('}').map_or(text.len(), |e| m.end() + e)).collect();
    let mut line = Lines::default();
    let mut out: Vec<Setting> = Vec::new();
    let mut values = HashSet::new();
    let mut named: Option<String> = None;
    for found in PAIR.captures_iter(&text) {
        let (Some(whole), Some(name)) = (found.get(0), found.get(1)) else { continue };
        let Some(value) = found.get(2).or(found.get(3)) else { continue };
        values.extend([name.start(), value.start()]);
        let user = users.iter().any(|range| range.contains(&whole.start()));
        let name = match (user, name.as_str(), named.take()) {
            (true, ..) => "RegisteredUsers".to_owned(),
            // {"name": "DB_PASSWORD", "value": "..."}
            (_, "value", Some(name)) => name,
            (_, name, _) => name.to_owned(),
        };
        let value = unescaped(value.as_str());
        if name == "name" {
            named = Some(value.clone());
        }
        out.push(Setting { name, value, line: line.of(&text, whole.start()), user });
    }
    let mut line = Lines::default();
    // Elements of lists have no name, but may be `NAME=value` or a URL with a password.
    let elements = TEXT.captures_iter(&text).filter_map(|found| found.get(1));
    for element in elements.filter(|m| m.as_str().contains(['=', '@']) && !values.contains(&m.start())) {
        out.push(assignment(&unescaped(element.as_str()), line.of(&text, element.start())));
    }
    out.sort_by_key(|setting| setting.line);
    out
}

/// `NAME=value` as a setting, anything else as a value without a name.
fn assignment(text: &str, line: u32) -> Setting {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_') => {
            setting(name, unquote(value), line)
        }
        _ => setting("", text, line),
    }
}

/// Counts lines once over the whole text.
#[derive(Default)]
struct Lines {
    at: usize,
    line: u32,
}

impl Lines {
    /// The line of a place; places must be asked in order.
    fn of(&mut self, text: &str, at: usize) -> u32 {
        let more = text.get(self.at..at).map_or(0, |between| between.matches('\n').count());
        self.line = self.line.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
        self.at = at;
        self.line.saturating_add(1)
    }
}

fn unescaped(text: &str) -> String {
    serde_json::from_str(&format!("\"{text}\"")).unwrap_or_else(|_| text.to_owned())
}

/// `//` and `/* */` outside texts become spaces, so that lines stay where they are.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = if c == '"' {
            let end = TEXT.find(rest).filter(|m| m.start() == 0).map_or(1, |m| m.end());
            out.push_str(&rest[..end]);
            end
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            let end = rest.find("*/").map_or(rest.len(), |end| end + 2);
            out.extend(rest[..end].chars().filter(|c| *c == '\n'));
            end
        } else {
            out.push(c);
            c.len_utf8()
        };
        rest = &rest[length..];
    }
    out
}

/// Every scalar with its key; `None` when the text is no YAML.
fn yaml(text: &str) -> Option<Vec<Setting>> {
    let source = Arc::new(Source { shown: "".into(), directory: PathBuf::new() });
    let mut out = Vec::new();
    for node in yaml::parse_all(text, &source).ok()? {
        tree(&node, "", &mut out);
    }
    Some(out)
}

/// The settings below one value.
pub(in crate::collect) fn tree(node: &Node, key: &str, out: &mut Vec<Setting>) {
    match &node.content {
        Content::Scalar(scalar) if key.is_empty() => out.push(assignment(&scalar.text, node.at.line)),
        Content::Scalar(scalar) => out.push(setting(key, &scalar.text, node.at.line)),
        Content::List(items) => {
            for item in items {
                match item.scalar() {
                    // `- NAME=value` below `environment:`.
                    Some(scalar) => {
                        let mut found = assignment(&scalar.text, item.at.line);
                        if found.name.is_empty() {
                            key.clone_into(&mut found.name);
                        }
                        out.push(found);
                    }
                    None => tree(item, key, out),
                }
            }
        }
        Content::Map(map) => {
            let pair = (node.get("name").and_then(Node::scalar), node.entry("value").filter(|v| v.node.scalar().is_some()));
            if let (Some(name), Some((at, value))) = (pair.0, pair.1.and_then(|v| Some((&v.at, v.node.scalar()?)))) {
                out.push(setting(&name.text, &value.text, at.line));
            }
            let users = key.eq_ignore_ascii_case("registeredusers");
            for (name, entry) in map.iter().filter(|(name, _)| pair.0.is_none() || pair.1.is_none() || &***name != "value") {
                match (users, entry.node.scalar()) {
                    (true, Some(scalar)) => {
                        out.push(Setting { user: true, ..setting("RegisteredUsers", &scalar.text, entry.at.line) });
                    }
                    _ => tree(&entry.node, name, out),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(format: Format, text: &str) -> Vec<(String, String, u32)> {
        read(format, text).into_iter().map(|s| (s.name, s.value, s.line)).collect()
    }

    fn has(format: Format, text: &str, name: &str, value: &str, line: u32) {
        let found = pairs(format, text);
        assert!(found.contains(&(name.into(), value.into(), line)), "{found:?}");
    }

    #[test]
    fn env_files() {
        let text = "# x\nA=1 # c\nexport B=\"two # not\"\nC='3'\nD=\nE: 5\nnothing\n# F=6\n";
        let expected = [("A", "1", 2), ("B", "two # not", 3), ("C", "3", 4), ("D", "", 5), ("E", "5", 6)];
        let expected: Vec<_> = expected.map(|(n, v, l)| (n.to_owned(), v.to_owned(), l)).into();
        assert_eq!(pairs(Format::Env, text), expected);
    }

    #[test]
    fn json_with_comments_and_damage() {
        let text = "{ // \"No\": \"x\"\n /* \n */ \"A\": \"b\\\"c\",\n \"RegisteredUsers\": {\"ann\": \"pw\"},\n \"N\": ${NUM},\n \"P\": 12, \"e\": [\"K=v\"]";
        has(Format::Json, text, "A", "b\"c", 3);
        has(Format::Json, text, "RegisteredUsers", "pw", 4);
        has(Format::Json, text, "P", "12", 6);
        has(Format::Json, text, "K", "v", 6);
        assert!(!pairs(Format::Json, text).iter().any(|(name, ..)| name == "No"));
    }

    #[test]
    fn yaml_of_all_kinds() {
        let text = "a:\n  b: c\nenvironment:\n  - X=y\nenv:\n  - name: P\n    value: q\n---\nRegisteredUsers:\n  ann: pw\n";
        has(Format::Yaml, text, "b", "c", 2);
        has(Format::Yaml, text, "X", "y", 4);
        has(Format::Yaml, text, "P", "q", 7);
        has(Format::Yaml, text, "RegisteredUsers", "pw", 10);
        has(Format::Yaml, "a: {{ x }}\n{{- if y }}\npassword: z\n", "password", "z", 3);
    }

    #[test]
    fn lines_of_other_formats() {
        has(Format::Lines, "[db]\npassword = \"x y\" ; c\n", "password", "x y", 2);
        has(Format::Lines, "requirepass foo\n", "requirepass", "foo", 1);
        has(
            Format::Lines,
            "proxy_set_header Authorization \"Basic abcdef\";\n",
            "proxy_set_header",
            "Authorization \"Basic abcdef\"",
            1,
        );
    }
}
