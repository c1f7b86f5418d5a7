//! Writes errors, findings and differences as text and in the formats of services.
//!
//! The only room that knows of colour. What is shown is decided by whoever made the error, the
//! finding or the difference; here it is laid out, without what the guard takes for a secret.

mod changes;
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

use std::borrow::Cow;
use std::fmt::Write as _;

pub use crate::guard::printable;
pub use changes::Change;
pub use diff::{Format as DiffFormat, Layout, diff, diffs, summary as diff_summary};
pub use explain::{
    blame, blame_json, chain, chains_json, life, lives_json, objects, reverse, reverse_json,
};
pub use findings::{Check, Counts, Merged, Outcome, Report, Suite, finding_of};
pub use graph::{GraphFormat, graph};
pub use overview::{EnvironmentView, Overview, Page};
pub use rules::{About, about, rules};

use crate::error::{Error, Note};
use crate::finding::{Finding, Severity};
use crate::place::Place;

/// Whether text is coloured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Color {
    /// Plain text.
    #[default]
    Never,
    /// ANSI escape codes.
    Always,
}

/// An error over several lines: what, where, how we got there, and what to try next.
///
/// # Example
///
/// ```
/// use kustom::error::{Error, Kind};
/// use kustom::place::Place;
/// use kustom::report::{Color, error};
///
/// let missing = Error::new(Kind::Load, "there is no `a.yaml`")
///     .at(Place::file("kustomization.yaml"))
///     .help("did you mean `b.yaml`?");
/// assert_eq!(
///     error(&missing, Color::Never),
///     "error: there is no `a.yaml`\n  --> kustomization.yaml\n  help: did you mean `b.yaml`?\n"
/// );
/// ```
pub fn error(error: &Error, color: Color) -> String {
    let mut text = headline("error", RED, error.message(), color);
    arrow(&mut text, error.place(), color);
    notes(&mut text, error.notes(), color);
    if let Some(help) = error.help_line() {
        text.push_str(&line("help", GREEN, help, color));
    }
    text
}

/// A finding over several lines, laid out like an error.
pub fn finding(finding: &Finding, color: Color) -> String {
    let (word, code) = match finding.severity {
        Severity::Error => ("error", RED),
        Severity::Warning => ("warning", YELLOW),
        Severity::Note => ("note", BLUE),
    };
    let mut text = headline(word, code, &finding.message, color);
    arrow(&mut text, finding.place.as_ref(), color);
    for other in &finding.others {
        let other = other.to_string();
        text.push_str(&line("also", BLUE, &shown::name(&other), color));
    }
    notes(&mut text, &finding.notes, color);
    if let Some(help) = &finding.help {
        text.push_str(&line("help", GREEN, help, color));
    }
    text
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

/// A report in a format; for people without its [`summary`].
pub fn report(report: &Report, format: Format, color: Color) -> String {
    match format {
        Format::Text => text::write(report, color),
        Format::Json => shown::json(json::write(report)),
        Format::Sarif => shown::json(sarif::write(report)),
        Format::Github => github::write(report),
        Format::Gitlab => shown::json(gitlab::write(report)),
        Format::Junit => junit::write(report),
    }
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

const RED: &str = "1;31";
const YELLOW: &str = "1;33";
const BLUE: &str = "1;34";
const GREEN: &str = "1;32";

fn headline(word: &str, code: &str, message: &str, color: Color) -> String {
    let message = shown::sentence(message);
    format!("{}: {message}\n", painted(word, code, color))
}

fn line(word: &str, code: &str, message: &str, color: Color) -> String {
    let message = shown::sentence(message);
    format!("  {}: {message}\n", painted(word, code, color))
}

fn notes(text: &mut String, notes: &[Note], color: Color) {
    for note in notes {
        text.push_str(&line("note", BLUE, &note.message, color));
        arrow(text, note.place.as_ref(), color);
        if let Some(help) = &note.help {
            text.push_str(&line("help", GREEN, help, color));
        }
    }
}

fn arrow(text: &mut String, place: Option<&Place>, color: Color) {
    if let Some(place) = place.filter(|place| place.file.is_some()) {
        // Writing to a string cannot fail.
        let place = place.to_string();
        let place = shown::name(&place);
        let _ = writeln!(text, "  {} {place}", painted("-->", BLUE, color));
    }
}

fn painted(word: &str, code: &str, color: Color) -> String {
    match color {
        Color::Never => word.to_owned(),
        Color::Always => format!("\x1b[{code}m{word}\x1b[0m"),
    }
}
