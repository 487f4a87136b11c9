//! Any bytes as a compose file: facts or an error, never a crash, and the same twice.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use pacscan::collect::{Context, Selection, compose};
use pacscan::facts::Groups;

fuzz_target!(|data: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("compose.yaml"), data).expect("a file");
    let environment = BTreeMap::new();
    let collect = || {
        let mut groups = Groups::default();
        let mut context = Context { environment: &environment, groups: &mut groups, progress: &|_| {} };
        compose::collect(folder.path(), "fuzz", &Selection::default(), &mut context).documents
    };
    assert_eq!(collect(), collect());
});
