//! What a real Orthanc does, asked over HTTP and DICOM. Never over HTTPS: this build dies of a completed handshake.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use serde_json::Value as Json;

/// One container of the lab.
pub struct Server {
    pub name: String,
    pub running: bool,
    pub log: String,
    address: String,
}

/// Status (0 when nothing answered) and body.
pub type Answer = (u16, String);

fn docker(words: &[&str]) -> String {
    let output = Command::new("docker").args(words).output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

impl Server {
    /// `None` when there is no such container.
    pub fn of(name: &str) -> Option<Self> {
        let json: Json = serde_json::from_str(docker(&["inspect", name]).lines().collect::<String>().trim()).ok()?;
        let inspect = json.get(0)?;
        let address = inspect.pointer("/NetworkSettings/IPAddress")?.as_str()?.to_owned();
        let running = inspect.pointer("/State/Running")?.as_bool()?;
        let log = docker(&["logs", name]);
        // Of several starts the last one counts.
        let log = log.rfind("Orthanc version: ").map_or(String::new(), |at| log[at..].to_owned());
        Some(Self { name: name.to_owned(), running, log, address })
    }

    /// The port that the log names after these words.
    pub fn port(&self, words: &str) -> Option<u16> {
        let (_, rest) = self.log.split_once(words)?;
        rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    }

    pub fn said(&self, words: &str) -> bool {
        self.log.contains(words)
    }

    fn connect(&self, port: u16) -> Option<TcpStream> {
        let address: SocketAddr = format!("{}:{port}", self.address).parse().ok()?;
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(3)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
        Some(stream)
    }

    pub fn listens(&self, port: u16) -> bool {
        self.connect(port).is_some()
    }

    /// `GET /system` from another host, without credentials.
    pub fn ask_from_outside(&self, port: u16) -> u16 {
        let Some(mut stream) = self.connect(port) else { return 0 };
        let mut answer = Vec::new();
        stream.write_all(request("GET", "/system", None).as_bytes()).unwrap();
        let _ = stream.read_to_end(&mut answer);
        parse(&String::from_utf8_lossy(&answer)).0
    }

    /// Requests over the container's own loopback, so that only the login decides.
    pub fn ask_inside(&self, port: u16, requests: &[String]) -> Vec<Answer> {
        const MARK: &str = "\n=====next=====\n";
        let script = format!(
            "for r in \"$@\"; do exec 3<>/dev/tcp/127.0.0.1/{port}; printf %s \"$r\" >&3; cat <&3; printf '{}'; done",
            MARK.escape_default()
        );
        let mut words = vec!["exec", &self.name, "bash", "-c", &script, "bash"];
        words.extend(requests.iter().map(String::as_str));
        let output = docker(&words);
        let answers: Vec<Answer> = output.split(MARK).take(requests.len()).map(parse).collect();
        assert_eq!(answers.len(), requests.len(), "{}: {output}", self.name);
        answers
    }

    /// Asks for an association as a modality that nobody knows; says whether it was accepted, and the unknown SOP class with it.
    pub fn associate(&self, port: u16, called: &str) -> (bool, bool) {
        let Some(mut stream) = self.connect(port) else { return (false, false) };
        let _ = stream.write_all(&association("NOBODY", called));
        let mut head = [0; 6];
        if stream.read_exact(&mut head).is_err() || head[0] != 2 {
            return (false, false);
        }
        let mut body = vec![0; u32::from_be_bytes([head[2], head[3], head[4], head[5]]) as usize];
        stream.read_exact(&mut body).unwrap();
        // A-RELEASE-RQ, and its answer, so that the server's only place is free again.
        let _ = stream.write_all(&[5, 0, 0, 0, 0, 4, 0, 0, 0, 0]);
        let _ = stream.read(&mut [0; 10]);
        (true, accepted(&body, 3))
    }
}

/// A request as it goes over the wire.
pub fn request(method: &str, path: &str, login: Option<(&str, &str)>) -> String {
    let login = login.map(|(name, password)| format!("Authorization: Basic {}\r\n", base64(&format!("{name}:{password}"))));
    let length = if method == "POST" { "Content-Length: 0\r\n" } else { "" };
    // HTTP/1.0: this server keeps 1.1 connections open whatever it is asked.
    format!("{method} {path} HTTP/1.0\r\n{}{length}\r\n", login.unwrap_or_default())
}

fn parse(answer: &str) -> Answer {
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    (status, answer.split_once("\r\n\r\n").map_or(String::new(), |(_, body)| body.to_owned()))
}

fn base64(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |bits: u32| char::from(DIGITS[(bits & 63) as usize]);
    let group = |bytes: &[u8]| {
        let bits = bytes.iter().chain([&0, &0]).take(3).fold(0, |bits, byte| bits << 8 | u32::from(*byte));
        let digits = [digit(bits >> 18), digit(bits >> 12), digit(bits >> 6), digit(bits)];
        digits[..=bytes.len()].iter().chain(['=', '='][..3 - bytes.len()].iter()).collect::<String>()
    };
    text.as_bytes().chunks(3).map(group).collect()
}

/// A-ASSOCIATE-RQ (PS3.8 9.3.2) with two presentation contexts: Verification, and a SOP class that nobody knows.
fn association(calling: &str, called: &str) -> Vec<u8> {
    let item = |kind: u8, content: &[u8]| {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        [&[kind, 0], &length[..], content].concat()
    };
    let context = |id: u8, class: &str| {
        let syntaxes = [item(0x30, class.as_bytes()), item(0x40, b"1.2.840.10008.1.2")].concat();
        item(0x20, &[&[id, 0, 0, 0], &syntaxes[..]].concat())
    };
    let user = [item(0x51, &16384u32.to_be_bytes()), item(0x52, b"2.25.1"), item(0x55, b"PACSCAN_LAB")].concat();
    let body = [
        [0, 1, 0, 0].to_vec(),
        format!("{called:<16}{calling:<16}").into_bytes(),
        vec![0; 32],
        item(0x10, b"1.2.840.10008.3.1.1.1"),
        context(1, "1.2.840.10008.1.1"),
        context(3, "2.25.329800735698586629295641978511506172918"),
        item(0x50, &user),
    ]
    .concat();
    [&[1, 0], &u32::try_from(body.len()).unwrap().to_be_bytes()[..], &body].concat()
}

/// Whether an A-ASSOCIATE-AC accepts the presentation context of this id.
fn accepted(body: &[u8], id: u8) -> bool {
    let mut rest = body.get(68..).unwrap_or_default();
    while let [kind, _, a, b, tail @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*a, *b])).min(tail.len());
        if *kind == 0x21 && tail.first() == Some(&id) {
            return tail.get(2) == Some(&0);
        }
        rest = &tail[length..];
    }
    false
}

#[test]
fn base64_is_right() {
    assert_eq!(
        (base64("a:b"), base64("ab"), base64("a"), base64("")),
        ("YTpi".into(), "YWI=".into(), "YQ==".into(), String::new())
    );
}
