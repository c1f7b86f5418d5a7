//! The texts of the files that a build read: for the lines that an explanation shows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::place::Place;

/// The files that a build read, by path and by the names that places have.
#[derive(Clone, Debug, Default)]
pub struct Texts {
    by_path: FxHashMap<PathBuf, Arc<[u8]>>,
    by_name: FxHashMap<String, Arc<[u8]>>,
}

impl Texts {
    /// Adds a file; `names` are those that places name it by.
    pub fn add<'n>(
        &mut self,
        path: &Path,
        names: impl IntoIterator<Item = &'n str>,
        content: Arc<[u8]>,
    ) {
        for name in names {
            self.by_name.insert(name.to_owned(), content.clone());
        }
        self.by_path.insert(path.to_path_buf(), content);
    }

    /// The line that a place is on, without its end.
    pub fn line(&self, place: &Place) -> Option<String> {
        let content = self.named(place.file.as_deref()?)?;
        let number = (place.span.line as usize).checked_sub(1)?;
        let line = content.split(|byte| *byte == b'\n').nth(number)?;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        Some(String::from_utf8_lossy(line).into_owned())
    }

    /// The names of the files.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// What is in the file of a name.
    pub(super) fn named(&self, name: &str) -> Option<&[u8]> {
        self.by_name.get(name).map(|content| &**content)
    }

    /// What is in the file at a path.
    pub(super) fn at(&self, path: &Path) -> Option<&[u8]> {
        self.by_path.get(path).map(|content| &**content)
    }
}
