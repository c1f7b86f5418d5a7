//! A text in pieces, of which some are still in the texts that they were read from.

use std::io;

use super::verbatim::{Extent, Source};
use crate::cut::Cut as _;

/// What [`write_rope`](super::write_rope) makes: a text of which long pieces are not copied before it
/// is written.
#[derive(Default)]
pub struct Rope<'n> {
    text: String,
    /// In the order in which they are printed.
    pieces: Vec<Piece<'n>>,
}

/// A collection that is printed from its source.
pub(super) struct Piece<'n> {
    /// How much of the text comes before it.
    pub(super) at: usize,
    pub(super) source: &'n Source,
    pub(super) extent: &'n Extent,
}

/// So many bytes are written at a time.
const BUFFER: usize = 64 << 10;

impl<'n> Rope<'n> {
    /// Where the text goes that is no piece, and where pieces go.
    pub(super) fn halves(&mut self) -> (&mut String, &mut Vec<Piece<'n>>) {
        (&mut self.text, &mut self.pieces)
    }

    /// Adds another text at the end.
    pub(super) fn append(&mut self, other: Self) {
        let before = self.text.len();
        self.text.push_str(&other.text);
        let pieces = other.pieces.into_iter();
        self.pieces.extend(pieces.map(|piece| Piece {
            at: before + piece.at,
            ..piece
        }));
    }

    /// Puts the whole text at the end of another.
    pub fn append_to(self, out: &mut String) {
        if out.is_empty() && self.pieces.is_empty() {
            *out = self.text;
            return;
        }
        let pieces = self.pieces.iter();
        let length: usize = pieces.map(|piece| piece.extent.length()).sum();
        out.reserve(self.text.len() + length);
        self.print(&mut |part| out.push_str(part));
    }

    /// Writes the whole text.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write_to(&self, out: &mut impl io::Write) -> io::Result<()> {
        let mut buffer = String::with_capacity(BUFFER);
        let mut result = Ok(());
        self.print(&mut |part| {
            if result.is_ok() && buffer.len() + part.len() > BUFFER {
                result = out.write_all(buffer.as_bytes());
                buffer.clear();
            }
            match part.len() > BUFFER {
                _ if result.is_err() => {}
                true => result = out.write_all(part.as_bytes()),
                false => buffer.push_str(part),
            }
        });
        result?;
        out.write_all(buffer.as_bytes())
    }

    /// Says what the text is, part by part.
    fn print(&self, push: &mut impl FnMut(&str)) {
        let mut start = 0;
        for piece in &self.pieces {
            push(self.text.cut(start..piece.at));
            piece.source.print(piece.extent, push);
            start = piece.at;
        }
        push(self.text.cut(start..));
    }
}
