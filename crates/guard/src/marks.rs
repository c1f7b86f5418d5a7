//! What a search has to read every byte of a text for, and what of it holds for another text.

use std::ops::Range;
use std::slice;

use super::encoded;
use super::finder::{Finder, Found};
use super::judge::ValueContext;

/// Where a text shows what is looked at more closely.
///
/// A text that was made of another by copying parts of it has the marks of these parts: only what
/// is new is searched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// The keywords, also those that overlap, by their ends.
    pub(super) keywords: Vec<Keyword>,
    /// Where they were looked at, if they were.
    pub(super) setting: Option<ValueContext>,
    /// Base64 texts that hide a text worth reading, in order.
    pub(super) encoded: Vec<Range<usize>>,
    /// What was looked for.
    pub(super) wanted: Wanted,
}

/// What is looked for in a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Wanted {
    #[default]
    All,
    /// What an issuer marks: in a file that a program makes of names, versions and hashes.
    Marked,
}

/// A keyword in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Keyword {
    pub(super) found: Found,
    /// What says that nothing stands there, if that is known.
    pub(super) idle: Option<Around>,
}

/// How many bytes before the start of a keyword, and how many behind its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Around {
    before: u16,
    behind: u16,
}

/// A part that a text has of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Where it is in the other text.
    pub from: Range<usize>,
    /// Where it begins in this one.
    pub to: usize,
}

/// What a text was made of.
#[derive(Clone, Copy, Debug)]
pub struct Base<'b> {
    /// The marks of the other text.
    pub marks: &'b Marks,
    /// The parts of it that were copied, in the order of this text.
    pub copied: &'b [Copied],
}

/// Shorter parts are searched anew.
const SHORT: usize = 48;

impl Marks {
    /// The marks of a text, where a keyword is kept by its number.
    pub(super) fn of(
        text: &[u8],
        keywords: &Finder,
        wanted: Wanted,
        is_kept: impl Fn(usize) -> bool,
    ) -> Self {
        let mut marks = Self {
            wanted,
            ..Self::default()
        };
        let mut found = Vec::new();
        keywords.find(text, slice::from_ref(&(0..text.len())), &mut found);
        let found = found.into_iter().filter(|found| is_kept(found.number));
        marks.keywords = found.map(Keyword::new).collect();
        if wanted == Wanted::All {
            encoded::find(text, 0..text.len(), &mut marks.encoded);
        }
        marks
    }

    /// The marks of a text that was made of another, in which the same was looked for: those that
    /// [`Marks::of`] it would be.
    pub(super) fn of_version(
        text: &[u8],
        base: Base<'_>,
        keywords: &Finder,
        is_kept: impl Fn(usize) -> bool,
    ) -> Self {
        let mut marks = Self {
            setting: base.marks.setting,
            wanted: base.marks.wanted,
            ..Self::default()
        };
        let least = SHORT.max(keywords.longest());
        let mut long: Vec<&Copied> = Vec::with_capacity(base.copied.len());
        for copied in base.copied {
            let before = long.last().map_or(0, |last| last.end());
            let is_in_order = copied.to >= before && copied.end() <= text.len();
            if is_in_order && copied.from.len() >= least {
                long.push(copied);
            }
        }
        marks.find_keywords(text, &base.marks.keywords, &long, keywords, is_kept);
        if marks.wanted == Wanted::All {
            marks.find_encoded(text, &base.marks.encoded, &long);
        }
        marks
    }

    fn find_keywords(
        &mut self,
        text: &[u8],
        base: &[Keyword],
        copied: &[&Copied],
        keywords: &Finder,
        is_kept: impl Fn(usize) -> bool,
    ) {
        let mut parts = Vec::with_capacity(copied.len() + 1);
        let mut end = 0;
        for copied in copied {
            parts.push(end..copied.to);
            end = copied.end();
        }
        parts.push(end..text.len());
        let mut new = Vec::new();
        keywords.find(text, &parts, &mut new);
        let new = new.into_iter().filter(|found| is_kept(found.number));
        let mut new = new.peekable();
        self.keywords.reserve(base.len());
        for copied in copied {
            let Range { start, end } = copied.from;
            let first = base.partition_point(|keyword| keyword.found.range.end <= start);
            let rest = base[first..].iter();
            let rest = rest.take_while(|keyword| keyword.found.range.end <= end);
            for keyword in rest.filter(|keyword| keyword.found.range.start >= start) {
                let found = &keyword.found;
                let range = copied.place(&found.range);
                // What goes across the start of a part may end behind others of the part.
                let order = (range.end, range.start);
                let is_before = |new: &Found| (new.range.end, new.range.start) < order;
                while let Some(new) = new.next_if(is_before) {
                    self.keywords.push(Keyword::new(new));
                }
                let is_known = |idle: &Around| {
                    let (before, behind) = (idle.before.into(), idle.behind.into());
                    found.range.start - start >= before && end - found.range.end >= behind
                };
                self.keywords.push(Keyword {
                    found: Found { range, ..*found },
                    idle: keyword.idle.filter(is_known),
                });
            }
        }
        self.keywords.extend(new.map(Keyword::new));
    }

    fn find_encoded(&mut self, text: &[u8], base: &[Range<usize>], copied: &[&Copied]) {
        let mut known = 0;
        let mut last: Option<&Copied> = None;
        let ends = copied.iter().map(|copied| Some(*copied)).chain([None]);
        for next in ends {
            // What is new, with what a base64 text at its sides may reach to.
            let new = last.map_or(0, |last| last.end().saturating_sub(encoded::PADDING));
            let start = known + encoded::start_of_run(&text[known..], new.max(known) - known);
            if let Some(last) = last {
                let place = |range: &Range<usize>| last.place(range);
                let first = base.partition_point(|range| {
                    range.start < last.from.start || place(range).start < known
                });
                let rest = base[first..].iter().map(place);
                self.encoded
                    .extend(rest.take_while(|range| range.start < start));
            }
            let end = next.map_or(text.len(), |next| next.to + 1).max(known);
            let end = if end > known {
                encoded::end_of_run(text, end)
            } else {
                end
            };
            encoded::find(text, start..end, &mut self.encoded);
            known = end;
            last = next;
        }
    }
}

impl Keyword {
    /// One that was not looked at.
    fn new(found: Found) -> Self {
        Self { found, idle: None }
    }

    /// The bytes that say that nothing stands there, if they are known.
    #[cfg(test)]
    pub(super) fn read(&self) -> Option<Range<usize>> {
        let Around { before, behind } = self.idle?;
        let Range { start, end } = self.found.range;
        Some(start - usize::from(before)..end + usize::from(behind))
    }

    /// Notes the bytes that say that nothing stands there, if they are known.
    pub(super) fn set_idle(&mut self, read: Option<Range<usize>>) {
        let Range { start, end } = self.found.range;
        let length = |length: Option<usize>| u16::try_from(length?).ok();
        self.idle = read.and_then(|read| {
            let read = read.start.min(start)..read.end.max(end);
            Some(Around {
                before: length(start.checked_sub(read.start))?,
                behind: length(read.end.checked_sub(end))?,
            })
        });
    }
}

impl Copied {
    /// The end of the part in this text.
    fn end(&self) -> usize {
        self.to + self.from.len()
    }

    /// Where a range of the other text is in this one.
    fn place(&self, range: &Range<usize>) -> Range<usize> {
        let place = |at: usize| at - self.from.start + self.to;
        place(range.start)..place(range.end)
    }
}
