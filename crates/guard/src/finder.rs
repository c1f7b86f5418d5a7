//! Finds keywords in many texts, and in parts of texts.
//!
//! Where that pays, one automaton over all of them reads each byte once.

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::automaton::{self, Automaton, LETTERS};
use super::keywords::Keywords;

/// How many bytes are searched before an automaton pays, which is quick, but long in the making.
const MANY: usize = 256 << 10;

/// Keywords to search for.
pub(super) struct Finder {
    keywords: Keywords,
    /// How many bytes the longest one has.
    longest: usize,
    /// Which bytes stand beside each other in one.
    neighbours: Neighbours,
    /// Finds what `keywords` finds.
    automaton: OnceLock<Automaton>,
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
        Self {
            longest: words
                .iter()
                .map(|word| word.len())
                .max()
                .unwrap_or_default(),
            neighbours: Neighbours::of(words),
            keywords,
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

    /// Adds every keyword that overlaps one of the parts of a text, or begins before and ends behind it,
    /// by their ends; also those that overlap each other.
    ///
    /// The parts come in order, and no keyword is longer than what lies between two of them.
    pub(super) fn find(&self, text: &[u8], parts: &[Range<usize>], found: &mut Vec<Found>) {
        let length = parts.iter().map(Range::len).sum();
        // Threads need not wait for each other's count when it is known to be enough.
        let mut searched = self.searched.load(Ordering::Relaxed);
        if searched < MANY {
            searched = self.searched.fetch_add(length, Ordering::Relaxed);
        }
        if searched + length < MANY {
            for part in parts {
                let wide = self.widened(text, part);
                for (number, range) in self.keywords.find(&text[wide.clone()]) {
                    let range = range.start + wide.start..range.end + wide.start;
                    if range.end > part.start && range.start < part.end {
                        found.push(Found { number, range });
                    }
                }
            }
        } else {
            let build = || {
                Automaton::new(self.keywords.words())
                    .expect("some hundred short keywords fit into an automaton")
            };
            self.find_with(self.automaton.get_or_init(build), text, parts, found);
        }
    }

    /// The parts are searched together: most are short, and a search side by side wants a long text.
    fn find_with(
        &self,
        automaton: &Automaton,
        text: &[u8],
        parts: &[Range<usize>],
        found: &mut Vec<Found>,
    ) {
        // Where each part begins in what is searched, and what of the text begins there.
        let mut pieces = Vec::with_capacity(parts.len());
        let mut joined = Vec::new();
        let searched = match parts {
            [part] => {
                let wide = self.widened(text, part);
                pieces.push((0, wide.start));
                &text[wide]
            }
            _ => {
                let length: usize = parts.iter().map(Range::len).sum();
                joined.reserve(length + parts.len() * self.longest);
                for part in parts {
                    let wide = self.widened(text, part);
                    pieces.push((joined.len(), wide.start));
                    joined.extend_from_slice(&text[wide]);
                    joined.push(BETWEEN);
                }
                &*joined
            }
        };
        let before = found.len();
        let words = self.keywords.words();
        let mut piece = 0;
        automaton.each(words, searched, |number, start| {
            while pieces.get(piece + 1).is_some_and(|next| next.0 <= start) {
                piece += 1;
            }
            while pieces[piece].0 > start {
                piece -= 1;
            }
            let (part, (begin, place)) = (&parts[piece], pieces[piece]);
            let start = start - begin + place;
            let range = start..start + words[number].len();
            let is_near = range.end > part.start && range.start < part.end;
            let is_word = |there: &[u8]| there.eq_ignore_ascii_case(words[number].as_bytes());
            if is_near && text.get(range.clone()).is_some_and(is_word) {
                found.push(Found { number, range });
            }
        });
        let order = |found: &Found| (found.range.end, found.range.start, found.number);
        if !found[before..].is_sorted_by_key(order) {
            found[before..].sort_unstable_by_key(order);
        }
    }

    /// A part with what keywords that go across its ends may have outside of it.
    fn widened(&self, text: &[u8], part: &Range<usize>) -> Range<usize> {
        let most = self.longest.saturating_sub(1);
        let are_joined = |pair: &&[u8]| self.neighbours.has(pair);
        let before = &text[..text.len().min(part.start + 1)];
        let before = before.windows(2).rev().take(most);
        let start = part.start - before.take_while(are_joined).count();
        let behind = text[part.end.saturating_sub(1)..].windows(2).take(most);
        let end = part.end + behind.take_while(are_joined).count();
        start..end
    }
}

/// Stands between parts that are searched together; in few keywords, and what is found across it is
/// held against the text.
const BETWEEN: u8 = 0;

/// Which letters stand beside each other in some words.
struct Neighbours([bool; LETTERS * LETTERS]);

impl Neighbours {
    fn of(words: &[&str]) -> Self {
        let mut neighbours = [false; LETTERS * LETTERS];
        for pair in words.iter().flat_map(|word| word.as_bytes().windows(2)) {
            neighbours[Self::number(pair)] = true;
        }
        Self(neighbours)
    }

    /// Whether two bytes may stand beside each other in a word.
    fn has(&self, pair: &[u8]) -> bool {
        self.0[Self::number(pair)]
    }

    fn number(pair: &[u8]) -> usize {
        let letters = pair.iter().map(|&byte| automaton::letter(byte));
        letters.fold(0, |number, letter| number * LETTERS + letter) % (LETTERS * LETTERS)
    }
}

#[cfg(test)]
mod tests {
    use std::slice;

    use super::*;
    use crate::drawn;

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
        let mut below = drawn::below(7);
        let mut text = String::new();
        while text.len() < length {
            text.push_str(words[below(words.len())]);
            text.push_str(&"X ".repeat(below(9)));
        }
        text
    }

    fn all(finder: &Finder, text: &str) -> Vec<Found> {
        let mut found = Vec::new();
        finder.find(
            text.as_bytes(),
            slice::from_ref(&(0..text.len())),
            &mut found,
        );
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
                    finder.find(text.as_bytes(), slice::from_ref(&(start..end)), &mut part);
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
    fn parts_together_have_what_each_has_alone() {
        let text = drawn(&finder(), 4_000);
        let mut below = drawn::below(11);
        for searched in [0, MANY] {
            for _ in 0..2_000 {
                let finder = finder();
                finder.searched.store(searched, Ordering::Relaxed);
                let (mut parts, mut at) = (Vec::new(), below(60));
                while at < text.len() && parts.len() < 12 {
                    let end = text.len().min(at + [0, 1, below(40), below(600)][below(4)]);
                    parts.push(at..end);
                    at = end + finder.longest + below(60);
                }
                let (mut together, mut alone) = (Vec::new(), Vec::new());
                finder.find(text.as_bytes(), &parts, &mut together);
                for part in &parts {
                    finder.find(text.as_bytes(), slice::from_ref(part), &mut alone);
                }
                assert_eq!(together, alone, "{parts:?}");
                let is_sorted = together.is_sorted_by_key(|one| (one.range.end, one.range.start));
                assert!(is_sorted, "{parts:?}");
            }
        }
    }

    #[test]
    fn parts_side_by_side_show_what_one_search_shows() {
        let finder = quick();
        let text = drawn(&finder, 3_000);
        let mut alone = Vec::new();
        for at in 0..text.len() {
            finder.find(text.as_bytes(), slice::from_ref(&(at..at + 1)), &mut alone);
        }
        alone.sort_by_key(|one| (one.range.end, one.range.start));
        alone.dedup();
        for end in 0..text.len() {
            let wanted = alone.iter().filter(|one| one.range.end <= end);
            assert!(all(&finder, &text[..end]).iter().eq(wanted), "{end}");
        }
    }
}
