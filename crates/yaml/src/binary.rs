//! Encodes and decodes base64: `!!binary` scalars, and the data of Secrets.
//!
//! Base64 with padding, as Go reads it: line breaks do not count, other characters are errors.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::Str;
use crate::cut::Cut as _;

/// Base64; more than a line of it is broken into lines of 70 characters.
pub fn base64_lines(bytes: &[u8]) -> Str {
    const LINE: usize = 70;
    let encoded = GO.encode(bytes);
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

/// Go's standard base64: padded, and not strict about the bits of the last character.
const GO: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true),
);

/// The text behind a base64 text; each byte that is not part of UTF-8 becomes U+FFFD.
pub(crate) fn decode(text: &str) -> Option<String> {
    let is_digit = |byte: &u8| !matches!(byte, b'\n' | b'\r');
    let digits: Vec<u8> = text.bytes().filter(is_digit).collect();
    GO.decode(digits).ok().map(|bytes| lossy(&bytes))
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
        assert_eq!(decode("aGl=").as_deref(), Some("hi"));
        assert_eq!(decode("4oI=").as_deref(), Some("\u{FFFD}\u{FFFD}"));
    }

    #[test]
    fn what_is_not_base64_is_refused() {
        for text in [
            "a", "a===", "aG k", "aGk", "%%%%", "aG=k", "====", "AAAA====", "AA==AA==",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    #[test]
    fn long_base64_is_broken_into_lines() {
        assert_eq!(base64_lines(&[0; 51]).len(), 68);
        assert!(base64_lines(&[0; 54]).ends_with("AA\n"));
    }
}
