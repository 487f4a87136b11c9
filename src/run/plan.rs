//! What a run is about: the targets named, and those that a stack description names.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::cli::TargetArgs;
use crate::collect;
use crate::error::Error;
use crate::facts::{CollectError, Kind, List, Probe, Snapshot, TargetRecord};
use crate::target::{Description, Target, TargetError};

/// Targets as words of the command line, and what stack descriptions add.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Targets with their words, in the order named.
    pub targets: Vec<(Target, String)>,
    /// Profiles of the stack descriptions that were named.
    pub profiles: Vec<String>,
    /// Compose profiles of those.
    pub compose_profiles: Vec<String>,
    /// Probing level of the first of those that has one.
    pub probe: Option<Probe>,
    described: Vec<Described>,
}

/// A stack description, and the target that brought it in.
#[derive(Debug)]
struct Described {
    description: Description,
    given: String,
    /// Named itself, and not only found in a folder that was named.
    named: bool,
    place: PathBuf,
}

impl Described {
    /// What counts only where the file itself is named as the target.
    fn unused(&self) -> Option<CollectError> {
        let file = &self.description.file;
        let fields = [
            ("profiles", file.profiles.iter().any(|profile| profile.value != "go-live")),
            ("compose_profiles", !file.compose_profiles.is_empty()),
            ("targets", self.description.targets().is_err()),
        ];
        let unused: Vec<&str> = fields.into_iter().filter(|(_, unused)| *unused && !self.named).map(|(field, _)| field).collect();
        let path = self.description.path.display();
        let fields = unused.join("`, `");
        let message = format!("`{fields}` of {path} counts only where the file itself is audited: `pacscan audit {path}`");
        (!unused.is_empty()).then(|| CollectError::new(&*self.given, message))
    }
}

impl Plan {
    /// Reads the words of the command line and the stack descriptions among them.
    pub(super) fn of(args: &TargetArgs) -> Result<Self, Error> {
        let mut plan = Self::default();
        let here = vec![".".to_owned()];
        for word in if args.targets.is_empty() { &here } else { &args.targets } {
            let target = Target::parse(word)?;
            match &target {
                Target::Stack(path) => plan.describe(path, word)?,
                _ => plan.add(target, word),
            }
        }
        let folders: Vec<(PathBuf, String)> = plan.targets.iter().filter_map(|(target, word)| folder(target, word)).collect();
        for (folder, word) in folders {
            if let Some(path) = Description::in_folder(&folder) {
                plan.read(&path, &word, false)?;
            }
        }
        Ok(plan)
    }

    /// A stack description that was named: its targets are audited as if they had been named.
    fn describe(&mut self, path: &Path, word: &str) -> Result<(), Error> {
        if !self.read(path, word, true)? {
            return Ok(());
        }
        let Some(described) = self.described.last() else { return Ok(()) };
        let description = described.description.clone();
        for word in description.targets()? {
            self.add(Target::parse(&word)?, &word);
        }
        self.profiles.extend(description.profiles());
        self.compose_profiles.extend(description.file.compose_profiles.iter().cloned());
        self.probe = self.probe.or(description.file.probe.as_ref().map(|probe| probe.value));
        Ok(())
    }

    /// Whether it had not been read before.
    fn read(&mut self, path: &Path, word: &str, named: bool) -> Result<bool, TargetError> {
        let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if self.described.iter().any(|known| known.place == place) {
            return Ok(false);
        }
        self.described.push(Described { description: Description::read(path)?, given: word.to_owned(), named, place });
        Ok(true)
    }

    fn add(&mut self, target: Target, word: &str) {
        if !self.targets.iter().any(|(_, known)| known == word) {
            self.targets.push((target, word.to_owned()));
        }
    }

    /// The snapshot that is to be judged instead of collecting.
    pub(super) fn recorded(&self) -> Result<Option<&Path>, Error> {
        match self.targets.iter().find(|(target, _)| matches!(target, Target::Snapshot(_))) {
            Some((Target::Snapshot(path), _)) if self.targets.len() == 1 && self.described.is_empty() => Ok(Some(path)),
            Some((_, word)) => Err(Error::SnapshotNotAlone(word.clone())),
            None => Ok(None),
        }
    }

    /// Writes the stack descriptions into the snapshot.
    pub(super) fn record(&self, snapshot: &mut Snapshot) {
        for described in &self.described {
            let found = collect::stack::collect(&described.description, &described.given, described.named);
            if described.named {
                let given = described.given.clone();
                snapshot.targets.insert(0, TargetRecord { given, kind: "stack".into(), unreachable: None });
            }
            snapshot.documents.extend(found.documents);
            snapshot.errors.extend(found.errors);
            snapshot.errors.extend(described.unused());
        }
        let misnamed = misnamed(snapshot);
        snapshot.errors.extend(misnamed);
    }

    /// The stack description at a path, for showing a place in it.
    pub(super) fn description(&self, path: &str) -> Option<&Description> {
        self.described.iter().map(|described| &described.description).find(|one| one.path.display().to_string() == path)
    }
}

/// The folder in which a description may lie: one that was named, not that of a file.
fn folder(target: &Target, word: &str) -> Option<(PathBuf, String)> {
    match target {
        Target::Folder(path) => Some((path.clone(), word.to_owned())),
        _ => None,
    }
}

/// Roles, services and needs whose name nothing bears: most likely misspelt.
fn misnamed(snapshot: &Snapshot) -> Vec<CollectError> {
    let containers = || snapshot.documents.iter().filter(|document| document.kind == Kind::Container);
    let known: BTreeSet<&str> = containers().flat_map(|d| [Some(&*d.name), d.service.as_deref()]).flatten().collect();
    if known.is_empty() {
        return Vec::new();
    }
    let mut errors = Vec::new();
    for stack in snapshot.documents.iter().filter(|document| document.kind == Kind::Stack) {
        let records = |list: &str, field: &str| -> Vec<String> {
            let list = stack.facts.list(list).into_iter().flat_map(List::records);
            list.filter_map(|record| record.text(field).map(str::to_owned)).collect()
        };
        let texts = |list: &str| stack.facts.list(list).into_iter().flat_map(List::texts).map(str::to_owned).collect::<Vec<_>>();
        let fields = [
            ("roles", records("roles", "name")),
            ("services", records("services", "service")),
            ("needs.webdav", texts("needs.webdav")),
            ("needs.mutual_tls", texts("needs.mutual_tls")),
        ];
        for (field, names) in fields {
            let unknown = names.into_iter().filter(|name| !known.contains(name.as_str()));
            errors.extend(unknown.map(|name| {
                let message =
                    format!("`{field}` of the stack description names `{name}`, and no container or service is called so");
                CollectError::new(&*stack.target, message)
            }));
        }
    }
    errors
}
