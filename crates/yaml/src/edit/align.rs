//! Pairs the children of a changed collection with the old ones.
//!
//! Entries are told by their key, items by where they were read; what cannot be told is paired in
//! order. Children that changed places are not aligned: they are taken out and put in again.

use std::collections::{HashMap, HashSet};

use super::super::{Entry, Node, Value};
use super::same::same_data;
use crate::place::SourceId;

/// For every new child the number of the old one that it is, if there is one.
///
/// The numbers that are there rise.
pub(super) type Pairs = Vec<Option<usize>>;

/// Aligns the entries of a mapping.
pub(super) fn entries(before: &[Entry], after: &[Entry]) -> Pairs {
    let is_unmoved = before.len() <= after.len()
        && before
            .iter()
            .zip(after)
            .all(|(old, new)| same_key(&old.key, &new.key));
    if is_unmoved {
        return pairs_in_order(before.len(), after.len());
    }
    let mut known: HashMap<&str, Vec<usize>> = HashMap::with_capacity(before.len());
    for (number, entry) in before.iter().enumerate().rev() {
        known.entry(key_text(&entry.key)).or_default().push(number);
    }
    let mut pairs: Pairs = after
        .iter()
        .map(|entry| {
            let numbers = known.get_mut(key_text(&entry.key))?;
            let position = numbers
                .iter()
                .rposition(|&number| same_key(&before[number].key, &entry.key))?;
            Some(numbers.remove(position))
        })
        .collect();
    keep_rising(&mut pairs);
    pair_renamed(before, after, &mut pairs);
    pairs
}

/// Aligns the items of a sequence.
pub(super) fn items(before: &[Node], after: &[Node]) -> Pairs {
    let is_unmoved = before.len() <= after.len()
        && before
            .iter()
            .zip(after)
            .all(|(old, new)| is_same_place(old, new));
    if is_unmoved {
        return pairs_in_order(before.len(), after.len());
    }
    let mut known: HashMap<Place, usize> = HashMap::with_capacity(before.len());
    for (number, item) in before.iter().enumerate() {
        let place = place(item);
        if place.is_some() {
            known.entry(place).or_insert(number);
        }
    }
    let mut pairs: Pairs = after
        .iter()
        .map(|item| known.remove(&place(item)))
        .collect();
    keep_rising(&mut pairs);
    pair_in_gaps(before, after, &mut pairs);
    pairs
}

fn pairs_in_order(old: usize, new: usize) -> Pairs {
    (0..new)
        .map(|number| (number < old).then_some(number))
        .collect()
}

/// Where a node was read, by which it is recognised; `None` if it was not read.
pub(super) type Place = Option<(SourceId, u32, u32, u32)>;

pub(super) fn place(node: &Node) -> Place {
    let span = node.span;
    (span.line > 0).then_some((span.source, span.start, span.end, span.column))
}

/// Whether two nodes were read at the same place.
fn is_same_place(old: &Node, new: &Node) -> bool {
    let place_of_old = place(old);
    place_of_old.is_some() && place_of_old == place(new)
}

fn key_text(key: &Node) -> &str {
    match &key.value {
        Value::Scalar(text) | Value::Alias(text) => text,
        _ => "",
    }
}

fn same_key(old: &Node, new: &Node) -> bool {
    same_data(old, new)
}

/// Drops the pairs that would cross others: what stays is a longest rising sequence.
fn keep_rising(pairs: &mut Pairs) {
    let numbers: Vec<usize> = pairs.iter().flatten().copied().collect();
    if numbers.is_sorted() {
        return;
    }
    // Patience sorting: the tops of the piles, and for each number the one below it.
    let mut tops: Vec<usize> = Vec::new();
    let mut below: Vec<Option<usize>> = Vec::with_capacity(numbers.len());
    for (index, number) in numbers.iter().enumerate() {
        let pile = tops.partition_point(|&top| numbers[top] < *number);
        below.push(pile.checked_sub(1).map(|pile| tops[pile]));
        if pile == tops.len() {
            tops.push(index);
        } else {
            tops[pile] = index;
        }
    }
    let mut stays = vec![false; numbers.len()];
    let mut next = tops.last().copied();
    while let Some(index) = next {
        stays[index] = true;
        next = below[index];
    }
    let mut stays = stays.into_iter();
    for pair in pairs.iter_mut().filter(|pair| pair.is_some()) {
        if stays.next() == Some(false) {
            *pair = None;
        }
    }
}

/// The runs of children without a partner: new ones, and old ones at the same position.
fn gaps(pairs: &Pairs, old_len: usize) -> Vec<(std::ops::Range<usize>, std::ops::Range<usize>)> {
    let mut gaps = Vec::new();
    let (mut new_start, mut old_start) = (0, 0);
    for (new, pair) in pairs.iter().enumerate() {
        if let Some(old) = *pair {
            gaps.push((old_start..old, new_start..new));
            (old_start, new_start) = (old + 1, new + 1);
        }
    }
    gaps.push((old_start..old_len, new_start..pairs.len()));
    gaps.retain(|(old, new)| !old.is_empty() && !new.is_empty());
    gaps
}

/// Pairs entries at the same position whose value was read at the same place: the key was renamed.
fn pair_renamed(before: &[Entry], after: &[Entry], pairs: &mut Pairs) {
    for (old, new) in gaps(pairs, before.len()) {
        if old.len() != new.len() {
            continue;
        }
        for (old, new) in old.zip(new) {
            if is_same_place(&before[old].value, &after[new].value) {
                pairs[new] = Some(old);
            }
        }
    }
}

/// Pairs the items between two that are known: equal ones at both ends, then in order.
///
/// What only changed its place is no other item.
fn pair_in_gaps(before: &[Node], after: &[Node], pairs: &mut Pairs) {
    let places = |items: &[Node]| items.iter().filter_map(place).collect::<HashSet<_>>();
    let (known, wanted) = (places(before), places(after));
    let is_gone = |old: &usize| place(&before[*old]).is_none_or(|it| !wanted.contains(&it));
    let is_new = |new: &usize| place(&after[*new]).is_none_or(|it| !known.contains(&it));
    for (old, new) in gaps(pairs, before.len()) {
        let (old, new): (Vec<usize>, Vec<usize>) =
            (old.filter(is_gone).collect(), new.filter(is_new).collect());
        let (mut old, mut new) = (old.as_slice(), new.as_slice());
        while let ([first, rest @ ..], [twin, others @ ..]) = (old, new)
            && same_data(&before[*first], &after[*twin])
        {
            pairs[*twin] = Some(*first);
            (old, new) = (rest, others);
        }
        while let ([rest @ .., last], [others @ .., twin]) = (old, new)
            && same_data(&before[*last], &after[*twin])
        {
            pairs[*twin] = Some(*last);
            (old, new) = (rest, others);
        }
        for (old, new) in old.iter().zip(new) {
            pairs[*new] = Some(*old);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Options, read};
    use super::*;

    fn node(text: &str) -> Node {
        read(text, &Options::default()).unwrap().remove(0)
    }

    #[test]
    fn entries_are_told_by_their_key() {
        let (old, new) = (node("{a: 1, b: 2, c: 3}"), node("{c: 0, x: 0, a: 0}"));
        let pairs = entries(old.entries(), new.entries());
        assert_eq!(pairs.iter().flatten().count(), 1);
    }

    #[test]
    fn items_are_told_by_where_they_were_read() {
        let old = node("[a, b, c, d]");
        let mut new = old.clone();
        new.items_mut().unwrap().remove(1);
        assert_eq!(items(old.items(), new.items()), [Some(0), Some(2), Some(3)]);
        // What changed places is taken out and put in again.
        new.items_mut().unwrap().reverse();
        assert_eq!(items(old.items(), new.items()).iter().flatten().count(), 1);
    }

    #[test]
    fn items_from_elsewhere_are_paired_by_what_they_say_then_in_order() {
        let old = node("[a, b, c, d]");
        let new = Node::seq(["a", "x", "d"].map(Node::string).to_vec());
        assert_eq!(items(old.items(), new.items()), [Some(0), Some(1), Some(3)]);
    }
}
