//! Aligns the lines of two texts, or the items of two lists.
//!
//! Short lists are compared by Myers' algorithm, which finds the smallest difference, and takes the
//! product of length and difference for it. Of long ones first everything is set aside that only
//! one side has; if what is left is long still, the order of what both sides have once says where
//! they meet, and only what stands between two such places is compared as before. The result is the
//! same at every run, and a difference of any two texts; it may be larger than the smallest.

use std::hash::Hash;
use std::ops::Range;

use rustc_hash::FxHashMap;
use similar::{Algorithm, Change, ChangeTag, DiffOp, DiffableStr as _};
use similar::{capture_diff_slices, group_diff_ops};

/// How many items two lists may have together to be compared as they are.
const MANY: usize = 8_000;

/// The same, between two places where long lists meet.
const MANY_BETWEEN: usize = 2_000;

/// How many lines around a change are shown with it.
const CONTEXT: usize = 3;

/// Two texts, and which of their lines are the same.
pub struct Lines<'t> {
    old: Vec<&'t str>,
    new: Vec<&'t str>,
    operations: Vec<DiffOp>,
}

impl<'t> Lines<'t> {
    /// Compares two texts.
    pub fn of(old: &'t str, new: &'t str) -> Self {
        let (old, new) = (old.tokenize_lines(), new.tokenize_lines());
        let operations = operations(&old, &new);
        Self {
            old,
            new,
            operations,
        }
    }

    /// How the old lines become the new ones.
    pub fn operations(&self) -> &[DiffOp] {
        &self.operations
    }

    /// The changes, together where few lines are between them, with some lines around.
    pub fn groups(&self, context: usize) -> Vec<Vec<DiffOp>> {
        match self.operations.is_empty() {
            true => Vec::new(),
            false => group_diff_ops(self.operations.clone(), context),
        }
    }

    /// The lines of operations, each as kept, removed or added.
    pub fn changes(&self, operations: &[DiffOp]) -> Vec<Change<&'t str>> {
        let of = |operation: &DiffOp| -> Vec<Change<&'t str>> {
            operation.iter_changes(&self.old, &self.new).collect()
        };
        operations.iter().flat_map(of).collect()
    }

    /// The difference in the unified format; nothing where there is none.
    pub fn unified(&self, old_name: &str, new_name: &str) -> String {
        let mut out = String::new();
        for group in self.groups(CONTEXT) {
            let (Some(first), Some(last)) = (group.first(), group.last()) else {
                continue;
            };
            if out.is_empty() {
                out.push_str(&format!("--- {old_name}\n+++ {new_name}\n"));
            }
            let old = extent(first.old_range().start..last.old_range().end);
            let new = extent(first.new_range().start..last.new_range().end);
            out.push_str(&format!("@@ -{old} +{new} @@\n"));
            for change in self.changes(&group) {
                out.push_str(&shown(&change));
                if !ends_its_line(change.value()) {
                    out.push_str("\\ No newline at end of file\n");
                }
            }
        }
        out
    }

    /// All lines, each with its mark.
    pub fn all(&self) -> String {
        let changes = self.changes(&self.operations);
        changes.iter().map(shown).collect()
    }
}

/// A line with its mark and a line break.
fn shown(change: &Change<&str>) -> String {
    let mark = match change.tag() {
        ChangeTag::Delete => '-',
        ChangeTag::Insert => '+',
        ChangeTag::Equal => ' ',
    };
    let line = change.value();
    let end = if ends_its_line(line) { "" } else { "\n" };
    format!("{mark}{line}{end}")
}

fn ends_its_line(line: &str) -> bool {
    line.ends_with(['\n', '\r'])
}

/// Lines as a header counts them: the first one, and how many, unless it is one; of none it is the
/// one before.
fn extent(lines: Range<usize>) -> String {
    match lines.len() {
        1 => format!("{}", lines.start + 1),
        0 => format!("{},0", lines.start),
        many => format!("{},{many}", lines.start + 1),
    }
}

/// How one list becomes another.
pub(super) fn operations<T: Eq + Hash + Ord>(old: &[T], new: &[T]) -> Vec<DiffOp> {
    if old.len() + new.len() <= MANY {
        return capture_diff_slices(Algorithm::Myers, old, new);
    }
    let pairs = pairs(old, new);
    operations_of(&pairs, old.len(), new.len())
}

/// The items of long lists that are the same, in order.
fn pairs<T: Eq + Hash>(old: &[T], new: &[T]) -> Vec<(usize, usize)> {
    let same = |pair: &(&T, &T)| pair.0 == pair.1;
    let head = old.iter().zip(new).take_while(same).count();
    let rest = old.iter().skip(head).rev().zip(new.iter().skip(head).rev());
    let tail = rest.take_while(same).count();
    let (old_middle, new_middle) = (head..old.len() - tail, head..new.len() - tail);

    // Each item gets a number, and is counted on both sides.
    let mut numbers: FxHashMap<&T, usize> = FxHashMap::default();
    let mut counts: Vec<(usize, usize)> = Vec::new();
    let mut number = |item| {
        *numbers.entry(item).or_insert_with(|| {
            counts.push((0, 0));
            counts.len() - 1
        })
    };
    let old_numbers: Vec<usize> = old[old_middle.clone()].iter().map(&mut number).collect();
    let new_numbers: Vec<usize> = new[new_middle.clone()].iter().map(&mut number).collect();
    old_numbers.iter().for_each(|number| counts[*number].0 += 1);
    new_numbers.iter().for_each(|number| counts[*number].1 += 1);
    let kept = |numbers: &[usize]| -> Vec<Kept> {
        let both = |number: &usize| counts[*number].0 > 0 && counts[*number].1 > 0;
        let kept = numbers.iter().enumerate().filter(|(_, it)| both(it));
        kept.map(|(at, number)| Kept {
            number: *number,
            at: head + at,
        })
        .collect()
    };
    let (old_kept, new_kept) = (kept(&old_numbers), kept(&new_numbers));

    let mut pairs: Vec<(usize, usize)> = (0..head).map(|at| (at, at)).collect();
    if old_kept.len() + new_kept.len() <= MANY {
        compare(&old_kept, &new_kept, &mut pairs);
    } else {
        let is_single = |number: usize| counts[number] == (1, 1);
        meet(&old_kept, &new_kept, is_single, &mut pairs);
    }
    let ends = (0..tail).map(|at| (old.len() - tail + at, new.len() - tail + at));
    pairs.extend(ends);
    pairs
}

/// An item that both sides have, and where it stands.
#[derive(Clone, Copy)]
struct Kept {
    number: usize,
    at: usize,
}

/// The pairs of the smallest difference.
fn compare(old: &[Kept], new: &[Kept], pairs: &mut Vec<(usize, usize)>) {
    let numbers = |kept: &[Kept]| -> Vec<usize> { kept.iter().map(|it| it.number).collect() };
    for operation in capture_diff_slices(Algorithm::Myers, &numbers(old), &numbers(new)) {
        if let DiffOp::Equal {
            old_index,
            new_index,
            len,
        } = operation
        {
            pairs.extend((0..len).map(|by| (old[old_index + by].at, new[new_index + by].at)));
        }
    }
}

/// The pairs of single items in their longest common order, and what is the same between them.
fn meet(
    old: &[Kept],
    new: &[Kept],
    is_single: impl Fn(usize) -> bool,
    pairs: &mut Vec<(usize, usize)>,
) {
    let singles = new
        .iter()
        .enumerate()
        .filter(|(_, it)| is_single(it.number));
    let places: FxHashMap<usize, usize> = singles.map(|(at, it)| (it.number, at)).collect();
    let both = old.iter().enumerate();
    let candidates: Vec<(usize, usize)> = both
        .filter_map(|(at, it)| Some((at, *places.get(&it.number)?)))
        .collect();
    let (mut old_done, mut new_done) = (0, 0);
    let between = |old_range: Range<usize>, new_range: Range<usize>, pairs: &mut Vec<_>| {
        if old_range.len() + new_range.len() <= MANY_BETWEEN {
            compare(&old[old_range], &new[new_range], pairs);
        }
    };
    for (old_at, new_at) in longest_rise(&candidates) {
        between(old_done..old_at, new_done..new_at, pairs);
        pairs.push((old[old_at].at, new[new_at].at));
        (old_done, new_done) = (old_at + 1, new_at + 1);
    }
    between(old_done..old.len(), new_done..new.len(), pairs);
}

/// The longest part of a list, not necessarily in one piece, in which the second numbers rise.
fn longest_rise(list: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // By length: the item with the smallest number that ends a rise of it.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(list.len());
    for (index, (_, number)) in list.iter().enumerate() {
        let length = ends.partition_point(|end| list[*end].1 < *number);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        match ends.get_mut(length) {
            Some(end) => *end = index,
            None => ends.push(index),
        }
    }
    let mut rise = Vec::with_capacity(ends.len());
    let mut at = ends.last().copied();
    while let Some(index) = at {
        rise.push(list[index]);
        at = before[index];
    }
    rise.reverse();
    rise
}

/// The operations that pairs of equal items leave.
fn operations_of(pairs: &[(usize, usize)], old_len: usize, new_len: usize) -> Vec<DiffOp> {
    let mut operations = Vec::new();
    let (mut old_index, mut new_index) = (0, 0);
    let mut index = 0;
    loop {
        let (old_next, new_next) = pairs.get(index).copied().unwrap_or((old_len, new_len));
        let (old_len, new_len) = (old_next - old_index, new_next - new_index);
        match (old_len, new_len) {
            (0, 0) => {}
            (_, 0) => operations.push(DiffOp::Delete {
                old_index,
                old_len,
                new_index,
            }),
            (0, _) => operations.push(DiffOp::Insert {
                old_index,
                new_index,
                new_len,
            }),
            _ => operations.push(DiffOp::Replace {
                old_index,
                old_len,
                new_index,
                new_len,
            }),
        }
        let run = pairs[index.min(pairs.len())..].iter().enumerate();
        let len = run
            .take_while(|(by, pair)| **pair == (old_next + by, new_next + by))
            .count();
        if len == 0 {
            return operations;
        }
        operations.push(DiffOp::Equal {
            old_index: old_next,
            new_index: new_next,
            len,
        });
        index += len;
        (old_index, new_index) = (old_next + len, new_next + len);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The new list, made of the old one by operations.
    fn applied(operations: &[DiffOp], old: &[u64], new: &[u64]) -> Vec<u64> {
        let mut made = Vec::new();
        let mut read = 0;
        for operation in operations {
            assert_eq!(operation.old_range().start, read);
            read = operation.old_range().end;
            match operation {
                DiffOp::Equal { .. } => {
                    assert_eq!(old[operation.old_range()], new[operation.new_range()]);
                    made.extend_from_slice(&old[operation.old_range()]);
                }
                _ => made.extend_from_slice(&new[operation.new_range()]),
            }
        }
        assert_eq!(read, old.len());
        made
    }

    /// Numbers below a bound that look like chance.
    fn drawn(count: usize, below: u64, mut seed: u64) -> Vec<u64> {
        let mut next = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn operations_make_the_new_list_of_the_old_one() {
        for (count, below) in [(10, 3), (MANY, 50), (MANY, 1 << 30), (20_000, 9_000)] {
            for seed in 0..3 {
                let old = drawn(count, below, seed);
                let mut new = old.clone();
                for at in drawn(count / 50 + 1, count as u64, seed + 9) {
                    new[at as usize] = u64::MAX - at;
                }
                new.rotate_left(count / 3);
                assert_eq!(applied(&operations(&old, &new), &old, &new), new);
                let pairs = pairs(&old, &new);
                let made = operations_of(&pairs, old.len(), new.len());
                assert_eq!(applied(&made, &old, &new), new);
            }
        }
        for (old, new) in [(vec![], vec![]), (vec![], vec![1]), (vec![1], vec![])] {
            let made = operations_of(&pairs(&old, &new), old.len(), new.len());
            assert_eq!(applied(&made, &old, &new), new);
        }
    }

    #[test]
    fn long_texts_that_have_nothing_in_common_are_told_at_once() {
        let text =
            |word: &str| -> String { (0..60_000).map(|line| format!("{word} {line}\n")).collect() };
        let (old, new) = (text("a"), text("b"));
        assert!(matches!(
            Lines::of(&old, &new).operations(),
            [DiffOp::Replace { .. }]
        ));
        let (old, new) = (old.clone() + "same\n" + &old, new.clone() + "same\n" + &new);
        assert_eq!(Lines::of(&old, &new).operations().len(), 3);
    }

    #[test]
    fn the_unified_format_is_that_of_the_library() {
        for (old, new) in [
            ("", "a\n"),
            ("a\n", ""),
            ("a\nb\nc\n", "a\nc\n"),
            ("a\nb", "a\nb\n"),
            ("a\r\nb\rc", "a\nb\rd"),
            (
                "1\n2\n3\n4\n5\n6\n7\n8\n9\n",
                "1\n2\nx\n4\n5\n6\n7\n8\n9\n10\n",
            ),
            ("a\n", "a\n"),
        ] {
            let wanted = similar::TextDiff::from_lines(old, new)
                .unified_diff()
                .header("x", "y")
                .to_string();
            assert_eq!(Lines::of(old, new).unified("x", "y"), wanted);
        }
    }
}
