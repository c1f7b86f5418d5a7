//! Writes findings for people: a page by file, with a summary.

use std::fmt::Write as _;

use rustc_hash::FxHashMap;

use super::changes;
use super::diagnostic::{Diagnostic, Look, MessageFormat, json_remark};
use super::findings::{Check, Merged, Report};
use super::{BOLD, painted, shown};
use crate::finding::{Finding, Severity};
use crate::place::{Excerpt, Place};

/// Of how many findings of one rule the lines are shown: whoever has more has seen what they look like.
const WITH_LINES: usize = 100;

/// Every finding once, below the name of its file; the files in the order in which they are met.
pub(super) fn page(
    report: &Report,
    look: Look,
    lines: impl Fn(&Place) -> Option<Excerpt>,
) -> String {
    let merged = report.unnumbered();
    let mut files: Vec<(&str, Vec<&Merged<'_>>)> = Vec::new();
    let mut known = FxHashMap::default();
    for one in &merged {
        let file = one.finding.place.as_ref();
        let file = file
            .and_then(|place| place.file.as_deref())
            .unwrap_or_default();
        let at = *known.entry(file).or_insert(files.len());
        match files.get_mut(at) {
            Some((_, found)) => found.push(one),
            None => files.push((file, vec![one])),
        }
    }
    let is_page = files.len() > 1;
    let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
    let mut text = String::new();
    for (file, found) in files {
        if is_page {
            blank(&mut text);
            let name = match file {
                "" => "without a file".into(),
                file => shown::name(file),
            };
            text.push_str(&painted(&name, BOLD, look.color));
            text.push('\n');
        }
        for one in found {
            blank(&mut text);
            let mut told = diagnostic(report, one);
            let count = counts.entry(one.finding.rule).or_default();
            *count += 1;
            if *count <= WITH_LINES {
                told = told.with_excerpts(&lines);
            }
            text.push_str(&told.full(look));
        }
    }
    let changes = changes::text(&report.changes);
    if !changes.is_empty() {
        blank(&mut text);
        text.push_str(&changes);
    }
    text
}

/// The findings of a report as messages of a format, each once: a page, or a line each.
pub(super) fn messages(
    report: &Report,
    format: MessageFormat,
    look: Look,
    lines: impl Fn(&Place) -> Option<Excerpt>,
) -> String {
    if format == MessageFormat::Full {
        return page(report, look, lines);
    }
    let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
    let mut text = String::new();
    for one in &report.unnumbered() {
        let mut told = diagnostic(report, one);
        let count = counts.entry(one.finding.rule).or_default();
        *count += 1;
        if format == MessageFormat::Json && *count <= WITH_LINES {
            told = told.with_excerpts(&lines);
        }
        text.push_str(&told.write(format, look));
    }
    for change in &report.changes {
        let told = changes::text(std::slice::from_ref(change));
        match format {
            MessageFormat::Json => text.push_str(&json_remark(&told)),
            _ => text.push_str(&told),
        }
    }
    text
}

/// An empty line between two paragraphs.
fn blank(text: &mut String) {
    if !text.is_empty() {
        text.push('\n');
    }
}

/// Every finding once.
pub(super) fn diagnostics(report: &Report) -> Vec<Diagnostic> {
    let merged = report.unnumbered();
    merged.iter().map(|one| diagnostic(report, one)).collect()
}

/// A finding with the environments that it is about, where there are several suites.
fn diagnostic(report: &Report, one: &Merged<'_>) -> Diagnostic {
    let told = Diagnostic::from(&one.finding);
    match report.suites.len() {
        0 | 1 => told,
        _ => {
            let suites = one.suites.iter().copied();
            // What is found of the repository is about no environment.
            let is_environment =
                |name: &&str| *name != "repository" && !name.starts_with("repository ");
            told.within(suites.filter(is_environment))
        }
    }
}

/// Of several findings the worst that most environments share.
pub(super) fn next_step(report: &Report) -> Option<String> {
    let may_be_first = |finding: &Finding| {
        let place = finding.place.as_ref();
        place.is_some_and(|place| place.file.is_some()) && finding.severity > Severity::Note
    };
    let checks = report.suites.iter().flat_map(|suite| &suite.checks);
    if !checks.flat_map(Check::findings).any(may_be_first) {
        return None;
    }
    let merged = report.unnumbered();
    let is_placed = |one: &&Merged<'_>| may_be_first(&one.finding);
    let weight = |one: &&Merged<'_>| (one.finding.severity, one.suites.len());
    // Of equals the first.
    let first = merged.iter().rev().filter(is_placed).max_by_key(weight)?;
    let place = first.finding.place.as_ref()?.to_string();
    let place = shown::name(&place);
    let more = merged.len() > 1;
    more.then(|| match first.suites.len() {
        0 | 1 => format!("start with {place}"),
        count => format!("start with {place}, which {count} environments share"),
    })
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
