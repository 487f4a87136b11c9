//! All checks of a run: those built in, and a site's own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file::FileError;
use super::model::{Check, CheckFile, Severity};
use super::outcome::Status;
use crate::expr::on_parser_stack;

include!(concat!(env!("OUT_DIR"), "/checks.rs"));

/// Checks that later versions bring: id, severity and part of the project, with tabs between.
const PLANNED: &str = include_str!("../../checks/planned.txt");

/// Checks by id.
#[derive(Clone, Debug, Default)]
pub struct Library {
    checks: BTreeMap<Arc<str>, Arc<Check>>,
    aliases: BTreeMap<String, Arc<str>>,
}

/// Why a library could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// Check files with errors; all of them are told at once.
    #[error("{} check file(s) with errors", .0.len())]
    Files(Vec<FileError>),
    /// The folder of a site's own checks cannot be read.
    #[error("the folder of checks `{path}` cannot be read: {cause}")]
    Folder {
        /// As given.
        path: String,
        /// What the system said.
        cause: String,
    },
    /// The folder holds no check file.
    #[error("the folder `{0}` holds no check file (*.yaml)")]
    Empty(String),
}

impl Library {
    /// The checks built into this version, and those of the given folders.
    pub fn load(folders: &[PathBuf]) -> Result<Self, LibraryError> {
        let mut files: Vec<(String, String)> = BUILT_IN.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect();
        for folder in folders {
            let found = read_folder(folder)?;
            if found.is_empty() {
                return Err(LibraryError::Empty(folder.display().to_string()));
            }
            files.extend(found);
        }
        on_parser_stack(|| Self::compile(&files))
    }

    fn compile(files: &[(String, String)]) -> Result<Self, LibraryError> {
        let mut library = Self::default();
        let mut errors = Vec::new();
        for (path, source) in files {
            match Check::parse(path, source) {
                Ok(check) => {
                    if let Some(other) = library.checks.get(&check.id) {
                        let message = format!("the id `{}` is taken by {}", check.id, other.path);
                        errors.push(FileError::whole(path, source, message, Some("give a site's own check an id of its own")));
                        continue;
                    }
                    if Self::planned(&check.id).is_some() {
                        let message = format!("the id `{}` is kept for a check of a later version", check.id);
                        errors.push(FileError::whole(path, source, message, Some("give a site's own check an id of its own")));
                        continue;
                    }
                    library.aliases.extend(check.aliases.iter().map(|alias| (alias.clone(), Arc::clone(&check.id))));
                    library.checks.insert(Arc::clone(&check.id), Arc::new(check));
                }
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(library) } else { Err(LibraryError::Files(errors)) }
    }

    /// A check by its id or a former id.
    pub fn get(&self, id: &str) -> Option<&Arc<Check>> {
        self.checks.get(id).or_else(|| self.checks.get(self.aliases.get(id)?))
    }

    /// Severity of a check that the contract promises and this version does not have yet.
    pub fn planned(id: &str) -> Option<Severity> {
        Self::planned_ids().find(|(known, _)| *known == id).map(|(_, severity)| severity)
    }

    /// Ids and severities of the checks that this version does not have yet.
    pub fn planned_ids() -> impl Iterator<Item = (&'static str, Severity)> {
        PLANNED.lines().filter_map(|line| {
            let mut words = line.split('\t');
            let (id, severity) = (words.next()?, words.next()?);
            Some((id, Severity::ALL.into_iter().find(|known| known.word() == severity)?))
        })
    }

    /// All checks in order of id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Check>> {
        self.checks.values()
    }

    /// The id most like a wrong one.
    pub fn nearest(&self, id: &str) -> Option<&str> {
        self.checks
            .keys()
            .map(|known| &**known)
            .chain(Self::planned_ids().map(|(planned, _)| planned))
            .map(|known| (strsim::jaro_winkler(id, known), known))
            .filter(|(likeness, _)| *likeness > 0.8)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, known)| known)
    }
}

/// All `*.yaml` below a folder, in order; links to folders are not followed.
fn read_folder(folder: &Path) -> Result<Vec<(String, String)>, LibraryError> {
    let failed =
        |path: &Path, e: &std::io::Error| LibraryError::Folder { path: path.display().to_string(), cause: e.to_string() };
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(&next).map_err(|e| failed(&next, &e))? {
            let entry = entry.map_err(|e| failed(&next, &e))?;
            let path = entry.path();
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == "yaml" || e == "yml") {
                let text = std::fs::read_to_string(&path).map_err(|e| failed(&path, &e))?;
                found.push((path.display().to_string(), text));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// What a compiler cannot see: names, placeholder texts, missing cases.
pub(super) fn lint(path: &str, source: &str, file: &CheckFile) -> Result<(), FileError> {
    let at = |place: &serde_saphyr::Location, message: String, help: &str| {
        Err(FileError::at(path, source, place, message, Some(help.to_owned())))
    };
    let id = &file.id.value;
    let stem = Path::new(path).file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    if *id != stem {
        return at(
            &file.id.referenced,
            format!("the id `{id}` differs from the file's name"),
            &format!("write `id: {stem}` or rename the file"),
        );
    }
    if id.is_empty() || !id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-') {
        return at(
            &file.id.referenced,
            format!("the id `{id}` is not made of lower-case words and hyphens"),
            "for example `site-log-retention`",
        );
    }
    let title = &file.title.value;
    if title.is_empty() || title.chars().count() > 100 || title.starts_with("Ensure") {
        return at(
            &file.title.referenced,
            "the title is a statement of at most 100 characters".into(),
            "for example `Containers run as an unprivileged user`",
        );
    }
    let message = file.message.as_ref().map(|message| &message.value);
    let texts = [("title", Some(title)), ("message", message), ("why", Some(&file.why)), ("fix", Some(&file.fix))];
    for (name, text) in texts.into_iter().chain([("expected", Some(&file.expected))]) {
        if text.is_some_and(|text| is_placeholder(text)) {
            let message = format!("`{name}` is empty or a placeholder");
            return Err(FileError::whole(path, source, message, Some("say it in a sentence")));
        }
    }
    if let Some(reference) = file.references.iter().find(|r| !r.starts_with("https://")) {
        return Err(FileError::whole(path, source, format!("the reference `{reference}` is no https address"), None));
    }
    lint_kind(path, source, file)
}

fn is_placeholder(text: &str) -> bool {
    let lower = text.to_lowercase();
    let placeholder = ["todo", "add impact here", "lorem"].iter().any(|word| lower.contains(word));
    text.trim().len() < 4 || text.trim_start().starts_with('<') || placeholder
}

/// A check has a condition and cases for every way it can end, or it is manual and has none of that.
fn lint_kind(path: &str, source: &str, file: &CheckFile) -> Result<(), FileError> {
    let whole = |message: String, help: &str| Err(FileError::whole(path, source, message, Some(help)));
    let automatic = [
        ("pass", file.pass.is_some(), true),
        ("message", file.message.is_some(), true),
        ("observed", file.observed.is_some(), true),
        ("cases", !file.cases.is_empty(), true),
        ("when", file.when.is_some(), false),
        ("severity_rules", !file.severity_rules.is_empty(), false),
    ];
    if file.manual {
        return match automatic.iter().find(|(_, written, _)| *written) {
            Some((name, ..)) => whole(format!("a manual check has no `{name}`"), "take it out, or take `manual: true` out"),
            None => Ok(()),
        };
    }
    if let Some((name, ..)) = automatic.iter().find(|(_, written, needed)| *needed && !written) {
        return whole(format!("`{name}` is missing"), "only a check with `manual: true` may leave it out");
    }
    let mut wanted = vec![Status::Pass, Status::Fail, Status::NotEvaluated];
    if file.when.is_some() {
        wanted.push(Status::NotApplicable);
    }
    match wanted.iter().find(|status| !file.cases.iter().any(|case| case.expect == **status)) {
        Some(missing) => whole(format!("no case expects `{missing}`"), "each way a check can end needs a case"),
        None => Ok(()),
    }
}
