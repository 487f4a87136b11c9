//! Embeds `checks/` and `profiles/`, so that adding a file is all there is to adding a check.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn main() {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    for (folder, constant) in [("checks", "BUILT_IN"), ("profiles", "SHIPPED")] {
        println!("cargo:rerun-if-changed={folder}");
        let mut files = Vec::new();
        walk(&root.join(folder), &mut files);
        files.sort();
        let mut code = format!("/// Files of `{folder}/`: path and text.\nstatic {constant}: &[(&str, &str)] = &[\n");
        for file in files {
            println!("cargo:rerun-if-changed={}", file.display());
            let shown = file.strip_prefix(&root).unwrap_or(&file).display().to_string();
            let _ = writeln!(code, "    ({shown:?}, include_str!({:?})),", file.display().to_string());
        }
        code.push_str("];\n");
        std::fs::write(out.join(format!("{folder}.rs")), code).expect("OUT_DIR is writable");
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            println!("cargo:rerun-if-changed={}", path.display());
            walk(&path, files);
        } else if path.extension().is_some_and(|e| e == "yaml") {
            files.push(path);
        }
    }
}
