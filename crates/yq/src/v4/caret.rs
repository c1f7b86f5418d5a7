//! Shows the line of an expression in which an error is.

use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::Error;
use kustom_yaml::place::{Excerpt, SourceId};

/// Adds the line of the expression `text` at which an error is, unless it is somewhere else.
pub(super) fn pointed(error: Error, text: &str) -> Error {
    let Some(place) = error.place() else {
        return error;
    };
    let span = place.span;
    if place.file.is_none() || span.source != SourceId::NONE || span.line == 0 {
        return error;
    }
    let number = span.line as usize;
    let start = match number {
        1 => Some(0),
        _ => text
            .match_indices('\n')
            .nth(number - 2)
            .map(|(at, _)| at + 1),
    };
    let Some(start) = start else { return error };
    let words = text.cut(span.range());
    let line = text.cut(start..);
    let line = line.cut(..line.find('\n').unwrap_or(line.len()));
    let at = line
        .char_indices()
        .nth((span.column as usize).saturating_sub(1))
        .map_or(line.len(), |(at, _)| at);
    let words = words.lines().next().unwrap_or_default();
    error.with_excerpt(Excerpt::new(line, at..at + words.len()))
}
