//! Where secrets may stand in an object, and the Orthanc configurations of a `ConfigMap`.

use super::object::Object;
use crate::collect::folder::settings::{self, Format, Setting};
use crate::collect::yaml::{Map, Node};
use crate::collect::{Context, orthanc as orthanc_configuration};
use crate::facts::Document;

/// Names and values; those of a Secret decoded, those of files in a `ConfigMap` by the format of the file.
pub(super) fn settings(object: &Object) -> Vec<Setting> {
    let mut out = Vec::new();
    match object.kind.as_str() {
        // What these hold is encrypted, or names of secrets that lie elsewhere.
        "SealedSecret" | "ExternalSecret" | "SecretStore" | "ClusterSecretStore" | "SecretProviderClass" => {}
        "Secret" => {
            data(object, "data", true, &mut out);
            data(object, "stringData", false, &mut out);
        }
        "ConfigMap" => data(object, "data", false, &mut out),
        _ => {
            settings::tree(&object.node, "", &mut out);
            out.iter_mut().for_each(unname_references);
        }
    }
    out
}

/// In most objects `secretName: x` and `key: y` name a secret and hold none; variables and kubeconfig are as they are.
fn unname_references(setting: &mut Setting) {
    let key = setting.name.to_ascii_lowercase();
    if key.ends_with("-key-data") {
        setting.name = "client_private_key".into();
    } else if matches!(key.as_str(), "key" | "name" | "kind" | "secret" | "secretref" | "existingsecret") {
        setting.name = String::new();
    }
}

fn data(object: &Object, part: &str, encoded: bool, out: &mut Vec<Setting>) {
    for (name, entry) in object.node.get(part).and_then(Node::map).into_iter().flat_map(Map::iter) {
        let Some(scalar) = entry.node.scalar() else { continue };
        let decoded = if encoded { decode(&scalar.text) } else { None };
        let value = decoded.as_deref().unwrap_or(&scalar.text);
        let line = entry.at.line;
        match format(name).filter(|_| value.contains(['\n', '{', '='])) {
            // A block begins on the line below its key; inside base64 there are no lines.
            Some(format) => out.extend(
                settings::read(format, value)
                    .into_iter()
                    .map(|setting| Setting { line: if encoded { line } else { line.saturating_add(setting.line) }, ..setting }),
            ),
            None => out.push(Setting { name: meaning(object, name).to_owned(), value: value.to_owned(), line, user: false }),
        }
    }
}

/// Docker's credentials of a registry have a name of their own.
fn meaning<'n>(object: &Object, name: &'n str) -> &'n str {
    match name {
        ".dockerconfigjson" | ".dockercfg" => "registry_password",
        "tls.key" | "ssh-privatekey" => "private_key",
        "auth" if object.kind == "Secret" => "htpasswd",
        name => name,
    }
}

/// How a file of this name is written.
fn format(name: &str) -> Option<Format> {
    let name = name.to_ascii_lowercase();
    Some(match name.rsplit('.').next()? {
        "json" => Format::Json,
        "yaml" | "yml" => Format::Yaml,
        "env" => Format::Env,
        "conf" | "ini" | "cfg" | "properties" | "toml" | "cnf" if name.contains('.') => Format::Lines,
        _ => return None,
    })
}

/// Base64 of a text, or of bytes that are none (`None` when it is no base64).
pub(super) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0_u32, 0_u32);
    let text: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let bare = text.iter().rposition(|byte| *byte != b'=').map_or(0, |end| end + 1);
    if !text.len().is_multiple_of(4) || text.len() - bare > 2 {
        return None;
    }
    for byte in &text[..bare] {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    Some(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned())
}

/// The Orthanc configurations that a `ConfigMap` or Secret holds as files.
pub(super) fn orthanc(object: &Object, given: &str, context: &mut Context<'_>) -> Vec<Document> {
    if !matches!(object.kind.as_str(), "ConfigMap" | "Secret") {
        return Vec::new();
    }
    let parts = ["data", "stringData"].iter().filter_map(|part| Some((*part, object.node.get(part)?.map()?)));
    let files = parts.flat_map(|(part, map)| map.iter().map(move |(name, entry)| (part, name, entry)));
    let mut out = Vec::new();
    for (part, name, entry) in files.filter(|(_, name, _)| name.to_ascii_lowercase().ends_with(".json")) {
        let Some(scalar) = entry.node.scalar() else { continue };
        let decoded = if object.kind == "Secret" && part == "data" { decode(&scalar.text) } else { None };
        // A block begins below its key: lines keep their numbers.
        let above = usize::try_from(entry.at.line).unwrap_or_default();
        let text = decoded.unwrap_or_else(|| format!("{}{}", "\n".repeat(above), scalar.text));
        if orthanc_configuration::looks_like_configuration(&text) {
            let title = format!("{}/{name}", object.title());
            let shown = object.node.at.source.shown.as_ref();
            out.extend(orthanc_configuration::alone_text(&title, shown, &text, given, context));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64() {
        assert_eq!(decode("cG5ldW1vbmlh").as_deref(), Some("pneumonia"));
        assert_eq!(decode("cmVkaXNfcGFzc3dvcmQ=").as_deref(), Some("redis_password"));
        assert_eq!(decode("YQ==").as_deref(), Some("a"));
        assert_eq!(decode("base64_encoded_api_key"), None);
        assert_eq!(decode("abc"), None);
        assert_eq!(decode("====").as_deref(), None);
    }
}
