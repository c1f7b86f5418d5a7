//! Words that several formats share.

use std::collections::BTreeSet;

use crate::diff::{Change, Class, Diff, Group, Op, Path, Shown, Side, Sides, Subject, groups};
use crate::guard::printable as line;
use crate::place::Place;

/// The names of both sides.
pub(super) fn sides(diff: &Diff) -> String {
    format!("{} → {}", line(&diff.from), line(&diff.to))
}

/// How many differences there are, on one line.
pub(super) fn summary(diff: &Diff) -> String {
    let counts = diff.counts();
    let mut parts = vec![format!("{} matched", diff.matched)];
    for (count, side) in [(counts.only_from, &diff.from), (counts.only_to, &diff.to)] {
        if count > 0 {
            parts.push(format!("{count} only in {}", line(side)));
        }
    }
    match (counts.differences, counts.distinct) {
        (0, _) if counts.only_from + counts.only_to > 0 => {}
        (0, _) => parts.push("no differences".to_owned()),
        (1, _) => parts.push("1 difference".to_owned()),
        (all, distinct) if all == distinct => parts.push(format!("{all} differences")),
        (all, distinct) => parts.push(format!("{all} differences ({distinct} distinct)")),
    }
    if counts.suspicious > 0 {
        parts.push(format!("{} suspicious", counts.suspicious));
    }
    if counts.expected > 0 {
        parts.push(format!("{} expected", counts.expected));
    }
    if counts.order > 0 {
        parts.push(format!("{} in another order", counts.order));
    }
    if counts.layout > 0 {
        parts.push(format!("{} in layout only", counts.layout));
    }
    if counts.ignored > 0 {
        parts.push(format!("{} ignored", counts.ignored));
    }
    parts.join(", ")
}

/// What both sides call the same thing: `kubevirt-prow → staging-kubevirt-prow`.
pub(super) fn mapping(diff: &Diff) -> Vec<(&'static str, String)> {
    let mapping = &diff.mapping;
    let mut lines = Vec::new();
    for (what, affix) in [("prefix", &mapping.prefix), ("suffix", &mapping.suffix)] {
        if !affix.is_same() {
            let or_none = |text: &str| {
                if text.is_empty() {
                    "none".to_owned()
                } else {
                    text.to_owned()
                }
            };
            lines.push((
                what,
                format!(
                    "{} → {}",
                    line(&or_none(&affix.from)),
                    line(&or_none(&affix.to))
                ),
            ));
        }
    }
    for (from, to) in &mapping.namespaces {
        lines.push(("namespace", format!("{} → {}", line(from), line(to))));
    }
    lines
}

/// The differences that are shown, those that say the same together.
pub(super) fn shown(diff: &Diff) -> Vec<Group<'_>> {
    let mut shown = groups(diff.shown());
    // What only one side has comes first, then what is rare among the suspicious.
    shown.sort_by_key(|group| {
        let first = group.first();
        let is_suspicious = first.class == Class::Suspicious;
        let several = subjects(group).len();
        match first.is_whole() {
            true if first.class == Class::Ignored => (2, first.class, 0, false),
            true => (0, Class::Suspicious, 0, false),
            false if is_suspicious => (1, first.class, several, false),
            false => (1, first.class, 0, several == 1),
        }
    });
    shown
}

/// The resources that have a difference, each once, in order.
pub(super) fn subjects<'d>(group: &Group<'d>) -> Vec<&'d Subject> {
    let subjects: BTreeSet<&Subject> = group
        .changes
        .iter()
        .map(|change| &*change.subject)
        .collect();
    subjects.into_iter().collect()
}

/// The heading of a class, as a reader meets them.
pub(super) fn heading(change: &Change) -> &'static str {
    match change.class {
        Class::Suspicious => "Suspicious",
        Class::Ignored => "Ignored",
        _ if change.is_whole() => "Only on one side",
        Class::Security => "Security",
        Class::Real => "Differences",
        Class::Order => "Another order",
        Class::Layout => "Layout only",
        Class::Expected => "Expected",
    }
}

/// What is suspicious about a value that does not differ.
pub(super) fn suspicion(diff: &Diff, change: &Change) -> Option<String> {
    let (side, expected) = change.expected.as_ref()?;
    let value = change.from.as_ref().map_or("", |shown| shown.text.as_str());
    let side = match side {
        Side::From => &diff.from,
        Side::To => &diff.to,
    };
    Some(format!(
        "{value} on both sides, but {side} calls it {expected}"
    ))
}

/// What is said of a difference, and whether its values are shown: a suspicion names the value.
pub(super) fn explanation(diff: &Diff, change: &Change) -> (Option<String>, bool) {
    match suspicion(diff, change) {
        Some(text) => (Some(text), false),
        None => (remark(diff, change), true),
    }
}

/// The side that a suspicious value is wrong on, and where the value was written.
pub(super) fn culprit(change: &Change) -> Option<&Shown> {
    match change.expected.as_ref()?.0 {
        Side::From => change.from.as_ref(),
        Side::To => change.to.as_ref(),
    }
}

/// The mark of what was done.
pub(super) fn mark(op: Op) -> &'static str {
    match op {
        Op::Added => "+",
        Op::Removed => "-",
        Op::Changed => "~",
        Op::Reformatted => "≈",
        Op::Reordered => "⇅",
        Op::Same => "!",
    }
}

/// What is said beside the values of a difference.
pub(super) fn remark(diff: &Diff, change: &Change) -> Option<String> {
    let is_text = |shown: &Option<Shown>| {
        shown
            .as_ref()
            .is_some_and(|shown| shown.text.contains('\n'))
    };
    let remark = match change.op {
        _ if change.class == Class::Ignored => {
            return change
                .reason
                .as_ref()
                .map(|reason| format!("ignored: {reason}"));
        }
        Op::Reformatted if is_text(&change.from) => "only layout or comments differ",
        Op::Reformatted => "the same, written otherwise",
        Op::Reordered => "in another order",
        Op::Added | Op::Removed | Op::Changed
            if diff.sides != Sides::Environments && is_identity(&change.path) =>
        {
            "another object: this one is deleted, and one is created"
        }
        _ => return None,
    };
    Some(remark.to_owned())
}

/// Whether a field is a part of what an object is known by.
fn is_identity(path: &Path) -> bool {
    path.is(&["metadata", "name"]) || path.is(&["metadata", "namespace"])
}

/// A place as it is shown: file and line.
pub(super) fn place(place: &Place) -> String {
    let file = place.file.as_deref().unwrap_or("<input>");
    match place.span.line {
        0 => line(file).into_owned(),
        number => line(&format!("{file}:{number}")).into_owned(),
    }
}
