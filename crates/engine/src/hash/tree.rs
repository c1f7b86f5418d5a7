//! Encodes an object as the JSON of its syntax tree, which kustomize hashes for kinds other than
//! ConfigMap and Secret.
//!
//! kustomize hashes an object that is neither ConfigMap nor Secret as Go's `encoding/json` writes
//! the nodes of <https://pkg.go.dev/go.yaml.in/yaml/v3#Node>: with quotes, lines and columns, and
//! with kustomize's bookkeeping among the annotations.

use std::fmt::Write as _;

use kustom_yaml::{Entry, Node, Style, Tag, Value, write_json_string};

use crate::resource::Resource;

/// The JSON of a resource's syntax tree, bookkeeping included.
pub(super) fn json(resource: &Resource) -> String {
    let mut node = resource.node.clone();
    let history = &resource.history;
    if !(history.prefixes.is_empty() && history.suffixes.is_empty()) {
        // A name that was put together is a new scalar, without a type.
        let metadata = node.get_mut("metadata");
        if let Some(name) = metadata.and_then(|metadata| metadata.get_mut("name")) {
            *name = Node::inferred(&resource.id().name);
        }
    }
    if let Some(annotations) = annotations_mut(&mut node) {
        restore(annotations, resource);
    }
    let mut out = String::new();
    write(&node, Role::Value, &mut out);
    out
}

fn annotations_mut(node: &mut Node) -> Option<&mut Vec<Entry>> {
    let metadata = node.get_mut("metadata")?;
    if metadata.get("annotations").is_none() {
        metadata
            .entries_mut()?
            .push(Entry::new("annotations", Node::map(Vec::new())));
    }
    metadata.get_mut("annotations")?.entries_mut()
}

/// Puts the bookkeeping back: what was read to its place, what came later behind all that was
/// read.
fn restore(annotations: &mut Vec<Entry>, resource: &Resource) {
    let mut later = resource.history.annotations();
    for (position, entry) in &resource.history.read_with {
        let mut entry = entry.clone();
        if let Some(at) = later
            .iter()
            .position(|(name, _)| entry.key.text() == Some(name))
        {
            let (_, value) = later.remove(at);
            if entry.value.text() != Some(&value) {
                entry.value = note(&value);
            }
        }
        annotations.insert((*position).min(annotations.len()), entry);
    }
    let behind = annotations
        .iter()
        .rposition(|entry| entry.key.span.line > 0)
        .map_or(0, |last| last + 1);
    let later = later
        .into_iter()
        .map(|(name, value)| Entry::new(name, note(&value)));
    annotations.splice(behind..behind, later);
}

fn note(value: &str) -> Node {
    let mut node = Node::scalar(value, Tag::Str);
    node.style = Style::Single;
    node
}

/// The role of a node in the one above it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Key,
    Value,
}

fn write(node: &Node, role: Role, out: &mut String) {
    let (kind, text) = match &node.value {
        Value::Seq(_) => (2, ""),
        Value::Map(_) => (4, ""),
        Value::Scalar(text) => (8, text.as_str()),
        Value::Alias(name) => (16, name.as_str()),
    };
    let decor = node.decor.as_deref();
    // A field that kustomize makes has a type only where it is a text.
    let is_made = node.span.line == 0 && (role == Role::Key || !node.is_scalar());
    let tag = match decor.and_then(|decor| decor.tag.as_deref()) {
        Some(tag) => tag,
        None if is_made || node.inferred => "",
        None => node.tag.name(),
    };
    let has_tag = decor.is_some_and(|decor| decor.tag.is_some());
    let style = style(node.style) | i32::from(has_tag);
    // Writing to a string cannot fail.
    let _ = write!(out, r#"{{"Kind":{kind},"Style":{style},"Tag":"#);
    write_json_string(tag, out);
    out.push_str(r#","Value":"#);
    write_json_string(text, out);
    out.push_str(r#","Anchor":"","Alias":null,"Content":"#);
    write_content(node, out);
    let comments = decor.map(|decor| [&decor.head, &decor.line, &decor.foot]);
    for (at, name) in ["HeadComment", "LineComment", "FootComment"]
        .into_iter()
        .enumerate()
    {
        let comment = comments.and_then(|comments| comments[at].as_deref());
        let _ = write!(out, r#","{name}":"#);
        write_json_string(comment.unwrap_or_default(), out);
    }
    let (line, column) = (node.span.line, column(node));
    let _ = write!(out, r#","Line":{line},"Column":{column}}}"#);
}

/// Where it begins with its anchor and its tag, each followed by one blank.
fn column(node: &Node) -> u32 {
    let decor = node.decor.as_deref();
    let anchor = decor.and_then(|decor| decor.anchor.as_ref());
    let tag = decor.and_then(|decor| decor.tag.as_ref());
    let before = anchor.map_or(0, |name| name.chars().count() + 2)
        + tag.map_or(0, |name| name.chars().count() + 1);
    let before = u32::try_from(before).unwrap_or(u32::MAX);
    node.span.column.saturating_sub(before)
}

fn write_content<'n>(node: &'n Node, out: &mut String) {
    match &node.value {
        Value::Seq(items) => list(items.iter().map(|item| (item, Role::Value)), out),
        Value::Map(entries) => {
            let pair = |entry: &'n Entry| [(&entry.key, Role::Key), (&entry.value, Role::Value)];
            list(entries.iter().flat_map(pair), out);
        }
        Value::Scalar(_) | Value::Alias(_) => out.push_str("null"),
    }
}

/// A list without items is Go's nil.
fn list<'n>(nodes: impl Iterator<Item = (&'n Node, Role)>, out: &mut String) {
    let start = out.len();
    for (node, role) in nodes {
        out.push(if out.len() == start { '[' } else { ',' });
        write(node, role, out);
    }
    out.push_str(if out.len() == start { "null" } else { "]" });
}

fn style(style: Style) -> i32 {
    match style {
        Style::Plain => 0,
        Style::Double => 2,
        Style::Single => 4,
        Style::Literal => 8,
        Style::Folded => 16,
        Style::Flow => 32,
    }
}
