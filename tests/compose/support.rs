//! Projects made of texts, and short ways to the facts.

use std::collections::BTreeMap;
use std::path::Path;

use pacscan::collect::{Collected, Context, Selection, compose};
use pacscan::facts::{Document, Fact, Groups, Kind, Record, State, Value};

pub struct Stack {
    pub collected: Collected,
    folder: Option<tempfile::TempDir>,
}

/// A project of one `compose.yaml`.
pub fn one(text: &str) -> Stack {
    files(&[("compose.yaml", text)])
}

/// A project of several files.
pub fn files(files: &[(&str, &str)]) -> Stack {
    with(files, &[], &[])
}

/// A project of several files, with variables of the process and profiles.
pub fn with(files: &[(&str, &str)], environment: &[(&str, &str)], profiles: &[&str]) -> Stack {
    let folder = written(files);
    let collected = collect(folder.path(), environment, profiles);
    Stack { collected, folder: Some(folder) }
}

/// A folder with these files.
pub fn written(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("clinic").tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// A folder of `tests/fixtures/compose`.
pub fn fixture(name: &str) -> Stack {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/compose").join(name);
    Stack { collected: collect(&path, &[], &[]), folder: None }
}

pub fn collect(path: &Path, environment: &[(&str, &str)], profiles: &[&str]) -> Collected {
    let environment: BTreeMap<String, String> = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let selection = Selection { compose_profiles: profiles.iter().map(|p| (*p).to_owned()).collect(), ..Selection::default() };
    let mut groups = Groups::default();
    let mut context = Context { environment: &environment, groups: &mut groups, progress: &|_| {} };
    compose::collect(path, "stack", &selection, &mut context)
}

impl Stack {
    pub fn path(&self) -> &Path {
        self.folder.as_ref().unwrap().path()
    }

    pub fn document(&self, kind: Kind, name: &str) -> &Document {
        let found = self.collected.documents.iter().find(|d| d.kind == kind && (name.is_empty() || &*d.name == name));
        found.unwrap_or_else(|| panic!("no {kind} {name} in {}", self.json()))
    }

    pub fn compose(&self) -> &Record {
        &self.document(Kind::Compose, "").facts
    }

    pub fn service(&self, name: &str) -> &Record {
        &self.document(Kind::Container, name).facts
    }

    pub fn services(&self) -> Vec<&str> {
        self.compose().list("services").unwrap().texts().collect()
    }

    pub fn json(&self) -> String {
        serde_json::to_string_pretty(&self.collected.documents).unwrap()
    }

    /// Labels of a list of the project.
    pub fn labels(&self, path: &str) -> Vec<&str> {
        self.compose()
            .list(path)
            .unwrap_or_else(|| panic!("{path}: {}", self.compose().get(path)))
            .records()
            .filter_map(|r| r.text("label"))
            .collect()
    }
}

/// A fact in one word.
pub fn word(facts: &Record, path: &str) -> String {
    state(facts.get(path))
}

pub fn state(fact: &Fact) -> String {
    match &fact.state {
        State::Absent => "absent".into(),
        State::Unknown(why) => format!("unknown {}", why.reason),
        State::Known(Value::List(list)) => {
            let items: Vec<String> = list.items.iter().map(ToString::to_string).collect();
            let more = list.incomplete.as_ref().map_or(String::new(), |why| format!(" + {}", why.reason));
            format!("[{}]{more}", items.join(", "))
        }
        State::Known(value) => value.to_string(),
    }
}

/// The fields of every record of a list, separated by spaces; `-` is absent, `?` unknown.
pub fn rows(facts: &Record, path: &str, fields: &[&str]) -> Vec<String> {
    let list = facts.list(path).unwrap_or_else(|| panic!("{path}: {}", facts.get(path)));
    let cell = |record: &Record, field: &&str| match &record.get(field).state {
        State::Absent => "-".to_owned(),
        State::Unknown(_) => "?".to_owned(),
        State::Known(value) => value.to_string(),
    };
    list.records().map(|record| fields.iter().map(|field| cell(record, field)).collect::<Vec<_>>().join(" ")).collect()
}

/// One variable of a service: class, published, fallback.
pub fn env<'r>(facts: &'r Record, name: &str) -> &'r Record {
    let found = facts.list("env").unwrap().records().find(|r| r.text("name") == Some(name));
    found.unwrap_or_else(|| panic!("no {name} in {}", facts.get("env")))
}

/// Line and column of a fact.
pub fn place(fact: &Fact) -> String {
    let origin = fact.origin.as_ref().unwrap();
    format!("{}:{}:{}", origin.file.as_deref().unwrap_or("?"), origin.line.unwrap_or(0), origin.column.unwrap_or(0))
}
