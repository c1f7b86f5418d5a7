//! Base64 as people paste it.
//!
//! Both alphabets, with or without padding, line breaks anywhere: a secret is one even where a
//! strict decoder would refuse it.

/// The bytes behind a base64 text, or `None` where it holds anything else.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let mut bits = 0_u32;
    let mut held = 0;
    let mut padding = 0;
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        if byte == b'=' {
            padding += 1;
            continue;
        }
        if padding > 0 {
            return None;
        }
        bits = bits << 6 | u32::from(value(byte)?);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    // Six left over bits are a character too many.
    (held < 6 && padding <= 2 && !bytes.is_empty()).then_some(bytes)
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

fn value(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
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
    fn other_text_is_refused() {
        for text in ["", "a", "a=b=", "change me!", "=="] {
            assert_eq!(decode(text), None, "{text}");
        }
        assert_eq!(decode_text("AAEC"), None);
    }
}
