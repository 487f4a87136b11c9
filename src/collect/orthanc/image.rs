//! Which Orthanc it is: how its image puts the configuration together, and which versions it can be.

use super::Setting;
use super::team::RESULT;
use crate::collect::program::{Look, is_only_the_image};
use crate::facts::{Reason, Unknown};
use crate::knowledge::{Assembly, OrthancImage, Version, VersionRange, orthanc_images};

/// The start script of orthancteam/orthanc, the folder of its helpers, and the variable that names one more script.
const SCRIPT: &str = "/docker-entrypoint.sh";
const STARTUP: &str = "/startup";
const BEFORE: &str = "BEFORE_ORTHANC_STARTUP_SCRIPT";

/// What the image and the packages in it tell.
#[derive(Clone, Debug, Default)]
pub(super) struct Image {
    /// How the configuration is put together; none where nobody can say.
    pub assembly: Option<Assembly>,
    /// What is known about images of this name.
    pub known: Option<&'static OrthancImage>,
    /// The versions that it can be.
    pub versions: VersionRange,
    /// Date in the tag of a dated image.
    pub date: Option<Version>,
    /// Version of the distribution's package.
    pub package: Option<String>,
    /// Why nobody can say what is read: the start command or something in the start script's place changes it.
    pub changed: Option<Unknown>,
}

impl Image {
    /// Looks at reference, base, words and packages.
    pub(super) fn of(setting: &Setting<'_>) -> Self {
        let program = setting.program;
        let images = orthanc_images();
        // The tag of an image that is built here says nothing about what is in it.
        let reference = program.image_or_base().filter(|reference| images.find(reference).is_some());
        let known = reference.and_then(|reference| images.find(reference));
        let package = package(setting);
        let start = Start::of(program.words.as_deref());
        let by_image = known.map(|known| known.assembly);
        let assembly = match (&start, by_image) {
            (Start::Program, _) | (Start::Path { result: false }, Some(Assembly::Team)) => Some(Assembly::Core),
            (Start::Script, None) => Some(Assembly::Team),
            (_, Some(assembly)) => Some(assembly),
            (_, None) => package.as_ref().map(|_| Assembly::Core),
        };
        let changed = match start {
            Start::Unknown(why) => Some(why),
            _ if assembly == Some(Assembly::Team) && !setting.alone => replaced(setting),
            _ => None,
        };
        let versions = match (&package, reference) {
            (Some(package), _) => package_version(package).map_or_else(VersionRange::default, VersionRange::exactly),
            (None, Some(reference)) => images.versions(reference),
            (None, None) => VersionRange::default(),
        };
        Self { assembly, known, versions, date: reference.and_then(|reference| images.date(reference)), package, changed }
    }
}

/// How entrypoint and command start Orthanc.
enum Start {
    /// They say nothing: as the image does it.
    Own,
    /// `Orthanc /etc/orthanc`: no start script stands before the program.
    Program,
    /// The start script is told where to write, and starts the program with that.
    Script,
    /// Paths of configurations for the image's own entrypoint; `result` is the one that the start script writes.
    Path {
        result: bool,
    },
    Unknown(Unknown),
}

impl Start {
    fn of(words: Option<&[String]>) -> Self {
        let init = |word: &&String| !matches!(word.rsplit('/').next(), Some("tini" | "dumb-init" | "docker-init" | "--" | "-g"));
        let words: Vec<&str> = words.unwrap_or_default().iter().skip_while(|word| !init(word)).map(String::as_str).collect();
        match words.as_slice() {
            [] => Self::Own,
            [first, ..] if first.rsplit('/').next() == Some("Orthanc") => Self::Program,
            [script, result] if script.contains("entrypoint") && *result == RESULT => Self::Script,
            [RESULT] => Self::Path { result: true },
            [first, others @ ..] if is_configuration(first) && others.iter().all(|word| may_follow(word)) => {
                Self::Path { result: false }
            }
            _ => Self::Unknown(Unknown::new(
                Reason::Unsupported,
                "the start command is another program's, which changes what is read",
            )),
        }
    }
}

/// Whether a word of a command can only be a configuration: an entrypoint of its own may have any other path.
fn is_configuration(word: &str) -> bool {
    let folder = word.trim_end_matches('/');
    let known = ["/etc/orthanc", "/run/secrets"].contains(&folder);
    word.starts_with('/') && (known || word.ends_with(".json") || word.ends_with('/'))
}

/// A further configuration, or an option of Orthanc.
fn may_follow(word: &str) -> bool {
    word.starts_with('-') || is_configuration(word)
}

/// Why the start script of the image does not do what it is known to do.
fn replaced(setting: &Setting<'_>) -> Option<Unknown> {
    let inside = &setting.program.inside;
    let because = |what: &str| Some(Unknown::new(Reason::Unsupported, format!("{what}, which may change what is read")));
    if inside.iter().any(|(path, _)| path == SCRIPT || path.starts_with(&format!("{STARTUP}/"))) {
        return because("the start script of the image is replaced");
    }
    for path in [SCRIPT, STARTUP] {
        match inside.look(path) {
            Look::Unknown(why) if is_only_the_image(&why) => {}
            Look::Unknown(why) => return Some(why),
            Look::File(_) | Look::Absent => return because("the start script of the image is replaced"),
        }
    }
    // What it has changed is seen where the result is.
    let seen = matches!(inside.look(RESULT), Look::File(file) if file.text.is_ok());
    let before = setting.variables().any(|variable| variable.name == BEFORE && variable.value.as_deref() != Ok(""));
    if before && !seen { because("BEFORE_ORTHANC_STARTUP_SCRIPT names a script that runs before Orthanc") } else { None }
}

/// Version of the Debian package, from the list of installed packages.
fn package(setting: &Setting<'_>) -> Option<String> {
    let Look::File(file) = setting.program.inside.look("/var/lib/dpkg/status") else { return None };
    let text = file.text.as_deref().ok()?;
    let paragraph = text.split("\n\n").find(|paragraph| paragraph.lines().any(|line| line == "Package: orthanc"))?;
    let version = paragraph.lines().find_map(|line| line.strip_prefix("Version: "))?.trim();
    let plain = version.len() <= 64 && version.chars().all(|c| c.is_ascii_alphanumeric() || ".+~:-".contains(c));
    plain.then(|| version.to_owned())
}

/// `1.9.2+really1.9.1+dfsg-1` is 1.9.1.
fn package_version(package: &str) -> Option<Version> {
    let upstream = package.split_once(':').map_or(package, |(_, rest)| rest);
    let upstream = upstream.split_once("+really").map_or(upstream, |(_, really)| really);
    Version::parse(upstream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_tell_versions() {
        for (package, wanted) in
            [("1.10.1+dfsg-2+deb12u1", [1, 10, 1]), ("1.9.2+really1.9.1+dfsg-1+deb11u1", [1, 9, 1]), ("0:1.12.8-1", [1, 12, 8])]
        {
            assert_eq!(package_version(package), Some(Version(wanted)), "{package}");
        }
        assert_eq!(package_version("mainline"), None);
    }
}
