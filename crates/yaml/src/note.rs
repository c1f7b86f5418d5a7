//! What belongs to an error or a finding beside its sentence.

use crate::place::Place;

/// What belongs to an error: another place that it is about, or a step on the way to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    /// What happened there, such as ``named by `resources` ``.
    pub message: String,
    /// Where.
    pub place: Option<Place>,
    /// What to try next there, if it is something of its own.
    pub help: Option<String>,
    /// Whether the place only says how we got there: its line is not shown.
    pub is_step: bool,
}
