//! What is printed of the lines of a text, where that is not what stands there.

use std::ops::Range;

use crate::cut::Cut as _;

/// In what the lines of a document differ from those that are printed.
#[derive(Default)]
pub(super) struct Changes {
    /// In the order of the text, each before those in it.
    list: Vec<Change>,
    /// What is printed in the place of parts of the text.
    made: String,
    /// Where the entries of sorted mappings start and end, in the order in which they are printed.
    entries: Vec<Range<u32>>,
}

/// A part of the text that is printed differently; what is before it in its first line is not.
#[derive(Clone)]
struct Change {
    range: Range<u32>,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    /// Printed is what was made.
    Made(Range<u32>),
    /// A collection with the lines of an earlier one, which starts at this offset of the text.
    Again(u32),
    /// A collection whose lines are printed so many columns further to the right.
    Moved(i32),
    /// A mapping whose entries are printed in another order. Those of one that begins in the line of a
    /// dash start with their keys, and are printed in a column; others start with their lines.
    Sorted { column: u32, entries: Range<u32> },
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

    /// Changes the lines of a collection, which come after all others so far, as the same lines are
    /// changed so many bytes before: in this document, or in one with these changes. They are printed
    /// so many columns further to the right; from this length on, the printer hears that they come again.
    pub(super) fn repeat(
        &mut self,
        earlier: Option<&Self>,
        before: &Range<u32>,
        further: u32,
        by: i32,
        worth_keeping: usize,
    ) {
        let moved = |range: &Range<u32>| range.start + further..range.end + further;
        let list = earlier.map_or(&self.list, |earlier| &earlier.list);
        let first = list.partition_point(|it| it.range.start < before.start);
        let behind = list.partition_point(|it| it.range.start < before.end);
        let mut all = list.get(first..behind).unwrap_or_default().iter();
        let is_known = all.any(|it| it.range == *before && matches!(it.kind, Kind::Again(_)));
        let is_changed = by != 0 || first < behind;
        if is_changed && !is_known && before.len() >= worth_keeping {
            self.list.push(Change {
                range: moved(before),
                kind: Kind::Again(before.start),
            });
        }
        for index in first..behind {
            let list = earlier.map_or(&self.list, |earlier| &earlier.list);
            let Change { range, kind } = list[index].clone();
            let kind = match kind {
                // How the whole collection is moved depends on what is around it.
                Kind::Moved(_) if range == *before => continue,
                kind @ (Kind::Moved(_) | Kind::Again(_)) => kind,
                Kind::Made(made) => Kind::Made(match earlier {
                    None => made,
                    Some(earlier) => {
                        let start = self.made.len() as u32;
                        self.made.push_str(earlier.made.cut(offsets(&made)));
                        start..self.made.len() as u32
                    }
                }),
                Kind::Sorted { column, entries } => {
                    let first = self.entries.len() as u32;
                    let entries = offsets(&entries);
                    match earlier {
                        None => self.entries.extend_from_within(entries),
                        Some(earlier) => {
                            let entries = earlier.entries.get(entries);
                            self.entries.extend_from_slice(entries.unwrap_or_default());
                        }
                    }
                    let copies = self.entries.iter_mut().skip(first as usize);
                    copies.for_each(|entry| *entry = moved(entry));
                    let entries = first..self.entries.len() as u32;
                    Kind::Sorted { column, entries }
                }
            };
            let range = moved(&range);
            self.list.push(Change { range, kind });
        }
    }

    /// Says what is printed of a part of a text whose lines are moved so many columns to the right.
    pub(super) fn print(&self, text: &str, range: Range<u32>, by: i32, sink: &mut impl Sink) {
        let changes = within(&self.list, &range);
        let mut printer = Printer {
            text,
            changes: self,
            sink,
        };
        printer.part(range, by, changes);
    }

    /// Gives back the memory that is left over.
    pub(super) fn shrink(&mut self) {
        self.list.shrink_to_fit();
        self.made.shrink_to_fit();
        self.entries.shrink_to_fit();
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

/// Where a text goes, part by part.
pub(super) trait Sink {
    fn push(&mut self, part: &str);

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

    /// Adds lines, those with content without their first columns, which are spaces.
    fn push_without(&mut self, columns: usize, lines: &str) {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', lines.as_bytes()).chain([lines.len()]) {
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
        while let Some((change, after)) = rest.split_first() {
            self.lines(at..change.range.start, by);
            at = change.range.end;
            rest = match &change.kind {
                Kind::Made(made) => {
                    self.sink.push(self.changes.made.cut(offsets(made)));
                    after
                }
                Kind::Again(first) => {
                    let (inside, after) = halves(after, at);
                    let first = self.text.as_ptr().addr() + *first as usize;
                    let lines = Lines { first, by };
                    if !self.sink.push_again(lines) {
                        let start = self.sink.start();
                        self.part(change.range.clone(), by, inside);
                        self.sink.keep(lines, start);
                    }
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
        }
        self.lines(at..range.end, by);
    }

    /// Prints a part of the text that has no changes.
    fn lines(&mut self, range: Range<u32>, by: i32) {
        let mut part = self.text.cut(offsets(&range));
        if by == 0 || part.is_empty() {
            return self.sink.push(part);
        }
        let before = (range.start as usize).checked_sub(1);
        let is_start = before.is_none_or(|it| self.text.as_bytes().get(it) == Some(&b'\n'));
        if !is_start {
            let end = memchr::memchr(b'\n', part.as_bytes()).map_or(part.len(), |at| at + 1);
            let (rest, lines) = part.halves(end);
            self.sink.push(rest);
            part = lines;
        }
        match usize::try_from(by) {
            Err(_) => self.sink.push_without(by.unsigned_abs() as usize, part),
            Ok(more) => {
                for line in part.split_inclusive('\n') {
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
