//! Breaks sentences into lines at blanks.

use std::borrow::Cow;

/// How long words in backticks may be that are kept together.
const LONGEST: usize = 48;

/// A text whose lines have at most so many columns, if its words are that short; `taken` columns
/// stand before its first line, and `indent` before the others.
pub(super) fn wrapped(text: &str, taken: usize, indent: usize, width: usize) -> Cow<'_, str> {
    let room = width.saturating_sub(indent).max(20);
    let taken = taken.saturating_sub(indent);
    let is_short = |line: &str| line.len() <= room || line.chars().count() <= room;
    if !text.contains('\n') && text.chars().count() + taken <= room {
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
            let width = unit.chars().count();
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
                .map(|it| it.chars().count() + 1)
                .sum::<usize>()
                + word.chars().count()
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
