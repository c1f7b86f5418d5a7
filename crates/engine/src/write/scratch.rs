//! Files for programs, in a temporary directory.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use crate::process::TemporaryDirectory;

/// A private temporary directory, removed with this value.
#[derive(Debug)]
pub struct Scratch(TemporaryDirectory);

impl Scratch {
    /// Makes one where temporary files are, with a name that begins like this and ends as nobody can
    /// foretell.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn new(prefix: &str) -> io::Result<Self> {
        TemporaryDirectory::new(prefix).map(Self)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file by its path below, and makes the directories above it; gives the whole path.
    ///
    /// # Errors
    ///
    /// If the path leads out, or the file cannot be written.
    pub fn write(&self, path: &Path, content: &[u8]) -> io::Result<PathBuf> {
        let whole = self.place(path)?;
        // What is there may be a link.
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&whole)?;
        file.write_all(content)?;
        Ok(whole)
    }

    /// Writes a file that may be run.
    ///
    /// # Errors
    ///
    /// As for [`Scratch::write`].
    pub fn write_program(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let whole = self.write(path, content)?;
        make_executable(&whole)
    }

    /// Makes a link, which may lead anywhere.
    ///
    /// # Errors
    ///
    /// If its path leads out, or it cannot be made.
    pub fn link(&self, target: &Path, path: &Path) -> io::Result<()> {
        link(target, &self.place(path)?)
    }

    /// Makes a directory and those above it; gives the whole path.
    ///
    /// # Errors
    ///
    /// If the path leads out, or it cannot be made.
    pub fn directory(&self, path: &Path) -> io::Result<PathBuf> {
        let whole = self.inside(path)?;
        fs::create_dir_all(&whole)?;
        Ok(whole)
    }

    fn place(&self, path: &Path) -> io::Result<PathBuf> {
        let whole = self.inside(path)?;
        if let Some(above) = path.parent() {
            self.directory(above)?;
        }
        Ok(whole)
    }

    /// A path below, whose parts are no links.
    fn inside(&self, path: &Path) -> io::Result<PathBuf> {
        let mut whole = self.path().to_path_buf();
        for part in path.components() {
            let is_plain = matches!(part, Component::Normal(_));
            if !is_plain || whole.is_symlink() {
                let message = format!("`{}` leads out of where it is laid out", path.display());
                return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
            }
            whole.push(part);
        }
        Ok(whole)
    }
}

#[cfg(unix)]
fn link(target: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

/// As git does where links cannot be made.
#[cfg(not(unix))]
fn link(target: &Path, link: &Path) -> io::Result<()> {
    fs::write(link, target.as_os_str().as_encoded_bytes())
}

#[cfg(unix)]
fn make_executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> io::Result<()> {
    Ok(())
}
