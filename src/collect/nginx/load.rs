//! Includes followed as nginx does: relative to the folder of `nginx.conf`, in order of name.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use regex::Regex;

use super::parse::{Directive, MAX_DIRECTIVES, parse};
use crate::collect::program::{Inside, Look, Place};
use crate::facts::{Reason, Unknown};

/// Deepest chain of includes.
const MAX_INCLUDES: usize = 16;
/// Most files of one configuration.
const MAX_FILES: usize = 500;
/// Largest file beside a lone one, in bytes.
const MAX_BYTES: u64 = 2 * 1024 * 1024;
/// Files of every nginx package that set nothing but media types and parameters of `FastCGI`.
const STOCK: [&str; 8] =
    ["mime.types", "fastcgi_params", "fastcgi.conf", "uwsgi_params", "scgi_params", "koi-utf", "koi-win", "win-utf"];

/// Where files are looked for.
pub(super) enum Source<'a> {
    /// In a container.
    Container(&'a Inside),
    /// Beside a lone file, and nowhere else: its folder, and what to put before names.
    Beside(PathBuf, String),
}

/// A file that the configuration needs and that is not there.
pub(super) struct Missing {
    pub label: String,
    pub origin: Arc<crate::facts::Origin>,
}

/// Reads files with everything that they include.
pub(super) struct Loader<'a> {
    pub source: Source<'a>,
    /// Folder that relative names start from.
    pub home: String,
    /// The image is nginx's own, whose `conf.d` holds `default.conf` and nothing else.
    pub official: bool,
    pub missing: Vec<Missing>,
    open: Vec<String>,
    files: usize,
    directives: usize,
}

/// What is at a path.
pub(super) enum Seen {
    Text(String, Arc<str>),
    Absent,
    Unknown(Unknown),
}

impl<'a> Loader<'a> {
    pub(super) fn new(source: Source<'a>, home: &str, official: bool) -> Self {
        Self { source, home: home.to_owned(), official, missing: Vec::new(), open: Vec::new(), files: 0, directives: 0 }
    }

    /// A text with its includes put in; the error says why nginx or pacscan gives up.
    pub(super) fn read(&mut self, path: &str, text: &str, shown: &Arc<str>) -> Result<Vec<Directive>, String> {
        self.files += 1;
        if self.files > MAX_FILES {
            return Err(format!("{shown}: more than {MAX_FILES} files are included"));
        }
        if self.open.len() >= MAX_INCLUDES || self.open.iter().any(|open| open == path) {
            return Err(format!("{shown}: it is included by itself, or more than {MAX_INCLUDES} deep"));
        }
        let parsed = parse(text, shown)?;
        self.open.push(path.to_owned());
        let expanded = self.expand(parsed);
        self.open.pop();
        expanded
    }

    fn expand(&mut self, directives: Vec<Directive>) -> Result<Vec<Directive>, String> {
        let mut found = Vec::with_capacity(directives.len());
        for mut directive in directives {
            self.directives += 1;
            if self.directives > MAX_DIRECTIVES {
                return Err(format!("{}: more than {MAX_DIRECTIVES} directives with all includes", directive.place()));
            }
            if directive.name == "include" && directive.block.is_none() {
                self.include(directive, &mut found)?;
                continue;
            }
            if directive.name.starts_with('$') && directive.block.is_none() && directive.args.is_empty() {
                directive.unseen =
                    Some(Unknown::new(Reason::NoTarget, format!("{}: a variable of the template", directive.place())));
            }
            if let Some(block) = directive.block.take() {
                directive.block = Some(self.expand(block)?);
            }
            found.push(directive);
        }
        Ok(found)
    }

    fn include(&mut self, mut directive: Directive, found: &mut Vec<Directive>) -> Result<(), String> {
        let place = directive.place();
        if directive.arg().contains('$') {
            directive.unseen =
                Some(Unknown::new(Reason::NoTarget, format!("{place}: the name of the included file is a variable")));
            found.push(directive);
            return Ok(());
        }
        let path = self.absolute(directive.arg());
        if path.contains(['*', '?', '[']) {
            let (files, more) = self.glob(&path);
            for (path, text, shown) in files {
                match text {
                    Ok(text) => found.extend(self.read(&path, &text, &shown)?),
                    Err(why) => directive.unseen = Some(why),
                }
            }
            directive.unseen = directive.unseen.or(more.filter(|why| !is_modules(&path, why)));
        } else {
            match self.look(&path) {
                Seen::Text(text, shown) => found.extend(self.read(&path, &text, &shown)?),
                Seen::Unknown(why) => directive.unseen = (!is_stock(&path)).then_some(why),
                Seen::Absent => {
                    let what = format!("{place}: includes {path}, which does not exist: nginx does not start");
                    directive.unseen = (!is_stock(&path)).then(|| Unknown::new(Reason::Unsupported, what.clone()));
                    self.missing.push(Missing { label: what, origin: directive.origin() });
                }
            }
        }
        if directive.unseen.is_some() {
            found.push(directive);
        }
        Ok(())
    }

    /// A name as nginx finds it.
    pub(super) fn absolute(&self, name: &str) -> String {
        let name = name.strip_prefix("./").unwrap_or(name);
        if name.starts_with('/') { name.to_owned() } else { format!("{}/{name}", self.home) }
    }

    /// What is at an absolute path.
    pub(super) fn look(&self, path: &str) -> Seen {
        match &self.source {
            Source::Container(inside) => match inside.look(path) {
                Look::File(file) => match &file.text {
                    Ok(text) => Seen::Text(text.clone(), Arc::clone(&file.shown)),
                    Err(why) => Seen::Unknown(why.clone()),
                },
                Look::Absent => Seen::Absent,
                Look::Unknown(why) => Seen::Unknown(why),
            },
            Source::Beside(folder, prefix) => {
                let name = path.strip_prefix(&self.home).map(|name| name.trim_start_matches('/'));
                match name.and_then(|name| Some((beside(folder, name)?, format!("{prefix}{name}")))) {
                    Some((text, shown)) => Seen::Text(text, shown.into()),
                    None => Seen::Unknown(elsewhere()),
                }
            }
        }
    }

    /// Whether a file is there although its text was not read. Compose refuses to start without a declared secret.
    pub(super) fn holds(&self, path: &str) -> bool {
        let Source::Container(inside) = &self.source else { return false };
        let Look::File(file) = inside.look(path) else { return false };
        let declared = matches!(file.place, Place::Secret | Place::Config);
        declared || file.text.as_ref().err().is_none_or(|why| why.reason != Reason::NoTarget)
    }

    /// Files that fit a pattern in order of name, and why there may be more.
    #[expect(clippy::type_complexity, reason = "one file: path, text, name in reports")]
    pub(super) fn glob(&self, pattern: &str) -> (Vec<(String, Result<String, Unknown>, Arc<str>)>, Option<Unknown>) {
        let Some(regex) = glob_regex(pattern) else {
            return (Vec::new(), Some(Unknown::new(Reason::Unsupported, "a pattern of an include cannot be read")));
        };
        let fixed =
            pattern.find(['*', '?', '[']).and_then(|star| pattern[..star].rfind('/')).map_or("/", |slash| &pattern[..slash]);
        match &self.source {
            Source::Container(inside) => {
                let fits = inside.iter().filter(|(path, _)| regex.is_match(path));
                let files: Vec<_> =
                    fits.map(|(path, file)| (path.to_owned(), file.text.clone(), Arc::clone(&file.shown))).collect();
                let covered = self.official && files.iter().any(|(path, ..)| path == "/etc/nginx/conf.d/default.conf");
                let more = inside.folder(fixed).1.filter(|why| !(covered && why.reason == Reason::ImageNotSeen));
                (files, more)
            }
            Source::Beside(folder, prefix) => {
                let below = fixed.strip_prefix(&self.home).map(|below| below.trim_start_matches('/'));
                let names = below.map(|below| (below, names(&folder.join(below))));
                let names = names.filter(|(_, names)| !names.is_empty() && names.len() < MAX_FILES);
                let Some((below, names)) = names else { return (Vec::new(), Some(elsewhere())) };
                let mut files = BTreeMap::new();
                for name in names.iter().map(|name| if below.is_empty() { name.clone() } else { format!("{below}/{name}") }) {
                    let path = format!("{}/{name}", self.home);
                    if regex.is_match(&path) {
                        let text = beside(folder, &name).ok_or_else(elsewhere);
                        files.insert(path.clone(), (path, text, format!("{prefix}{name}").into()));
                    }
                }
                (files.into_values().collect(), None)
            }
        }
    }
}

fn elsewhere() -> Unknown {
    Unknown::new(Reason::NoTarget, "files that do not lie beside the configuration were not seen")
}

/// Names of a folder, few enough to be one of a configuration.
fn names(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().take(MAX_FILES);
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// Text of a file below a folder; links that lead out of it are not followed.
fn beside(folder: &std::path::Path, name: &str) -> Option<String> {
    let path = std::fs::canonicalize(folder.join(name)).ok()?;
    let about = std::fs::metadata(&path).ok()?;
    let inside = path.starts_with(std::fs::canonicalize(folder).ok()?);
    (inside && about.is_file() && about.len() <= MAX_BYTES).then(|| std::fs::read_to_string(path).ok())?
}

fn is_stock(path: &str) -> bool {
    path.strip_prefix("/etc/nginx/").is_some_and(|name| STOCK.contains(&name))
}

/// Folders of `load_module` lines, which every package has.
fn is_modules(path: &str, why: &Unknown) -> bool {
    why.reason == Reason::ImageNotSeen
        && ["/etc/nginx/modules-enabled/", "/etc/nginx/modules/", "/usr/share/nginx/modules/"]
            .iter()
            .any(|folder| path.starts_with(folder))
}

/// A pattern of `glob(3)`: stars match neither slashes nor a leading dot.
fn glob_regex(pattern: &str) -> Option<Regex> {
    let mut regex = String::from("^");
    let mut rest = pattern.chars().peekable();
    let mut start = true;
    while let Some(c) = rest.next() {
        match c {
            '*' if start => regex.push_str("(?:[^/.][^/]*)?"),
            '*' => regex.push_str("[^/]*"),
            '?' => regex.push_str("[^/]"),
            '[' => {
                let class: String = rest.by_ref().take_while(|c| *c != ']').collect();
                let (not, class) = class.strip_prefix('!').map_or(("", class.as_str()), |class| ("^", class));
                regex.extend(["[", not, &class.replace('\\', "\\\\").replace('[', "\\["), "]"]);
            }
            c => regex.push_str(&regex::escape(&c.to_string())),
        }
        start = c == '/';
    }
    Regex::new(&format!("{regex}$")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_the_shell() {
        let fits = |pattern: &str, path: &str| glob_regex(pattern).unwrap().is_match(path);
        assert!(fits("/a/*.conf", "/a/b.conf") && !fits("/a/*.conf", "/a/b/c.conf") && !fits("/a/*", "/a/.b"));
        assert!(fits("/a/[0-9]?.conf", "/a/1x.conf") && !fits("/a/[!0-9].conf", "/a/1.conf"));
    }
}
