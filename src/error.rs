//! Everything that can go wrong for a user, in one place: what, why, what to do, exit code.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::check::{FileError, LibraryError};
use crate::facts::SnapshotError;
use crate::profile::ProfileError;
use crate::target::TargetError;

/// Wrong usage, or an unreadable target, profile or check file.
pub const EXIT_USAGE: u8 = 2;
/// Our own fault.
pub const EXIT_INTERNAL: u8 = 70;

/// An error that ends the run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A target that cannot be audited.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A stack description that names what does not exist.
    #[error(transparent)]
    Description(FileError),
    /// A snapshot that cannot be read.
    #[error("the snapshot `{path}` cannot be used: {cause}")]
    Snapshot {
        /// As given.
        path: String,
        /// Why.
        cause: SnapshotError,
    },
    /// A snapshot beside other targets.
    #[error("a snapshot is a target of its own: `{0}` cannot be audited together with others")]
    SnapshotNotAlone(String),
    /// A file that cannot be read or written.
    #[error("{doing} `{path}` failed: {cause}")]
    File {
        /// `reading`, `writing`.
        doing: &'static str,
        /// As given.
        path: String,
        /// What the system said.
        cause: String,
    },
    /// Standard output is full or gone.
    #[error("writing to standard output failed: {0}")]
    StandardOutput(#[from] std::io::Error),
    /// Check files with errors.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// A profile that cannot be used.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// No check of that id.
    #[error("there is no check `{id}`")]
    NoSuchCheck {
        /// As given.
        id: String,
        /// The id most like it.
        nearest: Option<String>,
    },
    /// Cases of checks that do not hold.
    #[error("{0} case(s) of checks do not hold")]
    Cases(usize),
    /// An output file whose ending names no format.
    #[error("{0}")]
    Output(String),
    /// A baseline that cannot be used.
    #[error("the baseline `{path}` cannot be used: {cause}")]
    Baseline {
        /// As given.
        path: String,
        /// Why.
        cause: String,
    },
    /// An option's value that makes no sense.
    #[error("{0}")]
    Usage(String),
    /// Our own fault.
    #[error("an internal fault: {0}")]
    Internal(String),
}

impl Error {
    /// Exit code of the contract.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Internal(_) => EXIT_INTERNAL,
            _ => EXIT_USAGE,
        }
    }

    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::Target(TargetError::Missing(_)) => "check the spelling; an engine is written `docker:`".into(),
            Self::Target(TargetError::Unreadable { .. }) => "run pacscan as a user who may read it, or copy it".into(),
            Self::Target(TargetError::Empty(_)) => "name the folder that holds the compose file, or the file itself".into(),
            Self::Target(TargetError::NotYet { .. }) => {
                "name a compose folder or file, an engine (`docker:`), or a snapshot".into()
            }
            Self::Target(TargetError::Unrecognised(_)) => "compose files end in .yaml or .yml, snapshots in .json".into(),
            Self::Snapshot { cause: SnapshotError::Malformed(_), .. } => {
                "collect it again: `pacscan collect … -o snapshot.json`".into()
            }
            Self::Snapshot { cause: SnapshotError::Version { .. }, .. } => {
                "use a pacscan at least as new as the one that made it".into()
            }
            Self::SnapshotNotAlone(_) => "audit the snapshot by itself; it holds the facts of all its targets".into(),
            Self::Library(LibraryError::Folder { .. } | LibraryError::Empty(_)) => {
                "`--checks` takes a folder of check files (*.yaml)".into()
            }
            Self::NoSuchCheck { nearest: Some(nearest), .. } => {
                format!("did you mean `{nearest}`? `pacscan checks list` shows all")
            }
            Self::NoSuchCheck { nearest: None, .. } => "`pacscan checks list` shows all".into(),
            Self::Baseline { .. } => "a baseline is a report that `pacscan audit … -o report.json` wrote".into(),
            Self::Cases(_) => "mend the check or its case; `pacscan checks show ID` prints the check".into(),
            Self::Internal(_) => "please report it with the command line and the version".into(),
            _ => return None,
        })
    }

    /// The message for a terminal or a log: places in files are shown with a caret.
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let files: &[FileError] = match self {
            Self::Library(LibraryError::Files(files)) => files,
            Self::Description(file) => std::slice::from_ref(file),
            Self::Target(TargetError::Description(file)) | Self::Profile(ProfileError::File(file)) => {
                std::slice::from_ref(&**file)
            }
            _ => &[],
        };
        if files.is_empty() {
            let help = self.help();
            let mut group = Group::with_title(Level::ERROR.primary_title(self.to_string()));
            if let Some(help) = help {
                group = group.element(Level::HELP.message(help));
            }
            return renderer.render(&[group]);
        }
        files.iter().map(|file| render_file(&renderer, file)).collect::<Vec<_>>().join("\n\n")
    }
}

fn render_file(renderer: &Renderer, file: &FileError) -> String {
    // Text that may hold a secret, or that lies elsewhere, is not shown.
    if file.text.is_empty() {
        let mut group = Group::with_title(Level::ERROR.primary_title(file.to_string()));
        if let Some(help) = &file.help {
            group = group.element(Level::HELP.message(help));
        }
        return renderer.render(&[group]);
    }
    let snippet = Snippet::source(&file.text)
        .path(&file.path)
        .annotation(AnnotationKind::Primary.span(file.span.0.min(file.text.len())..file.span.1.min(file.text.len())));
    let mut group = Level::ERROR.primary_title(&file.message).element(snippet);
    if let Some(help) = &file.help {
        group = group.element(Level::HELP.message(help));
    }
    renderer.render(&[group])
}
