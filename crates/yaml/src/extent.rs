//! Where a collection stands in its text.

use std::ops::Range;

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

    /// The same lines so many bytes, and lines, further on.
    pub(super) fn moved(&self, bytes: i64, lines: i64) -> Self {
        let moved = |offset: u32, by: i64| (i64::from(offset) + by) as u32;
        Self {
            start: moved(self.start, bytes),
            end: moved(self.end, bytes),
            last: moved(self.last, bytes),
            line: moved(self.line, lines),
            ..*self
        }
    }
}
