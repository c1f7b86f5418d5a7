//! A fast reader for the subset of YAML in which nearly all manifests are written.
//!
//! The subset is block mappings and sequences, scalars of any style and number of lines, and `[]`
//! and `{}` with nothing left out. It yields the same nodes, with the same types, styles and
//! places, as the scanner and the parser.
//! For any other text, be it an anchor, a tab before a value or a mistake, the answer is `None`,
//! and the caller reads the text with the full parser. So no error is made here. Tests and a fuzz
//! target compare both readers.

mod flow;
mod plain;
mod quoted;
#[cfg(test)]
mod tests;
mod text;

use super::scan::{Mark, Origin, break_length, is_blank_or_end};
use super::{Dialect, Entry, Node, Str, Style, Tag, Value};
use crate::place::Span;

/// How deep collections are read here; deeper ones are handed over.
const DEPTH: usize = 128;

/// The length of a key, in bytes, from which on it is handed over: long ones may not be keys.
const KEY_LENGTH: usize = 1000;

/// Reads the only document of a text; nothing, if that is for others to do.
pub(super) fn first(text: &str, origin: Origin, dialect: Dialect) -> Option<Node> {
    let mut reader = Reader::new(text, origin, dialect)?;
    reader.start()?;
    let root = reader.root()?;
    // What is left is no part of the root.
    reader.is_at_end().then_some(root)
}

/// What is made of a text here, if anything is; for the fuzz target that holds it to all of YAML.
#[doc(hidden)]
pub fn block_subset(text: &str, dialect: Dialect) -> Option<Node> {
    let source = crate::place::SourceId::NONE;
    super::control_chars::refuse(text, source).ok()?;
    let (text, origin) = super::scan::without_bom(text, Origin::start(source));
    first(text, origin, dialect)
}

/// Whether there is a line break other than LF.
fn has_odd_break(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr3_iter(b'\r', 0xC2, 0xE2, bytes).any(|at| break_length(bytes, at) > 0)
}

/// Where the spaces end that start at a position.
#[inline]
fn spaces_end(bytes: &[u8], start: usize) -> usize {
    const SPACES: u64 = u64::from_ne_bytes([b' '; 8]);
    let mut at = start;
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let others = u64::from_le_bytes(*eight) ^ SPACES;
        if others != 0 {
            return at + (others.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while bytes.get(at) == Some(&b' ') {
        at += 1;
    }
    at
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    origin: Origin,
    dialect: Dialect,
    at: usize,
    line: u32,
    /// Byte after the last line break.
    line_start: usize,
    /// How many bytes more than characters the line has so far.
    wide: usize,
    /// The column of what comes next, which is the first in its line or follows `- `; none at the
    /// end of the document.
    column: Option<usize>,
    /// Where the last token ended.
    last_end: usize,
    /// The entries of the mappings that are not complete, the innermost one's last.
    entries: Vec<Entry>,
    /// The same for lists.
    items: Vec<Node>,
    /// Where texts of several lines are put together.
    scratch: String,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, origin: Origin, dialect: Dialect) -> Option<Self> {
        let reader = Self {
            text,
            bytes: text.as_bytes(),
            origin,
            dialect,
            at: 0,
            line: 0,
            line_start: 0,
            wide: 0,
            column: None,
            last_end: 0,
            entries: Vec::new(),
            items: Vec::new(),
            scratch: String::new(),
        };
        (!has_odd_break(text)).then_some(reader)
    }

    /// Moves to the first line with content, over a `---`.
    fn start(&mut self) -> Option<()> {
        self.first_of_line(0)?;
        let is_content = self.column.is_some();
        self.stop_at_marker()?;
        if is_content && self.column.is_none() {
            self.at += 3;
            self.rest_of_line()?;
            return self.next_line();
        }
        Some(())
    }

    /// The collection that is a document.
    fn root(&mut self) -> Option<Node> {
        let column = self.column?;
        self.nested(None, column, 0)
    }

    fn is_at_end(&self) -> bool {
        self.column.is_none() && self.at >= self.bytes.len()
    }

    /// Moves from the end of a line to the next one with content.
    fn next_line(&mut self) -> Option<()> {
        self.column = None;
        if self.at >= self.bytes.len() {
            return Some(());
        }
        self.line += 1;
        self.first_of_line(self.at + 1)?;
        self.stop_at_marker()
    }

    /// A `---` ends the document; `...`, and all else that looks like a marker, is for others.
    #[inline]
    fn stop_at_marker(&mut self) -> Option<()> {
        if self.column != Some(0) {
            return Some(());
        }
        match self.bytes.get(self.at..self.at + 3) {
            Some(b"---") if is_blank_or_end(self.bytes, self.at + 3) => {
                self.column = None;
                Some(())
            }
            Some(b"---" | b"...") => None,
            _ => Some(()),
        }
    }

    /// Moves to the content of a line or, if it has none, of the next one that has.
    fn first_of_line(&mut self, start: usize) -> Option<()> {
        let mut start = start;
        loop {
            let at = spaces_end(self.bytes, start);
            let next = match self.bytes.get(at) {
                Some(b'\n') => at,
                Some(b'#') => self.line_end(at),
                Some(b'\t') => return None,
                Some(_) => {
                    self.stand_at(at, start);
                    return Some(());
                }
                None => at,
            };
            if next >= self.bytes.len() {
                self.at = next;
                self.column = None;
                return Some(());
            }
            self.line += 1;
            start = next + 1;
        }
    }

    /// Moves to the first content of the line that starts at a position.
    #[inline]
    fn stand_at(&mut self, at: usize, line_start: usize) {
        self.at = at;
        self.line_start = line_start;
        self.wide = 0;
        self.column = Some(at - line_start);
    }

    /// Where the line ends that a position is in.
    fn line_end(&self, at: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        memchr::memchr(b'\n', rest).map_or(self.bytes.len(), |length| at + length)
    }

    #[inline]
    fn byte(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(b'\n')
    }

    #[inline]
    fn skip_spaces(&mut self) {
        while self.byte() == b' ' {
            self.at += 1;
        }
    }

    /// Moves over what may follow a value in its line: spaces, and a comment.
    fn rest_of_line(&mut self) -> Option<()> {
        let end = self.at;
        self.skip_spaces();
        match self.byte() {
            b'\n' => Some(()),
            b'#' if self.at > end => {
                self.at = self.line_end(self.at);
                Some(())
            }
            _ => None,
        }
    }

    /// The mark of a position in the line; what is before it in the line was passed.
    #[inline]
    fn mark(&self, at: usize) -> Mark {
        Mark {
            at: at as u32,
            line: self.line,
            column: (at - self.line_start - self.wide) as u32,
        }
    }

    /// Counts the characters of several bytes in what was passed from a position to here.
    #[inline]
    fn count_wide(&mut self, from: usize) {
        let written = self.bytes.get(from.max(self.line_start)..self.at);
        if let Some(written) = written.filter(|written| !written.is_ascii()) {
            self.wide += written.iter().filter(|byte| **byte & 0xC0 == 0x80).count();
        }
    }

    /// Whether a `-` of a list is here.
    #[inline]
    fn is_entry(&self) -> bool {
        self.byte() == b'-' && is_blank_or_end(self.bytes, self.at + 1)
    }

    /// What starts here, in a column where a collection may start; `indent` is the column of the
    /// collection around it. The root is a collection.
    fn nested(&mut self, indent: Option<usize>, column: usize, depth: usize) -> Option<Node> {
        if depth > DEPTH {
            return None;
        }
        let start = self.at;
        let key = match self.byte() {
            b'-' if self.is_entry() => return self.list(column, false, depth),
            quote @ (b'"' | b'\'') => {
                let node = self.quoted(quote)?;
                let end = self.at;
                self.skip_spaces();
                if self.byte() != b':' {
                    self.at = end;
                    return indent.and_then(|_| self.last_of_line(node));
                }
                node
            }
            b'[' | b'{' | b'|' | b'>' => return self.one(indent?, depth),
            _ => {
                let plain = self.plain()?;
                if !plain.is_key {
                    return self.plain_value(start, &plain, indent?);
                }
                self.plain_key(start, &plain)
            }
        };
        self.count_wide(start);
        let key = self.colon(start, key, false)?;
        self.mapping(column, key, depth)
    }

    /// A mapping, whose first key was read.
    fn mapping(&mut self, column: usize, first: Node, depth: usize) -> Option<Node> {
        let start = first.span;
        let before = self.entries.len();
        let mut key = first;
        loop {
            let value = self.value(column, depth)?;
            self.entries.push(Entry { key, value });
            match self.column {
                Some(next) if next == column => key = self.key()?,
                Some(next) if next > column => return None,
                _ => break,
            }
        }
        let entries = self.entries.split_off(before);
        Some(self.collection(Value::Map(entries), Tag::Map, start))
    }

    /// A key and its `:`.
    fn key(&mut self) -> Option<Node> {
        let start = self.at;
        let node = match self.byte() {
            quote @ (b'"' | b'\'') => {
                let node = self.quoted(quote)?;
                self.skip_spaces();
                node
            }
            _ => {
                let plain = self.plain()?;
                plain.is_key.then(|| self.plain_key(start, &plain))?
            }
        };
        self.count_wide(start);
        self.colon(start, node, false)
    }

    /// Moves over the `:` that makes a scalar a key; `may_touch` the value, where brackets are
    /// around.
    #[inline]
    fn colon(&mut self, start: usize, key: Node, may_touch: bool) -> Option<Node> {
        let is_key = self.byte() == b':'
            && (may_touch || is_blank_or_end(self.bytes, self.at + 1))
            && self.at - start < KEY_LENGTH
            // It may not go over several lines.
            && start >= self.line_start
            // A key `<<`, plain or quoted, is for those who merge.
            && key.text() != Some("<<");
        self.at += 1;
        self.last_end = self.at;
        is_key.then_some(key)
    }

    /// The value of a key of a mapping in a column, up to the line after it.
    #[inline]
    fn value(&mut self, column: usize, depth: usize) -> Option<Node> {
        let empty = self.mark(self.at);
        self.skip_spaces();
        if !self.ends_line() {
            return self.one(column, depth);
        }
        self.next_line()?;
        match self.column {
            Some(next) if next > column => self.nested(Some(column), next, depth + 1),
            Some(next) if next == column && self.is_entry() => self.list(column, true, depth + 1),
            _ => Some(self.empty(empty)),
        }
    }

    /// Moves to the end of the line if nothing but a comment is left of it.
    #[inline]
    fn ends_line(&mut self) -> bool {
        if self.byte() == b'#' {
            self.at = self.line_end(self.at);
        }
        self.byte() == b'\n'
    }

    /// A list. Without indentation it stands in the column of the mapping that it is a value of.
    fn list(&mut self, column: usize, is_indentless: bool, depth: usize) -> Option<Node> {
        let start = self.origin.span(self.mark(self.at), 0);
        let before = self.items.len();
        loop {
            let item = self.item(column, depth)?;
            self.items.push(item);
            match self.column {
                Some(next) if next == column && self.is_entry() => {}
                Some(next) if next == column && is_indentless => break,
                Some(next) if next >= column => return None,
                _ => break,
            }
        }
        let items = self.items.split_off(before);
        Some(self.collection(Value::Seq(items), Tag::Seq, start))
    }

    /// A block collection, which ends where the last token did.
    fn collection(&self, value: Value, tag: Tag, start: Span) -> Node {
        let end = self.origin.span(Mark::default(), self.last_end as u32).end;
        Node {
            value,
            tag,
            style: Style::Plain,
            span: Span { end, ..start },
            decor: None,
        }
    }

    /// A `-` and what follows it, up to the line after it.
    fn item(&mut self, column: usize, depth: usize) -> Option<Node> {
        self.at += 1;
        self.last_end = self.at;
        let empty = self.mark(self.at);
        self.skip_spaces();
        if self.ends_line() {
            self.next_line()?;
            return match self.column {
                Some(next) if next > column => self.nested(Some(column), next, depth + 1),
                _ => Some(self.empty(empty)),
            };
        }
        let inner = self.at - self.line_start;
        self.column = Some(inner);
        self.nested(Some(column), inner, depth + 1)
    }

    /// A value that begins in the line of its key or `-`, and is no block collection.
    fn one(&mut self, column: usize, depth: usize) -> Option<Node> {
        let start = self.at;
        let node = match self.byte() {
            quote @ (b'"' | b'\'') => self.quoted(quote)?,
            b'[' | b'{' => self.flow(depth)?,
            b'|' => return self.block_text(true, column),
            b'>' => return self.block_text(false, column),
            _ => {
                let plain = self.plain()?;
                if plain.is_key {
                    return None;
                }
                return self.plain_value(start, &plain, column);
            }
        };
        self.last_of_line(node)
    }

    /// Moves on to the next line.
    fn last_of_line(&mut self, node: Node) -> Option<Node> {
        self.rest_of_line()?;
        self.next_line()?;
        Some(node)
    }

    /// A value that is not written.
    fn empty(&self, mark: Mark) -> Node {
        self.scalar(
            mark,
            mark.at as usize,
            Str::default(),
            Tag::Null,
            Style::Plain,
        )
    }

    #[inline]
    fn scalar(&self, start: Mark, end: usize, text: Str, tag: Tag, style: Style) -> Node {
        Node {
            value: Value::Scalar(text),
            tag,
            style,
            span: self.origin.span(start, end as u32),
            decor: None,
        }
    }
}
