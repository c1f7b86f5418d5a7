//! Finds keywords in many texts, and in parts of texts.
//!
//! Where that pays, one automaton over all of them reads each byte once.

use std::array;
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::{Anchored, MatchKind, dfa};

use super::keywords::Keywords;

/// How many bytes are searched before an automaton pays, which is quick, but long in the making.
const MANY: usize = 256 << 10;

/// How many parts of a long text are searched side by side: one search alone waits for the next
/// state most of the time.
const LANES: usize = 4;

/// Keywords to search for.
pub(super) struct Finder {
    keywords: Keywords,
    /// How many bytes the longest one has.
    longest: usize,
    /// Which bytes they are made of.
    is_part: [bool; 256],
    /// Finds what `keywords` finds.
    automaton: OnceLock<dfa::DFA>,
    /// How many bytes were searched so far.
    searched: AtomicUsize,
}

/// A keyword in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Which of the keywords it is.
    pub(super) number: usize,
    pub(super) range: Range<usize>,
}

impl Finder {
    pub(super) fn new(keywords: Keywords) -> Self {
        let words = keywords.words();
        let mut is_part = [false; 256];
        for byte in words.iter().flat_map(|word| word.bytes()) {
            is_part[usize::from(byte)] = true;
            is_part[usize::from(byte.to_ascii_uppercase())] = true;
        }
        Self {
            longest: words
                .iter()
                .map(|word| word.len())
                .max()
                .unwrap_or_default(),
            keywords,
            is_part,
            automaton: OnceLock::new(),
            searched: AtomicUsize::new(0),
        }
    }

    /// How many bytes the longest one has.
    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    /// Says that so many bytes will be searched: of many, the first need no automaton of their own.
    pub(super) fn expect(&self, bytes: usize) {
        if bytes >= MANY {
            self.searched.fetch_max(MANY, Ordering::Relaxed);
        }
    }

    /// Adds every keyword that overlaps a part of a text, or begins before and ends behind it, by
    /// their ends; also those that overlap each other.
    pub(super) fn find(&self, text: &[u8], part: Range<usize>, found: &mut Vec<Found>) {
        // Threads need not wait for each other's count when it is known to be enough.
        let mut searched = self.searched.load(Ordering::Relaxed);
        if searched < MANY {
            searched = self.searched.fetch_add(part.len(), Ordering::Relaxed);
        }
        if searched + part.len() < MANY {
            let start = self.start_before(text, part.start);
            let end = text.len().min(part.end + self.longest);
            for (number, range) in self.keywords.find(&text[start..end]) {
                let range = range.start + start..range.end + start;
                if range.end > part.start && range.start < part.end {
                    found.push(Found { number, range });
                }
            }
        } else {
            let build = || {
                dfa::Builder::new()
                    .ascii_case_insensitive(true)
                    .match_kind(MatchKind::Standard)
                    .build(self.keywords.words())
                    .expect("some hundred short keywords fit into an automaton")
            };
            self.find_with(self.automaton.get_or_init(build), text, part, found);
        }
    }

    /// As [`AhoCorasick::find_overlapping_iter`](aho_corasick::AhoCorasick::find_overlapping_iter),
    /// which stops at each match and costs several times as much for a byte.
    fn find_with(
        &self,
        automaton: &dfa::DFA,
        text: &[u8],
        mut part: Range<usize>,
        found: &mut Vec<Found>,
    ) {
        let mut add = |end: usize, state, part: &Range<usize>| {
            for index in 0..automaton.match_len(state) {
                let pattern = automaton.match_pattern(state, index);
                let start = end - automaton.pattern_len(pattern);
                if end > part.start && start < part.end {
                    found.push(Found {
                        number: pattern.as_usize(),
                        range: start..end,
                    });
                }
            }
        };
        if part.len() >= LANES * self.longest {
            let start = self.start_before(text, part.start);
            for (end, state) in match_ends(automaton, self.longest, &text[start..part.end]) {
                add(start + end, state, &part);
            }
            part.start = part.end;
        }
        let Ok(root) = automaton.start_state(Anchored::No) else {
            return;
        };
        let mut state = root;
        let start = self.start_before(text, part.start);
        let last = text.len().min(part.end + self.longest);
        for (at, &byte) in text.iter().enumerate().take(last).skip(start) {
            // No keyword goes on here.
            if at >= part.end && state == root {
                break;
            }
            state = automaton.next_state(Anchored::No, state, byte);
            if automaton.is_special(state) && automaton.is_match(state) {
                add(at + 1, state, &part);
            }
        }
    }

    /// Where a search begins so that it finds the keywords that go across an offset: no keyword is so
    /// long, or has the byte before.
    fn start_before(&self, text: &[u8], at: usize) -> usize {
        let before = text[..at].iter().rev().take(self.longest);
        at - before
            .take_while(|&&byte| self.is_part[usize::from(byte)])
            .count()
    }
}

/// Where matches end, in order, and the state there; the text is searched in parts of one width.
#[expect(
    clippy::needless_range_loop,
    reason = "all parts are read at one place at once"
)]
fn match_ends(automaton: &dfa::DFA, longest: usize, text: &[u8]) -> Vec<(usize, StateID)> {
    const PARTS: usize = LANES;
    let Ok(start) = automaton.start_state(Anchored::No) else {
        return Vec::new();
    };
    // Parts overlap by what the longest match needs.
    let width = (text.len() + (PARTS - 1) * longest) / PARTS;
    let step = width.saturating_sub(longest);
    let parts: [&[u8]; PARTS] = array::from_fn(|part| &text[part * step..][..width]);
    let mut states = [start; PARTS];
    // A match for so many bytes is about what texts have.
    let mut ends = Vec::with_capacity(text.len() / 256);
    for at in 0..width {
        let mut is_special = false;
        for part in 0..PARTS {
            states[part] = automaton.next_state(Anchored::No, states[part], parts[part][at]);
            is_special |= automaton.is_special(states[part]);
        }
        if is_special {
            for part in 0..PARTS {
                // What both parts have read is the earlier one's.
                let is_seen = part > 0 && at < longest;
                if automaton.is_match(states[part]) && !is_seen {
                    ends.push((part * step + at + 1, states[part]));
                }
            }
        }
    }
    // The division may leave some bytes at the end.
    let mut state = states[PARTS - 1];
    let rest = (PARTS - 1) * step + width;
    for (at, &byte) in text.iter().enumerate().skip(rest) {
        state = automaton.next_state(Anchored::No, state, byte);
        if automaton.is_match(state) {
            ends.push((at + 1, state));
        }
    }
    ends.sort_unstable_by_key(|(end, _)| *end);
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finder() -> Finder {
        let words = [
            "pass",
            "password",
            "word",
            "token",
            "ken",
            "a-rather-long-keyword",
        ];
        Finder::new(Keywords::new(words.to_vec()))
    }

    /// One that has an automaton.
    fn quick() -> Finder {
        let finder = finder();
        finder.expect(MANY);
        finder
    }

    /// Keywords among other words.
    fn drawn(finder: &Finder, length: usize) -> String {
        let words = finder.keywords.words();
        let mut state = 7_u32;
        let mut below = |limit: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as usize % limit
        };
        let mut text = String::new();
        while text.len() < length {
            text.push_str(words[below(words.len())]);
            text.push_str(&"X ".repeat(below(9)));
        }
        text
    }

    fn all(finder: &Finder, text: &str) -> Vec<Found> {
        let mut found = Vec::new();
        finder.find(text.as_bytes(), 0..text.len(), &mut found);
        found
    }

    #[test]
    fn with_and_without_an_automaton_the_same_is_found() {
        let text = drawn(&finder(), 1_000);
        let found = |expected| {
            let finder = finder();
            finder.expect(expected);
            let found = all(&finder, &text);
            (finder.automaton.get().is_some(), found)
        };
        let (few, many) = (found(0), found(MANY));
        assert_eq!(found(MANY - 1).0, few.0);
        assert_eq!((few.0, many.0), (false, true));
        assert!(few.1.len() > 10);
        assert_eq!(few.1, many.1);
    }

    #[test]
    fn keywords_overlap_in_any_case() {
        let found = all(&quick(), "a PassWord");
        let found: Vec<_> = found
            .into_iter()
            .map(|one| (one.number, one.range))
            .collect();
        assert_eq!(found, [(0, 2..6), (1, 2..10), (2, 6..10)]);
    }

    #[test]
    fn a_part_has_the_keywords_that_overlap_it() {
        let text = drawn(&finder(), 2_000);
        let whole = all(&finder(), &text);
        let lengths = [0, 1, 2, 5, 20, 21, 22, 83, 84, 85, 100, 500];
        let finder = finder();
        for searched in [0, MANY] {
            for start in (0..text.len()).step_by(3) {
                for length in lengths {
                    finder.searched.store(searched, Ordering::Relaxed);
                    let end = text.len().min(start + length);
                    let mut part = Vec::new();
                    finder.find(text.as_bytes(), start..end, &mut part);
                    let wanted = |one: &&Found| one.range.end > start && one.range.start < end;
                    assert!(
                        part.iter().eq(whole.iter().filter(wanted)),
                        "{start}..{end}"
                    );
                }
            }
            assert_eq!(finder.automaton.get().is_some(), searched == MANY);
        }
    }

    #[test]
    fn parts_side_by_side_show_what_one_search_shows() {
        let finder = quick();
        let text = drawn(&finder, 3_000);
        let mut alone = Vec::new();
        for at in 0..text.len() {
            finder.find(text.as_bytes(), at..at + 1, &mut alone);
        }
        alone.sort_by_key(|one| (one.range.end, one.range.start));
        alone.dedup();
        for end in LANES * finder.longest..text.len() {
            let wanted = alone.iter().filter(|one| one.range.end <= end);
            assert!(all(&finder, &text[..end]).iter().eq(wanted), "{end}");
        }
    }
}
