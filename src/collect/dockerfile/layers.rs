//! Files that `COPY` and `ADD` put into the image, as far as later steps leave them alone.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Reading;
use super::context::{Seen, is_pattern, is_remote};
use super::ignore::clean;
use super::image::{Change, Placed};
use super::parse::Source;
use crate::facts::{Reason, Unknown};

/// Most files that are followed.
const MAX_FILES: usize = 2000;
/// Commands that leave the text of a file alone.
const HARMLESS: [&str; 8] = ["chown", "chmod", "chgrp", "mkdir", "ls", "test", "[", "touch"];

/// What Orthanc and the start script of its image read.
const CONFIGURED: [&str; 3] = ["/etc/orthanc", "/startup", "/docker-entrypoint.sh"];

/// What is known of a file of the image.
#[derive(Clone, Debug)]
pub(in crate::collect) enum Content {
    /// It is this file of the build context.
    Path(PathBuf),
    /// A heredoc.
    Text(String),
    /// Nobody can say.
    Unknown(Unknown),
}

/// One file of the image.
#[derive(Clone, Debug)]
pub(in crate::collect) struct LayerFile {
    pub content: Content,
    /// Bits of `--chmod`.
    pub mode: Option<u32>,
    /// Copied by itself rather than with its folder.
    pub single: bool,
    /// The file of the build context that it began as.
    pub source: Option<PathBuf>,
}

/// The files that the Dockerfile is known to put into its image.
#[derive(Debug, Default)]
pub(in crate::collect) struct Layers {
    /// By path in the image.
    pub files: BTreeMap<String, LayerFile>,
    /// Paths below which more may have been put.
    pub hidden: Vec<(String, Unknown)>,
}

impl Reading {
    /// What `COPY` and `ADD` put into the final stage; `is_folder` says which paths are folders of the base for sure.
    pub(in crate::collect) fn layers(&self, is_folder: &dyn Fn(&str) -> bool) -> Layers {
        let mut layers = Layers::default();
        let Ok(image) = self.image() else { return layers };
        for change in &image.changes {
            match change {
                Change::Copy(placed) => self.copy(placed, is_folder, &mut layers),
                Change::Run { text, filled, at, .. } => {
                    layers.run(text, at.line);
                    layers.configures(filled, at.line);
                }
            }
        }
        layers
    }

    fn copy(&self, placed: &Placed, is_folder: &dyn Fn(&str) -> bool, layers: &mut Layers) {
        let target = match &placed.target {
            Ok(target) => target,
            Err(why) => return layers.lose("/", why),
        };
        if placed.from().is_some() || placed.what.flag("parents").is_some() {
            let why =
                Unknown::new(Reason::ImageNotSeen, format!("line {} copies it from another stage or image", placed.at.line));
            return layers.lose(target, &why);
        }
        let mode = placed.what.flag("chmod").and_then(|mode| u32::from_str_radix(mode, 8).ok());
        let bare = target.trim_end_matches('/');
        let several = placed.sources.len() > 1;
        for (source, path) in placed.what.sources.iter().zip(&placed.sources) {
            let folder = target.ends_with('/') || several || is_folder(bare);
            match (source, path) {
                (_, Err(why)) => layers.lose(target, why),
                (Source::Here { .. }, Ok(text)) if !folder => {
                    layers.put(
                        bare.to_owned(),
                        LayerFile { content: Content::Text(text.clone()), mode, single: true, source: None },
                    );
                }
                (Source::Path(_), Ok(path)) if !(is_remote(path) || placed.what.add && unpacked(path)) => {
                    self.local(path, bare, folder, mode, layers);
                }
                _ => layers.lose(target, &Unknown::new(Reason::ImageNotSeen, format!("line {} brings it in", placed.at.line))),
            }
        }
    }

    fn local(&self, source: &str, target: &str, folder: bool, mode: Option<u32>, layers: &mut Layers) {
        let seen = if is_pattern(source) { Seen::Missing } else { self.context.look(source) };
        let (base, single) = match seen {
            Seen::Folder => (clean(source), false),
            Seen::Unknown(why) => return layers.lose(target, &why),
            _ => (String::new(), true),
        };
        let (entries, more) = self.context.matching(source);
        for entry in entries {
            let rest = if single {
                entry.inside.rsplit('/').next().unwrap_or("")
            } else {
                entry.inside.strip_prefix(&base).unwrap_or(&entry.inside).trim_start_matches('/')
            };
            let path = if single && !folder && !is_pattern(source) { target.to_owned() } else { format!("{target}/{rest}") };
            let source = Some(entry.path.clone());
            layers.put(path, LayerFile { content: Content::Path(entry.path), mode, single, source });
        }
        if let Some(why) = more {
            layers.hidden.push((target.to_owned(), why));
        }
    }
}

fn unpacked(path: &str) -> bool {
    [".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".txz", ".tar.zst"]
        .iter()
        .any(|ending| path.to_ascii_lowercase().ends_with(ending))
}

impl Layers {
    fn put(&mut self, path: String, file: LayerFile) {
        if self.files.len() < MAX_FILES || self.files.contains_key(&path) {
            self.files.insert(path, file);
        } else {
            self.hidden.push((path, Unknown::new(Reason::Unsupported, format!("more than {MAX_FILES} files are copied"))));
        }
    }

    /// Nothing below a path is sure any more.
    fn lose(&mut self, path: &str, why: &Unknown) {
        let bare = path.trim_end_matches('/');
        self.hidden.push((bare.to_owned(), why.clone()));
        let below = self
            .files
            .iter_mut()
            .filter(|(file, _)| file.strip_prefix(bare).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
        for (_, file) in below {
            file.content = Content::Unknown(why.clone());
        }
    }

    /// A command that names a file, or a folder it lies in, may change it.
    fn run(&mut self, text: &str, line: u32) {
        let commands: Vec<&str> = text.split(['\n', ';', '|', '&']).map(str::trim).collect();
        let risky: Vec<&str> =
            commands.into_iter().filter(|c| !HARMLESS.contains(&c.split_whitespace().next().unwrap_or(""))).collect();
        for (path, file) in &mut self.files {
            if risky.iter().any(|command| names(command, path)) {
                let why = format!("the command in line {line} of the Dockerfile may change it");
                file.content = Content::Unknown(Unknown::new(Reason::ImageNotSeen, why));
            }
        }
    }
}

impl Layers {
    /// A command that names a folder of configurations, or a JSON file that may lie in one, may put more there.
    fn configures(&mut self, text: &str, line: u32) {
        let commands = text.split(['\n', ';', '|', '&']).map(str::trim);
        let risky: Vec<&str> = commands.filter(|c| !HARMLESS.contains(&c.split_whitespace().next().unwrap_or(""))).collect();
        for folder in CONFIGURED {
            let parts = || risky.iter().flat_map(|command| command.split([' ', '\t', '"', '\'', '=', '>']));
            let json = |word: &str| word.ends_with(".json") && (!word.starts_with('/') || word.contains('$'));
            if risky.iter().any(|command| command.contains(folder)) || folder == CONFIGURED[0] && parts().any(json) {
                let why = format!("the command in line {line} of the Dockerfile may change what lies in {folder}");
                self.hidden.push((folder.to_owned(), Unknown::new(Reason::ImageNotSeen, why)));
            }
        }
    }
}

/// Whether a command names a file by its path or name, or a whole folder that it lies in.
fn names(command: &str, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or("");
    let folders = path.match_indices('/').skip(1).map(|(at, _)| &path[..at]);
    command.contains(name) || folders.into_iter().any(|folder| names_whole(command, folder))
}

/// Whether a command names a folder itself, or what lies in it by a wildcard or variable.
fn names_whole(command: &str, folder: &str) -> bool {
    command.match_indices(folder).any(|(at, _)| {
        let rest = &command[at + folder.len()..];
        let below = rest.strip_prefix('/').map(|rest| rest.split([' ', '"', '\'', '/']).next().unwrap_or(""));
        match below {
            Some(next) => next.is_empty() || next.contains(['*', '?', '[', '{', '$']),
            None => !rest.starts_with(|c: char| c.is_alphanumeric() || "-_.".contains(c)),
        }
    })
}
