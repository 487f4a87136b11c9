//! A program in its container and everything that its configuration can come from, whoever looked: the same for a
//! compose service and for a running container. Values are in clear here and only here; documents are redacted.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::facts::{Assurance, Document, Kind, Origin, Reason, Unknown};

/// One container's program.
#[derive(Debug)]
pub struct Program {
    /// Name of the container, or of the service when only a file was read.
    pub name: Arc<str>,
    /// Compose service.
    pub service: Option<Arc<str>>,
    /// Compose project.
    pub project: Option<Arc<str>>,
    /// The target it was found in.
    pub target: Arc<str>,
    /// How strong this evidence is.
    pub assurance: Assurance,
    /// Image reference as written; none for a service that is only built.
    pub image: Option<String>,
    /// What the image is built from, where its Dockerfile was read: the external base of the final stage.
    pub base: Option<String>,
    /// Words of entrypoint and command, where they are known.
    pub words: Option<Vec<String>>,
    /// The environment in the order in which it applies.
    pub environment: Vec<Variable>,
    /// Why the environment may hold more.
    pub environment_incomplete: Option<Unknown>,
    /// Its files.
    pub inside: Inside,
}

/// One environment variable.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value in clear; unknown where it depends on something unseen.
    pub value: Result<String, Unknown>,
    /// Where it is set.
    pub origin: Arc<Origin>,
    /// Whether the image sets it rather than the deployment.
    pub by_image: bool,
}

impl Program {
    /// An empty document of this kind about the program.
    pub fn document(&self, kind: Kind, name: impl Into<Arc<str>>) -> Document {
        let mut document = Document::new(kind, name, Arc::clone(&self.target), self.assurance);
        document.service.clone_from(&self.service);
        document.project.clone_from(&self.project);
        document
    }

    /// The image, or what it is built from.
    pub fn image_or_base(&self) -> Option<&str> {
        self.base.as_deref().or(self.image.as_deref())
    }
}

/// How a file gets into the container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Bind mount or volume.
    Mount,
    /// A secret of compose or swarm.
    Secret,
    /// A config of compose or swarm.
    Config,
    /// Part of the image, or written there by `COPY`.
    Image,
    /// Written by the running program or its start script.
    Runtime,
}

/// One file as the program finds it.
#[derive(Clone, Debug)]
pub struct InsideFile {
    /// Its text; an error when it could not be read or is no text.
    pub text: Result<String, Unknown>,
    /// What to call it in reports: the path relative to the audited folder, else the path inside.
    pub shown: Arc<str>,
    /// Permission bits, where they are known.
    pub mode: Option<u32>,
    /// How it gets there.
    pub place: Place,
}

/// What is at a path.
#[derive(Debug)]
pub enum Look<'a> {
    /// This file.
    File(&'a InsideFile),
    /// Surely nothing.
    Absent,
    /// Nobody can say.
    Unknown(Unknown),
}

/// The files of a container, as far as somebody looked. Paths are absolute, without a slash at the end.
#[derive(Clone, Debug, Default)]
pub struct Inside {
    files: BTreeMap<String, InsideFile>,
    /// Folders whose whole content is in `files` (`None`), or of which more may exist. The longest prefix decides.
    folders: BTreeMap<String, Option<Unknown>>,
}

impl Inside {
    /// Adds a file.
    pub fn put(&mut self, path: impl Into<String>, file: InsideFile) {
        self.files.insert(path.into(), file);
    }

    /// Says that everything below this folder has been put.
    pub fn complete(&mut self, folder: &str) {
        self.folders.insert(bare(folder), None);
    }

    /// Says why more may lie below this folder.
    pub fn hide(&mut self, folder: &str, why: Unknown) {
        self.folders.insert(bare(folder), Some(why));
    }

    /// What is at a path.
    pub fn look(&self, path: &str) -> Look<'_> {
        match (self.files.get(&bare(path)), self.hidden(path)) {
            (Some(file), _) => Look::File(file),
            (None, None) => Look::Absent,
            (None, Some(why)) => Look::Unknown(why),
        }
    }

    /// The files directly in a folder in order of name, and why there may be more.
    pub fn folder(&self, folder: &str) -> (Vec<(&str, &InsideFile)>, Option<Unknown>) {
        let prefix = format!("{}/", bare(folder));
        let files = self.files.range(prefix.clone()..).take_while(|(path, _)| path.starts_with(&prefix));
        let direct = files.filter(|(path, _)| !path[prefix.len()..].contains('/'));
        (direct.map(|(path, file)| (path.as_str(), file)).collect(), self.hidden(&prefix))
    }

    /// All files in order of path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &InsideFile)> {
        self.files.iter().map(|(path, file)| (path.as_str(), file))
    }

    fn hidden(&self, path: &str) -> Option<Unknown> {
        let mut at = bare(path);
        loop {
            if let Some(found) = self.folders.get(&at) {
                return found.clone();
            }
            match at.rfind('/') {
                Some(slash) if !at.is_empty() => at.truncate(slash),
                _ => return Some(Unknown::new(Reason::ImageNotSeen, UNSEEN)),
            }
        }
    }
}

/// Said where nobody put, completed or hid anything: what lies there is what the image itself ships.
const UNSEEN: &str = "the image was not seen";

/// Whether all that is unseen is what the image itself ships.
pub fn is_only_the_image(why: &Unknown) -> bool {
    why.reason == Reason::ImageNotSeen && why.detail.as_deref() == Some(UNSEEN)
}

fn bare(path: &str) -> String {
    path.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> InsideFile {
        InsideFile { text: Ok(text.into()), shown: "x".into(), mode: None, place: Place::Mount }
    }

    #[test]
    fn what_nobody_looked_at_is_unknown() {
        let mut inside = Inside::default();
        inside.put("/etc/orthanc/orthanc.json", file("{}"));
        assert!(matches!(inside.look("/etc/orthanc/orthanc.json"), Look::File(_)));
        assert!(matches!(inside.look("/etc/orthanc/other.json"), Look::Unknown(_)));
        assert!(inside.folder("/etc/orthanc/").1.is_some());
        inside.complete("/etc/orthanc");
        assert!(matches!(inside.look("/etc/orthanc/other.json"), Look::Absent));
        let (files, more) = inside.folder("/etc/orthanc");
        assert_eq!((files.len(), more), (1, None));
        inside.hide("/etc/orthanc/sub", Unknown::from(Reason::Permission));
        assert!(matches!(inside.look("/etc/orthanc/sub/a"), Look::Unknown(_)));
    }
}
