//! Waivers: they lift the gate and nothing else.

use serde_json::Value as Json;

use super::{audit, control, folder, report, results, run_in, stack, status};

/// Everything that gates in this stack, waived; `memory` fails as medium on both services.
fn waivers(more: &str) -> String {
    let one = |check: &str, subject: &str| {
        format!(
            "  - {{check: {check}, subject: {subject}, reason: Vendor works on it., owner: Jane Roe, ticket: PACS-1, expires: 2026-12-31{more}}}\n"
        )
    };
    format!("waivers:\n{}", one("container-read-only-rootfs", "a"))
}

fn result<'r>(report: &'r Json, check: &str, subject: &str) -> &'r Json {
    results(report, check).into_iter().find(|result| result["subject"]["name"] == subject).unwrap()
}

#[test]
fn the_gate_is_lifted_and_nothing_else() {
    let (with, without) = (report(&stack(&waivers("")), "2026-12-01"), report(&stack(""), "2026-12-01"));
    let waived = result(&with, "container-read-only-rootfs", "a");
    assert_eq!(
        (&waived["status"], &waived["waiver"]["owner"], &waived["waiver"]["expires"]),
        (&"fail".into(), &"Jane Roe".into(), &"2026-12-31".into())
    );
    assert!(result(&with, "container-read-only-rootfs", "b")["waiver"].is_null());
    let line = control(&with, "read-only");
    assert_eq!((&line["status"], &line["waived"]["ticket"]), (&"not_met".into(), &"PACS-1".into()));
    for same in ["score", "coverage", "grade", "grade_cap"] {
        assert_eq!(with["profiles"][0][same], without["profiles"][0][same], "{same}");
    }
    assert_eq!(with["profiles"][0]["counts"]["waived"], 1);
    let gate = |report: &Json| report["gate"]["reasons"][0].as_str().unwrap().to_owned();
    assert!(gate(&without).starts_with("8 medium findings on 15 subjects"), "{}", gate(&without));
    assert!(gate(&with).starts_with("7 medium findings on 14 subjects"), "what is not waived still gates: {}", gate(&with));
    let statuses = |report: &Json| -> Vec<(Json, Json)> {
        let all = report["results"].as_array().unwrap().iter().filter(|r| r["subject"]["kind"] != "stack");
        all.map(|r| (r["check"].clone(), r["status"].clone())).collect()
    };
    assert_eq!(statuses(&with), statuses(&without));
    let table = audit(&stack(&waivers("")), "2026-12-01", &[]).out;
    assert!(table.contains("waived until 2026-12-31 by Jane Roe") && table.contains("in force for 1 result"), "{table}");
}

#[test]
fn the_last_day_counts_to_its_end_in_utc() {
    let place = stack(&waivers(""));
    for (as_of, in_force) in [("2026-12-31", true), ("2026-12-31T23:59:59Z", true), ("2027-01-01T00:00:00Z", false)] {
        let report = report(&place, as_of);
        assert_eq!(!result(&report, "container-read-only-rootfs", "a")["waiver"].is_null(), in_force, "{as_of}");
        assert_eq!(status(&report, "stack-waivers-current"), if in_force { "pass" } else { "fail" }, "{as_of}");
        assert_eq!(report["waivers"][0]["standing"], if in_force { "in_force" } else { "expired" });
    }
}

#[test]
fn subjects_are_patterns_over_name_service_and_project() {
    for (pattern, hits) in [
        ("a", 1),
        ("\"*\"", 1),
        ("clinic/a", 1),
        ("clinic/*", 1),
        ("\"c*a\"", 1),
        ("b", 0),
        ("other/a", 0),
        ("A", 0),
        ("clinic", 0),
    ] {
        let report = report(&stack(&waivers("").replace("subject: a", &format!("subject: {pattern}"))), "2026-12-01");
        let lifted = results(&report, "container-read-only-rootfs").iter().filter(|r| !r["waiver"].is_null()).count();
        assert_eq!(lifted, hits, "{pattern}");
    }
}

#[test]
fn unused_and_orphaned_ones_are_findings() {
    for (subject, standing, used) in [("a", "in_force", "pass"), ("b", "unused", "fail"), ("gone", "orphaned", "fail")] {
        let report = report(&stack(&waivers("").replace("subject: a", &format!("subject: {subject}"))), "2026-12-01");
        assert_eq!(report["waivers"][0]["standing"], standing, "{subject}");
        assert_eq!(status(&report, "stack-waivers-used"), used, "{subject}");
    }
    // An engine check, and no engine was named: nobody can say whether it is used.
    let unseen = report(&stack(&waivers("").replace("container-read-only-rootfs", "engine-icc-off")), "2026-12-01");
    assert_eq!(
        (&unseen["waivers"][0]["standing"], status(&unseen, "stack-waivers-used").as_str()),
        (&"not_seen".into(), "not_evaluated")
    );
}

#[test]
fn a_broken_compensating_check_voids_it() {
    let passing = report(&stack(&waivers(", compensating: container-not-privileged")), "2026-12-01");
    assert!(!result(&passing, "container-read-only-rootfs", "a")["waiver"].is_null());
    for broken in ["container-memory-limit", "container-healthy", "engine-icc-off"] {
        let report = report(&stack(&waivers(&format!(", compensating: {broken}"))), "2026-12-01");
        assert!(result(&report, "container-read-only-rootfs", "a")["waiver"].is_null(), "{broken} does not pass");
        assert_eq!(report["waivers"][0]["standing"], "void", "{broken}");
        assert!(report["waivers"][0]["detail"].as_str().unwrap().contains(broken));
        assert_eq!(control(&report, "read-only")["waived"], Json::Null);
    }
}

#[test]
fn an_unknown_or_other_image_voids_it() {
    let (right, wrong) = (format!("sha256:{}", "a".repeat(64)), format!("sha256:{}", "b".repeat(64)));
    let compose = super::COMPOSE.replace("x/a:1", &format!("x/a:1@{right}"));
    for (pinned, image, lifted) in [(true, &right, true), (true, &wrong, false), (false, &right, false)] {
        let place = stack(&waivers(&format!(", image: \"{image}\"")));
        if pinned {
            std::fs::write(place.path().join("compose.yaml"), &compose).unwrap();
        }
        let report = report(&place, "2026-12-01");
        assert_eq!(!result(&report, "container-read-only-rootfs", "a")["waiver"].is_null(), lifted, "{pinned} {image}");
    }
}

#[test]
fn undecided_results_may_be_waived_an_unreachable_target_may_not() {
    let waiver = "waivers:\n  - {check: container-mac-profile, subject: \"*\", reason: No engine here., owner: J, ticket: T, expires: 2026-12-31}\n";
    let report = report(&stack(waiver), "2026-12-01");
    assert!(results(&report, "container-mac-profile").iter().all(|r| r["status"] == "not_evaluated" && !r["waiver"].is_null()));
    let unreachable = stack(&waiver.replace("container-mac-profile", "engine-icc-off"));
    let ran = run_in(
        unreachable.path(),
        &["audit", "pacscan.yaml", "docker:///nonexistent.sock", "--as-of", "2026-12-01", "--format", "json"],
    );
    assert!(results(&ran.json(), "engine-icc-off").iter().all(|r| r["waiver"].is_null()));
    assert_ne!(ran.code, 0);
}

/// Failures are waived, something beside them is undecided: that is no GO.
#[test]
fn waived_failures_do_not_hide_what_is_undecided() {
    let profile =
        super::PROFILE.replace("checks: [container-read-only-rootfs]", "checks: [container-read-only-rootfs, container-healthy]");
    let profile = profile
        .replace("fail_on: medium", "fail_on: never")
        .replace(", required: true}\n  - {id: by-hand", "}\n  - {id: by-hand");
    let place = stack(&waivers(""));
    std::fs::write(place.path().join("mine.yaml"), profile).unwrap();
    let report = report(&place, "2026-12-01");
    assert!(!control(&report, "read-only")["waived"].is_null());
    assert_eq!(report["verdict"]["decision"], "undetermined", "{}", report["verdict"]);
}

/// A failure that was waived when the baseline was made is new once the waiver is over.
#[test]
fn a_baseline_does_not_know_what_was_waived() {
    let place = stack(&waivers(""));
    let arguments = ["audit", "pacscan.yaml", "--as-of", "2026-12-01", "--format", "json", "-o", "old.json", "-q"];
    run_in(place.path(), &arguments);
    let later =
        run_in(place.path(), &["audit", "pacscan.yaml", "--as-of", "2027-02-01", "--baseline", "old.json", "--format", "json"]);
    assert!(later.json()["gate"]["reasons"].to_string().contains("container-read-only-rootfs"), "{}", later.out);
}

/// In a folder that was named its description counts, and does not choose what is audited or judged.
#[test]
fn a_description_in_a_named_folder_counts() {
    let text = format!("name: clinic\ntargets: [\"docker:///nonexistent.sock\"]\nprofiles: [cis-docker-1.6.0]\n{}", waivers(""));
    let place = folder(&[("compose.yaml", super::COMPOSE), ("pacscan.yaml", &text)]);
    let report = run_in(place.path(), &["audit", ".", "--as-of", "2026-12-01", "--format", "json"]).json();
    assert_eq!((&report["profiles"][0]["name"], &report["audit"]["targets"]), (&"go-live".into(), &serde_json::json!(["."])));
    assert!(!result(&report, "container-read-only-rootfs", "a")["waiver"].is_null());
    let file = run_in(place.path(), &["audit", "compose.yaml", "--as-of", "2026-12-01", "--format", "json"]).json();
    assert!(result(&file, "container-read-only-rootfs", "a")["waiver"].is_null(), "the folder was not named");
}

/// Under `go-live` too: the lines about waivers themselves weigh nothing.
#[test]
fn a_waiver_changes_no_number_of_go_live() {
    let numbers = |rest: &str| {
        let report = audit(&stack(rest), "2026-12-01", &["--profile", "go-live", "--format", "json"]).json();
        ["score", "coverage", "grade"].map(|field| report["profiles"][0][field].clone())
    };
    assert_eq!(numbers(""), numbers(&waivers("")));
    assert_eq!(numbers(""), numbers(&waivers("").replace("2026-12-31", "2026-11-30")), "an expired one");
    let expired = "attestations:\n  - {control: process-baa, owner: J, date: 2025-11-01, expires: 2026-11-01, statement: S}\n";
    assert_eq!(numbers(""), numbers(expired), "an expired attestation");
}
