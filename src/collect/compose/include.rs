//! `include`: other compose files with their own folder and variables.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::canonical::{map_mut, single};
use super::extends::refuse_remote;
use super::files::{self, ReadError};
use super::interpolate::Variables;
use super::load::{Failure, Loader, Scope};
use super::merge;
use super::value::{Node, text};
use crate::collect::yaml::{Content, Entry, Map};

/// Deepest nesting of includes.
const MAX_DEPTH: usize = 16;
/// Sections that an included file brings along.
const SECTIONS: [&str; 5] = ["services", "networks", "volumes", "secrets", "configs"];

impl Loader {
    /// Brings in what a file includes.
    pub(super) fn include_all(&mut self, tree: &mut Node, scope: &Scope<'_>) -> Result<(), Failure> {
        let Some(include) = map_mut(tree).and_then(|map| map.remove("include")) else { return Ok(()) };
        let Some(items) = include.node.list() else {
            return Err(Failure::invalid("`include` must be a list", &include.at));
        };
        for item in items {
            let long = match item.scalar() {
                Some(path) => single("path", &path.text, &item.at),
                None => item.clone(),
            };
            let included = self.include(&long, scope)?;
            import(tree, included)?;
        }
        Ok(())
    }

    fn include(&mut self, item: &Node, scope: &Scope<'_>) -> Result<Node, Failure> {
        let paths = Self::included_paths(item, scope)?;
        let Some(first) = paths.first() else { return Err(Failure::invalid("`include` names no file", &item.at)) };
        if self.depth() > MAX_DEPTH {
            return Err(Failure::invalid(format!("includes nested more than {MAX_DEPTH} levels deep"), &item.at));
        }
        let directory = match one_text(item, "project_directory")? {
            Some(folder) => files::join(&scope.directory, &folder),
            None => first.parent().unwrap_or(first).to_path_buf(),
        };
        let variables = self.included_variables(item, scope, &directory)?;
        self.scopes.push((directory.clone(), variables.clone()));
        self.stack(&paths, &Scope { directory, variables: &variables }, Some(&item.at))
    }

    fn included_paths(item: &Node, scope: &Scope<'_>) -> Result<Vec<PathBuf>, Failure> {
        let named = texts(item, "path")?;
        named.iter().try_for_each(|path| refuse_remote(path, item))?;
        Ok(named.iter().map(|path| files::join(&scope.directory, path)).collect())
    }

    fn included_variables(&mut self, item: &Node, scope: &Scope<'_>, directory: &Path) -> Result<Variables, Failure> {
        let named = texts(item, "env_file")?;
        if named.is_empty() {
            return Ok(self.default_variables(directory, scope.variables));
        }
        let mut variables = scope.variables.with_file(BTreeMap::new());
        for file in named.iter().rev() {
            match self.variables_of(&files::join(&scope.directory, file), &variables) {
                Ok(more) => variables = more,
                Err(ReadError::Missing) => {
                    return Err(Failure::invalid("a file named by `env_file` of `include` is not there", &item.at));
                }
                Err(_) => variables.lose(),
            }
        }
        Ok(variables)
    }

    /// Variables with those of a folder's `.env`.
    pub(super) fn default_variables(&mut self, directory: &Path, variables: &Variables) -> Variables {
        match self.variables_of(&directory.join(".env"), variables) {
            Ok(variables) => variables,
            Err(error) => {
                let mut variables = variables.with_file(BTreeMap::new());
                if !matches!(error, ReadError::Missing | ReadError::NoFile) {
                    variables.lose();
                }
                variables
            }
        }
    }
}

/// What was included joins the file's own; Compose refuses two different things of one name.
fn import(tree: &mut Node, included: Node) -> Result<(), Failure> {
    let Content::Map(included) = included.content else { return Ok(()) };
    let Some(own) = map_mut(tree) else { return Ok(()) };
    for (section, entry) in included {
        if !SECTIONS.contains(&&*section) || entry.node.map().is_none() {
            continue;
        }
        let Some(slot) = own.get_mut(&section).filter(|slot| slot.node.map().is_some()) else {
            own.insert(section, entry);
            continue;
        };
        let Some(slot) = map_mut(&mut slot.node) else { continue };
        if let Content::Map(entries) = entry.node.content {
            join(slot, entries)?;
        }
    }
    Ok(())
}

fn join(own: &mut Map<super::value::Value>, entries: Map<super::value::Value>) -> Result<(), Failure> {
    for (name, Entry { at, node }) in entries {
        match own.get(&name) {
            Some(mine) if !merge::same(&mine.node, &node) => {
                return Err(Failure::invalid(format!("an included file defines the same name differently ({at})"), &mine.at));
            }
            Some(_) => {}
            None => {
                own.insert(name, Entry { at, node });
            }
        }
    }
    Ok(())
}

fn one_text(item: &Node, key: &str) -> Result<Option<String>, Failure> {
    Ok(texts(item, key)?.into_iter().next())
}

/// A text, or a list of texts.
fn texts(item: &Node, key: &str) -> Result<Vec<String>, Failure> {
    let Some(node) = item.get(key) else { return Ok(Vec::new()) };
    let nodes = node.list().unwrap_or(std::slice::from_ref(node));
    let read = |node: &Node| {
        text(node).map(str::to_owned).map_err(|why| Failure {
            message: why.detail.as_deref().unwrap_or("unknown").to_owned(),
            place: Some(node.at.clone()),
            unseen: Some(why.reason),
        })
    };
    nodes.iter().map(read).collect()
}
