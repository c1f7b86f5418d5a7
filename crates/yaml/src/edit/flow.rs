//! Inserts and removes items of a flow collection.

use super::children::{ChildEdits, Chunk};
use super::value::Editor;

impl Editor<'_> {
    /// Takes old children out of a flow collection and puts new ones in.
    pub(super) fn flow_structure(&mut self, family: &ChildEdits<'_>, texts: &[String]) {
        let kept = family.kept();
        if kept.is_empty() {
            let site = self.site(family.old);
            let items = texts.join(", ");
            let text = match family.old.node.is_map() {
                true => format!("{{{items}}}"),
                false => format!("[{items}]"),
            };
            return self.edit(site.start, site.end, text);
        }
        self.remove_between(&family.chunks, &kept);
        for (after, run) in family.runs(texts) {
            self.insert_between(family, after, &run);
        }
    }

    /// Takes children out, each with one comma.
    fn remove_between(&mut self, chunks: &[Chunk], kept: &[usize]) {
        let mut from = 0;
        for &number in kept {
            if number > from {
                self.edit(chunks[from].lead, chunks[number].lead, "");
            }
            from = number + 1;
        }
        if from > 0 && from < chunks.len() {
            self.edit(chunks[from - 1].end, chunks[chunks.len() - 1].end, "");
        }
    }

    /// Puts children in, on lines of their own if their neighbour has one.
    fn insert_between(&mut self, family: &ChildEdits<'_>, after: Option<usize>, texts: &[&str]) {
        if texts.is_empty() {
            return;
        }
        let Chunk { lead, end } = family.chunks[after.unwrap_or(0)];
        let line = self.text.line_start(lead);
        let has_own_line = self.text.is_first_on_line(lead);
        let margin = self.text.slice(line, lead);
        let between = match has_own_line {
            true => format!(",\n{margin}"),
            false => ", ".to_owned(),
        };
        let joined = texts.join(&between);
        let Some(after) = after else {
            return self.edit(lead, lead, joined + &between);
        };
        // Behind the last one that stays, its comma goes with those behind it.
        let last = family.pairs.iter().rev().flatten().next();
        let is_cut = last == Some(&after) && after + 1 < family.chunks.len();
        if has_own_line && !is_cut {
            self.insert_below(end, margin, &joined);
        } else {
            self.edit(end, end, between + &joined);
        }
    }

    /// Puts lines below the child that ends at `end`, whose comment stays beside it.
    fn insert_below(&mut self, end: usize, margin: &str, lines: &str) {
        let comma = self.text.skip_blanks(end);
        let has_comma = self.text.byte(comma) == Some(b',');
        let behind = if has_comma { comma + 1 } else { end };
        match self.text.end_with_comment(behind) {
            Some(line_end) if has_comma => {
                self.edit(line_end, line_end, format!("\n{margin}{lines},"));
            }
            Some(line_end) => {
                self.edit(end, end, ",");
                self.edit(line_end, line_end, format!("\n{margin}{lines}"));
            }
            None => self.edit(end, end, format!(",\n{margin}{lines}")),
        }
    }
}
