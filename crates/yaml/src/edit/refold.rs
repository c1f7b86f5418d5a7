//! Chooses the line breaks of a changed folded scalar: where the old one had them.
//!
//! The words of the old and the new text are aligned; a line ends where it ended at a word that is
//! still there.

use std::collections::HashSet;

use super::super::quoting::{Gap, single_blanks};
use crate::cut::Cut as _;

/// How many pairs of words are compared at most.
const PAIRS: usize = 1_000_000;

/// The blanks of a text at which lines end, and those at which they do not.
#[derive(Debug, Default)]
pub(super) struct Breaks {
    ends: HashSet<usize>,
    stays: HashSet<usize>,
}

impl Breaks {
    /// Whether the line ends at this blank; where the old text says nothing, the width decides.
    pub(super) fn says(&self, gap: Gap, width: usize) -> bool {
        let is_known = self.ends.contains(&gap.offset) || self.stays.contains(&gap.offset);
        if is_known {
            self.ends.contains(&gap.offset)
        } else {
            gap.column + 1 + gap.next > width
        }
    }
}

/// Takes the breaks of a new text from the lines of the old one.
pub(super) fn breaks(text: &str, old_lines: &[&str]) -> Breaks {
    let (old, ends_line) = old_words(old_lines);
    let new = new_words(text);
    let partner = align(&old, &new);
    let mut breaks = Breaks::default();
    for (number, word) in new.iter().enumerate() {
        let Some(blank) = word.blank else { continue };
        let before = partner[number];
        let after = partner.get(number + 1).copied().flatten();
        let ends_before = before.is_some_and(|old| ends_line[old]);
        let ends_after = after.is_some_and(|old| old > 0 && ends_line[old - 1]);
        if ends_before || ends_after {
            breaks.ends.insert(blank);
        } else if before.is_some() || after.is_some() {
            breaks.stays.insert(blank);
        }
    }
    breaks
}

/// A word of the new text.
struct Word<'t> {
    text: &'t str,
    /// The blank behind it, if a line may end there.
    blank: Option<usize>,
}

/// The words of the old lines, and whether each is the last of its line.
fn old_words<'t>(lines: &[&'t str]) -> (Vec<&'t str>, Vec<bool>) {
    let mut words = Vec::new();
    let mut ends_line = Vec::new();
    for line in lines {
        for word in line.split_ascii_whitespace() {
            words.push(word);
            ends_line.push(false);
        }
        if let Some(last) = ends_line.last_mut() {
            *last = true;
        }
    }
    (words, ends_line)
}

fn new_words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut offset = 0;
    for line in text.split('\n') {
        let mut done = 0;
        for at in single_blanks(line) {
            words.push(Word {
                text: line.cut(done..at).trim(),
                blank: Some(offset + at),
            });
            done = at + 1;
        }
        if !line.cut(done..).trim().is_empty() {
            words.push(Word {
                text: line.cut(done..).trim(),
                blank: None,
            });
        }
        offset += line.len() + 1;
    }
    words
}

/// For every new word the old one that it is: a longest common subsequence.
fn align(old: &[&str], new: &[Word<'_>]) -> Vec<Option<usize>> {
    let mut partner = vec![None; new.len()];
    let same = |o: usize, n: usize| old[o] == new[n].text;
    let shorter = old.len().min(new.len());
    let start = (0..shorter).take_while(|&at| same(at, at)).count();
    for (at, slot) in partner.iter_mut().enumerate().take(start) {
        *slot = Some(at);
    }
    let end = (0..shorter - start)
        .take_while(|at| same(old.len() - 1 - at, new.len() - 1 - at))
        .count();
    for at in 0..end {
        partner[new.len() - 1 - at] = Some(old.len() - 1 - at);
    }
    let (rows, columns) = (new.len() - start - end, old.len() - start - end);
    if rows.saturating_mul(columns) > PAIRS {
        return partner;
    }
    // Lengths of the common subsequences of what is left, from the end.
    let width = columns + 1;
    let mut lengths = vec![0u32; (rows + 1) * width];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            lengths[row * width + column] = if same(start + column, start + row) {
                lengths[(row + 1) * width + column + 1] + 1
            } else {
                lengths[(row + 1) * width + column].max(lengths[row * width + column + 1])
            };
        }
    }
    let (mut row, mut column) = (0, 0);
    while row < rows && column < columns {
        if same(start + column, start + row) {
            partner[start + row] = Some(start + column);
            (row, column) = (row + 1, column + 1);
        } else if lengths[(row + 1) * width + column] >= lengths[row * width + column + 1] {
            row += 1;
        } else {
            column += 1;
        }
    }
    partner
}

#[cfg(test)]
mod tests {
    use super::super::super::quoting::folded_lines;
    use super::*;

    fn refolded(old: &[&str], new: &str) -> String {
        let breaks = breaks(new, old);
        let mut out = String::new();
        folded_lines(&mut out, new, "", &mut |gap| breaks.says(gap, 20));
        out
    }

    #[test]
    fn lines_end_where_they_ended() {
        let old = ["one two", "three four five", "six"];
        assert_eq!(
            refolded(&old, "one two three 4 five six"),
            "one two\nthree 4 five\nsix\n"
        );
        assert_eq!(
            refolded(&old, "1 two three four five six"),
            "1 two\nthree four five\nsix\n"
        );
    }

    #[test]
    fn a_changed_word_at_the_end_of_a_line_keeps_the_break() {
        assert_eq!(
            refolded(&["one two", "three"], "one 2 three"),
            "one 2\nthree\n"
        );
    }

    #[test]
    fn words_without_a_partner_break_at_the_width() {
        assert_eq!(
            refolded(&["x"], "aaaa bbbb cccc dddd eeee"),
            "aaaa bbbb cccc dddd\neeee\n"
        );
    }
}
