//! Finds base64 texts that hide a text worth reading.

use std::ops::Range;

use super::base64;
use super::harmless::is_public;

/// The shortest base64 text that is read: that of a token of eighteen characters.
const LEAST: usize = 24;

/// How much padding belongs to a base64 text.
pub(super) const PADDING: usize = 2;

/// Adds the base64 texts that hide a text which is not public, of those that begin in a part of a
/// text; the part neither begins nor ends within a base64 text.
pub(super) fn find(text: &[u8], part: Range<usize>, found: &mut Vec<Range<usize>>) {
    let mut start = part.start;
    while let Some(window) = text[..part.end].get(start..start + LEAST) {
        // Behind the last sign of another kind the next text may begin.
        if let Some(at) = window.iter().rposition(|&byte| !base64::is_digit(byte)) {
            start += at + 1;
            continue;
        }
        let end = end_of_run(text, start + LEAST);
        if hides_text(&text[start..end]) {
            let padding = text[end..].iter().take(PADDING);
            let padding = padding.take_while(|&&byte| byte == b'=');
            found.push(start..end + padding.count());
        }
        start = end + 1;
    }
}

/// Where the base64 text ends that an offset is in; the offset itself where it is in none.
pub(super) fn end_of_run(text: &[u8], at: usize) -> usize {
    let digits = text[at..]
        .iter()
        .take_while(|&&byte| base64::is_digit(byte));
    at + digits.count()
}

/// Where the base64 text begins that reaches to an offset.
pub(super) fn start_of_run(text: &[u8], at: usize) -> usize {
    let digits = text[..at].iter().rev();
    at - digits.take_while(|&&byte| base64::is_digit(byte)).count()
}

/// Whether a run of base64 signs is a text that is not public; of other signs nearly none is one.
fn hides_text(run: &[u8]) -> bool {
    if !run.first_chunk().is_some_and(base64::is_text) {
        return false;
    }
    let head = std::str::from_utf8(&run[..run.len().min(64) / 4 * 4]).ok();
    head.and_then(base64::decode_text)
        .is_some_and(|head| !is_public(&head))
}
