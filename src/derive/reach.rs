//! Exposure of an Orthanc: published address x network x proxy x authentication x TLS.
//!
//! Every way in is followed from outside inwards. What cannot be followed makes the answer unknown, never "closed".

#[path = "reach/open.rs"]
mod open;

use crate::facts::{Document, Exposure, Fact, Kind, List, OpenPath, Reason, Record, State, Unknown, Value};
use crate::knowledge::images;

/// How far away a client may be. The order is from near to far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Nobody,
    Neighbours,
    Proxy,
    SomeHosts,
    AnyHost,
}

impl Reach {
    fn word(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Neighbours => "neighbours",
            Self::Proxy => "proxy",
            Self::SomeHosts => "some_hosts",
            Self::AnyHost => "any_host",
        }
    }

    fn people(self) -> &'static str {
        match self {
            Self::AnyHost => "any host",
            Self::SomeHosts | Self::Proxy => "hosts of one network",
            Self::Neighbours => "containers on its networks",
            Self::Nobody => "nobody",
        }
    }
}

/// Yes, no, or why nobody can say.
type Sure = Result<bool, Unknown>;

/// One way to the HTTP port.
struct Way {
    reach: Reach,
    /// `0.0.0.0:8042->8042/tcp`, or the proxy's line.
    via: String,
    tls: Sure,
    /// Whether the way itself asks for a credential.
    asks: Sure,
    /// Whether the way hands in a credential of its own.
    injects: Sure,
    /// Location of a proxy.
    location: Option<String>,
}

struct Around<'a> {
    containers: Vec<&'a Document>,
    proxies: Vec<&'a Document>,
}

/// Writes reach, TLS in front and the open paths of every Orthanc.
pub(super) fn derive(documents: &mut [Document]) {
    let copy: Vec<Document> = documents.iter().filter(|d| matches!(d.kind, Kind::Container | Kind::Proxy)).cloned().collect();
    let of = |kind: Kind| copy.iter().filter(|d| d.kind == kind).collect();
    let around = Around { containers: of(Kind::Container), proxies: of(Kind::Proxy) };
    for orthanc in documents.iter_mut().filter(|d| d.kind == Kind::Orthanc) {
        match around.container_of(orthanc) {
            Some(container) => write(orthanc, container, &around),
            None => alone(orthanc),
        }
    }
}

/// All open paths of the stack, for the report.
pub(super) fn exposure(documents: &[Document]) -> Exposure {
    let mut found = Exposure::default();
    for document in documents.iter().filter(|d| d.kind == Kind::Orthanc) {
        match &document.facts.get("open_paths").state {
            State::Known(Value::List(list)) => {
                found.open.extend(list.records().filter_map(|r| r.text("label")).map(|path| OpenPath {
                    subject: document.name.to_string(),
                    target: document.target.to_string(),
                    path: path.to_owned(),
                }));
                found.unknown.extend(list.incomplete.iter().map(|why| sentence(document, why)));
            }
            // A configuration file by itself belongs to no stack that could be reached.
            State::Unknown(why) if why.reason != Reason::NoTarget => found.unknown.push(sentence(document, why)),
            _ => {}
        }
    }
    found.open.sort();
    found.unknown.sort();
    found.unknown.dedup();
    found
}

fn sentence(document: &Document, why: &Unknown) -> String {
    format!("{}: {}", document.name, why.detail.as_deref().unwrap_or(why.reason.word()))
}

fn alone(orthanc: &mut Document) {
    let why = Unknown::new(Reason::NoTarget, "a configuration file alone does not say who can reach it");
    for path in ["reach", "dicom_reach", "tls_in_front", "fronts", "front_on_same_host", "metrics_public", "open_paths"] {
        orthanc.facts.unknown(path, why.clone());
    }
}

impl<'a> Around<'a> {
    fn container_of(&self, document: &Document) -> Option<&'a Document> {
        self.containers.iter().copied().find(|c| {
            let same_service = c.service.is_some() && c.service == document.service && c.project == document.project;
            (c.target == document.target && c.name == document.name) || same_service
        })
    }

    /// Whether what this container passes on was read.
    fn is_read(&self, container: &Document) -> bool {
        self.proxies
            .iter()
            .any(|p| p.facts.list("passes").is_some() && self.container_of(p).is_some_and(|f| std::ptr::eq(f, container)))
    }

    /// Another container of this name.
    fn is_other(&self, host: &str, container: &Document) -> bool {
        self.containers.iter().any(|c| !std::ptr::eq(*c, container) && is_named(c, host))
    }

    /// Containers on a network of this one.
    fn neighbours<'s>(&'s self, container: &'s Document) -> impl Iterator<Item = &'a Document> + 's {
        let own = networks(container);
        self.containers
            .iter()
            .copied()
            .filter(move |other| other.name != container.name && networks(other).iter().any(|network| own.contains(network)))
    }
}

fn networks(document: &Document) -> Vec<String> {
    let list = document.facts.list("networks");
    list.into_iter().flat_map(List::records).filter_map(|n| n.text("name")).map(str::to_owned).collect()
}

fn write(orthanc: &mut Document, container: &Document, around: &Around<'_>) {
    let (mut ways, mut missing) = http(orthanc, container, around);
    let fronts = fronts(orthanc, container, around, &mut ways, &mut missing);
    let dicom = direct(container, port(&orthanc.facts, "dicom_port"));
    let near = if around.neighbours(container).next().is_some() { Reach::Neighbours } else { Reach::Nobody };
    let same_host = front_on_same_host(&fronts, container, around);
    let facts = &mut orthanc.facts;
    facts.put("reach", reach(&ways, missing.as_ref(), near));
    facts.put("dicom_reach", reach(&dicom.0, dicom.1.as_ref(), near));
    facts.put("tls_in_front", tls_in_front(&ways, &fronts, missing.as_ref()));
    facts.put("front_on_same_host", same_host);
    let labels = fronts.into_iter().map(|front| label(&front.label)).collect();
    facts.set_here("fronts", List { items: labels, incomplete: missing.clone() });
    let open = open::paths(facts, &ways, &dicom, missing.as_ref());
    let metrics = open::metrics_public(facts, &ways, missing.as_ref());
    facts.put("metrics_public", metrics);
    facts.set_here("open_paths", open);
}

fn label(text: &str) -> Fact {
    let mut record = Record::new();
    record.set_here("label", text);
    record.into()
}

/// Published ports that lead to the REST API. On the host's own network Orthanc can answer 127.0.0.1 alone, where only what
/// runs on that host passes requests on.
fn http(orthanc: &Document, container: &Document, around: &Around<'_>) -> (Vec<Way>, Option<Unknown>) {
    let on_host = |c: &Document| c.facts.text("network_mode") == Some("host");
    if !on_host(container) || orthanc.facts.bool("remote_access_allowed") != Some(false) {
        return direct(container, port(&orthanc.facts, "http_port"));
    }
    let mut others = around.containers.iter().copied().filter(|c| c.name != container.name && on_host(c));
    (Vec::new(), others.find(|c| !around.is_read(c)).map(unseen))
}

/// A port that Orthanc listens on, or why it is not known.
fn port(facts: &Record, path: &str) -> Result<i64, Unknown> {
    match &facts.get(path).state {
        State::Known(Value::Int(port)) => Ok(*port),
        State::Unknown(why) => Err(why.clone()),
        _ => Err(Unknown::new(Reason::UnknownFact, "the port that Orthanc listens on is not known")),
    }
}

/// Published ports that lead to this one; any of them may when it is not known.
fn direct(container: &Document, port: Result<i64, Unknown>) -> (Vec<Way>, Option<Unknown>) {
    let mode = container.facts.text("network_mode").unwrap_or("");
    if mode == "host" {
        let shown = port.as_ref().map_or_else(|_| "?".to_owned(), i64::to_string);
        return (vec![way(Reach::AnyHost, format!("the host's own port {shown}"))], port.err());
    }
    let (port, unknown) = (port.as_ref().ok().copied(), port.err());
    let Some(list) = container.facts.list("ports") else {
        let why = match &container.facts.get("ports").state {
            State::Unknown(why) => why.clone(),
            _ => Unknown::from(Reason::UnknownFact),
        };
        return (Vec::new(), Some(why));
    };
    let is_it = |n: i64| port.is_none_or(|port| port == n);
    let leads_here = |p: &&Record| p.int("container_port").is_none_or(is_it) && p.text("protocol") != Some("udp");
    let ways = list.records().filter(leads_here).filter(|p| p.bool("loopback") != Some(true)).map(|p| {
        let reach = if p.bool("all_interfaces") == Some(false) { Reach::SomeHosts } else { Reach::AnyHost };
        way(reach, p.text("label").unwrap_or("a published port").to_owned())
    });
    // A port of which nobody knows whose it is closes nothing and opens nothing.
    let ways = if port.is_some() { ways.collect() } else { Vec::new() };
    (ways, list.incomplete.clone().or(unknown))
}

/// A proxy in the same network stack makes remote clients look local; one that nobody read may do so.
fn front_on_same_host(fronts: &[Front], container: &Document, around: &Around<'_>) -> Fact {
    if fronts.iter().any(|front| front.same_host) {
        return Fact::known(true);
    }
    let unread = |c: &&&Document| c.name != container.name && shares_network(c, container) && !around.is_read(c);
    match around.containers.iter().find(unread) {
        Some(beside) => Fact::unknown(unseen(beside)),
        None => Fact::known(false),
    }
}

fn way(reach: Reach, via: String) -> Way {
    Way { reach, via, tls: Ok(false), asks: Ok(false), injects: Ok(false), location: None }
}

struct Front {
    label: String,
    same_host: bool,
    tls: Sure,
}

/// Proxies that pass requests here; those whose configuration nobody saw leave the ways incomplete.
fn fronts(
    orthanc: &Document,
    container: &Document,
    around: &Around<'_>,
    ways: &mut Vec<Way>,
    missing: &mut Option<Unknown>,
) -> Vec<Front> {
    let mut fronts = Vec::new();
    let mut reached_by = Vec::new();
    for proxy in &around.proxies {
        let Some(front) = around.container_of(proxy) else { continue };
        let outside = outside(front);
        let Some(passes) = proxy.facts.list("passes") else {
            missing.get_or_insert_with(|| unseen(front));
            continue;
        };
        for pass in passes.records() {
            let same_host = match leads_to(pass, orthanc, container, front, around) {
                Leads::Here { same_host } => same_host,
                Leads::Elsewhere => continue,
                Leads::Unknown(why) => {
                    missing.get_or_insert(why);
                    continue;
                }
            };
            reached_by.push(front);
            let tls = sure(pass, "server_tls");
            let secured = if tls == Ok(true) { " (TLS)" } else { "" };
            let line = pass.text("label").unwrap_or("a proxy");
            fronts.push(Front { label: format!("{line}{secured}"), same_host, tls: tls.clone() });
            if let Some(reach) = outside {
                ways.push(Way {
                    reach,
                    via: format!("{} ({line})", front.name),
                    tls,
                    asks: sure(pass, "authenticates"),
                    injects: sure(pass, "injects_credentials"),
                    location: pass.text("backend_path").or(pass.text("location")).map(str::to_owned),
                });
            }
        }
        if let Some(why) = &passes.incomplete {
            missing.get_or_insert_with(|| why.clone());
        }
    }
    // What stands beside it and is reached from outside may pass requests on, whatever its configuration says.
    let is_known = |c: &Document| c.facts.text("image.reference").is_some_and(|reference| images().find(reference).is_some());
    let may_pass = |c: &&Document| match c.facts.text("role") {
        Some("proxy") => true,
        Some("viewer" | "other") => outside(c).is_some(),
        Some("pacs") => outside(c).is_some() && !is_known(c),
        _ => false,
    };
    let hidden = around.neighbours(container).filter(may_pass).find(|c| !around.is_read(c));
    if let Some(hidden) = hidden {
        missing.get_or_insert_with(|| unseen(hidden));
    }
    if let Some(chained) = chained(&reached_by, around) {
        missing.get_or_insert(chained);
    }
    fronts
}

/// A proxy that is reached through another proxy: what that one asks for is not followed.
fn chained(fronts: &[&Document], around: &Around<'_>) -> Option<Unknown> {
    let passes_to = |proxy: &Document, front: &Document| {
        let passes = proxy.facts.list("passes").into_iter().flat_map(List::records);
        passes.into_iter().filter_map(|pass| pass.text("host")).any(|host| is_named(front, host))
    };
    let behind = |front: &&&Document| {
        let outer = |p: &&&Document| around.container_of(p).is_some_and(|o| !std::ptr::eq(o, **front)) && passes_to(p, front);
        let unread = around.neighbours(front).any(|c| c.facts.text("role") == Some("proxy") && !around.is_read(c));
        around.proxies.iter().any(|p| outer(&p)) || unread
    };
    let front = fronts.iter().find(behind)?;
    Some(Unknown::new(Reason::Unsupported, format!("{} is reached through another proxy, which was not followed", front.name)))
}

fn unseen(proxy: &Document) -> Unknown {
    Unknown::new(Reason::Unsupported, format!("what {} passes on was not seen", proxy.name))
}

fn sure(record: &Record, path: &str) -> Sure {
    match &record.get(path).state {
        State::Known(Value::Bool(b)) => Ok(*b),
        State::Unknown(why) => Err(why.clone()),
        _ => Err(Unknown::from(Reason::UnknownFact)),
    }
}

/// Who reaches a proxy; `None` when nobody from outside does.
fn outside(front: &Document) -> Option<Reach> {
    if front.facts.text("network_mode") == Some("host") {
        return Some(Reach::AnyHost);
    }
    let Some(ports) = front.facts.list("ports") else { return Some(Reach::AnyHost) };
    let open = ports.records().filter(|p| p.bool("loopback") != Some(true));
    let reach = open.map(|p| if p.bool("all_interfaces") == Some(false) { Reach::SomeHosts } else { Reach::AnyHost }).max();
    reach.or(ports.incomplete.is_some().then_some(Reach::AnyHost))
}

/// Where a `proxy_pass` leads.
enum Leads {
    Elsewhere,
    Here { same_host: bool },
    Unknown(Unknown),
}

fn leads_to(pass: &Record, orthanc: &Document, container: &Document, front: &Document, around: &Around<'_>) -> Leads {
    let Some(host) = pass.text("host") else {
        return match &pass.get("host").state {
            State::Unknown(why) => Leads::Unknown(why.clone()),
            _ => Leads::Elsewhere,
        };
    };
    let Ok(port) = port(&orthanc.facts, "http_port") else {
        return Leads::Unknown(Unknown::new(Reason::UnknownFact, "the port that Orthanc listens on is not known"));
    };
    let its_port = pass.int("port").is_none_or(|p| p == port);
    let published = is_published(container, pass.int("port"), port);
    let ip = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().ok();
    if is_named(container, host) || host.eq_ignore_ascii_case(&orthanc.name) {
        return if its_port && may_meet(front, container) { Leads::Here { same_host: false } } else { Leads::Elsewhere };
    }
    if host.eq_ignore_ascii_case("localhost") || ip.is_some_and(|ip| ip.is_loopback()) {
        let on_host = front.facts.text("network_mode") == Some("host") && published;
        return match shares_network(front, container) && its_port {
            true => Leads::Here { same_host: true },
            false if on_host => Leads::Here { same_host: false },
            false => Leads::Elsewhere,
        };
    }
    if matches!(host, "host.docker.internal" | "host.containers.internal") {
        return if published { Leads::Here { same_host: false } } else { Leads::Elsewhere };
    }
    // An alias, an address or a name of the host may be this one.
    if around.is_other(host, container) || !(its_port || published) {
        return Leads::Elsewhere;
    }
    Leads::Unknown(Unknown::new(Reason::Unsupported, format!("a proxy passes requests to {host}, which may be this one")))
}

/// Whether a name of Docker's DNS is this container's: its service, its own name, either with its network behind it.
fn is_named(container: &Document, host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let numbered = container.service.as_deref().zip(container.project.as_deref()).map(|(service, project)| {
        [format!("{project}-{service}-1"), format!("{project}_{service}_1")].map(|name| name.to_ascii_lowercase())
    });
    let own = [Some(&*container.name), container.service.as_deref(), container.facts.text("container_name")];
    let mut names = own.into_iter().flatten().map(str::to_ascii_lowercase).chain(numbered.into_iter().flatten());
    let networks = networks(container);
    names.any(|name| {
        host == name
            || host
                .strip_prefix(&name)
                .and_then(|rest| rest.strip_prefix('.'))
                .is_some_and(|net| networks.iter().any(|n| n.eq_ignore_ascii_case(net)))
    })
}

/// Whether two containers have a network in common, as far as their networks are known.
fn may_meet(a: &Document, b: &Document) -> bool {
    let (one, other) = (networks(a), networks(b));
    one.is_empty() || other.is_empty() || one.iter().any(|network| other.contains(network))
}

/// A proxy on the host's network reaches a published port.
fn is_published(container: &Document, host_port: Option<i64>, container_port: i64) -> bool {
    let ports = container.facts.list("ports").into_iter().flat_map(List::records);
    ports.into_iter().any(|p| p.int("host_port") == host_port && p.int("container_port") == Some(container_port))
}

/// Whether two containers have one network stack, so that loopback is common to them.
fn shares_network(a: &Document, b: &Document) -> bool {
    let mode = |d: &Document| d.facts.text("network_mode").unwrap_or("").to_owned();
    let joins = |one: &Document, other: &Document| {
        let mode = mode(one);
        let name = mode.split_once(':').filter(|(kind, _)| matches!(*kind, "service" | "container")).map(|(_, name)| name);
        name.is_some_and(|name| name == &*other.name || Some(name) == other.service.as_deref())
    };
    let joined = |mode: &str| mode == "host" || mode.starts_with("service:") || mode.starts_with("container:");
    (mode(a) == mode(b) && joined(&mode(a))) || joins(a, b) || joins(b, a)
}

fn reach(ways: &[Way], missing: Option<&Unknown>, near: Reach) -> Fact {
    let through_proxy = |way: &Way| if way.location.is_some() { Reach::Proxy } else { way.reach };
    let found = ways.iter().map(through_proxy).max().unwrap_or(near);
    match missing {
        Some(why) if found != Reach::AnyHost => Fact::unknown(why.clone()),
        _ => Fact::known(found.word()),
    }
}

/// Every way in from outside passes a proxy with TLS, and there is one; a proxy on loopback counts where nothing else leads in.
fn tls_in_front(ways: &[Way], fronts: &[Front], missing: Option<&Unknown>) -> Fact {
    let all: Vec<&Sure> = match ways {
        [] => fronts.iter().map(|front| &front.tls).collect(),
        ways => ways.iter().map(|way| &way.tls).collect(),
    };
    if all.contains(&&Ok(false)) {
        return Fact::known(false);
    }
    match (all.iter().find_map(|tls| (*tls).clone().err()), missing) {
        (Some(why), _) => Fact::unknown(why),
        (None, Some(why)) => Fact::unknown(why.clone()),
        (None, None) => Fact::known(!all.is_empty()),
    }
}
