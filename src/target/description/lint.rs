//! What a stack description must hold to beyond its shape.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::{Map, Value};
use serde_saphyr::{Location, Spanned};

use super::Description;
use super::file::{AttestationFile, EvidenceFile, ScanFile, WaiverFile};
use crate::facts::ROLES;
use crate::source::FileError;
use crate::target::shown_address;

/// What a credential may hold.
const CREDENTIAL: [&str; 5] = ["user", "password", "token", "certificate", "key"];

/// The first error, if there is one.
pub(super) fn lint(description: &Description) -> Result<(), FileError> {
    let lint = Lint { description };
    let file = &description.file;
    lint.filled("name", &file.name)?;
    let lists = [("targets", &file.targets), ("profiles", &file.profiles), ("roots", &file.roots)];
    for (field, list) in lists {
        list.iter().try_for_each(|one| lint.filled(field, one))?;
    }
    for role in file.roles.values() {
        lint.role(role)?;
    }
    file.services.values().try_for_each(|container| lint.filled("services", container))?;
    for root in &file.roots {
        lint.exists(root)?;
    }
    lint.credentials(&file.credentials)?;
    let mut seen = BTreeSet::new();
    for attestation in &file.attestations {
        lint.attestation(attestation)?;
        if !seen.insert(&attestation.control.value) {
            return Err(lint.at(&attestation.control.referenced, format!("`{}` is attested twice", attestation.control.value)));
        }
    }
    file.waivers.iter().try_for_each(|waiver| lint.waiver(waiver))?;
    file.evidence.iter().try_for_each(|scan| lint.scan(scan))
}

struct Lint<'a> {
    description: &'a Description,
}

impl Lint<'_> {
    fn at(&self, place: &Location, message: String) -> FileError {
        self.description.error(place, message, None)
    }

    fn helped(&self, place: &Location, message: String, help: &str) -> FileError {
        self.description.error(place, message, Some(help.to_owned()))
    }

    fn filled(&self, field: &str, text: &Spanned<String>) -> Result<(), FileError> {
        if text.value.trim().is_empty() {
            return Err(self.at(&text.referenced, format!("`{field}` is empty")));
        }
        Ok(())
    }

    fn role(&self, role: &Spanned<String>) -> Result<(), FileError> {
        if ROLES.contains(&role.value.as_str()) {
            return Ok(());
        }
        let help = format!("the roles are {}", ROLES.join(", "));
        Err(self.helped(&role.referenced, format!("there is no role `{}`", role.value), &help))
    }

    fn exists(&self, path: &Spanned<String>) -> Result<(), FileError> {
        if self.description.beside(&path.value).is_file() {
            return Ok(());
        }
        Err(self.helped(
            &path.referenced,
            format!("there is no file `{}`", shown_address(&path.value)),
            "paths are relative to this file",
        ))
    }

    /// Only references; a literal is refused, and never printed.
    fn credentials(&self, credentials: &Map<String, Value>) -> Result<(), FileError> {
        for (name, credential) in credentials {
            let Some(fields) = credential.as_object() else {
                return Err(self.credential(name, "it is no map of user, password, token, certificate and key"));
            };
            for (field, value) in fields {
                if !CREDENTIAL.contains(&field.as_str()) {
                    return Err(
                        self.credential(name, "it has a field that is none of user, password, token, certificate and key")
                    );
                }
                let reference = value.as_str().and_then(|text| text.strip_prefix("env:").or_else(|| text.strip_prefix("file:")));
                if reference.is_none_or(|rest| rest.trim().is_empty()) {
                    return Err(self.credential(name, &format!("its `{field}` is written out, and may only be named")));
                }
            }
        }
        Ok(())
    }

    fn credential(&self, name: &str, what: &str) -> FileError {
        let line = self.line_of_credential(name);
        FileError {
            path: self.description.path.display().to_string(),
            text: String::new(),
            line,
            span: (0, 0),
            message: format!("the credential of `{name}` cannot be used: {what}"),
            help: Some("write `env:NAME` for a variable or `file:PATH` for a file, so that no secret stands here".into()),
        }
    }

    /// The line on which a credential is named, or the one on which `credentials` begins.
    fn line_of_credential(&self, name: &str) -> usize {
        let lines = || self.description.text.lines().enumerate();
        let start = lines().find(|(_, line)| line.starts_with("credentials")).map_or(0, |(i, _)| i);
        let named = lines().skip(start).find(|(_, line)| line.contains(name)).map_or(start, |(i, _)| i);
        named + 1
    }

    fn attestation(&self, attestation: &AttestationFile) -> Result<(), FileError> {
        let texts = [("control", &attestation.control), ("owner", &attestation.owner), ("statement", &attestation.statement)];
        texts.iter().try_for_each(|(field, text)| self.filled(field, text))?;
        if attestation.expires.value < attestation.date.value {
            return Err(self.at(&attestation.expires.referenced, "the attestation ends before it begins".into()));
        }
        if is_too_long(attestation.date.value, attestation.expires.value) {
            let help = "confirm it at least every two years; most auditors ask for one";
            return Err(self.helped(&attestation.expires.referenced, "the attestation is valid for too long".into(), help));
        }
        attestation.evidence.iter().try_for_each(|evidence| self.evidence(evidence))
    }

    fn evidence(&self, evidence: &EvidenceFile) -> Result<(), FileError> {
        self.filled("file", &evidence.file)?;
        self.hash(&evidence.sha256)
    }

    fn hash(&self, hash: &Spanned<String>) -> Result<(), FileError> {
        if is_hex(&hash.value) {
            return Ok(());
        }
        Err(self.helped(
            &hash.referenced,
            "`sha256` is not 64 hexadecimal digits".into(),
            "write the first word that `sha256sum FILE` prints",
        ))
    }

    fn waiver(&self, waiver: &WaiverFile) -> Result<(), FileError> {
        let texts = [
            ("check", &waiver.check),
            ("subject", &waiver.subject),
            ("reason", &waiver.reason),
            ("owner", &waiver.owner),
            ("ticket", &waiver.ticket),
        ];
        texts.iter().try_for_each(|(field, text)| self.filled(field, text))?;
        let Some(image) = &waiver.image else { return Ok(()) };
        if image.value.strip_prefix("sha256:").is_some_and(is_hex) {
            return Ok(());
        }
        Err(self.helped(
            &image.referenced,
            "`image` is no image id or digest".into(),
            "write `sha256:` and 64 hexadecimal digits, as `docker inspect --format {{.Image}} CONTAINER` prints them",
        ))
    }

    fn scan(&self, scan: &ScanFile) -> Result<(), FileError> {
        self.filled("file", &scan.file)?;
        scan.sha256.iter().try_for_each(|hash| self.hash(hash))?;
        if let Some(age) = scan.max_age.as_ref().filter(|age| !(1..=366).contains(&age.value)) {
            return Err(self.at(&age.referenced, format!("`max_age: {}` is not between 1 and 366 days", age.value)));
        }
        match (&scan.date, &scan.sha256) {
            (Some(date), None) => Err(self.helped(
                &date.referenced,
                "a `date` needs the `sha256` of the report it speaks of".into(),
                "else a newer date could be written beside an old report",
            )),
            _ => Ok(()),
        }
    }
}

fn is_hex(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// More than two years: nobody remembers what was confirmed.
fn is_too_long(from: Date, to: Date) -> bool {
    from.checked_add(jiff::Span::new().years(2)).is_ok_and(|limit| to > limit)
}
