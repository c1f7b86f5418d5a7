//! What a text shows by itself: tokens, credentials in addresses, what is assigned to a password.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::OnceLock;

use kustom_yaml::cut::Cut as _;
use rustc_hash::FxHashSet;

use crate::address::credentials;
use crate::harmless::{is_fingerprint, is_hash, is_uuid};
use crate::judge::{ValueContext, judge};
use crate::placeholder::is_placeholder_value;
use crate::remembered::remembered;
use crate::sensitive::assigned;
use crate::{Guard, rule_ids};

use super::hide::HIDDEN;

/// How long a word must be to look drawn.
const DRAWN: usize = 16;

/// The guard that judges messages; one is enough, since it knows nothing of them.
pub(super) fn guard() -> &'static Guard {
    static GUARD: OnceLock<Guard> = OnceLock::new();
    GUARD.get_or_init(Guard::new)
}

/// How many texts are remembered that showed nothing, and how long one may be.
const REMEMBERED: [usize; 2] = [1 << 16, 1 << 9];

thread_local! {
    /// Texts that showed nothing: a finding passes several doors on its way out.
    static CLEAN: RefCell<FxHashSet<Box<str>>> = RefCell::default();
    /// Words that do not look drawn: findings of one rule have most of theirs in common.
    static COMMON: RefCell<FxHashSet<Box<str>>> = RefCell::default();
}

/// Remembers a text that showed nothing.
fn remember(texts: &mut FxHashSet<Box<str>>, text: &str) {
    if text.len() > REMEMBERED[1] {
        return;
    }
    if texts.len() >= REMEMBERED[0] {
        texts.clear();
    }
    texts.insert(text.into());
}

/// What a text shows by itself.
pub(super) fn evident(text: &str) -> Vec<Range<usize>> {
    if text.is_empty() || CLEAN.with_borrow(|clean| clean.contains(text)) {
        return Vec::new();
    }
    let ranges = searched(text);
    if ranges.is_empty() {
        CLEAN.with_borrow_mut(|clean| remember(clean, text));
    }
    ranges
}

fn searched(text: &str) -> Vec<Range<usize>> {
    let mut ranges = credentials(text);
    ranges.extend(remembered(text));
    let hits = guard().search("", text.as_bytes(), 0).into_iter();
    ranges.extend(
        hits.filter(|hit| hit.rule != rule_ids::WEAK && is_whole(text, &hit.range))
            .map(|hit| hit.range),
    );
    let values = assigned(text).into_iter();
    ranges.extend(values.filter(|range| {
        let value = text.cut(range.clone()).trim_matches(['"', '\'']);
        value.len() > 1 && !is_placeholder_value(value) && !is_shown(value)
    }));
    ranges.extend(drawn(text));
    ranges
}

/// Whether a range can be cut out.
fn is_whole(text: &str, range: &Range<usize>) -> bool {
    text.is_char_boundary(range.start) && text.is_char_boundary(range.end) && !range.is_empty()
}

/// `ce24…(40`, `<secret A,`, `***`: what is shown of a secret already; or no value at all.
fn is_shown(value: &str) -> bool {
    value.contains('…')
        || value.starts_with("<secret")
        || value.starts_with(HIDDEN)
        || matches!(value, "true" | "false" | "null" | "{}" | "[]")
        || value.bytes().all(|byte| byte.is_ascii_punctuation())
}

/// Words that look drawn at random, and are no hashes, names or paths.
fn drawn(text: &str) -> Vec<Range<usize>> {
    let is_secret = |range: &Range<usize>| {
        let word = text.cut(range.clone());
        if COMMON.with_borrow(|common| common.contains(word)) {
            return false;
        }
        let is_name = || is_hash(word) || is_uuid(word) || is_fingerprint(word);
        let is_drawn = judge("token", word, ValueContext::Text).is_some() && !is_name();
        if !is_drawn {
            COMMON.with_borrow_mut(|common| remember(common, word));
        }
        is_drawn
    };
    let mut found = Vec::new();
    let is_end = |c: char| {
        let is_sign = matches!(
            c,
            '`' | '"' | '\'' | ',' | ';' | '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '='
        );
        is_sign || c.is_whitespace()
    };
    for word in long_words(text, 0..text.len(), is_end) {
        if is_secret(&word) {
            found.push(word);
            continue;
        }
        // A part of a path or of the way to a field.
        let parts = long_words(text, word, |c| matches!(c, '.' | '/' | ':'));
        found.extend(parts.filter(is_secret));
    }
    found
}

/// The words of a part of a text that are long enough to look drawn.
fn long_words<'t>(
    text: &'t str,
    range: Range<usize>,
    is_end: impl Fn(char) -> bool + 't,
) -> impl Iterator<Item = Range<usize>> + 't {
    let mut start = range.start;
    let words = text.cut(range).split(is_end).map(move |word| {
        let at = start;
        let behind = text.cut(at + word.len()..).chars().next();
        start = at + word.len() + behind.map_or(0, char::len_utf8);
        at..at + word.len()
    });
    words.filter(|word| word.len() >= DRAWN)
}
