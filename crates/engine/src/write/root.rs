//! An open directory, and operations on paths below it that never lead out of it.

use std::io;
use std::path::{Path, PathBuf};

use super::at::At;

/// A directory that is not left.
pub(super) struct Root {
    pub(super) at: At,
    /// Its path without links.
    pub(super) path: PathBuf,
}

impl Root {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let path = match path.as_os_str().is_empty() {
            true => Path::new(".").canonicalize()?,
            false => path.canonicalize()?,
        };
        let at = At::open(&path)?;
        Ok(Self { at, path })
    }

    /// A directory below, by a path without links.
    pub(super) fn directory(&self, inside: &Path) -> io::Result<At> {
        inside
            .iter()
            .try_fold(self.at.again()?, |at, part| at.child(part))
    }

    pub(super) fn remove_directory(&self, inside: &Path) -> io::Result<()> {
        let parent = inside.parent().unwrap_or(Path::new(""));
        let name = inside.file_name().unwrap_or_default();
        self.directory(parent)?.remove_directory(name)
    }
}
