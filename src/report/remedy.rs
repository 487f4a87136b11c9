//! What would make the unknown known: one table for every format.

use crate::facts::{Kind, Reason};

const NAME_ENGINE: &str = "Name the engine as a target too: `pacscan audit <folder> docker:`.";
const NAME_FOLDER: &str = "Name the folder of the sources as a target too: `pacscan audit <folder> docker:`.";

/// What to do so that a result with this reason can be decided next time.
pub(super) fn remedy(reason: Reason, kind: Kind) -> &'static str {
    match (reason, kind) {
        (Reason::Unreachable, _) => "Make the target answer (is the engine running, is the address right?) and run again.",
        (Reason::Refused, _) => {
            "The target refused to tell: allow this read-only question, or ask the engine directly, and run again."
        }
        (Reason::Permission, _) => "Run as a user who may read it: root, or a member of the engine's group.",
        (Reason::Timeout, _) => "No answer came in the time allowed: run again when the target is less busy.",
        (Reason::Unsupported, _) => "pacscan cannot read this form truly: audit what runs as well, or look at it yourself.",
        (Reason::ImageNotSeen, _) => {
            "Let the image be seen: pull or build it and name the engine as a target too (`pacscan audit <folder> docker:`), or state the setting in the compose file."
        }
        (Reason::NoTarget, Kind::Compose | Kind::Dockerfile | Kind::File | Kind::Repository | Kind::Kubernetes) => NAME_FOLDER,
        (Reason::NoTarget, Kind::Stack) => "Name the targets that make up the stack: `pacscan audit <folder> docker:`.",
        (Reason::NoTarget | Reason::UnknownFact, _) => NAME_ENGINE,
        (Reason::NotProbed, _) => "Run with `--probe thorough` against a system that may be tested actively.",
        (Reason::Unproven, Kind::Stack) => {
            "Give a scanner's report as evidence in pacscan.yaml (docs/attestations-and-waivers.md), complete and not too old."
        }
        (Reason::Unproven, _) => "Nothing is known to read this setting: show its effect by a probe of the running service.",
        (Reason::Assurance, _) => "Stronger evidence is asked for: audit what runs as well, `pacscan audit <folder> docker:`.",
        (Reason::Error, _) => "The check itself is at fault: run `pacscan checks test` and report what it says.",
    }
}
