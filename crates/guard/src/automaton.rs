//! Finds where some hundred words begin, with a look at each byte of a text and a jump.
//!
//! It knows the first letters of the words, and of each letter the bits that say which one it is, in
//! either case; so it is small, soon made, and may show a word where there is none.

/// How many letters there are, as far as an automaton tells them apart.
pub(super) const LETTERS: usize = 32;

/// How many letters of a word it knows.
const DEPTH: usize = 8;

/// How many states there may be, in half of which a word is found.
const STATES: usize = 2048;

/// The bit of a state in which a word is found; a state is the place of its row in the table.
const FOUND: usize = STATES / 2 * LETTERS;

/// How many parts of a text are searched side by side: one search alone waits for the next state most
/// of the time.
const LANES: usize = 4;

/// An automaton over the first letters of words.
pub(super) struct Automaton {
    /// The next state for each state and each letter.
    next: Box<[u16; STATES * LETTERS]>,
    /// The words whose first letters end in each of the states in which one is found.
    words: Vec<Vec<u16>>,
}

/// What of a byte tells letters apart, in either case.
pub(super) fn letter(byte: u8) -> usize {
    usize::from(byte) % LETTERS
}

/// How many bytes of a word are known.
fn known(word: &str) -> usize {
    word.len().min(DEPTH)
}

impl Automaton {
    /// An automaton over words, unless they have too many beginnings.
    #[expect(
        clippy::needless_range_loop,
        reason = "two rows are read at one letter"
    )]
    pub(super) fn new(words: &[&str]) -> Option<Self> {
        // The states as a tree: no letter leads back to the first one.
        let mut rows = vec![[0_u16; LETTERS]];
        let mut ends = vec![Vec::new()];
        for (number, word) in (0..).zip(words) {
            let mut state = 0;
            for byte in word.bytes().take(DEPTH) {
                let next = &mut rows[state][letter(byte)];
                if *next == 0 {
                    *next = u16::try_from(ends.len()).ok()?;
                    rows.push([0; LETTERS]);
                    ends.push(Vec::new());
                }
                state = usize::from(rows[state][letter(byte)]);
            }
            ends[state].push(number);
        }
        // Where a letter leads to no word, it leads to what the longest end of all letters so far does.
        let mut fallback = vec![0; rows.len()];
        let mut order = vec![0];
        let mut done = 0;
        while let Some(&state) = order.get(done) {
            done += 1;
            for letter in 0..LETTERS {
                let next = usize::from(rows[state][letter]);
                let other = match state {
                    0 => 0,
                    _ => rows[fallback[state]][letter],
                };
                if next == 0 {
                    rows[state][letter] = other;
                    continue;
                }
                fallback[next] = usize::from(other);
                let more = ends[fallback[next]].clone();
                ends[next].extend(more);
                order.push(next);
            }
        }
        let (mut plain, mut found) = (0, FOUND);
        let mut places = vec![0; rows.len()];
        for &state in &order {
            let place = match ends[state].is_empty() {
                true => &mut plain,
                false => &mut found,
            };
            places[state] = *place;
            *place += LETTERS;
        }
        if plain > FOUND || found > STATES * LETTERS {
            return None;
        }
        let next = vec![0; STATES * LETTERS].into_boxed_slice();
        let mut next: Box<[u16; STATES * LETTERS]> = next.try_into().ok()?;
        for (row, place) in rows.iter().zip(&places) {
            for (letter, &state) in row.iter().enumerate() {
                next[place + letter] = u16::try_from(places[usize::from(state)]).ok()?;
            }
        }
        let words = order
            .into_iter()
            .map(|state| std::mem::take(&mut ends[state]));
        let words = words.filter(|words| !words.is_empty()).collect();
        Some(Self { next, words })
    }

    /// Visits where words may begin, each with its number, in the order of the ends of what is known of
    /// them.
    pub(super) fn each(&self, words: &[&str], text: &[u8], mut visit: impl FnMut(usize, usize)) {
        for (end, state) in self.ends(text).into_iter().flatten() {
            for &number in &self.words[(state - FOUND) / LETTERS] {
                let number = usize::from(number);
                visit(number, end - known(words[number]));
            }
        }
    }

    /// Where words are found, in order, and the state there; the text is searched in parts of one
    /// width, each of which finds what ends behind the one before.
    fn ends(&self, text: &[u8]) -> [Vec<(usize, usize)>; LANES] {
        // A word for so many bytes is about what texts have.
        let mut ends: [Vec<_>; LANES] =
            std::array::from_fn(|_| Vec::with_capacity(text.len() / (256 * LANES)));
        // Parts overlap by what is known of a word; what is short is not divided.
        let width = match text.len() < 2 * DEPTH {
            true => 0,
            false => (text.len() + (LANES - 1) * DEPTH) / LANES,
        };
        let step = width.saturating_sub(DEPTH);
        let [first, second, third, last]: [&[u8]; LANES] =
            std::array::from_fn(|part| &text[part * step..][..width]);
        // Four variables, for a list of them would be kept in memory.
        let (mut one, mut two, mut three, mut four) = (0, 0, 0, 0);
        let sides = first.iter().zip(second).zip(third).zip(last);
        for (at, (((&first, &second), &third), &last)) in sides.enumerate() {
            one = self.next(one, first);
            two = self.next(two, second);
            three = self.next(three, third);
            four = self.next(four, last);
            if one | two | three | four >= FOUND {
                for (part, state) in [one, two, three, four].into_iter().enumerate() {
                    // What both parts have read is the earlier one's.
                    let is_seen = part > 0 && at < DEPTH;
                    if state >= FOUND && !is_seen {
                        ends[part].push((part * step + at + 1, state));
                    }
                }
            }
        }
        // The division may leave some bytes at the end.
        let mut state = four;
        let rest = (LANES - 1) * step + width;
        for (at, &byte) in text.iter().enumerate().skip(rest) {
            state = self.next(state, byte);
            if state >= FOUND {
                ends[LANES - 1].push((at + 1, state));
            }
        }
        ends
    }

    fn next(&self, state: usize, byte: u8) -> usize {
        usize::from(self.next[(state | letter(byte)) % (STATES * LETTERS)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawn;

    #[test]
    fn words_are_shown_where_they_begin() {
        const WORDS: [&str; 8] = [
            "pw",
            "pass",
            "password",
            "ass",
            "passwords and more",
            "://",
            "sword",
            "pass",
        ];
        let automaton = Automaton::new(&WORDS).unwrap();
        let pieces = [
            "p", "P", "w", "pass", "PassWord", "swor", "d", "s and", " more", ":", "//", "é", "\0",
        ];
        let mut below = drawn::below(7);
        for _ in 0..20_000 {
            let text: String = (0..below(30))
                .map(|_| pieces[below(pieces.len())])
                .collect();
            let text = text.to_lowercase();
            let mut found = Vec::new();
            automaton.each(&WORDS, text.as_bytes(), |number, start| {
                found.push((number, start));
            });
            let mut wanted: Vec<(usize, usize)> = Vec::new();
            for (number, word) in WORDS.iter().enumerate() {
                let begins = &word[..known(word)];
                let places = (0..text.len())
                    .filter(|at| text.as_bytes()[*at..].starts_with(begins.as_bytes()));
                wanted.extend(places.map(|at| (number, at)));
            }
            wanted.retain(|one| !found.contains(one));
            assert_eq!(wanted, [], "{text:?}");
            let mut once = found.clone();
            once.sort_unstable();
            once.dedup();
            assert_eq!(once.len(), found.len(), "{text:?}");
        }
    }

    #[test]
    fn too_many_beginnings_are_refused() {
        let words: Vec<String> = (0..700_u32)
            .map(|number| format!("{number:03}abcde"))
            .collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        assert!(Automaton::new(&words[..100]).is_some());
        assert!(Automaton::new(&words).is_none());
    }
}
