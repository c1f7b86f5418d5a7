//! Decides which environments a change can affect.
//!
//! The output of an environment depends only on the files that it read, listed or looked for. Each
//! of these accesses is repeated on the revision and compared. So a file that was looked for and
//! not found counts, and a change in a file that nobody reads does not.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{OnceLock, PoisonError, RwLock};

use rustc_hash::FxHashMap;

use super::environment::Checked;
use crate::error::{Error, Kind, Result};
use crate::load::{Accesses, FileKind, Files, Revision, TrackedFiles, WorkTree, files_below};

/// How the inputs of an environment differ from those at a revision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum InputChange {
    /// Not at all: the environment cannot be affected.
    Same,
    /// Only in the names in directories that were listed, which may or may not matter.
    OtherNames,
    /// In something that was read or looked for.
    Other,
    /// Unknown: the revision cannot be read, for this reason.
    Unknown(String),
}

/// The inputs of environments, now and at a revision.
///
/// Each access is compared once, however many environments made it.
pub(super) struct Inputs<'s> {
    files: &'s dyn Files,
    revision: &'s Revision,
    tree: &'s WorkTree,
    tracked: OnceLock<TrackedFiles>,
    /// Where what found the project differs: the same for each of its environments.
    of_project: OnceLock<Vec<(PathBuf, InputChange)>>,
    compared: RwLock<FxHashMap<(PathBuf, Accesses), InputChange>>,
}

impl<'s> Inputs<'s> {
    pub(super) fn new(files: &'s dyn Files, revision: &'s Revision, tree: &'s WorkTree) -> Self {
        Self {
            files,
            revision,
            tree,
            tracked: OnceLock::new(),
            of_project: OnceLock::new(),
            compared: RwLock::default(),
        }
    }

    /// Compares the accesses of an environment between the work tree and the revision.
    ///
    /// What git ignores is in no revision and does not count; neither does what lies outside of the
    /// repository.
    ///
    /// # Errors
    ///
    /// If git's index or a `.gitignore` cannot be read.
    pub(super) fn changed(&self, checked: &Checked) -> Result<InputChange> {
        let mut answers = InputChange::Same;
        for (path, accesses) in &checked.accesses {
            if path.starts_with(self.tree.root()) {
                answers = answers.max(self.compared(path, *accesses)?);
            }
            if answers >= InputChange::Other {
                return Ok(answers);
            }
        }
        let of_project = self.changed_of_project(&checked.found_by)?.iter();
        let others = of_project.filter(|(path, _)| !checked.accesses.contains_key(path));
        Ok(others.fold(answers, |answers, (_, change)| answers.max(change.clone())))
    }

    fn changed_of_project(
        &self,
        accesses: &BTreeMap<PathBuf, Accesses>,
    ) -> Result<&[(PathBuf, InputChange)]> {
        if let Some(known) = self.of_project.get() {
            return Ok(known);
        }
        let inside = accesses
            .iter()
            .filter(|(path, _)| path.starts_with(self.tree.root()));
        let mut changed = Vec::new();
        for (path, accesses) in inside {
            let change = self.compared(path, *accesses)?;
            if change != InputChange::Same {
                changed.push((path.clone(), change));
            }
        }
        Ok(self.of_project.get_or_init(|| changed))
    }

    /// Whether a file of the repository is not what it is in the revision: what a program reads that
    /// reads by itself.
    ///
    /// # Errors
    ///
    /// If the repository cannot be read.
    pub(super) fn anything_changed(&self) -> Result<bool> {
        let cannot = |cause: io::Error| {
            let message = format!("cannot compare the work tree with the revision: {cause}");
            Error::new(Kind::Load, message).caused_by(cause)
        };
        if !self.revision.is_on_disk().map_err(cannot)? {
            return Ok(true);
        }
        let root = self.tree.root();
        let then = self.revision.tracked_files(root)?;
        let mut new = files_below(root, Some(self.tree))?;
        new.retain(|path| !then.contains(path) && self.revision.resolve(path).is_err());
        self.any_unignored(&new)
    }

    fn compared(&self, path: &Path, accesses: Accesses) -> Result<InputChange> {
        let access = (path.to_path_buf(), accesses);
        let known = self.compared.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(&access) {
            return Ok(known.clone());
        }
        drop(known);
        let change = self.compare(path, accesses)?;
        let mut known = self
            .compared
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        known.insert(access, change.clone());
        Ok(change)
    }

    fn compare(&self, path: &Path, accesses: Accesses) -> Result<InputChange> {
        if let Some(reason) = self.unread(path, accesses) {
            return Ok(InputChange::Unknown(reason));
        }
        if self.differ(path, accesses)? {
            return Ok(InputChange::Other);
        }
        let is_there = self.files.resolve(path).is_ok() && self.revision.resolve(path).is_ok();
        let differs = is_there
            && (accesses.listed && self.names_differ(path)?
                || accesses.walked && self.files_differ(path)?);
        Ok(if differs {
            InputChange::OtherNames
        } else {
            InputChange::Same
        })
    }

    /// Why the revision's answer cannot be read, if it cannot.
    fn unread(&self, path: &Path, accesses: Accesses) -> Option<String> {
        let cause = match self.revision.resolve(path) {
            Ok((_, FileKind::File)) if accesses.read => self.revision.read(path).err()?,
            Ok((_, FileKind::Directory)) if accesses.walked => self.revision.walk(path).err()?,
            Ok(_) => return None,
            Err(cause) => cause,
        };
        let is_answer = [
            io::ErrorKind::NotFound,
            io::ErrorKind::NotADirectory,
            io::ErrorKind::IsADirectory,
        ];
        // Where the disk cannot go on either, that is the answer.
        let is_known = is_answer.contains(&cause.kind()) || self.files.resolve(path).is_err();
        (!is_known).then(|| cause.to_string())
    }

    fn differ(&self, path: &Path, accesses: Accesses) -> Result<bool> {
        let kinds = (
            self.files.resolve(path).ok(),
            self.revision.resolve(path).ok(),
        );
        let is_new = match kinds {
            (None, None) => return Ok(false),
            // A directory without files is none to git.
            (None, Some(_)) => return Ok(true),
            (Some((_, FileKind::Directory)), None) => return self.has_new(path),
            (Some(_), None) => true,
            (Some(now), Some(then)) => {
                if now != then && (accesses.resolved || accesses.read) {
                    return Ok(true);
                }
                false
            }
        };
        if is_new {
            return Ok(!self.is_ignored(path)?);
        }
        Ok(accesses.read && self.contents_differ(path))
    }

    fn contents_differ(&self, path: &Path) -> bool {
        let known = |content: io::Result<Vec<u8>>| content.ok();
        known(self.files.read(path)) != known(self.revision.read(path))
    }

    fn names_differ(&self, directory: &Path) -> Result<bool> {
        let now = self.files.list(directory).unwrap_or_default();
        let then = self.revision.list(directory).unwrap_or_default();
        let (now, then): (BTreeSet<String>, BTreeSet<String>) =
            (now.into_iter().collect(), then.into_iter().collect());
        if !then.is_subset(&now) {
            return Ok(true);
        }
        let mut files = Vec::new();
        for name in now.difference(&then) {
            let path = directory.join(name);
            if !path.is_dir() {
                files.push(path);
            } else if self.has_new(&path)? {
                return Ok(true);
            }
        }
        self.any_unignored(&files)
    }

    fn files_differ(&self, directory: &Path) -> Result<bool> {
        let now = self.files.walk(directory).unwrap_or_default();
        let then = self.revision.walk(directory).unwrap_or_default();
        let (now, then): (BTreeSet<PathBuf>, BTreeSet<PathBuf>) =
            (now.into_iter().collect(), then.into_iter().collect());
        let new: Vec<PathBuf> = now
            .difference(&then)
            .map(|file| directory.join(file))
            .collect();
        Ok(!then.is_subset(&now) || self.any_unignored(&new)?)
    }

    /// Whether a directory that the revision does not have holds a file that git would take.
    fn has_new(&self, directory: &Path) -> Result<bool> {
        if self.is_ignored(directory)? {
            return Ok(false);
        }
        Ok(!files_below(directory, Some(self.tree))?.is_empty())
    }

    fn is_ignored(&self, path: &Path) -> Result<bool> {
        Ok(!self.any_unignored(&[path.to_path_buf()])?)
    }

    /// Whether git would take one of some paths: it is not ignored, or it is tracked all the same.
    fn any_unignored(&self, paths: &[PathBuf]) -> Result<bool> {
        if paths.is_empty() {
            return Ok(false);
        }
        let ignored = self.tree.ignored(paths)?;
        if ignored.contains(&false) {
            return Ok(true);
        }
        let tracked = self.tracked()?;
        Ok(paths.iter().any(|path| !tracked.below(path).is_empty()))
    }

    fn tracked(&self) -> Result<&TrackedFiles> {
        if let Some(known) = self.tracked.get() {
            return Ok(known);
        }
        let tracked = self.tree.tracked_files(self.tree.root())?;
        Ok(self.tracked.get_or_init(|| tracked))
    }
}
