//! The parts that a message points to: on the lines of its places, nothing of a secret is repeated.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use kustom_yaml::cut::Cut as _;
use rustc_hash::FxHashSet;

use crate::sensitive::{Part, forms};

/// A part of a text that is shorter is not hidden unless quotes stand around it.
pub(super) const SHORTEST: usize = 4;

/// How many parts are looked for one by one.
const FEW: usize = 64;

/// A value may be as long as its file, and the other kind takes a kilobyte for each letter of it.
pub(super) const COMPACT: AhoCorasickKind = AhoCorasickKind::ContiguousNFA;

/// The parts that stand on the same lines.
pub(super) struct Group {
    /// The numbers of the lines.
    pub(super) lines: Range<usize>,
    pub(super) parts: Vec<Part>,
    finder: OnceLock<Finder>,
}

impl Group {
    pub(super) fn of(lines: Range<usize>, part: Part) -> Self {
        Self {
            lines,
            parts: vec![part],
            finder: OnceLock::new(),
        }
    }
}

/// The parts that all places of a message point to.
pub(super) struct Pointed<'m> {
    groups: Vec<&'m Group>,
    /// That of several groups; one by itself keeps its own.
    finder: OnceLock<Finder>,
}

impl<'m> Pointed<'m> {
    pub(super) fn of(groups: impl Iterator<Item = &'m Group>) -> Self {
        let mut seen = FxHashSet::default();
        Self {
            groups: groups
                .filter(|group| seen.insert(std::ptr::from_ref(*group)))
                .collect(),
            finder: OnceLock::new(),
        }
    }

    fn parts(&self) -> impl Iterator<Item = &'m Part> {
        self.groups.iter().flat_map(|group| &group.parts)
    }

    /// Where a text repeats one of the parts, or a piece of one.
    pub(super) fn ranges(&self, text: &str) -> Vec<Range<usize>> {
        if self.groups.iter().map(|it| it.parts.len()).sum::<usize>() <= FEW {
            return self.parts().flat_map(|part| of_part(text, part)).collect();
        }
        let kept = match self.groups.as_slice() {
            [group] => &group.finder,
            _ => &self.finder,
        };
        let finder = kept.get_or_init(|| Finder::of(self));
        let mut found = Vec::new();
        if let Some(automaton) = &finder.automaton {
            let ranges = automaton.find_overlapping_iter(text).map(|it| it.range());
            found.extend(ranges.filter(|range| is_repeated(text, range)));
        }
        found.extend(pieces(text, |piece| finder.has(piece)));
        found
    }
}

/// Many parts at once.
struct Finder {
    automaton: Option<AhoCorasick>,
    /// All of them, one after the other.
    joined: String,
    /// The first letters of every piece of them and where it begins, in order.
    starts: OnceLock<Vec<(Letters, usize)>>,
}

/// As many bytes as the shortest piece has.
type Letters = [u8; SHORTEST];

impl Finder {
    fn of(pointed: &Pointed<'_>) -> Self {
        let words: FxHashSet<String> = pointed.parts().flat_map(words).collect();
        let joined = pointed.parts().flat_map(|part| [&*part.raw, &*part.value]);
        Self {
            joined: joined.collect::<Vec<&str>>().join("`"),
            automaton: AhoCorasick::builder()
                .kind(Some(COMPACT))
                .build(&words)
                .ok(),
            starts: OnceLock::new(),
        }
    }

    /// Whether one of the parts has a piece; it is compared where its rarest letters stand.
    fn has(&self, piece: &str) -> bool {
        let starts = self.starts.get_or_init(|| {
            let windows = self.joined.as_bytes().windows(SHORTEST).enumerate();
            let letters = windows.filter_map(|(at, it)| Some((Letters::try_from(it).ok()?, at)));
            let mut starts: Vec<_> = letters.collect();
            starts.sort_unstable();
            starts
        });
        let rarest = piece
            .as_bytes()
            .windows(SHORTEST)
            .enumerate()
            .map(|(at, it)| {
                let from = starts.partition_point(|(letters, _)| letters.as_slice() < it);
                let count = starts[from..].partition_point(|(letters, _)| letters.as_slice() == it);
                (count, from, at)
            });
        let Some((count, from, at)) = rarest.min() else {
            return self.joined.contains(piece);
        };
        starts[from..from + count].iter().any(|(_, start)| {
            let start = start.checked_sub(at);
            let rest = start.and_then(|start| self.joined.as_bytes().get(start..));
            rest.is_some_and(|rest| rest.starts_with(piece.as_bytes()))
        })
    }
}

/// Where a text repeats a part that it points to, or a piece of it.
fn of_part(text: &str, part: &Part) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for word in words(part) {
        let ranges = text
            .match_indices(&*word)
            .map(|(at, _)| at..at + word.len());
        found.extend(ranges.filter(|range| is_repeated(text, range)));
    }
    found.extend(pieces(text, |piece| {
        part.raw.contains(piece) || part.value.contains(piece)
    }));
    found
}

/// What a message may repeat of a part: all of it in any form, and each of its words.
fn words(part: &Part) -> impl Iterator<Item = String> {
    const MARKS: &[char] = &[
        '*', '&', '!', '%', '@', '`', '"', '\'', '[', ']', '{', '}', '|', '>', ',', ':', '=',
    ];
    let wholes = forms(&part.value).into_iter().chain(forms(&part.raw));
    let words = part
        .raw
        .split_whitespace()
        .chain(part.value.split_whitespace());
    let bare = words.flat_map(|word| [word, word.trim_matches(MARKS)]);
    let all = wholes.chain(bare.map(str::to_owned));
    all.filter(|word| word.len() >= 2)
}

/// Whether a word that a message shares with a part stands there by itself.
fn is_repeated(text: &str, range: &Range<usize>) -> bool {
    let is_long = range.len() >= SHORTEST;
    is_long && !touches(text, range) || is_quoted(text, range)
}

/// The words in backticks that a part has: a message may show less than a word of it.
fn pieces(text: &str, has: impl Fn(&str) -> bool) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for (number, piece) in text.split('`').enumerate() {
        let range = start..start + piece.len();
        start = range.end + 1;
        let is_inside = number % 2 == 1 && piece.len() >= SHORTEST;
        if is_inside && has(piece) {
            found.push(range);
        }
    }
    found
}

/// Whether quotes stand around a part of a text, or nothing.
pub(super) fn is_quoted(text: &str, range: &Range<usize>) -> bool {
    if text.trim().len() == range.len() {
        return true;
    }
    let before = text.cut(..range.start).chars().next_back();
    let after = text.cut(range.end..).chars().next();
    let is_quote = |c: Option<char>| c.is_some_and(|c| matches!(c, '`' | '"' | '\''));
    is_quote(before) && is_quote(after)
}

/// Whether a letter or a digit stands right before or behind a part of a text.
pub(super) fn touches(text: &str, range: &Range<usize>) -> bool {
    let before = text.cut(..range.start).chars().next_back();
    let after = text.cut(range.end..).chars().next();
    [before, after]
        .iter()
        .flatten()
        .any(|c| c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(line: usize, raw: &str) -> Group {
        let part = Part {
            range: 0..0,
            raw: raw.to_owned(),
            value: raw.to_owned(),
            is_sure: false,
        };
        Group::of(line..line + 1, part)
    }

    #[test]
    fn many_parts_are_found_as_few_are() {
        let values: Vec<String> = (0..200)
            .map(|it| format!("xK{it}-sfk Ksd{}", it % 7))
            .collect();
        let groups: Vec<Group> = values.iter().map(|it| group(1, it)).collect();
        let many = Pointed::of(groups.iter());
        for text in [
            "no `xK17-sfk Ksd3` here",
            "no `17-s` here",
            "no `xK200-sfk` here",
            "no `K199-sfk Ksd` here",
            "Ksd3 and xK3-sfk",
            "`Ksd3xK4-`",
            "`ab`",
            "",
        ] {
            let sorted = |mut ranges: Vec<Range<usize>>| {
                ranges.sort_by_key(|range| (range.start, range.end));
                ranges.dedup();
                ranges
            };
            let one_by_one = many.parts().flat_map(|part| of_part(text, part));
            assert_eq!(
                sorted(many.ranges(text)),
                sorted(one_by_one.collect()),
                "{text}"
            );
        }
    }

    #[test]
    fn a_group_that_several_places_point_to_counts_once() {
        let groups = [group(1, "hunter2"), group(2, "swordfish")];
        let pointed = Pointed::of(groups.iter().chain(&groups));
        assert_eq!(pointed.parts().count(), 2);
        assert!(!pointed.ranges("`swordfish`").is_empty());
    }
}
