//! What a single file is, as far as its name and its beginning tell; what cannot be told keeps its old meaning.

use std::io::Read as _;
use std::path::Path;

/// How much of a file is looked at.
const PEEK: u64 = 256 * 1024;

/// What a file named as a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A recorded snapshot.
    Snapshot,
    /// A compose file.
    Compose,
    /// A configuration that is audited by itself.
    Configuration,
    /// Nothing that pacscan knows.
    Nothing,
}

/// Keys that only Orthanc's configuration has.
const ORTHANC: [&str; 12] = [
    "\"AuthenticationEnabled\"",
    "\"RemoteAccessAllowed\"",
    "\"RegisteredUsers\"",
    "\"DicomAet\"",
    "\"DicomPort\"",
    "\"DicomModalities\"",
    "\"OrthancPeers\"",
    "\"StorageDirectory\"",
    "\"DicomWeb\"",
    "\"DicomTlsEnabled\"",
    "\"DicomWebOAuth\"",
    "\"OrthancExplorer2\"",
];
/// Endings of other files of settings and keys.
const SETTINGS: [&str; 13] =
    [".conf", ".env", ".ini", ".cfg", ".cnf", ".toml", ".properties", ".pem", ".key", ".p12", ".pfx", ".jks", ".keystore"];

/// Recognises a file by its name in lower case, and by its text where that does not tell.
pub(super) fn recognise(name: &str, path: &Path) -> Sort {
    let text = || peek(path);
    let dockerfile = ["dockerfile", "containerfile"];
    if name.ends_with(".dockerignore") {
        return Sort::Nothing;
    }
    if dockerfile.iter().any(|word| name == *word || name.starts_with(&format!("{word}.")) || name.ends_with(&format!(".{word}")))
    {
        return Sort::Configuration;
    }
    if name.starts_with(".env") || SETTINGS.iter().any(|end| name.ends_with(end)) {
        return Sort::Configuration;
    }
    if name.ends_with(".json") {
        let text = text();
        let snapshot = text.contains("\"schema_version\"") && text.contains("\"documents\"");
        let configuration = ORTHANC.iter().any(|key| text.contains(key)) || is_manifest(&text);
        return if configuration && !snapshot { Sort::Configuration } else { Sort::Snapshot };
    }
    if name.contains(".yml") || name.contains(".yaml") {
        let values = name.starts_with("values") && !has_line(&text(), "services:");
        return if values || is_manifest(&text()) { Sort::Configuration } else { Sort::Compose };
    }
    Sort::Nothing
}

fn peek(path: &Path) -> String {
    let mut bytes = Vec::new();
    // What cannot be read is said by whoever reads it whole.
    if let Ok(file) = std::fs::File::open(path) {
        let _ = file.take(PEEK).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `apiVersion` and `kind` at the top of a document: Kubernetes, as YAML or as JSON.
fn is_manifest(text: &str) -> bool {
    let json = text.trim_start().starts_with('{') && text.contains("\"apiVersion\"") && text.contains("\"kind\"");
    json || has_line(text, "apiVersion:") && has_line(text, "kind:")
}

fn has_line(text: &str, start: &str) -> bool {
    text.lines().any(|line| line.trim_start_matches('\u{feff}').starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sort(name: &str, text: &str) -> Sort {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        recognise(&name.to_ascii_lowercase(), &path)
    }

    #[test]
    fn files_by_what_they_are() {
        for (name, text, expected) in [
            ("Dockerfile", "", Sort::Configuration),
            ("Dockerfile.prod", "", Sort::Configuration),
            ("api.Dockerfile", "", Sort::Configuration),
            ("nginx.conf", "", Sort::Configuration),
            (".env", "", Sort::Configuration),
            (".env.example", "", Sort::Configuration),
            ("orthanc.json", "{\"DicomAet\": \"X\"}", Sort::Configuration),
            ("snapshot.json", "{\"schema_version\": \"1.0\", \"documents\": []}", Sort::Snapshot),
            ("snapshot.json", "{\"schema_version\": \"1.0\", \"documents\": [\"RegisteredUsers\"]}", Sort::Snapshot),
            ("other.json", "{}", Sort::Snapshot),
            ("k8s.yaml", "apiVersion: v1\nkind: Pod\n", Sort::Configuration),
            ("deployment.yaml", "{\n\"apiVersion\": \"v1\",\n\"kind\": \"Pod\"}", Sort::Configuration),
            ("compose.yaml", "services:\n  a:\n    image: x\n", Sort::Compose),
            ("values.yaml", "image: x\n", Sort::Configuration),
            ("anything.yml", "", Sort::Compose),
            ("readme.md", "", Sort::Nothing),
            ("Dockerfile.dockerignore", "", Sort::Nothing),
        ] {
            assert_eq!(sort(name, text), expected, "{name}: {text}");
        }
    }
}
