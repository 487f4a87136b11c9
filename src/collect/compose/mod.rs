//! Compose files: the Compose Specification as real files use it, up to the facts of each service.
//!
//! files -> tree with places -> interpolation -> extends, include, overrides -> project -> facts

mod build;
mod canonical;
mod classify;
mod dev;
mod dotenv;
mod extends;
mod files;
mod hardened;
mod include;
mod interpolate;
mod keys;
mod lint;
mod load;
mod merge;
mod overview;
mod program;
mod project;
mod service;
mod uploads;
mod value;

use std::path::Path;
use std::sync::Arc;

use self::build::Build;
use self::files::Layout;
use self::interpolate::Variables;
use self::load::{Failure, Loader, Scope};
use self::project::Project;
use self::service::Service;
use self::value::{Node, text};
use super::{Collected, Context, Selection, nginx, orthanc};
use crate::facts::{Assurance, CollectError, Document, Kind, Reason};

/// Collects a compose project: one document for the project, and one for each service of the audited set.
///
/// `path` is the project's folder or its main file, `given` how the user named it. Whatever is wrong with the
/// files becomes facts and errors of the result; services of files that do not parse are not guessed at.
pub fn collect(path: &Path, given: &str, selection: &Selection, context: &mut Context<'_>) -> Collected {
    (context.progress)(&format!("reading {given}"));
    let process = Variables::new(context.environment);
    let Some(layout) = layout(path, &process) else { return nowhere(path, given) };
    let mut loader = Loader::new(&layout.directory, &layout.overrides);
    let variables = loader.default_variables(&layout.directory, &process);
    let tree = load(&mut loader, &layout, &variables);
    let mut out = Collected::default();
    let mut document = Document::new(Kind::Compose, files::relative(&layout.directory, &layout.main), given, Assurance::Declared);
    document.project = Some(project::name(tree.as_ref().ok(), &layout.directory, &variables));
    match tree {
        Ok(tree) => {
            let mut project = assemble(tree, layout, variables, selection, context);
            project.scopes = std::mem::take(&mut loader.scopes);
            services(&project, given, context, &mut out);
            overview::write(&project, &loader, &mut document.facts, context.groups);
        }
        Err(failure) => {
            if loader.layers.is_empty() && failure.unseen == Some(Reason::Permission) {
                out.unreachable = Some(Reason::Permission);
            }
            if failure.unseen.is_some() {
                out.errors.push(CollectError::new(given, failure.label()));
            }
            overview::write_failure(&failure, &layout, &loader, &mut document.facts);
        }
    }
    out.errors.extend(loader.remarks.iter().map(|remark| CollectError::new(given, remark.as_str())));
    out.documents.insert(0, document);
    out
}

/// The documents of every service, and of the Dockerfiles that they are built from, each file and stage once.
fn services(project: &Project, given: &str, context: &mut Context<'_>, out: &mut Collected) {
    let mut builds: Vec<(Build, Vec<Arc<str>>)> = Vec::new();
    for (name, entry) in project.services() {
        let unbuilt = Service { name, at: &entry.at, node: &entry.node, project, build: None };
        let build = Build::of(&unbuilt);
        let service = Service { build: build.as_ref(), ..unbuilt };
        out.documents.push(service.document(given, context.groups));
        programs(&service, given, context, out);
        let Some(build) = build else { continue };
        match builds.iter_mut().find(|(known, _)| build.same_as(known)) {
            Some((_, names)) => names.push(Arc::clone(name)),
            None => builds.push((build, vec![Arc::clone(name)])),
        }
    }
    for (build, names) in builds {
        let document = build.document(&names, &out.documents, given, context.groups);
        out.documents.push(document);
    }
}

/// What the program of a service is known to read: Orthanc's configuration, a proxy's.
fn programs(service: &Service<'_>, given: &str, context: &mut Context<'_>, out: &mut Collected) {
    let (program, sources) = program::program(service, given);
    let orthanc = orthanc::is_orthanc(&program).then(|| orthanc::collect(&program, context.groups)).flatten();
    let found: Vec<Document> = orthanc.into_iter().chain(nginx::collect(&program)).collect();
    if !found.is_empty() {
        out.read.extend(sources.iter().filter_map(|path| path.canonicalize().ok()).chain(sources.iter().cloned()));
    }
    out.documents.extend(found);
}

/// The files of the project; `COMPOSE_FILE` of its `.env` is heeded, that of the process may be meant for another project.
fn layout(path: &Path, process: &Variables) -> Option<Layout> {
    let absolute = files::absolute(path);
    let own = Loader::new(&absolute, &[]).default_variables(&absolute, &Variables::default());
    let named = own.get("COMPOSE_FILE").filter(|_| process.get("COMPOSE_FILE").is_none());
    Layout::find(path, named)
}

fn nowhere(path: &Path, given: &str) -> Collected {
    let (reason, message) = match std::fs::read_dir(path) {
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            (Reason::Permission, "the folder cannot be read: permission denied")
        }
        _ => (Reason::Unreachable, "no compose file is there: name the file, or a folder with a compose.yaml"),
    };
    Collected { unreachable: Some(reason), errors: vec![CollectError::new(given, message)], ..Collected::default() }
}

fn load(loader: &mut Loader, layout: &Layout, variables: &Variables) -> Result<Node, Failure> {
    let scope = Scope { directory: layout.directory.clone(), variables };
    let paths: Vec<_> = std::iter::once(&layout.main).chain(&layout.overrides).cloned().collect();
    let mut tree = loader.stack(&paths, &scope, None)?;
    merge::drop_resets(&mut tree);
    if tree.get("services").is_none() && looks_like_version_1(&tree) {
        let message = "a file of the old format without `services:` (Compose v1) is not supported".to_owned();
        return Err(Failure { message, place: Some(tree.at.clone()), unseen: Some(Reason::Unsupported) });
    }
    if tree.get("services").is_none() && tree.get("include").is_none() {
        return Err(Failure::invalid("no `services:`: this is no compose file", &tree.at));
    }
    Ok(tree)
}

/// Services at the top level.
fn looks_like_version_1(tree: &Node) -> bool {
    tree.map()
        .into_iter()
        .flat_map(|map| map.values())
        .any(|entry| ["image", "build"].iter().any(|key| entry.node.get(key).is_some()))
}

fn assemble(tree: Node, layout: Layout, variables: Variables, selection: &Selection, context: &Context<'_>) -> Project {
    let name: Arc<str> = project::name(Some(&tree), &layout.directory, &variables);
    let mut profiles = selection.compose_profiles.clone();
    if let Some(set) = variables.get("COMPOSE_PROFILES") {
        profiles.extend(set.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()));
    }
    let home = context.environment.get("HOME").filter(|home| !home.is_empty()).cloned();
    Project { name, directory: layout.directory, tree, profiles, home, variables, scopes: Vec::new() }
}

/// Texts of a list, as far as they can be known.
fn texts(node: Option<&Node>) -> Vec<&str> {
    node.and_then(Node::list).unwrap_or_default().iter().filter_map(|node| text(node).ok()).collect()
}
