//! Refuses control characters that YAML 1.1 does not allow in a text.

use std::ops::Range;

use crate::cut::Cut as _;
use crate::error::{Error, Kind, Result};
use crate::place::{SourceId, Span};

/// The parts of a text in which there is more than printable ASCII and LF: the numbers of blocks, in order.
#[derive(Default)]
pub(super) struct Unusual(Vec<u32>);

/// The length of a block.
const BLOCK: usize = 4096;

impl Unusual {
    /// Whether there may be something of it in a part of the text.
    pub(super) fn may_be_in(&self, part: Range<usize>) -> bool {
        let before = |block: &u32| (*block as usize) < part.start / BLOCK;
        let next = self.0.get(self.0.partition_point(before));
        next.is_some_and(|block| *block as usize * BLOCK < part.end)
    }
}

/// Refuses the control characters that YAML 1.1 does not allow, raw, anywhere.
pub(super) fn refuse(text: &str, source: SourceId) -> Result<Unusual> {
    let mut found = Unusual::default();
    for (number, block) in text.as_bytes().chunks(BLOCK).enumerate() {
        if !is_unusual(block) {
            continue;
        }
        found.0.push(number as u32);
        if !block.iter().fold(false, |any, byte| any | may_begin(*byte)) {
            continue;
        }
        // Of a character that goes across the end of a block, the first byte is in it.
        let start = number * BLOCK;
        let refused = (start..start + block.len()).find(|at| begins_refused(text, *at));
        if let Some(at) = refused {
            let rest = text.cut(at..);
            let code = rest.chars().next().map_or(0, u32::from);
            let message = format!("the control character U+{code:04X} is not allowed");
            return Err(Error::new(Kind::Yaml, message)
                .at(place_after(text.cut(..at), source))
                .help("write it as an escape in double quotes"));
        }
    }
    Ok(found)
}

/// Whether a byte may be the first one of a character that is refused.
///
/// The lead bytes 0xC2 and 0xEF start U+0080 to U+009F and U+FFFE, U+FFFF.
fn may_begin(byte: u8) -> bool {
    ((byte < 0x20) & (byte != b'\t') & (byte != b'\n') & (byte != b'\r'))
        | (byte == 0x7F)
        | (byte == 0xC2)
        | (byte == 0xEF)
}

/// Whether a character that is refused begins at a byte of a text.
fn begins_refused(text: &str, at: usize) -> bool {
    match &text.as_bytes()[at..] {
        // U+0080 to U+009F, but for NEL.
        [0xC2, second, ..] => matches!(second, 0x80..=0x9F) && *second != 0x85,
        [0xEF, second, third, ..] => *second == 0xBF && matches!(third, 0xBE | 0xBF),
        [byte, ..] => may_begin(*byte),
        [] => false,
    }
}

/// Whether there is more than printable ASCII and LF.
fn is_unusual(block: &[u8]) -> bool {
    // Counted from LF, these are 0 and what is from the space to the tilde; counted from the byte
    // behind it, LF is the last. No branch, so that the compiler looks at many bytes at once.
    let (most, least) = block.iter().fold((0, u8::MAX), |(most, least), byte| {
        let most = byte.wrapping_sub(b'\n').max(most);
        (most, byte.wrapping_sub(b'\n' + 1).min(least))
    });
    most > b'~' - b'\n' || least < b' ' - (b'\n' + 1)
}

/// The place right after a text.
pub(super) fn place_after(before: &str, source: SourceId) -> Span {
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    Span {
        source,
        start: narrow(before.len()),
        end: narrow(before.len()),
        line: narrow(before.matches('\n').count() + 1),
        column: narrow(before.cut(line_start..).chars().count() + 1),
    }
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(character: char) -> bool {
        matches!(character, '\0'..='\x1F' | '\x7F'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}')
            && !matches!(character, '\t' | '\n' | '\r' | '\u{85}')
    }

    #[test]
    fn each_character_is_refused_or_not_wherever_it_stands() {
        let near = ('\0'..='\u{17F}').chain('\u{F000}'..='\u{FFFF}');
        for character in near.chain(['\u{10000}', '\u{10FFFF}', '\u{2028}']) {
            // Before the end of a block, across it, and behind it.
            for before in [0, BLOCK - 2, BLOCK - 1, BLOCK] {
                let text = format!("{}{character}\n", "a".repeat(before));
                let found = refuse(&text, SourceId::NONE);
                assert_eq!(found.is_err(), is_refused(character), "{character:?}");
                if let Err(error) = found {
                    let place = error.place().unwrap().span;
                    assert_eq!((place.line, place.column as usize), (1, before + 1));
                }
            }
        }
    }

    #[test]
    fn what_is_unusual_is_known_by_its_block() {
        let text = format!("{}\u{a0}{}", "a\n".repeat(BLOCK), "b".repeat(BLOCK));
        let unusual = refuse(&text, SourceId::NONE).unwrap();
        assert_eq!(unusual.0, [2]);
        assert!(!unusual.may_be_in(0..2 * BLOCK));
        assert!(unusual.may_be_in(0..2 * BLOCK + 1));
        assert!(!unusual.may_be_in(3 * BLOCK..text.len()));
    }
}
