//! The answers that bollard models well (version, networks, volumes), fetched over our own transport.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use bollard::Docker;
use bollard::errors::Error;
use bollard::query_parameters::{ListNetworksOptions, ListVolumesOptions};

use super::client::{Client, asked, only_get};
use super::failure::Failure;
use crate::facts::Reason;

/// What the engine says about itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Version {
    /// Engine version, `20.10.24`.
    pub engine: Option<String>,
    /// Newest API version.
    pub api: Option<String>,
    /// Oldest API version.
    pub oldest_api: Option<String>,
    /// Names of its components: `Engine`, `Podman Engine`, `containerd` …
    pub components: Vec<String>,
}

impl Version {
    /// Whether it is Podman.
    pub fn is_podman(&self) -> bool {
        self.components.iter().any(|name| name.contains("Podman"))
    }
}

/// A network, as far as it matters.
#[derive(Clone, Debug, Default)]
pub(super) struct Network {
    /// Its name.
    pub name: String,
    /// No way out of the host.
    pub internal: Option<bool>,
    /// Options of its driver.
    pub options: BTreeMap<String, String>,
}

/// A volume, as far as it matters.
#[derive(Clone, Debug, Default)]
pub(super) struct Volume {
    /// Driver name.
    pub driver: String,
    /// Options of its driver.
    pub options: BTreeMap<String, String>,
}

/// bollard on top of a client that can only GET.
pub(super) struct Typed {
    docker: Docker,
    client: Arc<Client>,
}

impl Typed {
    /// Plugs bollard into our transport; nothing is sent yet.
    pub fn new(client: &Arc<Client>) -> Result<Self, Failure> {
        let transport = {
            let client = Arc::clone(client);
            move |request: bollard::BollardRequest| {
                let client = Arc::clone(&client);
                async move {
                    let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
                    only_get(request.method(), &path).map_err(into_bollard)?;
                    client.send_once(&path).await.map_err(into_bollard)
                }
            }
        };
        let seconds = client.limits.timeout.as_secs().max(1);
        Docker::connect_with_custom_transport(transport, Some("http://docker"), seconds, bollard::API_DEFAULT_VERSION)
            .map(|docker| Self { docker, client: Arc::clone(client) })
            .map_err(|error| from_bollard("/version", error))
    }

    /// `GET /version`.
    pub async fn version(&self) -> Result<Version, Failure> {
        let found = self.ask("/version", self.docker.version()).await?;
        Ok(Version {
            engine: found.version,
            api: found.api_version,
            oldest_api: found.min_api_version,
            components: found.components.unwrap_or_default().into_iter().map(|component| component.name).collect(),
        })
    }

    /// `GET /networks`.
    pub async fn networks(&self) -> Result<Vec<Network>, Failure> {
        let found = self.ask("/networks", self.docker.list_networks(None::<ListNetworksOptions>)).await?;
        Ok(found
            .into_iter()
            .map(|network| Network {
                name: network.name.unwrap_or_default(),
                internal: network.internal,
                options: network.options.unwrap_or_default().into_iter().collect(),
            })
            .collect())
    }

    /// `GET /volumes`, by name.
    pub async fn volumes(&self) -> Result<BTreeMap<String, Volume>, Failure> {
        let found = self.ask("/volumes", self.docker.list_volumes(None::<ListVolumesOptions>)).await?;
        let volume = |v: bollard::models::Volume| (v.name, Volume { driver: v.driver, options: v.options.into_iter().collect() });
        Ok(found.volumes.unwrap_or_default().into_iter().map(volume).collect())
    }

    async fn ask<T>(&self, path: &str, call: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
        self.client.in_time(&asked(path), async { call.await.map_err(|error| from_bollard(path, error)) }).await
    }
}

fn into_bollard(failure: Failure) -> Error {
    Error::IOError { err: io::Error::other(failure) }
}

fn from_bollard(path: &str, error: Error) -> Failure {
    match error {
        Error::DockerResponseServerError { status_code, .. } => Failure::status(&asked(path), status_code),
        Error::RequestTimeoutError => Failure::new(Reason::Timeout, format!("the engine did not answer {} in time", asked(path))),
        Error::IOError { err } => match err.downcast::<Failure>() {
            Ok(failure) => failure,
            Err(err) => Failure::malformed(&asked(path), &err.to_string()),
        },
        Error::HyperResponseError { err } => Failure::malformed(&asked(path), &err.to_string()),
        // The texts of the other errors may quote the answer.
        _ => Failure::malformed(&asked(path), "it is not what the engine's API promises"),
    }
}
