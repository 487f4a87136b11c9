//! Which ecosystems of dependencies the sources use, and whether Dependabot or Renovate looks after each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use super::{labelled, place, whole_list};
use crate::collect::dockerfile;
use crate::collect::folder::recognise;
use crate::collect::folder::walk::{Found, Walked};
use crate::collect::yaml::{self, Node, Source};
use crate::facts::{Fact, Reason, Record, Unknown};

/// Names of Dependabot's configuration and of Renovate's.
const DEPENDABOT: [&str; 2] = [".github/dependabot.yml", ".github/dependabot.yaml"];
const RENOVATE: [&str; 8] = [
    "renovate.json",
    "renovate.json5",
    ".renovaterc",
    ".renovaterc.json",
    ".github/renovate.json",
    ".github/renovate.json5",
    ".gitlab/renovate.json",
    ".gitlab/renovate.json5",
];

/// Dependabot's name of the ecosystem that a file belongs to.
fn ecosystem(found: &Found) -> Option<&'static str> {
    let name = found.name.as_str();
    Some(match name {
        "pyproject.toml" | "pipfile" | "setup.py" | "setup.cfg" => "pip",
        "package.json" => "npm",
        "go.mod" => "gomod",
        "cargo.toml" => "cargo",
        "pom.xml" => "maven",
        "build.gradle" | "build.gradle.kts" => "gradle",
        "composer.json" => "composer",
        "gemfile" => "bundler",
        _ if name.starts_with("requirements") && name.ends_with(".txt") => "pip",
        _ if name.ends_with(".csproj") => "nuget",
        _ if found.shown.starts_with(".github/workflows/") && name.ends_with("ml") => "github-actions",
        _ if dockerfile::is_dockerfile(found.shown.rsplit('/').next().unwrap_or("")) => "docker",
        _ => return None,
    })
}

/// What the configuration covers: folders by ecosystem, or everything.
enum Coverage {
    /// No tool is configured.
    Nobody,
    /// Renovate finds everything by itself.
    Everything,
    /// Dependabot's entries.
    Entries(BTreeMap<String, Vec<String>>),
    /// It is there and cannot be understood.
    Unreadable(Unknown),
}

pub(super) fn write(facts: &mut Record, walked: &Walked, part: Option<&Unknown>) {
    let (tool, coverage) = coverage(walked);
    match (&coverage, part) {
        (Coverage::Nobody, Some(why)) => facts.unknown("update_tool", why.clone()),
        (Coverage::Nobody, None) => facts.absent("update_tool"),
        _ => facts.set_or_absent("update_tool", tool),
    }
    let mut uses: BTreeMap<&str, Vec<&Found>> = BTreeMap::new();
    for found in walked.files.iter().filter(|found| !recognise::is_test(found)) {
        if let Some(ecosystem) = ecosystem(found) {
            uses.entry(ecosystem).or_default().push(found);
        }
    }
    let items = uses.iter().map(|(name, files)| ecosystem_fact(name, files, &coverage, part)).collect();
    facts.set_here("ecosystems", whole_list(items, walked, part));
}

fn ecosystem_fact(name: &str, files: &[&Found], coverage: &Coverage, part: Option<&Unknown>) -> Fact {
    let folders: BTreeSet<&str> = files.iter().map(|found| found.folder()).collect();
    let covered = match coverage {
        Coverage::Nobody => part.map_or(Ok(false), |why| Err(why.clone())),
        Coverage::Everything => Ok(true),
        Coverage::Entries(entries) => Ok(covers(entries, name, &folders)),
        Coverage::Unreadable(why) => Err(why.clone()),
    };
    let Some(first) = files.first() else { return Fact::absent() };
    let mut fact = labelled(&format!("{name} ({})", first.shown), Some(place(first, 1)));
    if let crate::facts::State::Known(crate::facts::Value::Record(record)) = &mut fact.state {
        record.set_here("name", name);
        record.put("covered", covered.map_or_else(Fact::unknown, Fact::known));
    }
    fact
}

/// An entry counts when it looks into at least one folder in which the ecosystem is used.
fn covers(entries: &BTreeMap<String, Vec<String>>, name: &str, folders: &BTreeSet<&str>) -> bool {
    let aliases: &[&str] = match name {
        "pip" => &["pip", "uv"],
        "npm" => &["npm", "bun"],
        name => &[name],
    };
    let directories = aliases.iter().filter_map(|alias| entries.get(*alias)).flatten();
    directories.into_iter().any(|directory| {
        // For workflows Dependabot looks below .github by itself.
        let bare = directory.trim_matches('/');
        name == "github-actions" || bare.contains('*') || folders.contains(bare)
    })
}

fn coverage(walked: &Walked) -> (Option<&'static str>, Coverage) {
    if let Some(found) = DEPENDABOT.iter().find_map(|name| walked.file(name)) {
        return (Some("dependabot"), dependabot(found));
    }
    match RENOVATE.iter().find_map(|name| walked.file(name)) {
        Some(found) => (Some("renovate"), renovate(found)),
        None => (None, Coverage::Nobody),
    }
}

fn dependabot(found: &Found) -> Coverage {
    let unreadable = |detail: String| Coverage::Unreadable(Unknown::new(Reason::Unsupported, detail));
    let text = match found.text() {
        Ok(text) => text.unwrap_or_default(),
        Err(why) => return Coverage::Unreadable(why),
    };
    let source = Arc::new(Source { shown: found.shown.as_str().into(), directory: PathBuf::new() });
    let tree = match yaml::parse(&text, &source) {
        Ok(tree) => tree,
        Err(error) => return unreadable(format!("{error}")),
    };
    let mut entries: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for update in tree.as_ref().and_then(|tree| tree.get("updates")).and_then(Node::list).unwrap_or_default() {
        let Some(name) = update.get("package-ecosystem").and_then(Node::scalar) else { continue };
        let one = update.get("directory").and_then(Node::scalar).into_iter();
        let several = update.get("directories").and_then(Node::list).unwrap_or_default().iter().filter_map(Node::scalar);
        let folders = entries.entry(name.text.to_string()).or_default();
        folders.extend(one.chain(several).map(|scalar| scalar.text.to_string()));
    }
    Coverage::Entries(entries)
}

/// Renovate looks after everything unless it is switched off or narrowed down.
fn renovate(found: &Found) -> Coverage {
    let text = match found.text() {
        Ok(text) => text.unwrap_or_default(),
        Err(why) => return Coverage::Unreadable(why),
    };
    let narrowed = ["enabledManagers", "ignorePaths", "includePaths", "\"enabled\""].iter().any(|key| text.contains(key));
    if narrowed {
        let detail = format!("{} narrows Renovate down; what remains is not worked out", found.shown);
        return Coverage::Unreadable(Unknown::new(Reason::Unsupported, detail));
    }
    Coverage::Everything
}
