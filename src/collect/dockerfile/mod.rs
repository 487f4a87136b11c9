//! Dockerfiles: stages, the final one's user and health check, bases, secrets, what is copied in.
//!
//! text -> instructions with places -> stages evaluated with the arguments given -> facts, and files of the image

mod context;
mod copies;
mod expand;
mod facts;
mod ignore;
mod image;
mod layers;
mod parse;
mod secrets;
mod users;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::context::BuildContext;
use self::image::Built;
pub(in crate::collect) use self::image::{Base, Given, Image, Said};
pub(in crate::collect) use self::layers::Content;
pub(in crate::collect) use self::parse::{Command, Spot};
pub(in crate::collect) use self::users::Made;
use super::Context;
use crate::facts::{Assurance, Document, Groups, Kind, Origin, Reason, Unknown};

/// Largest Dockerfile that is read, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// The facts of a Dockerfile called `shown` that no compose service builds; `build_context` is the folder that it is
/// most likely built with. Where that lacks sources, the folders above it are tried, up to the audited one.
pub fn collect(path: &Path, build_context: &Path, shown: &str, given: &str, context: &mut Context<'_>) -> Vec<Document> {
    let text = read(path);
    let arguments = Given::default();
    let reading = |root: PathBuf| Reading::new(text.clone(), path, shown, Ok(root), &arguments);
    let depth = Path::new(shown).components().count().saturating_sub(1);
    let folders = std::iter::once(build_context).chain(path.parent().into_iter().flat_map(Path::ancestors).take(depth + 1));
    let best = folders.map(|root| reading(root.to_path_buf())).min_by_key(Reading::missing_sources);
    best.map(|reading| reading.document(shown, given, context.groups)).into_iter().collect()
}

/// Whether a file is a Dockerfile, by its name.
pub fn is_dockerfile(name: &str) -> bool {
    let named =
        name == "Dockerfile" || name == "Containerfile" || name.starts_with("Dockerfile.") || name.ends_with(".Dockerfile");
    named && !name.ends_with(".dockerignore")
}

/// The text of a Dockerfile.
pub(in crate::collect) fn read(path: &Path) -> Result<String, Unknown> {
    let wrong = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::PermissionDenied => Unknown::new(Reason::Permission, "it cannot be read: permission denied"),
        std::io::ErrorKind::NotFound => Unknown::new(Reason::UnknownFact, "the Dockerfile is not there"),
        kind => Unknown::new(Reason::Unsupported, format!("it cannot be read: {kind}")),
    };
    if !std::fs::metadata(path).map_err(wrong)?.is_file() {
        return Err(Unknown::new(Reason::Unsupported, "it is no regular file"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path).map_err(wrong)?.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(wrong)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Unknown::new(Reason::Unsupported, "it is larger than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| Unknown::new(Reason::Unsupported, "it is not UTF-8 text"))
}

/// A Dockerfile that was read, and what building it gives.
#[derive(Debug)]
pub(in crate::collect) struct Reading {
    shown: Arc<str>,
    context: BuildContext,
    escape: char,
    built: Result<Built, Unknown>,
    /// The place and the kind of a mistake in the text.
    mistake: Option<(String, Spot)>,
}

impl Reading {
    /// Reads a text as a Dockerfile at `path`, built with this context.
    pub(in crate::collect) fn new(
        text: Result<String, Unknown>,
        path: &Path,
        shown: &str,
        build_context: Result<PathBuf, Unknown>,
        given: &Given,
    ) -> Self {
        let mut reading = Self {
            shown: shown.into(),
            context: BuildContext::new(build_context, path),
            escape: '\\',
            built: Err(Unknown::from(Reason::Error)),
            mistake: None,
        };
        match text.map(|text| parse::parse(&text)) {
            Ok(Ok(parsed)) => {
                reading.escape = parsed.escape;
                reading.built = Ok(image::build(&parsed, given));
            }
            Ok(Err(wrong)) => {
                let why = format!("{shown}:{}: {}", wrong.at.line, wrong.message);
                reading.built = Err(Unknown::new(Reason::Unsupported, why));
                reading.mistake = Some((wrong.message, wrong.at));
            }
            Err(why) => {
                let detail = why.detail.as_deref().unwrap_or("it cannot be read").to_owned();
                reading.built = Err(Unknown::new(why.reason, format!("{shown}: {detail}")));
            }
        }
        reading
    }

    /// The image that the build gives, or why nobody can say.
    pub(in crate::collect) fn image(&self) -> Result<&Image, Unknown> {
        self.built.as_ref().map_err(Clone::clone)?.image()
    }

    /// A place in this file.
    pub(in crate::collect) fn origin(&self, at: Spot) -> Arc<Origin> {
        Origin::file(&self.shown, at.line, at.column)
    }

    /// Its facts.
    pub(in crate::collect) fn document(&self, name: &str, target: &str, groups: &mut Groups) -> Document {
        let mut document = Document::new(Kind::Dockerfile, name, target, Assurance::Declared);
        facts::write(self, &mut document.facts, groups);
        document
    }
}

#[cfg(test)]
mod tests;
