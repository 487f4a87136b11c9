//! Reports: no finding is lost, the same input gives the same bytes, nothing obeys a hostile name.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

mod made;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use made::{LIBRARY, at, declared, fail, inapplicable, judged, outcome, pass, says, severity, unknown};
use pacscan::check::{Outcome, Severity, Status};
use pacscan::facts::Reason;
use pacscan::profile::{GateOptions, Situation};
use pacscan::report::{self, FORMATS, Format, FormatError, Options, View};

const PLAIN: Options = Options { width: 100, color: false };

const SERVICES: [&str; 12] = [
    "orthanc",
    "nginx",
    "postgres",
    "ohif",
    "keycloak",
    "inference",
    "redis",
    "minio",
    "grafana",
    "prometheus",
    "mlflow",
    "worker",
];

/// A stack as bad as the real world, every check on every service.
fn clinic() -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for check in LIBRARY.iter() {
        for (i, service) in SERVICES.iter().enumerate().filter(|_| check.area.as_ref() == "container") {
            let line = u32::try_from(10 + 20 * i).unwrap();
            outcomes.push(match (check.id.as_ref(), i) {
                ("container-non-root", 0..=10) => {
                    at(says(fail(&check.id, service), &format!("{service} runs as root (uid 0)")), line)
                }
                ("container-memory-limit", _) => {
                    at(says(fail(&check.id, service), &format!("{service} may use all the memory of the host")), line)
                }
                ("container-no-engine-socket", 9) => at(
                    says(fail(&check.id, service), "prometheus can control the container engine through /var/run/docker.sock"),
                    190,
                ),
                ("container-ports-not-on-all-interfaces", 0..=4) => severity(
                    says(
                        fail(&check.id, service),
                        &format!("{service} publishes 0.0.0.0:{}->8042/tcp on all interfaces", 8000 + i),
                    ),
                    Severity::Critical,
                    "the service speaks without encryption",
                ),
                ("container-restart-policy", 3) => fail(&check.id, service),
                ("container-healthcheck-defined" | "container-healthcheck-meaningful", 2..=8) => {
                    unknown(&check.id, service, Reason::ImageNotSeen)
                }
                ("container-no-ssh-server", 5) => {
                    says(unknown(&check.id, service, Reason::Refused), "not evaluated: the engine refused the process list: 403")
                }
                ("container-healthy", _) => inapplicable(&check.id, service),
                ("container-read-only-rootfs", 0..=5) => declared(pass(&check.id, service)),
                _ => pass(&check.id, service),
            });
        }
        if check.area.as_ref() != "container" {
            let none = if check.area.as_ref() == "compose" { Status::Pass } else { Status::NotEvaluated };
            let mut one = outcome(&check.id, check.subject.word(), none);
            one.reason = (none == Status::NotEvaluated).then_some(Reason::NoTarget);
            outcomes.push(one);
        }
    }
    outcomes
}

fn go_live(outcomes: Vec<Outcome>) -> made::Judged {
    let profile = pacscan::profile::load("go-live", &LIBRARY).unwrap();
    judged(profile, outcomes, &Situation::default(), &GateOptions::default())
}

fn written(format: &Format, view: &View<'_>, options: Options) -> String {
    let mut bytes = Vec::new();
    (format.write)(view, options, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

fn table(view: &View<'_>, options: Options) -> String {
    written(Format::named("table").unwrap(), view, options)
}

fn json(view: &View<'_>) -> serde_json::Value {
    serde_json::from_str(&written(Format::named("json").unwrap(), view, PLAIN)).unwrap()
}

/// `cargo test --test reports -- --ignored --nocapture shown` prints what people see.
#[test]
#[ignore = "for the eye"]
fn shown() {
    let judged = go_live(clinic());
    let width = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok()).unwrap_or(120);
    let color = std::env::var_os("NO_COLOR").is_none();
    println!("{}", table(&judged.view(), Options { width, color }));
}

#[test]
fn no_format_loses_a_finding() {
    let judged = go_live(clinic());
    let view = judged.view();
    for format in &FORMATS {
        for width in [60, 80, 120, 160] {
            let text = written(format, &view, Options { width, color: false });
            for result in view.results.iter().filter(|result| matches!(result.status, Status::Fail | Status::NotEvaluated)) {
                assert!(text.contains(result.check), "{} at {width} loses {}", format.name, result.check);
                assert!(text.contains(result.subject.name), "{} at {width} loses {}", format.name, result.subject.name);
            }
        }
    }
}

#[test]
fn json_has_every_result_once() {
    let judged = go_live(clinic());
    let report = json(&judged.view());
    let mut written: BTreeMap<(String, String), (String, usize)> = BTreeMap::new();
    for result in report["results"].as_array().unwrap() {
        let key = (result["check"].as_str().unwrap().to_owned(), result["subject"]["name"].as_str().unwrap().to_owned());
        let entry = written.entry(key).or_insert_with(|| (result["status"].as_str().unwrap().to_owned(), 0));
        entry.1 += 1;
    }
    assert_eq!(written.len(), judged.outcomes.len());
    for outcome in &judged.outcomes {
        let key = (outcome.check.id.to_string(), outcome.subject.name.to_string());
        assert_eq!(written[&key], (outcome.status.word().to_owned(), 1), "{key:?}");
    }
}

#[test]
fn json_is_what_the_contract_promises() {
    let judged = go_live(clinic());
    let report = json(&judged.view());
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let set = |words: &str| words.split(' ').map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(
        keys(&report),
        set("schema_version tool audit verdict gate profiles exposure results waivers attestations errors")
    );
    assert_eq!(keys(&report["tool"]), set("name version"));
    assert_eq!(keys(&report["audit"]), set("started as_of targets probe snapshot_sha256"));
    assert_eq!(keys(&report["verdict"]), set("decision reasons"));
    assert_eq!(keys(&report["gate"]), set("met scope reasons"));
    let profile = &report["profiles"][0];
    assert_eq!(keys(profile), set("name version score grade grade_cap coverage counts controls"));
    assert_eq!(keys(&profile["counts"]), set("met not_met not_evaluated not_applicable attested manual waived"));
    assert_eq!(keys(&profile["controls"][0]), set("id title status waived severity weight checks references"));
    assert!(profile["controls"][0]["weight"].is_i64(), "5, not 5.0");
    let result = report["results"].as_array().unwrap().iter().find(|r| r["check"] == "container-non-root").unwrap();
    assert_eq!(
        keys(result),
        set("check title subject status reason severity base_severity severity_reason waiver assurance message expected \
             observed evidence fix references fingerprint")
    );
    assert_eq!(keys(&result["subject"]), set("kind name service project target"));
    assert_eq!(keys(&result["evidence"][0]), set("fact value origin"));
    assert_eq!(result["evidence"][0]["origin"]["file"], "compose.yaml");
    assert_eq!(
        (&report["verdict"]["decision"], &report["gate"]["met"], &report["gate"]["scope"]),
        (&"no_go".into(), &false.into(), &"all".into())
    );
    assert_eq!(profile["grade_cap"], "container-no-engine-socket");
    let text = written(Format::named("json").unwrap(), &judged.view(), PLAIN);
    assert!(text.ends_with("}\n"));
}

#[test]
fn json_holds_to_its_own_schema() {
    let schema: serde_json::Value = serde_json::from_str(&report::schema()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for outcomes in [clinic(), Vec::new(), vec![pass("container-non-root", "x")]] {
        let judged = go_live(outcomes);
        let report = json(&judged.view());
        let errors: Vec<String> = validator.iter_errors(&report).map(|e| format!("{} at {}", e, e.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    assert!(!validator.is_valid(&serde_json::json!({"schema_version": "1.0"})), "the schema asks for something");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (one, other) = (go_live(clinic()), {
        let mut outcomes = clinic();
        outcomes.reverse();
        go_live(outcomes)
    });
    for format in &FORMATS {
        assert_eq!(written(format, &one.view(), PLAIN), written(format, &other.view(), PLAIN), "{}", format.name);
    }
}

#[test]
fn a_finding_on_eleven_containers_is_one_row() {
    let judged = go_live(clinic());
    let text = table(&judged.view(), Options { width: 160, color: false });
    assert_eq!(text.matches("runs as root (uid 0)").count(), 1);
    assert!(text.contains("11 of 12 services:"), "{text}");
    assert!(text.contains("and 3"), "long lists are cut: {text}");
    let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what} is missing"));
    assert!(at("NO-GO") < at("What to fix first"), "the verdict comes first");
    assert!(at("publishes") < at("runs as root"), "the worst finding comes first");
    assert!(at("runs as root") < at("container-restart-policy"));
    assert!(text.contains("critical because the service speaks without encryption"));
    assert!(text.contains("Image not seen: 2 checks on 7 subjects"), "{text}");
    assert!(text.contains("exit code 1"));
}

#[test]
fn table_fits_its_width() {
    let judged = go_live(clinic());
    for width in [60, 80, 100, 110, 120, 160] {
        for line in table(&judged.view(), Options { width, color: false }).lines() {
            assert!(line.chars().count() <= width, "{} > {width}: {line}", line.chars().count());
        }
    }
}

#[test]
fn plain_is_plain() {
    let judged = go_live(clinic());
    let plain = table(&judged.view(), PLAIN);
    assert!(!plain.contains(['\u{1b}', '\u{2500}', '\u{2501}']), "no colour, no drawn lines");
    let colored = table(&judged.view(), Options { width: 100, color: true });
    assert!(colored.contains('\u{1b}'));
    assert_eq!(plain.lines().count(), colored.lines().count(), "colour changes nothing else");
}

#[test]
fn hostile_names_do_nothing() {
    let evil = [
        "\u{1b}]0;owned\u{7}\u{1b}[2J\u{1b}[31mGO".to_owned(),
        "a\r\nGO: audit of everything".to_owned(),
        "\u{202e}gnp.exe\u{200b}\u{2066}".to_owned(),
        "\u{9b}31m\u{85}".to_owned(),
        "x".repeat(5000),
        "医療画像サーバー".repeat(40),
        String::new(),
    ];
    let mut outcomes = Vec::new();
    for name in &evil {
        outcomes.push(at(says(fail("container-non-root", name), &format!("{name} runs as root\u{1b}[0m")), 3));
        let mut unseen = says(unknown("container-healthy", name, Reason::Refused), &format!("not evaluated: {name}"));
        unseen.subject.target = format!("docker:///{name}").into();
        unseen.errors.push(format!("{name}\u{1b}[1m"));
        outcomes.push(unseen);
        outcomes.push(severity(fail("container-memory-limit", name), Severity::Critical, name));
    }
    let judged = go_live(outcomes);
    for width in [60, 120] {
        let text = table(&judged.view(), Options { width, color: false });
        let obeyed = |c: char| {
            c != '\n' && c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!text.contains(obeyed), "{text}");
        assert!(text.contains("\\u{1b}"), "what was there is shown");
        assert!(!text.lines().any(|line| line.starts_with("GO")), "no line can be forged");
        assert!(text.len() < 60_000, "{}", text.len());
    }
    json(&judged.view());
}

#[test]
fn what_would_make_it_known_is_said() {
    let reasons = [
        (Reason::NoTarget, "docker:"),
        (Reason::ImageNotSeen, "docker:"),
        (Reason::NotProbed, "--probe thorough"),
        (Reason::Permission, "root"),
    ];
    for (reason, words) in reasons {
        let judged = go_live(vec![unknown("container-non-root", "x", reason)]);
        let view = judged.view();
        assert!(view.results[0].fix.unwrap().contains(words), "{reason}");
        assert!(json(&view)["results"][0]["fix"].as_str().unwrap().contains(words));
    }
    let judged = go_live(vec![pass("container-non-root", "x")]);
    assert_eq!(judged.view().results[0].fix, None, "nothing to do about a pass");
}

#[test]
fn a_static_audit_says_so() {
    let judged = go_live(vec![declared(pass("container-non-root", "x")), declared(fail("container-memory-limit", "x"))]);
    let text = table(&judged.view(), PLAIN);
    assert!(text.starts_with("NO-GO: static audit of "), "{text}");
    assert!(text.contains("Passes, but on files alone: 1 control of go-live"), "{text}");
}

#[test]
fn baseline_knows_the_failures_of_an_older_report() {
    let judged = go_live(clinic());
    let text = written(Format::named("json").unwrap(), &judged.view(), PLAIN);
    let known = report::baseline(&text).unwrap();
    let failing: BTreeSet<String> =
        judged.view().results.iter().filter(|r| r.status == Status::Fail).map(|r| r.fingerprint.clone()).collect();
    assert!(failing.len() > 20);
    assert_eq!(known, failing);
    assert!(report::baseline(&text[..text.len() / 2]).is_err(), "half a report");
    assert!(report::baseline("[]").is_err());
    let newer = text.replacen("\"schema_version\": \"1.0\"", "\"schema_version\": \"2.0\"", 1);
    assert!(report::baseline(&newer).unwrap_err().to_string().contains("2.0"));
}

#[test]
fn the_ending_names_the_format() {
    let of = |name: &str| Format::of_file(Path::new(name)).map(|format| format.name);
    assert_eq!(of("out/report.json"), Ok("json"));
    assert_eq!(of("REPORT.JSON"), Ok("json"));
    for later in ["r.sarif", "r.junit.xml", "r.html", "r.md", "r.oscal.json", "r.hdf.json"] {
        let error = of(later).unwrap_err();
        assert!(matches!(error, FormatError::NotYet { .. }), "{later}");
        assert!(error.to_string().contains(later) && error.to_string().contains("json"), "{error}");
    }
    assert!(matches!(of("report.txt"), Err(FormatError::Ending(_))));
    assert!(matches!(of("json"), Err(FormatError::Ending(_))));
    assert_eq!(Format::named("table").unwrap().name, "table");
    assert!(matches!(Format::named("sarif"), Err(FormatError::NotYet { .. })));
    assert!(matches!(Format::named("xls"), Err(FormatError::Unknown(_))));
}

#[test]
fn files_are_written_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    report::write_file(&path, b"one").unwrap();
    report::write_file(&path, b"two").unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"two");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    assert!(report::write_file(&folder.path().join("missing/report.json"), b"x").is_err());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_ne!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o044, 0, "others may read it, as the umask allows");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        let link = folder.path().join("link.json");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        report::write_file(&link, b"three").unwrap();
        assert!(link.is_symlink(), "a link stays one");
        assert_eq!(std::fs::read(&path).unwrap(), b"three");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "its mode is kept");
        report::write_file(Path::new("/dev/null"), b"x").unwrap();
        assert!(!Path::new("/dev/null").is_file(), "a device stays one");
    }
}
