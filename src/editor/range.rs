//! Places of findings as ranges of bytes in the text as it stands.

use std::ops::Range;

use crate::place::Span;
use crate::yaml::cut::Cut as _;

/// The bytes of a text that a span means: those that it names, if they are on its line; or else
/// the word at its line and column; or else the line.
pub(super) fn of_span(text: &str, span: Span) -> Range<usize> {
    if span.line == 0 {
        return 0..0;
    }
    let Some(line) = line(text, span.line as usize) else {
        return text.len()..text.len();
    };
    let column = (span.column as usize).saturating_sub(1);
    let content = text.cut(line.clone());
    let inside = content.char_indices().nth(column).map(|(at, _)| at);
    let start = line.start + inside.unwrap_or(0);
    if span.column > 0 && span.start as usize == start && span.end > span.start {
        let range = span.range();
        // Of what goes over several lines, the first is marked.
        return start..range.end.min(line.end).max(start);
    }
    if span.column == 0 {
        let indent = content.len() - content.trim_start().len();
        return line.start + indent..line.start + content.trim_end().len().max(indent);
    }
    start..start + word(text.cut(start..line.end))
}

/// The length of the word that a text begins with, or of the text if it is none.
fn word(text: &str) -> usize {
    let is_end = |c: char| c.is_whitespace() || ",]}".contains(c);
    let end = text.find(is_end).unwrap_or(text.len());
    let word = text.cut(..end);
    match word.trim_end_matches(':').len() {
        0 => text.trim_end().len(),
        length => length,
    }
}

/// The bytes of a line, counted from 1, without its end; as YAML counts lines.
fn line(text: &str, number: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let (mut start, mut at) = (0, 1);
    if at < number {
        for (index, byte) in bytes.iter().enumerate() {
            let ends = match byte {
                b'\n' => true,
                b'\r' => bytes.get(index + 1) != Some(&b'\n'),
                _ => false,
            };
            if ends {
                start = index + 1;
                at += 1;
                if at == number {
                    break;
                }
            }
        }
    }
    if at != number {
        return None;
    }
    let rest = text.cut(start..);
    let end = rest.find(['\r', '\n']).unwrap_or(rest.len());
    Some(start..start + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(text: &str, line: u32, column: u32, start: u32, end: u32) -> &str {
        let span = Span {
            line,
            column,
            start,
            end,
            ..Span::default()
        };
        &text[of_span(text, span)]
    }

    #[test]
    fn a_span_marks_what_it_names_or_what_is_near() {
        let text = "ä: 😀x\r\nresorces: [a,b]\n  c: 1\n";
        assert_eq!(marked(text, 1, 4, 4, 9), "😀x");
        assert_eq!(marked(text, 2, 1, 11, 19), "resorces");
        // Bytes of another text.
        assert_eq!(marked(text, 2, 1, 3, 9), "resorces");
        assert_eq!(marked(text, 2, 14, 0, 0), "b");
        assert_eq!(marked(text, 3, 0, 0, 0), "c: 1");
        // Over several lines.
        assert_eq!(marked(text, 2, 1, 11, 30), "resorces: [a,b]");
        assert_eq!(marked(text, 9, 1, 0, 0), "");
        assert_eq!(marked(text, 0, 0, 0, 0), "");
        assert_eq!(marked(text, 1, 99, 0, 0), "ä");
    }
}
