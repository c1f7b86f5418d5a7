//! Inserts and removes lines of a block collection.

use super::super::Node;
use super::super::print::After;
use super::children::{ChildEdits, Chunk};
use super::comments::Feet;
use super::value::{Editor, Old, is_block_scalar};

/// Whether the first child of a collection has a comment above it.
pub(super) fn begins_with_head(node: &Node) -> bool {
    let key = node.entries().first().map(|entry| &entry.key);
    let decor = key
        .or(node.items().first())
        .and_then(|child| child.decor.as_deref());
    decor.is_some_and(|decor| decor.head.is_some())
}

impl Editor<'_> {
    /// Takes old children out of a block collection and puts new ones in.
    pub(super) fn block_structure(&mut self, family: &ChildEdits<'_>, texts: &[String]) {
        let kept = family.kept();
        if kept.is_empty() {
            return self.replaced_children(family, texts);
        }
        self.remove(family, &kept);
        for (after, run) in family.runs(texts) {
            self.insert(family, after, &run);
        }
    }

    /// Puts lines after an old child, or before the first one.
    fn insert(&mut self, family: &ChildEdits<'_>, after: Option<usize>, lines: &[&str]) {
        if lines.is_empty() {
            return;
        }
        let lines = lines.join("\n");
        let Some(after) = after else {
            return self.insert_first(family, &lines);
        };
        let end = self.end_with_foot(family.chunks[after], family.context.column);
        if after + 1 == family.chunks.len() && end >= self.text.len() {
            self.close_block_scalar(family.old);
        }
        self.edit_lines(end, end, format!("\n{lines}"));
    }

    /// Puts lines before the first old child, which may be on its way out.
    fn insert_first(&mut self, family: &ChildEdits<'_>, lines: &str) {
        let lead = family.chunks[0].lead;
        if !self.text.is_first_on_line(lead) {
            // The first line takes the place behind the dash.
            let margin = " ".repeat(family.context.column);
            let text = lines.strip_prefix(margin.as_str()).unwrap_or(lines);
            return self.edit(lead, lead, format!("{text}\n{margin}"));
        }
        // What stands above the first key of a document is about the document.
        let is_root = family.old.number == 0;
        let stays = family.pairs.contains(&Some(0));
        let at = match is_root && stays {
            true => lead,
            false => self.head_start(lead, self.site(family.old).gap),
        };
        let line = self.text.line_start(at);
        match self.text.previous_line(line) {
            Some(above) => {
                let end = self.text.line_end(above);
                self.edit(end, end, format!("\n{lines}"));
            }
            None => self.edit(line, line, format!("{lines}\n")),
        }
    }

    /// Writes other children where the old ones stood.
    fn replaced_children(&mut self, family: &ChildEdits<'_>, texts: &[String]) {
        let (Some(first), Some(last)) = (family.chunks.first(), family.chunks.last()) else {
            return;
        };
        let column = self.text.column(first.lead);
        let end = self.end_with_feet(last.end, column, &Feet::in_it(family.old.node));
        let text = texts.join("\n");
        if self.text.is_first_on_line(first.lead) {
            // What stands above the first key of a document is about the document, unless the key
            // has it.
            let start = match family.old.number {
                0 if !begins_with_head(family.old.node) => first.lead,
                _ => self.head_start(first.lead, self.site(family.old).gap),
            };
            return self.edit_lines(self.text.line_start(start), end, text);
        }
        let margin = " ".repeat(column);
        let text = text.strip_prefix(margin.as_str()).unwrap_or(&text);
        self.edit_lines(first.lead, end, text);
    }

    /// Takes out the children that are not kept.
    fn remove(&mut self, family: &ChildEdits<'_>, kept: &[usize]) {
        let chunks = &family.chunks;
        let gap = self.site(family.old).gap;
        let is_inline = !self.text.is_first_on_line(chunks[0].lead);
        let first_kept = kept[0];
        if is_inline && first_kept > 0 {
            let next = chunks[first_kept].lead;
            let head = self.head_start(next, chunks[first_kept - 1].end);
            self.edit(chunks[0].lead, self.text.skip_blanks(head), "");
        }
        let top = self.text.line_start(self.head_start(chunks[0].lead, gap));
        let is_top = self.text.previous_line(top).is_none();
        let mut kept = kept.iter().copied().peekable();
        for (number, chunk) in chunks.iter().enumerate() {
            if kept.next_if_eq(&number).is_some() || (is_inline && number < first_kept) {
                continue;
            }
            let mut end = self.extent(family, number);
            if number > 0 && self.keeps_breaks(family.values[number - 1]) {
                end = self.text.before_next(end);
            }
            let limit = family.limit(number, gap);
            self.remove_lines(chunk.lead, end, limit, is_top && number < first_kept);
        }
    }

    /// Takes out a child that stands on lines of its own, with the comment above it.
    ///
    /// One of its two line breaks goes with it: at the top of a text the one behind.
    fn remove_lines(&mut self, lead: usize, last: usize, limit: usize, is_top: bool) {
        let start = self.text.line_start(self.head_start(lead, limit));
        match self.text.previous_line(start).filter(|_| !is_top) {
            Some(above) => self.edit_lines(self.text.line_end(above), last, ""),
            None => self.edit(start, self.text.next_line(last), ""),
        }
    }

    /// Takes out all children: `{}` or `[]` stays.
    pub(super) fn emptied(&mut self, family: &ChildEdits<'_>, outer: super::render::Context) {
        let is_map = family.old.node.is_map();
        let token = if is_map { "{}" } else { "[]" };
        let site = self.site(family.old);
        let (Some(first), Some(last)) = (family.chunks.first(), family.chunks.last()) else {
            return;
        };
        let is_root = outer.after == After::Nothing;
        if is_root || self.text.line_start(site.start) <= site.gap {
            let start = match is_root {
                true => self.head_start(first.lead, site.gap),
                false => first.lead,
            };
            return self.edit(start, self.text.line_end(last.end), token);
        }
        self.edit(site.bare, site.bare, format!(" {token}"));
        for (number, chunk) in family.chunks.iter().enumerate() {
            let end = self.extent(family, number);
            self.remove_lines(chunk.lead, end, family.limit(number, site.bare), false);
        }
    }

    /// Where the comment lines right above a child begin; the child itself if there are none.
    ///
    /// `limit` is what must not be crossed.
    pub(super) fn head_start(&self, lead: usize, limit: usize) -> usize {
        let mut start = lead;
        if !self.text.is_first_on_line(lead) {
            return start;
        }
        let column = self.text.column(lead);
        let mut line = self.text.line_start(lead);
        while let Some(above) = self.text.previous_line(line) {
            let is_head = self.text.comment_column(above) == Some(column);
            if !is_head || (above <= limit && limit > 0) {
                break;
            }
            start = above;
            line = above;
        }
        start
    }

    /// The end of a child's lines, with the comments below that belong to it.
    pub(super) fn end_with_foot(&self, chunk: Chunk, column: usize) -> usize {
        let last = self.text.end_with_comments(chunk.end, column);
        let next = self.text.next_line(last);
        if next >= self.text.len() || self.text.is_blank_line(next) {
            return last;
        }
        // Comments right above what follows belong to that.
        let below = self.text.skip_blanks(next) - next;
        let end = self.text.line_end(chunk.end);
        let mut foot = last;
        while foot > end {
            let line = self.text.line_start(foot);
            if self.text.comment_column(line) != Some(below) {
                break;
            }
            let above = self.text.previous_line(line);
            foot = above.map_or(end, |above| self.text.line_end(above));
        }
        foot
    }

    /// Keeps a block scalar at the very end of the text from gaining a line break.
    fn close_block_scalar(&mut self, old: Old<'_>) {
        let Some((start, mark, end)) = self.open_header(old) else {
            return;
        };
        // Its header may have been replaced, or closed for a collection that ends with it too.
        let is_done = self
            .edits
            .iter()
            .any(|edit| edit.start >= start && edit.end <= end.max(mark));
        if !is_done {
            self.edit(mark, end, "-");
        }
    }

    /// The header of a block scalar that a value ends with and that would gain a line break if one
    /// followed it: where it begins, and the range that a `-` should take.
    pub(super) fn open_header(&self, old: Old<'_>) -> Option<(usize, usize, usize)> {
        let (scalar, start) = self.last_block_scalar(old)?;
        let end = self.text.word_end(start);
        let header = self.text.slice(start, end);
        if header.contains('-') || scalar.text()?.ends_with('\n') || scalar.text() == Some("") {
            return None;
        }
        Some(match header.find('+') {
            Some(at) => (start, start + at, start + at + 1),
            None => (start, end, end),
        })
    }

    /// The block scalar that a value ends with, if it does, and where its header stands.
    fn last_block_scalar<'n>(&self, old: Old<'n>) -> Option<(&'n Node, usize)> {
        let Old {
            mut node,
            mut number,
        } = old;
        loop {
            if let Some(entry) = node.entries().last() {
                let numbers = self.sites.entries(number, node.entries().len());
                (node, number) = (&entry.value, numbers.last()?.1);
            } else if let Some(item) = node.items().last() {
                let numbers = self.sites.items(number, node.items().len());
                (node, number) = (item, *numbers.last()?);
            } else {
                break;
            }
        }
        is_block_scalar(node).then(|| (node, self.sites.of(number).start))
    }

    /// Whether a value ends with a block scalar to which empty lines below it belong.
    fn keeps_breaks(&self, value: Old<'_>) -> bool {
        self.last_block_scalar(value).is_some_and(|(_, start)| {
            let end = self.text.word_end(start);
            self.text.slice(start, end).contains('+')
        })
    }
}
