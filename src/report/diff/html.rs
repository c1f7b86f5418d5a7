//! Differences as one page of HTML that needs nothing else: no network, no other file.
//!
//! The page is complete without its script, which only filters and folds.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::page::{escaped, head, tail};
use super::visible;
use super::words::{self, heading, mark, place};
use crate::diff::{Change, Diff, Group, Subject};

/// What the page does.
const SCRIPT: &str = include_str!("diff.js");

pub(super) fn write(diff: &Diff) -> String {
    let groups = words::shown(diff);
    let mut page = head(&words::sides(diff), "");
    page.push_str(&summary(diff));
    page.push_str(LEGEND);
    page.push_str("</header>\n");
    page.push_str(&filters(&groups));
    page.push_str(&jumps(&groups));
    page.push_str("<main>\n");
    page.push_str(&sections(diff, &groups, &mut Anchors::of(&groups)));
    page.push_str(&end());
    page
}

/// Several differences on one page, with one filter for all.
pub(super) fn write_all(diffs: &[Diff], title: &str) -> String {
    let shown: Vec<Vec<Group<'_>>> = diffs.iter().map(words::shown).collect();
    let mut page = head(title, "");
    let all = shown.concat();
    let mut anchors = Anchors::of(&all);
    page.push_str(LEGEND);
    page.push_str("</header>\n");
    page.push_str(&filters(&all));
    page.push_str(&jumps(&all));
    page.push_str("<main>\n");
    for (diff, groups) in diffs.iter().zip(&shown) {
        // Writing to a string cannot fail.
        let _ = writeln!(
            page,
            "<h1>{}</h1>\n{}{}",
            escaped(&words::sides(diff)),
            summary(diff),
            sections(diff, groups, &mut anchors)
        );
    }
    page.push_str(&end());
    page
}

/// The end of a page.
fn end() -> String {
    format!(
        "<p id=\"none\" hidden>Nothing fits the filters.</p>\n</main>\n{}",
        tail(SCRIPT)
    )
}

/// How many differences there are, what both sides call the same, and what was noticed.
fn summary(diff: &Diff) -> String {
    let mut text = format!("<p>{}</p>\n", escaped(&words::summary(diff)));
    // Writing to a string cannot fail.
    for (what, names) in words::mapping(diff) {
        let _ = writeln!(
            text,
            "<span class=\"name\">{what} <b>{}</b></span>",
            escaped(&names)
        );
    }
    for finding in &diff.findings {
        let _ = writeln!(
            text,
            "<p class=\"finding\">{}</p>",
            escaped(&finding.message)
        );
    }
    text
}

/// The differences: sections by class, in them what differs in one object together.
fn sections(diff: &Diff, groups: &[Group<'_>], anchors: &mut Anchors) -> String {
    let mut text = String::new();
    let mut section = "";
    let mut object: Option<&Subject> = None;
    for group in groups {
        let first = group.first();
        let heading = heading(first);
        let is_alone = words::subjects(group).len() == 1 && !first.is_whole();
        let subject = is_alone.then_some(&*first.subject);
        if object.is_some() && (subject != object || heading != section) {
            text.push_str("</article>\n");
        }
        // Writing to a string cannot fail.
        if heading != section {
            let end = if section.is_empty() {
                ""
            } else {
                "</section>\n"
            };
            let _ = writeln!(text, "{end}<section>\n<h2>{heading}</h2>");
        }
        if let Some(subject) = subject.filter(|_| subject != object || heading != section) {
            let _ = writeln!(
                text,
                "<article class=\"object\"{}>\n<h3>{}</h3>",
                anchors.first_of(&subject.kind),
                escaped(&visible::line(&subject.to_string()))
            );
        }
        (section, object) = (heading, subject);
        text.push_str(&difference(diff, group, anchors));
    }
    if object.is_some() {
        text.push_str("</article>\n");
    }
    if !section.is_empty() {
        text.push_str("</section>\n");
    }
    text
}

/// The anchors of kinds: each belongs to the first difference of its kind.
#[derive(Default)]
struct Anchors(BTreeMap<String, bool>);

impl Anchors {
    fn of(groups: &[Group<'_>]) -> Self {
        let changes = groups.iter().flat_map(|group| &group.changes);
        Self(changes.map(|it| (it.subject.kind.clone(), false)).collect())
    }

    /// The attribute for the first that is of a kind.
    fn first_of(&mut self, kind: &str) -> String {
        let number = self.0.keys().position(|known| known == kind);
        match (self.0.get_mut(kind), number) {
            (Some(is_used), Some(number)) if !*is_used => {
                *is_used = true;
                format!(" id=\"kind-{number}\"")
            }
            _ => String::new(),
        }
    }
}

/// Where each kind begins, and how often it differs.
fn jumps(groups: &[Group<'_>]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for change in groups.iter().flat_map(|group| &group.changes) {
        *counts.entry(change.subject.kind.as_str()).or_default() += 1;
    }
    let mut text = String::from("<nav aria-label=\"Kinds\">\n");
    for (number, (kind, count)) in counts.iter().enumerate() {
        let kind = if kind.is_empty() { "document" } else { kind };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "<a href=\"#kind-{number}\">{} <small>{count}</small></a>",
            escaped(&visible::line(kind))
        );
    }
    text.push_str("</nav>\n");
    text
}

/// What the signs and the borders mean.
const LEGEND: &str = "<p class=\"legend\"><span class=\"mark added\">+</span> only on the right \
    <span class=\"mark removed\">-</span> only on the left \
    <span class=\"mark changed\">~</span> another value \
    <span class=\"mark same\">!</span> the same, but should not be \
    <span class=\"border security\">red border</span> touches security: rights, privileges, who may \
    reach what \
    <span class=\"border suspicious\">yellow border</span> suspicious</p>\n";

/// What can be chosen: a text, kinds, classes.
fn filters(groups: &[Group<'_>]) -> String {
    let changes = || groups.iter().flat_map(|group| &group.changes);
    let mut kinds: Vec<&str> = changes().map(|it| it.subject.kind.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut classes: Vec<_> = changes().map(|it| it.class).collect();
    classes.sort_unstable();
    classes.dedup();
    let option = |word: &str| format!("<option>{}</option>", escaped(word));
    let kinds: String = kinds.into_iter().map(option).collect();
    let classes: String = classes
        .into_iter()
        .map(|class| option(class.word()))
        .collect();
    format!(
        "<form id=\"filters\" role=\"search\">\n\
         <input id=\"text\" type=\"search\" placeholder=\"Filter (press /)\" aria-label=\"Text\">\n\
         <select id=\"kind\" aria-label=\"Kind\"><option value=\"\">every kind</option>{kinds}</select>\n\
         <select id=\"class\" aria-label=\"Class\"><option value=\"\">every class</option>{classes}</select>\n\
         <button type=\"button\" id=\"fold\">Fold all</button>\n\
         <output id=\"count\"></output>\n</form>\n"
    )
}

fn difference(diff: &Diff, group: &Group<'_>, anchors: &mut Anchors) -> String {
    let first = group.first();
    let mut kinds: Vec<&str> = group
        .changes
        .iter()
        .map(|it| it.subject.kind.as_str())
        .collect();
    kinds.dedup();
    let subjects = words::subjects(group);
    let path = match group.changes.iter().all(|it| it.path == first.path) {
        true => first.path.to_string(),
        // Each is named in the list.
        false => first.path.ending(),
    };
    let path = format!("<code>{}</code>", escaped(&visible::line(&path)));
    let title = match (first.is_whole(), subjects.as_slice()) {
        (true, [_]) => escaped(&visible::line(&first.subject.to_string())),
        (true, all) => format!("{} objects", all.len()),
        (false, [_]) => path,
        (false, all) => format!("{path} in {} objects", all.len()),
    };
    let times = match group.changes.len() {
        1 => String::new(),
        count => format!(" <span class=\"times\">×{count}</span>"),
    };
    let anchor: String = kinds
        .iter()
        .map(|kind| anchors.first_of(kind))
        .find(|it| !it.is_empty())
        .unwrap_or_default();
    let mut text = format!(
        "<details class=\"change {class} {op}\" data-class=\"{class}\" data-kinds=\"{kinds}\"{anchor}{open}>\n\
         <summary><span class=\"mark {op}\">{mark}</span> {title}{times}</summary>\n",
        class = first.class.word(),
        op = first.op.word(),
        kinds = escaped(&kinds.join(" ")),
        open = if first.is_whole() { "" } else { " open" },
        mark = mark(first.op),
    );
    let (explanation, has_values) = words::explanation(diff, first);
    // Writing to a string cannot fail.
    if let Some(explanation) = explanation {
        let _ = writeln!(text, "<p>{}</p>", escaped(&explanation));
    }
    if has_values {
        text.push_str(&values(first));
    }
    for (side, shown) in [(&diff.from, &first.from), (&diff.to, &first.to)] {
        if let Some(at) = shown.as_ref().and_then(|shown| shown.place.as_ref()) {
            let _ = writeln!(
                text,
                "<p class=\"place\">{}: <code>{}</code></p>",
                escaped(side),
                escaped(&place(at))
            );
        }
    }
    if group.changes.len() > 1 {
        let items: Vec<String> = group
            .changes
            .iter()
            .map(|change| {
                format!(
                    "<li>{} <code>{}</code></li>\n",
                    escaped(&visible::line(&change.subject.to_string())),
                    escaped(&visible::line(&change.path.to_string()))
                )
            })
            .collect();
        text.push_str(&folded(&items, LONGEST_LIST, "ul", "of them"));
    }
    text.push_str("</details>\n");
    text
}

/// How many items of a list are shown at once, and how many lines of a value.
const LONGEST_LIST: usize = 8;
const LONGEST_VALUE: usize = 40;

/// Parts in an element, those behind the first few in one that can be unfolded.
fn folded(parts: &[String], most: usize, element: &str, of_what: &str) -> String {
    // Nobody unfolds two.
    let shown = if parts.len() > most + 2 {
        most
    } else {
        parts.len()
    };
    let (first, rest) = parts.split_at(shown);
    let mut text = format!("<{element}>{}</{element}>\n", first.concat());
    if !rest.is_empty() {
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "<details class=\"more\"><summary>{} more {of_what}</summary>\n\
             <{element}>{}</{element}>\n</details>",
            rest.len(),
            rest.concat()
        );
    }
    text
}

fn values(change: &Change) -> String {
    let lines = visible::lines(change);
    let mut shown = Vec::with_capacity(lines.len());
    let mut rest = lines.as_slice();
    while !rest.is_empty() {
        let count = |rest: &[(char, String)], mark: char| {
            rest.iter().take_while(|line| line.0 == mark).count()
        };
        let removed = count(rest, '-');
        let (gone, behind) = rest.split_at(removed);
        let (come, behind) = behind.split_at(count(behind, '+'));
        if removed == 0 && come.is_empty() {
            let (one, behind) = rest.split_at(1);
            shown.extend(one.iter().map(|(_, line)| format!("  {}\n", escaped(line))));
            rest = behind;
            continue;
        }
        // As many lines for as many: each stands for one.
        let pairs: Vec<Option<(String, String)>> = match gone.len() == come.len() {
            true => gone
                .iter()
                .zip(come)
                .map(|((_, from), (_, to))| marked(from, to))
                .collect(),
            false => Vec::new(),
        };
        let pair = |at: usize| pairs.get(at).and_then(Option::as_ref);
        for (at, (_, line)) in gone.iter().enumerate() {
            let line = pair(at).map_or_else(|| escaped(line), |pair| pair.0.clone());
            shown.push(format!("<del>- {line}</del>\n"));
        }
        for (at, (_, line)) in come.iter().enumerate() {
            let line = pair(at).map_or_else(|| escaped(line), |pair| pair.1.clone());
            shown.push(format!("<ins>+ {line}</ins>\n"));
        }
        rest = behind;
    }
    folded(&shown, LONGEST_VALUE, "pre", "lines")
}

/// Two lines with the words marked that differ, unless most do.
fn marked(from: &str, to: &str) -> Option<(String, String)> {
    let (from_words, to_words) = (split(from), split(to));
    let diff = similar::TextDiff::from_slices(&from_words, &to_words);
    if diff.ratio() < 0.4 {
        return None;
    }
    let (mut one, mut other) = (String::new(), String::new());
    for change in diff.iter_all_changes() {
        let word = escaped(change.value());
        let marked = || format!("<mark>{word}</mark>");
        match change.tag() {
            similar::ChangeTag::Equal => {
                one.push_str(&word);
                other.push_str(&word);
            }
            similar::ChangeTag::Delete => one.push_str(&marked()),
            similar::ChangeTag::Insert => other.push_str(&marked()),
        }
    }
    let join = |text: String| text.replace("</mark><mark>", "");
    Some((join(one), join(other)))
}

/// The words of a line, and what stands between them.
fn split(line: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut parts = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let end = match is_word(first) {
            true => rest.find(|c: char| !is_word(c)).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        let (part, behind) = rest.split_at_checked(end).unwrap_or((rest, ""));
        parts.push(part);
        rest = behind;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_differ_are_marked_unless_most_do() {
        let (one, other) = marked("image: a/b:v1", "image: a/b:v2").unwrap();
        assert_eq!(one, "image: a/b:<mark>v1</mark>");
        assert_eq!(other, "image: a/b:<mark>v2</mark>");
        let (one, _) = marked("a <b> é c", "a &lt; é c").unwrap();
        assert_eq!(one, "a <mark>&lt;b&gt;</mark> é c");
        assert!(marked("one", "other").is_none());
    }

    #[test]
    fn only_long_lists_are_folded() {
        let items = |count: usize| vec!["<li></li>".to_owned(); count];
        assert!(!folded(&items(10), 8, "ul", "of them").contains("more"));
        assert!(folded(&items(11), 8, "ul", "of them").contains("3 more of them"));
    }
}
