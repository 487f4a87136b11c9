//! The containers of a pod as documents of the kind `container`.

use super::object::{Object, boolean, list, text};
use super::{environment, limits, volumes};
use crate::collect::yaml::{Entry, Map, Node, Scalar};
use crate::facts::{Assurance, Document, Fact, Groups, Kind, List, Reason, Record, Unknown};
use crate::knowledge::secret_scan;

/// One container and the pod around it.
pub(super) struct Container<'o> {
    pub object: &'o Object,
    /// The pod's `spec`.
    pub pod: &'o Node,
    pub node: &'o Node,
    /// It runs to its end: an init container, or one of a job.
    pub ends: bool,
}

impl<'o> Container<'o> {
    /// A setting of the container's security context, else of the pod's.
    pub(super) fn security(&self, key: &str) -> Option<&'o Entry<Scalar>> {
        let of = |node: &'o Node| node.get("securityContext").and_then(|context| context.entry(key));
        of(self.node).or_else(|| of(self.pod)).filter(|entry| !is_null(&entry.node))
    }

    /// A truth value of its own security context, which a pod's has not.
    fn own_flag(&self, key: &str) -> Option<Result<bool, Unknown>> {
        let entry = self.node.get("securityContext")?.entry(key).filter(|entry| !is_null(&entry.node))?;
        Some(flag(entry))
    }
}

fn is_null(node: &Node) -> bool {
    node.scalar().is_some_and(|scalar| scalar.plain && matches!(&*scalar.text, "" | "null" | "~"))
}

/// A truth value as Kubernetes takes it; anything else would be refused there.
fn flag(entry: &Entry<Scalar>) -> Result<bool, Unknown> {
    match entry.node.scalar().map(|scalar| &*scalar.text) {
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        _ => Err(Unknown::new(Reason::Unsupported, format!("a value that is neither true nor false ({})", entry.at))),
    }
}

/// Kinds of Kubernetes and their `spec` of pods; every other kind is searched for one.
fn pods_of(object: &Object) -> Vec<&Node> {
    let path: &[&str] = match object.kind.as_str() {
        "Pod" => &["spec"],
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController" | "Job" => {
            &["spec", "template", "spec"]
        }
        "CronJob" => &["spec", "jobTemplate", "spec", "template", "spec"],
        // A schema, and texts.
        "CustomResourceDefinition" | "ConfigMap" | "Secret" => return Vec::new(),
        _ => {
            let mut found = Vec::new();
            search(&object.node, 0, &mut found);
            return found;
        }
    };
    object.node.at_path(path).into_iter().collect()
}

/// Deepest place at which a pod is looked for.
const MAX_DEPTH: usize = 16;

/// Everything below that lists containers with an image, as `PodTemplate`, `Rollout`, `DeploymentConfig` and others do.
fn search<'n>(node: &'n Node, depth: usize, found: &mut Vec<&'n Node>) {
    if depth > MAX_DEPTH {
        return;
    }
    let lists = |key: &str| list(node, &[key]).iter().any(|one| one.get("image").is_some());
    if lists("containers") || lists("initContainers") {
        found.push(node);
        return;
    }
    for entry in node.map().into_iter().flat_map(Map::values) {
        search(&entry.node, depth + 1, found);
    }
    node.list().unwrap_or_default().iter().for_each(|one| search(one, depth + 1, found));
}

/// The documents of an object's containers.
pub(super) fn documents(object: &Object, objects: &[&Object], given: &str, groups: &mut Groups) -> Vec<Document> {
    let job = matches!(object.kind.as_str(), "Job" | "CronJob");
    let mut out = Vec::new();
    for pod in pods_of(object) {
        let of = |key: &str| list(pod, &[key]).iter();
        let init = of("initContainers").map(|node| (node, text(node, &["restartPolicy"]) != Some("Always")));
        let debugging = of("ephemeralContainers").map(|node| (node, true));
        let all = init.chain(of("containers").map(|node| (node, job))).chain(debugging);
        out.extend(all.map(|(node, ends)| document(&Container { object, pod, node, ends }, objects, given, groups)));
    }
    out
}

/// The container that a chart's values describe; what they do not say is for the caller to forget.
pub(super) fn of_values(object: &Object, pod: &Node, node: &Node, given: &str, groups: &mut Groups) -> Document {
    document(&Container { object, pod, node, ends: false }, &[], given, groups)
}

fn document(container: &Container<'_>, objects: &[&Object], given: &str, groups: &mut Groups) -> Document {
    let name = text(container.node, &["name"]).unwrap_or("?");
    let title = format!("{}/{name}", container.object.title());
    let mut document = Document::new(Kind::Container, title, given, Assurance::Declared);
    let facts = &mut document.facts;
    image(container, facts);
    user(container, facts);
    security(container, facts);
    namespaces(container, facts);
    limits::write(container, facts);
    volumes::write(container, facts);
    ports(container, facts);
    health(container, facts);
    environment::write(container, objects, facts, groups);
    command(container, facts, groups);
    labels(container, facts, groups);
    unknown_here(container, facts);
    document
}

fn image(container: &Container<'_>, facts: &mut Record) {
    let origin = container.node.entry("image").map_or(&container.node.at, |entry| &entry.at).origin();
    let fact = match text(container.node, &["image"]) {
        Some(image) => Fact::known(image),
        None => Fact::unknown(Unknown::new(Reason::UnknownFact, "the manifest names no image")),
    };
    facts.put("image.reference", fact.at(&origin));
    facts.set("image.built", false, &origin);
    facts.set("image.seen", false, &origin);
    facts.absent("container_name");
}

/// `runAsUser` decides; `runAsNonRoot` makes the kubelet refuse root without saying who it is instead.
fn user(container: &Container<'_>, facts: &mut Record) {
    let id = container.security("runAsUser").and_then(|entry| Some((entry.node.scalar()?.text.to_string(), &entry.at)));
    let refuses = container.security("runAsNonRoot");
    let fact = match &id {
        Some((id, at)) => Fact::known(id.as_str()).at(&at.origin()),
        None => {
            let detail = "no runAsUser in the manifest, and the image was not seen";
            Fact::unknown(Unknown::new(Reason::ImageNotSeen, detail)).at(&container.node.at.origin())
        }
    };
    facts.put("user.spec", fact);
    let fact = match refuses {
        Some(entry) => flag(entry).map_or_else(Fact::unknown, Fact::known).at(&entry.at.origin()),
        None => Fact::known(false).at(&container.node.at.origin()),
    };
    facts.put("user.refuses_root", fact);
}

fn security(container: &Container<'_>, facts: &mut Record) {
    let context = container.node.entry("securityContext").or_else(|| container.pod.entry("securityContext"));
    let origin = context.map_or(&container.node.at, |entry| &entry.at).origin();
    for (path, key) in [("read_only", "readOnlyRootFilesystem"), ("privileged", "privileged")] {
        let value = container.own_flag(key).unwrap_or(Ok(false));
        facts.put(path, value.map_or_else(Fact::unknown, Fact::known).at(&origin));
    }
    let mut options = List::default();
    match container.own_flag("allowPrivilegeEscalation") {
        Some(Ok(false)) => options.items.push(Fact::known("no-new-privileges")),
        Some(Err(why)) => options.incomplete = Some(why),
        _ => {}
    }
    options.items.extend(seccomp(container).map(|option| Fact::known(option).at(&origin)));
    if app_armor(container) == Some("Unconfined") {
        options.items.push(Fact::known("apparmor=unconfined"));
    }
    facts.set("security_opt", options, &origin);
    for (path, key) in [("cap_add", "add"), ("cap_drop", "drop")] {
        let names = list(container.node, &["securityContext", "capabilities", key]).iter().map(capability);
        facts.set(path, names.collect::<Vec<_>>(), &origin);
    }
    facts.unknown("mac_profile", Unknown::new(Reason::NoTarget, "no node was asked"));
}

/// Without a profile Kubernetes runs a container without a filter, unless the node says otherwise (seccompDefault).
fn seccomp(container: &Container<'_>) -> Option<String> {
    let profile = container.security("seccompProfile").map(|entry| &entry.node);
    match profile.and_then(|profile| text(profile, &["type"])) {
        Some("RuntimeDefault") => None,
        Some("Localhost") => Some("seccomp=localhost".into()),
        _ => Some("seccomp=unconfined".into()),
    }
}

fn app_armor<'o>(container: &Container<'o>) -> Option<&'o str> {
    container.security("appArmorProfile").and_then(|entry| text(&entry.node, &["type"]))
}

fn capability(node: &Node) -> Fact {
    let name = node.scalar().map_or_else(String::new, |scalar| scalar.text.trim().to_ascii_uppercase());
    Fact::known(name.strip_prefix("CAP_").unwrap_or(&name)).at(&node.at.origin())
}

fn namespaces(container: &Container<'_>, facts: &mut Record) {
    let host = |key: &str| match container.pod.entry(key) {
        Some(entry) => (flag(entry), entry.at.origin()),
        None => (Ok(false), container.pod.at.origin()),
    };
    // On the host's network a pod also has the host's name (UTS).
    for (path, key, otherwise) in [
        ("network_mode", "hostNetwork", "pod"),
        ("uts_mode", "hostNetwork", ""),
        ("pid_mode", "hostPID", ""),
        ("ipc_mode", "hostIPC", ""),
    ] {
        let (value, origin) = host(key);
        let value = value.map(|host| if host { "host" } else { otherwise });
        facts.put(path, value.map_or_else(Fact::unknown, Fact::known).at(&origin));
    }
    let asked = boolean(container.pod, &["hostUsers"]) == Some(true);
    facts.set("userns_mode", if asked { "host" } else { "" }, &container.pod.at.origin());
}

/// Ports of the node (`hostPort`) are published; all others only exist inside.
fn ports(container: &Container<'_>, facts: &mut Record) {
    let entry = container.node.entry("ports");
    let origin = entry.map_or(&container.node.at, |entry| &entry.at).origin();
    let (mut published, mut exposed) = (List::default(), List::default());
    for node in list(container.node, &["ports"]) {
        let number = |key: &str| text(node, &[key]).and_then(|text| text.parse::<u16>().ok());
        let Some(port) = number("containerPort") else {
            let why = Unknown::new(Reason::Unsupported, format!("a port that cannot be read ({})", node.at));
            published.incomplete = Some(why);
            continue;
        };
        exposed.items.push(Fact::known(i64::from(port)).at(&node.at.origin()));
        if node.get("hostPort").is_some() {
            let mut record = Record::new();
            record.set_here("address", text(node, &["hostIP"]).unwrap_or(""));
            record.set_or_absent("host_port", number("hostPort").map(i64::from));
            record.set_here("container_port", i64::from(port));
            record.set_here("protocol", text(node, &["protocol"]).unwrap_or("tcp").to_ascii_lowercase());
            published.items.push(Fact::known(record).at(&node.at.origin()));
        }
    }
    facts.set("ports", published, &origin);
    exposed.incomplete = Some(Unknown::new(Reason::ImageNotSeen, "the image was not seen: it may expose more ports"));
    facts.set("exposed", exposed, &origin);
}

/// Kubernetes takes no notice of an image's HEALTHCHECK; its own probes are the health check.
fn health(container: &Container<'_>, facts: &mut Record) {
    let probes = ["livenessProbe", "readinessProbe", "startupProbe"];
    let probe = probes.iter().find_map(|key| container.node.entry(key).filter(|entry| entry.node.map().is_some()));
    let origin = probe.map_or(&container.node.at, |entry| &entry.at).origin();
    if container.ends && probe.is_none() {
        let why = Unknown::new(Reason::Unsupported, "a container that runs to its end has no probe");
        for path in ["health.defined", "health.test"] {
            facts.put(path, Fact::unknown(why.clone()).at(&origin));
        }
        return;
    }
    facts.set("health.defined", probe.is_some(), &origin);
    let words: Vec<&str> = match probe.map(|entry| &entry.node) {
        None => vec!["NONE"],
        Some(probe) => {
            let exec = list(probe, &["exec", "command"]).iter().filter_map(|node| Some(&*node.scalar()?.text));
            let kind = ["httpGet", "tcpSocket", "grpc"].into_iter().find(|key| probe.get(key).is_some());
            let header = probe.at_path(&["httpGet", "httpHeaders"]).map(|_| "--header");
            kind.into_iter().chain(header).chain(std::iter::once("CMD").filter(|_| kind.is_none())).chain(exec).collect()
        }
    };
    let (first, rest) = words.split_first().map_or(("NONE", &[][..]), |(first, rest)| (*first, rest));
    let mut shown = secret_scan().scan_words(rest, &mut Groups::default()).to_facts();
    shown.insert(0, Fact::known(first));
    facts.set("health.test", shown, &origin);
    if probe.is_some_and(|entry| entry.node.get("exec").is_none()) {
        facts.set("health.tool_found", true, &origin);
    } else {
        facts.unknown("health.tool_found", Unknown::new(Reason::ImageNotSeen, "the image was not seen"));
    }
}

fn command(container: &Container<'_>, facts: &mut Record, groups: &mut Groups) {
    let own = container.node.entry("command");
    let origin = own.or_else(|| container.node.entry("args")).map_or(&container.node.at, |entry| &entry.at).origin();
    let words = |path: &[&str]| -> Vec<&str> {
        list(container.node, path).iter().filter_map(|node| Some(&*node.scalar()?.text)).collect()
    };
    let line: Vec<&str> = words(&["command"]).into_iter().chain(words(&["args"])).collect();
    let scanned = secret_scan().scan_words(&line, groups);
    let unseen = || {
        let why = Unknown::new(Reason::ImageNotSeen, "the command of the image was not seen");
        own.is_none().then_some(why)
    };
    facts.set("command", List { items: scanned.to_facts(), incomplete: unseen() }, &origin);
    let mut secrets: Vec<Fact> = scanned.secrets.iter().map(|secret| secret.to_fact("command").at(&origin)).collect();
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let line = words(&[probe, "exec", "command"]);
        secrets.extend(secret_scan().scan_words(&line, groups).secrets.iter().map(|s| s.to_fact(probe).at(&origin)));
    }
    facts.set("command_secrets", List { items: secrets, incomplete: unseen() }, &origin);
}

/// Labels and annotations of the pod.
fn labels(container: &Container<'_>, facts: &mut Record, groups: &mut Groups) {
    let metadata: &[&str] = match container.object.kind.as_str() {
        "Pod" => &["metadata"],
        "CronJob" => &["spec", "jobTemplate", "spec", "template", "metadata"],
        _ => &["spec", "template", "metadata"],
    };
    let metadata = container.object.node.at_path(metadata);
    let mut items = Vec::new();
    for entries in ["labels", "annotations"].iter().filter_map(|key| metadata?.get(key)?.map()) {
        for (name, entry) in entries {
            let Some(value) = entry.node.scalar() else { continue };
            let scanned = secret_scan().scan(name, &value.text, groups);
            let role = (&**name == "pacscan.role").then(|| value.text.to_string());
            let mut record = Record::new();
            record.set_here("name", &**name);
            record.set_here("class", scanned.class.word());
            record.set_or_absent("shown", role.filter(|role| role.len() <= 20).or(scanned.shown));
            record.set_here("published", scanned.published);
            record.set_here("why", scanned.why);
            items.push(Fact::known(record).at(&entry.at.origin()));
        }
    }
    facts.set("labels", List::complete(items), &container.node.at.origin());
}

/// What only a cluster can tell, and what Kubernetes has no notion of.
fn unknown_here(container: &Container<'_>, facts: &mut Record) {
    let origin = container.node.at.origin();
    let no_cluster = || Unknown::new(Reason::NoTarget, "a manifest says what should run; no cluster was asked");
    for path in ["state", "running", "image.id", "passwd", "health.status", "processes", "log_credentials"] {
        facts.put(path, Fact::unknown(no_cluster()).at(&origin));
    }
    for path in ["os.id", "os.version"] {
        facts.put(path, Fact::unknown(Unknown::new(Reason::ImageNotSeen, "the image was not seen")).at(&origin));
    }
    let nodes = "Kubernetes sets it for a whole node, not in a manifest";
    for path in ["pids_limit", "log.driver", "log.max_size", "ulimits", "cgroup_parent"] {
        facts.put(path, Fact::unknown(Unknown::new(Reason::Unsupported, nodes)).at(&origin));
    }
    let networks = "pods share one network; which of them may talk is up to NetworkPolicies, which are not worked out";
    facts.put("networks", Fact::unknown(Unknown::new(Reason::Unsupported, networks)).at(&origin));
    facts.set("env_files", List::default(), &origin);
    facts.set("profiles", List::default(), &origin);
    let restart = match text(container.pod, &["restartPolicy"]) {
        _ if container.ends => {
            let why = "it runs to its end; its controller starts it again";
            Fact::unknown(Unknown::new(Reason::Unsupported, why))
        }
        None | Some("Always") => Fact::known("always"),
        Some("OnFailure") => Fact::known("on-failure"),
        Some(_) => Fact::known("no"),
    };
    facts.put("restart", restart.at(&origin));
}
