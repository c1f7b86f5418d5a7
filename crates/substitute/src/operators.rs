//! What operators make of a value.
//!
//! Values are bytes, offsets and lengths count them, and a result may so end within a character.

use memchr::memmem;

use crate::glob::Pattern;
use crate::template::Which;

/// The characters of a text as Go reads them: a byte that is none is U+FFFD.
pub(crate) fn characters(bytes: &[u8]) -> impl Iterator<Item = char> {
    bytes.utf8_chunks().flat_map(|chunk| {
        let invalid = chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER);
        chunk.valid().chars().chain(invalid)
    })
}

/// `${x^}` and its kin: one character becomes one character.
pub(crate) fn case(value: &[u8], upper: bool, first: bool) -> Vec<u8> {
    let change = if upper { to_upper } else { to_lower };
    if !first {
        return characters(value)
            .map(change)
            .collect::<String>()
            .into_bytes();
    }
    let Some(head) = characters(value).next() else {
        return Vec::new();
    };
    let width = match (head, value) {
        (char::REPLACEMENT_CHARACTER, [0xEF, 0xBF, 0xBD, ..]) => 3,
        (char::REPLACEMENT_CHARACTER, _) => 1,
        _ => head.len_utf8(),
    };
    let mut changed = change(head).to_string().into_bytes();
    changed.extend_from_slice(&value[width..]);
    changed
}

/// The capital letter, where it is a single one.
fn to_upper(c: char) -> char {
    match c {
        // Iota subscripts: in full they are two letters, by themselves titlecase ones.
        '\u{1F80}'..='\u{1F87}' | '\u{1F90}'..='\u{1F97}' | '\u{1FA0}'..='\u{1FA7}' => {
            char::from_u32(u32::from(c) + 8).unwrap_or(c)
        }
        '\u{1FB3}' => '\u{1FBC}',
        '\u{1FC3}' => '\u{1FCC}',
        '\u{1FF3}' => '\u{1FFC}',
        _ => single(c.to_uppercase()).unwrap_or(c),
    }
}

/// The small letter, where it is a single one.
fn to_lower(c: char) -> char {
    match c {
        'İ' => 'i',
        _ => single(c.to_lowercase()).unwrap_or(c),
    }
}

fn single(mut letters: impl Iterator<Item = char>) -> Option<char> {
    letters.next().filter(|_| letters.next().is_none())
}

/// `${x:offset:length}`; what is no number means the whole value.
pub(crate) fn slice<'v>(value: &'v [u8], offset: &[u8], length: Option<&[u8]>) -> &'v [u8] {
    let size = i64::try_from(value.len()).unwrap_or(i64::MAX);
    let Some(mut start) = number(offset) else {
        return value;
    };
    if start < 0 {
        start = (size + start).max(0);
    }
    let end = match length.map(number) {
        None => size,
        Some(None) => return value,
        Some(Some(length)) if length < 0 => size + length,
        Some(Some(length)) => start.saturating_add(length).min(size),
    };
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    range
        .and_then(|(start, end)| value.get(start..end))
        .unwrap_or_default()
}

/// A decimal number, perhaps with a sign.
fn number(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// `${x#pattern}` and its kin; nothing if that takes too many steps.
pub(crate) fn remove(
    value: &[u8],
    pattern: &[u8],
    suffix: bool,
    longest: bool,
    steps: &mut u64,
) -> Option<Vec<u8>> {
    if !suffix {
        return remove_prefix(value, pattern, longest, steps).map(<[u8]>::to_vec);
    }
    // Both are turned round, character by character: a class or an escape is then another one.
    let reversed = |bytes: &[u8]| {
        let text: Vec<char> = characters(bytes).collect();
        text.into_iter().rev().collect::<String>().into_bytes()
    };
    let (value, pattern) = (reversed(value), reversed(pattern));
    let left = remove_prefix(&value, &pattern, longest, steps)?;
    Some(reversed(left))
}

/// A value without the longest or the shortest prefix that a pattern matches, which is never empty.
fn remove_prefix<'v>(
    value: &'v [u8],
    pattern: &[u8],
    longest: bool,
    steps: &mut u64,
) -> Option<&'v [u8]> {
    let pattern = Pattern::new(pattern);
    let mut found = None;
    for end in (1..=value.len()).rev() {
        let cost = (pattern.len() as u64 + 1) * (end as u64 + 1);
        *steps = steps.checked_sub(cost)?;
        match pattern.matches(&value[..end]) {
            // A pattern that is broken changes nothing, unless the longest match was found before.
            Err(_) => return Some(value),
            Ok(true) if longest => return Some(&value[end..]),
            Ok(true) => found = Some(end),
            Ok(false) => {}
        }
    }
    Some(found.map_or(value, |end| &value[end..]))
}

/// How long a value can be after a replacement, at most.
pub(crate) fn longest_replacement(value: &[u8], text: &[u8], new: Option<&[u8]>) -> u64 {
    let times = value.len() as u64 / text.len().max(1) as u64 + 1;
    let new = new.map_or(0, <[u8]>::len) as u64;
    (value.len() as u64).saturating_add(times.saturating_mul(new))
}

/// `${x/text/new}` and its kin; the text is taken literally.
pub(crate) fn replace(value: &[u8], which: Which, text: &[u8], new: Option<&[u8]>) -> Vec<u8> {
    let inserted = new.unwrap_or_default();
    match which {
        Which::First => replace_at_most(value, text, inserted, 1),
        Which::All => replace_at_most(value, text, inserted, usize::MAX),
        Which::Prefix if new.is_some() && value.starts_with(text) => {
            [inserted, &value[text.len()..]].concat()
        }
        Which::Suffix if new.is_some() && value.ends_with(text) => {
            [&value[..value.len() - text.len()], inserted].concat()
        }
        Which::Prefix | Which::Suffix => value.to_vec(),
    }
}

/// Replaces a text so many times; an empty one stands before each character and at the end.
fn replace_at_most(value: &[u8], text: &[u8], new: &[u8], times: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let mut done = 0;
    if text.is_empty() {
        let mut gaps: Vec<usize> = Vec::new();
        let mut at = 0;
        for chunk in value.utf8_chunks() {
            gaps.extend(chunk.valid().char_indices().map(|(index, _)| at + index));
            at += chunk.valid().len();
            gaps.extend((0..chunk.invalid().len()).map(|index| at + index));
            at += chunk.invalid().len();
        }
        gaps.push(value.len());
        for gap in gaps.into_iter().take(times) {
            out.extend_from_slice(&value[done..gap]);
            out.extend_from_slice(new);
            done = gap;
        }
    } else {
        for at in memmem::find_iter(value, text).take(times) {
            out.extend_from_slice(&value[done..at]);
            out.extend_from_slice(new);
            done = at + text.len();
        }
    }
    out.extend_from_slice(&value[done..]);
    out
}
