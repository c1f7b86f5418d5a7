//! The files of `-s`, which stay in the working directory.

use std::path::PathBuf;

use kustom::error::Result;
use kustom::write::{self, Directory, New};

/// Writes files, all of them or none; directories are made for them.
///
/// A name is refused that leads out of the working directory, or through a link, unless it may lead
/// `anywhere`.
pub(super) fn write(files: Vec<(PathBuf, Vec<u8>)>, anywhere: bool) -> Result<()> {
    if anywhere {
        return write::files_with_directories(&files);
    }
    let files = files.into_iter();
    let files: Vec<New> = files
        .map(|(path, content)| New::over(path, content))
        .collect();
    Directory::new("")
        .without_links()
        .with_help("`--security-allow-write-any-path` lets `-s` write anywhere")
        .write(&files)
}
