//! Records every file access of a build, and its result.
//!
//! The result of a build depends only on these accesses: while each gives the same result, so does
//! the build. They include files that do not exist and directories that were listed.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use super::{FileKind, Files, MadeBy, ParsedFiles, normalized};

/// A file system that records the accesses to another one.
pub struct Recording<'f> {
    files: &'f dyn Files,
    accesses: Mutex<BTreeMap<PathBuf, Accesses>>,
}

/// The accesses to a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Accesses {
    /// It was read, and exists.
    pub read: bool,
    /// It was listed.
    pub listed: bool,
    /// The files below it were listed.
    pub walked: bool,
    /// It was resolved, or its kind was asked for, or a read of it failed.
    pub resolved: bool,
    /// It does not exist.
    pub missing: bool,
    /// It is required, and does not exist.
    pub wanted: bool,
    /// It was passed to a program, which may have read anything below it.
    pub handed_over: bool,
}

impl<'f> Recording<'f> {
    /// Records the accesses to a file system.
    pub fn new(files: &'f dyn Files) -> Self {
        Self {
            files,
            accesses: Mutex::default(),
        }
    }

    /// The accesses so far, by path.
    pub fn accesses(&self) -> BTreeMap<PathBuf, Accesses> {
        let accesses = self.accesses.lock().unwrap_or_else(PoisonError::into_inner);
        accesses.clone()
    }

    /// The files that were read, sorted.
    pub fn read_files(&self) -> Vec<PathBuf> {
        let accesses = self.accesses();
        let read = accesses.into_iter().filter(|(_, accesses)| accesses.read);
        read.map(|(path, _)| path).collect()
    }

    fn note_read(&self, path: &Path, is_there: bool) {
        self.note(path, |accesses| {
            accesses.read |= is_there;
            accesses.resolved |= !is_there;
            accesses.missing |= !is_there;
        });
    }

    fn note(&self, path: &Path, note: impl FnOnce(&mut Accesses)) {
        let mut accesses = self.accesses.lock().unwrap_or_else(PoisonError::into_inner);
        note(accesses.entry(normalized(path)).or_default());
    }
}

impl Files for Recording<'_> {
    fn parsed(&self) -> Option<&ParsedFiles> {
        self.files.parsed()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let content = self.files.read(path);
        self.note_read(path, content.is_ok());
        content
    }

    fn content(&self, path: &Path) -> io::Result<Bytes> {
        let content = self.files.content(path);
        self.note_read(path, content.is_ok());
        content
    }

    fn read_shared(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        let content = self.files.read_shared(path);
        self.note_read(path, content.is_ok());
        content
    }

    fn resolve(&self, path: &Path) -> io::Result<(PathBuf, FileKind)> {
        let found = self.files.resolve(path);
        self.note(path, |accesses| {
            accesses.resolved = true;
            accesses.missing |= found.is_err();
        });
        found
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        self.note(directory, |accesses| accesses.listed = true);
        self.files.list(directory)
    }

    fn walk(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        self.note(directory, |accesses| accesses.walked = true);
        self.files.walk(directory)
    }

    fn provenance(&self, path: &Path) -> MadeBy {
        self.files.provenance(path)
    }

    fn editable_path(&self, path: &Path) -> PathBuf {
        self.files.editable_path(path)
    }

    fn allowed(&self) -> &[PathBuf] {
        self.files.allowed()
    }

    fn miss(&self, path: &Path) {
        self.note(path, |accesses| accesses.wanted = true);
        self.files.miss(path);
    }

    fn unrecorded(&self) -> Option<&dyn Files> {
        Some(self.files)
    }

    fn hand_over(&self, path: &Path) -> io::Result<PathBuf> {
        self.note(path, |accesses| accesses.handed_over = true);
        self.files.hand_over(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Memory;

    #[test]
    fn every_question_is_remembered_with_whether_it_had_an_answer() {
        let mut memory = Memory::default();
        memory.insert("/a/x", "x");
        let files = Recording::new(&memory);
        files.read(Path::new("/a/./x")).unwrap();
        files.resolve(Path::new("/a/y")).unwrap_err();
        files.list(Path::new("/a")).unwrap();
        let accesses = files.accesses();
        assert!(accesses[Path::new("/a/x")].read);
        assert!(accesses[Path::new("/a/y")].missing);
        assert!(accesses[Path::new("/a")].listed);
        assert_eq!(files.read_files(), [Path::new("/a/x")]);
    }
}
