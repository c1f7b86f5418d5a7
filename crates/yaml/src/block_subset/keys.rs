//! Keys that are printed as they stand.

use super::super::scan::is_blank_or_end;
use super::super::style::{Classes, Emitter, is_remarkable, of_string};
use super::super::{Dialect, Style, Tag, order, resolve, write};
use super::Reader;
use crate::search;

/// The longest key that is printed by its line; those that YAML limits are longer.
const KEY_LENGTH: usize = 128;

/// The keys of a mapping so far.
#[derive(Clone, Copy, Default)]
pub(super) struct Keys {
    /// Where the last one starts and ends.
    pub(super) last: (usize, usize),
    /// What bytes they have.
    classes: u8,
    /// Whether they are in another order than that of their bytes.
    are_odd: bool,
    /// Whether one is in quotes.
    have_quotes: bool,
    /// Whether they may have to be sorted.
    pub(super) are_unsorted: bool,
}

impl Keys {
    /// Whether their order is that of their bytes.
    pub(super) fn are_bytewise(&self) -> bool {
        self.classes & (DIGIT | ODD) == 0
    }

    /// Whether a key comes after the last one in the order in which they are printed.
    fn are_followed_by(&mut self, last: &str, key: &str) -> bool {
        let is_next = match differs_at(last.as_bytes(), key.as_bytes()) {
            Some((a, b)) => a < b,
            None => {
                self.are_odd |= last >= key;
                order::precedes(last, key)
            }
        };
        // The order of keys without digits is one of their characters, but not that of their bytes;
        // with digits it may go round in circles.
        is_next && !(self.are_odd && self.classes & DIGIT != 0)
    }
}

impl Reader<'_> {
    /// Whether a key starts at a position.
    pub(super) fn starts_key(&self, at: usize) -> bool {
        let bytes = self.bytes;
        if let Some(quote @ (b'"' | b'\'')) = bytes.get(at) {
            // Where a colon follows, somebody will look closer.
            let rest = bytes.get(at + 1..).unwrap_or_default();
            let end = search::first_of2(*quote, b'\n', rest).unwrap_or(rest.len());
            return rest.get(end) == Some(quote) && rest.get(end + 1) == Some(&b':');
        }
        let end = word_end(bytes, at);
        bytes.get(end) == Some(&b':') && is_blank_or_end(bytes, end + 1)
    }

    /// Moves over a key that is printed as it stands, to its colon; returns where that is, and how
    /// long the text of the key is.
    pub(super) fn key_as_printed(
        &mut self,
        line: &mut String,
        keys: &mut Keys,
        at: usize,
    ) -> Option<(usize, usize)> {
        let bytes = self.bytes;
        let before = keys.last;
        let is_first = before == (0, 0);
        let is_quoted = |at: usize| matches!(bytes.get(at), Some(b'"' | b'\''));
        if is_quoted(at) || !is_first && is_quoted(before.0) {
            return self.quoted_key(line, keys, at);
        }
        let (end, classes) = word(bytes, at);
        let key = bytes.get(at..end)?;
        let first = *key.first()?;
        if bytes.get(end) != Some(&b':') || key.len() > KEY_LENGTH {
            return None;
        }
        if is_remarkable(first) && !is_plain(self.text.get(at..end)?) {
            return None;
        }
        keys.classes |= classes;
        if !is_first && !keys.are_unsorted {
            keys.are_unsorted = match differs_at(bytes.get(before.0..before.1)?, key) {
                // Of letters the lesser comes first.
                Some((a, b)) if a > b => true,
                Some(_) if !keys.are_odd => false,
                _ => {
                    let last = self.text.get(before.0..before.1)?;
                    !keys.are_followed_by(last, self.text.get(at..end)?)
                }
            };
        }
        let can_be_sorted = !(keys.are_unsorted && keys.have_quotes);
        can_be_sorted.then_some((end, key.len()))
    }

    /// The same, where one of the keys is in quotes.
    #[cold]
    fn quoted_key(
        &mut self,
        line: &mut String,
        keys: &mut Keys,
        at: usize,
    ) -> Option<(usize, usize)> {
        let mut text_of = |at: usize| {
            let (text, end) = match self.bytes.get(at) {
                Some(quote @ (b'"' | b'\'')) => {
                    self.stand_at(at, at);
                    (self.quoted(*quote)?.text()?.to_owned(), self.at)
                }
                _ => {
                    let end = word_end(self.bytes, at);
                    let text = self.text.get(at..end).filter(|text| is_plain(text))?;
                    (text.to_owned(), end)
                }
            };
            // Nothing that JSON or the way to it could change.
            let is_simple =
                text.len() <= KEY_LENGTH && text.bytes().all(|it| matches!(it, b' '..=b'~'));
            line.clear();
            write::key(&text, line);
            (is_simple && self.text.get(at..end) == Some(line.as_str())).then_some((text, end))
        };
        let (key, end) = text_of(at)?;
        if keys.are_unsorted {
            return None;
        }
        // It may.
        keys.classes |= DIGIT;
        keys.have_quotes = true;
        let is_next = keys.last == (0, 0) || keys.are_followed_by(&text_of(keys.last.0)?.0, &key);
        (is_next && self.bytes.get(end) == Some(&b':')).then_some((end, key.len()))
    }
}

/// The first letters in which two keys differ, if they are letters.
#[inline]
fn differs_at(one: &[u8], other: &[u8]) -> Option<(u8, u8)> {
    let mut pairs = one.iter().zip(other);
    let (one, other) = pairs.find(|(one, other)| one != other)?;
    let are_letters = one.is_ascii_alphabetic() && other.is_ascii_alphabetic();
    are_letters.then_some((*one, *other))
}

/// Whether a text of one line, which nothing in the middle keeps from being plain, is a string that
/// is printed plain.
#[inline]
pub(super) fn is_plain(text: &str) -> bool {
    let Some(&first) = text.as_bytes().first() else {
        return false;
    };
    if !is_remarkable(first) && first != b'<' {
        return true;
    }
    // No longer word means something else.
    let is_word = first.is_ascii_alphabetic() && (text.len() > 5 || text == "type");
    is_word || is_plain_string(text)
}

#[cold]
fn is_plain_string(text: &str) -> bool {
    text != "<<"
        && resolve::plain(text, Dialect::Manifest).tag() == Tag::Str
        && of_string(text, Classes::of(text), Emitter::V2) == Style::Plain
}

/// The end of a word that may be a key.
fn word_end(bytes: &[u8], start: usize) -> usize {
    word(bytes, start).0
}

/// The end of a word that may be a key, and what bytes it has.
#[inline]
pub(super) fn word(bytes: &[u8], start: usize) -> (usize, u8) {
    let (mut at, mut classes) = (start, 0);
    loop {
        at += letters(bytes, at);
        match bytes.get(at).map(|byte| WORD[*byte as usize]) {
            None | Some(0) => return (at, classes),
            Some(class) => classes |= class,
        }
        at += 1;
    }
}

/// How many letters there are at a position; 0 may mean that the text ends soon.
#[inline]
fn letters(bytes: &[u8], start: usize) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let mut at = start;
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        // Each byte by itself: its highest bit says that it is no letter.
        let eight = u64::from_le_bytes(*eight);
        let lower = (eight | (ONES * 0x20)) & !HIGH;
        let from_a = lower + ONES * (0x80 - b'a' as u64);
        let beyond_z = lower + ONES * (0x80 - b'z' as u64 - 1);
        let others = (!from_a | beyond_z | eight) & HIGH;
        if others != 0 {
            at += (others.trailing_zeros() / 8) as usize;
            break;
        }
        at += 8;
    }
    at - start
}

const DIGIT: u8 = 2;

/// Between letters, or after them, but less than any in the order of keys.
const ODD: u8 = 4;

/// What a byte is in a word: 0 is none of it.
static WORD: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] = match byte {
            b'0'..=b'9' => DIGIT,
            b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'.' | b'/' | b'$' => 1,
            b'_' | b'~' => ODD,
            _ => 0,
        };
        byte += 1;
    }
    table
};
