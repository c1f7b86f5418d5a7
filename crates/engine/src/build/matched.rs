//! Counts how many resources each operator of a build matched.

use std::path::{Path, PathBuf};

use kustom_yaml::place::Place;

/// An operator of a kustomization, and how often it matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    /// What kind of operator it is.
    pub operator: Operator,
    /// The directory of its kustomization.
    pub directory: PathBuf,
    /// Its position in its field, counted from 0.
    pub index: usize,
    /// The file of the patch or the replacement, or the name of the image; empty if it has none.
    pub name: String,
    /// How many objects, images or fields' objects it met.
    pub count: usize,
    /// Where it is written.
    pub place: Place,
}

/// The operators that say nothing if they match nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operator {
    /// An entry of `patches`.
    Patch,
    /// An entry of `images`.
    Image,
    /// An entry of `replacements`.
    Replacement,
    /// A namespace that is moved; see [`NamespaceMap`](crate::transform::namespace_map::NamespaceMap).
    Namespace,
}

impl Operator {
    /// The field of a kustomization that it is an entry of.
    pub fn field(self) -> &'static str {
        match self {
            Self::Patch => "patches",
            Self::Image => "images",
            Self::Replacement => "replacements",
            Self::Namespace => "namespaces",
        }
    }

    /// One of them, as `expect` calls it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Image => "image",
            Self::Replacement => "replacement",
            Self::Namespace => "namespace",
        }
    }
}

impl Matched {
    pub(super) fn new(operator: Operator, directory: &Path, index: usize) -> Self {
        Self {
            operator,
            directory: directory.to_path_buf(),
            index,
            name: String::new(),
            count: 0,
            place: Place::default(),
        }
    }
}
