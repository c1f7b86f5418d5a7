//! Differences as `diff -u` writes them.
//!
//! Each resource is a file of normalised YAML: keys sorted, one style, without what is expected to
//! differ or is not shown. Lines with `#`, which `patch` passes over, say how many differences there
//! are, what both sides call the same thing, and what no line can show.

use std::fmt::Write as _;

use super::visible;
use super::words::{self, suspicion};
use crate::diff::{Change, Diff, Document, Lines, Op};
use crate::guard::printable;

/// How many lines name the two sides of a resource.
const HEADER: usize = 2;

pub(super) fn write(diff: &Diff) -> String {
    let mut text = format!("# {}  {}\n", words::sides(diff), words::summary(diff));
    // Writing to a string cannot fail.
    for (what, names) in words::mapping(diff) {
        let _ = writeln!(text, "# {what} {names}");
    }
    for change in diff.shown() {
        if let Some(suspicion) = suspicion(diff, change) {
            let at = format!("{} {}", change.subject, change.path);
            let _ = writeln!(
                text,
                "# ! {}: {}",
                visible::line(&at),
                visible::line(&suspicion)
            );
        }
    }
    for document in &diff.documents {
        match hunks(diff, document) {
            hunks if hunks.is_empty() => text.push_str(&remarks(diff, document)),
            hunks => text.push_str(&hunks),
        }
    }
    text
}

/// One resource; nothing if its normalised YAML is the same.
fn hunks(diff: &Diff, document: &Document) -> String {
    let header = |side: &str, text: &str| match text.is_empty() {
        true => "/dev/null".to_owned(),
        false => printable(&format!("{side}/{}", file(document))).into_owned(),
    };
    let text = Lines::of(&document.from, &document.to).unified(
        &header(&diff.from, &document.from),
        &header(&diff.to, &document.to),
    );
    // What is changed must be seen; the rest stays as it is.
    let shown = |show: fn(&str) -> String| -> Vec<String> {
        let lines = text.lines().enumerate();
        let lines = lines.map(|(index, line)| match line.chars().next() {
            Some('+' | '-') if index < HEADER => visible::line(line),
            Some('+' | '-') => show(line),
            _ => line.to_owned(),
        });
        lines.collect()
    };
    let lines = match shown(visible::line) {
        lines if is_alike(&lines) && !is_alike(&shown(str::to_owned)) => shown(visible::exact),
        lines => lines,
    };
    lines.into_iter().map(|line| line + "\n").collect()
}

/// Whether what is taken away looks like what is added.
fn is_alike(lines: &[String]) -> bool {
    let changed = |mark: char| {
        let lines = lines.iter().skip(HEADER);
        lines.filter_map(move |line| line.strip_prefix(mark))
    };
    changed('-').next().is_some() && changed('-').eq(changed('+'))
}

/// What is shown of a resource that normalised YAML does not tell apart.
fn remarks(diff: &Diff, document: &Document) -> String {
    let is_here = |change: &&Change| change.subject == document.subject && change.op != Op::Same;
    let mut text = String::new();
    for change in diff.shown().filter(is_here) {
        let at = format!("{} {}", change.subject, change.path);
        let _ = writeln!(text, "# ~ {}", visible::line(&at));
        for (mark, line) in visible::lines(change) {
            let _ = writeln!(text, "#   {mark} {line}");
        }
    }
    text
}

/// The resource as a path without blanks, as patches want it.
fn file(document: &Document) -> String {
    let subject = &document.subject;
    let name = subject.from.as_ref().or(subject.to.as_ref());
    let name = name.map_or_else(String::new, ToString::to_string);
    let parts = [subject.kind.as_str(), name.as_str()].into_iter();
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [] => "document.yaml".to_owned(),
        parts => format!("{}.yaml", parts.join("/")),
    }
}
