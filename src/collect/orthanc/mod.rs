//! Orthanc's effective configuration, put together as the program or its image's start script does.

mod assembled;
mod core;
mod credentials;
mod facts;
mod image;
mod json;
mod lint;
mod merge;
mod network;
mod oauth;
mod plugins;
mod read;
mod shown;
mod source;
mod stores;
mod substitute;
mod team;
mod users;

use std::sync::Arc;

use super::Context;
use super::program::{Inside, InsideFile, Place, Program, Variable};
use crate::facts::{Assurance, Document, Fact, Groups, Kind, List, Reason, Record, Unknown};

use self::assembled::Assembled;
use self::image::Image;
use self::substitute::{Surroundings, Syntax, substitute};
use crate::knowledge::{Assembly, orthanc_environment, orthanc_images, orthanc_keys};

/// What is put together.
#[derive(Clone, Copy, Debug)]
struct Setting<'p> {
    program: &'p Program,
    /// Files by themselves: nobody knows the image and the environment around them.
    alone: bool,
}

impl Setting<'_> {
    /// Where `${NAME}` is looked up.
    fn surroundings(&self) -> Surroundings<'_> {
        Surroundings { variables: &self.program.environment, incomplete: self.program.environment_incomplete.as_ref() }
    }

    /// The variables as the program finds them: of two with one name only the last.
    fn variables(&self) -> impl Iterator<Item = &Variable> {
        let all = &self.program.environment;
        all.iter()
            .enumerate()
            .filter(|(i, variable)| !all[i + 1..].iter().any(|later| later.name == variable.name))
            .map(|(_, v)| v)
    }
}

/// Whether this program is an Orthanc: by its image or base, its `ORTHANC__` variables, or files in `/etc/orthanc`.
pub fn is_orthanc(program: &Program) -> bool {
    let known = |reference: &Option<String>| reference.as_deref().is_some_and(|r| orthanc_images().find(r).is_some());
    let variable = |variable: &Variable| variable.name == "ORTHANC_JSON" || sets_a_key(&variable.name);
    let runs = |words: &Vec<String>| words.iter().any(|word| word.rsplit('/').next() == Some("Orthanc"));
    known(&program.image)
        || known(&program.base)
        || program.words.as_ref().is_some_and(runs)
        || program.environment.iter().any(variable)
        || program.inside.folder("/etc/orthanc").0.iter().any(|(path, _)| path.ends_with(".json"))
}

/// Whether a variable names a key or section of Orthanc, in whatever case: other programs have `ORTHANC__` variables too.
fn sets_a_key(name: &str) -> bool {
    let path = orthanc_environment().path(name).filter(|_| name.starts_with("ORTHANC__"));
    let top = path.and_then(|path| path.into_iter().next()).unwrap_or_default();
    orthanc_keys().top().any(|known| known.eq_ignore_ascii_case(&top))
}

/// The effective configuration of an Orthanc in a container; named by the container.
pub fn collect(program: &Program, groups: &mut Groups) -> Option<Document> {
    is_orthanc(program).then(|| collect_seen(program, groups))
}

/// [`collect`] for a program that was seen to be an Orthanc, whatever its image is called.
pub fn collect_seen(program: &Program, groups: &mut Groups) -> Document {
    document(Setting { program, alone: false }, groups)
}

fn document(setting: Setting<'_>, groups: &mut Groups) -> Document {
    let program = setting.program;
    let image = Image::of(&setting);
    let assembled = assemble(&setting, &image);
    let mut document = program.document(Kind::Orthanc, Arc::clone(&program.name));
    let record = &mut document.facts;
    identity(record, &setting, &image);
    loading(record, &assembled);
    facts::write(record, &assembled.root);
    users::write(record, &assembled.root, groups);
    credentials::write(record, &assembled.root, groups);
    network::write(record, &assembled.root, groups);
    oauth::write(record, &assembled.root, groups);
    stores::write(record, &assembled.root, image.assembly);
    plugins::write(record, plugins::Plugins { setting, assembled: &assembled, assembly: image.assembly });
    lint::write(record, setting, &assembled, &image);
    record.put("trace", trace(&setting, &image));
    document
}

/// One way of putting it together, or what both agree on.
fn assemble(setting: &Setting<'_>, image: &Image) -> Assembled {
    match image.assembly {
        Some(Assembly::Core) => core::assemble(setting, image),
        Some(Assembly::Team) => team::assemble(setting, image),
        None => {
            let (mut one, other) = (core::assemble(setting, image), team::assemble(setting, image));
            let why = Unknown::new(
                Reason::ImageNotSeen,
                "Orthanc itself and the start script of orthancteam/orthanc read this differently, and which of them does is not known",
            );
            one.root = merge::agree(&one.root, &other.root, &why);
            if one.problems.is_empty() != other.problems.is_empty() {
                let text = one.problems.iter().chain(&other.problems).next().map_or("", |problem| &problem.text).to_owned();
                one.problems.clear();
                one.doubt(format!("{text}, if it is read that way"));
            }
            one.doubt = one.doubt.or(other.doubt);
            one.switched_on = other.switched_on;
            one.switched_off = other.switched_off;
            one
        }
    }
}

/// Image, assembly and versions.
fn identity(record: &mut Record, setting: &Setting<'_>, image: &Image) {
    let unseen = |what: &str| {
        if setting.alone {
            Unknown::new(Reason::NoTarget, format!("a configuration file by itself does not tell {what}"))
        } else {
            Unknown::new(Reason::ImageNotSeen, format!("neither the image's name, its tag nor a package tells {what}"))
        }
    };
    match image.assembly {
        Some(assembly) => record.set_here("assembly", assembly.word()),
        None => record.unknown("assembly", unseen("how the configuration is put together")),
    }
    record.set_or_absent("image", setting.program.image.clone());
    match image.versions.exact() {
        Some(version) => record.set_here("version", version.to_string()),
        None => record.unknown("version", unseen("which version of Orthanc it is")),
    }
    record.set_or_absent("version_floor", image.versions.floor.map(|version| version.to_string()));
    record.set_or_absent("version_ceiling", image.versions.ceiling.map(|version| version.to_string()));
    record.set_or_absent("package", image.package.clone());
}

/// Whether it loads, and from what.
fn loading(record: &mut Record, assembled: &Assembled) {
    let doubt = assembled.doubt.as_ref().or(assembled.root.incomplete.as_ref());
    let problem =
        |problem: &assembled::Problem| Fact::from(facts::labelled(format!("{} ({})", problem.text, problem.at))).at(&problem.at);
    let items: Vec<Fact> = assembled.problems.iter().map(problem).collect();
    let loads = match (items.is_empty(), doubt) {
        (false, _) => Fact::known(false).at(&assembled.problems[0].at),
        (true, Some(why)) => Fact::unknown(why.clone()),
        (true, None) => Fact::known(true),
    };
    record.put("loads", loads);
    record.set_here("load_errors", List { items, incomplete: doubt.cloned() });
    let sources = assembled.sources.iter().map(|source| facts::labelled(source.as_str()).into()).collect();
    record.set_here("sources", List { items: sources, incomplete: assembled.root.incomplete.clone() });
}

/// `--trace` on the command line, or `TRACE_ENABLED` for the start script.
fn trace(setting: &Setting<'_>, image: &Image) -> Fact {
    if setting.alone {
        return Fact::unknown(Unknown::new(
            Reason::NoTarget,
            "a configuration file by itself does not tell how Orthanc is started",
        ));
    }
    let program = setting.program;
    let option = |word: &String| word == "--trace" || word.starts_with("--trace-");
    if program
        .words
        .as_ref()
        .is_some_and(|words| words.iter().flat_map(|word| word.split_whitespace()).any(|word| option(&word.to_owned())))
    {
        return Fact::known(true);
    }
    if image.assembly == Some(Assembly::Core) {
        return match (&program.words, image.known) {
            (Some(_), _) | (None, Some(_)) => Fact::known(false),
            (None, None) => Fact::unknown(Unknown::new(Reason::ImageNotSeen, "the command was not seen")),
        };
    }
    match setting.surroundings().look("TRACE_ENABLED") {
        Ok(Some(variable)) => match variable.value.as_deref() {
            Ok("true" | "") => Fact::known(true).at(&variable.origin),
            Ok("false") => Fact::known(false).at(&variable.origin),
            _ => Fact::unknown(Unknown::new(Reason::Unproven, "TRACE_ENABLED is neither true nor false")).at(&variable.origin),
        },
        Ok(None) if image.assembly.is_some() => Fact::known(false),
        Ok(None) => Fact::unknown(Unknown::new(Reason::ImageNotSeen, "the image's start script was not seen")),
        Err(why) => Fact::unknown(why),
    }
}

/// Whether a JSON text is an Orthanc configuration rather than anything else: by keys at its top that only Orthanc or its
/// plugins know, or by two of them in a text that is no JSON.
pub fn looks_like_configuration(text: &str) -> bool {
    const GENERAL: [&str; 12] = [
        "Name",
        "Plugins",
        "Locale",
        "Dictionary",
        "Warnings",
        "Java",
        "Python",
        "Education",
        "KeepAlive",
        "OHIF",
        "STL",
        "ReadOnly",
    ];
    let own = || orthanc_keys().top().filter(|name| !GENERAL.contains(name));
    let quoted = |name: &&str| text.contains(&format!("\"{name}\""));
    if !text.contains('{') || !own().any(|name| quoted(&name)) {
        return false;
    }
    let why = Unknown::from(Reason::NoTarget);
    let substituted = substitute(text, Syntax::Core, &Surroundings { variables: &[], incomplete: Some(&why) });
    let source = Arc::new(source::Source::default("a file"));
    match json::parse(text, &substituted, &source, json::Reader::JsonCpp) {
        Ok(parsed) => own().any(|name| parsed.map.entries.contains_key(name)),
        Err(_) => own().filter(quoted).nth(1).is_some(),
    }
}

/// A configuration file or folder by itself (paths, and what to call each), without image, environment or version.
pub fn alone(name: &str, files: &[(std::path::PathBuf, String)], given: &str, context: &mut Context<'_>) -> Vec<Document> {
    by_itself(name, files.iter().map(|(path, shown)| on_disk(path, shown)).collect(), given, context)
}

/// [`alone`] for a text that stands inside another file, a `ConfigMap` for example.
pub fn alone_text(name: &str, shown: &str, text: &str, given: &str, context: &mut Context<'_>) -> Vec<Document> {
    let file = InsideFile { text: Ok(text.to_owned()), shown: shown.into(), mode: None, place: Place::Config };
    by_itself(name, vec![file], given, context)
}

fn by_itself(name: &str, files: Vec<InsideFile>, given: &str, context: &mut Context<'_>) -> Vec<Document> {
    if files.is_empty() {
        return Vec::new();
    }
    let mut inside = Inside::default();
    for folder in ["/etc/orthanc", "/run/secrets", "/tmp"] {
        inside.complete(folder);
    }
    for (i, file) in files.into_iter().enumerate() {
        // The number keeps two files of one name apart.
        inside.put(format!("/etc/orthanc/{i:04}.json"), file);
    }
    let why = "it depends on a variable, and a configuration file by itself does not tell the environment";
    let program = Program {
        name: name.into(),
        service: None,
        project: None,
        target: given.into(),
        assurance: Assurance::Declared,
        image: None,
        base: None,
        words: None,
        environment: Vec::new(),
        environment_incomplete: Some(Unknown::new(Reason::NoTarget, why)),
        inside,
    };
    vec![document(Setting { program: &program, alone: true }, context.groups)]
}

fn on_disk(path: &std::path::Path, shown: &str) -> InsideFile {
    let text = match std::fs::read(path) {
        Ok(bytes) => String::from_utf8(bytes).map_err(|_| Unknown::new(Reason::Unsupported, format!("{shown} is not UTF-8"))),
        Err(error) => Err(Unknown::new(Reason::Permission, format!("{shown} cannot be read: {}", error.kind()))),
    };
    InsideFile { text, shown: shown.into(), mode: mode(path), place: Place::Mount }
}

#[cfg(unix)]
fn mode(path: &std::path::Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).ok().map(|metadata| metadata.permissions().mode() & 0o7777)
}

#[cfg(not(unix))]
fn mode(_path: &std::path::Path) -> Option<u32> {
    None
}

#[cfg(test)]
mod tests;
