//! Measures values, and charges copies of them to a budget.

use super::list::Verbatim;
use super::{Node, Value};
use crate::error::{Error, Kind, Result};
use crate::limits::{Budget, VALUE};

/// How deep collections may be nested, so that no value can exhaust the stack.
pub(super) const DEPTH: usize = 2000;

/// How large a tree of values is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// The texts in it, and [`VALUE`] for each value.
    pub bytes: u64,
    /// How deep it is nested; 0 for a scalar.
    pub depth: usize,
}

impl Size {
    /// The size of a value.
    pub fn of(node: &Node) -> Self {
        let mut size = Self::default();
        size.add(node, 0);
        size
    }

    /// Adds a value at a depth; most are scalars, which are added without a call.
    fn add(&mut self, node: &Node, depth: usize) {
        self.depth = self.depth.max(depth);
        let mut below = |child: &Node| match &child.value {
            Value::Scalar(text) => self.bytes += VALUE + text.len() as u64,
            _ => self.add(child, depth + 1),
        };
        let verbatim = match &node.value {
            Value::Seq(items) => items.as_verbatim().map(Verbatim::extent),
            Value::Map(entries) => entries.as_verbatim().map(Verbatim::extent),
            Value::Scalar(_) | Value::Alias(_) => None,
        };
        if let Some(extent) = verbatim {
            self.bytes += VALUE * (u64::from(extent.values) + 1) + u64::from(extent.bytes);
            self.depth = self.depth.max(depth + extent.depth as usize);
            return;
        }
        match &node.value {
            Value::Seq(items) => items.iter().for_each(&mut below),
            Value::Map(entries) => {
                for entry in entries {
                    below(&entry.key);
                    below(&entry.value);
                }
            }
            Value::Scalar(text) => self.bytes += text.len() as u64,
            Value::Alias(_) => {}
        }
        self.bytes += VALUE;
        if !node.items().is_empty() || !node.entries().is_empty() {
            self.depth = self.depth.max(depth + 1);
        }
    }
}

/// Charges a copy of a value that is put at a depth.
///
/// # Errors
///
/// If the build cannot pay for it, or the value would be nested too deep there.
pub fn charge_copy(budget: &Budget, operator: &str, value: &Node, depth: usize) -> Result<()> {
    let size = Size::of(value);
    if depth + size.depth > DEPTH {
        let message = format!("with {operator} collections are nested more than {DEPTH} deep");
        return Err(Error::new(Kind::Limit, message));
    }
    budget.charge(operator, size.bytes)
}
