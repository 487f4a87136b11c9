//! Which Orthanc it is: how its image puts the configuration together, and which versions it can be.

use super::Setting;
use crate::collect::program::Look;
use crate::knowledge::{Assembly, OrthancImage, Version, VersionRange, orthanc_images};

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
}

impl Image {
    /// Looks at reference, base, words and packages.
    pub(super) fn of(setting: &Setting<'_>) -> Self {
        let program = setting.program;
        let images = orthanc_images();
        let reference =
            [program.base.as_deref(), program.image.as_deref()].into_iter().flatten().find(|r| images.find(r).is_some());
        let known = reference.and_then(|reference| images.find(reference));
        let package = package(setting);
        let assembly = match known {
            Some(known) => Some(known.assembly),
            None if runs_directly(setting) => Some(Assembly::Core),
            None if by_start_script(setting) => Some(Assembly::Team),
            None => package.as_ref().map(|_| Assembly::Core),
        };
        let versions = match (&package, reference) {
            (Some(package), _) => package_version(package).map_or_else(VersionRange::default, VersionRange::exactly),
            (None, Some(reference)) => images.versions(reference),
            (None, None) => VersionRange::default(),
        };
        Self { assembly, known, versions, date: reference.and_then(|reference| images.date(reference)), package }
    }
}

/// `Orthanc /etc/orthanc`: no start script stands before the program.
fn runs_directly(setting: &Setting<'_>) -> bool {
    let first = setting.program.words.as_ref().and_then(|words| words.first());
    first.is_some_and(|word| word.rsplit('/').next() == Some("Orthanc"))
}

/// The start script is told where to write, and starts the program with that.
fn by_start_script(setting: &Setting<'_>) -> bool {
    let words = setting.program.words.as_deref().unwrap_or_default();
    let [first, .., last] = words else { return false };
    first.contains("entrypoint") && last == super::team::RESULT
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
