//! From a name or path to a profile: reading, extending, checking every name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_saphyr::{Location, Spanned};

use super::file::{ControlFile, ProfileFile};
use super::model::{Control, FailOn, Profile};
use crate::check::{FileError, Library, Severity, parse_yaml};

include!(concat!(env!("OUT_DIR"), "/profiles.rs"));

/// Areas of checks, those of later versions included: a profile may ask for evidence before the checks exist.
const AREAS: [&str; 18] = [
    "container",
    "image",
    "dockerfile",
    "engine",
    "compose",
    "kubernetes",
    "proxy",
    "orthanc",
    "dicom",
    "tls",
    "http",
    "auth",
    "endpoint",
    "service",
    "secrets",
    "repository",
    "stack",
    "process",
];

/// A file bigger than this is no profile.
const MAX_BYTES: u64 = 1 << 20;

/// Why a profile cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// No profile of that name is shipped.
    #[error("there is no profile `{name}`{}; shipped are {}; a file is given by its path, ./{name}.yaml for example",
        .nearest.as_ref().map(|n| format!(", did you mean `{n}`?")).unwrap_or_default(), .known.join(", "))]
    Unknown {
        /// As given.
        name: String,
        /// The shipped name most like it.
        nearest: Option<String>,
        /// All shipped names.
        known: Vec<&'static str>,
    },
    /// The file cannot be read.
    #[error("the profile `{path}` cannot be read: {cause}")]
    Unreadable {
        /// As given.
        path: String,
        /// What the system said.
        cause: String,
    },
    /// The file is wrong.
    #[error(transparent)]
    File(#[from] Box<FileError>),
}

/// Reads a shipped profile by name, or a file by its path (a word that holds `/` or ends in `.yaml`).
pub fn load(name_or_path: &str, library: &Library) -> Result<Profile, ProfileError> {
    let mut chain = vec![Source::open(name_or_path, None)?];
    while let Some(parent) = chain.last().and_then(|child| child.file.extends.as_ref()) {
        let child = &chain[chain.len() - 1];
        let parent = Source::open(&parent.value, Some(child))?;
        if chain.iter().any(|known| known.key == parent.key) {
            return Err(child.at_extends(format!("`{}` extends itself", parent.key)));
        }
        chain.push(parent);
    }
    chain.reverse();
    merge(&chain, library)
}

impl Profile {
    /// Names of the profiles shipped with this version.
    pub fn names() -> Vec<&'static str> {
        SHIPPED.iter().map(|(path, _)| stem(path)).collect()
    }
}

fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".yaml").unwrap_or(name)
}

/// One file of the chain of extensions.
struct Source {
    /// Identity, for finding circles.
    key: String,
    path: String,
    text: String,
    /// Where relative paths start; none for a shipped profile.
    folder: Option<PathBuf>,
    file: ProfileFile,
}

impl Source {
    fn open(wanted: &str, child: Option<&Self>) -> Result<Self, ProfileError> {
        let is_path = wanted.contains('/') || Path::new(wanted).extension().is_some_and(|e| e == "yaml" || e == "yml");
        let (key, path, text, folder) = if is_path {
            let full = child.and_then(|c| c.folder.as_ref()).map_or_else(|| PathBuf::from(wanted), |f| f.join(wanted));
            let text = read(&full).map_err(|cause| match child {
                Some(child) => child.at_extends(format!("the profile `{wanted}` cannot be read: {cause}")),
                None => ProfileError::Unreadable { path: wanted.to_owned(), cause },
            })?;
            let key = full.canonicalize().unwrap_or_else(|_| full.clone()).display().to_string();
            (key, full.display().to_string(), text, full.parent().map(Path::to_owned))
        } else {
            let Some((path, text)) = SHIPPED.iter().find(|(path, _)| stem(path) == wanted) else {
                let unknown = unknown(wanted);
                return Err(child.map_or(unknown, |child| child.at_extends(format!("there is no profile `{wanted}`"))));
            };
            (wanted.to_owned(), (*path).to_owned(), (*text).to_owned(), None)
        };
        // Something else than a profile may hold secrets, and its lines are not shown.
        let is_profile = text.lines().any(|line| line.starts_with("controls:") || line.starts_with("extends:"));
        let shown = |error: FileError| if is_profile { error } else { error.without_text() };
        let file = parse_yaml(&path, &text).map_err(|error| Box::new(shown(error)))?;
        Ok(Self { key, path, text, folder, file })
    }

    fn at(&self, place: &Location, message: String, help: Option<String>) -> ProfileError {
        Box::new(FileError::at(&self.path, &self.text, place, message, help)).into()
    }

    fn at_extends(&self, message: String) -> ProfileError {
        let place = self.file.extends.as_ref().map_or(Location::UNKNOWN, |e| e.referenced);
        self.at(&place, message, Some(format!("shipped are {}; a file is given by its path", Profile::names().join(", "))))
    }
}

fn read(path: &Path) -> Result<String, String> {
    let about = std::fs::metadata(path).map_err(|e| e.to_string())?;
    if !about.is_file() {
        return Err("it is no regular file".into());
    }
    if about.len() > MAX_BYTES {
        return Err(format!("{} bytes are too many for a profile", about.len()));
    }
    std::fs::read_to_string(path).map_err(|e| e.to_string())
}

fn unknown(name: &str) -> ProfileError {
    let known = Profile::names();
    ProfileError::Unknown { name: name.to_owned(), nearest: nearest(name, known.iter().copied()), known }
}

pub(super) fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    known
        .map(|one| (strsim::jaro_winkler(wrong, one), one))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, one)| one.to_owned())
}

/// What a chain of files amounts to; the root comes first.
fn merge(chain: &[Source], library: &Library) -> Result<Profile, ProfileError> {
    let Some(leaf) = chain.last() else { return Err(unknown("")) };
    let mut profile = Profile {
        name: leaf.file.name.value.clone(),
        version: leaf.file.version.clone(),
        title: leaf.file.title.clone(),
        summary: leaf.file.summary.trim().to_owned(),
        score: 80.0,
        coverage: 90.0,
        fail_on: FailOn::High,
        minimum_assurance: BTreeMap::new(),
        controls: Vec::new(),
    };
    let mut required = vec![Severity::Critical, Severity::High];
    let mut weights =
        BTreeMap::from([(Severity::Critical, 10.0), (Severity::High, 5.0), (Severity::Medium, 2.0), (Severity::Low, 1.0)]);
    let mut controls: Vec<(&Source, &ControlFile)> = Vec::new();
    for source in chain {
        settings(source, &mut profile, library)?;
        required = source.file.required.clone().unwrap_or(required);
        for (severity, weight) in &source.file.weights {
            weights.insert(*severity, at_least_zero(source, weight)?);
        }
        omit(source, &mut controls)?;
        add(source, &mut controls)?;
    }
    if controls.is_empty() {
        return Err(Box::new(FileError::whole(&leaf.path, &leaf.text, "the profile has no controls", None)).into());
    }
    for (source, written) in controls {
        profile.controls.push(control(source, written, library, &required, &weights)?);
    }
    Ok(profile)
}

/// Thresholds and minimum assurance, key by key.
fn settings(source: &Source, profile: &mut Profile, library: &Library) -> Result<(), ProfileError> {
    let thresholds = &source.file.thresholds;
    for (written, value) in [(&thresholds.score, &mut profile.score), (&thresholds.coverage, &mut profile.coverage)] {
        if let Some(written) = written {
            if !(0.0..=100.0).contains(&written.value) {
                let message = format!("the threshold {} is not between 0 and 100", written.value);
                return Err(source.at(&written.referenced, message, None));
            }
            *value = written.value;
        }
    }
    profile.fail_on = thresholds.fail_on.unwrap_or(profile.fail_on);
    for (area, least) in &source.file.minimum_assurance {
        if !AREAS.contains(&area.as_str()) && !library.iter().any(|check| *check.area == **area) {
            let help = nearest(area, AREAS.iter().copied()).map(|n| format!("did you mean `{n}`?"));
            return Err(source.at(&least.referenced, format!("there is no area `{area}`"), help));
        }
        profile.minimum_assurance.insert(area.clone(), least.value);
    }
    Ok(())
}

fn at_least_zero(source: &Source, weight: &Spanned<f64>) -> Result<f64, ProfileError> {
    if weight.value.is_finite() && weight.value >= 0.0 {
        return Ok(weight.value);
    }
    Err(source.at(&weight.referenced, format!("the weight {} is not a number from 0 up", weight.value), None))
}

/// Takes the controls out that the file omits.
fn omit(source: &Source, controls: &mut Vec<(&Source, &ControlFile)>) -> Result<(), ProfileError> {
    for id in &source.file.omit {
        let before = controls.len();
        controls.retain(|(_, control)| control.id.value != id.value);
        if controls.len() == before {
            let help = nearest(&id.value, controls.iter().map(|(_, c)| &*c.id.value)).map(|n| format!("did you mean `{n}`?"));
            return Err(source.at(&id.referenced, format!("there is no control `{}` to leave out", id.value), help));
        }
    }
    Ok(())
}

/// Puts the file's controls in the place of the parent's, or at the end.
fn add<'a>(source: &'a Source, controls: &mut Vec<(&'a Source, &'a ControlFile)>) -> Result<(), ProfileError> {
    let mut own = BTreeSet::new();
    for control in &source.file.controls {
        if !own.insert(&control.id.value) {
            return Err(source.at(&control.id.referenced, format!("the control `{}` stands here twice", control.id.value), None));
        }
        match controls.iter_mut().find(|(_, known)| known.id.value == control.id.value) {
            Some(parent) => *parent = (source, control),
            None => controls.push((source, control)),
        }
    }
    Ok(())
}

fn control(
    source: &Source,
    written: &ControlFile,
    library: &Library,
    required: &[Severity],
    weights: &BTreeMap<Severity, f64>,
) -> Result<Control, ProfileError> {
    let (mut checks, mut manual, mut planned) = (Vec::new(), Vec::new(), Vec::new());
    let mut worst = None;
    for id in &written.checks {
        let (name, severity) = match (library.get(&id.value), Library::planned(&id.value)) {
            (Some(check), _) => {
                if check.is_manual() {
                    manual.push(Arc::clone(&check.id));
                }
                (Arc::clone(&check.id), check.severity)
            }
            (None, Some(severity)) => {
                planned.push(Arc::from(id.value.as_str()));
                (Arc::from(id.value.as_str()), severity)
            }
            (None, None) => {
                let help = library.nearest(&id.value).map(|n| format!("did you mean `{n}`?"));
                let help = help.or_else(|| Some("`pacscan checks list` shows them all".into()));
                return Err(source.at(&id.referenced, format!("there is no check `{}`", id.value), help));
            }
        };
        if checks.contains(&name) {
            return Err(source.at(&id.referenced, format!("the check `{}` stands here twice", id.value), None));
        }
        worst = worst.max(Some(severity));
        checks.push(name);
    }
    let severity = written.severity.or(worst).unwrap_or(Severity::High);
    let weight = match &written.weight {
        Some(weight) => at_least_zero(source, weight)?,
        None => weights.get(&severity).copied().unwrap_or_default(),
    };
    Ok(Control {
        id: written.id.value.as_str().into(),
        title: written.title.clone(),
        group: written.group.clone(),
        checks,
        manual,
        planned,
        severity,
        required: written.required.unwrap_or_else(|| required.contains(&severity)),
        weight,
        references: written.references.clone(),
        minimum_assurance: written.minimum_assurance,
    })
}
