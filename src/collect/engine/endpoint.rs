//! Which socket, host or program leads to the engine.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::failure::Failure;
use super::tls::{self, Mutual};
use crate::facts::Reason;
use crate::target::{Brand, EngineAddress};

/// Where to connect, settled.
pub(super) enum Endpoint {
    /// A Unix socket.
    Unix(PathBuf),
    /// TCP, with mutual TLS or, on loopback only, without.
    Tcp { host: String, port: u16, tls: Option<Mutual> },
    /// The `ssh` program, which runs `dial-stdio` at the other end.
    Ssh(Ssh),
}

/// How to call `ssh`.
pub(super) struct Ssh {
    /// `user@host` or `host`.
    pub destination: String,
    /// Port, if not ssh's own choice.
    pub port: Option<u16>,
    /// Client program at the other end: `docker` or `podman`.
    pub program: &'static str,
    /// `$PATH` in which `ssh` is looked up.
    pub path: Option<String>,
    /// What ssh said last, for the error message.
    pub said: Arc<Mutex<String>>,
}

type Environment = BTreeMap<String, String>;

impl Endpoint {
    /// Settles an address; certificates are read here.
    pub fn resolve(address: &EngineAddress, environment: &Environment) -> Result<Self, Failure> {
        match address {
            EngineAddress::Default(brand) => Self::default_of(*brand, environment),
            other => Self::named(other, Brand::Docker, environment),
        }
    }

    fn default_of(brand: Brand, environment: &Environment) -> Result<Self, Failure> {
        let variable = match brand {
            Brand::Docker => "DOCKER_HOST",
            Brand::Podman => "CONTAINER_HOST",
        };
        match environment.get(variable).filter(|value| !value.is_empty()) {
            Some(value) => Self::from_variable(variable, value, brand, environment),
            None => Ok(Self::Unix(default_socket(brand, environment))),
        }
    }

    /// `unix://`, `tcp://` and `ssh://` as the clients of Docker and Podman read them.
    fn from_variable(variable: &str, value: &str, brand: Brand, environment: &Environment) -> Result<Self, Failure> {
        let wrong = |cause: &str| {
            Failure::new(
                Reason::Unreachable,
                format!("${variable} is no address that can be used ({cause}): unset it or name the engine"),
            )
        };
        let (scheme, rest) = value.split_once("://").ok_or_else(|| wrong("expected unix://, tcp:// or ssh://"))?;
        let given = match scheme {
            "unix" => format!("docker://{rest}"),
            "tcp" => format!("docker+tcp://{rest}"),
            // The path after the host names the socket at the other end; dial-stdio finds it by itself.
            "ssh" => format!("docker+ssh://{}", rest.split('/').next().unwrap_or(rest)),
            _ => return Err(wrong("expected unix://, tcp:// or ssh://")),
        };
        match EngineAddress::parse(&given) {
            Ok(Some(address)) => Self::named(&address, brand, environment),
            Ok(None) => Err(wrong("expected unix://, tcp:// or ssh://")),
            Err(error) => Err(wrong(&error.to_string())),
        }
    }

    fn named(address: &EngineAddress, brand: Brand, environment: &Environment) -> Result<Self, Failure> {
        Ok(match address {
            EngineAddress::Default(_) => Self::Unix(default_socket(brand, environment)),
            EngineAddress::Unix(path) => Self::Unix(path.clone()),
            EngineAddress::Tcp { host, port } => {
                Self::Tcp { host: host.clone(), port: *port, tls: tls::for_host(host, environment)? }
            }
            EngineAddress::Ssh { destination, port } => Self::Ssh(Ssh {
                destination: destination.clone(),
                port: *port,
                program: if brand == Brand::Podman { "podman" } else { "docker" },
                path: environment.get("PATH").cloned(),
                said: Arc::default(),
            }),
        })
    }

    /// The Unix socket, if it is one.
    pub fn socket(&self) -> Option<&Path> {
        match self {
            Self::Unix(path) => Some(path),
            _ => None,
        }
    }

    /// The address, when nothing protects it.
    pub fn unprotected(&self) -> Option<String> {
        match self {
            Self::Tcp { tls: None, .. } => Some(self.to_string()),
            _ => None,
        }
    }
}

fn default_socket(brand: Brand, environment: &Environment) -> PathBuf {
    let own = |name: &str| environment.get("XDG_RUNTIME_DIR").map(|dir| Path::new(dir).join(name)).filter(|path| path.exists());
    match brand {
        Brand::Docker => {
            let shared = PathBuf::from("/var/run/docker.sock");
            if shared.exists() { shared } else { own("docker.sock").unwrap_or(shared) }
        }
        Brand::Podman => own("podman/podman.sock").unwrap_or_else(|| "/run/podman/podman.sock".into()),
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "{}", path.display()),
            Self::Tcp { host, port, .. } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Tcp { host, port, .. } => write!(f, "{host}:{port}"),
            Self::Ssh(ssh) => f.write_str(&ssh.destination),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn shown(brand: Brand, pairs: &[(&str, &str)]) -> String {
        match Endpoint::resolve(&EngineAddress::Default(brand), &environment(pairs)) {
            Ok(endpoint) => endpoint.to_string(),
            Err(failure) => format!("error: {failure}"),
        }
    }

    #[test]
    fn the_variables_of_docker_and_podman_are_read() {
        assert_eq!(shown(Brand::Docker, &[("DOCKER_HOST", "unix:///run/x.sock")]), "/run/x.sock");
        assert_eq!(shown(Brand::Docker, &[("DOCKER_HOST", "ssh://ops@pacs:2222/run/docker.sock")]), "ops@pacs");
        assert_eq!(
            shown(Brand::Podman, &[("CONTAINER_HOST", "unix:///run/p.sock"), ("DOCKER_HOST", "unix:///d")]),
            "/run/p.sock"
        );
        assert_eq!(shown(Brand::Podman, &[("XDG_RUNTIME_DIR", "/nowhere")]), "/run/podman/podman.sock");
        assert_eq!(shown(Brand::Docker, &[("DOCKER_HOST", "tcp://127.0.0.1:2375"), ("HOME", "/nowhere")]), "127.0.0.1:2375");
    }

    #[test]
    fn what_cannot_be_used_is_said() {
        assert!(shown(Brand::Docker, &[("DOCKER_HOST", "fd://")]).starts_with("error: $DOCKER_HOST is no address"));
        assert!(shown(Brand::Docker, &[("DOCKER_HOST", "pacs:2375")]).starts_with("error: $DOCKER_HOST is no address"));
        assert!(shown(Brand::Docker, &[("DOCKER_HOST", "tcp://pacs.example:2375"), ("HOME", "/nowhere")]).contains("ca.pem"));
    }
}
