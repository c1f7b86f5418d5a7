//! Compares nodes by data, ignoring how they are written.

use super::super::{Decor, Entry, Node, Style, Tag, Value};

/// Whether two nodes hold the same data: shape, types, texts, anchors and aliases, however they
/// are written.
pub fn same_data(a: &Node, b: &Node) -> bool {
    if anchor(a) != anchor(b) {
        return false;
    }
    match (&a.value, &b.value) {
        (Value::Scalar(x), Value::Scalar(y)) => same_scalar(a, x, b, y),
        (Value::Alias(x), Value::Alias(y)) => x == y,
        (Value::Seq(x), Value::Seq(y)) => {
            let all = || x.iter().zip(y).all(|(x, y)| same_data(x, y));
            same_collection_tag(a, b) && (x.is_shared_with(y) || x.len() == y.len() && all())
        }
        (Value::Map(x), Value::Map(y)) => {
            let same = |(x, y): (&Entry, &Entry)| {
                same_data(&x.key, &y.key) && same_data(&x.value, &y.value)
            };
            let all = || x.iter().zip(y).all(same);
            same_collection_tag(a, b) && (x.is_shared_with(y) || x.len() == y.len() && all())
        }
        _ => false,
    }
}

fn same_scalar(a: &Node, x: &str, b: &Node, y: &str) -> bool {
    if a.tag != b.tag || (a.tag == Tag::Other && tag(a) != tag(b)) {
        return false;
    }
    a.tag == Tag::Null || x == y
}

/// A collection with a tag of its own is not the same as one without.
fn same_collection_tag(a: &Node, b: &Node) -> bool {
    let foreign = |node: &Node| node.tag == Tag::Other;
    a.tag == b.tag && (!foreign(a) || tag(a) == tag(b))
}

/// Whether nothing of a node has to be written anew, its children aside.
pub(super) fn same_writing(a: &Node, b: &Node) -> bool {
    let same_style = a.style == b.style || (a.tag == Tag::Null && b.tag == Tag::Null);
    same_style && same_properties(a, b)
}

/// Whether anchor and tag are the same.
pub(super) fn same_properties(a: &Node, b: &Node) -> bool {
    anchor(a) == anchor(b) && tag(a) == tag(b)
}

fn decor(node: &Node) -> Option<&Decor> {
    node.decor.as_deref()
}

fn anchor(node: &Node) -> Option<&str> {
    decor(node)?.anchor.as_deref()
}

fn tag(node: &Node) -> Option<&str> {
    decor(node)?.tag.as_deref()
}

/// Whether two nodes are the same in data, writing and comments, all the way down.
pub(super) fn same_node(a: &Node, b: &Node) -> bool {
    a.tag == b.tag
        && a.style == b.style
        && a.decor == b.decor
        && match (&a.value, &b.value) {
            (Value::Seq(x), Value::Seq(y)) => {
                x.is_shared_with(y)
                    || x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same_node(x, y))
            }
            (Value::Map(x), Value::Map(y)) => {
                let same = |(x, y): (&Entry, &Entry)| {
                    same_node(&x.key, &y.key) && same_node(&x.value, &y.value)
                };
                x.is_shared_with(y) || x.len() == y.len() && x.iter().zip(y).all(same)
            }
            (x, y) => x == y,
        }
}

/// Whether the value is written between brackets.
pub(super) fn is_flow(node: &Node) -> bool {
    node.style == Style::Flow && !node.is_scalar()
}
