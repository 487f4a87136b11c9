//! Engines that are not there, say no, or show nothing.

use std::os::unix::net::UnixListener;

use serde_json::json;

use super::server::{Reply, engine, inspect};
use super::support::{folder, results, run, run_in};

#[test]
fn a_missing_socket_is_undetermined_even_when_nothing_may_fail() {
    let place = folder(&[]);
    let ran =
        run_in(place.path(), &["audit", "docker:///nonexistent.sock", "--fail-on", "never", "--format", "json", "-o", "r.json"]);
    let report = ran.ends_with(3).json();
    assert_eq!(report["verdict"]["decision"], "undetermined");
    assert!(report["errors"][0]["message"].as_str().unwrap().contains("/nonexistent.sock"), "{}", report["errors"]);
    assert!(
        report["results"]
            .as_array()
            .unwrap()
            .iter()
            .all(|result| result["status"] == "not_evaluated" || result["check"].as_str().unwrap().starts_with("stack-"))
    );
    assert!(place.path().join("r.json").is_file());
    let beside = run(&["audit", "docker/stacks/clinic", "docker:///nonexistent.sock", "--fail-on", "never"]).ends_with(3);
    assert!(beside.out.contains("nonexistent.sock"), "{}", beside.out);
    run_in(place.path(), &["collect", "docker:///nonexistent.sock", "-o", "s.json"]).ends_with(3);
    run_in(place.path(), &["audit", "s.json", "--fail-on", "never"]).ends_with(3);
}

#[test]
fn a_socket_nobody_listens_on() {
    let place = folder(&[]);
    let socket = place.path().join("dead.sock");
    drop(UnixListener::bind(&socket).unwrap());
    run(&["audit", &format!("docker://{}", socket.display()), "--fail-on", "never"]).ends_with(3);
    let file = folder(&[("plain", "x")]);
    run(&["audit", &format!("docker://{}", file.path().join("plain").display()), "--fail-on", "never"]).ends_with(3);
}

#[test]
fn an_engine_that_refuses_is_undetermined() {
    let server = engine(vec![], |path| (path != "/version").then(|| Reply::status(403)));
    let target = format!("docker://{}", server.socket.display());
    let report = run(&["audit", &target, "--fail-on", "never", "--format", "json"]).ends_with(3).json();
    let decided = report["results"].as_array().unwrap().iter().find(|result| result["status"] == "pass");
    assert_eq!(decided, None);
}

#[test]
fn a_container_that_is_not_there_is_not_all_well() {
    let server = engine(vec![inspect(&json!({"Name": "/pacs"}))], |_| None);
    let target = format!("docker://{}", server.socket.display());
    let typo = run(&["audit", &target, "--container", "pacz", "--format", "json"]);
    let report = typo.json();
    for result in results(&report, "container-not-privileged") {
        assert_ne!(result["status"], "not_applicable", "the container named was not found: {}", result["message"]);
        assert_ne!(result["status"], "pass");
    }
    assert_ne!(typo.code, 0);
}

#[test]
fn targets_may_be_named_together() {
    let server = engine(vec![inspect(&json!({"Name": "/pacs"}))], |_| None);
    let target = format!("docker://{}", server.socket.display());
    let report = run(&["audit", "docker/stacks/clinic", &target, "--all-containers", "--format", "json"]).ends_with(1).json();
    assert_eq!(report["audit"]["targets"].as_array().unwrap().len(), 2);
    let of_both: Vec<_> =
        results(&report, "container-not-privileged").iter().map(|r| r["subject"]["target"].to_string()).collect();
    assert!(of_both.iter().any(|t| t.contains("clinic")) && of_both.iter().any(|t| t.contains("docker://")), "{of_both:?}");
}
