//! One connection to the engine, whatever lies between.

use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio_rustls::TlsConnector;

use super::endpoint::{Endpoint, Ssh};
use super::failure::Failure;
use super::tls::Mutual;
use crate::facts::Reason;

/// Bytes in both directions.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Opens one connection.
pub(super) async fn dial(endpoint: &Endpoint) -> Result<Box<dyn Stream>, Failure> {
    match endpoint {
        Endpoint::Unix(path) => {
            if std::fs::metadata(path).is_ok_and(|meta| !is_socket(&meta)) {
                return Err(Failure::new(
                    Reason::Unreachable,
                    format!(
                        "{} is no socket: name the engine's socket, docker:///var/run/docker.sock for example",
                        path.display()
                    ),
                ));
            }
            let stream = UnixStream::connect(path).await.map_err(|e| Failure::connect(&endpoint.to_string(), &e))?;
            Ok(Box::new(stream))
        }
        Endpoint::Tcp { host, port, tls } => {
            let stream =
                TcpStream::connect((host.as_str(), *port)).await.map_err(|e| Failure::connect(&endpoint.to_string(), &e))?;
            match tls {
                Some(mutual) => secure(stream, mutual, &endpoint.to_string()).await,
                None => Ok(Box::new(stream)),
            }
        }
        Endpoint::Ssh(ssh) => Ok(Box::new(call_ssh(ssh)?)),
    }
}

fn is_socket(meta: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    meta.file_type().is_socket()
}

async fn secure(stream: TcpStream, mutual: &Mutual, place: &str) -> Result<Box<dyn Stream>, Failure> {
    let connector = TlsConnector::from(Arc::clone(&mutual.config));
    match connector.connect(mutual.name.clone(), stream).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(error) => Err(Failure::new(
            Reason::Unreachable,
            format!(
                "no TLS connection to {place}: {error}; check ca.pem, cert.pem and key.pem, and that the engine's certificate names this host"
            ),
        )),
    }
}

/// Seconds for ssh to connect; its own limit, so that its message tells what failed.
const SSH_CONNECT_SECONDS: u8 = 8;

fn call_ssh(ssh: &Ssh) -> Result<Pipe, Failure> {
    let mut command = Command::new("ssh");
    command.args(["-T", "-o", "BatchMode=yes", "-o"]).arg(format!("ConnectTimeout={SSH_CONNECT_SECONDS}"));
    if let Some(port) = ssh.port {
        command.arg("-p").arg(port.to_string());
    }
    command.arg("--").arg(&ssh.destination).args([ssh.program, "system", "dial-stdio"]);
    if let Some(path) = &ssh.path {
        command.env("PATH", path);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| {
        Failure::new(Reason::Unreachable, format!("cannot run the program `ssh`: {error}; install it or use docker+tcp://"))
    })?;
    match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
        (Some(input), Some(output), Some(errors)) => {
            tokio::spawn(listen(errors, Arc::clone(&ssh.said)));
            Ok(Pipe { input, output, _child: child })
        }
        _ => Err(Failure::new(Reason::Error, "ssh was started without its pipes")),
    }
}

/// Keeps what ssh says on standard error, up to 2 KB.
async fn listen(mut errors: ChildStderr, said: Arc<Mutex<String>>) {
    let mut text = Vec::new();
    let mut buffer = [0; 512];
    while let Ok(n @ 1..) = errors.read(&mut buffer).await {
        if text.len() < 2048 {
            text.extend_from_slice(&buffer[..n]);
            if let Ok(mut said) = said.lock() {
                String::from_utf8_lossy(&text).trim().clone_into(&mut said);
            }
        }
    }
}

/// Standard input and output of a child as one stream; the child ends with it.
struct Pipe {
    input: ChildStdin,
    output: ChildStdout,
    _child: Child,
}

impl AsyncRead for Pipe {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.output).poll_read(cx, buf)
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.input).poll_write(cx, bytes)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.input).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.input).poll_shutdown(cx)
    }
}
