//! Characters that a terminal or a log would act upon.

use kustom_yaml::cut::Cut as _;
use std::borrow::Cow;

/// A name as a line of a list or a log may show it: what a terminal would act upon is escaped, no
/// line ends in it, and it is no workflow command.
///
/// # Example
///
/// ```
/// use kustom_guard::printable;
///
/// assert_eq!(printable("a/b c.yaml"), "a/b c.yaml");
/// assert_eq!(printable("a\u{1b}[31m\nb"), "a\\u{1b}[31m\\nb");
/// assert_eq!(printable("::error::a"), "\\::error::a");
/// ```
pub fn printable(line: &str) -> Cow<'_, str> {
    match escaped(line, |_| true) {
        Cow::Borrowed(line) => command_free(line),
        Cow::Owned(line) => Cow::Owned(command_free(&line).into_owned()),
    }
}

/// A line without the beginning of a workflow command of GitHub: a sign stands before it.
pub fn command_free(line: &str) -> Cow<'_, str> {
    let body = line.trim_start();
    let is_command = body.starts_with("::") || body.starts_with("##[");
    match is_command {
        true => format!("{}\\{body}", line.cut(..line.len() - body.len())).into(),
        false => line.into(),
    }
}

/// A text without the characters that a terminal acts upon; `is_escaped` says of a line break at an
/// offset whether it is one of them.
pub fn escaped(text: &str, is_escaped: impl Fn(usize) -> bool) -> Cow<'_, str> {
    // Nearly every text is printable as it is.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.into();
    }
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
pub fn turns(c: char) -> bool {
    matches!(
        c,
        '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'
    )
}
