//! A YAML text with the queries that an edit needs: lines, blanks, comments.

use crate::cut::Cut as _;

/// A text, looked at by byte offset.
#[derive(Clone, Copy, Debug)]
pub(super) struct SourceText<'t> {
    text: &'t str,
}

/// The byte order mark that may open a document.
const BOM: &str = "\u{feff}";

impl<'t> SourceText<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text }
    }

    pub(super) fn len(self) -> usize {
        self.text.len()
    }

    pub(super) fn slice(self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or_default()
    }

    pub(super) fn byte(self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn starts_with(self, at: usize, prefix: &str) -> bool {
        self.text.as_bytes()[at.min(self.len())..].starts_with(prefix.as_bytes())
    }

    /// Whether a blank, a line break or the end of the text stands here.
    pub(super) fn is_blank(self, at: usize) -> bool {
        self.byte(at).is_none_or(|b| b" \t\r\n".contains(&b))
    }

    /// The line break that the text uses.
    pub(super) fn line_break(self) -> &'static str {
        match self.text.find(['\n', '\r']) {
            Some(at) if self.starts_with(at, "\r\n") => "\r\n",
            Some(at) if self.byte(at) == Some(b'\r') => "\r",
            _ => "\n",
        }
    }

    /// Where the line ends, before its line break.
    pub(super) fn line_end(self, at: usize) -> usize {
        let rest = &self.text.as_bytes()[at.min(self.len())..];
        let length = rest.iter().position(|b| b"\r\n".contains(b));
        length.map_or(self.len(), |length| at + length)
    }

    /// The start of the following line; the end of the text if there is none.
    pub(super) fn next_line(self, at: usize) -> usize {
        let end = self.line_end(at);
        if self.starts_with(end, "\r\n") {
            end + 2
        } else {
            (end + 1).min(self.len())
        }
    }

    /// The first byte of the line, after a byte order mark.
    pub(super) fn line_start(self, at: usize) -> usize {
        let before = &self.text.as_bytes()[..at.min(self.len())];
        let start = before.iter().rposition(|b| b"\r\n".contains(b));
        let start = start.map_or(0, |position| position + 1);
        if self.starts_with(start, BOM) && at >= start + BOM.len() {
            start + BOM.len()
        } else {
            start
        }
    }

    /// The start of the line before the one that starts at `line`.
    pub(super) fn previous_line(self, line: usize) -> Option<usize> {
        let before = self.text.as_bytes().get(..line)?;
        let end = before
            .strip_suffix(b"\r\n")
            .or_else(|| before.strip_suffix(b"\n"))
            .or_else(|| before.strip_suffix(b"\r"))?;
        Some(self.line_start(end.len()))
    }

    /// How many bytes stand before `at` on its line.
    pub(super) fn column(self, at: usize) -> usize {
        at - self.line_start(at)
    }

    /// Where the blanks that begin at `at` end, on the same line.
    pub(super) fn skip_blanks(self, at: usize) -> usize {
        let rest = &self.text.as_bytes()[at.min(self.len())..];
        let length = rest.iter().position(|b| !b" \t".contains(b));
        length.map_or(self.len(), |length| at + length)
    }

    /// Where the blanks that end at `at` begin, on the same line.
    pub(super) fn blanks_before(self, at: usize) -> usize {
        let before = &self.text.as_bytes()[..at];
        let last = before.iter().rposition(|b| !b" \t".contains(b));
        last.map_or(0, |position| position + 1)
    }

    /// Passes a byte order mark.
    pub(super) fn skip_mark(self, at: usize) -> usize {
        if self.starts_with(at, BOM) {
            at + BOM.len()
        } else {
            at
        }
    }

    /// Passes blanks, line breaks, comments and byte order marks.
    pub(super) fn skip_trivia(self, from: usize) -> usize {
        let bytes = self.text.as_bytes();
        let mut at = from;
        loop {
            match bytes.get(at) {
                Some(b' ' | b'\t' | b'\r' | b'\n') => at += 1,
                Some(b'#') => at = self.line_end(at),
                Some(0xef) if self.starts_with(at, BOM) => at += BOM.len(),
                _ => return at,
            }
        }
    }

    /// Passes a comma, with trivia before it, if there is one.
    pub(super) fn skip_comma(self, from: usize) -> usize {
        let at = self.skip_trivia(from);
        if self.byte(at) == Some(b',') {
            at + 1
        } else {
            from
        }
    }

    /// Where the word that begins at `at` ends: at a blank or a line break.
    pub(super) fn word_end(self, at: usize) -> usize {
        let mut end = at;
        while !self.is_blank(end) {
            end += 1;
        }
        end
    }

    /// Where the anchor or tag that begins at `at` ends.
    pub(super) fn property_end(self, at: usize, in_flow: bool) -> usize {
        if self.starts_with(at, "!<")
            && let Some(length) = self.text.cut(at..).find('>')
        {
            return at + length + 1;
        }
        let mut end = at;
        while !self.is_blank(end) {
            if in_flow && self.byte(end).is_some_and(is_flow_indicator) {
                break;
            }
            end += 1;
        }
        end
    }

    /// The end of the last visible character in a range.
    pub(super) fn trim_end(self, start: usize, end: usize) -> usize {
        let slice = self.text.as_bytes().get(start..end).unwrap_or_default();
        let last = slice.iter().rposition(|b| !b" \t\r\n".contains(b));
        last.map_or(start, |position| start + position + 1)
    }

    /// Whether the line that starts at `line` holds nothing visible.
    pub(super) fn is_blank_line(self, line: usize) -> bool {
        self.skip_blanks(line) == self.line_end(line)
    }

    /// The end of the last empty line below `at`; of its own line if there is none.
    pub(super) fn before_next(self, at: usize) -> usize {
        let mut end = self.line_end(at);
        loop {
            let line = self.next_line(end);
            if line <= end || line >= self.len() || !self.is_blank_line(line) {
                return end;
            }
            end = self.line_end(line);
        }
    }

    /// The column of the comment that is all of the line, if it is one.
    pub(super) fn comment_column(self, line: usize) -> Option<usize> {
        let at = self.skip_blanks(line);
        (self.byte(at) == Some(b'#')).then(|| at - line)
    }

    /// The end of the line, with the comment lines right below at `column` or deeper.
    pub(super) fn end_with_comments(self, at: usize, column: usize) -> usize {
        let mut end = self.line_end(at);
        loop {
            let line = self.next_line(end);
            match self.comment_column(line) {
                Some(found) if found >= column && line > end => end = self.line_end(line),
                _ => return end,
            }
        }
    }

    /// Whether only blanks stand before `at` on its line.
    pub(super) fn is_first_on_line(self, at: usize) -> bool {
        self.blanks_before(at) <= self.line_start(at)
    }

    /// Whether the marker `---` or `...` stands here, at the start of a line.
    pub(super) fn is_marker(self, at: usize, marker: &str) -> bool {
        self.starts_with(at, marker)
            && self.is_blank(at + marker.len())
            && self.line_start(at) == at
    }

    /// Where the line ends for what stands on it: after its comment, before its line break.
    ///
    /// `None` if something else follows on the line.
    pub(super) fn end_with_comment(self, at: usize) -> Option<usize> {
        let next = self.skip_blanks(at);
        let end = self.line_end(at);
        (next == end || self.byte(next) == Some(b'#')).then_some(end)
    }
}

fn is_flow_indicator(byte: u8) -> bool {
    b",[]{}".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_whatever_ends_them() {
        let text = SourceText::new("a\r\nb\rc\nd");
        assert_eq!(text.next_line(0), 3);
        assert_eq!(text.next_line(3), 5);
        assert_eq!(text.next_line(5), 7);
        assert_eq!(text.next_line(7), 8);
        assert_eq!(text.previous_line(3), Some(0));
        assert_eq!(text.previous_line(0), None);
        assert_eq!(text.line_break(), "\r\n");
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        let text = SourceText::new("\u{feff}a: 1");
        assert_eq!(text.column(3), 0);
        assert!(text.is_first_on_line(3));
    }
}
