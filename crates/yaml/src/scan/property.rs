//! Anchors, aliases, tags and directives.

use super::{Mark, Scanner, TokenKind, is_blank, is_blank_or_end};
use crate::Str;
use crate::error::Result;

impl Scanner<'_> {
    pub(super) fn fetch_anchor(&mut self, is: TokenKind) -> Result<()> {
        self.save_candidate()?;
        self.key_allowed = false;
        let start = self.mark();
        self.at += 1;
        let from = self.at;
        while is_word(self.byte(0)) {
            self.at += 1;
        }
        let ends = is_blank_or_end(self.bytes, self.at)
            || matches!(
                self.byte(0),
                b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`'
            );
        if self.at == from || !ends {
            let what = if is == TokenKind::Anchor {
                "anchor"
            } else {
                "alias"
            };
            let message = format!("the name of an {what} has letters, digits, `_` and `-` only");
            let error = self.error(self.mark(), message);
            return Err(if is == TokenKind::Alias {
                error.help("put a value that starts with `*` in quotes")
            } else {
                error.help("put a value that starts with `&` in quotes")
            });
        }
        let name = Str::from(self.slice(from, self.at));
        self.push_text(is, start, name);
        Ok(())
    }

    pub(super) fn fetch_tag(&mut self) -> Result<()> {
        self.save_candidate()?;
        self.key_allowed = false;
        let start = self.mark();
        if self.byte(1) == b'<' {
            self.at += 2;
            self.uri(false)?;
            if self.byte(0) != b'>' {
                return Err(self.error(self.mark(), "expected `>` at the end of a tag"));
            }
            self.at += 1;
        } else {
            let is_handle = self.tag_handle();
            // The plain `!` is a tag, `!!` alone is not.
            self.uri(!is_handle)?;
        }
        if !is_blank_or_end(self.bytes, self.at) {
            return Err(self
                .error(self.mark(), "expected a space after a tag")
                .help("put a value that starts with `!` in quotes"));
        }
        let written = Str::from(self.slice(start.at as usize, self.at));
        self.push_text(TokenKind::Tag, start, written);
        Ok(())
    }

    /// Moves over `!`, and over `!word!`, of which it tells.
    fn tag_handle(&mut self) -> bool {
        self.at += 1;
        while is_word(self.byte(0)) {
            self.at += 1;
        }
        let is_handle = self.byte(0) == b'!';
        self.at += usize::from(is_handle);
        is_handle
    }

    /// Moves over the rest of a tag.
    fn uri(&mut self, may_be_empty: bool) -> Result<()> {
        let from = self.at;
        while is_uri(self.byte(0)) {
            if self.byte(0) == b'%' {
                self.uri_escape()?;
            } else {
                self.at += 1;
            }
        }
        if self.at == from && !may_be_empty {
            return Err(self.error(self.mark(), "expected the name of a tag"));
        }
        Ok(())
    }

    /// Moves over the escaped bytes of one character.
    fn uri_escape(&mut self) -> Result<()> {
        let mut length = 1;
        let mut index = 0;
        while index < length {
            let octet = match self.bytes.get(self.at..self.at + 3) {
                Some([b'%', high, low]) => hex(*high).zip(hex(*low)),
                _ => None,
            };
            let Some((high, low)) = octet else {
                let message = "expected `%` and two hexadecimal digits in a tag";
                return Err(self.error(self.mark(), message));
            };
            let octet = high << 4 | low;
            if index == 0 {
                length = width(octet);
            }
            if length == 0 || (index > 0 && octet & 0xC0 != 0x80) {
                let message = "the escaped bytes of a tag are not UTF-8";
                return Err(self.error(self.mark(), message));
            }
            self.at += 3;
            index += 1;
        }
        Ok(())
    }

    pub(super) fn fetch_directive(&mut self) -> Result<()> {
        let start = self.mark();
        self.close_blocks(-1, start);
        self.drop_candidate()?;
        self.key_allowed = false;
        self.at += 1;
        let from = self.at;
        while is_word(self.byte(0)) {
            self.at += 1;
        }
        match self.slice(from, self.at) {
            "YAML" if is_blank_or_end(self.bytes, self.at) => self.version()?,
            "TAG" if is_blank_or_end(self.bytes, self.at) => self.tag_directive()?,
            _ => {
                return Err(self
                    .error(
                        start,
                        "a line that starts with `%` is a directive, and this is unknown",
                    )
                    .help("indent the line, or put the value in quotes"));
            }
        }
        let written = Str::from(self.slice(start.at as usize, self.at));
        self.skip_blanks();
        if self.byte(0) == b'#' {
            self.skip_line_content();
        }
        self.push_text(TokenKind::Directive, start, written);
        if self.skip_break() || self.at >= self.bytes.len() {
            return Ok(());
        }
        Err(self.error(
            self.mark(),
            "expected the end of the line after a directive",
        ))
    }

    fn skip_blanks(&mut self) {
        while is_blank(self.byte(0)) {
            self.at += 1;
        }
    }

    /// Moves over ` 1.1`.
    fn version(&mut self) -> Result<()> {
        self.skip_blanks();
        let start = self.mark();
        self.version_number(start)?;
        if self.byte(0) != b'.' {
            return Err(self.wrong_version(start));
        }
        self.at += 1;
        self.version_number(start)
    }

    fn version_number(&mut self, start: Mark) -> Result<()> {
        let from = self.at;
        while self.byte(0).is_ascii_digit() {
            self.at += 1;
        }
        match self.at - from {
            1 | 2 => Ok(()),
            _ => Err(self.wrong_version(start)),
        }
    }

    fn wrong_version(&self, start: Mark) -> crate::error::Error {
        self.error(start, "expected a version such as `1.1` after `%YAML`")
    }

    /// Moves over ` !handle! prefix`.
    fn tag_directive(&mut self) -> Result<()> {
        self.skip_blanks();
        let start = self.mark();
        let wrong = |scanner: &Self| {
            scanner.error(
                start,
                "expected a handle such as `!e!` and a prefix after `%TAG`",
            )
        };
        if self.byte(0) != b'!' {
            return Err(wrong(self));
        }
        let is_handle = self.tag_handle();
        let is_bare = self.at == start.at as usize + 1;
        if (!is_handle && !is_bare) || !is_blank(self.byte(0)) {
            return Err(wrong(self));
        }
        self.skip_blanks();
        self.uri(false)?;
        if is_blank_or_end(self.bytes, self.at) {
            Ok(())
        } else {
            Err(wrong(self))
        }
    }
}

/// What names of anchors and handles of tags are made of.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// What tags are made of.
fn is_uri(byte: u8) -> bool {
    is_word(byte) || b";/?:@&=+$,.!~*'()[]%".contains(&byte)
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The bytes of a character, by its first; 0 if it cannot be one.
fn width(octet: u8) -> usize {
    match octet {
        0..=0x7F => 1,
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF7 => 4,
        _ => 0,
    }
}
