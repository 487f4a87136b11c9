//! What people answer for: waivers and attestations with owner and last day.

use std::io;

use super::layout::{Paper, plain};
use super::text::{brief, short};
use crate::profile::{Attestation, Granted, Standing, plural};
use crate::report::view::View;

pub(super) fn write(view: &View<'_>, paper: &mut Paper<'_>) -> io::Result<()> {
    let mut table = paper.table(&["Waived", "On", "Owner, ticket", "Until", "State"], false);
    for waiver in view.waivers {
        let who = format!("{}, {}", brief(&waiver.waiver.owner), brief(&waiver.waiver.ticket));
        let cells = [short(&waiver.check), short(&waiver.subject), who, short(&waiver.waiver.expires), standing(waiver)];
        table.add_row(cells.map(plain));
    }
    paper.section("Waivers (they lift the gate, never the score)", &table)?;
    let mut table = paper.table(&["Attested", "Owner", "From", "Until", "State"], false);
    for attestation in view.attestations {
        let cells = [
            short(&attestation.control),
            brief(&attestation.owner),
            short(&attestation.date),
            short(&attestation.expires),
            state(attestation),
        ];
        table.add_row(cells.map(plain));
    }
    paper.section("Attestations", &table)
}

fn standing(waiver: &Granted) -> String {
    match waiver.standing {
        Standing::InForce => match &waiver.detail {
            None => format!("in force for {}", plural(waiver.lifts, "result")),
            Some(why) => format!("in force for {}, void elsewhere: {}", plural(waiver.lifts, "result"), brief(why)),
        },
        Standing::Expired => "EXPIRED".to_owned(),
        Standing::Void => format!("VOID: {}", waiver.detail.as_deref().map(brief).unwrap_or_default()),
        Standing::Unused => "unused: nothing fails".to_owned(),
        Standing::Orphaned => "orphaned: matches nothing".to_owned(),
        Standing::NotSeen => "not looked at this time".to_owned(),
    }
}

fn state(attestation: &Attestation) -> String {
    match (&attestation.void, &attestation.evidence) {
        (Some(why), _) => format!("DOES NOT COUNT: {}", brief(why)),
        (None, Some(file)) => format!("counts; evidence {}", short(file)),
        (None, None) => "counts".to_owned(),
    }
}
