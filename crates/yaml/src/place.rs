//! Places in files: a [`Span`] for machines, a [`Place`] for people, an [`Excerpt`] to show.
//!
//! A span is small enough to be part of every YAML node. This module knows nothing of the contents
//! of files: the code that reads a file assigns it a [`SourceId`] and keeps the table from ids to
//! names.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::cut::Cut as _;

/// The number of a source text in the table of the code that read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(u32);

impl SourceId {
    /// No source: something made by us, not read.
    pub const NONE: Self = Self(0);

    /// The id of entry `index` of the table of sources.
    pub fn new(index: usize) -> Self {
        Self(u32::try_from(index + 1).unwrap_or(0))
    }

    /// The entry of the table of sources, or `None` for something that was not read.
    pub fn index(self) -> Option<usize> {
        (self.0 as usize).checked_sub(1)
    }
}

/// The bytes of a source that a value was written with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// Which source.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// Line of the first byte, counted from 1; 0 where nothing was read.
    pub line: u32,
    /// Column of the first byte, counted from 1 in characters; 0 where nothing was read.
    pub column: u32,
}

impl Span {
    /// The span as indices into its source.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Where something is, for people: `base/kustomization.yaml:3:1`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file, as the user would name it; `None` until someone who knows fills it in.
    pub file: Option<Arc<str>>,
    /// What was read there, and where in it.
    pub span: Span,
    /// The path of the field, such as `spec.template.spec.containers`, if known.
    pub field: Option<String>,
}

impl Place {
    /// A place that is a whole file.
    pub fn file(name: impl Into<Arc<str>>) -> Self {
        Self {
            file: Some(name.into()),
            ..Self::default()
        }
    }

    /// The place of `span` in a file that is already known.
    pub fn in_file(name: impl Into<Arc<str>>, span: Span) -> Self {
        Self {
            file: Some(name.into()),
            span,
            field: None,
        }
    }
}

impl From<Span> for Place {
    fn from(span: Span) -> Self {
        Self {
            span,
            ..Self::default()
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file.as_deref().unwrap_or("<input>"))?;
        if self.span.line > 0 {
            write!(f, ":{}", self.span.line)?;
            if self.span.column > 0 {
                write!(f, ":{}", self.span.column)?;
            }
        }
        Ok(())
    }
}

/// A line of a text, and the part of it that a message is about.
///
/// # Example
///
/// ```
/// use kustom_yaml::place::Excerpt;
///
/// let excerpt = Excerpt::new("  - web.yaml", 4..12);
/// assert_eq!((excerpt.line(), excerpt.marked()), ("  - web.yaml", 4..12));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    line: String,
    marked: Range<usize>,
}

impl Excerpt {
    /// How many characters of a line are kept; of a longer one, those around the marked part.
    const LONGEST: usize = 200;

    /// A line, and the bytes of it that are marked; at least one character, or what would follow.
    pub fn new(line: &str, marked: Range<usize>) -> Self {
        let (before, rest) = line.halves(marked.start);
        let words = rest.cut(..marked.end.saturating_sub(before.len()));
        let behind = rest.cut(words.len()..);
        let last = |text: &str, most: usize| {
            let skipped = text.chars().count().saturating_sub(most);
            text.chars().skip(skipped).collect::<String>()
        };
        let first = |text: &str, most: usize| text.chars().take(most).collect::<String>();
        let (before, words) = match line.len() <= Self::LONGEST {
            true => (before.to_owned(), words.to_owned()),
            false => (
                last(before, Self::LONGEST / 4),
                first(words, Self::LONGEST / 2),
            ),
        };
        let marked = before.len()..before.len() + words.len();
        Self {
            line: before + &words + &first(behind, Self::LONGEST / 4),
            marked,
        }
    }

    /// The line of a text that a span begins on; `start` is the offset at which that line begins.
    ///
    /// A span without offsets, or with those of another text, is about the word at its column.
    pub fn of(text: &str, start: usize, span: Span) -> Self {
        let line = text.cut(start..);
        let line = line.cut(..line.find('\n').unwrap_or(line.len()));
        let line = line.trim_end_matches('\r');
        let Some(before) = (span.column as usize).checked_sub(1) else {
            let end = line.trim_end().len();
            return Self::new(line, end - line.trim().len()..end);
        };
        let at = line
            .char_indices()
            .nth(before)
            .map_or(line.len(), |(at, _)| at);
        let is_here = span.end > span.start && span.start as usize == start + at;
        let words = match is_here {
            true => line
                .cut(at..(span.end as usize).saturating_sub(start))
                .trim_end(),
            false => first_word(line.cut(at..)),
        };
        Self::new(line, at..at + words.len())
    }

    /// The line.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// The bytes of the line that are marked.
    pub fn marked(&self) -> Range<usize> {
        self.marked.clone()
    }

    /// How many characters are before the marked part, and in it.
    fn columns(&self) -> (usize, usize) {
        let before = self.line.cut(..self.marked.start).chars().count();
        let width = self.line.cut(self.marked.clone()).chars().count();
        (before, width)
    }

    /// The line, and a line of marks to stand below it.
    pub fn lines(&self) -> (&str, String) {
        let (before, width) = self.columns();
        let marks = format!("{}{}", " ".repeat(before), "^".repeat(width.max(1)));
        (&self.line, marks)
    }

    /// The excerpt with other words in its line, for code that changes words and keeps what stands above
    /// marks as wide as it is; `None` if it changes more than that.
    pub fn changed(&self, change: impl FnOnce(&str) -> String) -> Option<Self> {
        let (before, width) = self.columns();
        let (_, marks) = self.lines();
        let changed = change(&format!("{}\n{marks}", self.line));
        let (line, below) = changed.split_once('\n')?;
        let is_as_wide = line.chars().count() == self.line.chars().count();
        let offset = |count: usize| {
            let mut offsets = line.char_indices().map(|(at, _)| at);
            offsets.nth(count).unwrap_or(line.len())
        };
        (is_as_wide && below == marks).then(|| Self {
            marked: offset(before)..offset(before + width),
            line: line.to_owned(),
        })
    }
}

/// The first word of a text: all that stands in quotes, or else up to a blank or a sign that ends a
/// value.
fn first_word(text: &str) -> &str {
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''));
    let closed = quote.and_then(|quote| text.cut(1..).find(quote));
    let end = closed.map_or_else(
        || text.find(|c: char| c.is_whitespace() || matches!(c, ',' | ']' | '}' | ':')),
        |at| Some(at + 2),
    );
    match text.cut(..end.unwrap_or(text.len())) {
        // A sign is marked by itself.
        "" => text.cut(..text.chars().next().map_or(0, char::len_utf8)),
        word => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: u32, end: u32, line: u32, column: u32) -> Span {
        Span {
            start,
            end,
            line,
            column,
            ..Span::default()
        }
    }

    #[test]
    fn the_words_of_a_span_are_marked() {
        let text = "a: 1\nname: 'b c' # d\n";
        for (span, words) in [
            (span(11, 16, 2, 7), "'b c'"),
            // To the end of the line, of a value of several.
            (span(5, 40, 2, 1), "name: 'b c' # d"),
            // Of another text.
            (span(1, 3, 2, 7), "'b c'"),
            (span(0, 0, 2, 1), "name"),
            (span(0, 0, 2, 5), ":"),
            (span(0, 0, 2, 0), "name: 'b c' # d"),
            (span(0, 0, 2, 99), ""),
        ] {
            let excerpt = Excerpt::of(text, 5, span);
            assert_eq!(excerpt.line(), "name: 'b c' # d");
            assert_eq!(excerpt.line().cut(excerpt.marked()), words, "{span:?}");
        }
    }

    #[test]
    fn of_a_long_line_the_part_around_the_words_is_kept() {
        let line = format!("{}: ä{}", "é".repeat(500), "b".repeat(500));
        let at = line.find('ä').unwrap();
        let excerpt = Excerpt::new(&line, at..at + 4);
        assert_eq!(excerpt.line().cut(excerpt.marked()), "äbb");
        assert!(excerpt.line().chars().count() <= 200);
        // Offsets that cut a letter, or lie behind the end.
        Excerpt::new("ä", 1..9);
        Excerpt::new("", 3..5);
    }

    #[test]
    fn a_change_keeps_the_marks_or_is_none() {
        let excerpt = Excerpt::new("key: ä secret", 5..7);
        let hidden = excerpt.changed(|text| text.replace("secret", "******"));
        assert_eq!(hidden.unwrap().line(), "key: ä ******");
        assert_eq!(excerpt.changed(|text| text.replace("secret", "***")), None);
    }
}
