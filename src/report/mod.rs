//! Writes errors, findings and differences as text and in the formats of services.
//!
//! The only room that knows of colour. What is shown is decided by whoever made the error, the
//! finding or the difference; here it is laid out, without what the guard takes for a secret.

mod changes;
mod diagnostic;
mod diff;
#[cfg(test)]
mod door;
mod explain;
mod findings;
mod github;
mod gitlab;
mod graph;
mod json;
mod junit;
mod overview;
mod page;
mod rules;
mod sarif;
mod shown;
mod text;

pub use crate::guard::printable;
pub use changes::Change;
pub use diagnostic::{
    Diagnostic, Label, Look, MessageFormat, Related, diagnostics_of, json_remark,
};
pub use diff::{Format as DiffFormat, Layout, diff, diffs, summary as diff_summary};
pub use explain::{
    blame, blame_json, chain, chains_json, life, lives_json, objects, reverse, reverse_json,
};
pub use findings::{Base, Check, Counts, Merged, Outcome, Report, Suite, finding_of};
pub use graph::{GraphFormat, graph};
pub use overview::{EnvironmentView, Overview, Page};
pub use rules::{About, about, rules};
use std::borrow::Cow;

use crate::place::{Excerpt, Place};

/// Whether text is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// Plain text.
    #[default]
    Never,
    /// ANSI escape codes.
    Always,
}

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// JSON with fields of our own.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// Workflow commands of GitHub Actions.
    Github,
    /// A code quality report of GitLab.
    Gitlab,
    /// JUnit's XML.
    Junit,
}

/// A report in a format; for people without its [`summary`]. `lines` knows the lines to show.
pub fn report(
    report: &Report,
    format: Format,
    look: Look,
    lines: impl Fn(&Place) -> Option<Excerpt>,
) -> String {
    match format {
        Format::Text => text::page(report, look, lines),
        Format::Json => shown::json(json::write(report)),
        Format::Sarif => shown::json(sarif::write(report)),
        Format::Github => github::write(report),
        Format::Gitlab => shown::json(gitlab::write(report)),
        Format::Junit => junit::write(report),
    }
}

/// The findings of a report as messages on stdout: a page, a line each, or an object a line.
///
/// What became of environments stands behind them. `lines` knows the lines to show.
pub fn messages(
    report: &Report,
    format: MessageFormat,
    look: Look,
    lines: impl Fn(&Place) -> Option<Excerpt>,
) -> String {
    text::messages(report, format, look, lines)
}

/// A remark outside of errors and findings, as people may be shown it.
pub fn remark(text: &str) -> Cow<'_, str> {
    shown::sentence(text)
}

/// JSON with what has no shape escaped, so that all of it can be seen.
pub fn visible_json(text: &str) -> String {
    shown::visible(text)
}

/// How many of what was found, on one line.
pub fn summary(report: &Report) -> String {
    text::summary(report)
}

/// Where to begin with what was found, if there is more than one thing.
pub fn next_step(report: &Report) -> Option<String> {
    text::next_step(report)
}

/// What was found as messages, each once, with the environments that it is about.
pub fn diagnostics(report: &Report) -> Vec<Diagnostic> {
    text::diagnostics(report)
}

/// A unified difference with its lines in the colours that git has for them.
///
/// # Example
///
/// ```
/// use kustom::report::{Color, unified};
///
/// let text = "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n z\n";
/// assert_eq!(unified(text, Color::Never), text);
/// let shown = unified(text, Color::Always);
/// assert!(shown.contains("\u{1b}[31m-x\u{1b}[0m\n\u{1b}[32m+y\u{1b}[0m\n z\n"));
/// ```
pub fn unified(difference: &str, color: Color) -> String {
    let line = |line: &str| {
        let code = match line.as_bytes() {
            // Of the two names above a difference, which stand before any line of it.
            [b'-', b'-', b'-', b' ', ..] | [b'+', b'+', b'+', b' ', ..] => BOLD,
            [b'-', ..] => "31",
            [b'+', ..] => "32",
            [b'@', b'@', ..] => "36",
            _ => return format!("{line}\n"),
        };
        format!("{}\n", painted(line, code, color))
    };
    difference.lines().map(line).collect()
}

const BOLD: &str = "1";
const RED: &str = "1;31";
const YELLOW: &str = "1;33";
const BLUE: &str = "1;34";
const GREEN: &str = "1;32";

fn painted(word: &str, code: &str, color: Color) -> String {
    match color {
        Color::Never => word.to_owned(),
        Color::Always => format!("\x1b[{code}m{word}\x1b[0m"),
    }
}
