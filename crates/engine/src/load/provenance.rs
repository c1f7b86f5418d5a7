//! Maps a text that was generated to the places where its parts were written.

use std::fmt;
use std::sync::Arc;

use kustom_yaml::place::{Place, Span};

/// Says of what stands in a made text where it was written: in a base, by a statement of a script,
/// in a template.
pub trait Provenance: fmt::Debug + Send + Sync {
    /// Where what stands at a span of the text was written.
    fn place(&self, span: Span) -> Place;

    /// The values that a template printed on the line of a span: the keys of each, with dots between
    /// them, and where it is written.
    fn values(&self, _span: Span) -> Vec<(String, Place)> {
        Vec::new()
    }

    /// The text that a script has made this one of, if one has.
    fn base(&self) -> Option<BaseText<'_>> {
        None
    }
}

/// A text that a script has made another of.
#[derive(Clone, Copy, Debug)]
pub struct BaseText<'p> {
    /// The file, as people call it.
    pub name: &'p str,
    /// Its bytes.
    pub content: &'p [u8],
    /// Where that was written, if it was made itself.
    pub provenance: Option<&'p dyn Provenance>,
}

/// The provenance of a file, if it was made.
pub type MadeBy = Option<Arc<dyn Provenance>>;
