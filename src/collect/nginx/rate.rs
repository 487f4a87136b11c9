//! Rates that are too high to limit anything, and keys that the client chooses.

use super::parse::Directive;
use super::variables::names;

/// Most requests per second of one client that still is a limit.
const MAX_RATE: u64 = 100;
/// Largest burst that is let through at once.
const MAX_BURST: u64 = 10_000;

/// Whether a `limit_req_zone` limits: a rate that is none, or a key that each request may choose anew, does not.
pub(super) fn zone_limits(zone: &Directive) -> bool {
    let chosen = |name: &&str| {
        ["http_", "arg_", "cookie_"].iter().any(|start| name.starts_with(start))
            || ["request_id", "args", "request"].contains(name)
    };
    let rate = zone.args.iter().find_map(|arg| arg.strip_prefix("rate="));
    let slow = |rate: &str| match rate.strip_suffix("r/s") {
        Some(number) => number.parse::<u64>().is_ok_and(|n| n <= MAX_RATE),
        None => rate.strip_suffix("r/m").is_some_and(|n| n.parse::<u64>().is_ok_and(|n| n <= MAX_RATE * 60)),
    };
    !names(zone.arg()).iter().any(chosen) && rate.is_some_and(slow)
}

/// Whether a `limit_req` lets so many through at once that it does not limit.
pub(super) fn bursts(limit: &Directive) -> bool {
    let burst = limit.args.iter().find_map(|arg| arg.strip_prefix("burst="));
    let at_once = limit.args.iter().any(|arg| arg == "nodelay" || arg.starts_with("delay="));
    at_once && burst.is_some_and(|burst| burst.parse::<u64>().map_or(true, |n| n > MAX_BURST))
}
