//! Strings as JSON writes them, and as a YAML reader understands them.
//!
//! kustomize prints a value as JSON in the manner of Go and reads that as YAML 1.1. Most strings
//! survive; characters that JSON leaves raw and YAML refuses or changes do not.

use std::borrow::Cow;
use std::fmt::Write;

use super::Node;
use super::style::Classes;
use crate::cut::Cut as _;
use crate::error::{Error, Kind, Result};

/// Appends a text as a JSON string, in which `<`, `>` and `&` are escaped.
pub fn write_json_string(text: &str, out: &mut String) {
    write_string(text, true, out);
}

/// Appends a text as a JSON string, in which `<`, `>` and `&` stand for themselves.
pub fn write_json_string_with_html(text: &str, out: &mut String) {
    write_string(text, false, out);
}

#[inline]
fn write_string(text: &str, escapes_html: bool, out: &mut String) {
    out.push('"');
    let mut start = 0;
    for (index, c) in text.char_indices() {
        let short = match c {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\x08' => "\\b",
            '\x0C' => "\\f",
            '\u{2028}' => "\\u2028",
            '\u{2029}' => "\\u2029",
            '\0'..='\x1F' => "",
            '<' | '>' | '&' if escapes_html => "",
            _ => continue,
        };
        out.push_str(text.cut(start..index));
        start = index + c.len_utf8();
        if short.is_empty() {
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push_str(short);
        }
    }
    out.push_str(text.cut(start..));
    out.push('"');
}

/// How many characters a text takes in JSON, the quotes counted.
fn quoted_length(text: &str) -> usize {
    let escaped = |c: char| match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\x08' | '\x0C' => 2,
        '\0'..='\x1F' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => 6,
        _ => 1,
    };
    text.chars().map(escaped).sum::<usize>() + 2
}

/// A string after it was written as JSON and read as YAML.
pub(super) fn reread<'t>(text: Cow<'t, str>, node: &Node) -> Result<Cow<'t, str>> {
    if !Classes::of(&text).is_fragile() {
        return Ok(text);
    }
    let refused = |c: char| matches!(c, '\x7F'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}') && c != NEL;
    if let Some(c) = text.chars().find(|&c| refused(c)) {
        let message = format!(
            "a string with the control character U+{:04X} cannot be printed",
            u32::from(c)
        );
        return Err(Error::new(Kind::Output, message).at(node.span));
    }
    if !text.contains(NEL) {
        return Ok(text);
    }
    match fold_at_nel(&text) {
        Some(folded) => Ok(Cow::Owned(folded)),
        None => {
            let message = "a string with `---` or `...` after a U+0085 cannot be printed";
            Err(Error::new(Kind::Output, message).at(node.span))
        }
    }
}

const NEL: char = '\u{85}';

/// Folds the lines that NEL ends inside double quotes: one of them becomes a space, more become
/// line breaks, blanks around them go. Nothing if a line looks like the end of a document.
fn fold_at_nel(text: &str) -> Option<String> {
    let mut lines = text.split(NEL).enumerate().peekable();
    let mut out = String::with_capacity(text.len());
    let mut empty_lines = 0;
    while let Some((index, line)) = lines.next() {
        let is_last = lines.peek().is_none();
        if index > 0 && ends_document(line, is_last) {
            return None;
        }
        let mut content = line;
        if index > 0 {
            content = content.trim_start_matches(' ');
            if content.is_empty() && !is_last {
                empty_lines += 1;
                continue;
            }
            if empty_lines == 0 {
                out.push(' ');
            }
            out.extend((0..empty_lines).map(|_| '\n'));
            empty_lines = 0;
        }
        if !is_last {
            content = content.trim_end_matches(' ');
        }
        out.push_str(content);
    }
    Some(out)
}

/// `---` or `...` at the start of a line, followed by a blank or the line's end.
fn ends_document(line: &str, is_last: bool) -> bool {
    let Some(rest) = line
        .strip_prefix("---")
        .or_else(|| line.strip_prefix("..."))
    else {
        return false;
    };
    rest.starts_with(' ') || (rest.is_empty() && !is_last)
}

/// Checks that a key can be read again from JSON: keys there stand on one line of limited length.
pub(super) fn check_key(text: &str, classes: Classes, key: &Node) -> Result<()> {
    if classes.is_fragile() {
        reread(Cow::Borrowed(text), key)?;
        if text.contains(NEL) {
            let message = "a key with the line break U+0085 cannot be printed";
            return Err(Error::new(Kind::Output, message).at(key.span));
        }
    }
    // No character takes more than six in JSON.
    if text.len() > LONGEST_JSON_KEY / 6 && quoted_length(text) > LONGEST_JSON_KEY {
        let message = format!("a key of more than {LONGEST_JSON_KEY} characters cannot be printed");
        return Err(Error::new(Kind::Output, message).at(key.span));
    }
    Ok(())
}

/// Keys up to this many characters, quotes and escapes counted, are read again from JSON.
const LONGEST_JSON_KEY: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nel_folds_to_a_space_or_line_breaks() {
        for (text, wanted) in [
            ("a\u{85}b", "a b"),
            ("a \u{85} b", "a b"),
            ("a\u{85}\u{85}b", "a\nb"),
            ("a\u{85} \u{85}\u{85}b", "a\n\nb"),
            ("\u{85}", " "),
            ("a\u{85} ", "a "),
        ] {
            assert_eq!(fold_at_nel(text).as_deref(), Some(wanted), "{text:?}");
        }
        assert_eq!(fold_at_nel("a\u{85}--- b"), None);
    }

    #[test]
    fn lengths_count_escapes() {
        for text in ["", "a<b", "é\n\"", "\u{2028}\u{1}"] {
            let mut out = String::new();
            write_json_string(text, &mut out);
            assert_eq!(quoted_length(text), out.chars().count(), "{text:?}");
        }
    }
}
