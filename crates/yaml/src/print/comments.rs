//! Prints comments of nodes.

use super::super::{Decor, Node};
use super::Printer;
use crate::cut::Cut as _;

impl Printer {
    /// Ends a line with its comment; blanks before it go.
    ///
    /// Further lines of the comment stand below it, at a column.
    pub(super) fn end_line(&mut self, comment: Option<&str>, column: usize) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
        if let Some(comment) = comment {
            if !self.out.is_empty() && !self.out.ends_with('\n') {
                self.out.push(' ');
            }
            for (number, line) in comment.split('\n').enumerate() {
                if number > 0 {
                    self.out.push('\n');
                    self.margin(column);
                }
                push_comment(&mut self.out, line);
            }
        }
        self.out.push('\n');
    }

    /// Whether a comment is printed below a value.
    pub(super) fn has_foot(&self, node: &Node) -> bool {
        self.comment(node, |decor| decor.foot.as_deref()).is_some()
    }

    /// Whether comments stand within a value; between brackets they have no place.
    pub(super) fn has_comments(&self, node: &Node) -> bool {
        let of_child = |child: &Node| {
            let decor = child.decor.as_deref();
            decor.is_some_and(|decor| {
                decor.head.is_some() || decor.line.is_some() || decor.foot.is_some()
            }) || self.has_comments(child)
        };
        self.options.comments
            && (node.items().iter().any(of_child)
                || node
                    .entries()
                    .iter()
                    .any(|entry| of_child(&entry.key) || of_child(&entry.value)))
    }

    /// The comment lines above a value.
    pub(super) fn head(&mut self, node: &Node, column: usize) {
        if let Some(comment) = self.comment(node, |decor| decor.head.as_deref()) {
            self.comment_lines(comment, column);
        }
    }

    /// The comments above the first child of a collection, from behind its dash on.
    pub(super) fn inline_head(&mut self, nodes: &[&Node], column: usize) {
        let start = self.out.len();
        for node in nodes {
            self.head(node, column);
        }
        let head = self.out.cut(start..);
        let margin = head.len() - head.trim_start_matches(' ').len();
        self.out.replace_range(start..start + margin, "");
    }

    /// The comment lines below a value.
    pub(super) fn foot(&mut self, node: &Node, column: usize) {
        if let Some(comment) = self.comment(node, |decor| decor.foot.as_deref()) {
            self.comment_lines(comment, column);
        }
    }

    /// A comment of a value, if comments are printed.
    pub(super) fn comment<'n>(
        &self,
        node: &'n Node,
        part: impl Fn(&'n Decor) -> Option<&'n str>,
    ) -> Option<&'n str> {
        if !self.options.comments {
            return None;
        }
        part(node.decor.as_deref()?)
    }

    fn comment_lines(&mut self, comment: &str, column: usize) {
        for line in comment.split('\n') {
            let line = line.trim();
            if !line.is_empty() {
                self.margin(column);
                push_comment(&mut self.out, line);
            }
            self.out.push('\n');
        }
    }
}

/// Whether a comment stands above a value.
pub(super) fn has_head(node: &Node) -> bool {
    node.decor
        .as_ref()
        .is_some_and(|decor| decor.head.is_some())
}

fn push_comment(out: &mut String, comment: &str) {
    if !comment.starts_with('#') {
        out.push_str("# ");
    }
    out.push_str(comment);
}
