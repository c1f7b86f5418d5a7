//! Documents that are lists of objects.
//!
//! A lone `List` is replaced by its items; any other kind ending in `List` that has `items` is
//! expanded after the plain objects of its file.

use std::collections::VecDeque;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Manifests, Node, through_json};

use super::{Resource, is_empty};
use crate::release::Change;
use crate::schema::Schema;

/// The objects in the documents of one file.
///
/// # Errors
///
/// A document that is no object, or a list whose `items` are none.
pub fn resources(stream: Manifests, schema: &Schema) -> Result<Vec<Resource>> {
    let mut queue: VecDeque<Node> = unwrap_lone_list(stream).into();
    queue.retain(|node| !is_empty(node));
    let mut found = Vec::with_capacity(queue.len());
    while let Some(node) = queue.pop_front() {
        let resource = Resource::new(node, schema)?;
        let kind = &resource.id().gvk.kind;
        match resource.node.get("items") {
            Some(items) if kind.ends_with("List") => {
                queue.extend(expand(items, kind)?);
            }
            None if kind.ends_with("List") && !schema.release().has(Change::ListWithoutItems) => {}
            _ => found.push(resource),
        }
    }
    Ok(found)
}

/// A file that is one `List` means its items.
fn unwrap_lone_list(stream: Manifests) -> Vec<Node> {
    let mut documents = stream.documents;
    let ([only], 1) = (documents.as_mut_slice(), stream.chunks) else {
        return documents;
    };
    let is_list = matches!(
        only.get("kind").and_then(Node::text),
        Some("List" | "ResourceList")
    );
    let has_content = only.get("items").is_some() || only.get("functionConfig").is_some();
    if !is_list || !has_content {
        return documents;
    }
    let items = only.get_mut("items").and_then(Node::items_mut);
    items.map(std::mem::take).unwrap_or_default()
}

/// The items of another kind of list; kustomize sends them through JSON on the way.
fn expand(items: &Node, kind: &str) -> Result<Vec<Node>> {
    if items.is_null() {
        return Ok(Vec::new());
    }
    if !items.is_seq() {
        let message = format!("`items` of this `{kind}` is no list");
        return Err(Error::new(Kind::Resource, message).at(items.span));
    }
    let through = items
        .items()
        .iter()
        .map(through_json)
        .collect::<Result<Vec<_>>>()?;
    Ok(through.into_iter().filter(|node| !is_empty(node)).collect())
}
