//! Writes scalars as go-yaml's emitter does: indentation, quotes, escapes, and line breaks at
//! column 80.

use super::Style;
use super::style::{Classes, Emitter, is_break, is_open_ended, is_printable, of_string};
use crate::cut::Cut as _;
use crate::search;

/// A line is broken at a space beyond this column.
const WIDTH: usize = 80;

/// Where output goes.
pub(super) struct Output<'o> {
    out: &'o mut String,
    /// Where the present line starts, and how many columns of it are not in the output.
    line: usize,
    before: usize,
}

impl<'o> Output<'o> {
    pub(super) fn new(out: &'o mut String) -> Self {
        Self::in_column(out, 0)
    }

    /// Goes on in a column of a line that is written elsewhere.
    pub(super) fn in_column(out: &'o mut String, column: usize) -> Self {
        let line = out.len();
        Self {
            out,
            line,
            before: column,
        }
    }

    pub(super) fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    /// How long the output is.
    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    /// What was written since the output was so long.
    pub(super) fn since(&self, start: usize) -> &str {
        self.out.cut(start..)
    }

    /// Says that a line starts here.
    pub(super) fn start_line(&mut self) {
        (self.line, self.before) = (self.out.len(), 0);
    }

    /// Lets a function write into the present line.
    pub(super) fn with(&mut self, write: impl FnOnce(&mut String)) {
        write(self.out);
    }

    pub(super) fn end_line(&mut self) {
        self.out.push('\n');
        self.start_line();
    }

    pub(super) fn indent(&mut self, indent: usize) {
        const SPACES: &str = "                                                                ";
        let mut left = indent;
        while left > 0 {
            let some = left.min(SPACES.len());
            self.out.push_str(SPACES.cut(..some));
            left -= some;
        }
    }

    /// Writes a string on the line of its key, without breaks.
    pub(super) fn key(&mut self, text: &str, classes: Classes) {
        match of_string(text, classes, Emitter::V2) {
            Style::Single => self.single(text, None),
            Style::Double | Style::Literal => self.double(text, None),
            _ => self.push(text),
        }
    }

    /// Writes a string and ends its last line; further lines are indented.
    pub(super) fn string(&mut self, text: &str, classes: Classes, indent: usize) {
        match of_string(text, classes, Emitter::V2) {
            Style::Literal => return self.literal(text, classes, indent),
            Style::Single => self.single(text, Some(indent)),
            Style::Double => self.double(text, Some(indent)),
            _ if self.may_wrap(text, classes) => self.plain(text, indent),
            _ => self.push(text),
        }
        self.end_line();
    }

    fn may_wrap(&self, text: &str, classes: Classes) -> bool {
        classes.has_space() && self.before + self.out.len() - self.line + text.len() > WIDTH + 1
    }

    /// The number of characters on the present line.
    fn column(&self) -> usize {
        self.before + self.out.cut(self.line..).chars().count()
    }

    /// Replaces a space by a line break.
    fn wrap(&mut self, indent: usize) -> usize {
        self.end_line();
        self.indent(indent);
        indent
    }

    /// Writes a text that is plain, with its line breaks.
    pub(super) fn plain(&mut self, text: &str, indent: usize) {
        let mut column = self.column();
        let mut rest = text;
        while let Some(space) = break_after(rest, (WIDTH + 1).saturating_sub(column)) {
            let (line, after) = rest.halves(space);
            self.push(line);
            column = self.wrap(indent);
            rest = after.cut(1..);
        }
        self.push(rest);
    }

    fn single(&mut self, text: &str, indent: Option<usize>) {
        self.out.push('\'');
        let bytes = text.as_bytes();
        let mut column = self.column();
        let mut after_break = false;
        for (index, c) in text.char_indices() {
            match (c, indent) {
                (' ', Some(indent)) if column > WIDTH && stands_alone(bytes, index) => {
                    column = self.wrap(indent);
                    continue;
                }
                // Only LS and PS get here. They count as line breaks, so indentation follows.
                (c, _) if is_break(c) => {
                    self.out.push(c);
                    column = 0;
                    after_break = true;
                    continue;
                }
                _ => {}
            }
            if after_break {
                column = indent.unwrap_or(0);
                self.indent(column);
                after_break = false;
            }
            if c == '\'' {
                self.out.push(c);
                column += 1;
            }
            self.out.push(c);
            column += 1;
        }
        self.out.push('\'');
    }

    fn double(&mut self, text: &str, indent: Option<usize>) {
        self.out.push('"');
        let bytes = text.as_bytes();
        // libyaml looks for a byte order mark at the start, whichever character it is about.
        let escape_all = text.starts_with('\u{FEFF}');
        let mut column = self.column();
        let mut after_space = false;
        // Those before are written, and those before passed.
        let (mut start, mut next) = (0, 0);
        loop {
            // A line is broken at none of the spaces in this room.
            let room = match indent {
                Some(_) => (WIDTH + 1).saturating_sub(column),
                None => bytes.len(),
            };
            let rest = bytes.get(next..).unwrap_or_default();
            let length = match room {
                _ if escape_all => 0,
                0 => run(rest, false),
                _ => run(rest.get(..room).unwrap_or(rest), true),
            };
            if length > 0 {
                next += length;
                column += length;
                after_space = bytes[next - 1] == b' ';
                continue;
            }
            let index = next;
            let Some(c) = text.cut(index..).chars().next() else {
                break;
            };
            next += c.len_utf8();
            let is_last = next == bytes.len();
            if escape_all || matches!(c, '"' | '\\') || is_break(c) || !is_printable(c) {
                self.push(text.cut(start..index));
                start = next;
                column += self.escape(c);
                after_space = false;
                continue;
            }
            match indent {
                Some(indent)
                    if c == ' ' && !after_space && column > WIDTH && index > 0 && !is_last =>
                {
                    self.push(text.cut(start..index));
                    start = next;
                    column = self.wrap(indent);
                    if bytes[next] == b' ' {
                        self.out.push('\\');
                        column += 1;
                    }
                }
                _ => column += 1,
            }
            after_space = c == ' ';
        }
        self.push(text.cut(start..));
        self.out.push('"');
    }

    /// Writes an escape; says how many columns it takes.
    fn escape(&mut self, c: char) -> usize {
        let start = self.out.len();
        self.out.push('\\');
        let code = u32::from(c);
        let short = match c {
            '\0' => '0',
            '\x07' => 'a',
            '\x08' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\x0B' => 'v',
            '\x0C' => 'f',
            '\r' => 'r',
            '\x1B' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{A0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ if code <= 0xFF => 'x',
            _ if code <= 0xFFFF => 'u',
            _ => 'U',
        };
        self.out.push(short);
        let digits = match short {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        for place in (0..digits).rev() {
            let digit = char::from_digit(code >> (4 * place) & 0xF, 16).unwrap_or('0');
            self.out.push(digit.to_ascii_uppercase());
        }
        self.out.len() - start
    }

    fn literal(&mut self, text: &str, classes: Classes, indent: usize) {
        self.out.push('|');
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            self.out.push('2');
        }
        let lacks_break = !text.ends_with(is_break);
        if lacks_break {
            self.out.push('-');
        } else if is_open_ended(text) {
            self.out.push('+');
        }
        self.end_line();
        if classes.may_have_other_breaks() {
            self.odd_lines(text, indent);
        } else {
            let mut start = 0;
            let ends = search::all(b'\n', text.as_bytes()).map(|at| at + 1);
            for end in ends.chain([text.len()]) {
                let line = text.cut(start..end);
                if !matches!(line, "" | "\n") {
                    self.indent(indent);
                }
                self.push(line);
                start = end;
            }
        }
        if lacks_break {
            self.out.push('\n');
        }
        self.start_line();
    }

    /// Lines that may end in LS or PS.
    fn odd_lines(&mut self, text: &str, indent: usize) {
        let mut after_break = true;
        for c in text.chars() {
            let is_break = is_break(c);
            if after_break && !is_break {
                self.indent(indent);
            }
            self.out.push(c);
            after_break = is_break;
        }
    }
}

/// How many ASCII characters at the start are written in double quotes as they are, with spaces or up
/// to one.
#[inline]
fn run(text: &[u8], with_spaces: bool) -> usize {
    static IS_UNESCAPED: [bool; 256] = {
        let mut table = [false; 256];
        let mut byte = b'!';
        while byte <= b'~' {
            table[byte as usize] = !matches!(byte, b'"' | b'\\');
            byte += 1;
        }
        table
    };
    let (words, rest) = text.as_chunks::<8>();
    for (number, word) in words.iter().enumerate() {
        let others = escaped(u64::from_le_bytes(*word), with_spaces);
        if others != 0 {
            return 8 * number + (others.trailing_zeros() / 8) as usize;
        }
    }
    let is_in = |byte: &u8| IS_UNESCAPED[*byte as usize] || with_spaces && *byte == b' ';
    let length = rest.iter().position(|byte| !is_in(byte));
    8 * words.len() + length.unwrap_or(rest.len())
}

/// The first of eight bytes that is not written as it is has its highest bit set, and none before it.
#[inline]
fn escaped(eight: u64, with_spaces: bool) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    let is = |byte: u8| {
        let others = eight ^ (ONES * byte as u64);
        others.wrapping_sub(ONES) & !others
    };
    let first = if with_spaces { b' ' } else { b'!' };
    let low = eight & !HIGH;
    let from_first = low + ONES * (0x80 - first as u64);
    let beyond_tilde = low + ONES * (0x80 - b'~' as u64 - 1);
    (!from_first | beyond_tilde | eight | is(b'"') | is(b'\\')) & HIGH
}

/// The first space after so many characters that can be a line break.
fn break_after(text: &str, characters: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    // A character is a byte at least.
    let start = match bytes.get(..characters)?.is_ascii() {
        true => characters,
        false => text.char_indices().nth(characters)?.0,
    };
    let mut spaces = search::all(b' ', bytes.get(start..)?).map(|at| start + at);
    spaces.find(|at| stands_alone(bytes, *at))
}

/// Whether a space has no space beside it and is neither the first nor the last character.
fn stands_alone(bytes: &[u8], index: usize) -> bool {
    let before = index.checked_sub(1).and_then(|before| bytes.get(before));
    let after = bytes.get(index + 1);
    matches!((before, after), (Some(&before), Some(&after)) if before != b' ' && after != b' ')
}

#[cfg(test)]
mod tests {
    use super::run;

    #[test]
    fn a_run_ends_at_what_is_not_written_as_it_is() {
        for byte in 0..=u8::MAX {
            for at in 0..20 {
                let mut text = [b'a'; 20];
                text[at] = byte;
                let is_in = matches!(byte, b'!'..=b'~') && byte != b'"' && byte != b'\\';
                let wanted = |is_in| if is_in { 20 } else { at };
                assert_eq!(run(&text, false), wanted(is_in), "{byte} at {at}");
                let is_in = is_in || byte == b' ';
                assert_eq!(run(&text, true), wanted(is_in), "{byte} at {at}");
            }
        }
    }
}
