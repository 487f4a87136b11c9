//! What a file is, by its name and, where that does not tell, by its text.

use super::secrets::Holder;
use super::settings::Format;
use super::walk::Found;
use crate::collect::{dockerfile, kubernetes, nginx, orthanc};

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A Dockerfile.
    Dockerfile,
    /// Orthanc's configuration.
    Orthanc,
    /// nginx's configuration.
    Nginx,
    /// Kubernetes objects.
    Manifest,
    /// A template of a Helm chart that has to be rendered first.
    HelmTemplate,
    /// Values of a Helm chart.
    HelmValues,
    /// Something else that may hold secrets.
    Other(Holder),
}

/// Folders of tests: what stands there is made up.
const TESTS: [&str; 9] = ["test", "tests", "__tests__", "testdata", "fixtures", "mocks", "__mocks__", "spec", "e2e"];
/// Folders of texts for people, where `"password"` is a label on a button.
const TEXTS: [&str; 7] = ["locale", "locales", "i18n", "lang", "langs", "translations", "messages"];
/// Files that tools write: checksums by the thousand, no settings.
const GENERATED: [&str; 8] = [
    "package-lock.json",
    "npm-shrinkwrap.json",
    "composer.lock",
    "pnpm-lock.yaml",
    "tsconfig.json",
    "pipfile.lock",
    "openapi.json",
    "openapi.yaml",
];
const KEYS: [&str; 4] = [".pem", ".key", ".ppk", ".p8"];
const KEYSTORES: [&str; 5] = [".p12", ".pfx", ".jks", ".keystore", ".bcfks"];
const LINES: [&str; 9] = [".ini", ".conf", ".cfg", ".cnf", ".properties", ".toml", ".npmrc", ".pypirc", ".pgpass"];

/// What lies in a folder of tests is made up and not looked at.
pub(super) fn is_test(found: &Found) -> bool {
    found.is_in(&TESTS)
}

/// Whether the name promises something that is worth reading.
pub(super) fn is_wanted(found: &Found) -> bool {
    by_name(&found.name).is_some() || dockerfile::is_dockerfile(file_name(found)) || is_keystore(&found.name)
}

/// Whether it is a store of keys, which is binary.
pub(super) fn is_keystore(name: &str) -> bool {
    KEYSTORES.iter().any(|end| name.ends_with(end))
}

/// What the file is; `None` when it is nothing of ours.
pub(super) fn sort(found: &Found, text: &str, in_chart: bool) -> Option<Sort> {
    if dockerfile::is_dockerfile(file_name(found)) {
        return Some(Sort::Dockerfile);
    }
    let holder = by_name(&found.name)?;
    Some(match holder {
        Holder::Settings(Format::Yaml) => yaml(found, text, in_chart)?,
        Holder::Settings(Format::Json) => json(found, text)?,
        Holder::Settings(_) if nginx::looks_like_configuration(file_name(found), text) => Sort::Nginx,
        holder => Sort::Other(holder),
    })
}

fn file_name(found: &Found) -> &str {
    found.shown.rsplit('/').next().unwrap_or(&found.shown)
}

/// By the name in lower case; endings such as `.example` do not count.
pub(super) fn by_name(name: &str) -> Option<Holder> {
    let bare = [".example", ".sample", ".template", ".dist", ".tmpl"]
        .iter()
        .fold(name, |name, end| name.strip_suffix(end).filter(|rest| rest.len() > 1).unwrap_or(name));
    if is_env(bare) {
        return Some(Holder::Env);
    }
    if KEYS.iter().any(|end| bare.ends_with(end)) || matches!(bare, "id_rsa" | "id_dsa" | "id_ecdsa" | "id_ed25519") {
        return Some(Holder::Key);
    }
    if GENERATED.contains(&bare) || bare.ends_with(".schema.json") {
        return None;
    }
    let format = if bare.ends_with(".json") {
        Format::Json
    } else if bare.ends_with(".yaml") || bare.ends_with(".yml") {
        Format::Yaml
    } else if LINES.iter().any(|end| bare.ends_with(end)) || bare == "nginx.conf" {
        Format::Lines
    } else {
        return None;
    };
    Some(Holder::Settings(format))
}

/// `.env`, `.env.production`, `prod.env`, `env` of a template; scripts of virtual environments are none.
pub(super) fn is_env(name: &str) -> bool {
    name == ".env" || name.starts_with(".env.") || name.ends_with(".env") || name == ".envrc" || name == "env"
}

fn json(found: &Found, text: &str) -> Option<Sort> {
    if found.is_in(&TEXTS) {
        return None;
    }
    if orthanc::looks_like_configuration(text) {
        return Some(Sort::Orthanc);
    }
    Some(if kubernetes::looks_like_manifest(text) { Sort::Manifest } else { Sort::Other(Holder::Settings(Format::Json)) })
}

fn yaml(found: &Found, text: &str, in_chart: bool) -> Option<Sort> {
    if found.is_in(&TEXTS) {
        return None;
    }
    if in_chart && found.is_in(&["templates"]) && text.contains("{{") {
        return Some(Sort::HelmTemplate);
    }
    if in_chart && found.name.starts_with("values") {
        return Some(Sort::HelmValues);
    }
    if kubernetes::looks_like_manifest(text) {
        return Some(Sort::Manifest);
    }
    let compose = text.lines().any(|line| line.trim_start_matches('\u{feff}').starts_with("services:"));
    Some(Sort::Other(if compose { Holder::Compose } else { Holder::Settings(Format::Yaml) }))
}

/// Whether a file that stands alone as a target is one that can be audited by itself.
pub(super) fn sort_alone(found: &Found, text: &str) -> Option<Sort> {
    let beside_a_chart = found.path.parent().is_some_and(|folder| folder.join("Chart.yaml").is_file());
    let in_templates = found.path.parent().is_some_and(|folder| folder.ends_with("templates"));
    if in_templates && text.contains("{{") && found.name.ends_with("ml") {
        return Some(Sort::HelmTemplate);
    }
    sort(found, text, beside_a_chart || found.name.starts_with("values"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, expected) in [
            (".env", Some(Holder::Env)),
            (".env.example", Some(Holder::Env)),
            ("prod.env", Some(Holder::Env)),
            (".env.healthcare.template", Some(Holder::Env)),
            ("server.key", Some(Holder::Key)),
            ("package-lock.json", None),
            ("app.json.example", Some(Holder::Settings(Format::Json))),
            ("redis.conf", Some(Holder::Settings(Format::Lines))),
            ("environment.ts", None),
            ("readme.md", None),
        ] {
            assert_eq!(by_name(name), expected, "{name}");
        }
    }
}
