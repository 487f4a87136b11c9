//! Continuous integration: the steps of GitHub's workflows, and what other systems run.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use regex::Regex;

use super::{place, whole_list};
use crate::collect::folder::walk::{Found, Walked};
use crate::collect::yaml::{self, Map, Node, Source};
use crate::facts::{Fact, Record, Unknown};

static COMMIT: LazyLock<Regex> = LazyLock::new(|| constant(r"@[0-9a-f]{40}$"));
static DIGEST: LazyLock<Regex> = LazyLock::new(|| constant(r"@sha256:[0-9a-f]{64}$"));
/// Files of other systems.
const OTHERS: [&str; 9] = [
    ".gitlab-ci.yml",
    "azure-pipelines.yml",
    "jenkinsfile",
    ".circleci/config.yml",
    "bitbucket-pipelines.yml",
    ".travis.yml",
    ".drone.yml",
    ".woodpecker.yml",
    "cloudbuild.yaml",
];

fn constant(pattern: &str) -> Regex {
    #[expect(clippy::unwrap_used, reason = "constant patterns")]
    Regex::new(pattern).unwrap()
}

/// One step that runs something.
pub(super) struct Step<'w> {
    /// The file.
    pub found: &'w Found,
    /// Line from 1.
    pub line: u32,
    /// The action with its reference, where it is one.
    pub uses: Option<String>,
    /// Commands, one a line; settings of the action as `name: value`.
    pub text: String,
    /// Whether its failure stops the pipeline; unknown where the system's language is not read.
    pub stops: Option<bool>,
}

/// All pipelines of a repository.
#[derive(Default)]
pub(super) struct Pipelines<'w> {
    pub steps: Vec<Step<'w>>,
    /// Why there may be more.
    pub unread: Option<Unknown>,
    files: Vec<&'w Found>,
}

impl<'w> Pipelines<'w> {
    pub(super) fn read(walked: &'w Walked) -> Self {
        let mut pipelines = Self::default();
        for found in &walked.files {
            let shown = found.shown.to_lowercase();
            let yaml = shown.ends_with(".yml") || shown.ends_with(".yaml");
            let workflow = shown.starts_with(".github/workflows/") && yaml;
            let action = shown.starts_with(".github/actions/") && yaml;
            if !workflow && !action && !OTHERS.contains(&shown.as_str()) {
                continue;
            }
            pipelines.files.push(found);
            let read = found.text().and_then(|text| {
                let text = text.unwrap_or_default();
                if workflow || action { github(found, &text) } else { Ok(foreign(found, &text)) }
            });
            match read {
                Ok(steps) => pipelines.steps.extend(steps),
                Err(why) => pipelines.unread = Some(why),
            }
        }
        pipelines
    }

    /// Writes `workflows` and `actions`.
    pub(super) fn write(&self, facts: &mut Record, walked: &Walked, part: Option<&Unknown>) {
        let part = part.filter(|_| self.files.is_empty());
        let files = self.files.iter().map(|found| super::labelled(&found.shown, Some(place(found, 1)))).collect();
        facts.set_here("pipelines", whole_list(files, walked, part));
        let mut actions = whole_list(self.steps.iter().filter_map(action).collect(), walked, part);
        if let Some(why) = &self.unread {
            actions.incomplete.get_or_insert_with(|| why.clone());
        }
        facts.set_here("actions", actions);
    }
}

/// An action of somebody else; those of the repository itself (`./`) need no pin.
fn action(step: &Step<'_>) -> Option<Fact> {
    let uses = step.uses.as_deref().filter(|uses| !uses.starts_with("./") && !uses.starts_with("../"))?;
    let pinned = if uses.starts_with("docker://") { DIGEST.is_match(uses) } else { COMMIT.is_match(uses) };
    let mut record = Record::new();
    record.set_here("label", format!("{uses} ({}:{})", step.found.shown, step.line));
    record.set_here("uses", uses);
    record.set_here("pinned", pinned);
    Some(Fact::known(record).at(&place(step.found, step.line)))
}

fn github<'w>(found: &'w Found, text: &str) -> Result<Vec<Step<'w>>, Unknown> {
    let source = Arc::new(Source { shown: found.shown.as_str().into(), directory: PathBuf::new() });
    let tree = yaml::parse(text, &source).map_err(|e| Unknown::new(crate::facts::Reason::Unsupported, e.to_string()))?;
    let Some(tree) = tree else { return Ok(Vec::new()) };
    let by_hand = only_by_hand(&tree);
    let mut steps = Vec::new();
    let mut take = |node: &Node, stops: bool| {
        let stops = stops && !is_true(node.get("continue-on-error"));
        steps.push(step(found, node, stops && !by_hand));
    };
    for job in tree.get("jobs").and_then(Node::map).into_iter().flat_map(Map::values).map(|entry| &entry.node) {
        let stops = !is_true(job.get("continue-on-error"));
        if job.get("uses").is_some() {
            take(job, stops);
        }
        job.get("steps").and_then(Node::list).unwrap_or_default().iter().for_each(|node| take(node, stops));
    }
    // A composite action of the repository itself.
    tree.at_path(&["runs", "steps"]).and_then(Node::list).unwrap_or_default().iter().for_each(|node| take(node, true));
    Ok(steps)
}

/// A pipeline that only starts when somebody presses a button blocks nothing.
fn only_by_hand(tree: &Node) -> bool {
    let Some(on) = tree.get("on").or_else(|| tree.get("true")) else { return false };
    let triggers: Vec<&str> = match (on.scalar(), on.list(), on.map()) {
        (Some(one), ..) => vec![&*one.text],
        (_, Some(list), _) => list.iter().filter_map(|node| Some(&*node.scalar()?.text)).collect(),
        (_, _, Some(map)) => map.keys().map(|key| &**key).collect(),
        _ => Vec::new(),
    };
    !triggers.is_empty() && triggers.iter().all(|trigger| *trigger == "workflow_dispatch")
}

fn is_true(node: Option<&Node>) -> bool {
    node.and_then(Node::scalar).is_some_and(|scalar| &*scalar.text == "true")
}

fn step<'w>(found: &'w Found, node: &Node, stops: bool) -> Step<'w> {
    let scalar = |key: &str| node.get(key).and_then(Node::scalar).map(|scalar| scalar.text.to_string());
    let uses = scalar("uses");
    let mut text = scalar("run").unwrap_or_default().replace("\\\n", " ");
    for (name, entry) in node.get("with").and_then(Node::map).into_iter().flatten() {
        if let Some(value) = entry.node.scalar() {
            text.extend(["\n", &**name, ": ", &*value.text]);
        }
    }
    let line = node.entry("uses").or_else(|| node.entry("run")).map_or(node.at.line, |entry| entry.at.line);
    Step { found, line, uses, text, stops: Some(stops) }
}

/// Every line of another system's file that is no comment; whether it stops the pipeline is not known.
fn foreign<'w>(found: &'w Found, text: &str) -> Vec<Step<'w>> {
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim_start().starts_with(['#', '/']));
    lines.map(|(line, n)| Step { found, line: n, uses: None, text: line.to_owned(), stops: None }).collect()
}
