//! Differences as Markdown, for a comment on a pull request.
//!
//! The output is the counts, the images that become others, and a fold for each difference.
//! A comment has an upper limit: what goes over it is counted, and the page named that has it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::page::escaped_but;
use super::words::{self, heading, mark, place, subjects};
use super::{Layout, visible};
use crate::diff::{Change, Class, Diff, Group, Op, Step, Subject};
use crate::guard::printable;
use crate::place::Place;

/// What GitHub takes of a comment, in characters.
const LIMIT: usize = 65_536;

/// What is kept free for the note that something was left out.
const NOTE: usize = 256;

/// By this a program finds the comment that it wrote before.
const MARKER: &str = "<!-- kustom diff -->\n";

/// Writes the differences of two sides.
pub(super) fn write(diff: &Diff, layout: Layout<'_>) -> String {
    let mut text = String::from(MARKER);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "### {}\n", escaped(&words::sides(diff)));
    text.push_str(&remarks(diff));
    let images = images(std::slice::from_ref(diff));
    text.push_str(&listed(&images, false, LIMIT / 4));
    let room = room(&text, layout);
    match body(diff, Names::of(diff), room, layout) {
        Some(body) => text.push_str(&body),
        None => {
            let _ = writeln!(text, "*All left out: {}*", no_room(layout));
        }
    }
    text
}

/// Writes the differences of several pairs of sides as one comment: an overview, images once for
/// all places, then what differs, the largest first. Pairs that differ in the same way share a
/// section; what has no room is counted.
pub(super) fn join(title: &str, diffs: &[Diff], layout: Layout<'_>) -> String {
    let mut text = format!("{MARKER}## {}\n\n", escaped(title));
    if diffs.len() > 1 {
        text.push_str(&overview(diffs));
    }
    text.push_str(&listed(&images(diffs), diffs.len() > 1, LIMIT / 4));
    let mut left = 0;
    for alike in alike(diffs) {
        let first = alike[0];
        let (heading, names) = match alike.as_slice() {
            [one] => (words::sides(one), Names::of(one)),
            several => (several_sides(several), Names::SHARED),
        };
        let mut section = format!("### {}\n\n", escaped(&heading));
        section.push_str(&remarks(first));
        let free = room(&text, layout).saturating_sub(section.chars().count());
        match body(first, names, free, layout).filter(|_| left == 0 && free > 0) {
            Some(body) => text.extend([section, body]),
            None => left += alike.len(),
        }
    }
    if left > 0 {
        let what = if left == 1 {
            "environment"
        } else {
            "environments"
        };
        let _ = writeln!(text, "*{left} more {what} left out: {}*", no_room(layout));
    }
    text
}

/// How sides and objects are called.
#[derive(Clone, Copy)]
struct Names<'n> {
    from: &'n str,
    to: &'n str,
    /// Whether objects are called without their namespaces.
    without_namespaces: bool,
}

impl<'n> Names<'n> {
    /// In a section that several environments share, each with its namespace.
    const SHARED: Self = Self {
        from: "before",
        to: "after",
        without_namespaces: true,
    };

    fn of(diff: &'n Diff) -> Self {
        Self {
            from: &diff.from,
            to: &diff.to,
            without_namespaces: false,
        }
    }

    fn object(self, subject: &Subject) -> String {
        let name = subject.to.as_ref().or(subject.from.as_ref());
        let is_renamed = match (&subject.from, &subject.to) {
            (Some(from), Some(to)) => from.name != to.name,
            _ => false,
        };
        match name {
            Some(name) if self.without_namespaces && !is_renamed => {
                format!("{} {}", subject.kind, name.name)
            }
            _ => subject.to_string(),
        }
    }
}

/// How many characters may follow a text.
fn room(text: &str, layout: Layout<'_>) -> usize {
    let note = NOTE + layout.page.map_or(0, |page| page.chars().count());
    LIMIT.saturating_sub(text.chars().count() + note)
}

/// What is said of what has no room, and where it is.
fn no_room(layout: Layout<'_>) -> String {
    match layout.page {
        Some(page) => format!("a comment has no room for them. [The page]({page}) shows all."),
        None => "a comment has no room for them. `kustom diff` shows all.".to_owned(),
    }
}

/// The counts, what both sides call the same, and what was noticed.
fn remarks(diff: &Diff) -> String {
    let mut text = format!("{}\n\n", escaped(&words::summary(diff)));
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
    text
}

/// A line for each pair of sides, as far as a quarter of the comment goes.
fn overview(diffs: &[Diff]) -> String {
    let mut text = String::from("| | |\n|---|---|\n");
    let mut length = text.len();
    let mut rows = 0;
    for diff in by_size(diffs) {
        let row = format!(
            "| {} | {} |\n",
            escaped(&diff.to),
            escaped(&words::summary(diff))
        );
        length += row.chars().count();
        if length > LIMIT / 4 {
            break;
        }
        rows += 1;
        text.push_str(&row);
    }
    if rows < diffs.len() {
        let _ = writeln!(text, "| {} more | |", diffs.len() - rows);
    }
    text.push('\n');
    text
}

/// The pairs, those with the most differences first.
fn by_size(diffs: &[Diff]) -> Vec<&Diff> {
    let mut sorted: Vec<&Diff> = diffs.iter().collect();
    sorted.sort_by_key(|diff| std::cmp::Reverse(diff.shown().count()));
    sorted
}

/// The pairs, those that differ in the same way together, the largest first.
fn alike(diffs: &[Diff]) -> Vec<Vec<&Diff>> {
    let mut sections: Vec<Vec<&Diff>> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let whole = Layout::default();
    for diff in by_size(diffs) {
        let body = body(diff, Names::SHARED, LIMIT, whole).unwrap_or_default();
        let key = remarks(diff) + &body;
        let next = sections.len();
        let at = *known.entry(key).or_insert(next);
        match sections.get_mut(at) {
            Some(section) => section.push(diff),
            None => sections.push(vec![diff]),
        }
    }
    sections
}

/// How several pairs are called together.
fn several_sides(diffs: &[&Diff]) -> String {
    const NAMED: usize = 10;
    let names: Vec<&str> = diffs.iter().take(NAMED).map(|diff| &*diff.to).collect();
    let more = match diffs.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{} alike: {}{more}", diffs.len(), names.join(", "))
}

/// Images that become others.
type Images<'d> = BTreeMap<(&'d str, &'d str), Uses<'d>>;

/// Where an image becomes another: how often, on which sides, and the first place that says so.
#[derive(Default)]
struct Uses<'d> {
    count: usize,
    sides: Vec<&'d str>,
    place: Option<&'d Place>,
}

fn images(diffs: &[Diff]) -> Images<'_> {
    let mut images = Images::new();
    for diff in diffs {
        for change in diff.shown() {
            let Some(pair) = image(change) else { continue };
            let uses = images.entry(pair).or_default();
            uses.count += 1;
            if uses.sides.last() != Some(&diff.to.as_str()) {
                uses.sides.push(&diff.to);
            }
            let place = change.to.as_ref().and_then(|shown| shown.place.as_ref());
            uses.place = uses.place.or(place);
        }
    }
    images
}

/// The two images of a change of one.
fn image(change: &Change) -> Option<(&str, &str)> {
    let is_image = change.op == Op::Changed
        && change.class.counts()
        && change.class != Class::Suspicious
        && matches!(change.path.0.last(), Some(Step::Field(name)) if name == "image");
    let from = change.from.as_ref().filter(|shown| !shown.is_masked)?;
    let to = change.to.as_ref().filter(|shown| !shown.is_masked)?;
    is_image.then_some((from.text.as_str(), to.text.as_str()))
}

/// The list of images, as far as there is room.
fn listed(images: &Images<'_>, with_sides: bool, room: usize) -> String {
    if images.is_empty() {
        return String::new();
    }
    let mut text = String::from("#### Images\n\n");
    let mut length = text.len();
    let mut rows = 0;
    for ((from, to), uses) in images {
        let sides = &uses.sides;
        let mut row = format!(
            "- {} → {}{}",
            code(&visible::line(from)),
            code(&visible::line(to)),
            times(uses.count)
        );
        if with_sides {
            const NAMED: usize = 5;
            let named: Vec<&str> = sides.iter().take(NAMED).copied().collect();
            let _ = write!(row, " in {}", escaped(&named.join(", ")));
            if sides.len() > NAMED {
                let _ = write!(row, " and {} more", sides.len() - NAMED);
            }
        }
        if let Some(at) = uses.place {
            let _ = write!(row, ", {}", code(&place(at)));
        }
        row.push('\n');
        length += row.chars().count();
        if length > room {
            break;
        }
        rows += 1;
        text.push_str(&row);
    }
    if rows < images.len() {
        let _ = writeln!(text, "- {} more", images.len() - rows);
    }
    text.push('\n');
    text
}

/// What differs, image by image and definition by definition left out: folds in sections, as many
/// as there is room for; `None` if there is none for the first.
fn body(diff: &Diff, names: Names<'_>, room: usize, layout: Layout<'_>) -> Option<String> {
    let is_definition = |group: &Group<'_>| {
        let mut changes = group.changes.iter();
        changes.all(|change| change.subject.kind == "CustomResourceDefinition")
    };
    let is_image = |group: &Group<'_>| group.changes.iter().all(|it| image(it).is_some());
    let (definitions, groups): (Vec<_>, Vec<_>) = words::shown(diff)
        .into_iter()
        .filter(|group| !is_image(group))
        .partition(is_definition);
    let mut text = folded(&definitions);
    let mut length = text.chars().count();
    let mut section = "";
    for (number, group) in groups.iter().enumerate() {
        let mut block = String::new();
        let heading = heading(group.first());
        if heading != section {
            let _ = writeln!(block, "#### {heading}\n");
        }
        block.push_str(&fold(diff, group, names));
        let size = block.chars().count();
        if length + size > room && number == 0 {
            return None;
        }
        if length + size > room {
            let left = groups.len() - number;
            let _ = writeln!(text, "*{left} more left out: {}*\n", no_room(layout));
            break;
        }
        section = heading;
        length += size;
        text.push_str(&block);
    }
    Some(text)
}

/// Definitions of custom resources: how much of which differs, without what.
fn folded(groups: &[Group<'_>]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for change in groups.iter().flat_map(|group| &group.changes) {
        *counts.entry(change.subject.to_string()).or_default() += 1;
    }
    if counts.is_empty() {
        return String::new();
    }
    let several = match counts.len() {
        1 => "1 definition of a custom resource differs".to_owned(),
        several => format!("{several} definitions of custom resources differ"),
    };
    let mut text = format!("<details><summary>{several}</summary>\n\n");
    for (name, count) in counts.iter().take(DEFINITIONS) {
        let _ = writeln!(text, "- {}{}", code(&visible::line(name)), times(*count));
    }
    if counts.len() > DEFINITIONS {
        let _ = writeln!(text, "- {} more", counts.len() - DEFINITIONS);
    }
    text.push_str("\n</details>\n\n");
    text
}

/// How many definitions are named.
const DEFINITIONS: usize = 50;

fn fold(diff: &Diff, group: &Group<'_>, names: Names<'_>) -> String {
    let first = group.first();
    let several = subjects(group);
    let title = match several.as_slice() {
        [one] if first.is_whole() => format!(
            "{} <code>{}</code>",
            mark(first.op),
            escaped(&visible::line(&names.object(one)))
        ),
        [one] => format!(
            "{} <code>{}</code> <code>{}</code>{}",
            mark(first.op),
            escaped(&visible::line(&names.object(one))),
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
    let (explanation, has_values) = words::explanation(diff, first);
    if let Some(explanation) = explanation {
        let _ = writeln!(text, "{}\n", escaped(&explanation));
    }
    if has_values {
        text.push_str(&fenced(&lines(first)));
    }
    let culprit = words::culprit(first);
    for (side, shown) in [(names.from, &first.from), (names.to, &first.to)] {
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
                code(&visible::line(&names.object(&change.subject))),
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
    escaped_but(text, |c, escaped| {
        match c {
            '\n' => escaped.push(' '),
            '*' | '_' | '`' | '[' | ']' | '\\' | '|' | '~' | '#' | '@' => {
                let _ = write!(escaped, "&#{};", u32::from(c));
            }
            _ => return false,
        }
        true
    })
}
