//! Reads trees and contents of a repository at one commit, as a checkout would write them.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use gix::ObjectId;
use gix::objs::tree::EntryKind;
use rustc_hash::FxHashMap;

use super::conversion::Conversion;
use super::repository::{self, TreeWalk};

/// A repository, or a submodule, and one of its commits.
pub(super) struct Store {
    /// The root of the work tree, without links.
    pub(super) root: PathBuf,
    pub(super) tree: ObjectId,
    repository: Mutex<gix::Repository>,
    /// The trees that were read.
    trees: Mutex<FxHashMap<ObjectId, Arc<[Item]>>>,
    /// The conversion that a checkout makes, if any.
    conversion: OnceLock<std::result::Result<Option<Mutex<Conversion>>, String>>,
}

/// An entry of a tree.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) name: OsString,
    pub(super) kind: EntryKind,
    pub(super) id: ObjectId,
}

impl Store {
    pub(super) fn new(root: PathBuf, tree: ObjectId, repository: gix::Repository) -> Self {
        Self {
            root,
            tree,
            repository: Mutex::new(repository),
            trees: Mutex::default(),
            conversion: OnceLock::new(),
        }
    }

    /// Visits everything below a directory that is no directory itself.
    pub(super) fn each(
        &self,
        at: &Path,
        tree: ObjectId,
        below: &Path,
        visit: &mut dyn FnMut(&Path, &Item) -> io::Result<()>,
    ) -> io::Result<()> {
        self.each_in(&mut TreeWalk::default(), at, tree, below, visit)
    }

    fn each_in(
        &self,
        walk: &mut TreeWalk,
        at: &Path,
        tree: ObjectId,
        below: &Path,
        visit: &mut dyn FnMut(&Path, &Item) -> io::Result<()>,
    ) -> io::Result<()> {
        walk.enter(tree, at.as_os_str().len())?;
        for item in self.items(tree)?.iter() {
            let path = at.join(&item.name);
            if item.kind == EntryKind::Tree {
                if path.starts_with(below) || below.starts_with(&path) {
                    self.each_in(walk, &path, item.id, below, visit)?;
                }
            } else if path.starts_with(below) {
                walk.file(path.as_os_str().len())?;
                visit(&path, item)?;
            }
        }
        walk.leave();
        Ok(())
    }

    /// The entries of a tree, sorted by name.
    pub(super) fn items(&self, tree: ObjectId) -> io::Result<Arc<[Item]>> {
        if let Some(items) = locked(&self.trees).get(&tree) {
            return Ok(Arc::clone(items));
        }
        let repository = locked(&self.repository);
        let object = repository.find_tree(tree).map_err(io::Error::other)?;
        let mut items = Vec::new();
        for entry in object.iter() {
            let entry = entry.map_err(io::Error::other)?;
            repository::is_plain(entry.filename())?;
            let name = gix::path::from_bstr(entry.filename()).map_err(io::Error::other)?;
            items.push(Item {
                name: name.into_owned().into(),
                kind: entry.mode().kind(),
                id: entry.object_id(),
            });
        }
        // Git sorts a directory as if its name ended in a slash.
        items.sort_by(|a, b| a.name.cmp(&b.name));
        let items: Arc<[Item]> = items.into();
        locked(&self.trees).insert(tree, Arc::clone(&items));
        Ok(items)
    }

    pub(super) fn blob(&self, id: ObjectId) -> io::Result<Vec<u8>> {
        let repository = locked(&self.repository);
        let mut blob = repository.find_blob(id).map_err(io::Error::other)?;
        Ok(blob.take_data())
    }

    /// The content of a file in a checkout.
    pub(super) fn content(&self, path: &Path, id: ObjectId) -> io::Result<Vec<u8>> {
        let blob = self.blob(id)?;
        let repository = locked(&self.repository);
        match self.conversion(&repository)? {
            None => Ok(blob),
            Some(conversion) => {
                let name = path.strip_prefix(&self.root).unwrap_or(path);
                locked(conversion).checked_out(&repository, name, path, (id, blob))
            }
        }
    }

    /// Finds out what a checkout converts, for which all directories are looked at: whether they can be.
    pub(super) fn prepare(&self) -> io::Result<()> {
        let repository = locked(&self.repository);
        self.conversion(&repository).map(drop)
    }

    fn conversion(&self, repository: &gix::Repository) -> io::Result<Option<&Mutex<Conversion>>> {
        let conversion = self.conversion.get_or_init(|| {
            let conversion = Conversion::new(repository, self.tree);
            conversion
                .map(|some| some.map(Mutex::new))
                .map_err(|cause| cause.to_string())
        });
        match conversion {
            Ok(conversion) => Ok(conversion.as_ref()),
            Err(cause) => Err(io::Error::other(cause.as_str())),
        }
    }

    /// The repository of the submodule at a path, where it is: in the work tree, or among those
    /// that are kept for it.
    pub(super) fn submodule(&self, path: &Path) -> Option<gix::Repository> {
        if let Ok(Some(opened)) = repository::submodule(path) {
            return Some(opened.repository);
        }
        let items = self.items(self.tree).ok()?;
        let list = items.iter().find(|item| item.name == ".gitmodules")?;
        let list = self.blob(list.id).ok()?;
        let repository = locked(&self.repository);
        let config = repository.config_snapshot();
        let list = gix::submodule::File::from_bytes(&list, None, &config).ok()?;
        let wanted = path.strip_prefix(&self.root).ok()?;
        let wanted = gix::path::to_unix_separators_on_windows(gix::path::into_bstr(wanted).ok()?);
        let name = list.names().find(|name| {
            let path = list.path(name);
            path.is_ok_and(|path| *path == **wanted)
        })?;
        let name = gix::path::from_bstr(name).ok()?;
        gix::open(repository.common_dir().join("modules").join(name)).ok()
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
