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
    // The lead bytes 0xC2 and 0xEF start U+0080 to U+009F and U+FFFE, U+FFFF.
    let suspicious = |byte: u8| {
        ((byte < 0x20) & (byte != b'\t') & (byte != b'\n') & (byte != b'\r'))
            | (byte == 0x7F)
            | (byte == 0xC2)
            | (byte == 0xEF)
    };
    let mut found = Unusual::default();
    let mut is_suspicious = false;
    for (number, block) in text.as_bytes().chunks(BLOCK).enumerate() {
        if is_unusual(block) {
            found.0.push(number as u32);
            is_suspicious |= block
                .iter()
                .fold(false, |any, byte| any | suspicious(*byte));
        }
    }
    if !is_suspicious {
        return Ok(found);
    }
    let refused = |character: char| {
        matches!(character, '\0'..='\x1F' | '\x7F'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}')
            && !matches!(character, '\t' | '\n' | '\r' | '\u{85}')
    };
    match text
        .char_indices()
        .find(|(_, character)| refused(*character))
    {
        None => Ok(found),
        Some((at, character)) => {
            let code = u32::from(character);
            let message = format!("the control character U+{code:04X} is not allowed");
            Err(Error::new(Kind::Yaml, message)
                .at(place_after(text.cut(..at), source))
                .help("write it as an escape in double quotes"))
        }
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
