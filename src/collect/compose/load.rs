//! From files to one merged tree: reading, interpolation, `extends`, `include`, overrides.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use super::canonical;
use super::dotenv;
use super::files::{self, ReadError};
use super::interpolate::{TemplateError, Variables};
use super::merge;
use super::value::{Node, Value};
use crate::collect::yaml::{self, Place, Source};
use crate::facts::{Reason, Unknown};

/// Most files that one project may be made of.
const MAX_FILES: usize = 128;
/// Most values that `extends` may copy in one project.
const MAX_COPIES: usize = 2_000_000;

/// Why a project cannot be put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// What is wrong, without text of the files.
    pub message: String,
    /// Where, where that is known.
    pub place: Option<Place>,
    /// Set where the files may well be right but were not seen whole.
    pub unseen: Option<Reason>,
}

impl Failure {
    /// The files are wrong.
    pub(super) fn invalid(message: impl Into<String>, place: &Place) -> Self {
        Self { message: message.into(), place: Some(place.clone()), unseen: None }
    }

    /// Variables are used wrongly, or to an extent that is not followed.
    fn template(error: TemplateError, place: &Place) -> Self {
        let unseen = (error != TemplateError::Invalid).then_some(Reason::Unsupported);
        Self { message: error.to_string(), place: Some(place.clone()), unseen }
    }

    /// A file could not be read; only a missing one is the fault of the files.
    fn unread(shown: &str, error: &ReadError, place: Option<&Place>) -> Self {
        let unseen = match error {
            ReadError::Missing | ReadError::NoFile | ReadError::NotText => None,
            other => Some(other.reason()),
        };
        Self { message: format!("{shown}: {error}"), place: place.cloned(), unseen }
    }

    /// As a label: message with line.
    pub(super) fn label(&self) -> String {
        match &self.place {
            Some(place) => format!("{place}: {}", self.message),
            None => self.message.clone(),
        }
    }

    /// As the reason of unknown facts.
    pub(super) fn unknown(&self) -> Unknown {
        match self.unseen {
            Some(reason) => Unknown::new(reason, self.label()),
            None => Unknown::new(Reason::Unsupported, "the file does not parse"),
        }
    }
}

impl From<yaml::YamlError> for Failure {
    fn from(error: yaml::YamlError) -> Self {
        Self { message: error.message, place: Some(error.place), unseen: None }
    }
}

/// What one group of files shares: the folder for relative paths, and the variables.
pub(super) struct Scope<'v> {
    pub directory: PathBuf,
    pub variables: &'v Variables,
}

/// One file as read, before anything was merged into it.
pub(super) struct Layer {
    pub source: Arc<Source>,
    pub tree: Node,
    path: PathBuf,
}

/// Reads files, remembers which, and keeps the work within bounds.
pub(super) struct Loader {
    root: PathBuf,
    overrides: Vec<PathBuf>,
    /// Every file read, in the order of reading.
    pub layers: Vec<Layer>,
    /// What is strange but stops nothing.
    pub remarks: Vec<String>,
    /// Folders of included projects with the variables that hold there.
    pub scopes: Vec<(PathBuf, Variables)>,
    /// Files being read right now, to notice that one includes itself.
    open: Vec<PathBuf>,
    copies: usize,
    cache: Vec<Cached>,
}

/// A file that need not be read again while path, folder and variables are the same.
struct Cached {
    path: PathBuf,
    directory: PathBuf,
    variables: Rc<BTreeMap<String, String>>,
    tree: Node,
}

impl Loader {
    /// A loader that names files relative to `root`; `overrides` are the files laid over the main one by themselves.
    pub(super) fn new(root: &Path, overrides: &[PathBuf]) -> Self {
        Self {
            root: root.to_path_buf(),
            overrides: overrides.to_vec(),
            layers: Vec::new(),
            remarks: Vec::new(),
            scopes: Vec::new(),
            open: Vec::new(),
            copies: 0,
            cache: Vec::new(),
        }
    }

    /// Whether a file is laid over the main one by itself.
    pub(super) fn is_override(&self, layer: &Layer) -> bool {
        self.overrides.contains(&layer.path)
    }

    /// How many files are open inside one another.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// How a file is named in reports.
    pub(super) fn source(&self, path: &Path, directory: &Path) -> Arc<Source> {
        Arc::new(Source { shown: files::relative(&self.root, path).into(), directory: directory.to_path_buf() })
    }

    /// Files of one group, each laid over those before it.
    pub(super) fn stack(&mut self, paths: &[PathBuf], scope: &Scope<'_>, asked: Option<&Place>) -> Result<Node, Failure> {
        let mut merged: Option<Node> = None;
        for path in paths {
            let tree = self.whole(path, scope, asked)?;
            merged = Some(match merged {
                Some(base) => merge::documents(base, tree)?,
                None => tree,
            });
        }
        merged.ok_or_else(|| Failure { message: "no file is named".into(), place: asked.cloned(), unseen: None })
    }

    /// One file with what it extends and includes.
    fn whole(&mut self, path: &Path, scope: &Scope<'_>, asked: Option<&Place>) -> Result<Node, Failure> {
        let identity = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        if self.open.contains(&identity) {
            let message = format!("{} includes itself", files::relative(&self.root, path));
            return Err(Failure { message, place: asked.cloned(), unseen: None });
        }
        self.open.push(identity);
        let mut tree = self.file(path, &scope.directory, scope.variables, asked)?;
        self.extend_all(&mut tree, scope.variables)?;
        self.include_all(&mut tree, scope)?;
        self.open.pop();
        Ok(tree)
    }

    /// One file by itself: read, parsed, interpolated, short forms written out. Read once, however often it is extended.
    pub(super) fn file(
        &mut self,
        path: &Path,
        directory: &Path,
        variables: &Variables,
        asked: Option<&Place>,
    ) -> Result<Node, Failure> {
        let variables_used = variables.identity();
        let known = |c: &&Cached| c.path == path && c.directory == directory && Rc::ptr_eq(&c.variables, &variables_used);
        if let Some(cached) = self.cache.iter().find(known) {
            return Ok(cached.tree.clone());
        }
        let source = self.source(path, directory);
        if self.layers.len() >= MAX_FILES {
            let message = format!("the project is made of more than {MAX_FILES} files");
            return Err(Failure { message, place: asked.cloned(), unseen: Some(Reason::Unsupported) });
        }
        let text = files::read(path).map_err(|error| Failure::unread(&source.shown, &error, asked))?;
        let start = Place { source: Arc::clone(&source), line: 1, column: 1 };
        let raw = yaml::parse(&text, &source)?.ok_or_else(|| Failure::invalid("the file is empty", &start))?;
        let mut tree = raw.try_map(&mut |scalar, at| {
            variables.interpolate(&scalar.text, scalar.plain).map_err(|error| Failure::template(error, at))
        })?;
        if tree.map().is_none() {
            return Err(Failure::invalid("a compose file must be a mapping (`services:` and so on)", &tree.at));
        }
        self.layers.push(Layer { source, tree: tree.clone(), path: path.to_path_buf() });
        check_shape(&tree)?;
        canonical::services(&mut tree);
        let (path, directory) = (path.to_path_buf(), directory.to_path_buf());
        self.cache.push(Cached { path, directory, variables: variables_used, tree: tree.clone() });
        Ok(tree)
    }

    /// Counts values that are about to be copied.
    pub(super) fn spend(&mut self, node: &Node) -> Result<(), Failure> {
        self.copies = self.copies.saturating_add(node.size());
        if self.copies > MAX_COPIES {
            let message = format!("`extends` copies more than {MAX_COPIES} values");
            return Err(Failure { message, place: Some(node.at.clone()), unseen: Some(Reason::Unsupported) });
        }
        Ok(())
    }

    /// Variables of a file beside those that are there already; a broken line is remarked, a missing file says nothing.
    pub(super) fn variables_of(&mut self, path: &Path, variables: &Variables) -> Result<Variables, ReadError> {
        let text = match files::read(path) {
            Ok(text) => text,
            Err(ReadError::Missing) => return Err(ReadError::Missing),
            Err(error) => {
                self.remarks.push(format!("{}: {error}", files::relative(&self.root, path)));
                return Err(error);
            }
        };
        let source = self.source(path, path.parent().unwrap_or(path));
        let parsed = dotenv::parse(&text, &source, variables, false);
        for place in &parsed.broken {
            self.remarks.push(format!("{place}: not of the form NAME=value"));
        }
        Ok(variables.with_file(dotenv::values(parsed)))
    }
}

/// The sections must be mappings, or nothing after this makes sense.
fn check_shape(tree: &Node) -> Result<(), Failure> {
    for section in ["services", "networks", "volumes", "secrets", "configs"] {
        let Some(node) = tree.get(section) else { continue };
        let Some(map) = node.map() else {
            if node.scalar().is_some_and(Value::is_null) {
                continue;
            }
            return Err(Failure::invalid(format!("`{section}` must be a mapping"), &node.at));
        };
        for entry in map.values() {
            let null = entry.node.scalar().is_some_and(Value::is_null) || entry.node.tag.is_some();
            if entry.node.map().is_none() && (section == "services" || !null) && entry.node.tag.is_none() {
                return Err(Failure::invalid(format!("an entry of `{section}` must be a mapping"), &entry.at));
            }
        }
    }
    Ok(())
}
