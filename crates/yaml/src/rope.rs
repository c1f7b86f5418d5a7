//! A text in pieces, of which some are still in the texts that they were read from.

use std::io;
use std::ops::Range;

use rustc_hash::FxHashMap;

use super::changes::{Lines, Sink, WORTH_KEEPING};
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
        self.print(out);
    }

    /// Writes the whole text.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write_to(&self, out: &mut impl io::Write) -> io::Result<()> {
        if self.pieces.is_empty() {
            return out.write_all(self.text.as_bytes());
        }
        let mut buffer = Buffer {
            bytes: vec![0; BUFFER],
            length: 0,
            out,
            result: Ok(()),
            kept: KeptLines::of(self.pieces.iter().map(|piece| piece.source)),
        };
        self.print(&mut buffer);
        buffer.flush();
        buffer.result
    }

    /// Says what the text is, part by part.
    fn print(&self, sink: &mut impl Sink) {
        let mut start = 0;
        for piece in &self.pieces {
            sink.push(self.text.cut(start..piece.at));
            piece.source.print(piece.extent, sink);
            start = piece.at;
        }
        sink.push(self.text.cut(start..));
    }
}

/// Gathers short parts of a text before they are written.
struct Buffer<'w, W> {
    bytes: Vec<u8>,
    /// How many of these are waiting.
    length: usize,
    out: &'w mut W,
    /// After the first error nothing more is written.
    result: io::Result<()>,
    kept: KeptLines,
}

/// What was printed of lines that come again.
#[derive(Default)]
struct KeptLines {
    text: Vec<u8>,
    known: FxHashMap<Lines, Range<usize>>,
    /// The addresses of lines that come again, where they stand first, in order.
    repeated: Vec<Range<usize>>,
    /// How many collections are not complete; what is printed of them is kept as it is.
    open: usize,
    /// How much of what is waiting is kept, if one is open.
    copied: usize,
}

/// So many bytes are kept at most.
const KEPT: usize = 1 << 20;

impl KeptLines {
    /// Lines that are printed of sources.
    fn of<'s>(sources: impl Iterator<Item = &'s Source>) -> Self {
        let mut repeated = Vec::new();
        let mut last = None;
        for source in sources {
            if last.is_none_or(|last| !std::ptr::eq(last, source)) {
                repeated.extend(
                    source
                        .repeated()
                        .filter(|it| WORTH_KEEPING.contains(&it.len())),
                );
            }
            last = Some(source);
        }
        repeated.sort_unstable_by_key(|lines| lines.start);
        repeated.dedup_by_key(|lines| lines.start);
        Self {
            repeated,
            ..Self::default()
        }
    }

    /// Keeps what is waiting of open collections; none is open any more if that is too much.
    fn copy(&mut self, waiting: &[u8]) {
        let new = waiting.get(self.copied..).unwrap_or_default();
        if self.open == 0 || new.is_empty() {
            return;
        }
        if self.text.len() + new.len() > KEPT {
            self.open = 0;
            return;
        }
        if self.text.is_empty() {
            // Room that is not used is never got from the system, and a copy into more would be.
            self.text.reserve_exact(KEPT);
        }
        self.text.extend_from_slice(new);
        self.copied = waiting.len();
    }
}

/// Up to so many bytes are copied at once, further ones with them, which others overwrite.
const WIDE: usize = 64;

impl<W: io::Write> Buffer<'_, W> {
    /// Writes what is waiting.
    fn flush(&mut self) {
        let waiting = self.bytes.get(..self.length).unwrap_or_default();
        self.kept.copy(waiting);
        if self.result.is_ok() {
            self.result = self.out.write_all(waiting);
        }
        self.length = 0;
        self.kept.copied = 0;
    }

    /// Adds a part of a text.
    #[inline]
    fn add(&mut self, text: &[u8], part: Range<usize>) {
        // Most lines are short; a copy of a known length needs no call.
        let from = text.get(part.start..).and_then(<[u8]>::first_chunk);
        let room = self.bytes.get_mut(self.length..);
        let to = room.and_then(<[u8]>::first_chunk_mut::<WIDE>);
        match (from, to) {
            (Some(from), Some(to)) if part.len() <= WIDE => {
                *to = *from;
                self.length += part.len();
            }
            _ => self.add_long(text.get(part).unwrap_or_default()),
        }
    }

    fn add_long(&mut self, part: &[u8]) {
        if self.length + part.len() > self.bytes.len() {
            self.flush();
        }
        match self.bytes.get_mut(self.length..self.length + part.len()) {
            Some(room) => {
                room.copy_from_slice(part);
                self.length += part.len();
            }
            None => {
                // It was not waiting, and is not kept.
                self.kept.open = 0;
                if self.result.is_ok() {
                    self.result = self.out.write_all(part);
                }
            }
        }
    }
}

impl<W: io::Write> Sink for Buffer<'_, W> {
    fn push(&mut self, part: &str) {
        self.add_long(part.as_bytes());
    }

    fn repeated(&self, between: Range<usize>) -> Option<Range<usize>> {
        let repeated = &self.kept.repeated;
        let index = repeated.partition_point(|lines| lines.start < between.start);
        let lines = repeated.get(index)?;
        (lines.end <= between.end).then(|| lines.clone())
    }

    fn start(&mut self) -> usize {
        let kept = &mut self.kept;
        if kept.open == 0 {
            kept.copied = self.length;
        }
        kept.open += 1;
        kept.text.len() + self.length - kept.copied
    }

    fn keep(&mut self, lines: Lines, start: usize) {
        let kept = &mut self.kept;
        kept.copy(self.bytes.get(..self.length).unwrap_or_default());
        // It was given up.
        if kept.open == 0 {
            return;
        }
        kept.open -= 1;
        kept.known.insert(lines, start..kept.text.len());
    }

    fn push_again(&mut self, lines: Lines) -> bool {
        let Some(part) = self.kept.known.get(&lines).cloned() else {
            return false;
        };
        if self.length + part.len() > self.bytes.len() {
            self.flush();
        }
        let text = std::mem::take(&mut self.kept.text);
        self.add_long(text.get(part).unwrap_or_default());
        self.kept.text = text;
        true
    }

    fn push_without(&mut self, columns: usize, text: &str, range: Range<usize>) {
        let bytes = text.as_bytes();
        let mut start = range.start;
        while start < range.end {
            let end = line_end(bytes, start).min(range.end);
            // Most lines have content.
            let content = match bytes.get(start) {
                Some(b'\n') => start,
                _ => start + columns,
            };
            self.add(bytes, content..end);
            start = end;
        }
    }
}

/// Where the line ends that a position is in. Lines are too short for a search that is called.
#[inline]
fn line_end(text: &[u8], start: usize) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    // The highest bit of the first byte that is a line break, and of none before it.
    let breaks = |eight: &[u8; 8]| {
        let others = u64::from_le_bytes(*eight) ^ (ONES * b'\n' as u64);
        others.wrapping_sub(ONES) & !others & (ONES << 7)
    };
    let mut at = start;
    while let Some(some) = text.get(at..).and_then(<[u8]>::first_chunk::<16>)
        && let ([first, second], []) = some.as_chunks::<8>()
    {
        let (first, second) = (breaks(first), breaks(second));
        if first | second != 0 {
            let (found, before) = if first == 0 { (second, 8) } else { (first, 0) };
            return at + before + (found.trailing_zeros() / 8) as usize + 1;
        }
        at += 16;
    }
    let rest = text.get(at..).unwrap_or_default();
    let line = rest.iter().position(|byte| *byte == b'\n');
    line.map_or(text.len(), |length| at + length + 1)
}
