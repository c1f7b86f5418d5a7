//! A difference as the comparison finds it, before it is classed and masked.

use super::path::Path;
use super::renames::Side;
use crate::yaml::{Node, Str};

/// A difference, before it is classed and masked.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) path: Path,
    pub(super) what: What,
    pub(super) from: Option<Node>,
    pub(super) to: Option<Node>,
    /// Where it is inside of a text.
    pub(super) is_embedded: bool,
    /// Whether all of it is a secret.
    pub(super) is_secret: bool,
    /// What makes both resources the same in this: where in memory, and what is shown there.
    pub(super) instead: Vec<(usize, Instead)>,
}

/// What is shown in the place of a value, if a difference is not to be seen.
#[derive(Clone, Debug)]
pub(super) enum Instead {
    /// Another value.
    Value(Node),
    /// Its items, in this order.
    Order(Vec<usize>),
    /// Nothing.
    Nothing,
}

/// What kind of difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A value that is there on one side, or another one.
    Value,
    /// A value that means the same and is written otherwise.
    Form,
    /// Another order of items.
    Order {
        /// Whether the order means something.
        counts: bool,
    },
    /// The same where something else was to be expected: which side, and what.
    Same(Side, Str),
}
