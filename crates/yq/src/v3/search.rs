//! Matches the children of a node against a step of a path, or a filter.

use std::cell::Cell;
use std::collections::HashMap;

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Entry, Node, Str, Tag, Value};

use super::path::{Path, Pattern, Segment, ValuePath};
use crate::aliases::Aliases;

/// How deep a filter looks, so that no alias leads it in circles.
const DEPTH: usize = 1000;

/// How many values a path may come by: `**` behind `**` comes by each many times.
const VISITS: u32 = 2_000_000;

/// How much of a path an error shows.
const SHOWN: usize = 80;

/// What the aliases of a document mean while it is being changed.
#[derive(Debug, Default)]
pub(super) struct Anchors {
    meanings: HashMap<Str, Node>,
    /// How many values the path has come by.
    visits: Cell<u32>,
    /// How many keys and items were looked at one by one.
    passed: Cell<u64>,
}

impl Anchors {
    /// The anchors of a document, if it has aliases.
    pub(super) fn of(root: &Node) -> Self {
        let mut anchors = Self::default();
        let mut nodes = 0;
        if counts_alias(root, &mut nodes) {
            anchors.collect(root);
        }
        anchors.pass(nodes);
        anchors
    }

    /// Counts keys and items that are looked at one by one.
    pub(super) fn pass(&self, count: usize) {
        let passed = self.passed.get().saturating_add(count as u64);
        self.passed.set(passed);
    }

    /// How many keys and items were.
    pub(super) fn passed(&self) -> u64 {
        self.passed.get()
    }

    fn collect(&mut self, node: &Node) {
        if let Some(anchor) = node.decor.as_ref().and_then(|decor| decor.anchor.as_ref()) {
            self.meanings.insert(anchor.clone(), node.clone());
            let mut copied = 0;
            counts_alias(node, &mut copied);
            self.pass(copied);
        }
        self.pass(1);
        for item in node.items() {
            self.collect(item);
        }
        for entry in node.entries() {
            self.collect(&entry.key);
            self.collect(&entry.value);
        }
    }

    /// The node itself, or what it stands for.
    pub(super) fn resolve<'n>(&'n self, node: &'n Node) -> Option<&'n Node> {
        match &node.value {
            Value::Alias(name) => self.meanings.get(name),
            _ => Some(node),
        }
    }

    /// Counts a value that the path comes by, and says whether it may go on.
    pub(super) fn visit(&self) -> bool {
        self.visits.set(self.visits.get().saturating_add(1));
        self.visits.get() <= VISITS
    }

    /// That the path has not come by too many values.
    ///
    /// # Errors
    ///
    /// If it has.
    pub(super) fn check(&self, path: &Path) -> Result<()> {
        if self.visits.get() <= VISITS {
            return Ok(());
        }
        // The path itself may be as long as it likes.
        let shown: String = path.to_string().chars().take(SHOWN).collect();
        let message = format!("the path `{shown}` comes by more than {VISITS} values");
        Err(Error::new(Kind::Script, message).help("one `**` is enough to come by all of them"))
    }

    /// Whether a step names this entry of a mapping.
    pub(super) fn names_entry(&self, segment: &Segment, entry: &Entry) -> bool {
        if is_merge(entry) {
            return false;
        }
        match segment {
            Segment::Filter { path, pattern, .. } => self.has(path.as_ref(), pattern, &entry.value),
            segment => names_text(segment, key_text(&entry.key)),
        }
    }

    /// Whether a step that is no index names this item of a sequence.
    pub(super) fn names_item(&self, segment: &Segment, number: usize, item: &Node) -> bool {
        match segment {
            Segment::Filter { path, pattern, .. } => self.has(path.as_ref(), pattern, item),
            segment => names_text(segment, &number.to_string()),
        }
    }

    /// Whether a value has what a filter asks for.
    pub(super) fn has(&self, path: Option<&Path>, pattern: &Pattern, node: &Node) -> bool {
        let Some(node) = self.resolve(node) else {
            return false;
        };
        match (&node.value, path) {
            (Value::Scalar(text), None) => pattern.matches(text),
            (Value::Scalar(_), Some(_)) | (_, None) => false,
            (_, Some(path)) => self.finds(node, path.segments(), pattern, 0),
        }
    }

    fn finds(&self, node: &Node, rest: &[Segment], pattern: &Pattern, depth: usize) -> bool {
        let Some(node) = self.resolve(node).filter(|_| depth < DEPTH && self.visit()) else {
            return false;
        };
        let Some((segment, tail)) = rest.split_first() else {
            return pattern.matches(node.text().unwrap_or_default());
        };
        let below = |child: &Node| {
            if *segment == Segment::Deep {
                self.finds_below(child, rest, pattern, depth + 1)
            } else {
                self.finds(child, tail, pattern, depth + 1)
            }
        };
        match &node.value {
            Value::Map(entries) => entries.iter().any(|entry| {
                if is_merge(entry) {
                    return self.finds(&entry.value, rest, pattern, depth + 1);
                }
                self.names_entry(segment, entry) && below(&entry.value)
            }),
            Value::Seq(items) => match segment {
                Segment::Index(index) => position(*index, items.len())
                    .and_then(|number| items.get(number))
                    .is_some_and(below),
                segment => items
                    .iter()
                    .enumerate()
                    .any(|(number, item)| self.names_item(segment, number, item) && below(item)),
            },
            Value::Scalar(_) | Value::Alias(_) => false,
        }
    }

    /// Whether a child under `**` fits, or anything below it.
    fn finds_below(&self, child: &Node, rest: &[Segment], pattern: &Pattern, depth: usize) -> bool {
        let is_leaf = child.entries().is_empty() && child.items().is_empty();
        (rest.len() == 1 && is_leaf && self.finds(child, &[], pattern, depth))
            || self.finds(child, rest, pattern, depth)
            || (rest.len() > 1 && self.finds(child, &rest[1..], pattern, depth))
    }
}

/// Everything that a path names, with the way to it; aliases are followed.
///
/// # Errors
///
/// If that comes by too many values.
pub(super) fn find<'n>(root: &'n Node, path: &Path) -> Result<Vec<(String, &'n Node)>> {
    let mut finder = Finder {
        anchors: Anchors::of(root),
        aliases: Aliases::of(root),
        found: Vec::new(),
        trail: ValuePath::default(),
    };
    finder.walk(root, path.segments(), 0);
    finder.anchors.check(path)?;
    Ok(finder.found)
}

struct Finder<'n> {
    anchors: Anchors,
    aliases: Aliases<'n>,
    found: Vec<(String, &'n Node)>,
    trail: ValuePath,
}

impl<'n> Finder<'n> {
    fn walk(&mut self, node: &'n Node, rest: &[Segment], depth: usize) {
        if !self.anchors.visit() {
            return;
        }
        let Some((segment, tail)) = rest.split_first() else {
            self.found.push((self.trail.to_string(), node));
            return;
        };
        let Some(node) = self.aliases.resolve(node).filter(|_| depth < DEPTH) else {
            return;
        };
        if *segment == Segment::Deep && tail.is_empty() && is_leaf(node) {
            self.found.push((self.trail.to_string(), node));
            return;
        }
        // Below `**` the path goes on as it is, and behind it.
        let tails: &[&[Segment]] = match segment {
            Segment::Deep if tail.is_empty() => &[rest],
            Segment::Deep => &[rest, tail],
            _ => &[tail],
        };
        match &node.value {
            Value::Map(entries) => {
                for entry in entries {
                    if self.anchors.names_entry(segment, entry) {
                        self.trail.key(key_text(&entry.key));
                        self.below(&entry.value, tails, depth);
                    }
                }
            }
            Value::Seq(items) => {
                for (number, item) in items.iter().enumerate() {
                    let is_named = match segment {
                        Segment::Index(index) => position(*index, items.len()) == Some(number),
                        segment => self.anchors.names_item(segment, number, item),
                    };
                    if is_named {
                        self.trail.index(number);
                        self.below(item, tails, depth);
                    }
                }
            }
            Value::Scalar(_) | Value::Alias(_) => {}
        }
    }

    fn below(&mut self, child: &'n Node, tails: &[&[Segment]], depth: usize) {
        for tail in tails {
            self.walk(child, tail, depth + 1);
        }
        self.trail.pop();
    }
}

fn is_leaf(node: &Node) -> bool {
    node.entries().is_empty() && node.items().is_empty()
}

/// Whether a step names a key, or an item by the text of its number.
pub(super) fn names_text(segment: &Segment, text: &str) -> bool {
    match segment {
        Segment::Key(key) => key == text,
        Segment::Prefix(prefix) => text.starts_with(prefix.as_str()),
        Segment::All | Segment::Deep => true,
        Segment::Index(index) => text == index.to_string(),
        // As in yq 3, which takes it for any number.
        Segment::Append => text.parse::<i64>().is_ok(),
        Segment::Filter { .. } => false,
    }
}

/// The item that an index names; a negative one counts from the end.
pub(super) fn position(index: i64, length: usize) -> Option<usize> {
    if index < 0 {
        length.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)
    } else {
        usize::try_from(index).ok()
    }
}

/// The text of a key; an alias as a key has its name.
pub(super) fn key_text(key: &Node) -> &str {
    match &key.value {
        Value::Scalar(text) | Value::Alias(text) => text,
        Value::Seq(_) | Value::Map(_) => "",
    }
}

pub(super) fn is_merge(entry: &Entry) -> bool {
    entry.key.tag == Tag::Merge
}

/// Whether there is an alias; counts the values that were looked at.
fn counts_alias(node: &Node, count: &mut usize) -> bool {
    *count += 1;
    let mut entries = node.entries().iter();
    matches!(node.value, Value::Alias(_))
        || node.items().iter().any(|item| counts_alias(item, count))
        || entries.any(|entry| counts_alias(&entry.key, count) || counts_alias(&entry.value, count))
}

pub(super) fn has_alias(node: &Node) -> bool {
    matches!(node.value, Value::Alias(_))
        || node.items().iter().any(has_alias)
        || node
            .entries()
            .iter()
            .any(|entry| has_alias(&entry.key) || has_alias(&entry.value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_negative_index_counts_from_the_end() {
        assert_eq!(position(-1, 3), Some(2));
        assert_eq!(position(-4, 3), None);
        assert_eq!(position(5, 3), Some(5));
    }
}
