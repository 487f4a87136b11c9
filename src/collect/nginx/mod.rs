//! nginx configuration as nginx reads it: includes followed, directives inherited.

mod access;
mod backends;
mod code;
mod credentials;
mod files;
mod headers;
mod image;
mod limits;
mod load;
mod methods;
mod origins;
mod parse;
mod rate;
mod requests;
mod rewrite;
mod scope;
mod server;
mod start;
mod stream;
mod tls;
mod variables;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use super::Context;
use super::program::Program;
use crate::facts::{Assurance, Document, Fact, Kind, List, Origin, Reason, Record, Unknown};
use load::{Loader, Missing, Seen, Source};
use parse::Directive;

/// Most blocks of a configuration that is judged.
const MAX_BLOCKS: usize = 3000;

/// What one nginx reads.
struct Config {
    /// The directives of the main level.
    main: Vec<Directive>,
    /// Name of the main file in reports.
    shown: Arc<str>,
    /// Why there may be more servers than those seen.
    servers_unseen: Option<Unknown>,
    /// Files that must exist and do not.
    missing: Vec<Missing>,
    /// Why more files may be missing.
    missing_unsure: Option<Unknown>,
}

impl Config {
    /// A configuration as it was loaded; the loader also answers which other files exist.
    fn new(main: Vec<Directive>, shown: Arc<str>, loader: Loader<'_>) -> Self {
        let (missing, missing_unsure) = files::missing(&main, loader);
        let servers_unseen = main
            .iter()
            .find_map(|d| if matches!(d.name.as_str(), "http" | "stream") { unseen_below(d) } else { d.unseen.clone() });
        Self { main, shown, servers_unseen, missing, missing_unsure }
    }
}

/// Why something may stand directly in a block that was not seen.
fn unseen_below(directive: &Directive) -> Option<Unknown> {
    directive.unseen.clone().or_else(|| directive.children().iter().find_map(|child| child.unseen.clone()))
}

/// Things found one after the other, and why there may be more.
#[derive(Default)]
struct Findings {
    items: Vec<(String, Arc<Origin>)>,
    unsure: Option<Unknown>,
}

impl Findings {
    fn add(&mut self, label: String, at: &Directive) {
        self.items.push((label, at.origin()));
    }

    fn unsure(&mut self, why: Unknown) {
        self.unsure.get_or_insert(why);
    }

    /// Yes adds, no does nothing, unknown leaves the list open.
    fn add_if(&mut self, wrong: Result<bool, Unknown>, at: &Directive, label: impl FnOnce() -> String) {
        match wrong {
            Ok(true) => self.add(label(), at),
            Ok(false) => {}
            Err(why) => self.unsure(why),
        }
    }

    fn write(mut self, facts: &mut Record, path: &str, more: Option<&Unknown>) {
        let mut seen = BTreeSet::new();
        self.items.retain(|(label, _)| seen.insert(label.clone()));
        let items = self.items.into_iter().map(|(label, origin)| {
            let mut record = Record::new();
            record.set_here("label", label);
            Fact::from(record).at(&origin)
        });
        facts.set_here(path, List { items: items.collect(), incomplete: self.unsure.or_else(|| more.cloned()) });
    }
}

/// The configuration of an nginx in a container.
pub fn collect(program: &Program) -> Option<Document> {
    image::is_nginx(program).then(|| collect_seen(program))
}

/// [`collect`] for a program that was seen to be an nginx, whatever its image is called.
pub fn collect_seen(program: &Program) -> Document {
    match image::find(program) {
        Ok(config) => {
            let mut document = program.document(Kind::Proxy, Arc::clone(&config.shown));
            write(&config, version(program), &mut document.facts);
            document
        }
        Err(why) => {
            let mut document = program.document(Kind::Proxy, Arc::clone(&program.name));
            nothing_known(&mut document.facts, &why);
            document
        }
    }
}

/// Whether a file is an nginx configuration, by name and content.
pub fn looks_like_configuration(name: &str, text: &str) -> bool {
    let named = name.ends_with(".conf") || name.contains("nginx") || name.ends_with(".template");
    let Ok(directives) = parse::parse(text, &name.into()) else {
        return named && name.contains("nginx.conf") && text.contains('{');
    };
    let has = |wanted: &str| directives.iter().any(|d| d.name == wanted && d.block.is_some());
    let server = directives.iter().filter(|d| d.name == "server" && d.block.is_some());
    let speaks_http =
        |d: &Directive| d.children().iter().any(|c| matches!(c.name.as_str(), "listen" | "location" | "server_name"));
    (named && (has("http") || has("events"))) || server.into_iter().any(speaks_http)
}

/// A configuration file by itself, called `shown`.
pub fn alone(path: &Path, shown: &str, given: &str, _context: &mut Context<'_>) -> Vec<Document> {
    let mut document = Document::new(Kind::Proxy, shown, given, Assurance::Declared);
    match read_alone(path, shown) {
        Ok(config) => write(&config, None, &mut document.facts),
        Err(why) => nothing_known(&mut document.facts, &why),
    }
    vec![document]
}

fn read_alone(path: &Path, shown: &str) -> Result<Config, Unknown> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
    let prefix = shown.rfind('/').map_or("", |slash| &shown[..=slash]).to_owned();
    let mut loader = Loader::new(Source::Beside(folder, prefix), "/etc/nginx", false);
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let inside = format!("/etc/nginx/{name}");
    let Seen::Text(text, _) = loader.look(&inside) else {
        return Err(Unknown::new(Reason::Unsupported, format!("{shown}: it cannot be read as text, or is larger than 2 MiB")));
    };
    let shown: Arc<str> = shown.into();
    let main = loader.read(&inside, &text, &shown).map_err(|what| Unknown::new(Reason::Unsupported, what))?;
    if main.iter().any(|d| matches!(d.name.as_str(), "http" | "events" | "stream")) {
        return Ok(Config::new(main, shown, loader));
    }
    let unseen = Unknown::new(Reason::NoTarget, "it is a part of a configuration: nginx.conf itself was not seen");
    let mut config = Config::new(image::http_around(main, &shown, unseen), shown, loader);
    // The servers of this file are judged by themselves.
    config.servers_unseen = None;
    Ok(config)
}

/// Version of nginx by the official image's variable, else by the tag of an official image.
fn version(program: &Program) -> Option<(u64, u64, u64)> {
    let variable = program.environment.iter().rev().find(|v| v.name == "NGINX_VERSION" && v.by_image);
    let image = program.image_or_base()?;
    let tag = image.split('@').next()?.rsplit('/').next()?.split_once(':').map(|(_, tag)| tag);
    let tag = tag.filter(|_| image::is_official(image));
    let text = variable.and_then(|v| v.value.clone().ok()).or_else(|| tag.map(str::to_owned))?;
    let mut parts = text.split(['.', '-']).map_while(|part| part.parse().ok());
    let (major, minor) = (parts.next()?, parts.next()?);
    // `1.23` may be any of its patches; from 1.24 on the patch does not matter here.
    Some((major, minor, parts.next().or((minor > 23 || major > 1).then_some(0))?))
}

fn nothing_known(facts: &mut Record, why: &Unknown) {
    facts.unknown("path", why.clone());
    for path in FACTS {
        facts.unknown(path, why.clone());
    }
}

/// Every fact that follows from the configuration.
const FACTS: [&str; 17] = [
    "version",
    "passes",
    "speaks_tls",
    "fronts_pacs",
    "plain_servers",
    "without_certificate",
    "weak_protocols",
    "weak_ciphers",
    "without_hsts",
    "lost_headers",
    "unlimited_locations",
    "fixed_credentials",
    "open_cors",
    "method_override",
    "unlimited_bodies",
    "version_banners",
    "missing_files",
];

/// A pattern of the configuration, if it is one that can be read and is no burden.
fn pattern(text: &str) -> Option<Regex> {
    RegexBuilder::new(text).size_limit(200_000).build().ok()
}

fn write(config: &Config, version: Option<(u64, u64, u64)>, facts: &mut Record) {
    let mut blocks = 0;
    requests::each(&config.main, &mut |directive| blocks += usize::from(directive.block.is_some()));
    if blocks > MAX_BLOCKS {
        return nothing_known(facts, &Unknown::new(Reason::Unsupported, format!("more than {MAX_BLOCKS} blocks")));
    }
    let view = server::View::of(config, version);
    facts.set_here("path", &*config.shown);
    let unknown = || Fact::unknown(Unknown::new(Reason::ImageNotSeen, "no tag of an official image says the version"));
    facts.put("version", version.map_or_else(unknown, |(a, b, c)| Fact::known(format!("{a}.{b}.{c}"))));
    backends::write(&view, facts);
    tls::write(&view, facts);
    headers::write(&view, facts);
    requests::write(&view, facts);
    files::write(config, facts);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, files: &[(&str, &str)]) -> Document {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let environment = std::collections::BTreeMap::new();
        let mut groups = crate::facts::Groups::default();
        let mut context = Context { environment: &environment, groups: &mut groups, progress: &|_| {} };
        alone(&folder.path().join(name), &format!("proxy/{name}"), "t", &mut context).remove(0)
    }

    fn first(document: &Document, path: &str) -> String {
        document.facts.list(path).and_then(|list| list.items.first().map(ToString::to_string)).unwrap_or_default()
    }

    #[test]
    fn a_lone_file_is_read_with_what_lies_beside_it() {
        let server = "server { listen 80; location / { proxy_pass http://orthanc:8042; } }";
        let found = read("pacs.conf", &[("pacs.conf", server)]);
        assert_eq!(first(&found, "passes"), "proxy/pacs.conf:1 / -> orthanc:8042");
        assert_eq!(found.facts.list("plain_servers").unwrap().items.len(), 1);
        assert!(found.facts.list("version_banners").unwrap().incomplete.is_some(), "nginx.conf may switch it off");
        let whole = [("nginx.conf", "events {} http { include pacs.conf; include /etc/ssl/x.conf; }"), ("pacs.conf", server)];
        let found = read("nginx.conf", &whole);
        assert_eq!(first(&found, "plain_servers"), "proxy/pacs.conf:1 listens on 80 without TLS");
        assert!(found.facts.list("plain_servers").unwrap().incomplete.is_some(), "the other include was not seen");
        assert!(found.facts.list("missing_files").unwrap().items.is_empty());
    }

    #[test]
    fn files_are_known_by_what_they_hold() {
        for (name, text, is_one) in [
            ("nginx.conf", "events {} http { server { listen 80; } }", true),
            ("default.conf", "server { listen 80; }", true),
            ("default.conf.template", "server { listen ${PORT}; location / { proxy_pass http://${B}; } }", true),
            ("nginx.conf", "http { server {", true),
            ("orthanc.json", "{\"Name\": \"x\"}", false),
            ("redis.conf", "bind 127.0.0.1\nport 0\n", false),
            ("ntp.conf", "server 0.pool.example;", false),
        ] {
            assert_eq!(looks_like_configuration(name, text), is_one, "{name}");
        }
    }

    #[test]
    fn too_many_blocks_are_unknown() {
        let found = read("nginx.conf", &[("nginx.conf", &format!("http {{ {} }}", "server {}".repeat(MAX_BLOCKS)))]);
        assert!(found.facts.list("passes").is_none());
    }
}
