//! A string that knows where it was written.

use std::fmt;
use std::ops::Deref;

use super::{Node, Str};
use crate::place::Span;

/// A string and the place it was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// The string.
    pub text: Str,
    /// Where it was written.
    pub span: Span,
}

impl Text {
    /// The text of a scalar node with its place.
    pub fn of(node: &Node) -> Self {
        Self {
            text: node.text().unwrap_or_default().into(),
            span: node.span,
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self {
            text: text.into(),
            span: Span::default(),
        }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
