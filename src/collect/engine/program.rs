//! Containers that run a program whose configuration is read: Orthanc and nginx.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use serde_json::Value as Json;

use super::client::Client;
use super::failure::Failure;
use super::fields::{Fields, Origins};
use super::gather::{Image, Material, Seen};
use super::inside::{Keep, Reader, time};
use super::startup;
use super::words;
use crate::collect::program::{Inside, Look, Program, Variable};
use crate::collect::{nginx, orthanc};
use crate::facts::{Assurance, Document, Groups, Origin, Reason, Unknown};

/// Containers whose files are in memory at the same time.
const AT_ONCE: usize = 4;
/// Paths of a command line that are read.
const PATHS: usize = 3;
/// Seconds before the recorded start in which its first lines may be logged.
const LOGGED_BEFORE: i64 = 5;

/// A container with what it runs and what its log says about the last start.
struct Running<'a> {
    seen: &'a Seen,
    program: Program,
    orthanc: bool,
    nginx: bool,
    log: Result<Vec<String>, Failure>,
}

/// Documents about the programs in all containers, in the order of the containers.
pub(super) async fn documents(client: &Client, material: &Material, target: &str, groups: &mut Groups) -> Vec<Document> {
    let target: Arc<str> = target.into();
    let podman = material.version.is_podman();
    let running = material.containers.iter().filter_map(|seen| Running::of(seen, material, &target));
    let mut read = stream::iter(running).map(|running| running.read(client, podman)).buffered(AT_ONCE);
    let mut documents = Vec::new();
    while let Some(running) = read.next().await {
        documents.extend(running.documents(groups));
    }
    documents
}

impl<'a> Running<'a> {
    /// `None` for a container whose program is of no interest, or that could not be inspected.
    fn of(seen: &'a Seen, material: &Material, target: &Arc<str>) -> Option<Self> {
        let json = seen.inspect.as_ref().ok()?;
        let program = program(seen, json, material.images.get(seen.image().unwrap_or_default()), target);
        let runs = |name: &str| matches!(&seen.processes, Some(Ok(names)) if names.iter().any(|found| found == name));
        let orthanc = orthanc::is_orthanc(&program) || names(&program, "Orthanc") || runs("Orthanc");
        let nginx = is_nginx(&program) || runs("nginx");
        let log = Err(Failure::new(Reason::UnknownFact, "it was never started"));
        (orthanc || nginx).then_some(Self { seen, program, orthanc, nginx, log })
    }

    /// Reads its files and, of Orthanc, the log of the last start.
    async fn read(mut self, client: &Client, podman: bool) -> Self {
        let Ok(json) = &self.seen.inspect else { return self };
        let mut reader = Reader::new(client, &self.seen.id, json, podman);
        let words = self.program.words.as_deref().unwrap_or_default();
        let mut paths: Vec<String> = Vec::new();
        if self.orthanc {
            paths.extend(["/etc/orthanc".to_owned(), "/tmp/orthanc.json".to_owned()]);
        }
        if self.nginx {
            paths.push("/etc/nginx".to_owned());
        }
        for path in configured(words).take(PATHS) {
            if !paths.iter().any(|known| path == *known || path.starts_with(&format!("{known}/"))) {
                paths.push(path);
            }
        }
        for path in &paths {
            reader.read(path, Keep::Texts).await;
        }
        reader.read("/run/secrets", Keep::Names).await;
        if self.orthanc {
            reader.read("/var/lib/dpkg/status", Keep::Packages("orthanc")).await;
            if let Some(started) = time(json, "/State/StartedAt") {
                self.log = super::runtime::log(client, &self.seen.id, json, Some(started - LOGGED_BEFORE)).await;
            }
        }
        if self.nginx {
            // What only has a name like nginx has none of its files.
            self.nginx = main_file(&mut reader).await || runs_nginx(&self.program);
        }
        self.program.inside = reader.inside;
        self
    }

    fn documents(self, groups: &mut Groups) -> Vec<Document> {
        let mut documents = Vec::new();
        if self.orthanc {
            let mut document = orthanc::collect_seen(&self.program, groups);
            startup::evidence(&self.log, self.seen.is_running(), &mut document.facts);
            documents.push(document);
        }
        if self.nginx {
            let mut document = nginx::collect_seen(&self.program);
            document.name = Arc::clone(&self.program.name);
            documents.push(document);
        }
        documents
    }
}

fn program(seen: &Seen, json: &Json, image: Option<&Image>, target: &Arc<str>) -> Program {
    let origins = Origins::default();
    let fields = Fields { json, origins: &origins };
    let text = |pointer: &str| json.pointer(pointer).and_then(Json::as_str).filter(|text| !text.is_empty());
    let name =
        |label: &str| text(&format!("/Config/Labels/{label}")).filter(|name| super::container::is_name(name)).map(Into::into);
    let environment = fields.get("Config.Env").and_then(Json::as_array);
    let unreadable = || Unknown::new(Reason::Unsupported, "the engine's Config.Env cannot be read");
    Program {
        name: seen.name.as_str().into(),
        service: name("com.docker.compose.service"),
        project: name("com.docker.compose.project"),
        target: Arc::clone(target),
        assurance: Assurance::Effective,
        image: text("/Config/Image").map(str::to_owned),
        base: None,
        words: words::command(fields).ok().map(|words| words.into_iter().map(str::to_owned).collect()),
        environment: environment.into_iter().flatten().filter_map(|entry| variable(entry.as_str()?, image)).collect(),
        environment_incomplete: match fields.get("Config.Env") {
            Some(Json::Null) => None,
            Some(Json::Array(entries)) if entries.iter().all(Json::is_string) => None,
            _ => Some(unreadable()),
        },
        inside: Inside::default(),
    }
}

/// An entry without `=` unsets the image's variable, so that the container has none.
fn variable(entry: &str, image: Option<&Image>) -> Option<Variable> {
    let (name, value) = entry.split_once('=')?;
    let of_image = image.and_then(|image| image.inspect.as_ref().ok()?.pointer("/Config/Env")?.as_array());
    let by_image = of_image.is_some_and(|entries| entries.iter().any(|own| own.as_str() == Some(entry)));
    Some(Variable { name: name.to_owned(), value: Ok(value.to_owned()), origin: Origin::field("Config.Env"), by_image })
}

/// Whether the command runs this program: not merely a word of another program's.
fn names(program: &Program, name: &str) -> bool {
    const BEFORE: [&str; 8] = ["", "exec", "-c", "--", "&&", "||", ";", "sudo"];
    let words = program.words.as_deref().unwrap_or_default();
    let before = std::iter::once("").chain(pieces(words));
    before.zip(pieces(words)).any(|(before, word)| {
        let (folder, last) = word.rsplit_once('/').unwrap_or(("", word));
        last == name && (!folder.is_empty() || BEFORE.contains(&before) || before.ends_with(';'))
    })
}

fn is_nginx(program: &Program) -> bool {
    let image = program.image.as_deref().unwrap_or_default();
    let repository = image.rsplit('/').next().unwrap_or_default();
    ["nginx", "openresty"].iter().any(|name| repository.contains(name)) || runs_nginx(program)
}

fn runs_nginx(program: &Program) -> bool {
    names(program, "nginx") || names(program, "openresty")
}

/// Whether nginx's main file may be there; other builds have it elsewhere.
async fn main_file(reader: &mut Reader<'_>) -> bool {
    for folder in ["/etc/nginx", "/usr/local/openresty/nginx/conf", "/usr/local/nginx/conf"] {
        if folder != "/etc/nginx" {
            reader.read(folder, Keep::Texts).await;
        }
        if !matches!(reader.inside.look(&format!("{folder}/nginx.conf")), Look::Absent) {
            return true;
        }
    }
    false
}

/// Words, those of a shell's one long argument too.
fn pieces(words: &[String]) -> impl Iterator<Item = &str> {
    words.iter().flat_map(|word| word.split_whitespace())
}

/// Paths that a command names besides the program itself. What holds secrets or the kernel's views is never read, and of
/// folders none that hold programs, images or people's files.
fn configured(words: &[String]) -> impl Iterator<Item = String> {
    const NEVER: [&str; 5] = ["/run", "/var/run", "/proc", "/sys", "/dev"];
    const NOT_WHOLE: [&str; 8] = ["/bin", "/sbin", "/usr", "/lib", "/var", "/root", "/home", "/etc/ssl"];
    let path = |word: &str| {
        let path = word.trim_matches(['"', '\'', ';']).trim_end_matches('/');
        let below = |folder: &&str| path.strip_prefix(*folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        let plain = path.len() > 1 && path.starts_with('/') && !path.contains("..") && path.len() <= 256;
        let file = path.ends_with(".json") || path.ends_with(".conf");
        let wanted = file || !(NOT_WHOLE.iter().any(below) || path.ends_with(".sh"));
        (plain && wanted && !NEVER.iter().any(below)).then(|| path.to_owned())
    };
    pieces(words).skip(1).filter_map(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(words: &[&str]) -> Vec<String> {
        configured(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>()).collect()
    }

    #[test]
    fn a_program_is_told_from_a_word() {
        let runs = |words: &[&str]| {
            let inspect = serde_json::json!({"Config": {"Cmd": words}});
            let seen = Seen {
                id: "x".into(),
                name: "x".into(),
                inspect: Ok(inspect.clone()),
                processes: None,
                log: None,
                passwd: None,
                tool: None,
            };
            names(&program(&seen, &inspect, None, &"docker:".into()), "Orthanc")
        };
        for words in [
            &["Orthanc"][..],
            &["tini", "--", "Orthanc", "/x"],
            &["sh", "-c", "sleep 1; Orthanc /x"],
            &["sh", "-c", "a && exec /usr/sbin/Orthanc"],
        ] {
            assert!(runs(words), "{words:?}");
        }
        for words in [&["psql", "-d", "Orthanc"][..], &["sh", "-c", "grep Orthanc /log"], &["orthanc-exporter"], &[]] {
            assert!(!runs(words), "{words:?}");
        }
    }

    #[test]
    fn paths_of_a_command_are_those_it_reads_its_configuration_from() {
        assert_eq!(paths(&["Orthanc", "/etc/orthanc/"]), ["/etc/orthanc"]);
        assert_eq!(paths(&["/docker-entrypoint.sh", "/tmp/orthanc.json"]), ["/tmp/orthanc.json"]);
        assert_eq!(paths(&["/bin/sh", "-c", "exec Orthanc --verbose '/srv/pacs.json'"]), ["/srv/pacs.json"]);
        assert_eq!(paths(&["nginx", "-c", "/opt/nginx.conf", "-g", "daemon off;"]), ["/opt/nginx.conf"]);
        assert_eq!(paths(&["Orthanc", "/usr/local/etc/orthanc.json"]), ["/usr/local/etc/orthanc.json"]);
        for never in [
            "/run/secrets/",
            "/run/secrets/a.json",
            "/usr/local/bin",
            "/",
            "/var/lib/orthanc/db",
            "/../etc",
            "--verbose",
            "/proc/1/environ",
            "relative.json",
        ] {
            assert!(paths(&["Orthanc", never]).is_empty(), "{never}");
        }
        assert!(paths(&["/etc/orthanc"]).is_empty(), "the first word is the program");
    }
}
