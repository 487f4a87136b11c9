//! The files and variables that a configuration is put together from.

use std::sync::Arc;

use crate::collect::program::{InsideFile, Place, Variable};
use crate::facts::Origin;

/// One file or variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    /// What to call it: path or name.
    pub shown: Arc<str>,
    /// What it is.
    pub kind: SourceKind,
    origin: Option<Arc<Origin>>,
}

/// What a source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SourceKind {
    /// A file in the container, with its permission bits where they are known.
    File(Place, Option<u32>),
    /// An environment variable; set by the image or not.
    Variable { by_image: bool },
    /// What the image sets by itself.
    Default,
}

impl Source {
    /// A file in the container.
    pub(super) fn file(file: &InsideFile) -> Self {
        Self { shown: Arc::clone(&file.shown), kind: SourceKind::File(file.place, file.mode), origin: None }
    }

    /// A file by itself.
    #[cfg(test)]
    pub(super) fn lone(shown: impl Into<Arc<str>>) -> Self {
        Self { shown: shown.into(), kind: SourceKind::File(Place::Mount, None), origin: None }
    }

    /// A variable.
    pub(super) fn variable(variable: &Variable) -> Self {
        let kind = SourceKind::Variable { by_image: variable.by_image };
        Self { shown: super::shown::key(&variable.name).into(), kind, origin: Some(Arc::clone(&variable.origin)) }
    }

    /// What the image sets by itself.
    pub(super) fn default(shown: &str) -> Self {
        Self { shown: shown.into(), kind: SourceKind::Default, origin: Some(Origin::field(shown)) }
    }

    /// A place in it; a variable has one place.
    pub(super) fn origin(&self, line: u32, column: u32) -> Arc<Origin> {
        match &self.origin {
            Some(origin) => Arc::clone(origin),
            None => Origin::file(&self.shown, line, column),
        }
    }

    /// The word of the catalogue: file, environment, secret or image.
    pub(super) fn word(&self) -> &'static str {
        match self.kind {
            SourceKind::File(Place::Secret, _) => "secret",
            SourceKind::File(Place::Image, _) | SourceKind::Default | SourceKind::Variable { by_image: true } => "image",
            SourceKind::File(..) => "file",
            SourceKind::Variable { by_image: false } => "environment",
        }
    }

    /// Whether what stands here stands in clear where it should not; a secret's file is where secrets belong.
    pub(super) fn is_secret(&self) -> bool {
        matches!(self.kind, SourceKind::File(Place::Secret, _))
    }
}
