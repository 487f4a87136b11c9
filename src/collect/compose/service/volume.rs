//! One entry of `volumes`, `secrets` or `configs`, short or long.

use crate::collect::compose::value::{Node, text};
use crate::facts::{Reason, Unknown};

/// A volume entry taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::collect::compose) struct Volume {
    pub kind: String,
    /// Host path as written, or the name of a volume.
    pub source: Option<String>,
    pub target: String,
    pub read_only: bool,
    pub propagation: String,
}

impl Volume {
    /// Reads an entry, or says why it cannot be read.
    pub(in crate::collect::compose) fn read(node: &Node) -> Result<Self, Unknown> {
        let wrong = || Unknown::new(Reason::Unsupported, format!("a volume that cannot be read ({})", node.at));
        if node.map().is_some() { Self::long(node)?.ok_or_else(wrong) } else { Self::short(text(node)?).ok_or_else(wrong) }
    }

    fn long(node: &Node) -> Result<Option<Self>, Unknown> {
        let read = |node: Option<&Node>| node.map(text).transpose().map(|text| text.map(str::to_owned));
        let read_only = read(node.get("read_only"))?.as_deref().map_or(Some(false), super::boolean);
        let (Some(target), Some(read_only)) = (read(node.get("target"))?, read_only) else { return Ok(None) };
        let kind = read(node.get("type"))?.unwrap_or_else(|| "volume".into());
        let propagation = read(node.at_path(&["bind", "propagation"]))?.unwrap_or_default();
        let source = read(node.get("source"))?.filter(|source| !source.is_empty());
        Ok(Some(Self { kind, source, target, read_only, propagation }))
    }

    /// `[source:]target[:options]`; a single letter before `:\` or `:/` is a Windows drive.
    fn short(text: &str) -> Option<Self> {
        let mut fields = split(text);
        if fields.iter().any(String::is_empty) || fields.len() > 3 {
            return None;
        }
        let options = if fields.len() == 3 { fields.pop()? } else { String::new() };
        let target = fields.pop()?;
        let source = fields.pop();
        let kind = match &source {
            Some(source) if is_pipe(source) => "npipe",
            Some(source) if is_host_path(source) => "bind",
            _ => "volume",
        };
        let mut volume = Self { kind: kind.into(), source, target, ..Self::default() };
        for option in options.split(',') {
            match option {
                "ro" | "readonly" => volume.read_only = true,
                "private" | "rprivate" | "shared" | "rshared" | "slave" | "rslave" => option.clone_into(&mut volume.propagation),
                _ => {}
            }
        }
        Some(volume)
    }
}

fn split(text: &str) -> Vec<String> {
    let mut fields: Vec<String> = Vec::new();
    for field in text.split(':') {
        match fields.last_mut() {
            Some(drive) if is_drive(drive) && field.starts_with(['\\', '/']) => {
                drive.push(':');
                drive.push_str(field);
            }
            _ => fields.push(field.to_owned()),
        }
    }
    fields
}

fn is_drive(text: &str) -> bool {
    text.len() == 1 && text.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn is_pipe(source: &str) -> bool {
    source.starts_with(r"\\.\pipe\") || source.starts_with("//./pipe/")
}

/// Compose takes a source for a path when it begins like one.
fn is_host_path(source: &str) -> bool {
    source.starts_with(['.', '/', '~', '\\']) || source.split_once(':').is_some_and(|(drive, _)| is_drive(drive))
}

/// Where a volume is mounted: what makes two entries the same.
pub(in crate::collect::compose) fn target_of(node: &Node) -> Option<String> {
    Volume::read(node).ok().map(|volume| volume.target)
}

/// Where a secret or config is mounted, `default` being the folder for those that do not say.
pub(in crate::collect::compose) fn mounted_at(node: &Node, default: &str) -> Option<String> {
    let target = match node.map() {
        None => text(node).ok()?,
        Some(_) => node.get("target").or_else(|| node.get("source")).and_then(|node| text(node).ok())?,
    };
    Some(if target.starts_with('/') { target.to_owned() } else { format!("{default}{target}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(text: &str) -> String {
        Volume::short(text).map_or_else(
            || "none".into(),
            |v| format!("{} {} {} {} {}", v.kind, v.source.as_deref().unwrap_or("-"), v.target, v.read_only, v.propagation),
        )
    }

    #[test]
    fn short_forms() {
        assert_eq!(short("/data"), "volume - /data false ");
        assert_eq!(short("db:/data"), "volume db /data false ");
        assert_eq!(short("./a:/b:ro,z"), "bind ./a /b true ");
        assert_eq!(short("~/a:/b:Z"), "bind ~/a /b false ");
        assert_eq!(short("/a:/b:ro,rshared"), "bind /a /b true rshared");
        assert_eq!(short(r"C:\data:/data:ro"), r"bind C:\data /data true ");
        assert_eq!(
            short(r"\\.\pipe\docker_engine:\\.\pipe\docker_engine"),
            r"npipe \\.\pipe\docker_engine \\.\pipe\docker_engine false "
        );
        assert_eq!(short(":/b"), "none");
        assert_eq!(short("a:b:c:d"), "none");
    }
}
