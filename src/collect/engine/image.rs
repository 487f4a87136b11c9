//! One image's facts: its configuration, and the secrets in its recorded build steps.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value as Json;

use super::container::{all_unknown, os, passwd, user_spec};
use super::failure::Failure;
use super::fields::{Fields, Origins, plain, texts};
use super::gather::Image;
use super::words::Scanner;
use crate::facts::{Assurance, Document, Fact, Groups, Kind, List, Reason, Record, SecretScan, Unknown};

/// The document of one image; `references` are the names that audited containers use for it.
pub(super) fn document(
    id: &str,
    image: &Image,
    references: &BTreeSet<String>,
    target: &str,
    origins: &Origins,
    scanner: &mut Scanner<'_>,
) -> Document {
    let name = references.iter().next().map_or(id, String::as_str);
    let mut document = Document::new(Kind::Image, name, target, Assurance::Effective);
    let record = &mut document.facts;
    match &image.inspect {
        Err(failure) => all_unknown(Kind::Image, record, &failure.unknown()),
        Ok(json) => {
            let fields = Fields { json, origins };
            record.put("user.spec", user_spec(fields));
            record.put("passwd", passwd(image.passwd.as_ref()));
            scanner.health(fields, record);
            // Newer engines leave out what is empty.
            let whole = fields.get("Config").is_some_and(Json::is_object);
            let or_empty =
                |field: &str, read: Fact| if whole && fields.get(field).is_none() { super::fields::none() } else { read };
            record.put("env", or_empty("Config.Env", scanner.env(fields)));
            record.put("labels", or_empty("Config.Labels", scanner.labels(fields)));
        }
    }
    record.set("references", texts(references), &origins.of("Config.Image"));
    record.set("id", id, &origins.of("Id"));
    record.put("history_secrets", history(&image.history, scanner.scan).at(&origins.of("history[].CreatedBy")));
    os(Some(image), record);
    document
}

fn history(history: &Result<Json, Failure>, scan: &SecretScan) -> Fact {
    let unreadable = || Unknown::new(Reason::Unsupported, "the image's history cannot be read");
    let steps = match history {
        Err(failure) => return Fact::unknown(failure.unknown()),
        Ok(Json::Null) => &[],
        Ok(Json::Array(steps)) => steps.as_slice(),
        Ok(_) => return Fact::unknown(unreadable()),
    };
    let mut list = List::default();
    let mut found = BTreeSet::new();
    for step in steps {
        match step.get("CreatedBy").and_then(Json::as_str) {
            Some(step) => found.extend(secrets(step, scan)),
            None => list.incomplete = Some(unreadable()),
        }
    }
    for (label, why) in found {
        let mut record = Record::new();
        record.set_here("label", plain(&label));
        record.set_here("why", why);
        list.items.push(record.into());
    }
    Fact::known(list)
}

/// `name=value`, the value perhaps in quotes.
static PAIR: LazyLock<Regex> = LazyLock::new(|| constant(r#"([A-Za-z_][A-Za-z0-9_.-]*)=("[^"]*"|'[^']*'|[^\s"';|&]*)"#));
/// `libcrypto3=3.1.4-r0`, `tokenizers==0.13`, `--mount=type=secret,…`: versions and mounts, not secrets.
static NO_SECRET: LazyLock<Regex> = LazyLock::new(|| {
    constant(r"(^|\s)([A-Za-z0-9][A-Za-z0-9_.+\[\],-]*(==|>=|<=|~=)\S+|[a-z0-9][a-z0-9.+-]*=[0-9]\S*[.:~-]\S*|--mount=\S+)")
});
/// The build arguments that a `RUN` step was recorded with: `|2 A=1 B=2 /bin/sh -c …`.
static ARGUMENTS: LazyLock<Regex> = LazyLock::new(|| constant(r"^\|[0-9]+ "));
static SHELL: LazyLock<Regex> = LazyLock::new(|| constant(r"^(RUN )?(\|[0-9]+ .*?)?/bin/(ba)?sh -c (#\(nop\) +)?"));

fn constant(pattern: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant patterns")]
    Regex::new(pattern).unwrap()
}

/// Step and name of every secret in a recorded step, never the value.
fn secrets(step: &str, scan: &SecretScan) -> Vec<(String, &'static str)> {
    let mut found = Vec::new();
    let shell = SHELL.find(step);
    if let Some(arguments) = shell.map(|m| m.as_str().trim_start_matches("RUN ")).filter(|head| ARGUMENTS.is_match(head)) {
        found.extend(pairs("ARG", arguments, scan));
    }
    let nop = shell.is_some_and(|m| m.as_str().contains("#(nop)"));
    let rest = shell.map_or(step, |m| &step[m.end()..]).trim_start();
    let (instruction, text) = rest.split_once(' ').unwrap_or((rest, ""));
    match instruction {
        "ENV" | "ARG" | "LABEL" if nop || shell.is_none() => found.extend(pairs(instruction, text, scan)),
        "CMD" | "ENTRYPOINT" | "HEALTHCHECK" if nop || shell.is_none() => found.extend(words(instruction, text, scan)),
        _ => found.extend(words("RUN", rest, scan)),
    }
    found
}

fn pairs(instruction: &str, text: &str, scan: &SecretScan) -> Vec<(String, &'static str)> {
    let secret = |pair: regex::Captures<'_>| {
        let (name, value) = (pair.get(1)?.as_str(), pair.get(2)?.as_str().trim_matches(['"', '\'']));
        let scanned = scan.scan(name, value, &mut Groups::default());
        scanned.class.is_secret().then(|| (format!("{instruction} {name}"), scanned.why))
    };
    PAIR.captures_iter(text).filter_map(secret).collect()
}

fn words(instruction: &str, text: &str, scan: &SecretScan) -> Vec<(String, &'static str)> {
    let text = NO_SECRET.replace_all(text, " ");
    let found = scan.scan_words(&[text.as_ref()], &mut Groups::default());
    found.secrets.iter().map(|secret| (format!("{instruction} {}", secret.label), secret.scanned.why)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(step: &str) -> Vec<String> {
        secrets(step, &SecretScan::default()).into_iter().map(|(label, _)| label).collect()
    }

    #[test]
    fn secrets_in_recorded_steps_are_named() {
        assert_eq!(labels("ENV DB_PASSWORD=hunter2hunter2"), ["ENV DB_PASSWORD"]);
        assert_eq!(labels("/bin/sh -c #(nop)  ENV A=b DB_PASSWORD=hunter2hunter2"), ["ENV DB_PASSWORD"]);
        assert_eq!(labels("ARG API_TOKEN='abc def'"), ["ARG API_TOKEN"]);
        assert_eq!(labels("|1 DB_PASSWORD=x /bin/sh -c make"), ["ARG DB_PASSWORD"]);
        assert_eq!(labels("RUN |2 A=1 TOKEN=abcdef /bin/sh -c make # buildkit"), ["ARG TOKEN"]);
        assert_eq!(labels("RUN /bin/sh -c export SECRET_KEY=abcdefgh && make # buildkit"), ["RUN SECRET_KEY"]);
        assert_eq!(labels("/bin/sh -c curl https://bot:s3cretpw@git.example/x"), ["RUN a word"]);
    }

    #[test]
    fn versions_files_and_references_are_no_secrets() {
        for step in [
            "RUN /bin/sh -c apk add libcrypto3=3.1.4-r0 libsecret=0.20.5-r0 # buildkit",
            "RUN /bin/sh -c pip install tokenizers==0.13.3 # buildkit",
            "RUN /bin/sh -c --mount=type=secret,id=token cat /run/secrets/token",
            "ENV DB_PASSWORD_FILE=/run/secrets/db",
            "ENV DB_PASSWORD=",
            "ARG DB_PASSWORD",
            "CMD [\"/bin/sh\"]",
            "COPY file:0123456789abcdef in /etc/",
            "ENV PATH=/usr/local/bin:/usr/bin",
        ] {
            assert!(labels(step).is_empty(), "{step}: {:?}", labels(step));
        }
    }
}
