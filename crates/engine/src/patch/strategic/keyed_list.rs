//! Merges lists whose items are identified by merge keys.
//!
//! The items that a patch names come first, in its order, merged with those of the target; the
//! target's others follow. Where items lack a key, or have several, kustomize's result is not
//! what one would expect; it is kept, because manifests depend on it.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::{Node, Str};
use rustc_hash::FxHashSet;

use super::{Merge, Outcome};
use crate::schema::Definition;

/// What a list is merged with.
#[derive(Clone, Copy)]
pub(super) enum Other<'p> {
    /// With nothing: the patch does not name it.
    Nothing,
    /// With itself: it is new.
    Itself,
    /// With the items of a patch.
    Patch(&'p [Node]),
}

/// The values of the keys of an item, empty where it has none.
type Tuple = Vec<Str>;

/// Merges a list by keys; the only key of a list of plain values is the empty text.
pub(super) fn merge<'s>(
    walk: Merge<'s>,
    target: &mut Vec<Node>,
    patch: Other<'_>,
    keys: &[&str],
    item: Option<Definition<'s>>,
) -> Result<()> {
    if matches!(patch, Other::Nothing | Other::Itself) && is_regular(target, keys) {
        return walk_each(walk, target, patch, item);
    }
    let mut list = KeyedList::new(std::mem::take(target), keys);
    let tuples = list.tuples(patch);
    let mut used = keys.to_vec();
    for tuple in &tuples {
        let (valid, values) = valid_keys(&tuples, tuple, keys);
        list.merge_item(walk, patch, &valid, &values, item)?;
        used = valid;
    }
    *target = if tuples.is_empty() {
        list.into_target()
    } else {
        list.join(&used)?
    };
    Ok(())
}

/// Whether every item is a map and the values of its keys tell it from all others, so that
/// merging the list with nothing changes neither its items nor their order.
fn is_regular(items: &[Node], keys: &[&str]) -> bool {
    let tuples: Vec<Vec<&str>> = items
        .iter()
        .map(|item| keys.iter().map(|key| value_of(item, key)).collect())
        .collect();
    let is_uniform = |column: usize| {
        let mut is_blank = tuples.iter().map(|tuple| tuple[column].is_empty());
        let first = is_blank.next().unwrap_or(false);
        is_blank.all(|blank| blank == first) && (column > 0 || !first)
    };
    let all_maps = items.iter().all(Node::is_map) || keys == [""];
    let mut sorted = tuples.clone();
    sorted.sort_unstable();
    all_maps && (0..keys.len()).all(is_uniform) && sorted.windows(2).all(|pair| pair[0] != pair[1])
}

fn walk_each<'s>(
    walk: Merge<'s>,
    items: &mut Vec<Node>,
    patch: Other<'_>,
    item: Option<Definition<'s>>,
) -> Result<()> {
    let mut result = Ok(());
    items.retain_mut(|node| {
        let kept = match patch {
            Other::Itself => walk.resolve_directives(node, item),
            _ => walk
                .walk(Some(node), None, item)
                .map(|outcome| matches!(outcome, Outcome::Kept)),
        };
        kept.map(|kept| kept && !is_blank(node))
            .unwrap_or_else(|error| {
                result = Err(error);
                true
            })
    });
    result
}

/// The value of an item's key, empty if it has none; a plain value is its own key.
fn value_of<'n>(item: &'n Node, key: &str) -> &'n str {
    let value = if key.is_empty() {
        Some(item)
    } else {
        item.get(key)
    };
    value
        .filter(|value| !value.is_null())
        .and_then(Node::text)
        .unwrap_or_default()
}

fn is_blank(node: &Node) -> bool {
    node.is_null() || node.is_map() && node.entries().is_empty()
}

/// A list while it is merged. Items are known by their number, because the same item may stand
/// in the old list and in the new one while it is changed.
struct KeyedList<'k> {
    keys: &'k [&'k str],
    pool: Vec<Node>,
    /// The list as it was, less what was deleted.
    old: Vec<usize>,
    /// The items that were merged so far, in the order of the patch.
    merged: Vec<usize>,
}

impl<'k> KeyedList<'k> {
    fn new(items: Vec<Node>, keys: &'k [&'k str]) -> Self {
        let old = (0..items.len()).collect();
        Self {
            keys,
            pool: items,
            old,
            merged: Vec::new(),
        }
    }

    /// The distinct key values of all items, those of the patch first.
    fn tuples(&self, patch: Other<'_>) -> Vec<Tuple> {
        let mut tuples: Vec<Tuple> = Vec::new();
        let mut known: FxHashSet<Tuple> = FxHashSet::default();
        let theirs = match patch {
            Other::Patch(items) => items,
            _ => &[],
        };
        for item in theirs.iter().chain(&self.pool) {
            let tuple: Tuple = self
                .keys
                .iter()
                .map(|key| value_of(item, key).into())
                .collect();
            if known.insert(tuple.clone()) {
                tuples.push(tuple);
            }
        }
        if self.keys.len() > 1 {
            unify(&mut tuples);
        }
        tuples
    }

    fn merge_item<'s>(
        &mut self,
        walk: Merge<'s>,
        patch: Other<'_>,
        keys: &[&str],
        values: &[Str],
        item: Option<Definition<'s>>,
    ) -> Result<()> {
        let ours = find(self.old.iter().map(|&at| &self.pool[at]), keys, values);
        let ours = ours.map(|position| self.old[position]);
        let outcome = match (ours, patch) {
            (None, Other::Nothing | Other::Itself) => Outcome::Cleared,
            (Some(at), Other::Itself) => {
                let kept = walk.resolve_directives(&mut self.pool[at], item)?;
                if kept {
                    Outcome::Kept
                } else {
                    Outcome::Cleared
                }
            }
            (Some(at), Other::Nothing) => walk.walk(Some(&mut self.pool[at]), None, item)?,
            (ours, Other::Patch(items)) => {
                let theirs = find(items.iter(), keys, values).map(|position| &items[position]);
                walk.walk(ours.map(|at| &mut self.pool[at]), theirs, item)?
            }
        };
        let at = match (outcome, ours) {
            (Outcome::Kept, Some(at)) => Some(at),
            (Outcome::Replaced(node), _) => {
                self.pool.push(node);
                Some(self.pool.len() - 1)
            }
            _ => None,
        };
        match at.filter(|&at| !is_blank(&self.pool[at])) {
            Some(at) => {
                self.name_item(at, keys, values);
                put(&mut self.merged, &self.pool, Some(at), keys, values)
            }
            None => put(&mut self.old, &self.pool, None, keys, values),
        }
    }

    /// Makes sure that an item says by which keys it is known.
    fn name_item(&mut self, at: usize, keys: &[&str], values: &[Str]) {
        for (key, value) in keys.iter().zip(values) {
            let item = &mut self.pool[at];
            if !key.is_empty() && !value.is_empty() && item.get(key).is_none() {
                item.set_scalar_field(key, value, None);
            }
        }
    }

    /// The merged items, then the old ones that are not among them.
    fn join(mut self, keys: &[&str]) -> Result<Vec<Node>> {
        let mut joined = std::mem::take(&mut self.merged);
        for &at in &self.old {
            let item = &self.pool[at];
            if keys == [""] {
                let value = [Str::from(item.text().unwrap_or_default())];
                put(&mut joined, &self.pool, Some(at), keys, &value)?;
                continue;
            }
            if !item.is_null() && !item.is_map() {
                return Err(not_a_map(item));
            }
            let mut values = Vec::with_capacity(keys.len());
            for key in keys {
                match item.get(key) {
                    Some(value) => values.push(Str::from(value.text().unwrap_or_default())),
                    None => joined.push(at),
                }
            }
            if keys.len() > 1 {
                put(&mut joined, &self.pool, None, keys, &values)?;
            }
            put(&mut joined, &self.pool, Some(at), keys, &values)?;
        }
        Ok(take(self.pool, &joined))
    }

    fn into_target(self) -> Vec<Node> {
        take(self.pool, &self.old)
    }
}

/// The chosen items; one that is chosen twice is copied.
fn take(pool: Vec<Node>, chosen: &[usize]) -> Vec<Node> {
    let mut pool: Vec<Option<Node>> = pool.into_iter().map(Some).collect();
    let mut taken: Vec<Node> = Vec::with_capacity(chosen.len());
    for (position, &at) in chosen.iter().enumerate() {
        let node = pool[at].take().or_else(|| {
            let earlier = chosen[..position].iter().position(|&other| other == at)?;
            Some(taken[earlier].clone())
        });
        taken.extend(node);
    }
    taken
}

/// The keys for which any item has a value, and the values of one item for them; if there are
/// none, all keys.
fn valid_keys<'k>(tuples: &[Tuple], tuple: &[Str], keys: &[&'k str]) -> (Vec<&'k str>, Vec<Str>) {
    let is_used = |column: usize| tuples.iter().any(|tuple| !tuple[column].is_empty());
    let columns: Vec<usize> = (0..keys.len()).filter(|&column| is_used(column)).collect();
    if columns.is_empty() {
        return (keys.to_vec(), tuple.to_vec());
    }
    columns
        .into_iter()
        .map(|column| (keys[column], tuple[column].clone()))
        .unzip()
}

/// Tuples that agree somewhere, and elsewhere differ only in that one has no value, become one.
fn unify(tuples: &mut [Tuple]) {
    for one in 0..tuples.len() {
        for other in 0..tuples.len() {
            if let Some(both) = united(&tuples[one], &tuples[other]) {
                tuples[one].clone_from(&both);
                tuples[other] = both;
            }
        }
    }
}

fn united(one: &[Str], other: &[Str]) -> Option<Tuple> {
    let pairs = || one.iter().zip(other);
    let agree = pairs().any(|(a, b)| a == b);
    let clash = pairs().any(|(a, b)| a != b && !a.is_empty() && !b.is_empty());
    let fuller = |(a, b): (&Str, &Str)| if a.is_empty() { b.clone() } else { a.clone() };
    (agree && !clash).then(|| pairs().map(fuller).collect())
}

/// The position of the first item that has these values, those without a value left aside.
fn find<'n>(
    mut items: impl Iterator<Item = &'n Node>,
    keys: &[&str],
    values: &[Str],
) -> Option<usize> {
    if keys == [""] {
        return items.position(|item| item.text().unwrap_or_default() == values[0]);
    }
    let is_given = values.iter().any(|value| !value.is_empty());
    items.position(|item| {
        item.is_map()
            && keys.iter().zip(values).all(|(key, value)| {
                (is_given && value.is_empty())
                    || item
                        .get(key)
                        .is_some_and(|field| field.text().unwrap_or_default() == value)
            })
    })
}

/// Replaces every item that has these values, or adds one if none has; without `new`, removes
/// them. Blank items go on the way, and so does everything if there are no values at all.
fn put(
    list: &mut Vec<usize>,
    pool: &[Node],
    new: Option<usize>,
    keys: &[&str],
    values: &[Str],
) -> Result<()> {
    let wants_map = !keys[0].is_empty() && values.first().is_some_and(|value| !value.is_empty());
    let mut was_there = false;
    let mut kept = Vec::with_capacity(list.len() + 1);
    for &at in list.iter() {
        let item = &pool[at];
        if is_blank(item) {
            continue;
        }
        if wants_map && !item.is_map() {
            kept.push(at);
            continue;
        }
        if !has_values(item, keys, values)? {
            if !values.is_empty() {
                kept.push(at);
            }
            continue;
        }
        was_there = true;
        kept.extend(new);
    }
    if !was_there {
        kept.extend(new);
    }
    *list = kept;
    Ok(())
}

/// Whether an item has the values; a key whose value is empty only has to be there, and one
/// without a value counts as the one before it.
fn has_values(item: &Node, keys: &[&str], values: &[Str]) -> Result<bool> {
    let mut found = false;
    for (position, key) in keys.iter().enumerate() {
        if let Some(value) = values.get(position) {
            found = if key.is_empty() {
                item.text().ok_or_else(|| not_a_map(item))? == value
            } else if item.is_map() {
                item.get(key).is_some_and(|field| {
                    value.is_empty() || field.text().unwrap_or_default() == value
                })
            } else {
                return Err(not_a_map(item));
            };
        }
        if !found {
            return Ok(false);
        }
    }
    Ok(true)
}

fn not_a_map(item: &Node) -> Error {
    Error::new(
        Kind::Patch,
        "an item of a list has another shape than its list asks for",
    )
    .at(item.span)
}
