//! Who reaches an Orthanc, on documents written by hand.
#![allow(clippy::unwrap_used, reason = "a test")]

use super::reach;
use crate::facts::{Assurance, Document, Exposure, Fact, Kind, List, Reason, Record, Unknown};

fn document(kind: Kind, service: &str) -> Document {
    let mut document = Document::new(kind, service, "stack", Assurance::Declared);
    document.service = Some(service.into());
    document.project = Some("clinic".into());
    document
}

fn record(fields: &[(&str, Fact)]) -> Fact {
    let mut record = Record::new();
    for (name, fact) in fields {
        record.put(name, fact.clone());
    }
    record.into()
}

fn container(service: &str, published: &[(&str, i64, i64)]) -> Document {
    let mut document = document(Kind::Container, service);
    let ports = published.iter().map(|(address, host, inside)| {
        record(&[
            ("address", Fact::known(*address)),
            ("host_port", Fact::known(*host)),
            ("container_port", Fact::known(*inside)),
            ("protocol", Fact::known("tcp")),
            ("label", Fact::known(format!("{address}:{host}->{inside}/tcp"))),
            ("all_interfaces", Fact::known(*address == "0.0.0.0")),
            ("loopback", Fact::known(*address == "127.0.0.1")),
        ])
    });
    document.facts.set_here("ports", ports.collect::<Vec<_>>());
    document.facts.set_here("network_mode", "clinic_default");
    document.facts.set_here("networks", vec![record(&[("name", Fact::known("clinic_default"))])]);
    document.facts.set_here("role", if service == "proxy" { "proxy" } else { "other" });
    document
}

fn orthanc(authentication: bool) -> Document {
    let mut document = document(Kind::Orthanc, "orthanc");
    let facts = &mut document.facts;
    facts.set_here("http_port", 8042);
    facts.set_here("dicom_port", 4242);
    facts.set_here("http_server_enabled", true);
    facts.set_here("dicom_server_enabled", true);
    facts.set_here("authentication_enabled", authentication);
    facts.set_here("authorization.loaded", false);
    for key in ["find", "find_worklist", "get", "move"] {
        facts.set_here(&format!("dicom_always_allow_{key}"), false);
    }
    document
}

fn proxy(host: Fact, tls: bool, injects: bool) -> Document {
    let mut document = document(Kind::Proxy, "nginx.conf");
    document.service = Some("proxy".into());
    let pass = record(&[
        ("label", Fact::known("nginx.conf:7 / -> orthanc:8042")),
        ("host", host),
        ("port", Fact::known(8042)),
        ("location", Fact::known("/")),
        ("server_tls", Fact::known(tls)),
        ("authenticates", Fact::known(false)),
        ("injects_credentials", Fact::known(injects)),
    ]);
    document.facts.set_here("passes", vec![pass]);
    document
}

fn derived(mut documents: Vec<Document>) -> (Record, Exposure) {
    reach::derive(&mut documents);
    let exposure = reach::exposure(&documents);
    (documents.into_iter().find(|d| d.kind == Kind::Orthanc).unwrap().facts, exposure)
}

#[test]
fn published_without_authentication_is_open_to_any_host() {
    let (facts, exposure) = derived(vec![container("orthanc", &[("0.0.0.0", 8042, 8042)]), orthanc(false)]);
    assert_eq!(facts.text("reach"), Some("any_host"));
    assert_eq!(facts.bool("tls_in_front"), Some(false));
    assert_eq!(facts.bool("metrics_public"), Some(true));
    assert_eq!(exposure.open[0].path, "any host -> 0.0.0.0:8042->8042/tcp -> Orthanc REST API, authentication off");
    assert!(exposure.unknown.is_empty());
}

#[test]
fn loopback_and_a_password_leave_no_open_path() {
    let (facts, exposure) = derived(vec![container("orthanc", &[("127.0.0.1", 8042, 8042)]), orthanc(true)]);
    assert_eq!(facts.text("reach"), Some("nobody"));
    assert_eq!(exposure, Exposure::default());
}

#[test]
fn a_proxy_with_tls_stands_in_front_and_a_fixed_credential_opens_it() {
    let stack = |injects| {
        let front = container("proxy", &[("0.0.0.0", 443, 443)]);
        derived(vec![container("orthanc", &[]), front, orthanc(true), proxy(Fact::known("orthanc"), true, injects)])
    };
    let (facts, exposure) = stack(false);
    assert_eq!((facts.text("reach"), facts.bool("tls_in_front")), (Some("proxy"), Some(true)));
    assert!(exposure.open.is_empty() && exposure.unknown.is_empty(), "{exposure:?}");
    let (_, exposure) = stack(true);
    assert!(exposure.open[0].path.ends_with("the proxy logs everybody in"), "{exposure:?}");
}

#[test]
fn a_port_published_beside_the_proxy_is_a_way_without_tls() {
    let (facts, _) = derived(vec![
        container("orthanc", &[("10.0.0.5", 8042, 8042)]),
        container("proxy", &[("0.0.0.0", 443, 443)]),
        orthanc(true),
        proxy(Fact::known("orthanc"), true, false),
    ]);
    assert_eq!((facts.text("reach"), facts.bool("tls_in_front")), (Some("some_hosts"), Some(false)));
}

#[test]
fn a_proxy_that_nobody_read_leaves_it_unknown() {
    let (facts, exposure) =
        derived(vec![container("orthanc", &[]), container("proxy", &[("0.0.0.0", 443, 443)]), orthanc(false)]);
    assert_eq!((facts.text("reach"), facts.bool("tls_in_front")), (None, None));
    assert_eq!(exposure.unknown.len(), 1);
    let variable = Fact::unknown(Unknown::new(Reason::Unsupported, "the upstream is a variable"));
    let (facts, _) = derived(vec![
        container("orthanc", &[]),
        container("proxy", &[("0.0.0.0", 443, 443)]),
        orthanc(false),
        proxy(variable, true, false),
    ]);
    assert_eq!(facts.bool("tls_in_front"), None);
}

#[test]
fn ports_that_nobody_saw_are_not_closed() {
    let mut unseen = container("orthanc", &[]);
    unseen.facts.set_here("ports", List::incomplete(Vec::new(), Reason::Unsupported));
    let (facts, exposure) = derived(vec![unseen, orthanc(true)]);
    assert_eq!(facts.text("reach"), None);
    assert!(!exposure.unknown.is_empty());
}

#[test]
fn open_queries_are_open_whatever_http_asks_for() {
    let mut open = orthanc(true);
    open.facts.set_here("dicom_always_allow_find", true);
    let (facts, exposure) = derived(vec![container("orthanc", &[("0.0.0.0", 4242, 4242)]), open]);
    assert_eq!((facts.text("reach"), facts.text("dicom_reach")), (Some("nobody"), Some("any_host")));
    assert_eq!(exposure.open[0].path, "any host -> 0.0.0.0:4242->4242/tcp -> Orthanc DICOM, any AE title: C-FIND");
}

#[test]
fn loopback_of_a_shared_network_makes_remote_clients_look_local() {
    let mut beside = container("proxy", &[("0.0.0.0", 80, 80)]);
    beside.facts.set_here("network_mode", "service:orthanc");
    let (facts, _) =
        derived(vec![container("orthanc", &[]), beside, orthanc(true), proxy(Fact::known("127.0.0.1"), false, false)]);
    assert_eq!(facts.bool("front_on_same_host"), Some(true));
}
