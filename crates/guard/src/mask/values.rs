//! Values that are looked for in messages, in either case of their letters.
//!
//! They are sorted, and each place of a message is held against them: messages are short, and an
//! automaton over all values of a run takes longer to be made than all that is told. A long text
//! may nearly repeat a long value at each of its places; an automaton reads it once.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, MatchKind};

use super::pointed::{COMPACT, SHORTEST};

/// What a message is held against.
pub(super) struct Values {
    /// In order, each once.
    values: Vec<Value>,
    /// A bit for each beginning that a value has.
    begun: [u64; BEGINNINGS / 64],
    /// For texts longer than [`LONGEST_MESSAGE`].
    automaton: OnceLock<Option<AhoCorasick>>,
}

/// How long a text may be that is held against the values place by place.
const LONGEST_MESSAGE: usize = 2048;

struct Value {
    /// In lower case, as far as it is ASCII.
    folded: Box<[u8]>,
    /// Whether it is hidden although it stands elsewhere in the open.
    is_sure: bool,
    /// The longest value that this one begins with.
    shorter: Option<usize>,
}

/// How many beginnings are told apart.
const BEGINNINGS: usize = 4096;

/// The number of a beginning.
fn beginning(letters: &[u8; SHORTEST]) -> usize {
    // What a letter of either case has in common.
    let folded = u32::from_le_bytes(letters.map(|letter| letter | 0x20));
    (folded.wrapping_mul(0x9e37_79b1) >> 20) as usize % BEGINNINGS
}

impl Values {
    /// Values, none of them shorter than [`SHORTEST`], and whether each is sure.
    ///
    /// Of those that differ in the case of their letters, the first counts.
    pub(super) fn of(values: &BTreeMap<String, bool>) -> Self {
        let folded = values.iter().map(|(value, &is_sure)| Value {
            folded: value.to_ascii_lowercase().into_bytes().into(),
            is_sure,
            shorter: None,
        });
        let mut values: Vec<Value> = folded.collect();
        values.sort_by(|one, other| one.folded.cmp(&other.folded));
        values.dedup_by(|next, first| next.folded == first.folded);
        let mut begun = [0; BEGINNINGS / 64];
        // The values that the one before begins with, the longest last.
        let mut open: Vec<usize> = Vec::new();
        for at in 0..values.len() {
            let value = &values[at].folded;
            while open
                .pop_if(|open| !value.starts_with(&values[*open].folded))
                .is_some()
            {}
            if let Some(letters) = value.first_chunk() {
                let beginning = beginning(letters);
                begun[beginning / 64] |= 1 << (beginning % 64);
            }
            values[at].shorter = open.last().copied();
            open.push(at);
        }
        Self {
            values,
            begun,
            automaton: OnceLock::new(),
        }
    }

    /// Where values stand in a text, and whether each is sure: from left to right the longest of
    /// those that begin first, none over another.
    pub(super) fn find(&self, text: &str) -> Vec<(Range<usize>, bool)> {
        if self.values.is_empty() {
            return Vec::new();
        }
        match self.automaton_for(text) {
            Some(automaton) => {
                let found = automaton.find_iter(text);
                let is_sure = |value: usize| self.values[value].is_sure;
                found
                    .map(|found| (found.range(), is_sure(found.pattern().as_usize())))
                    .collect()
            }
            None => self.find_by_place(text.as_bytes()),
        }
    }

    fn automaton_for(&self, text: &str) -> Option<&AhoCorasick> {
        if text.len() <= LONGEST_MESSAGE {
            return None;
        }
        let build = || {
            AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .ascii_case_insensitive(true)
                .kind(Some(COMPACT))
                .build(self.values.iter().map(|value| &value.folded))
                .ok()
        };
        self.automaton.get_or_init(build).as_ref()
    }

    fn find_by_place(&self, text: &[u8]) -> Vec<(Range<usize>, bool)> {
        let mut found = Vec::new();
        let mut at = 0;
        while let Some(letters) = text[at..].first_chunk() {
            let beginning = beginning(letters);
            let is_begun = self.begun[beginning / 64] >> (beginning % 64) & 1 == 1;
            let value = is_begun.then(|| self.longest(&text[at..])).flatten();
            match value {
                Some(value) => {
                    let end = at + value.folded.len();
                    found.push((at..end, value.is_sure));
                    at = end;
                }
                None => at += 1,
            }
        }
        found
    }

    /// The longest value that a text begins with.
    fn longest(&self, text: &[u8]) -> Option<&Value> {
        let folded = || text.iter().map(u8::to_ascii_lowercase);
        let behind = self
            .values
            .partition_point(|value| value.folded.iter().copied().le(folded()));
        // What the text begins with, the last one before it begins with as well.
        let mut at = behind.checked_sub(1);
        while let Some(number) = at {
            let value = &self.values[number];
            let head = text.get(..value.folded.len());
            if head.is_some_and(|head| head.eq_ignore_ascii_case(&value.folded)) {
                return Some(value);
            }
            at = value.shorter;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawn;

    #[test]
    fn values_are_found_where_an_automaton_finds_them() {
        let pieces = [
            "a", "A", "b", "ab", "aB", "-", "é", "É", "hunter2", "Hunter", "\u{1}", "[{",
        ];
        let mut below = drawn::below(7);
        let (mut count, mut sure) = (0, 0);
        for _ in 0..1_000 {
            let mut drawn = |most: usize| -> String {
                (0..below(most))
                    .map(|_| pieces[below(pieces.len())])
                    .collect()
            };
            let mut values: BTreeMap<String, bool> = BTreeMap::new();
            for number in 0..30 {
                values.insert(drawn(8), number % 3 == 0);
            }
            values.retain(|value, _| value.len() >= SHORTEST);
            let automaton = AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .ascii_case_insensitive(true)
                .build(values.keys())
                .unwrap();
            let is_sure: Vec<bool> = values.values().copied().collect();
            let own = Values::of(&values);
            let check = |text: &str| -> Vec<(Range<usize>, bool)> {
                let wanted = automaton.find_iter(text);
                let wanted: Vec<_> = wanted
                    .map(|found| (found.range(), is_sure[found.pattern().as_usize()]))
                    .collect();
                assert_eq!(own.find(text), wanted, "{text:?} {values:?}");
                wanted
            };
            let messages: Vec<String> = (0..10).map(|_| drawn(40)).collect();
            for message in &messages {
                let found = check(message);
                count += found.len();
                sure += found.iter().filter(|(_, is_sure)| *is_sure).count();
            }
            assert!(own.automaton.get().is_none());
            let long = messages.concat() + &"\n".repeat(LONGEST_MESSAGE);
            check(&(long.clone() + &long));
            assert!(own.automaton.get().is_some());
        }
        assert!(count > 5_000 && sure > 500, "{count} {sure}");
    }
}
