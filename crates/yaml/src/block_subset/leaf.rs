//! Values that are printed as they stand, or are made nodes and written.

use super::super::changes::Changes;
use super::super::scan::is_blank_or_end;
use super::super::style::{is_open_ended, is_remarkable};
use super::super::write::{self, After};
use super::super::{Node, Value};
use super::keys::{is_plain, word};
use super::{Reader, spaces_end};
use crate::search;

/// A line is broken at a space beyond this column.
const WIDTH: usize = 80;

/// What is known of a text whose lines are passed, and in what it is printed differently.
pub(super) struct Page {
    pub(super) changes: Changes,
    /// Where keys are written.
    pub(super) line: String,
    /// The end of the last token.
    pub(super) last_end: usize,
    /// The start of a line, and where its spaces end.
    spaces: (usize, usize),
    has_tab: bool,
    is_ascii: bool,
}

impl Page {
    /// Of a text that may be known to be printable ASCII and LF.
    pub(super) fn new(text: &str, is_simple: bool) -> Self {
        Self {
            changes: Changes::default(),
            line: String::new(),
            last_end: 0,
            spaces: (0, spaces_end(text.as_bytes(), 0)),
            has_tab: !is_simple && search::first(b'\t', text.as_bytes()).is_some(),
            is_ascii: is_simple || text.is_ascii(),
        }
    }

    /// Where the spaces end that a line starts with; several ask that of the same one.
    #[inline]
    pub(super) fn spaces_end(&mut self, bytes: &[u8], line_start: usize) -> usize {
        if self.spaces.0 != line_start {
            self.spaces = (line_start, spaces_end(bytes, line_start));
        }
        self.spaces.1
    }

    /// The next line with content, and where its content starts.
    #[inline]
    pub(super) fn content_below(
        &mut self,
        bytes: &[u8],
        line_start: usize,
    ) -> Option<(usize, usize)> {
        let mut start = line_start;
        loop {
            let at = self.spaces_end(bytes, start);
            match bytes.get(at)? {
                b'\n' => start = at + 1,
                b'#' => start = at + search::first(b'\n', bytes.get(at..)?)? + 1,
                _ => return Some((start, at)),
            }
        }
    }
}

/// A value that does not begin with a key or a dash.
#[derive(Default)]
pub(super) struct Leaf {
    /// Its end, after its last line break.
    pub(super) end: usize,
    pub(super) lines: usize,
    /// How many values it is, and the length of their texts.
    pub(super) values: u32,
    pub(super) length: usize,
    /// How deep it is nested; 0 for a scalar.
    pub(super) depth: u32,
    /// Where what is printed after its colon or dash starts in what was made; nothing if it is printed
    /// as it stands.
    pub(super) made: Option<usize>,
}

/// Where a value stands.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    /// The start of its line, and the number of that.
    pub(super) line_start: usize,
    pub(super) line: usize,
    /// Where the colon or the dash before it ends.
    pub(super) mark: usize,
    pub(super) after: After,
    /// Where it starts.
    pub(super) at: usize,
    /// The column of the collection around it.
    pub(super) column: usize,
    /// The column in which that is printed.
    pub(super) indent: usize,
}

impl Spot {
    /// The greatest column of a space that is not made a line break.
    fn width(&self) -> Option<usize> {
        (WIDTH + self.column).checked_sub(self.indent)
    }

    /// The column after the colon or the dash as it is printed.
    pub(super) fn printed(&self) -> Option<usize> {
        (self.mark - self.line_start + self.indent).checked_sub(self.column)
    }
}

impl Reader<'_> {
    /// Moves over a scalar, or a collection in brackets.
    pub(super) fn leaf(&mut self, page: &mut Page, spot: Spot) -> Option<Leaf> {
        let bytes = self.bytes;
        let first = *bytes.get(spot.at)?;
        let quick = match first {
            // One blank is printed before a value.
            _ if spot.at != spot.mark + 1 => None,
            b'[' | b'{' => {
                let is_empty = matches!(bytes.get(spot.at..spot.at + 3), Some(b"[]\n" | b"{}\n"));
                is_empty.then_some(Leaf {
                    end: spot.at + 3,
                    lines: 1,
                    ..Leaf::default()
                })
            }
            b'|' => self.literal(page, spot),
            b'\'' => self.single_quoted(page, spot),
            _ if is_remarkable(first) && !first.is_ascii_alphanumeric() => None,
            _ => self.plain_lines(page, spot),
        };
        if let Some(leaf) = quick {
            page.last_end = leaf.end - 1;
            return Some(Leaf { values: 1, ..leaf });
        }
        let start = page.changes.made().len();
        let made = match first {
            b'[' => self.words(page, spot),
            b'"' | b'\'' => self.quoted_text(page, spot, first),
            _ if is_remarkable(first) && !first.is_ascii_alphanumeric() => None,
            _ => self.plain_text(page, spot),
        };
        match made {
            Some(leaf) => Some(leaf),
            None => {
                page.changes.made().truncate(start);
                self.written(page, spot)
            }
        }
    }

    /// A value that is made a node and written.
    fn written(&mut self, page: &mut Page, spot: Spot) -> Option<Leaf> {
        self.stand_at(spot.at, spot.line_start);
        self.line = spot.line as u32;
        let node = self.one(spot.column, 0)?;
        let text = node.text().unwrap_or_default();
        // How such a block is printed depends on what follows.
        if text.as_bytes().contains(&b'\n') && is_open_ended(text) {
            return None;
        }
        page.last_end = self.last_end;
        let mut leaf = Leaf::default();
        weigh(&node, &mut leaf);
        // What is between it and the next line with content is not printed.
        leaf.end = self.column.map_or(self.at, |_| self.line_start);
        let made = page.changes.made();
        let start = made.len();
        write::value(&node, spot.indent, spot.after, spot.printed()?, made).ok()?;
        self.made(page, spot, start, leaf)
    }

    /// A value that is printed as was made from an offset on.
    pub(super) fn made(
        &self,
        page: &mut Page,
        spot: Spot,
        start: usize,
        leaf: Leaf,
    ) -> Option<Leaf> {
        let made = page.changes.made();
        let printed = made.get(start..)?;
        let end = spot.mark + printed.len();
        if self.text.get(spot.mark..end) == Some(printed) {
            let lines = newlines(printed.as_bytes(), 0, printed.len());
            if lines == 1 || spot.indent == spot.column {
                made.truncate(start);
                return Some(Leaf { end, lines, ..leaf });
            }
        }
        Some(Leaf {
            lines: newlines(self.bytes, spot.mark, leaf.end),
            made: Some(start),
            ..leaf
        })
    }

    /// A plain scalar; nothing if its text needs a closer look.
    fn plain_lines(&self, page: &mut Page, spot: Spot) -> Option<Leaf> {
        let bytes = self.bytes;
        // Nearly all short ones are one word.
        let (end, _) = word(bytes, spot.at);
        if end > spot.at
            && bytes.get(end) == Some(&b'\n')
            && !self.goes_on(page, end + 1, spot.column)
        {
            let is_as_printed =
                !is_remarkable(bytes[spot.at]) || is_printed_plain(self.text.get(spot.at..end)?);
            return is_as_printed.then_some(Leaf {
                end: end + 1,
                lines: 1,
                length: end - spot.at,
                ..Leaf::default()
            });
        }
        let width = spot.width()?;
        let mut end = self.plain_end(page, spot.at)?;
        let mut leaf = Leaf {
            end: end + 1,
            lines: 1,
            length: end - spot.at,
            ..Leaf::default()
        };
        let mut line_start = spot.line_start;
        loop {
            let next = end + 1;
            let content = page.spaces_end(bytes, next);
            let is_further = content - next > spot.column
                && !matches!(bytes.get(content), None | Some(b'\n' | b'#'));
            if !self.is_broken_as_printed(page, width, line_start, end, is_further) {
                return None;
            }
            if !is_further {
                break;
            }
            if content - next != spot.column + 2 {
                return None;
            }
            line_start = next;
            end = self.plain_end(page, content)?;
            leaf.end = end + 1;
            leaf.lines += 1;
            leaf.length += 1 + end - content;
        }
        // One of several lines is long, and has a space.
        let is_string = leaf.lines > 1 && !bytes.get(spot.at)?.is_ascii_digit();
        let is_as_printed = is_string || is_printed_plain(self.text.get(spot.at..end)?);
        is_as_printed.then_some(leaf)
    }

    /// Whether a plain scalar may go on in a line.
    fn goes_on(&self, page: &mut Page, line_start: usize, column: usize) -> bool {
        let content = page.spaces_end(self.bytes, line_start);
        let is_end = matches!(self.bytes.get(content), None | Some(b'\n' | b'#'));
        content - line_start > column && !is_end
    }

    /// Where a line of a plain scalar ends that has nothing in it that needs a closer look.
    pub(super) fn plain_end(&self, page: &Page, start: usize) -> Option<usize> {
        let bytes = self.bytes;
        let rest = bytes.get(start..)?;
        for at in search::all_of3(b':', b'#', b'\n', rest) {
            let at = start + at;
            match bytes[at] {
                b':' if is_blank_or_end(bytes, at + 1) => return None,
                b'#' if at == start || bytes[at - 1] == b' ' => return None,
                b':' | b'#' => {}
                _ => {
                    let line = bytes.get(start..at)?;
                    let is_quiet = line.last().is_some_and(|last| *last != b' ')
                        && !(page.has_tab && line.contains(&b'\t'))
                        && (page.is_ascii || is_below_fragile(line));
                    return is_quiet.then_some(at);
                }
            }
        }
        None
    }

    /// Whether a line of a scalar has no break left out, and ends in one only if it has to.
    fn is_broken_as_printed(
        &self,
        page: &Page,
        width: usize,
        line_start: usize,
        end: usize,
        is_further: bool,
    ) -> bool {
        if end - line_start <= width {
            return !is_further;
        }
        let Some(line) = self.text.get(line_start..end) else {
            return false;
        };
        let beyond = match page.is_ascii || line.is_ascii() {
            true => width + 1,
            false => match line.char_indices().nth(width + 1) {
                Some((at, _)) => at,
                None => return !is_further || line.chars().count() > width,
            },
        };
        let line = line.as_bytes();
        let space = search::all(b' ', line.get(beyond..).unwrap_or_default());
        !space.into_iter().any(|at| {
            let at = beyond + at;
            line[at - 1] != b' ' && line.get(at + 1).is_some_and(|after| *after != b' ')
        })
    }

    /// A scalar in single quotes; nothing if it needs a closer look.
    fn single_quoted(&self, page: &Page, spot: Spot) -> Option<Leaf> {
        let bytes = self.bytes;
        let width = spot.width()?;
        let first = *bytes.get(spot.at + 1)?;
        let is_empty = first == b'\'' && bytes.get(spot.at + 2) != Some(&b'\'');
        // Without its quotes it may be a number.
        let is_number = first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.');
        if is_empty || is_number || first == b' ' {
            return None;
        }
        let mut is_needed = is_remarkable(first)
            && !first.is_ascii_alphabetic()
            && !matches!(first, b'?' | b':' | b'~');
        let mut leaf = Leaf {
            lines: 1,
            ..Leaf::default()
        };
        let (mut line_start, mut start) = (spot.line_start, spot.at + 1);
        let mut at = start;
        loop {
            at += search::first_of3(b'\'', b'\n', b':', bytes.get(at..)?)?;
            match bytes[at] {
                b':' => {
                    let after = *bytes.get(at + 1)?;
                    is_needed |= matches!(after, b' ' | b'\n')
                        || after == b'\'' && bytes.get(at + 2) != Some(&b'\'');
                    at += 1;
                }
                b'\'' if bytes.get(at + 1) == Some(&b'\'') => {
                    leaf.length += at + 1 - start;
                    start = at + 2;
                    at = start;
                }
                byte => {
                    let is_further = byte == b'\n';
                    let line = bytes.get(line_start..at)?;
                    let is_as_printed = line.last() != Some(&b' ')
                        && !(page.has_tab && line.contains(&b'\t'))
                        && (page.is_ascii || is_below_fragile(line))
                        && self.is_broken_as_printed(page, width, line_start, at, is_further);
                    if !is_as_printed {
                        return None;
                    }
                    leaf.length += at - start;
                    if !is_further {
                        leaf.end = at + 2;
                        let is_whole = is_needed && bytes.get(at + 1) == Some(&b'\n');
                        return is_whole.then_some(leaf);
                    }
                    line_start = at + 1;
                    at = spaces_end(bytes, line_start);
                    if at - line_start != spot.column + 2 {
                        return None;
                    }
                    // The break is a space.
                    leaf.length += 1;
                    leaf.lines += 1;
                    start = at;
                }
            }
        }
    }

    /// A literal block; nothing if it needs a closer look.
    fn literal(&self, page: &mut Page, spot: Spot) -> Option<Leaf> {
        let bytes = self.bytes;
        let indent = spot.column + 2;
        let (is_stripped, mut start) = match bytes.get(spot.at + 1..)? {
            [b'-', b'\n', ..] => (true, spot.at + 3),
            [b'\n', ..] => (false, spot.at + 2),
            _ => return None,
        };
        let first = start;
        let mut leaf = Leaf {
            end: start,
            lines: 1,
            ..Leaf::default()
        };
        let (mut breaks, mut blank) = (0, 0);
        while start < bytes.len() {
            let content = page.spaces_end(bytes, start);
            if bytes.get(content) == Some(&b'\n') {
                if content > start || start == first {
                    return None;
                }
                blank += 1;
                start += 1;
                continue;
            }
            if content - start < indent {
                break;
            }
            if start == first && content - start > indent {
                return None;
            }
            let end = content + search::first(b'\n', bytes.get(content..)?)?;
            if bytes[end - 1] == b' ' {
                return None;
            }
            breaks += 1 + blank;
            leaf.lines += 1 + blank;
            leaf.length += end - start - indent;
            blank = 0;
            start = end + 1;
            leaf.end = start;
        }
        // Without a line break it would be no block.
        let breaks = breaks - usize::from(is_stripped && breaks > 0);
        leaf.length += breaks;
        let lines = bytes.get(first..leaf.end)?;
        let is_block = breaks > 0
            && !(page.has_tab && lines.contains(&b'\t'))
            && (page.is_ascii || is_below_fragile(lines));
        is_block.then_some(leaf)
    }
}

/// Whether no character of a line starts with a byte of which some are not printed as they are;
/// others than these were refused when the text was read.
fn is_below_fragile(line: &[u8]) -> bool {
    line.iter().fold(true, |all, byte| all & (*byte < 0xEF))
}

/// Whether a text of one line, which nothing in the middle keeps from being plain, is the plain
/// scalar that is printed of it.
pub(super) fn is_printed_plain(text: &str) -> bool {
    match text {
        "true" | "false" | "null" => true,
        _ if write::is_canonical_integer(text) => true,
        _ => is_plain(text),
    }
}

/// Adds a value to what a leaf is.
fn weigh(node: &Node, leaf: &mut Leaf) {
    leaf.values += 1;
    let mut deepest = 0;
    let mut below = |node: &Node| {
        let mut inner = Leaf::default();
        weigh(node, &mut inner);
        leaf.values += inner.values;
        leaf.length += inner.length;
        deepest = deepest.max(inner.depth);
    };
    match &node.value {
        Value::Scalar(text) => leaf.length += text.len(),
        Value::Alias(_) => {}
        Value::Seq(items) => items.iter().for_each(&mut below),
        Value::Map(entries) => {
            for entry in entries {
                below(&entry.key);
                below(&entry.value);
            }
        }
    }
    let is_empty = node.items().is_empty() && node.entries().is_empty();
    leaf.depth = deepest + u32::from(!is_empty);
}

/// How many lines end between two positions.
pub(super) fn newlines(bytes: &[u8], start: usize, end: usize) -> usize {
    let lines = bytes.get(start..end).unwrap_or_default();
    search::count(b'\n', lines)
}
