//! What the settings of a known application do: those that nothing reads, and those whose value production forbids.

use crate::facts::{Document, Fact, List, Reason, Record, Unknown};
use crate::knowledge::{Application, Hidden, applications};

/// Writes `application`, `unread_settings` and `unsafe_settings`.
pub(super) fn derive(document: &mut Document) {
    let facts = &mut document.facts;
    let labels = facts.list("labels").into_iter().flat_map(List::records);
    let label = labels.into_iter().find(|label| label.text("name") == Some("pacscan.application"));
    let known = applications().find(facts.text("image.reference"), label.and_then(|label| label.text("shown")));
    facts.set_or_absent("application", known.first().map(|app| app.title.as_str()));
    let (mut unread, mut forbidden) = (List::default(), List::default());
    if let Some(env) = facts.list("env") {
        for variable in env.records() {
            judge(variable, &known, &mut unread, &mut forbidden);
        }
        unread.incomplete.clone_from(&env.incomplete);
        if forbidden.incomplete.is_none() {
            forbidden.incomplete.clone_from(&env.incomplete);
        }
    } else {
        unread.incomplete = Some(Unknown::from(Reason::UnknownFact));
        forbidden.incomplete.clone_from(&unread.incomplete);
    }
    let origin = facts.get("env").origin.clone();
    facts.put("unread_settings", Fact { origin: origin.clone(), ..Fact::known(unread) });
    facts.put("unsafe_settings", Fact { origin, ..Fact::known(forbidden) });
}

fn judge(variable: &Record, known: &[&Application], unread: &mut List, forbidden: &mut List) {
    let Some((name, first)) = variable.text("name").zip(known.first()) else { return };
    if known.iter().all(|app| app.why_unread(name).is_some()) {
        unread.items.extend(first.why_unread(name).map(|why| label(&format!("{name}: {why}"))));
    }
    let class = variable.text("class");
    match variable.text("shown").or((class == Some("empty")).then_some("")) {
        Some(value) if known.iter().all(|app| app.why_unsafe(name, value).is_some()) => {
            forbidden.items.extend(first.why_unsafe(name, value).map(|means| label(&format!("{name}={value}: {means}"))));
        }
        Some(_) => {}
        None => hidden(variable, name, known, forbidden),
    }
}

/// A value that is not shown may still be one that production forbids.
fn hidden(variable: &Record, name: &str, known: &[&Application], forbidden: &mut List) {
    let published = variable.bool("published") == Some(true);
    let found: Vec<Hidden<'_>> = known.iter().map(|app| app.hidden(name, published)).collect();
    let unresolved = variable.text("class") == Some("reference");
    match found.first() {
        Some(Hidden::Unsafe(means)) if !unresolved && found.iter().all(|one| matches!(one, Hidden::Unsafe(_))) => {
            forbidden.items.push(label(&format!("{name}: {means}")));
        }
        _ if unresolved || found.iter().any(|one| *one != Hidden::Harmless) => {
            let why = format!("the value of {name} is not known");
            forbidden.incomplete.get_or_insert_with(|| Unknown::new(Reason::UnknownFact, why));
        }
        _ => {}
    }
}

fn label(text: &str) -> Fact {
    let mut record = Record::new();
    record.set_here("label", text);
    record.into()
}
