//! Reading settings into facts, one way for all.

use super::Service;
use crate::collect::compose::value::{Node, Value, text};
use crate::collect::yaml::Entry;
use crate::facts::{self, Fact, List, Reason, Record, Unknown};

/// The truth values that Compose accepts.
pub(in crate::collect::compose) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "t" | "y" | "yes" | "on" => Some(true),
        "false" | "0" | "f" | "n" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// A setting's text as a fact with its place.
pub(super) fn text_fact<V: Into<facts::Value>>(entry: &Entry<Value>, read: impl Fn(&str) -> Result<V, Unknown>) -> Fact {
    let fact = match text(&entry.node).and_then(read) {
        Ok(value) => Fact::known(value),
        Err(why) => Fact::unknown(why),
    };
    fact.at(&entry.at.origin())
}

/// A value that nobody can make sense of.
pub(super) fn unreadable(entry: &Entry<Value>) -> Unknown {
    Unknown::new(Reason::Unsupported, format!("a value that cannot be read ({})", entry.at))
}

/// Writes what `read` makes of a setting; where nothing is said, the default that the specification fixes.
pub(super) fn put<V: Into<facts::Value>>(
    service: &Service<'_>,
    record: &mut Record,
    path: &str,
    entry: Option<&Entry<Value>>,
    default: V,
    read: impl Fn(&str) -> Option<V>,
) {
    let fact = match entry {
        Some(entry) if !super::is_empty(entry) => text_fact(entry, |text| read(text).ok_or_else(|| unreadable(entry))),
        said => Fact::known(default).at(&said.map_or(service.at, |entry| &entry.at).origin()),
    };
    record.put(path, fact);
}

/// Writes a text as it is; empty where nothing is said.
pub(super) fn put_text(service: &Service<'_>, record: &mut Record, path: &str, key: &str) {
    put(service, record, path, service.entry(key), String::new(), |text| Some(text.to_owned()));
}

/// Elements of a list, and why some may be missing.
#[derive(Default)]
pub(super) struct Items {
    pub list: List,
}

impl Items {
    /// Adds what was read, or notes that something could not be.
    pub(super) fn add(&mut self, read: Result<Vec<Fact>, Unknown>) {
        match read {
            Ok(items) => self.list.items.extend(items),
            Err(why) => {
                self.list.incomplete.get_or_insert(why);
            }
        }
    }
}

/// A setting that is a list, as a list of facts. An element that cannot be read makes it incomplete.
pub(super) fn list_fact(
    service: &Service<'_>,
    entry: Option<&Entry<Value>>,
    mut read: impl FnMut(&Node) -> Result<Vec<Fact>, Unknown>,
) -> Fact {
    let Some(entry) = entry else { return Fact::known(List::default()).at(&service.at.origin()) };
    let mut items = Items::default();
    match entry.node.list() {
        Some(nodes) => nodes.iter().for_each(|node| items.add(read(node))),
        None if super::is_empty(entry) => {}
        None => items.add(Err(unreadable(entry))),
    }
    Fact::known(items.list).at(&entry.at.origin())
}

/// A text element as it is, with its place.
pub(super) fn plain(node: &Node) -> Result<Vec<Fact>, Unknown> {
    Ok(vec![Fact::known(text(node)?).at(&node.at.origin())])
}

/// Sizes as Compose reads them: `512m`, `1.5g`, `1GiB`, plain bytes; steps of 1024.
pub(super) fn bytes(text: &str) -> Option<i64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.' || c == '-')).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let power = match unit.trim().trim_end_matches('b').trim_end_matches('i') {
        "" => 0,
        "k" => 1,
        "m" => 2,
        "g" => 3,
        "t" => 4,
        "p" => 5,
        _ => return None,
    };
    let size = number.parse::<f64>().ok()? * 1024_f64.powi(power);
    whole(size)
}

/// A number of CPUs in 1e-9 CPUs.
pub(super) fn nano(text: &str) -> Option<i64> {
    whole(text.trim().parse::<f64>().ok()? * 1e9)
}

fn whole(number: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "checked to be within range")]
    (number.is_finite() && number.abs() < 9e18).then(|| number.round() as i64)
}

/// A whole number.
pub(super) fn number(text: &str) -> Option<i64> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, size) in
            [("512m", 512 << 20), ("1g", 1 << 30), ("1gb", 1 << 30), ("1GiB", 1 << 30), ("64", 64), ("100b", 100), ("0", 0)]
        {
            assert_eq!(bytes(text), Some(size), "{text}");
        }
        assert_eq!(bytes("1.5k"), Some(1536));
        assert_eq!(bytes("-1"), Some(-1));
        assert_eq!(bytes("lots"), None);
        assert_eq!(bytes("1x"), None);
        assert_eq!(nano("0.5"), Some(500_000_000));
        assert_eq!(nano("inf"), None);
    }
}
