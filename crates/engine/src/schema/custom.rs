//! Definitions of an OpenAPI document.
//!
//! The document stays what it is, a value; a definition is a place in it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Node, Str, Tag};

use super::ListMerge;

const KINDS: &str = "x-kubernetes-group-version-kind";
const STRATEGY: &str = "x-kubernetes-patch-strategy";
const MERGE_KEY: &str = "x-kubernetes-patch-merge-key";
const LIST_KEYS: &str = "x-kubernetes-list-map-keys";

/// An apiVersion and a kind.
type TypeMeta = (Str, Str);

/// An OpenAPI document.
#[derive(Default)]
pub(super) struct Document {
    /// Sorted by name.
    definitions: Vec<(Str, Node)>,
    kinds: BTreeMap<TypeMeta, usize>,
    is_namespaced: BTreeMap<TypeMeta, bool>,
}

impl Document {
    /// Takes the definitions and paths out of a document; one that is null has none.
    pub(super) fn new(mut document: Node) -> Result<Self> {
        require_map(Some(&document), "an OpenAPI document")?;
        let mut made = Self::default();
        if let Some(mut definitions) = document.remove("definitions") {
            require_map(Some(&definitions), "`definitions`")?;
            let entries = definitions.entries_mut().map(std::mem::take);
            for entry in entries.into_iter().flatten() {
                let name = entry.key.text().unwrap_or_default();
                check(&entry.value)?;
                made.definitions.push((name.into(), entry.value));
            }
        }
        made.definitions
            .sort_by(|(left, _), (right, _)| left.cmp(right));
        made.index_kinds()?;
        made.read_paths(document.get("paths"))?;
        Ok(made)
    }

    /// The definition of a kind.
    pub(super) fn kind(&self, api_version: &str, kind: &str) -> Option<&Node> {
        let index = *self.kinds.get(&type_meta(api_version, kind))?;
        Some(&self.definitions[index].1)
    }

    /// The definition of a name.
    pub(super) fn definition(&self, name: &str) -> Option<&Node> {
        let found = self
            .definitions
            .binary_search_by(|(own, _)| own.as_str().cmp(name));
        Some(&self.definitions[found.ok()?].1)
    }

    /// Whether the paths of a kind exist, and none of them has a namespace in it.
    pub(super) fn is_cluster_scoped(&self, api_version: &str, kind: &str) -> bool {
        self.is_namespaced.get(&type_meta(api_version, kind)) == Some(&false)
    }

    fn index_kinds(&mut self) -> Result<()> {
        for (index, (_, definition)) in self.definitions.iter().enumerate() {
            for kind in definition.get(KINDS).map_or(&[][..], Node::items) {
                if kind.is_map() {
                    self.kinds.entry(read_type_meta(kind)?).or_insert(index);
                }
            }
        }
        Ok(())
    }

    fn read_paths(&mut self, paths: Option<&Node>) -> Result<()> {
        require_map(paths, "`paths`")?;
        for entry in paths.map_or(&[][..], Node::entries) {
            let path = entry.key.text().unwrap_or_default();
            if !path.starts_with('/') {
                continue;
            }
            require_map(Some(&entry.value), "a path")?;
            let get = entry.value.get("get");
            require_map(get, "`get`")?;
            let kind = get.and_then(|get| get.get(KINDS));
            if let Some(kind) = kind.filter(|kind| kind.is_map()) {
                let is_namespaced = self.is_namespaced.entry(read_type_meta(kind)?).or_default();
                *is_namespaced |= path.contains("namespaces/{namespace}");
            }
        }
        Ok(())
    }
}

/// The definition that another one refers to with `$ref`.
pub(super) fn reference(definition: &Node) -> Option<&str> {
    definition
        .get("$ref")?
        .as_str()
        .filter(|reference| !reference.is_empty())
}

/// A step of a reference, in which `/` is written `~1` and `~` is written `~0`.
pub(super) fn unescape(step: &str) -> Cow<'_, str> {
    if step.contains('~') {
        step.replace("~1", "/").replace("~0", "~").into()
    } else {
        step.into()
    }
}

/// The value of a field that is listed.
pub(super) fn property<'n>(definition: &'n Node, name: &str) -> Option<&'n Node> {
    definition.get("properties")?.get(name)
}

/// The value of every field that is not listed.
pub(super) fn additional(definition: &Node) -> Option<&Node> {
    definition
        .get("additionalProperties")
        .filter(|schema| schema.is_map())
}

/// The value of the items of a list.
pub(super) fn item(definition: &Node) -> Option<&Node> {
    let types = definition.get("type")?;
    let is_list = match types.items() {
        [only] => only.text() == Some("array"),
        _ => types.text() == Some("array"),
    };
    definition
        .get("items")
        .filter(|items| is_list && items.is_map())
}

/// How the lists of a definition merge.
pub(super) fn list_merge(definition: &Node) -> ListMerge<'_> {
    let strategies = definition
        .get(STRATEGY)
        .and_then(Node::text)
        .unwrap_or_default();
    if !strategies.split(',').any(|strategy| strategy == "merge") {
        return ListMerge::Replace;
    }
    let listed = definition.get(LIST_KEYS).filter(|keys| !keys.is_null());
    let keys: Vec<&str> = match listed {
        Some(keys) => keys.items().iter().filter_map(Node::text).collect(),
        None => definition
            .get(MERGE_KEY)
            .and_then(Node::text)
            .into_iter()
            .collect(),
    };
    if keys.is_empty() {
        ListMerge::Primitive
    } else {
        ListMerge::Keys(keys.into())
    }
}

/// Refuses a definition that could not be read as one, at whatever depth.
pub(super) fn check(definition: &Node) -> Result<()> {
    let mut open = vec![definition];
    while let Some(schema) = open.pop() {
        require_map(Some(schema), "a definition")?;
        let [properties, items, additional, types] =
            ["properties", "items", "additionalProperties", "type"].map(|key| schema.get(key));
        require_map(properties, "`properties`")?;
        require(
            additional,
            "`additionalProperties`",
            "a map or a boolean",
            |node| node.is_map() || node.tag == Tag::Bool,
        )?;
        require(types, "`type`", "a string or a list of strings", |node| {
            is_string(node) || is_strings(node)
        })?;
        check_merge(schema)?;
        open.extend(
            properties
                .into_iter()
                .flat_map(Node::entries)
                .map(|entry| &entry.value),
        );
        open.extend(
            items
                .into_iter()
                .chain(additional)
                .filter(|schema| schema.is_map()),
        );
    }
    Ok(())
}

fn check_merge(schema: &Node) -> Result<()> {
    for key in [STRATEGY, MERGE_KEY] {
        require(
            schema.get(key),
            format_args!("`{key}`"),
            "a string",
            is_string,
        )?;
    }
    require(
        schema.get(LIST_KEYS),
        format_args!("`{LIST_KEYS}`"),
        "a list of strings",
        is_strings,
    )
}

fn is_string(node: &Node) -> bool {
    node.as_str().is_some()
}

fn is_strings(node: &Node) -> bool {
    node.is_seq() && node.items().iter().all(is_string)
}

/// Refuses a value that is there, not null, and not what is wanted.
fn require(
    node: Option<&Node>,
    what: impl fmt::Display,
    wanted: &str,
    is: impl Fn(&Node) -> bool,
) -> Result<()> {
    match node {
        Some(node) if !node.is_null() && !is(node) => {
            Err(Error::new(Kind::Kustomization, format!("{what} must be {wanted}")).at(node.span))
        }
        _ => Ok(()),
    }
}

fn require_map(node: Option<&Node>, what: &str) -> Result<()> {
    require(node, what, "a map", Node::is_map)
}

fn read_type_meta(kind: &Node) -> Result<TypeMeta> {
    let text = |key| kind.get(key).and_then(Node::as_str);
    let (Some(version), Some(name)) = (text("version"), text("kind")) else {
        let message = format!("`{KINDS}` must have `version` and `kind`, both strings");
        return Err(Error::new(Kind::Kustomization, message).at(kind.span));
    };
    Ok(match text("group").unwrap_or_default() {
        "" => type_meta(version, name),
        group => type_meta(&format!("{group}/{version}"), name),
    })
}

fn type_meta(api_version: &str, kind: &str) -> TypeMeta {
    (api_version.into(), kind.into())
}
