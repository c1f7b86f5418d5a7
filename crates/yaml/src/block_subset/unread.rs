//! Collections that are read and forgotten, until somebody looks into them.
//!
//! Of a long text an edit looks at little. So the text is read once, as always, which finds what is
//! wrong with it; but where the values in a collection take more room than its text, nothing of them
//! stays but where their lines are. These are read again where somebody looks. Read alone they say the
//! same, unless a comment on a line of its own stands before, in or right below them: whose it is
//! depends on what is around. Such a collection stays as it was read; what is in it may be forgotten.
//!
//! Of a mapping that is only asked for one key, the lines in the column of its keys are read, and no others.
//! Where a line begins within quotes or brackets, its column says nothing, and all of it is read.

use std::sync::Arc;

use bytestring::ByteString;

use super::super::list::List;
use super::super::scan::{Margin, Origin};
use super::super::verbatim::{Extent, Source};
use super::super::{Dialect, Entry, Node, Options, Style, Value};
use super::pieces::{entries_of, items_of};
use super::{Reader, documents, spaces_end};
use crate::search;

/// The room that values of a collection take, in bytes, from which on it may be forgotten: twice that of
/// a piece.
pub(in super::super) const WORTH_FORGETTING: u32 = 2 * PIECE;

/// About how many bytes a piece of a text takes.
const PIECE: u32 = 192;

/// Reads all documents of a text with comments; collections whose values take so many bytes, and more
/// than their lines, are forgotten.
pub(in super::super) fn all_unread(
    text: &str,
    origin: Origin,
    options: &Options,
    whole: &ByteString,
    least: u32,
) -> Option<Vec<Node>> {
    let mut reader = Reader::new(text, origin, options.dialect)?;
    // Places have 32 bits.
    if u32::try_from(whole.len()).is_ok() {
        let source = Source::forgotten(whole.clone(), origin.source, least);
        reader.source = Some(Arc::new(source));
    }
    documents(reader, options)
}

/// What was read so far.
#[derive(Clone, Copy, Default)]
pub(super) struct Tally {
    /// How many values.
    values: u32,
    /// About how many bytes those take that are not forgotten, without long texts.
    room: u32,
    /// How often there were comments on lines of their own.
    pub(super) gaps: u32,
    /// How many lines began within quotes or brackets.
    pub(super) inner_lines: u32,
}

impl Tally {
    /// Counts a value.
    #[inline]
    pub(super) fn count(&mut self) {
        self.values = self.values.saturating_add(1);
        self.room = self.room.saturating_add(size_of::<Node>() as u32);
    }
}

/// Where a collection begins.
#[derive(Clone, Copy)]
pub(super) struct Beginning {
    /// The start of its first line.
    line_start: usize,
    line: u32,
    /// What was read before it.
    before: Tally,
}

impl Reader<'_> {
    /// The beginning of a collection whose first line is at hand, if it may be forgotten.
    #[inline]
    pub(super) fn beginning(&mut self) -> Option<Beginning> {
        self.source.as_ref()?;
        self.noted().is_none().then_some(Beginning {
            line_start: self.line_start,
            line: self.line,
            before: self.tally,
        })
    }

    /// The same for what is behind a dash, if nothing but spaces is before that.
    #[inline]
    pub(super) fn beginning_behind(&mut self, dash: usize) -> Option<Beginning> {
        let beginning = self.beginning()?;
        let margin = self.bytes.get(self.line_start..dash)?;
        // An item that is read alone would be read again for itself.
        let is_whole = self.line_start > 0 && margin.iter().all(|byte| *byte == b' ');
        is_whole.then_some(beginning)
    }

    /// Forgets a collection that was read, if that is worth it and it can be read alone.
    pub(super) fn forget(&mut self, node: &mut Node, beginning: Beginning, reading: Reading) {
        let Some(source) = &self.source else {
            return;
        };
        let least = source.forgotten.unwrap_or_default();
        let end = match self.column {
            Some(_) => self.line_start,
            None => self.at,
        };
        let length = end.saturating_sub(beginning.line_start) as u32;
        let (before, now) = (beginning.before, self.tally);
        let room = now.room.saturating_sub(before.room);
        let is_worth_it = room >= least && (room > length || least == 0);
        if !is_worth_it || now.gaps != before.gaps || node.style != Style::Plain {
            return;
        }
        let extent = Extent {
            start: self.offset(beginning.line_start),
            end: self.offset(end),
            line: (self.origin.lines as u32).saturating_add(beginning.line),
            values: now.values.saturating_sub(before.values + 1),
            ..Extent::default()
        };
        let source = Arc::clone(source);
        let is_by_column = now.inner_lines == before.inner_lines;
        match (&mut node.value, reading) {
            (Value::Map(list), Reading::Lines) => {
                let read = if is_by_column {
                    entries_by_column
                } else {
                    entries
                };
                *list = List::piece(source, extent, read);
            }
            (Value::Map(list), Reading::Item) => {
                let read = match is_by_column {
                    true => item_entries_by_column,
                    false => item_entries,
                };
                *list = List::piece(source, extent, read);
            }
            (Value::Seq(list), Reading::Lines) => *list = List::piece(source, extent, items),
            (Value::Seq(list), Reading::Item) => *list = List::piece(source, extent, item_items),
            (Value::Scalar(_) | Value::Alias(_), _) => return,
        }
        self.tally.room = before.room.saturating_add(PIECE);
    }
}

/// What the lines of a collection are when they are read alone.
#[derive(Clone, Copy)]
pub(super) enum Reading {
    /// The collection.
    Lines,
    /// A list, of which it is the only item.
    Item,
}

fn entries(source: &Arc<Source>, extent: &Extent, _: Option<&str>) -> Vec<Entry> {
    entries_of(read(source, extent))
}

fn items(source: &Arc<Source>, extent: &Extent, _: Option<&str>) -> Vec<Node> {
    items_of(read(source, extent))
}

fn item_entries(source: &Arc<Source>, extent: &Extent, _: Option<&str>) -> Vec<Entry> {
    entries_of(items(source, extent, None).pop())
}

fn item_items(source: &Arc<Source>, extent: &Extent, _: Option<&str>) -> Vec<Node> {
    items_of(items(source, extent, None).pop())
}

fn entries_by_column(source: &Arc<Source>, extent: &Extent, key: Option<&str>) -> Vec<Entry> {
    let column = spaces_end(source.lines(extent).as_bytes(), 0);
    let found = key.and_then(|key| entries_with(key, source, extent, column));
    found.unwrap_or_else(|| entries(source, extent, None))
}

fn item_entries_by_column(source: &Arc<Source>, extent: &Extent, key: Option<&str>) -> Vec<Entry> {
    let lines = source.lines(extent).as_bytes();
    let column = spaces_end(lines, spaces_end(lines, 0) + 1);
    let found = key.and_then(|key| entries_with(key, source, extent, column));
    found.unwrap_or_else(|| item_entries(source, extent, None))
}

/// The entries with a key, without comments, of a mapping whose keys stand in a column, the first of them
/// in the first line; none of the lines begins within quotes or brackets. Nothing where that needs a closer
/// look.
fn entries_with(
    key: &str,
    source: &Arc<Source>,
    extent: &Extent,
    column: usize,
) -> Option<Vec<Entry>> {
    let mut reader = reader(source, extent);
    let bytes = reader.bytes;
    let mut found = Vec::new();
    let (mut start, mut line) = (0, 0);
    while start < bytes.len() {
        let at = if start == 0 {
            column
        } else {
            spaces_end(bytes, start)
        };
        let content = bytes.get(at..)?;
        let may_be_it = || match content {
            [b'"' | b'\'', ..] => true,
            _ => content.starts_with(key.as_bytes()),
        };
        if at - start == column && may_be_it() {
            reader.line = line;
            reader.stand_at(at, start);
            let node = reader.key(0)?;
            if node.text() == Some(key) {
                let value = reader.value(column, 0)?;
                found.push(Entry { key: node, value });
            }
        }
        start = at + search::first(b'\n', content).unwrap_or(content.len()) + 1;
        line += 1;
    }
    Some(found)
}

/// What the lines of a collection say; what is large in it is forgotten again.
fn read(source: &Arc<Source>, extent: &Extent) -> Option<Node> {
    let mut reader = reader(source, extent);
    reader.margin = Some(Box::new(Margin::new(reader.text, reader.origin)));
    reader.source = Some(Arc::clone(source));
    reader.first_of_line(0)?;
    let column = reader.column?;
    let node = reader.nested(None, column, 0, 0);
    debug_assert!(node.is_some() && reader.is_at_end(), "it was read before");
    node
}

/// What reads the lines of a collection.
fn reader<'s>(source: &'s Source, extent: &Extent) -> Reader<'s> {
    let origin = Origin {
        source: source.id,
        offset: extent.start as usize,
        lines: extent.line as usize,
    };
    Reader::of(source.lines(extent), origin, Dialect::Manifest)
}
