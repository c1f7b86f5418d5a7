//! The documents of a text, parsed once for all who look into them.

use std::cell::OnceCell;
use std::ops::Range;
use std::rc::Rc;

use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::search;
use kustom_yaml::{Node, Options};

/// How long a text may be whose nodes are kept: those of a long one take many times its size.
const KEPT: usize = 1 << 20;

/// A text as a stream of documents.
pub(super) struct Documents<'t> {
    pub(super) text: &'t str,
    /// Where each stands, so that one that does not parse hides no other.
    ranges: OnceCell<Vec<Range<usize>>>,
    parsed: OnceCell<Vec<Parsed>>,
}

type Parsed = OnceCell<Rc<Result<Vec<Node>>>>;

impl<'t> Documents<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self {
            text,
            ranges: OnceCell::new(),
            parsed: OnceCell::new(),
        }
    }

    /// Where the documents stand.
    pub(super) fn ranges(&self) -> &[Range<usize>] {
        self.ranges.get_or_init(|| ranges(self.text))
    }

    /// The nodes of a document by its number, with aliases as they are written.
    pub(super) fn nodes(&self, number: usize) -> Rc<Result<Vec<Node>>> {
        let ranges = self.ranges();
        let range = ranges.get(number).cloned().unwrap_or(0..0);
        let read = || Rc::new(read_unless_prose(self.text.cut(range)));
        let parsed = (self.text.len() <= KEPT).then(|| {
            let unread = || ranges.iter().map(|_| OnceCell::new()).collect();
            self.parsed.get_or_init(unread)
        });
        match parsed.and_then(|parsed| parsed.get(number)) {
            Some(kept) => Rc::clone(kept.get_or_init(read)),
            None => read(),
        }
    }

    /// The nodes of the whole text; of one that does not parse there are none.
    pub(super) fn all(&self) -> Rc<Result<Vec<Node>>> {
        match self.ranges() {
            [_] => self.nodes(0),
            _ => Rc::new(read(self.text)),
        }
    }
}

/// As [`read`]; what is certainly no document is not read.
fn read_unless_prose(text: &str) -> Result<Vec<Node>> {
    match is_prose(text.as_bytes()) {
        true => Err(Error::new(
            Kind::Yaml,
            "a `:` follows several lines of text",
        )),
        false => read(text),
    }
}

/// Whether a text begins with a line that is neither a key nor what may stand before one, and goes on
/// until a colon that would make a key of all this: code, and most that people write to each other.
fn is_prose(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    let begins_text = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'/';
    let Some(end) = search::first(b'\n', text).filter(|_| text.first().is_some_and(begins_text))
    else {
        return false;
    };
    // A comment ends a text, and other white space than this behind a colon would not be looked for.
    let mut signs = search::all_of2(b':', b'#', text);
    let is_end = |at: &usize| {
        let white = |byte: u8| byte.is_ascii_whitespace() || byte >= 0x80;
        text[*at] == b'#' || text.get(at + 1).is_some_and(|next| white(*next))
    };
    signs.find(is_end).is_some_and(|at| {
        let is_colon = matches!(text[at..], [b':', b' ' | b'\n', ..]);
        at > end && is_colon && !has_marker(&text[..at])
    })
}

/// Whether a document may begin or end in a text.
fn has_marker(text: &[u8]) -> bool {
    let opens_line = |at: usize| {
        let before = at.checked_sub(1).map_or(b'\n', |before| text[before]);
        matches!(before, b'\n' | b'\r' | 0x80..)
    };
    let mut markers = ["---", "..."].into_iter();
    markers.any(|marker| memchr::memmem::find_iter(text, marker).any(opens_line))
}

/// Reads a text with aliases as they are written.
pub(super) fn read(text: &str) -> Result<Vec<Node>> {
    let options = Options {
        keep_aliases: true,
        ..Options::default()
    };
    kustom_yaml::read(text, &options)
}

fn ranges(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    // Lines begin more often than dashes stand together.
    for at in search::all_of_text(b"---", text.as_bytes()) {
        let (before, rest) = (&text.as_bytes()[..at], &text.as_bytes()[at + 3..]);
        if before.ends_with(b"\n") && rest.first().is_none_or(u8::is_ascii_whitespace) {
            found.push(start..at);
            start = at;
        }
    }
    found.push(start..text.len());
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawn;

    #[test]
    fn a_stream_is_cut_at_its_document_marks() {
        let text = "a: 1\n---\nb: 2\n--- # c\nc: |\n  ---x\n";
        let documents = Documents::of(text);
        let parts = documents.ranges().iter();
        let parts: Vec<&str> = parts.map(|range| &text[range.clone()]).collect();
        assert_eq!(parts, ["a: 1\n", "---\nb: 2\n", "--- # c\nc: |\n  ---x\n"]);
    }

    #[test]
    fn a_mark_is_three_dashes_at_the_start_of_a_line() {
        const PIECES: [&str; 8] = ["\n", "-", "--", "---", " ", "\r", "a", "é"];
        let mut below = drawn::below(7);
        let mut count = 0;
        for _ in 0..20_000 {
            let text: String = (0..below(16))
                .map(|_| PIECES[below(PIECES.len())])
                .collect();
            let marks = text.match_indices("\n---").map(|(at, _)| at + 1);
            let is_mark = |at: &usize| {
                let rest = text.as_bytes().get(at + 3);
                rest.is_none_or(u8::is_ascii_whitespace)
            };
            let marks: Vec<usize> = marks.filter(is_mark).collect();
            let starts = ranges(&text).into_iter().map(|range| range.start);
            assert!(starts.skip(1).eq(marks.iter().copied()), "{text:?}");
            count += marks.len();
        }
        assert!(count > 1_000, "{count}");
    }

    #[test]
    fn prose_is_no_document() {
        const PIECES: [&str; 33] = [
            "a", "/*", "//", "package", "http://x", ": ", ":", ":\n", "\n", "\n\n", "\n  ", "\n\t",
            " ", "#", " # ", "\n...", "\n...\n", "- ", "? ", "{", "}", "[", "\"", "'", "|", "\r\n",
            "\r", "&a ", "é", "\u{2028}", "...", "---", ":\t",
        ];
        let mut below = drawn::below(7);
        let mut count = 0;
        for _ in 0..200_000 {
            let pieces = (0..below(14)).map(|_| PIECES[below(PIECES.len())]);
            let text: String = pieces.collect();
            if is_prose(text.as_bytes()) {
                assert!(read(&text).is_err(), "{text:?}");
                count += 1;
            }
        }
        assert!(count > 1_000, "{count}");
        assert!(is_prose(
            b"/*\nCopyright\n*/\npackage a\n\nvar b = C{\n\tD: 1,\n}\n"
        ));
        for text in [
            "a: 1\nb: 2\n",
            "a\n# b: c\n",
            "a\n---\nb: c\n",
            "a b c\n",
            "",
        ] {
            assert!(!is_prose(text.as_bytes()) && read(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn a_document_is_parsed_once_and_a_broken_one_hides_no_other() {
        let documents = Documents::of("a: 1\n---\nb: c: d\n---\ne: 2\n");
        assert!(Rc::ptr_eq(&documents.nodes(0), &documents.nodes(0)));
        let parsed: Vec<bool> = (0..3)
            .map(|number| documents.nodes(number).is_ok())
            .collect();
        assert_eq!(parsed, [true, false, true]);
        assert!(documents.all().is_err());
        let single = Documents::of("a: 1\n");
        assert!(Rc::ptr_eq(&single.all(), &single.nodes(0)));
    }
}
