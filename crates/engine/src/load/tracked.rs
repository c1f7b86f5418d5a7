//! Lists the files that git tracks, from the index and without running git.

use std::path::{Path, PathBuf};

use kustom_yaml::error::Result;

use super::WorkTree;

/// The files that git tracks, sorted: one of them, or all below a directory, are found without a look at the others.
///
/// # Example
///
/// ```
/// use std::path::{Path, PathBuf};
///
/// use kustom_engine::load::TrackedFiles;
///
/// let paths = ["/p/b", "/p/a/y", "/p/a/x", "/p/a-z"].map(PathBuf::from);
/// let tracked = TrackedFiles::from_iter(paths);
/// assert!(tracked.contains(Path::new("/p/b")) && !tracked.contains(Path::new("/p/a")));
/// assert_eq!(tracked.below(Path::new("/p/a")), [Path::new("/p/a/x"), Path::new("/p/a/y")]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrackedFiles(Vec<PathBuf>);

/// No file is tracked.
static NONE: TrackedFiles = TrackedFiles(Vec::new());

impl TrackedFiles {
    /// Whether git tracks a file.
    pub fn contains(&self, path: &Path) -> bool {
        let found = self.0.binary_search_by(|known| known.as_path().cmp(path));
        found.is_ok()
    }

    /// The files below a directory, sorted; a file of that name is one of them.
    pub fn below(&self, directory: &Path) -> &[PathBuf] {
        // Paths are ordered by their components, so that those below one directory stand together.
        let from = self.0.partition_point(|path| path.as_path() < directory);
        let rest = &self.0[from..];
        &rest[..rest.partition_point(|path| path.starts_with(directory))]
    }

    /// All of them, sorted.
    pub fn iter(&self) -> std::slice::Iter<'_, PathBuf> {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<PathBuf> for TrackedFiles {
    fn from_iter<T: IntoIterator<Item = PathBuf>>(paths: T) -> Self {
        let mut paths: Vec<PathBuf> = paths.into_iter().collect();
        // Git's index is nearly in this order.
        paths.sort();
        paths.dedup();
        Self(paths)
    }
}

impl<'t> IntoIterator for &'t TrackedFiles {
    type Item = &'t PathBuf;
    type IntoIter = std::slice::Iter<'t, PathBuf>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Default for &TrackedFiles {
    fn default() -> Self {
        &NONE
    }
}

/// The files below a directory that git tracks, those of submodules included, as absolute paths;
/// none outside of a repository.
///
/// # Errors
///
/// If there is a repository, or what looks like one, that cannot be read.
pub fn tracked_files(directory: &Path) -> Result<TrackedFiles> {
    match WorkTree::discover(directory)? {
        Some(tree) => Ok(tree.paths(directory)?.into_iter().collect()),
        None => Ok(TrackedFiles::default()),
    }
}
