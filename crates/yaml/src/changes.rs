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
struct Change {
    range: Range<u32>,
    kind: Kind,
}

enum Kind {
    /// Printed is what was made.
    Made(Range<u32>),
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

    /// Changes the lines of a collection, which come after all others so far, as the same lines of
    /// another one are changed, so many bytes before.
    pub(super) fn repeat(&mut self, before: &Range<u32>, further: u32) {
        let moved = |range: &Range<u32>| range.start + further..range.end + further;
        let first = self
            .list
            .partition_point(|it| it.range.start < before.start);
        let behind = self.list.partition_point(|it| it.range.start < before.end);
        for index in first..behind {
            let Change { range, kind } = &self.list[index];
            let kind = match kind {
                // How the whole collection is moved depends on what is around it.
                Kind::Moved(_) if range == before => continue,
                Kind::Moved(by) => Kind::Moved(*by),
                Kind::Made(made) => Kind::Made(made.clone()),
                Kind::Sorted { column, entries } => {
                    let first = self.entries.len() as u32;
                    self.entries.extend_from_within(offsets(entries));
                    let entries = first..self.entries.len() as u32;
                    let copies = self.entries.iter_mut().skip(first as usize);
                    copies.for_each(|entry| *entry = moved(entry));
                    Kind::Sorted {
                        column: *column,
                        entries,
                    }
                }
            };
            let range = moved(range);
            self.list.push(Change { range, kind });
        }
    }

    /// Says what is printed of a part of a text whose lines are moved so many columns to the right.
    pub(super) fn print(
        &self,
        text: &str,
        range: Range<u32>,
        by: i32,
        push: &mut impl FnMut(&str),
    ) {
        let changes = within(&self.list, &range);
        let mut printer = Printer {
            text,
            changes: self,
            push,
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
    changes.split_at(changes.partition_point(|it| it.range.start < offset))
}

/// The changes that start within a part of the text.
fn within<'c>(changes: &'c [Change], range: &Range<u32>) -> &'c [Change] {
    halves(halves(changes, range.start).1, range.end).0
}

struct Printer<'p, P> {
    text: &'p str,
    changes: &'p Changes,
    push: &'p mut P,
}

impl<P: FnMut(&str)> Printer<'_, P> {
    /// Prints a part of the text with the changes in it.
    fn part(&mut self, range: Range<u32>, by: i32, changes: &[Change]) {
        let mut at = range.start;
        let mut rest = changes;
        while let Some((change, after)) = rest.split_first() {
            self.lines(at..change.range.start, by);
            at = change.range.end;
            rest = match &change.kind {
                Kind::Made(made) => {
                    (self.push)(self.changes.made.cut(offsets(made)));
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
        let part = self.text.cut(offsets(&range));
        if by == 0 || part.is_empty() {
            return (self.push)(part);
        }
        let before = (range.start as usize).checked_sub(1);
        let mut is_start = before.is_none_or(|it| self.text.as_bytes().get(it) == Some(&b'\n'));
        let (less, more) = match usize::try_from(by) {
            Ok(more) => (0, more),
            Err(_) => (by.unsigned_abs() as usize, 0),
        };
        let mut start = 0;
        let ends = memchr::memchr_iter(b'\n', part.as_bytes()).map(|at| at + 1);
        for end in ends.chain([part.len()]) {
            // Lines without content are not indented.
            if is_start && !matches!(part.as_bytes().get(start), None | Some(b'\n')) {
                self.indent(more);
                start += less;
            }
            (self.push)(part.cut(start..end));
            is_start = true;
            start = end;
        }
    }

    fn indent(&mut self, columns: usize) {
        const SPACES: &str = "                                                                ";
        let mut left = columns;
        while left > 0 {
            let some = left.min(SPACES.len());
            (self.push)(SPACES.cut(..some));
            left -= some;
        }
    }
}

fn offsets(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}
