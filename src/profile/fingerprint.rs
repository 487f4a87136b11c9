//! What makes two findings the same finding.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::check::Subject;
use crate::facts::Kind;

/// Identity of a finding across runs: 32 hexadecimal characters from the check and the place.
///
/// The place of a container, and of the program in it, is its compose project and service where they are known, so a static audit, a running
/// one and every replica share it. The target is never part of it: the same stack may be reached in many ways.
pub fn fingerprint(check: &str, subject: &Subject) -> String {
    let (project, place) = match (subject.kind, &subject.project, &subject.service) {
        (Kind::Container | Kind::Orthanc | Kind::Proxy, project, Some(service)) => {
            (project.as_deref().unwrap_or_default(), &**service)
        }
        (Kind::Compose | Kind::Stack, Some(project), _) => (&**project, ""),
        _ => ("", &*subject.name),
    };
    let digest = Sha256::digest(["pacscan-1", check, subject.kind.word(), project, place].join("\0"));
    digest.iter().take(16).fold(String::with_capacity(32), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
