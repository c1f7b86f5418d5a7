//! Breaks sentences into lines at blanks, and counts columns.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// How many columns a text takes on a terminal.
pub(in crate::report) fn columns(text: &str) -> usize {
    match text.is_ascii() {
        true => text.len(),
        // Each by itself, as they are drawn: what would join them is escaped.
        false => text
            .chars()
            .map(|c| c.width().unwrap_or(0))
            .sum::<usize>()
            .max(text.width()),
    }
}

/// Where the first so many columns of a text end.
pub(in crate::report) fn first_columns(text: &str, most: usize) -> usize {
    let mut taken = 0;
    let fits = |(_, c): &(usize, char)| {
        taken += c.width().unwrap_or(0);
        taken > most
    };
    text.char_indices()
        .find(fits)
        .map_or(text.len(), |(at, _)| at)
}

/// Where the last so many columns of a text begin.
pub(in crate::report) fn last_columns(text: &str, most: usize) -> usize {
    let mut taken = 0;
    let mut start = text.len();
    for (at, c) in text.char_indices().rev() {
        taken += c.width().unwrap_or(0);
        if taken > most {
            break;
        }
        start = at;
    }
    start
}

/// How long words in backticks may be that are kept together.
const LONGEST: usize = 48;

/// A text whose lines have at most so many columns, if its words are that short; `taken` columns
/// stand before its first line, and `indent` before the others.
pub(in crate::report) fn wrapped(
    text: &str,
    taken: usize,
    indent: usize,
    width: usize,
) -> Cow<'_, str> {
    let room = width.saturating_sub(indent).max(20);
    let taken = taken.saturating_sub(indent);
    let is_short = |line: &str| columns(line) <= room;
    if !text.contains('\n') && columns(text) + taken <= room {
        return text.into();
    }
    let indent = format!("\n{}", " ".repeat(indent));
    let mut out = String::with_capacity(text.len() + 64);
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push_str(&indent);
        }
        let line = if number > 0 { line.trim_start() } else { line };
        if number > 0 && is_short(line) {
            out.push_str(line);
            continue;
        }
        let mut column = if number == 0 { taken } else { 0 };
        for (place, unit) in units(line).iter().enumerate() {
            let width = columns(unit);
            match place {
                0 => {}
                _ if column + 1 + width > room => {
                    out.push_str(&indent);
                    column = 0;
                }
                _ => {
                    out.push(' ');
                    column += 1;
                }
            }
            out.push_str(unit);
            column += width;
        }
    }
    Cow::Owned(out)
}

/// The words of a line; what stands in backticks is one, unless it is long.
fn units(line: &str) -> Vec<Cow<'_, str>> {
    let mut units: Vec<Cow<'_, str>> = Vec::new();
    let mut is_open = false;
    let mut start = 0;
    for word in line.split(' ') {
        let marks = word.matches('`').count();
        let joins = is_open
            && units[start..]
                .iter()
                .map(|it| columns(it) + 1)
                .sum::<usize>()
                + columns(word)
                <= LONGEST;
        match units.last_mut() {
            Some(last) if joins => {
                last.to_mut().push(' ');
                last.to_mut().push_str(word);
            }
            _ => {
                start = units.len();
                units.push(word.into());
            }
        }
        is_open ^= marks % 2 == 1;
    }
    units
}
