//! Any text as a snapshot: an error, or a judgement of whatever facts stand in it.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use pacscan::check::{self, Library, Planes};
use pacscan::derive;
use pacscan::facts::Snapshot;

static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::load(&[]).expect("our own checks"));

fuzz_target!(|text: &str| {
    let Ok(snapshot) = Snapshot::from_json(text) else { return };
    let derived = derive::derive(&snapshot, snapshot.collected_at);
    let planes = Planes { seen: derived.seen.clone(), unreachable: derived.unreachable.clone(), targets: derived.targets.clone() };
    let _ = check::evaluate(&LIBRARY, &derived.documents, &planes);
});
