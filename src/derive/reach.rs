//! Exposure of an Orthanc: published address x network x proxy x authentication x TLS.
//!
//! Every way in is followed from outside inwards. What cannot be followed makes the answer unknown, never "closed".

use crate::facts::{Document, Exposure, Fact, Kind, List, OpenPath, Reason, Record, State, Unknown, Value};

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
    let (mut ways, mut missing) = direct(container, orthanc.facts.int("http_port").unwrap_or(8042));
    let fronts = fronts(orthanc, container, around, &mut ways, &mut missing);
    let dicom = direct(container, orthanc.facts.int("dicom_port").unwrap_or(4242));
    let near = if around.neighbours(container).next().is_some() { Reach::Neighbours } else { Reach::Nobody };
    let facts = &mut orthanc.facts;
    facts.put("reach", reach(&ways, missing.as_ref(), near));
    facts.put("dicom_reach", reach(&dicom.0, dicom.1.as_ref(), near));
    facts.put("tls_in_front", tls_in_front(&ways, &fronts, missing.as_ref()));
    facts.set_here("front_on_same_host", fronts.iter().any(|front| front.same_host));
    let labels = fronts.into_iter().map(|front| label(&front.label)).collect();
    facts.set_here("fronts", List { items: labels, incomplete: missing.clone() });
    let open = open_paths(facts, &ways, &dicom, missing.as_ref());
    let metrics = metrics_public(facts, &ways, missing.as_ref());
    facts.put("metrics_public", metrics);
    facts.set_here("open_paths", open);
}

fn label(text: &str) -> Fact {
    let mut record = Record::new();
    record.set_here("label", text);
    record.into()
}

/// Published ports that lead to this one.
fn direct(container: &Document, port: i64) -> (Vec<Way>, Option<Unknown>) {
    let mode = container.facts.text("network_mode").unwrap_or("");
    if mode == "host" {
        return (vec![way(Reach::AnyHost, format!("the host's own port {port}"))], None);
    }
    let Some(list) = container.facts.list("ports") else {
        let why = match &container.facts.get("ports").state {
            State::Unknown(why) => why.clone(),
            _ => Unknown::from(Reason::UnknownFact),
        };
        return (Vec::new(), Some(why));
    };
    let leads_here = |p: &&Record| p.int("container_port").is_none_or(|n| n == port) && p.text("protocol") != Some("udp");
    let ways = list.records().filter(leads_here).filter(|p| p.bool("loopback") != Some(true)).map(|p| {
        let reach = if p.bool("all_interfaces") == Some(false) { Reach::SomeHosts } else { Reach::AnyHost };
        way(reach, p.text("label").unwrap_or("a published port").to_owned())
    });
    (ways.collect(), list.incomplete.clone())
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
    for proxy in &around.proxies {
        let Some(front) = around.container_of(proxy) else { continue };
        let outside = outside(front);
        let Some(passes) = proxy.facts.list("passes") else {
            missing.get_or_insert_with(|| unseen(front));
            continue;
        };
        for pass in passes.records() {
            let same_host = match leads_to(pass, orthanc, container, front) {
                Leads::Here { same_host } => same_host,
                Leads::Elsewhere => continue,
                Leads::Unknown(why) => {
                    missing.get_or_insert(why);
                    continue;
                }
            };
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
    let is_seen = |c: &Document| around.proxies.iter().any(|p| around.container_of(p).is_some_and(|f| std::ptr::eq(f, c)));
    let hidden = around.neighbours(container).filter(|c| c.facts.text("role") == Some("proxy")).find(|c| !is_seen(c));
    if let Some(hidden) = hidden {
        missing.get_or_insert_with(|| unseen(hidden));
    }
    fronts
}

fn unseen(proxy: &Document) -> Unknown {
    Unknown::new(Reason::Unsupported, format!("what the proxy {} passes on was not seen", proxy.name))
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

fn leads_to(pass: &Record, orthanc: &Document, container: &Document, front: &Document) -> Leads {
    let Some(host) = pass.text("host") else {
        return match &pass.get("host").state {
            State::Unknown(why) => Leads::Unknown(why.clone()),
            _ => Leads::Elsewhere,
        };
    };
    let port = orthanc.facts.int("http_port").unwrap_or(8042);
    let its_port = pass.int("port").is_none_or(|p| p == port);
    let published = is_published(container, pass.int("port"), port);
    let names =
        [Some(&*orthanc.name), orthanc.service.as_deref(), container.facts.text("container_name"), Some(&*container.name)];
    if names.contains(&Some(host)) {
        return if its_port { Leads::Here { same_host: false } } else { Leads::Elsewhere };
    }
    match host {
        "localhost" | "127.0.0.1" | "::1" | "[::1]" if shares_network(front, container) && its_port => {
            Leads::Here { same_host: true }
        }
        "localhost" | "127.0.0.1" | "::1" | "[::1]" if front.facts.text("network_mode") == Some("host") && published => {
            Leads::Here { same_host: false }
        }
        "host.docker.internal" | "host.containers.internal" if published => Leads::Here { same_host: false },
        host if host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| !ip.is_loopback())
            && (its_port || published) =>
        {
            Leads::Unknown(Unknown::new(
                Reason::Unsupported,
                format!("a proxy passes requests to the address {host}, which may be this one"),
            ))
        }
        _ => Leads::Elsewhere,
    }
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
    (mode(a) == "host" && mode(b) == "host") || joins(a, b) || joins(b, a)
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

/// Whether Orthanc itself asks for a credential.
fn asks_itself(facts: &Record) -> Sure {
    match (sure(facts, "authentication_enabled"), sure(facts, "authorization.loaded")) {
        (Ok(true), _) | (_, Ok(true)) => Ok(true),
        (Ok(false), Ok(false)) => Ok(false),
        (Err(why), _) | (_, Err(why)) => Err(why),
    }
}

/// Whether this way lets anybody in without a credential.
fn is_open(way: &Way, itself: &Sure) -> Sure {
    match (&way.asks, itself, &way.injects) {
        (Ok(false), Ok(false), _) | (Ok(false), _, Ok(true)) => Ok(true),
        (Ok(true), _, _) | (Ok(false), Ok(true), Ok(false)) => Ok(false),
        (Err(why), _, _) | (_, Err(why), _) | (_, _, Err(why)) => Err(why.clone()),
    }
}

fn open_paths(facts: &Record, http: &[Way], dicom: &(Vec<Way>, Option<Unknown>), missing: Option<&Unknown>) -> List {
    let mut list = List::default();
    let itself = asks_itself(facts);
    let reason = if itself == Ok(true) { "the proxy logs everybody in" } else { "authentication off" };
    for way in http.iter().filter(|_| facts.bool("http_server_enabled") != Some(false)) {
        match is_open(way, &itself) {
            Ok(true) => {
                list.items.push(label(&format!("{} -> {} -> Orthanc REST API, {reason}", way.reach.people(), way.via)));
            }
            Ok(false) => {}
            Err(why) => list.incomplete = Some(why),
        }
    }
    if facts.bool("dicom_server_enabled") != Some(false) {
        let queries = [
            ("dicom_always_allow_find", "C-FIND"),
            ("dicom_always_allow_find_worklist", "worklist C-FIND"),
            ("dicom_always_allow_get", "C-GET"),
            ("dicom_always_allow_move", "C-MOVE"),
        ];
        let open: Vec<&str> =
            queries.iter().filter(|(key, _)| facts.bool(key) == Some(true)).map(|(_, service)| *service).collect();
        for way in dicom.0.iter().filter(|_| !open.is_empty()) {
            let services = open.join(", ");
            list.items.push(label(&format!("{} -> {} -> Orthanc DICOM, any AE title: {services}", way.reach.people(), way.via)));
        }
        if let Some(why) = queries.iter().find_map(|(key, _)| sure(facts, key).err()).or_else(|| dicom.1.clone()) {
            list.incomplete.get_or_insert(why);
        }
    }
    if let Some(why) = missing {
        list.incomplete.get_or_insert_with(|| why.clone());
    }
    list
}

/// Whether somebody from outside reads `/tools/metrics-prometheus` without a credential.
fn metrics_public(facts: &Record, ways: &[Way], missing: Option<&Unknown>) -> Fact {
    let itself = asks_itself(facts);
    let leads = |way: &&Way| way.location.as_deref().is_none_or(|location| "/tools/metrics-prometheus".starts_with(location));
    let open: Vec<Sure> = ways.iter().filter(leads).map(|way| is_open(way, &itself)).collect();
    if open.contains(&Ok(true)) {
        return Fact::known(true);
    }
    match open.into_iter().find_map(Sure::err).or_else(|| missing.cloned()) {
        Some(why) => Fact::unknown(why),
        None => Fact::known(false),
    }
}
