//! Sorts keys as go-yaml does.
//!
//! Keys are compared rune by rune. At the first difference two letters compare by code point, a
//! letter sorts after anything else, and numbers that start there compare by value.
//! The relation is not transitive (`v10 < v1alpha2 < v2 < v10`). The order of keys that form a
//! cycle depends on the keys alone, not on their order in the input.

use std::cmp::Ordering;

use super::go_unicode::{is_digit, is_letter};
use crate::cut::Cut as _;

/// Puts items into the order of their keys; says where the first of two equal keys is, by its
/// index afterwards, if there are any.
pub(super) fn sort<T>(items: &mut [T], key: impl Fn(&T) -> &str) -> Option<usize> {
    // Nearly all keys that are in order differ first in letters, or one goes on where another ends.
    if is_sorted_by(items, |a, b| plainly_precedes(key(a), key(b))) {
        return None;
    }
    if !is_sorted_by(items, |a, b| key(a) < key(b)) {
        items.sort_by(|a, b| key(a).cmp(key(b)));
        let twice = items
            .windows(2)
            .position(|pair| key(&pair[0]) == key(&pair[1]));
        if twice.is_some() {
            return twice;
        }
    }
    if !is_sorted_by(items, |a, b| precedes(key(a), key(b))) {
        merge_sort(items, |a, b| precedes(key(a), key(b)));
    }
    None
}

fn is_sorted_by<T>(items: &[T], precedes: impl Fn(&T, &T) -> bool) -> bool {
    items.windows(2).all(|pair| precedes(&pair[0], &pair[1]))
}

/// A merge sort; unlike the standard library's it does not mind a relation that goes round in
/// circles.
fn merge_sort<T>(items: &mut [T], precedes: impl Fn(&T, &T) -> bool) {
    let mut order: Vec<usize> = (0..items.len()).collect();
    let mut merged = Vec::with_capacity(order.len());
    let mut width = 1;
    while width < order.len() {
        for run in order.chunks(2 * width) {
            let (mut left, mut right) = run.split_at(width.min(run.len()));
            while let ([a, left_rest @ ..], [b, right_rest @ ..]) = (left, right) {
                if precedes(&items[*b], &items[*a]) {
                    merged.push(*b);
                    right = right_rest;
                } else {
                    merged.push(*a);
                    left = left_rest;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        std::mem::swap(&mut order, &mut merged);
        merged.clear();
        width *= 2;
    }
    arrange(items, &order);
}

/// Moves the item at `order[i]` to `i`, for each `i`.
fn arrange<T>(items: &mut [T], order: &[usize]) {
    let mut target = vec![0; order.len()];
    for (to, &from) in order.iter().enumerate() {
        target[from] = to;
    }
    for index in 0..items.len() {
        while target[index] != index {
            let to = target[index];
            items.swap(index, to);
            target.swap(index, to);
        }
    }
}

/// Whether a key comes before another one by its bytes as well as by [`precedes`], for all that the
/// first difference tells.
fn plainly_precedes(a: &str, b: &str) -> bool {
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    match (a.as_bytes().get(same), b.as_bytes().get(same)) {
        (Some(a), Some(b)) => a < b && a.is_ascii_alphabetic() && b.is_ascii_alphabetic(),
        (None, Some(_)) => true,
        _ => false,
    }
}

/// Whether a key comes before another one.
pub(super) fn precedes(a: &str, b: &str) -> bool {
    compare(a, b) == Ordering::Less
}

fn compare(a: &str, b: &str) -> Ordering {
    let same = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let (Some(&first_a), Some(&first_b)) = (a.as_bytes().get(same), b.as_bytes().get(same)) else {
        return a.len().cmp(&b.len());
    };
    if first_a.is_ascii_alphabetic() && first_b.is_ascii_alphabetic() {
        return first_a.cmp(&first_b);
    }
    // The difference may lie inside a character.
    let start = (0..=same).rev().find(|&at| a.is_char_boundary(at));
    let (common, rest_a) = a.halves(start.unwrap_or(0));
    difference(common, rest_a, b.cut(common.len()..))
}

/// Compares what follows a common start; the first characters differ.
fn difference(common: &str, a: &str, b: &str) -> Ordering {
    let (Some(first_a), Some(first_b)) = (a.chars().next(), b.chars().next()) else {
        return a.len().cmp(&b.len());
    };
    match (is_letter(first_a), is_letter(first_b)) {
        (true, true) => return first_a.cmp(&first_b),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // Zeros that follow other digits of the same number are not leading zeros.
    let seed = i64::from((first_a == '0' || first_b == '0') && ends_in_nonzero_digits(common));
    let (number_a, digits_a) = number(a, seed);
    let (number_b, digits_b) = number(b, seed);
    number_a
        .cmp(&number_b)
        .then(digits_a.cmp(&digits_b))
        .then(first_a.cmp(&first_b))
}

fn ends_in_nonzero_digits(text: &str) -> bool {
    text.chars()
        .rev()
        .take_while(|&c| is_digit(c))
        .any(|c| c != '0')
}

/// The number at the start of a text and how many digits it has; one that is too large wraps
/// around, as it does in Go.
fn number(text: &str, seed: i64) -> (i64, usize) {
    text.chars()
        .take_while(|&c| is_digit(c))
        .fold((seed, 0), |(number, digits), c| {
            let digit = i64::from(u32::from(c)) - i64::from(u32::from('0'));
            let number = number.wrapping_mul(10).wrapping_add(digit);
            (number, digits + 1)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted<'k>(keys: &[&'k str]) -> Vec<&'k str> {
        let mut keys = keys.to_vec();
        assert_eq!(sort(&mut keys, |key| key), None);
        keys
    }

    /// Sorting finds the order from whatever order it starts.
    fn holds(wanted: &[&str]) {
        let mut keys = wanted.to_vec();
        for _ in 0..wanted.len() {
            keys.rotate_left(1);
            assert_eq!(sorted(&keys), wanted);
        }
        keys.reverse();
        assert_eq!(sorted(&keys), wanted);
    }

    #[test]
    fn punctuation_comes_first_then_digits_then_letters() {
        holds(&["a", "a-", "a.b", "a1", "a9", "a10", "aA", "aa", "ab", "b"]);
        holds(&["_x", "1", "A", "a"]);
        holds(&["A1", "Ab", "a"]);
    }

    #[test]
    fn numbers_go_by_value_and_then_by_length() {
        holds(&["v1", "v1.2", "v1.10", "v2", "v10"]);
        holds(&["a0", "a00", "a1", "a01", "a2"]);
        holds(&["a10", "a100", "a101"]);
    }

    #[test]
    fn letters_of_other_scripts_are_letters() {
        holds(&["\u{2460}", "Z", "z", "ä", "ж", "日"]);
        holds(&["é", "ê"]);
    }

    #[test]
    fn keys_that_go_in_circles_have_one_order() {
        let wanted = sorted(&["v10", "v1alpha2", "v2"]);
        assert_eq!(sorted(&["v2", "v10", "v1alpha2"]), wanted);
        assert_eq!(sorted(&["v1alpha2", "v2", "v10"]), wanted);
    }

    #[test]
    fn equal_keys_are_noticed() {
        assert_eq!(sort(&mut ["b", "a", "b"], |key| key), Some(1));
        assert_eq!(sort(&mut ["a", "a"], |key| key), Some(0));
    }

    #[test]
    fn a_number_too_large_wraps_around() {
        assert!(precedes("k9223372036854775808", "k1"));
    }
}
