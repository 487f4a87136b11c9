//! What can go wrong between us and an engine, in words that help.

use std::fmt;
use std::io;

use crate::facts::{Reason, Unknown};

/// A question that the engine did not answer.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// Why, in the words of the contract.
    pub reason: Reason,
    /// HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// What happened and what to do, without secrets. The engine's own words are left out: they may hold anything.
    pub text: String,
}

impl Failure {
    /// A failure without an HTTP status.
    pub fn new(reason: Reason, text: impl Into<String>) -> Self {
        Self { reason, status: None, text: text.into() }
    }

    /// An answer whose status says no.
    pub fn status(asked: &str, status: u16) -> Self {
        let (reason, text) = match status {
            401 | 403 => {
                (Reason::Refused, format!("the engine refused {asked} ({status}): an authorization plugin or proxy forbids it"))
            }
            404 => (Reason::Refused, format!("the engine does not know what {asked} asks for (404)")),
            400..500 => (Reason::Refused, format!("the engine refused {asked} ({status})")),
            _ => (Reason::Refused, format!("the engine failed to answer {asked} ({status}): its log says more")),
        };
        Self { reason, status: Some(status), text }
    }

    /// An answer that is no such answer.
    pub fn malformed(asked: &str, what: &str) -> Self {
        Self::new(Reason::Unsupported, format!("the answer to {asked} cannot be read: {what}"))
    }

    /// No answer in time.
    pub fn timeout(asked: &str, seconds: f32) -> Self {
        Self::new(Reason::Timeout, format!("the engine did not answer {asked} within {seconds} s"))
    }

    /// A connection that could not be made; `place` is a socket or an address.
    pub fn connect(place: &str, error: &io::Error) -> Self {
        let (reason, text) = match error.kind() {
            io::ErrorKind::NotFound => (
                Reason::Unreachable,
                format!(
                    "there is no socket {place}: start the engine (`systemctl start docker`), or name its socket: docker:///path/to/docker.sock"
                ),
            ),
            io::ErrorKind::PermissionDenied => (
                Reason::Permission,
                format!(
                    "no permission to open {place}: join its group (`sudo usermod -aG docker $USER`, then log in again) or run with sudo"
                ),
            ),
            io::ErrorKind::ConnectionRefused => (
                Reason::Unreachable,
                format!("nothing listens on {place}: the engine is stopped; start it (`systemctl start docker`)"),
            ),
            _ => (Reason::Unreachable, format!("cannot connect to {place}: {error}")),
        };
        Self::new(reason, text)
    }

    /// Whether something went wrong; what simply cannot be seen is no error, only unknown.
    pub fn is_error(&self) -> bool {
        self.status.is_some() || matches!(self.reason, Reason::Timeout | Reason::Unreachable | Reason::Permission | Reason::Error)
    }

    /// Whether the engine answered that there is no such thing.
    pub fn is_missing(&self) -> bool {
        self.status == Some(404)
    }

    /// As the state of a fact.
    pub fn unknown(&self) -> Unknown {
        Unknown::new(self.reason, self.text.as_str())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Failure {}
