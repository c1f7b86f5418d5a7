//! Text of others, as it may stand on a terminal and in a log.
//!
//! Names, paths and values come from files that anybody may have written. A control character in
//! them could move the cursor, hide a line or end one; a line that begins like a workflow command
//! would be one to the runner that reads the log. Nor are the credentials of an address shown,
//! whatever its scheme is.

use std::borrow::Cow;

use kustom_yaml::cut::Cut as _;

/// A name, a path or a value: nothing in it ends a line or commands anything.
pub(super) fn name(text: &str) -> Cow<'_, str> {
    match anonymous(text) {
        Some(text) => Cow::Owned(escaped(&text, |_| true).into_owned()),
        None => escaped(text, |_| true),
    }
}

/// A sentence with the user's words in backticks: a line ends outside of them only, or before the
/// marks below an excerpt, and none begins like a command.
pub(super) fn sentence(text: &str) -> Cow<'_, str> {
    match anonymous(text) {
        Some(text) => Cow::Owned(lines(&text).into_owned()),
        None => lines(text),
    }
}

/// A text without the user information of the addresses in it, if there is some with a password.
///
/// A password may hold a slash, where an address ends for a parser.
fn anonymous(text: &str) -> Option<String> {
    let is_end = |c: char| c.is_whitespace() || matches!(c, '`' | '"' | '\'' | '<' | '>');
    let (mut out, mut from) = (String::new(), 0);
    for (at, _) in text.match_indices("://") {
        let start = at + 3;
        let address = text.cut(start..);
        let address = address.cut(..address.find(is_end).unwrap_or(address.len()));
        let Some((user, _)) = address.rsplit_once('@') else {
            continue;
        };
        let (authority, _) = user.split_once('/').unwrap_or((user, ""));
        // `host:8080/path@sha256` has a port and no user.
        let is_host = authority.len() < user.len()
            && authority
                .split_once(':')
                .is_none_or(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        if start >= from && user.contains(':') && !is_host {
            out.push_str(text.cut(from..start));
            out.push_str("***");
            from = start + user.len();
        }
    }
    (from > 0).then(|| out + text.cut(from..))
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
                harmless(line)
            }
        })
        .collect();
    Cow::Owned(lines.join("\n"))
}

/// JSON, in which what its strings hold beyond ASCII's control characters is escaped, too.
pub(super) fn json(text: &str) -> String {
    let masked = anonymous(text);
    let text = masked.as_deref().unwrap_or(text);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push(c),
            // All of them lie in the basic plane, which four digits name.
            c if c.is_control() || turns(c) => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

/// A line that begins like a workflow command of GitHub, with a sign before it.
fn harmless(line: &str) -> Cow<'_, str> {
    let body = line.trim_start();
    let is_command = body.starts_with("::") || body.starts_with("##[");
    match is_command {
        true => format!("{}\\{body}", line.cut(..line.len() - body.len())).into(),
        false => line.into(),
    }
}

/// A text without the characters that a terminal acts upon; `is_escaped` says of a line break at an
/// offset whether it is one of them.
fn escaped(text: &str, is_escaped: impl Fn(usize) -> bool) -> Cow<'_, str> {
    let is_kept = |at: usize, c: char| match c {
        '\n' => !is_escaped(at),
        '\t' => true,
        c => !c.is_control() && !turns(c),
    };
    if text.char_indices().all(|(at, c)| is_kept(at, c)) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 8);
    for (at, c) in text.char_indices() {
        match is_kept(at, c) {
            true => out.push(c),
            false => out.extend(c.escape_default()),
        }
    }
    out.into()
}

/// Whether a character ends a line or turns the direction of what follows, though it is no control
/// character.
fn turns(c: char) -> bool {
    matches!(
        c,
        '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
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
        let text = json(&value.to_string());
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
