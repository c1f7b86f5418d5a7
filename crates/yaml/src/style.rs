//! Chooses the style in which go-yaml's emitters write a string.
//!
//! The tests are libyaml's: can the text be plain, in single quotes, in a block? They run only if a
//! first pass over the bytes has found something that could matter.

use super::resolve::{self, Dialect};
use super::timestamp::Timestamp;
use super::{Style, Tag};

/// What kinds of bytes a text has, as bits.
#[derive(Clone, Copy)]
pub(super) struct Classes(u8);

const SPACE: u8 = 1;
/// `:` or `#`, which end a plain scalar in the wrong neighbourhood.
const MARK: u8 = 1 << 1;
const NEWLINE: u8 = 1 << 2;
/// A control character or one beyond U+FFFF, neither of which libyaml calls printable.
const UNPRINTABLE: u8 = 1 << 3;
const TAB: u8 = 1 << 4;
/// The first byte of characters of which some are special.
const SUSPICIOUS: u8 = 1 << 5;
/// What JSON leaves as it is and YAML refuses or reads differently, or the first byte of such.
const FRAGILE: u8 = 1 << 6;

static CLASS: [u8; 256] = classes_of_bytes();

const fn classes_of_bytes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = UNPRINTABLE;
        byte += 1;
    }
    byte = 0xF0;
    while byte < 0x100 {
        table[byte] = UNPRINTABLE;
        byte += 1;
    }
    table[b' ' as usize] = SPACE;
    table[b':' as usize] = MARK;
    table[b'#' as usize] = MARK;
    table[b'\n' as usize] = NEWLINE;
    table[b'\t' as usize] = TAB;
    table[0x7F] = UNPRINTABLE | FRAGILE;
    // U+0080 to U+00BF: more control characters, NEL.
    table[0xC2] = SUSPICIOUS | FRAGILE;
    // U+2000 to U+2FFF: LS, PS.
    table[0xE2] = SUSPICIOUS;
    // U+F000 to U+FFFF: byte order mark, U+FFFE, U+FFFF.
    table[0xEF] = SUSPICIOUS | FRAGILE;
    table
}

/// The bytes that make a difference at the start of a text: indicators, a space, and what starts
/// numbers and words that are no text.
static REMARKABLE: [bool; 256] = {
    let remarkable = b"#,[]{}&*!|>'\"%@`-?: .+0123456789~nNtTfFyYoO";
    let mut table = [false; 256];
    let mut index = 0;
    while index < remarkable.len() {
        table[remarkable[index] as usize] = true;
        index += 1;
    }
    table
};

/// Whether a text that starts with this byte needs a closer look before it stands plain.
#[inline]
pub(super) fn is_remarkable(first: u8) -> bool {
    REMARKABLE[first as usize]
}

impl Classes {
    pub(super) fn of(text: &str) -> Self {
        Self(
            text.bytes()
                .fold(0, |bits, byte| bits | CLASS[byte as usize]),
        )
    }

    fn any(self, bits: u8) -> bool {
        self.0 & bits != 0
    }

    /// Whether the text may hold what does not survive JSON.
    pub(super) fn is_fragile(self) -> bool {
        self.any(FRAGILE)
    }

    /// Whether nothing but the ends of the text can keep it from standing plain.
    pub(super) fn is_quiet(self) -> bool {
        !self.any(!SPACE)
    }

    pub(super) fn has_newline(self) -> bool {
        self.any(NEWLINE)
    }

    pub(super) fn has_space(self) -> bool {
        self.any(SPACE)
    }

    /// Whether the text may hold line breaks other than `\n`.
    pub(super) fn may_have_other_breaks(self) -> bool {
        self.any(SUSPICIOUS | UNPRINTABLE)
    }
}

/// One of the two emitters that a value passes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Emitter {
    /// The one that prints.
    V2,
    /// The one in the middle of kustomize.
    V3,
}

/// Which styles can show a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allowed {
    pub(super) multiline: bool,
    pub(super) plain: bool,
    pub(super) single: bool,
    pub(super) block: bool,
}

/// The style in which an emitter writes a string that has none of its own.
pub(super) fn of_string(text: &str, classes: Classes, emitter: Emitter) -> Style {
    // Nearly every text leaves here.
    if let (Some(first), Some(last)) = (text.as_bytes().first(), text.as_bytes().last())
        && classes.is_quiet()
        && *last != b' '
    {
        if !REMARKABLE[*first as usize] {
            return Style::Plain;
        }
        // Of what starts with a letter, only words are read as something else.
        if first.is_ascii_alphabetic() {
            return match text.len() <= LONGEST_WORD && is_misread(text, emitter) {
                true => Style::Double,
                false => Style::Plain,
            };
        }
    }
    let is_misread = !classes.has_newline() && is_misread(text, emitter);
    if is_misread {
        return Style::Double;
    }
    let allowed = allowed(text, classes, emitter);
    if classes.has_newline() {
        if allowed.block {
            Style::Literal
        } else {
            Style::Double
        }
    } else if allowed.plain {
        Style::Plain
    } else if allowed.single {
        Style::Single
    } else {
        Style::Double
    }
}

/// How long a word is at most that is read as something else than text: `false`.
const LONGEST_WORD: usize = 5;

/// Whether plain text would be read as something else than text; the empty text is null.
fn is_misread(text: &str, emitter: Emitter) -> bool {
    let Some(first) = text.bytes().next() else {
        return true;
    };
    match first {
        b'0'..=b'9' | b'+' | b'-' | b'.' => {
            resolve::plain(text, Dialect::Kustomization).tag() != Tag::Str
                || resolve::plain(text, Dialect::Manifest).tag() != Tag::Str
                    && (emitter == Emitter::V3 || Timestamp::parse(text).is_some())
                || is_base_60(text)
        }
        b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'y' | b'Y' | b'o' | b'O' => {
            text.len() <= LONGEST_WORD && resolve::is_word(text)
        }
        _ => false,
    }
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`, a number of YAML 1.1.
fn is_base_60(text: &str) -> bool {
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let mut groups = text.split(':');
    let is_group =
        |group: &str| matches!(group.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    let is_loose = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let first = groups.next().unwrap_or_default();
    if !first.starts_with(|c: char| c.is_ascii_digit()) || !is_loose(first) {
        return false;
    }
    let Some(last) = groups.next_back() else {
        return false;
    };
    let (last, fraction) = last.split_once('.').unwrap_or((last, ""));
    groups.all(is_group) && is_group(last) && is_loose(fraction)
}

/// Which styles an emitter allows for a text.
pub(super) fn allowed(text: &str, classes: Classes, emitter: Emitter) -> Allowed {
    if text.is_empty() {
        return Allowed {
            multiline: false,
            plain: true,
            single: true,
            block: false,
        };
    }
    let allowed = if classes.any(SUSPICIOUS | UNPRINTABLE) {
        by_character(text, emitter)
    } else if classes.any(NEWLINE | TAB) {
        by_byte(text, classes, emitter)
    } else {
        Allowed {
            multiline: false,
            plain: !text.starts_with(' ') && !text.ends_with(' '),
            single: true,
            block: !text.ends_with(' '),
        }
    };
    let plain = allowed.plain
        && !starts_with_indicator(text)
        && !(classes.any(MARK) && has_indicator(text));
    Allowed { plain, ..allowed }
}

/// As [`by_character`], where every character is printable but tabs, and breaks are LF.
fn by_byte(text: &str, classes: Classes, emitter: Emitter) -> Allowed {
    let bytes = text.as_bytes();
    let any = |first: u8, second: u8| {
        // Without a branch, so that the compiler looks at many bytes at once.
        let pairs = bytes.iter().zip(bytes.get(1..).unwrap_or_default());
        pairs.fold(false, |any, (one, two)| {
            any | ((*one == first) & (*two == second))
        })
    };
    let has_space = classes.has_space();
    let multiline = classes.has_newline();
    let space_then_break = multiline && has_space && any(b' ', b'\n');
    let break_then_space = multiline && has_space && any(b'\n', b' ');
    let tab = classes.any(TAB);
    let special = tab && emitter == Emitter::V2;
    let ends_in_space = text.ends_with(' ');
    let unquotable = space_then_break || tab;
    Allowed {
        multiline,
        plain: !multiline && !unquotable && !text.starts_with(' ') && !ends_in_space,
        single: !unquotable && !break_then_space,
        block: !space_then_break && !special && !ends_in_space,
    }
}

fn by_character(text: &str, emitter: Emitter) -> Allowed {
    let mut multiline = false;
    let mut special = false;
    let mut tab = false;
    let mut break_then_space = false;
    let mut space_then_break = false;
    let mut before = '\0';
    for c in text.chars() {
        if is_break(c) {
            multiline = true;
            space_then_break |= before == ' ';
        }
        tab |= c == '\t';
        special |= !is_printable(c) && (c != '\t' || emitter == Emitter::V2);
        break_then_space |= c == ' ' && is_break(before);
        before = c;
    }
    let unquotable = space_then_break || special || tab;
    Allowed {
        multiline,
        plain: !multiline && !unquotable && !text.starts_with(' ') && before != ' ',
        single: !unquotable && !break_then_space,
        block: !space_then_break && !special && before != ' ',
    }
}

/// A line break of YAML 1.1.
pub(super) fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether the line breaks at the end of a block must be kept, all of them.
pub(super) fn is_open_ended(text: &str) -> bool {
    let mut from_end = text.chars().rev();
    from_end.next().is_some_and(is_break) && from_end.next().is_none_or(is_break)
}

/// What libyaml calls printable: it knows characters of up to three bytes only.
pub(super) fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{A0}'..='\u{FFFD}') && c != '\u{FEFF}'
}

/// What cannot start a plain scalar in a block.
fn starts_with_indicator(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes {
        [
            b'#' | b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\''
            | b'"' | b'%' | b'@' | b'`',
            ..,
        ] => true,
        [b'-' | b'?' | b':'] | [b'-' | b'?' | b':', b' ' | b'\t', ..] => true,
        _ => bytes.starts_with(b"---") || bytes.starts_with(b"..."),
    }
}

/// `: ` or ` #`, or `:` at the end.
fn has_indicator(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.ends_with(b":")
        || bytes
            .windows(2)
            .any(|pair| matches!(pair, b": " | b":\t" | b" #" | b"\t#"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_say_what_characters_say() {
        // All texts of up to five of these, and one with characters that mean nothing here.
        let letters = [' ', '\n', '\t', 'a'];
        let mut texts = vec![String::from("\u{e9} \u{4e16}\n b \n")];
        let mut last = vec![String::new()];
        for _ in 0..5 {
            let longer = |text: &String| letters.map(|letter| format!("{text}{letter}"));
            last = last.iter().flat_map(longer).collect();
            texts.extend(last.iter().cloned());
        }
        for text in texts {
            for emitter in [Emitter::V2, Emitter::V3] {
                let by_byte = by_byte(&text, Classes::of(&text), emitter);
                assert_eq!(by_byte, by_character(&text, emitter), "{text:?}");
            }
        }
    }

    fn style(text: &str) -> Style {
        of_string(text, Classes::of(text), Emitter::V2)
    }

    #[track_caller]
    fn all(wanted: Style, texts: &[&str]) {
        for text in texts {
            assert_eq!(style(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn what_yaml_1_1_reads_as_something_else_is_double_quoted() {
        all(
            Style::Double,
            &[
                "",
                "~",
                "null",
                "true",
                "FALSE",
                "y",
                "No",
                "on",
                "OFF",
                "1",
                "-1",
                "0x1F",
                "014",
                "0o14",
                "1_000",
                "1.5",
                ".5",
                "1e3",
                ".inf",
                "-.INF",
                ".nan",
                "2001-12-14",
                "2001-1-2 3:4:5",
                "1:20",
                "12:30:45",
                "-1_0:59",
                "1:2.5",
                "0b1",
                "08",
                "+1",
            ],
        );
    }

    #[test]
    fn what_only_looks_like_it_stays_plain() {
        all(
            Style::Plain,
            &[
                "tRue",
                "nil",
                "none",
                "yEs",
                "yesno",
                "1:60",
                "0b2",
                "1.2.3",
                "10.0.0.1",
                "500m",
                "=",
                "<<",
                "1e400",
                "2001-02-30",
                "--x",
                "a:b",
                "a#b",
                "-a",
                "?a",
                ":a",
                "1:20x",
                "0o-1",
                "..",
                "._",
                "e1",
            ],
        );
    }

    #[test]
    fn indicators_are_single_quoted() {
        all(
            Style::Single,
            &[
                "#a", ",a", "[a", "]", "{a}", "}", "&a", "*a", "!a", "|", ">", "'a", "\"a", "%a",
                "@a", "`a", "-", "- a", "?", "? a", ":", ": a", "---", "---a", "...", "...a",
                "a: b", "a:", "a #b", " a", "a ", "1:2:",
            ],
        );
    }

    #[test]
    fn special_characters_are_double_quoted() {
        all(
            Style::Double,
            &[
                "a\tb",
                "a\rb",
                "\u{7}",
                "\u{FEFF}a",
                "a\u{FFFE}",
                "😀",
                "a\u{85}b",
                "a \u{2028}b",
                "a\u{2028} b",
            ],
        );
        all(
            Style::Plain,
            &[
                "\u{A0}", "a\u{AD}b", "\u{200B}", "\u{FFFD}", "\u{E000}", "é",
            ],
        );
        all(Style::Single, &["a\u{2028}b", "\u{2029}"]);
    }

    #[test]
    fn lines_are_a_block_unless_a_space_hides_at_an_end() {
        all(Style::Literal, &["a\nb", "\n", " a\n", "a\n\n", "1\n"]);
        all(
            Style::Double,
            &["a \nb", "a\n ", "a\n\tb", "a\n😀", " \n", "a\r\nb"],
        );
    }

    #[test]
    fn the_middle_emitter_lets_tabs_into_blocks_and_quotes_its_own_octals() {
        let middle = |text| of_string(text, Classes::of(text), Emitter::V3);
        assert_eq!(middle("a\n\tb"), Style::Literal);
        assert_eq!(middle("a\tb"), Style::Double);
        assert_eq!(middle("0o-17"), Style::Double);
        assert_eq!(middle("yes"), Style::Double);
    }
}
