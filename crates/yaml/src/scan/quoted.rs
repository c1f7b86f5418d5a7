//! Single- and double-quoted scalars.

use super::plain::{fold, push_break};
use super::{
    Mark, Scanner, break_length, fault, is_blank, is_blank_or_end, is_continuation, is_wide_break,
};
use crate::cut::Cut as _;
use crate::error::{Error, Result};
use crate::{Str, Style};

impl Scanner<'_> {
    pub(super) fn fetch_quoted(&mut self, style: Style) -> Result<()> {
        self.save_candidate()?;
        self.key_allowed = false;
        let start = self.mark();
        self.at += 1;
        let quote = if style == Style::Single { b'\'' } else { b'"' };
        let text = match self.simple_quoted(quote) {
            Some(text) => text,
            None => Str::from(self.quoted(quote, start)?),
        };
        self.at += 1;
        let end = self.mark();
        self.push_scalar(style, start, end, text);
        Ok(())
    }

    /// The content up to the closing quote, where it is one line that says itself.
    fn simple_quoted(&mut self, quote: u8) -> Option<Str> {
        let mut wide = 0;
        let mut at = self.at;
        loop {
            let byte = *self.bytes.get(at)?;
            if byte == quote {
                break;
            }
            match byte {
                b'\\' if quote == b'"' => return None,
                b'\n' | b'\r' => return None,
                0x80.. if break_length(self.bytes, at) > 0 => return None,
                _ => wide += usize::from(is_continuation(byte)),
            }
            at += 1;
        }
        if quote == b'\'' && self.bytes.get(at + 1) == Some(&quote) {
            return None;
        }
        let text = Str::from(self.slice(self.at, at));
        self.at = at;
        self.wide += wide;
        Some(text)
    }

    /// The content up to the closing quote.
    fn quoted(&mut self, quote: u8, start: Mark) -> Result<String> {
        let mut text = String::new();
        loop {
            if self.at == self.line_start && self.document_marker().is_some() {
                return Err(self
                    .error(self.mark(), "a document cannot end within quotes")
                    .help(self.opened(start)));
            }
            let escaped_break = self.quoted_content(quote, &mut text)?;
            if self.at >= self.bytes.len() {
                let message = format!("the closing `{}` is missing", char::from(quote));
                let help = fault::unclosed(self.text, start.at as usize, char::from(quote));
                return Err(self.error(start, message).help(help));
            }
            if self.byte(0) == quote {
                return Ok(text);
            }
            self.quoted_gap(escaped_break, &mut text);
        }
    }

    fn opened(&self, start: Mark) -> String {
        let span = self.origin.span(start, 0);
        format!("the quote in line {} is not closed", span.line)
    }

    /// Reads up to white space or the closing quote; tells whether an escaped line break came.
    fn quoted_content(&mut self, quote: u8, text: &mut String) -> Result<bool> {
        while !is_blank_or_end(self.bytes, self.at) {
            let byte = self.byte(0);
            if byte == quote {
                if quote == b'"' || self.byte(1) != quote {
                    break;
                }
                text.push('\'');
                self.at += 2;
            } else if byte == b'\\' && quote == b'"' {
                self.at += 1;
                if self.skip_break() {
                    return Ok(true);
                }
                self.escape(text)?;
            } else {
                let from = self.at;
                self.skip_character();
                text.push_str(self.slice(from, self.at));
            }
        }
        Ok(false)
    }

    /// Reads white space, which is itself within a line and folded where a line ends.
    fn quoted_gap(&mut self, escaped_break: bool, text: &mut String) {
        let from = self.at;
        let mut broken = false;
        loop {
            if is_blank(self.byte(0)) {
                self.at += 1;
            } else if self.skip_break() {
                broken = true;
            } else {
                break;
            }
        }
        let gap = self.slice(from, self.at);
        if escaped_break {
            push_breaks(text, gap);
        } else if broken {
            fold(text, gap);
        } else {
            text.push_str(gap);
        }
    }

    /// Reads what follows a backslash.
    fn escape(&mut self, text: &mut String) -> Result<()> {
        let letter = self.byte(0);
        let character = match (escaped(letter), escape_digits(letter)) {
            (Some(character), _) => character,
            (None, Some(digits)) => self.escape_code(digits)?,
            (None, None) => return Err(self.unknown_escape()),
        };
        text.push(character);
        self.at += 1;
        Ok(())
    }

    /// Reads the digits of an escape but for the last one.
    fn escape_code(&mut self, length: usize) -> Result<char> {
        let digits = self.bytes.get(self.at + 1..self.at + 1 + length);
        let code = digits
            .filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let Some(code) = code else {
            let message = format!(
                "the escape `\\{}` needs {length} hexadecimal digits",
                char::from(self.byte(0))
            );
            return Err(self.error(self.backslash(), message));
        };
        let Some(character) = char::from_u32(code) else {
            let message = format!("the escape code {code:X} is no character");
            let error = self.error(self.backslash(), message);
            return Err(if code < 0x1_0000 {
                error.help("write the character itself, or `\\U` and its eight digits")
            } else {
                error
            });
        };
        self.at += length;
        Ok(character)
    }

    #[cold]
    fn unknown_escape(&self) -> Error {
        let character = self
            .text
            .get(self.at..)
            .and_then(|rest| rest.chars().next());
        let message = match character {
            Some(character) => format!("unknown escape `\\{character}`"),
            None => "the closing `\"` is missing".to_owned(),
        };
        self.error(self.backslash(), message)
            .help("write `\\\\` for a backslash, or use single quotes")
    }

    /// The mark of the backslash that was just passed.
    fn backslash(&self) -> Mark {
        let mut mark = self.mark();
        mark.at -= 1;
        mark.column -= 1;
        mark
    }
}

/// The character that a letter after a backslash means.
pub(crate) fn escaped(letter: u8) -> Option<char> {
    Some(match letter {
        b'0' => '\0',
        b'a' => '\x07',
        b'b' => '\x08',
        b't' | b'\t' => '\t',
        b'n' => '\n',
        b'v' => '\x0B',
        b'f' => '\x0C',
        b'r' => '\r',
        b'e' => '\x1B',
        b' ' => ' ',
        b'"' => '"',
        b'\'' => '\'',
        b'\\' => '\\',
        b'N' => '\u{85}',
        b'_' => '\u{A0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        _ => return None,
    })
}

/// How many hexadecimal digits follow such a letter, where they name the character.
pub(crate) fn escape_digits(letter: u8) -> Option<usize> {
    match letter {
        b'x' => Some(2),
        b'u' => Some(4),
        b'U' => Some(8),
        _ => None,
    }
}

/// After an escaped line break every other one counts.
fn push_breaks(text: &mut String, gap: &str) {
    let mut at = 0;
    while at < gap.len() {
        let length = break_length(gap.as_bytes(), at);
        if length > 0 {
            let wide = is_wide_break(gap.as_bytes(), at);
            push_break(text, wide, gap.cut(at..at + length));
        }
        at += length.max(1);
    }
}
