//! Copies nodes within the arena.

use super::{Arena, DEEPEST, Exhausted};
use crate::v4::arena_node::{ArenaNode, Children, Id, Kind};

impl<'d> Arena<'d> {
    /// Puts a copy of a node at the end of a sequence.
    pub(crate) fn push(&mut self, seq: Id, child: Id) {
        let copy = self.copy(child);
        self.append(seq, copy);
    }

    /// Puts copies of a key and a value at the end of a mapping.
    pub(crate) fn push_entry(&mut self, map: Id, key: Id, value: Id) {
        let key = self.copy(key);
        let value = self.copy(value);
        self.append_entry(map, key, value);
    }

    /// Puts copies of the children of one node at the end of another.
    pub(crate) fn push_all(&mut self, id: Id, children: &[Id]) {
        if self.get(id).kind == Kind::Map {
            for pair in children.chunks_exact(2) {
                self.push_entry(id, pair[0], pair[1]);
            }
        } else {
            for child in children {
                self.push(id, *child);
            }
        }
    }

    /// A copy that stands where the node stands, but is not part of its parent.
    pub(crate) fn copy(&mut self, id: Id) -> Id {
        self.copy_within(id, 0)
    }

    fn copy_within(&mut self, id: Id, depth: usize) -> Id {
        let copy = self.copy_head(id);
        let children = match &self.get(id).children {
            Children::None => return copy,
            Children::Closed(node) => {
                self.edit(copy).children = Children::Closed(node);
                return copy;
            }
            Children::Open(children, _) => children.clone(),
        };
        if depth > DEEPEST || self.exhausted.is_some() {
            self.exhausted.get_or_insert(Exhausted::Depth);
            return copy;
        }
        self.edit(copy).children = Children::Open(Vec::with_capacity(children.len()), None);
        let mut key = None;
        for child in children {
            let new = self.copy_within(child, depth + 1);
            if self.get(copy).kind != Kind::Map {
                self.append(copy, new);
            } else if let Some(key) = key.take() {
                self.append_entry(copy, key, new);
            } else {
                key = Some(new);
            }
        }
        copy
    }

    /// Puts copies of the children of one node in the place of those of another.
    pub(crate) fn take_children(&mut self, target: Id, source: Id) {
        let kind = self.get(source).kind;
        let children = match &self.get(source).children {
            Children::Open(children, _) => children.clone(),
            closed => {
                let closed = closed.clone();
                self.edit(target).children = closed;
                self.edit(target).kind = kind;
                return;
            }
        };
        self.clear(target);
        self.edit(target).kind = kind;
        self.push_all(target, &children);
    }

    /// What a node is, without what is below it.
    pub(crate) fn copy_of_head(&self, id: Id) -> ArenaNode<'d> {
        let from = self.get(id);
        ArenaNode {
            children: Children::None,
            label: from.label.clone(),
            text: from.text.clone(),
            decor: from.decor.clone(),
            ..*from
        }
    }

    /// A copy without what is below it.
    pub(crate) fn copy_head(&mut self, id: Id) -> Id {
        let item = self.copy_of_head(id);
        let copy = self.add(item);
        if let Some(origin) = self.origins.get(&id).filter(|_| self.get(id).has_origin) {
            let origin = *origin;
            self.origins.insert(copy, origin);
        }
        copy
    }
}
