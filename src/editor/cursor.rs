//! What stands at an offset of a YAML text: the way to it, and the node.

use std::ops::Range;

use crate::yaml::{Node, Options, Value, read};

/// A part of the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The value of a key.
    Key(String),
    /// An item of a list.
    Item(usize),
}

/// What stands at an offset.
#[derive(Debug)]
pub(super) struct Cursor<'n> {
    /// The number of the document.
    pub(super) document: usize,
    pub(super) root: &'n Node,
    /// The way from the root; its last part is the key if the offset is on one.
    pub(super) way: Vec<Part>,
    /// The value at the end of the way.
    pub(super) node: &'n Node,
    /// The key of that value, if it has one.
    pub(super) key: Option<&'n Node>,
    /// Whether the offset is on the key.
    pub(super) is_on_key: bool,
}

/// The documents of a text as they are written; nothing if it is no YAML.
pub(super) fn documents(text: &str) -> Option<Vec<Node>> {
    let options = Options {
        // What an alias means stands elsewhere.
        keep_aliases: true,
        ..Options::default()
    };
    read(text, &options).ok()
}

/// The bytes of a node.
pub(super) fn range(node: &Node) -> Range<usize> {
    node.span.range()
}

/// Where a node begins: a block mapping at its first key.
pub(super) fn start(node: &Node) -> usize {
    node.span.start as usize
}

/// Finds what stands at an offset.
pub(super) fn at(documents: &[Node], offset: usize) -> Option<Cursor<'_>> {
    let is_before = |root: &&Node| root.span.line > 0 && start(root) <= offset;
    let document = documents.iter().rposition(|root| is_before(&root))?;
    let root = &documents[document];
    let mut cursor = Cursor {
        document,
        root,
        way: Vec::new(),
        node: root,
        key: None,
        is_on_key: false,
    };
    loop {
        match &cursor.node.value {
            Value::Map(entries) => {
                let begun = |entry: &&crate::yaml::Entry| start(&entry.key) <= offset;
                let Some(entry) = entries.iter().rev().find(begun) else {
                    return Some(cursor);
                };
                cursor
                    .way
                    .push(Part::Key(entry.key.text().unwrap_or_default().to_owned()));
                cursor.key = Some(&entry.key);
                cursor.node = &entry.value;
                if offset <= range(&entry.key).end {
                    cursor.is_on_key = true;
                    return Some(cursor);
                }
            }
            Value::Seq(items) => {
                let begun = |item: &Node| start(item) <= offset;
                let Some(index) = items.iter().rposition(begun) else {
                    return Some(cursor);
                };
                cursor.way.push(Part::Item(index));
                cursor.key = None;
                cursor.node = &items[index];
            }
            Value::Scalar(_) | Value::Alias(_) => return Some(cursor),
        }
    }
}

impl Cursor<'_> {
    /// Whether the offset is on the key or the value, and not behind them.
    pub(super) fn is_on(&self, offset: usize) -> bool {
        self.is_on_key || (start(self.node) <= offset && offset <= range(self.node).end)
    }

    /// The keys of the way; an item of a list is `[]`.
    pub(super) fn keys(&self) -> Vec<&str> {
        let keys = self.way.iter().map(|part| match part {
            Part::Key(key) => key.as_str(),
            Part::Item(_) => "[]",
        });
        keys.collect()
    }

    /// The node some parts up the way.
    pub(super) fn above(&self, parts: usize) -> Option<&Node> {
        let length = self.way.len().checked_sub(parts)?;
        at_way(self.root, &self.way[..length])
    }
}

/// The value at the end of a way.
pub(super) fn at_way<'n>(root: &'n Node, way: &[Part]) -> Option<&'n Node> {
    way.iter().try_fold(root, |node, part| match part {
        Part::Key(key) => node.get(key),
        Part::Item(index) => node.items().get(*index),
    })
}

/// A way as a JSON pointer in which items are called by their names, where they have one.
pub(super) fn pointer(root: &Node, way: &[Part]) -> String {
    let mut text = String::new();
    for (at, part) in way.iter().enumerate() {
        let word = match part {
            Part::Key(key) => key.clone(),
            Part::Item(index) => {
                let item = at_way(root, &way[..=at]);
                let name = item.and_then(|item| item.get("name")).and_then(Node::text);
                name.map_or_else(|| index.to_string(), str::to_owned)
            }
        };
        text.push('/');
        text.push_str(&word.replace('~', "~0").replace('/', "~1"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "a: 1\n---\nmetadata:\n  name: web\nspec:\n  list:\n  - {name: x, v: [1, 2]}\n  - name: y\n";

    fn found(needle: &str) -> String {
        let (before, after) = needle.split_once('|').unwrap();
        let offset = TEXT.find(&[before, after].concat()).unwrap() + before.len();
        let documents = documents(TEXT).unwrap();
        let cursor = at(&documents, offset).unwrap();
        let key = if cursor.is_on_key { " key" } else { "" };
        format!(
            "{} {}{key}",
            cursor.document,
            pointer(cursor.root, &cursor.way)
        )
    }

    #[test]
    fn the_way_to_what_stands_at_an_offset() {
        for (needle, wanted) in [
            ("|a: 1", "0 /a key"),
            ("a: |1", "0 /a"),
            ("na|me: web", "1 /metadata/name key"),
            ("name: w|eb", "1 /metadata/name"),
            ("li|st", "1 /spec/list key"),
            ("[1, |2]", "1 /spec/list/x/v/1"),
            ("name: y|", "1 /spec/list/y/name"),
        ] {
            assert_eq!(found(needle), wanted, "{needle}");
        }
    }

    #[test]
    fn no_offset_panics() {
        for text in [
            "",
            "\n",
            "a",
            "a:",
            "- a\n-",
            "{a: [",
            "&x a: *x\n",
            "--- \n",
        ] {
            let Some(documents) = documents(text) else {
                continue;
            };
            for offset in 0..text.len() + 2 {
                if let Some(cursor) = at(&documents, offset) {
                    pointer(cursor.root, &cursor.way);
                    cursor.above(1);
                }
            }
        }
    }
}
