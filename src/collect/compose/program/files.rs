//! The files of a service, as its mounts, configs and secrets bring them in.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{binds, declared, image};
use crate::collect::compose::service::Service;
use crate::collect::program::{Inside, InsideFile, Place};
use crate::facts::{Reason, Unknown};

/// Largest file that is read, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;
/// Most files that are read for one service.
const MAX_FILES: usize = 200;
/// Folders whose content is configuration.
pub(super) const FOLDERS: [&str; 3] = ["/etc/orthanc", "/run/secrets", "/etc/nginx"];
/// The start script of Orthanc's image and its helpers: nothing may stand in their place.
const START: [&str; 2] = ["/docker-entrypoint.sh", "/startup"];
/// Endings of files that may be configuration wherever they are mounted.
const ENDINGS: [&str; 8] = [".json", ".conf", ".yaml", ".yml", ".lua", ".py", ".template", ".env"];

/// The files of one service while they are gathered.
pub(super) struct Files {
    inside: Inside,
    /// Every place where something is mounted: what lies below it comes from there alone.
    pub mounted: Vec<String>,
    /// Folders and files that are wanted.
    wanted: Vec<String>,
    /// Why any path may be covered by something unseen.
    pub unsure: Option<Unknown>,
    count: usize,
    /// The files of this machine whose text was read, or is part of the service in another shape.
    pub sources: Vec<PathBuf>,
}

impl Files {
    /// Everything that the files bring into a service, and which files of this machine were read; `words` may name a configuration of Orthanc.
    pub(super) fn of(service: &Service<'_>, words: &[String]) -> (Inside, Vec<PathBuf>) {
        let named = words.iter().filter(|word| word.starts_with('/')).map(|word| word.trim_end_matches('/').to_owned());
        let wanted = FOLDERS.into_iter().chain(START).map(str::to_owned).chain(named.filter(|word| !word.is_empty())).collect();
        let mut files =
            Self { inside: Inside::default(), mounted: Vec::new(), wanted, unsure: None, count: 0, sources: Vec::new() };
        binds::gather(service, &mut files);
        image::gather(service, &mut files);
        declared::gather(service, &mut files);
        (files.inside, files.sources)
    }

    /// Whether the content of a path inside is wanted.
    pub(super) fn is_wanted(&self, path: &str) -> bool {
        self.wanted.iter().any(|folder| is_below(path, folder))
    }

    /// Whether something wanted lies below a folder.
    pub(super) fn leads_to_wanted(&self, folder: &str) -> bool {
        self.is_wanted(folder) || self.wanted.iter().any(|path| is_below(path, folder))
    }

    /// Whether a path comes from a mount rather than from the image.
    pub(super) fn is_mounted(&self, path: &str) -> bool {
        self.mounted.iter().any(|mounted| is_below(path, mounted))
    }

    /// Whether a file that stands by itself may be configuration.
    pub(super) fn may_be_configuration(&self, path: &str) -> bool {
        self.is_wanted(path) || ENDINGS.iter().any(|ending| path.ends_with(ending))
    }

    /// Says that a folder was read whole, unless something unseen may lie over it.
    pub(super) fn complete(&mut self, folder: &str) {
        match self.unsure.clone() {
            Some(why) => self.inside.hide(folder, why),
            None => self.inside.complete(folder),
        }
    }

    /// Says why the content of a folder is not known.
    pub(super) fn hide(&mut self, folder: &str, why: Unknown) {
        self.inside.hide(folder, why);
    }

    /// Adds a file whose text is known, or surely not.
    pub(super) fn put(&mut self, path: &str, text: Result<String, Unknown>, shown: Arc<str>, mode: Option<u32>, place: Place) {
        self.inside.put(path.trim_end_matches('/'), InsideFile { text, shown, mode, place });
    }

    /// Reads a file of this machine into the container.
    pub(super) fn read(&mut self, path: &str, from: &Path, shown: Arc<str>, place: Place) {
        let mode = std::fs::metadata(from).ok().and_then(|about| mode(&about));
        self.read_with(path, from, shown, mode, place);
    }

    /// The same with permission bits that are said elsewhere.
    pub(super) fn read_with(&mut self, path: &str, from: &Path, shown: Arc<str>, mode: Option<u32>, place: Place) {
        self.count += 1;
        let text = if !self.may_be_configuration(path) && !self.may_be_configuration(&from.to_string_lossy()) {
            Err(Unknown::new(Reason::UnknownFact, "its content is not read: it is no configuration"))
        } else if self.count > MAX_FILES {
            Err(Unknown::new(Reason::Unsupported, format!("more than {MAX_FILES} files are mounted")))
        } else {
            self.sources.push(from.to_path_buf());
            read(from)
        };
        self.put(path, text, shown, mode, place);
    }

    /// Whether no more files are read.
    pub(super) fn is_full(&self) -> bool {
        self.count >= MAX_FILES
    }
}

/// Whether a path is a folder or lies below it.
pub(super) fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Text of a file; pipes and devices are not opened.
fn read(path: &Path) -> Result<String, Unknown> {
    let wrong = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::PermissionDenied => Unknown::new(Reason::Permission, "it cannot be read: permission denied"),
        kind => Unknown::new(Reason::Unsupported, format!("it cannot be read: {kind}")),
    };
    if !std::fs::metadata(path).map_err(wrong)?.is_file() {
        return Err(Unknown::new(Reason::Unsupported, "it is no regular file"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path).map_err(wrong)?.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(wrong)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Unknown::new(Reason::Unsupported, "it is larger than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| Unknown::new(Reason::Unsupported, "it is not UTF-8 text"))
}

/// Permission bits of a file, where the system has them.
fn mode(about: &std::fs::Metadata) -> Option<u32> {
    #[cfg(unix)]
    let bits = Some(std::os::unix::fs::PermissionsExt::mode(&about.permissions()) & 0o7777);
    #[cfg(not(unix))]
    let bits = {
        let _ = about;
        None
    };
    bits
}

/// The real path, symbolic links followed; none where it does not exist.
pub(super) fn real(path: &Path) -> Option<PathBuf> {
    std::fs::canonicalize(path).ok()
}
