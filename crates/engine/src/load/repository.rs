//! Finds the git repository of a directory, and checks that it can be read.
//!
//! What git tracks must not be missed. So the answer is "none" only where nothing looks like a
//! repository; where something does and cannot be read, it is an error, even where git would look
//! further up. Nothing but regular files is read, since a pipe would never end.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use gix::bstr::BStr;
use gix::objs::Kind as ObjectKind;
use gix::objs::tree::EntryKind;
use gix::open::Permissions;
use gix::sec::Permission;
use gix::sec::trust::{DefaultForLevel as _, Mapping};
use gix::{ObjectId, ThreadSafeRepository};
use kustom_yaml::error::{Error, Kind, Result};

use super::listing::{DEEPEST, Listing};
use super::normalized;

/// The extensions of the repository format that change nothing of what is read here, in lower case.
const EXTENSIONS: &[&str] = &[
    "compatobjectformat",
    "noop",
    "noop-v1",
    "objectformat",
    "partialclone",
    "preciousobjects",
    "refstorage",
    "relativeworktrees",
    "submodulepathconfig",
    "worktreeconfig",
];

/// A repository that was opened.
pub(super) struct Opened {
    pub(super) repository: gix::Repository,
    /// The root of the work tree without links; of a bare repository its own directory.
    pub(super) root: PathBuf,
    pub(super) is_bare: bool,
}

/// The repository that a directory is in, as git would find it from here.
///
/// `GIT_DIR` and what goes with it count for the work tree that the current directory is in, as in
/// a hook, and for no other.
pub(super) fn repository(directory: &Path) -> Result<Option<Opened>> {
    let directory = existing(directory);
    let here = env::current_dir().and_then(fs::canonicalize).ok();
    let named = match env::var_os("GIT_DIR") {
        Some(git_dir) => Some(named_by_environment(
            Path::new(&git_dir),
            here.as_deref().unwrap_or(&directory),
        )?),
        None => None,
    };
    let is_named = named.is_some();
    let named = match named {
        Some(opened) if directory.starts_with(&opened.root) => return Ok(Some(opened)),
        named => named,
    };
    for ancestor in directory.ancestors() {
        if let Some(git_dir) = git_directory(ancestor)? {
            let is_local = !is_named && here.as_ref().is_some_and(|it| it.starts_with(ancestor));
            return open(ancestor, &git_dir, &directory, is_local).map(Some);
        }
    }
    if let Some(bare) = named.filter(|opened| opened.is_bare) {
        let why = "`GIT_DIR` names it, and it has no work tree".to_owned();
        return Err(unreadable(&bare.root, &why)
            .help("say in `GIT_WORK_TREE` where its work tree is, or unset `GIT_DIR`"));
    }
    let mut above = directory.ancestors();
    let bare = above.find(|ancestor| gix::discover::is_git(ancestor).is_ok());
    bare.map(|git_dir| open(git_dir, git_dir, git_dir, false))
        .transpose()
}

/// The repository of a submodule, if it is checked out.
pub(super) fn submodule(root: &Path) -> Result<Option<Opened>> {
    match git_directory(root)? {
        Some(git_dir) => open(root, &git_dir, root, false).map(Some),
        None => Ok(None),
    }
}

/// A directory without links, or the first above it that is there.
fn existing(directory: &Path) -> PathBuf {
    let mut above = directory.ancestors();
    above
        .find_map(|ancestor| ancestor.canonicalize().ok())
        .unwrap_or_else(|| normalized(directory))
}

/// The repository that `GIT_DIR` names.
fn named_by_environment(git_dir: &Path, here: &Path) -> Result<Opened> {
    let named = here.join(git_dir);
    let cannot = |why: String| {
        unreadable(&named, &why).help("`GIT_DIR` names it: unset it, or name the repository")
    };
    let target = target(&named).map_err(&cannot)?;
    are_regular(&target).map_err(&cannot)?;
    let opened = ThreadSafeRepository::open_with_environment_overrides(here, options(true));
    let mut repository = opened
        .map_err(|cause| cannot(told(&cause)))?
        .to_thread_local();
    understood(&repository).map_err(&cannot)?;
    let is_said = env::var_os("GIT_WORK_TREE").is_some()
        || repository
            .config_snapshot()
            .string("core.worktree")
            .is_some();
    let root = match repository.workdir() {
        Some(root) if is_said || here.starts_with(existing(root)) => existing(root),
        None if repository.is_bare() => {
            return Ok(Opened {
                root: existing(repository.git_dir()),
                repository,
                is_bare: true,
            });
        }
        // As for git, the current directory is the root then.
        _ => here.to_path_buf(),
    };
    repository
        .set_workdir(root.clone())
        .map_err(|cause| cannot(told(&cause)))?;
    Ok(Opened {
        repository,
        root,
        is_bare: false,
    })
}

/// The target of `.git` in a directory, if it is there.
fn git_directory(directory: &Path) -> Result<Option<PathBuf>> {
    let path = directory.join(".git");
    match fs::symlink_metadata(&path) {
        Err(cause) if is_nothing(&cause) => return Ok(None),
        Err(cause) => return Err(unreadable(&path, &cause.to_string())),
        Ok(_) => {}
    }
    // An empty directory is what is left where another is to be mounted.
    if fs::read_dir(&path).is_ok_and(|mut entries| entries.next().is_none()) {
        return Ok(None);
    }
    let cannot = |why: String| {
        unreadable(&path, &why).help(
            "ask `git status` what is wrong; a work tree that was moved is fixed with \
             `git worktree repair`, and a `.git` of no repository is to be removed",
        )
    };
    let git_dir = target(&path).map_err(cannot)?;
    are_regular(&git_dir).map_err(cannot)?;
    gix::discover::is_git(&path).map_err(|cause| cannot(told(&cause)))?;
    Ok(Some(git_dir))
}

/// The directory that a `.git` is, or that the file of this name leads to.
fn target(path: &Path) -> std::result::Result<PathBuf, String> {
    let metadata = fs::metadata(path).map_err(|cause| cause.to_string())?;
    if metadata.is_dir() {
        return Ok(path.to_path_buf());
    }
    if !metadata.is_file() {
        return Err("it is no directory and no file".to_owned());
    }
    let target = gix::discover::path::from_gitdir_file(path)
        .map_err(|_| "its file does not say `gitdir:` and where it is".to_owned())?;
    match fs::metadata(&target) {
        Ok(metadata) if metadata.is_dir() => Ok(target),
        _ => Err(format!(
            "it leads to `{}`, which is not there",
            target.display()
        )),
    }
}

/// Whether the files that opening a repository reads are ones.
fn are_regular(git_dir: &Path) -> std::result::Result<(), String> {
    let common = gix::discover::path::from_plain_file(&git_dir.join("commondir"));
    let common = common.and_then(std::result::Result::ok);
    let common = common.map_or_else(|| git_dir.to_path_buf(), |path| git_dir.join(path));
    let own = ["HEAD", "config.worktree", "gitdir", "index"].map(|name| git_dir.join(name));
    let shared = ["config", "packed-refs", "shallow"].map(|name| common.join(name));
    for path in own.iter().chain(&shared) {
        match fs::metadata(path) {
            Ok(metadata) if !metadata.is_file() => {
                return Err(format!("`{}` is no regular file", path.display()));
            }
            Err(cause) if !is_nothing(&cause) => {
                return Err(format!("cannot read `{}`: {cause}", path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn is_nothing(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// Opens the repository `git_dir` that stands in `parent`, for a directory that must be in its work
/// tree; `is_local` says whether the environment speaks of it.
fn open(parent: &Path, git_dir: &Path, directory: &Path, is_local: bool) -> Result<Opened> {
    let cannot =
        |why: String| unreadable(git_dir, &why).help("ask `git status` what is wrong, and fix it");
    let discovery = gix::discover::upwards::Options {
        cross_fs: true,
        ..Default::default()
    };
    let opened = ThreadSafeRepository::discover_opts(parent, discovery, options(is_local));
    let mut repository = opened
        .map_err(|cause| cannot(told(&cause)))?
        .to_thread_local();
    understood(&repository).map_err(cannot)?;
    if repository.workdir().is_none() && !repository.index_path().is_file() {
        return Ok(Opened {
            root: existing(git_dir),
            repository,
            is_bare: true,
        });
    }
    // Whatever `core.bare` says: where an index is, files are tracked.
    let work_tree = repository.workdir().unwrap_or(parent).to_path_buf();
    let root = work_tree
        .canonicalize()
        .map_err(|cause| cannot(format!("its work tree `{}`: {cause}", work_tree.display())))?;
    if !directory.starts_with(&root) {
        let message = format!(
            "its work tree is `{}`, and `{}` is not in it",
            root.display(),
            directory.display()
        );
        return Err(cannot(message).help("see `core.worktree` in its configuration"));
    }
    repository
        .set_workdir(root.clone())
        .map_err(|cause| cannot(told(&cause)))?;
    Ok(Opened {
        repository,
        root,
        is_bare: false,
    })
}

/// A path of git's as one of this system.
pub(super) fn native(name: &gix::bstr::BStr) -> PathBuf {
    let path = gix::path::from_bstr(name).map(std::borrow::Cow::into_owned);
    path.unwrap_or_else(|_| name.to_string().into())
}

/// How a repository is opened; `is_local` says whether `GIT_INDEX_FILE` and its like are meant.
fn options(is_local: bool) -> Mapping<gix::open::Options> {
    let of = |level| {
        let mut permissions = Permissions::default_for_level(level);
        if !is_local {
            permissions.env.git_prefix = Permission::Deny;
        }
        // As git, which leaves the checksum of the index to `git fsck`: it costs more than all else.
        let options = gix::open::Options::default_for_level(level).permissions(permissions);
        options.config_overrides(["index.skipHash=true"])
    };
    Mapping {
        full: of(gix::sec::Trust::Full),
        reduced: of(gix::sec::Trust::Reduced),
    }
}

/// Whether the format of a repository is one that is known; git, too, reads no other.
fn understood(repository: &gix::Repository) -> std::result::Result<(), String> {
    let snapshot = repository.config_snapshot();
    if snapshot
        .integer("core.repositoryFormatVersion")
        .unwrap_or(0)
        < 1
    {
        return Ok(());
    }
    let sections = snapshot.plumbing().sections_by_name("extensions");
    let names = sections.into_iter().flatten().flat_map(|section| {
        let names: Vec<String> = section.value_names().collect();
        names
    });
    for name in names {
        if !EXTENSIONS.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(format!("its format has the unknown extension `{name}`"));
        }
    }
    Ok(())
}

/// Whether the references of a repository can be read; those kept as `reftable` cannot.
pub(super) fn has_readable_references(repository: &gix::Repository) -> Result<()> {
    let snapshot = repository.config_snapshot();
    match snapshot.string("extensions.refStorage") {
        Some(kind) if *kind != *b"files".as_slice() => {
            let why = format!("its branches are kept as `{kind}`, which is not read yet");
            Err(unreadable(repository.git_dir(), &why)
                .help("`git refs migrate --ref-format=files` keeps them in files"))
        }
        _ => Ok(()),
    }
}

/// How many references are looked at for one that was meant.
const REFERENCES: usize = 10_000;

/// The short names of branches and tags, as far as they can be read.
pub(super) fn reference_names(repository: &gix::Repository) -> Vec<String> {
    let Ok(references) = repository.references() else {
        return Vec::new();
    };
    let Ok(all) = references.all() else {
        return Vec::new();
    };
    let names = all.take(REFERENCES).filter_map(std::result::Result::ok);
    names.map(|one| one.name().shorten().to_string()).collect()
}

/// How many tags may lead to each other.
const TAGS: usize = 100;

/// The tree that an object leads to, through tags and a commit.
///
/// The library's own way panics at a tag or a commit that is damaged, and goes round in a circle.
pub(super) fn tree_of(
    repository: &gix::Repository,
    id: ObjectId,
) -> std::result::Result<ObjectId, gix::Error> {
    let mut id = id;
    for _ in 0..TAGS {
        let object = repository.find_object(id)?;
        id = match object.kind {
            ObjectKind::Tree => return Ok(id),
            ObjectKind::Commit => object.try_into_commit()?.tree_id()?.detach(),
            ObjectKind::Tag => object.try_into_tag()?.target_id()?.detach(),
            ObjectKind::Blob => return Err(broken("a file stands where a directory is wanted")),
        };
    }
    Err(broken("too many tags lead to each other"))
}

/// The tree of the last commit; an empty one before the first.
pub(super) fn head_tree(repository: &gix::Repository) -> std::result::Result<ObjectId, gix::Error> {
    if let Some(id) = repository.head()?.id() {
        tree_of(repository, id.detach())?;
    }
    Ok(repository.head_tree_id_or_empty()?.detach())
}

/// Whether what a revision starts from can be read, so that the library may go on from there.
pub(super) fn has_sound_start(
    repository: &gix::Repository,
    revision: &str,
) -> std::result::Result<(), gix::Error> {
    repository.shallow_commits()?;
    for part in revision.split("..") {
        let part = part.trim_start_matches(['.', '^']);
        let part = part.split("@{").next().unwrap_or_default();
        let name = match part.split(['^', '~', ':']).next().unwrap_or_default() {
            "" => "HEAD",
            name => name,
        };
        if let Ok(start) = repository.rev_parse_single(name) {
            let object = repository.find_object(start)?;
            if object.kind != ObjectKind::Blob {
                tree_of(repository, start.detach())?;
            }
        }
    }
    Ok(())
}

/// A walk through the directories of a tree.
#[derive(Default)]
pub(super) struct TreeWalk {
    /// The directories that led to where it is.
    above: Vec<ObjectId>,
    listing: Listing,
}

impl TreeWalk {
    /// Goes into a directory, by the length of its path.
    pub(super) fn enter(&mut self, tree: ObjectId, path: usize) -> io::Result<()> {
        self.listing.directory(path)?;
        // Only damage, or somebody on purpose, makes that.
        if self.above.contains(&tree) {
            return Err(io::Error::other("a directory lies in itself"));
        }
        if self.above.len() >= DEEPEST {
            let message = format!("directories are nested more than {DEEPEST} deep");
            return Err(io::Error::other(message));
        }
        self.above.push(tree);
        Ok(())
    }

    /// Comes by a file, by the length of its path.
    pub(super) fn file(&mut self, path: usize) -> io::Result<()> {
        self.listing.file(path)
    }

    /// Goes back to the directory above.
    pub(super) fn leave(&mut self) {
        self.above.pop();
    }

    /// Visits all that is below a tree and no directory, with its path behind `above`.
    pub(super) fn each(
        &mut self,
        repository: &gix::Repository,
        tree: ObjectId,
        above: &[u8],
        visit: &mut dyn FnMut(&[u8], EntryKind, ObjectId),
    ) -> std::result::Result<(), gix::Error> {
        self.enter(tree, above.len())
            .map_err(gix::Error::from_error)?;
        let object = repository.find_tree(tree)?;
        let mut directories = Vec::new();
        for entry in object.iter() {
            let entry = entry.map_err(gix::Error::from_error)?;
            is_plain(entry.filename()).map_err(gix::Error::from_error)?;
            let mut path = above.to_vec();
            path.extend_from_slice(entry.filename());
            match entry.mode().kind() {
                EntryKind::Tree => {
                    path.push(b'/');
                    directories.push((path, entry.object_id()));
                }
                kind => {
                    self.file(path.len()).map_err(gix::Error::from_error)?;
                    visit(&path, kind, entry.object_id());
                }
            }
        }
        drop(object);
        for (path, id) in directories {
            self.each(repository, id, &path, visit)?;
        }
        self.leave();
        Ok(())
    }
}

/// Whether the name of an entry leads to nothing but an entry of its directory.
pub(super) fn is_plain(name: &BStr) -> io::Result<()> {
    let is_odd = matches!(&**name, b"" | b"." | b"..")
        || name.contains(&b'/')
        || cfg!(windows) && name.contains(&b'\\');
    match is_odd {
        true => {
            let message = format!("a directory has an entry of the name `{name}`");
            Err(io::Error::other(message))
        }
        false => Ok(()),
    }
}

#[cold]
fn broken(message: &str) -> gix::Error {
    gix::Error::from_error(io::Error::other(message.to_owned()))
}

/// The cause of an error of the library's, in one sentence; nothing of a configuration's text, which
/// may hold credentials.
pub(super) fn told(cause: &dyn std::error::Error) -> String {
    let chain = std::iter::successors(Some(cause), |cause| cause.source());
    let sentences: Vec<String> = chain
        .map(|cause| plain(&cause.to_string()))
        // What is one word is no sentence, but a class of errors.
        .filter(|sentence| sentence.contains(' '))
        .collect();
    match sentences.as_slice() {
        [] => plain(&cause.to_string()),
        [only] => only.clone(),
        [outermost, .., innermost] if outermost == innermost => outermost.clone(),
        [outermost, .., innermost] => format!("{outermost}: {innermost}"),
    }
}

/// The first line of another library's message up to what it quotes, in our spelling.
fn plain(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let line = line.split(": '").next().unwrap_or_default();
    let line = line.split(", input=").next().unwrap_or_default();
    let line = line.replace('"', "`");
    let mut letters = line.chars();
    match letters.next() {
        Some(first) if !letters.as_str().starts_with(char::is_uppercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => line,
    }
}

fn unreadable(git_dir: &Path, why: &str) -> Error {
    let message = format!(
        "cannot read the git repository `{}`: {why}",
        git_dir.display()
    );
    Error::new(Kind::Load, message).note(
        "what git tracks must be known, so that no secret of it is missed",
        None,
    )
}
