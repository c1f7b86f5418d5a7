//! Shows the line of an expression with carets below the words that an error is about.

use kustom_yaml::error::Error;
use kustom_yaml::place::SourceId;

/// How many characters of a line are shown.
const SHOWN: usize = 100;

/// Adds the line of the expression `text` at which an error is, unless it is somewhere else.
pub(super) fn pointed(error: Error, text: &str) -> Error {
    let Some(place) = error.place() else {
        return error;
    };
    let span = place.span;
    if place.file.is_none() || span.source != SourceId::NONE || span.line == 0 {
        return error;
    }
    let number = (span.line as usize).saturating_sub(1);
    let line = text.lines().nth(number);
    let marked = text.get(span.range()).and_then(|text| text.lines().next());
    let Some(line) = line else { return error };
    let marked = marked.unwrap_or_default().chars().count();
    let before = (span.column as usize).saturating_sub(1);
    // Of a long line, the part around the place.
    let skipped = match line.chars().count() {
        0..=SHOWN => 0,
        _ => before.saturating_sub(SHOWN / 2),
    };
    let shown: String = line.chars().skip(skipped).take(SHOWN).collect();
    // Tabs stay tabs, so that the marks stand below the words.
    let margin: String = line
        .chars()
        .skip(skipped)
        .take(before - skipped)
        .map(|c| if c == '\t' { '\t' } else { ' ' })
        .chain(std::iter::repeat(' '))
        .take(before - skipped)
        .collect();
    let marks = "^".repeat(marked.clamp(1, SHOWN / 2));
    error.note(format!("{shown}\n        {margin}{marks}"), None)
}
