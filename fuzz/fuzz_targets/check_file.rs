//! Any text as a site's check file: it loads, or an error with a place comes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pacscan::check::Library;
use pacscan::error::Error;

fuzz_target!(|text: &str| {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("site-fuzz.yaml"), text).expect("a file");
    if let Err(error) = Library::load(&[folder.path().to_owned()]) {
        let _ = Error::from(error).render(false);
    }
});
