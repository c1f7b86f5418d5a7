//! An open directory, and operations on its entries by name.
//!
//! Every name is looked up in the open directory only, so that a symbolic link which appears
//! meanwhile cannot redirect a write.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use rustix::fs::{self, AtFlags, Dir, FileType, Gid, Mode, OFlags, RawMode, Uid};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

/// A directory that only names are looked up in.
#[cfg(target_os = "linux")]
const DIRECTORY: OFlags = OFlags::PATH.union(OFlags::DIRECTORY);
#[cfg(not(target_os = "linux"))]
const DIRECTORY: OFlags = OFlags::DIRECTORY;

/// An open directory.
pub(super) struct At(OwnedFd);

/// The kind of a name's target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Directory,
    Link,
    File(Owned),
    /// A pipe, a socket or a device.
    Other,
}

/// Whose a file is, and who may do what with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owned {
    mode: RawMode,
    user: u32,
    group: u32,
}

impl Owned {
    /// Whether it is read-only.
    pub(super) fn is_read_only(self) -> bool {
        self.mode & 0o222 == 0
    }
}

impl At {
    /// Opens a directory, wherever the path leads.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let path = match path.as_os_str().is_empty() {
            true => Path::new("."),
            false => path,
        };
        Ok(Self(fs::open(
            path,
            DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )?))
    }

    /// The same directory, opened once more.
    pub(super) fn again(&self) -> io::Result<Self> {
        self.0.try_clone().map(Self)
    }

    /// Opens a directory in this one; a link is none.
    pub(super) fn child(&self, name: &OsStr) -> io::Result<Self> {
        let flags = DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(Self(fs::openat(&self.0, name, flags, Mode::empty())?))
    }

    /// The kind of a name's target, if it has one.
    pub(super) fn entry(&self, name: &OsStr) -> io::Result<Option<Entry>> {
        let found = match fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(found) => found,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        Ok(Some(match FileType::from_raw_mode(found.st_mode) {
            FileType::Directory => Entry::Directory,
            FileType::Symlink => Entry::Link,
            FileType::RegularFile => Entry::File(owned(&found)),
            _ => Entry::Other,
        }))
    }

    /// Whose the file is that a name leads to, be it through links.
    pub(super) fn owner(&self, name: &OsStr) -> io::Result<Owned> {
        Ok(owned(&fs::statat(&self.0, name, AtFlags::empty())?))
    }

    /// The target of a link.
    pub(super) fn link(&self, name: &OsStr) -> io::Result<PathBuf> {
        let target = fs::readlinkat(&self.0, name, Vec::new())?;
        Ok(OsString::from_vec(target.into_bytes()).into())
    }

    /// The names in this directory, in no order.
    pub(super) fn names(&self) -> io::Result<Vec<OsString>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let entries = Dir::new(fs::openat(&self.0, ".", flags, Mode::empty())?)?;
        let names =
            entries.map(|entry| Ok(OsString::from_vec(entry?.file_name().to_bytes().into())));
        names.collect()
    }

    pub(super) fn make_directory(&self, name: &OsStr, private: bool) -> io::Result<()> {
        let mode = if private { 0o700 } else { 0o777 };
        Ok(fs::mkdirat(&self.0, name, Mode::from_raw_mode(mode))?)
    }

    /// Makes a file that was not there.
    pub(super) fn create(&self, name: &OsStr, private: bool) -> io::Result<File> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(if private { 0o600 } else { 0o666 });
        Ok(File::from(fs::openat(&self.0, name, flags, mode)?))
    }

    /// Opens a regular file; a link, a pipe or a device is none.
    pub(super) fn file(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(fs::openat(&self.0, name, flags, Mode::empty())?);
        match file.metadata()?.is_file() {
            true => Ok(file),
            false => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is no regular file",
            )),
        }
    }

    pub(super) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(fs::renameat(&self.0, from, &self.0, to)?)
    }

    /// Gives a file a name that nothing has.
    pub(super) fn rename_new(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        match fs::linkat(&self.0, from, &self.0, to, AtFlags::empty()) {
            Ok(()) => self.remove_file(from),
            Err(error @ Errno::EXIST) => Err(error.into()),
            // A file system without hard links.
            Err(_) => match self.entry(to)? {
                Some(_) => Err(Errno::EXIST.into()),
                None => self.rename(from, to),
            },
        }
    }

    pub(super) fn remove_file(&self, name: &OsStr) -> io::Result<()> {
        Ok(fs::unlinkat(&self.0, name, AtFlags::empty())?)
    }

    pub(super) fn remove_directory(&self, name: &OsStr) -> io::Result<()> {
        Ok(fs::unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
    }
}

/// Makes a new file, which nobody but its owner can read so far, one like another: the same owner
/// and group where that is allowed, and the same mode. Who could not read the other cannot read
/// this.
pub(super) fn make_like(file: &File, other: Owned) {
    let Ok(own) = fs::fstat(file) else { return };
    let group = Gid::from_raw(other.group);
    let is_same_group = own.st_gid == other.group || fs::fchown(file, None, Some(group)).is_ok();
    if own.st_uid != other.user {
        // Only root may.
        let _ = fs::fchown(file, Some(Uid::from_raw(other.user)), None);
    }
    let mut mode = other.mode & 0o777;
    if !is_same_group {
        // Members of our group were among all others before.
        mode = mode & 0o707 | (mode & 0o007) << 3;
    }
    // A file system without modes has none to keep.
    let _ = fs::fchmod(file, Mode::from_raw_mode(mode));
}

/// Waits until a file is on the disk, where the file system knows of waiting.
pub(super) fn sync(file: &File) -> io::Result<()> {
    match fs::fsync(file) {
        Ok(()) | Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP | Errno::ROFS) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Whether no process of this machine has a number any more.
pub(super) fn is_gone(process: u32) -> bool {
    let process = i32::try_from(process).ok().and_then(Pid::from_raw);
    process.is_some_and(|process| test_kill_process(process) == Err(Errno::SRCH))
}

/// Tells apart the machines and containers that share a directory: in another one, the number of a
/// process means another process.
pub(super) fn machine() -> u64 {
    static MACHINE: LazyLock<u64> = LazyLock::new(|| {
        let mut hasher = DefaultHasher::new();
        rustix::system::uname().nodename().hash(&mut hasher);
        // Linux only: the namespace that numbers belong to.
        let namespace = fs::readlink("/proc/self/ns/pid", Vec::new());
        namespace.ok().hash(&mut hasher);
        hasher.finish()
    });
    *MACHINE
}

fn owned(found: &fs::Stat) -> Owned {
    Owned {
        mode: found.st_mode & 0o7777,
        user: found.st_uid,
        group: found.st_gid,
    }
}
