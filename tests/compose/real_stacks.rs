//! Compose files of real projects, where a folder with them is named.

use std::path::{Path, PathBuf};

use crate::support::{collect, word};

#[test]
fn compose_files_of_real_stacks_are_collected_without_a_crash() {
    let Some(root) = std::env::var_os("PACSCAN_STACKS") else {
        println!("PACSCAN_STACKS is not set: the compose files of real stacks were NOT looked at");
        return;
    };
    let mut found = Vec::new();
    search(Path::new(&root), &mut found, 0);
    assert!(!found.is_empty(), "PACSCAN_STACKS names a folder without compose files");
    for file in found {
        for profiles in [&[][..], &["all"][..]] {
            let collected = collect(&file, &[], profiles);
            let compose = &collected.documents[0].facts;
            println!(
                "{} {profiles:?}: parses {}, services {}",
                file.display(),
                word(compose, "parses"),
                word(compose, "services")
            );
            println!("    errors {} unknown keys {}", word(compose, "parse_errors"), word(compose, "unknown_keys"));
            println!("    unresolved {} defaults {}", word(compose, "unresolved_variables"), word(compose, "secret_defaults"));
            println!("    binds {} dev {}", word(compose, "binds"), word(compose, "dev_overrides"));
            println!(
                "    hardened {} unused {} uploads {}",
                word(compose, "hardened_alternatives"),
                word(compose, "unused_secrets"),
                word(compose, "upload_paths")
            );
        }
    }
}

fn search(folder: &Path, found: &mut Vec<PathBuf>, depth: usize) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && depth < 8 {
            search(&path, found, depth + 1);
        } else if name.contains("compose") && path.extension().is_some_and(|end| end == "yml" || end == "yaml") {
            found.push(path);
        }
    }
}
