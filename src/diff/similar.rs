//! Measures the similarity of two values, to find renamed resources.

use std::hash::{Hash as _, Hasher as _};

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

use crate::yaml::{Node, Value};

/// How much of two values must be the same for one to be the other.
const ENOUGH: f64 = 0.6;

/// A leaf that so many have says nothing of any of them.
const COMMON: usize = 32;

/// The pairs of values that have most in common, each value at most once.
pub(super) fn most_similar(from: &[&Node], to: &[&Node]) -> Vec<(usize, usize)> {
    if from.is_empty() || to.is_empty() {
        return Vec::new();
    }
    let leaves = |nodes: &[&Node]| -> Vec<FxHashSet<u64>> {
        nodes.iter().map(|node| leaves(node)).collect()
    };
    let (from, to) = (leaves(from), leaves(to));
    let mut owners: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
    for (number, leaves) in from.iter().enumerate() {
        for leaf in leaves {
            owners.entry(*leaf).or_default().push(number);
        }
    }
    let mut candidates = Vec::new();
    for (second, leaves) in to.iter().enumerate() {
        let mut shared: FxHashMap<usize, usize> = FxHashMap::default();
        let known = leaves.iter().filter_map(|leaf| owners.get(leaf));
        for &first in known.filter(|owners| owners.len() <= COMMON).flatten() {
            *shared.entry(first).or_default() += 1;
        }
        for (first, shared) in shared {
            let all = from[first].len() + leaves.len();
            let score = 2.0 * shared as f64 / all as f64;
            if score >= ENOUGH {
                candidates.push((score, first, second));
            }
        }
    }
    candidates.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let (mut taken_from, mut taken_to) = (FxHashSet::default(), FxHashSet::default());
    candidates.retain(|(_, first, second)| {
        let is_free = !taken_from.contains(first) && !taken_to.contains(second);
        if is_free {
            taken_from.insert(*first);
            taken_to.insert(*second);
        }
        is_free
    });
    candidates
        .into_iter()
        .map(|(_, first, second)| (first, second))
        .collect()
}

/// What a value says: each scalar with the way to it. The name is left out, and so is the kind,
/// which is the same for all that are compared.
fn leaves(node: &Node) -> FxHashSet<u64> {
    let mut found = FxHashSet::default();
    for entry in node.entries() {
        match entry.key.text().unwrap_or_default() {
            "apiVersion" | "kind" => {}
            "metadata" => {
                for entry in entry
                    .value
                    .entries()
                    .iter()
                    .filter(|entry| !entry.is("name"))
                {
                    gather(
                        &entry.value,
                        hash(1, entry.key.text().unwrap_or_default()),
                        &mut found,
                    );
                }
            }
            key => gather(&entry.value, hash(2, key), &mut found),
        }
    }
    if !node.is_map() {
        gather(node, 3, &mut found);
    }
    found
}

fn gather(node: &Node, path: u64, found: &mut FxHashSet<u64>) {
    match &node.value {
        Value::Map(entries) => {
            for entry in entries {
                let key = entry.key.text().unwrap_or_default();
                gather(&entry.value, hash(path, key), found);
            }
        }
        // An item may have moved.
        Value::Seq(items) => items.iter().for_each(|item| gather(item, path, found)),
        Value::Scalar(text) | Value::Alias(text) => {
            // A text of many lines says as much as they do.
            for line in text.lines() {
                found.insert(hash(path, line));
            }
        }
    }
}

fn hash(path: u64, text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    path.hash(&mut hasher);
    text.hash(&mut hasher);
    hasher.finish()
}
