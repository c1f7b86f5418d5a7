//! Which environments a change can affect.
//!
//! What an environment renders to depends on the answers to the questions it asks of the files, and
//! on nothing else. Each answer is held against the one that the revision would give, so that a
//! file that was looked for and not found counts, and a change in a file that nobody reads does
//! not.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::Result;
use crate::load::{Asked, FileKind, Files, Revision, WorkTree, files_below};

/// How the answers that an environment got differ from those of a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answers {
    /// Not at all: it cannot be affected.
    Same,
    /// Only in the names of directories that were listed, which may or may not matter.
    OtherNames,
    /// In something that was read or looked for.
    Other,
}

/// How the work tree and a revision differ in what they answer.
///
/// What git ignores is in no revision and does not count; neither does what lies outside of the
/// repository.
///
/// # Errors
///
/// If git's index or a `.gitignore` cannot be read.
pub fn changed_since(
    files: &dyn Files,
    revision: &Revision,
    tree: &WorkTree,
    asked: &BTreeMap<PathBuf, Asked>,
) -> Result<Answers> {
    let sides = Sides {
        files,
        revision,
        tree,
    };
    let mut answers = Answers::Same;
    for (path, asked) in asked {
        if path.starts_with(tree.root()) {
            answers = answers.max(sides.compare(path, *asked)?);
        }
        if answers == Answers::Other {
            break;
        }
    }
    Ok(answers)
}

struct Sides<'s> {
    files: &'s dyn Files,
    revision: &'s Revision,
    tree: &'s WorkTree,
}

impl Sides<'_> {
    fn compare(&self, path: &Path, asked: Asked) -> Result<Answers> {
        if self.differ(path, asked)? {
            return Ok(Answers::Other);
        }
        let is_there = self.files.resolve(path).is_ok() && self.revision.resolve(path).is_ok();
        let differs = is_there
            && (asked.listed && self.names_differ(path)?
                || asked.walked && self.files_differ(path)?);
        Ok(if differs {
            Answers::OtherNames
        } else {
            Answers::Same
        })
    }

    fn differ(&self, path: &Path, asked: Asked) -> Result<bool> {
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
                if now != then && (asked.resolved || asked.read) {
                    return Ok(true);
                }
                false
            }
        };
        if is_new {
            return Ok(!self.is_ignored(path)?);
        }
        Ok(asked.read && self.contents_differ(path))
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

    fn any_unignored(&self, paths: &[PathBuf]) -> Result<bool> {
        Ok(!paths.is_empty() && self.tree.ignored(paths)?.contains(&false))
    }
}
