//! Collections in flow style.

use super::{Parent, Writer, is_simple_key};
use crate::{Entry, Node};

impl Writer {
    pub(super) fn flow_list(&mut self, node: &Node, items: &[Node], parent: Parent, indent: i32) {
        let mut is_divided = true;
        for (index, item) in items.iter().enumerate() {
            self.take_start(item);
            if index == 0 {
                self.open("[", parent);
            } else if !is_divided {
                self.indicator(",", false, false, false);
            }
            self.head_comment();
            if self.column == 0 {
                self.margin();
            }
            is_divided = self.has_comment_behind();
            self.start(item, Parent::Other, false);
            self.divide();
            self.children(item, Parent::Other, false, false);
        }
        if items.is_empty() {
            self.open("[", parent);
        }
        self.take_end(node, false, None);
        self.flow -= 1;
        self.indent = indent;
        if self.column == 0 {
            self.margin();
        }
        self.indicator("]", false, false, false);
        self.line_comment();
        self.foot_comment();
    }

    pub(super) fn flow_map(&mut self, node: &Node, entries: &[Entry], parent: Parent, indent: i32) {
        let mut is_divided = true;
        let mut tail = None;
        for (index, entry) in entries.iter().enumerate() {
            tail = self.take_key(&entry.key, tail);
            if index == 0 {
                self.open("{", parent);
            } else if !is_divided {
                self.indicator(",", false, false, false);
            }
            self.head_comment();
            if self.column == 0 {
                self.margin();
            }
            let is_simple = is_simple_key(&entry.key);
            if !is_simple {
                self.indicator("?", true, false, false);
            }
            self.start(&entry.key, Parent::Other, is_simple);
            self.children(&entry.key, Parent::Other, true, false);
            self.take_start(&entry.value);
            self.indicator(":", !is_simple, false, false);
            is_divided = self.has_comment_behind();
            self.start(&entry.value, Parent::Other, false);
            self.divide();
            self.children(&entry.value, Parent::Other, true, false);
        }
        if entries.is_empty() {
            self.open("{", parent);
        }
        self.take_end(node, false, tail);
        let pending = &self.comments;
        let has_more = pending.head.is_some() || pending.foot.is_some() || pending.tail.is_some();
        if has_more && !entries.is_empty() && !is_divided {
            self.indicator(",", false, false, false);
        }
        self.head_comment();
        self.flow -= 1;
        self.indent = indent;
        self.indicator("}", false, false, false);
        self.line_comment();
        self.foot_comment();
    }

    fn open(&mut self, bracket: &str, parent: Parent) {
        self.indicator(bracket, true, true, false);
        self.deepen(parent, true, false);
        self.flow += 1;
    }

    /// A comma comes before the comments behind a value.
    fn divide(&mut self) {
        if self.has_comment_behind() {
            self.indicator(",", false, false, false);
        }
        self.line_comment();
        self.foot_comment();
    }
}
