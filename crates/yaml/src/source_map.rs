//! Source maps: where each byte of a text that a program made was written.
//!
//! A text begins as one that was read, its base. Each step of a program replaces parts of it and
//! has a place of its own; what no step touched is the base's still.

use std::ops::Range;

use crate::Change;
use crate::place::Place;

/// Says of every byte of a text whether it is of the base, or which step wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceMap {
    /// In the order of the text; the first one starts at its first byte.
    pieces: Vec<Piece>,
}

/// Where a piece of a text was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In the base, from this byte on.
    Base(usize),
    /// By a step, which stands at this place.
    Step(Place),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    start: usize,
    origin: Origin,
}

impl SourceMap {
    /// Of a text that is its base.
    pub fn unchanged() -> Self {
        let origin = Origin::Base(0);
        Self {
            pieces: vec![Piece { start: 0, origin }],
        }
    }

    /// Of a text of which a step wrote everything.
    pub fn written(place: Place) -> Self {
        let origin = Origin::Step(place);
        Self {
            pieces: vec![Piece { start: 0, origin }],
        }
    }

    /// The map after further changes, in the order of the text; `place` names the step that made
    /// each.
    #[must_use]
    pub fn changed<'c>(&self, changes: impl IntoIterator<Item = (&'c Change, Place)>) -> Self {
        let mut pieces = Vec::new();
        // How far the text before and the text after are told.
        let (mut old, mut new) = (0, 0);
        for (change, place) in changes {
            if old < change.old.start {
                self.copy(old..change.old.start, new, &mut pieces);
            }
            if !change.new.is_empty() {
                push(&mut pieces, change.new.start, Origin::Step(place));
            }
            (old, new) = (change.old.end, change.new.end);
        }
        self.copy(old..usize::MAX, new, &mut pieces);
        Self { pieces }
    }

    /// Copies the pieces of a range to where it is now.
    fn copy(&self, range: Range<usize>, to: usize, pieces: &mut Vec<Piece>) {
        let first = self.at(range.start);
        for (index, piece) in self.pieces.iter().enumerate().skip(first) {
            if index > first && piece.start >= range.end {
                break;
            }
            let skipped = range.start.saturating_sub(piece.start);
            let origin = match &piece.origin {
                Origin::Base(byte) => Origin::Base(byte + skipped),
                step @ Origin::Step(_) => step.clone(),
            };
            let start = to + piece.start.saturating_sub(range.start);
            push(pieces, start, origin);
        }
    }

    /// The number of the piece that a byte is in.
    fn at(&self, byte: usize) -> usize {
        let after = self.pieces.partition_point(|piece| piece.start <= byte);
        after.saturating_sub(1)
    }

    /// Where a byte was written: the step, or the byte of the base.
    pub fn origin(&self, byte: usize) -> Origin {
        let piece = &self.pieces[self.at(byte)];
        match &piece.origin {
            Origin::Base(start) => Origin::Base(start + (byte - piece.start)),
            step @ Origin::Step(_) => step.clone(),
        }
    }

    /// The first step that wrote something in a range, if one did.
    pub fn step_in(&self, range: Range<usize>) -> Option<&Place> {
        let pieces = self.pieces[self.at(range.start)..].iter();
        let mut pieces = pieces.take_while(|piece| piece.start < range.end);
        pieces.find_map(|piece| match &piece.origin {
            Origin::Step(place) => Some(place),
            Origin::Base(_) => None,
        })
    }
}

/// Adds a piece; one of no length gives way to the next.
fn push(pieces: &mut Vec<Piece>, start: usize, origin: Origin) {
    if pieces.last().is_some_and(|last| last.start == start) {
        pieces.pop();
    }
    pieces.push(Piece { start, origin });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(old: Range<usize>, new: Range<usize>) -> Change {
        Change { old, new }
    }

    #[test]
    fn what_no_step_touched_is_the_bases() {
        // `a: 1\nb: 2\n` becomes `a: 10\nb: 2\nc: 3\n`, then `b: 2\nc: 30\n`.
        let first = [change(3..4, 3..5), change(10..10, 11..16)];
        let map = SourceMap::unchanged().changed(first.iter().map(|one| (one, Place::file("one"))));
        assert_eq!(map.origin(0), Origin::Base(0));
        assert_eq!(map.origin(4), Origin::Step(Place::file("one")));
        assert_eq!(map.origin(6), Origin::Base(5));
        assert_eq!(map.origin(11), Origin::Step(Place::file("one")));
        let second = [change(0..6, 0..0), change(14..15, 8..10)];
        let map = map.changed(second.iter().map(|one| (one, Place::file("two"))));
        assert_eq!(map.origin(0), Origin::Base(5));
        assert_eq!(map.origin(3), Origin::Base(8));
        assert_eq!(map.origin(5), Origin::Step(Place::file("one")));
        assert_eq!(map.origin(9), Origin::Step(Place::file("two")));
        assert_eq!(map.origin(10), Origin::Step(Place::file("one")));
        assert_eq!(map.step_in(0..5), None);
        assert_eq!(map.step_in(0..9), Some(&Place::file("one")));
    }
}
