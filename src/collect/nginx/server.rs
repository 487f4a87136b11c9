//! Server blocks: where they listen, and what each location does with a request.

use std::collections::BTreeSet;

use super::Config;
use super::parse::Directive;
use super::rewrite::{fixed_answer, redirects_plain};
use super::scope::Scope;
use super::variables::Variables;
use crate::facts::Unknown;

/// Directives that hand a request to another program.
pub(super) const PASSES: [&str; 6] = ["proxy_pass", "fastcgi_pass", "grpc_pass", "uwsgi_pass", "scgi_pass", "memcached_pass"];
/// Last part of paths that tell whether a service is up.
const HEALTH: [&str; 9] =
    ["health", "healthz", "healthcheck", "health_check", "ping", "ready", "readyz", "livez", "nginx_status"];

/// What a place does with requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Redirects to https.
    Redirects,
    /// Refuses.
    Refuses,
    /// Answers a fixed text, a health question or an ACME challenge.
    Harmless,
    /// Serves files or passes on.
    Serves,
}

/// One `listen`.
#[derive(Clone, Debug)]
pub(super) struct Listen {
    /// Address and port, `*:80`.
    pub socket: String,
    pub tls: bool,
    pub default: bool,
    /// Reached from the same machine only.
    pub local: bool,
}

/// One location (or `if`, or what no location of a server takes).
pub(super) struct Spot<'a> {
    pub scope: Scope<'a>,
    pub at: &'a Directive,
    pub path: String,
    pub answer: Answer,
    /// Where it passes to.
    pub pass: Option<&'a Directive>,
    pub internal: bool,
}

impl Spot<'_> {
    pub(super) fn is_named(&self) -> bool {
        self.path.starts_with('@')
    }

    /// `nginx.conf:12 /orthanc/`.
    pub(super) fn label(&self) -> String {
        format!("{} {}", self.at.place(), self.path)
    }
}

/// One server block.
pub(super) struct Server<'a> {
    pub block: &'a Directive,
    pub scope: Scope<'a>,
    pub listens: Vec<Listen>,
    pub listens_unsure: Option<Unknown>,
    pub spots: Vec<Spot<'a>>,
    /// What it answers to everything, before any location is asked.
    pub ends: Option<Answer>,
    /// It sends requests without TLS away before any location is asked.
    pub redirects_plain: bool,
}

impl Server<'_> {
    /// Whether it serves more than redirects, refusals, health and ACME.
    pub(super) fn serves(&self) -> Result<bool, Unknown> {
        if let Some(answer) = self.ends {
            return Ok(answer == Answer::Serves);
        }
        if self.spots.iter().any(|spot| spot.answer == Answer::Serves) {
            return Ok(true);
        }
        self.hole().map_or(Ok(false), Err)
    }

    pub(super) fn hole(&self) -> Option<Unknown> {
        self.block.children().iter().find_map(|d| d.unseen.clone())
    }

    pub(super) fn has_tls(&self) -> bool {
        self.listens.iter().any(|listen| listen.tls)
    }

    /// Sockets without TLS that other machines reach.
    pub(super) fn plain(&self) -> impl Iterator<Item = &Listen> {
        self.listens.iter().filter(|listen| !listen.tls && !listen.local)
    }

    /// Locations that are asked at all.
    pub(super) fn reached(&self) -> impl Iterator<Item = &Spot<'_>> {
        self.spots.iter().filter(|_| self.ends.is_none())
    }
}

/// The whole HTTP part, ready to be asked.
pub(super) struct View<'a> {
    pub config: &'a Config,
    pub http: Vec<&'a Directive>,
    pub servers: Vec<Server<'a>>,
    pub variables: Variables<'a>,
    pub version: Option<(u64, u64, u64)>,
}

impl<'a> View<'a> {
    pub(super) fn of(config: &'a Config, version: Option<(u64, u64, u64)>) -> Self {
        let http: Vec<&Directive> = config.main.iter().filter(|d| d.name == "http").collect();
        let blocks = http.iter().flat_map(|http| {
            http.children().iter().filter(|d| d.name == "server" && d.block.is_some()).map(|block| (*http, block))
        });
        let mut servers: Vec<Server<'a>> = blocks.map(|(http, block)| server(http, block)).collect();
        // TLS belongs to the socket: one server that asks for it gives it to all that listen there.
        let tls: BTreeSet<String> =
            servers.iter().flat_map(|s| &s.listens).filter(|listen| listen.tls).map(|listen| listen.socket.clone()).collect();
        for listen in servers.iter_mut().flat_map(|s| &mut s.listens) {
            listen.tls |= tls.contains(&listen.socket);
        }
        Self { config, http, servers, variables: Variables::of(&config.main), version }
    }

    /// Every location of every server that requests can reach.
    pub(super) fn spots(&self) -> impl Iterator<Item = (&Server<'a>, &Spot<'_>)> {
        self.servers.iter().flat_map(|server| server.reached().map(move |spot| (server, spot)))
    }

    pub(super) fn unseen(&self) -> Option<&Unknown> {
        self.config.servers_unseen.as_ref()
    }
}

fn server<'a>(http: &'a Directive, block: &'a Directive) -> Server<'a> {
    let scope = Scope::default().within(http).within(block);
    let legacy = scope.find("ssl").directives.first().is_some_and(|d| d.arg() == "on");
    let mut listens: Vec<Listen> = Vec::new();
    let mut listens_unsure = None;
    for directive in block.children().iter().filter(|d| d.name == "listen") {
        if directive.args.iter().any(|arg| arg.contains('$')) {
            let why = format!("{}: a variable says where it listens", directive.place());
            listens_unsure = Some(Unknown::new(crate::facts::Reason::NoTarget, why));
        } else {
            listens.push(listen(directive, legacy));
        }
    }
    if listens.is_empty() && listens_unsure.is_none() {
        match block.children().iter().find_map(|d| d.unseen.clone()) {
            Some(why) => listens_unsure = Some(why),
            None => listens.push(Listen { socket: "*:80".into(), tls: legacy, default: false, local: false }),
        }
    }
    let mut spots = Vec::new();
    locations(&scope, "", &mut spots);
    if !block.children().iter().any(|d| d.name == "location" && d.args == ["/"]) {
        let answer = if scope.find("root").directives.is_empty() { Answer::Harmless } else { Answer::Serves };
        spots.push(Spot { scope: scope.clone(), at: block, path: "/".into(), answer, pass: None, internal: false });
    }
    let rejects = scope.find("ssl_reject_handshake").directives.first().is_some_and(|d| d.arg() == "on");
    let fixed = fixed_answer(block).filter(|answer| !falls_back(&scope, *answer));
    let ends = if rejects { Some(Answer::Refuses) } else { fixed };
    let plain: Vec<&str> = listens.iter().filter(|listen| !listen.tls && !listen.local).map(|l| l.socket.as_str()).collect();
    let redirects_plain = redirects_plain(block, &plain) && !falls_back(&scope, Answer::Redirects);
    Server { block, scope, listens, listens_unsure, spots, ends, redirects_plain }
}

/// `return 418; error_page 418 = @pacs;` passes on after all.
fn falls_back(scope: &Scope<'_>, answer: Answer) -> bool {
    let pages = scope.find("error_page").directives;
    let mut args = pages.iter().flat_map(|d| &d.args);
    if answer == Answer::Redirects {
        args.any(|arg| arg.len() == 3 && arg.starts_with('3'))
    } else {
        args.any(|arg| arg.contains('@'))
    }
}

/// `listen [address][:port] [ssl] [default_server] …`
fn listen(directive: &Directive, legacy: bool) -> Listen {
    let given = directive.arg();
    let has = |word: &str| directive.args.iter().skip(1).any(|arg| arg == word);
    let is_port = !given.is_empty() && given.bytes().all(|b| b.is_ascii_digit());
    let (address, port) = match given.rsplit_once(':') {
        _ if given.starts_with("unix:") => (given, ""),
        _ if is_port => ("*", given),
        Some((address, port)) if !port.ends_with(']') => (address, port),
        _ => (given, "80"),
    };
    let address = if matches!(address, "0.0.0.0" | "") { "*" } else { address };
    let local = ["unix:", "127.", "localhost", "[::1]"].iter().any(|start| address.starts_with(start));
    let socket = if port.is_empty() { address.to_owned() } else { format!("{address}:{port}") };
    Listen { socket, tls: has("ssl") || has("quic") || legacy, default: has("default_server") || has("default"), local }
}

/// Locations and their `if` blocks, the nested ones too.
fn locations<'a>(scope: &Scope<'a>, path: &str, spots: &mut Vec<Spot<'a>>) {
    for block in scope.block().into_iter().flat_map(Directive::children).filter(|d| d.block.is_some()) {
        let inner = scope.within(block);
        let path = match block.name.as_str() {
            "location" => block.args.join(" "),
            "if" | "limit_except" if !path.is_empty() => path.to_owned(),
            _ => continue,
        };
        let pass = block.children().iter().find(|d| PASSES.contains(&d.name.as_str()));
        if block.name == "location" || pass.is_some() {
            let internal = block.children().iter().any(|d| d.name == "internal");
            let answer = answer(block, &path);
            spots.push(Spot { scope: inner.clone(), at: block, path: path.clone(), answer, pass, internal });
        }
        locations(&inner, &path, spots);
    }
}

fn answer(block: &Directive, path: &str) -> Answer {
    let has = |name: &str| block.children().iter().any(|d| d.name == name);
    let denies = block.children().iter().any(|d| d.name == "deny" && d.arg() == "all") && !has("allow");
    let acme = path.contains("/.well-known/acme-challenge") && !path.contains('|');
    if let Some(answer) = fixed_answer(block) {
        answer
    } else if denies && !has("satisfy") {
        Answer::Refuses
    } else if acme || has("stub_status") || is_health(path) {
        Answer::Harmless
    } else {
        Answer::Serves
    }
}

/// An exact path that only says whether a service is up.
pub(super) fn is_health(path: &str) -> bool {
    path.strip_prefix("= ").is_some_and(|path| HEALTH.contains(&path.rsplit('/').next().unwrap_or(path)))
}
