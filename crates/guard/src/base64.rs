//! Base64 as people paste it.
//!
//! Both alphabets, with or without padding, line breaks anywhere: a secret is one even where a
//! strict decoder would refuse it.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Digits without padding, whatever the bits of the last one that no byte takes.
const DIGITS: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);

/// The bytes behind a base64 text, or `None` where it holds anything else.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(digit)
        .collect();
    let digits = digits?;
    let padding = digits
        .iter()
        .rev()
        .take_while(|&&byte| byte == b'=')
        .count();
    let bytes = DIGITS.decode(&digits[..digits.len() - padding]).ok()?;
    (padding <= 2 && !bytes.is_empty()).then_some(bytes)
}

/// The values of the digits of both alphabets; other bytes have [`NONE`].
const VALUES: [u8; 256] = {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut values = [NONE; 256];
    let mut value = 0;
    while value < 64 {
        values[digits[value as usize] as usize] = value;
        value += 1;
    }
    values[b'-' as usize] = values[b'+' as usize];
    values[b'_' as usize] = values[b'/' as usize];
    values
};
const NONE: u8 = u8::MAX;

/// Whether a byte is a digit of either alphabet.
pub(super) fn is_digit(byte: u8) -> bool {
    VALUES[usize::from(byte)] != NONE
}

/// Whether eight digits are a text that can be printed, as [`decode_text`] would say of them.
pub(super) fn is_text(digits: &[u8; 8]) -> bool {
    let value = |bits, &digit: &u8| bits << 6 | u64::from(VALUES[usize::from(digit)]);
    let [_, _, bytes @ ..] = digits.iter().fold(0_u64, value).to_be_bytes();
    std::str::from_utf8(&bytes).is_ok_and(is_printable)
}

/// A character of either alphabet as the standard one has it.
fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'-' => Some(b'+'),
        b'_' => Some(b'/'),
        b'+' | b'/' | b'=' => Some(byte),
        _ => byte.is_ascii_alphanumeric().then_some(byte),
    }
}

/// The text behind a base64 text, if it is one that can be printed.
pub(super) fn decode_text(text: &str) -> Option<String> {
    let decoded = String::from_utf8(decode(text)?).ok()?;
    is_printable(&decoded).then_some(decoded)
}

/// Whether a text holds no control characters but white space.
pub(super) fn is_printable(text: &str) -> bool {
    !text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_line_breaks_and_both_alphabets_are_taken() {
        for text in [
            "Y2hhbmdlIG1l",
            "Y2hhbmdl\nIG1l\n",
            "Y2hhbmdlIG1lCg==",
            "Y2hhbmdlIG1lCg",
        ] {
            let decoded = decode_text(text).unwrap();
            assert_eq!(decoded.trim(), "change me");
        }
        assert_eq!(decode("-_-_"), decode("+/+/"));
    }

    #[test]
    fn eight_digits_are_a_text_or_none_without_being_decoded() {
        let mut state = 7_u32;
        for _ in 0..20_000 {
            let digits: [u8; 8] = std::array::from_fn(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/-_"
                    [(state >> 16) as usize % 66]
            });
            assert!(digits.iter().all(|&digit| is_digit(digit)));
            let text = std::str::from_utf8(&digits).unwrap();
            assert_eq!(is_text(&digits), decode_text(text).is_some(), "{text}");
        }
        assert!(is_text(b"Y2hhbmdl") && !is_digit(b'='));
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["", "a", "a=b=", "change me!", "==", "YWJj===", "YWJjY"] {
            assert_eq!(decode(text), None, "{text}");
        }
        assert_eq!(decode_text("AAEC"), None);
    }
}
