//! What git tracks: the index, read without running git.

use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};

/// The files below a directory that git tracks, as absolute paths; none outside of a repository.
///
/// # Errors
///
/// If there is a repository but its index cannot be read.
pub fn tracked_files(directory: &Path) -> Result<Vec<PathBuf>> {
    let Some((repository, root)) = repository(directory) else {
        return Ok(Vec::new());
    };
    let index = repository.index_or_empty().map_err(|cause| {
        Error::new(
            Kind::Load,
            format!("cannot read git's index of `{}`", root.display()),
        )
        .caused_by(cause)
    })?;
    let Ok(inside) = directory.strip_prefix(&root) else {
        return Ok(Vec::new());
    };
    let paths = index.entries().iter().map(|entry| entry.path(&index));
    Ok(paths
        .map(|path| path.to_string())
        .filter(|path| Path::new(path).starts_with(inside))
        .map(|path| root.join(path))
        .collect())
}

/// The repository that a directory is in, and the root of its work tree without links.
pub(super) fn repository(directory: &Path) -> Option<(gix::Repository, PathBuf)> {
    let repository = gix::discover(directory).ok()?;
    let root = repository.workdir()?.canonicalize().ok()?;
    Some((repository, root))
}
