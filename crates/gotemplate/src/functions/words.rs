//! Words: their cases, how they are cut and wrapped.

use kustom_yaml::cut::Cut as _;

use crate::quote::lossy;

/// The letter of a case, where it is one letter.
fn single(found: char, mut mapped: impl Iterator<Item = char>) -> char {
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        // The one letter of Unicode whose small form Go takes without its dot.
        _ if found == 'İ' => 'i',
        _ => found,
    }
}

pub(super) fn upper_char(found: char) -> char {
    single(found, found.to_uppercase())
}

pub(super) fn lower_char(found: char) -> char {
    if found == 'İ' {
        return 'i';
    }
    single(found, found.to_lowercase())
}

pub(super) fn upper(text: &str) -> String {
    text.chars().map(upper_char).collect()
}

pub(super) fn lower(text: &str) -> String {
    text.chars().map(lower_char).collect()
}

/// Each word with a capital; what is no letter, digit or `_` ends a word.
pub(super) fn title(text: &str) -> String {
    let mut before = ' ';
    let is_separator = |c: char| match c {
        _ if c.is_ascii() => !(c.is_ascii_alphanumeric() || c == '_'),
        _ => !c.is_alphanumeric() && c.is_whitespace(),
    };
    let cased = text.chars().map(|found| {
        let starts = is_separator(before);
        before = found;
        if starts { upper_char(found) } else { found }
    });
    cased.collect()
}

/// Each word with a small letter; white space ends a word.
pub(super) fn untitle(text: &str) -> String {
    let mut starts = true;
    let cased = text.chars().map(|found| {
        let is_first = starts;
        starts = found.is_whitespace();
        if is_first { lower_char(found) } else { found }
    });
    cased.collect()
}

/// Small letters for capitals; capitals for small letters at the beginning of words and within.
pub(super) fn swapcase(text: &str) -> String {
    let cased = text.chars().map(|found| {
        if found.is_uppercase() {
            lower_char(found)
        } else if found.is_lowercase() {
            upper_char(found)
        } else {
            found
        }
    });
    cased.collect()
}

/// The first bytes of all words, each as a character of Latin 1: so sprig reads them.
pub(super) fn initials(text: &str) -> String {
    let text: String = text.bytes().map(char::from).collect();
    text.split(char::is_whitespace)
        .filter_map(|word| word.chars().next())
        .collect()
}

/// A text with `...` for what is too much, at most `width` bytes.
pub(super) fn abbreviated(text: &str, left: usize, width: usize) -> String {
    let bytes = text.as_bytes();
    if bytes.len() <= width {
        return text.to_owned();
    }
    let room = width - 3;
    let left = left.min(bytes.len()).min(bytes.len() - room);
    if left <= 4 {
        return lossy(&bytes[..room]) + "...";
    }
    if left + room < bytes.len() {
        let rest = lossy(&bytes[left..]);
        return format!("...{}", abbreviated(&rest, 0, room.max(4)));
    }
    format!("...{}", lossy(&bytes[bytes.len() - room..]))
}

/// A text with line breaks at blanks, so that lines have `width` bytes at most.
pub(super) fn wrapped(text: &str, width: usize, line_break: &str, cuts_words: bool) -> String {
    let bytes = text.as_bytes();
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while bytes.len() - at > width {
        if bytes[at] == b' ' {
            at += 1;
            continue;
        }
        let line = &bytes[at..=at + width];
        if let Some(blank) = line.iter().rposition(|byte| *byte == b' ') {
            out.extend_from_slice(&bytes[at..at + blank]);
            out.extend_from_slice(line_break.as_bytes());
            at += blank + 1;
        } else if cuts_words {
            out.extend_from_slice(&bytes[at..at + width]);
            out.extend_from_slice(line_break.as_bytes());
            at += width;
        } else {
            let rest = &bytes[at + width..];
            let Some(blank) = rest.iter().position(|byte| *byte == b' ') else {
                out.extend_from_slice(&bytes[at..]);
                return lossy(&out);
            };
            out.extend_from_slice(&bytes[at..at + width + blank]);
            out.extend_from_slice(line_break.as_bytes());
            at += width + blank + 1;
        }
    }
    out.extend_from_slice(&bytes[at..]);
    lossy(&out)
}

/// The bytes from one offset to another.
pub(super) fn piece(text: &str, start: usize, end: usize) -> Option<String> {
    text.as_bytes().get(start..end).map(lossy)
}

fn is_connector(found: char) -> bool {
    found == '-' || found == '_' || found.is_whitespace()
}

/// `some_words` as `SomeWords`.
pub(super) fn pascal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let rest = text.trim_start_matches(is_connector);
    out.push_str(text.cut(..text.len() - rest.len()));
    let mut chars = rest.chars();
    let Some(first) = chars.next() else {
        // Of nothing but connectors the last comes twice.
        out.extend(text.chars().next_back());
        return out;
    };
    let mut is_shouting = first.is_uppercase();
    let mut before = upper_char(first);
    for mut found in chars {
        if is_connector(found) && is_connector(before) {
            out.push(before);
            before = found;
            continue;
        }
        if is_connector(before) {
            is_shouting = found.is_uppercase();
            found = upper_char(found);
        } else {
            if is_shouting {
                if found.is_uppercase() {
                    found = lower_char(found);
                } else {
                    is_shouting = false;
                }
            }
            out.push(before);
        }
        before = found;
    }
    out.push(before);
    out
}

/// What a word is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Word {
    None,
    Number,
    Capitals,
    Letters,
    Connector,
    Punctuation,
    Other,
}

/// Punctuation of Unicode, as far as names have any: of ASCII without the symbols, and the general one.
fn is_punctuation(found: char) -> bool {
    match found {
        '$' | '+' | '<' | '=' | '>' | '^' | '`' | '|' | '~' => false,
        _ if found.is_ascii() => found.is_ascii_punctuation(),
        '¡' | '§' | '«' | '¶' | '·' | '»' | '¿' => true,
        _ => {
            matches!(found, '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{3001}'..='\u{3003}')
        }
    }
}

fn is_letter(found: char) -> bool {
    found.is_alphabetic() && !found.is_uppercase()
}

/// The next word of a text, and what is behind it.
fn next_word(text: &str) -> (Word, &str, &str) {
    let Some(first) = text.chars().next() else {
        return (Word::None, "", "");
    };
    let run = |fits: &dyn Fn(char) -> bool| text.len() - text.trim_start_matches(fits).len();
    let (kind, end) = if is_connector(first) {
        (Word::Connector, run(&is_connector))
    } else if is_punctuation(first) {
        (Word::Punctuation, run(&is_punctuation))
    } else if first.is_uppercase() {
        let capitals = run(&char::is_uppercase);
        let after = text.cut(capitals..).chars().next();
        let count = text.cut(..capitals).chars().count();
        match after {
            // The last capital of several belongs to the letters behind it.
            Some(next) if count > 1 && is_letter(next) => {
                let last = text.cut(..capitals).char_indices().next_back();
                (Word::Capitals, last.map_or(capitals, |(at, _)| at))
            }
            Some(next) if count == 1 && is_letter(next) => {
                let letters = text.cut(capitals..);
                let rest = letters.trim_start_matches(is_letter);
                (Word::Capitals, capitals + letters.len() - rest.len())
            }
            _ => (Word::Capitals, capitals),
        }
    } else if first.is_alphabetic() {
        (Word::Letters, run(&is_letter))
    } else if first.is_numeric() {
        (Word::Number, run(&char::is_numeric))
    } else {
        let is_other = |c: char| {
            !(is_connector(c) || is_punctuation(c) || c.is_alphabetic() || c.is_numeric())
        };
        (Word::Other, run(&is_other))
    };
    let (word, rest) = text.halves(end);
    (kind, word, rest)
}

/// `HTTPServer` as `http_server`, with a connector of one's own.
pub(super) fn connected(text: &str, connector: char) -> String {
    let mut out = String::with_capacity(text.len());
    let write = |out: &mut String, kind: Word, word: &str| match kind {
        Word::Connector => {
            out.extend(word.chars().map(|_| connector));
        }
        _ => out.push_str(&lower(word)),
    };
    let (mut kind, mut word, mut rest) = next_word(text);
    while !rest.is_empty() {
        if kind != Word::Connector {
            write(&mut out, kind, word);
        }
        let (before, last) = (kind, word);
        (kind, word, rest) = next_word(rest);
        match before {
            Word::Number => {
                while matches!(kind, Word::Letters | Word::Number) {
                    write(&mut out, kind, word);
                    (kind, word, rest) = next_word(rest);
                }
                if !matches!(kind, Word::None | Word::Punctuation | Word::Connector) {
                    out.push(connector);
                }
            }
            Word::Connector => write(&mut out, before, last),
            Word::Punctuation => {}
            _ if kind != Word::Number => {
                if !matches!(kind, Word::Connector | Word::Punctuation) {
                    out.push(connector);
                }
            }
            _ if rest.is_empty() => {}
            _ => {
                let number = word;
                (kind, word, rest) = next_word(rest);
                if kind != Word::Letters {
                    write(&mut out, Word::Number, number);
                    if !matches!(kind, Word::Connector | Word::Punctuation) {
                        out.push(connector);
                    }
                    continue;
                }
                out.push(connector);
                write(&mut out, Word::Number, number);
                while matches!(kind, Word::Letters | Word::Number) {
                    write(&mut out, kind, word);
                    (kind, word, rest) = next_word(rest);
                }
                if !matches!(kind, Word::None | Word::Connector | Word::Punctuation) {
                    out.push(connector);
                }
            }
        }
    }
    write(&mut out, kind, word);
    out
}
