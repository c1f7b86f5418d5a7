//! Pairs the items of two lists.

use std::hash::{Hash as _, Hasher as _};

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use similar::DiffOp;

use super::api::{Meaning, Order};
use super::lines::operations;
use super::path::Step;
use super::renames::Renames;
use super::similar::most_similar;
use crate::yaml::{Node, Str, Value};

/// Which item is which, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Alignment {
    pub(super) pairs: Vec<(Step, usize, usize)>,
    pub(super) removed: Vec<(Step, usize)>,
    pub(super) added: Vec<(Step, usize)>,
    /// Whether what is on both sides stands in another order.
    pub(super) is_reordered: bool,
    /// Whether the order counts.
    pub(super) order_counts: bool,
}

/// Fields that tell the items of a list from each other where the API says nothing.
pub(super) const IDENTITIES: [&str; 8] = [
    "name",
    "key",
    "id",
    "host",
    "path",
    "containerPort",
    "port",
    "alert",
];

/// Aligns two lists: by their keys, by what looks like one, by content.
pub(super) fn align(from: &[Node], to: &[Node], meaning: Meaning, mapping: &Renames) -> Alignment {
    let order = meaning.order();
    if let ([one], [other]) = (from, to)
        && one.is_map()
        && other.is_map()
    {
        let step = identity_of_one(one, order).map_or(Step::Index(0), Step::Item);
        return Alignment {
            pairs: vec![(step, 0, 0)],
            ..Alignment::default()
        };
    }
    // Lists whose items cannot be told apart by their keys are not what the API says they are.
    if let Order::Keys(keys) = order
        && let Some(aligned) = by_keys(from, to, &keys.iter().collect::<Vec<_>>(), mapping)
    {
        return Alignment {
            order_counts: false,
            ..aligned
        };
    }
    let guessed = IDENTITIES
        .iter()
        .find_map(|key| by_keys(from, to, &[key], mapping));
    guessed.unwrap_or_else(|| Alignment {
        order_counts: order != Order::Set,
        ..by_content(from, to, mapping)
    })
}

/// Aligns lists whose items all have the keys, each identity once.
fn by_keys(from: &[Node], to: &[Node], keys: &[&str], mapping: &Renames) -> Option<Alignment> {
    let identities = |items: &[Node]| -> Option<Vec<Str>> {
        items.iter().map(|item| identity(item, keys)).collect()
    };
    let (from, to) = (identities(from)?, identities(to)?);
    let numbers = |identities: &[Str]| -> Option<FxHashMap<Str, usize>> {
        let numbers: FxHashMap<Str, usize> = identities.iter().cloned().zip(0..).collect();
        (numbers.len() == identities.len()).then_some(numbers)
    };
    let (known, others) = (numbers(&to)?, numbers(&from)?);
    let mut aligned = Alignment::default();
    let mut is_taken = vec![false; to.len()];
    for (number, name) in from.iter().enumerate() {
        // What is called otherwise there is found by its other name, unless that is another here.
        let other = Str::from(mapping.name(name));
        let found = known
            .get(name)
            .or_else(|| known.get(&other).filter(|_| !others.contains_key(&other)));
        match found {
            Some(&found) if !is_taken[found] => {
                is_taken[found] = true;
                aligned
                    .pairs
                    .push((Step::Item(name.clone()), number, found));
            }
            _ => aligned.removed.push((Step::Item(name.clone()), number)),
        }
    }
    for (number, name) in to
        .iter()
        .enumerate()
        .filter(|(number, _)| !is_taken[*number])
    {
        aligned.added.push((Step::Item(name.clone()), number));
    }
    aligned.is_reordered = !aligned.pairs.is_sorted_by_key(|pair| pair.2);
    aligned.order_counts = true;
    Some(aligned)
}

fn identity_of_one(item: &Node, order: Order) -> Option<Str> {
    let by_keys = match order {
        Order::Keys(keys) => identity(item, &keys.iter().collect::<Vec<_>>()),
        _ => None,
    };
    by_keys.or_else(|| IDENTITIES.iter().find_map(|key| identity(item, &[key])))
}

/// What the keys say of an item: `80/TCP`.
fn identity(item: &Node, keys: &[&str]) -> Option<Str> {
    let mut identity = Str::default();
    for key in keys {
        let text = match item.get(key) {
            Some(value) => value.text().filter(|text| !text.is_empty())?,
            // What Kubernetes takes where none is written.
            None if *key == "protocol" => "TCP",
            None => return None,
        };
        if !identity.is_empty() {
            identity.push('/');
        }
        identity.push_str(text);
    }
    Some(identity)
}

/// Aligns lists by what their items say; what is between them is paired as far as it is alike.
fn by_content(from: &[Node], to: &[Node], mapping: &Renames) -> Alignment {
    let new: Vec<u64> = to.iter().map(|item| content(item, None)).collect();
    let known: FxHashSet<u64> = new.iter().copied().collect();
    // What the first side says in the names of the second is the same, unless it stands there as
    // it is.
    let hash = |item| match content(item, None) {
        plain if known.contains(&plain) => plain,
        _ => content(item, Some(mapping)),
    };
    let old: Vec<u64> = from.iter().map(hash).collect();
    let mut aligned = Alignment::default();
    let pair = |from: usize, to: usize| (Step::Index(from), from, to);
    for operation in operations(&old, &new) {
        match operation {
            DiffOp::Equal {
                old_index,
                new_index,
                len,
            } => aligned
                .pairs
                .extend((0..len).map(|at| pair(old_index + at, new_index + at))),
            _ => {
                let (old, new) = (operation.old_range(), operation.new_range());
                aligned.removed.extend(old.map(|at| (Step::Index(at), at)));
                aligned.added.extend(new.map(|at| (Step::Index(at), at)));
            }
        }
    }
    pair_moved(&mut aligned, &old, &new);
    pair_changed(&mut aligned, from, to);
    aligned.pairs.sort_by_key(|pair| pair.1);
    aligned
}

/// What is gone here and new there has moved.
fn pair_moved(aligned: &mut Alignment, old: &[u64], new: &[u64]) {
    let mut places: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
    for (_, at) in aligned.added.iter().rev() {
        places.entry(new[*at]).or_default().push(*at);
    }
    let mut moved = Vec::new();
    aligned.removed.retain(|(step, at)| {
        let to = places.get_mut(&old[*at]).and_then(Vec::pop);
        moved.extend(to.map(|to| (step.clone(), *at, to)));
        to.is_none()
    });
    if moved.is_empty() {
        return;
    }
    aligned.is_reordered = true;
    let taken: FxHashSet<usize> = moved.iter().map(|pair| pair.2).collect();
    aligned.added.retain(|(_, at)| !taken.contains(at));
    aligned.pairs.extend(moved);
}

/// Pairs what was changed, not replaced: what is alike, and what is alone on both sides.
fn pair_changed(aligned: &mut Alignment, from: &[Node], to: &[Node]) {
    let nodes = |steps: &[(Step, usize)], items: &'_ [Node]| -> Vec<usize> {
        let numbers = steps.iter().map(|(_, at)| *at);
        numbers.filter(|at| !items[*at].is_scalar()).collect()
    };
    let (old, new) = (nodes(&aligned.removed, from), nodes(&aligned.added, to));
    let old_nodes: Vec<&Node> = old.iter().map(|at| &from[*at]).collect();
    let new_nodes: Vec<&Node> = new.iter().map(|at| &to[*at]).collect();
    let mut pairs: Vec<(usize, usize)> = most_similar(&old_nodes, &new_nodes)
        .into_iter()
        .map(|(a, b)| (old[a], new[b]))
        .collect();
    if let ([(_, only)], [(_, other)]) = (&*aligned.removed, &*aligned.added)
        && only == other
        && pairs.is_empty()
    {
        pairs.push((*only, *other));
    }
    for (a, b) in pairs {
        aligned.removed.retain(|(_, at)| *at != a);
        aligned.added.retain(|(_, at)| *at != b);
        aligned.pairs.push((Step::Index(a), a, b));
    }
}

/// Equal for values that say the same, whatever the order of their fields; in other names, if
/// there is a mapping.
pub(super) fn content(node: &Node, mapping: Option<&Renames>) -> u64 {
    let mut hasher = FxHasher::default();
    match &node.value {
        Value::Scalar(text) | Value::Alias(text) => {
            node.tag.hash(&mut hasher);
            match mapping {
                Some(mapping) => mapping.translated(text).hash(&mut hasher),
                None => text.as_str().hash(&mut hasher),
            }
        }
        Value::Seq(items) => {
            1_u8.hash(&mut hasher);
            for item in items {
                content(item, mapping).hash(&mut hasher);
            }
        }
        Value::Map(entries) => {
            2_u8.hash(&mut hasher);
            let sum = entries.iter().fold(0_u64, |sum, entry| {
                let mut hasher = FxHasher::default();
                entry.key.text().hash(&mut hasher);
                content(&entry.value, mapping).hash(&mut hasher);
                sum.wrapping_add(hasher.finish())
            });
            sum.hash(&mut hasher);
        }
    }
    hasher.finish()
}
