//! Merges lists whose items are identified by merge keys.
//!
//! The items that a patch names come first, in its order, merged with those of the target; the
//! target's others follow. Where items lack a key, or have several, kustomize's result is not
//! what one would expect; it is kept, because manifests depend on it.

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::limits::Budget;
use kustom_yaml::{Node, Str};
use rustc_hash::{FxHashMap, FxHashSet};

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
    if let Other::Patch(theirs) = patch
        && let Some(columns) = regular_columns(target, theirs, keys)
    {
        *target = merge_regular(walk, std::mem::take(target), theirs, &columns, item)?;
        return Ok(());
    }
    merge_any(walk, target, patch, keys, item)
}

/// Merges any lists, each item held against all others.
fn merge_any<'s>(
    walk: Merge<'s>,
    target: &mut Vec<Node>,
    patch: Other<'_>,
    keys: &[&str],
    item: Option<Definition<'s>>,
) -> Result<()> {
    let mut list = KeyedList::new(std::mem::take(target), keys);
    charge_pairs(walk.budget, &list.pool, patch)?;
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
    if let ([only], [key, ..]) = (items, keys) {
        return (only.is_map() || keys == [""]) && !value_of(only, key).is_empty();
    }
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

/// The keys that tell items apart, if every item of both lists has a value for all of them, for
/// none of the others, and each list has each tuple once.
fn regular_columns<'k>(ours: &[Node], theirs: &[Node], keys: &[&'k str]) -> Option<Vec<&'k str>> {
    let all = || ours.iter().chain(theirs);
    let first = all().next()?;
    let fits = match keys {
        [""] => Node::is_scalar,
        _ => Node::is_map,
    };
    let is_given = |item: &Node, key: &&str| !value_of(item, key).is_empty();
    let columns: Vec<&str> = keys
        .iter()
        .copied()
        .filter(|key| is_given(first, key))
        .collect();
    let is_uniform = |item: &Node| {
        fits(item)
            && keys
                .iter()
                .all(|key| is_given(item, key) == columns.contains(key))
    };
    let are_distinct = |items: &[Node]| {
        let mut known = FxHashSet::default();
        items.len() < 2 || items.iter().all(|item| known.insert(tuple(item, &columns)))
    };
    let is_regular = columns.first() == keys.first()
        && all().all(is_uniform)
        && are_distinct(ours)
        && are_distinct(theirs);
    is_regular.then_some(columns)
}

fn tuple(item: &Node, keys: &[&str]) -> Tuple {
    keys.iter().map(|key| value_of(item, key).into()).collect()
}

/// Up to how many items are looked at one by one.
const FEW: usize = 16;

/// Merges lists with [`regular_columns`], in one pass: what all else comes to where no item is
/// like another.
fn merge_regular<'s>(
    walk: Merge<'s>,
    target: Vec<Node>,
    patch: &[Node],
    keys: &[&str],
    item: Option<Definition<'s>>,
) -> Result<Vec<Node>> {
    let known: Option<FxHashMap<Tuple, usize>> = (target.len() > FEW).then(|| {
        let items = target.iter().enumerate();
        items.map(|(at, item)| (tuple(item, keys), at)).collect()
    });
    let mut ours: Vec<Option<Node>> = target.into_iter().map(Some).collect();
    let place = |ours: &[Option<Node>], theirs: &Node| match &known {
        Some(known) => known.get(&tuple(theirs, keys)).copied(),
        // No other item of the patch is like this one, so what it means was not taken.
        None => ours.iter().position(|own| {
            let is_same = |own: &Node, key: &str| value_of(own, key) == value_of(theirs, key);
            let own = own.as_ref();
            own.is_some_and(|own| keys.iter().all(|key| is_same(own, key)))
        }),
    };
    let mut merged = Vec::with_capacity(ours.len() + patch.len());
    for theirs in patch {
        let at = place(&ours, theirs);
        let mut own = at.and_then(|at| ours[at].take());
        let kept = match (walk.walk(own.as_mut(), Some(theirs), item)?, own) {
            (Outcome::Cleared, _) => None,
            // One that is replaced stays as it was.
            (_, Some(own)) => Some(own),
            (Outcome::Replaced(new), None) => Some(new),
            (Outcome::Kept, None) => None,
        };
        merged.extend(kept.filter(|node| !is_blank(node)).map(|node| (at, node)));
    }
    for (at, own) in ours.into_iter().enumerate() {
        let Some(mut own) = own else { continue };
        if matches!(walk.walk(Some(&mut own), None, item)?, Outcome::Kept) && !is_blank(&own) {
            merged.push((Some(at), own));
        }
    }
    // Of several keys, the items that were there keep their order, behind those that are new.
    if keys.len() > 1 {
        merged.sort_by_key(|(at, _)| *at);
    }
    Ok(merged.into_iter().map(|(_, node)| node).collect())
}

/// What holding an item against another costs, in bytes: about as long as it takes to make them.
const PAIR: u64 = 2;

/// How many pairs cost nothing: those of lists as people write them.
const FREE_PAIRS: u64 = 4096;

/// Charges for lists in which each item is held against all others.
fn charge_pairs(budget: &Budget, ours: &[Node], patch: Other<'_>) -> Result<()> {
    let theirs = match patch {
        Other::Patch(items) => items,
        _ => &[],
    };
    let all = (ours.len() + theirs.len()) as u64;
    let pairs = all.saturating_mul(all).saturating_sub(FREE_PAIRS);
    if pairs == 0 {
        return Ok(());
    }
    let place = theirs.first().or(ours.first()).map(|item| item.span);
    let operator = "the merge of this list, whose items its keys do not tell apart,";
    let charged = budget.charge(operator, pairs.saturating_mul(PAIR));
    charged.map_err(|error| error.at(place.unwrap_or_default()))
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
            let tuple = tuple(item, self.keys);
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use kustom_yaml::{Options, read};

    use super::*;
    use crate::schema::Schema;

    fn items(text: &str) -> Vec<Node> {
        let nodes = read(text, &Options::default()).unwrap();
        nodes
            .first()
            .map_or(Vec::new(), |node| node.items().to_vec())
    }

    /// Lists of up to three of the items.
    fn lists(of: &[&str]) -> Vec<Vec<Node>> {
        let mut lists = vec![String::new()];
        let mut last = lists.clone();
        for _ in 0..3 {
            let longer = |list: &String| -> Vec<String> {
                of.iter().map(|item| format!("{list}- {item}\n")).collect()
            };
            last = last.iter().flat_map(longer).collect();
            lists.extend(last.clone());
        }
        lists.iter().map(|list| items(list)).collect()
    }

    #[test]
    fn lists_are_merged_in_one_pass_as_they_are_item_by_item() {
        let (schema, budget, seen) = (Schema::builtin(), Budget::default(), Cell::new(0));
        let walk = Merge::new(&schema, &budget, &seen);
        let ours: [&[&str]; 3] = [
            &[
                "{a: 1, x: 0}",
                "{a: 2, x: {y: }}",
                "{a: '1', b: 2}",
                "{b: 1}",
            ],
            &[
                "{a: 1, b: 1, x: 0}",
                "{a: 1, b: 2}",
                "{b: 1, a: 2}",
                "{a: 3}",
            ],
            &["v", "'1'", "w", "~"],
        ];
        let theirs: [&[&str]; 3] = [
            &[
                "{a: 1, y: 0}",
                "{a: 2, $patch: delete}",
                "{a: 3, $patch: replace}",
                "{a: 1, $patch: replace, z: 1}",
            ],
            &[
                "{a: 1, b: 1, $patch: delete}",
                "{a: 2, b: 1, x: 1}",
                "{a: 4, b: 1}",
                "{a: 1, b: 2, z: 1}",
            ],
            &["v", "1", "x", ""],
        ];
        let keys: [&[&str]; 3] = [&["a", "b"], &["a", "b"], &[""]];
        let mut counted = 0;
        for ((ours, theirs), keys) in ours.iter().zip(theirs).zip(keys) {
            for (ours, theirs) in lists(ours)
                .iter()
                .flat_map(|ours| lists(theirs).into_iter().map(move |theirs| (ours, theirs)))
            {
                let Some(columns) = regular_columns(ours, &theirs, keys) else {
                    continue;
                };
                counted += 1;
                let quick = merge_regular(walk, ours.clone(), &theirs, &columns, None).unwrap();
                let mut slow = ours.clone();
                merge_any(walk, &mut slow, Other::Patch(&theirs), keys, None).unwrap();
                assert_eq!(quick, slow, "{ours:?} {theirs:?}");
            }
        }
        assert!(counted > 1000, "{counted}");
    }
}
