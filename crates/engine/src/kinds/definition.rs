//! The OpenAPI definition of a custom kind, as far as lists in it merge.
//!
//! It has the shape of what `openapi:` names in a kustomization, so that a custom kind merges as
//! one that a user has described; parts of pods refer to the definitions of Kubernetes.

use std::collections::BTreeMap;

use kustom_yaml::{Entry, Node, Str};

use super::{Field, Role, part_name};

/// A value, and what is below it.
#[derive(Default)]
struct Tree<'f> {
    properties: BTreeMap<&'f str, Tree<'f>>,
    /// The value of every key that is not listed.
    additional: Option<Box<Tree<'f>>>,
    /// The keys by which the items of a list merge, and the items.
    list: Option<(Vec<&'f str>, Box<Tree<'f>>)>,
    /// The definition of Kubernetes that holds instead.
    reference: Option<&'static str>,
}

/// The definition of a kind with these fields, if a list in it merges.
pub(super) fn of(fields: &[Field]) -> Option<Node> {
    let mut tree = Tree::default();
    for field in fields {
        let (ends_in_list, reference) = match field.role {
            Role::PodTemplate => (false, Some("io.k8s.api.core.v1.PodTemplateSpec")),
            Role::PodSpec => (false, Some("io.k8s.api.core.v1.PodSpec")),
            Role::Container => (false, Some("io.k8s.api.core.v1.Container")),
            Role::Containers => (true, Some("io.k8s.api.core.v1.Container")),
            Role::Volumes => (true, Some("io.k8s.api.core.v1.Volume")),
            _ if field.path.contains('[') => (false, None),
            _ => continue,
        };
        tree.insert(&field.path, ends_in_list, reference);
    }
    let is_empty = tree.properties.is_empty();
    (!is_empty).then(|| tree.into_node())
}

impl<'f> Tree<'f> {
    /// Adds a path; behind a list that is replaced, nothing merges.
    fn insert(&mut self, path: &'f str, ends_in_list: bool, reference: Option<&'static str>) {
        let mut at = self;
        for part in path.split('/') {
            at = match part_name(part) {
                "*" => at.additional.get_or_insert_default(),
                name => at.properties.entry(name).or_default(),
            };
            let keys = part
                .split_once('[')
                .map(|(_, keys)| keys.trim_end_matches(']'));
            match keys {
                Some("") => return,
                Some(keys) => at = at.items(keys.split(',').collect()),
                None => {}
            }
        }
        if ends_in_list && at.list.is_none() && !path.ends_with(']') {
            at = at.items(vec!["name"]);
        }
        at.reference = at.reference.or(reference);
    }

    fn items(&mut self, keys: Vec<&'f str>) -> &mut Self {
        let list = self.list.get_or_insert_with(|| (keys, Box::default()));
        &mut list.1
    }

    fn into_node(self) -> Node {
        let text = |text: &str| Node::string(Str::from(text));
        let mut entries = Vec::new();
        if let Some(name) = self.reference {
            let name = format!("#/definitions/{name}");
            return Node::map(vec![Entry::new("$ref", Node::string(name))]);
        }
        if let Some((keys, items)) = self.list {
            entries.push(Entry::new("type", text("array")));
            entries.push(Entry::new("x-kubernetes-patch-strategy", text("merge")));
            let keys = keys.into_iter().map(text).collect();
            entries.push(Entry::new("x-kubernetes-list-map-keys", Node::seq(keys)));
            entries.push(Entry::new("items", items.into_node()));
        }
        if let Some(additional) = self.additional {
            entries.push(Entry::new("additionalProperties", additional.into_node()));
        }
        if !self.properties.is_empty() {
            let properties = self.properties.into_iter();
            let properties = properties.map(|(name, tree)| Entry::new(name, tree.into_node()));
            entries.push(Entry::new("properties", Node::map(properties.collect())));
        }
        Node::map(entries)
    }
}
