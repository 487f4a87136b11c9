//! Plugins: which are loaded, which only look as if they were, and the rules of the Authorization plugin.

use super::Setting;
use super::assembled::Assembled;
use super::facts::{Section, bool_at, labelled, section};
use super::json::{Json, Look, Map, Node};
use super::shown;
use crate::facts::{Fact, List, Reason, Record, Unknown};
use crate::knowledge::{Assembly, orthanc_environment};

/// Sections, and a part of the name of the library that reads them.
const LIBRARIES: [(&str, &str); 15] = [
    ("Authorization", "OrthancAuthorization"),
    ("DicomWeb", "OrthancDicomWeb"),
    ("PostgreSQL", "OrthancPostgreSQLIndex"),
    ("MySQL", "OrthancMySQLIndex"),
    ("Odbc", "OrthancOdbcIndex"),
    ("Worklists", "Worklists"),
    ("ServeFolders", "ServeFolders"),
    ("OHIF", "OrthancOHIF"),
    ("StoneWebViewer", "StoneWebViewer"),
    ("OrthancExplorer2", "OrthancExplorer2"),
    ("AwsS3Storage", "OrthancAwsS3Storage"),
    ("AzureBlobStorage", "OrthancAzureBlobStorage"),
    ("GoogleCloudStorage", "OrthancGoogleCloudStorage"),
    ("MultitenantDicom", "MultitenantDicom"),
    ("Transfers", "OrthancTransfers"),
];
/// Where the start script of orthancteam/orthanc puts the plugins that it enables.
const IMAGE_FOLDERS: [&str; 2] = ["/usr/share/orthanc/plugins", "/run/orthanc/plugins"];
/// Rules of the Authorization plugin's own defaults that anybody passes; none of them shows patient data.
const OPEN_BY_DEFAULT: [&str; 3] = ["^/auth/tokens/decode$", "^/tools/lookup$", "^/tools/generate-uid"];
/// Resources that show or change patient data.
const PATIENT_DATA: [&str; 16] = [
    "",
    "/instances",
    "/studies",
    "/series",
    "/patients",
    "/tools",
    "/dicom-web",
    "/wado",
    "/webdav",
    "/modalities",
    "/peers",
    "/queries",
    "/jobs",
    "/changes",
    "/exports",
    "/statistics",
];

/// What is needed to say whether a plugin is loaded.
#[derive(Clone, Copy)]
pub(super) struct Plugins<'a> {
    pub setting: Setting<'a>,
    pub assembled: &'a Assembled,
    pub assembly: Option<Assembly>,
}

/// Writes `authorization.*` and `unloaded_plugins`.
pub(super) fn write(record: &mut Record, plugins: Plugins<'_>) {
    let root = &plugins.assembled.root;
    let (configured, loaded) = match section(root, &["Authorization"]) {
        Section::Map(_, node) => (Fact::known(true).at(&node.at), plugins.loaded("Authorization", "OrthancAuthorization")),
        // Without its section the plugin switches itself off.
        Section::Absent => (Fact::known(false), Fact::known(false)),
        Section::Unknown(why) => (Fact::unknown(why.clone()), Fact::unknown(why)),
    };
    record.put("authorization.configured", configured);
    record.put("authorization.loaded", loaded);
    record.put("authorization.problems", problems(root));
    record.set_here("unloaded_plugins", plugins.unloaded());
}

impl Plugins<'_> {
    /// Whether a plugin is loaded: by both ways of starting where it is not known which is used.
    fn loaded(&self, name: &str, library: &str) -> Fact {
        match self.assembly {
            Some(Assembly::Core) => self.by_path(library),
            Some(Assembly::Team) => self.by_script(name),
            None => match (self.by_path(library), self.by_script(name)) {
                (a, b) if a.bool().is_some() && a.bool() == b.bool() => a,
                (Fact { state: crate::facts::State::Unknown(why), .. }, _) => Fact::unknown(why),
                _ => Fact::unknown(Unknown::new(Reason::ImageNotSeen, "it depends on the image whether the plugin is loaded")),
            },
        }
    }

    /// The start script enables it, and `Plugins` still names the folder where it puts it.
    fn by_script(&self, name: &str) -> Fact {
        let plugin = orthanc_environment().plugins.iter().find(|plugin| plugin.section() == name || plugin.name == name);
        let enabled = match plugin.map(|plugin| super::team::enabled(plugin, self.assembled)) {
            Some(Some(enabled)) => enabled,
            Some(None) => return Fact::unknown(self.hidden()),
            None => false,
        };
        match self.names_image_folder() {
            _ if !enabled => Fact::known(false),
            Ok(true) => Fact::known(true),
            Ok(false) => Fact::known(false),
            Err(why) => Fact::unknown(why),
        }
    }

    fn hidden(&self) -> Unknown {
        self.assembled.root.incomplete.clone().unwrap_or_else(|| Reason::UnknownFact.into())
    }

    /// Whether `Plugins` names the folder of the image; its default does.
    fn names_image_folder(&self) -> Result<bool, Unknown> {
        match self.assembled.root.look("Plugins") {
            Look::Set(node) => {
                let names = |item: &Node| item.text().is_some_and(|path| IMAGE_FOLDERS.contains(&path.trim_end_matches('/')));
                Ok(list(node).iter().any(names))
            }
            Look::Absent => Ok(true),
            Look::Unknown(why) => Err(why),
        }
    }

    /// `Plugins` names the library, or a folder that holds it.
    fn by_path(&self, library: &str) -> Fact {
        let node = match self.assembled.root.look("Plugins") {
            Look::Set(node) => node,
            Look::Absent => return Fact::known(false),
            Look::Unknown(why) => return Fact::unknown(why),
        };
        let mut hidden = None;
        for item in list(node) {
            let Some(path) = item.text() else {
                hidden = hidden.or_else(|| item.unknown().cloned());
                continue;
            };
            if path.contains(library) {
                return Fact::known(true).at(&item.at);
            }
            if is_library(path) || path.ends_with(".py") {
                continue;
            }
            let (files, more) = if self.setting.alone {
                (Vec::new(), Some(Unknown::from(Reason::NoTarget)))
            } else {
                self.setting.program.inside.folder(path)
            };
            if files.iter().any(|(file, _)| file.contains(library) && is_library(file)) {
                return Fact::known(true).at(&item.at);
            }
            let what = || shown::path(path).unwrap_or_else(|| "a folder of Plugins".into());
            hidden = hidden.or_else(|| more.map(|why| Unknown::new(why.reason, format!("what lies in {} was not seen", what()))));
        }
        hidden.map_or_else(|| Fact::known(false).at(&node.at), Fact::unknown)
    }

    fn unloaded(&self) -> List {
        let root = &self.assembled.root;
        let mut out = List { items: Vec::new(), incomplete: root.incomplete.clone() };
        if let Some(node) = root.entries.get("Plugins") {
            for item in list(node).iter().filter(|item| item.text().is_some_and(|path| path.ends_with(".py"))) {
                let path = item.text().and_then(shown::path).unwrap_or_else(|| "a .py file".into());
                let label = format!(
                    "{path} in Plugins: only shared libraries and folders of them are loaded; a script is loaded by PythonScript"
                );
                out.items.push(Fact::from(labelled(label)).at(&item.at));
            }
        }
        for (section, library) in LIBRARIES {
            if let Some(node) = root.entries.get(section).filter(|node| in_use(node)) {
                let how = "Plugins names neither its library nor a folder that holds it";
                add(
                    &mut out,
                    &self.loaded(section, library),
                    node,
                    &format!("section {section}: its plugin is not loaded, since {how}"),
                );
            }
        }
        self.scripts(&mut out);
        out
    }

    /// `PythonScript` needs the Python plugin, and the OAuth plugin is such a script.
    fn scripts(&self, out: &mut List) {
        let root = &self.assembled.root;
        let script = root.entries.get("PythonScript");
        if let Some(node) = script {
            let label = "PythonScript: the Python plugin that would run it is not loaded, since Plugins names neither its library nor a folder that holds it";
            add(out, &self.loaded("Python", "OrthancPython"), node, label);
        }
        if let Some(node) = root.entries.get("DicomWebOAuth") {
            let loaded = match root.look("PythonScript") {
                Look::Set(_) => Fact::known(true),
                Look::Absent => Fact::known(false),
                Look::Unknown(why) => Fact::unknown(why),
            };
            add(
                out,
                &loaded,
                node,
                "section DicomWebOAuth: the OAuth plugin is not loaded, since PythonScript does not name its script",
            );
        }
    }
}

fn add(out: &mut List, loaded: &Fact, node: &Node, label: &str) {
    match (&loaded.state, loaded.bool()) {
        (_, Some(false)) => out.items.push(Fact::from(labelled(label)).at(&node.at)),
        (crate::facts::State::Unknown(why), _) => {
            out.incomplete.get_or_insert_with(|| why.clone());
        }
        _ => {}
    }
}

/// A section that somebody wrote, and that does not switch itself off.
fn in_use(node: &Node) -> bool {
    let default = matches!(node.source.kind, super::source::SourceKind::Default);
    !default && node.map().is_some_and(|map| bool_at(map, &["Enable"], true).bool() != Some(false))
}

fn is_library(path: &str) -> bool {
    [".so", ".dll", ".dylib"].iter().any(|ending| path.ends_with(ending)) || path.contains(".so.")
}

fn list(node: &Node) -> &[Node] {
    match &node.json {
        Json::List(items) => items,
        _ => &[],
    }
}

/// Anonymous rules, patterns without an anchor, tokens in URLs, no service to ask.
fn problems(root: &Map) -> Fact {
    let (map, node) = match section(root, &["Authorization"]) {
        Section::Map(map, node) => (map, node),
        Section::Absent => return Fact::known(Vec::new()),
        Section::Unknown(why) => return Fact::unknown(why),
    };
    let mut out = List { items: Vec::new(), incomplete: map.incomplete.clone() };
    for key in ["Permissions", "ExtraPermissions"] {
        rules(map, key, &mut out);
    }
    for key in ["UncheckedResources", "UncheckedFolders", "UncheckedLevels"] {
        unchecked(map, key, &mut out);
    }
    if let Some(node) = map.entries.get("TokenGetArguments") {
        note_unknown(node, &mut out);
        if !list(node).is_empty() {
            let label = "TokenGetArguments: tokens in URLs end up in logs and Referer headers";
            out.items.push(Fact::from(labelled(label)).at(&node.at));
        }
    }
    let asks = ["WebServiceRootUrl", "WebServiceTokenValidationUrl", "WebServiceUserProfileUrl", "WebService"];
    if map.incomplete.is_none() && !asks.iter().any(|key| map.entries.contains_key(*key)) {
        let label = "no WebServiceRootUrl: the plugin has nobody to ask who may do what";
        out.items.push(Fact::from(labelled(label)).at(&node.at));
    }
    Fact::known(out).at(&node.at)
}

fn note_unknown(node: &Node, out: &mut List) {
    if let Some(why) = node.unknown() {
        out.incomplete.get_or_insert_with(|| why.clone());
    }
}

/// `[method, pattern, permission]`; an empty permission is everybody's.
fn rules(map: &Map, key: &str, out: &mut List) {
    let Some(node) = map.entries.get(key) else { return };
    note_unknown(node, out);
    for rule in list(node) {
        let parts = list(rule);
        let (pattern, permission) = (parts.get(1), parts.get(2));
        for part in [Some(rule), pattern, permission].into_iter().flatten() {
            note_unknown(part, out);
        }
        let Some(pattern) = pattern.and_then(Node::text) else { continue };
        let shown = shown_pattern(pattern);
        if permission.and_then(Node::text) == Some("") && !OPEN_BY_DEFAULT.iter().any(|open| pattern.starts_with(open)) {
            out.items.push(Fact::from(labelled(format!("{key}: {shown} is open to everybody"))).at(&rule.at));
        }
        if !pattern.starts_with('^') || pattern.trim_matches(['^', '$']) == ".*" {
            out.items
                .push(Fact::from(labelled(format!("{key}: {shown} has no anchor, so it fits more than it seems"))).at(&rule.at));
        }
    }
}

fn shown_pattern(pattern: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "^$/.*+?|()[]\\-_{},".contains(c);
    let short = pattern.len() <= 80 && pattern.chars().all(plain) && pattern.contains('/');
    if short { pattern.to_owned() } else { "a pattern".to_owned() }
}

fn unchecked(map: &Map, key: &str, out: &mut List) {
    let Some(node) = map.entries.get(key) else { return };
    note_unknown(node, out);
    for item in list(node) {
        note_unknown(item, out);
        let Some(text) = item.text() else { continue };
        let bare = text.trim_end_matches('/');
        let data = PATIENT_DATA.iter().any(|path| bare == *path || !path.is_empty() && bare.starts_with(&format!("{path}/")));
        let level = key == "UncheckedLevels"
            && matches!(bare, "patient" | "study" | "series" | "instance" | "patients" | "studies" | "instances");
        if data || level {
            let label = format!("{key}: {} is not checked at all", shown_pattern(text).replace("a pattern", "a level"));
            out.items.push(Fact::from(labelled(label)).at(&item.at));
        }
    }
}
