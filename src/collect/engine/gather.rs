//! Every question that is put to the engine, in order; at most eight a container, and twelve more for one that runs a
//! program whose configuration is read (`program.rs`).

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use serde_json::Value as Json;

use super::archive::{self, OsRelease, User, covered, multiplies};
use super::client::{Client, Limits};
use super::endpoint::Endpoint;
use super::failure::Failure;
use super::runtime;
use super::tool::Wanted;
use super::typed::{Network, Typed, Version, Volume};
use crate::collect::Selection;
use crate::facts::{Reason, Unknown};

/// Newest API version whose answers this program knows; newer engines are asked in it.
const NEWEST_API: (u32, u32) = (1, 51);

/// Questions a container may cost, its image's included, and a fixed number on top for the images of small stacks.
const QUESTIONS_EACH: usize = 8;
const QUESTIONS_SPARE: usize = 64;

/// Everything the engine said.
pub(super) struct Material {
    pub version: Version,
    pub info: Result<Json, Failure>,
    pub networks: Result<Vec<Network>, Failure>,
    pub volumes: Result<BTreeMap<String, Volume>, Failure>,
    /// Sorted by name.
    pub containers: Vec<Seen>,
    /// By image id.
    pub images: BTreeMap<String, Image>,
    /// Containers that vanished while we looked.
    pub vanished: Vec<String>,
}

/// One container.
pub(super) struct Seen {
    pub id: String,
    pub name: String,
    pub inspect: Result<Json, Failure>,
    /// Only of running containers.
    pub processes: Option<Result<Vec<String>, Failure>>,
    /// Only of running containers.
    pub log: Option<Result<Vec<String>, Failure>>,
    /// Only where the user is given by name.
    pub passwd: Option<Result<Vec<User>, Failure>>,
    /// Only where there is a health check.
    pub tool: Option<Result<bool, Unknown>>,
}

/// One image that an audited container uses.
pub(super) struct Image {
    pub inspect: Result<Json, Failure>,
    pub history: Result<Json, Failure>,
    /// Only where its USER is a name.
    pub passwd: Option<Result<Vec<User>, Failure>>,
    pub os: Result<OsRelease, Failure>,
}

impl Seen {
    /// A field of its inspect document.
    pub fn field(&self, pointer: &str) -> Option<&Json> {
        self.inspect.as_ref().ok()?.pointer(pointer)
    }

    /// The id of its image.
    pub fn image(&self) -> Option<&str> {
        let id = self.field("/Image")?.as_str()?;
        (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b':')).then_some(id)
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.field("/State/Running").and_then(Json::as_bool).unwrap_or(false)
    }
}

/// The client and what limits it during one run.
pub(super) struct Gather<'a> {
    client: Arc<Client>,
    progress: &'a dyn Fn(&str),
}

impl<'a> Gather<'a> {
    /// Prepares to ask; nothing is sent yet.
    pub fn new(endpoint: Endpoint, limits: Limits, progress: &'a dyn Fn(&str)) -> Self {
        Self { client: Arc::new(Client::new(endpoint, limits)), progress }
    }

    /// For questions about the programs in the containers.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The address that nothing protects, if the engine was reached so.
    pub fn unprotected(&self) -> Option<String> {
        self.client.endpoint.unprotected()
    }

    /// The Unix socket used.
    pub fn socket(&self) -> Option<&std::path::Path> {
        self.client.endpoint.socket()
    }

    /// Asks everything. An error means that the engine as a whole cannot be asked.
    pub async fn run(&self, selection: &Selection) -> Result<Material, Failure> {
        (self.progress)("asking the engine");
        let typed = Typed::new(&self.client)?;
        let version = typed.version().await?;
        if let Some(pin) = pinned(&version) {
            self.client.pin(&pin);
        }
        let (list, info, networks, volumes) = tokio::join!(
            self.client.json("/containers/json?all=1"),
            self.client.json("/info"),
            typed.networks(),
            typed.volumes()
        );
        let wanted = select(&list?, selection)?;
        let (containers, vanished) = self.inspect(wanted).await;
        let mut material = Material { version, info, networks, volumes, containers, images: BTreeMap::new(), vanished };
        self.look_inside(&mut material).await;
        Ok(material)
    }

    /// Runs one question a thing, as many at once as there are connections, answers in the order of the things.
    async fn each<T, R, F: Future<Output = R>>(&self, what: &str, things: Vec<T>, ask: impl Fn(T) -> F) -> Vec<R> {
        let all = things.len();
        let done = std::cell::Cell::new(0);
        let ask = |thing| {
            let answer = ask(thing);
            let done = &done;
            async move {
                let answer = answer.await;
                done.set(done.get() + 1);
                (self.progress)(&format!("{what} {} of {all}", done.get()));
                answer
            }
        };
        stream::iter(things).map(ask).buffered(self.client.limits.connections.max(1)).collect().await
    }

    async fn inspect(&self, wanted: Vec<(String, String)>) -> (Vec<Seen>, Vec<String>) {
        let ask = |(name, id): (String, String)| async move {
            let inspect = self.client.json(&format!("/containers/{id}/json")).await;
            Seen { id, name, inspect, processes: None, log: None, passwd: None, tool: None }
        };
        let all = self.each("container", wanted, ask).await;
        let (gone, seen): (Vec<Seen>, Vec<Seen>) =
            all.into_iter().partition(|seen| seen.inspect.as_ref().is_err_and(Failure::is_missing));
        (seen, gone.into_iter().map(|seen| seen.name).collect())
    }

    async fn look_inside(&self, material: &mut Material) {
        let podman = material.version.is_podman();
        let containers = &material.containers;
        let mut questions = QUESTIONS_EACH * containers.len() + QUESTIONS_SPARE;
        let mut spend = |n: usize| {
            questions = questions.saturating_sub(n);
            questions > 0
        };

        let ids = first_of_images(containers);
        let images = self.each("image", ids.keys().cloned().collect(), |id| self.image(id)).await;
        let mut images: BTreeMap<String, Image> = ids.keys().cloned().zip(images).collect();

        let all: Vec<&Seen> = containers.iter().collect();
        let inside = self.each("inside container", all, |seen| self.inside(seen, podman)).await;
        spend(4 * containers.len() + 2 * images.len());

        let from_images = self.image_passwds(&ids, &images, containers, &inside).await;
        let readers: Vec<&Seen> = ids.values().filter_map(|at| containers.get(*at)).filter(|_| spend(2)).collect();
        let systems = self.each("system of image", readers, |seen| self.os_release(seen)).await;
        for (at, (image, passwd)) in images.values_mut().zip(from_images).enumerate() {
            image.passwd = passwd;
            if let Some(os) = systems.get(at) {
                image.os.clone_from(os);
            }
        }

        let tools = self.tools(containers, spend).await;
        for ((seen, inside), tool) in material.containers.iter_mut().zip(inside).zip(tools) {
            (seen.processes, seen.log, seen.passwd) = inside;
            seen.tool = tool;
        }
        lend_passwd(&mut material.containers);
        material.images = images;
    }

    async fn image(&self, id: String) -> Image {
        let (inspect_path, history_path) = (format!("/images/{id}/json"), format!("/images/{id}/history"));
        let (inspect, history) = tokio::join!(self.client.json(&inspect_path), self.client.json(&history_path));
        let gone = |failure: Failure| {
            let removed = "the image is no longer there: it was removed or replaced after its container was made";
            if failure.is_missing() { Failure::new(Reason::ImageNotSeen, removed) } else { failure }
        };
        let (inspect, history) = (inspect.map_err(gone), history.map_err(gone));
        let os = Err(Failure::new(Reason::NotProbed, "the number of requests for this run was used up"));
        Image { inspect, history, passwd: None, os }
    }

    async fn inside(&self, seen: &Seen, podman: bool) -> Inside {
        let Ok(inspect) = &seen.inspect else { return (None, None, None) };
        let (mut processes, mut log, mut passwd) = (None, None, None);
        if seen.is_running() {
            processes = Some(runtime::processes(&self.client, &seen.id, podman).await);
            log = Some(runtime::log(&self.client, &seen.id, inspect, None).await);
        }
        if named(seen.field("/Config/User")) {
            passwd = Some(archive::passwd(&self.client, &seen.id, inspect).await);
        }
        (processes, log, passwd)
    }

    /// `/etc/passwd` of images whose USER is a name: from a container that was read already, else from the first that can be.
    async fn image_passwds(
        &self,
        ids: &BTreeMap<String, usize>,
        images: &BTreeMap<String, Image>,
        containers: &[Seen],
        inside: &[Inside],
    ) -> Vec<Option<Result<Vec<User>, Failure>>> {
        let ask = |id: String| async move {
            let image = images.get(&id)?;
            named(image.inspect.as_ref().ok()?.pointer("/Config/User")).then_some(())?;
            let of_image = || containers.iter().zip(inside).filter(|(seen, _)| seen.image() == Some(&id));
            if let Some(Ok(users)) = of_image().find_map(|(_, (_, _, passwd))| passwd.as_ref().filter(|passwd| passwd.is_ok())) {
                return Some(Ok(users.clone()));
            }
            let uncovered = |seen: &&Seen| {
                seen.inspect.as_ref().is_ok_and(|inspect| !covered(inspect, "/etc/passwd") && !multiplies(inspect))
            };
            match of_image().map(|(seen, _)| seen).find(uncovered) {
                Some(seen) => Some(archive::passwd(&self.client, &seen.id, seen.inspect.as_ref().ok()?).await),
                None => Some(Err(Failure::new(Reason::Unsupported, "no container of the image lets its /etc/passwd be read"))),
            }
        };
        self.each("users of image", ids.keys().cloned().collect(), ask).await
    }

    async fn os_release(&self, seen: &Seen) -> Result<OsRelease, Failure> {
        archive::os_release(&self.client, &seen.id, seen.inspect.as_ref().map_err(Clone::clone)?).await
    }

    /// Containers of one image with one command and one health check share the answer.
    async fn tools(&self, containers: &[Seen], mut spend: impl FnMut(usize) -> bool) -> Vec<Option<Result<bool, Unknown>>> {
        let wanted: Vec<Option<(ToolKey, Wanted)>> = containers.iter().map(wanted_tool).collect();
        let mut jobs: BTreeMap<&ToolKey, (&Wanted, &Seen)> = BTreeMap::new();
        for (seen, wanted) in containers.iter().zip(&wanted) {
            if let Some((key, wanted)) = wanted
                && !jobs.contains_key(key)
                && spend(wanted.most_requests())
            {
                jobs.insert(key, (wanted, seen));
            }
        }
        let keys: Vec<&ToolKey> = jobs.keys().copied().collect();
        let answers = self
            .each("health check", jobs.values().copied().collect(), |(wanted, seen)| wanted.look_up(&self.client, &seen.id))
            .await;
        let answers: BTreeMap<&ToolKey, Result<bool, Unknown>> = keys.into_iter().zip(answers).collect();
        let used_up = || Unknown::new(Reason::NotProbed, "the number of requests for this run was used up");
        let of = |(seen, wanted): (&Seen, &Option<(ToolKey, Wanted)>)| match wanted {
            Some((key, _)) => Some(answers.get(key).cloned().unwrap_or_else(|| Err(used_up()))),
            None => Wanted::of(seen.inspect.as_ref().ok()?).err().map(Err),
        };
        containers.iter().zip(&wanted).map(of).collect()
    }
}

type Inside = (Option<Result<Vec<String>, Failure>>, Option<Result<Vec<String>, Failure>>, Option<Result<Vec<User>, Failure>>);
type ToolKey = (String, String, Wanted);

fn wanted_tool(seen: &Seen) -> Option<(ToolKey, Wanted)> {
    let wanted = Wanted::of(seen.inspect.as_ref().ok()?).ok()??;
    // A program that a start command installs is in that container only.
    let command = format!("{:?} {:?}", seen.field("/Path"), seen.field("/Args"));
    Some(((seen.image()?.to_owned(), command, wanted.clone()), wanted))
}

/// The first container (by name) of each image, one without mounts over the files that are read if there is one.
fn first_of_images(containers: &[Seen]) -> BTreeMap<String, usize> {
    let mut first = BTreeMap::new();
    for (at, seen) in containers.iter().enumerate() {
        let (Some(id), Ok(inspect)) = (seen.image(), &seen.inspect) else { continue };
        let hidden = |inspect: &Json| {
            covered(inspect, "/etc/os-release") || covered(inspect, "/usr/lib/os-release") || multiplies(inspect)
        };
        let better = |held: &mut usize| {
            if containers[*held].inspect.as_ref().is_ok_and(hidden) && !hidden(inspect) {
                *held = at;
            }
        };
        first.entry(id.to_owned()).and_modify(better).or_insert(at);
    }
    first
}

/// A container whose own file could not be fetched takes that of another one of its image. Not where a mount lies
/// over it: then the mounted file is the one in force.
fn lend_passwd(containers: &mut [Seen]) {
    let mut read: BTreeMap<String, Vec<User>> = BTreeMap::new();
    for seen in containers.iter() {
        if let (Some(id), Some(Ok(users))) = (seen.image(), &seen.passwd) {
            read.entry(id.to_owned()).or_insert_with(|| users.clone());
        }
    }
    for seen in containers.iter_mut() {
        let hidden = seen.inspect.as_ref().is_ok_and(|inspect| covered(inspect, "/etc/passwd"));
        let lent = seen.image().and_then(|id| read.get(id)).cloned();
        if let (Some(Err(_)), false, Some(users)) = (&seen.passwd, hidden, lent) {
            seen.passwd = Some(Ok(users));
        }
    }
}

/// Whether a user is given by name: only then does `/etc/passwd` decide.
pub(super) fn named(user: Option<&Json>) -> bool {
    let name = user.and_then(Json::as_str).unwrap_or_default().split(':').next().unwrap_or_default();
    !name.is_empty() && !name.bytes().all(|byte| byte.is_ascii_digit())
}

/// The version to ask in: the engine's newest, but none newer than this program knows and none older than it takes.
fn pinned(version: &Version) -> Option<String> {
    let number = |text: &Option<String>| {
        let (major, minor) = text.as_deref()?.split_once('.')?;
        Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?))
    };
    let newest = number(&version.api)?.min(NEWEST_API);
    let (major, minor) = newest.max(number(&version.oldest_api).unwrap_or(newest));
    Some(format!("{major}.{minor}"))
}

/// Names and ids of the containers that are wanted, by name.
fn select(list: &Json, selection: &Selection) -> Result<Vec<(String, String)>, Failure> {
    let malformed = || Failure::malformed("GET /containers/json", "it is no list of containers");
    let mut wanted = Vec::new();
    for entry in list.as_array().ok_or_else(malformed)? {
        let id = entry
            .get("Id")
            .and_then(Json::as_str)
            .filter(|id| id.bytes().all(|b| b.is_ascii_alphanumeric()))
            .ok_or_else(malformed)?;
        let name = own_name(entry).unwrap_or(id).to_owned();
        if is_wanted(&name, entry.get("Labels"), selection) {
            wanted.push((name, id.to_owned()));
        }
    }
    wanted.sort();
    Ok(wanted)
}

/// Links of other containers are listed as `/other/alias` beside the own name.
fn own_name(entry: &Json) -> Option<&str> {
    let names = entry.get("Names")?.as_array()?.iter().filter_map(Json::as_str).map(|name| name.trim_start_matches('/'));
    names.filter(|name| !name.is_empty()).min_by_key(|name| name.contains('/'))
}

fn is_wanted(name: &str, labels: Option<&Json>, selection: &Selection) -> bool {
    let label = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Json::as_str);
    let has = |wanted: &String| match wanted.split_once('=') {
        Some((key, value)) => label(key) == Some(value),
        None => label(wanted).is_some(),
    };
    (selection.containers.is_empty() || selection.containers.iter().any(|wanted| wanted.trim_start_matches('/') == name))
        && selection.labels.iter().all(has)
        && (selection.projects.is_empty()
            || label("com.docker.compose.project").is_some_and(|project| selection.projects.iter().any(|p| p == project)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_version_asked_in_is_known_to_both_sides() {
        let version =
            |api: &str, oldest: &str| Version { api: Some(api.into()), oldest_api: Some(oldest.into()), ..Version::default() };
        assert_eq!(pinned(&version("1.41", "1.12")).as_deref(), Some("1.41"));
        assert_eq!(pinned(&version("1.60", "1.44")).as_deref(), Some("1.51"));
        assert_eq!(pinned(&version("1.80", "1.60")).as_deref(), Some("1.60"));
        assert_eq!(pinned(&version("new", "")), None);
    }

    #[test]
    fn only_names_need_passwd() {
        for (user, wanted) in
            [("", false), ("0", false), ("00:0", false), ("1000", false), ("root", true), ("orthanc:orthanc", true)]
        {
            assert_eq!(named(Some(&json!(user))), wanted, "{user}");
        }
        assert!(!named(None));
    }

    #[test]
    fn containers_are_selected_by_name_label_and_project() {
        let list = json!([
            {"Id": "b1", "Names": ["/web/db", "/db"], "Labels": {"com.docker.compose.project": "clinic", "tier": "data"}},
            {"Id": "a1", "Names": ["/web"], "Labels": null},
        ]);
        let names = |selection: &Selection| -> Vec<String> {
            select(&list, selection).unwrap_or_default().into_iter().map(|(name, _)| name).collect()
        };
        let all = Selection::default();
        assert_eq!(names(&all), ["db", "web"]);
        assert_eq!(names(&Selection { containers: vec!["/web".into()], ..all.clone() }), ["web"]);
        assert_eq!(names(&Selection { labels: vec!["tier=data".into()], ..all.clone() }), ["db"]);
        assert_eq!(names(&Selection { labels: vec!["tier".into(), "other".into()], ..all.clone() }).len(), 0);
        assert_eq!(names(&Selection { projects: vec!["clinic".into()], ..all }), ["db"]);
        assert!(select(&json!({"message": "x"}), &Selection::default()).is_err());
    }
}
