//! Objects in manifests and patches, and what names what.

use crate::explain::Life;
use crate::fields::{Fields, segments};
use crate::id::Gvk;
use crate::yaml::Node;

/// What a document says that it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named<'n> {
    pub(super) api_version: &'n str,
    pub(super) kind: &'n str,
    pub(super) name: &'n str,
    pub(super) namespace: &'n str,
}

/// The object that a document is, or that it is a patch of.
pub(super) fn object(root: &Node) -> Option<Named<'_>> {
    let text = |way: &[&str]| root.at(way).and_then(Node::text).unwrap_or_default();
    let named = Named {
        api_version: text(&["apiVersion"]),
        kind: text(&["kind"]),
        name: text(&["metadata", "name"]),
        namespace: text(&["metadata", "namespace"]),
    };
    let is_kustomization = named.api_version.starts_with("kustomize.config.k8s.io/");
    (!named.kind.is_empty() && root.get("metadata").is_some() && !is_kustomization).then_some(named)
}

/// Whether an object is a workload whose replicas are counted, whether it says how many or not.
pub(super) fn has_replicas(life: &Life) -> bool {
    let specs = Fields::builtin().replicas;
    let gvk = &life.id().gvk;
    specs
        .iter()
        .any(|spec| spec.selects(&gvk.group, &gvk.version, &gvk.kind))
}

/// A scalar that names an object.
pub(super) struct Reference<'n> {
    /// The kind of the object.
    pub(super) kind: String,
    /// The scalar with the name.
    pub(super) name: &'n Node,
}

/// The scalars of an object that name others, by the table of kustomize.
pub(super) fn references<'n>(fields: &Fields, root: &'n Node) -> Vec<Reference<'n>> {
    let text = |key| root.get(key).and_then(Node::text).unwrap_or_default();
    let gvk = Gvk::new(text("apiVersion"), text("kind"));
    let mut found: Vec<Reference<'n>> = Vec::new();
    for (spec, reference) in fields.references_of(&gvk) {
        let path: Vec<_> = segments(&spec.path).collect();
        let path: Vec<&str> = path
            .iter()
            .map(|part| part.trim_end_matches("[]"))
            .collect();
        let mut ends = Vec::new();
        follow(root, &path, None, &mut ends);
        for (parent, end) in ends {
            // Of a whole reference, its name counts; what is beside it says the kind.
            let (holder, name) = match end.is_map() {
                true => (Some(end), end.get("name")),
                false => (parent, Some(end)),
            };
            let kind = holder.and_then(|it| it.get("kind")).and_then(Node::text);
            let fits = kind.is_none_or(|kind| kind == reference.kind || reference.kind.is_empty());
            let Some(name) = name.filter(|name| name.is_scalar() && fits) else {
                continue;
            };
            let kind = match reference.kind.is_empty() {
                true => kind.unwrap_or_default().to_owned(),
                false => reference.kind.to_string(),
            };
            let is_known = |it: &Reference<'_>| std::ptr::eq(it.name, name) && it.kind == kind;
            if !found.iter().any(is_known) {
                found.push(Reference { kind, name });
            }
        }
    }
    found
}

/// What is at the end of a path, through all items of lists; with the mapping that it is in.
fn follow<'n>(
    node: &'n Node,
    path: &[&str],
    parent: Option<&'n Node>,
    found: &mut Vec<(Option<&'n Node>, &'n Node)>,
) {
    if node.is_seq() {
        for item in node.items() {
            follow(item, path, parent, found);
        }
        return;
    }
    match path.split_first() {
        None => found.push((parent, node)),
        Some((key, rest)) => {
            if let Some(value) = node.get(key) {
                follow(value, rest, Some(node), found);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Options, read};

    fn found(text: &str) -> Vec<String> {
        let documents = read(text, &Options::default()).unwrap();
        let references = references(&Fields::builtin(), &documents[0]);
        let mut found: Vec<String> = references
            .iter()
            .map(|it| format!("{}/{}", it.kind, it.name.text().unwrap()))
            .collect();
        found.sort();
        found.dedup();
        found
    }

    #[test]
    fn what_an_object_names() {
        let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  serviceAccountName: sa\n  volumes: [{configMap: {name: c}}, {secret: {secretName: s}}]\n  containers: [{env: [{valueFrom: {secretKeyRef: {name: k, key: x}}}]}]\n";
        assert_eq!(
            found(pod),
            ["ConfigMap/c", "Secret/k", "Secret/s", "ServiceAccount/sa"]
        );
        let binding = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: a}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}\nsubjects: [{kind: ServiceAccount, name: sa}, {kind: User, name: u}]\n";
        assert_eq!(found(binding), ["Role/r", "ServiceAccount/sa"]);
        assert!(found("a: 1\n").is_empty());
    }
}
