//! A part of a build that another build may take over: what it asked of the files, and the texts
//! that it read.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::sources::Source;
use super::traced::{Trace, TraceStart, Traced};
use super::{Loader, Remotes, SourceStore};

/// What a part of a build took from outside.
pub(crate) struct Part {
    /// Nothing where only the same build takes the part over.
    trace: Option<Trace>,
    /// The texts that it read, in the order of their numbers.
    sources: Vec<Source>,
}

impl Part {
    /// Whether it has asked for the same as another, and found the same.
    pub(crate) fn is_as(&self, other: &Self) -> bool {
        self.trace == other.trace
    }
}

/// Where a part of a build begins.
pub(crate) struct PartStart {
    trace: Option<TraceStart>,
    sources: usize,
    elsewhere: usize,
}

/// How often something was used that is no file of the build.
#[derive(Default)]
pub(super) struct Elsewhere(AtomicUsize);

impl<'f> SourceStore<'f> {
    /// The same, for a build whose parts others may take over.
    #[must_use]
    pub(crate) fn tracing(self, traced: &'f Traced<'f>) -> Self {
        Self {
            files: traced,
            traced: Some(traced),
            ..self
        }
    }

    /// Whether parts of other builds may be taken over.
    pub(crate) fn is_traced(&self) -> bool {
        self.traced.is_some()
    }

    /// The number that the next text will have.
    pub(crate) fn next_source(&self) -> usize {
        self.sources().len()
    }

    /// Begins a part.
    pub(crate) fn start_part(&self) -> PartStart {
        PartStart {
            trace: self.traced.map(Traced::start),
            sources: self.next_source(),
            elsewhere: self.elsewhere.0.load(Ordering::Relaxed),
        }
    }

    /// Ends a part; nothing if it depends on more than files.
    pub(crate) fn end_part(&self, start: PartStart) -> Option<Part> {
        let trace = self.traced.zip(start.trace);
        let trace = trace.map(|(traced, start)| traced.end(start));
        let has_left = self.elsewhere.0.load(Ordering::Relaxed) != start.elsewhere;
        match trace {
            Some(None) => None,
            _ if has_left => None,
            Some(trace) => Some(Part {
                trace,
                sources: self.sources().since(start.sources),
            }),
            None => Some(Part {
                trace: None,
                sources: Vec::new(),
            }),
        }
    }

    /// Whether the files here are what a part found; asks for all that the part has asked for.
    pub(crate) fn has_files_of(&self, part: &Part) -> bool {
        let trace = part.trace.as_ref();
        trace.is_none_or(|trace| trace.is_of(self.files))
    }

    /// Knows the texts of a part from now on; the next number must be the one that its first text has.
    pub(crate) fn take_over(&self, part: &Part) {
        self.sources().extend(&part.sources);
    }

    /// Takes notice that something is used that is no file of the build.
    pub(crate) fn go_elsewhere(&self) {
        self.elsewhere.0.fetch_add(1, Ordering::Relaxed);
    }

    /// What is fetched.
    pub(super) fn remotes(&self) -> &Arc<Remotes> {
        self.go_elsewhere();
        &self.remotes
    }
}

impl Loader<'_> {
    /// Whether the directory is in a repository that was named by its URL.
    pub(crate) fn is_remote(&self) -> bool {
        self.checkout.is_some()
    }

    /// Whether a directory is one of those that led here, or has one of them below it.
    pub(crate) fn is_led_from(&self, directory: &Path) -> bool {
        let mut ancestors = self.ancestors.iter();
        ancestors.any(|ancestor| ancestor.starts_with(directory))
    }
}
