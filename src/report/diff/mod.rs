//! Differences, for people, for pull requests and for programs.
//!
//! What is shown of a value was decided when the difference was made; no secret comes here.

mod html;
mod json;
mod markdown;
mod terminal;
mod unified;
mod visible;
mod words;

use super::Color;
use crate::diff::Diff;

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
pub struct Layout {
    /// Whether a terminal shows colour.
    pub color: Color,
    /// How many columns a terminal has.
    pub width: usize,
    /// Whether all resources that share a difference are named.
    pub all: bool,
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            color: Color::Never,
            width: 100,
            all: false,
        }
    }
}

/// Writes differences.
pub fn diff(diff: &Diff, format: Format, layout: Layout) -> String {
    match format {
        Format::Terminal => terminal::write(diff, layout),
        Format::Unified => unified::write(diff),
        Format::Json => json::write(diff),
        Format::Markdown => markdown::write(diff),
        Format::Html => html::write(diff),
    }
}

/// How many differences there are, on one line.
pub fn summary(diff: &Diff) -> String {
    words::summary(diff)
}
