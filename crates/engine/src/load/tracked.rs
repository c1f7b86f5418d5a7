//! Lists the files that git tracks, from the index and without running git.

use std::path::{Path, PathBuf};

use kustom_yaml::error::Result;

use super::WorkTree;

/// The files below a directory that git tracks, those of submodules included, as absolute paths;
/// none outside of a repository.
///
/// # Errors
///
/// If there is a repository, or what looks like one, that cannot be read.
pub fn tracked_files(directory: &Path) -> Result<Vec<PathBuf>> {
    match WorkTree::discover(directory)? {
        Some(tree) => tree.paths(directory),
        None => Ok(Vec::new()),
    }
}
