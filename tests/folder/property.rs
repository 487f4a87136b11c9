//! Whatever lies in a folder, nothing crashes and no planted secret comes out.

use std::collections::BTreeMap;

use pacscan::collect::{Collected, Context, folder};
use pacscan::facts::Groups;
use proptest::prelude::*;

const CANARY: &str = "q7Hc4nArY9x2Lm5T";

/// Files in which a secret stands at `@`.
const FILES: [(&str, &str); 16] = [
    (".env", "DB_PASSWORD=@\n@\n@=x\nURL=redis://:@@h/0\n"),
    ("app.json", "{\"password\": \"@\", \"list\": [\"K=@\", \"http://u:@@h\"], \"x\": \"@\"}"),
    ("app.yaml", "password: '@'\nlist: ['@', 'A=@']\nother: '@'\n"),
    ("bad.yaml", "a: [\n@: {\n"),
    ("app.conf", "password @\nkey = @;\n@\n"),
    ("server.key", "-----BEGIN PRIVATE KEY-----\n@\n"),
    ("secret.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {a: '@', password: '@'}\ndata: {b: '@'}\n"),
    (
        "pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: x, annotations: {note: '@'}}\nspec:\n  containers:\n    - name: a\n      image: b\n      command: [sh, -c, 'run --password @']\n      env: [{name: TOKEN, value: '@'}, {name: PLAIN, value: '@'}]\n      livenessProbe: {exec: {command: [redis-cli, -a, '@']}}\n",
    ),
    (
        "map.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a.json: '{\"password\": \"@\"}', b: '@', c.conf: 'password=@'}\n",
    ),
    (
        "service.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {type: LoadBalancer, ports: [{port: '@', targetPort: '@', name: '@'}]}\n",
    ),
    ("chart/Chart.yaml", "apiVersion: v2\nname: x\n"),
    (
        "chart/values.yaml",
        "password: '@'\nservice: {type: NodePort, port: '@'}\ningress: {enabled: true, annotations: {a: '@'}}\n",
    ),
    (".github/workflows/x.yml", "jobs:\n  a:\n    steps:\n      - run: echo @ && bandit -r @\n        env: {TOKEN: '@'}\n"),
    ("SECURITY.md", "Contact: [Your email] @\nTrivy @\n"),
    (".github/dependabot.yml", "updates:\n  - {package-ecosystem: '@', directory: '@'}\n"),
    ("compose.prod.yml", "services:\n  a:\n    environment: ['P=@', 'DB_PASSWORD=${X:-@}']\n    command: run --token @\n"),
];

fn collect(files: &[(&str, String)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let environment = BTreeMap::new();
    let mut groups = Groups::default();
    let mut context = Context { environment: &environment, groups: &mut groups, progress: &|_| {} };
    let found = folder::collect(folder.path(), "x", &Collected::default(), &mut context);
    assert!(found.documents.iter().any(|d| d.kind == pacscan::facts::Kind::Repository));
    format!("{}{:?}", serde_json::to_string(&found.documents).unwrap(), found.errors)
}

#[test]
fn no_planted_secret_comes_out() {
    let plant = |text: &str| text.replace("@@", "\u{1}").replace('@', CANARY).replace('\u{1}', &format!("{CANARY}@"));
    for (name, text) in FILES {
        let out = collect(&[(name, plant(text))]);
        let near = out.find(CANARY).map(|at| &out[at.saturating_sub(120)..at + CANARY.len()]);
        assert_eq!(near, None, "{name}");
    }
    let all: Vec<_> = FILES.iter().map(|(name, text)| (*name, plant(text))).collect();
    assert!(!collect(&all).contains(CANARY));
}

/// Every fact that a collector writes stands in the catalogue.
#[test]
fn all_facts_are_in_the_catalogue() {
    let all: Vec<_> = FILES.iter().map(|(name, text)| (*name, text.replace('@', "x"))).collect();
    let documents: serde_json::Value =
        serde_json::from_str(collect(&all).split("[CollectError").next().unwrap().trim_end_matches("[]")).unwrap();
    let catalogue = pacscan::facts::Catalogue::get();
    for document in documents.as_array().unwrap() {
        let mut open = vec![(document["kind"].as_str().unwrap().to_owned(), &document["facts"])];
        while let Some((path, fact)) = open.pop() {
            let value = fact.get("$value").unwrap_or(fact);
            let list = value.get("$list").unwrap_or(value);
            if let Some(items) = list.as_array() {
                open.extend(items.iter().map(|item| (format!("{path}[]"), item)));
            } else if let Some(map) = list.as_object().filter(|map| !map.keys().any(|key| key.starts_with('$'))) {
                open.extend(map.iter().map(|(name, fact)| (format!("{path}.{name}"), fact)));
            }
            assert!(path == *document["kind"].as_str().unwrap() || catalogue.spec(&path).is_some(), "{path}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_crashes_it(which in 0..FILES.len(), text in "(?s)[ -~\n\t${}\\[\\]\":@*é-]{0,200}") {
        collect(&[(FILES[which].0, text)]);
    }

    /// Real files, cut and stirred.
    #[test]
    fn no_damage_crashes_it(which in 0..FILES.len(), cut in 0..200_usize, with in "[\\PC\n]{0,12}") {
        let (name, text) = FILES[which];
        let cut = cut.min(text.len());
        collect(&[(name, format!("{}{with}{}", &text[..cut], &text[cut..])), ("k8s/x.yaml", format!("apiVersion: v1\nkind: Pod\n{with}"))]);
    }
}
