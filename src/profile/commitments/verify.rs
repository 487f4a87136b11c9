//! Every id of a check or control must exist: a misspelt waiver must not look like an accepted risk.

use super::{Commitments, Place};
use crate::check::{FileError, Library};
use crate::profile::{Profile, load};

impl Commitments {
    /// Checks every id against the checks and profiles of this run and those shipped, and writes former ids anew.
    /// The error carries no text of the file.
    pub fn verify(&mut self, library: &Library, profiles: &[Profile]) -> Result<(), FileError> {
        for (waiver, place) in self.waivers.iter_mut().zip(&self.waived_at) {
            waiver.check = known_check(&waiver.check, library, place)?;
            if let Some(compensating) = &mut waiver.compensating {
                *compensating = known_check(compensating, library, place)?;
            }
        }
        if self.attestations.is_empty() {
            return Ok(());
        }
        let controls = controls(library, profiles);
        for (attestation, place) in self.attestations.iter().zip(&self.attested_at) {
            if !controls.contains(&attestation.control) {
                let message = format!("there is no control `{}` to attest", attestation.control);
                let help = super::super::load::nearest(&attestation.control, controls.iter().map(String::as_str));
                let help =
                    help.map_or_else(|| "`pacscan profiles show NAME` shows them".into(), |n| format!("did you mean `{n}`?"));
                return Err(place.error(message, help));
            }
        }
        Ok(())
    }
}

/// The id itself, or the present one of a former id.
fn known_check(id: &str, library: &Library, place: &Place) -> Result<String, FileError> {
    match library.get(id) {
        Some(check) if check.is_manual() => {
            let help = format!("attest it (`pacscan explain {id}` shows how), or leave it open");
            Err(place.error(format!("`{id}` is confirmed by people, so there is no result to waive"), help))
        }
        Some(check) => Ok(check.id.to_string()),
        None if Library::planned(id).is_some() => {
            Err(place.error(format!("this version has no check `{id}` yet"), "take it out until it has".into()))
        }
        None => {
            let help = library.nearest(id).map(|near| format!("did you mean `{near}`?"));
            Err(place.error(
                format!("there is no check `{id}`"),
                help.unwrap_or_else(|| "`pacscan checks list` shows them all".into()),
            ))
        }
    }
}

/// `control`, `profile/control` and `process-*` checks.
fn controls(library: &Library, profiles: &[Profile]) -> Vec<String> {
    let shipped: Vec<Profile> = Profile::names().into_iter().filter_map(|name| load(name, library).ok()).collect();
    let mut known: Vec<String> =
        library.iter().filter(|check| check.id.starts_with("process-")).map(|c| c.id.to_string()).collect();
    for profile in profiles.iter().chain(&shipped) {
        known.extend(profile.controls.iter().map(|control| control.id.to_string()));
        known.extend(profile.controls.iter().map(|control| format!("{}/{}", profile.name, control.id)));
    }
    known
}

impl Place {
    fn error(&self, message: String, help: String) -> FileError {
        let mut error = FileError::at_line(&self.file, "", (1, self.column), message, Some(help));
        error.line = self.line;
        error
    }
}
