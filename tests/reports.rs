//! Reports: no finding is lost, the same input gives the same bytes, nothing obeys a hostile name.
#![allow(clippy::unwrap_used, reason = "a test")]

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
    "orthanc", "nginx", "postgres", "ohif", "keycloak", "inference", "redis", "minio", "grafana", "prometheus", "mlflow", "worker",
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
                ("container-no-engine-socket", 9) => {
                    at(says(fail(&check.id, service), "prometheus can control the container engine through /var/run/docker.sock"), 190)
                }
                ("container-ports-not-on-all-interfaces", 0..=4) => severity(
                    says(fail(&check.id, service), &format!("{service} publishes 0.0.0.0:{}->8042/tcp on all interfaces", 8000 + i)),
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
