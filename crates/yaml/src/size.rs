//! Measures values, and charges copies of them to a budget.

use super::Node;
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
        let mut size = Self {
            bytes: VALUE + node.text().map_or(0, str::len) as u64,
            depth: 0,
        };
        let mut below = |child: &Node| {
            let child = Self::of(child);
            size.bytes = size.bytes.saturating_add(child.bytes);
            size.depth = size.depth.max(child.depth + 1);
        };
        node.items().iter().for_each(&mut below);
        for entry in node.entries() {
            below(&entry.key);
            below(&entry.value);
        }
        size
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
