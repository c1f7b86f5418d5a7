//! Remembers what a part of a build asks of its files, and what they answer.
//!
//! What the part makes depends on nothing else. So it need not be made again for another build
//! whose files give the same answers.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::{FileKind, Files, MadeBy, ParsedFiles};

/// Files whose answers are remembered while somebody traces them.
pub(crate) struct Traced<'f> {
    files: &'f dyn Files,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    /// How many parts of the build are traced, each within the one before.
    parts: usize,
    answers: Vec<Answer>,
    /// How many answers were given that no trace can hold others to.
    untraceable: usize,
}

/// Where a traced part of a build begins.
#[derive(Clone, Copy)]
pub(crate) struct TraceStart {
    answers: usize,
    untraceable: usize,
}

/// Questions in their order, each once, with the answers that files gave.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Trace(Vec<Answer>);

type Answered<T> = Result<T, io::ErrorKind>;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Read(PathBuf, Answered<Arc<[u8]>>),
    Resolved(PathBuf, Answered<(PathBuf, FileKind)>),
    Listed(PathBuf, Answered<Vec<String>>),
    Walked(PathBuf, Answered<Vec<PathBuf>>),
    Editable(PathBuf, PathBuf),
    /// It was not made of other files.
    Written(PathBuf),
    Missed(PathBuf),
}

impl Answer {
    /// Which question it answers.
    fn question(&self) -> (u8, &Path) {
        match self {
            Self::Read(path, _) => (0, path),
            Self::Resolved(path, _) => (1, path),
            Self::Listed(path, _) => (2, path),
            Self::Walked(path, _) => (3, path),
            Self::Editable(path, _) => (4, path),
            Self::Written(path) => (5, path),
            Self::Missed(path) => (6, path),
        }
    }

    /// Whether files give the same answer.
    fn is_of(&self, files: &dyn Files) -> bool {
        match self {
            Self::Read(path, answer) => answered(&files.read_shared(path)) == *answer,
            Self::Resolved(path, answer) => answered(&files.resolve(path)) == *answer,
            Self::Listed(path, answer) => answered(&files.list(path)) == *answer,
            Self::Walked(path, answer) => answered(&files.walk(path)) == *answer,
            Self::Editable(path, answer) => files.editable_path(path) == *answer,
            Self::Written(path) => files.provenance(path).is_none(),
            Self::Missed(path) => {
                files.miss(path);
                true
            }
        }
    }
}

fn answered<T: Clone>(answer: &io::Result<T>) -> Answered<T> {
    match answer {
        Ok(answer) => Ok(answer.clone()),
        Err(error) => Err(error.kind()),
    }
}

impl Trace {
    /// Whether files give the same answers; they are asked until one differs.
    pub(crate) fn is_of(&self, files: &dyn Files) -> bool {
        self.0.iter().all(|answer| answer.is_of(files))
    }
}

impl<'f> Traced<'f> {
    pub(crate) fn new(files: &'f dyn Files) -> Self {
        Self {
            files,
            log: Mutex::default(),
        }
    }

    /// Begins to remember answers; [`Traced::end`] ends it.
    pub(crate) fn start(&self) -> TraceStart {
        let mut log = self.log();
        log.parts += 1;
        TraceStart {
            answers: log.answers.len(),
            untraceable: log.untraceable,
        }
    }

    /// The answers since a start; nothing if one of them cannot be held against those of others.
    pub(crate) fn end(&self, start: TraceStart) -> Option<Trace> {
        let mut log = self.log();
        log.parts -= 1;
        let mut questions = HashSet::new();
        let answers = log.answers.iter().skip(start.answers);
        let answers = answers.filter(|answer| questions.insert(answer.question()));
        let trace = Trace(answers.cloned().collect());
        let is_whole = log.untraceable == start.untraceable;
        if log.parts == 0 {
            log.answers.clear();
        }
        is_whole.then_some(trace)
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, answer: impl FnOnce() -> Answer) {
        let mut log = self.log();
        if log.parts > 0 {
            log.answers.push(answer());
        }
    }
}

impl Files for Traced<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        if self.log().parts == 0 {
            return self.files.read(path);
        }
        self.read_shared(path).map(|content| content.to_vec())
    }

    fn content(&self, path: &Path) -> io::Result<Bytes> {
        if self.log().parts == 0 {
            return self.files.content(path);
        }
        self.read_shared(path).map(Bytes::from_owner)
    }

    fn read_shared(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        let content = self.files.read_shared(path);
        self.remember(|| Answer::Read(path.to_path_buf(), answered(&content)));
        content
    }

    fn resolve(&self, path: &Path) -> io::Result<(PathBuf, FileKind)> {
        let found = self.files.resolve(path);
        self.remember(|| Answer::Resolved(path.to_path_buf(), answered(&found)));
        found
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let names = self.files.list(directory);
        self.remember(|| Answer::Listed(directory.to_path_buf(), answered(&names)));
        names
    }

    fn walk(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        let files = self.files.walk(directory);
        self.remember(|| Answer::Walked(directory.to_path_buf(), answered(&files)));
        files
    }

    fn editable_path(&self, path: &Path) -> PathBuf {
        let editable = self.files.editable_path(path);
        self.remember(|| Answer::Editable(path.to_path_buf(), editable.clone()));
        editable
    }

    fn provenance(&self, path: &Path) -> MadeBy {
        let made_by = self.files.provenance(path);
        match made_by {
            Some(_) => self.log().untraceable += 1,
            None => self.remember(|| Answer::Written(path.to_path_buf())),
        }
        made_by
    }

    fn miss(&self, path: &Path) {
        self.files.miss(path);
        self.remember(|| Answer::Missed(path.to_path_buf()));
    }

    fn allowed(&self) -> &[PathBuf] {
        self.files.allowed()
    }

    fn is_disk(&self) -> bool {
        self.files.is_disk()
    }

    fn unrecorded(&self) -> Option<&dyn Files> {
        self.log().untraceable += 1;
        self.files.unrecorded()
    }

    fn parsed(&self) -> Option<&ParsedFiles> {
        self.files.parsed()
    }

    fn hand_over(&self, path: &Path) -> io::Result<PathBuf> {
        self.log().untraceable += 1;
        self.files.hand_over(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::{Memory, Overlay};

    fn memory() -> Memory {
        let mut files = Memory::default();
        files.insert("/base/a.yaml", "a");
        files.insert("/other/b.yaml", "b");
        files
    }

    #[test]
    fn other_files_give_the_same_answers_until_one_was_asked_for_that_differs() {
        let memory = memory();
        let traced = Traced::new(&memory);
        let start = traced.start();
        traced.read(Path::new("/base/a.yaml")).unwrap();
        traced.resolve(Path::new("/base/c.yaml")).unwrap_err();
        let within = traced.start();
        traced.list(Path::new("/base")).unwrap();
        traced.list(Path::new("/base")).unwrap();
        assert_eq!(traced.end(within).unwrap().0.len(), 1);
        let trace = traced.end(start).unwrap();
        assert_eq!(trace.0.len(), 3);
        assert!(trace.is_of(&memory));
        for (path, is_same) in [
            ("/other/b.yaml", true),
            ("/other/d.yaml", true),
            ("/base/a.yaml", false),
            ("/base/c.yaml", false),
            ("/base/e.yaml", false),
        ] {
            let mut upper = Memory::default();
            upper.insert(path, "new");
            let overlay = Overlay {
                upper,
                lower: &memory,
            };
            assert_eq!(trace.is_of(&overlay), is_same, "{path}");
        }
    }

    #[test]
    fn what_a_program_was_handed_is_not_known() {
        let memory = memory();
        let traced = Traced::new(&memory);
        let outer = traced.start();
        let start = traced.start();
        traced.hand_over(Path::new("/base")).unwrap();
        assert!(traced.end(start).is_none());
        let later = traced.start();
        assert!(traced.end(later).is_some());
        assert!(traced.end(outer).is_none());
    }
}
