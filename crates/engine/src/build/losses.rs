//! Collects what a patch loses silently, for commands that report it.
//!
//! The work is done only if a caller asks for it; a plain build pays nothing.

use kustom_yaml::cut::Cut as _;
use kustom_yaml::{Inset, Node, Text};

use super::Context;
use super::target::KustTarget;
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

    /// Gives what was read from a text in another file its places there, if somebody will be told
    /// of them; `read` is the part of the text that was read.
    pub(super) fn settle<'n>(
        &self,
        target: &KustTarget<'_>,
        text: &Text,
        read: &str,
        nodes: impl Iterator<Item = &'n mut Node>,
    ) {
        if !self.options.lint {
            return;
        }
        let inset = match target.loader.library().text(text.span) {
            Some(file) => {
                let inset = Inset::new(&file, text);
                inset.after(text.cut(..text.find(read).unwrap_or(0)))
            }
            None => Inset::whole(text),
        };
        nodes.for_each(|node| inset.settle(node));
    }
}
