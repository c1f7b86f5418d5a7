//! Places in files: a [`Span`] for machines, a [`Place`] for people.
//!
//! A span is small enough to be part of every YAML node. This module knows nothing of the contents
//! of files: the code that reads a file assigns it a [`SourceId`] and keeps the table from ids to
//! names.

use std::fmt;
use std::sync::Arc;

/// The number of a source text in the table of the code that read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceId(u32);

impl SourceId {
    /// No source: something made by us, not read.
    pub const NONE: Self = Self(0);

    /// The id of entry `index` of the table of sources.
    pub fn new(index: usize) -> Self {
        Self(u32::try_from(index + 1).unwrap_or(0))
    }

    /// The entry of the table of sources, or `None` for something that was not read.
    pub fn index(self) -> Option<usize> {
        (self.0 as usize).checked_sub(1)
    }
}

/// The bytes of a source that a value was written with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// Which source.
    pub source: SourceId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// Line of the first byte, counted from 1; 0 where nothing was read.
    pub line: u32,
    /// Column of the first byte, counted from 1 in characters; 0 where nothing was read.
    pub column: u32,
}

impl Span {
    /// The span as indices into its source.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Where something is, for people: `base/kustomization.yaml:3:1`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file, as the user would name it; `None` until someone who knows fills it in.
    pub file: Option<Arc<str>>,
    /// What was read there, and where in it.
    pub span: Span,
    /// The path of the field, such as `spec.template.spec.containers`, if known.
    pub field: Option<String>,
}

impl Place {
    /// A place that is a whole file.
    pub fn file(name: impl Into<Arc<str>>) -> Self {
        Self {
            file: Some(name.into()),
            ..Self::default()
        }
    }

    /// The place of `span` in a file that is already known.
    pub fn in_file(name: impl Into<Arc<str>>, span: Span) -> Self {
        Self {
            file: Some(name.into()),
            span,
            field: None,
        }
    }
}

impl From<Span> for Place {
    fn from(span: Span) -> Self {
        Self {
            span,
            ..Self::default()
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.file.as_deref().unwrap_or("<input>"))?;
        if self.span.line > 0 {
            write!(f, ":{}", self.span.line)?;
            if self.span.column > 0 {
                write!(f, ":{}", self.span.column)?;
            }
        }
        Ok(())
    }
}
