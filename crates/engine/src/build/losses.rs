//! Collects what a patch loses silently, for commands that report it.
//!
//! The work is done only if a caller asks for it; a plain build pays nothing.

use super::Context;
use crate::patch::Audit;

impl Context<'_> {
    /// What a patch is held against, if it is.
    pub(super) fn audit(&self) -> Option<Audit> {
        self.options.lint.then(Audit::default)
    }

    /// Notes what was seen of a patch.
    pub(super) fn note_audit(&mut self, audit: Option<Audit>) {
        self.findings
            .extend(audit.into_iter().flat_map(Audit::findings));
    }
}
