//! Texts of which collections are pieces, and where these are.

use std::ops::Range;
use std::sync::OnceLock;

use bytestring::ByteString;

use super::changes::{Changes, Sink};
use crate::cut::Cut as _;
use crate::place::SourceId;

/// The text of which collections are pieces.
pub(super) struct Source {
    /// The whole text.
    text: ByteString,
    /// Where it was read.
    pub(super) id: SourceId,
    /// The room from which on collections are pieces that were read and forgotten; none where pieces
    /// are verbatim.
    pub(super) forgotten: Option<u32>,
    /// What was found in a document; set once that is read.
    found: OnceLock<Found>,
}

/// The large collections of a document that are printed line by line.
pub(super) struct Found {
    /// In the order of the text, each before those in it.
    pub(super) extents: Box<[Extent]>,
    /// In what they are printed differently from how they stand.
    pub(super) changes: Changes,
}

/// The lines of a text that are a collection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// The start of its first line.
    pub(super) start: u32,
    /// The start of the line after it.
    pub(super) end: u32,
    /// Where its last value ends.
    pub(super) last: u32,
    /// How many lines are before it in the text.
    pub(super) line: u32,
    /// How many lines it has.
    pub(super) lines: u32,
    /// The column of its keys or dashes.
    pub(super) column: u32,
    /// The column in which they are printed.
    pub(super) indent: u32,
    /// How many values are in it, however deep.
    pub(super) values: u32,
    /// How long their texts are.
    pub(super) bytes: u32,
    /// How deep the collections in it are nested, itself counted.
    pub(super) depth: u32,
}

impl Extent {
    /// How many bytes it is.
    pub(super) fn length(&self) -> usize {
        (self.end - self.start) as usize
    }

    /// Where it is.
    pub(super) fn range(&self) -> Range<u32> {
        self.start..self.end
    }

    /// How many columns to the right of where they stand its lines are printed.
    pub(super) fn by(&self) -> i32 {
        self.indent as i32 - self.column as i32
    }
}

impl Source {
    pub(super) fn new(text: ByteString, id: SourceId) -> Self {
        Self {
            text,
            id,
            forgotten: None,
            found: OnceLock::new(),
        }
    }

    /// A text whose collections are read and forgotten if they take so much room.
    pub(super) fn forgotten(text: ByteString, id: SourceId, room: u32) -> Self {
        Self {
            forgotten: Some(room),
            ..Self::new(text, id)
        }
    }

    /// Remembers what was found.
    pub(super) fn set(&self, found: Found) {
        let _ = self.found.set(found);
    }

    /// What was found, if all of the document was read.
    pub(super) fn found(&self) -> Option<&Found> {
        self.found.get()
    }

    /// The lines of a collection.
    pub(super) fn lines(&self, extent: &Extent) -> &str {
        self.text.cut(extent.start as usize..extent.end as usize)
    }

    /// Says what is printed of a collection, piece by piece.
    pub(super) fn print(&self, extent: &Extent, sink: &mut impl Sink) {
        match self.found.get() {
            Some(Found { changes, .. }) => {
                changes.print(&self.text, extent.range(), extent.by(), sink);
            }
            None => sink.push(self.lines(extent)),
        }
    }

    /// The large collection that starts with the line at an offset.
    pub(super) fn extent_at(&self, start: u32) -> Option<&Extent> {
        let extents = &self.found.get()?.extents;
        let found = extents.binary_search_by_key(&start, |extent| extent.start);
        found.ok().and_then(|index| extents.get(index))
    }
}
