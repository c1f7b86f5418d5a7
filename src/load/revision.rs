//! Where files come from when they come from git: the tree of a revision.
//!
//! A [`Revision`] stands where the work tree stands, so that a path means the same in both. It is
//! what a clean checkout would be: links are followed, what git does not track is not there, and
//! what lies outside of the repository is the disk's. Nothing is checked out and no command is run.
//! A file that large file storage keeps elsewhere is the pointer that git holds.

use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gix::ObjectId;
use gix::objs::tree::EntryKind;
use gix::revision::plumbing::Spec;
use rustc_hash::FxHashMap;

use super::{Disk, FileKind, Files, repository};
use crate::error::{Error, Kind, Result};

/// How many links may lead to each other, as on a disk.
const LINKS: usize = 40;

/// The files of a git repository as they are in a revision.
pub struct Revision {
    /// The root of the work tree, without links.
    root: PathBuf,
    commit: ObjectId,
    tree: ObjectId,
    repository: Mutex<gix::Repository>,
    /// The trees that were read.
    trees: Mutex<FxHashMap<ObjectId, Arc<[Item]>>>,
}

/// An entry of a tree.
#[derive(Clone, Debug)]
struct Item {
    name: OsString,
    kind: EntryKind,
    id: ObjectId,
}

/// What a path leads to.
enum Found {
    /// Something outside of the repository.
    Outside(PathBuf),
    /// A file or a directory of the revision, at its path without links.
    Inside(PathBuf, FileKind, ObjectId),
}

impl Revision {
    /// Opens a revision of the repository that a directory is in.
    ///
    /// A revision is written as for git: `main`, `v1.2`, `HEAD~3`, a commit. `main...` is where
    /// `main` and the present commit parted.
    ///
    /// # Errors
    ///
    /// If the directory is in no repository, or there is no such revision.
    pub fn open(directory: &Path, revision: &str) -> Result<Self> {
        let opened = repository::repository(directory)?.ok_or_else(|| {
            let message = format!("`{}` is in no git repository", directory.display());
            Error::new(Kind::Load, message)
                .help(format!("the revision `{revision}` is looked for in one"))
        })?;
        repository::has_readable_references(&opened.repository)?;
        let (commit, tree) = parse(&opened.repository, revision)?;
        Ok(Self {
            root: opened.root,
            commit,
            tree,
            repository: Mutex::new(opened.repository),
            trees: Mutex::default(),
        })
    }

    /// The root of the work tree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The commit, in full.
    pub fn commit(&self) -> String {
        self.commit.to_string()
    }

    /// The files below a directory that git tracks in the revision, as absolute paths.
    ///
    /// # Errors
    ///
    /// If an object is missing from the repository.
    pub fn tracked_files(&self, directory: &Path) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        self.gather(&self.root, self.tree, directory, &mut files)
            .map_err(|cause| {
                let message = format!("cannot list the files of the revision: {cause}");
                Error::new(Kind::Load, message).caused_by(cause)
            })?;
        Ok(files)
    }

    fn gather(
        &self,
        at: &Path,
        tree: ObjectId,
        below: &Path,
        files: &mut Vec<PathBuf>,
    ) -> io::Result<()> {
        for item in self.items(tree)?.iter() {
            let path = at.join(&item.name);
            if item.kind == EntryKind::Tree {
                if path.starts_with(below) || below.starts_with(&path) {
                    self.gather(&path, item.id, below, files)?;
                }
            } else if path.starts_with(below) {
                files.push(path);
            }
        }
        Ok(())
    }

    /// The entries of a tree, sorted by name.
    fn items(&self, tree: ObjectId) -> io::Result<Arc<[Item]>> {
        if let Some(items) = locked(&self.trees).get(&tree) {
            return Ok(Arc::clone(items));
        }
        let repository = locked(&self.repository);
        let object = repository.find_tree(tree).map_err(io::Error::other)?;
        let mut items = Vec::new();
        for entry in object.iter() {
            let entry = entry.map_err(io::Error::other)?;
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

    fn blob(&self, id: ObjectId) -> io::Result<Vec<u8>> {
        let repository = locked(&self.repository);
        let mut blob = repository.find_blob(id).map_err(io::Error::other)?;
        Ok(blob.take_data())
    }

    /// Where a path leads, through all links.
    fn find(&self, path: &Path) -> io::Result<Found> {
        let mut links = LINKS;
        let mut path = path.to_path_buf();
        loop {
            if !path.starts_with(&self.root) {
                // The disk may lead back in, by a link to the work tree or by `..`.
                match Disk.resolve(&path) {
                    Ok((real, _)) if real.starts_with(&self.root) => path = real,
                    Ok((real, _)) => return Ok(Found::Outside(real)),
                    Err(_) if super::normalized(&path).starts_with(&self.root) => {
                        path = super::normalized(&path);
                    }
                    Err(error) => return Err(error),
                }
            }
            match self.step(&path)? {
                Step::Found(found) => return Ok(found),
                Step::Goes(_) if links == 0 => return Err(too_many_links()),
                Step::Goes(to) => path = to,
            }
            links -= 1;
        }
    }

    /// Follows a path of the work tree up to its first link, or to the end.
    fn step(&self, path: &Path) -> io::Result<Step> {
        // What was passed on the way: the last one is where we are.
        let mut passed: Vec<Item> = Vec::new();
        let inside = path.strip_prefix(&self.root).unwrap_or(path);
        let mut rest = inside.components();
        while let Some(component) = rest.next() {
            let name = match component {
                Component::Normal(name) => name,
                Component::ParentDir if passed.pop().is_none() => {
                    let above = self.root.parent().unwrap_or(&self.root);
                    return Ok(Step::Goes(above.join(rest.as_path())));
                }
                _ => continue,
            };
            let tree = match passed.last() {
                None => self.tree,
                Some(item) if item.kind == EntryKind::Tree => item.id,
                Some(_) => return Err(io::ErrorKind::NotADirectory.into()),
            };
            let items = self.items(tree)?;
            let index = items
                .binary_search_by(|item| item.name.as_os_str().cmp(name))
                .map_err(|_| super::files::not_found())?;
            let item = &items[index];
            match item.kind {
                EntryKind::Commit => return Err(submodule(path)),
                EntryKind::Link => {
                    let target = self.blob(item.id)?;
                    let target = gix::path::from_byte_slice(&target).map_err(io::Error::other)?;
                    let to = self.at(&passed).join(target).join(rest.as_path());
                    return Ok(Step::Goes(to));
                }
                _ => passed.push(item.clone()),
            }
        }
        Ok(Step::Found(match passed.last() {
            None => Found::Inside(self.root.clone(), FileKind::Directory, self.tree),
            Some(item) if item.kind == EntryKind::Tree => {
                Found::Inside(self.at(&passed), FileKind::Directory, item.id)
            }
            Some(item) => Found::Inside(self.at(&passed), FileKind::File, item.id),
        }))
    }

    fn at(&self, passed: &[Item]) -> PathBuf {
        let mut path = self.root.clone();
        path.extend(passed.iter().map(|item| &item.name));
        path
    }

    /// Adds the files below a directory; `above` are the directories that led there, without links.
    fn walk_into(
        &self,
        directory: &Path,
        shown: &Path,
        above: &mut Vec<PathBuf>,
        files: &mut Vec<PathBuf>,
    ) -> io::Result<()> {
        let (real, id) = match self.find(directory)? {
            Found::Inside(real, FileKind::Directory, id) => (real, id),
            Found::Inside(..) => {
                files.push(shown.to_path_buf());
                return Ok(());
            }
            Found::Outside(real) => {
                let inside = Disk.walk(&real)?;
                files.extend(inside.into_iter().map(|file| shown.join(file)));
                return Ok(());
            }
        };
        if above.contains(&real) {
            return Err(too_many_links());
        }
        above.push(real);
        for item in self.items(id)?.iter() {
            let shown = shown.join(&item.name);
            match item.kind {
                EntryKind::Tree | EntryKind::Link => {
                    self.walk_into(&directory.join(&item.name), &shown, above, files)?;
                }
                // A clean checkout has an empty directory there.
                EntryKind::Commit => {}
                _ => files.push(shown),
            }
        }
        above.pop();
        Ok(())
    }
}

/// How far a path was followed.
enum Step {
    /// To its end.
    Found(Found),
    /// To a link: this is what it means.
    Goes(PathBuf),
}

impl Files for Revision {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.find(path)? {
            Found::Inside(_, FileKind::File, id) => self.blob(id),
            Found::Inside(..) => Err(io::ErrorKind::IsADirectory.into()),
            Found::Outside(path) => Disk.read(&path),
        }
    }

    fn resolve(&self, path: &Path) -> io::Result<(PathBuf, FileKind)> {
        match self.find(path)? {
            Found::Inside(path, kind, _) => Ok((path, kind)),
            Found::Outside(path) => Disk.resolve(&path),
        }
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        match self.find(directory)? {
            Found::Inside(_, FileKind::Directory, id) => {
                let names = self.items(id)?;
                let names = names.iter().map(|item| item.name.to_string_lossy());
                Ok(names.map(std::borrow::Cow::into_owned).collect())
            }
            Found::Inside(..) => Err(io::ErrorKind::NotADirectory.into()),
            Found::Outside(path) => Disk.list(&path),
        }
    }

    fn walk(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        match self.resolve(directory) {
            Ok((_, FileKind::Directory)) => {
                self.walk_into(directory, Path::new(""), &mut Vec::new(), &mut files)?;
                Ok(files)
            }
            _ => Ok(files),
        }
    }
}

/// The commit and the tree that a revision means.
fn parse(repository: &gix::Repository, revision: &str) -> Result<(ObjectId, ObjectId)> {
    let unknown = || {
        Error::new(Kind::Load, format!("there is no revision `{revision}`")).help(
            "it is written as for git: a branch, a tag, a commit; a shallow clone has to fetch it \
             first",
        )
    };
    let spec = repository
        .rev_parse(revision)
        .map_err(|cause| unknown().caused_by(cause))?;
    let commit = match spec.detach() {
        Spec::Include(id) => id,
        Spec::Merge { theirs, ours } => match repository.merge_base(theirs, ours) {
            Ok(Some(base)) => base.detach(),
            _ => {
                let message = format!("`{revision}`: the two have no commit in common");
                return Err(Error::new(Kind::Load, message)
                    .help("a shallow clone may not reach back far enough; fetch more of it"));
            }
        },
        _ => {
            let message = format!("`{revision}` means several commits, not one");
            return Err(Error::new(Kind::Load, message)
                .help("name one, or `A...B` for the commit where two parted"));
        }
    };
    let tree = repository
        .find_object(commit)
        .and_then(gix::Object::peel_to_tree)
        .map_err(|cause| unknown().caused_by(cause))?;
    Ok((commit, tree.id))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn submodule(path: &Path) -> io::Error {
    let shown = path.display();
    io::Error::other(format!(
        "`{shown}` is in a submodule, whose files are in a repository of their own"
    ))
}

fn too_many_links() -> io::Error {
    io::Error::other("too many links lead to each other")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::process::Command;
    use std::{fs, iter};

    use super::*;

    struct Made(tempfile::TempDir);

    impl Made {
        fn new() -> Self {
            let made = Self(tempfile::tempdir().unwrap());
            made.git("init --quiet --initial-branch main");
            made
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().canonicalize().unwrap().join(name)
        }

        fn write(&self, name: &str, content: &str) {
            fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
            fs::write(self.path(name), content).unwrap();
        }

        fn git(&self, words: &str) {
            let identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"];
            let output = Command::new("git")
                .args(identity)
                .args(words.split(' '))
                .current_dir(self.path(""))
                .output()
                .unwrap();
            assert!(output.status.success(), "git {words}: {output:?}");
        }

        fn commit(&self) -> Revision {
            self.git("add --all");
            self.git("commit --quiet --message change");
            Revision::open(&self.path(""), "HEAD").unwrap()
        }
    }

    #[test]
    fn what_was_committed_is_there_and_what_is_not_is_not() {
        let made = Made::new();
        made.write("a/x.yaml", "then");
        made.write(".gitignore", "secret\n");
        made.write("a/secret", "hush");
        let revision = made.commit();
        made.write("a/x.yaml", "now");
        fs::create_dir(made.path("b")).unwrap();
        assert_eq!(revision.read(&made.path("a/x.yaml")).unwrap(), b"then");
        assert_eq!(revision.list(&made.path("a")).unwrap(), ["x.yaml"]);
        assert!(revision.resolve(&made.path("b")).is_err());
        let error = revision.read(&made.path("a/secret")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        assert!(revision.read(&made.path("a")).is_err());
        assert_eq!(revision.commit().len(), 40);
    }

    #[test]
    fn links_are_followed_as_on_the_disk() {
        let made = Made::new();
        made.write("configs/2026/a.yaml", "a");
        symlink("2026", made.path("configs/current")).unwrap();
        symlink("../configs/current/a.yaml", made.path("configs/up")).unwrap();
        symlink(made.path("configs"), made.path("absolute")).unwrap();
        symlink("nowhere", made.path("broken")).unwrap();
        symlink("turn", made.path("round")).unwrap();
        symlink("round", made.path("turn")).unwrap();
        let revision = made.commit();
        for name in [
            "configs/current/a.yaml",
            "configs/up",
            "absolute/current/../2026/a.yaml",
        ] {
            let path = made.path(name);
            assert_eq!(revision.read(&path).unwrap(), b"a", "{name}");
            assert_eq!(
                revision.resolve(&path).unwrap(),
                Disk.resolve(&path).unwrap()
            );
        }
        assert!(revision.resolve(&made.path("broken")).is_err());
        assert!(revision.resolve(&made.path("round")).is_err());
        let walked = revision.walk(&made.path("configs")).unwrap();
        assert_eq!(walked, Disk.walk(&made.path("configs")).unwrap());
        assert!(revision.walk(&made.path("")).is_err());
    }

    #[test]
    fn a_walk_in_a_circle_ends() {
        let made = Made::new();
        made.write("a/x", "x");
        symlink("..", made.path("a/up")).unwrap();
        assert!(made.commit().walk(&made.path("")).is_err());
    }

    #[test]
    fn what_lies_outside_is_the_disks() {
        let outside = tempfile::tempdir().unwrap();
        let outside = outside.path().canonicalize().unwrap();
        fs::write(outside.join("x"), "x").unwrap();
        let made = Made::new();
        symlink(&outside, made.path("out")).unwrap();
        let revision = made.commit();
        assert_eq!(revision.read(&outside.join("x")).unwrap(), b"x");
        assert_eq!(revision.read(&made.path("out/x")).unwrap(), b"x");
        assert_eq!(revision.walk(&made.path("out")).unwrap(), [Path::new("x")]);
    }

    #[test]
    fn tracked_files_are_those_of_the_revision() {
        let made = Made::new();
        made.write("e/secrets/token", "x");
        made.write("e-other/y", "x");
        let revision = made.commit();
        made.git("rm --quiet --cached e/secrets/token");
        let tracked = revision.tracked_files(&made.path("e")).unwrap();
        assert_eq!(tracked, [made.path("e/secrets/token")]);
        let all = revision.tracked_files(&made.path("")).unwrap();
        assert_eq!(all.len(), 2);
    }

    #[test]
    fn a_submodule_is_an_error_that_says_so() {
        let (made, inner) = (Made::new(), Made::new());
        inner.write("x", "x");
        inner.commit();
        let from = inner.path("");
        made.git(&format!(
            "-c protocol.file.allow=always submodule --quiet add {} sub",
            from.display()
        ));
        let revision = made.commit();
        let error = revision.read(&made.path("sub/x")).unwrap_err();
        assert!(error.to_string().contains("submodule"), "{error}");
        assert_eq!(
            revision.walk(&made.path("")).unwrap(),
            [Path::new(".gitmodules")]
        );
    }

    #[test]
    fn a_revision_is_named_as_for_git() {
        let made = Made::new();
        made.write("x", "1");
        made.commit();
        made.git("checkout --quiet -b side");
        made.write("x", "2");
        made.commit();
        made.git("checkout --quiet main");
        made.write("x", "3");
        made.commit();
        let read = |revision: &str| Revision::open(&made.path(""), revision).unwrap();
        let contents = ["main~1", "side", "HEAD", "side..."].map(|revision| {
            let bytes = read(revision).read(&made.path("x")).unwrap();
            String::from_utf8(bytes).unwrap()
        });
        assert_eq!(contents, ["1", "2", "3", "1"]);
        let wrong = iter::once(("no-such", "there is no revision `no-such`"))
            .chain([("side..main", "several commits"), ("main:x", "no revision")]);
        for (revision, message) in wrong {
            let error = Revision::open(&made.path(""), revision).err().unwrap();
            assert!(error.message().contains(message), "{error}");
        }
        let nowhere = tempfile::tempdir().unwrap();
        assert!(Revision::open(nowhere.path(), "HEAD").is_err());
    }
}
