//! What an object lets the outside reach, and whether that is cleartext.

use super::object::{Object, boolean, list, text};
use crate::collect::yaml::{Map, Node};
use crate::facts::{Fact, List, Reason, Record, Unknown};
use crate::knowledge::{Annotation, annotation};

/// Ports that speak TLS by convention.
const TLS: [&str; 9] = ["443", "8443", "9443", "6443", "636", "2762", "5671", "8883", "12575"];
/// Ports that speak cleartext by convention: DICOM, HL7, web, databases, caches, queues.
const CLEARTEXT: [&str; 29] = [
    "80", "81", "104", "389", "1883", "2575", "3000", "3306", "4242", "5000", "5432", "5601", "5672", "6379", "8000", "8001",
    "8008", "8042", "8080", "8081", "8888", "9000", "9001", "9090", "9200", "11112", "11211", "15672", "27017",
];

/// Writes `annotations`, `exposes` and `exposed_ports`.
pub(super) fn write(object: &Object, facts: &mut Record) {
    let origin = object.node.at.origin();
    let (exposes, ports) = match object.kind.as_str() {
        "Service" => service(object),
        "Ingress" => (true, ingress(&object.node, object.node.get("spec"))),
        "Gateway" => (true, gateway(object)),
        "Route" => (true, vec![route(object)]),
        _ => (false, Vec::new()),
    };
    facts.set("exposes", exposes, &origin);
    facts.set("exposed_ports", ports, &origin);
    let named = object.node.at_path(&["metadata", "annotations"]);
    facts.set("annotations", if object.kind == "Ingress" { annotations(named) } else { List::default() }, &origin);
}

/// The annotations that a controller reads.
pub(super) fn annotations(node: Option<&Node>) -> List {
    let entries = node.and_then(Node::map).into_iter().flat_map(Map::iter);
    let items = entries.filter_map(|(name, entry)| {
        let (accepted, why) = match annotation(name) {
            Annotation::NoControllers => return None,
            Annotation::Accepted => (Ok(true), String::new()),
            Annotation::Refused => (Ok(false), ": snippets are refused unless the administrator allows them".to_owned()),
            Annotation::Removed => (Ok(false), ": no supported version reads it".to_owned()),
            Annotation::Unheard(Some(like)) => (Ok(false), format!(": the controller does not know it; {like} may be meant")),
            Annotation::Unheard(None) => (Ok(false), ": the controller does not know it".to_owned()),
            Annotation::Unlisted => {
                let detail = format!("the annotations of the controller behind {name} are not listed");
                (Err(Unknown::new(Reason::Unsupported, detail)), String::new())
            }
        };
        let mut record = Record::new();
        record.set_here("name", &**name);
        record.put("accepted", accepted.map_or_else(Fact::unknown, Fact::known));
        record.set_here("label", format!("{name}{why}"));
        Some(Fact::known(record).at(&entry.at.origin()))
    });
    List::complete(items.collect())
}

fn port(label: &str, cleartext: Result<bool, Unknown>, node: &Node) -> Fact {
    let mut record = Record::new();
    record.set_here("label", label);
    record.put("cleartext", cleartext.map_or_else(Fact::unknown, Fact::known));
    Fact::known(record).at(&node.at.origin())
}

/// A service that is reached from outside the cluster, and its ports.
fn service(object: &Object) -> (bool, Vec<Fact>) {
    let kind = object.text(&["spec", "type"]).unwrap_or("ClusterIP");
    let outside = matches!(kind, "LoadBalancer" | "NodePort") || !list(&object.node, &["spec", "externalIPs"]).is_empty();
    if !outside {
        return (false, Vec::new());
    }
    let terminated = terminated(object);
    let ports = list(&object.node, &["spec", "ports"]).iter().map(|node| {
        let number = port_name(node, "port").unwrap_or("?");
        let target = port_name(node, "targetPort").unwrap_or(number);
        let label = format!("{number} -> {target} ({kind})");
        let by_balancer = terminated.as_deref().is_some_and(|ports| ports.is_empty() || ports.contains(&number));
        port(&label, if by_balancer { Ok(false) } else { cleartext(node, number, target) }, node)
    });
    (true, ports.collect())
}

/// A port's number or name, of which Kubernetes allows 15 characters.
fn port_name<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    text(node, &[key])
        .filter(|name| name.len() <= 15 && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'))
}

/// Ports at which the cloud's balancer takes TLS; an empty list means all.
fn terminated(object: &Object) -> Option<Vec<&str>> {
    let annotations = object.node.at_path(&["metadata", "annotations"])?;
    let aws = "service.beta.kubernetes.io/aws-load-balancer-ssl-";
    text(annotations, &[&format!("{aws}cert")])?;
    let ports = text(annotations, &[&format!("{aws}ports")]).unwrap_or("");
    Some(ports.split(',').map(str::trim).filter(|port| !port.is_empty() && *port != "*").collect())
}

/// By the protocol that the manifest names, else by what usually speaks on these ports.
fn cleartext(node: &Node, number: &str, target: &str) -> Result<bool, Unknown> {
    let protocol = text(node, &["appProtocol"]).unwrap_or("").to_ascii_lowercase();
    match protocol.as_str() {
        "https" | "tls" | "kubernetes.io/wss" | "wss" | "grpcs" => return Ok(false),
        "http" | "kubernetes.io/h2c" | "kubernetes.io/ws" | "ws" | "mysql" | "redis" | "mongo" => {
            return Ok(true);
        }
        _ => {}
    }
    let name = text(node, &["name"]).unwrap_or("").to_ascii_lowercase();
    let encrypted = |word: &str| word.contains("https") || word.contains("tls") || word.contains("ssl");
    let (open, target_name) = (CLEARTEXT.contains(&target), target.to_ascii_lowercase());
    // `443 -> 8000`: what listens behind it decides, and nobody has said that it speaks TLS.
    let clear = open || matches!(target_name.as_str(), "http" | "web" | "dicom" | "hl7" | "metrics");
    match (TLS.contains(&target) || encrypted(&target_name), clear) {
        (true, _) => Ok(false),
        (_, true) if !encrypted(&name) && !TLS.contains(&number) => Ok(true),
        _ if CLEARTEXT.contains(&number) || matches!(name.as_str(), "http" | "dicom" | "hl7") => Ok(true),
        _ => {
            let detail = format!("whether port {number} ({target} in the pod) speaks TLS cannot be seen in the manifest");
            Err(Unknown::new(Reason::Unproven, detail))
        }
    }
}

/// The hosts of an ingress that no certificate covers, or which answer over http as well.
pub(super) fn ingress(node: &Node, spec: Option<&Node>) -> Vec<Fact> {
    let Some(spec) = spec else { return Vec::new() };
    let annotations = node.at_path(&["metadata", "annotations"]).or_else(|| node.get("annotations"));
    let says = |name: &str| annotations.and_then(|annotations| text(annotations, &[name]));
    let by_balancer = [
        "alb.ingress.kubernetes.io/certificate-arn",
        "networking.gke.io/managed-certificates",
        "ingress.gcp.kubernetes.io/pre-shared-cert",
    ]
    .iter()
    .any(|name| says(name).is_some());
    let redirects = says("nginx.ingress.kubernetes.io/ssl-redirect") != Some("false")
        || says("nginx.ingress.kubernetes.io/force-ssl-redirect") == Some("true");
    let covered: Vec<&str> = list(spec, &["tls"])
        .iter()
        .flat_map(|tls| list(tls, &["hosts"]))
        .filter_map(|host| Some(&*host.scalar()?.text))
        .collect();
    let tls = !list(spec, &["tls"]).is_empty();
    // Some charts take a mere `tls: true`.
    let every_host = tls && covered.is_empty() || boolean(spec, &["tls"]) == Some(true);
    let rules: Vec<&Node> = list(spec, &["rules"]).iter().chain(list(spec, &["hosts"])).collect();
    let rules = if rules.is_empty() { vec![spec] } else { rules };
    let host_of = |rule: &Node| text(rule, &["host"]).unwrap_or("every host").to_owned();
    rules
        .into_iter()
        .map(|rule| {
            let host = host_of(rule);
            let certificate = by_balancer || every_host || covers(&covered, &host);
            let label = match (certificate, redirects) {
                (false, _) => format!("{host}: no certificate (tls)"),
                (true, false) => format!("{host}: http is not redirected to https"),
                (true, true) => format!("{host}: https"),
            };
            port(&label, Ok(!certificate || !redirects), rule)
        })
        .collect()
}

/// Whether a certificate's hosts have this one; `*.x.org` has one more label in front.
fn covers(covered: &[&str], host: &str) -> bool {
    let wild = host.split_once('.').map(|(_, rest)| format!("*.{rest}"));
    covered.iter().any(|name| *name == host || wild.as_deref() == Some(*name))
}

fn gateway(object: &Object) -> Vec<Fact> {
    let listeners = list(&object.node, &["spec", "listeners"]).iter();
    let listeners = listeners.map(|node| {
        let protocol = text(node, &["protocol"]).unwrap_or("?");
        let clear = match protocol {
            "HTTPS" | "TLS" => Ok(false),
            "HTTP" | "TCP" | "UDP" => Ok(true),
            _ => Err(Unknown::new(Reason::Unsupported, format!("a protocol of its own ({})", node.at))),
        };
        port(&format!("{} {protocol}", text(node, &["port"]).unwrap_or("?")), clear, node)
    });
    listeners.collect()
}

/// A route of `OpenShift`.
fn route(object: &Object) -> Fact {
    let spec = object.node.get("spec").unwrap_or(&object.node);
    let host = text(spec, &["host"]).unwrap_or("a host of the cluster");
    let open = text(spec, &["tls", "insecureEdgeTerminationPolicy"]) == Some("Allow");
    let tls = spec.get("tls").is_some();
    port(&format!("{host}: {}", if tls { "tls" } else { "no tls" }), Ok(!tls || open), spec)
}

/// The service and the ingress of a chart's values, by the names that `helm create` gives them.
pub(super) fn of_values(node: &Node, facts: &mut Record) {
    let mut ports = Vec::new();
    let mut exposes = false;
    if let Some(service) =
        node.get("service").filter(|service| matches!(text(service, &["type"]), Some("LoadBalancer" | "NodePort")))
    {
        exposes = true;
        let number = port_name(service, "port").unwrap_or("?");
        let target = port_name(service, "targetPort").unwrap_or(number);
        ports.push(port(&format!("service {number} -> {target}"), cleartext(service, number, target), service));
    }
    let ingress_values = node.get("ingress").filter(|ingress| boolean(ingress, &["enabled"]) == Some(true));
    if let Some(values) = ingress_values {
        exposes = true;
        ports.extend(ingress(values, Some(values)));
    }
    let origin = node.at.origin();
    facts.set("exposes", exposes, &origin);
    facts.set("exposed_ports", ports, &origin);
    let named = ingress_values.and_then(|values| values.get("annotations"));
    facts.set("annotations", annotations(named), &origin);
}
