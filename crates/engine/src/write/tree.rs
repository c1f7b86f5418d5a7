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
    let new = draft.path().join("new");
    fs::create_dir(&new).map_err(|cause| cannot_write(directory, cause))?;
    threads::get_ready();
    files.par_iter().try_for_each(|(path, content)| {
        write(&new, path, content).map_err(|cause| cannot_write(&directory.join(path), cause))
    })?;
    if fs::symlink_metadata(directory).is_ok() {
        let cause = io::ErrorKind::AlreadyExists.into();
        return Err(cannot_write(directory, cause));
    }
    fs::rename(&new, directory).map_err(|cause| cannot_write(directory, cause))
}

fn write(new: &Path, path: &Path, content: &[u8]) -> io::Result<()> {
    use io::Write as _;

    let path = new.join(path);
    fs::create_dir_all(path.parent().unwrap_or(new))?;
    let mut file = fs::File::create_new(path)?;
    file.write_all(content)?;
    at::sync(&file)
}
