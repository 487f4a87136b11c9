//! Images: what a reference says, and how long the base system is cared for.

use jiff::civil::Date;

use crate::facts::{Document, Fact, Reason, Record, State, Unknown};
use crate::knowledge::{end_of_life, images};

/// Fills what a container does not know of its base system from its image.
pub(super) fn container_base(document: &mut Document, known: &[Document]) {
    let id = document.facts.text("image.id");
    let image = known.iter().find(|image| image.target == document.target && id.is_some() && image.facts.text("id") == id);
    let Some(image) = image else { return };
    for path in ["os.id", "os.version", "passwd"] {
        if matches!(document.facts.get(path).state, State::Unknown(_))
            && !matches!(image.facts.get(path).state, State::Unknown(_))
        {
            // A mount over /etc hides the image's users from the container, so its own unknown stands.
            if path == "passwd" && document.facts.has("passwd") {
                continue;
            }
            let fact = image.facts.get(path).clone();
            document.facts.put(path, fact);
        }
    }
}

/// Writes the derived facts below `image`.
pub(super) fn reference(document: &mut Document, today: Date) {
    let facts = &mut document.facts;
    let origin = facts.get("image.reference").origin.clone();
    let (pinned, fixed, retired, successor) = match (&facts.get("image.reference").state, facts.text("image.reference")) {
        (_, Some(reference)) => {
            let retired = images().retired(reference);
            (
                Fact::known(is_pinned(reference)),
                Fact::known(is_fixed(reference)),
                Fact::known(retired.is_some()),
                retired.map_or_else(Fact::absent, |r| Fact::known(r.successor.as_str())),
            )
        }
        (State::Absent, _) => {
            let built = || Unknown::new(Reason::ImageNotSeen, "the image is built here and has no reference");
            (Fact::unknown(built()), Fact::unknown(built()), Fact::known(false), Fact::absent())
        }
        (State::Unknown(why), _) => {
            (Fact::unknown(why.clone()), Fact::unknown(why.clone()), Fact::unknown(why.clone()), Fact::unknown(why.clone()))
        }
        _ => return,
    };
    for (path, fact) in
        [("image.pinned", pinned), ("image.tag_fixed", fixed), ("image.retired", retired), ("image.successor", successor)]
    {
        facts.put(path, Fact { origin: origin.clone(), ..fact });
    }
    let (base, eol) = base(facts, today);
    facts.put("image.base", base);
    facts.put("image.base_eol", eol);
}

/// Name and end of support of the base system.
fn base(facts: &Record, today: Date) -> (Fact, Fact) {
    let (id, version) = (facts.get("os.id"), facts.get("os.version"));
    match (id.text(), version.text()) {
        (Some(id), Some(version)) => match end_of_life().system(id, version) {
            Some((title, ends)) => {
                let over = today > ends;
                let verb = if over { "ended" } else { "ends" };
                (Fact::known(format!("{title} (support {verb} {ends})")), Fact::known(over))
            }
            None => {
                let why = Unknown::new(Reason::UnknownFact, format!("no end of support is known for {id} {version}"));
                (Fact::known(format!("{id} {version}")), Fact::unknown(why))
            }
        },
        (Some(id), None) => {
            let why = Unknown::new(Reason::UnknownFact, format!("{id} without a version: a rolling or unreleased system"));
            (Fact::known(id), Fact::unknown(why))
        }
        _ => match &id.state {
            State::Unknown(why) => (Fact::unknown(why.clone()), Fact::unknown(why.clone())),
            _ => {
                let why = Unknown::new(Reason::UnknownFact, "the image has no os-release, so its base system is not known");
                (Fact::absent(), Fact::unknown(why))
            }
        },
    }
}

/// By digest, or by the bare id of an image.
fn is_pinned(reference: &str) -> bool {
    reference.split_once("@sha256:").is_some_and(|(_, digest)| is_hex(digest, 64, 64)) || is_id(reference)
}

fn is_id(reference: &str) -> bool {
    match reference.strip_prefix("sha256:") {
        Some(id) => is_hex(id, 64, 64),
        // A name of twelve hex digits is thinkable (`deadbeefcafe`), a tag-less name of 64 is not.
        None => is_hex(reference, 64, 64) || is_hex(reference, 12, 12) && reference.chars().any(|c| c.is_ascii_digit()),
    }
}

fn is_hex(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.len()) && text.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
}

/// A digest, an id, or a tag other than `latest`.
fn is_fixed(reference: &str) -> bool {
    if is_pinned(reference) {
        return true;
    }
    let name = reference.rsplit('/').next().unwrap_or(reference);
    name.split('@').next().and_then(|name| name.split_once(':')).is_some_and(|(_, tag)| !tag.is_empty() && tag != "latest")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        let id = "a".repeat(63) + "1";
        for (reference, pinned, fixed) in [
            ("nginx".to_owned(), false, false),
            ("nginx:latest".to_owned(), false, false),
            ("nginx:1.27".to_owned(), false, true),
            ("host:5000/nginx".to_owned(), false, false),
            (format!("nginx@sha256:{id}"), true, true),
            (format!("nginx:latest@sha256:{id}"), true, true),
            ("nginx@sha256:short".to_owned(), false, false),
            (format!("sha256:{id}"), true, true),
            ("3f5a1c2b4d6e".to_owned(), true, true),
            ("beefcafebabe".to_owned(), false, false),
        ] {
            assert_eq!((is_pinned(&reference), is_fixed(&reference)), (pinned, fixed), "{reference}");
        }
    }
}
