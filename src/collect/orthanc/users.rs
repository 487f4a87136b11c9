//! Registered users: who they are, and what their passwords are worth; never a password.

use super::facts::{Section, labelled, section};
use super::json::{Json, Look, Map, Node};
use super::shown;
use crate::facts::{Class, Fact, Groups, List, Record, Unknown};
use crate::knowledge::secret_scan;

/// Fewest characters of a password that nobody calls weak: there is no lockout and no limit of tries in Orthanc.
const LONG_ENOUGH: usize = 14;

/// Writes `users`.
pub(super) fn write(record: &mut Record, root: &Map, groups: &mut Groups) {
    let fact = match section(root, &["RegisteredUsers"]) {
        Section::Map(users, node) => {
            let mut list = List { items: Vec::new(), incomplete: users.incomplete.clone() };
            for (name, password) in &users.entries {
                list.items.push(Fact::from(user(name, password, groups)).at(&password.at));
            }
            Fact::known(list).at(&node.at)
        }
        Section::Absent => Fact::known(Vec::new()),
        Section::Unknown(why) => Fact::unknown(why),
    };
    record.put("users", fact);
    let declared = match root.look("RegisteredUsers") {
        Look::Set(node) => Fact::known(true).at(&node.at),
        Look::Absent => Fact::known(false),
        Look::Unknown(why) => Fact::unknown(why),
    };
    record.put("users_declared", declared);
}

fn user(name: &str, password: &Node, groups: &mut Groups) -> Record {
    let name_shown = shown::key(name);
    let mut record = match (&password.json, password.text()) {
        (Json::Unknown(why), _) => unknown_password(&name_shown, password, why),
        (_, Some(text)) => known_password(&name_shown, name, text, password, groups),
        (json, None) => {
            let mut record = labelled(format!("{name_shown} (the password is {}, no text)", json.words()));
            record.set_here("class", "literal");
            record.set_here("published", false);
            record.set_here("weak", "it is no text, so Orthanc may refuse to start");
            record
        }
    };
    record.set_here("name", name_shown);
    record.set_here("place", password.clear_in().word());
    record
}

fn unknown_password(name: &str, password: &Node, why: &Unknown) -> Record {
    let what = if password.reference { "refers to a variable that was not seen" } else { "was not seen" };
    let mut record = labelled(format!("{name} (the password {what})"));
    if password.reference {
        record.set_here("class", "reference");
    } else {
        record.unknown("class", why.clone());
    }
    record.unknown("published", why.clone());
    record.unknown("weak", why.clone());
    record
}

fn known_password(shown: &str, name: &str, text: &str, password: &Node, groups: &mut Groups) -> Record {
    let scan = secret_scan();
    let scanned = scan.scan("password", text, groups);
    let published = scan.is_published(text) || scan.is_published(&format!("{name}:{text}"));
    let class = match scanned.class {
        Class::Literal | Class::Plain | Class::Public if password.via.is_some() => Class::Reference,
        Class::Plain | Class::Public => Class::Literal,
        class => class,
    };
    let weak = weakness(name, text, published, scanned.class);
    let mut record = labelled(match &weak {
        Some(why) => format!("{shown} ({why})"),
        None => shown.to_owned(),
    });
    record.set_here("class", class.word());
    record.set_here("published", published);
    record.set_or_absent("weak", weak);
    record
}

fn weakness(name: &str, text: &str, published: bool, class: Class) -> Option<String> {
    let length = text.chars().count();
    if published {
        Some("the password is on the list of published credentials".into())
    } else if text.is_empty() {
        Some("the password is empty".into())
    } else if class == Class::Placeholder {
        Some("the password is a placeholder".into())
    } else if text.eq_ignore_ascii_case(name) {
        Some("the password is the user's name".into())
    } else if length < LONG_ENOUGH {
        Some(format!("the password has {length} characters, {LONG_ENOUGH} wanted"))
    } else {
        None
    }
}
