//! What a Dockerfile makes: its stages one after another, up to the one that is wanted.

use std::collections::{BTreeMap, BTreeSet};

use super::expand::Scope;
use super::parse::{Command, Parsed, Spot, Stage, Step, Transfer, What};
use crate::facts::{Reason, Unknown};

/// Arguments that the builder knows by itself.
const PLATFORM: [&str; 8] =
    ["TARGETPLATFORM", "TARGETOS", "TARGETARCH", "TARGETVARIANT", "BUILDPLATFORM", "BUILDOS", "BUILDARCH", "BUILDVARIANT"];

/// How an image is built, as a compose file or nobody says.
#[derive(Clone, Debug, Default)]
pub(in crate::collect) struct Given {
    /// Build arguments.
    pub args: BTreeMap<String, Result<String, Unknown>>,
    /// Why the arguments that are given cannot be read.
    pub unreadable: Option<Unknown>,
    /// The stage that is wanted; the last one where nothing is said.
    pub target: Option<Result<String, Unknown>>,
    /// Names that stand for other folders or images in `FROM` and `COPY --from`.
    pub contexts: BTreeSet<String>,
}

/// A text with its place.
#[derive(Clone, Debug)]
pub(in crate::collect) struct Said<T> {
    pub value: T,
    pub at: Spot,
}

/// What a stage is built on.
#[derive(Clone, Debug)]
pub(in crate::collect) enum Base {
    /// Nothing.
    Scratch,
    /// An image from elsewhere.
    Image(Result<String, Unknown>),
}

/// One variable of the image.
#[derive(Clone, Debug)]
pub(in crate::collect) struct Variable {
    pub name: String,
    /// As written, quotes taken off, variables as they stand.
    pub written: String,
    /// Variables replaced.
    pub value: Result<String, Unknown>,
    pub at: Spot,
}

/// An `ARG` of a stage.
#[derive(Clone, Debug)]
pub(super) struct Argument {
    pub name: String,
    pub default: Option<String>,
    pub at: Spot,
}

/// `COPY` or `ADD` with the folder in which it stands.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub what: Transfer,
    /// Sources with variables replaced; heredocs as their text, in the same order.
    pub sources: Vec<Result<String, Unknown>>,
    /// Absolute path.
    pub target: Result<String, Unknown>,
    pub at: Spot,
}

/// A step that puts files into the image, or may change them.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Copy(Placed),
    Run {
        text: String,
        /// The text with the build arguments in it that are known.
        filled: String,
        /// The values of `--mount`.
        mounts: Vec<String>,
        at: Spot,
    },
}

/// What a stage makes, the stages of the same file below it included.
#[derive(Clone, Debug)]
pub(in crate::collect) struct Image {
    pub base: Base,
    /// The line of the external `FROM`.
    pub base_at: Spot,
    pub user: Option<Said<Result<String, Unknown>>>,
    pub health: Option<Said<Option<Command>>>,
    pub entrypoint: Option<Said<Command>>,
    pub cmd: Option<Said<Command>>,
    pub env: Vec<Variable>,
    pub labels: BTreeMap<String, Result<String, Unknown>>,
    pub exposed: Vec<Said<Result<String, Unknown>>>,
    pub(super) args: Vec<Argument>,
    pub(super) changes: Vec<Change>,
    workdir: Result<String, Unknown>,
    scope: Scope,
    triggers: Vec<Step>,
}

/// All stages of a Dockerfile, evaluated.
#[derive(Debug)]
pub(super) struct Built {
    /// In the order of the file.
    pub stages: Vec<(Option<String>, Image)>,
    /// Number of the stage that is wanted, or why it cannot be told.
    pub target: Result<usize, Unknown>,
    /// Names that stand for other folders or images.
    pub contexts: BTreeSet<String>,
    /// Every external `FROM`: reference, place, number of its stage.
    pub bases: Vec<(Base, Spot, usize)>,
}

impl Built {
    /// The image that the build gives.
    pub(super) fn image(&self) -> Result<&Image, Unknown> {
        let number = self.target.clone()?;
        self.stages.get(number).map(|(_, image)| image).ok_or_else(|| Unknown::from(Reason::Error))
    }

    /// Why nobody looks at what is copied from a name: it stands for a folder or image of its own.
    pub(super) fn elsewhere(&self, name: &str, at: Spot) -> Option<Unknown> {
        let named = self.contexts.iter().any(|known| known.eq_ignore_ascii_case(name) || name.contains('$'));
        let why = || format!("line {} copies from what `additional_contexts` names, which is not looked at", at.line);
        named.then(|| Unknown::new(Reason::Unsupported, why()))
    }

    /// The number of a stage, by its name or number, as far as `before`.
    pub(super) fn find(&self, name: &str, before: usize) -> Option<usize> {
        find(&self.stages[..before.min(self.stages.len())], name)
    }
}

fn find(stages: &[(Option<String>, Image)], name: &str) -> Option<usize> {
    let lower = name.to_ascii_lowercase();
    let by_name = stages.iter().rposition(|(stage, _)| stage.as_deref() == Some(&lower));
    by_name.or_else(|| name.parse().ok().filter(|number| *number < stages.len()))
}

/// Follows the stages of a Dockerfile.
pub(super) fn build(parsed: &Parsed, given: &Given) -> Built {
    let globals = globals(parsed, given);
    let mut built = Built {
        stages: Vec::new(),
        target: Err(Unknown::from(Reason::Error)),
        contexts: given.contexts.clone(),
        bases: Vec::new(),
    };
    for stage in &parsed.stages {
        let image = begin(stage, parsed, given, &globals, &mut built);
        let image = Evaluation { parsed, given, globals: &globals, image, cmd_is_own: false }.run(stage);
        built.stages.push((stage.name.clone(), image));
    }
    built.target = match &given.target {
        None => Ok(built.stages.len() - 1),
        Some(Err(why)) => Err(why.clone()),
        Some(Ok(name)) => find(&built.stages, name)
            .ok_or_else(|| Unknown::new(Reason::Unsupported, "the Dockerfile has no stage of the name that is asked for")),
    };
    built
}

/// `ARG` before the first `FROM`, and what the builder knows by itself.
fn globals(parsed: &Parsed, given: &Given) -> Scope {
    let mut scope = Scope::default();
    for name in PLATFORM {
        let why = Unknown::new(Reason::UnknownFact, format!("{name} depends on where the image is built"));
        scope.known.insert(name.to_owned(), Err(why));
    }
    for (name, default, _) in &parsed.globals {
        let value = argument(name, default.as_deref(), given, &scope, None, parsed.escape);
        declare(&mut scope, name, value);
    }
    scope
}

/// The value of an `ARG`: as given, else its default, else that of the same name before the first `FROM`.
fn argument(
    name: &str,
    default: Option<&str>,
    given: &Given,
    scope: &Scope,
    globals: Option<&Scope>,
    escape: char,
) -> Option<Result<String, Unknown>> {
    if let Some(why) = &given.unreadable {
        return Some(Err(why.clone()));
    }
    if let Some(value) = given.args.get(name) {
        return Some(value.clone());
    }
    match default {
        Some(default) => Some(scope.expand(default, escape)),
        None => globals?.known.get(name).cloned(),
    }
}

/// Notes an argument; one without a value hides nothing that was declared before under its name.
fn declare(scope: &mut Scope, name: &str, value: Option<Result<String, Unknown>>) {
    match value {
        Some(value) => {
            scope.known.insert(name.to_owned(), value);
        }
        None => {
            let why = Unknown::new(Reason::UnknownFact, format!("the build argument {} is not given", shown(name)));
            scope.not_given.insert(name.to_owned(), why);
        }
    }
}

/// Names are shown when they look like names.
fn shown(name: &str) -> &str {
    let plain = name.len() <= 64 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { name } else { "(unreadable name)" }
}

/// The image that a stage starts from.
fn begin(stage: &Stage, parsed: &Parsed, given: &Given, globals: &Scope, built: &mut Built) -> Image {
    let reference = globals.expand(&stage.base, parsed.escape);
    if let Ok(name) = &reference
        && let Some(number) = built.stages.iter().rposition(|(stage, _)| stage.as_deref() == Some(&name.to_ascii_lowercase()))
    {
        return built.stages[number].1.clone();
    }
    let base = match reference {
        Ok(name) if name == "scratch" => Base::Scratch,
        Ok(name) if given.contexts.contains(&name) => {
            Base::Image(Err(Unknown::new(Reason::Unsupported, "`additional_contexts` says what this name stands for")))
        }
        Ok(name) if name.is_empty() => Base::Image(Err(Unknown::new(Reason::UnknownFact, "the base comes out empty"))),
        other => Base::Image(other),
    };
    built.bases.push((base.clone(), stage.at, built.stages.len()));
    let unseen = match base {
        Base::Scratch => None,
        Base::Image(_) => Some(Unknown::new(Reason::ImageNotSeen, "the base image was not seen")),
    };
    Image {
        workdir: unseen.clone().map_or_else(|| Ok("/".to_owned()), Err),
        scope: Scope { unseen, ..Scope::default() },
        base,
        base_at: stage.at,
        user: None,
        health: None,
        entrypoint: None,
        cmd: None,
        env: Vec::new(),
        labels: BTreeMap::new(),
        exposed: Vec::new(),
        args: Vec::new(),
        changes: Vec::new(),
        triggers: Vec::new(),
    }
}

/// One stage while its steps are followed.
struct Evaluation<'p> {
    parsed: &'p Parsed,
    given: &'p Given,
    globals: &'p Scope,
    image: Image,
    cmd_is_own: bool,
}

impl Evaluation<'_> {
    fn run(mut self, stage: &Stage) -> Image {
        // What the stage below put off with ONBUILD comes first.
        for step in std::mem::take(&mut self.image.triggers).iter().chain(&stage.steps) {
            self.step(step);
        }
        self.image
    }

    fn step(&mut self, step: &Step) {
        let at = step.at;
        match &step.what {
            What::Arg(names) => names.iter().for_each(|(name, default)| self.arg(name, default.as_deref(), at)),
            What::Env(pairs) => {
                // All values of one line see the variables as they were before it.
                let values: Vec<_> = pairs.iter().map(|(_, written)| self.expand(written)).collect();
                for ((name, written), value) in pairs.iter().zip(values) {
                    self.image.scope.known.insert(name.clone(), value.clone());
                    self.image.env.retain(|variable| variable.name != *name);
                    let written = written.trim_matches(['"', '\'']).to_owned();
                    self.image.env.push(Variable { name: name.clone(), written, value, at });
                }
            }
            What::Label(pairs) => {
                for (name, written) in pairs {
                    let value = self.expand(written);
                    self.image.labels.insert(name.clone(), value);
                }
            }
            What::User(written) => self.image.user = Some(Said { value: self.expand(written), at }),
            What::Workdir(written) => {
                let written = self.expand(written);
                self.image.workdir = written.and_then(|path| self.absolute(&path));
            }
            What::Transfer(transfer) => {
                let placed = self.place(transfer, at);
                self.image.changes.push(Change::Copy(placed));
            }
            What::Health(command) => self.image.health = Some(Said { value: command.clone(), at }),
            What::Entrypoint(command) => {
                self.image.entrypoint = Some(Said { value: command.clone(), at });
                // An entrypoint drops a command that was set further down.
                if !self.cmd_is_own {
                    self.image.cmd = None;
                }
            }
            What::Cmd(command) => {
                self.image.cmd = Some(Said { value: command.clone(), at });
                self.cmd_is_own = true;
            }
            What::Run(text, mounts) => {
                let filled = self.image.scope.fill(text);
                self.image.changes.push(Change::Run { text: text.clone(), filled, mounts: mounts.clone(), at });
            }
            What::Expose(ports) => {
                let ports: Vec<_> = ports.iter().map(|port| Said { value: self.expand(port), at }).collect();
                self.image.exposed.extend(ports);
            }
            What::OnBuild(step) => self.image.triggers.push((**step).clone()),
            What::Other => {}
        }
    }

    fn expand(&self, text: &str) -> Result<String, Unknown> {
        self.image.scope.expand(text, self.parsed.escape)
    }

    /// `ENV` of the same name outdoes an `ARG`.
    fn arg(&mut self, name: &str, default: Option<&str>, at: Spot) {
        self.image.args.push(Argument { name: name.to_owned(), default: default.map(str::to_owned), at });
        if self.image.env.iter().any(|variable| variable.name == name) {
            return;
        }
        let value = argument(name, default, self.given, &self.image.scope, Some(self.globals), self.parsed.escape);
        declare(&mut self.image.scope, name, value);
    }

    fn place(&self, transfer: &Transfer, at: Spot) -> Placed {
        use super::parse::Source;
        let sources = transfer.sources.iter().map(|source| match source {
            Source::Path(path) => self.expand(path),
            Source::Here { text, expand: true } => self.expand(&text.replace('"', "\\\"").replace('\'', "\\'")),
            Source::Here { text, .. } => Ok(text.clone()),
        });
        let target = self.expand(&transfer.target).and_then(|target| self.absolute(&target));
        Placed { what: transfer.clone(), sources: sources.collect(), target, at }
    }

    /// A path meant against the working folder; a slash at its end stays, since it says "a folder".
    fn absolute(&self, path: &str) -> Result<String, Unknown> {
        let folder = matches!(path.rsplit('/').next(), Some("" | "." | ".."));
        let whole = if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", self.image.workdir.clone()?) };
        let mut parts: Vec<&str> = Vec::new();
        for part in whole.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        let end = if folder && !parts.is_empty() { "/" } else { "" };
        Ok(format!("/{}{end}", parts.join("/")))
    }
}
