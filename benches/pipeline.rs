//! The steps between facts and verdict, each alone: `cargo bench`.
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark")]

#[path = "../tests/engine/server.rs"]
#[allow(dead_code, reason = "shared")]
mod server;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use divan::Bencher;
use pacscan::check::{self, Library, Planes};
use pacscan::collect::{self, Context, Selection};
use pacscan::derive::{self, Derived};
use pacscan::facts::{Document, Groups, Kind, Probe, SNAPSHOT_SCHEMA_VERSION, Snapshot, TargetRecord, Tool};
use serde_json::json;

static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::load(&[]).unwrap());

fn main() {
    divan::main();
}

/// What an engine with one ordinary container says.
static SEED: LazyLock<Vec<Document>> = LazyLock::new(|| {
    let env: Vec<String> = (0..20).map(|n| format!("SETTING_{n}=value {n}")).chain(["DB_PASSWORD=hunter2".to_owned()]).collect();
    let container = server::inspect(&json!({
        "Config": {"Env": env, "Cmd": ["sh", "-c", "exec serve --port 8042"], "Labels": {"a": "b"}},
        "NetworkSettings": {"Ports": {"8042/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8042"}]}, "Networks": {"back": {}}},
        "Mounts": [{"Type": "bind", "Source": "/srv/data", "Destination": "/data", "RW": true, "Propagation": "rprivate"}]
    }));
    let engine = server::engine(vec![container], |_| None);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(server::collect(&engine.socket)).documents
});

/// The same container many times, under names of its own.
fn snapshot(containers: usize) -> Snapshot {
    let others = SEED.iter().filter(|document| document.kind != Kind::Container).cloned();
    let one = SEED.iter().find(|document| document.kind == Kind::Container).unwrap();
    let many = (0..containers).map(|n| Document { name: format!("pacs-{n}").into(), ..one.clone() });
    Snapshot {
        schema_version: SNAPSHOT_SCHEMA_VERSION.into(),
        tool: Tool::this(),
        collected_at: jiff::Timestamp::UNIX_EPOCH,
        probe: Probe::None,
        interrupted: false,
        targets: vec![TargetRecord { given: "docker:".into(), kind: "engine".into(), unreachable: None }],
        documents: others.chain(many).collect(),
        errors: Vec::new(),
    }
}

fn derived(containers: usize) -> Derived {
    derive::derive(&snapshot(containers), jiff::Timestamp::UNIX_EPOCH)
}

#[divan::bench]
fn load_the_library(bencher: Bencher<'_, '_>) {
    bencher.bench(|| Library::load(&[]).unwrap());
}

#[divan::bench(args = [250, 500, 1000, 2000], sample_count = 5, sample_size = 1)]
fn read_a_snapshot(bencher: Bencher<'_, '_>, containers: usize) {
    let text = serde_json::to_string(&snapshot(containers)).unwrap();
    bencher.bench(|| Snapshot::from_json(&text).unwrap());
}

#[divan::bench(args = [250, 500, 1000, 2000], sample_count = 5, sample_size = 1)]
fn derive_facts(bencher: Bencher<'_, '_>, containers: usize) {
    let snapshot = snapshot(containers);
    bencher.bench(|| derive::derive(&snapshot, jiff::Timestamp::UNIX_EPOCH));
}

/// Binding and evaluating every check: at 1,000 containers it must stay under 0.5 s of CPU.
#[divan::bench(args = [250, 500, 1000, 2000], sample_count = 5, sample_size = 1)]
fn evaluate_all_checks(bencher: Bencher<'_, '_>, containers: usize) {
    let derived = derived(containers);
    let planes = Planes { seen: derived.seen.clone(), unreachable: Vec::new(), targets: derived.targets.clone() };
    bencher.bench(|| check::evaluate(&LIBRARY, &derived.documents, &planes));
}

#[divan::bench(args = [75, 150, 300], sample_count = 5, sample_size = 1)]
fn collect_a_compose_file(bencher: Bencher<'_, '_>, services: usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut text = "x-common: &common\n  restart: always\n  logging: {driver: local}\nservices:\n".to_owned();
    for n in 0..services {
        writeln!(
            text,
            "  s{n}:\n    <<: *common\n    image: registry.example/s{n}:${{TAG:-1}}\n    ports: [\"127.0.0.1:{}:8042\"]\n    \
             environment: {{A: \"${{B:-c}}\", PASSWORD_FILE: /run/secrets/p}}\n    volumes: [\"./d{n}:/data:ro\"]",
            10_000 + n
        )
        .unwrap();
    }
    std::fs::write(folder.path().join("compose.yaml"), text).unwrap();
    let environment = BTreeMap::new();
    bencher.bench(|| {
        let mut groups = Groups::default();
        let mut context = Context { environment: &environment, groups: &mut groups, progress: &|_| {} };
        collect::compose::collect(folder.path(), "stack", &Selection::default(), &mut context)
    });
}
