//! Real configuration files, where the workplace has some.

use std::path::{Path, PathBuf};

use super::*;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "json") {
            found.push(path);
        }
    }
}

/// Every configuration below the folder that `PACSCAN_REAL_STACKS` names is read, or refused with file and line.
#[test]
fn real_files_are_read() {
    let Some(folder) = std::env::var_os("PACSCAN_REAL_STACKS") else {
        eprintln!("PACSCAN_REAL_STACKS is not set: no real configuration was read");
        return;
    };
    let mut found = Vec::new();
    files(Path::new(&folder), &mut found);
    let environment = BTreeMap::new();
    let (mut read, mut broken) = (0, Vec::new());
    for path in found {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        if !looks_like_configuration(&text) {
            continue;
        }
        let mut context = Context { environment: &environment, groups: &mut Groups::default(), progress: &|_| {} };
        let shown = path.strip_prefix(&folder).unwrap_or(&path).display().to_string();
        let documents = alone(&shown, &[(path, shown.clone())], ".", &mut context);
        let facts = &documents[0].facts;
        read += 1;
        if facts.bool("loads") == Some(false) {
            broken.push(labels(facts, "load_errors").join("; "));
        }
        eprintln!("{shown}: loads {} odd {:?}", facts.get("loads"), labels(facts, "odd_keys"));
    }
    assert!(read > 0, "no configuration of Orthanc lies below PACSCAN_REAL_STACKS");
    assert!(broken.len() * 20 < read.max(20), "{broken:#?}");
}
