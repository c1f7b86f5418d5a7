//! Quoted scalars of the subset.

use super::super::scan::{TokenKind, escape_digits, escaped, is_blank};
use super::super::{Node, Str, Style, Tag};
use super::Reader;
use crate::cut::Cut as _;
use crate::search;

impl Reader<'_> {
    /// A quoted scalar, of one line or of several.
    pub(super) fn quoted(&mut self, quote: u8) -> Option<Node> {
        let mark = self.mark(self.at);
        let start = self.at + 1;
        let end = self.quoted_piece(start, quote)?;
        let is_doubled = quote == b'\'' && self.bytes.get(end + 1) == Some(&quote);
        let text = if self.bytes[end] == quote && !is_doubled {
            self.at = end + 1;
            Str::from(self.text.cut(start..end))
        } else {
            self.quoted_pieces(start, quote)?;
            Str::from(self.scratch.as_str())
        };
        let style = if quote == b'"' {
            Style::Double
        } else {
            Style::Single
        };
        self.pass(TokenKind::Scalar(style), start - 1, self.at);
        Some(self.scalar(mark, self.at, text, Tag::Str, style))
    }

    /// Where the piece of a quoted scalar ends that says itself.
    fn quoted_piece(&self, start: usize, quote: u8) -> Option<usize> {
        let rest = self.bytes.get(start..)?;
        let length = match quote {
            b'"' => double_piece(rest),
            _ => search::first_of2(b'\'', b'\n', rest),
        };
        length.map(|length| start + length)
    }

    /// Puts a quoted scalar together, up to its closing quote, which is moved over.
    pub(super) fn quoted_pieces(&mut self, start: usize, quote: u8) -> Option<()> {
        let (text, bytes) = (self.text, self.bytes);
        self.scratch.clear();
        let mut at = start;
        loop {
            let end = self.quoted_piece(at, quote)?;
            match bytes[end] {
                b'\n' => {
                    let blanks = bytes[at..end].iter().rev();
                    let blanks = blanks.take_while(|byte| is_blank(**byte)).count();
                    self.scratch.push_str(text.cut(at..end - blanks));
                    at = self.quoted_gap(end, false)?;
                }
                b'\\' => {
                    self.scratch.push_str(text.cut(at..end));
                    at = match bytes.get(end + 1)? {
                        b'\n' => self.quoted_gap(end + 1, true)?,
                        _ => self.escape(end + 1)?,
                    };
                }
                _ => {
                    self.scratch.push_str(text.cut(at..end));
                    if quote == b'"' || bytes.get(end + 1) != Some(&quote) {
                        self.at = end + 1;
                        return Some(());
                    }
                    self.scratch.push('\'');
                    at = end + 2;
                }
            }
        }
    }

    /// Puts down what a line break means, together with the white space after it, which is moved
    /// over: a space, nothing if it is escaped, or the line breaks that follow it.
    fn quoted_gap(&mut self, line_break: usize, is_escaped: bool) -> Option<usize> {
        let mut at = line_break;
        let mut breaks = 0;
        loop {
            match self.bytes.get(at)? {
                b'\n' => {
                    breaks += 1;
                    self.tally.inner_lines += 1;
                    self.line += 1;
                    self.line_start = at + 1;
                    self.wide = 0;
                }
                b' ' | b'\t' => {}
                _ => break,
            }
            at += 1;
        }
        // A document may not end within quotes.
        if at == self.line_start && matches!(self.bytes.get(at..at + 3), Some(b"---" | b"...")) {
            return None;
        }
        match breaks {
            1 if is_escaped => {}
            1 => self.scratch.push(' '),
            _ => self.scratch.extend(std::iter::repeat_n('\n', breaks - 1)),
        }
        Some(at)
    }

    /// Puts down the character of the escape whose letter is here; returns where it ends.
    fn escape(&mut self, at: usize) -> Option<usize> {
        let letter = self.bytes[at];
        if let Some(character) = escaped(letter) {
            self.scratch.push(character);
            return Some(at + 1);
        }
        let end = at + 1 + escape_digits(letter)?;
        let digits = self.text.get(at + 1..end)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let code = u32::from_str_radix(digits, 16).ok()?;
        self.scratch.push(char::from_u32(code)?);
        Some(end)
    }
}

/// The length of a piece in double quotes that says itself. Where there are escapes, pieces are too short
/// for a search that is called.
#[inline]
fn double_piece(text: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let mut at = 0;
    while at < 24
        && let Some(eight) = text.get(at..).and_then(<[u8]>::first_chunk::<8>)
    {
        let eight = u64::from_le_bytes(*eight);
        // The highest bit of the first byte that it is, and of none before it.
        let is = |byte: u8| {
            let others = eight ^ (ONES * byte as u64);
            others.wrapping_sub(ONES) & !others & (ONES << 7)
        };
        let ends = is(b'"') | is(b'\\') | is(b'\n');
        if ends != 0 {
            return Some(at + (ends.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    let length = search::first_of3(b'"', b'\\', b'\n', text.get(at..)?)?;
    Some(at + length)
}
