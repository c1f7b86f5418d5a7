//! Writes a text with marks in the place of what is hidden.

use std::borrow::Cow;
use std::ops::Range;

use kustom_yaml::cut::Cut as _;

/// What stands in the place of a secret.
pub(super) const HIDDEN: &str = "***";

/// A text with something else in the place of some parts; above the marks of an excerpt it is as
/// wide as what it hides, so that they point to the same.
pub(super) fn hidden(text: &str, mut ranges: Vec<Range<usize>>) -> Cow<'_, str> {
    if ranges.is_empty() {
        return text.into();
    }
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    let mut ranges = ranges.into_iter().peekable();
    while let Some(mut range) = ranges.next() {
        while let Some(next) = ranges.next_if(|next| next.start < range.end) {
            range.end = range.end.max(next.end);
        }
        let shown = text.cut(range.clone());
        out.push_str(text.cut(from..range.start));
        let quote = shown.chars().next().filter(|c| matches!(c, '"' | '\''));
        let quote = quote.filter(|quote| shown.len() > 1 && shown.ends_with(*quote));
        let width = shown.chars().count() - 2 * usize::from(quote.is_some());
        out.extend(quote);
        match is_marked(text.cut(range.end..)) {
            true => out.extend(std::iter::repeat_n('*', width)),
            false => out.push_str(HIDDEN),
        }
        out.extend(quote);
        from = range.end;
    }
    out.push_str(text.cut(from..));
    Cow::Owned(out)
}

/// Whether marks stand below the line that a text begins in.
fn is_marked(rest: &str) -> bool {
    let below = rest.split('\n').nth(1).unwrap_or_default().trim();
    !below.is_empty() && below.bytes().all(|byte| byte == b'^')
}
