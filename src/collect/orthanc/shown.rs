//! What of a configuration may be printed: names and values of a shape that holds no secret.

/// A key or a name, in quotes of its own only where it is hidden.
pub(super) fn key(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' ' | '$' | '{' | '}' | '/' | ':');
    let short = name.chars().count() <= 64 && name.chars().all(plain);
    if short { name.to_owned() } else { "[a name that is not shown]".to_owned() }
}

/// A host name or address.
pub(super) fn host(host: &str) -> String {
    let plain = !host.is_empty()
        && host.len() <= 64
        && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']'));
    if plain { host.to_owned() } else { "[a host that is not shown]".to_owned() }
}

/// An application entity title.
pub(super) fn aet(aet: &str) -> Option<String> {
    let plain = !aet.is_empty() && aet.len() <= 16 && aet.chars().all(|c| c.is_ascii_alphanumeric() || "_- .".contains(c));
    plain.then(|| aet.to_owned())
}

/// A path of files.
pub(super) fn path(path: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    let part = |part: &str| part.len() <= 32;
    (!path.is_empty() && path.len() <= 160 && path.chars().all(plain) && path.split('/').all(part)).then(|| path.to_owned())
}

/// The name of a cipher.
pub(super) fn cipher(cipher: &str) -> Option<String> {
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    (!cipher.is_empty() && cipher.len() <= 40 && cipher.chars().all(plain) && cipher.contains(['-', '_']))
        .then(|| cipher.to_owned())
}
