//! The stack description: what it says about others, and what of it counts at the audit's clock.

mod scans;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::facts::{Assurance, Document, Fact, Kind, List, ROLES, Record, TargetRecord};

/// What stack descriptions say about other documents.
#[derive(Debug, Default)]
pub(super) struct Described {
    roles: BTreeMap<String, String>,
    services: Vec<(String, String)>,
    webdav: Vec<String>,
    mutual_tls: Vec<String>,
    /// Swarm mode is on purpose.
    pub(super) swarm: bool,
}

impl Described {
    pub(super) fn of(documents: &[Document]) -> Self {
        let mut all = Self::default();
        for facts in documents.iter().filter(|d| d.kind == Kind::Stack).map(|d| &d.facts) {
            let pairs = |path: &str, key: &str, value: &str| -> Vec<(String, String)> {
                let pair = |record: &Record| Some((record.text(key)?.to_owned(), record.text(value)?.to_owned()));
                facts.list(path).into_iter().flat_map(List::records).filter_map(pair).collect()
            };
            let names = |path: &str| facts.list(path).into_iter().flat_map(List::texts).map(str::to_owned);
            all.roles.extend(pairs("roles", "name", "role"));
            all.services.extend(pairs("services", "service", "container"));
            all.webdav.extend(names("needs.webdav"));
            all.mutual_tls.extend(names("needs.mutual_tls"));
            all.swarm |= facts.bool("needs.swarm") == Some(true);
        }
        all
    }

    /// The role of a container, by its name or its service.
    pub(super) fn role(&self, document: &Document) -> Option<&str> {
        let by_service = || self.roles.get(&**document.service.as_ref()?);
        let role = self.roles.get(&*document.name).or_else(by_service)?;
        ROLES.contains(&role.as_str()).then_some(role)
    }

    /// Whether this container is said to be that of this service.
    pub(super) fn is_container_of(&self, container: &str, service: &str) -> bool {
        self.services.iter().any(|(known, name)| known == service && name == container)
    }

    /// What an Orthanc is said to need.
    pub(super) fn needs(&self, document: &mut Document) {
        let named = |names: &[String]| names.iter().any(|name| is_named(document, name));
        let (webdav, mutual_tls) = (named(&self.webdav), named(&self.mutual_tls));
        document.facts.set_here("needs_webdav", webdav);
        document.facts.set_here("needs_client_certificates", mutual_tls);
    }
}

fn is_named(document: &Document, name: &str) -> bool {
    *document.name == *name || document.service.as_deref() == Some(name)
}

/// Writes the derived facts of every stack description, or a document that says there is none.
pub(super) fn derive(documents: &mut Vec<Document>, targets: &[TargetRecord], as_of: Timestamp) {
    if !documents.iter().any(|document| document.kind == Kind::Stack) {
        documents.push(undescribed(targets));
    }
    let today = as_of.to_zoned(jiff::tz::TimeZone::UTC).date();
    let containers: Vec<Document> = documents.iter().filter(|d| d.kind == Kind::Container).cloned().collect();
    for stack in documents.iter_mut().filter(|document| document.kind == Kind::Stack) {
        each(&mut stack.facts, "attestations", |one| attestation(one, today));
        each(&mut stack.facts, "waivers", |one| waiver(one, today));
        scans::derive(&mut stack.facts, &containers, as_of);
    }
}

fn undescribed(targets: &[TargetRecord]) -> Document {
    let target: Arc<str> = targets.first().map_or_else(|| "".into(), |target| target.given.as_str().into());
    let mut document = Document::new(Kind::Stack, "stack", target, Assurance::Declared);
    let facts = &mut document.facts;
    facts.set_here("described", false);
    facts.absent("file");
    facts.set_here("targets", i64::try_from(targets.len()).unwrap_or(i64::MAX));
    for list in ["profiles", "roots", "roles", "services", "needs.webdav", "needs.mutual_tls", "attestations", "waivers", "scans"]
    {
        facts.set_here(list, List::default());
    }
    facts.set_here("needs.swarm", false);
    document
}

fn each(facts: &mut Record, list: &str, write: impl Fn(&mut Record)) {
    let Some(list) = facts.list_mut(list) else { return };
    for item in &mut list.items {
        if let crate::facts::State::Known(crate::facts::Value::Record(record)) = &mut item.state {
            write(record);
        }
    }
}

/// An attestation counts from its date to the end of its last day (UTC), while its evidence is the very file.
fn attestation(record: &mut Record, today: Date) {
    let day = |field: &str| record.text(field).and_then(|text| text.parse::<Date>().ok());
    let evidence = record.text("evidence_state").filter(|state| *state != "intact");
    let why = match (day("date"), day("expires"), evidence) {
        (Some(date), ..) if today < date => Some(format!("counts only from {date}")),
        (_, Some(expires), _) if today > expires => Some(format!("expired on {expires}")),
        (Some(_), Some(_), Some(state)) => {
            let file = record.text("evidence_file").unwrap_or("the file");
            let state = if state == "differs" { "is not the file that was attested".into() } else { format!("is {state}") };
            Some(format!("evidence {file} {state}"))
        }
        (Some(_), Some(_), None) => None,
        _ => Some("its dates cannot be read".into()),
    };
    let text = |field: &str| record.text(field).unwrap_or("?");
    let suffix = why.as_ref().map_or_else(String::new, |why| format!(": {why}"));
    let label = format!("{} ({}){suffix}", text("control"), text("owner"));
    record.set_here("label", label);
    record.set_here("current", why.is_none());
    record.set_or_absent("why", why);
}

/// A waiver holds to the end of its last day (UTC).
fn waiver(record: &mut Record, today: Date) {
    let expires = record.text("expires").and_then(|text| text.parse::<Date>().ok());
    let text = |field: &str| record.text(field).unwrap_or("?");
    let label =
        format!("{} on {} ({}, {}, until {})", text("check"), text("subject"), text("owner"), text("ticket"), text("expires"));
    record.set_here("label", label);
    record.put("current", expires.map_or_else(|| Fact::known(false), |last| Fact::known(today <= last)));
}
