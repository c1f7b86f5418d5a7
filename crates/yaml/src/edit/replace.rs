//! Replaces one value by another in the text.
//!
//! The part of a value on the line of its key or dash is its head; the lines below are its body. A
//! comment behind the old head stays.

use super::super::Node;
use super::super::print::After;
use super::block::begins_with_head;
use super::comments::Feet;
use super::render::{self, Context, Rendered};
use super::site::{Site, is_absent};
use super::value::{Editor, Old, is_block, is_block_scalar};

impl<'t> Editor<'t> {
    /// Replaces a value with everything below it.
    pub(super) fn replace(&mut self, old: Old<'_>, new: &Node, context: Context) {
        let site = self.site(old);
        if context.in_flow {
            self.replace_in_flow(&site, &render::value(new, context).head);
        } else if context.after == After::Nothing {
            self.replace_root(old.node, &site, new, context);
        } else if is_block(old.node) {
            self.replace_block(old, new, context);
        } else if is_block_scalar(old.node) {
            self.replace_block_scalar(&site, new, context);
        } else {
            self.replace_inline(&site, new, context);
        }
    }

    fn replace_in_flow(&mut self, site: &Site, head: &str) {
        if site.properties < site.end {
            self.edit(site.properties, site.end, head);
        } else if site.has_colon {
            self.edit(site.gap, site.gap, format!(" {head}"));
        } else {
            self.edit(site.gap, site.gap, format!(": {head}"));
        }
    }

    /// Replaces a scalar, an alias, a value between brackets, or nothing at all.
    fn replace_inline(&mut self, site: &Site, new: &Node, context: Context) {
        let is_empty = site.properties == site.end;
        let starts_below = !is_empty && self.text.line_start(site.properties) > site.gap;
        let Some(line_end) = self.text.end_with_comment(site.end) else {
            // Something else stands on the line: only one line can go there.
            let one_line = Context {
                in_flow: true,
                ..context
            };
            return self.replace_in_flow(site, &render::value(new, one_line).head);
        };
        let context = match is_empty || starts_below {
            true => context,
            false => self.in_place(site, context),
        };
        let has_comment = self.text.skip_blanks(site.end) < line_end;
        let piece = self.fitting(new, context, line_end);
        let piece = beside_comment(piece, new, context, has_comment);
        if starts_below && !piece.lines.is_empty() {
            self.head(site.gap, site.gap, &piece.head);
            let line = self.text.line_end(site.gap);
            return self.lines(line, line_end, &piece.lines);
        }
        if !is_empty {
            self.head(site.properties, site.end, &piece.head);
        } else if site.has_colon || context.after == After::Dash {
            self.head(site.bare, site.bare, &piece.head);
        } else {
            // `? key` without a value.
            let margin = " ".repeat(context.column);
            self.edit(site.gap, site.gap, format!("\n{margin}: {}", piece.head));
        }
        self.lines(line_end, line_end, &piece.lines);
    }

    fn replace_block_scalar(&mut self, site: &Site, new: &Node, context: Context) {
        let header_end = self.text.word_end(site.start);
        let line_end = self.text.line_end(site.start);
        let end = site.end.max(line_end);
        let context = self.in_place(site, context);
        let piece = match self.in_old_lines(site, new, context) {
            Some(piece) => piece,
            None => self.fitting(new, context, end),
        };
        let has_comment = self.text.skip_blanks(header_end) < line_end;
        let piece = beside_comment(piece, new, context, has_comment);
        self.head(site.properties, header_end, &piece.head);
        self.lines(line_end, end, &piece.lines);
    }

    /// A block scalar where the lines of the old one stand.
    fn in_old_lines(&self, site: &Site, new: &Node, context: Context) -> Option<Rendered> {
        let line_end = self.text.line_end(site.start);
        let header = self.text.slice(site.start, self.text.word_end(site.start));
        // Empty lines below belong to the text only if they did before.
        if render::keeps_breaks(new) && !header.contains('+') {
            return None;
        }
        let old_lines = self.lines_of(line_end, site.end);
        let first = old_lines.iter().find(|line| !line.trim().is_empty())?;
        let margin = first.len() - first.trim_start_matches(' ').len();
        let end = site.end.max(line_end);
        let next = self.text.next_line(end);
        let is_before_blank = next < self.text.len() && self.text.is_blank_line(next);
        if (render::keeps_breaks(new) && is_before_blank) || self.follows_deeper(end, margin) {
            return None;
        }
        render::block_scalar(new, context, margin, &old_lines)
    }

    /// Replaces a block collection.
    fn replace_block(&mut self, old: Old<'_>, new: &Node, context: Context) {
        let site = self.site(old);
        let end = self.end_of_block(old, context.column);
        if self.text.line_start(site.start) <= site.gap {
            // `- a: 1`: the first child stands on the line of the dash.
            let piece = self.fitting(new, self.in_place(&site, context), end);
            let start = match piece.head.is_empty() {
                true => self.text.blanks_before(site.properties),
                false => site.properties,
            };
            return self.edit_lines(start, end, piece.joined());
        }
        let piece = self.fitting(new, context, end);
        let has_properties = site.properties < site.bare;
        let below = has_properties && self.text.line_start(site.properties) > site.gap;
        let (start, stop) = match has_properties && !below {
            true => (site.properties, site.bare),
            false => (site.gap, site.gap),
        };
        self.head(start, stop, &piece.head);
        self.lines(self.text.line_end(stop), end, &piece.lines);
    }

    /// Replaces the content of a document.
    fn replace_root(&mut self, old: &Node, site: &Site, new: &Node, context: Context) {
        if is_absent(old) && site.properties == site.end {
            return self.fill_document(site, new, context);
        }
        let end = match is_block(old) {
            true => self.end_with_feet(site.end, 0, &Feet::in_it(old)),
            false => site.end,
        };
        let mut text = self.fitting(new, context, end).joined();
        if text.is_empty() {
            text.push_str("null");
        }
        if !text.contains('\n') && !is_block(new) {
            return self.edit(site.properties, end, text);
        }
        // Several lines begin at the start of one, below a comment that stood beside the old value.
        let line_end = self.text.line_end(end);
        let comment = self.text.skip_blanks(end);
        let is_own_line = self.text.is_first_on_line(site.properties);
        let (start, blank) = match is_own_line {
            true if begins_with_head(old) => (
                self.text
                    .line_start(self.head_start(site.properties, site.gap)),
                "",
            ),
            true => (self.text.line_start(site.properties), ""),
            false => (self.text.blanks_before(site.properties), " "),
        };
        if comment < line_end {
            self.edit(start, comment, blank);
            self.edit_lines(line_end, line_end, format!("\n{text}"));
        } else if is_own_line || text.starts_with(['|', '>']) {
            self.edit_lines(start, line_end, format!("{blank}{text}"));
        } else {
            self.edit_lines(start, line_end, format!("\n{text}"));
        }
    }

    /// Writes the content of a document that had none, below its comments.
    fn fill_document(&mut self, site: &Site, new: &Node, context: Context) {
        let text = render::value(new, context).joined();
        if text.is_empty() {
            return;
        }
        let next = self.text.skip_trivia(site.gap);
        let at = match next < self.text.len() {
            true => self.text.line_start(next),
            false => next,
        };
        let needs_break = at > 0 && self.text.line_start(at) != at;
        let before = if needs_break { "\n" } else { "" };
        self.edit(at, at, format!("{before}{text}\n"));
    }

    /// The context of what takes the place of a token behind a dash.
    fn in_place(&self, site: &Site, mut context: Context) -> Context {
        if context.after == After::Dash {
            let column = self.text.column(site.properties);
            context.layout.dash = column.checked_sub(context.column);
            context.is_in_place = true;
        }
        context
    }

    /// Replaces the end of a line before its comment; an empty head takes its blank along.
    fn head(&mut self, start: usize, end: usize, head: &str) {
        if start < end && head.is_empty() {
            let blanks = self.text.blanks_before(start);
            self.edit(blanks.max(self.text.line_start(start)), end, "");
        } else if start < end {
            self.edit(start, end, head);
        } else if !head.is_empty() {
            self.edit(start, end, format!(" {head}"));
        }
    }

    /// Replaces whole lines: from the end of the line before them to their own end.
    fn lines(&mut self, start: usize, end: usize, lines: &str) {
        match lines.is_empty() {
            true => self.edit(start, end, ""),
            false => self.edit_lines(start, end, format!("\n{lines}")),
        }
    }

    /// The new value, in a form that what follows at `end` does not change.
    fn fitting(&self, new: &Node, context: Context, end: usize) -> Rendered {
        let is_risky = self.follows_deeper(end, context.column + 1);
        match render::tamed(new, is_risky) {
            Some(tame) => render::value(&tame, context),
            None => render::value(new, context),
        }
    }

    /// Whether a block scalar with lines at `margin` would swallow the lines behind it.
    pub(super) fn follows_deeper(&self, end: usize, margin: usize) -> bool {
        let mut line = self.text.next_line(end);
        while line < self.text.len() && self.text.is_blank_line(line) {
            if self.text.skip_blanks(line) - line > margin {
                return true;
            }
            line = self.text.next_line(line);
        }
        self.text
            .comment_column(line)
            .is_some_and(|column| column >= margin)
    }

    fn lines_of(&self, start: usize, end: usize) -> Vec<&'t str> {
        let start = self.text.next_line(start);
        match start < end {
            true => self.text.slice(start, end).lines().collect(),
            false => Vec::new(),
        }
    }

    /// The end of the last line of a block collection, with the comments that belong to it.
    fn end_of_block(&self, old: Old<'_>, parent: usize) -> usize {
        let column = self.text.column(self.first_lead(old));
        let end = self.site(old).end;
        let end = match column > parent {
            true => self.text.end_with_comments(end, column),
            false => self.text.line_end(end),
        };
        self.end_with_feet(end, column, &Feet::of(old.node))
    }
}

/// A block collection behind a dash goes on the lines below if a comment stands there.
fn beside_comment(piece: Rendered, new: &Node, context: Context, has_comment: bool) -> Rendered {
    if context.after == After::Dash && is_block(new) && has_comment {
        piece.below(context.column + context.layout.dash.unwrap_or(2))
    } else {
        piece
    }
}
