//! The lock that a build is held to: where it is found.

use std::path::{Path, PathBuf};

use kustom_yaml::error::Result;
use kustom_yaml::limits;

use super::lock::{LOCK_FILE, Lock};
use super::remote::{Beside, FoundLock};
use super::{
    FileKind, Files as _, Repository, SourceStore, Within, cannot, is_outside, unreadable,
};

/// What ends the way upwards: the root of a project, and that of a work tree.
const ROOTS: [&str; 2] = ["kustom.yaml", ".git"];

impl<'f> SourceStore<'f> {
    /// Takes notice of the directory that a build starts with; the first one counts.
    pub(super) fn started_at(&self, directory: PathBuf) -> PathBuf {
        let _ = self.start.set(directory.clone());
        directory
    }

    /// The lock, and the files that may be vendored beside it.
    pub(super) fn beside(&self) -> Result<Beside<'_>> {
        let lock = self
            .lock
            .get_or_init(|| match self.remotes().heeds_locks() {
                true => self.find_lock(),
                false => Ok(None),
            });
        match lock {
            Ok(lock) => Ok(Beside {
                lock: lock.as_ref(),
                files: self.files,
            }),
            Err(error) => Err(error.without_source()),
        }
    }

    /// Whether a URL is locked as that of a repository.
    pub(super) fn locks_repository(&self, repository: &Repository) -> bool {
        let lock = self.beside().ok().and_then(|beside| beside.lock);
        lock.is_some_and(|lock| lock.is_repository(repository))
    }

    /// Whether nobody need be asked what a URL is: the lock knows, or nothing may be fetched.
    pub(super) fn is_settled(&self) -> bool {
        let beside = self.beside();
        limits::current().offline || beside.is_ok_and(|beside| beside.lock.is_some())
    }

    /// The nearest lock, from where the build starts up to the root of the project or of the work
    /// tree.
    fn find_lock(&self) -> Result<Option<FoundLock>> {
        let start = self.start.get().unwrap_or(&self.working_directory);
        for directory in start.ancestors() {
            let path = directory.join(LOCK_FILE);
            match Within::new(self.files, directory).resolve(&path) {
                Ok((path, FileKind::File)) => return self.read_lock(&path, directory).map(Some),
                Err(cause) if is_outside(&cause) => {
                    return Err(unreadable(&self.shown(&path).display().to_string(), cause));
                }
                _ => {}
            }
            if ROOTS
                .iter()
                .any(|name| self.files.resolve(&directory.join(name)).is_ok())
            {
                break;
            }
        }
        Ok(None)
    }

    fn read_lock(&self, path: &Path, directory: &Path) -> Result<FoundLock> {
        let shown = self.shown(path).display().to_string();
        let bytes = self.files.read(path);
        let bytes = bytes.map_err(|cause| cannot(&format!("read `{shown}`"), cause))?;
        let source = self.register(Some(path.to_path_buf()), shown.into());
        let lock = Lock::parse(&bytes, source);
        Ok(FoundLock {
            lock: lock.map_err(|error| error.locate(|place| self.locate(place)))?,
            directory: directory.to_path_buf(),
        })
    }
}
