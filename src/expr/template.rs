//! Sentences with expressions in braces: `{name} runs as {container.user.shown}`.

use super::eval::Evaluation;
use super::lower::{Guarding, lower};
use super::node::Node;
use super::{ExprError, Scope};

/// A compiled sentence.
#[derive(Clone, Debug, Default)]
pub struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Value(Node),
}

impl Template {
    /// Compiles a sentence about facts below `root`; `{{` and `}}` stand for braces.
    pub fn parse(source: &str, root: &str) -> Result<Self, ExprError> {
        let mut parts = Vec::new();
        let mut rest = source;
        let position = |rest: &str| source.chars().count() - rest.chars().count();
        while let Some(open) = rest.find('{') {
            let (before, after) = rest.split_at(open);
            parts.push(Part::Text(before.to_owned()));
            if let Some(literal) = after.strip_prefix("{{") {
                parts.push(Part::Text("{".into()));
                rest = literal;
                continue;
            }
            let inner = &after[1..];
            let start = position(inner);
            let Some(close) = inner.find('}') else {
                return Err(ExprError {
                    message: "`{` is never closed".into(),
                    help: Some("write `{{` for a brace".into()),
                    span: (start - 1, start),
                });
            };
            let (node, _) = lower(&inner[..close], root, Guarding::Optional)
                .map_err(|e| ExprError { span: (e.span.0 + start, e.span.1 + start), ..e })?;
            parts.push(Part::Value(node));
            rest = &inner[close + 1..];
        }
        parts.push(Part::Text(rest.to_owned()));
        for part in &mut parts {
            if let Part::Text(text) = part {
                *text = text.replace("}}", "}");
            }
        }
        Ok(Self { parts })
    }

    /// The sentence for these facts; what is unknown is said to be.
    pub fn render(&self, scope: &Scope<'_>) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Value(node) => {
                    let value = Evaluation::new(scope).eval(node);
                    out.push_str(&value.to_string());
                }
            }
        }
        out
    }
}
