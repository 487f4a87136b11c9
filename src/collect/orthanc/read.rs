//! Reading one configuration file of a program.

use std::sync::Arc;

use super::Setting;
use super::assembled::{Assembled, Problem};
use super::json::{Map, Reader, parse};
use super::merge::fog;
use super::source::{Source, SourceKind};
use super::substitute::{Syntax, substitute};
use crate::collect::program::InsideFile;
use crate::facts::{Reason, Unknown};

/// Largest file that is read, in bytes; a configuration of Orthanc has some ten thousand.
const MAX_SIZE: usize = 4 * 1024 * 1024;

/// How a file is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// Which variables are put in before.
    pub syntax: Syntax,
    /// What the reader forgives.
    pub reader: Reader,
}

/// What a file gives; one that cannot be read may set every key. What is wrong with it is noted.
pub(super) fn file(path: &str, file: &InsideFile, manner: Manner, setting: &Setting<'_>, out: &mut Assembled) -> Map {
    let source = Arc::new(Source::file(file));
    let shown = if setting.alone {
        file.shown.to_string()
    } else if *file.shown == *path {
        path.to_owned()
    } else {
        format!("{path} ({})", file.shown)
    };
    out.sources.push(shown);
    match &file.text {
        Ok(text) if text.len() <= MAX_SIZE => text_of(text, &source, manner, setting, out),
        Ok(_) => closed(&Unknown::new(Reason::Unsupported, format!("{} is larger than 4 MiB", file.shown)), out),
        Err(why) => closed(why, out),
    }
}

/// What the text of a file or of `ORTHANC_JSON` gives.
pub(super) fn text_of(text: &str, source: &Arc<Source>, manner: Manner, setting: &Setting<'_>, out: &mut Assembled) -> Map {
    let substituted = substitute(text, manner.syntax, &setting.surroundings());
    match parse(text, &substituted, source, manner.reader) {
        Ok(parsed) => {
            out.duplicates.extend(parsed.duplicates);
            if let Some(doubt) = parsed.doubt {
                out.doubt(format!("{} {doubt}", source.shown));
            }
            parsed.map
        }
        Err(broken) => {
            let why = match substituted.unknown() {
                Some(why) => why.clone(),
                None => {
                    out.problems.push(Problem { text: format!("{} {}", source.shown, broken.what), at: Arc::clone(&broken.at) });
                    let place = match source.kind {
                        SourceKind::Variable { .. } => "ORTHANC_JSON".to_owned(),
                        _ => broken.at.to_string(),
                    };
                    Unknown::new(Reason::Unsupported, format!("{place} {}", broken.what))
                }
            };
            closed(&why, out)
        }
    }
}

/// A file that nobody can look into.
fn closed(why: &Unknown, out: &mut Assembled) -> Map {
    out.doubt.get_or_insert_with(|| why.clone());
    let mut map = Map::default();
    fog(&mut map, why);
    map
}
