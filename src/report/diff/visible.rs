//! Shows values as lines so that different values never look alike.
//!
//! A blank at the end of a line is `·`, a tab `⇥`, and what has no shape of its own is escaped:
//! `\r`, `\u00a0`. Where values differ in such things alone, every blank is `·`, and the end of a
//! line is `↵`.

use std::fmt::Write as _;

use super::super::shown::is_hidden;
use crate::diff::{Change, Lines, Shown};

/// How many lines around a changed one are shown.
const CONTEXT: usize = 2;

/// Both values of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Values {
    /// At most one line on each side.
    Short {
        from: Option<String>,
        to: Option<String>,
    },
    /// Lines with `-`, `+` or a blank before each.
    Long(Vec<(char, String)>),
}

/// The values of a difference, as they are shown.
pub(super) fn values(change: &Change) -> Values {
    match (&change.from, &change.to) {
        (Some(from), Some(to)) => {
            let (from, to) = texts(from, to);
            let values = pair(from, to, Marks::Few);
            // What is still alike differs in what was taken for visible.
            if is_alike(&values) {
                pair(from, to, Marks::All)
            } else {
                values
            }
        }
        (from, to) => {
            let only = |mark: char, shown: &Option<Shown>| -> Vec<(char, String)> {
                let text = shown.as_ref().map_or("", |shown| &shown.text);
                let lines = split(text).into_iter();
                let alone = is_single(text);
                lines
                    .map(|line| (mark, marked(line, Marks::Few, alone)))
                    .collect()
            };
            match (only('-', from), only('+', to)) {
                (from, to) if from.len() <= 1 && to.len() <= 1 => Values::Short {
                    from: from.into_iter().next().map(|line| line.1),
                    to: to.into_iter().next().map(|line| line.1),
                },
                (from, to) => Values::Long([from, to].concat()),
            }
        }
    }
}

/// The values of a difference as lines with `-`, `+` or a blank before each.
pub(super) fn lines(change: &Change) -> Vec<(char, String)> {
    match values(change) {
        Values::Long(lines) => lines,
        Values::Short { from, to } => {
            let from = from.map(|line| ('-', line));
            let to = to.map(|line| ('+', line));
            from.into_iter().chain(to).collect()
        }
    }
}

/// A text in which nothing is hidden, on one line.
pub(super) fn line(text: &str) -> String {
    marked(text, Marks::Few, true)
}

/// A text in which nothing can be taken for something else, on one line.
pub(super) fn exact(text: &str) -> String {
    marked(text, Marks::All, true)
}

/// What is compared by eye: the texts themselves, if they differ in nothing but blanks.
fn texts<'s>(from: &'s Shown, to: &'s Shown) -> (&'s str, &'s str) {
    match (&from.exact, &to.exact) {
        (Some(one), Some(other)) if one != other && bare(one) == bare(other) => (one, other),
        _ => (&from.text, &to.text),
    }
}

/// Which characters are replaced by marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Marks {
    /// Those that cannot be seen where they stand.
    Few,
    /// Every one that could be taken for another.
    All,
}

fn pair(from: &str, to: &str, marks: Marks) -> Values {
    let marks = match bare(from) == bare(to) {
        true => Marks::All,
        false => marks,
    };
    if is_single(from) && is_single(to) {
        let shown = |text: &str| Some(marked(text, marks, true));
        return Values::Short {
            from: shown(from),
            to: shown(to),
        };
    }
    if is_single(from) || is_single(to) {
        let all = |mark: char, text: &str| -> Vec<(char, String)> {
            let lines = split(text).into_iter();
            lines
                .map(|line| (mark, marked(line, marks, false)))
                .collect()
        };
        return Values::Long([all('-', from), all('+', to)].concat());
    }
    Values::Long(hunks(from, to, marks))
}

/// The lines that differ, with a few around them.
fn hunks(from: &str, to: &str, marks: Marks) -> Vec<(char, String)> {
    // If one side ends within a line, the last ends are shown.
    let differ_in_end = from.ends_with('\n') != to.ends_with('\n');
    let diff = Lines::of(from, to);
    let (last_from, last_to) = (split(from).len(), split(to).len());
    let mut shown = Vec::new();
    for (number, group) in diff.groups(CONTEXT).iter().enumerate() {
        if number > 0 {
            shown.push((' ', "…".to_owned()));
        }
        for change in diff.changes(group) {
            let mark = match change.tag() {
                similar::ChangeTag::Delete => '-',
                similar::ChangeTag::Insert => '+',
                similar::ChangeTag::Equal => ' ',
            };
            let is_last = change.old_index().is_some_and(|at| at + 1 == last_from)
                || change.new_index().is_some_and(|at| at + 1 == last_to);
            let line = marked(change.value(), marks, differ_in_end && is_last);
            shown.push((mark, line));
        }
    }
    shown
}

/// Whether both sides of a difference look the same.
fn is_alike(values: &Values) -> bool {
    match values {
        Values::Short { from, to } => from == to,
        Values::Long(lines) => {
            let side = |other: char| lines.iter().filter(move |line| line.0 != other);
            side('+')
                .map(|line| &line.1)
                .eq(side('-').map(|line| &line.1))
        }
    }
}

/// The lines of a text, each with its end.
fn split(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

fn is_single(text: &str) -> bool {
    text.split_inclusive('\n').nth(1).is_none()
}

/// A line with its end; whether that is shown is for the marks to say, unless it must be.
fn marked(line: &str, marks: Marks, shows_end: bool) -> String {
    let (content, end) = match line.strip_suffix('\n') {
        Some(content) => (content, true),
        None => (line, false),
    };
    let visible = content.trim_end_matches(' ').len();
    let mut shown = String::with_capacity(line.len());
    for (at, c) in content.char_indices() {
        match c {
            ' ' if marks == Marks::All || at >= visible => shown.push('·'),
            '\t' => shown.push('⇥'),
            '\r' => shown.push_str("\\r"),
            '\n' => shown.push('↵'),
            '\\' if marks == Marks::All => shown.push_str("\\\\"),
            '·' | '⇥' | '↵' => escape(c, &mut shown),
            c if is_hidden(c) => escape(c, &mut shown),
            c => shown.push(c),
        }
    }
    if end && (shows_end || marks == Marks::All) {
        shown.push('↵');
    }
    shown
}

/// A text without what cannot be seen.
fn bare(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace() && !is_hidden(*c))
        .collect()
}

fn escape(c: char, shown: &mut String) {
    let number = u32::from(c);
    // Writing to a string cannot fail.
    let _ = match number {
        0x1_0000.. => write!(shown, "\\U{number:08x}"),
        _ => write!(shown, "\\u{number:04x}"),
    };
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diff::{Class, Op, Path, Subject};

    fn short(from: &str, to: &str) -> [String; 2] {
        match shown(from, to) {
            Values::Short { from, to } => [from, to].map(Option::unwrap_or_default),
            Values::Long(lines) => ['-', '+'].map(|mark| {
                let of = lines.iter().filter(|line| line.0 == mark);
                of.map(|line| line.1.as_str()).collect::<Vec<_>>().join("|")
            }),
        }
    }

    fn shown(from: &str, to: &str) -> Values {
        let shown = |text: &str| {
            Some(Shown {
                text: text.to_owned(),
                exact: Some(text.to_owned()),
                place: None,
                is_masked: false,
            })
        };
        values(&Change {
            op: Op::Changed,
            class: Class::Real,
            subject: Arc::new(Subject {
                kind: String::new(),
                group: String::new(),
                from: None,
                to: None,
            }),
            path: Path::default(),
            from: shown(from),
            to: shown(to),
            expected: None,
            reason: None,
        })
    }

    #[test]
    fn what_cannot_be_seen_is_made_visible() {
        for (from, to, wanted) in [
            ("x", "x\n", ["x", "x↵"]),
            ("x", "x ", ["x", "x·"]),
            ("x", " x", ["x", "·x"]),
            ("a b", "a\tb", ["a·b", "a⇥b"]),
            ("a b", "a\u{a0}b", ["a·b", "a\\u00a0b"]),
            ("ab", "a\u{200b}b", ["ab", "a\\u200bb"]),
            ("a\nb\n", "a\r\nb\r\n", ["a↵|b↵", "a\\r↵|b\\r↵"]),
            ("a\nb", "a\nb\n", ["b", "b↵"]),
            ("a\nb\nc\n", "a\nb \nd\n", ["b|c", "b·|d"]),
            ("a·", "a ", ["a\\u00b7", "a·"]),
            ("\u{e9}", "e\u{301}", ["\u{e9}", "e\\u0301"]),
            ("x\u{1b}[31m", "y", ["x\\u001b[31m", "y"]),
            ("some", "other", ["some", "other"]),
            ("a\\u00a0b", "a\u{a0}b", ["a\\\\u00a0b", "a\\u00a0b"]),
        ] {
            assert_eq!(short(from, to), wanted, "{from:?} {to:?}");
        }
    }

    #[test]
    fn no_two_texts_look_alike() {
        let parts = [
            "a", " ", "\t", "\n", "\r", "\u{a0}", "\\", "u00a0", "·", "↵", "\\r", "b",
        ];
        let count = parts.len();
        let text = |mut number: usize| {
            let mut text = String::new();
            while number > 0 {
                text.push_str(parts[number % count]);
                number /= count;
            }
            text
        };
        let texts: Vec<String> = (1..count * count * 2).map(text).collect();
        for from in &texts {
            for to in texts.iter().filter(|to| *to != from) {
                assert!(!is_alike(&shown(from, to)), "{from:?} {to:?}");
            }
        }
    }
}
