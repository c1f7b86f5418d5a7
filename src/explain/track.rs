//! One value in two versions of an object: where it was before a step, and what the step changed.

use std::cell::LazyCell;
use std::hash::{Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};

use kustom_yaml::{Entry, Node, Str, Value};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

/// A part of the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seg {
    Key(Str),
    Item(usize),
}

/// The value at the end of a way.
pub(super) fn at<'n>(node: &'n Node, way: &[Seg]) -> Option<&'n Node> {
    way.iter().try_fold(node, |node, seg| match seg {
        Seg::Key(key) => node.get(key),
        Seg::Item(index) => node.items().get(*index),
    })
}

/// For each pair of lists that was compared, which item was which before: every line of a list asks.
///
/// Lists are known by where they are in memory, so nothing that is compared may be changed.
#[derive(Debug, Default)]
pub(super) struct Alignments(Mutex<FxHashMap<(usize, usize), Arc<[Option<usize>]>>>);

impl Alignments {
    fn of(&self, old: &[Node], new: &[Node]) -> Arc<[Option<usize>]> {
        let key = (old.as_ptr().addr(), new.as_ptr().addr());
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry(key).or_insert_with(|| align(old, new).into()))
    }
}

/// The way, in the version before, to the value that a way leads to now; nothing if it is new.
pub(super) fn before(
    old: &Node,
    new: &Node,
    way: &[Seg],
    alignments: &Alignments,
) -> Option<Vec<Seg>> {
    let (mut old, mut new) = (old, new);
    let mut found = Vec::with_capacity(way.len());
    for seg in way {
        match seg {
            Seg::Key(key) => {
                (old, new) = (old.get(key)?, new.get(key)?);
                found.push(seg.clone());
            }
            Seg::Item(index) => {
                let aligned = alignments.of(old.items(), new.items());
                let earlier = aligned.get(*index).copied()??;
                (old, new) = (&old.items()[earlier], &new.items()[*index]);
                found.push(Seg::Item(earlier));
            }
        }
    }
    same_shape(old, new).then_some(found)
}

fn same_shape(one: &Node, other: &Node) -> bool {
    std::mem::discriminant(&one.value) == std::mem::discriminant(&other.value)
}

/// The fields by which an item of a list is known.
const NAMES: [&str; 14] = [
    "name",
    "key",
    "mountPath",
    "devicePath",
    "containerPort",
    "port",
    "topologyKey",
    "ip",
    "type",
    "host",
    "uid",
    "path",
    "hostname",
    "kind",
];

/// What an item of a list is known by.
pub(super) fn name_of(item: &Node) -> Option<(&'static str, &str)> {
    let mut names = NAMES.iter();
    names.find_map(|name| Some((*name, item.get(name)?.text()?)))
}

/// For each item of a list, which it was before.
pub(super) fn align(old: &[Node], new: &[Node]) -> Vec<Option<usize>> {
    let mut free = vec![true; old.len()];
    let mut found = vec![None; new.len()];
    let ways: [(fn(&Node) -> Option<u64>, fn(&Node, &Node) -> bool); 3] = [
        (|item| Some(content_hash(item)), same_content),
        (place_hash, same_place),
        (name_hash, same_name),
    ];
    for (hash, is_same) in ways {
        // The items of the old list by what they are compared by, once one is not where it was.
        let by_hash: LazyCell<FxHashMap<u64, Vec<usize>>, _> = LazyCell::new(|| {
            let mut by_hash: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
            for (at, item) in old.iter().enumerate() {
                if let Some(hash) = hash(item) {
                    by_hash.entry(hash).or_default().push(at);
                }
            }
            by_hash
        });
        // How many of those of a hash were taken from the front.
        let mut taken: FxHashMap<u64, usize> = FxHashMap::default();
        for (index, item) in new.iter().enumerate() {
            if found[index].is_some() {
                continue;
            }
            let fits = |free: &[bool], at: usize| free[at] && is_same(&old[at], item);
            let mut earlier = Some(index).filter(|at| *at < old.len() && fits(&free, *at));
            if earlier.is_none()
                && let Some(hash) = hash(item)
                && let Some(candidates) = by_hash.get(&hash)
            {
                let first = taken.entry(hash).or_default();
                while candidates.get(*first).is_some_and(|at| !free[*at]) {
                    *first += 1;
                }
                let mut left = candidates[*first..].iter().copied();
                earlier = left.find(|at| fits(&free, *at));
            }
            if let Some(earlier) = earlier {
                free[earlier] = false;
                found[index] = Some(earlier);
            }
        }
        if found.iter().all(Option::is_some) {
            return found;
        }
    }
    // What is left of a list that is as long as it was has been changed in its place.
    if old.len() == new.len() {
        for index in 0..new.len() {
            let is_unnamed = name_of(&new[index]).is_none();
            if found[index].is_none() && free[index] && is_unnamed {
                found[index] = Some(index);
            }
        }
    }
    found
}

/// The same for values that [`same_content`] takes for the same.
fn content_hash(node: &Node) -> u64 {
    fn add(node: &Node, hasher: &mut FxHasher) {
        match &node.value {
            Value::Map(entries) => {
                entries.len().hash(hasher);
                for entry in entries {
                    entry.key.text().hash(hasher);
                    add(&entry.value, hasher);
                }
            }
            Value::Seq(items) => {
                items.len().hash(hasher);
                items.iter().for_each(|item| add(item, hasher));
            }
            Value::Scalar(text) | Value::Alias(text) => text.hash(hasher),
        }
    }
    let mut hasher = FxHasher::default();
    add(node, &mut hasher);
    hasher.finish()
}

fn place_hash(node: &Node) -> Option<u64> {
    let is_read = !node.is_scalar() && node.span.line > 0;
    is_read.then_some((u64::from(node.span.line) << 32) + u64::from(node.span.column))
}

fn name_hash(node: &Node) -> Option<u64> {
    let name = name_of(node)?;
    let mut hasher = FxHasher::default();
    name.hash(&mut hasher);
    Some(hasher.finish())
}

/// Whether two values say the same, wherever they were written.
pub(super) fn same_content(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Map(one), Value::Map(other)) => {
            let is_same = |(one, other): (&Entry, &Entry)| {
                one.key.text() == other.key.text() && same_content(&one.value, &other.value)
            };
            one.len() == other.len() && one.iter().zip(other).all(is_same)
        }
        (Value::Seq(one), Value::Seq(other)) => {
            let is_same = |(one, other): (&Node, &Node)| same_content(one, other);
            one.len() == other.len() && one.iter().zip(other).all(is_same)
        }
        (one_value, other_value) => {
            one_value == other_value && one.tag == other.tag && one.style == other.style
        }
    }
}

/// Whether two collections are one that was read: its items may have changed since.
fn same_place(one: &Node, other: &Node) -> bool {
    !one.is_scalar() && one.span.line > 0 && one.span == other.span && same_shape(one, other)
}

fn same_name(one: &Node, other: &Node) -> bool {
    let name = name_of(one);
    name.is_some() && name == name_of(other)
}

/// What differs between two versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// A value that was not there, at this way in the new version.
    Added(Vec<Seg>),
    /// A value that is there no more, at this way in the old version.
    Removed(Vec<Seg>),
    /// A scalar that is another, or was written anew, at these ways in both.
    Changed(Vec<Seg>, Vec<Seg>),
}

/// What differs between two versions, in the order of the new one.
pub(super) fn differences(old: &Node, new: &Node) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(old, new, &mut Vec::new(), &mut Vec::new(), &mut found);
    found
}

fn compare(
    old: &Node,
    new: &Node,
    old_way: &mut Vec<Seg>,
    new_way: &mut Vec<Seg>,
    found: &mut Vec<Difference>,
) {
    if old == new {
        return;
    }
    match (&old.value, &new.value) {
        (Value::Map(before), Value::Map(after)) => {
            let known = by_key(before);
            for entry in after {
                let Some(key) = entry.key.text() else {
                    continue;
                };
                new_way.push(Seg::Key(key.into()));
                match known.get(key) {
                    Some(value) => {
                        old_way.push(Seg::Key(key.into()));
                        compare(value, &entry.value, old_way, new_way, found);
                        old_way.pop();
                    }
                    None => found.push(Difference::Added(new_way.clone())),
                }
                new_way.pop();
            }
            let known = by_key(after);
            for key in before.iter().filter_map(|entry| entry.key.text()) {
                if !known.contains_key(key) {
                    old_way.push(Seg::Key(key.into()));
                    found.push(Difference::Removed(old_way.clone()));
                    old_way.pop();
                }
            }
        }
        (Value::Seq(before), Value::Seq(after)) => {
            let earlier = align(before, after);
            for (index, item) in after.iter().enumerate() {
                new_way.push(Seg::Item(index));
                match earlier[index] {
                    Some(at) => {
                        old_way.push(Seg::Item(at));
                        compare(&before[at], item, old_way, new_way, found);
                        old_way.pop();
                    }
                    None => found.push(Difference::Added(new_way.clone())),
                }
                new_way.pop();
            }
            let stayed: FxHashSet<usize> = earlier.iter().copied().flatten().collect();
            for index in 0..before.len() {
                if !stayed.contains(&index) {
                    old_way.push(Seg::Item(index));
                    found.push(Difference::Removed(old_way.clone()));
                    old_way.pop();
                }
            }
        }
        (Value::Scalar(_), Value::Scalar(_)) => {
            found.push(Difference::Changed(old_way.clone(), new_way.clone()));
        }
        _ => {
            found.push(Difference::Removed(old_way.clone()));
            found.push(Difference::Added(new_way.clone()));
        }
    }
}

/// The values of a map by their keys, the first of each.
fn by_key(entries: &[Entry]) -> FxHashMap<&str, &Node> {
    let mut first = FxHashMap::default();
    for entry in entries {
        if let Some(key) = entry.key.text() {
            first.entry(key).or_insert(&entry.value);
        }
    }
    first
}

/// The ways to all scalars, and to collections that hold nothing.
pub(super) fn leaves(node: &Node) -> Vec<Vec<Seg>> {
    fn gather(node: &Node, way: &mut Vec<Seg>, found: &mut Vec<Vec<Seg>>) {
        match &node.value {
            Value::Map(entries) if !entries.is_empty() => {
                for entry in entries {
                    let Some(key) = entry.key.text() else {
                        continue;
                    };
                    way.push(Seg::Key(key.into()));
                    gather(&entry.value, way, found);
                    way.pop();
                }
            }
            Value::Seq(items) if !items.is_empty() => {
                for (index, item) in items.iter().enumerate() {
                    way.push(Seg::Item(index));
                    gather(item, way, found);
                    way.pop();
                }
            }
            _ => found.push(way.clone()),
        }
    }
    let mut found = Vec::new();
    gather(node, &mut Vec::new(), &mut found);
    found
}

#[cfg(test)]
mod tests {
    use kustom_yaml::{Options, read};

    use super::*;

    fn node(text: &str) -> Node {
        read(text, &Options::default()).unwrap().remove(0)
    }

    fn aligned(old: &str, new: &str) -> Vec<Option<usize>> {
        // The new version was read elsewhere: no item is the same by its place.
        align(node(old).items(), node(&format!("\n{new}")).items())
    }

    #[test]
    fn items_are_found_by_content_name_or_place() {
        assert_eq!(aligned("[a, b]", "[b, a]"), [Some(1), Some(0)]);
        assert_eq!(aligned("[a, b]", "[a, c]"), [Some(0), Some(1)]);
        assert_eq!(aligned("[a, b]", "[c]"), [None]);
        let old = "[{name: x, v: 1}, {name: y, v: 2}]";
        assert_eq!(aligned(old, "[{name: y, v: 3}]"), [Some(1)]);
        assert_eq!(
            aligned(old, "[{name: z, v: 3}, {name: x}]"),
            [None, Some(0)]
        );
    }

    #[test]
    fn a_way_is_followed_back() {
        let (old, new) = (
            node("l:\n- {name: x, v: 1}\n- {name: y, v: 2}\n"),
            node("l:\n- {name: n}\n- {name: y, v: 3}\n"),
        );
        let way =
            |key: &str, item| vec![Seg::Key("l".into()), Seg::Item(item), Seg::Key(key.into())];
        let before = |way: &[Seg]| before(&old, &new, way, &Alignments::default());
        assert_eq!(before(&way("v", 1)), Some(way("v", 1)));
        assert_eq!(before(&way("name", 0)), None);
        let found = differences(&old, &new);
        assert!(
            found.contains(&Difference::Changed(way("v", 1), way("v", 1))),
            "{found:?}"
        );
        let item = |at| vec![Seg::Key("l".into()), Seg::Item(at)];
        assert!(found.contains(&Difference::Added(item(0))), "{found:?}");
        assert!(found.contains(&Difference::Removed(item(0))), "{found:?}");
    }
}
