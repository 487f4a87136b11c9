//! Keys and variables that do nothing, or not what their name says.

use std::sync::Arc;

use super::Setting;
use super::assembled::{Assembled, fits};
use super::facts::labelled;
use super::image::Image;
use super::json::{Json, Map, Node};
use super::shown;
use super::source::SourceKind;
use crate::collect::program::{Look, Variable};
use crate::facts::{Fact, List, Origin, Reason, Record, Unknown};
use crate::knowledge::{Assembly, VersionRange, orthanc_environment, orthanc_images, orthanc_keys};

/// Likeness from which on a name is taken for a misspelt one.
const LIKE: f64 = 0.93;

/// One oddity.
struct Odd {
    what: String,
    kind: &'static str,
    meant: Option<String>,
    at: Arc<Origin>,
}

/// Writes `odd_keys`.
pub(super) fn write(record: &mut Record, setting: Setting<'_>, assembled: &Assembled, image: &Image) {
    let mut found = Vec::new();
    keys(&assembled.root, image, &mut found);
    for (key, at) in &assembled.duplicates {
        let what = format!("{} stands twice in one object; the last one counts", shown::key(key));
        found.push(Odd { what, kind: "duplicate", meant: None, at: Arc::clone(at) });
    }
    if !setting.alone {
        variables(setting, image, &mut found);
    }
    let items = found.into_iter().map(Odd::into_fact).collect();
    record.set_here("odd_keys", List { items, incomplete: unseen(setting, assembled, image) });
}

/// Why there may be more of them.
fn unseen(setting: Setting<'_>, assembled: &Assembled, image: &Image) -> Option<Unknown> {
    let environment = setting.program.environment_incomplete.clone().filter(|_| !setting.alone);
    let image_decides = setting.program.environment.iter().any(|v| v.name.starts_with("ORTHANC__")) && image.assembly.is_none();
    assembled.root.incomplete.clone().or(environment).or_else(|| {
        image_decides.then(|| Unknown::new(Reason::ImageNotSeen, "it depends on the image whether ORTHANC__ variables are read"))
    })
}

impl Odd {
    fn into_fact(self) -> Fact {
        let mut record = labelled(format!("{} ({})", self.what, self.at));
        record.set_here("kind", self.kind);
        record.set_or_absent("meant", self.meant);
        Fact::from(record).at(&self.at)
    }
}

fn keys(root: &Map, image: &Image, found: &mut Vec<Odd>) {
    for (key, node) in &root.entries {
        if matches!(node.source.kind, SourceKind::Default) || is_comment(key) {
            continue;
        }
        if let Some(known) = orthanc_keys().find(key) {
            too_new(key, known.since, node, image, found);
            if known.lazy && fits(node, known.kind, image.versions) == Some(false) {
                let (is, wanted) = (node.json.words(), known.kind.words());
                let what = format!("{key} is {is} and must be {wanted}; Orthanc starts with it and fails when it reads it");
                found.push(Odd { what, kind: "wrong_type", meant: None, at: Arc::clone(&node.at) });
            }
        } else if let Some(section) = orthanc_keys().section(key) {
            if let Json::Map(map) = &node.json {
                below(&section.section, &section.keys, map, found);
            }
        } else {
            unknown(key, node, root, found);
        }
    }
}

/// Keys that people use for notes.
fn is_comment(key: &str) -> bool {
    key.starts_with(['_', '$', '#', '/']) || key.eq_ignore_ascii_case("comment") || key.eq_ignore_ascii_case("comments")
}

fn too_new(key: &str, since: Option<crate::knowledge::Version>, node: &Node, image: &Image, found: &mut Vec<Odd>) {
    let Some(since) = since else { return };
    let backported = image.package.as_deref().is_some_and(|package| orthanc_images().backported(key, package));
    if image.versions.at_least(since) == Some(false) && !backported {
        let what = format!("{key} is new in Orthanc {since}, and this is {}, which ignores it", range(image.versions));
        found.push(Odd { what, kind: "too_new", meant: None, at: Arc::clone(&node.at) });
    }
}

fn range(versions: VersionRange) -> String {
    match (versions.exact(), versions.ceiling) {
        (Some(version), _) => version.to_string(),
        (None, Some(ceiling)) => format!("{ceiling} or older"),
        (None, None) => "another version".into(),
    }
}

/// Keys of a section: only a wrong case and the known mistakes are sure.
fn below(section: &str, known: &[String], map: &Map, found: &mut Vec<Odd>) {
    for (key, node) in &map.entries {
        let default = matches!(node.source.kind, SourceKind::Default);
        if default || is_comment(key) || known.iter().any(|name| name == &**key) {
            continue;
        }
        let path = format!("{section}.{key}");
        if let Some(name) = known.iter().find(|name| folded(name) == folded(key)) {
            push(&path, node, "wrong_case", Some(format!("{section}.{name}")), found);
        } else if let Some(meant) = orthanc_keys().meant(&path) {
            push(&path, node, "unknown", Some(meant.to_owned()), found);
        }
    }
}

fn unknown(key: &str, node: &Node, root: &Map, found: &mut Vec<Odd>) {
    let by_variable = matches!(node.source.kind, SourceKind::Variable { .. }) && &*node.source.shown != "ORTHANC_JSON";
    let inner = node.map().and_then(|map| map.entries.keys().next()).map(|inner| format!("{key}.{inner}"));
    if let Some(meant) = orthanc_keys().meant(key).or_else(|| orthanc_keys().meant(inner.as_deref()?)) {
        push(key, node, "unknown", Some(meant.to_owned()), found);
    } else if let Some(name) = orthanc_keys().top().find(|name| folded(name) == folded(key)) {
        push(key, node, "wrong_case", Some(name.to_owned()), found);
    } else if let Some(name) = nearest(key) {
        push(key, node, "misspelt", Some(name.to_owned()), found);
    } else {
        // A section of its own may belong to a plugin or script that nobody knows here.
        let own_section = node.map().is_some() && (!by_variable || root.entries.contains_key("PythonScript"));
        if !own_section && (by_variable || !matches!(node.json, Json::Unknown(_))) {
            push(key, node, "unknown", None, found);
        }
    }
}

fn push(path: &str, node: &Node, kind: &'static str, meant: Option<String>, found: &mut Vec<Odd>) {
    let by = match node.source.kind {
        SourceKind::Variable { .. } if &*node.source.shown != "ORTHANC_JSON" => format!(", which {} becomes,", node.source.shown),
        _ => String::new(),
    };
    let advice = match &meant {
        Some(meant) if by.is_empty() => format!("; {meant} was probably meant"),
        Some(meant) => match variable_for(meant) {
            Some(name) => format!("; {meant} was probably meant, and {name} sets it"),
            None => format!("; {meant} was probably meant"),
        },
        None => String::new(),
    };
    let why = if kind == "wrong_case" { "is ignored, since case matters" } else { "is no key of Orthanc and is ignored" };
    let what = format!("{}{by} {why}{advice}", shown::key(path));
    found.push(Odd { what, kind, meant, at: Arc::clone(&node.at) });
}

/// Without case and separators.
fn folded(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

fn nearest(key: &str) -> Option<&'static str> {
    orthanc_keys()
        .top()
        .map(|name| (strsim::jaro_winkler(&folded(name), &folded(key)), name))
        .filter(|(likeness, name)| *likeness > LIKE && strsim::damerau_levenshtein(name, key) <= 3)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// The variable that sets a path, where one surely does: `DicomWeb.Root` -> `ORTHANC__DICOM_WEB__ROOT`.
fn variable_for(path: &str) -> Option<String> {
    if let Some(alias) = orthanc_environment().alias_of(path) {
        return Some(alias.to_owned());
    }
    let word = |part: &str| {
        let mut out = String::new();
        for (i, c) in part.chars().enumerate() {
            if i > 0 && (c.is_ascii_uppercase() || c.is_ascii_digit()) {
                out.push('_');
            }
            out.push(c.to_ascii_uppercase());
        }
        out
    };
    let plain = |part: &str| part.to_ascii_uppercase();
    let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
    let tail = rest.map(|rest| format!("__{}", rest.split('.').map(word).collect::<Vec<_>>().join("__"))).unwrap_or_default();
    let candidates = [format!("ORTHANC__{}{tail}", word(head)), format!("ORTHANC__{}{tail}", plain(head))];
    candidates.into_iter().find(|name| orthanc_environment().path(name).is_some_and(|found| found.join(".") == path))
}

fn variables(setting: Setting<'_>, image: &Image, found: &mut Vec<Odd>) {
    for variable in setting.variables().filter(|variable| !variable.by_image) {
        let odd = match image.assembly {
            Some(Assembly::Core) => ignored(variable, image),
            Some(Assembly::Team) => by_script(variable, setting, image),
            None => None,
        };
        found.extend(odd.or_else(|| single_underscore(variable, setting)));
    }
}

fn odd(variable: &Variable, what: String, kind: &'static str, meant: Option<String>) -> Odd {
    Odd { what, kind, meant, at: Arc::clone(&variable.origin) }
}

/// The core reads no variable by itself.
fn ignored(variable: &Variable, image: &Image) -> Option<Odd> {
    let name = shown::key(&variable.name);
    if variable.name != "ORTHANC_JSON" && !variable.name.starts_with("ORTHANC__") {
        return None;
    }
    let key = orthanc_environment().path(&variable.name).map(|path| shown::key(&path.join(".")));
    let instead = key.as_ref().map_or_else(String::new, |key| format!("; set {key} in its configuration file"));
    let who = if image.known.is_some() { "this image" } else { "Orthanc itself" };
    let what = format!("{name} is ignored: {who} does not read ORTHANC__ variables, orthancteam/orthanc does{instead}");
    Some(odd(variable, what, "ignored_by_image", key))
}

fn by_script(variable: &Variable, setting: Setting<'_>, image: &Image) -> Option<Odd> {
    let environment = orthanc_environment();
    let name = shown::key(&variable.name);
    if let Some(key) = environment.legacy(&variable.name) {
        let new = variable_for(key).unwrap_or_else(|| key.to_owned());
        let what =
            format!("{name} is a legacy name for {new}; images from {} on refuse to start with it", environment.legacy_end);
        return Some(odd(variable, what, "legacy", Some(new)));
    }
    if let Some((plugin, true)) = environment.switch(&variable.name) {
        let what = format!(
            "{name} is a legacy name for {}; images from {} on refuse to start with it",
            plugin.switch, environment.legacy_end
        );
        return Some(odd(variable, what, "legacy", Some(plugin.switch.clone())));
    }
    if variable.name.ends_with("_PLUGIN_ENABLED") && environment.switch(&variable.name).is_none() {
        let near =
            environment.plugins.iter().map(|plugin| (strsim::jaro_winkler(&plugin.switch, &variable.name), &plugin.switch));
        let near = near.filter(|(likeness, _)| *likeness > LIKE).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name.clone());
        let advice = near.as_ref().map_or_else(String::new, |near| format!("; {near} was probably meant"));
        return Some(odd(variable, format!("{name} switches no plugin that is known{advice}"), "unknown", near));
    }
    if variable.name == "ORTHANC_PASSWORD" {
        let since = orthanc_images().password_since;
        let old = image.date.is_some_and(|date| date < since);
        return old
            .then(|| odd(variable, format!("{name} is read from image {since} on, and this one is older"), "too_new", None));
    }
    secret(variable, setting)
}

/// A name that ends in `_SECRET` is never a key: its value is the name of a file below /run/secrets.
fn secret(variable: &Variable, setting: Setting<'_>) -> Option<Odd> {
    let name = variable.name.strip_suffix("_SECRET").filter(|name| name.starts_with("ORTHANC__"))?;
    let file = variable.value.as_deref().ok()?;
    if !matches!(setting.program.inside.look(&format!("/run/secrets/{file}")), Look::Absent) {
        return None;
    }
    let what = format!(
        "{} sets nothing: what it holds is taken for the name of a file in /run/secrets, and there is none; such a file is read into {}",
        shown::key(&variable.name),
        shown::key(name)
    );
    Some(odd(variable, what, "unknown", None))
}

/// `ORTHANC_AUTHENTICATION_ENABLED`: no image reads it. One that a file refers to is somebody's own variable.
fn single_underscore(variable: &Variable, setting: Setting<'_>) -> Option<Odd> {
    let environment = orthanc_environment();
    let rest = variable.name.strip_prefix("ORTHANC_").filter(|rest| !rest.starts_with('_') && !rest.is_empty())?;
    if matches!(rest, "JSON" | "PASSWORD") || environment.switch(&variable.name).is_some() {
        return None;
    }
    let known = |name: &String| {
        let path = environment.path(name)?;
        let found = match path.as_slice() {
            [key] => orthanc_keys().find(key).is_some() || orthanc_keys().section(key).is_some(),
            [section, key] => orthanc_keys().section(section).is_some_and(|section| section.keys.contains(key)),
            _ => false,
        };
        found.then(|| path.join("."))
    };
    let words: Vec<&str> = rest.split('_').collect();
    let splits = (1..words.len()).map(|i| format!("ORTHANC__{}__{}", words[..i].join("_"), words[i..].join("_")));
    let name = std::iter::once(format!("ORTHANC__{rest}")).chain(splits).find(|name| known(name).is_some())?;
    let refers = [format!("${{{}", variable.name), format!("${}", variable.name)];
    let mut texts = setting.program.inside.iter().filter_map(|(_, file)| file.text.as_deref().ok());
    if texts.any(|text| refers.iter().any(|reference| text.contains(reference.as_str()))) {
        return None;
    }
    let what = format!("{} is read by nobody; {name}, with two underscores, was probably meant", shown::key(&variable.name));
    Some(odd(variable, what, "single_underscore", Some(name)))
}
