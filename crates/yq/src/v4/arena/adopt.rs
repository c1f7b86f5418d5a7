//! Brings nodes into the arena, and takes results out of it.

use std::collections::HashMap;

use kustom_yaml::place::Span;
use kustom_yaml::{Entry, Node, Str, Value};

use super::{Arena, DEEPEST, Exhausted};
use crate::v4::arena_node::{ArenaNode, Children, Id, Kind, Quotes, TypeTag};

impl<'d> Arena<'d> {
    /// Takes a document in; its aliases are bound to what they mean at this moment.
    pub(crate) fn adopt(&mut self, node: &'d Node, anchors: &mut HashMap<Str, Id>) -> Id {
        let census = Census::of(node);
        self.read += census.nodes;
        let id = self.add(ArenaNode::read(node));
        // Anchors are known in later documents too.
        if census.has_alias || census.has_anchor {
            self.bind(id, anchors);
        }
        id
    }

    /// Takes in a node that was made during the run.
    pub(crate) fn adopt_owned(&mut self, node: Node) -> Id {
        self.read += Census::of(&node).nodes;
        self.adopt_value(node, &mut HashMap::new(), 0)
    }

    fn adopt_value(&mut self, mut node: Node, anchors: &mut HashMap<Str, Id>, depth: usize) -> Id {
        let value = std::mem::take(&mut node.value);
        // Its places are those of another text.
        node.span = Span::default();
        let mut item = ArenaNode::head(&node);
        item.kind = Kind::of(&value);
        if item.kind == Kind::Alias {
            item.label = TypeTag::Unset;
        }
        if depth > DEEPEST {
            self.exhausted = Some(Exhausted::Depth);
            return self.add(item);
        }
        let anchor = item.anchor().cloned();
        let id = self.add(item);
        if let Some(anchor) = anchor {
            anchors.insert(anchor, id);
        }
        match value {
            Value::Scalar(text) => self.edit(id).text = text,
            Value::Alias(name) => {
                self.edit(id).target = anchors.get(&name).copied();
                self.edit(id).text = name;
            }
            Value::Seq(items) => {
                for item in items {
                    let child = self.adopt_value(item, anchors, depth + 1);
                    self.append(id, child);
                }
            }
            Value::Map(entries) => {
                for entry in entries {
                    let key = self.adopt_value(entry.key, anchors, depth + 1);
                    let value = self.adopt_value(entry.value, anchors, depth + 1);
                    self.append_entry(id, key, value);
                }
            }
        }
        id
    }

    /// Opens everything below a node and gives every alias its target.
    fn bind(&mut self, id: Id, anchors: &mut HashMap<Str, Id>) {
        let item = self.get(id);
        if let Some(anchor) = item.anchor() {
            anchors.insert(anchor.clone(), id);
        }
        if item.kind == Kind::Alias {
            let target = anchors.get(&item.text).copied();
            self.edit(id).target = target;
        }
        for index in 0..self.len(id) {
            let child = self.child(id, index);
            self.bind(child, anchors);
        }
    }

    /// The node as a value of its own.
    pub(crate) fn restore(&mut self, id: Id) -> Node {
        self.restore_within(id, 0, Quotes::Count)
    }

    /// The node as a value for a format other than YAML: a number stays one, whatever its style.
    pub(crate) fn restore_data(&mut self, id: Id) -> Node {
        self.restore_within(id, 0, Quotes::Ignored)
    }

    /// Whether nothing at or below a node was changed since it was read.
    fn is_as_read(&self, id: Id) -> bool {
        let item = self.get(id);
        !item.is_edited
            && match &item.children {
                Children::None | Children::Closed(_) => true,
                Children::Open(_, None) => false,
                Children::Open(children, Some(_)) => {
                    children.iter().all(|child| self.is_as_read(*child))
                }
            }
    }

    fn restore_within(&mut self, id: Id, depth: usize, quotes: Quotes) -> Node {
        let item = self.get(id);
        let value = match (&item.children, item.kind) {
            (_, Kind::Alias) => Value::Alias(item.text.clone()),
            (_, Kind::Scalar) => Value::Scalar(item.text.clone()),
            (Children::Closed(node), _) => node.value.clone(),
            (Children::None, Kind::Map) => Value::Map(Vec::new().into()),
            (Children::None, Kind::Seq) => Value::Seq(Vec::new().into()),
            // Where there are too many nodes, one may be below itself.
            (Children::Open(_, Some(node)), _)
                if self.exhausted.is_none() && self.is_as_read(id) =>
            {
                node.value.clone()
            }
            (Children::Open(children, _), kind) => {
                let children = children.clone();
                let kind = if depth > DEEPEST {
                    self.exhausted.get_or_insert(Exhausted::Depth);
                    Kind::Scalar
                } else {
                    kind
                };
                match kind {
                    Kind::Seq => Value::Seq(
                        children
                            .iter()
                            .map(|child| self.restore_within(*child, depth + 1, quotes))
                            .collect(),
                    ),
                    _ => Value::Map(
                        children
                            .chunks_exact(2)
                            .map(|pair| Entry {
                                key: self.restore_within(pair[0], depth + 1, quotes),
                                value: self.restore_within(pair[1], depth + 1, quotes),
                            })
                            .collect(),
                    ),
                }
            }
        };
        self.get(id).decorated(value, quotes)
    }
}

/// What there is in a document.
#[derive(Clone, Copy, Debug, Default)]
struct Census {
    nodes: usize,
    has_alias: bool,
    has_anchor: bool,
}

impl Census {
    fn of(node: &Node) -> Self {
        let mut census = Self::default();
        census.count(node);
        census
    }

    fn count(&mut self, node: &Node) {
        self.nodes += 1 + node.unread_values().unwrap_or_default();
        let decor = node.decor.as_ref();
        self.has_anchor |= decor.is_some_and(|decor| decor.anchor.is_some());
        match &node.value {
            Value::Scalar(_) => {}
            Value::Alias(_) => self.has_alias = true,
            // It has neither aliases nor anchors.
            _ if node.unread_values().is_some() => {}
            Value::Seq(items) => items.iter().for_each(|item| self.count(item)),
            Value::Map(entries) => {
                for entry in entries {
                    self.count(&entry.key);
                    self.count(&entry.value);
                }
            }
        }
    }
}
