//! The secret detector with the lists of this version.

use std::sync::LazyLock;

use crate::facts::SecretScan;

static SCAN: LazyLock<SecretScan> = LazyLock::new(SecretScan::default);

/// The detector; its lists are read once.
pub fn secret_scan() -> &'static SecretScan {
    &SCAN
}
