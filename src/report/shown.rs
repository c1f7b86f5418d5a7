//! Makes foreign text safe for terminals and logs.
//!
//! Names, paths and values come from files that anybody may have written. A control character in
//! them could move the cursor, hide a line or end one; a line that begins like a workflow command
//! would be one to the runner that reads the log. Nor is anything shown that the guard takes for a
//! secret.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Value;

use crate::guard::{command_free, escaped, masked};

use kustom_yaml::cut::Cut as _;

/// A name, a path or a value: nothing in it ends a line or commands anything.
pub(super) fn name(text: &str) -> Cow<'_, str> {
    match masked(text) {
        Cow::Owned(text) => Cow::Owned(escaped(&text, |_| true).into_owned()),
        Cow::Borrowed(text) => escaped(text, |_| true),
    }
}

/// A sentence with the user's words in backticks: a line ends outside of them only, or before the
/// marks below an excerpt, and none begins like a command.
pub(super) fn sentence(text: &str) -> Cow<'_, str> {
    match masked(text) {
        Cow::Owned(text) => Cow::Owned(lines(&text).into_owned()),
        Cow::Borrowed(text) => lines(text),
    }
}

fn lines(text: &str) -> Cow<'_, str> {
    let ends_in_words = |at: usize| {
        let is_open = text.cut(..at).matches('`').count() % 2 == 1;
        let next = text.cut(at + 1..).lines().next().unwrap_or_default().trim();
        is_open && (next.is_empty() || next.bytes().any(|byte| byte != b'^'))
    };
    let text = escaped(text, ends_in_words);
    if !text.contains('\n') {
        return text;
    }
    let lines: Vec<Cow<'_, str>> = text
        .split('\n')
        .enumerate()
        .map(|(number, line)| {
            if number == 0 {
                line.into()
            } else {
                command_free(line)
            }
        })
        .collect();
    Cow::Owned(lines.join("\n"))
}

/// A report as JSON, with nothing in its strings that they must not hold.
pub(super) fn json(mut report: Value) -> String {
    mask(&mut report);
    visible(&format!("{report:#}\n"))
}

/// The same on one line, for data of a page.
pub(super) fn compact_json(mut report: Value) -> String {
    mask(&mut report);
    visible(&report.to_string())
}

/// JSON, in which what has no shape is escaped; it may stand in every string.
pub(super) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c == '\n' || !is_hidden(c) {
            out.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    }
    out
}

fn mask(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(shown) = masked(text) {
                *text = shown;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(fields) => fields.values_mut().for_each(mask),
        _ => {}
    }
}

/// Whether a character has no shape of its own: controls, formats, blanks other than the common
/// one, and marks that become one with the letter before them.
///
/// The general categories Cc, Cf, Zl, Zp and Zs of Unicode, and the combining marks, variation
/// selectors and fillers that fonts show as nothing or as a part of something else.
pub(super) fn is_hidden(c: char) -> bool {
    let is_blank = c.is_whitespace() && c != ' ';
    c.is_control()
        || is_blank
        || matches!(u32::from(c),
            0x00AD | 0x0300..=0x036F | 0x0600..=0x0605 | 0x061C | 0x06DD | 0x070F | 0x08E2
            | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x1AB0..=0x1AFF
            | 0x1DC0..=0x1DFF | 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F
            | 0x20D0..=0x20FF | 0x2800 | 0x3164 | 0xE000..=0xF8FF | 0xFE00..=0xFE0F
            | 0xFE20..=0xFE2F | 0xFEFF | 0xFFA0 | 0xFFF9..=0xFFFB | 0x110BD | 0x110CD
            | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_plain_text_stays() {
        assert!(matches!(name("a/ä b.yaml"), Cow::Borrowed(_)));
        assert_eq!(name("a\u{1b}[31mb\rc\nd"), "a\\u{1b}[31mb\\rc\\nd");
        assert_eq!(
            name("a\u{9b}b\u{202e}c\u{7f}"),
            "a\\u{9b}b\\u{202e}c\\u{7f}"
        );
    }

    #[test]
    fn the_credentials_of_an_address_are_not_shown() {
        for (address, shown) in [
            ("htps://u:pw@h/x", "htps://***@h/x"),
            ("ftp://u:p/w@h/x", "ftp://***@h/x"),
            (
                "a `x://:p@h` and `y://u:q@i`",
                "a `x://***@h` and `y://***@i`",
            ),
            ("https://git@h/x", "https://git@h/x"),
            ("https://h:8080/a@b", "https://h:8080/a@b"),
            ("oci://h/a@sha256:b", "oci://h/a@sha256:b"),
        ] {
            assert_eq!(sentence(address), shown);
            assert_eq!(name(address), shown);
        }
    }

    #[test]
    fn json_stays_json() {
        let value = serde_json::json!({"a": "b\u{1b}\u{9b}\u{202e}c"});
        let text = json(value.clone());
        assert!(text.is_ascii());
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read, value);
    }

    #[test]
    fn a_line_ends_outside_of_the_users_words_only() {
        assert_eq!(
            sentence("no `a\n::error::b` is\nthere"),
            "no `a\\n::error::b` is\nthere"
        );
        assert_eq!(
            sentence("x\n::warning::y\n  ##[group]z"),
            "x\n\\::warning::y\n  \\##[group]z"
        );
        assert_eq!(sentence(".a | `x\n     ^^"), ".a | `x\n     ^^");
    }
}
