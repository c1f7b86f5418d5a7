//! Edits comments that a program changed.

use super::super::print::After;
use super::super::{Decor, Entry, Node};
use super::render::Context;
use super::value::{Editor, Old, is_block, is_block_scalar};

impl Editor<'_> {
    /// Changes the comment on the line of a value.
    pub(super) fn line_comment(&mut self, old: Old<'_>, new: &Node, context: Context) {
        let Some(after) = changed(old.node, new, |decor| decor.line.as_deref()) else {
            return;
        };
        let site = self.site(old);
        let at = if is_block(old.node) {
            site.bare
        } else if is_block_scalar(old.node) {
            self.text.word_end(site.start)
        } else {
            site.end
        };
        let Some(end) = self.text.end_with_comment(at).filter(|_| !context.in_flow) else {
            return;
        };
        let text = after.map(|text| format!(" {}", commented(text)));
        self.edit(at, end, text.unwrap_or_default());
    }

    /// Changes the comments of an entry that are its key's, but for the one above it.
    pub(super) fn entry_comments(
        &mut self,
        key: Old<'_>,
        value: Old<'_>,
        new: &Entry,
        context: Context,
    ) {
        let line = changed(key.node, &new.key, |decor| decor.line.as_deref());
        let begins_below = is_block(value.node) && is_block(&new.value) && !context.in_flow;
        let at = self.site(value).bare;
        if let (Some(after), Some(end), true) = (line, self.text.end_with_comment(at), begins_below)
        {
            let text = after.map(|text| format!(" {}", commented(text)));
            self.edit(at, end, text.unwrap_or_default());
        }
        self.foot_comment(key, value, &new.key, context);
    }

    /// Changes the comment below a key or an item that ends with `last`.
    pub(super) fn foot_comment(
        &mut self,
        old: Old<'_>,
        last: Old<'_>,
        new: &Node,
        context: Context,
    ) {
        let Some(after) = changed(old.node, new, foot) else {
            return;
        };
        let is_root = context.after == After::Nothing;
        if context.in_flow || !(is_root || self.text.is_first_on_line(self.site(old).lead)) {
            return;
        }
        let end = self.text.line_end(self.site(last).end);
        let range = match old.node.decor.as_deref().and_then(foot) {
            Some(before) => self.lines_below(end, before),
            None => Some((end, end)),
        };
        let margin = " ".repeat(context.column);
        let lines: String = after
            .into_iter()
            .flat_map(str::lines)
            .map(|text| format!("\n{margin}{}", commented(text)))
            .collect();
        if let Some((start, end)) = range {
            self.edit(start, end, lines);
        }
    }

    /// The end of a child's lines with the comments that are its own: deeper ones right below, and
    /// those of `feet`, be they behind empty lines.
    pub(super) fn end_with_feet(&self, at: usize, column: usize, feet: &Feet<'_>) -> usize {
        let mut end = self.text.end_with_comments(at, column + 1);
        loop {
            let line = self.text.next_line(self.text.before_next(end));
            let last = self.text.line_end(line);
            if line <= end || !feet.has(self.text.slice(line, last)) {
                return end;
            }
            end = self.text.end_with_comments(last, column + 1);
        }
    }

    /// The lines of a comment that follows below `from`, with the line break before them.
    fn lines_below(&self, from: usize, comment: &str) -> Option<(usize, usize)> {
        let mut end = from;
        while end < self.text.len() && self.text.is_blank_line(self.text.next_line(end)) {
            end = self.text.line_end(self.text.next_line(end));
        }
        let start = end;
        for line in comment.lines() {
            let begin = self.text.next_line(end);
            let last = self.text.line_end(begin);
            if begin == end || self.text.slice(begin, last).trim() != line.trim() {
                return None;
            }
            end = last;
        }
        Some((start, end))
    }

    /// Changes the comment above a key or an item.
    pub(super) fn head_comment(&mut self, old: Old<'_>, new: &Node, context: Context) {
        let Some(after) = changed(old.node, new, |decor| decor.head.as_deref()) else {
            return;
        };
        let lead = self.site(old).lead;
        if context.in_flow || !self.text.is_first_on_line(lead) {
            return;
        }
        let margin = " ".repeat(context.column);
        let lines: String = after
            .into_iter()
            .flat_map(str::lines)
            .map(|text| format!("{margin}{}\n", commented(text)))
            .collect();
        let start = self.text.line_start(self.head_start(lead, 0));
        self.edit(start, self.text.line_start(lead), lines);
    }
}

/// The lines of the comments that stand below a child or what is in it.
#[derive(Debug, Default)]
pub(super) struct Feet<'n>(Vec<&'n str>);

impl<'n> Feet<'n> {
    /// Those of a value.
    pub(super) fn of(node: &'n Node) -> Self {
        let mut feet = Self::default();
        feet.gather(node);
        feet
    }

    /// Those of what is in a collection, without its own.
    pub(super) fn in_it(node: &'n Node) -> Self {
        let mut feet = Self::of(node);
        let own = node.decor.as_deref().and_then(foot).unwrap_or_default();
        feet.0
            .drain(..own.lines().filter(|line| !line.trim().is_empty()).count());
        feet
    }

    /// Those of the child with this number of a collection.
    pub(super) fn of_child(collection: &'n Node, number: usize) -> Self {
        let mut feet = Self::default();
        if let Some(item) = collection.items().get(number) {
            feet.gather(item);
        }
        if let Some(entry) = collection.entries().get(number) {
            feet.gather(&entry.key);
            feet.gather(&entry.value);
        }
        feet
    }

    fn gather(&mut self, node: &'n Node) {
        let foot = node.decor.as_deref().and_then(foot).unwrap_or_default();
        let lines = foot.lines().map(str::trim);
        self.0.extend(lines.filter(|line| !line.is_empty()));
        for item in node.items() {
            self.gather(item);
        }
        for entry in node.entries() {
            self.gather(&entry.key);
            self.gather(&entry.value);
        }
    }

    fn has(&self, line: &str) -> bool {
        self.0.contains(&line.trim())
    }
}

/// Whether a child has a comment below it, which what follows must not take for its own.
pub(super) fn has_foot(node: &Node) -> bool {
    node.decor.as_deref().and_then(foot).is_some()
}

/// The new comment, if it is another one.
///
/// A value from elsewhere that has none leaves the one that is there, unless it is within it.
fn changed<'n>(
    old: &Node,
    new: &'n Node,
    part: impl Fn(&Decor) -> Option<&str>,
) -> Option<Option<&'n str>> {
    let before = old.decor.as_deref().and_then(&part);
    let after = new.decor.as_deref().and_then(&part);
    let is_elsewhere = |text| after.is_none() && old.span != new.span && !carries(new, text);
    let is_kept = before == after || before.is_none_or(is_elsewhere) && after.is_none();
    (!is_kept).then_some(after)
}

/// Whether a comment stands in what a value is made of.
fn carries(node: &Node, text: &str) -> bool {
    let has = |node: &Node| {
        let decor = node.decor.as_deref();
        let comments = decor.map(|it| [&it.head, &it.line, &it.foot]);
        let mut comments = comments.into_iter().flatten().flatten();
        comments.any(|comment| comment == text) || carries(node, text)
    };
    node.items().iter().any(has)
        || node
            .entries()
            .iter()
            .any(|entry| has(&entry.key) || has(&entry.value))
}

fn foot(decor: &Decor) -> Option<&str> {
    decor.foot.as_deref()
}

fn commented(text: &str) -> String {
    let text = text.trim().replace('\n', " ");
    if text.starts_with('#') {
        text
    } else {
        format!("# {text}")
    }
}
