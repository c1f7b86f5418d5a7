//! A kustomization as a tree in which aliases, merge keys and YAML 1.1 words are not yet resolved.
//!
//! Names of fields match in any case; of several that do, the last counts, as in kustomize. A
//! value is looked up through aliases and merge keys, and copied to its own place before it is
//! changed.

use std::collections::HashMap;

use kustom_yaml::{Dialect, Entry, Node, Scalar, Str, Style, Tag, Value, plain};

/// The values of anchors.
pub(super) type Anchors = HashMap<Str, Node>;

/// The root of a kustomization.
pub(super) struct Tree {
    /// The root without its entries.
    shell: Node,
    entries: Vec<Entry>,
    anchors: Anchors,
}

impl Tree {
    /// A tree over a root; an empty document becomes a map.
    pub(super) fn new(root: Node) -> Self {
        let anchors = anchors(&root);
        let mut shell = if root.is_map() {
            root
        } else {
            Node::map(Vec::new())
        };
        let entries = shell.entries_mut().map(std::mem::take).unwrap_or_default();
        Self {
            shell,
            entries,
            anchors,
        }
    }

    pub(super) fn into_root(self) -> Node {
        Node {
            value: Value::Map(self.entries.into()),
            ..self.shell
        }
    }

    /// The value of a field, unless it is missing or null.
    pub(super) fn field(&self, name: &str) -> Option<&Node> {
        member_of(&self.entries, name, &self.anchors, 0)
    }

    /// The value of a member of a map, unless it is missing or null.
    pub(super) fn member<'n>(&'n self, node: &'n Node, name: &str) -> Option<&'n Node> {
        member(node, name, &self.anchors)
    }

    /// The items of a list.
    pub(super) fn items<'n>(&'n self, field: &str) -> &'n [Node] {
        self.field(field).map_or(&[], Node::items)
    }

    /// The value of an alias; any other node is itself.
    pub(super) fn meant<'n>(&'n self, node: &'n Node) -> &'n Node {
        meant(node, &self.anchors)
    }

    /// A text, or none where there is null or nothing.
    pub(super) fn text<'n>(&'n self, node: Option<&'n Node>) -> &'n str {
        let node = node.map(|node| self.meant(node));
        node.filter(|node| !node.is_null())
            .and_then(Node::text)
            .unwrap_or_default()
    }

    /// Sets a field that holds a text; the empty text takes it away.
    pub(super) fn set_text(&mut self, name: &str, text: &str) {
        if text.is_empty() {
            return self.remove(name);
        }
        let node = self.own(name, || text_node(text));
        set_text(node, text);
    }

    /// The list in a field, made if there is none.
    pub(super) fn list_mut(&mut self, name: &str) -> Option<&mut Vec<Node>> {
        let node = self.own(name, || Node::seq(Vec::new()));
        if !node.is_seq() {
            *node = Node {
                span: node.span,
                ..Node::seq(Vec::new())
            };
        }
        node.items_mut()
    }

    /// The map in a field, made if there is none.
    pub(super) fn map_mut(&mut self, name: &str) -> &mut Node {
        let node = self.own(name, || Node::map(Vec::new()));
        if !node.is_map() {
            *node = Node {
                span: node.span,
                ..Node::map(Vec::new())
            };
        }
        node
    }

    /// An item of the list in a field, to change, with what anchors stand for.
    pub(super) fn item_mut(&mut self, field: &str, index: usize) -> Option<(&mut Node, &Anchors)> {
        self.list_mut(field)?;
        let anchors = &self.anchors;
        let at = entry_of(&self.entries, field)?;
        let item = self.entries[at].value.items_mut()?.get_mut(index)?;
        unalias(item, anchors);
        Some((item, anchors))
    }

    /// Keeps the items of a list that a test is true for; a list that is empty then goes.
    pub(super) fn retain(&mut self, field: &str, mut keep: impl FnMut(usize) -> bool) {
        if self.field(field).is_none() {
            return;
        }
        let mut index = 0;
        if let Some(items) = self.list_mut(field) {
            items.retain(|_| {
                index += 1;
                keep(index - 1)
            });
            if items.is_empty() {
                self.remove(field);
            }
        }
    }

    /// Takes a field away, in whatever case it is written and however often.
    pub(super) fn remove(&mut self, name: &str) {
        remove_from(&mut self.entries, name, &self.anchors);
    }

    /// The value of a field, at a place of its own.
    fn own(&mut self, name: &str, make: impl FnOnce() -> Node) -> &mut Node {
        own_in(&mut self.entries, name, &self.anchors, make)
    }
}

/// The value of a name among some entries, made if it is missing, at a place of its own.
fn own_in<'n>(
    entries: &'n mut Vec<Entry>,
    name: &str,
    anchors: &Anchors,
    make: impl FnOnce() -> Node,
) -> &'n mut Node {
    let at = match entry_of(entries, name) {
        Some(at) => at,
        None => {
            let merged = member_of(entries, name, anchors, 0).map(|node| copy(node, anchors));
            entries.push(Entry::new(name, merged.unwrap_or_else(make)));
            entries.len() - 1
        }
    };
    let node = &mut entries[at].value;
    unalias(node, anchors);
    node
}

/// Takes a name away from some entries; what a merge key brings in is hidden by null.
fn remove_from(entries: &mut Vec<Entry>, name: &str, anchors: &Anchors) {
    entries.retain(|entry| !is_named(entry, name));
    if member_of(entries, name, anchors, 0).is_some() {
        entries.push(Entry::new(name, Node::null()));
    }
}

/// Replaces an alias by a copy of what it stands for.
pub(super) fn unalias(node: &mut Node, anchors: &Anchors) {
    if matches!(node.value, Value::Alias(_)) {
        *node = copy(meant(node, anchors), anchors);
    }
}

/// The member of a map that counts, to change; made if it is missing.
pub(super) fn own_member<'n>(
    node: &'n mut Node,
    name: &str,
    anchors: &Anchors,
    make: impl FnOnce() -> Node,
) -> Option<&'n mut Node> {
    if node.is_null() {
        *node = Node {
            span: node.span,
            ..Node::map(Vec::new())
        };
    }
    Some(own_in(node.entries_mut()?, name, anchors, make))
}

/// Sets a member that holds a text; the empty text takes it away.
pub(super) fn set_member(node: &mut Node, name: &str, text: &str, anchors: &Anchors) {
    if text.is_empty() {
        if let Some(entries) = node.entries_mut() {
            remove_from(entries, name, anchors);
        }
    } else if let Some(value) = own_member(node, name, anchors, || text_node(text)) {
        set_text(value, text);
    }
}

/// The position of the entry of a name that counts.
fn entry_of(entries: &[Entry], name: &str) -> Option<usize> {
    let named = entries.iter().enumerate();
    let named = named.filter(|(_, entry)| is_named(entry, name));
    named
        .max_by_key(|(at, entry)| (entry.key.text().map(Str::from), *at))
        .map(|(at, _)| at)
}

fn is_named(entry: &Entry, name: &str) -> bool {
    entry
        .key
        .text()
        .is_some_and(|key| key.eq_ignore_ascii_case(name))
}

/// How deep merge keys may lead into each other.
const DEPTH: usize = 50;

fn member<'n>(node: &'n Node, name: &str, anchors: &'n Anchors) -> Option<&'n Node> {
    member_of(meant(node, anchors).entries(), name, anchors, 0)
}

fn member_of<'n>(
    entries: &'n [Entry],
    name: &str,
    anchors: &'n Anchors,
    depth: usize,
) -> Option<&'n Node> {
    if depth > DEPTH {
        return None;
    }
    if let Some(at) = entry_of(entries, name) {
        let value = meant(&entries[at].value, anchors);
        return Some(value).filter(|value| !value.is_null());
    }
    let merges = entries.iter().filter(|it| it.key.tag == Tag::Merge);
    merges
        .map(|entry| meant(&entry.value, anchors))
        .find_map(|merged| {
            let maps = match &merged.value {
                Value::Seq(items) => items.as_slice(),
                _ => std::slice::from_ref(merged),
            };
            maps.iter()
                .find_map(|map| member_of(meant(map, anchors).entries(), name, anchors, depth + 1))
        })
}

fn meant<'n>(node: &'n Node, anchors: &'n Anchors) -> &'n Node {
    let mut node = node;
    for _ in 0..DEPTH {
        let Value::Alias(name) = &node.value else {
            return node;
        };
        let Some(found) = anchors.get(name) else {
            return node;
        };
        node = found;
    }
    node
}

/// The value of a node, without places and anchors.
fn copy(node: &Node, anchors: &Anchors) -> Node {
    let mut copy = meant(node, anchors).clone();
    strip(&mut copy);
    copy
}

fn strip(node: &mut Node) {
    node.span = kustom_yaml::place::Span::default();
    if let Some(decor) = &mut node.decor {
        decor.anchor = None;
    }
    match &mut node.value {
        Value::Seq(items) => items.iter_mut().for_each(strip),
        Value::Map(entries) => {
            for entry in entries {
                strip(&mut entry.key);
                strip(&mut entry.value);
            }
        }
        _ => {}
    }
}

/// Collects the values of a tree's anchors.
pub(super) fn anchors(node: &Node) -> Anchors {
    fn walk(node: &Node, found: &mut Anchors) {
        let name = node.decor.as_ref().and_then(|decor| decor.anchor.clone());
        if let Some(name) = name {
            found.insert(name, node.clone());
        }
        match &node.value {
            Value::Seq(items) => items.iter().for_each(|item| walk(item, found)),
            Value::Map(entries) => {
                for entry in entries {
                    walk(&entry.key, found);
                    walk(&entry.value, found);
                }
            }
            _ => {}
        }
    }
    let mut found = Anchors::new();
    walk(node, &mut found);
    found
}

/// The tree with copies in place of the aliases of some anchors.
pub(super) fn expanded(root: &Node, names: &[Str]) -> Node {
    fn walk(node: &mut Node, names: &[Str], anchors: &Anchors) {
        if let Value::Alias(name) = &node.value
            && names.contains(name)
        {
            *node = copy(node, anchors);
        }
        match &mut node.value {
            Value::Seq(items) => items.iter_mut().for_each(|item| walk(item, names, anchors)),
            Value::Map(entries) => entries
                .iter_mut()
                .for_each(|entry| walk(&mut entry.value, names, anchors)),
            _ => {}
        }
    }
    let anchors = anchors(root);
    let mut root = root.clone();
    walk(&mut root, names, &anchors);
    root
}

/// A text that YAML 1.1, too, takes for one.
pub(super) fn text_node(text: &str) -> Node {
    let mut node = Node::string(text);
    if text.contains('\n') {
        node.style = Style::Literal;
    } else {
        node.quote_if_misread();
    }
    node
}

/// Gives a node a text; its quotes stay.
pub(super) fn set_text(node: &mut Node, text: &str) {
    let is_same = node.text() == Some(text) && !node.is_null() && is_text(node);
    if is_same {
        return;
    }
    let is_quoted = matches!(node.style, Style::Single | Style::Double);
    let mut new = text_node(text);
    if is_quoted && !text.contains('\n') {
        new.style = node.style;
    }
    new.span = node.span;
    if let Some(anchor) = node.decor.as_ref().and_then(|decor| decor.anchor.clone()) {
        new.decor_mut().anchor = Some(anchor);
    }
    *node = new;
}

/// Whether YAML 1.1 takes a scalar for a text.
fn is_text(node: &Node) -> bool {
    node.style != Style::Plain
        || matches!(
            plain(node.text().unwrap_or_default(), Dialect::Kustomization),
            Scalar::Str(_)
        )
}

/// The text of a key as kustomize reads it: `on` is `true`.
pub(super) fn key_text(key: &Node) -> Str {
    let text = key.text().unwrap_or_default();
    let has_tag = key.decor.as_ref().is_some_and(|decor| decor.tag.is_some());
    if key.style != Style::Plain || has_tag {
        return text.into();
    }
    match plain(text, Dialect::Kustomization) {
        Scalar::Bool(true) => Str::const_new("true"),
        Scalar::Bool(false) => Str::const_new("false"),
        Scalar::Int(number) => number.to_string().into(),
        _ => text.into(),
    }
}

impl Tree {
    /// Puts a field before all others.
    pub(super) fn put_first(&mut self, name: &str, value: Node) {
        remove_from(&mut self.entries, name, &self.anchors);
        self.entries.insert(0, Entry::new(name, value));
    }

    /// Moves the items of a list to another one, each as `change` makes it, before or behind those
    /// that are there; a field that takes its name is where it was.
    pub(super) fn move_items(
        &mut self,
        from: &str,
        to: &str,
        change: impl Fn(Node) -> Node,
        is_before: bool,
    ) {
        if self.field(from).is_none() {
            return;
        }
        let list = own_in(&mut self.entries, from, &self.anchors, Node::null);
        let mut moved: Vec<Node> = list.items_mut().map(std::mem::take).unwrap_or_default();
        for item in &mut moved {
            unalias(item, &self.anchors);
            *item = change(std::mem::take(item));
        }
        if self.field(to).is_none() && !moved.is_empty() {
            self.entries.retain(|entry| !is_named(entry, to));
            if let Some(at) = entry_of(&self.entries, from) {
                let entry = &mut self.entries[at];
                entry.key = renamed(&entry.key, to);
                entry.value.value = Value::Seq(moved.into());
            }
        } else if let Some(items) = self.list_mut(to) {
            let at = if is_before { 0 } else { items.len() };
            items.splice(at..at, moved);
        }
        self.remove(from);
    }

    /// Makes a field an item of a list, the last one; a list that was not there is where the field
    /// was.
    pub(super) fn wrap(&mut self, from: &str, to: &str, change: impl FnOnce(Node) -> Option<Node>) {
        let own = own_in(&mut self.entries, from, &self.anchors, Node::null);
        let item = change(own.clone());
        let is_there = self.field(to).is_some();
        match (item, is_there) {
            (None, _) => {}
            (Some(item), true) => {
                if let Some(items) = self.list_mut(to) {
                    items.push(item);
                }
            }
            (Some(item), false) => {
                self.entries.retain(|entry| !is_named(entry, to));
                if let Some(at) = entry_of(&self.entries, from) {
                    let entry = &mut self.entries[at];
                    entry.key = renamed(&entry.key, to);
                    entry.value = Node {
                        span: entry.value.span,
                        ..Node::seq(vec![item])
                    };
                }
            }
        }
        self.remove(from);
    }
}

/// A key with another text, and the comments of the old one.
fn renamed(key: &Node, name: &str) -> Node {
    Node {
        span: key.span,
        decor: key.decor.clone(),
        ..Node::string(name)
    }
}

/// Puts a value at the end of a list in a map, which takes the place of the field that the value
/// was in.
pub(super) fn rename_or_append(
    item: &mut Node,
    from: &str,
    to: &str,
    value: Node,
    anchors: &Anchors,
) {
    let is_there = member(item, to, anchors).is_some();
    let Some(entries) = item.entries_mut() else {
        return;
    };
    if !is_there {
        entries.retain(|entry| !is_named(entry, to));
        if let Some(at) = entry_of(entries, from) {
            let entry = &mut entries[at];
            entry.key = renamed(&entry.key, to);
            entry.value = Node {
                span: entry.value.span,
                ..Node::seq(vec![copy(&value, anchors)])
            };
        }
    } else if let Some(list) = own_member(item, to, anchors, || Node::seq(Vec::new()))
        && let Some(items) = list.items_mut()
    {
        items.push(copy(&value, anchors));
    }
    if let Some(entries) = item.entries_mut() {
        remove_from(entries, from, anchors);
    }
}
