//! Files that a configuration refers to.

use super::load::{Loader, Missing, Seen};
use super::parse::Directive;
use super::requests::each;
use super::{Config, Findings};
use crate::facts::{Reason, Record, Unknown};

/// Directives whose first argument is a file that must exist.
const FILES: [&str; 16] = [
    "ssl_certificate",
    "ssl_certificate_key",
    "ssl_trusted_certificate",
    "ssl_client_certificate",
    "ssl_dhparam",
    "ssl_crl",
    "ssl_password_file",
    "ssl_session_ticket_key",
    "ssl_stapling_file",
    "auth_basic_user_file",
    "auth_jwt_key_file",
    "proxy_ssl_certificate",
    "proxy_ssl_certificate_key",
    "proxy_ssl_trusted_certificate",
    "grpc_ssl_trusted_certificate",
    "xslt_stylesheet",
];

/// Files that are surely not there, and why more may be missing.
pub(super) fn missing(main: &[Directive], mut loader: Loader<'_>) -> (Vec<Missing>, Option<Unknown>) {
    let mut missing = std::mem::take(&mut loader.missing);
    let mut unsure = None;
    each(main, &mut |directive| {
        // An include whose file is missing stands in the list already.
        if let Some(why) = directive.unseen.clone().filter(|why| why.reason != Reason::Unsupported) {
            unsure.get_or_insert(why);
        }
        let name = directive.arg();
        let elsewhere = ["data:", "engine:", "store:"].iter().any(|scheme| name.starts_with(scheme));
        if !FILES.contains(&directive.name.as_str()) || elsewhere || name.is_empty() {
            return;
        }
        if name.contains('$') {
            unsure.get_or_insert(Unknown::new(Reason::NoTarget, format!("{}: a variable names the file", directive.place())));
            return;
        }
        let path = loader.absolute(name);
        match exists(&loader, &path) {
            Ok(true) => {}
            Ok(false) => {
                let label = format!("{}: {} {path} does not exist", directive.place(), directive.name);
                missing.push(Missing { label, origin: directive.origin() });
            }
            Err(why) => {
                unsure.get_or_insert(why);
            }
        }
    });
    (missing, unsure)
}

/// Whether a file is there, readable for us or not.
fn exists(loader: &Loader<'_>, path: &str) -> Result<bool, Unknown> {
    if loader.holds(path) {
        return Ok(true);
    }
    match loader.look(path) {
        Seen::Text(..) => Ok(true),
        Seen::Absent => Ok(false),
        Seen::Unknown(why) => Err(why),
    }
}

pub(super) fn write(config: &Config, facts: &mut Record) {
    let mut findings = Findings::default();
    findings.items.extend(config.missing.iter().map(|missing| (missing.label.clone(), missing.origin.clone())));
    findings.write(facts, "missing_files", config.missing_unsure.as_ref());
}
