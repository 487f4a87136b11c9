//! Dockerfiles: who the image runs as, which bases are pinned, and how long they are cared for.

use jiff::civil::Date;

use super::privileges::record_mut;
use crate::facts::{Document, Fact, Kind, Reason, Record, State, Unknown};
use crate::knowledge::{end_of_life, repository};

/// Words of tags that move from image to image; a tag of these alone names no version.
const MOVING: [&str; 24] = [
    "latest",
    "stable",
    "edge",
    "main",
    "master",
    "nightly",
    "mainline",
    "lts",
    "current",
    "rolling",
    "dev",
    "develop",
    "devel",
    "snapshot",
    "unstable",
    "testing",
    "sid",
    "alpine",
    "slim",
    "perl",
    "otel",
    "nonroot",
    "debug",
    "unprivileged",
];

/// A file that a service builds is known through the service; a second look at the same file says nothing more.
pub(super) fn once(documents: &mut Vec<Document>) {
    let is_built = |d: &Document| d.facts.list("services").is_some_and(|services| !services.items.is_empty());
    let built: Vec<_> = documents.iter().filter(|d| d.kind == Kind::Dockerfile && is_built(d)).map(key).collect();
    documents.retain(|d| d.kind != Kind::Dockerfile || is_built(d) || !built.contains(&key(d)));
}

fn key(document: &Document) -> (String, String) {
    (document.target.to_string(), document.facts.text("path").unwrap_or(&document.name).to_owned())
}

/// Writes the derived facts of a Dockerfile.
pub(super) fn derive(document: &mut Document, today: Date) {
    let facts = &mut document.facts;
    let root = root(facts);
    let shown = match (facts.text("user.spec"), &facts.get("user.spec").state) {
        (Some(spec), _) => spec.to_owned(),
        (None, State::Absent) => "the user of its base, which is root unless somebody made it another".to_owned(),
        _ => "an unknown user".to_owned(),
    };
    facts.put("user.root", root);
    facts.set_here("user.shown", shown);
    let Some(bases) = facts.list_mut("bases") else { return };
    for base in bases.items.iter_mut().filter_map(record_mut) {
        self::base(base, today);
    }
}

/// No USER at all leaves what the base has: root, unless its name promises another.
fn root(facts: &Record) -> Fact {
    let spec = facts.get("user.spec");
    let fact = match (&spec.state, spec.text()) {
        (_, Some(spec)) => named(facts, spec.split(':').next().unwrap_or("").trim()),
        (State::Absent, _) => inherited(facts),
        (State::Unknown(why), _) => Fact::unknown(why.clone()),
        _ => Fact::unknown(Reason::Error),
    };
    Fact { origin: spec.origin.clone(), ..fact }
}

fn named(facts: &Record, name: &str) -> Fact {
    if name.is_empty() || name == "root" || name.bytes().all(|byte| byte == b'0') {
        return Fact::known(true);
    }
    if name.parse::<u32>().is_ok_and(|uid| uid > 0) && !name.starts_with('+') {
        return Fact::known(false);
    }
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-$@".contains(c));
    if plain && !name.eq_ignore_ascii_case("root") {
        return facts.get("user.made_root").clone();
    }
    Fact::unknown(Unknown::new(Reason::Unsupported, "USER names something that is no user"))
}

fn inherited(facts: &Record) -> Fact {
    match (&facts.get("base").state, facts.text("base")) {
        (_, Some(base)) if ["nonroot", "unprivileged", "rootless"].iter().any(|word| base.contains(word)) => {
            let why = format!("the name of {base} promises an unprivileged user, and the image was not seen");
            Fact::unknown(Unknown::new(Reason::ImageNotSeen, why))
        }
        (State::Unknown(why), _) => Fact::unknown(why.clone()),
        _ => Fact::known(true),
    }
}

fn base(base: &mut Record, today: Date) {
    let line = base.int("line").unwrap_or(0);
    let fact = base.get("reference").clone();
    let Some(reference) = fact.text() else {
        let why = match fact.state {
            State::Unknown(why) => why,
            _ => Unknown::from(Reason::Error),
        };
        base.set_here("label", format!("an image that a variable names (line {line})"));
        for path in ["pinned", "support", "eol"] {
            base.unknown(path, why.clone());
        }
        return;
    };
    base.set_here("label", format!("{reference} (line {line})"));
    base.set_here("pinned", is_pinned(reference));
    let (support, eol) = support(reference, today);
    base.put("support", support);
    base.put("eol", eol);
}

/// By digest, or by a tag that names a version.
fn is_pinned(reference: &str) -> bool {
    let (name, digest) = reference.split_once('@').map_or((reference, None), |(name, digest)| (name, Some(digest)));
    if let Some(digest) = digest {
        return digest.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
    }
    let Some(tag) = tag(name) else { return false };
    let lower = tag.to_ascii_lowercase();
    let words: Vec<&str> = lower.split(['-', '.', '_']).collect();
    !MOVING[..17].contains(words.first().unwrap_or(&"")) && words.iter().any(|word| !MOVING.contains(word) && !word.is_empty())
}

fn tag(name: &str) -> Option<&str> {
    name.rsplit('/').next().and_then(|last| last.split_once(':')).map(|(_, tag)| tag)
}

/// What is known of an image's end of support, and whether it is over. Several things may end: the software of the image
/// and the system below it; one that is over is enough.
fn support(reference: &str, today: Date) -> (Fact, Fact) {
    let name = reference.split('@').next().unwrap_or(reference);
    let known = end_of_life().image(&repository(name), tag(name).unwrap_or(""));
    let over: Vec<String> = known
        .ends
        .iter()
        .filter(|(_, ends)| today > *ends)
        .map(|(title, ends)| format!("{title} (support ended {ends})"))
        .collect();
    if !over.is_empty() {
        return (Fact::known(over.join(", ")), Fact::known(true));
    }
    let next: Vec<String> = known.ends.iter().map(|(title, ends)| format!("{title} (support ends {ends})")).collect();
    if known.whole {
        return (Fact::known(next.join(", ")), Fact::known(false));
    }
    let why = Unknown::new(Reason::UnknownFact, format!("no end of support is known for {reference}"));
    (Fact::known(format!("{reference}: no end of support is known")), Fact::unknown(why))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::facts::{Assurance, List};

    #[test]
    fn tags_that_move() {
        let digest = format!("x@sha256:{}", "a".repeat(64));
        for (reference, pinned) in [
            ("python:3.10-slim", true),
            ("debian:bookworm-slim", true),
            ("ubuntu:jammy", true),
            ("node:18-alpine", true),
            ("nginx", false),
            ("nginx:latest", false),
            ("nginx:alpine", false),
            ("nginx:stable-alpine", false),
            ("nginx:mainline-alpine3.20", false),
            ("nginx:1.27-alpine", true),
            ("node:lts-alpine", false),
            ("host:5000/x", false),
            ("host:5000/x:1.0", true),
            ("gcr.io/distroless/static-debian12:nonroot", false),
            ("x:edge", false),
            ("x:main", false),
            ("x:nightly", false),
            ("x@sha256:short", false),
            (digest.as_str(), true),
            ("orthancteam/orthanc:24.1.2", true),
            ("orthancteam/orthanc:latest-full", false),
        ] {
            assert_eq!(is_pinned(reference), pinned, "{reference}");
        }
    }

    #[test]
    fn support_of_images() {
        let today = date(2026, 11, 24);
        for (reference, eol) in [
            ("python:3.8-slim", Some(true)),
            ("python:3.12-slim", Some(false)),
            ("python:3.12-slim-buster", Some(true)),
            ("python:3", None),
            ("node:18-alpine", Some(true)),
            ("node:16", Some(true)),
            ("debian:bookworm-slim", Some(false)),
            ("debian:10", Some(true)),
            ("docker.io/library/debian:stretch", Some(true)),
            ("ubuntu:18.04", Some(true)),
            ("ubuntu:noble", Some(false)),
            ("alpine:3.16.2", Some(true)),
            ("nvidia/cuda:11.8.0-runtime-ubuntu18.04", Some(true)),
            ("nvidia/cuda:12.4.1-runtime-ubuntu22.04", None),
            ("nginx:latest", None),
            ("orthancteam/orthanc:24.1.2", None),
            ("postgres:11", Some(true)),
        ] {
            assert_eq!(support(reference, today).1.bool(), eol, "{reference}");
        }
    }

    fn root_of(write: impl Fn(&mut Record)) -> Option<bool> {
        let mut document = Document::new(Kind::Dockerfile, "Dockerfile", "t", Assurance::Declared);
        document.facts.set_here("bases", List::default());
        write(&mut document.facts);
        derive(&mut document, date(2026, 11, 24));
        document.facts.bool("user.root")
    }

    #[test]
    fn who_is_root() {
        for (spec, root) in [("root", true), ("0:0", true), ("00", true), ("", true), ("1000:0", false), ("app", false)] {
            let found = root_of(|facts| {
                facts.set_here("user.spec", spec);
                facts.set_here("user.made_root", false);
            });
            assert_eq!(found, Some(root), "{spec}");
        }
        for odd in ["+0", " x y", "0x0", "-1", "4294967296", "Root", "ROOT", "1000.5", "$X"] {
            let found = root_of(|facts| {
                facts.set_here("user.spec", odd);
                facts.set_here("user.made_root", false);
            });
            assert_eq!(found, None, "{odd}");
        }
        let none = |base: &'static str| {
            root_of(move |facts| {
                facts.absent("user.spec");
                facts.set_here("base", base);
            })
        };
        assert_eq!(none("debian:12"), Some(true));
        assert_eq!(none("gcr.io/distroless/static:nonroot"), None);
        assert_eq!(none("nginxinc/nginx-unprivileged:1.27"), None);
        assert_eq!(
            root_of(|facts| {
                facts.absent("user.spec");
                facts.absent("base");
            }),
            Some(true)
        );
        assert_eq!(root_of(|facts| facts.unknown("user.spec", Reason::UnknownFact)), None);
    }
}
