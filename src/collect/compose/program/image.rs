//! Files that the Dockerfile of a built service puts into its image.

use super::files::{FOLDERS, Files};
use crate::collect::compose::files;
use crate::collect::compose::service::Service;
use crate::collect::dockerfile::Content;
use crate::collect::program::Place;
use crate::facts::{Reason, Unknown};

/// Gathers the copied files that may be configuration; what is mounted over them comes from elsewhere.
pub(super) fn gather(service: &Service<'_>, files: &mut Files) {
    let Some(build) = service.build else { return };
    let layers = build.reading.layers(&|path| FOLDERS.contains(&path));
    for (path, why) in layers.hidden {
        if files.is_mounted(&path) {
            continue;
        }
        // A further file of the folder is read like those that are seen.
        if let Some((folder, _)) = path.rsplit_once('/').filter(|(f, name)| FOLDERS.contains(f) && name.ends_with(".json")) {
            files.hide(folder, why.clone());
        }
        files.hide(&path, why);
    }
    for (path, file) in layers.files {
        let wanted = files.is_wanted(&path) || file.single && files.may_be_configuration(&path);
        if !wanted || files.is_mounted(&path) {
            continue;
        }
        if files.is_full() {
            files.hide(&path, Unknown::new(Reason::Unsupported, "too many files are copied"));
            continue;
        }
        let shown = format!("{} ({path})", build.shown);
        match file.content {
            Content::Path(from) => {
                let shown = files::relative(&service.project.directory, &from);
                match file.mode {
                    Some(mode) => files.read_with(&path, &from, shown.into(), Some(mode), Place::Image),
                    None => files.read(&path, &from, shown.into(), Place::Image),
                }
            }
            Content::Text(text) => files.put(&path, Ok(text), shown.into(), file.mode, Place::Image),
            Content::Unknown(why) => {
                // What the build may change is not judged once more as it stands here.
                files.sources.extend(file.source);
                files.put(&path, Err(why), shown.into(), file.mode, Place::Image);
            }
        }
    }
}
