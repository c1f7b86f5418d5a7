//! A remark that does not stop us.
//!
//! Whoever finds something returns it as a value; how it is shown, and whether it fails the run,
//! is decided by the caller.

use crate::place::Place;

/// One remark: which rule, how bad, what, where, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name, such as `unmatched-patch`.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence, lower case, the user's words in backticks.
    pub message: String,
    /// Where, if it is somewhere.
    pub place: Option<Place>,
    /// Where else the same is to be seen.
    pub others: Vec<Place>,
    /// What to try next.
    pub help: Option<String>,
    /// What tells it from others of its rule in its file, whatever line it is on.
    pub identity: Option<String>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Note,
    /// Probably not what was meant; fails a strict run.
    Warning,
    /// Must be mended.
    Error,
}

impl Severity {
    /// Its name: `note`, `warning` or `error`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl Finding {
    /// A finding without a place.
    pub fn new(rule: &'static str, severity: Severity, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity,
            message: message.into(),
            place: None,
            others: Vec::new(),
            help: None,
            identity: None,
        }
    }

    /// A warning without a place.
    pub fn warning(rule: &'static str, message: impl Into<String>) -> Self {
        Self::new(rule, Severity::Warning, message)
    }

    /// An error without a place.
    pub fn error(rule: &'static str, message: impl Into<String>) -> Self {
        Self::new(rule, Severity::Error, message)
    }

    /// Sets the place.
    #[must_use]
    pub fn at(mut self, place: impl Into<Place>) -> Self {
        self.place = Some(place.into());
        self
    }

    /// Sets the line that says what to try next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
