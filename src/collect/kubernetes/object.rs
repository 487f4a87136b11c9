//! Objects of a manifest.

use crate::collect::yaml::Node;

/// One object.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub kind: String,
    pub name: String,
    /// `default` where the manifest does not say; empty for what belongs to no namespace.
    pub namespace: String,
    pub node: Node,
}

/// Kinds that belong to the whole cluster.
const CLUSTER: [&str; 11] = [
    "Namespace",
    "ClusterRole",
    "ClusterRoleBinding",
    "PersistentVolume",
    "StorageClass",
    "CustomResourceDefinition",
    "IngressClass",
    "PriorityClass",
    "Node",
    "ClusterIssuer",
    "Kustomization",
];

impl Object {
    /// The object of a document, or all objects of a `List`.
    pub(super) fn all_of(node: Node) -> Vec<Self> {
        Self::all_of_kind(node, None)
    }

    /// The same; the items of a `PodList` need not say that they are pods.
    fn all_of_kind(node: Node, kind: Option<&str>) -> Vec<Self> {
        let text = |path: &[&str]| node.at_path(path).and_then(Node::scalar).map(|scalar| scalar.text.to_string());
        let Some(kind) = text(&["kind"]).or_else(|| kind.map(str::to_owned)) else { return Vec::new() };
        if let (Some(of), Some(items)) = (kind.strip_suffix("List"), node.get("items").and_then(Node::list)) {
            let of = Some(of).filter(|of| !of.is_empty());
            return items.iter().cloned().flat_map(|item| Self::all_of_kind(item, of)).collect();
        }
        let name = text(&["metadata", "name"]).or_else(|| text(&["metadata", "generateName"])).unwrap_or_else(|| "?".into());
        let namespace = if CLUSTER.contains(&kind.as_str()) {
            String::new()
        } else {
            text(&["metadata", "namespace"]).unwrap_or_else(|| "default".into())
        };
        vec![Self { kind, name, namespace, node }]
    }

    /// `namespace/kind/name`.
    pub(super) fn title(&self) -> String {
        let namespace = if self.namespace.is_empty() { String::new() } else { format!("{}/", self.namespace) };
        format!("{namespace}{}/{}", self.kind, self.name)
    }

    /// A text at a path of keys.
    pub(super) fn text(&self, path: &[&str]) -> Option<&str> {
        text(&self.node, path)
    }
}

/// A text at a path of keys; `null` is none.
pub(super) fn text<'n>(node: &'n Node, path: &[&str]) -> Option<&'n str> {
    let scalar = node.at_path(path)?.scalar()?;
    (!scalar.plain || !matches!(&*scalar.text, "" | "null" | "~")).then_some(&*scalar.text)
}

/// A truth value at a path of keys.
pub(super) fn boolean(node: &Node, path: &[&str]) -> Option<bool> {
    match text(node, path)? {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// The elements at a path of keys.
pub(super) fn list<'n>(node: &'n Node, path: &[&str]) -> &'n [Node] {
    node.at_path(path).and_then(Node::list).unwrap_or_default()
}
