//! A directory by its path, where the system has no better handle: the same questions as of an open
//! one.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// A directory.
pub(super) struct At(PathBuf);

/// The kind of a name's target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Directory,
    Link,
    File(Owned),
    /// Something that cannot be replaced.
    Other,
}

/// The permissions of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owned {
    read_only: bool,
}

impl Owned {
    /// Whether it is read-only.
    pub(super) fn is_read_only(self) -> bool {
        self.read_only
    }
}

impl At {
    /// Opens a directory, wherever the path leads.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let path = match path.as_os_str().is_empty() {
            true => Path::new("."),
            false => path,
        };
        directory(path.canonicalize()?)
    }

    /// The same directory once more.
    pub(super) fn again(&self) -> io::Result<Self> {
        Ok(Self(self.0.clone()))
    }

    /// Opens a directory in this one; a link is none.
    pub(super) fn child(&self, name: &OsStr) -> io::Result<Self> {
        directory(self.0.join(name))
    }

    /// The kind of a name's target, if it has one.
    pub(super) fn entry(&self, name: &OsStr) -> io::Result<Option<Entry>> {
        let found = match fs::symlink_metadata(self.0.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            found => found?,
        };
        Ok(Some(if found.is_symlink() {
            Entry::Link
        } else if found.is_dir() {
            Entry::Directory
        } else if found.is_file() {
            Entry::File(owned(&found))
        } else {
            Entry::Other
        }))
    }

    /// The permissions of the file that a name leads to, through links too.
    pub(super) fn owner(&self, name: &OsStr) -> io::Result<Owned> {
        Ok(owned(&fs::metadata(self.0.join(name))?))
    }

    /// The target of a link.
    pub(super) fn link(&self, name: &OsStr) -> io::Result<PathBuf> {
        fs::read_link(self.0.join(name))
    }

    /// The names in this directory, in no order.
    pub(super) fn names(&self) -> io::Result<Vec<OsString>> {
        fs::read_dir(&self.0)?
            .map(|entry| Ok(entry?.file_name()))
            .collect()
    }

    pub(super) fn make_directory(&self, name: &OsStr, _: bool) -> io::Result<()> {
        fs::create_dir(self.0.join(name))
    }

    /// Makes a file that was not there.
    pub(super) fn create(&self, name: &OsStr, _: bool) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        options.open(self.0.join(name))
    }

    /// Opens a regular file.
    pub(super) fn file(&self, name: &OsStr) -> io::Result<File> {
        match self.entry(name)? {
            Some(Entry::File(_)) => File::open(self.0.join(name)),
            Some(_) => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is no regular file",
            )),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    /// Gives a file a name that nothing has.
    pub(super) fn rename_new(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        fs::hard_link(self.0.join(from), self.0.join(to))?;
        self.remove_file(from)
    }

    pub(super) fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }

    pub(super) fn remove_directory(&self, name: &OsStr) -> io::Result<()> {
        fs::remove_dir(self.0.join(name))
    }
}

fn directory(path: PathBuf) -> io::Result<At> {
    match fs::symlink_metadata(&path)?.is_dir() {
        true => Ok(At(path)),
        false => Err(io::ErrorKind::NotADirectory.into()),
    }
}

/// A new file is what the directory makes of it.
pub(super) fn make_like(_: &File, _: Owned) {}

/// Waits until a file is on the disk.
pub(super) fn sync(file: &File) -> io::Result<()> {
    file.sync_all()
}

/// Whether a process is gone; that is not known here, so that its drafts stay.
pub(super) fn is_gone(_: u32) -> bool {
    false
}

/// Machines are not told apart where no draft is removed.
pub(super) fn machine() -> u64 {
    0
}

fn owned(found: &fs::Metadata) -> Owned {
    Owned {
        read_only: found.permissions().readonly(),
    }
}
