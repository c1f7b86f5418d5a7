//! What is known of the large collections of a document while its lines are passed.

use std::ops::Range;
use std::sync::Arc;

use super::super::order;
use super::super::verbatim::{Extent, Found, Source};
use super::keys::Keys;
use super::leaf::{Leaf, Page};
use crate::cut::Cut as _;
use crate::place::SourceId;

/// A text that pieces of may be kept of.
#[derive(Clone, Copy)]
pub(in super::super) struct Text<'t> {
    /// The whole text.
    pub(in super::super) text: &'t Arc<String>,
    /// The length of a collection, in bytes, from which on it is kept.
    pub(in super::super) worth_keeping: usize,
}

/// What is known of the collections of a document.
pub(super) struct Kept<'t> {
    /// The text, shared with what is kept of it, and what was found in it.
    source: Arc<Source>,
    /// The large collections that were found, in the order of the text; those that are not complete
    /// have no end.
    pub(super) extents: Vec<Extent>,
    /// Those before were passed.
    pub(super) passed: usize,
    /// Where the next line is that was not looked at.
    pub(super) looked_at: usize,
    /// The collections that are not complete, the innermost one's last.
    pub(super) frames: Vec<Frame>,
    /// Where the keys of the open mappings start.
    pub(super) keys: Vec<usize>,
    /// The entries of a mapping that is sorted: the key, and where they are.
    entries: Vec<(&'t str, Range<u32>)>,
    pub(super) page: Page,
    /// The document, and where it starts in the text.
    chunk: &'t str,
    offset: usize,
    /// The length of a collection, in bytes, from which on it is kept.
    worth_keeping: usize,
}

/// A collection that is not complete.
pub(super) struct Frame {
    pub(super) column: usize,
    /// The column in which it is printed.
    pub(super) indent: usize,
    pub(super) is_list: bool,
    pub(super) keys: Keys,
    /// How many keys the open mappings around it have.
    first_key: usize,
    /// How many changes come before those in it.
    first_change: usize,
    /// Whether the last of these moves its lines.
    is_moved: bool,
    /// The number of its extent; none for a collection in the line of a dash.
    extent: Option<usize>,
    pub(super) values: u32,
    pub(super) bytes: u32,
    depth: u32,
}

/// A collection that starts.
pub(super) struct Below {
    /// The start of its first line.
    pub(super) start: usize,
    pub(super) column: usize,
    /// The column in which it is printed.
    pub(super) indent: usize,
    pub(super) is_list: bool,
}

impl<'t> Kept<'t> {
    pub(super) fn new(chunk: &'t str, offset: usize, text: Text<'_>, id: SourceId) -> Option<Self> {
        // Places have 32 bits.
        u32::try_from(text.text.len()).ok()?;
        (chunk.len() >= text.worth_keeping).then(|| Self {
            source: Arc::new(Source::new(Arc::clone(text.text), id)),
            extents: Vec::new(),
            passed: 0,
            looked_at: 0,
            frames: Vec::new(),
            keys: Vec::new(),
            entries: Vec::new(),
            page: Page::new(chunk),
            chunk,
            offset,
            worth_keeping: text.worth_keeping,
        })
    }

    /// Remembers what was found, for those who read the pieces.
    pub(super) fn finish(mut self) {
        self.extents.retain(|extent| extent.end > 0);
        self.page.changes.shrink();
        self.source.set(Found {
            extents: self.extents.into(),
            changes: self.page.changes,
        });
    }

    pub(super) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The offsets of a part of the document in the whole text.
    pub(super) fn range(&self, part: Range<usize>) -> Range<u32> {
        // The length of the text has 32 bits.
        (self.offset + part.start) as u32..(self.offset + part.end) as u32
    }

    /// Opens a collection; one on lines of its own has an extent.
    pub(super) fn open(&mut self, below: &Below, extent: Option<Extent>) {
        let by = |column: usize, indent: usize| indent as i32 - column as i32;
        let moved = by(below.column, below.indent);
        // The first collection knows it by itself.
        let around = self.frames.last();
        let is_moved = around.is_some_and(|around| by(around.column, around.indent) != moved);
        if is_moved {
            let start = self.range(below.start..below.start).start;
            self.page.changes.start_move(start, moved);
        }
        self.frames.push(Frame {
            column: below.column,
            indent: below.indent,
            is_list: below.is_list,
            keys: Keys::default(),
            first_key: self.keys.len(),
            first_change: self.page.changes.len(),
            is_moved,
            extent: extent.is_some().then_some(self.extents.len()),
            values: 0,
            bytes: 0,
            depth: 1,
        });
        self.extents.extend(extent);
    }

    /// Completes the innermost collection, at the line after it; nothing if a key stands in it twice.
    pub(super) fn close(&mut self, end: usize, line: u32) -> Option<()> {
        let frame = self.frames.pop()?;
        if frame.keys.are_unsorted {
            self.sort(&frame, end)?;
        }
        self.keys.truncate(frame.first_key);
        let Range { start: last, end } = self.range(self.page.last_end..end);
        if frame.is_moved {
            self.page.changes.end_move(frame.first_change, end);
        }
        if let Some(number) = frame.extent
            && let Some(extent) = self.extents.get_mut(number)
        {
            if ((end - extent.start) as usize) < self.worth_keeping {
                // What is in it is smaller still, so it is the last.
                self.extents.truncate(number);
            } else {
                (extent.end, extent.last) = (end, last);
                extent.lines = line - extent.line;
                (extent.values, extent.bytes) = (frame.values, frame.bytes);
                extent.depth = frame.depth;
            }
        }
        if let Some(around) = self.frames.last_mut() {
            around.values += frame.values;
            around.bytes += frame.bytes;
            around.depth = around.depth.max(frame.depth + 1);
        }
        Some(())
    }

    /// Sorts the entries of a mapping by its keys.
    fn sort(&mut self, frame: &Frame, end: usize) -> Option<()> {
        let mut starts = self.keys.get(frame.first_key..)?.iter().copied().peekable();
        let first = *starts.peek()?;
        self.entries.clear();
        while let Some(start) = starts.next() {
            let end = starts.peek().map_or(end, |next| next - frame.column);
            let entry = self.chunk.cut(start..end);
            let key = entry.cut(..memchr::memchr(b':', entry.as_bytes())?);
            self.entries.push((key, self.range(start..end)));
        }
        if order::sort(&mut self.entries, |(key, _)| key).is_some() {
            return None;
        }
        let range = self.range(first..end);
        let entries = self.entries.iter().map(|(_, range)| range.clone());
        let column = frame.indent as u32;
        let changes = &mut self.page.changes;
        changes.sort(frame.first_change, range, column, entries);
        Some(())
    }
}

impl Frame {
    pub(super) fn add(&mut self, leaf: &Leaf) {
        self.values += leaf.values;
        self.bytes += leaf.length as u32;
        self.depth = self.depth.max(leaf.depth + 1);
    }
}
