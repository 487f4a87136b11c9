//! `ConnectionUri` of the `PostgreSQL` plugin as libpq reads it: a URI or words `key=value`, of which the last of a name counts.

use std::collections::BTreeMap;

/// The parameters of a connection by their libpq names (`host`, `user`, `password`, `sslmode`, and whatever else is set);
/// none where the text cannot be taken apart.
pub(super) fn parameters(text: &str) -> Option<BTreeMap<String, String>> {
    let rest = text.strip_prefix("postgresql://").or_else(|| text.strip_prefix("postgres://"));
    rest.map_or_else(|| words(text), uri)
}

/// `user:password@host:port/database?key=value&key=value`. There is no fragment: `#` is a character like others.
fn uri(rest: &str) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let end = rest.find(['@', '/']).filter(|at| rest[*at..].starts_with('@'));
    let (login, place) = end.map_or((None, rest), |at| (Some(&rest[..at]), &rest[at + 1..]));
    if let Some(login) = login {
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        found.insert("user".into(), decoded(user)?);
        found.insert("password".into(), decoded(password)?);
    }
    let (place, query) = place.split_once('?').unwrap_or((place, ""));
    let host = place.split('/').next().unwrap_or("");
    let host = if host.starts_with('[') { host.split(']').next()?.trim_start_matches('[') } else { host.split(':').next()? };
    found.insert("host".into(), decoded(host)?);
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=')?;
        found.insert(decoded(key)?, decoded(value)?);
    }
    found.retain(|_, value| !value.is_empty());
    Some(found)
}

fn decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).ok()
}

/// `key = value key='a value'`, with a backslash before a quote or backslash.
fn words(text: &str) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        let key = key.trim_end();
        if key.is_empty() || key.contains(char::is_whitespace) {
            return None;
        }
        let (value, after) = value(after.trim_start())?;
        found.insert(key.to_owned(), value);
        rest = after.trim_start();
    }
    found.retain(|_, value: &mut String| !value.is_empty());
    Some(found)
}

/// One value and what follows it.
fn value(text: &str) -> Option<(String, &str)> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut chars = text.char_indices().skip(usize::from(quoted));
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => value.push(chars.next()?.1),
            '\'' if quoted => return Some((value, &text[at + 1..])),
            c if !quoted && c.is_whitespace() => return Some((value, &text[at..])),
            c => value.push(c),
        }
    }
    (!quoted).then_some((value, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_real_parameter_counts() {
        for (text, sslmode, user, host) in [
            ("postgresql://o:p%40@db:5432/o?sslmode=verify-full", "verify-full", "o", "db"),
            ("postgresql://o:p?x@db/o?sslmode=prefer&sslmode=verify-full", "verify-full", "o", "db"),
            ("postgres://o@db/o?sslmode=verify-full&sslmode=disable", "disable", "o", "db"),
            ("postgresql://o@db/o#sslmode=verify-full", "", "o", "db"),
            ("postgresql://db/o?application_name=sslmode=verify-full", "", "", "db"),
            ("postgresql://o:sslmode=verify-full@[::1]:5432/o", "", "o", "::1"),
            ("postgresql://o@db/o?user=postgres", "", "postgres", "db"),
            ("host=db user=o sslmode=disable application_name=sslmode=verify-full", "disable", "o", "db"),
            (r"host = 'a b' user='o\'x' sslmode = verify-full", "verify-full", "o'x", "a b"),
        ] {
            let found = parameters(text).unwrap();
            let get = |key: &str| found.get(key).map_or("", String::as_str);
            assert_eq!((get("sslmode"), get("user"), get("host")), (sslmode, user, host), "{text}");
        }
        for text in ["nonsense", "host='db", "postgresql://o@db/o?sslmode", "postgresql://o@db/%zz?sslmode=%zz"] {
            assert_eq!(parameters(text), None, "{text}");
        }
    }
}
