//! Reads git's view of a work tree: its index, staged changes and ignored files.
//!
//! Everything is read from git's own files; no command is run.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use gix::ObjectId;
use gix::index::entry::{Mode, Stage};
use gix::objs::tree::EntryKind;
use gix::worktree::stack::state::ignore::Source;
use kustom_yaml::error::{Error, Kind, Result};
use rustc_hash::FxHashMap;

use super::open;
use super::repository::{self, Opened, TreeWalk, native};
use super::tracked::{Index, TrackedFiles};

/// A git repository and its work tree, if it has one.
pub struct WorkTree {
    root: PathBuf,
    is_bare: bool,
    repository: gix::ThreadSafeRepository,
}

/// The content of a file that git keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Blob(pub(super) ObjectId);

/// A file that git tracks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracked {
    /// Where it is, or would be.
    pub path: PathBuf,
    /// Its content in the index.
    pub blob: Blob,
    /// Whether the file on disk is, as far as its time and size tell, what the index has.
    pub is_unchanged: bool,
}

/// A file whose content in the index is not that of the last commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// Where it is, or would be.
    pub path: PathBuf,
    /// The content that would be committed.
    pub new: Blob,
    /// The content that was committed last, if the file was there.
    pub old: Option<Blob>,
}

/// Reads the contents that git keeps; each thread needs one of its own.
pub struct Blobs(gix::Repository);

impl Tracked {
    /// The content on disk.
    ///
    /// # Errors
    ///
    /// If it is not there, or no file any more.
    pub fn on_disk(&self) -> io::Result<Vec<u8>> {
        if fs::symlink_metadata(&self.path)?.is_file() {
            open::read(&self.path, open::largest_file())
        } else {
            Err(io::ErrorKind::NotFound.into())
        }
    }
}

impl WorkTree {
    /// The repository that a directory is in, if it is in one.
    ///
    /// `GIT_DIR` and `GIT_INDEX_FILE` are heeded for the work tree of the current directory, so that
    /// a hook sees what is about to be committed.
    ///
    /// # Errors
    ///
    /// If there is one, or what looks like one, that cannot be read: its format is unknown, its
    /// configuration, its index or its `HEAD` broken, what a `.git` leads to gone.
    pub fn discover(directory: &Path) -> Result<Option<Self>> {
        let Some(opened) = repository::repository(directory)? else {
            return Ok(None);
        };
        let tree = Self::from(opened);
        if !tree.is_bare {
            // It is read once; every caller needs the tracked files.
            tree.index(&tree.repository.to_thread_local())?;
        }
        Ok(Some(tree))
    }

    /// The root of the work tree, without links; of a bare repository its own directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether it has no work tree; what it tracks is what was committed last.
    pub fn is_bare(&self) -> bool {
        self.is_bare
    }

    /// The addresses of its remotes, as its configuration has them.
    pub fn remotes(&self) -> Vec<String> {
        let repository = self.repository.to_thread_local();
        let config = repository.config_snapshot();
        let sections = config.plumbing().sections_by_name("remote");
        let urls = sections.into_iter().flatten();
        urls.filter_map(|section| section.value("url"))
            .map(|url| url.to_string())
            .collect()
    }

    /// Whether it is a clone that was cut off, so that history is missing.
    ///
    /// # Errors
    ///
    /// If the file that says so cannot be read.
    pub fn is_shallow(&self) -> Result<bool> {
        let repository = self.repository.to_thread_local();
        repository
            .is_shallow()
            .map_err(|cause| self.cannot("the end of the history", cause))
    }

    /// A reader of contents.
    pub fn blobs(&self) -> Blobs {
        Blobs(self.repository.to_thread_local())
    }

    /// The files below a directory that git tracks, in the order of the index; of a bare repository
    /// all that were committed last.
    ///
    /// Links and submodules are left out: they have no content here.
    ///
    /// # Errors
    ///
    /// If the index or an object cannot be read.
    pub fn tracked(&self, below: &Path) -> Result<Vec<Tracked>> {
        let repository = self.repository.to_thread_local();
        if self.is_bare {
            return self.committed_files(&repository);
        }
        let index = self.index(&repository)?;
        let written = index.timestamp().unix_seconds();
        let mut files = Vec::new();
        for entry in index.entries() {
            let name = entry.path(&index);
            let path = self.root.join(native(name));
            if entry.mode.is_sparse() {
                // A directory that is not checked out stands in the index as a whole.
                self.add_tree(&repository, entry.id, &path, below, &mut files)?;
            } else if is_file(entry.mode) && path.starts_with(below) {
                files.push(Tracked {
                    is_unchanged: is_unchanged(&path, &entry.stat, written),
                    path,
                    blob: Blob(entry.id),
                });
            }
        }
        files.dedup_by(|later, earlier| later.path == earlier.path);
        Ok(files)
    }

    /// The files below a directory that git tracks, links included, here and in the submodules that
    /// are checked out; none in a bare repository.
    ///
    /// # Errors
    ///
    /// If an index cannot be read, or the repository of a submodule.
    pub fn tracked_files(&self, below: &Path) -> Result<TrackedFiles> {
        let mut indexes = Vec::new();
        self.add_indexes(below, &mut indexes)?;
        Ok(TrackedFiles::of(indexes))
    }

    /// Adds the indexes of the repository and of its submodules that can have files below a directory.
    fn add_indexes(&self, below: &Path, indexes: &mut Vec<Index>) -> Result<()> {
        if self.is_bare {
            return Ok(());
        }
        let index = self.index(&self.repository.to_thread_local())?;
        let names = index.entries().iter().map(|entry| entry.path(&index));
        if !names.is_sorted() {
            // Git refuses it, too; nothing can be looked up in it.
            return Err(self.cannot("git's index", "its entries are not in order"));
        }
        for submodule in self.submodules(&index, below)? {
            submodule.add_indexes(below, indexes)?;
        }
        indexes.push(Index::new(&self.root, below, index));
        Ok(())
    }

    /// The paths below a directory that the repositories of submodules track.
    ///
    /// # Errors
    ///
    /// If an index cannot be read, or the repository of a submodule.
    pub fn paths_in_submodules(&self, below: &Path) -> Result<Vec<PathBuf>> {
        let index = self.index(&self.repository.to_thread_local())?;
        let mut indexes = Vec::new();
        for submodule in self.submodules(&index, below)? {
            submodule.add_indexes(below, &mut indexes)?;
        }
        Ok(TrackedFiles::of(indexes).all())
    }

    /// The submodules that are checked out and can have files below a directory.
    fn submodules(&self, index: &gix::index::State, below: &Path) -> Result<Vec<Self>> {
        let entries = index.entries().iter().filter(|it| it.mode.is_submodule());
        let roots = entries.map(|entry| self.root.join(native(entry.path(index))));
        let roots = roots.filter(|root| root.starts_with(below) || below.starts_with(root));
        let opened = roots.map(|root| Ok(repository::submodule(&root)?.map(Self::from)));
        opened.filter_map(Result::transpose).collect()
    }

    fn committed_files(&self, repository: &gix::Repository) -> Result<Vec<Tracked>> {
        repository::has_readable_references(repository)?;
        let tree = repository::head_tree(repository)
            .map_err(|cause| self.cannot("the last commit", cause))?;
        let mut files = Vec::new();
        self.add_tree(repository, tree, &self.root, &self.root, &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// Adds the files of a tree that stands at a path.
    fn add_tree(
        &self,
        repository: &gix::Repository,
        tree: ObjectId,
        at: &Path,
        below: &Path,
        files: &mut Vec<Tracked>,
    ) -> Result<()> {
        let mut found = FxHashMap::default();
        gather(repository, tree, b"", &mut found)
            .map_err(|cause| self.cannot("a directory", cause))?;
        let found = found.into_iter().map(|(name, id)| Tracked {
            path: at.join(native(name.as_slice().into())),
            blob: Blob(id),
            is_unchanged: false,
        });
        let first = files.len();
        files.extend(found.filter(|file| file.path.starts_with(below)));
        files[first..].sort_by(|a, b| a.path.cmp(&b.path));
        Ok(())
    }

    /// The files that the next commit would change, in the order of the index.
    ///
    /// # Errors
    ///
    /// If the index or the last commit cannot be read, or there is no work tree.
    pub fn staged(&self) -> Result<Vec<Staged>> {
        if self.is_bare {
            let message = format!("`{}` is a bare repository", self.root.display());
            return Err(Error::new(Kind::Load, message)
                .help("nothing is staged in one; `kustom secrets check --history` searches what was committed"));
        }
        let repository = self.repository.to_thread_local();
        repository::has_readable_references(&repository)?;
        let mut committed: FxHashMap<Vec<u8>, ObjectId> = FxHashMap::default();
        let tree = repository::head_tree(&repository)
            .map_err(|cause| self.cannot("the last commit", cause))?;
        gather(&repository, tree, b"", &mut committed)
            .map_err(|cause| self.cannot("the last commit", cause))?;
        let index = self.index(&repository)?;
        let mut staged = Vec::new();
        let mut add = |name: &[u8], id: ObjectId| {
            let old = committed.get(name).copied();
            if old != Some(id) {
                staged.push(Staged {
                    path: self.root.join(native(name.into())),
                    new: Blob(id),
                    old: old.map(Blob),
                });
            }
        };
        for entry in index.entries() {
            let name = entry.path(&index);
            let is_ours = matches!(entry.stage(), Stage::Unconflicted | Stage::Ours);
            if entry.mode.is_sparse() {
                let mut inside = FxHashMap::default();
                gather(&repository, entry.id, name, &mut inside)
                    .map_err(|cause| self.cannot("a directory", cause))?;
                let mut inside: Vec<_> = inside.into_iter().collect();
                inside.sort();
                inside.into_iter().for_each(|(name, id)| add(&name, id));
            } else if is_file(entry.mode) && is_ours {
                add(name, entry.id);
            }
        }
        Ok(staged)
    }

    /// Which of some paths git ignores because a `.gitignore` of the repository says so.
    ///
    /// What the user's own configuration ignores does not count: others do not have it. A path
    /// that ends in a slash, or is a directory on disk, is asked for as a directory.
    ///
    /// # Errors
    ///
    /// If the index or a `.gitignore` cannot be read.
    pub fn ignored(&self, paths: &[PathBuf]) -> Result<Vec<bool>> {
        let repository = self.repository.to_thread_local();
        let index = self.index(&repository)?;
        let cannot = |cause: gix::Error| self.cannot("`.gitignore`", cause);
        let mut stack = repository
            .excludes(&index, None, Source::WorktreeThenIdMappingIfNotSkipped)
            .map_err(cannot)?;
        let mut answers = Vec::with_capacity(paths.len());
        for path in paths {
            let is_directory = path.is_dir() || path.as_os_str().to_string_lossy().ends_with('/');
            let mode = if is_directory { Mode::DIR } else { Mode::FILE };
            let Ok(inside) = path.strip_prefix(&self.root) else {
                answers.push(false);
                continue;
            };
            let asked = stack
                .at_path(inside, Some(mode))
                .map_err(|cause| self.cannot("`.gitignore`", cause))?;
            let found = asked.matching_exclude_pattern();
            answers.push(found.is_some_and(|found| {
                let is_shared = found
                    .source
                    .and_then(Path::file_name)
                    .is_some_and(|name| name == ".gitignore");
                is_shared && !found.pattern.is_negative()
            }));
        }
        Ok(answers)
    }

    fn index(&self, repository: &gix::Repository) -> Result<gix::worktree::Index> {
        repository
            .index_or_empty()
            .map_err(|cause| self.cannot("git's index", cause))
    }

    pub(super) fn cannot(
        &self,
        what: &str,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        let cause = cause.into();
        let why = repository::told(&*cause);
        let message = format!("cannot read {what} of `{}`: {why}", self.root.display());
        Error::new(Kind::Load, message)
            .caused_by(cause)
            .help("ask `git status` and `git fsck` what is wrong, and fix it")
    }

    pub(super) fn repository(&self) -> gix::Repository {
        self.repository.to_thread_local()
    }
}

impl From<Opened> for WorkTree {
    fn from(opened: Opened) -> Self {
        Self {
            root: opened.root,
            is_bare: opened.is_bare,
            repository: opened.repository.into_sync(),
        }
    }
}

impl Blobs {
    /// A content.
    ///
    /// # Errors
    ///
    /// If it is not there, as in a partial clone.
    pub fn read(&self, blob: Blob) -> Result<Vec<u8>> {
        let mut found = self
            .0
            .find_blob(blob.0)
            .map_err(|cause| lost(blob, cause))?;
        Ok(found.take_data())
    }
}

/// The error about a content that is not there.
pub(super) fn lost(blob: Blob, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(Kind::Load, format!("git has lost the object `{}`", blob.0))
        .caused_by(cause)
        .help("fetch it, or ask `git fsck` what else is missing")
}

/// The files of a tree by their paths.
fn gather(
    repository: &gix::Repository,
    tree: ObjectId,
    above: &[u8],
    files: &mut FxHashMap<Vec<u8>, ObjectId>,
) -> std::result::Result<(), gix::Error> {
    TreeWalk::default().each(repository, tree, above, &mut |path, kind, id| {
        if matches!(kind, EntryKind::Blob | EntryKind::BlobExecutable) {
            files.insert(path.to_vec(), id);
        }
    })
}

fn is_file(mode: Mode) -> bool {
    mode == Mode::FILE || mode == Mode::FILE_EXECUTABLE
}

/// The files below a directory that git tracks, those of submodules included, as absolute paths;
/// none outside of a repository.
///
/// # Errors
///
/// If there is a repository, or what looks like one, that cannot be read.
pub fn tracked_files(directory: &Path) -> Result<TrackedFiles> {
    match WorkTree::discover(directory)? {
        Some(tree) => tree.tracked_files(directory),
        None => Ok(TrackedFiles::default()),
    }
}

/// As git does: a file of the size and time of the index is that of the index, unless it may have
/// been written after the index was, within the same second.
pub(super) fn is_unchanged(path: &Path, stat: &gix::index::entry::Stat, written: i64) -> bool {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return false;
    };
    let Some(age) = metadata
        .modified()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
    else {
        return false;
    };
    metadata.is_file()
        && metadata.len() == u64::from(stat.size)
        && age.as_secs() == u64::from(stat.mtime.secs)
        && (stat.mtime.nsecs == 0 || age.subsec_nanos() == stat.mtime.nsecs)
        && i64::from(stat.mtime.secs) < written
}
