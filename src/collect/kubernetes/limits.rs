//! Resources of a container: memory, CPU, devices.

use super::containers::Container;
use crate::collect::yaml::{Entry, Map, Scalar};
use crate::facts::{Fact, List, Reason, Record, Unknown};

pub(super) fn write(container: &Container<'_>, facts: &mut Record) {
    let limits = container.node.get("resources").and_then(|resources| resources.entry("limits"));
    let origin = limits.map_or(&container.node.at, |entry| &entry.at).origin();
    let limit = |key: &str| limits.and_then(|entry| entry.node.entry(key));
    facts.put("memory_limit", number(limit("memory"), |n| n).at(&origin));
    facts.put("nano_cpus", number(limit("cpu"), |n| n * 1e9).at(&origin));
    facts.set("cpu_quota", 0, &origin);
    facts.set("cpu_shares", 0, &origin);
    facts.set("cpuset", "", &origin);
    // `nvidia.com/gpu: 1`: a name with a domain is a device.
    let devices = limits.and_then(|entry| entry.node.map()).into_iter().flat_map(Map::iter);
    let devices = devices.filter(|(name, _)| name.contains('/')).map(|(name, entry)| {
        let mut record = Record::new();
        record.set_here("label", &**name);
        record.set_here("host", &**name);
        record.set_here("request", name.contains("gpu"));
        Fact::known(record).at(&entry.at.origin())
    });
    facts.set("devices", List::complete(devices.collect()), &origin);
}

/// A quantity times a factor; 0 where nothing is said, which is no limit.
fn number(entry: Option<&Entry<Scalar>>, scale: impl Fn(f64) -> f64) -> Fact {
    let Some(entry) = entry else { return Fact::known(0) };
    let written = entry.node.scalar().and_then(|scalar| quantity(&scalar.text)).map(scale);
    #[expect(clippy::cast_possible_truncation, reason = "checked to be within range")]
    let whole = written.filter(|n| n.is_finite() && n.abs() < 9e18).map(|n| n.round() as i64);
    let unreadable =
        || Fact::unknown(Unknown::new(Reason::Unsupported, format!("a quantity that cannot be read ({})", entry.at)));
    whole.map_or_else(unreadable, Fact::known)
}

/// Quantities of Kubernetes: `500m`, `2`, `1.5`, `512Mi`, `1G`, `1e3`.
fn quantity(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        return Some(number);
    }
    let unit = text.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
    let (number, unit) = text.split_at(unit);
    let factor = match unit {
        "n" => 1e-9,
        "u" => 1e-6,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "P" => 1e15,
        "E" => 1e18,
        "Ki" => 1024.0,
        "Mi" => 1_048_576.0,
        "Gi" => 1_073_741_824.0,
        "Ti" => 1_099_511_627_776.0,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities() {
        for (text, value) in [("500m", 0.5), ("2", 2.0), ("512Mi", 536_870_912.0), ("1G", 1e9), ("1e3", 1000.0), ("0.5", 0.5)] {
            assert!(quantity(text).is_some_and(|n| (n - value).abs() < 1e-6), "{text}");
        }
        assert_eq!(quantity("lots"), None);
        assert_eq!(quantity(""), None);
    }
}
