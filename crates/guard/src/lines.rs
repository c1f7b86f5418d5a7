//! Lines and columns of offsets.

use std::ops::Range;

use kustom_yaml::place::{SourceId, Span};

/// Turns offsets into lines and columns; cheap as long as they grow.
pub(super) struct Lines<'t> {
    text: &'t [u8],
    starts: Vec<usize>,
    /// The last offset and its column.
    last: (usize, usize),
}

impl<'t> Lines<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        let breaks = kustom_yaml::search::all(b'\n', text);
        let starts = std::iter::once(0).chain(breaks.map(|at| at + 1)).collect();
        Self {
            text,
            starts,
            last: (0, 1),
        }
    }

    /// The number of the line that an offset is in, counted from 0.
    pub(super) fn number(&self, at: usize) -> usize {
        self.starts.partition_point(|&start| start <= at) - 1
    }

    /// A line with its line break; nothing outside of the text.
    pub(super) fn line(&self, number: usize) -> &'t [u8] {
        let Some(&start) = self.starts.get(number) else {
            return &[];
        };
        let end = self.starts.get(number + 1).copied();
        &self.text[start..end.unwrap_or(self.text.len())]
    }

    pub(super) fn span(&mut self, range: &Range<usize>) -> Span {
        let number = self.number(range.start);
        if self.last.0 < self.starts[number] || self.last.0 > range.start {
            self.last = (self.starts[number], 1);
        }
        let between = &self.text[self.last.0..range.start.min(self.text.len())];
        // Every byte but the later ones of a character begins one.
        let characters = between.iter().filter(|&&byte| byte & 0xc0 != 0x80).count();
        self.last = (range.start, self.last.1 + characters);
        let small = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Span {
            source: SourceId::NONE,
            start: small(range.start),
            end: small(range.end),
            line: small(number + 1),
            column: small(self.last.1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one_in_characters() {
        let mut lines = Lines::new("ä: b\nxü: y\n".as_bytes());
        let of = |lines: &mut Lines<'_>, at: usize| {
            let span = lines.span(&(at..at + 1));
            (span.line, span.column)
        };
        assert_eq!(of(&mut lines, 4), (1, 4));
        assert_eq!(of(&mut lines, 10), (2, 4));
        assert_eq!(of(&mut lines, 0), (1, 1));
        assert_eq!(lines.line(1), "xü: y\n".as_bytes());
        assert_eq!(lines.line(9), b"");
    }
}
