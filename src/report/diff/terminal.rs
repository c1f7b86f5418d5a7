//! Differences for a terminal.
//!
//! A line that says how many, then what differs: where, both values, and the files and lines that
//! cause them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;

use kustom_yaml::cut::Cut as _;

use super::super::diagnostic::{columns, first_columns, last_columns, wrapped};
use super::super::{BLUE, Color, GREEN, RED, YELLOW, painted};
use super::Layout;
use super::visible::{self, Values};
use super::words::{self, heading, mark, place, remark, subjects, suspicion};
use crate::diff::{Change, Diff, Group, Op, Shown, Subject};
use crate::guard::printable;

const BOLD: &str = "1";
const DIM: &str = "2";

/// How many lines of a value are shown.
const LINES: usize = 24;

/// How many of the resources that share a difference are named.
const NAMES: usize = 12;

pub(super) fn write(diff: &Diff, layout: Layout<'_>) -> String {
    let groups = words::shown(diff);
    let mut page = Page {
        diff,
        layout,
        text: String::new(),
        repeated: repeated(&groups),
    };
    page.head();
    let mut before = None;
    for group in &groups {
        page.group(group, before);
        before = Some(group);
    }
    page.text
}

struct Page<'d> {
    diff: &'d Diff,
    layout: Layout<'d>,
    text: String,
    /// The objects that differ in several classes, and stand once for each.
    repeated: BTreeSet<&'d Subject>,
}

/// The objects whose differences have several headings.
fn repeated<'d>(groups: &[Group<'d>]) -> BTreeSet<&'d Subject> {
    let mut first: BTreeMap<&Subject, &str> = BTreeMap::new();
    let mut repeated = BTreeSet::new();
    for group in groups.iter().filter(|group| !group.first().is_whole()) {
        let heading = heading(group.first());
        if let [subject] = subjects(group)[..]
            && *first.entry(subject).or_insert(heading) != heading
        {
            repeated.insert(subject);
        }
    }
    repeated
}

impl Page<'_> {
    fn head(&mut self) {
        let (sides, summary) = (words::sides(self.diff), words::summary(self.diff));
        let names = self.painted(&sides, BOLD);
        if columns(&sides) + 2 + columns(&summary) <= self.layout.width {
            self.line(0, &format!("{names}  {summary}"));
        } else {
            self.line(0, &names);
            self.words(2, &summary, None);
        }
        let mapping: Vec<String> = words::mapping(self.diff)
            .into_iter()
            .map(|(what, names)| format!("{what} {names}"))
            .collect();
        if !mapping.is_empty() {
            self.words(0, &mapping.join(", "), Some(DIM));
        }
    }

    fn group(&mut self, group: &Group<'_>, before: Option<&Group<'_>>) {
        let first = group.first();
        if first.is_whole() {
            return self.whole(first, before.map(Group::first));
        }
        let code = color_of(first.op);
        if subjects(group).len() > 1 {
            self.text.push('\n');
            let times = format!(
                "×{} {}",
                group.changes.len(),
                visible::line(&first.path.ending())
            );
            let times = self.painted(&times, BOLD);
            let mark = self.painted(mark(first.op), code);
            self.line(0, &format!("{mark} {times}"));
            self.values(first);
            self.list(group);
            return;
        }
        let is_new = before.is_none_or(|before| {
            let last = before.first();
            last.subject != first.subject
                || heading(last) != heading(first)
                || last.is_whole()
                || subjects(before).len() > 1
        });
        if is_new {
            self.text.push('\n');
            let subject = self.painted(&visible::line(&first.subject.to_string()), BOLD);
            let mark = self.painted(if first.op == Op::Same { "!" } else { "~" }, code);
            let class = match self.repeated.contains(&&*first.subject) {
                true => format!("  {}", heading(first).to_lowercase()),
                false => String::new(),
            };
            let class = self.painted(&class, DIM);
            self.line(0, &format!("{mark} {subject}{class}"));
        }
        // A document that is no object differs as a whole.
        let paths = group.changes.iter().filter(|it| !it.path.0.is_empty());
        for change in paths {
            let path = self.painted(&visible::line(&change.path.to_string()), BLUE);
            self.line(2, &path);
        }
        self.values(first);
    }

    fn whole(&mut self, change: &Change, before: Option<&Change>) {
        if !before.is_some_and(Change::is_whole) {
            self.text.push('\n');
        }
        let (code, side) = match change.op {
            Op::Removed => (RED, &self.diff.from),
            _ => (GREEN, &self.diff.to),
        };
        let subject = visible::line(&change.subject.to_string());
        let line = format!("{} {subject}", mark(change.op));
        let line = self.painted(&line, code);
        let shown = change.from.as_ref().or(change.to.as_ref());
        let from = shown.and_then(|shown| shown.place.as_ref()).map(place);
        let origin = from.map_or_else(String::new, |place| format!(", {place}"));
        let told = format!("only in {}{origin}", printable(side));
        let origin = self.painted(&told, DIM);
        if columns(&subject) + 4 + columns(&told) <= self.layout.width {
            self.line(0, &format!("{line}  {origin}"));
        } else {
            self.line(0, &line);
            self.line(2, &origin);
        }
    }

    fn values(&mut self, change: &Change) {
        if let Some(text) = suspicion(self.diff, change) {
            self.words(4, &text, Some(YELLOW));
            if let Some(place) = words::culprit(change).and_then(|shown| shown.place.as_ref()) {
                let text = self.painted(&words::place(place), DIM);
                self.line(4, &text);
            }
            return;
        }
        if let Some(remark) = remark(self.diff, change) {
            self.words(4, &visible::line(&remark), Some(DIM));
        }
        match visible::values(change) {
            Values::Long(lines) => {
                self.places(change.from.as_ref(), change.to.as_ref());
                self.lines(&lines);
            }
            Values::Short { from, to } => {
                let is_masked = [&change.from, &change.to]
                    .into_iter()
                    .flatten()
                    .any(|shown| shown.is_masked);
                let (a, b) = match (&from, &to) {
                    (Some(from), Some(to)) => parts(from, to),
                    _ => ((0, 0), (0, 0)),
                };
                // The differing parts of secrets are not shown.
                let [a, b] =
                    [a, b].map(|(start, end)| (start, if is_masked { start } else { end }));
                let places = [&change.from, &change.to].map(|shown| shown.as_ref().and_then(at));
                let [from_place, to_place] = places;
                for (mark, code, text, place, part) in [
                    ("-", RED, from, from_place, a),
                    ("+", GREEN, to, to_place, b),
                ] {
                    if let Some(text) = text {
                        self.value(mark, code, &text, place, part);
                    }
                }
            }
        }
    }

    /// A value on one line, as far as it fits, with the part that differs in it.
    fn value(
        &mut self,
        mark: &str,
        code: &str,
        text: &str,
        from: Option<String>,
        (start, end): (usize, usize),
    ) {
        let room = self.layout.width.saturating_sub(6).max(20);
        let window = window(text, start, room);
        let cut = text.cut(window.clone());
        let (start, end) = (start.max(window.start), end.min(window.end));
        let value = if self.layout.color == Color::Always && start < end {
            let plain = code.trim_start_matches("1;");
            let (before, rest) = cut.halves(start - window.start);
            let (middle, after) = rest.halves(end - start);
            [(before, plain), (middle, code), (after, plain)]
                .map(|(part, code)| {
                    if part.is_empty() {
                        String::new()
                    } else {
                        self.painted(part, code)
                    }
                })
                .concat()
        } else {
            self.painted(cut, code.trim_start_matches("1;"))
        };
        let dots = |is_cut| if is_cut { "…" } else { "" };
        let mark = self.painted(mark, code);
        let (before, after) = (dots(window.start > 0), dots(window.end < text.len()));
        let line = format!("{mark} {before}{value}{after}");
        let Some(from) = from else {
            return self.line(4, &line);
        };
        let width = 6 + columns(cut) + columns(&from) + 2;
        let from = self.painted(&from, DIM);
        if width <= self.layout.width {
            self.line(4, &format!("{line}  {from}"));
        } else {
            self.line(4, &line);
            self.line(6, &from);
        }
    }

    fn places(&mut self, from: Option<&Shown>, to: Option<&Shown>) {
        for (mark, code, shown) in [("-", RED, from), ("+", GREEN, to)] {
            if let Some(from) = shown.and_then(at) {
                let mark = self.painted(mark, code);
                let from = self.painted(&from, DIM);
                self.line(4, &format!("{mark} {from}"));
            }
        }
    }

    fn lines(&mut self, lines: &[(char, String)]) {
        for (mark, line) in lines.iter().take(LINES) {
            let code = match mark {
                '-' => "31",
                '+' => "32",
                _ => DIM,
            };
            let line = format!("{mark} {line}");
            let text = self.painted(line.trim_end(), code);
            self.line(6, &text);
        }
        if lines.len() > LINES {
            let more = format!("… {} more lines", lines.len() - LINES);
            let more = self.painted(&more, DIM);
            self.line(6, &more);
        }
    }

    /// The resources of a group, as many on a line as fit.
    fn list(&mut self, group: &Group<'_>) {
        let mut names: Vec<String> = subjects(group)
            .iter()
            .map(|subject| visible::line(&subject.to_string()))
            .collect();
        if names.len() > NAMES + 1 && !self.layout.all {
            let more = names.split_off(NAMES).len();
            names.push(format!("and {more} more"));
        }
        let mut line = String::from("in ");
        for (number, name) in names.iter().enumerate() {
            let comma = if number + 1 < names.len() { ", " } else { "" };
            if columns(&line) > 3 && 4 + columns(&line) + columns(name) > self.layout.width {
                let full = self.painted(line.trim_end(), DIM);
                self.line(4, &full);
                line = String::from("   ");
            }
            line.push_str(name);
            line.push_str(comma);
        }
        let full = self.painted(line.trim_end(), DIM);
        self.line(4, &full);
    }

    /// A sentence, wrapped to the terminal.
    fn words(&mut self, indent: usize, text: &str, code: Option<&str>) {
        let room = self.layout.width.saturating_sub(indent);
        for line in wrapped(text, 0, 0, room).lines() {
            let line = match code {
                Some(code) => self.painted(line, code),
                None => line.to_owned(),
            };
            self.line(indent, &line);
        }
    }

    fn painted(&self, text: &str, code: &str) -> String {
        painted(text, code, self.layout.color)
    }

    fn line(&mut self, indent: usize, text: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{:indent$}{text}", "");
    }
}

fn color_of(op: Op) -> &'static str {
    match op {
        Op::Added => GREEN,
        Op::Removed => RED,
        _ => YELLOW,
    }
}

/// Where a value was written.
fn at(shown: &Shown) -> Option<String> {
    shown.place.as_ref().map(place)
}

/// The part of a line that is shown: so many columns, and among them where it differs.
fn window(text: &str, differs_at: usize, room: usize) -> Range<usize> {
    /// How many columns are shown before the place where lines differ.
    const BEFORE: usize = 20;
    if columns(text) <= room {
        return 0..text.len();
    }
    let before = text.cut(..differs_at);
    let start = match columns(before) {
        taken if taken + BEFORE < room => 0,
        _ => last_columns(before, BEFORE),
    };
    start..start + first_columns(text.cut(start..), room)
}

/// The parts in which two lines differ.
fn parts(a: &str, b: &str) -> ((usize, usize), (usize, usize)) {
    let alike = |(x, y): &(char, char)| x == y;
    let start: usize = a
        .chars()
        .zip(b.chars())
        .take_while(alike)
        .map(|(c, _)| c.len_utf8())
        .sum();
    let end: usize = a
        .cut(start..)
        .chars()
        .rev()
        .zip(b.cut(start..).chars().rev())
        .take_while(alike)
        .map(|(c, _)| c.len_utf8())
        .sum();
    ((start, a.len() - end), (start, b.len() - end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_shown_where_it_differs() {
        let text = "a".repeat(100) + "X" + &"b".repeat(100);
        let shown = &text[window(&text, 100, 40)];
        assert_eq!(shown.chars().count(), 40);
        assert!(shown.contains('X'));
        assert_eq!(window(&text, 0, 40), 0..40);
        assert_eq!(window("short", 2, 40), 0..5);
        let text = "日本".repeat(50) + "X" + &"語".repeat(50);
        let at = text.find('X').unwrap();
        let shown = &text[window(&text, at, 40)];
        assert!(columns(shown) <= 40 && shown.contains('X'), "{shown}");
    }
}
