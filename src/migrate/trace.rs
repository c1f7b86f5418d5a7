//! What a run would do: what it builds, and what of it nobody takes over.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::finding::Finding;
use crate::place::Place;

/// What was noticed in a run.
#[derive(Debug, Default)]
pub(super) struct Trace {
    pub(super) builds: Vec<Build>,
    pub(super) remarks: Vec<Finding>,
    /// Where it ends with a failure.
    pub(super) ended: Option<Place>,
    /// Paths that hold one unknown value: where environments may be.
    pub(super) paths: Vec<String>,
    /// What unknown values are compared with, by their numbers.
    pub(super) choices: BTreeMap<usize, BTreeSet<String>>,
}

/// A call of `kustomize build`, or of kubectl with `-k`.
#[derive(Clone, Debug)]
pub(super) struct Build {
    pub(super) directory: PathBuf,
    pub(super) flags: Flags,
    pub(super) at: Place,
    /// What its output goes through.
    pub(super) stages: Vec<Stage>,
    /// The file that it is written to.
    pub(super) to: Option<PathBuf>,
}

/// What is done to the output of a build.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stage {
    /// `envsubst`: the variables that it replaces, with their values.
    Variables {
        values: BTreeMap<String, String>,
        /// Whether others become the empty text.
        all: bool,
        at: Place,
    },
    /// A program that is not understood.
    Other { program: String, at: Place },
}

/// Flags of a build.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Flags {
    pub(super) helm: bool,
    pub(super) helm_api_versions: Vec<String>,
    pub(super) helm_kube_version: Option<String>,
    /// `--load-restrictor LoadRestrictionsNone`
    pub(super) reads_anywhere: bool,
    /// `--reorder legacy`
    pub(super) legacy_order: bool,
    /// `--enable-managedby-label`
    pub(super) managed_by: bool,
    /// Those that only the caller of kustom may say.
    pub(super) others: Vec<String>,
}

impl Trace {
    /// Notices something once.
    pub(super) fn remark(&mut self, finding: Finding) {
        let same = |known: &Finding| {
            known.message == finding.message
                && known.place.as_ref().map(|it| (&it.file, it.span.line))
                    == finding.place.as_ref().map(|it| (&it.file, it.span.line))
        };
        if !self.remarks.iter().any(same) {
            self.remarks.push(finding);
        }
    }
}
