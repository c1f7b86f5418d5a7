//! Comments: above a value, behind it, below it.
//!
//! A comment is noted when its value is printed, and written at the next place for comments of its
//! kind, which may belong to another value.

use super::Writer;
use crate::{Decor, Node, Str, Style, Value};

/// Comments on their way from the value they belong to to the place where they are written.
#[derive(Default)]
pub(super) struct Comments {
    pub(super) head: Option<Str>,
    pub(super) line: Option<Str>,
    pub(super) foot: Option<Str>,
    /// What is below the entry before.
    pub(super) tail: Option<Str>,
    /// The line comment of a key, until its value is known.
    pub(super) key_line: Option<Str>,
}

impl Writer {
    /// Notes the comments of a value that comes next.
    pub(super) fn take(&mut self, decor: Option<&Decor>, tail: Option<Str>) {
        let pending = &mut self.comments;
        if let Some(decor) = decor {
            for (from, to) in [
                (&decor.head, &mut pending.head),
                (&decor.line, &mut pending.line),
                (&decor.foot, &mut pending.foot),
            ] {
                if let Some(text) = from.as_ref().filter(|text| !text.is_empty()) {
                    *to = Some(text.clone());
                }
            }
        }
        if tail.is_some() {
            pending.tail = tail;
        }
    }

    /// Notes what comes before a collection.
    pub(super) fn take_start(&mut self, node: &Node) {
        match (&node.value, node.decor.as_deref()) {
            (Value::Map(_) | Value::Seq(_), Some(decor)) => {
                let head = decor.head.clone();
                let start = Decor {
                    head,
                    ..Decor::default()
                };
                self.take(Some(&start), None);
            }
            (_, decor) => self.take(decor, None),
        }
    }

    /// Notes what comes behind a collection.
    pub(super) fn take_end(&mut self, node: &Node, is_root: bool, tail: Option<Str>) {
        let decor = node.decor.as_deref().map(|decor| Decor {
            line: decor.line.clone(),
            foot: decor.foot.clone().filter(|_| !is_root),
            ..Decor::default()
        });
        self.take(decor.as_ref(), tail);
    }

    /// Notes the comments of a key, and gives back what has to wait for the next one.
    pub(super) fn take_key(&mut self, key: &Node, tail: Option<Str>) -> Option<Str> {
        let decor = key.decor.as_deref().map(|decor| Decor {
            head: decor.head.clone(),
            line: decor.line.clone().filter(|_| key.is_scalar()),
            ..Decor::default()
        });
        self.take(decor.as_ref(), tail);
        let foot = key.decor.as_ref()?.foot.clone();
        foot.filter(|foot| !foot.is_empty())
    }

    /// The comment behind a key goes behind a scalar, or before a block.
    pub(super) fn key_line_comment(&mut self, value: &Node) {
        if self.comments.key_line.is_none() {
            return;
        }
        if value.is_scalar() {
            if self.comments.line.is_none() {
                self.comments.line = self.comments.key_line.take();
            }
        } else if (value.is_map() || value.is_seq()) && value.style != Style::Flow {
            let own = self.comments.line.take();
            self.comments.line = self.comments.key_line.take();
            self.line_comment();
            self.comments.line = own;
        }
    }

    pub(super) fn head_comment(&mut self) {
        if let Some(tail) = self.comments.tail.take() {
            self.margin();
            self.comment(&tail);
            self.foot_indent = self.indent.max(0);
        }
        if let Some(head) = self.comments.head.take() {
            self.margin();
            self.comment(&head);
        }
    }

    pub(super) fn line_comment(&mut self) {
        if let Some(line) = self.comments.line.take() {
            self.space();
            self.comment(&line);
        }
    }

    pub(super) fn foot_comment(&mut self) {
        if let Some(foot) = self.comments.foot.take() {
            self.margin();
            self.comment(&foot);
            self.foot_indent = self.indent.max(0);
        }
    }

    pub(super) fn comment(&mut self, text: &str) {
        for (index, line) in text.split('\n').enumerate() {
            if index > 0 {
                self.line_break();
            }
            if line.is_empty() {
                continue;
            }
            if index > 0 {
                self.margin();
            }
            if !line.starts_with('#') {
                self.push_str("# ");
            }
            self.push_str(line);
            self.is_margin = false;
        }
        if !text.ends_with('\n') {
            self.line_break();
        }
        self.is_space = true;
    }

    pub(super) fn has_comment_behind(&self) -> bool {
        let pending = &self.comments;
        pending.line.is_some() || pending.foot.is_some() || pending.tail.is_some()
    }
}
