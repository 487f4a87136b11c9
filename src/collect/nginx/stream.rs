//! The servers of `stream`: they hand on connections without looking into them.

use super::Findings;
use super::backends::{Target, targets_of};
use super::code::{Part, in_force};
use super::parse::Directive;
use super::scope::Scope;
use super::server::View;
use crate::facts::{Fact, Reason, Record, Unknown};

/// Ports where DICOM is spoken, and no HTTP.
const DICOM: [i64; 5] = [104, 2761, 2762, 4242, 11112];

/// One server of a `stream` block that passes on.
pub(super) struct Passing<'a> {
    scope: Scope<'a>,
    block: &'a Directive,
    targets: Vec<Target>,
}

impl Passing<'_> {
    /// Whether connections are decrypted here.
    fn ends_tls(&self) -> bool {
        let mut listens = self.block.children().iter().filter(|d| d.name == "listen");
        listens.any(|d| d.args.iter().any(|arg| arg == "ssl"))
    }

    fn is_dicom(&self) -> bool {
        self.targets.iter().all(|target| target.port.is_some_and(|port| DICOM.contains(&port)))
    }

    fn unknown(&self, what: &str) -> Unknown {
        Unknown::new(Reason::Unproven, format!("{} of stream passes connections on: {what}", self.block.place()))
    }
}

/// Every server of `stream` that passes on.
pub(super) fn servers<'a>(view: &View<'a>) -> Vec<Passing<'a>> {
    let streams: Vec<&Directive> = view.config.main.iter().filter(|d| d.name == "stream").collect();
    let mut found = Vec::new();
    for stream in &streams {
        for block in stream.children().iter().filter(|d| d.name == "server") {
            let scope = Scope::default().within(stream).within(block);
            if let Some(pass) = block.children().iter().find(|d| d.name == "proxy_pass") {
                found.push(Passing { scope, block, targets: targets_of(view, &streams, pass, "tcp") });
            }
        }
    }
    found
}

/// The records of what they pass on.
pub(super) fn passes(view: &View<'_>) -> Vec<Fact> {
    servers(view).iter().flat_map(|server| server.targets.iter().map(|target| pass(server, target))).collect()
}

fn pass(server: &Passing<'_>, target: &Target) -> Fact {
    let mut record = Record::new();
    target.write(&mut record, &format!("{} stream", server.block.place()));
    record.set_here("location", "stream");
    record.set_here("backend_path", "/");
    let listens: Vec<&str> = server.block.children().iter().filter(|d| d.name == "listen").map(Directive::arg).collect();
    record.set_here("listens", listens.join(", "));
    let tls = if server.ends_tls() { Ok(true) } else { Err(server.unknown("whether they are encrypted is not known")) };
    record.put("server_tls", tls.map_or_else(Fact::unknown, Fact::known));
    let code = in_force(&server.scope, Part::Requests);
    let asks = server.ends_tls() && server.scope.one("ssl_verify_client").is_ok_and(|d| d.is_some_and(|d| d.arg() == "on"));
    record.put("authenticates", code.map_or_else(|| Fact::known(asks), Fact::unknown));
    record.set_here("injects_credentials", false);
    Fact::from(record).at(&server.block.origin())
}

/// Whether a PACS is spoken HTTP with through one of them.
pub(super) fn fronts_pacs(view: &View<'_>) -> Vec<Result<bool, Unknown>> {
    servers(view).iter().filter(|s| !s.is_dicom()).flat_map(|s| s.targets.iter().map(Target::is_pacs)).collect()
}

/// Why limits and rules for requests may not hold for all of them.
pub(super) fn may_speak_http(view: &View<'_>) -> Option<Unknown> {
    servers(view).iter().find(|server| !server.is_dicom()).map(|s| s.unknown("the rules for requests do not hold there"))
}

/// Leaves the lists about TLS open.
pub(super) fn tls(view: &View<'_>, plain: &mut Findings, settings: &mut [&mut Findings]) -> bool {
    let servers = servers(view);
    for server in &servers {
        if server.ends_tls() {
            for list in &mut *settings {
                list.unsure(server.unknown("its TLS settings are not judged"));
            }
        } else {
            plain.unsure(server.unknown("whether they are encrypted is not known"));
        }
    }
    servers.iter().any(Passing::ends_tls)
}
