//! Encodes and decodes base64: `!!binary` scalars, and the data of Secrets.
//!
//! Base64 with padding, as Go reads it: line breaks do not count, other characters are errors.

use base64::Engine as _;

use super::Str;
use crate::cut::Cut as _;

/// Base64; more than a line of it is broken into lines of 70 characters.
pub fn base64_lines(bytes: &[u8]) -> Str {
    const LINE: usize = 70;
    let encoded = base64::engine::general_purpose::STANDARD.encode(bytes);
    if encoded.len() < LINE {
        return encoded.into();
    }
    let mut lines = String::with_capacity(encoded.len() + encoded.len() / LINE + 1);
    for start in (0..encoded.len()).step_by(LINE) {
        lines.push_str(encoded.cut(start..(start + LINE).min(encoded.len())));
        lines.push('\n');
    }
    lines.into()
}

/// The bytes of a base64 text; each byte that is not part of UTF-8 becomes U+FFFD.
pub(crate) fn decode(text: &str) -> Option<String> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|b| !matches!(b, b'\n' | b'\r'))
        .collect();
    if !digits.len().is_multiple_of(4) {
        return None;
    }
    let padding = digits.iter().rev().take_while(|b| **b == b'=').count();
    if padding > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3);
    for group in digits[..digits.len() - padding].chunks(4) {
        let mut bits = 0u32;
        for (index, digit) in group.iter().enumerate() {
            bits |= u32::from(sextet(*digit)?) << (18 - 6 * index);
        }
        bytes.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    Some(lossy(&bytes))
}

fn sextet(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

fn lossy(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_becomes_text() {
        assert_eq!(decode("aGVsbG8=").as_deref(), Some("hello"));
        assert_eq!(decode("aGVs\nbG8=\n").as_deref(), Some("hello"));
        assert_eq!(decode("").as_deref(), Some(""));
        assert_eq!(decode("4oI=").as_deref(), Some("\u{FFFD}\u{FFFD}"));
    }

    #[test]
    fn what_is_not_base64_is_refused() {
        for text in ["a", "a===", "aG k", "aGk", "%%%%", "aG=k"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    #[test]
    fn long_base64_is_broken_into_lines() {
        assert_eq!(base64_lines(&[0; 51]).len(), 68);
        assert!(base64_lines(&[0; 54]).ends_with("AA\n"));
    }
}
