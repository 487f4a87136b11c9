//! Which programs are an nginx, where their configuration begins, and what the official image makes of its templates.

use std::sync::{Arc, LazyLock};

use regex::{Captures, Regex};

use super::Config;
use super::load::{Loader, Seen, Source};
use super::parse::Directive;
use super::start;
use crate::collect::program::{Inside, InsideFile, Look, Place, Program};
use crate::facts::{Assurance, Reason, Unknown};
use crate::knowledge::repository;

/// Where builds of nginx and `OpenResty` have their main file.
const ROOTS: [&str; 3] =
    ["/etc/nginx/nginx.conf", "/usr/local/openresty/nginx/conf/nginx.conf", "/usr/local/nginx/conf/nginx.conf"];
/// Images with an nginx whose start script or interface writes the configuration.
const BUILDERS: [&str; 6] = ["orthanc-nginx", "nginx-proxy-manager", "nginx-proxy", "ingress-nginx", "nginx-ingress", "swag"];
/// Images that are no proxy although their name says nginx.
const OTHERS: [&str; 3] = ["exporter", "-ui", "acme-companion"];

static ENVSUBST: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"<\s*(/\S+)\s*>\s*(/\S+)").ok());
static VARIABLE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))").ok());

/// Whether a program is an nginx: by its image or base, its command, or files where nginx looks.
pub(super) fn is_nginx(program: &Program) -> bool {
    let images = [program.image.as_deref(), program.base.as_deref()];
    let names = images.into_iter().flatten().map(repository).filter(|name| !OTHERS.iter().any(|other| name.contains(other)));
    let by_image = names.into_iter().any(|name| {
        let last = name.rsplit('/').next().unwrap_or(&name);
        ["nginx", "openresty"].iter().any(|word| last.contains(word)) || last == "swag"
    });
    let words = program.words.iter().flatten().flat_map(|word| word.split_whitespace());
    let by_words = words.map(|word| word.rsplit('/').next().unwrap_or(word)).any(|word| matches!(word, "nginx" | "openresty"));
    by_image || by_words || program.inside.iter().any(|(path, _)| path.starts_with("/etc/nginx/"))
}

/// The configuration of a program; the error says why it is unknown.
pub(super) fn find(program: &Program) -> Result<Config, Unknown> {
    let image = program.image_or_base().map(repository).unwrap_or_default();
    // A service whose Dockerfile could not be read has no base, but an environment with holes.
    let unchanged = program.base.is_none() && program.environment_incomplete.is_none();
    let official = unchanged && program.image.as_deref().is_some_and(is_official);
    let start = start::of(program)?;
    let inside = generated(program, start.scripts);
    let named = start.file;
    let root = named.iter().map(String::as_str).chain(ROOTS.into_iter().filter(|_| named.is_none()));
    for path in root {
        match inside.look(path) {
            Look::File(InsideFile { text: Ok(_), .. }) => return whole(&inside, path, official),
            Look::File(InsideFile { text: Err(why), .. }) => return Err(why.clone()),
            _ => {}
        }
    }
    if named.is_some() {
        return Err(Unknown::new(Reason::ImageNotSeen, "the file that the command names was not seen"));
    }
    let last = image.rsplit('/').next().unwrap_or_default();
    if BUILDERS.contains(&last) {
        return Err(Unknown::new(
            Reason::ImageNotSeen,
            format!("the image {image} writes the proxy's configuration when it starts"),
        ));
    }
    pieces(&inside, official)
}

/// Whether a reference means nginx's own image on Docker Hub; what another registry calls `nginx` may be anything.
pub(super) fn is_official(reference: &str) -> bool {
    let name = reference.strip_prefix("docker.io/").unwrap_or(reference);
    let name = name.strip_prefix("library/").unwrap_or(name);
    matches!(name.split([':', '@']).next(), Some("nginx" | "nginxinc/nginx-unprivileged"))
}

fn whole(inside: &Inside, path: &str, official: bool) -> Result<Config, Unknown> {
    let home = path.rsplit_once('/').map_or("/etc/nginx", |(folder, _)| folder);
    let mut loader = Loader::new(Source::Container(inside), home, official);
    let Seen::Text(text, shown) = loader.look(path) else { return Err(Unknown::from(Reason::UnknownFact)) };
    let main = loader.read(path, &text, &shown).map_err(|what| Unknown::new(Reason::Unsupported, what))?;
    Ok(Config::new(main, shown, loader))
}

/// The files of `conf.d` where `nginx.conf` itself is the image's own and unseen.
fn pieces(inside: &Inside, official: bool) -> Result<Config, Unknown> {
    let mut loader = Loader::new(Source::Container(inside), "/etc/nginx", official);
    let unseen = Unknown::new(Reason::ImageNotSeen, "the image's own nginx.conf was not seen");
    let mut first = None;
    let mut block = Vec::new();
    let mut more = None;
    for pattern in ["/etc/nginx/conf.d/*.conf", "/etc/nginx/sites-enabled/*", "/usr/local/openresty/nginx/conf/conf.d/*.conf"] {
        let (files, unread) = loader.glob(pattern);
        more = more.or(unread.filter(|_| !files.is_empty()));
        for (path, text, shown) in files {
            first.get_or_insert_with(|| Arc::clone(&shown));
            let text = text?;
            block.extend(loader.read(&path, &text, &shown).map_err(|what| Unknown::new(Reason::Unsupported, what))?);
        }
    }
    let shown = first.ok_or_else(|| unseen.clone())?;
    let mut config = Config::new(http_around(block, &shown, unseen.clone()), shown, loader);
    // The official nginx.conf has no server of its own.
    config.servers_unseen = if official { more } else { Some(unseen) };
    Ok(config)
}

/// An `http` block around pieces, with room for what was not seen.
pub(super) fn http_around(mut block: Vec<Directive>, shown: &Arc<str>, unseen: Unknown) -> Vec<Directive> {
    let directive = |name: &str| Directive {
        name: name.to_owned(),
        args: Vec::new(),
        block: None,
        file: Arc::clone(shown),
        line: 1,
        column: 1,
        unseen: None,
    };
    block.push(Directive { unseen: Some(unseen), ..directive("include") });
    vec![Directive { block: Some(block), ..directive("http") }]
}

/// The files with those that templates turn into: by the official start script, or by `envsubst < FROM > TO`.
fn generated(program: &Program, scripts: bool) -> Inside {
    let mut inside = program.inside.clone();
    let setting = |name: &str, default: &str| {
        let found = program.environment.iter().rev().find(|variable| variable.name == name);
        found.and_then(|variable| variable.value.clone().ok()).unwrap_or_else(|| default.to_owned())
    };
    let from = setting("NGINX_ENVSUBST_TEMPLATE_DIR", "/etc/nginx/templates");
    let to = setting("NGINX_ENVSUBST_OUTPUT_DIR", "/etc/nginx/conf.d");
    let suffix = setting("NGINX_ENVSUBST_TEMPLATE_SUFFIX", ".template");
    let templates = program.inside.iter().filter_map(|(path, file)| {
        let name = path.strip_prefix(from.trim_end_matches('/'))?.strip_prefix('/')?.strip_suffix(&suffix)?;
        Some((format!("{}/{name}", to.trim_end_matches('/')), file))
    });
    let command = program.words.as_deref().unwrap_or_default().join(" ");
    let written = ENVSUBST.iter().filter(|_| command.contains("envsubst")).flat_map(|regex| regex.captures_iter(&command));
    let written: Vec<(String, String)> =
        written.map(|found| (found[1].to_owned(), found[2].trim_matches(['\'', '"', ';']).to_owned())).collect();
    let unseen = InsideFile {
        text: Err(Unknown::new(Reason::ImageNotSeen, "the template that its command names was not seen")),
        shown: Arc::clone(&program.name),
        mode: None,
        place: Place::Runtime,
    };
    let by_command = written.iter().map(|(from, to)| match program.inside.look(from) {
        Look::File(file) => (to.clone(), file),
        _ => (to.clone(), &unseen),
    });
    let declared = program.assurance == Assurance::Declared;
    let sure = scripts && program.image_or_base().is_some_and(is_official);
    let templates = templates.map(|(path, file)| (path, file, sure));
    for (path, file, sure) in templates.chain(by_command.map(|(path, file)| (path, file, true))) {
        let there = matches!(program.inside.look(&path), Look::File(_));
        // What runs was read as the start script left it; before the start, the script writes over what is there.
        if there && !declared {
            continue;
        }
        let text = if sure || (scripts && !there) {
            file.text.clone().map(|text| substituted(&text, program))
        } else {
            Err(Unknown::new(Reason::Unsupported, "whether its start script writes this file from the template is not known"))
        };
        inside.put(path, InsideFile { text, shown: Arc::clone(&file.shown), mode: None, place: Place::Runtime });
    }
    inside
}

/// Only variables that are defined are put in, as the official script does; the others stay, and what they say is unknown.
fn substituted(text: &str, program: &Program) -> String {
    let Some(regex) = &*VARIABLE else { return text.to_owned() };
    let put_in = |found: &Captures<'_>| {
        let name = found.get(1).or(found.get(2)).map_or("", |name| name.as_str());
        let variable = program.environment.iter().rev().find(|variable| variable.name == name);
        match variable.and_then(|variable| variable.value.clone().ok()) {
            Some(value) => value,
            None => found[0].to_owned(),
        }
    };
    regex.replace_all(text, put_in).into_owned()
}
