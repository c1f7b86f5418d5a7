//! What is known of the large collections of a document while its lines are passed.

use std::hash::Hasher as _;
use std::ops::Range;
use std::sync::Arc;

use bytestring::ByteString;
use rustc_hash::FxHasher;

use super::super::changes::Found;
use super::super::control_chars::Unusual;
use super::super::order;
use super::super::verbatim::{Extent, Source};
use super::keys::Keys;
use super::leaf::{Leaf, Page};
use crate::cut::Cut as _;
use crate::place::SourceId;

/// A text that pieces of may be kept of.
pub(in super::super) struct Text<'t> {
    /// The whole text.
    text: &'t ByteString,
    /// The length of a collection, in bytes, from which on it is kept.
    worth_keeping: usize,
    unusual: &'t Unusual,
    passed: PassedCollections,
}

impl<'t> Text<'t> {
    pub(in super::super) fn new(
        text: &'t ByteString,
        worth_keeping: usize,
        unusual: &'t Unusual,
    ) -> Self {
        Self {
            text,
            worth_keeping,
            unusual,
            passed: PassedCollections::default(),
        }
    }

    /// The same text, for another thread.
    pub(in super::super) fn anew(&self) -> Self {
        Self::new(self.text, self.worth_keeping, self.unusual)
    }

    /// Whether a part of it is printable ASCII and LF.
    pub(super) fn is_simple(&self, part: Range<usize>) -> bool {
        !self.unusual.may_be_in(part)
    }
}

/// The collections of a text that were passed, in all its documents so far.
#[derive(Default)]
struct PassedCollections {
    /// Where each is in the list, counted from 1, at a place that its hash says; 0 is none. A later one
    /// takes the place of an earlier one.
    places: Vec<u32>,
    list: Vec<Passed>,
    /// The documents; what was found in the last one is not complete.
    documents: Vec<Arc<Source>>,
}

/// A collection that was passed: where the same lines come again, so does all that is known of it.
#[derive(Clone, Copy)]
struct Passed {
    extent: Extent,
    is_list: bool,
    /// The number of its document.
    document: usize,
}

/// How many places there are at most.
const PLACES: usize = 4096;

impl PassedCollections {
    /// Goes on with another document of a text that is so long.
    fn start(&mut self, document: &Arc<Source>, length: usize) {
        if self.documents.is_empty() {
            self.places = vec![0; (length / 256).next_power_of_two().min(PLACES)];
            // Room that is not used is never got from the system.
            self.list.reserve_exact(self.places.len());
        }
        self.documents.push(Arc::clone(document));
    }

    /// The place of a hash.
    fn place(&self, hash: u64) -> usize {
        // Their number is a power of two.
        hash as usize & (self.places.len() - 1)
    }

    fn at(&self, place: usize) -> Option<Passed> {
        let number = *self.places.get(place)?;
        self.list.get((number as usize).checked_sub(1)?).copied()
    }

    fn remember(&mut self, place: usize, extent: Extent, is_list: bool) {
        let passed = Passed {
            extent,
            is_list,
            document: self.documents.len() - 1,
        };
        let Some(number) = self.places.get_mut(place) else {
            return;
        };
        let earlier = (*number as usize).checked_sub(1);
        match earlier.and_then(|index| self.list.get_mut(index)) {
            Some(earlier) => *earlier = passed,
            None => {
                self.list.push(passed);
                // There are fewer than places.
                *number = self.list.len() as u32;
            }
        }
    }
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
    /// Where the keys of the open mappings are.
    pub(super) keys: Vec<Range<usize>>,
    /// The entries of a mapping that is sorted.
    entries: Vec<Entry<'t>>,
    passed_before: &'t mut PassedCollections,
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
    /// The start of its first line.
    start: usize,
    /// Where it will be known, if it is long enough.
    known: Option<usize>,
    pub(super) values: u32,
    pub(super) bytes: u32,
    depth: u32,
}

/// An entry of a mapping that is sorted.
struct Entry<'t> {
    /// The first bytes of its key, as a number.
    prefix: u64,
    key: &'t str,
    lines: Range<usize>,
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
    pub(super) fn new(
        chunk: &'t str,
        offset: usize,
        text: &'t mut Text<'_>,
        id: SourceId,
    ) -> Option<Self> {
        // Places have 32 bits.
        u32::try_from(text.text.len()).ok()?;
        if chunk.len() < text.worth_keeping {
            return None;
        }
        let source = Arc::new(Source::new(text.text.clone(), id));
        let page = Page::new(chunk, text.is_simple(offset..offset + chunk.len()));
        text.passed.start(&source, text.text.len());
        Some(Self {
            source,
            extents: Vec::new(),
            passed: 0,
            looked_at: 0,
            frames: Vec::new(),
            keys: Vec::new(),
            entries: Vec::new(),
            passed_before: &mut text.passed,
            page,
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

    /// Has a text printed in the place of a part of the document.
    pub(super) fn make(&mut self, part: Range<usize>, text: &str) {
        let range = self.range(part);
        let made = self.page.changes.made();
        let start = made.len();
        made.push_str(text);
        self.page.changes.replace(range, start);
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
            start: below.start,
            known: extent.and_then(|_| self.place_of(below)),
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
            (extent.end, extent.last) = (end, last);
            extent.lines = line - extent.line;
            (extent.values, extent.bytes) = (frame.values, frame.bytes);
            extent.depth = frame.depth;
            if let Some(place) = frame.known {
                self.passed_before.remember(place, *extent, frame.is_list);
            }
            if extent.length() < self.worth_keeping {
                // What is in it is smaller still, so it is the last.
                self.extents.truncate(number);
            }
        }
        if let Some(around) = self.frames.last_mut() {
            around.values += frame.values;
            around.bytes += frame.bytes;
            around.depth = around.depth.max(frame.depth + 1);
        }
        Some(())
    }

    /// Where a collection that starts is known: its column and its first bytes say that.
    fn place_of(&self, below: &Below) -> Option<usize> {
        let content = self.chunk.as_bytes().get(below.start + below.column..)?;
        let mut hasher = FxHasher::default();
        hasher.write_usize(below.column);
        for eight in content.first_chunk::<64>()?.as_chunks::<8>().0 {
            hasher.write_u64(u64::from_ne_bytes(*eight));
        }
        Some(self.passed_before.place(hasher.finish()))
    }

    /// If the innermost collection, of which nothing was passed, has the lines of one that was: takes
    /// all that is known of it over, and returns where it ends and how many lines it has. `ends` says
    /// whether it ends at a position, and `deepest` is how deep it may be.
    pub(super) fn repeat(
        &mut self,
        deepest: usize,
        ends: impl FnOnce(&mut Page, usize) -> bool,
    ) -> Option<(usize, usize)> {
        let frame = self.frames.last_mut()?;
        let passed = &*self.passed_before;
        let Passed {
            extent: old,
            is_list,
            document,
        } = passed.at(frame.known?)?;
        let new = *self.extents.get(frame.extent?)?;
        let is_same = (old.column, old.indent, is_list) == (new.column, new.indent, frame.is_list);
        let end = frame.start + old.length();
        let lines = self.chunk.as_bytes().get(frame.start..end)?;
        if !is_same
            || old.depth as usize > deepest
            || self.source.lines(&old).as_bytes() != lines
            || !ends(&mut self.page, end)
        {
            return None;
        }
        // A document that was read otherwise has found nothing.
        let found = match passed.documents.get(document)? {
            source if Arc::ptr_eq(source, &self.source) => None,
            source => Some(source.found().filter(|found| found.may_be_kept())?),
        };
        (frame.values, frame.bytes, frame.depth) = (old.values, old.bytes, old.depth);
        self.page.last_end = (old.last - old.start + new.start) as usize - self.offset;
        let large = self.worth_keeping;
        self.page.changes.repeat(found, &old, &new, large);
        Some((end, old.lines as usize))
    }

    /// Sorts the entries of a mapping by its keys.
    fn sort(&mut self, frame: &Frame, end: usize) -> Option<()> {
        // Those of a mapping that begins in the line of a dash start with their keys.
        let (before_key, column) = match frame.extent {
            Some(_) => (frame.column, 0),
            None => (0, frame.indent),
        };
        let keys = self.keys.get(frame.first_key..)?;
        self.entries.clear();
        for (index, key) in keys.iter().enumerate() {
            let next = keys.get(index + 1);
            let end = next.map_or(end, |next| next.start - frame.column);
            self.entries.push(Entry {
                prefix: prefix(self.chunk.as_bytes(), key),
                key: self.chunk.cut(key.clone()),
                lines: key.start - before_key..end,
            });
        }
        let has_twice = if frame.keys.are_bytewise() {
            let compare = |a: &Entry<'_>, b: &Entry<'_>| (a.prefix, a.key).cmp(&(b.prefix, b.key));
            self.entries.sort_unstable_by(compare);
            let mut pairs = self.entries.windows(2);
            pairs.any(|pair| compare(&pair[0], &pair[1]).is_eq())
        } else {
            order::sort(&mut self.entries, |entry| entry.key).is_some()
        };
        if has_twice {
            return None;
        }
        if self.entries.is_sorted_by_key(|entry| entry.lines.start) {
            return Some(());
        }
        let start = keys.first()?.start - before_key;
        let range = self.range(start..end);
        let offset = self.offset;
        let entries = self.entries.iter().map(|entry| {
            // The length of the text has 32 bits.
            (offset + entry.lines.start) as u32..(offset + entry.lines.end) as u32
        });
        let changes = &mut self.page.changes;
        changes.sort(frame.first_change, range, column as u32, entries);
        Some(())
    }
}

/// The first bytes of a key as a number that is in order as they are.
fn prefix(text: &[u8], key: &Range<usize>) -> u64 {
    let eight = text.get(key.start..).and_then(<[u8]>::first_chunk::<8>);
    match (eight, key.len()) {
        (Some(eight), 8..) => u64::from_be_bytes(*eight),
        (Some(eight), length) => u64::from_be_bytes(*eight) & !(u64::MAX >> (8 * length)),
        (None, _) => {
            let key = text.get(key.clone()).unwrap_or_default().iter().take(8);
            let mut eight = [0; 8];
            eight.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
            u64::from_be_bytes(eight)
        }
    }
}

impl Frame {
    pub(super) fn add(&mut self, leaf: &Leaf) {
        self.values += leaf.values;
        self.bytes += leaf.length as u32;
        self.depth = self.depth.max(leaf.depth + 1);
    }
}
