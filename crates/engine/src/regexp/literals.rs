//! Which of many expressions may match a text, and which of many texts an expression may match.
//!
//! What an expression matches has some words in it, and a word of three bytes is looked up. An
//! index only leaves out what cannot be; what it names is still to be held against the other.

use regex_syntax::Parser;
use regex_syntax::hir::{Class, Hir, HirKind, Look};
use rustc_hash::FxHashMap;

/// Stands before every text: no text has this byte.
const START: u8 = 0xFE;

/// Stands behind every text.
const END: u8 = 0xFF;

/// Words of which every text that an expression matches has one, the ends of a text counted.
///
/// # Example
///
/// ```
/// use kustom_engine::regexp::{Literals, Texts};
///
/// let mut texts = Texts::default();
/// for (number, text) in ["web", "web-db", "db-web"].into_iter().enumerate() {
///     texts.add(number, text);
/// }
/// let literals = Literals::of("^(?:web-.*|.*-web)$").unwrap();
/// assert_eq!(texts.with(&literals), [1, 2]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literals(Vec<Vec<u8>>);

/// The most words that are worth it.
const MOST: usize = 16;

/// Bytes by which words are looked up.
type Gram = [u8; 3];

impl Literals {
    /// The words of an expression in the spelling of the `regex` crate; nothing if it has none.
    pub fn of(expression: &str) -> Option<Self> {
        match Known::of(&Parser::new().parse(expression).ok()?) {
            Known::Exact(words) | Known::OneOf(words) => Self::checked(words),
            Known::Nothing => None,
        }
    }

    /// The word of an expression that matches nothing but a text.
    pub fn of_text(text: &str) -> Self {
        Self(vec![bounded(text)])
    }

    /// The words of an expression that is made of alternatives, each of them of texts with a gap
    /// between two of them.
    pub fn of_pieces(
        alternatives: impl IntoIterator<Item = impl IntoIterator<Item = impl AsRef<str>>>,
    ) -> Option<Self> {
        let words = alternatives.into_iter().map(|pieces| {
            let mut pieces: Vec<Vec<u8>> = pieces
                .into_iter()
                .map(|piece| piece.as_ref().as_bytes().to_vec())
                .collect();
            pieces.first_mut()?.insert(0, START);
            pieces.last_mut()?.push(END);
            pieces.into_iter().max_by_key(Vec::len)
        });
        Self::checked(words.collect::<Option<_>>()?)
    }

    fn checked(words: Vec<Vec<u8>>) -> Option<Self> {
        let is_good = |word: &Vec<u8>| word.len() >= size_of::<Gram>() && has_ends_at_ends(word);
        (words.len() <= MOST && words.iter().all(is_good)).then_some(Self(words))
    }
}

/// What is known of the texts that a part of an expression matches.
enum Known {
    /// They are these.
    Exact(Vec<Vec<u8>>),
    /// Each has one of these in it.
    OneOf(Vec<Vec<u8>>),
    Nothing,
}

impl Known {
    /// The depth is bounded by the parser.
    fn of(hir: &Hir) -> Self {
        let one = |word: &[u8]| Self::Exact(vec![word.to_vec()]);
        match hir.kind() {
            HirKind::Empty => one(b""),
            HirKind::Literal(literal) => one(&literal.0),
            HirKind::Look(Look::Start) => one(&[START]),
            HirKind::Look(Look::End) => one(&[END]),
            HirKind::Look(_) => one(b""),
            HirKind::Class(class) => Self::of_class(class),
            HirKind::Capture(capture) => Self::of(&capture.sub),
            HirKind::Repetition(repeated) => match (repeated.min, Self::of(&repeated.sub)) {
                (0, Self::Exact(mut words)) if repeated.max == Some(1) => {
                    words.push(Vec::new());
                    Self::Exact(words)
                }
                (0, _) => Self::Nothing,
                (_, Self::Exact(words)) => Self::OneOf(words),
                (_, known) => known,
            },
            HirKind::Concat(parts) => Self::of_sequence(parts),
            HirKind::Alternation(parts) => Self::of_alternatives(parts),
        }
    }

    fn of_class(class: &Class) -> Self {
        /// More characters than those of one letter tell little.
        const FEW: usize = 4;
        let Class::Unicode(class) = class else {
            return Self::Nothing;
        };
        let characters = class.iter().flat_map(|range| range.start()..=range.end());
        let characters: Vec<char> = characters.take(FEW + 1).collect();
        match characters.len() <= FEW {
            true => Self::Exact(characters.iter().map(|it| it.to_string().into()).collect()),
            false => Self::Nothing,
        }
    }

    fn of_sequence(parts: &[Hir]) -> Self {
        let mut best = Self::Nothing;
        let mut is_exact = true;
        // What the parts since the last gap match.
        let mut run = vec![Vec::new()];
        for part in parts {
            let known = Self::of(part);
            match known {
                Self::Exact(words) if run.len() * words.len() <= MOST => {
                    let behind = |start: &Vec<u8>| {
                        let start = start.clone();
                        words
                            .iter()
                            .map(move |word| [&start[..], &word[..]].concat())
                    };
                    run = run.iter().flat_map(behind).collect();
                }
                Self::Exact(words) => {
                    is_exact = false;
                    best = best.or_better(Self::OneOf(std::mem::replace(&mut run, words)));
                }
                known => {
                    is_exact = false;
                    let run = std::mem::replace(&mut run, vec![Vec::new()]);
                    best = best.or_better(Self::OneOf(run)).or_better(known);
                }
            }
        }
        match is_exact {
            true => Self::Exact(run),
            false => best.or_better(Self::OneOf(run)),
        }
    }

    fn of_alternatives(parts: &[Hir]) -> Self {
        let mut all = Vec::new();
        let mut is_exact = true;
        for part in parts {
            match Self::of(part) {
                Self::Exact(words) => all.extend(words),
                Self::OneOf(words) => {
                    is_exact = false;
                    all.extend(words);
                }
                Self::Nothing => return Self::Nothing,
            }
            if all.len() > MOST {
                return Self::Nothing;
            }
        }
        match is_exact {
            true => Self::Exact(all),
            false => Self::OneOf(all),
        }
    }

    /// The one that says more: whose shortest word is longer.
    fn or_better(self, other: Self) -> Self {
        let weight = |known: &Self| match known {
            Self::OneOf(words) if words.iter().all(|word| has_ends_at_ends(word)) => {
                words.iter().map(Vec::len).min().unwrap_or(0)
            }
            _ => 0,
        };
        if weight(&other) > weight(&self) {
            other
        } else {
            self
        }
    }
}

/// Whether the marks of the ends are nowhere but there: an anchor elsewhere says nothing that could
/// be looked up.
fn has_ends_at_ends(word: &[u8]) -> bool {
    let word = word.strip_prefix(&[START]).unwrap_or(word);
    let word = word.strip_suffix(&[END]).unwrap_or(word);
    !word.iter().any(|byte| matches!(*byte, START | END))
}

/// A text with the marks of its ends.
fn bounded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() + 2);
    bytes.push(START);
    bytes.extend_from_slice(text.as_bytes());
    bytes.push(END);
    bytes
}

fn grams(bytes: &[u8]) -> impl Iterator<Item = Gram> {
    let all = bytes.windows(size_of::<Gram>());
    all.filter_map(|gram| gram.try_into().ok())
}

/// Puts a number into a list of rising ones.
fn insert(list: &mut Vec<usize>, number: usize) {
    match list.last() {
        Some(last) if *last < number => list.push(number),
        None => list.push(number),
        _ => {
            if let Err(place) = list.binary_search(&number) {
                list.insert(place, number);
            }
        }
    }
}

/// Many texts, each with a number, of which those are found that an expression may match.
#[derive(Clone, Debug, Default)]
pub struct Texts(FxHashMap<Gram, Vec<usize>>);

impl Texts {
    /// Adds a text; several may have one number.
    pub fn add(&mut self, number: usize, text: &str) {
        for gram in grams(&bounded(text)) {
            insert(self.0.entry(gram).or_default(), number);
        }
    }

    /// The numbers of the texts that may have one of the words, in order.
    pub fn with(&self, literals: &Literals) -> Vec<usize> {
        let of_word = |word: &Vec<u8>| {
            let lists = grams(word).map(|gram| self.0.get(&gram).map_or(&[][..], Vec::as_slice));
            lists.min_by_key(|list| list.len()).unwrap_or_default()
        };
        let mut found: Vec<usize> = literals.0.iter().flat_map(of_word).copied().collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// Many expressions, each with a number, of which those are found that may match a text.
#[derive(Clone, Debug, Default)]
pub struct Expressions {
    by_gram: FxHashMap<Gram, Vec<usize>>,
    /// Those of which no word is known.
    others: Vec<usize>,
}

impl Expressions {
    /// From the words of each expression, whose numbers rise.
    pub fn of(all: &[(usize, Option<Literals>)]) -> Self {
        fn words(literals: &Option<Literals>) -> &[Vec<u8>] {
            literals.as_ref().map_or(&[], |literals| &literals.0)
        }
        let mut counts: FxHashMap<Gram, usize> = FxHashMap::default();
        for (_, literals) in all {
            for gram in words(literals).iter().flat_map(|word| grams(word)) {
                *counts.entry(gram).or_default() += 1;
            }
        }
        let mut expressions = Self::default();
        for (number, literals) in all {
            if literals.is_none() {
                expressions.others.push(*number);
            }
            for word in words(literals) {
                // What few have tells most.
                if let Some(gram) = grams(word).min_by_key(|gram| counts[gram]) {
                    insert(expressions.by_gram.entry(gram).or_default(), *number);
                }
            }
        }
        expressions
    }

    /// The numbers of the expressions that may match a text, in order.
    pub fn for_text(&self, text: &str) -> Vec<usize> {
        let mut found = self.others.clone();
        if !self.by_gram.is_empty() {
            let bytes = bounded(text);
            let lists = grams(&bytes).filter_map(|gram| self.by_gram.get(&gram));
            found.extend(lists.flatten());
            found.sort_unstable();
            found.dedup();
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::super::compile;
    use super::*;

    const EXPRESSIONS: [&str; 34] = [
        "web",
        "web.*",
        ".*web",
        ".*web.*",
        "w.b",
        "we+b",
        "(we)+b",
        "(we|db)-1",
        "a|bcd",
        "abc|bcd",
        "^web$",
        "(^web)|db",
        "^^web",
        "web$$",
        "$^",
        "",
        ".*",
        "[a-z]+-12",
        "(?i)web",
        "web-?1",
        "web{2}",
        "w(e(b))",
        "(web-1|web-2|db)x*",
        "\\Qweb.1\\E",
        "web\\.1",
        "\\bweb\\b",
        "é.*",
        ".*é",
        "[w]eb",
        "x*web",
        "(?m)^web$",
        "web(-1)?",
        "(a^b|web)",
        "(web|)1",
    ];

    const TEXTS: [&str; 30] = [
        "", "web", "web-1", "web-12", "db-12", "db-1", "we-1", "wb", "webb", "weeb", "weweb", "a",
        "bcd", "abc", "abcd", "xweb", "webx", "WEB", "web.1", "webx1", "é", "éa", "aé", "x-12",
        "12", "web1", "1", "web\nweb", "db", "web-2xx",
    ];

    #[test]
    fn what_matches_is_always_found() {
        let mut texts = Texts::default();
        for (number, text) in TEXTS.iter().enumerate() {
            texts.add(number, text);
        }
        let mut looks = [0, 0];
        for anchored in [true, false] {
            let spelled = EXPRESSIONS.map(|text| match anchored {
                true => compile(&format!("^(?:{text})$")).unwrap(),
                false => compile(&format!("^{text}(:[a-z]*)?$")).unwrap(),
            });
            let literals: Vec<_> = spelled
                .iter()
                .map(|regex| Literals::of(regex.as_str()))
                .collect();
            let numbered: Vec<_> = literals.iter().cloned().enumerate().collect();
            let expressions = Expressions::of(&numbered);
            for (at, text) in TEXTS.iter().enumerate() {
                let may_match = expressions.for_text(text);
                assert!(may_match.is_sorted());
                for (number, regex) in spelled.iter().enumerate() {
                    let found = literals[number]
                        .as_ref()
                        .map(|literals| texts.with(literals));
                    let is_found = found.is_none_or(|found| found.contains(&at));
                    let is_match = regex.is_match(text);
                    assert!(is_found || !is_match, "{regex} {text}");
                    assert!(may_match.contains(&number) || !is_match, "{regex} {text}");
                    looks[usize::from(is_match)] += usize::from(is_found);
                }
            }
        }
        assert!(looks[0] < 1100 && looks[1] > 100, "{looks:?}");
    }

    #[test]
    fn an_expression_has_the_words_that_it_must_match() {
        let words = |text: &str| {
            let regex = compile(&format!("^(?:{text})$")).unwrap();
            let literals = Literals::of(regex.as_str())?.0;
            let shown = |word: &Vec<u8>| {
                let bytes = word.iter().map(|byte| match *byte {
                    START => b'<',
                    END => b'>',
                    byte => byte,
                });
                String::from_utf8(bytes.collect()).unwrap()
            };
            Some(literals.iter().map(shown).collect::<Vec<_>>())
        };
        let one = |word: &str| Some(vec![word.to_owned()]);
        assert_eq!(words("web"), one("<web>"));
        assert_eq!(words("w.*"), None);
        assert_eq!(words("we.*"), one("<we"));
        assert_eq!(words("[a-z]+-web-[0-9]"), one("-web-"));
        assert_eq!(
            words("(abc|bcd).*"),
            Some(vec!["<abc".to_owned(), "<bcd".to_owned()])
        );
        assert_eq!(words("(web)+x?"), one("web"));
        assert_eq!(words("[ab]-?1").unwrap().len(), 4);
        assert_eq!(words("[^x]+"), None);
    }

    #[test]
    fn the_words_of_pieces_are_those_of_their_expression() {
        let pieces = |pieces: &[&'static str]| Literals::of_pieces([pieces.iter().copied()]);
        assert_eq!(pieces(&["web", ""]), Literals::of("^(?:web.*)$"));
        assert_eq!(pieces(&["", "web", ""]), Literals::of("^(?:.*web.*)$"));
        assert_eq!(pieces(&["w", ""]), None);
        assert_eq!(pieces(&["web"]), Some(Literals::of_text("web")));
    }
}
