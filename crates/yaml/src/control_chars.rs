//! Refuses control characters that YAML 1.1 does not allow in a text.

use crate::cut::Cut as _;
use crate::error::{Error, Kind, Result};
use crate::place::{SourceId, Span};

/// Refuses the control characters that YAML 1.1 does not allow, raw, anywhere.
pub(super) fn refuse(text: &str, source: SourceId) -> Result<()> {
    // The lead bytes 0xC2 and 0xEF start U+0080 to U+009F and U+FFFE, U+FFFF.
    let suspicious = |byte: u8| {
        ((byte < 0x20) & (byte != b'\t') & (byte != b'\n') & (byte != b'\r'))
            | (byte == 0x7F)
            | (byte == 0xC2)
            | (byte == 0xEF)
    };
    // Nearly all bytes are printable ASCII or LF.
    let unusual = |byte: u8| (byte.wrapping_sub(b' ') > b'~' - b' ') & (byte != b'\n');
    // Whole blocks without a branch, so that the compiler looks at many bytes at once.
    let any = |block: &[u8]| {
        block.iter().fold(false, |any, byte| any | unusual(*byte))
            && block
                .iter()
                .fold(false, |any, byte| any | suspicious(*byte))
    };
    let (blocks, rest) = text.as_bytes().as_chunks::<64>();
    if !blocks.iter().any(|block| any(block)) && !any(rest) {
        return Ok(());
    }
    let refused = |character: char| {
        matches!(character, '\0'..='\x1F' | '\x7F'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}')
            && !matches!(character, '\t' | '\n' | '\r' | '\u{85}')
    };
    match text
        .char_indices()
        .find(|(_, character)| refused(*character))
    {
        None => Ok(()),
        Some((at, character)) => {
            let code = u32::from(character);
            let message = format!("the control character U+{code:04X} is not allowed");
            Err(Error::new(Kind::Yaml, message)
                .at(place_after(text.cut(..at), source))
                .help("write it as an escape in double quotes"))
        }
    }
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
