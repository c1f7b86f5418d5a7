//! The files of `-s`, which stay in the working directory.

use std::fs;
use std::path::{Component, Path, PathBuf};

use kustom::error::{Error, Kind, Result};
use kustom::load::normalized;

use crate::cli::build::working_directory;
use crate::cli::output::write_file;

/// Writes files, once it is known of all of them that they may be written.
///
/// A name is refused that leads out of the working directory, or through a link, unless it may lead
/// `anywhere`.
pub(super) fn write(files: Vec<(PathBuf, Vec<u8>)>, anywhere: bool) -> Result<()> {
    let here = working_directory()?;
    let mut placed = Vec::with_capacity(files.len());
    for (name, content) in files {
        let path = if anywhere {
            name
        } else {
            within(&here, &name)?
        };
        placed.push((path, content));
    }
    for (path, content) in placed {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(|error| {
                let message = format!("cannot make `{}`: {error}", parent.display());
                Error::new(Kind::Output, message)
            })?;
        }
        write_file(&path, &content)?;
    }
    Ok(())
}

/// The place of a file in a directory.
fn within(here: &Path, name: &Path) -> Result<PathBuf> {
    let path = normalized(&here.join(name));
    let inside = match path.strip_prefix(here) {
        Ok(inside) if !inside.as_os_str().is_empty() => inside,
        _ => return Err(refused(name, "leads out of the working directory")),
    };
    let mut at = here.to_path_buf();
    let mut parts = inside.components().peekable();
    while let Some(part) = parts.next() {
        let Component::Normal(part) = part else {
            return Err(refused(name, "leads out of the working directory"));
        };
        at.push(part);
        let Ok(metadata) = fs::symlink_metadata(&at) else {
            break;
        };
        let kind = metadata.file_type();
        let is_last = parts.peek().is_none();
        match is_last {
            false if kind.is_symlink() => return Err(refused(name, "leads through a link")),
            false if !kind.is_dir() => return Err(refused(name, "leads through a file")),
            true if !kind.is_file() && !kind.is_symlink() => {
                return Err(refused(name, "is there and is no file"));
            }
            _ => {}
        }
    }
    Ok(path)
}

#[cold]
fn refused(name: &Path, why: &str) -> Error {
    let message = format!("the file `{}` of `-s` {why}", name.display());
    Error::new(Kind::Output, message)
        .help("`--security-allow-write-any-path` lets `-s` write anywhere")
}
