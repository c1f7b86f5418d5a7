//! Finds some hundred keywords in a text by the first three letters of each.
//!
//! An automaton over the same words takes fewer instructions for a byte, and as many to be made as
//! this takes for a hundred kilobytes. Messages and the files that they are about are shorter.

use std::ops::{ControlFlow, Range};

/// How many bits of a byte tell letters apart, in either case.
const BITS: u32 = 5;

/// The last three letters of a text, [`BITS`] of each.
const THREE: u32 = (1 << (3 * BITS)) - 1;

/// How many numbers hold a bit for all three letters.
const WORDS: usize = (THREE as usize + 1) / 64;

/// Keywords in lower case, found in either.
pub(super) struct Keywords {
    words: Vec<&'static str>,
    /// A bit for all three letters that a keyword begins with.
    begun: Box<[u64; WORDS]>,
    /// How many of the bits come before each of the numbers.
    before: Box<[u32; WORDS]>,
    /// The keywords, by their first three letters.
    by_letters: Vec<u32>,
    /// Where those begin that have the same letters, and where the last of them end.
    starts: Vec<usize>,
}

/// What is left of a text behind three letters when one more is read.
fn shifted(letters: u32, byte: u8) -> u32 {
    (letters << BITS | u32::from(byte) & ((1 << BITS) - 1)) & THREE
}

/// The first three letters of a keyword: any third one behind a word of two.
fn beginnings(word: &str) -> Range<u32> {
    let letters = word.bytes().take(3).fold(0, shifted);
    match word.len() {
        2 => (letters << BITS)..(letters + 1) << BITS,
        _ => letters..letters + 1,
    }
}

impl Keywords {
    /// Keywords of at least two bytes each, all printable ASCII and in lower case.
    pub(super) fn new(words: Vec<&'static str>) -> Self {
        let mut begun = Box::new([0_u64; WORDS]);
        for letters in words.iter().flat_map(|word| beginnings(word)) {
            begun[letters as usize / 64] |= 1 << (letters % 64);
        }
        let mut before = Box::new([0; WORDS]);
        let mut count = 0;
        for (before, bits) in before.iter_mut().zip(&*begun) {
            *before = count;
            count += bits.count_ones();
        }
        let mut keywords = Self {
            by_letters: Vec::new(),
            starts: vec![0; count as usize + 1],
            words,
            begun,
            before,
        };
        keywords.sort();
        keywords
    }

    /// Puts the keywords in the order of their letters; those that share them keep theirs.
    fn sort(&mut self) {
        let words = self.words.iter();
        let all = words.flat_map(|word| beginnings(word));
        let mut counts = vec![0; self.starts.len()];
        for letters in all {
            counts[self.rank(letters)] += 1;
        }
        let mut end = 0;
        for (start, count) in self.starts.iter_mut().zip(&counts) {
            *start = end;
            end += count;
        }
        self.by_letters = vec![0; end];
        let mut places = self.starts.clone();
        for (number, word) in (0..).zip(&self.words) {
            for letters in beginnings(word) {
                let rank = self.rank(letters);
                self.by_letters[places[rank]] = number;
                places[rank] += 1;
            }
        }
    }

    /// How many other three letters that keywords begin with come before some.
    fn rank(&self, letters: u32) -> usize {
        let (word, bit) = (letters as usize / 64 % WORDS, letters % 64);
        let lower = self.begun[word] & ((1 << bit) - 1);
        (self.before[word] + lower.count_ones()) as usize
    }

    /// The keywords, by their numbers.
    pub(super) fn words(&self) -> &[&'static str] {
        &self.words
    }

    /// All keywords of a text, also those that overlap, each by its number and where it stands: in
    /// the order of their ends, the longest first.
    pub(super) fn find(&self, text: &[u8]) -> Vec<(usize, Range<usize>)> {
        let mut found = Vec::new();
        let _ = self.each(text, |number, range| {
            found.push((range.end, range.start, number));
            ControlFlow::Continue(())
        });
        found.sort_unstable();
        let found = found.into_iter();
        found
            .map(|(end, start, number)| (number, start..end))
            .collect()
    }

    /// Whether a text has a keyword.
    pub(super) fn are_in(&self, text: &[u8]) -> bool {
        self.each(text, |_, _| ControlFlow::Break(())).is_break()
    }

    /// Visits the keywords of a text in the order in which they begin, as long as it is asked to.
    fn each(
        &self,
        text: &[u8],
        mut visit: impl FnMut(usize, Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let mut letters = 0;
        for (at, &byte) in text.iter().enumerate() {
            letters = shifted(letters, byte);
            if self.begins(letters)
                && let Some(start) = at.checked_sub(2)
            {
                self.begin_at(text, start, letters, &mut visit)?;
            }
        }
        // The last two letters may be a word.
        letters = shifted(letters, 0);
        match text.len().checked_sub(2).filter(|_| self.begins(letters)) {
            Some(start) => self.begin_at(text, start, letters, &mut visit),
            None => ControlFlow::Continue(()),
        }
    }

    /// Whether a keyword begins with three letters.
    fn begins(&self, letters: u32) -> bool {
        self.begun[letters as usize / 64 % WORDS] >> (letters % 64) & 1 == 1
    }

    /// Visits the keywords that begin at an offset.
    fn begin_at(
        &self,
        text: &[u8],
        start: usize,
        letters: u32,
        visit: &mut impl FnMut(usize, Range<usize>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let rank = self.rank(letters);
        for &number in &self.by_letters[self.starts[rank]..self.starts[rank + 1]] {
            let number = number as usize;
            let word = self.words[number].as_bytes();
            let range = start..start + word.len();
            let found = text.get(range.clone());
            if found.is_some_and(|found| found.eq_ignore_ascii_case(word)) {
                visit(number, range)?;
            }
        }
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawn;

    #[test]
    fn words_are_found_where_an_automaton_finds_them() {
        const WORDS: [&str; 9] = [
            "pw", "pass", "password", "ass", "key", "a3-", "://", "sword", "pass",
        ];
        let keywords = Keywords::new(WORDS.to_vec());
        let automaton = aho_corasick::AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .build(WORDS)
            .unwrap();
        let pieces = [
            "p", "P", "w", "pass", "PassWord", "swor", "d", "key", "KEY", "a3", "-", ":", "//",
            "é", " ", "\0", "ey",
        ];
        let mut below = drawn::below(7);
        let mut count = 0;
        for _ in 0..20_000 {
            let text: String = (0..below(12))
                .map(|_| pieces[below(pieces.len())])
                .collect();
            let found = keywords.find(text.as_bytes());
            let wanted = automaton.find_overlapping_iter(&text);
            let wanted: Vec<_> = wanted
                .map(|found| (found.pattern().as_usize(), found.range()))
                .collect();
            assert_eq!(found, wanted, "{text:?}");
            assert_eq!(keywords.are_in(text.as_bytes()), !found.is_empty());
            count += found.len();
        }
        assert!(count > 20_000, "{count}");
    }
}
