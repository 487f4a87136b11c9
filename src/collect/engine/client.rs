//! A client that can only GET: a few kept connections, a limit on every answer's time and size.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use serde_json::Value as Json;
use tokio::io::{AsyncReadExt, join, split};
use tokio::sync::Semaphore;

use super::dial::dial;
use super::endpoint::Endpoint;
use super::failure::Failure;
use crate::facts::Reason;

/// What one run may cost the engine and us.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// For one request, connecting included.
    pub timeout: Duration,
    /// Requests at the same time.
    pub connections: usize,
    /// Largest JSON answer, in bytes; a larger one is not read to its end.
    pub json: usize,
    /// Largest part of a file that is read, in bytes.
    pub file: usize,
    /// Largest part of a log that is read, in bytes from its start.
    pub log: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(10), connections: 8, json: 16 << 20, file: 1 << 20, log: 64 << 10 }
    }
}

/// The part of an answer that was read.
pub(super) struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Its first bytes.
    pub body: Vec<u8>,
    /// Whether there was more.
    pub cut: bool,
}

type Sender = SendRequest<Empty<Bytes>>;

/// The client.
pub(super) struct Client {
    /// Where the engine is.
    pub endpoint: Endpoint,
    /// What it may cost.
    pub limits: Limits,
    /// `/v1.41`, once it is settled.
    version: OnceLock<String>,
    idle: Mutex<Vec<Sender>>,
    permits: Semaphore,
    timeouts: AtomicUsize,
}

impl Client {
    /// A client; nothing is connected yet.
    pub fn new(endpoint: Endpoint, limits: Limits) -> Self {
        // Every connection over ssh is a login of its own, and servers limit those.
        let connections = if matches!(endpoint, Endpoint::Ssh(_)) { limits.connections.min(3) } else { limits.connections };
        Self {
            endpoint,
            limits,
            version: OnceLock::new(),
            idle: Mutex::default(),
            permits: Semaphore::new(connections),
            timeouts: AtomicUsize::new(0),
        }
    }

    /// Asks in this API version from now on, `1.41` for example.
    pub fn pin(&self, version: &str) {
        let _ = self.version.set(format!("/v{version}"));
    }

    /// A JSON answer.
    pub async fn json(&self, path: &str) -> Result<Json, Failure> {
        let answer = self.answer(path, self.limits.json).await?;
        let asked = asked(path);
        match answer {
            Answer { cut: true, .. } => Err(Failure::malformed(&asked, &format!("it is larger than {} bytes", self.limits.json))),
            Answer { status: 200, body, .. } => serde_json::from_slice(&body).map_err(|error| {
                Failure::malformed(
                    &asked,
                    &format!("no valid JSON ({:?} error at byte column {})", error.classify(), error.column()),
                )
            }),
            Answer { status, .. } => Err(Failure::status(&asked, status)),
        }
    }

    /// The first `most` bytes of an answer with status 200.
    pub async fn bytes(&self, path: &str, most: usize) -> Result<Answer, Failure> {
        let answer = self.answer(path, most).await?;
        if answer.status == 200 { Ok(answer) } else { Err(Failure::status(&asked(path), answer.status)) }
    }

    /// The first `most` bytes of an answer with whatever status.
    pub async fn answer(&self, path: &str, most: usize) -> Result<Answer, Failure> {
        self.in_time(&asked(path), async {
            let (response, sender) = self.send(path).await?;
            let status = response.status().as_u16();
            let (body, cut) = read(response.into_body(), most).await.map_err(|e| Failure::malformed(&asked(path), &cause(&e)))?;
            if !cut {
                self.keep(sender);
            }
            Ok(Answer { status, body, cut })
        })
        .await
    }

    /// Runs one exchange under the time limit. An engine that has let as many requests time out as may run at once
    /// is not asked any further: a thousand containers would otherwise cost hours.
    pub async fn in_time<T>(&self, asked: &str, exchange: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let timeout = || Failure::timeout(asked, self.limits.timeout.as_secs_f32());
        let _permit = self.permits.acquire().await.map_err(|_| timeout())?;
        if self.timeouts.load(Ordering::Relaxed) >= self.limits.connections {
            return Err(Failure::new(Reason::Timeout, format!("{asked} was not sent: the engine no longer answers")));
        }
        tokio::time::timeout(self.limits.timeout, exchange).await.unwrap_or_else(|_| {
            self.timeouts.fetch_add(1, Ordering::Relaxed);
            Err(timeout())
        })
    }

    /// Sends one GET: on a kept connection if one is still alive, else on a new one.
    async fn send(&self, path: &str) -> Result<(Response<Incoming>, Sender), Failure> {
        while let Some(mut sender) = self.kept() {
            if sender.ready().await.is_err() {
                continue;
            }
            if let Ok(response) = sender.send_request(self.request(path)?).await {
                return Ok((response, sender));
            }
        }
        let mut sender = self.connect(None).await?;
        let response = sender.send_request(self.request(path)?).await.map_err(|e| self.explain(path, &e))?;
        Ok((response, sender))
    }

    /// Sends one GET on a connection of its own from which at most `Limits::json` bytes are read.
    pub async fn send_once(&self, path: &str) -> Result<Response<Incoming>, Failure> {
        let mut sender = self.connect(Some(self.limits.json)).await?;
        sender.send_request(self.request(path)?).await.map_err(|e| self.explain(path, &e))
    }

    async fn connect(&self, most: Option<usize>) -> Result<Sender, Failure> {
        let stream = dial(&self.endpoint).await?;
        let no_http = |e: hyper::Error| self.explain("/version", &e);
        Ok(match most {
            None => {
                let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(no_http)?;
                tokio::spawn(connection);
                sender
            }
            Some(most) => {
                let (reader, writer) = split(stream);
                let bounded = join(reader.take(most as u64), writer);
                let (sender, connection) = http1::handshake(TokioIo::new(bounded)).await.map_err(no_http)?;
                tokio::spawn(connection);
                sender
            }
        })
    }

    fn request(&self, path: &str) -> Result<Request<Empty<Bytes>>, Failure> {
        let version = self.version.get().map_or("", String::as_str);
        Request::builder()
            .method(Method::GET)
            .uri(format!("{version}{path}"))
            .header(http::header::HOST, "docker")
            .header(http::header::USER_AGENT, concat!("pacscan/", env!("CARGO_PKG_VERSION")))
            .body(Empty::new())
            .map_err(|error| Failure::new(Reason::Error, format!("{} cannot be asked: {error}", asked(path))))
    }

    fn kept(&self) -> Option<Sender> {
        self.idle.lock().ok()?.pop()
    }

    fn keep(&self, sender: Sender) {
        if let Ok(mut idle) = self.idle.lock() {
            idle.push(sender);
        }
    }

    fn explain(&self, path: &str, error: &hyper::Error) -> Failure {
        if let Endpoint::Ssh(ssh) = &self.endpoint {
            let said = ssh.said.lock().map(|said| said.lines().last().unwrap_or_default().chars().take(200).collect::<String>());
            return Failure::new(
                Reason::Unreachable,
                format!(
                    "ssh to {} brought no engine: {}; try `ssh {} {} version` by hand (keys, not passwords; the host key must be known)",
                    ssh.destination,
                    said.ok().filter(|said| !said.is_empty()).unwrap_or_else(|| "it ended without a word".into()),
                    ssh.destination,
                    ssh.program
                ),
            );
        }
        let reason = if error.is_parse() { Reason::Unsupported } else { Reason::Unreachable };
        Failure::new(reason, format!("{} does not answer {} as an engine does: {}", self.endpoint, asked(path), cause(error)))
    }
}

/// The one place where a method is let through or not.
pub(super) fn only_get(method: &Method, path: &str) -> Result<(), Failure> {
    if method == Method::GET {
        return Ok(());
    }
    Err(Failure::new(Reason::Error, format!("read-only client refused {method} {path}")))
}

async fn read(mut body: Incoming, most: usize) -> Result<(Vec<u8>, bool), hyper::Error> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            let room = most - bytes.len();
            if data.len() > room {
                bytes.extend_from_slice(&data[..room]);
                return Ok((bytes, true));
            }
            bytes.extend_from_slice(&data);
        }
    }
    Ok((bytes, false))
}

fn cause(error: &hyper::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), |source| format!("{error} ({source})"))
}

/// A request for people: no query, and `…` for ids.
pub(super) fn asked(path: &str) -> String {
    let path = path.split('?').next().unwrap_or(path);
    let parts: Vec<&str> = path.split('/').map(|part| if part.len() >= 32 { "…" } else { part }).collect();
    format!("GET {}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_get_passes() {
        assert!(only_get(&Method::GET, "/version").is_ok());
        for method in [Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
            let refused = only_get(&method, "/containers/x/stop").map_err(|failure| failure.text);
            assert_eq!(refused, Err(format!("read-only client refused {method} /containers/x/stop")));
        }
    }

    #[test]
    fn requests_are_shown_without_ids_and_queries() {
        let id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        assert_eq!(asked(&format!("/containers/{id}/top?ps_args=x")), "GET /containers/…/top");
    }
}
