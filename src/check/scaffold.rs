//! The beginning of a new check file.

use crate::facts::Kind;

/// A check file to be filled in; it loads only after the texts in angle brackets are replaced.
pub fn scaffold(id: &str, subject: Kind) -> String {
    let fact = match subject {
        Kind::Container => "container.read_only",
        Kind::Image => "image.health.defined",
        Kind::Engine => "engine.live_restore",
        Kind::Compose => "compose.parses",
        Kind::Orthanc => "orthanc.loads",
        _ => "stack.targets > 0",
    };
    let (path, value) = fact.split_once(" > ").map_or((fact, "true"), |(path, _)| (path, "1"));
    let (failing, field) = (if value == "true" { "false" } else { "0" }, path.split('.').skip(1).collect::<Vec<_>>());
    let nested = |value: &str| match field.as_slice() {
        [one] => format!("{{{subject}: {{{one}: {value}}}}}"),
        [one, two] => format!("{{{subject}: {{{one}: {{{two}: {value}}}}}}}"),
        _ => String::new(),
    };
    format!(
        "id: {id}\n\
         title: \"<the wanted condition as a statement, at most 100 characters>\"\n\
         severity: medium            # critical, high, medium or low\n\
         subject: {subject}\n\
         # when: …                   # optional: whether the check applies at all\n\
         pass: {fact}\n\
         message: \"<what is wrong, about {{name}}>\"\n\
         expected: \"<what was wanted>\"\n\
         observed: \"{{{path}}}\"\n\
         why: \"<why it matters in an imaging stack>\"\n\
         fix: \"<the line to write>\"\n\
         references: []\n\
         cases:\n\
         \x20 - {{expect: pass, facts: {}}}\n\
         \x20 - {{expect: fail, facts: {}}}\n\
         \x20 - {{expect: not_evaluated, facts: {{}}}}\n",
        nested(value),
        nested(failing),
    )
}
