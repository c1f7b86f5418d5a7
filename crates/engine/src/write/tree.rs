//! Writes a new directory: all of its files, or none.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::{at, cannot_write};
use kustom_yaml::error::Result;
use kustom_yaml::threads;

/// Writes a new directory as a whole or not at all: it is made beside its place, and moved there.
///
/// # Errors
///
/// If something is there already, or a file cannot be written.
pub fn tree(directory: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) -> Result<()> {
    let draft = draft(directory, files)?;
    if fs::symlink_metadata(directory).is_ok() {
        let cause = io::ErrorKind::AlreadyExists.into();
        return Err(cannot_write(directory, cause));
    }
    fs::rename(new(&draft), directory).map_err(|cause| cannot_write(directory, cause))
}

/// Writes a directory of a cache as a whole or not at all; what is there goes, and several
/// processes may do so at once.
///
/// The directories above it are made, for their owner alone.
///
/// # Errors
///
/// If a file cannot be written.
pub fn cached_tree(directory: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) -> Result<()> {
    let cannot = |cause| cannot_write(directory, cause);
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let parent = directory.parent().unwrap_or(Path::new("."));
    builder.recursive(true).create(parent).map_err(cannot)?;
    let draft = draft(directory, files)?;
    // The draft takes it along when it goes.
    let _ = fs::rename(directory, draft.path().join("old"));
    match fs::rename(new(&draft), directory) {
        // Another process was quicker.
        Err(_) if directory.is_dir() => Ok(()),
        renamed => renamed.map_err(cannot),
    }
}

/// Lays files out in a directory beside the one that they are for.
fn draft(directory: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) -> Result<tempfile::TempDir> {
    let parent = directory.parent().unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        builder.permissions(fs::Permissions::from_mode(0o700));
    }
    let draft = builder.prefix(".kustom-").tempdir_in(parent);
    let draft = draft.map_err(|cause| cannot_write(directory, cause))?;
    // The outer one is for its owner alone, the inner one is as directories usually are.
    let new = new(&draft);
    fs::create_dir(&new).map_err(|cause| cannot_write(directory, cause))?;
    threads::get_ready();
    files.par_iter().try_for_each(|(path, content)| {
        write(&new, path, content).map_err(|cause| cannot_write(&directory.join(path), cause))
    })?;
    Ok(draft)
}

/// The directory that a draft is for, before it is in its place.
fn new(draft: &tempfile::TempDir) -> PathBuf {
    draft.path().join("new")
}

fn write(new: &Path, path: &Path, content: &[u8]) -> io::Result<()> {
    use io::Write as _;

    let path = new.join(path);
    fs::create_dir_all(path.parent().unwrap_or(new))?;
    let mut file = fs::File::create_new(path)?;
    file.write_all(content)?;
    at::sync(&file)
}
