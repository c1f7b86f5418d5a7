//! The only door for writing.
//!
//! A file is written whole or not at all: to a new file with an unpredictable name, with the
//! mode of the file that it replaces before there is anything in it; then it is synced and renamed.
//! Of several files none is renamed before all are written; where one cannot be, nothing is left
//! behind, directories included.
//!
//! [`file()`] and [`files`] go where the user's path leads, through links, as kustomize's `-o` does.
//! A [`Directory`] is left by nothing that is written into it. [`Scratch`] is for programs, and is
//! gone afterwards.

#[cfg(unix)]
mod at;
#[cfg(not(unix))]
#[path = "at_path.rs"]
mod at;
mod directory;
mod draft;
mod root;
mod scratch;
mod tree;

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use kustom_yaml::error::{Error, Kind, Result};

use draft::{Spot, publish};

pub use directory::{Batch, Directory, New};
pub use scratch::Scratch;
pub use tree::{cached_tree, tree};

/// How many links may lead to each other.
const MOST_LINKS: usize = 40;

/// The directory of git's own files.
const GIT: &str = ".git";

/// Whether a path leads into a directory of git's own files, on any file system.
pub fn is_of_git(path: &Path) -> bool {
    let mut parts = path.components();
    parts.any(|part| part.as_os_str().eq_ignore_ascii_case(GIT))
}

/// Writes a file where its path leads, through links, be they dangling; into a pipe or a device as
/// it is.
///
/// # Errors
///
/// If the file is a directory, is read-only, or cannot be written; it is as it was then.
pub fn file(path: &Path, content: &[u8]) -> Result<()> {
    // A pipe or a device cannot be replaced, only written to, and neither can what is open already.
    if is_descriptor(path) || fs::metadata(path).is_ok_and(|found| !is_plain(&found)) {
        let open = OpenOptions::new().write(true).truncate(true).open(path);
        let written = open.and_then(|mut file| file.write_all(content));
        return match written {
            // A reader that has gone away is no error.
            Err(cause) if cause.kind() != io::ErrorKind::BrokenPipe => {
                Err(cannot_write(path, cause))
            }
            _ => Ok(()),
        };
    }
    publish(vec![Spot::led(path)?], &[content])
}

/// Writes files, each as [`file()`] does; nothing is changed before all of them can be.
///
/// # Errors
///
/// If one of them cannot be written, or is no regular file.
pub fn files(files: &[(PathBuf, Vec<u8>)]) -> Result<()> {
    let spots = files.iter().map(|(path, _)| Spot::led(path));
    let spots = spots.collect::<Result<Vec<_>>>()?;
    let contents: Vec<&[u8]> = files.iter().map(|(_, content)| &**content).collect();
    publish(spots, &contents)
}

/// The same, with the directories that are missing made before.
///
/// # Errors
///
/// As for [`files`]; directories that were made are gone then.
pub fn files_with_directories(all: &[(PathBuf, Vec<u8>)]) -> Result<()> {
    let made = directory::Made::default();
    for (path, _) in all {
        let parent = path.parent().unwrap_or(Path::new(""));
        made.make(parent)
            .map_err(|cause| cannot_write(path, cause))?;
    }
    files(all)?;
    made.keep();
    Ok(())
}

/// Writes a file in the place of what has its name: of a link the link itself, and what it leads to
/// stays as it is.
///
/// # Errors
///
/// If what is there is no file or is read-only, or the file cannot be written.
pub fn replacement(path: &Path, content: &[u8]) -> Result<()> {
    publish(vec![Spot::named(path)?], &[content])
}

/// Whether a file may be replaced by [`replacement`]: a link may, whatever it leads to.
///
/// # Errors
///
/// If the file is read-only, or does not exist.
pub fn check_replaceable(path: &Path) -> Result<()> {
    Spot::named(path).map(drop)
}

/// A regular file or a directory.
fn is_plain(found: &fs::Metadata) -> bool {
    found.is_file() || found.is_dir()
}

/// Whether a path names what the caller has opened: `/dev/stdout`, `/dev/fd/3`.
fn is_descriptor(path: &Path) -> bool {
    ["/dev/stdout", "/dev/stderr"]
        .iter()
        .any(|name| path == Path::new(name))
        || path.starts_with("/dev/fd")
        || path.starts_with("/proc/self/fd")
}

#[cold]
fn cannot_write(path: &Path, cause: io::Error) -> Error {
    let directory = path.parent().filter(|above| !above.as_os_str().is_empty());
    if let Some(directory) = directory.filter(|_| cause.kind() == io::ErrorKind::NotFound)
        && !directory.exists()
    {
        let directory = directory.display();
        let message = format!(
            "cannot write `{}`: there is no directory `{directory}`",
            path.display()
        );
        let help = format!("make it first: `mkdir -p {directory}`");
        return Error::new(Kind::Output, message)
            .caused_by(cause)
            .help(help);
    }
    let file = path.ancestors().skip(1).find(|above| above.is_file());
    if let Some(file) = file {
        let file = file.display();
        let message = format!("cannot write `{}`: `{file}` is a file", path.display());
        return Error::new(Kind::Output, message)
            .caused_by(cause)
            .help(format!("write into another directory, or rename `{file}`"));
    }
    let why = match cause.kind() {
        io::ErrorKind::NotFound if path.is_symlink() => {
            "it is a link that leads nowhere".to_owned()
        }
        io::ErrorKind::NotFound => "the directory takes no files".to_owned(),
        io::ErrorKind::PermissionDenied => "permission is denied".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::IsADirectory => "there is a directory of that name".to_owned(),
        _ => cause.to_string(),
    };
    let message = format!("cannot write `{}`: {why}", path.display());
    Error::new(Kind::Output, message)
        .caused_by(cause)
        .help("write to a file in another directory")
}

#[cold]
fn refused(path: &Path, why: &str) -> Error {
    let message = format!("cannot write `{}`: {why}", path.display());
    Error::new(Kind::Output, message)
}

#[cfg(all(test, unix))]
mod tests;
