//! The documents of a text, parsed once for all who look into them.

use std::cell::OnceCell;
use std::ops::Range;
use std::rc::Rc;

use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::Result;
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
        let read = || Rc::new(read(self.text.cut(range)));
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
    for at in memchr::memmem::find_iter(text.as_bytes(), "\n---") {
        let rest = &text.as_bytes()[at + 4..];
        if rest.first().is_none_or(u8::is_ascii_whitespace) {
            found.push(start..at + 1);
            start = at + 1;
        }
    }
    found.push(start..text.len());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_cut_at_its_document_marks() {
        let text = "a: 1\n---\nb: 2\n--- # c\nc: |\n  ---x\n";
        let documents = Documents::of(text);
        let parts = documents.ranges().iter();
        let parts: Vec<&str> = parts.map(|range| &text[range.clone()]).collect();
        assert_eq!(parts, ["a: 1\n", "---\nb: 2\n", "--- # c\nc: |\n  ---x\n"]);
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
