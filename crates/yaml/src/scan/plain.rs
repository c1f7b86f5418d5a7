//! Plain scalars.

use super::{Scanner, TokenKind, break_length, is_blank, is_blank_or_end, is_wide_break};
use crate::cut::Cut as _;
use crate::error::Result;
use crate::{Str, Style};

/// What a byte may be to a plain scalar.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// What has no meaning of its own.
    Content,
    /// The first byte of a character of several.
    Wide,
    /// Another byte of such a character.
    Continuation,
    /// A space or a tab.
    Blank,
    /// The end of the line, where it is not the start of another character.
    Break,
    /// `:`
    Colon,
    /// What ends a plain scalar within `[]` and `{}`.
    Flow,
}

/// The class of every byte.
static CLASSES: [Class; 256] = classes();

const fn classes() -> [Class; 256] {
    let mut classes = [Class::Content; 256];
    let mut byte = 0x80;
    while byte < 256 {
        classes[byte] = if byte < 0xC0 {
            Class::Continuation
        } else {
            Class::Wide
        };
        byte += 1;
    }
    classes[b' ' as usize] = Class::Blank;
    classes[b'\t' as usize] = Class::Blank;
    classes[b'\n' as usize] = Class::Break;
    classes[b'\r' as usize] = Class::Break;
    classes[0xC2] = Class::Break;
    classes[0xE2] = Class::Break;
    classes[b':' as usize] = Class::Colon;
    let flow = b",?[]{}";
    let mut index = 0;
    while index < flow.len() {
        classes[flow[index] as usize] = Class::Flow;
        index += 1;
    }
    classes
}

/// What a byte may be to a plain scalar.
#[inline]
pub(crate) fn class(byte: u8) -> Class {
    CLASSES[byte as usize]
}

impl Scanner<'_> {
    pub(super) fn fetch_plain(&mut self) -> Result<()> {
        self.save_candidate()?;
        self.key_allowed = false;
        let start = self.mark();
        let mut content_end = self.plain_line();
        let mut end = self.plain_end(content_end);
        let mut text = None;
        // Whether the last thing read was white space with a line break in it.
        let mut broken = false;
        while break_length(self.bytes, self.at) > 0 {
            let gap = self.at;
            self.skip_blank_lines(start)?;
            broken = true;
            if !self.continues_plain() {
                break;
            }
            let from = self.at;
            let to = self.plain_line();
            if to == from {
                break;
            }
            let text = text.get_or_insert_with(|| {
                let first = self.slice(start.at as usize, content_end);
                String::from(first)
            });
            fold(text, self.slice(gap, from));
            text.push_str(self.slice(from, to));
            content_end = to;
            end = self.plain_end(to);
            broken = false;
        }
        if broken {
            self.key_allowed = true;
        }
        let text = match text {
            Some(text) => Str::from(text),
            None => Str::from(self.slice(start.at as usize, content_end)),
        };
        self.push_scalar(Style::Plain, start, end, text);
        Ok(())
    }

    /// Moves over the content of a line; returns where it ends, which is before the blanks that
    /// were passed as well.
    fn plain_line(&mut self) -> usize {
        let in_flow = self.in_flow();
        let mut end = self.at;
        let mut wide = 0;
        let mut at = self.at;
        while let Some(&byte) = self.bytes.get(at) {
            match class(byte) {
                Class::Content | Class::Wide => {}
                Class::Continuation => wide += 1,
                Class::Colon if is_blank_or_end(self.bytes, at + 1) => break,
                Class::Flow if in_flow => break,
                Class::Break if break_length(self.bytes, at) > 0 => break,
                Class::Colon | Class::Flow | Class::Break => {}
                Class::Blank => {
                    while self.bytes.get(at).is_some_and(|byte| is_blank(*byte)) {
                        at += 1;
                    }
                    if self.bytes.get(at) == Some(&b'#') {
                        break;
                    }
                    continue;
                }
            }
            at += 1;
            end = at;
        }
        self.at = at;
        self.wide += wide;
        end
    }

    /// The mark of an end that has only blanks between itself and here.
    fn plain_end(&self, end: usize) -> super::Mark {
        let mut mark = self.mark();
        mark.column -= mark.at - end as u32;
        mark.at = end as u32;
        mark
    }

    /// Moves over the white space after a line of a plain scalar.
    fn skip_blank_lines(&mut self, start: super::Mark) -> Result<()> {
        loop {
            while self.byte(0) == b' ' {
                self.at += 1;
            }
            if self.byte(0) == b'\t' {
                if (self.column() as i32) < self.indent + 1 {
                    let message = "a tab cannot indent the line after a plain value";
                    let at = self.mark();
                    return Err(self.error(at, message).help(format!(
                        "the value starts in line {}",
                        self.origin.span(start, 0).line
                    )));
                }
                self.at += 1;
            } else if !self.skip_break() {
                return Ok(());
            }
        }
    }

    /// Whether a plain scalar goes on in this line.
    fn continues_plain(&self) -> bool {
        (self.in_flow() || self.column() as i32 > self.indent)
            && self.byte(0) != b'#'
            && self.at < self.bytes.len()
            && !(self.at == self.line_start && self.document_marker().is_some())
    }

    /// Appends a scalar that ended before here.
    pub(super) fn push_scalar(
        &mut self,
        style: Style,
        start: super::Mark,
        end: super::Mark,
        text: Str,
    ) {
        self.push_text(TokenKind::Scalar(style), start, text);
        if let Some(token) = self.tokens.back_mut() {
            token.end = end;
        }
    }
}

/// Joins two lines by what white space between them means: the first line break is a space, or
/// nothing where others follow; each of those counts.
pub(super) fn fold(text: &mut String, gap: &str) {
    let bytes = gap.as_bytes();
    let mut at = 0;
    let mut breaks = 0;
    let mut folded = false;
    while at < bytes.len() {
        let length = break_length(bytes, at);
        if length > 0 {
            let wide = is_wide_break(bytes, at);
            if breaks == 0 && !wide {
                folded = true;
            } else {
                push_break(text, wide, gap.cut(at..at + length));
            }
            breaks += 1;
        }
        at += length.max(1);
    }
    if folded && breaks == 1 {
        text.push(' ');
    }
}

/// LS and PS stay what they are, every other line break becomes LF.
pub(super) fn push_break(text: &mut String, wide: bool, written: &str) {
    if wide {
        text.push_str(written);
    } else {
        text.push('\n');
    }
}
