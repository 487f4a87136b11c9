//! The folder of sources as a whole: dependency updates, continuous integration, security policy, what git leaves out.

mod ci;
mod policy;
mod scanners;
mod updates;

use std::path::Path;
use std::sync::Arc;

use super::git::Git;
use super::recognise;
use super::secrets::is_template;
use super::walk::{Found, Walked};
use crate::facts::{Assurance, Document, Fact, Kind, List, Origin, Record, Unknown};

/// The one document of a folder. It also proves that the folder was looked through.
pub(super) fn document(path: &Path, given: &str, walked: &Walked, git: &Git) -> Document {
    let mut document = Document::new(Kind::Repository, super::base_name(path), given, Assurance::Declared);
    let facts = &mut document.facts;
    facts.set_here("path", ".");
    facts.set_here("versioned", git.used);
    facts.set_here("files", i64::try_from(walked.files.len()).unwrap_or(i64::MAX));
    let unread = walked.unread.iter().map(|path| labelled(path, None)).collect();
    facts.set_here("unread", list(unread, walked));
    facts.set_here("env_files", env_files(walked, git));
    let whole = git.only_a_part();
    let policy = policy::Policy::read(walked);
    policy.write(facts, walked, whole.as_ref());
    let pipelines = ci::Pipelines::read(walked);
    updates::write(facts, walked, whole.as_ref());
    pipelines.write(facts, walked, whole.as_ref());
    scanners::write(facts, &policy, &pipelines, walked, whole.as_ref());
    document
}

/// A list that lacks what the walk did not see.
fn list(items: Vec<Fact>, walked: &Walked) -> List {
    List { items, incomplete: walked.incomplete.clone() }
}

/// A list of the repository as a whole: in a part of it the rest is not seen.
fn whole_list(items: Vec<Fact>, walked: &Walked, part: Option<&Unknown>) -> List {
    List { items, incomplete: walked.incomplete.clone().or_else(|| part.cloned()) }
}

/// A record that is only its label.
fn labelled(label: &str, origin: Option<Arc<Origin>>) -> Fact {
    let mut record = Record::new();
    record.set_here("label", label);
    Fact { origin, ..Fact::from(record) }
}

/// A place in a file of the repository.
fn place(found: &Found, line: u32) -> Arc<Origin> {
    Origin::file(&found.shown.as_str().into(), line, 1)
}

/// The `.env` files that are there, and those that will be: one beside each template.
fn env_files(walked: &Walked, git: &Git) -> List {
    let mut paths: Vec<(String, bool)> = Vec::new();
    for found in walked.files.iter().filter(|found| !recognise::is_test(found)) {
        let template = is_template(&found.name);
        let bare = found.name.trim_start_matches('.');
        if template && (found.name.starts_with(".env") || bare.starts_with("env.")) {
            let folder = found.folder();
            paths.push((if folder.is_empty() { ".env".into() } else { format!("{folder}/.env") }, false));
        } else if !template && recognise::is_env(&found.name) {
            paths.push((found.shown.clone(), true));
        }
    }
    // One that is there comes before the same one that is only expected.
    paths.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)));
    paths.dedup_by(|a, b| a.0 == b.0);
    let items = paths.into_iter().map(|(path, exists)| {
        let mut record = Record::new();
        record.set_here("label", if exists { path.clone() } else { format!("{path} (not there yet)") });
        record.put("ignored", git.ignores(&path).map_or_else(Fact::unknown, Fact::known));
        record.set_here("exists", exists);
        record.set_here("path", path);
        record.into()
    });
    list(items.collect(), walked)
}
