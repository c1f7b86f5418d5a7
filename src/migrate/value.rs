//! Values of a run: texts, of which parts may be unknown, and patterns.

use crate::place::Place;

/// The character on both sides of the number of an unknown value. It is for private use, and a
/// script that holds it is refused.
pub(super) const MARK: char = '\u{F8FF}';

/// What is not known before a script runs.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Unknown {
    /// An argument or a variable of the environment, by its name.
    Parameter(String),
    /// What a program prints.
    Output { program: String, at: Place },
}

/// The text that stands for an unknown value.
pub(super) fn mark(number: usize) -> String {
    format!("{MARK}{number}{MARK}")
}

/// The numbers of the unknown values in a text.
pub(super) fn marks(text: &str) -> Vec<usize> {
    let inside = text.split(MARK).skip(1).step_by(2);
    inside.filter_map(|number| number.parse().ok()).collect()
}

/// The number of the unknown value that a text is, if it is nothing else.
pub(super) fn marked(text: &str) -> Option<usize> {
    let inside = text.strip_prefix(MARK)?.strip_suffix(MARK)?;
    inside.parse().ok()
}

/// A pattern of the shell: `*`, `?`, `[a-z]`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern(Vec<Piece>);

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Character(char),
    Any,
    Many,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Pattern {
    /// A pattern of characters, of which those that are quoted mean themselves.
    pub(super) fn new(characters: &[(char, bool)]) -> Self {
        let mut pieces = Vec::new();
        let mut at = 0;
        while let Some((character, quoted)) = characters.get(at) {
            at += 1;
            pieces.push(match (character, quoted) {
                ('*', false) => Piece::Many,
                ('?', false) => Piece::Any,
                ('[', false) => match class(&characters[at..]) {
                    Some((piece, length)) => {
                        at += length;
                        piece
                    }
                    None => Piece::Character('['),
                },
                _ => Piece::Character(*character),
            });
        }
        Self(pieces)
    }

    /// Whether it stands for more than one text.
    pub(super) fn is_wild(&self) -> bool {
        let is_plain = |piece: &Piece| matches!(piece, Piece::Character(_));
        !self.0.iter().all(is_plain)
    }

    /// Whether it fits a whole text.
    pub(super) fn fits(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        let (mut at, mut piece) = (0, 0);
        // Where the last `*` is, and what it has taken.
        let mut last: Option<(usize, usize)> = None;
        while at < text.len() {
            match self.0.get(piece) {
                Some(Piece::Many) => {
                    last = Some((piece, at));
                    piece += 1;
                }
                Some(other) if other.fits(text[at]) => {
                    at += 1;
                    piece += 1;
                }
                _ => match last {
                    Some((star, taken)) => {
                        last = Some((star, taken + 1));
                        at = taken + 1;
                        piece = star + 1;
                    }
                    None => return false,
                },
            }
        }
        self.0[piece.min(self.0.len())..]
            .iter()
            .all(|piece| *piece == Piece::Many)
    }
}

impl Piece {
    fn fits(&self, character: char) -> bool {
        match self {
            Self::Character(wanted) => *wanted == character,
            Self::Any => true,
            Self::Many => false,
            Self::Class { negated, ranges } => {
                let inside = |(from, to): &(char, char)| (*from..=*to).contains(&character);
                ranges.iter().any(inside) != *negated
            }
        }
    }
}

/// What stands in brackets, and how many characters that are.
fn class(characters: &[(char, bool)]) -> Option<(Piece, usize)> {
    let negated = matches!(characters.first(), Some(('!' | '^', false)));
    let mut at = usize::from(negated);
    let first = at;
    let mut ranges = Vec::new();
    loop {
        let (character, _) = *characters.get(at)?;
        if character == ']' && at > first {
            return Some((Piece::Class { negated, ranges }, at + 1));
        }
        match (characters.get(at + 1), characters.get(at + 2)) {
            (Some(('-', false)), Some((to, _))) if *to != ']' => {
                ranges.push((character, *to));
                at += 3;
            }
            _ => {
                ranges.push((character, character));
                at += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Pattern, mark, marked, marks};

    fn fits(pattern: &str, text: &str) -> bool {
        let characters: Vec<(char, bool)> = pattern.chars().map(|c| (c, false)).collect();
        Pattern::new(&characters).fits(text)
    }

    #[test]
    fn patterns_fit_as_in_a_shell() {
        for (pattern, text) in [
            ("*", ""),
            ("*.yaml", "a.b.yaml"),
            ("a*b*c", "axxbyybc"),
            ("[a-c]?", "bx"),
            ("[!a]", "b"),
            ("[]]", "]"),
            ("[", "["),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("*.yaml", "a.yml"), ("[!a]", "a"), ("a", "ab"), ("?", "")] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
        assert!(fits(&"*a".repeat(30), &"a".repeat(30)));
        assert!(!fits(&"*a".repeat(30), &"b".repeat(10_000)));
    }

    #[test]
    fn unknown_values_are_found() {
        let text = format!("a/{}/{}", mark(3), mark(12));
        assert_eq!(marks(&text), [3, 12]);
        assert_eq!((marked(&mark(7)), marked(&text)), (Some(7), None));
    }
}
