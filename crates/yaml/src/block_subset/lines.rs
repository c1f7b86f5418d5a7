//! Prints the large collections of a text line by line, as it is passed.
//!
//! Most lines are printed as they stand, or with another indentation: the keys are in order, and
//! scalars have the style and the line breaks that the writer would choose. What is not obvious is
//! made a node and written, and the lines of a mapping are sorted where its keys are not. What cannot
//! be printed so, such as a mapping with a key twice, is read as nodes, with the collections around
//! it; what is beside it may still be kept.

use std::sync::Arc;

use super::super::list::{Extent, Found, Source};
use super::super::order;
use super::super::scan::is_blank_or_end;
use super::super::write::After;
use super::keys::Keys;
use super::leaf::{Leaf, Page, Spot, indent_by, newlines};
use super::{DEPTH, Reader, spaces_end};
use crate::place::SourceId;

/// A text that pieces of may be kept of.
#[derive(Clone, Copy)]
pub(in super::super) struct Text<'t> {
    /// The whole text.
    pub(in super::super) text: &'t Arc<String>,
    /// The length of a collection, in bytes, from which on it is kept.
    pub(in super::super) worth_keeping: usize,
}

/// What is known of the collections of a document.
pub(super) struct Kept {
    /// The text, shared with what is kept of it, and what was found in it.
    source: Arc<Source>,
    /// The large collections that were found, in the order of the text; those that turned out not
    /// to be kept have no end.
    extents: Vec<Extent>,
    /// Those before were passed.
    passed: usize,
    /// What is printed of those that are not printed as they stand.
    printed: String,
    /// Where the next line is that was not looked at.
    looked_at: usize,
    /// The collections that are not complete, the innermost one's last.
    frames: Vec<Frame>,
    /// Whether lines are put down in `printed`, because one is not printed as it stands.
    copies: bool,
    /// The start of the last line that is not printed as it stands.
    last_change: usize,
    /// Where the lines start that begin with a key of an open mapping: in what is printed if lines are
    /// put down there.
    key_lines: Vec<usize>,
    page: Page,
    /// The length of a collection, in bytes, from which on it is kept.
    worth_keeping: usize,
}

/// A collection that is not complete.
struct Frame {
    column: usize,
    /// The column in which it is printed.
    indent: usize,
    is_list: bool,
    keys: Keys,
    /// Where its first line starts, and in what is printed.
    start: usize,
    printed: usize,
    /// How many keys the open mappings around it have.
    first_key: usize,
    /// The number of its extent; none for a collection in the line of a dash.
    extent: Option<usize>,
    values: u32,
    bytes: u32,
    depth: u32,
}

/// A line that was passed, and the further ones of a value in it.
struct Line {
    leaf: Leaf,
    /// The column in which it is printed.
    indent: usize,
    /// The collection that starts on the next line with content.
    opens: Option<Below>,
}

/// A collection on lines of its own.
struct Below {
    /// The start of its first line.
    start: usize,
    column: usize,
    /// The column in which it is printed.
    indent: usize,
    is_list: bool,
}

impl Kept {
    pub(super) fn new(chunk: &str, text: Text<'_>, id: SourceId) -> Option<Self> {
        // Places have 32 bits.
        u32::try_from(text.text.len()).ok()?;
        (chunk.len() >= text.worth_keeping).then(|| Self {
            source: Arc::new(Source::new(Arc::clone(text.text), id)),
            extents: Vec::new(),
            passed: 0,
            printed: String::new(),
            looked_at: 0,
            frames: Vec::new(),
            copies: false,
            last_change: 0,
            key_lines: Vec::new(),
            page: Page::new(chunk),
            worth_keeping: text.worth_keeping,
        })
    }

    /// Remembers what was found, for those who read the pieces.
    pub(super) fn finish(mut self) {
        self.extents.retain(|extent| extent.end > 0);
        self.source.set(Found {
            extents: self.extents.into(),
            printed: self.printed.into(),
        });
    }

    pub(super) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// Completes the innermost collection, at the line after it; nothing if a key stands in it twice.
    fn close(&mut self, start: u32, end: u32, line: u32, last: u32) -> Option<()> {
        let frame = self.frames.last()?;
        if frame.keys.are_unsorted {
            self.sort(start)?;
        }
        let frame = self.frames.pop()?;
        self.key_lines.truncate(frame.first_key);
        if let Some(number) = frame.extent
            && let Some(extent) = self.extents.get_mut(number)
        {
            if ((end - extent.start) as usize) < self.worth_keeping {
                // What is in it is smaller still, so it is the last.
                self.extents.truncate(number);
            } else {
                let is_changed = self.copies && self.last_change >= frame.start;
                let printed = u32::try_from(self.printed.len());
                (extent.end, extent.last) = match printed {
                    Ok(_) => (end, last),
                    // Where it is printed has no number.
                    Err(_) => (0, 0),
                };
                if is_changed && let Ok(printed) = printed {
                    extent.printed_start = frame.printed as u32;
                    extent.printed_end = printed;
                }
                extent.lines = line - extent.line;
                (extent.values, extent.bytes) = (frame.values, frame.bytes);
                extent.depth = frame.depth;
            }
        }
        if let Some(around) = self.frames.last_mut() {
            around.values += frame.values;
            around.bytes += frame.bytes;
            around.depth = around.depth.max(frame.depth + 1);
        }
        Some(())
    }

    /// Sorts the lines of the innermost mapping, which starts at an offset of the text, by its keys.
    fn sort(&mut self, start: u32) -> Option<()> {
        let frame = self.frames.last()?;
        let indent = frame.indent;
        let lines = self.key_lines.get(frame.first_key..)?;
        let first = lines.first()? + indent;
        let before = self.printed.get(first..)?.to_owned();
        let ends = lines.iter().skip(1).copied();
        let ends = ends.chain([first + before.len()]);
        let mut parts = Vec::with_capacity(lines.len());
        for (&line, end) in lines.iter().zip(ends) {
            let text = before.get(line + indent - first..end - first)?;
            let key = text.get(..memchr::memchr(b':', text.as_bytes())?)?;
            parts.push((key, text, parts.len()));
        }
        if order::sort(&mut parts, |(key, ..)| key).is_some() {
            return None;
        }
        self.printed.truncate(first);
        let mut starts = vec![0; parts.len()];
        for (index, (_, text, number)) in parts.iter().enumerate() {
            if index > 0 {
                indent_by(indent, &mut self.printed);
            }
            starts[*number] = self.printed.len();
            self.printed.push_str(text);
        }
        // What is in it has moved.
        let inner = self.extents.iter_mut().rev();
        for extent in inner.take_while(|extent| extent.start > start) {
            let old = extent.printed_start as usize;
            if extent.printed_end > 0 && extent.end > 0 && old >= first {
                let number = lines.partition_point(|line| *line <= old).checked_sub(1)?;
                let moved = starts.get(number)? + old - (lines.get(number)? + indent);
                let length = extent.printed_end - extent.printed_start;
                extent.printed_start = u32::try_from(moved).ok()?;
                extent.printed_end = extent.printed_start.checked_add(length)?;
            }
        }
        Some(())
    }

    fn open(&mut self, frame: Frame, extent: Option<Extent>) {
        let extent = extent.map(|extent| {
            self.extents.push(extent);
            self.extents.len() - 1
        });
        let first_key = self.key_lines.len();
        self.frames.push(Frame {
            extent,
            first_key,
            ..frame
        });
    }

    /// Begins to put lines down, with those that were printed as they stand.
    fn copy_from_here(&mut self, text: &str, line_start: usize) {
        if !self.copies {
            self.copies = true;
            let before = self.printed.len();
            let start = self.frames.first().map_or(line_start, |first| first.start);
            self.printed
                .push_str(text.get(start..line_start).unwrap_or_default());
            for frame in &mut self.frames {
                // One that begins below comments has nothing here yet.
                let passed = frame.start.min(line_start);
                frame.printed = before + passed.saturating_sub(start);
            }
            for key_line in &mut self.key_lines {
                *key_line = before + key_line.saturating_sub(start);
            }
        }
        self.last_change = line_start;
    }
}

impl Frame {
    fn new(below: &Below, printed: usize) -> Self {
        Self {
            column: below.column,
            indent: below.indent,
            is_list: below.is_list,
            keys: Keys::default(),
            start: below.start,
            printed,
            first_key: 0,
            extent: None,
            values: 0,
            bytes: 0,
            depth: 1,
        }
    }

    fn add(&mut self, leaf: &Leaf) {
        self.values += leaf.values;
        self.bytes += leaf.length as u32;
        self.depth = self.depth.max(leaf.depth + 1);
    }
}

impl Reader<'_> {
    /// The large collection that starts with the line at hand, if it can be printed line by line;
    /// `depth` is its own.
    pub(super) fn find(&mut self, kept: &mut Kept, is_list: bool, depth: usize) -> Option<Extent> {
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
        let column = self.at - self.line_start;
        let before = (self.at, self.line, self.line_start, self.wide, self.column);
        let last_end = self.last_end;
        kept.copies = false;
        let printed = kept.printed.len();
        kept.frames.clear();
        kept.key_lines.clear();
        let first = Below {
            start: self.line_start,
            column,
            indent: self.indent,
            is_list,
        };
        let extent = self.extent(self.line_start, self.line as usize, self.indent);
        kept.open(Frame::new(&first, printed), Some(extent));
        kept.looked_at = match self.pass_lines(kept, depth) {
            Ok(end) => end,
            Err(line) => {
                for frame in kept.frames.drain(..) {
                    if let Some(extent) = frame.extent.and_then(|it| kept.extents.get_mut(it)) {
                        extent.end = 0;
                    }
                }
                line + 1
            }
        };
        (self.at, self.line, self.line_start, self.wide, self.column) = before;
        self.last_end = last_end;
        let rest = kept.extents.get(number..).unwrap_or_default();
        if !rest.iter().any(|extent| extent.printed_end > 0) {
            kept.printed.truncate(printed);
        }
        let found = kept.extents.get(number);
        found.filter(|extent| extent.end > 0).copied()
    }

    /// The offset in the whole text of a position.
    pub(super) fn offset(&self, at: usize) -> u32 {
        u32::try_from(self.origin.offset + at).unwrap_or(u32::MAX)
    }

    fn extent(&self, line_start: usize, line: usize, indent: usize) -> Extent {
        Extent {
            start: self.offset(line_start),
            line: u32::try_from(self.origin.lines + line).unwrap_or(u32::MAX),
            indent: indent as u32,
            ..Extent::default()
        }
    }

    /// Moves over lines as long as the open collections last and each line can be printed.
    ///
    /// Returns where the next line starts; the error is the start of the first line that cannot.
    fn pass_lines(&mut self, kept: &mut Kept, depth: usize) -> Result<usize, usize> {
        let (text, bytes) = (self.text, self.bytes);
        let (mut line_start, mut line) = (self.line_start, self.line as usize);
        loop {
            let at = spaces_end(bytes, line_start);
            let is_content = !matches!(bytes.get(at), None | Some(b'\n' | b'#'));
            let content = match is_content {
                true => Some((line_start, at)),
                false => content_below(bytes, line_start),
            };
            // Where the next content is less deep, collections end.
            while let Some(top) = kept.frames.last() {
                let is_over = content.is_none_or(|(start, at)| {
                    let column = at - start;
                    top.column > column
                        || top.column == column && top.is_list && !is_entry(bytes, at)
                });
                if !is_over {
                    break;
                }
                let number = (self.origin.lines + line) as u32;
                let (start, end) = (self.offset(top.start), self.offset(line_start));
                let last = self.offset(kept.page.last_end);
                kept.close(start, end, number, last).ok_or(line_start)?;
            }
            let Some((next, at)) = content.filter(|_| !kept.frames.is_empty()) else {
                return Ok(line_start);
            };
            if !is_content {
                // Comments and lines without content are not printed.
                kept.copy_from_here(text, line_start);
                line += newlines(bytes, line_start, next);
                line_start = next;
            }
            let passed = self
                .line(kept, depth, line_start, line, at)
                .ok_or(line_start)?;
            let end = passed.leaf.end;
            let top = kept.frames.last_mut().ok_or(line_start)?;
            top.add(&passed.leaf);
            let (has_key, is_unsorted) = (!top.is_list, top.keys.are_unsorted);
            let column = at - line_start;
            let is_same = passed.indent == column && !passed.leaf.is_made && !is_unsorted;
            if !is_same {
                kept.copy_from_here(text, line_start);
            }
            if has_key {
                let here = if kept.copies {
                    kept.printed.len()
                } else {
                    line_start
                };
                kept.key_lines.push(here);
            }
            if kept.copies {
                self.print(kept, line_start, column, &passed);
            }
            line_start = end;
            line += passed.leaf.lines;
            if let Some(below) = passed.opens {
                let number = match below.start > line_start {
                    true => line + newlines(bytes, line_start, below.start),
                    false => line,
                };
                let extent = self.extent(below.start, number, below.indent);
                kept.open(Frame::new(&below, kept.printed.len()), Some(extent));
            }
        }
    }

    /// Puts down what is printed of a line.
    fn print(&self, kept: &mut Kept, line_start: usize, column: usize, passed: &Line) {
        let Line { leaf, indent, .. } = passed;
        let lines = self.text.get(line_start..leaf.end).unwrap_or_default();
        if leaf.is_made {
            kept.printed.push_str(&kept.page.line);
        } else if *indent == column {
            kept.printed.push_str(lines);
        } else {
            let mut start = 0;
            for end in memchr::memchr_iter(b'\n', lines.as_bytes()) {
                let line = lines.get(start..=end).unwrap_or_default();
                start = end + 1;
                let is_blank = line.len() == 1;
                match column.checked_sub(*indent) {
                    Some(surplus) if !is_blank => {
                        kept.printed
                            .push_str(line.get(surplus..).unwrap_or_default());
                    }
                    None if !is_blank => {
                        indent_by(*indent - column, &mut kept.printed);
                        kept.printed.push_str(line);
                    }
                    _ => kept.printed.push('\n'),
                }
            }
        }
    }

    /// Moves over a line with content, and the further ones of a value in it.
    fn line(
        &mut self,
        kept: &mut Kept,
        depth: usize,
        line_start: usize,
        line: usize,
        at: usize,
    ) -> Option<Line> {
        let bytes = self.bytes;
        let (mut at, mut column) = (at, at - line_start);
        let mut top = kept.frames.last_mut()?;
        if top.column != column {
            return None;
        }
        let printed = top.indent;
        let of = |leaf| Line {
            leaf,
            indent: printed,
            opens: None,
        };
        while top.is_list {
            // A value follows the dash, in this line.
            if bytes.get(at) != Some(&b'-') || bytes.get(at + 1) != Some(&b' ') {
                return None;
            }
            let mark = at + 1;
            at += 2;
            let indent = top.indent;
            let is_list = bytes.get(at) == Some(&b'-') && bytes.get(at + 1) == Some(&b' ');
            if !is_list && !self.starts_key(at) {
                let at = spaces_end(bytes, at);
                let after = After::Mark;
                let spot = Spot {
                    line_start,
                    line,
                    mark,
                    after,
                    at,
                    column,
                    indent,
                };
                return self.leaf(&mut kept.page, spot).map(of);
            }
            top.values += 1;
            column += 2;
            if kept.frames.len() + depth >= DEPTH {
                return None;
            }
            let inner = Below {
                start: line_start,
                column,
                indent: indent + 2,
                is_list,
            };
            kept.open(Frame::new(&inner, kept.printed.len()), None);
            top = kept.frames.last_mut()?;
        }
        let (end, length) = self.key_as_printed(&mut kept.page.line, &mut top.keys, at)?;
        top.keys.last = (at, end);
        top.values += 1;
        top.bytes += length as u32;
        let indent = top.indent;
        let mark = end + 1;
        let at = spaces_end(bytes, mark);
        let after = After::Key;
        let spot = Spot {
            line_start,
            line,
            mark,
            after,
            at,
            column,
            indent,
        };
        match bytes.get(at) {
            Some(b'\n') => {}
            Some(_) if at > mark => {
                return self.leaf(&mut kept.page, spot).map(of);
            }
            _ => return None,
        }
        let below = content_below(bytes, at + 1).and_then(|(start, content)| {
            let inner = content - start;
            let is_list = is_entry(bytes, content);
            let is_inside = inner > column || inner == column && is_list;
            is_inside.then_some(Below {
                start,
                column: inner,
                indent: if is_list { indent } else { indent + 2 },
                is_list,
            })
        });
        let mut leaf = Leaf {
            end: at + 1,
            lines: 1,
            values: 1,
            // What follows the colon is not printed.
            is_made: at > mark,
            ..Leaf::default()
        };
        kept.page.last_end = mark;
        if below.is_some() {
            if kept.frames.len() + depth >= DEPTH || leaf.is_made {
                return None;
            }
        } else {
            self.begin_line(&mut kept.page, spot)?;
            kept.page.line.push_str(" null\n");
            leaf.is_made = true;
        }
        let opens = below;
        Some(Line { opens, ..of(leaf) })
    }
}

/// The next line with content, and where its content starts.
#[inline]
fn content_below(bytes: &[u8], line_start: usize) -> Option<(usize, usize)> {
    let mut start = line_start;
    loop {
        let at = spaces_end(bytes, start);
        match bytes.get(at)? {
            b'\n' => start = at + 1,
            b'#' => start = at + memchr::memchr(b'\n', bytes.get(at..)?)? + 1,
            _ => return Some((start, at)),
        }
    }
}

/// Whether a `-` of a list is at a position.
fn is_entry(bytes: &[u8], at: usize) -> bool {
    bytes.get(at) == Some(&b'-') && is_blank_or_end(bytes, at + 1)
}
