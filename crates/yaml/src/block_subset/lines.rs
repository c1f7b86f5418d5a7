//! Passes the lines of large collections, and notes where what is printed of them differs.
//!
//! Most lines are printed as they stand, or with another indentation: the keys are in order, and
//! scalars have the style and the line breaks that the writer would choose. What is not obvious is
//! made a node and written, and the entries of a mapping are sorted where its keys are not. What cannot
//! be printed so, such as a mapping with a key twice, is read as nodes, with the collections around
//! it; what is beside it may still be kept.

use super::super::scan::is_blank_or_end;
use super::super::verbatim::Extent;
use super::super::write::After;
use super::kept::{Below, Kept};
use super::leaf::{Page, Spot, newlines};
use super::{DEPTH, Reader, spaces_end};

impl<'t> Reader<'t> {
    /// The large collection that starts with the line at hand, if it can be printed line by line;
    /// `depth` is its own.
    pub(super) fn find(
        &mut self,
        kept: &mut Kept<'t>,
        is_list: bool,
        depth: usize,
    ) -> Option<Extent> {
        let start = self.offset(self.line_start);
        while let Some(extent) = kept.extents.get(kept.passed) {
            if extent.start == start && extent.end > 0 {
                return Some(*extent);
            }
            if extent.start > start {
                break;
            }
            kept.passed += 1;
        }
        if self.line_start < kept.looked_at {
            return None;
        }
        let number = kept.extents.len();
        kept.passed = number;
        let before = (self.at, self.line, self.line_start, self.wide, self.column);
        let last_end = self.last_end;
        kept.frames.clear();
        kept.keys.clear();
        let first = Below {
            start: self.line_start,
            column: self.at - self.line_start,
            indent: self.indent,
            is_list,
        };
        let extent = self.extent(&first, self.line as usize);
        kept.open(&first, Some(extent));
        kept.looked_at = match self.pass_lines(kept, depth) {
            Ok(end) => end,
            Err(line) => line + 1,
        };
        (self.at, self.line, self.line_start, self.wide, self.column) = before;
        self.last_end = last_end;
        let found = kept.extents.get(number);
        found.filter(|extent| extent.end > 0).copied()
    }

    /// The offset in the whole text of a position.
    pub(super) fn offset(&self, at: usize) -> u32 {
        u32::try_from(self.origin.offset + at).unwrap_or(u32::MAX)
    }

    /// What is known of a collection that starts.
    fn extent(&self, below: &Below, line: usize) -> Extent {
        Extent {
            start: self.offset(below.start),
            line: u32::try_from(self.origin.lines + line).unwrap_or(u32::MAX),
            column: below.column as u32,
            indent: below.indent as u32,
            ..Extent::default()
        }
    }

    /// Moves over lines as long as the open collections last and each line can be printed.
    ///
    /// Returns where the next line starts; the error is the start of the first line that cannot.
    fn pass_lines(&mut self, kept: &mut Kept<'t>, depth: usize) -> Result<usize, usize> {
        let bytes = self.bytes;
        let (mut line_start, mut line) = (self.line_start, self.line as usize);
        loop {
            let content = kept.page.content_below(bytes, line_start);
            // Where the next content is less deep, collections end.
            while let Some(top) = kept.frames.last() {
                if !is_over(bytes, top.column, top.is_list, content) {
                    break;
                }
                let number = (self.origin.lines + line) as u32;
                kept.close(line_start, number).ok_or(line_start)?;
            }
            let Some((next, at)) = content.filter(|_| !kept.frames.is_empty()) else {
                return Ok(line_start);
            };
            if next > line_start {
                line += leave_out(kept, bytes, line_start, next);
                line_start = next;
            }
            let passed = self.line(kept, depth, line_start, line, at);
            let (end, lines) = passed.ok_or(line_start)?;
            line_start = end;
            line += lines;
        }
    }

    /// Moves over a line with content, and the further ones of a value in it; to the first line of a
    /// collection that starts below. Returns where the next line starts, and how many were passed.
    fn line(
        &mut self,
        kept: &mut Kept<'t>,
        depth: usize,
        line_start: usize,
        line: usize,
        at: usize,
    ) -> Option<(usize, usize)> {
        let bytes = self.bytes;
        let (mut at, mut column) = (at, at - line_start);
        let mut top = kept.frames.last_mut()?;
        if top.column != column {
            return None;
        }
        let mut after = After::Key;
        while top.is_list {
            // A value follows the dash, in this line.
            if bytes.get(at) != Some(&b'-') || bytes.get(at + 1) != Some(&b' ') {
                return None;
            }
            at += 2;
            let is_list = bytes.get(at) == Some(&b'-') && bytes.get(at + 1) == Some(&b' ');
            if !is_list && !self.starts_key(at) {
                after = After::Mark;
                break;
            }
            top.values += 1;
            column += 2;
            let inner = Below {
                start: line_start,
                column,
                indent: top.indent + 2,
                is_list,
            };
            if kept.frames.len() + depth >= DEPTH {
                return None;
            }
            kept.open(&inner, None);
            top = kept.frames.last_mut()?;
        }
        let mark = match after {
            After::Mark => at - 1,
            After::Key => {
                let (end, length) = self.key_as_printed(&mut kept.page.line, &mut top.keys, at)?;
                top.keys.last = (at, end);
                top.values += 1;
                top.bytes += length as u32;
                kept.keys.push(at..end);
                end + 1
            }
        };
        let spot = Spot {
            line_start,
            line,
            mark,
            after,
            at: match bytes.get(mark + 1) {
                // Nearly always there is one space.
                Some(byte) if *byte != b' ' && bytes[mark] == b' ' => mark + 1,
                _ => spaces_end(bytes, mark),
            },
            column,
            indent: top.indent,
        };
        let rest = match bytes.get(spot.at)? {
            b'\n' if after == After::Key => spot.at,
            // A comment.
            b'#' if after == After::Key && spot.at > mark => self.line_end(spot.at),
            _ if spot.at > mark => {
                let leaf = self.leaf(&mut kept.page, spot)?;
                if let Some(made) = leaf.made {
                    let range = kept.range(mark..leaf.end);
                    kept.page.changes.replace(range, made);
                }
                kept.frames.last_mut()?.add(&leaf);
                return Some((leaf.end, leaf.lines));
            }
            _ => return None,
        };
        bytes.get(rest)?;
        let end = rest + 1;
        top.values += 1;
        kept.page.last_end = mark;
        let content = kept.page.content_below(bytes, end);
        let below = content.and_then(|(start, at)| {
            let inner = at - start;
            let is_list = is_entry(bytes, at);
            let is_inside = inner > column || inner == column && is_list;
            is_inside.then_some(Below {
                start,
                column: inner,
                indent: spot.indent + if is_list { 0 } else { 2 },
                is_list,
            })
        });
        let Some(below) = below else {
            kept.make(mark..end, " null\n");
            return Some((end, 1));
        };
        let deepest = DEPTH.checked_sub(kept.frames.len() + depth + 1)?;
        // What follows the colon is not printed.
        if end > mark + 1 {
            kept.make(mark..end, "\n");
        }
        let mut lines = 1;
        if below.start > end {
            lines += leave_out(kept, bytes, end, below.start);
        }
        let extent = self.extent(&below, line + lines);
        kept.open(&below, Some(extent));
        let ends = |page: &mut Page, end: usize| {
            let content = page.content_below(bytes, end);
            is_over(bytes, below.column, below.is_list, content)
        };
        Some(match kept.repeat(deepest, ends) {
            Some((end, further)) => (end, lines + further),
            None => (below.start, lines),
        })
    }
}

/// Leaves out lines that are not printed: comments, and lines without content. Says how many they are.
#[cold]
fn leave_out(kept: &mut Kept<'_>, bytes: &[u8], start: usize, end: usize) -> usize {
    kept.make(start..end, "");
    newlines(bytes, start, end)
}

/// Whether a collection in a column is over, before the next line with content.
#[inline]
fn is_over(bytes: &[u8], column: usize, is_list: bool, next: Option<(usize, usize)>) -> bool {
    next.is_none_or(|(start, at)| {
        column > at - start || column == at - start && is_list && !is_entry(bytes, at)
    })
}

/// Whether a `-` of a list is at a position.
fn is_entry(bytes: &[u8], at: usize) -> bool {
    bytes.get(at) == Some(&b'-') && is_blank_or_end(bytes, at + 1)
}
