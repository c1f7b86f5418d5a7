//! A fast reader for the subset of YAML in which nearly all manifests are written.
//!
//! The subset is block mappings and sequences, scalars of any style and number of lines, and `[]`
//! and `{}` with nothing left out. It yields the same nodes, with the same types, styles and
//! places, as the scanner and the parser.
//! For any other text, be it an anchor, a tab before a value or a mistake, the answer is `None`,
//! and the caller reads the text with the full parser. So no error is made here. Tests and a fuzz
//! target compare both readers.

mod flow;
mod kept;
mod keys;
mod leaf;
mod lines;
mod made;
mod pieces;
mod plain;
mod quoted;
#[cfg(test)]
mod tests;
mod text;
mod unread;

use std::sync::Arc;

pub(super) use kept::Text as KeptText;
pub(super) use unread::{WORTH_FORGETTING, all_unread};

use kept::Kept;
use unread::{Reading, Tally};

use super::attach::{end_comments, frame, give_foot_back, move_foot};
use super::scan::{Blank, Margin, Mark, Origin, TokenKind, break_length, is_blank_or_end};
use super::verbatim::Source;
use super::{Decor, Dialect, Entry, Node, Options, Str, Style, Tag, Value};
use crate::place::Span;
use crate::search;

/// How deep collections are read here; deeper ones are handed over.
const DEPTH: usize = 128;

/// The length of a key, in bytes, from which on it is handed over: long ones may not be keys.
const KEY_LENGTH: usize = 1000;

/// Reads the only document of a text, without comments, and says how many lines end in it; nothing, if
/// that is for others to do.
///
/// Large collections that stand in it as they will be printed are pieces of the text that is `kept`,
/// which it is a part of.
pub(super) fn first<'t>(
    text: &'t str,
    origin: Origin,
    dialect: Dialect,
    kept: Option<&'t mut KeptText<'_>>,
) -> Option<(Node, u32)> {
    let part = origin.offset..origin.offset + text.len();
    let is_simple = kept.as_ref().is_some_and(|kept| kept.is_simple(part));
    let mut reader = match is_simple {
        true => Reader::of(text, origin, dialect),
        false => Reader::new(text, origin, dialect)?,
    };
    if let Some(kept) = kept.filter(|_| dialect == Dialect::Manifest) {
        reader.kept = Kept::new(text, origin.offset, kept, origin.source).map(Box::new);
    }
    reader.start()?;
    let root = reader.root()?;
    if let Some(kept) = reader.kept.take() {
        kept.finish();
    }
    // What is left is no part of the root.
    reader.is_at_end().then_some((root, reader.line))
}

/// Reads all documents of a text; nothing, if that is for others to do.
pub(super) fn all(text: &str, origin: Origin, options: &Options) -> Option<Vec<Node>> {
    documents(Reader::new(text, origin, options.dialect)?, options)
}

fn documents(mut reader: Reader<'_>, options: &Options) -> Option<Vec<Node>> {
    // The dialect of kustomizations has no comments.
    if options.comments && options.dialect == Dialect::Manifest {
        reader.margin = Some(Box::new(Margin::new(reader.text, reader.origin)));
    }
    let mut head = reader.start()?;
    let mut documents = Vec::new();
    loop {
        let mut root = reader.root()?;
        let is_last = reader.is_at_end();
        let foot = reader.end_document()?;
        frame(&mut root, head.take(), foot);
        documents.push(root);
        if is_last {
            return Some(documents);
        }
    }
}

/// What is made of a text here, if anything is; for the fuzz target that holds it to all of YAML.
#[doc(hidden)]
pub fn block_subset(text: &str, options: &Options) -> Option<Vec<Node>> {
    super::control_chars::refuse(text, options.source).ok()?;
    let (text, origin) = super::scan::without_bom(text, Origin::start(options.source));
    all(text, origin, options)
}

/// Whether there is a line break other than LF.
fn has_odd_break(text: &str) -> bool {
    let bytes = text.as_bytes();
    search::all_of3(b'\r', 0xC2, 0xE2, bytes).any(|at| break_length(bytes, at) > 0)
}

/// Where the spaces end that start at a position.
#[inline]
fn spaces_end(bytes: &[u8], start: usize) -> usize {
    const SPACES: u128 = u128::from_ne_bytes([b' '; 16]);
    let mut at = start;
    while let Some(some) = bytes.get(at..).and_then(<[u8]>::first_chunk::<16>) {
        let others = u128::from_le_bytes(*some) ^ SPACES;
        if others != 0 {
            return at + (others.trailing_zeros() / 8) as usize;
        }
        at += 16;
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
    /// The last token, and where it started.
    token: TokenKind,
    token_start: usize,
    /// Where the white space after it starts for the scanner.
    blank: usize,
    /// The columns of the open block collections, the innermost one's last; a list without
    /// indentation has none.
    columns: Vec<i32>,
    /// The comments, where they are asked for.
    margin: Option<Box<Margin<'t>>>,
    /// The entries of the mappings that are not complete, the innermost one's last.
    entries: Vec<Entry>,
    /// The same for lists.
    items: Vec<Node>,
    /// Where texts of several lines are put together.
    scratch: String,
    /// The column in which the block collection at hand will be printed.
    indent: usize,
    /// What is known of the collections that can be printed line by line, where that is asked for.
    kept: Option<Box<Kept<'t>>>,
    /// Where that is known already, because this is a piece of a text.
    pieces: Option<&'t Arc<Source>>,
    /// The text that this is a part of, if its collections are forgotten once they are read.
    source: Option<Arc<Source>>,
    /// What was read so far.
    tally: Tally,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, origin: Origin, dialect: Dialect) -> Option<Self> {
        // A byte order mark behind the first takes a column of its own.
        let is_odd = text.starts_with('\u{FEFF}') || has_odd_break(text);
        (!is_odd).then(|| Self::of(text, origin, dialect))
    }

    fn of(text: &'t str, origin: Origin, dialect: Dialect) -> Self {
        Self {
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
            token: TokenKind::StreamStart,
            token_start: 0,
            blank: 0,
            columns: Vec::new(),
            margin: None,
            entries: Vec::with_capacity(16),
            items: Vec::new(),
            scratch: String::new(),
            indent: 0,
            kept: None,
            pieces: None,
            source: None,
            tally: Tally::default(),
        }
    }

    /// Moves to the first line with content, over a `---`; returns the comment at the head of the
    /// document.
    fn start(&mut self) -> Option<Option<Str>> {
        self.first_of_line(0)?;
        let is_content = self.column.is_some();
        self.stop_at_marker()?;
        let at = self.at;
        if is_content && self.column.is_none() {
            self.marker()?;
            self.reach(at);
            return Some(None);
        }
        let head = self.noted().and_then(|margin| {
            margin.reach(at);
            margin.current().take_document_head()
        });
        Some(head.map(Str::from))
    }

    /// Moves over a `---`, and to what follows it.
    fn marker(&mut self) -> Option<()> {
        self.pass(TokenKind::DocumentStart, self.at, self.at + 3);
        self.at += 3;
        self.end_of_indicator()?.then_some(())
    }

    /// Moves over what follows a `-` or a `---` in its line, and to the next line if that is
    /// nothing but a comment; tells whether it is. Such a comment speaks of what follows.
    fn end_of_indicator(&mut self) -> Option<bool> {
        self.skip_spaces();
        match self.byte() {
            b'#' if self.margin.is_some() => {
                self.gap(self.at)?;
                self.stop_at_marker()?;
                return Some(true);
            }
            b'#' => self.at = self.line_end(self.at),
            b'\n' => {}
            _ => return Some(false),
        }
        self.next_line()?;
        Some(true)
    }

    /// The collection that is a document.
    fn root(&mut self) -> Option<Node> {
        let column = self.column?;
        self.nested(None, column, 0, 0)
    }

    /// Moves over the `---` of another document, if there is one; returns the comment at the foot
    /// of the one before.
    fn end_document(&mut self) -> Option<Option<Str>> {
        let end = self.at;
        if self.column.is_some() {
            return None;
        }
        if !self.is_at_end() {
            self.marker()?;
        }
        self.reach(end);
        let decor = self.noted().and_then(Margin::take);
        Some(decor.and_then(|decor| decor.foot.or(decor.head)))
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
                Some(b'#') if self.margin.is_some() => return self.gap(at),
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

    /// Moves over white space with comments, of which the first is here, and notes them.
    #[cold]
    fn gap(&mut self, at: usize) -> Option<()> {
        self.tally.gaps += 1;
        let passed = self.bytes.get(self.blank..at)?;
        let breaks = search::count(b'\n', passed) as u32;
        let blank = Blank {
            token: self.token,
            token_start: self.token_start,
            at: self.blank,
            line: self.line - breaks,
        };
        let (at, line, line_start) = self.margin.as_mut()?.gap(blank, &self.columns)?;
        self.line = line;
        match self.bytes.get(at) {
            Some(b'\t' | b'#') => return None,
            Some(_) => self.stand_at(at, line_start),
            None => (self.at, self.column) = (at, None),
        }
        Some(())
    }

    /// Remembers a token.
    #[inline]
    fn pass(&mut self, token: TokenKind, start: usize, end: usize) {
        self.token = token;
        self.token_start = start;
        self.blank = end;
        self.last_end = end;
    }

    /// The comments, if there are some whose value has not come.
    #[inline]
    fn noted(&mut self) -> Option<&mut Margin<'t>> {
        self.margin
            .as_deref_mut()
            .filter(|margin| !margin.is_quiet())
    }

    /// Reaches the token that starts somewhere: comments may belong to it.
    #[inline]
    fn reach(&mut self, token: usize) {
        if let Some(margin) = self.noted() {
            margin.reach(token);
        }
    }

    /// Gives a value, whose token starts somewhere, its comments.
    #[inline]
    fn settle(&mut self, node: &mut Node, token: usize) {
        if let Some(margin) = self.noted() {
            margin.reach(token);
            node.decor = margin.take();
        }
    }

    /// What belongs to a whole collection, whose first token starts somewhere, of the comments
    /// above its `-`.
    #[inline]
    fn stem(&mut self, token: usize, above: usize) -> Option<Box<Decor>> {
        let margin = self.noted()?;
        margin.reach(token);
        (above > 0).then(|| {
            let head = margin.current().take_stem(above);
            Box::new(Decor {
                head: Some(head.into()),
                ..Decor::default()
            })
        })
    }

    /// Moves over a comment that speaks of a token.
    fn comment(&mut self, token: usize) -> Option<()> {
        let Some(margin) = &mut self.margin else {
            self.at = self.line_end(self.at);
            return Some(());
        };
        let end = margin.line_comment(self.blank, self.line, token);
        if end <= self.at {
            return None;
        }
        (self.at, self.blank) = (end, end);
        Some(())
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
        search::first(b'\n', rest).map_or(self.bytes.len(), |length| at + length)
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
            b'#' if self.at > end => self.comment(self.token_start),
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
    /// collection around it. The root is a collection. So many bytes of comments are `above` its `-`.
    fn nested(
        &mut self,
        indent: Option<usize>,
        column: usize,
        depth: usize,
        above: usize,
    ) -> Option<Node> {
        if depth > DEPTH {
            return None;
        }
        let start = self.at;
        let key = match self.byte() {
            b'-' if self.is_entry() => {
                let stem = self.stem(start, above);
                return self.list(column, false, depth, stem);
            }
            quote @ (b'"' | b'\'') => {
                let node = self.quoted(quote)?;
                let end = self.at;
                self.skip_spaces();
                if self.byte() != b':' {
                    self.at = end;
                    return indent.and_then(|_| self.last_of_line(node, start));
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
        let mut key = self.colon(start, key, false)?;
        self.after_key(start)?;
        let stem = self.stem(start, above);
        self.settle(&mut key, start);
        self.mapping(column, key, depth, stem)
    }

    /// A mapping, whose first key was read.
    fn mapping(
        &mut self,
        column: usize,
        first: Node,
        depth: usize,
        stem: Option<Box<Decor>>,
    ) -> Option<Node> {
        let start = first.span;
        let before = self.entries.len();
        self.columns.push(column as i32);
        let mut key = first;
        loop {
            let mut value = self.value(column, depth)?;
            if self.margin.is_some() {
                move_foot(&mut value, &mut key);
            }
            self.entries.push(Entry { key, value });
            match self.column {
                Some(next) if next == column => key = self.key(before)?,
                Some(next) if next > column => return None,
                _ => break,
            }
        }
        self.columns.pop();
        let entries = self.entries.split_off(before);
        let mut node = self.collection(Value::Map(entries.into()), Tag::Map, start, stem);
        if self.margin.is_some() {
            let decor = self.noted().and_then(|margin| {
                margin.reach_end();
                margin.take()
            });
            end_comments(&mut node, decor);
        }
        Some(node)
    }

    /// A key and its `:`; the entries before it start at an index.
    fn key(&mut self, before: usize) -> Option<Node> {
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
        let mut key = self.colon(start, node, false)?;
        self.after_key(start)?;
        if self.noted().is_some() {
            self.settle(&mut key, start);
            give_foot_back(&mut key, self.entries.get_mut(before..).unwrap_or_default());
        }
        Some(key)
    }

    /// Moves to the value of a key, or to the end of the line.
    #[inline]
    fn after_key(&mut self, start: usize) -> Option<()> {
        self.skip_spaces();
        match self.byte() {
            b'#' => self.comment(start),
            _ => Some(()),
        }
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
        self.pass(TokenKind::Value, self.at, self.at + 1);
        self.at += 1;
        is_key.then_some(key)
    }

    /// The value of a key of a mapping in a column, up to the line after it.
    #[inline]
    fn value(&mut self, column: usize, depth: usize) -> Option<Node> {
        if self.byte() != b'\n' {
            return self.one(column, depth);
        }
        let empty = self.mark(self.last_end);
        let colon = self.token_start;
        self.next_line()?;
        self.reach(colon);
        let is_list = self.is_entry();
        let next = match self.column {
            Some(next) if next > column || next == column && is_list => next,
            _ => return Some(self.empty(empty)),
        };
        let beginning = self.beginning();
        let indent = self.indent;
        self.indent += if is_list { 0 } else { 2 };
        let mut node = match self.verbatim(is_list, depth + 1) {
            Some(extent) => self.pass_piece(extent, is_list),
            None if next == column => self.list(column, true, depth + 1, None),
            None => self.nested(Some(column), next, depth + 1, 0),
        }?;
        self.indent = indent;
        if let Some(beginning) = beginning {
            self.forget(&mut node, beginning, Reading::Lines);
        }
        Some(node)
    }

    /// A list. Without indentation it stands in the column of the mapping that it is a value of.
    fn list(
        &mut self,
        column: usize,
        is_indentless: bool,
        depth: usize,
        stem: Option<Box<Decor>>,
    ) -> Option<Node> {
        let start = self.origin.span(self.mark(self.at), 0);
        let before = self.items.len();
        if !is_indentless {
            self.columns.push(column as i32);
        }
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
        if !is_indentless {
            self.columns.pop();
            if let Some(margin) = self.noted() {
                margin.reach_end();
            }
        }
        let items = self.items.split_off(before);
        Some(self.collection(Value::Seq(items.into()), Tag::Seq, start, stem))
    }

    /// A block collection, which ends where the last token did.
    fn collection(
        &mut self,
        value: Value,
        tag: Tag,
        start: Span,
        decor: Option<Box<Decor>>,
    ) -> Node {
        self.tally.count();
        let end = self.origin.span(Mark::default(), self.last_end as u32).end;
        Node {
            value,
            tag,
            style: Style::Plain,
            inferred: false,
            span: Span { end, ..start },
            decor,
        }
    }

    /// A `-` and what follows it, up to the line after it.
    fn item(&mut self, column: usize, depth: usize) -> Option<Node> {
        let entry = self.at;
        let beginning = self.beginning_behind(entry);
        self.at += 1;
        self.pass(TokenKind::BlockEntry, entry, self.at);
        let empty = self.mark(self.at);
        let is_in_line = !self.end_of_indicator()?;
        let above = self.noted().map_or(0, |margin| {
            margin.reach(entry);
            margin.current().head.len()
        });
        if is_in_line {
            let inner = self.at - self.line_start;
            self.column = Some(inner);
            let mut node = self.nested_in_item(column, inner, depth, above)?;
            if let Some(beginning) = beginning {
                self.forget(&mut node, beginning, Reading::Item);
            }
            return Some(node);
        }
        match self.column {
            Some(next) if next > column => self.nested_in_item(column, next, depth, above),
            _ => Some(self.empty(empty)),
        }
    }

    /// What starts in a column, in an item of a list in another one.
    fn nested_in_item(
        &mut self,
        list: usize,
        column: usize,
        depth: usize,
        above: usize,
    ) -> Option<Node> {
        self.indent += 2;
        let node = self.nested(Some(list), column, depth + 1, above);
        self.indent -= 2;
        node
    }

    /// A value that begins in the line of its key or `-`, and is no block collection.
    fn one(&mut self, column: usize, depth: usize) -> Option<Node> {
        let start = self.at;
        let node = match self.byte() {
            quote @ (b'"' | b'\'') => self.quoted(quote)?,
            b'[' | b'{' => {
                let node = self.flow(depth)?;
                return self.last_of_line(node, self.at - 1);
            }
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
        self.last_of_line(node, start)
    }

    /// Moves on to the next line, from a value whose last token starts somewhere.
    fn last_of_line(&mut self, mut node: Node, token: usize) -> Option<Node> {
        self.rest_of_line()?;
        self.next_line()?;
        if node.style == Style::Flow {
            if self.margin.is_some() {
                let decor = self.noted().and_then(|margin| {
                    margin.reach(token);
                    margin.take()
                });
                end_comments(&mut node, decor);
            }
        } else {
            self.settle(&mut node, token);
        }
        Some(node)
    }

    /// A value that is not written.
    fn empty(&mut self, mark: Mark) -> Node {
        self.scalar(
            mark,
            mark.at as usize,
            Str::default(),
            Tag::Null,
            Style::Plain,
        )
    }

    #[inline]
    fn scalar(&mut self, start: Mark, end: usize, text: Str, tag: Tag, style: Style) -> Node {
        self.tally.count();
        Node {
            value: Value::Scalar(text),
            tag,
            style,
            inferred: false,
            span: self.origin.span(start, end as u32),
            decor: None,
        }
    }
}
