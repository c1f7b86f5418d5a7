//! Texts of which collections are pieces, and where these are.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use bytestring::ByteString;

use super::changes::{Found, Sink};
pub(super) use super::extent::Extent;
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
    found: OnceLock<Arc<Found>>,
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
        let _ = self.found.set(Arc::new(found));
    }

    /// What was found, if all of the document was read.
    pub(super) fn found(&self) -> Option<&Arc<Found>> {
        self.found.get()
    }

    /// The lines of a collection.
    pub(super) fn lines(&self, extent: &Extent) -> &str {
        self.text.cut(extent.start as usize..extent.end as usize)
    }

    /// Says what is printed of a collection, piece by piece.
    pub(super) fn print(&self, extent: &Extent, sink: &mut impl Sink) {
        match self.found.get() {
            Some(found) => found.print(&self.text, extent, sink),
            None => sink.push(self.lines(extent)),
        }
    }

    /// The addresses of lines that come again in the document and are printed otherwise.
    pub(super) fn repeated(&self) -> impl Iterator<Item = Range<usize>> {
        let text = self.text.as_ptr().addr();
        let found = self.found.get().into_iter();
        let lines = found.flat_map(|found| found.repeated());
        lines.map(move |lines| text + lines.start as usize..text + lines.end as usize)
    }

    /// The large collection that starts with the line at an offset.
    pub(super) fn extent_at(&self, start: u32) -> Option<Extent> {
        self.found.get()?.extent_at(start)
    }
}
