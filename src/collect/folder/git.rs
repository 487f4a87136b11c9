//! What the files say about version control: whether there is any, and what it leaves out. Git is never asked.

use std::path::Path;

use super::ignored::Ignored;
use super::walk::Walked;
use crate::facts::{Reason, Unknown};

/// Version control around the audited folder.
#[derive(Debug, Default)]
pub(super) struct Git {
    /// Something says that the folder is under version control.
    pub used: bool,
    /// The folder lies inside a larger repository.
    pub part: bool,
    /// Way from the repository's root to the audited folder, with a slash at the end.
    prefix: String,
    ignored: Ignored,
    unread: Option<Unknown>,
}

impl Git {
    /// Looks for `.git` here and above, and reads every `.gitignore` that holds.
    pub(super) fn of(root: &Path, walked: &Walked) -> Self {
        let mut git = Self::default();
        let absolute = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
        let top = absolute.ancestors().find(|folder| folder.join(".git").exists());
        git.part = top.is_some_and(|top| top != absolute);
        let here = |name: &str| walked.file(name).is_some();
        git.used = top.is_some()
            || here(".gitignore")
            || here(".gitattributes")
            || walked.files.iter().any(|found| found.shown.starts_with(".github/"));
        if let Some(way) = top.and_then(|top| absolute.strip_prefix(top).ok()) {
            let mut folder = top.unwrap_or(&absolute).to_path_buf();
            for part in way.components() {
                let text = std::fs::read_to_string(folder.join(".gitignore")).unwrap_or_default();
                git.ignored.add(git.prefix.trim_end_matches('/'), &text);
                folder.push(part);
                git.prefix.push_str(&part.as_os_str().to_string_lossy());
                git.prefix.push('/');
            }
        }
        let mut files: Vec<_> = walked.files.iter().filter(|found| found.name == ".gitignore").collect();
        files.sort_by_key(|found| found.folder().len());
        for file in files {
            match file.text() {
                Ok(text) => git.ignored.add(&git.path(file.folder()), &text.unwrap_or_default()),
                Err(why) => git.unread = Some(why),
            }
        }
        git
    }

    /// Whether git leaves this file of the audited folder out.
    pub(super) fn ignores(&self, shown: &str) -> Result<bool, Unknown> {
        match &self.unread {
            Some(why) => Err(why.clone()),
            None => Ok(self.ignored.covers(&self.path(shown))),
        }
    }

    fn path(&self, shown: &str) -> String {
        format!("{}{shown}", self.prefix).trim_end_matches('/').to_owned()
    }

    /// Why what belongs to the repository as a whole cannot be judged from here.
    pub(super) fn only_a_part(&self) -> Option<Unknown> {
        let detail = "the audited folder is a part of a larger repository: audit its root";
        self.part.then(|| Unknown::new(Reason::NoTarget, detail))
    }
}
