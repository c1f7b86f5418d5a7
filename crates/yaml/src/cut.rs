//! Slices a text by computed offsets without panicking.
//!
//! `&text[start..end]` panics where an offset lies within a character or beyond the end, and the
//! content of a text is up to its author. [`Cut::cut`] never panics; the lint
//! `clippy::string_slice` forbids the other way.

use std::ops::{Bound, RangeBounds};

/// Pieces of a text.
pub trait Cut {
    /// The piece between two offsets in bytes. An offset beyond the end means the end; one within
    /// a character means the beginning of it; a range that ends before it begins is empty.
    fn cut(&self, range: impl RangeBounds<usize>) -> &str;

    /// What is before an offset in bytes, and what is behind it.
    fn halves(&self, at: usize) -> (&str, &str);
}

impl Cut for str {
    #[inline]
    fn cut(&self, range: impl RangeBounds<usize>) -> &str {
        let start = match range.start_bound() {
            Bound::Included(&start) => start,
            Bound::Excluded(&start) => start.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&end) => end.saturating_add(1),
            Bound::Excluded(&end) => end,
            Bound::Unbounded => self.len(),
        };
        match self.get(start..end) {
            Some(piece) => piece,
            None => settled(self, start, end),
        }
    }

    #[inline]
    fn halves(&self, at: usize) -> (&str, &str) {
        (self.cut(..at), self.cut(at..))
    }
}

/// The piece between the nearest offsets that a text can be cut at.
#[cold]
fn settled(text: &str, start: usize, end: usize) -> &str {
    let boundary = |offset: usize| {
        let offset = offset.min(text.len());
        (0..=offset).rev().find(|&at| text.is_char_boundary(at))
    };
    let piece = boundary(start).zip(boundary(end));
    piece
        .and_then(|(start, end)| text.get(start..end))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_that_fit_cut_as_an_index_does() {
        let text = "aäb";
        for (piece, wanted) in [
            (text.cut(..), "aäb"),
            (text.cut(1..3), "ä"),
            (text.cut(..=0), "a"),
            (text.cut(3..), "b"),
            (text.cut(4..), ""),
        ] {
            assert_eq!(piece, wanted);
        }
    }

    #[test]
    fn no_two_offsets_panic() {
        let text = "aä😀\n";
        for start in 0..12 {
            for end in 0..12 {
                assert!(text.contains(text.cut(start..end)));
            }
            assert!(text.ends_with(text.cut(start..)) && text.starts_with(text.cut(..start)));
        }
        assert_eq!(text.cut(2..4), "ä");
        assert_eq!(text.cut(usize::MAX..), "");
        assert_eq!(text.cut(..=usize::MAX), text);
    }
}
