//! Pieces of Markdown, without secrets and control characters.

use crate::guard::{masked, printable};

/// How long a value is shown.
const WIDEST: usize = 60;

/// A piece of text in Markdown, as it is.
pub(super) fn code(text: &str) -> String {
    let text = masked(text);
    let line = text.lines().next().unwrap_or_default();
    let mut short: String = line.chars().take(WIDEST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    let short = printable(&short).replace('|', "\\|");
    // A text with a backtick stands between two.
    match short.contains('`') {
        true => format!("`` {short} ``"),
        false if short.is_empty() => "*empty*".to_owned(),
        false => format!("`{short}`"),
    }
}

/// A table of some columns.
pub(super) fn table(columns: &[&str], rows: Vec<Vec<String>>) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(columns.iter().map(|it| (*it).to_owned()).collect());
    text.push_str(&line(columns.iter().map(|_| "---".to_owned()).collect()));
    for row in rows {
        text.push_str(&line(row));
    }
    text
}
