//! The user's cache of what is locked: repositories by their commit, files and charts by their
//! digest.
//!
//! Nothing in it is believed: whoever takes something from it holds it to the digest of the lock.
//! What cannot be written into it is fetched again the next time.

use std::env;
use std::path::{Path, PathBuf};

use kustom_yaml::cut::Cut as _;

use super::content::{Contents, laid_out, whole};
use super::lock::{Locked, digest_of, digest_of_files};
use super::{Disk, Files as _};
use crate::write;

/// How many digits of a digest tell directories of one commit from each other.
const DIGITS: usize = 16;

/// The directory of locked content, if its digest holds.
pub(super) fn directory(locked: &Locked) -> Option<PathBuf> {
    let path = path_of_directory(locked)?.canonicalize().ok()?;
    let contents = laid_out(&Disk, &path, "the cache", &locked.directories).ok()?;
    (digest_of_files(&contents) == locked.digest).then_some(path)
}

/// Keeps the content of a repository for later runs.
pub(super) fn keep_directory(locked: &Locked, contents: &Contents) {
    if let Some(path) = path_of_directory(locked) {
        let files = contents
            .iter()
            .map(|(name, bytes)| (PathBuf::from(name), bytes.clone()));
        // A cache that cannot be written is none.
        let _ = write::cached_tree(&path, &files.collect());
    }
}

/// The directory of a locked chart, if its digest holds.
pub(super) fn chart(digest: &str) -> Option<PathBuf> {
    let path = path_of_chart(digest)?.canonicalize().ok()?;
    let contents = laid_out(&Disk, &path, "the cache", &whole()).ok()?;
    (digest_of_files(&contents) == digest).then_some(path)
}

/// Keeps a chart for later runs.
pub(super) fn keep_chart(digest: &str, contents: Contents) {
    if let Some(path) = path_of_chart(digest) {
        let files = contents.into_iter();
        let files = files.map(|(name, bytes)| (PathBuf::from(name), bytes));
        let _ = write::cached_tree(&path, &files.collect());
    }
}

/// A file by its digest.
pub(super) fn file(digest: &str) -> Option<Vec<u8>> {
    let bytes = Disk.read(&path_of_file(digest)?).ok()?;
    (digest_of(&bytes) == digest).then_some(bytes)
}

/// Keeps a file for later runs.
pub(super) fn keep_file(digest: &str, bytes: &[u8]) {
    if let Some(path) = path_of_file(digest) {
        let _ = write::files_with_directories(&[(path, bytes.to_vec())]);
    }
}

fn path_of_directory(locked: &Locked) -> Option<PathBuf> {
    let commit = locked.commit.as_deref()?;
    let digest = locked.digest.strip_prefix("sha256:")?;
    let name = format!("{commit}-{}", digest.cut(..DIGITS));
    Some(root()?.join("git").join(name))
}

fn path_of_file(digest: &str) -> Option<PathBuf> {
    let digits = digest.strip_prefix("sha256:")?;
    Some(root()?.join("files").join(digits))
}

fn path_of_chart(digest: &str) -> Option<PathBuf> {
    let digits = digest.strip_prefix("sha256:")?;
    Some(root()?.join("charts").join(digits))
}

/// Where this system keeps what users can do without: `XDG_CACHE_HOME` if that is set, or else the
/// usual place.
///
/// Source: <https://specifications.freedesktop.org/basedir-spec/latest/>.
fn root() -> Option<PathBuf> {
    let directory = |name: &str| {
        let path = env::var_os(name).map(PathBuf::from);
        // The specification has relative paths ignored.
        path.filter(|path| path.is_absolute())
    };
    let usual = || {
        if cfg!(windows) {
            return directory("LOCALAPPDATA");
        }
        let below = if cfg!(target_os = "macos") {
            Path::new("Library/Caches")
        } else {
            Path::new(".cache")
        };
        Some(directory("HOME")?.join(below))
    };
    let root = directory("XDG_CACHE_HOME").or_else(usual)?;
    Some(root.join("kustom"))
}
