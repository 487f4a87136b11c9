//! Annotations of an Ingress: which its controller knows and accepts.

use std::sync::LazyLock;

use serde::Deserialize;

#[derive(Deserialize)]
struct File {
    prefix: String,
    known: Vec<String>,
    refused: Vec<String>,
    removed: Vec<String>,
    other_controllers: Vec<String>,
}

static FILE: LazyLock<File> =
    LazyLock::new(|| super::shipped("ingress_annotations.yaml", include_str!("ingress_annotations.yaml")));

/// What a controller makes of an annotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Annotation {
    /// It is no controller's.
    NoControllers,
    /// Known and accepted.
    Accepted,
    /// Known, and refused unless the administrator allows snippets.
    Refused,
    /// Read by older versions only.
    Removed,
    /// The controller does not know it; the known one most like it, if any is.
    Unheard(Option<&'static str>),
    /// It is another controller's, whose annotations are not listed.
    Unlisted,
}

/// What the controller makes of an annotation, by its full name.
pub fn annotation(name: &str) -> Annotation {
    let has = |list: &[String], name: &str| list.iter().any(|known| known == name);
    match name.strip_prefix(&*FILE.prefix) {
        Some(name) if has(&FILE.known, name) => Annotation::Accepted,
        Some(name) if has(&FILE.refused, name) => Annotation::Refused,
        Some(name) if has(&FILE.removed, name) => Annotation::Removed,
        Some(name) => Annotation::Unheard(nearest(name)),
        None if FILE.other_controllers.iter().any(|prefix| name.starts_with(prefix.as_str())) => Annotation::Unlisted,
        None => Annotation::NoControllers,
    }
}

fn nearest(name: &str) -> Option<&'static str> {
    let likeness = |known: &&'static str| strsim::jaro_winkler(name, known);
    let known = FILE.known.iter().map(String::as_str).max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(&known) > 0.9).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_of_real_manifests() {
        let of = |name: &str| annotation(&format!("nginx.ingress.kubernetes.io/{name}"));
        assert_eq!(of("proxy-body-size"), Annotation::Accepted);
        assert_eq!(of("configuration-snippet"), Annotation::Refused);
        assert!(matches!(of("rate-limit"), Annotation::Unheard(_)));
        assert!(matches!(of("rate-limit-window"), Annotation::Unheard(_)));
        assert_eq!(of("proxy-bodysize"), Annotation::Unheard(Some("proxy-body-size")));
        assert_eq!(annotation("cert-manager.io/cluster-issuer"), Annotation::NoControllers);
        assert_eq!(annotation("traefik.ingress.kubernetes.io/router.tls"), Annotation::Unlisted);
    }
}
