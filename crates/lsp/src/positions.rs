//! Lines and characters of a text, as clients count them, and offsets in bytes.

use std::ops::Range;

use gen_lsp_types as lsp;
use kustom_yaml::cut::Cut as _;

/// What a client counts characters in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16: a character beyond the first plane counts twice.
    #[default]
    Utf16,
    /// Characters.
    Utf32,
}

/// Where the lines of a text begin.
///
/// # Example
///
/// ```
/// use kustom_lsp::{Encoding, Lines};
///
/// let text = "a: 😀 b\r\nc: 1\n";
/// let lines = Lines::of(text);
/// assert_eq!(lines.offset(text, 0, 6, Encoding::Utf16), 8);
/// assert_eq!(lines.offset(text, 0, 5, Encoding::Utf32), 8);
/// assert_eq!(lines.offset(text, 1, 0, Encoding::Utf16), 11);
/// // Beyond the end of a line is its end, and beyond the last line that of the text.
/// assert_eq!(lines.offset(text, 0, 99, Encoding::Utf16), 9);
/// assert_eq!(lines.offset(text, 99, 0, Encoding::Utf16), text.len());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    /// Finds the lines of a text: `\n`, `\r\n` and `\r` end one.
    pub fn of(text: &str) -> Self {
        let mut starts = vec![0];
        let bytes = text.as_bytes();
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'\n' => starts.push(at + 1),
                b'\r' if bytes.get(at + 1) != Some(&b'\n') => starts.push(at + 1),
                _ => {}
            }
        }
        Self { starts }
    }

    /// The offset of a position, at the beginning of a character.
    pub fn offset(&self, text: &str, line: u32, character: u32, encoding: Encoding) -> usize {
        let Some(&start) = self.starts.get(line as usize) else {
            return text.len();
        };
        let end = self.starts.get(line as usize + 1);
        let content = text.cut(start..end.copied().unwrap_or(text.len()));
        let content = content.trim_end_matches(['\r', '\n']);
        let wanted = character as usize;
        let mut units = 0;
        for (at, c) in content.char_indices() {
            units += width(c, encoding);
            if units > wanted {
                return start + at;
            }
        }
        start + content.len()
    }

    /// The line and the character of an offset.
    pub fn position(&self, text: &str, offset: usize, encoding: Encoding) -> (u32, u32) {
        let offset = offset.min(text.len());
        let line = self.starts.partition_point(|&start| start <= offset) - 1;
        let before = text.cut(self.starts[line]..offset);
        let units: usize = match encoding {
            Encoding::Utf8 => before.len(),
            _ => before.chars().map(|c| width(c, encoding)).sum(),
        };
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        (number(line), number(units))
    }

    pub(crate) fn range(&self, text: &str, range: Range<usize>, encoding: Encoding) -> lsp::Range {
        let at = |offset| {
            let (line, character) = self.position(text, offset, encoding);
            lsp::Position { line, character }
        };
        lsp::Range {
            start: at(range.start),
            end: at(range.end.max(range.start)),
        }
    }
}

fn width(c: char, encoding: Encoding) -> usize {
    match encoding {
        Encoding::Utf8 => c.len_utf8(),
        Encoding::Utf16 => c.len_utf16(),
        Encoding::Utf32 => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32];

    #[test]
    fn each_offset_of_a_character_is_its_position_and_back() {
        let text = "ä: 😀\r\n- \u{10ffff}x\rlast\n\n";
        let lines = Lines::of(text);
        for encoding in ALL {
            for (at, c) in text.char_indices() {
                // Between `\r` and `\n` there is no position.
                if c == '\n' && text[..at].ends_with('\r') {
                    continue;
                }
                let (line, character) = lines.position(text, at, encoding);
                assert_eq!(lines.offset(text, line, character, encoding), at, "{at}");
            }
        }
    }

    #[test]
    fn a_position_within_a_character_is_its_beginning() {
        let text = "😀x";
        let lines = Lines::of(text);
        assert_eq!(lines.offset(text, 0, 1, Encoding::Utf16), 0);
        assert_eq!(lines.offset(text, 0, 2, Encoding::Utf16), 4);
        assert_eq!(lines.offset(text, 0, 3, Encoding::Utf8), 0);
        assert_eq!(lines.position(text, 2, Encoding::Utf16), (0, 0));
    }

    #[test]
    fn no_position_panics() {
        for text in ["", "\n", "\r", "\r\n", "a", "😀\r"] {
            let lines = Lines::of(text);
            for encoding in ALL {
                for line in [0, 1, 2, u32::MAX] {
                    for character in [0, 1, 2, 5, u32::MAX] {
                        let offset = lines.offset(text, line, character, encoding);
                        assert!(text.is_char_boundary(offset));
                    }
                }
                for offset in 0..10 {
                    lines.position(text, offset, encoding);
                }
            }
        }
    }
}
