//! Texts in quotes, as Go writes and reads them.
//!
//! Source: <https://go.dev/ref/spec#String_literals> and <https://pkg.go.dev/strconv#Quote>.

use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

/// The text of a literal in `"` or in backticks.
pub(crate) fn unquoted(literal: &str) -> Option<String> {
    if let Some(raw) = literal.strip_prefix('`') {
        return Some(raw.strip_suffix('`')?.replace('\r', ""));
    }
    let inner = literal.strip_prefix('"')?.strip_suffix('"')?;
    let mut bytes = Vec::with_capacity(inner.len());
    let mut chars = inner.chars().peekable();
    while let Some(found) = chars.next() {
        match found {
            '\\' => match escaped(&mut chars, '"')? {
                Escaped::Byte(byte) => bytes.push(byte),
                Escaped::Char(found) => {
                    bytes.extend_from_slice(found.encode_utf8(&mut [0; 4]).as_bytes());
                }
            },
            '"' | '\n' => return None,
            _ => bytes.extend_from_slice(found.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Some(lossy(&bytes))
}

/// The character of a literal in `'`.
pub(crate) fn unquoted_char(literal: &str) -> Option<u32> {
    let inner = literal.strip_prefix('\'')?.strip_suffix('\'')?;
    let mut chars = inner.chars().peekable();
    let found = match chars.next()? {
        '\\' => match escaped(&mut chars, '\'')? {
            Escaped::Byte(byte) => u32::from(byte),
            Escaped::Char(found) => u32::from(found),
        },
        '\'' => return None,
        found => u32::from(found),
    };
    chars.next().is_none().then_some(found)
}

enum Escaped {
    Byte(u8),
    Char(char),
}

fn escaped(chars: &mut Peekable<Chars<'_>>, quote: char) -> Option<Escaped> {
    let digits = |chars: &mut Peekable<Chars<'_>>, count: usize, radix: u32, first: u32| {
        (0..count).try_fold(first, |value, _| {
            let digit = chars.next()?.to_digit(radix)?;
            Some(value * radix + digit)
        })
    };
    Some(match chars.next()? {
        'a' => Escaped::Char('\u{7}'),
        'b' => Escaped::Char('\u{8}'),
        'f' => Escaped::Char('\u{c}'),
        'n' => Escaped::Char('\n'),
        'r' => Escaped::Char('\r'),
        't' => Escaped::Char('\t'),
        'v' => Escaped::Char('\u{b}'),
        '\\' => Escaped::Char('\\'),
        found if found == quote => Escaped::Char(quote),
        'x' => Escaped::Byte(digits(chars, 2, 16, 0)?.try_into().ok()?),
        'u' => Escaped::Char(char::from_u32(digits(chars, 4, 16, 0)?)?),
        'U' => Escaped::Char(char::from_u32(digits(chars, 8, 16, 0)?)?),
        octal @ '0'..='7' => {
            let first = octal.to_digit(8)?;
            Escaped::Byte(digits(chars, 2, 8, first)?.try_into().ok()?)
        }
        _ => return None,
    })
}

/// A text of bytes, with a replacement character for each that is none.
pub(crate) fn lossy(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for _ in chunk.invalid() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    text
}

/// A text in `"`, with escapes for what does not print.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for found in text.chars() {
        match found {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            _ if found < ' ' || found == '\u{7f}' => {
                let _ = write!(out, "\\x{:02x}", u32::from(found));
            }
            _ if does_print(found) => out.push(found),
            _ if u32::from(found) < 0x1_0000 => {
                let _ = write!(out, "\\u{:04x}", u32::from(found));
            }
            _ => {
                let _ = write!(out, "\\U{:08x}", u32::from(found));
            }
        }
    }
    out.push('"');
    out
}

fn does_print(found: char) -> bool {
    found == ' '
        || !(found.is_control()
            || found.is_whitespace()
            || matches!(found,
                '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{e000}'..='\u{f8ff}' | '\u{fff9}'..='\u{fffb}'))
}
