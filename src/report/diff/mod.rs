//! Writes differences for people, for pull requests and for programs.
//!
//! The values were masked when the difference was made; no secret reaches this module.

mod html;
mod json;
mod markdown;
mod terminal;
mod unified;
mod visible;
mod words;

use super::Color;
use crate::diff::{Change, Diff};

/// How differences are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For a terminal.
    #[default]
    Terminal,
    /// Unified differences of normalised YAML, as `patch` and its viewers read them.
    Unified,
    /// JSON; `docs/diff.schema.json` says of what form.
    Json,
    /// Markdown for a comment on a pull request.
    Markdown,
    /// One page of HTML that needs nothing else.
    Html,
}

/// What is shown, and how wide.
#[derive(Clone, Copy, Debug)]
pub struct Layout<'p> {
    /// Whether a terminal shows colour.
    pub color: Color,
    /// How many columns a terminal has.
    pub width: usize,
    /// Whether all resources that share a difference are named.
    pub all: bool,
    /// Where all of it is on a page, for what a comment has no room for.
    pub page: Option<&'p str>,
}

impl Default for Layout<'_> {
    fn default() -> Self {
        Self {
            color: Color::Never,
            width: 100,
            all: false,
            page: None,
        }
    }
}

/// Writes differences.
pub fn diff(diff: &Diff, format: Format, layout: Layout<'_>) -> String {
    match format {
        Format::Terminal => terminal::write(diff, layout),
        Format::Unified => unified::write(diff),
        Format::Json => json::write(diff),
        Format::Markdown => markdown::write(diff, layout),
        Format::Html => html::write(diff),
    }
}

/// Writes the differences of several pairs of sides, one after the other.
///
/// JSON is an array of what [`diff`] writes; Markdown is one comment, and HTML one page, with a
/// title.
pub fn diffs(diffs: &[Diff], title: &str, format: Format, layout: Layout<'_>) -> String {
    let each = || diffs.iter().map(|one| diff(one, format, layout));
    match format {
        Format::Terminal => each().collect::<Vec<_>>().join("\n"),
        Format::Unified => each().collect(),
        Format::Json => {
            let values: Vec<String> = each().map(|value| value.trim_end().to_owned()).collect();
            format!("[{}]\n", values.join(",\n"))
        }
        Format::Markdown => markdown::join(title, diffs, layout),
        Format::Html => html::write_all(diffs, title),
    }
}

/// What is said of a difference, and its lines with `-`, `+` or a blank before each.
pub(super) fn told(diff: &Diff, change: &Change) -> (Option<String>, Vec<(char, String)>) {
    let (explanation, has_values) = words::explanation(diff, change);
    let lines = match has_values {
        true => visible::lines(change),
        false => Vec::new(),
    };
    (explanation, lines)
}

/// How many differences there are, on one line.
pub fn summary(diff: &Diff) -> String {
    words::summary(diff)
}
