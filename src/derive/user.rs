//! The effective user: names through `/etc/passwd`, numbers as they are, nothing set is root.

use crate::facts::{Document, Fact, Reason, Record, State, Unknown};

/// Writes `user.uid`, `user.root`, `user.shown` and, for containers, `user.remapped`.
pub(super) fn derive(document: &mut Document, engine: Option<&Document>) {
    let facts = &document.facts;
    let uid = uid(facts);
    let shown = shown(facts, &uid);
    let remapped = remapped(facts, engine);
    document.facts.put("user.root", root(&document.facts, &uid));
    document.facts.put("user.uid", uid);
    document.facts.put("user.shown", Fact::known(shown));
    document.facts.put("user.remapped", remapped);
}

/// Whether the id is 0; a user that a Dockerfile makes without saying the id is not root.
fn root(facts: &Record, uid: &Fact) -> Fact {
    let state = match (uid.int(), &uid.state) {
        (Some(uid), _) => Fact::known(uid == 0).state,
        // Kubernetes refuses to start it as root, whatever the image says.
        _ if facts.bool("user.refuses_root") == Some(true) => Fact::known(false).state,
        (None, _) if facts.text("user.made").is_some_and(|made| made == name_of(facts)) => Fact::known(false).state,
        (None, state) => state.clone(),
    };
    Fact { state, origin: uid.origin.clone() }
}

fn name_of(facts: &Record) -> &str {
    facts.text("user.spec").unwrap_or("").split(':').next().unwrap_or("")
}

/// The user id of `user.spec` (`user[:group]`), as the engine resolves it.
fn uid(facts: &Record) -> Fact {
    let spec = facts.get("user.spec");
    let origin = spec.origin.clone();
    let mut fact = match &spec.state {
        State::Unknown(why) => Fact::unknown(why.clone()),
        State::Absent => Fact::known(0),
        State::Known(_) => resolve(facts, spec.text().unwrap_or("")),
    };
    fact.origin = origin;
    fact
}

fn resolve(facts: &Record, spec: &str) -> Fact {
    let name = spec.split(':').next().unwrap_or("").trim();
    if name.is_empty() || name == "root" {
        return Fact::known(0);
    }
    // A number is always a user id, even when a user of that name exists (runc, libcontainer/user).
    if name.chars().all(|c| c.is_ascii_digit()) {
        return match name.parse::<i64>() {
            Ok(uid) if uid <= i64::from(u32::MAX) => Fact::known(uid),
            _ => Fact::unknown(Unknown::new(Reason::Error, format!("`{name}` is no user id"))),
        };
    }
    match &facts.get("passwd").state {
        State::Known(_) => {}
        State::Unknown(why) => return Fact::unknown(why.clone()),
        State::Absent => {
            return Fact::unknown(Unknown::new(Reason::UnknownFact, "there is no /etc/passwd to look the user up in"));
        }
    }
    let Some(users) = facts.list("passwd") else {
        return Fact::unknown(Reason::Error);
    };
    match users.records().find(|user| user.text("name") == Some(name)).and_then(|user| user.int("uid")) {
        Some(uid) => Fact::known(uid),
        None => Fact::unknown(
            users
                .incomplete
                .clone()
                .unwrap_or_else(|| Unknown::new(Reason::UnknownFact, format!("the user `{name}` is not in /etc/passwd"))),
        ),
    }
}

fn shown(facts: &Record, uid: &Fact) -> String {
    match (uid.int(), name_of(facts)) {
        (Some(0), "" | "root") => "root (uid 0)".into(),
        (Some(uid), "") => format!("uid {uid}"),
        (Some(uid), name) if name == uid.to_string() => format!("uid {uid}"),
        (Some(uid), name) => format!("{name} (uid {uid})"),
        (None, "") => "an unknown user".into(),
        (None, name) => format!("{name} (uid unknown)"),
    }
}

/// uid 0 is not the host's root where the engine remaps ids or runs rootless, unless the container opts out.
fn remapped(facts: &Record, engine: Option<&Document>) -> Fact {
    let Some(engine) = engine else {
        return Fact::unknown(Unknown::new(Reason::NoTarget, "no engine was asked"));
    };
    if facts.text("userns_mode") == Some("host") && engine.facts.bool("rootless") != Some(true) {
        return Fact::known(false);
    }
    match (engine.facts.bool("rootless"), engine.facts.bool("userns_remap")) {
        (Some(true), _) | (_, Some(true)) => Fact::known(true),
        (Some(false), Some(false)) => Fact::known(false),
        _ => Fact::unknown(Unknown::new(Reason::UnknownFact, "the engine does not say whether it remaps user ids")),
    }
}
