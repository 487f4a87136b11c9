//! What to audit: a word of the command line, recognised by what it is.

mod description;
mod file;

use std::fmt;
use std::path::{Path, PathBuf};

pub use description::{AttestationFile, Description, EvidenceFile, ScanFile, StackFile, Threshold, WaiverFile};

use crate::source::FileError;

/// A recognised target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A folder of sources, with or without a compose file.
    Folder(PathBuf),
    /// A compose file.
    Compose(PathBuf),
    /// A configuration file: Orthanc, nginx, Dockerfile, `.env`, a Kubernetes manifest.
    File(PathBuf),
    /// A container engine.
    Engine(EngineAddress),
    /// A stack description: `pacscan.yaml`.
    Stack(PathBuf),
    /// A recorded snapshot, to be judged instead of collecting.
    Snapshot(PathBuf),
}

/// How to reach a container engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineAddress {
    /// `docker:` or `podman:`: `$DOCKER_HOST` (`$CONTAINER_HOST`), else the default socket.
    Default(Brand),
    /// A Unix socket.
    Unix(PathBuf),
    /// `docker+tcp://host:port`: HTTP with mutual TLS; certificates from `$DOCKER_CERT_PATH` or `~/.docker`.
    Tcp {
        /// Host name or address.
        host: String,
        /// Port, 2376 when none is given.
        port: u16,
    },
    /// `docker+ssh://[user@]host[:port]`: `docker system dial-stdio` over the `ssh` program.
    Ssh {
        /// `user@host` or `host`.
        destination: String,
        /// Port, that of ssh's configuration when none is given.
        port: Option<u16>,
    },
}

/// Which engine's default socket is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brand {
    /// Docker.
    Docker,
    /// Podman.
    Podman,
}

/// Why a word is no target.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// No such file or folder.
    #[error("there is no file or folder `{0}`")]
    Missing(String),
    /// It exists but cannot be read.
    #[error("`{path}` cannot be read: {cause}")]
    Unreadable {
        /// As given.
        path: String,
        /// What the system said.
        cause: String,
    },
    /// A folder without anything to audit.
    #[error(
        "`{0}` holds no compose file (looked for compose.yaml, compose.yml, docker-compose.yaml, docker-compose.yml) and no configuration that pacscan knows"
    )]
    Empty(String),
    /// A kind of target that the contract names but this version does not audit yet.
    #[error("`{given}` is {kind}, which pacscan {version} does not audit yet", version = env!("CARGO_PKG_VERSION"))]
    NotYet {
        /// As given.
        given: String,
        /// What it was recognised as.
        kind: &'static str,
    },
    /// An address that cannot be understood.
    #[error("`{given}` is no valid address: {cause}")]
    Address {
        /// As given.
        given: String,
        /// What is wrong.
        cause: String,
    },
    /// A stack description with an error in it.
    #[error(transparent)]
    Description(Box<FileError>),
    /// A file of no known kind.
    #[error("`{0}` is no file that pacscan knows: neither a compose file, a configuration, a stack description nor a snapshot")]
    Unrecognised(String),
}

/// Names of compose files in the order in which Compose looks for them.
pub const COMPOSE_FILE_NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

const NOT_YET: [(&str, &str); 10] = [
    ("http://", "a web endpoint"),
    ("https://", "a web endpoint"),
    ("dicom://", "a DICOM endpoint"),
    ("dicoms://", "a DICOM endpoint"),
    ("tls://", "a TLS endpoint"),
    ("postgres://", "a database endpoint"),
    ("redis://", "a cache endpoint"),
    ("k8s:", "a Kubernetes cluster"),
    ("mysql://", "a database endpoint"),
    ("ldap://", "a directory endpoint"),
];

impl Target {
    /// Recognises one word of the command line.
    pub fn parse(given: &str) -> Result<Self, TargetError> {
        if let Some(address) = EngineAddress::parse(given)? {
            return Ok(Self::Engine(address));
        }
        if let Some((_, kind)) = NOT_YET.iter().find(|(scheme, _)| given.starts_with(scheme)) {
            return Err(TargetError::NotYet { given: given.to_owned(), kind });
        }
        Self::from_path(given, Path::new(given))
    }

    fn from_path(given: &str, path: &Path) -> Result<Self, TargetError> {
        let unreadable = |e: std::io::Error| match e.kind() {
            std::io::ErrorKind::NotFound => TargetError::Missing(given.to_owned()),
            _ => TargetError::Unreadable { path: given.to_owned(), cause: e.to_string() },
        };
        if std::fs::metadata(path).map_err(unreadable)?.is_dir() {
            std::fs::read_dir(path).map_err(unreadable)?;
            return Ok(Self::Folder(path.to_owned()));
        }
        let name = path.file_name().map(|n| n.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        if Description::is_name(&name) {
            return Ok(Self::Stack(path.to_owned()));
        }
        match file::recognise(&name, path) {
            file::Sort::Snapshot => Ok(Self::Snapshot(path.to_owned())),
            file::Sort::Compose => Ok(Self::Compose(path.to_owned())),
            file::Sort::Configuration => Ok(Self::File(path.to_owned())),
            file::Sort::Nothing => Err(TargetError::Unrecognised(given.to_owned())),
        }
    }

    /// Whether a folder holds a compose file.
    pub fn has_compose_file(folder: &Path) -> bool {
        COMPOSE_FILE_NAMES.iter().any(|name| folder.join(name).is_file())
    }

    /// The word of reports: `compose`, `files`, `engine`, `stack`, `snapshot`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Folder(path) if Self::has_compose_file(path) => "compose",
            Self::Folder(_) | Self::File(_) => "files",
            Self::Compose(_) => "compose",
            Self::Engine(_) => "engine",
            Self::Stack(_) => "stack",
            Self::Snapshot(_) => "snapshot",
        }
    }
}

impl EngineAddress {
    /// Recognises an engine address; `Ok(None)` when it is something else.
    pub fn parse(given: &str) -> Result<Option<Self>, TargetError> {
        let wrong = |cause: &str| TargetError::Address { given: given.to_owned(), cause: cause.to_owned() };
        Ok(Some(match given {
            "docker:" => Self::Default(Brand::Docker),
            "podman:" => Self::Default(Brand::Podman),
            _ => {
                if let Some(path) = given.strip_prefix("docker://").or_else(|| given.strip_prefix("podman://")) {
                    if !path.starts_with('/') {
                        return Err(wrong(
                            "a socket is written docker:///path/to/socket, a remote engine docker+tcp:// or docker+ssh://",
                        ));
                    }
                    Self::Unix(path.into())
                } else if let Some(rest) = given.strip_prefix("docker+tcp://") {
                    let (host, port) = host_port(rest, 2376).ok_or_else(|| wrong("expected docker+tcp://host:port"))?;
                    Self::Tcp { host, port }
                } else if let Some(rest) = given.strip_prefix("docker+ssh://") {
                    Self::ssh(rest).ok_or_else(|| wrong("expected docker+ssh://[user@]host[:port]"))?
                } else {
                    return Ok(None);
                }
            }
        }))
    }

    /// `user@host:port`; a destination that could be taken for an option of ssh is refused.
    fn ssh(rest: &str) -> Option<Self> {
        let rest = rest.trim_end_matches('/');
        let (destination, port) = match rest.rsplit_once(':') {
            Some((destination, port)) => (destination, Some(port.parse().ok()?)),
            None => (rest, None),
        };
        let plain = !destination.is_empty()
            && !destination.starts_with('-')
            && destination.chars().all(|c| c.is_ascii_alphanumeric() || "@._-".contains(c));
        plain.then(|| Self::Ssh { destination: destination.to_owned(), port })
    }
}

/// Splits `host:port`, brackets of IPv6 included.
fn host_port(text: &str, default: u16) -> Option<(String, u16)> {
    let text = text.trim_end_matches('/');
    if let Some(rest) = text.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        let port = port.strip_prefix(':').map_or(Some(default), |p| p.parse().ok())?;
        return Some((host.to_owned(), port));
    }
    let (host, port) = text.rsplit_once(':').map_or(Some((text, default)), |(h, p)| Some((h, p.parse().ok()?)))?;
    (!host.is_empty() && !host.contains(['/', '@', ' '])).then(|| (host.to_owned(), port))
}

impl fmt::Display for EngineAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default(Brand::Docker) => f.write_str("docker:"),
            Self::Default(Brand::Podman) => f.write_str("podman:"),
            Self::Unix(path) => write!(f, "docker://{}", path.display()),
            Self::Tcp { host, port } => write!(f, "docker+tcp://{host}:{port}"),
            Self::Ssh { destination, port: Some(port) } => write!(f, "docker+ssh://{destination}:{port}"),
            Self::Ssh { destination, port: None } => write!(f, "docker+ssh://{destination}"),
        }
    }
}
