//! The Dockerfile that a service is built from.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files;
use super::service::Service;
use super::value::{Found, Node, is_null, text};
use crate::collect::dockerfile::{self, Given, Image, Reading};
use crate::collect::yaml::Map;
use crate::facts::{Document, Fact, Groups, Kind, Reason, Unknown};

/// What a service's `build:` leads to.
#[derive(Debug)]
pub(super) struct Build {
    /// The Dockerfile, read.
    pub reading: Reading,
    /// What the Dockerfile is called in reports.
    pub shown: Arc<str>,
    /// The stage that is asked for.
    target: Option<String>,
}

impl Build {
    /// Reads the Dockerfile of a service that is built.
    pub(super) fn of(service: &Service<'_>) -> Option<Self> {
        let build = service.get("build")?;
        let context = context(build);
        let given = given(service, build);
        let (text, path, shown) = dockerfile_of(service, build, &context);
        let target = given.target.clone().and_then(Result::ok);
        let reading = Reading::new(text, &path, &shown, context, &given);
        Some(Self { reading, shown: shown.into(), target })
    }

    /// The image that the build gives.
    pub(super) fn image(&self) -> Result<&Image, Unknown> {
        self.reading.image()
    }

    /// The facts of the Dockerfile that these services are built from; a second stage of one that was reported already is
    /// told apart by its name.
    pub(super) fn document(&self, services: &[Arc<str>], known: &[Document], target: &str, groups: &mut Groups) -> Document {
        let taken = known.iter().any(|d| d.kind == Kind::Dockerfile && d.name == self.shown);
        let stage = self.target.as_deref().unwrap_or("the last stage");
        let name = if taken { format!("{} ({stage})", self.shown) } else { self.shown.to_string() };
        let mut document = self.reading.document(&name, target, groups);
        let services: Vec<Fact> = services.iter().map(|name| Fact::known(Arc::clone(name))).collect();
        document.facts.set_here("services", services);
        document
    }

    /// Whether it is the same stage of the same file as another.
    pub(super) fn same_as(&self, other: &Self) -> bool {
        self.shown == other.shown && self.target == other.target
    }
}

/// The folder that is built with.
fn context(build: &Node) -> Result<PathBuf, Unknown> {
    let written = build.get("context").filter(|node| !is_null(node)).map_or(Ok("."), text)?;
    let remote = written.contains("://") || written.starts_with("git@") || written.starts_with("github.com/");
    if remote {
        return Err(Unknown::new(Reason::NoTarget, "the build context is fetched from elsewhere"));
    }
    let path = files::join(&build.at.source.directory, written);
    match std::fs::metadata(&path) {
        Ok(about) if about.is_dir() => Ok(path),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            Err(Unknown::new(Reason::Permission, "the build context cannot be read: permission denied"))
        }
        _ => Err(Unknown::new(Reason::UnknownFact, "the folder of the build context is not there")),
    }
}

/// Text, path and name of the Dockerfile.
fn dockerfile_of(
    service: &Service<'_>,
    build: &Node,
    context: &Result<PathBuf, Unknown>,
) -> (Result<String, Unknown>, PathBuf, String) {
    let shown = |path: &Path| files::relative(&service.project.directory, path);
    if let Some(inline) = build.get("dockerfile_inline").filter(|node| !is_null(node)) {
        let name = format!("{} (dockerfile_inline of {})", inline.at.source.shown, service.name);
        return (text(inline).map(str::to_owned), PathBuf::new(), name);
    }
    let written = build.get("dockerfile").filter(|node| !is_null(node)).map_or(Ok("Dockerfile"), text);
    let unnamed = || format!("the Dockerfile of {}", service.name);
    match (context, written) {
        (Ok(context), Ok(written)) => {
            let path = files::join(context, written);
            (dockerfile::read(&path), path.clone(), shown(&path))
        }
        (Ok(_), Err(why)) => (Err(why), PathBuf::new(), unnamed()),
        (Err(why), _) => (Err(why.clone()), PathBuf::new(), unnamed()),
    }
}

/// Arguments, target and named contexts of a build.
fn given(service: &Service<'_>, build: &Node) -> Given {
    let mut given = Given::default();
    if let Some(args) = build.get("args").filter(|node| !is_null(node)) {
        match args.map() {
            Some(map) => {
                for (name, entry) in map {
                    let value = if is_null(&entry.node) {
                        match service.project.variables_at(&entry.at).find(name) {
                            Found::Set(value) => Ok(value),
                            _ => Err(Unknown::new(Reason::UnknownFact, format!("{} is taken from where it is built", entry.at))),
                        }
                    } else {
                        text(&entry.node).map(str::to_owned)
                    };
                    given.args.insert(name.to_string(), value);
                }
            }
            None => given.unreadable = Some(Unknown::new(Reason::Unsupported, "`args` cannot be read")),
        }
    }
    given.target = build.get("target").filter(|node| !is_null(node)).map(|node| text(node).map(str::to_owned));
    given.target = given.target.filter(|target| target.as_deref() != Ok(""));
    let contexts = build.get("additional_contexts");
    let listed = contexts.and_then(Node::list).unwrap_or_default().iter().filter_map(|node| text(node).ok()?.split_once('='));
    given.contexts = listed.map(|(name, _)| name.to_owned()).collect::<BTreeSet<_>>();
    given.contexts.extend(contexts.and_then(Node::map).into_iter().flat_map(Map::keys).map(ToString::to_string));
    given
}
