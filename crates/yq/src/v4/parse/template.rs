//! Strings with expressions in them: `"text \(.path)"`.

use std::iter::Peekable;
use std::str::Chars;

use kustom_yaml::error::{Error, Result};
use kustom_yaml::place::Span;

use super::nested;
use crate::v4::expr::Part;

/// The parts of a string; one whose expression is not closed is text all through.
pub(super) fn template(raw: &str, depth: usize) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut chars = raw.chars().peekable();
    while let Some(found) = chars.next() {
        match (found, chars.peek()) {
            ('\\', Some('(')) => {
                chars.next();
                let Some(inner) = inner_expression(&mut chars) else {
                    return Ok(vec![Part::Text(raw.to_owned())]);
                };
                if !text.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut text)));
                }
                parts.push(Part::Expr(nested(&inner, depth)?));
            }
            ('\\', Some('\\')) => {
                chars.next();
                text.push('\\');
            }
            _ => text.push(found),
        }
    }
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    Ok(parts)
}

/// What stands up to the parenthesis that closes it.
fn inner_expression(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut inner = String::new();
    let mut open = 0usize;
    while let Some(found) = chars.next() {
        match found {
            ')' if open == 0 => return Some(inner),
            ')' => open -= 1,
            '(' => open += 1,
            '\\' => {
                if let Some(escaped) = chars.next_if(|c| matches!(c, ')' | '\\')) {
                    inner.push(escaped);
                    continue;
                }
            }
            _ => {}
        }
        inner.push(found);
    }
    None
}

/// An error of a text within a text, at the place of the outer one.
pub(super) fn placed(error: Error, span: Span) -> Error {
    let message = format!("in the string: {}", error.message());
    let placed = Error::new(error.kind(), message).at(span);
    match error.help_line() {
        Some(help) => placed.help(help),
        None => placed,
    }
}
