//! Start commands, and files that the image brings along.

use super::*;

#[test]
fn the_start_script_is_passed_over_or_replaced() {
    let on = || team().file("/c/o.json", "{\"SslEnabled\": true}").env("ORTHANC__SSL_ENABLED", "false");
    for words in [&["/c/o.json"][..], &["Orthanc", "/c/o.json"], &["tini", "--", "/usr/sbin/Orthanc", "/c/o.json"]] {
        expect(&on().words(words).facts(), &[("assembly", "core"), ("set.SslEnabled", "true")]);
    }
    for words in [&["/tmp/orthanc.json"][..], &["/docker-entrypoint.sh", "/tmp/orthanc.json"], &[]] {
        expect(&on().words(words).facts(), &[("assembly", "orthancteam"), ("set.SslEnabled", "false")]);
    }
    let unknown = [("set.SslEnabled", "unknown"), ("loads", "unknown")];
    expect(&on().env("BEFORE_ORTHANC_STARTUP_SCRIPT", "/x.sh").facts(), &unknown);
    expect(&on().file("/docker-entrypoint.sh", "exec Orthanc").facts(), &unknown);
    expect(&on().file("/startup/generateConfiguration.py", "").facts(), &unknown);
}

#[test]
fn what_lies_over_the_factory_file_hides_it() {
    let mut covered = image("jodogne/orthanc:1.12.8");
    covered.program.inside.complete("/etc/orthanc/orthanc.json");
    expect(&covered.facts(), &[("set.AuthenticationEnabled", "unknown"), ("loads", "unknown")]);
    let mut unseen = image("jodogne/orthanc:1.12.8");
    unseen.program.inside.hide("/etc/orthanc/orthanc.json", Unknown::from(Reason::Permission));
    expect(&unseen.facts(), &[("set.AuthenticationEnabled", "unknown"), ("loads", "unknown")]);
    let mut built = image("orthancteam/orthanc:26.8.1");
    built.program.base = Some("debian:11".into());
    expect(&built.words(&["Orthanc", "/etc/orthanc"]).facts(), &[("assembly", "core"), ("version", "unknown")]);
}

#[test]
fn the_factory_file_of_the_core_images_counts_where_nothing_lies_over_it() {
    let facts = image("jodogne/orthanc-plugins:1.12.8").facts();
    expect(&facts, &[("set.RemoteAccessAllowed", "true"), ("loads", "true")]);
    let user = facts.list("users").unwrap().records().next().unwrap();
    assert_eq!((user.text("name"), user.bool("published"), user.text("place")), (Some("orthanc"), Some(true), Some("image")));
    let facts = image("jodogne/orthanc:1.12.8").file("/etc/orthanc/orthanc.json", "{\"RemoteAccessAllowed\": true}").facts();
    assert!(labels(&facts, "users").is_empty());
}
