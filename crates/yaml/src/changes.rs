//! What is printed of the lines of a text, where that is not what stands there.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use super::extent::Extent;
use crate::cut::Cut as _;
use crate::search;

/// In what the lines of a document differ from those that are printed.
#[derive(Default)]
pub(super) struct Changes {
    /// In the order of the text, each before those in it.
    list: Vec<Change>,
    /// What is printed in the place of parts of the text.
    made: String,
    /// Where the entries of sorted mappings start and end, in the order in which they are printed.
    entries: Vec<Range<u32>>,
    /// The collections with the lines of earlier ones, in the order of the text. What is known of these
    /// is not copied.
    repeats: Vec<Repeat>,
    /// How many documents know of each other, one by one, that these have to do with.
    age: u32,
}

/// The large collections of a document that are printed line by line.
pub(super) struct Found {
    /// In the order of the text, each before those in it.
    pub(super) extents: Box<[Extent]>,
    /// In what they are printed differently from how they stand.
    pub(super) changes: Changes,
}

/// A collection with the lines of an earlier one.
struct Repeat {
    range: Range<u32>,
    /// Where the first one with these lines starts.
    first: u32,
    /// How many lines further down this one is.
    lines: u32,
    /// What was found in the document of the first one, if that is another.
    found: Option<Arc<Found>>,
}

/// A part of the text that is printed differently; what is before it in its first line is not.
struct Change {
    range: Range<u32>,
    kind: Kind,
}

enum Kind {
    /// Printed is what was made.
    Made(Range<u32>),
    /// A collection with the lines of an earlier one; its number.
    Again(u32),
    /// A collection whose lines are printed so many columns further to the right.
    Moved(i32),
    /// A mapping whose entries are printed in another order. Those of one that begins in the line of a
    /// dash start with their keys, and are printed in a column; others start with their lines.
    Sorted { column: u32, entries: Range<u32> },
}

impl Change {
    /// Whether it moves just these lines.
    fn is_move_of(&self, lines: &Range<u32>) -> bool {
        matches!(self.kind, Kind::Moved(_)) && self.range == *lines
    }

    /// Whether it is in these lines, or behind them.
    fn is_beyond(&self, lines: &Range<u32>) -> bool {
        let is_around = self.range.end > lines.end || self.is_move_of(lines);
        self.range.start > lines.start || self.range.start == lines.start && !is_around
    }
}

impl Changes {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Where what is printed in the place of others is made.
    pub(super) fn made(&mut self) -> &mut String {
        &mut self.made
    }

    /// Replaces a part of the text, which comes after all others so far, by what was made from an
    /// offset on.
    pub(super) fn replace(&mut self, range: Range<u32>, made: usize) {
        let kind = Kind::Made(made as u32..self.made.len() as u32);
        self.list.push(Change { range, kind });
    }

    /// Moves the lines of a collection that starts here, until [`Self::end_move`], so many columns to
    /// the right.
    pub(super) fn start_move(&mut self, start: u32, by: i32) {
        self.list.push(Change {
            range: start..start,
            kind: Kind::Moved(by),
        });
    }

    /// Ends what the last change before an index has started.
    pub(super) fn end_move(&mut self, index: usize, end: u32) {
        if let Some(change) = index.checked_sub(1).and_then(|it| self.list.get_mut(it)) {
            change.range.end = end;
        }
    }

    /// Prints the entries of a mapping in an order; the changes in it start at an index. The column is
    /// that of their keys where they start with these, and else 0.
    pub(super) fn sort(
        &mut self,
        index: usize,
        range: Range<u32>,
        column: u32,
        order: impl Iterator<Item = Range<u32>>,
    ) {
        let first = self.entries.len();
        for entry in order {
            match self.entries.get_mut(first..).and_then(<[_]>::last_mut) {
                Some(last) if column == 0 && last.end == entry.start => last.end = entry.end,
                _ => self.entries.push(entry),
            }
        }
        let entries = first as u32..self.entries.len() as u32;
        let kind = Kind::Sorted { column, entries };
        self.list.insert(index, Change { range, kind });
    }

    /// Notes that a collection, which comes after all others so far, has the lines of an earlier one of
    /// this document, or of one in which this was found; those in it are large from this length on.
    pub(super) fn repeat(
        &mut self,
        found: Option<&Arc<Found>>,
        old: &Extent,
        new: &Extent,
        large: usize,
    ) {
        let changes = found.map_or(&*self, |found| &found.changes);
        let lines = old.range();
        // That its lines are moved is known of the collection itself, or of the one around it.
        let inside = match within(&changes.list, &lines) {
            [first, rest @ ..] if first.is_move_of(&lines) => rest,
            inside => inside,
        };
        let is_simple =
            inside.is_empty() && (old.by() == 0 || old.length() < *WORTH_KEEPING.start());
        if is_simple && old.length() < large {
            return;
        }
        let is_changed = old.by() != 0 || !inside.is_empty();
        let mut repeat = Repeat {
            range: new.start..new.start + old.length() as u32,
            first: old.start,
            lines: new.line - old.line,
            found: found.cloned(),
        };
        // What comes for the third time is as it was the first time.
        if let Some(second) = changes.repeat_around(old.start)
            && second.range == lines
        {
            repeat.first = second.first;
            repeat.lines += second.lines;
            repeat.found = second.found.clone().or(repeat.found);
        }
        if let Some(found) = &repeat.found {
            self.age = self.age.max(found.changes.age + 1);
        }
        if is_changed {
            let kind = Kind::Again(self.repeats.len() as u32);
            let range = repeat.range.clone();
            self.list.push(Change { range, kind });
        }
        self.repeats.push(repeat);
    }

    /// The collection with the lines of an earlier one that an offset is in.
    fn repeat_around(&self, offset: u32) -> Option<&Repeat> {
        let after = self.repeats.partition_point(|it| it.range.start <= offset);
        let repeat = self.repeats.get(after.checked_sub(1)?)?;
        repeat.range.contains(&offset).then_some(repeat)
    }

    /// Gives back the memory that is left over.
    pub(super) fn shrink(&mut self) {
        self.list.shrink_to_fit();
        self.made.shrink_to_fit();
        self.entries.shrink_to_fit();
        self.repeats.shrink_to_fit();
    }
}

/// How many documents may know of each other, one by one: they are given up one in the other.
const OLDEST: u32 = 256;

impl Found {
    /// Whether later documents may refer to this.
    pub(super) fn may_be_kept(&self) -> bool {
        self.changes.age < OLDEST
    }

    /// The large collection that starts with the line at an offset.
    pub(super) fn extent_at(&self, start: u32) -> Option<Extent> {
        let extents = &self.extents;
        if let Ok(index) = extents.binary_search_by_key(&start, |extent| extent.start) {
            return extents.get(index).copied();
        }
        let repeat = self.changes.repeat_around(start)?;
        let (first, bytes, lines) = repeat.way(self);
        let extent = first.extent_at((i64::from(start) - bytes) as u32)?;
        Some(extent.moved(bytes, lines))
    }

    /// Lines of the text that come again in the document and are printed otherwise.
    pub(super) fn repeated(&self) -> impl Iterator<Item = Range<u32>> {
        let changes = self.changes.list.iter();
        let again = changes.filter_map(|change| match change.kind {
            Kind::Again(number) => self.changes.repeats.get(number as usize),
            _ => None,
        });
        again.map(Repeat::first_lines)
    }

    /// Says what is printed of a collection, part by part.
    pub(super) fn print(&self, text: &str, extent: &Extent, sink: &mut impl Sink) {
        let range = extent.range();
        let around = self.changes.repeat_around(range.start);
        // What is known of what is in it is known where it stands first.
        if let Some(repeat) = around.filter(|it| it.range.len() > range.len()) {
            let (first, bytes, lines) = repeat.way(self);
            return first.print(text, &extent.moved(-bytes, -lines), sink);
        }
        let changes = &self.changes;
        let inside = within(&changes.list, &range);
        let mut printer = Printer {
            text,
            changes,
            sink,
        };
        printer.part(range, extent.by(), inside);
    }
}

impl Repeat {
    /// Where its lines stand first.
    fn first_lines(&self) -> Range<u32> {
        self.first..self.first + self.range.len() as u32
    }

    /// What was found in the document in which its lines stand first, and how many bytes and lines they
    /// are further on here.
    fn way<'f>(&'f self, here: &'f Found) -> (&'f Found, i64, i64) {
        let bytes = i64::from(self.range.start) - i64::from(self.first);
        let first = self.found.as_deref().unwrap_or(here);
        (first, bytes, i64::from(self.lines))
    }
}

/// The changes that start before an offset, and the others.
fn halves(changes: &[Change], offset: u32) -> (&[Change], &[Change]) {
    // There are few in most collections.
    let mut near = changes.iter().take(8);
    let near = near.position(|it| it.range.start >= offset);
    changes.split_at(match near {
        Some(near) => near,
        None => changes.partition_point(|it| it.range.start < offset),
    })
}

/// The changes that start within a part of the text.
fn within<'c>(changes: &'c [Change], range: &Range<u32>) -> &'c [Change] {
    halves(halves(changes, range.start).1, range.end).0
}

/// Lines of a collection, printed so many columns to the right of where they stand.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Lines {
    /// The address of the first of them.
    first: usize,
    by: i32,
}

/// How long lines are, in bytes, of which it is worth to keep what is printed: shorter ones are soon
/// printed, and longer ones are made of such.
pub(super) const WORTH_KEEPING: RangeInclusive<usize> = 128..=16384;

/// Where a text goes, part by part.
pub(super) trait Sink {
    fn push(&mut self, part: &str);

    /// Between two addresses, the first lines that come again and that it is worth to keep.
    fn repeated(&self, _between: Range<usize>) -> Option<Range<usize>> {
        None
    }

    /// Says where the next part will be, for [`Self::keep`].
    fn start(&mut self) -> usize {
        0
    }

    /// May keep what was added since, which may come again.
    fn keep(&mut self, _lines: Lines, _start: usize) {}

    /// Adds what was kept of lines, if it was.
    fn push_again(&mut self, _lines: Lines) -> bool {
        false
    }

    /// Adds lines of a text, those with content without their first columns, which are spaces.
    fn push_without(&mut self, columns: usize, text: &str, range: Range<usize>) {
        let lines = text.cut(range);
        let mut start = 0;
        for end in search::all(b'\n', lines.as_bytes()).chain([lines.len()]) {
            if lines
                .as_bytes()
                .get(start)
                .is_some_and(|first| *first != b'\n')
            {
                start += columns;
            }
            let end = (end + 1).min(lines.len());
            self.push(lines.cut(start..end));
            start = end;
        }
    }
}

impl Sink for String {
    fn push(&mut self, part: &str) {
        self.push_str(part);
    }
}

struct Printer<'p, S> {
    text: &'p str,
    changes: &'p Changes,
    sink: &'p mut S,
}

impl<S: Sink> Printer<'_, S> {
    /// Prints a part of the text with the changes in it.
    fn part(&mut self, range: Range<u32>, by: i32, changes: &[Change]) {
        let mut at = range.start;
        let mut rest = changes;
        let mut next = self.next_repeated(at, &range);
        loop {
            if let Some(lines) = &next
                && rest.first().is_none_or(|change| change.is_beyond(lines))
            {
                self.lines(at..lines.start, by);
                let (inside, after) = halves(rest, lines.end);
                self.repeated(lines.clone(), by, || inside);
                (at, rest) = (lines.end, after);
                next = self.next_repeated(at, &range);
                continue;
            }
            let Some((change, after)) = rest.split_first() else {
                break;
            };
            self.lines(at..change.range.start, by);
            at = change.range.end;
            rest = match &change.kind {
                Kind::Made(made) => {
                    self.sink.push(self.changes.made.cut(offsets(made)));
                    after
                }
                Kind::Again(number) => {
                    self.again(*number as usize, by);
                    after
                }
                Kind::Moved(by) => {
                    let (inside, after) = halves(after, at);
                    self.part(change.range.clone(), *by, inside);
                    after
                }
                Kind::Sorted { column, entries } => {
                    let (inside, after) = halves(after, at);
                    let entries = self.changes.entries.get(offsets(entries));
                    for (index, entry) in entries.into_iter().flatten().enumerate() {
                        if index > 0 {
                            self.indent(*column as usize);
                        }
                        match inside {
                            [] => self.lines(entry.clone(), by),
                            _ => self.part(entry.clone(), by, within(inside, entry)),
                        }
                    }
                    after
                }
            };
            if next.as_ref().is_some_and(|lines| lines.start < at) {
                next = self.next_repeated(at, &range);
            }
        }
        self.lines(at..range.end, by);
    }

    /// The first lines in a part of the text, from an offset on, that come again later.
    fn next_repeated(&self, at: u32, part: &Range<u32>) -> Option<Range<u32>> {
        let text = self.text.as_ptr().addr();
        let between = text + at as usize..text + part.end as usize;
        let mut found = self.sink.repeated(between.clone())?;
        if found == between && at == part.start {
            found = self.sink.repeated(between.start + 1..between.end)?;
        }
        Some((found.start - text) as u32..(found.end - text) as u32)
    }

    /// Prints lines that come again, with the changes in them, or what was kept of them.
    fn repeated<'c>(&mut self, range: Range<u32>, by: i32, changes: impl FnOnce() -> &'c [Change]) {
        let lines = Lines {
            first: self.text.as_ptr().addr() + range.start as usize,
            by,
        };
        if !WORTH_KEEPING.contains(&range.len()) {
            return self.part(range, by, changes());
        }
        if !self.sink.push_again(lines) {
            let start = self.sink.start();
            self.part(range, by, changes());
            self.sink.keep(lines, start);
        }
    }

    /// Prints a collection with the lines of an earlier one.
    fn again(&mut self, number: usize, by: i32) {
        let Some(repeat) = self.changes.repeats.get(number) else {
            return;
        };
        let found = repeat.found.as_deref();
        let changes = found.map_or(self.changes, |found| &found.changes);
        let range = repeat.first_lines();
        let mut printer = Printer {
            text: self.text,
            changes,
            sink: &mut *self.sink,
        };
        printer.repeated(range.clone(), by, || within(&changes.list, &range));
    }

    /// Prints a part of the text that has no changes.
    fn lines(&mut self, range: Range<u32>, by: i32) {
        let mut range = offsets(&range);
        let part = self.text.cut(range.clone());
        if by == 0 || part.is_empty() {
            return self.sink.push(part);
        }
        let before = range.start.checked_sub(1);
        let is_start = before.is_none_or(|it| self.text.as_bytes().get(it) == Some(&b'\n'));
        if !is_start {
            let end = search::first(b'\n', part.as_bytes()).map_or(part.len(), |at| at + 1);
            self.sink.push(part.cut(..end));
            range.start += end;
        }
        match usize::try_from(by) {
            Err(_) => {
                let columns = by.unsigned_abs() as usize;
                self.sink.push_without(columns, self.text, range);
            }
            Ok(more) => {
                for line in self.text.cut(range).split_inclusive('\n') {
                    // Lines without content are not indented.
                    if line != "\n" {
                        self.indent(more);
                    }
                    self.sink.push(line);
                }
            }
        }
    }

    fn indent(&mut self, columns: usize) {
        const SPACES: &str = "                                                                ";
        let mut left = columns;
        while left > 0 {
            let some = left.min(SPACES.len());
            self.sink.push(SPACES.cut(..some));
            left -= some;
        }
    }
}

fn offsets(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}
