//! Which facts may exist, with their types: the word list that expressions and cases are checked against.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// Type of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactType {
    /// True or false.
    Bool,
    /// Whole number.
    Int,
    /// Text.
    Text,
    /// List of whatever `path[]` says.
    List,
    /// Record of the paths below.
    Record,
}

/// Who writes a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// A collector.
    Raw,
    /// `derive`.
    Derived,
}

/// One line of the catalogue.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Its type.
    pub kind: FactType,
    /// Whether it may be absent, so that an expression has to ask `absent(path)`.
    pub optional: bool,
    /// Who writes it.
    pub stage: Stage,
    /// What it means, units included.
    pub meaning: &'static str,
}

/// All facts by path; `x[]` stands for an element of list `x`.
#[derive(Debug)]
pub struct Catalogue {
    specs: BTreeMap<&'static str, Spec>,
}

/// One file a kind. Types: bool int text list record; `?` behind a type: may be absent (ask absent(path) first);
/// `x[]` is an element of list x. Stage raw: written by a collector; derived: worked out from raw facts.
const FILES: [&str; 11] = [
    include_str!("catalogue/compose.tsv"),
    include_str!("catalogue/container.tsv"),
    include_str!("catalogue/dockerfile.tsv"),
    include_str!("catalogue/engine.tsv"),
    include_str!("catalogue/file.tsv"),
    include_str!("catalogue/image.tsv"),
    include_str!("catalogue/kubernetes.tsv"),
    include_str!("catalogue/orthanc.tsv"),
    include_str!("catalogue/proxy.tsv"),
    include_str!("catalogue/repository.tsv"),
    include_str!("catalogue/stack.tsv"),
];
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::parse(&FILES));

impl Catalogue {
    /// The catalogue of this version.
    pub fn get() -> &'static Self {
        &CATALOGUE
    }

    /// What stands at a path (`container.mounts[].source`); records exist by virtue of what lies below them.
    pub fn spec(&self, path: &str) -> Option<Spec> {
        if let Some(spec) = self.specs.get(path) {
            return Some(spec.clone());
        }
        let below = format!("{path}.");
        self.specs.range(below.as_str()..).next().filter(|(found, _)| found.starts_with(&below)).map(|(_, spec)| Spec {
            kind: FactType::Record,
            optional: false,
            stage: spec.stage,
            meaning: "",
        })
    }

    /// The known path most like a wrong one.
    pub fn nearest(&self, path: &str) -> Option<&'static str> {
        self.specs
            .keys()
            .map(|known| (strsim::jaro_winkler(path, known), *known))
            .filter(|(likeness, _)| *likeness > 0.85)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, known)| known)
    }

    /// All lines in order of path.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Spec)> {
        self.specs.iter().map(|(path, spec)| (*path, spec))
    }

    /// Lines that are malformed are left out; a test holds the shipped file to having none.
    fn parse(files: &[&'static str]) -> Self {
        let lines = files.iter().flat_map(|text| text.lines()).filter(|line| !line.starts_with('#'));
        let specs = lines.filter_map(Self::line).collect();
        Self { specs }
    }

    fn line(line: &'static str) -> Option<(&'static str, Spec)> {
        let [path, kind, stage, meaning] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
        let (kind, optional) = kind.strip_suffix('?').map_or((kind, false), |kind| (kind, true));
        let kind = match kind {
            "bool" => FactType::Bool,
            "int" => FactType::Int,
            "text" => FactType::Text,
            "list" => FactType::List,
            "record" => FactType::Record,
            _ => return None,
        };
        let stage = match stage {
            "raw" => Stage::Raw,
            "derived" => Stage::Derived,
            _ => return None,
        };
        Some((path, Spec { kind, optional, stage, meaning }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_shipped_catalogue_is_read() {
        let lines = FILES.iter().flat_map(|text| text.lines()).filter(|line| !line.starts_with('#')).count();
        assert_eq!(Catalogue::get().specs.len(), lines);
    }

    #[test]
    fn records_exist_by_what_lies_below() {
        assert_eq!(Catalogue::get().spec("container.image").map(|s| s.kind), Some(FactType::Record));
        assert_eq!(Catalogue::get().spec("container.mounts[]").map(|s| s.kind), Some(FactType::Record));
        assert!(Catalogue::get().spec("container.imag").is_none());
        assert_eq!(Catalogue::get().nearest("container.read_onyl"), Some("container.read_only"));
    }
}
