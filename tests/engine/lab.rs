//! Against the real engine of this machine; only with `PACSCAN_LAB=1`.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pacscan::collect::engine::Limits;
use pacscan::collect::{Collected, Selection};
use pacscan::facts::Kind;
use pacscan::target::EngineAddress;

use super::server::{collect_from, only};

const SOCKET: &str = "/var/run/docker.sock";

fn lab() -> bool {
    let wanted = std::env::var("PACSCAN_LAB").is_ok_and(|value| value == "1");
    if !wanted {
        eprintln!("not run: set PACSCAN_LAB=1 and start dockerd");
    }
    wanted
}

async fn from(address: EngineAddress, environment: &BTreeMap<String, String>) -> Collected {
    collect_from(&address, environment, &Selection::default(), Limits::default()).await
}

/// Hands bytes on between clients and the engine and keeps what clients send.
fn recording_proxy(folder: &Path) -> (std::path::PathBuf, Arc<Mutex<Vec<u8>>>) {
    let path = folder.join("proxy.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let sent = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&sent);
    std::thread::spawn(move || {
        for client in listener.incoming().map(Result::unwrap) {
            let engine = UnixStream::connect(SOCKET).unwrap();
            let log = Arc::clone(&log);
            let (mut from, mut to) = (client.try_clone().unwrap(), engine.try_clone().unwrap());
            std::thread::spawn(move || {
                let mut buffer = [0; 8192];
                while let Ok(n @ 1..) = from.read(&mut buffer) {
                    log.lock().unwrap().extend_from_slice(&buffer[..n]);
                    if to.write_all(&buffer[..n]).is_err() {
                        break;
                    }
                }
                let _ = to.shutdown(std::net::Shutdown::Both);
            });
            std::thread::spawn(move || {
                let (mut from, mut to) = (engine, client);
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(std::net::Shutdown::Both);
            });
        }
    });
    (path, sent)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_get_reaches_the_real_engine_and_few_of_them() {
    if !lab() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (proxy, sent) = recording_proxy(folder.path());
    let collected = from(EngineAddress::Unix(proxy), &BTreeMap::new()).await;
    assert_eq!(collected.unreachable, None, "{:?}", collected.errors);
    let containers = collected.documents.iter().filter(|document| document.kind == Kind::Container).count();
    let sent = sent.lock().unwrap();
    let text = String::from_utf8_lossy(&sent);
    let requests: Vec<&str> = text.split("\r\n").filter(|line| line.ends_with(" HTTP/1.1")).collect();
    assert!(requests.iter().all(|request| request.starts_with("GET /")), "{requests:?}");
    let others = ["POST ", "PUT ", "DELETE ", "HEAD "];
    assert!(!others.iter().any(|method| text.contains(method)));
    let heads = text.matches("\r\n\r\n").count();
    assert_eq!(heads, requests.len(), "every request is a GET without a body");
    eprintln!("{containers} containers, {} GETs, {} unknown errors", requests.len(), collected.errors.len());
    assert!(requests.len() <= containers * 8 + 64);
}

/// The same requests by the simplest client: eight threads, each taking the next one.
fn bare(requests: &[String]) -> Duration {
    let started = Instant::now();
    let queue = Arc::new(Mutex::new(requests.to_vec()));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let queue = Arc::clone(&queue);
            std::thread::spawn(move || {
                loop {
                    let Some(request) = queue.lock().unwrap().pop() else { return };
                    let mut stream = UnixStream::connect(SOCKET).unwrap();
                    write!(stream, "{request}\r\nHost: d\r\nConnection: close\r\n\r\n").unwrap();
                    let mut answer = Vec::new();
                    let _ = stream.take(1 << 20).read_to_end(&mut answer);
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    started.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn collecting_costs_at_most_twice_the_same_gets() {
    if !lab() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (proxy, sent) = recording_proxy(folder.path());
    from(EngineAddress::Unix(proxy), &BTreeMap::new()).await;
    let text = String::from_utf8_lossy(&sent.lock().unwrap()).into_owned();
    let requests: Vec<String> = text.split("\r\n").filter(|line| line.ends_with(" HTTP/1.1")).map(str::to_owned).collect();
    // Side by side and several times: the machine is shared.
    let mut best = (Duration::MAX, Duration::MAX);
    for _ in 0..3 {
        best.0 = best.0.min(bare(&requests));
        let started = Instant::now();
        let collected = from(EngineAddress::Unix(SOCKET.into()), &BTreeMap::new()).await;
        best.1 = best.1.min(started.elapsed());
        assert_eq!(collected.unreachable, None);
    }
    eprintln!("{} GETs: bare {:?}, collected {:?}", requests.len(), best.0, best.1);
    assert!(best.1 < best.0 * 2, "more than twice the bare requests");
}

/// A child that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

fn wait_for(port: u16) {
    let started = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(started.elapsed() < Duration::from_secs(30), "nothing listens on {port}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A bridge for a second engine. With `--bridge=none` that engine would delete `docker0`, and with it the network of the
/// first one.
struct Bridge;

const BRIDGE: &str = "pacscan-tls0";

impl Bridge {
    fn new() -> Self {
        let ip = |words: &[&str]| assert!(Command::new("ip").args(words).status().unwrap().success());
        ip(&["link", "add", BRIDGE, "type", "bridge"]);
        ip(&["addr", "add", "192.0.2.1/24", "dev", BRIDGE]);
        Self
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _ = Command::new("ip").args(["link", "del", BRIDGE]).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_engine_with_mutual_tls_is_read() {
    if !lab() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    super::remote::write_certificates(folder.path());
    let at = |name: &str| folder.path().join(name).display().to_string();
    let mut dockerd = Command::new("dockerd");
    dockerd
        .args(["--tlsverify", "--bridge", BRIDGE, "--iptables=false", "--ip6tables=false", "--storage-driver=vfs"])
        .args([
            format!("--tlscacert={}", at("ca.pem")),
            format!("--tlscert={}", at("server.pem")),
            format!("--tlskey={}", at("server-key.pem")),
        ])
        .args([format!("--data-root={}", at("data")), format!("--exec-root={}", at("exec")), format!("--pidfile={}", at("pid"))])
        .args([format!("--host=tcp://127.0.0.1:{port}"), format!("--config-file={}", at("daemon.json"))])
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(at("log")).unwrap());
    std::fs::write(at("daemon.json"), "{}").unwrap();
    let _bridge = Bridge::new();
    let _running = Running(dockerd.spawn().unwrap());
    wait_for(port);
    let environment = BTreeMap::from([("DOCKER_CERT_PATH".to_owned(), folder.path().display().to_string())]);
    let collected = from(EngineAddress::Tcp { host: "127.0.0.1".into(), port }, &environment).await;
    assert_eq!(collected.unreachable, None, "{:?}", collected.errors);
    let facts = &only(&collected, Kind::Engine).facts;
    assert_eq!(facts.list("tcp_unprotected").map(|list| list.items.len()), Some(0), "{}", facts.get("tcp_unprotected"));
    assert_eq!(facts.int("containers"), Some(0));

    let stranger = tempfile::tempdir().unwrap();
    super::remote::write_certificates(stranger.path());
    std::fs::copy(folder.path().join("ca.pem"), stranger.path().join("ca.pem")).unwrap();
    let environment = BTreeMap::from([("DOCKER_CERT_PATH".to_owned(), stranger.path().display().to_string())]);
    let refused = from(EngineAddress::Tcp { host: "127.0.0.1".into(), port }, &environment).await;
    assert!(refused.unreachable.is_some(), "a certificate of another authority was let in");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_engine_over_a_real_sshd_is_read() {
    if !lab() || !Path::new("/usr/sbin/sshd").exists() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    for key in ["host", "user"] {
        assert!(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", &at(key)]).status().unwrap().success());
    }
    std::fs::copy(at("user.pub"), at("authorized")).unwrap();
    let port = free_port();
    let config = format!(
        "HostKey {}\nAuthorizedKeysFile {}\nPidFile {}\nStrictModes no\nPermitRootLogin yes\nUsePAM no\nPasswordAuthentication no\nListenAddress 127.0.0.1:{port}\nSetEnv PATH=/usr/local/bin:/usr/bin:/bin\n",
        at("host"),
        at("authorized"),
        at("pid")
    );
    std::fs::write(at("sshd_config"), config).unwrap();
    std::fs::create_dir_all("/run/sshd").unwrap();
    let _running =
        Running(Command::new("/usr/sbin/sshd").args(["-D", "-f", &at("sshd_config"), "-E", &at("log")]).spawn().unwrap());
    wait_for(port);
    let known = format!("[127.0.0.1]:{port} {}", std::fs::read_to_string(at("host.pub")).unwrap());
    std::fs::write(at("known"), known).unwrap();
    let options = format!("IdentityFile {}\nUserKnownHostsFile {}\nIdentitiesOnly yes\n", at("user"), at("known"));
    std::fs::write(at("config"), options).unwrap();
    super::remote::program(folder.path(), &format!("#!/bin/sh\nexec /usr/bin/ssh -F {} \"$@\"\n", at("config")));
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", folder.path().display());
    let environment = BTreeMap::from([("PATH".to_owned(), path)]);
    let started = Instant::now();
    let collected = from(EngineAddress::Ssh { destination: "root@127.0.0.1".into(), port: Some(port) }, &environment).await;
    assert_eq!(collected.unreachable, None, "{:?}\n{}", collected.errors, std::fs::read_to_string(at("log")).unwrap_or_default());
    eprintln!("over ssh: {} documents in {:?}", collected.documents.len(), started.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_podman_is_read() {
    if !lab() || !Path::new("/usr/bin/podman").exists() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("podman.sock");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let service = Command::new("podman")
        .args(["--root", &at("root"), "--runroot", &at("run"), "--storage-driver", "vfs", "system", "service", "--time", "120"])
        .arg(format!("unix://{}", socket.display()))
        .stderr(Stdio::null())
        .spawn();
    let _running = Running(service.unwrap());
    let started = Instant::now();
    while UnixStream::connect(&socket).is_err() && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(100));
    }
    let environment = BTreeMap::from([("CONTAINER_HOST".to_owned(), format!("unix://{}", socket.display()))]);
    let collected = from(EngineAddress::Default(pacscan::target::Brand::Podman), &environment).await;
    assert_eq!(collected.unreachable, None, "{:?}", collected.errors);
    let facts = &only(&collected, Kind::Engine).facts;
    assert_eq!(facts.text("name"), Some("Podman Engine"));
    assert!(!facts.has("nothing") && facts.list("files").is_none(), "the files of a Docker beside it are not Podman's");
}
