//! The files that git tracks, from its index and without running git.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use gix::bstr::{BString, ByteSlice as _};
use gix::index::Entry;

use super::repository::native;

/// The files that git tracks: one of them, or all below a directory, are found without a look at the others.
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
#[derive(Clone, Debug, Default)]
pub struct TrackedFiles {
    /// Paths that were listed, sorted.
    paths: Vec<PathBuf>,
    /// Indexes that are looked into as they are: a repository may track far more than a project has.
    indexes: Vec<Index>,
}

/// No file is tracked.
static NONE: TrackedFiles = TrackedFiles {
    paths: Vec::new(),
    indexes: Vec::new(),
};

impl TrackedFiles {
    /// Whether git tracks a file.
    pub fn contains(&self, path: &Path) -> bool {
        let listed = || {
            self.paths
                .binary_search_by(|known| known.as_path().cmp(path))
        };
        self.indexes.iter().any(|index| index.contains(path)) || listed().is_ok()
    }

    /// The files below a directory, sorted; a file of that name is one of them.
    pub fn below(&self, directory: &Path) -> Vec<PathBuf> {
        // Paths are ordered by their components, so that those below one directory stand together.
        let from = self
            .paths
            .partition_point(|path| path.as_path() < directory);
        let listed = self.paths[from..]
            .iter()
            .take_while(|path| path.starts_with(directory));
        let indexed = self.indexes.iter().flat_map(|index| index.below(directory));
        let mut found: Vec<PathBuf> = listed.cloned().chain(indexed).collect();
        found.sort();
        found.dedup();
        found
    }

    /// All of them, sorted.
    pub fn all(&self) -> Vec<PathBuf> {
        self.below(Path::new(""))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.indexes.iter().all(Index::is_empty)
    }

    /// Those of indexes, in which nothing is looked up yet.
    pub(super) fn of(indexes: Vec<Index>) -> Self {
        Self {
            indexes,
            ..Self::default()
        }
    }
}

impl FromIterator<PathBuf> for TrackedFiles {
    fn from_iter<T: IntoIterator<Item = PathBuf>>(paths: T) -> Self {
        let mut paths: Vec<PathBuf> = paths.into_iter().collect();
        paths.sort();
        paths.dedup();
        Self {
            paths,
            ..Self::default()
        }
    }
}

impl Default for &TrackedFiles {
    fn default() -> Self {
        &NONE
    }
}

/// What the index of a work tree has below a directory.
#[derive(Clone)]
pub(super) struct Index {
    /// The root of the work tree.
    root: PathBuf,
    /// The directory, within the root or above it.
    directory: PathBuf,
    entries: gix::worktree::Index,
}

impl Index {
    pub(super) fn new(root: &Path, directory: &Path, entries: gix::worktree::Index) -> Self {
        Self {
            root: root.to_path_buf(),
            directory: directory.to_path_buf(),
            entries,
        }
    }

    fn contains(&self, path: &Path) -> bool {
        let name = path.starts_with(&self.directory).then(|| self.name(path));
        let found = name
            .flatten()
            .map(|name| self.entries.entry_index_by_path(name.as_bstr()));
        found.is_some_and(|found| found.is_ok())
    }

    /// The paths below a directory, and that of a file of its name.
    fn below(&self, directory: &Path) -> impl Iterator<Item = PathBuf> {
        let (own, inside) = self.entries_below(directory);
        let names = own.into_iter().chain(inside);
        let names = names.map(|entry| entry.path(&self.entries));
        names.map(|name| self.root.join(native(name)))
    }

    fn is_empty(&self) -> bool {
        let (own, inside) = self.entries_below(&self.directory);
        own.is_none() && inside.is_empty()
    }

    /// The entry of a path, and those below it as a directory.
    fn entries_below(&self, path: &Path) -> (Option<&Entry>, &[Entry]) {
        // The deeper of both directories.
        let path = match self.directory.starts_with(path) {
            true => &self.directory,
            false if path.starts_with(&self.directory) => path,
            false => return (None, &[]),
        };
        match self.name(path) {
            Some(name) => {
                let own = self.entries.entry_index_by_path(name.as_bstr());
                let own = own.ok().map(|index| self.entries.entry(index));
                let mut prefix = name;
                prefix.push(b'/');
                let inside = self.entries.prefixed_entries(prefix.as_bstr());
                (own, inside.unwrap_or_default())
            }
            None if self.root.starts_with(path) => (None, self.entries.entries()),
            None => (None, &[]),
        }
    }

    /// What the index calls a path below the root.
    fn name(&self, path: &Path) -> Option<BString> {
        let inside = path.strip_prefix(&self.root).ok()?;
        let name = gix::path::into_bstr(Cow::Borrowed(inside)).ok()?;
        let name = gix::path::to_unix_separators_on_windows(name).into_owned();
        (!name.is_empty()).then_some(name)
    }
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.below(&self.directory)).finish()
    }
}
