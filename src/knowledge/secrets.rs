//! The secret detector with the lists of this version.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::facts::SecretScan;

#[derive(Deserialize)]
struct Published {
    values: Vec<Source>,
}

#[derive(Deserialize)]
struct Source {
    sha256: Vec<String>,
}

static SCAN: LazyLock<SecretScan> = LazyLock::new(|| {
    let published: Published = super::shipped("published.yaml", include_str!("published.yaml"));
    let hashes: Vec<[u8; 32]> = published.values.iter().flat_map(|source| &source.sha256).filter_map(|hex| digest(hex)).collect();
    let words = include_str!("words.txt").lines().map(str::trim).filter(|word| !word.is_empty() && !word.starts_with('#'));
    let list = SecretScan::new(hashes.iter().copied(), []);
    // Values of settings, unless somebody's password is the same word.
    let values = super::applications().words().filter(|word| !list.is_published(word)).map(str::to_lowercase);
    SecretScan::new(hashes, words.map(str::to_owned).chain(values))
});

/// The detector; its lists are read once.
pub fn secret_scan() -> &'static SecretScan {
    &SCAN
}

fn digest(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    for (i, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_published_hash_is_read() {
        let published: Published = super::super::shipped("published.yaml", include_str!("published.yaml"));
        assert!(published.values.iter().flat_map(|s| &s.sha256).all(|hex| digest(hex).is_some()));
        assert!(secret_scan().is_published("orthanc"));
    }

    #[test]
    fn no_word_that_may_be_printed_is_a_published_credential() {
        for word in include_str!("words.txt").lines().filter(|w| !w.starts_with('#') && !w.is_empty()) {
            let program = matches!(word, "npm" | "dev");
            assert!(program || !secret_scan().is_published(word), "{word}");
        }
    }
}
