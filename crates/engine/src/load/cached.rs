//! A file system that reads each file of another one only once.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use bytes::Bytes;
use rustc_hash::FxHashMap;

use super::files::Spelling;
use super::{FileKind, Files, MadeBy, ParsedFiles};

/// Other files, remembered: for many builds that share what they build on, and to know what was
/// read.
pub struct Cached<'f> {
    lower: &'f dyn Files,
    contents: Known<Arc<[u8]>>,
    resolved: Known<(PathBuf, FileKind)>,
    lists: Known<Vec<String>>,
    walks: Known<Vec<PathBuf>>,
    subscriber: Mutex<Option<Sender<FileRead>>>,
    parsed: Option<ParsedFiles>,
}

/// A file that was read, and what is in it.
pub type FileRead = (PathBuf, Arc<[u8]>);

/// The result of a read, or why it failed.
type Known<T> = RwLock<FxHashMap<Spelling, Result<T, Failed>>>;

/// An error that can be told again.
#[derive(Clone)]
struct Failed {
    kind: io::ErrorKind,
    /// The message, if it says more than the kind.
    words: Option<String>,
}

impl Failed {
    fn of(error: &io::Error) -> Self {
        Self {
            kind: error.kind(),
            words: error.get_ref().map(ToString::to_string),
        }
    }
}

impl From<Failed> for io::Error {
    fn from(failed: Failed) -> Self {
        match failed.words {
            Some(words) => Self::new(failed.kind, words),
            None => failed.kind.into(),
        }
    }
}

impl<'f> Cached<'f> {
    /// Wraps a file system; nothing is read yet.
    pub fn new(lower: &'f dyn Files) -> Self {
        Self {
            lower,
            contents: RwLock::default(),
            resolved: RwLock::default(),
            lists: RwLock::default(),
            walks: RwLock::default(),
            subscriber: Mutex::default(),
            parsed: None,
        }
    }

    /// The same, for several builds: manifests are read once for all of them.
    #[must_use]
    pub fn for_many(self) -> Self {
        Self {
            parsed: Some(ParsedFiles::default()),
            ..self
        }
    }

    /// Sends each file when it is read for the first time, from now on until [`Cached::unsubscribe`].
    pub fn subscribe(&self) -> Receiver<FileRead> {
        let (sender, receiver) = mpsc::channel();
        *self
            .subscriber
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(sender);
        receiver
    }

    /// The files that were read so far.
    pub fn contents(&self) -> Vec<FileRead> {
        let contents = self.contents.read().unwrap_or_else(PoisonError::into_inner);
        let read = contents
            .iter()
            .filter_map(|(path, content)| Some((path.into(), Arc::clone(content.as_ref().ok()?))));
        read.collect()
    }

    /// Stops sending files; the channel closes.
    pub fn unsubscribe(&self) {
        *self
            .subscriber
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Files for Cached<'_> {
    fn parsed(&self) -> Option<&ParsedFiles> {
        self.parsed.as_ref().or_else(|| self.lower.parsed())
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.read_shared(path).map(|content| content.to_vec())
    }

    fn content(&self, path: &Path) -> io::Result<Bytes> {
        self.read_shared(path).map(Bytes::from_owner)
    }

    fn read_shared(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        remembered(&self.contents, path, || {
            let content = self.lower.read_shared(path)?;
            let subscriber = self
                .subscriber
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if let Some(sender) = &*subscriber {
                // The receiver may be gone.
                let _ = sender.send((path.to_path_buf(), content.clone()));
            }
            Ok(content)
        })
    }

    fn resolve(&self, path: &Path) -> io::Result<(PathBuf, FileKind)> {
        remembered(&self.resolved, path, || self.lower.resolve(path))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        remembered(&self.lists, directory, || self.lower.list(directory))
    }

    fn walk(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        remembered(&self.walks, directory, || self.lower.walk(directory))
    }

    fn provenance(&self, path: &Path) -> MadeBy {
        self.lower.provenance(path)
    }

    fn editable_path(&self, path: &Path) -> PathBuf {
        self.lower.editable_path(path)
    }

    fn miss(&self, path: &Path) {
        self.lower.miss(path);
    }

    fn allowed(&self) -> &[PathBuf] {
        self.lower.allowed()
    }

    fn unrecorded(&self) -> Option<&dyn Files> {
        self.lower.unrecorded()
    }

    fn hand_over(&self, path: &Path) -> io::Result<PathBuf> {
        self.lower.hand_over(path)
    }
}

fn remembered<T: Clone>(
    known: &Known<T>,
    path: &Path,
    find: impl FnOnce() -> io::Result<T>,
) -> io::Result<T> {
    let table = known.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = table.get(path.as_os_str()) {
        return found.clone().map_err(io::Error::from);
    }
    drop(table);
    let found = find();
    let kept = found.as_ref().map(T::clone).map_err(Failed::of);
    let mut table = known.write().unwrap_or_else(PoisonError::into_inner);
    table.insert(path.into(), kept);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Memory;

    #[test]
    fn what_is_read_is_told_once_and_what_is_missing_stays_missing() {
        let mut memory = Memory::default();
        memory.insert("/a/x", "1");
        memory.insert("/a/y", "2");
        let files = Cached::new(&memory);
        let told = files.subscribe();
        for _ in 0..2 {
            assert_eq!(files.read(Path::new("/a/x")).unwrap(), b"1");
            let error = files.read(Path::new("/a/z")).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotFound);
        }
        files.unsubscribe();
        assert_eq!(files.read(Path::new("/a/y")).unwrap(), b"2");
        let told: Vec<PathBuf> = told.iter().map(|(path, _)| path).collect();
        assert_eq!(told, [PathBuf::from("/a/x")]);
        assert_eq!(files.list(Path::new("/a")).unwrap(), ["x", "y"]);
    }
}
