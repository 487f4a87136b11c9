//! Files inside the templates of a chart, filled in with its values where that takes no more than values and `if`.
//!
//! Whatever else a template does is not guessed at: such a file is left alone.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::object::text;
use crate::collect::yaml::{Content, Node};

static KEY: LazyLock<Regex> = LazyLock::new(|| super::constant(r"^(\s+)([A-Za-z0-9_.-]+\.json):\s*\|[-+]?\s*$"));
static VALUE: LazyLock<Regex> =
    LazyLock::new(|| super::constant(r"\{\{-?\s*\.Values\.([A-Za-z0-9_.]+)\s*(\|\s*(quote|toString)\s*)?-?\}\}"));
static IF: LazyLock<Regex> =
    LazyLock::new(|| super::constant(r"^\s*\{\{-?\s*if\s+(not\s+)?\.Values\.([A-Za-z0-9_.]+)\s*-?\}\}\s*$"));
static ELSE: LazyLock<Regex> = LazyLock::new(|| super::constant(r"^\s*\{\{-?\s*else\s*-?\}\}\s*$"));
static END: LazyLock<Regex> = LazyLock::new(|| super::constant(r"^\s*\{\{-?\s*end\s*-?\}\}\s*$"));

/// The JSON files of a template, each with its name, on the lines on which they stand in the template.
pub(super) fn json_files(template: &str, values: &Node) -> Vec<(String, String)> {
    let lines: Vec<&str> = template.lines().collect();
    let mut out = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(key) = KEY.captures(line) else { continue };
        let indent = key.get(1).map_or(0, |m| m.as_str().len());
        let inside = |line: &&&str| line.trim().is_empty() || line.len() - line.trim_start().len() > indent;
        let block: Vec<&str> = lines[at + 1..].iter().take_while(inside).copied().collect();
        if let (Some(text), Some(name)) = (render(&block, values), key.get(2)) {
            out.push((name.as_str().to_owned(), format!("{}{text}", "\n".repeat(at + 1))));
        }
    }
    out
}

/// The text as Helm would make it; `None` when it takes more than is understood here.
fn render(block: &[&str], values: &Node) -> Option<String> {
    let mut out = String::new();
    // Whether each `if` that is open holds.
    let mut open: Vec<bool> = Vec::new();
    for line in block {
        if let Some(condition) = IF.captures(line) {
            let holds = is_true(find(values, condition.get(2)?.as_str()));
            open.push(holds != condition.get(1).is_some());
        } else if ELSE.is_match(line) {
            let last = open.last_mut()?;
            *last = !*last;
        } else if END.is_match(line) {
            open.pop()?;
        } else if open.iter().all(|holds| *holds) {
            let mut complete = true;
            let filled = VALUE.replace_all(line, |found: &Captures<'_>| {
                let value =
                    found.get(1).and_then(|path| find(values, path.as_str())).and_then(|node| text(node, &[]).or(Some("")));
                complete &= value.is_some();
                let value = value.unwrap_or_default();
                if found.get(2).is_some() { format!("\"{value}\"") } else { value.to_owned() }
            });
            if !complete || filled.contains("{{") {
                return None;
            }
            out.push_str(&filled);
        }
        out.push('\n');
    }
    open.is_empty().then_some(out)
}

fn find<'n>(values: &'n Node, path: &str) -> Option<&'n Node> {
    values.at_path(&path.split('.').collect::<Vec<_>>())
}

/// Helm's truth: neither empty, nor zero, nor false, nor missing.
fn is_true(node: Option<&Node>) -> bool {
    match node.map(|node| &node.content) {
        None => false,
        Some(Content::Scalar(scalar)) => !matches!(&*scalar.text, "" | "false" | "0" | "null" | "~"),
        Some(Content::List(items)) => !items.is_empty(),
        Some(Content::Map(map)) => !map.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::yaml;

    fn files(template: &str, values: &str) -> Vec<(String, String)> {
        let values = yaml::parse(values, &super::super::source("values.yaml")).unwrap().unwrap();
        json_files(template, &values)
    }

    #[test]
    fn values_and_conditions() {
        let template = "data:\n  a.json: |\n    {\"A\": {{ .Values.x.on }},\n    {{- if .Values.x.on }}\n    \"B\": 1,\n    {{- else }}\n    \"B\": 2,\n    {{- end }}\n    \"C\": {{ .Values.name | quote }}}\n  other: x\n";
        let found = files(template, "x: {on: false}\nname: n\n");
        assert_eq!(found.len(), 1);
        let expected = "\n\n    {\"A\": false,\n\n\n\n    \"B\": 2,\n\n    \"C\": \"n\"}\n";
        assert_eq!(found[0], ("a.json".into(), expected.into()));
    }

    #[test]
    fn what_is_not_understood_is_left_alone() {
        assert!(files("data:\n  a.json: |\n    {{- range .Values.x }}\n    {{- end }}\n", "x: []\n").is_empty());
        assert!(files("data:\n  a.json: |\n    {\"A\": {{ .Values.missing }}}\n", "x: []\n").is_empty());
        assert!(files("data:\n  a.json: |\n    {\"A\": {{ include \"x\" . }}}\n", "x: []\n").is_empty());
    }
}
