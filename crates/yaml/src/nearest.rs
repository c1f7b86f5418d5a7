//! Words in which the nearest to many others are looked for.
//!
//! [`error::nearest`](crate::error::nearest) compares a word with all others; here the words are
//! sorted, and those that begin alike are compared together as far as they do. A word that is near
//! is looked for first, so what is far from it is left after a few letters.

use super::Str;
use crate::error::{LONGEST_WORD, most_letters};

/// Words that are looked up by others that are spelt nearly so.
///
/// # Example
///
/// ```
/// use kustom_yaml::nearest::Words;
///
/// let words = Words::of(["resources", "replicas"]);
/// assert_eq!(words.nearest("resorces"), Some("resources"));
/// assert_eq!(words.nearest("zebra"), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// As they are written, in their order.
    words: Vec<Str>,
    /// Their letters, all small, and which of them they are, sorted.
    sorted: Vec<(Vec<char>, usize)>,
}

impl Words {
    /// Of some words, whose order decides between those that are as near.
    pub fn of<W: Into<Str>>(words: impl IntoIterator<Item = W>) -> Self {
        let words: Vec<Str> = words.into_iter().map(Into::into).collect();
        let letters = |word: &Str| word.to_lowercase().chars().collect();
        let mut sorted: Vec<_> = words.iter().map(letters).zip(0..).collect();
        sorted.sort_unstable();
        Self { words, sorted }
    }

    /// The words, in their order.
    pub fn as_slice(&self) -> &[Str] {
        &self.words
    }

    /// The word that a mistyped one was probably meant to be: what
    /// [`error::nearest`](crate::error::nearest) finds among them.
    pub fn nearest(&self, word: &str) -> Option<&str> {
        let letters: Vec<char> = word.to_lowercase().chars().collect();
        if letters.len() > LONGEST_WORD {
            return None;
        }
        (0..=most_letters(word, word)).find_map(|most| {
            let first = (0..=letters.len()).map(|column| column.min(most + 1));
            let mut search = Search {
                words: self,
                word,
                letters: &letters,
                most,
                path: Vec::new(),
                rows: vec![first.collect()],
                least: vec![0],
                found: None,
            };
            search.below(&self.sorted);
            search.found.map(|at| self.words[at].as_str())
        })
    }
}

/// A search for the words that differ in a number of letters.
struct Search<'w> {
    words: &'w Words,
    /// What is looked for.
    word: &'w str,
    letters: &'w [char],
    /// In how many letters it may differ.
    most: usize,
    /// What the words that are looked at begin with.
    path: Vec<char>,
    /// How much each beginning of `path` differs from each beginning of `letters`; what is more than
    /// `most` need not be exact.
    rows: Vec<Vec<usize>>,
    /// The least of each row.
    least: Vec<usize>,
    /// The first of the words that were found.
    found: Option<usize>,
}

impl Search<'_> {
    /// Looks through words that begin with `path`.
    fn below(&mut self, mut words: &[(Vec<char>, usize)]) {
        let depth = self.path.len();
        while let [(letters, at), rest @ ..] = words {
            let Some(letter) = letters.get(depth) else {
                self.meet(*at);
                words = rest;
                continue;
            };
            let alike = words.partition_point(|(letters, _)| letters.get(depth) == Some(letter));
            let (run, rest) = words.split_at(alike);
            self.step(*letter);
            if self.leads_on() {
                self.below(run);
            }
            self.path.pop();
            self.rows.pop();
            self.least.pop();
            words = rest;
        }
    }

    /// Takes notice of a word that is `path`.
    fn meet(&mut self, at: usize) {
        let distance = self.rows.last().and_then(|row| row.last());
        let known = self.words.words[at].as_str();
        let most = most_letters(known, self.word).min(self.most);
        let length = known.chars().count();
        if distance.is_some_and(|distance| *distance <= most)
            && length.abs_diff(self.letters.len()) <= most_letters(known, self.word)
            && self.found.is_none_or(|found| at < found)
        {
            self.found = Some(at);
        }
    }

    /// Goes on by a letter: the next row of the distance of Damerau and Levenshtein, near its
    /// diagonal.
    fn step(&mut self, letter: char) {
        let above = self.rows.len() - 1;
        let row = above + 1;
        let too_many = self.most + 1;
        let mut distances = vec![too_many; self.letters.len() + 1];
        distances[0] = row.min(too_many);
        // The last column before the present one whose letter is that of the row.
        let mut same = 0;
        let columns = row.saturating_sub(self.most).max(1)..=self.letters.len();
        for column in columns.take_while(|column| *column <= row + self.most) {
            let other = self.letters[column - 1];
            let cost = usize::from(other != letter);
            let plain = (self.rows[above][column - 1] + cost)
                .min(self.rows[above][column] + 1)
                .min(distances[column - 1] + 1);
            // Two letters that have changed places, with others between them.
            let near = self.path.iter().rev().take(self.most);
            let swapped = near.zip(1..).find(|(known, _)| **known == other);
            let swapped = swapped.filter(|_| same > 0).map(|(_, back)| {
                let before = row - back - 1;
                self.rows[before][same - 1] + back + column - same - 1
            });
            distances[column] = plain.min(swapped.unwrap_or(plain)).min(too_many);
            if cost == 0 {
                same = column;
            }
        }
        self.least
            .push(distances.iter().copied().min().unwrap_or(0));
        self.rows.push(distances);
        self.path.push(letter);
    }

    /// Whether a word that begins with `path` may still be near enough.
    fn leads_on(&self) -> bool {
        // Letters that change places go on from an earlier row, at a cost for each row between.
        let rows = self.least.iter().rev().zip(0..=self.most);
        rows.into_iter()
            .any(|(least, back)| least + back <= self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::nearest;

    /// Numbers that look drawn, the same ones at every run.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, most: usize) -> usize {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) as usize % most
        }

        fn word(&mut self, letters: &[char], most: usize) -> String {
            let length = self.below(most);
            (0..length)
                .map(|_| letters[self.below(letters.len())])
                .collect()
        }
    }

    #[test]
    fn drawn_words_are_found_as_by_comparing_with_all() {
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        let mut found = 0;
        for round in 0..3_000 {
            let letters: &[char] = match round % 4 {
                0 => &['a', 'b'],
                1 => &['a', 'b', 'c', 'd', '-'],
                2 => &['a', 'A', 'b', 'B', 'é', 'İ', 'ß'],
                _ => &['0', '1', '2', '3', 'x'],
            };
            let longest = [4, 8, 14, 30][numbers.below(4)];
            let prefix = ["", "app-", "a-long-prefix-"][numbers.below(3)];
            let count = 1 + numbers.below(30);
            let words: Vec<String> = (0..count)
                .map(|_| format!("{prefix}{}", numbers.word(letters, longest)))
                .collect();
            let index = Words::of(words.iter().map(String::as_str));
            for _ in 0..6 {
                let mut word: Vec<char> = match numbers.below(3) {
                    0 => numbers.word(letters, longest).chars().collect(),
                    _ => words[numbers.below(count)].chars().collect(),
                };
                for _ in 0..numbers.below(5) {
                    let at = numbers.below(word.len() + 1);
                    match numbers.below(4) {
                        0 if at < word.len() => drop(word.remove(at)),
                        1 if at < word.len() => {
                            let other = numbers.below(word.len());
                            word.swap(at, other);
                        }
                        2 if at < word.len() => word[at] = letters[numbers.below(letters.len())],
                        _ => word.insert(at, letters[numbers.below(letters.len())]),
                    }
                }
                let word: String = word.into_iter().collect();
                let wanted = nearest(&word, words.iter().map(String::as_str));
                assert_eq!(index.nearest(&word), wanted, "{word:?} among {words:?}");
                found += usize::from(wanted.is_some());
            }
        }
        assert!(found > 5_000, "{found}");
    }

    #[test]
    fn a_word_too_long_to_be_mistyped_is_near_to_none() {
        let long = "a".repeat(LONGEST_WORD + 1);
        assert_eq!(Words::of([long.as_str()]).nearest(&long), None);
        assert_eq!(Words::default().nearest("a"), None);
    }
}
