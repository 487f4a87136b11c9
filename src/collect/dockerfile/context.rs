//! The build context: what the sources of `COPY` and `ADD` are on this machine.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::ignore::{Ignore, clean, regex};
use crate::facts::{Reason, Unknown};

/// Most files and folders that are looked at for one source.
const MAX_ENTRIES: usize = 5000;
/// Folders that a build fills by itself: what is missing there may be made before the image is built.
const MADE: [&str; 9] = ["target", "dist", "build", "out", "bin", "node_modules", ".next", "publish", "artifacts"];
/// Folders of other people's files.
const FOREIGN: [&str; 4] = [".git", "node_modules", "site-packages", ".venv"];

/// A build context.
#[derive(Debug)]
pub(super) struct BuildContext {
    root: Result<PathBuf, Unknown>,
    ignore: Result<Ignore, Unknown>,
    /// Folders that were walked already: one is often copied more than once.
    walks: RefCell<BTreeMap<String, Walk>>,
}

/// The files of a folder, and why there may be more.
type Walk = (Vec<Entry>, Option<Unknown>);

/// What a source is.
#[derive(Debug)]
pub(super) enum Seen {
    File(PathBuf),
    Folder,
    /// `.dockerignore` leaves it out.
    Excluded,
    Missing,
    Unknown(Unknown),
}

/// A file below a folder of the context.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Its path in the context.
    pub inside: String,
    pub path: PathBuf,
}

impl BuildContext {
    /// The context of a Dockerfile, or why it is not here.
    pub(super) fn new(root: Result<PathBuf, Unknown>, dockerfile: &Path) -> Self {
        let ignore = root.clone().and_then(|root| Ignore::of(&root, dockerfile));
        Self { root, ignore, walks: RefCell::default() }
    }

    /// The folder.
    pub(super) fn root(&self) -> Result<&Path, Unknown> {
        self.root.as_deref().map_err(Clone::clone)
    }

    /// The patterns that leave files out.
    pub(super) fn ignore(&self) -> Result<&Ignore, Unknown> {
        self.ignore.as_ref().map_err(Clone::clone)
    }

    /// What a source without wildcards is.
    pub(super) fn look(&self, source: &str) -> Seen {
        let inside = clean(source);
        let (root, ignore) = match (self.root(), self.ignore()) {
            (Ok(root), Ok(ignore)) => (root, ignore),
            (Err(why), _) | (_, Err(why)) => return Seen::Unknown(why),
        };
        let path = root.join(&inside);
        let about = match std::fs::symlink_metadata(&path) {
            // What a link leads to outside the context is not the builder's.
            Ok(about) if about.is_symlink() => {
                let real = std::fs::canonicalize(&path)
                    .ok()
                    .filter(|real| std::fs::canonicalize(root).is_ok_and(|root| real.starts_with(root)));
                match real.and_then(|real| std::fs::metadata(real).ok()) {
                    Some(about) => about,
                    None => {
                        return Seen::Unknown(Unknown::new(Reason::Unsupported, "a link that leads out of the build context"));
                    }
                }
            }
            Ok(about) => about,
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                return Seen::Unknown(Unknown::new(Reason::Permission, "it cannot be looked at: permission denied"));
            }
            Err(_) if inside.split('/').next().is_some_and(|first| MADE.contains(&first)) => {
                return Seen::Unknown(Unknown::new(
                    Reason::UnknownFact,
                    "it is made before the image is built, and is not there yet",
                ));
            }
            Err(_) => return Seen::Missing,
        };
        let excluded = !inside.is_empty() && ignore.excludes(&inside);
        if about.is_dir() {
            let empty = excluded && (!ignore.has_exceptions() || self.files(&inside).0.is_empty());
            return if empty { Seen::Excluded } else { Seen::Folder };
        }
        if excluded { Seen::Excluded } else { Seen::File(path) }
    }

    /// The files of a folder that reach the builder, and why there may be more. Packages that were fetched are left out.
    pub(super) fn files(&self, folder: &str) -> Walk {
        let folder = clean(folder);
        if let Some(walk) = self.walks.borrow().get(&folder) {
            return walk.clone();
        }
        let walk = self.walk(&folder);
        self.walks.borrow_mut().insert(folder, walk.clone());
        walk
    }

    fn walk(&self, folder: &str) -> Walk {
        let (root, ignore) = match (self.root(), self.ignore()) {
            (Ok(root), Ok(ignore)) => (root, ignore),
            (Err(why), _) | (_, Err(why)) => return (Vec::new(), Some(why)),
        };
        let mut found = Vec::new();
        let mut open = vec![folder.to_owned()];
        let mut count = 0;
        while let Some(inside) = open.pop() {
            let Ok(entries) = std::fs::read_dir(root.join(&inside)) else {
                return (found, Some(Unknown::new(Reason::Permission, "a folder of the build context cannot be read")));
            };
            let mut names: Vec<_> =
                entries.flatten().filter_map(|e| Some((e.file_name().into_string().ok()?, e.file_type().ok()?))).collect();
            names.sort_by(|a, b| a.0.cmp(&b.0));
            for (name, kind) in names {
                count += 1;
                if count > MAX_ENTRIES {
                    let why = format!("the build context has more than {MAX_ENTRIES} files");
                    return (found, Some(Unknown::new(Reason::Unsupported, why)));
                }
                let inside = if inside.is_empty() { name.clone() } else { format!("{inside}/{name}") };
                let excluded = ignore.excludes(&inside);
                if kind.is_dir() {
                    if !FOREIGN.contains(&name.as_str()) && (!excluded || ignore.has_exceptions()) {
                        open.push(inside);
                    }
                } else if !excluded {
                    found.push(Entry { path: root.join(&inside), inside });
                }
            }
        }
        (found, None)
    }

    /// The files that a source with or without wildcards brings in.
    pub(super) fn matching(&self, source: &str) -> Walk {
        if !is_pattern(source) {
            return match self.look(source) {
                Seen::File(path) => (vec![Entry { inside: clean(source), path }], None),
                Seen::Folder => self.files(source),
                Seen::Unknown(why) => (Vec::new(), Some(why)),
                Seen::Missing | Seen::Excluded => (Vec::new(), None),
            };
        }
        let pattern = clean(source);
        let fixed = pattern.split('/').take_while(|part| !is_pattern(part)).collect::<Vec<_>>().join("/");
        let Some(regex) = regex(&pattern) else {
            return (Vec::new(), Some(Unknown::new(Reason::Unsupported, "a wildcard that cannot be read")));
        };
        if !matches!(self.look(&fixed), Seen::Folder) && !fixed.is_empty() {
            return (Vec::new(), None);
        }
        let (mut files, more) = self.files(&fixed);
        let depth = pattern.split('/').count();
        files.retain(|entry| {
            let parts: Vec<&str> = entry.inside.split('/').collect();
            parts.len() >= depth && regex.is_match(&parts[..depth].join("/"))
        });
        (files, more)
    }
}

/// Whether a source holds wildcards.
pub(super) fn is_pattern(source: &str) -> bool {
    source.contains(['*', '?', '['])
}

/// Whether a source is fetched from elsewhere.
pub(super) fn is_remote(source: &str) -> bool {
    let lower = source.to_ascii_lowercase();
    ["http://", "https://", "git://", "ssh://", "git@", "ftp://"].iter().any(|start| lower.starts_with(start))
}
