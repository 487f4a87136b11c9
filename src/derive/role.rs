//! What a container is in the stack, and the evidence for it.

use super::stack::Described;
use crate::facts::{Document, ROLES, Record};
use crate::knowledge::{images, names, ports};

struct Role {
    role: String,
    why: String,
    ldap: bool,
}

/// Writes `role`, `role_why` and `datastore`: by the stack description, else by label, image, names and variables, port.
pub(super) fn derive(document: &mut Document, described: &Described) {
    let found = by_description(document, described)
        .or_else(|| by_label(&document.facts))
        .or_else(|| by_image(&document.facts))
        .or_else(|| by_names(document))
        .or_else(|| by_port(&document.facts))
        .unwrap_or_else(|| Role {
            role: "other".into(),
            why: "neither label, image, name, variables nor ports tell".into(),
            ldap: false,
        });
    let datastore = found.ldap || matches!(found.role.as_str(), "database" | "cache" | "queue" | "object-store");
    document.facts.set_here("role", found.role);
    document.facts.set_here("role_why", found.why);
    document.facts.set_here("datastore", datastore);
}

fn by_description(document: &Document, described: &Described) -> Option<Role> {
    let role = described.role(document)?;
    let ldap = by_image(&document.facts).is_some_and(|image| image.ldap);
    Some(Role { role: role.into(), why: "the stack description".into(), ldap })
}

fn by_label(facts: &Record) -> Option<Role> {
    let label = facts.list("labels")?.records().find(|label| label.text("name") == Some("pacscan.role"))?;
    let role = label.text("shown")?;
    let ldap = by_image(facts).is_some_and(|image| image.ldap);
    ROLES.contains(&role).then(|| Role { role: role.into(), why: "label pacscan.role".into(), ldap })
}

fn by_image(facts: &Record) -> Option<Role> {
    let image = images().find(facts.text("image.reference")?)?;
    Some(Role { role: image.role.clone(), why: format!("image of {}", image.title), ldap: image.ldap })
}

fn by_names(document: &Document) -> Option<Role> {
    let name = document.service.as_deref().unwrap_or(&document.name);
    let image = document.facts.text("image.reference").map(crate::knowledge::repository);
    let by_name = names().in_name(name).or_else(|| names().in_name(image.as_deref()?));
    let variables: Vec<&str> =
        document.facts.list("env").map(|env| env.records().filter_map(|v| v.text("name")).collect()).unwrap_or_default();
    let by_variable = names().in_environment(&variables);
    let (hint, why) = match (by_name, by_variable) {
        (Some(name), Some(variable)) if variable.priority > name.priority => (variable, "variable"),
        (Some(name), _) => (name, "name"),
        (None, Some(variable)) => (variable, "variable"),
        (None, None) => return None,
    };
    Some(Role { role: hint.role.clone(), why: format!("{why} with `{}`", hint.text), ldap: hint.ldap })
}

fn by_port(facts: &Record) -> Option<Role> {
    let published =
        facts.list("ports").into_iter().flat_map(crate::facts::List::records).filter_map(|port| port.int("container_port"));
    let exposed = facts.list("exposed").into_iter().flat_map(|list| &list.items).filter_map(crate::facts::Fact::int);
    let meaning = published.chain(exposed).find_map(|port| ports().suggestion(port))?;
    Some(Role { role: meaning.suggests.clone()?, why: format!("port {} ({})", meaning.port, meaning.title), ldap: false })
}
