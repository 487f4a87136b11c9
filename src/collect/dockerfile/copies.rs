//! What `COPY` and `ADD` bring in: sources that are not there, files that need no `ADD`, `.env` that slips in.

use super::Reading;
use super::context::{Seen, is_pattern, is_remote};
use super::ignore::{Ignore, clean};
use super::image::{Built, Change, Image, Placed};
use super::parse::{Source, Spot};
use crate::facts::{Fact, List, Record, Unknown};

/// Endings of archives that `ADD` unpacks.
const ARCHIVES: [&str; 9] = [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".tar.lz4"];
/// Files that stand where an application lives.
const HOME_FILES: [&str; 7] =
    ["package.json", "pyproject.toml", "requirements.txt", "manage.py", ".env.example", ".env.sample", ".env.template"];
/// Deepest chain of `COPY --from` that is followed.
const MAX_CHAIN: usize = 16;

impl Placed {
    /// The stage or image that it copies from, where it does not copy from the context.
    pub(super) fn from(&self) -> Option<&str> {
        self.what.flag("from")
    }

    /// Paths of the context with their variables replaced; heredocs, other stages and URLs left out.
    fn local(&self) -> Vec<&Result<String, Unknown>> {
        if self.from().is_some() {
            return Vec::new();
        }
        let paths = self.what.sources.iter().zip(&self.sources).filter(|(source, _)| matches!(source, Source::Path(_)));
        paths.map(|(_, path)| path).filter(|path| !path.as_deref().is_ok_and(is_remote)).collect()
    }
}

impl Reading {
    /// How many sources are not there: the wrong context was guessed where there are many.
    pub(super) fn missing_sources(&self) -> usize {
        let Ok(built) = &self.built else { return 0 };
        let local = copies(built).flat_map(|(_, placed)| placed.local());
        local.filter_map(|path| path.as_deref().ok()).filter(|path| !is_pattern(path)).filter(|path| !self.is_there(path)).count()
    }

    fn is_there(&self, path: &str) -> bool {
        self.context.root().is_ok_and(|root| root.join(clean(path)).symlink_metadata().is_ok())
    }
}

/// Every `COPY` and `ADD` of every stage once, with the number of the stage it first stands in.
pub(super) fn copies(built: &Built) -> impl Iterator<Item = (usize, &Placed)> {
    let mut seen: Vec<Spot> = Vec::new();
    let all = built.stages.iter().enumerate().flat_map(|(number, (_, image))| placed(image).map(move |placed| (number, placed)));
    all.filter(move |(_, placed)| {
        let new = !seen.contains(&placed.at);
        seen.push(placed.at);
        new
    })
}

fn placed(image: &Image) -> impl Iterator<Item = &Placed> {
    image.changes.iter().filter_map(|change| match change {
        Change::Copy(placed) => Some(placed),
        Change::Run { .. } => None,
    })
}

/// `dockerfile.sources`: every source that names one thing of the context.
pub(super) fn sources(reading: &Reading, built: &Built) -> List {
    let mut list = List::default();
    for (_, placed) in copies(built) {
        let origin = reading.origin(placed.at);
        for path in placed.local() {
            let mut record = Record::new();
            match path {
                Ok(path) if is_pattern(path) => continue,
                Ok(path) => {
                    let (exists, why) = match reading.context.look(path) {
                        Seen::File(_) | Seen::Folder => (Fact::known(true), ""),
                        Seen::Excluded => (Fact::known(false), ", left out by .dockerignore"),
                        Seen::Missing => (Fact::known(false), ""),
                        Seen::Unknown(why) => (Fact::unknown(why), ""),
                    };
                    record.set_here("label", format!("{} (line {}{why})", shown(path), placed.at.line));
                    record.put("exists", exists);
                }
                Err(why) => {
                    record.set_here("label", format!("a source with variables (line {})", placed.at.line));
                    record.unknown("exists", why.clone());
                }
            }
            list.items.push(Fact::known(record).at(&origin));
        }
    }
    list
}

/// `dockerfile.added`: every source of `ADD`, and whether it is a plain local file or folder.
pub(super) fn added(reading: &Reading, built: &Built) -> List {
    let mut list = List::default();
    for (_, placed) in copies(built).filter(|(_, placed)| placed.what.add) {
        for (source, path) in placed.what.sources.iter().zip(&placed.sources) {
            let mut record = Record::new();
            let plain = match (source, path) {
                (Source::Here { .. }, _) => Fact::known(false),
                (_, Ok(path)) => Fact::known(!is_remote(path) && !unpacks(reading, path)),
                (_, Err(why)) => Fact::unknown(why.clone()),
            };
            let what =
                path.as_deref().map_or("a source with variables", |path| if is_remote(path) { "a URL" } else { shown(path) });
            record.set_here("label", format!("{what} (line {})", placed.at.line));
            record.put("plain", plain);
            list.items.push(Fact::known(record).at(&reading.origin(placed.at)));
        }
    }
    list
}

/// Whether `ADD` unpacks a source: an archive by its name, or by its first bytes where it is there.
fn unpacks(reading: &Reading, path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    if ARCHIVES.iter().any(|ending| lower.ends_with(ending)) {
        return true;
    }
    let Seen::File(file) = reading.context.look(path) else { return false };
    let mut head = [0_u8; 6];
    let read = std::fs::File::open(file).and_then(|mut file| std::io::Read::read(&mut file, &mut head));
    read.is_ok_and(|_| [&b"\x1f\x8b"[..], b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd"].iter().any(|magic| head.starts_with(magic)))
}

/// `dockerfile.env_reaches`: every way on which a `.env` of the context gets into the image.
pub(super) fn env_reaches(reading: &Reading, built: &Built) -> List {
    let mut list = List::default();
    let Ok(target) = built.target else {
        list.incomplete = built.target.clone().err();
        return list;
    };
    let ways = Ways { reading, built }.of(target, 0, &mut list.incomplete);
    for way in ways {
        let mut record = Record::new();
        record.set_here("label", format!("{} by line {}", way.file, way.at.line));
        list.items.push(Fact::known(record).at(&reading.origin(way.at)));
    }
    list
}

/// A `.env` that gets into a stage.
struct Way {
    /// Path in the context.
    file: String,
    /// Path in the stage.
    inside: String,
    at: Spot,
}

struct Ways<'r> {
    reading: &'r Reading,
    built: &'r Built,
}

impl Ways<'_> {
    fn of(&self, stage: usize, depth: usize, more: &mut Option<Unknown>) -> Vec<Way> {
        let Some((_, image)) = self.built.stages.get(stage).filter(|_| depth < MAX_CHAIN) else { return Vec::new() };
        let mut found: Vec<Way> = Vec::new();
        for change in &image.changes {
            let placed = match change {
                Change::Copy(placed) => placed,
                Change::Run { mounts, at, .. } => {
                    for mount in mounts {
                        self.of_mount(mount, *at, more);
                    }
                    continue;
                }
            };
            if let Some(why) = placed.from().and_then(|name| self.built.elsewhere(name, placed.at)) {
                more.get_or_insert(why);
                continue;
            }
            match placed.from().map(|name| self.built.find(name, stage)) {
                Some(Some(other)) => {
                    let below = self.of(other, depth + 1, more);
                    found.extend(
                        below.into_iter().filter(|way| takes(placed, &way.inside)).map(|way| Way { at: placed.at, ..way }),
                    );
                }
                Some(None) => {}
                None => self.of_context(placed, &mut found, more),
            }
        }
        found.dedup_by(|a, b| a.file == b.file && a.at == b.at);
        found
    }

    /// `RUN --mount=type=bind` shows the context to a command, which may copy anything.
    fn of_mount(&self, mount: &str, at: Spot, more: &mut Option<Unknown>) {
        let field = |names: &[&str]| {
            let mut pairs = mount.split(',').map(|pair| pair.trim().split_once('=').unwrap_or((pair, "")));
            pairs.find(|(name, _)| names.contains(name)).map(|(_, value)| value)
        };
        if field(&["type"]).is_some_and(|kind| kind != "bind") {
            return;
        }
        let why = match field(&["from"]) {
            Some(name) => self.built.elsewhere(name, at),
            None => match self.reading.context.ignore() {
                Err(why) => Some(why),
                Ok(ignore) => (!self.env_files(field(&["source", "src"]).unwrap_or(""), ignore).is_empty()).then(|| {
                    let why = format!("the command in line {} sees the build context with its .env, and may copy it", at.line);
                    Unknown::new(crate::facts::Reason::Unproven, why)
                }),
            },
        };
        *more = more.take().or(why);
    }

    fn of_context(&self, placed: &Placed, found: &mut Vec<Way>, more: &mut Option<Unknown>) {
        for path in placed.local() {
            let path = match path {
                Ok(path) => path,
                Err(why) => {
                    more.get_or_insert_with(|| why.clone());
                    continue;
                }
            };
            let ignore = match self.reading.context.ignore() {
                Ok(ignore) => ignore,
                Err(why) => {
                    more.get_or_insert(why);
                    continue;
                }
            };
            for (file, rest) in self.env_files(path, ignore) {
                if !excluded_here(placed, &file) {
                    let folder = placed.target.as_deref().unwrap_or("/").trim_end_matches('/').to_owned();
                    found.push(Way { file, inside: format!("{folder}/{rest}"), at: placed.at });
                }
            }
        }
    }

    /// `.env` files of the context that a source takes along: one at its top whether it is there now or not, and those
    /// that are there. With the path below the source.
    fn env_files(&self, source: &str, ignore: &Ignore) -> Vec<(String, String)> {
        let base = clean(source);
        if is_pattern(&base) {
            let names = self.reading.context.matching(source).0.into_iter().map(|entry| entry.inside);
            let mut names: Vec<String> = names.filter(|name| is_env(name)).collect();
            // `COPY * .` takes a `.env` that is not there yet.
            if base == "*" && !ignore.excludes(".env") && !names.iter().any(|name| name == ".env") {
                names.push(".env".to_owned());
            }
            return names.into_iter().map(|name| (name.clone(), name.rsplit('/').next().unwrap_or("").to_owned())).collect();
        }
        let seen = self.reading.context.look(source);
        if is_env(&base) && !matches!(seen, Seen::Folder) {
            let name = base.rsplit('/').next().unwrap_or("").to_owned();
            return if ignore.excludes(&base) { Vec::new() } else { vec![(base, name)] };
        }
        if matches!(seen, Seen::File(_)) {
            return Vec::new();
        }
        let top = if base.is_empty() { ".env".to_owned() } else { format!("{base}/.env") };
        let mut found = Vec::new();
        let there = self.reading.context.files(source).0.into_iter().map(|entry| entry.inside);
        found.extend(there.filter(|name| is_env(name)));
        // Where an application lives, a `.env` is thought of that is not in the repository.
        if self.is_home(&base) && !ignore.excludes(&top) && !found.contains(&top) {
            found.push(top);
        }
        let below = |name: &String| name.strip_prefix(&base).unwrap_or(name).trim_start_matches('/').to_owned();
        found.into_iter().map(|name| (name.clone(), below(&name))).collect()
    }
}

impl Ways<'_> {
    /// Whether a folder of the context is the home of an application: its top, or one with a list of packages.
    fn is_home(&self, folder: &str) -> bool {
        let has = |name: &str| self.reading.context.root().is_ok_and(|root| root.join(folder).join(name).exists());
        folder.is_empty() || HOME_FILES.iter().any(|name| has(name))
    }
}

/// `COPY --exclude=PATTERN`.
fn excluded_here(placed: &Placed, file: &str) -> bool {
    let patterns = placed.what.flags.iter().filter(|(name, _)| name == "exclude").filter_map(|(_, value)| value.as_deref());
    patterns.into_iter().any(|pattern| Ignore::parse(pattern).is_ok_and(|ignore| ignore.excludes(file)))
}

/// Whether `COPY --from` takes a path of the other stage along.
fn takes(placed: &Placed, inside: &str) -> bool {
    placed.sources.iter().any(|source| match source {
        Ok(source) => {
            let folder = format!("/{}", clean(source));
            folder == "/" || inside == folder || inside.starts_with(&format!("{folder}/")) || is_pattern(&folder)
        }
        Err(_) => true,
    })
}

/// `.env` and `.env.production`, but no template of one.
pub(super) fn is_env(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let template = ["example", "sample", "template", "dist", "default", "defaults", "tmpl", "tpl"];
    name == ".env" || name.strip_prefix(".env.").is_some_and(|rest| !rest.split('.').any(|part| template.contains(&part)))
}

/// Paths are shown when they look like paths.
pub(super) fn shown(path: &str) -> &str {
    let plain = path.len() <= 200 && path.chars().all(|c| c.is_alphanumeric() || "/._-+@*?[] ".contains(c));
    if plain { path } else { "(unreadable path)" }
}
