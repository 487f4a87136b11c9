//! A folder of sources, or a configuration file by itself: every file that pacscan can read, by what it is.

mod git;
mod ignored;
mod recognise;
mod repository;
mod secrets;
pub(in crate::collect) mod settings;
mod walk;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::git::Git;
use self::recognise::Sort;
use self::secrets::Holder;
use self::settings::{Format, Setting};
use self::walk::{Found, Walked};
use super::kubernetes::{self, Manifest};
use super::{Collected, Context, dockerfile, nginx, orthanc};
use crate::facts::{CollectError, Kind, Reason, Unknown};
use crate::target::COMPOSE_FILE_NAMES;

/// Everything below a folder beside its compose project: Dockerfiles, proxies, Orthanc configurations, `.env`
/// files, Kubernetes manifests, the repository itself.
///
/// `project` is what the compose collector brought home: the files it has read are not judged a second time, nor are
/// the Dockerfiles of its services.
pub fn collect(path: &Path, given: &str, project: &Collected, context: &mut Context<'_>) -> Collected {
    (context.progress)(&format!("looking through {given}"));
    let walked = Walked::of(path);
    let git = Git::of(path, &walked);
    let mut folder = Folder { given, git: &git, out: Collected::default(), manifests: Vec::new(), orthanc: Vec::new() };
    let charts: Vec<&str> = walked.files.iter().filter(|f| f.name == "chart.yaml").map(Found::folder).collect();
    for found in walked.files.iter().filter(|found| recognise::is_wanted(found) && !recognise::is_test(found)) {
        let in_chart = charts.iter().any(|chart| is_below(&found.shown, chart));
        folder.take(found, in_chart, project, context);
    }
    folder.finish(path, context);
    let mut out = folder.out;
    out.errors.extend(walked.unread.iter().map(|unread| CollectError::new(given, format!("{unread} cannot be read"))));
    out.errors.extend(nested_projects(&walked, project).map(|shown| {
        CollectError::new(
            given,
            format!("{shown} is a compose project of its own: name it as a target too to audit its services"),
        )
    }));
    out.documents.push(repository::document(path, given, &walked, &git));
    out
}

/// Compose files below the folder that no audited project has read; the first few, for people.
fn nested_projects<'w>(walked: &'w Walked, project: &'w Collected) -> impl Iterator<Item = &'w str> {
    let is_compose = |found: &&Found| COMPOSE_FILE_NAMES.contains(&found.name.as_str()) && found.shown.contains('/');
    let unread = |found: &&Found| !project.read.contains(&found.path) && !recognise::is_test(found);
    walked.files.iter().filter(is_compose).filter(unread).map(|found| found.shown.as_str()).take(5)
}

fn is_below(shown: &str, folder: &str) -> bool {
    folder.is_empty() || shown.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// One configuration file named as a target.
pub fn file(path: &Path, given: &str, context: &mut Context<'_>) -> Collected {
    let fault = |reason, message: &str| Collected {
        unreachable: Some(reason),
        errors: vec![CollectError::new(given, message)],
        ..Collected::default()
    };
    let Some(found) = Found::alone(path) else { return fault(Reason::Unreachable, "the file cannot be read") };
    let text = match found.text() {
        Ok(text) => text.unwrap_or_default(),
        Err(why) => return fault(why.reason, why.detail.as_deref().unwrap_or("the file cannot be read")),
    };
    let git = Git::default();
    let mut folder = Folder { given, git: &git, out: Collected::default(), manifests: Vec::new(), orthanc: Vec::new() };
    match recognise::sort_alone(&found, &text) {
        Some(sort) => folder.put(&found, sort, &text, &Collected::default(), context),
        None if recognise::is_keystore(&found.name) => folder.keep(&found, Holder::Keystore, Ok(&[]), "", context),
        None => return fault(Reason::Unsupported, "it is no configuration that pacscan knows"),
    }
    folder.finish(path, context);
    folder.out
}

/// What is being brought home.
struct Folder<'a> {
    given: &'a str,
    git: &'a Git,
    out: Collected,
    /// Manifests refer to each other, so they are read together at the end.
    manifests: Vec<Manifest>,
    /// Orthanc configurations: path and name.
    orthanc: Vec<(PathBuf, String)>,
}

impl Folder<'_> {
    fn take(&mut self, found: &Found, in_chart: bool, project: &Collected, context: &mut Context<'_>) {
        if recognise::is_keystore(&found.name) {
            return self.keep(found, Holder::Keystore, Ok(&[]), "", context);
        }
        match found.text() {
            Ok(Some(text)) => {
                if let Some(sort) = recognise::sort(found, &text, in_chart) {
                    self.put(found, sort, &text, project, context);
                }
            }
            Ok(None) => {}
            Err(why) => self.unread(found, &why, context),
        }
    }

    /// A file that cannot be read may hold anything, but megabytes of JSON are data, no settings.
    fn unread(&mut self, found: &Found, why: &Unknown, context: &mut Context<'_>) {
        let holder = recognise::by_name(&found.name).unwrap_or(Holder::Settings(Format::Lines));
        if why.reason != Reason::Unsupported || holder.is_for_secrets() {
            self.keep(found, holder, Err(why), "", context);
        }
        self.out.errors.extend(why.detail.as_deref().map(|detail| CollectError::new(self.given, detail)));
    }

    fn put(&mut self, found: &Found, sort: Sort, text: &str, project: &Collected, context: &mut Context<'_>) {
        let seen = project.read.contains(&found.path) || found.path.canonicalize().is_ok_and(|path| project.read.contains(&path));
        match sort {
            Sort::Dockerfile => {
                let known = project.documents.iter().any(|d| d.kind == Kind::Dockerfile && *d.name == *found.shown);
                let context_folder = found.path.parent().unwrap_or(Path::new("."));
                if !known {
                    let documents = dockerfile::collect(&found.path, context_folder, &found.shown, self.given, context);
                    self.out.documents.extend(documents);
                }
            }
            Sort::Orthanc => {
                if !seen {
                    self.orthanc.push((found.path.clone(), found.shown.clone()));
                }
                self.keep(found, Holder::Orthanc, Ok(&settings::read(Format::Json, text)), text, context);
            }
            Sort::Nginx => {
                if !seen {
                    self.out.documents.extend(nginx::alone(&found.path, &found.shown, self.given, context));
                }
                let holder = Holder::Settings(Format::Lines);
                self.keep(found, holder, Ok(&settings::read(Format::Lines, text)), text, context);
            }
            Sort::Manifest => {
                let manifest = Manifest::read(&found.shown, text);
                self.keep(found, Holder::Manifest, Ok(&manifest.settings()), text, context);
                self.manifests.push(manifest);
            }
            Sort::HelmTemplate => self.manifests.push(Manifest::template(&found.shown, text)),
            Sort::HelmValues => {
                self.keep(found, Holder::Settings(Format::Yaml), Ok(&settings::read(Format::Yaml, text)), text, context);
                self.manifests.push(Manifest::values(&found.shown, text));
            }
            Sort::Other(holder) => {
                let settings = match holder {
                    Holder::Env => settings::read(Format::Env, text),
                    Holder::Settings(format) => settings::read(format, text),
                    Holder::Compose => settings::read(Format::Yaml, text),
                    _ => settings::keys(text),
                };
                self.keep(found, holder, Ok(&settings), text, context);
            }
        }
    }

    fn keep(
        &mut self,
        found: &Found,
        holder: Holder,
        settings: Result<&[Setting], &Unknown>,
        text: &str,
        context: &mut Context<'_>,
    ) {
        let place = (self.git, self.given);
        self.out.documents.extend(secrets::document(found, holder, settings, text, place, context.groups));
    }

    /// What needs to be seen together.
    fn finish(&mut self, path: &Path, context: &mut Context<'_>) {
        let documents = kubernetes::documents(&self.manifests, self.given, context);
        self.out.documents.extend(documents);
        self.orthanc(path, context);
    }

    /// A folder named as Orthanc's own is one configuration in several files; elsewhere each file is one.
    fn orthanc(&mut self, path: &Path, context: &mut Context<'_>) {
        let files = std::mem::take(&mut self.orthanc);
        let own = path.is_dir() && path.file_name().is_some_and(|name| name.eq_ignore_ascii_case("orthanc"));
        if own && files.len() > 1 && files.iter().all(|(_, shown)| !shown.contains('/')) {
            self.out.documents.extend(orthanc::alone("orthanc", &files, self.given, context));
            return;
        }
        for file in files {
            let name = file.1.clone();
            self.out.documents.extend(orthanc::alone(&name, &[file], self.given, context));
        }
    }
}

/// Documents of the folder of sources, for people: the last part of its path.
fn base_name(path: &Path) -> Arc<str> {
    let absolute = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    absolute.file_name().map_or_else(|| ".".into(), |name| name.to_string_lossy().into())
}
