//! Bounds walks through directories.
//!
//! A few links to directories, or a few trees of git that share what is below them, are billions of
//! files to whom walks through them.

use std::io;

use kustom_yaml::limits::{self, VALUE};

/// What a walk may come by: each file costs its path, each directory some more.
#[derive(Debug)]
pub struct Listing {
    limit: u64,
    spent: u64,
}

/// What a directory costs beside its path, in bytes: it has to be opened.
const DIRECTORY: u64 = 1 << 10;

/// How deep directories may be nested, as git has it.
pub(super) const DEEPEST: usize = 2048;

impl Listing {
    /// A walk that has come by nothing yet.
    pub fn new() -> Self {
        Self {
            limit: limits::current().size,
            spent: 0,
        }
    }

    /// Counts a file, by the length of its path.
    ///
    /// # Errors
    ///
    /// If the walk has come by too many.
    pub fn file(&mut self, path: usize) -> io::Result<()> {
        self.add(VALUE.saturating_add(path as u64))
    }

    /// Counts a directory, by the length of its path.
    ///
    /// # Errors
    ///
    /// If the walk has come by too many.
    pub fn directory(&mut self, path: usize) -> io::Result<()> {
        self.add(DIRECTORY.saturating_add(path as u64))
    }

    fn add(&mut self, bytes: u64) -> io::Result<()> {
        self.spent = self.spent.saturating_add(bytes);
        match self.spent <= self.limit {
            true => Ok(()),
            false => Err(too_many(self.limit)),
        }
    }
}

impl Default for Listing {
    fn default() -> Self {
        Self::new()
    }
}

#[cold]
fn too_many(limit: u64) -> io::Error {
    let message = format!(
        "the paths of its files come to more than {limit} bytes, the limit of `--max-size`, or \
         `KUSTOM_MAX_SIZE` in the environment"
    );
    io::Error::other(message)
}
