//! The nodes that an expression works on.
//!
//! A document is opened from its root, a level at a time, where an expression looks into it; what
//! was never looked at is the node that was read, and goes back as it came. Nodes know their
//! parents and keys, so that a result of a query can be assigned to, deleted, or asked for its
//! path.

mod adopt;
mod copy;
mod path;

use std::collections::HashMap;

use kustom_yaml::error::{Error, Kind as ErrorKind};
use kustom_yaml::limits;
use kustom_yaml::{Node, Str, Tag, Value};

use super::arena_node::{ArenaNode, Children, Id, Key, Kind, Origin, TypeTag};
pub(crate) use path::Step;

/// How many bytes of the limit for a build a node weighs that is not of the input.
const WEIGHT: u64 = 256;
/// How many nodes there may be for each of the input.
const MOST: usize = 10;
/// How many bytes of the limit for a build it weighs to look at a key.
const LOOK: u64 = 2;
/// How many bytes of text weigh as much as a node.
const NODE: usize = 128;
/// How deep nodes may be nested, so that none can exhaust the stack.
pub(crate) const DEEPEST: usize = 2_000;

/// All nodes of a run.
#[derive(Debug, Default)]
pub(crate) struct Arena<'d> {
    items: Vec<ArenaNode<'d>>,
    origins: HashMap<Id, Origin>,
    /// How many nodes the input has.
    read: usize,
    /// How many nodes there are, long texts counted as several.
    weight: usize,
    /// How many expressions were evaluated.
    steps: usize,
    /// How many keys and items were looked at, one after the other.
    looks: u64,
    /// Why work must stop, if it must.
    pub(crate) exhausted: Option<Exhausted>,
}

/// What there is too much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exhausted {
    /// Expressions that are evaluated.
    Steps,
    /// Nodes that are made.
    Nodes,
    /// Keys and items that are looked at.
    Looks,
    /// Collections in collections.
    Depth,
    /// Aliases in what aliases stand for.
    Aliases,
}

impl Exhausted {
    /// The error about an operator that went over.
    pub(crate) fn error(self, operator: Option<&str>) -> Error {
        let what = match self {
            Self::Steps => "the expression takes too many steps",
            Self::Nodes => "the expression makes too many nodes",
            Self::Looks => "the expression looks at too many keys and items",
            Self::Depth => "the data is nested too deep",
            Self::Aliases => "the aliases lead too deep",
        };
        let message = match operator {
            Some(operator) => format!("{what} with `{operator}`"),
            None => what.to_owned(),
        };
        let error = Error::new(ErrorKind::Script, message);
        match self {
            Self::Nodes | Self::Looks => error.help(
                "if that much is meant, raise the limit: `--max-size 2G`, or `KUSTOM_MAX_SIZE=2G` \
                 in the environment",
            ),
            _ => error,
        }
    }
}

/// How many expressions may be evaluated: so many, and so many for each node that is read.
const STEPS: (usize, usize) = (1_000_000, 10_000);

impl<'d> Arena<'d> {
    /// Counts the evaluation of an expression: a chain of assignments evaluates its beginning twice
    /// for each link.
    pub(crate) fn count_step(&mut self) {
        self.steps += 1;
        if self.steps > STEPS.0 + STEPS.1 * self.read {
            self.exhausted = Some(Exhausted::Steps);
        }
    }

    /// Counts keys or items that are looked at one after the other.
    pub(crate) fn count_looks(&mut self, count: usize) {
        self.looks = self.looks.saturating_add(count as u64);
        if self.looks > limits::current().size / LOOK {
            self.exhausted = Some(Exhausted::Looks);
        }
    }

    /// Puts a node into the arena.
    pub(crate) fn add(&mut self, item: ArenaNode<'d>) -> Id {
        if !self.weigh(&item.text) {
            // Any node does: nothing is done with it any more.
            return Id::FIRST;
        }
        self.items.push(item);
        Id::new(self.items.len() - 1)
    }

    /// Counts a node with a text, also one that takes the place of another, and says whether there
    /// may be one more.
    pub(crate) fn weigh(&mut self, text: &str) -> bool {
        self.weight += 1 + text.len() / NODE;
        let most = usize::try_from(limits::current().size / WEIGHT).unwrap_or(usize::MAX);
        let is_light = self.weight <= most.saturating_add(MOST * self.read);
        if !is_light {
            self.exhausted = Some(Exhausted::Nodes);
        }
        is_light
    }

    /// A node, to read.
    pub(crate) fn get(&self, id: Id) -> &ArenaNode<'d> {
        &self.items[id.index()]
    }

    /// A node, to change.
    pub(crate) fn edit(&mut self, id: Id) -> &mut ArenaNode<'d> {
        let item = self.item(id);
        item.is_edited = true;
        item
    }

    /// A node, to put it elsewhere or to open it: what it is stays the same.
    fn item(&mut self, id: Id) -> &mut ArenaNode<'d> {
        &mut self.items[id.index()]
    }

    /// A scalar that belongs nowhere.
    pub(crate) fn scalar(&mut self, text: impl Into<Str>, tag: Tag) -> Id {
        self.add(ArenaNode::scalar(text, tag))
    }

    /// An empty sequence or mapping that belongs nowhere.
    pub(crate) fn collection(&mut self, kind: Kind) -> Id {
        self.add(ArenaNode::collection(kind))
    }

    /// How many children a node has; those of a mapping are keys and values.
    pub(crate) fn len(&self, id: Id) -> usize {
        match &self.get(id).children {
            Children::None => 0,
            Children::Open(children, _) => children.len(),
            Children::Closed(node) => match &node.value {
                Value::Map(entries) => entries.len() * 2,
                Value::Seq(items) => items.len(),
                _ => 0,
            },
        }
    }

    /// A child of a node.
    pub(crate) fn child(&mut self, id: Id, index: usize) -> Id {
        self.opened(id)[index]
    }

    /// What was read of a node, as long as nobody looked below it.
    pub(crate) fn closed(&self, id: Id) -> Option<&'d Node> {
        match self.get(id).children {
            Children::Closed(node) => Some(node),
            _ => None,
        }
    }

    /// The children of a node, to read; those of a mapping are keys and values in turn.
    pub(crate) fn opened(&mut self, id: Id) -> &[Id] {
        if let Some(node) = self.closed(id) {
            self.open(id, node);
        }
        match &self.get(id).children {
            Children::Open(children, _) => children,
            _ => &[],
        }
    }

    /// The children of a node, to change.
    pub(crate) fn children(&mut self, id: Id) -> &mut Vec<Id> {
        self.opened(id);
        let children = &mut self.item(id).children;
        if matches!(children, Children::None) {
            *children = Children::Open(Vec::new(), None);
        }
        match children {
            Children::Open(children, read) => {
                *read = None;
                children
            }
            _ => unreachable!("closed children were opened above"),
        }
    }

    fn open(&mut self, id: Id, node: &'d Node) {
        let mut children = Vec::with_capacity(match &node.value {
            Value::Map(entries) => entries.len() * 2,
            _ => node.items().len(),
        });
        for (index, item) in node.items().iter().enumerate() {
            let child = self.add(ArenaNode::read(item));
            self.stand(child, id, index);
            children.push(child);
        }
        for entry in node.entries() {
            let key = self.add(ArenaNode::read(&entry.key));
            let value = self.add(ArenaNode::read(&entry.value));
            self.stand_under(key, value, id);
            children.extend([key, value]);
        }
        self.item(id).children = Children::Open(children, Some(node));
    }

    /// A copy of the children's numbers, to walk over while nodes are changed.
    pub(crate) fn listed(&mut self, id: Id) -> Vec<Id> {
        self.opened(id).to_vec()
    }

    /// The values of a mapping, the items of a sequence.
    pub(crate) fn values(&mut self, id: Id) -> Vec<Id> {
        match self.get(id).kind {
            Kind::Map => self.listed(id).into_iter().skip(1).step_by(2).collect(),
            Kind::Seq => self.listed(id),
            _ => Vec::new(),
        }
    }

    /// The entries of a mapping.
    pub(crate) fn entries(&mut self, id: Id) -> Vec<(Id, Id)> {
        let children = self.opened(id);
        children
            .chunks_exact(2)
            .map(|pair| (pair[0], pair[1]))
            .collect()
    }

    /// Puts other children below a node, as they are.
    pub(crate) fn set_children(&mut self, id: Id, children: Vec<Id>) {
        self.edit(id).children = Children::Open(children, None);
    }

    /// Takes all children away.
    pub(crate) fn clear(&mut self, id: Id) {
        self.edit(id).children = Children::None;
    }

    /// Puts a node that belongs nowhere at the end of a sequence.
    pub(crate) fn append(&mut self, seq: Id, child: Id) {
        let index = self.len(seq);
        self.stand(child, seq, index);
        self.children(seq).push(child);
    }

    /// Puts nodes that belong nowhere at the end of a mapping.
    pub(crate) fn append_entry(&mut self, map: Id, key: Id, value: Id) {
        self.stand_under(key, value, map);
        self.children(map).extend([key, value]);
    }

    /// Says that a node is an item of a sequence, and which one.
    pub(crate) fn stand(&mut self, child: Id, seq: Id, index: usize) {
        let item = self.item(child);
        item.parent = Some(seq);
        item.is_key = false;
        item.key = Key::Index(u32::try_from(index).unwrap_or(u32::MAX));
    }

    /// Says that nodes are a key of a mapping and its value.
    fn stand_under(&mut self, key: Id, value: Id, map: Id) {
        let item = self.item(key);
        item.parent = Some(map);
        item.is_key = true;
        let item = self.item(value);
        item.parent = Some(map);
        item.is_key = false;
        item.key = Key::Node(key);
    }

    /// Where the document that a node is part of comes from.
    pub(crate) fn origin(&self, id: Id) -> Origin {
        self.own_origin(self.top(id))
    }

    /// Where a node comes from, if it is a document.
    pub(crate) fn own_origin(&self, id: Id) -> Origin {
        if !self.get(id).has_origin {
            return Origin::default();
        }
        self.origins.get(&id).copied().unwrap_or_default()
    }

    /// Says where a node comes from.
    pub(crate) fn set_origin(&mut self, id: Id, origin: Origin) {
        self.item(id).has_origin = true;
        self.origins.insert(id, origin);
    }

    /// A new node that stands where another stands.
    pub(crate) fn replacement(&mut self, owner: Id, kind: Kind, label: TypeTag, text: &str) -> Id {
        let item = ArenaNode {
            kind,
            label,
            text: text.into(),
            ..ArenaNode::default()
        };
        let id = self.add(item);
        self.stand_in(owner, id);
        id
    }

    /// Lets a node stand where another stands.
    pub(crate) fn stand_in(&mut self, owner: Id, id: Id) {
        let from = self.get(owner);
        let parent = from.parent;
        let key = if from.is_key {
            Key::Node(owner)
        } else {
            from.key
        };
        let item = self.item(id);
        item.parent = parent;
        item.key = key;
    }

    /// The node at the end of a chain of aliases; `None` for one that leads nowhere.
    pub(crate) fn resolved(&self, id: Id) -> Option<Id> {
        let mut id = id;
        for _ in 0..100 {
            if self.get(id).kind != Kind::Alias {
                return Some(id);
            }
            id = self.get(id).target?;
        }
        None
    }

    /// The node of the same document that has an anchor.
    pub(crate) fn anchored(&mut self, id: Id, name: &str) -> Option<Id> {
        let mut open = vec![self.top(id)];
        while let Some(id) = open.pop() {
            if self.get(id).anchor().is_some_and(|anchor| anchor == name) {
                return Some(id);
            }
            let children = self.listed(id);
            open.extend(children.into_iter().rev());
        }
        None
    }

    /// Whether a node is another or part of it.
    pub(crate) fn is_within(&self, id: Id, other: Id) -> bool {
        let parent = |id: &Id| self.get(*id).parent;
        std::iter::successors(Some(id), parent)
            .take(DEEPEST)
            .any(|id| id == other)
    }

    /// Whether nothing more may be put below a node; then work stops.
    pub(crate) fn is_bottom(&mut self, id: Id) -> bool {
        let parent = |id: &Id| self.get(*id).parent;
        let is_bottom = std::iter::successors(Some(id), parent)
            .nth(DEEPEST)
            .is_some();
        if is_bottom {
            self.exhausted.get_or_insert(Exhausted::Depth);
        }
        is_bottom
    }

    /// The document that a node is part of.
    fn top(&self, id: Id) -> Id {
        let mut top = id;
        for _ in 0..DEEPEST {
            match self.get(top).parent {
                Some(parent) => top = parent,
                None => break,
            }
        }
        top
    }
}
