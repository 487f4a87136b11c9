//! The health check of a service.

use super::Service;
use super::command::words_of;
use super::read::boolean;
use crate::collect::compose::value::{Node, text};
use crate::facts::{Fact, Record, Unknown};

/// What a compose file says about the health check.
pub(super) enum Check<'p> {
    /// Nothing: that of the image holds, whatever it is.
    Images,
    /// Switched off.
    Off,
    /// This one.
    Test(&'p Node),
    /// It cannot be told.
    Unknown(Unknown),
}

pub(super) fn check<'p>(service: &Service<'p>) -> Check<'p> {
    let Some(check) = service.entry("healthcheck") else { return Check::Images };
    match check.node.get("disable").map(text) {
        Some(Err(why)) => return Check::Unknown(why),
        Some(Ok(disable)) if boolean(disable) == Some(true) => return Check::Off,
        _ => {}
    }
    let Some(test) = check.node.get("test").filter(|test| !super::is_null(test)) else { return Check::Images };
    let first = test.list().map_or(Some(test), |list| list.first());
    match first.map(text) {
        None | Some(Ok("")) => Check::Images,
        Some(Err(why)) => Check::Unknown(why),
        Some(Ok("NONE")) => Check::Off,
        Some(Ok(_)) => Check::Test(test),
    }
}

pub(super) fn write(service: &Service<'_>, facts: &mut Record) {
    let at = service.entry("healthcheck").map_or(service.at, |entry| &entry.at).origin();
    let (test, defined) = match check(service) {
        Check::Images => return images(service, facts),
        Check::Off => (Fact::known(vec![Fact::known("NONE")]), Fact::known(false)),
        Check::Test(node) => (Fact::known(shown(node)), Fact::known(true)),
        Check::Unknown(why) => (Fact::unknown(why.clone()), Fact::unknown(why)),
    };
    facts.put("health.test", test.at(&at));
    facts.put("health.defined", defined.at(&at));
}

/// The health check of the image, as far as its Dockerfile says.
fn images(service: &Service<'_>, facts: &mut Record) {
    let image = service.image_built();
    let at = service.entry("healthcheck").map_or(service.at, |entry| &entry.at).origin();
    match image.and_then(|image| image.health.as_ref().map(|said| (image, said))) {
        Some((image, said)) => {
            facts.set("health.test", image.health_words(), &service.built_at(said.at));
            facts.set("health.defined", said.value.is_some(), &service.built_at(said.at));
        }
        None if service.is_from_scratch() => {
            facts.set("health.test", crate::facts::List::default(), &at);
            facts.set("health.defined", false, &at);
        }
        None => {
            for path in ["health.test", "health.defined"] {
                facts.put(path, Fact::unknown(service.unseen("no health check")).at(&at));
            }
        }
    }
}

/// The words that may be shown; a plain text is what a shell is given.
fn shown(test: &Node) -> crate::facts::List {
    let (kind, words) = parts(test);
    let mut list = words_of(&words).shown_list();
    if let Some(kind) = kind {
        list.items.insert(0, Fact::known(kind));
    }
    list
}

/// `CMD` or `CMD-SHELL`, and the words behind it.
pub(super) fn parts(test: &Node) -> (Option<&'static str>, Vec<&Node>) {
    let Some(list) = test.list() else { return (Some("CMD-SHELL"), vec![test]) };
    let kind = list.first().and_then(|first| match text(first).ok()? {
        "CMD" => Some("CMD"),
        "CMD-SHELL" => Some("CMD-SHELL"),
        _ => None,
    });
    (kind, list.iter().skip(usize::from(kind.is_some())).collect())
}
