//! Prints flow collections on one line.

use super::super::quoting::{self, Spot};
use super::super::{Entry, Node, Value};
use super::{Printer, is_simple_key};

impl Printer {
    /// A value between brackets, with everything below it.
    pub(crate) fn flow(&mut self, node: &Node) {
        match &node.value {
            Value::Scalar(text) => self.out.push_str(&quoting::inline(node, text, Spot::Flow)),
            Value::Alias(name) => {
                self.out.push('*');
                self.out.push_str(name);
            }
            Value::Seq(items) => {
                self.out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        self.out.push_str(", ");
                    }
                    self.properties(item);
                    self.flow(item);
                }
                self.out.push(']');
            }
            Value::Map(entries) => {
                self.out.push('{');
                for (index, entry) in entries.iter().enumerate() {
                    if index > 0 {
                        self.out.push_str(", ");
                    }
                    self.flow_entry(entry);
                }
                self.out.push('}');
            }
        }
    }

    pub(crate) fn flow_entry(&mut self, entry: &Entry) {
        if !is_simple_key(&entry.key) {
            self.out.push_str("? ");
        }
        self.properties(&entry.key);
        self.flow(&entry.key);
        if matches!(entry.key.value, Value::Alias(_)) {
            self.out.push(' ');
        }
        self.out.push_str(": ");
        self.properties(&entry.value);
        self.flow(&entry.value);
    }
}
