//! Differences as Markdown, for a comment on a pull request.
//!
//! The output is one line with the counts, a table of the important differences, and a fold for
//! each resource. A comment has an upper limit: what goes over it is left out, and that is said.

use std::fmt::Write as _;

use super::visible;
use super::words::{self, heading, mark, place, remark, subjects, suspicion};
use crate::diff::{Change, Diff, Group};
use crate::guard::{printable, turns};

/// What GitHub takes of a comment, in characters.
const LIMIT: usize = 65_536;

/// What is kept free for the note that something was left out.
const NOTE: usize = 256;

/// By this a program finds the comment that it wrote before.
const MARKER: &str = "<!-- kustom diff -->\n";

pub(super) fn write(diff: &Diff) -> String {
    let mut text = String::from(MARKER);
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "### {}\n\n{}\n",
        escaped(&words::sides(diff)),
        escaped(&words::summary(diff))
    );
    let mapping = words::mapping(diff);
    for (what, names) in &mapping {
        let _ = writeln!(text, "- {what} {}", escaped(names));
    }
    if !mapping.is_empty() {
        text.push('\n');
    }
    for finding in &diff.findings {
        let _ = writeln!(text, "> **Warning:** {}\n", escaped(&finding.message));
    }
    let mut length = text.chars().count();
    let groups = words::shown(diff);
    let mut section = "";
    for (number, group) in groups.iter().enumerate() {
        let mut block = String::new();
        let heading = heading(group.first());
        if heading != section {
            let _ = writeln!(block, "#### {heading}\n");
        }
        block.push_str(&fold(diff, group));
        let size = block.chars().count();
        if length + size + NOTE > LIMIT {
            let left = groups.len() - number;
            let _ = writeln!(
                text,
                "*{left} more left out: a comment has no room for them. `kustom diff` shows all.*"
            );
            break;
        }
        section = heading;
        length += size;
        text.push_str(&block);
    }
    text
}

/// Several comments as one; what goes over the limit is left out, and that is said.
pub(super) fn join(title: &str, comments: impl Iterator<Item = String>) -> String {
    let mut text = format!("{MARKER}## {}\n\n", escaped(title));
    let mut length = text.chars().count();
    let mut left = 0;
    for comment in comments {
        let comment = comment.strip_prefix(MARKER).unwrap_or(&comment);
        let size = comment.chars().count();
        if left > 0 || length + size + NOTE > LIMIT {
            left += 1;
            continue;
        }
        length += size;
        text.push_str(comment);
    }
    if left > 0 {
        let what = if left == 1 {
            "environment"
        } else {
            "environments"
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "*{left} more {what} left out: a comment has no room for them. `kustom diff` shows all.*"
        );
    }
    text
}

fn fold(diff: &Diff, group: &Group<'_>) -> String {
    let first = group.first();
    let several = subjects(group);
    let title = match several.as_slice() {
        [one] if first.is_whole() => format!(
            "{} <code>{}</code>",
            mark(first.op),
            escaped(&visible::line(&one.to_string()))
        ),
        [one] => format!(
            "{} <code>{}</code> <code>{}</code>{}",
            mark(first.op),
            escaped(&visible::line(&one.to_string())),
            escaped(&visible::line(&first.path.to_string())),
            times(group.changes.len()),
        ),
        _ => format!(
            "{} <code>{}</code>{}",
            mark(first.op),
            escaped(&visible::line(&first.path.ending())),
            times(group.changes.len()),
        ),
    };
    let mut text = format!("<details><summary>{title}</summary>\n\n");
    if let Some(suspicion) = suspicion(diff, first) {
        let _ = writeln!(text, "{}\n", escaped(&suspicion));
    } else {
        if let Some(remark) = remark(diff, first) {
            let _ = writeln!(text, "{}\n", escaped(&remark));
        }
        text.push_str(&fenced(&lines(first)));
    }
    let culprit = words::culprit(first);
    for (side, shown) in [(&diff.from, &first.from), (&diff.to, &first.to)] {
        let told = shown
            .as_ref()
            .filter(|it| culprit.is_none_or(|one| std::ptr::eq(one, *it)));
        if let Some(at) = told.and_then(|shown| shown.place.as_ref()) {
            let _ = writeln!(text, "- {}: {}", escaped(side), code(&place(at)));
        }
    }
    if group.changes.len() > 1 {
        text.push_str("\nin\n\n");
        for change in &group.changes {
            let _ = writeln!(
                text,
                "- {} {}",
                code(&visible::line(&change.subject.to_string())),
                code(&visible::line(&change.path.to_string()))
            );
        }
    }
    text.push_str("\n</details>\n\n");
    text
}

fn times(count: usize) -> String {
    match count {
        1 => String::new(),
        _ => format!(" ×{count}"),
    }
}

/// Both values as the lines of a difference.
fn lines(change: &Change) -> String {
    let lines = visible::lines(change).into_iter();
    lines
        .map(|(mark, line)| format!("{mark} {line}\n"))
        .collect()
}

/// A block of code, in a fence that is longer than any in it.
fn fenced(lines: &str) -> String {
    let longest = lines.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}diff\n{lines}{fence}\n\n")
}

/// Code within a line; backticks in it need more of them around.
fn code(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest + 1);
    let text = printable(text);
    match longest {
        0 => format!("{ticks}{text}{ticks}"),
        _ => format!("{ticks} {text} {ticks}"),
    }
}

/// Text that is no Markdown and no HTML, whatever is in it.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\n' => escaped.push(' '),
            '*' | '_' | '`' | '[' | ']' | '\\' | '|' | '~' | '#' | '@' => {
                let _ = write!(escaped, "&#{};", u32::from(c));
            }
            c if c.is_control() || turns(c) => escaped.extend(c.escape_default()),
            c => escaped.push(c),
        }
    }
    escaped
}
