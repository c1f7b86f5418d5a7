//! A file system that shows the tree of a git revision.
//!
//! A [`Revision`] stands where the work tree stands, so that a path means the same in both. It is
//! what a clean checkout would be: links are followed, contents are converted as attributes and
//! configuration say, submodules are at the commit that is recorded of them, what git does not
//! track is not there, and what lies outside of the repository is the disk's. Nothing is checked
//! out, and of the user's programs only filters run.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex};

use gix::ObjectId;
use gix::objs::tree::EntryKind;
use gix::revision::plumbing::Spec;
use kustom_yaml::error::{Error, Kind, Result, nearest};
use kustom_yaml::limits::Budget;
use rustc_hash::{FxHashMap, FxHashSet};

use super::listing::{DEEPEST, Listing};
use super::store::{Item, Store, locked};
use super::{Disk, FileKind, Files, TrackedFiles, repository};
use crate::write::Scratch;

/// How many links may lead to each other, as on a disk.
const LINKS: usize = 40;

/// The files of a git repository as they are in a revision.
pub struct Revision {
    commit: ObjectId,
    repository: Arc<Store>,
    /// The submodules that were entered, by their paths and commits.
    submodules: Mutex<FxHashMap<(PathBuf, ObjectId), Arc<Store>>>,
    /// The files, laid out for a program that reads by itself.
    checkout: Mutex<Option<Scratch>>,
    allowed: Vec<PathBuf>,
    /// The directories that were listed, each once however often.
    listed: Mutex<(FxHashSet<PathBuf>, Listing)>,
}

/// The target of a path.
enum Found {
    /// Something outside of the repository.
    Outside(PathBuf),
    /// A file or a directory of the revision, at its path without links.
    Inside(PathBuf, FileKind, ObjectId, Arc<Store>),
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
            Error::new(Kind::Load, message).help(format!(
                "the revision `{revision}` is looked up in git's history: run this in a clone \
                     of the project"
            ))
        })?;
        repository::has_readable_references(&opened.repository)?;
        let (commit, tree) = parse(&opened.repository, revision)?;
        let store = Store::new(opened.root, tree, opened.repository);
        // Nobody must take what cannot be read for what is not there.
        store.prepare().map_err(|cause| {
            let message = format!("cannot read the revision `{revision}`: {cause}");
            Error::new(Kind::Load, message).caused_by(cause)
        })?;
        Ok(Self {
            commit,
            repository: Arc::new(store),
            submodules: Mutex::default(),
            checkout: Mutex::default(),
            allowed: Vec::new(),
            listed: Mutex::default(),
        })
    }

    /// The root of the work tree.
    pub fn root(&self) -> &Path {
        &self.repository.root
    }

    /// The commit, in full.
    pub fn commit(&self) -> String {
        self.commit.to_string()
    }

    /// The files below a directory that git tracks in the revision, as absolute paths; those of
    /// submodules are not among them.
    ///
    /// # Errors
    ///
    /// If an object is missing from the repository.
    pub fn tracked_files(&self, directory: &Path) -> Result<TrackedFiles> {
        let mut files = Vec::new();
        let store = &self.repository;
        store
            .each(&store.root, store.tree, directory, &mut |path, item| {
                if item.kind != EntryKind::Commit {
                    files.push(path.to_path_buf());
                }
                Ok(())
            })
            .map_err(|cause| {
                let message = format!("cannot list the files of the revision: {cause}");
                Error::new(Kind::Load, message).caused_by(cause)
            })?;
        Ok(files.into_iter().collect())
    }

    /// Whether a tracked file or link is on the disk what it is here; a submodule is if each of its
    /// files is.
    ///
    /// # Errors
    ///
    /// If the repository, or a submodule, cannot be read.
    pub fn is_on_disk(&self) -> io::Result<bool> {
        self.is_store_on_disk(&self.repository)
    }

    /// The same, with what a project of it may be read from though it lies outside.
    #[must_use]
    pub fn allowing(self, allowed: &[PathBuf]) -> Self {
        Self {
            allowed: allowed.to_vec(),
            ..self
        }
    }

    fn is_store_on_disk(&self, store: &Arc<Store>) -> io::Result<bool> {
        let mut is_same = true;
        store.each(&store.root, store.tree, &store.root, &mut |path, item| {
            is_same = is_same
                && match item.kind {
                    EntryKind::Link => fs::read_link(path).is_ok_and(|target| {
                        let kept = store.blob(item.id);
                        kept.is_ok_and(|kept| target.as_os_str().as_encoded_bytes() == kept)
                    }),
                    EntryKind::Commit => match self.enter(path, item.id, store)? {
                        Some(inner) => self.is_store_on_disk(&inner)?,
                        None => true,
                    },
                    _ => {
                        let content = store.content(path, item.id)?;
                        fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
                            && Disk.read(path).is_ok_and(|there| there == content)
                    }
                };
            Ok(())
        })?;
        Ok(is_same)
    }

    /// The submodule at a path, at a commit; none where a clone that leaves submodules alone has
    /// an empty directory.
    fn enter(
        &self,
        path: &Path,
        commit: ObjectId,
        outer: &Arc<Store>,
    ) -> io::Result<Option<Arc<Store>>> {
        let key = (path.to_path_buf(), commit);
        if let Some(known) = locked(&self.submodules).get(&key) {
            return Ok(Some(Arc::clone(known)));
        }
        let Some(repository) = outer.submodule(path) else {
            let is_empty = fs::read_dir(path).is_ok_and(|mut names| names.next().is_none());
            return match is_empty {
                true => Ok(None),
                false => Err(unread(path, commit)),
            };
        };
        let tree = repository::tree_of(&repository, commit).map_err(|_| unread(path, commit))?;
        let store = Arc::new(Store::new(path.to_path_buf(), tree, repository));
        locked(&self.submodules).insert(key, Arc::clone(&store));
        Ok(Some(store))
    }

    /// Where a path leads, through all links.
    fn find(&self, path: &Path) -> io::Result<Found> {
        let root = self.root();
        let mut links = LINKS;
        let mut path = path.to_path_buf();
        loop {
            if !path.starts_with(root) {
                // The disk may lead back in, by a link to the work tree or by `..`.
                match Disk.resolve(&path) {
                    Ok((real, _)) if real.starts_with(root) => path = real,
                    Ok((real, _)) => return Ok(Found::Outside(real)),
                    Err(_) if super::normalized(&path).starts_with(root) => {
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
        let mut passed: Vec<(Item, Arc<Store>)> = Vec::new();
        let inside = path.strip_prefix(self.root()).unwrap_or(path);
        let mut rest = inside.components();
        while let Some(component) = rest.next() {
            let name = match component {
                Component::Normal(name) => name,
                Component::ParentDir if passed.pop().is_none() => {
                    let above = self.root().parent().unwrap_or(self.root());
                    return Ok(Step::Goes(above.join(rest.as_path())));
                }
                _ => continue,
            };
            let (tree, store) = match passed.last() {
                None => (self.repository.tree, &self.repository),
                Some((item, store)) if item.kind == EntryKind::Tree => (item.id, store),
                Some((item, _)) if item.kind == EntryKind::Commit => {
                    return Err(unread(&self.at(&passed), item.id));
                }
                Some(_) => return Err(io::ErrorKind::NotADirectory.into()),
            };
            let (items, store) = (store.items(tree)?, Arc::clone(store));
            let index = items
                .binary_search_by(|item| item.name.as_os_str().cmp(name))
                .map_err(|_| super::files::not_found())?;
            let item = &items[index];
            match item.kind {
                EntryKind::Link => {
                    let target = store.blob(item.id)?;
                    let target = gix::path::from_byte_slice(&target).map_err(io::Error::other)?;
                    let to = self.at(&passed).join(target).join(rest.as_path());
                    return Ok(Step::Goes(to));
                }
                EntryKind::Commit => {
                    let at = self.at(&passed).join(&item.name);
                    let (item, store) = match self.enter(&at, item.id, &store)? {
                        None => (item.clone(), store),
                        Some(inner) => {
                            let tree = Item {
                                kind: EntryKind::Tree,
                                id: inner.tree,
                                ..item.clone()
                            };
                            (tree, inner)
                        }
                    };
                    passed.push((item, store));
                }
                _ => passed.push((item.clone(), store)),
            }
        }
        let at = self.at(&passed);
        Ok(Step::Found(match passed.pop() {
            None => {
                let store = Arc::clone(&self.repository);
                Found::Inside(at, FileKind::Directory, store.tree, store)
            }
            Some((item, store)) => {
                let kind = match item.kind {
                    EntryKind::Tree | EntryKind::Commit => FileKind::Directory,
                    _ => FileKind::File,
                };
                let id = match item.kind {
                    EntryKind::Commit => ObjectId::empty_tree(item.id.kind()),
                    _ => item.id,
                };
                Found::Inside(at, kind, id, store)
            }
        }))
    }

    fn at(&self, passed: &[(Item, Arc<Store>)]) -> PathBuf {
        let mut path = self.root().to_path_buf();
        path.extend(passed.iter().map(|(item, _)| &item.name));
        path
    }

    /// Counts a directory that is listed: many paths may lead to one tree, through those that share it.
    fn count(&self, real: &Path, items: &[Item]) -> io::Result<()> {
        let mut listed = locked(&self.listed);
        let (known, listing) = &mut *listed;
        if known.contains(real) {
            return Ok(());
        }
        let length = real.as_os_str().len();
        listing.directory(length)?;
        for item in items {
            listing.file(length + item.name.len())?;
        }
        known.insert(real.to_path_buf());
        Ok(())
    }

    /// Adds the files below a directory; `above` are the directories that led there, without links.
    fn walk_into(
        &self,
        directory: &Path,
        shown: &Path,
        above: &mut Vec<PathBuf>,
        (files, listing): (&mut Vec<PathBuf>, &mut Listing),
    ) -> io::Result<()> {
        listing.directory(shown.as_os_str().len())?;
        let (real, id, store) = match self.find(directory)? {
            Found::Inside(real, FileKind::Directory, id, store) => (real, id, store),
            Found::Inside(..) => {
                files.push(shown.to_path_buf());
                return Ok(());
            }
            Found::Outside(real) => {
                let inside = Disk.walk(&real)?;
                for file in &inside {
                    listing.file(shown.as_os_str().len() + file.as_os_str().len())?;
                }
                files.extend(inside.into_iter().map(|file| shown.join(file)));
                return Ok(());
            }
        };
        if above.contains(&real) || above.len() >= DEEPEST {
            return Err(too_many_links());
        }
        above.push(real);
        for item in store.items(id)?.iter() {
            let shown = shown.join(&item.name);
            match item.kind {
                EntryKind::Tree | EntryKind::Link | EntryKind::Commit => {
                    let below = directory.join(&item.name);
                    self.walk_into(&below, &shown, above, (files, listing))?;
                }
                _ => {
                    listing.file(shown.as_os_str().len())?;
                    files.push(shown);
                }
            }
        }
        above.pop();
        Ok(())
    }

    /// Lays out all files below a directory. What is there more than once is charged: a few contents
    /// could fill the disk.
    fn check_out(&self, store: &Arc<Store>, to: &Scratch, budget: &Budget) -> io::Result<()> {
        let mut known: FxHashSet<ObjectId> = FxHashSet::default();
        store.each(&store.root, store.tree, &store.root, &mut |path, item| {
            let inside = path.strip_prefix(self.root()).unwrap_or(path);
            let mut content = || {
                let content = store.content(path, item.id)?;
                if !known.insert(item.id) {
                    let charged = budget.charge("files of the same content", content.len() as u64);
                    charged.map_err(io::Error::other)?;
                }
                io::Result::Ok(content)
            };
            match item.kind {
                EntryKind::Commit => match self.enter(path, item.id, store)? {
                    Some(inner) => self.check_out(&inner, to, budget),
                    None => to.directory(inside).map(drop),
                },
                EntryKind::Link => {
                    let target = store.blob(item.id)?;
                    let target = gix::path::from_byte_slice(&target).map_err(io::Error::other)?;
                    to.link(target, inside)
                }
                EntryKind::BlobExecutable => to.write_program(inside, &content()?),
                _ => to.write(inside, &content()?).map(drop),
            }
        })
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
            Found::Inside(real, FileKind::File, id, store) => store.content(&real, id),
            Found::Inside(..) => Err(io::ErrorKind::IsADirectory.into()),
            Found::Outside(path) => Disk.read(&path),
        }
    }

    fn resolve(&self, path: &Path) -> io::Result<(PathBuf, FileKind)> {
        match self.find(path)? {
            Found::Inside(path, kind, ..) => Ok((path, kind)),
            Found::Outside(path) => Disk.resolve(&path),
        }
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        match self.find(directory)? {
            Found::Inside(real, FileKind::Directory, id, store) => {
                let names = store.items(id)?;
                self.count(&real, &names)?;
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
                let found = (&mut files, &mut Listing::new());
                self.walk_into(directory, Path::new(""), &mut Vec::new(), found)?;
                Ok(files)
            }
            _ => Ok(files),
        }
    }

    fn allowed(&self) -> &[PathBuf] {
        &self.allowed
    }

    fn hand_over(&self, path: &Path) -> io::Result<PathBuf> {
        let Ok(inside) = path.strip_prefix(self.root()) else {
            return Ok(path.to_path_buf());
        };
        let mut checkout = locked(&self.checkout);
        let below = match &*checkout {
            Some(below) => below.path(),
            None => {
                let below = Scratch::new("kustom-revision-")?;
                self.check_out(&self.repository, &below, &Budget::default())?;
                checkout.insert(below).path()
            }
        };
        Ok(below.join(inside))
    }
}

/// The commit and the tree that a revision means.
fn parse(repository: &gix::Repository, revision: &str) -> Result<(ObjectId, ObjectId)> {
    let unknown = || {
        let error = Error::new(Kind::Load, format!("there is no revision `{revision}`"));
        let names = repository::reference_names(repository);
        let others = names.iter().map(String::as_str);
        match nearest(revision, others.filter(|name| *name != revision)) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help(
                "it is written as for git: a branch, a tag, a commit; a shallow clone has to fetch \
                 it first",
            ),
        }
    };
    repository::has_sound_start(repository, revision).map_err(|cause| {
        let why = repository::told(&cause);
        let message = format!("cannot read the revision `{revision}`: {why}");
        Error::new(Kind::Load, message)
            .caused_by(cause)
            .help("ask `git fsck` what is wrong, and fix it")
    })?;
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
    let tree = repository::tree_of(repository, commit);
    Ok((commit, tree.map_err(|cause| unknown().caused_by(cause))?))
}

fn unread(path: &Path, commit: ObjectId) -> io::Error {
    let (shown, commit) = (path.display(), commit.to_hex_with_len(10));
    io::Error::other(format!(
        "the submodule `{shown}` is not here at the commit `{commit}`; `git submodule update --init` \
         fetches it"
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
    use crate::load;

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
        assert_eq!(tracked.all(), [made.path("e/secrets/token")]);
        let all = revision.tracked_files(&made.path("")).unwrap();
        assert_eq!(all.all().len(), 2);
    }

    #[test]
    fn the_index_answers_as_a_list_of_its_files_does() {
        let (made, inner) = (Made::new(), Made::new());
        inner.write("deep/x", "x");
        inner.commit();
        for name in ["a", "b/x", "b/y/z", "b-c", "b.d/x", "c/x"] {
            made.write(name, "x");
        }
        symlink("b", made.path("link")).unwrap();
        let from = inner.path("");
        let from = from.display();
        made.git(&format!(
            "-c protocol.file.allow=always submodule --quiet add {from} b/sub"
        ));
        made.git("add --all");
        made.write("b/new", "x");
        let names = "a b b/x b/y b/y/z b-c b.d b.d/x c link b/new b/sub b/sub/deep b/sub/deep/x . \
                     .gitmodules nothing c/x/y";
        for below in ["", "b", "b/sub", "b/sub/deep", "c/x", "nothing"] {
            let below = made.path(below);
            let indexed = load::tracked_files(&below).unwrap();
            let all = indexed.all();
            assert!(all.iter().all(|path| path.starts_with(&below)));
            assert_eq!(indexed.is_empty(), all.is_empty(), "{below:?}");
            let listed: TrackedFiles = all.into_iter().collect();
            for name in names.split_whitespace() {
                let path = made.path(name);
                assert_eq!(indexed.contains(&path), listed.contains(&path), "{path:?}");
                assert_eq!(indexed.below(&path), listed.below(&path), "{path:?}");
            }
        }
        let below = load::tracked_files(&made.path("b")).unwrap().all();
        let expected = ["b/sub", "b/sub/deep/x", "b/x", "b/y/z"];
        assert_eq!(below, expected.map(|name| made.path(name)));
    }

    #[test]
    fn an_index_out_of_order_is_refused() {
        let made = Made::new();
        made.write("a", "x");
        made.write("b", "x");
        made.git("add --all");
        let path = made.path(".git/index");
        let mut index = fs::read(&path).unwrap();
        // Behind a header of 12 bytes, entries with so short a name have 64 bytes, and the name is the 63rd.
        let names = [12 + 62, 12 + 64 + 62];
        assert_eq!(names.map(|at| index[at]), [b'a', b'b']);
        names
            .into_iter()
            .zip(*b"ba")
            .for_each(|(at, name)| index[at] = name);
        fs::write(&path, index).unwrap();
        let error = load::tracked_files(&made.path("")).unwrap_err();
        assert!(
            error.message().ends_with("its entries are not in order"),
            "{error}"
        );
    }

    #[test]
    fn a_submodule_is_read_at_its_recorded_commit_wherever_it_is_kept() {
        let (made, inner) = (Made::new(), Made::new());
        inner.write("a/x", "then");
        inner.commit();
        let from = inner.path("");
        let from = from.display();
        made.git(&format!(
            "-c protocol.file.allow=always submodule --quiet add {from} sub"
        ));
        let commit = made.commit().commit();
        inner.write("a/x", "now");
        inner.commit();
        made.git("-C sub pull --quiet");
        made.commit();
        let then = || Revision::open(&made.path(""), &commit).unwrap();
        let (file, files) = (made.path("sub/a/x"), ["sub/a/x", ".gitmodules"]);
        let now = Revision::open(&made.path(""), "HEAD").unwrap();
        assert_eq!(now.read(&file).unwrap(), b"now");
        assert!(now.is_on_disk().unwrap() && !then().is_on_disk().unwrap());
        for place in ["in the work tree", "among the modules"] {
            assert_eq!(then().read(&file).unwrap(), b"then", "{place}");
            let mut walked = then().walk(&made.path("")).unwrap();
            walked.sort_by(|a, b| b.cmp(a));
            assert_eq!(walked, files.map(Path::new), "{place}");
            let _ = fs::remove_dir_all(made.path("sub"));
        }
        let handed = then().hand_over(&made.path("sub"));
        assert!(handed.is_ok());
        fs::remove_dir_all(made.path(".git/modules")).unwrap();
        let error = then().read(&file).unwrap_err();
        assert!(error.to_string().contains("submodule"), "{error}");
        // As after a clone that leaves submodules alone.
        fs::create_dir(made.path("sub")).unwrap();
        assert_eq!(
            then().walk(&made.path("")).unwrap(),
            [Path::new(".gitmodules")]
        );
        assert!(then().read(&file).is_err());
    }

    #[test]
    fn what_is_handed_over_is_laid_out_as_a_checkout() {
        let made = Made::new();
        made.write("a/run", "#!/bin/sh\n");
        symlink("run", made.path("a/link")).unwrap();
        fs::set_permissions(
            made.path("a/run"),
            std::os::unix::fs::PermissionsExt::from_mode(0o755),
        )
        .unwrap();
        let revision = made.commit();
        made.write("a/run", "changed");
        let handed = revision.hand_over(&made.path("a")).unwrap();
        assert_eq!(fs::read(handed.join("link")).unwrap(), b"#!/bin/sh\n");
        assert!(Disk::is_executable(&handed.join("run")).unwrap());
        let outside = Path::new("/outside");
        assert_eq!(revision.hand_over(outside).unwrap(), outside);
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
