//! Writes findings for people, with a summary.

use std::fmt::Write as _;

use super::changes;
use super::findings::Report;
use super::{BLUE, Color, finding, line, shown};

/// Every finding over several lines, with the environments that it is about.
pub(super) fn write(report: &Report, color: Color) -> String {
    let mut text = String::new();
    for one in report.unnumbered() {
        text.push_str(&finding(&one.finding, color));
        if report.suites.len() > 1 {
            text.push_str(&line(
                "in",
                BLUE,
                &shown::name(&one.suites.join(", ")),
                color,
            ));
        }
    }
    text.push_str(&changes::text(&report.changes));
    text
}

/// How many of what, on one line.
pub(super) fn summary(report: &Report) -> String {
    let mut text = report.counts().sentence();
    if report.allowed > 0 {
        // Writing to a string cannot fail.
        let _ = write!(text, "; {} allowed", report.allowed);
    }
    text.push('\n');
    text
}
