//! A directory that nothing leaves which is written into it.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read as _};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};

use super::at::{At, Entry};
use super::draft::{Drafts, Rule, Spot, Where, rule};
use super::root::Root;
use super::{MOST_LINKS, cannot_write, is_of_git, refused};
use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::threads;

/// A directory that a command owns.
///
/// Links below it are followed as long as they stay in it, or are refused; nothing is written among
/// git's own files. The directory itself may be a link, and need not be there.
#[derive(Clone, Debug)]
pub struct Directory {
    path: PathBuf,
    follows: bool,
    /// The help for a path that leads out of it.
    help: &'static str,
}

/// A file to be written into a [`Directory`].
#[derive(Clone, Debug)]
pub struct New {
    /// Its path, relative to the directory.
    pub path: PathBuf,
    /// Its content.
    pub content: Vec<u8>,
    /// Whether it takes the place of what is there; otherwise there must be nothing.
    pub replaces: bool,
    /// Whether only its owner may read it.
    pub private: bool,
}

impl New {
    /// A file that takes the place of what is there.
    pub fn over(path: impl Into<PathBuf>, content: impl Into<Vec<u8>>) -> Self {
        Self {
            path: path.into(),
            content: content.into(),
            replaces: true,
            private: false,
        }
    }

    /// A file where nothing may be.
    pub fn alone(path: impl Into<PathBuf>, content: impl Into<Vec<u8>>) -> Self {
        Self {
            replaces: false,
            ..Self::over(path, content)
        }
    }
}

impl Directory {
    /// A directory by its path, as it is shown to people.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self {
            // Paths are shown without `./`.
            path: match path == Path::new(".") {
                true => PathBuf::new(),
                false => path,
            },
            follows: true,
            help: "nothing was written",
        }
    }

    /// The same, with every link below it refused.
    #[must_use]
    pub fn without_links(self) -> Self {
        Self {
            follows: false,
            ..self
        }
    }

    /// The same, with a help for paths that lead out of it.
    #[must_use]
    pub fn with_help(self, help: &'static str) -> Self {
        Self { help, ..self }
    }

    /// Writes files: all of them or, if one cannot be, none; directories are made for them.
    ///
    /// # Errors
    ///
    /// If a path leads out of the directory or among git's own files, something is there that must
    /// not be replaced, or a file cannot be written.
    pub fn write(&self, files: &[New]) -> Result<()> {
        let batch = self.begin()?;
        match files {
            [] => {}
            [file] => batch.put(file)?,
            files => {
                // Files that are synced side by side wait for the disk together.
                threads::get_ready();
                files.par_iter().try_for_each(|file| batch.put(file))?;
            }
        }
        batch.publish()
    }

    /// Begins to write files that are made one after the other, or on several threads.
    ///
    /// # Errors
    ///
    /// If the directory is among git's own files, or can be neither opened nor made.
    pub fn begin(&self) -> Result<Batch<'_>> {
        let made = Made::default();
        let root = Arc::new(self.root(&made)?);
        Ok(Batch {
            directory: self,
            drafts: Drafts::default(),
            made_inside: MadeInside {
                root,
                paths: Mutex::default(),
            },
            made,
        })
    }

    /// The content of a regular file below the directory, if there is one; nothing is read through
    /// a link that leads out.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is longer than `most` bytes.
    pub fn read(&self, path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
        let Some((at, name)) = self.existing(path)? else {
            return Ok(None);
        };
        let file = match at.file(&name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut content = Vec::new();
        file.take(most.saturating_add(1))
            .read_to_end(&mut content)?;
        match content.len() as u64 > most {
            true => Err(io::ErrorKind::FileTooLarge.into()),
            false => Ok(Some(content)),
        }
    }

    /// The names in the directory; none if it cannot be listed.
    pub fn names(&self) -> Vec<String> {
        let path = match self.path.as_os_str().is_empty() {
            true => Path::new("."),
            false => &self.path,
        };
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    }

    /// Whether a regular file below the directory holds this and nothing else.
    pub fn holds(&self, path: &Path, content: &[u8]) -> bool {
        let found = self.read(path, content.len() as u64);
        found.is_ok_and(|found| found.as_deref() == Some(content))
    }

    /// Removes a file below the directory if no part of its path is a link, it is a regular file
    /// and `is_ours` says so of its content; then the directories that are empty without it.
    /// Whether it is gone.
    ///
    /// # Errors
    ///
    /// If it is ours and cannot be removed.
    pub fn remove(
        &self,
        path: &Path,
        most: u64,
        is_ours: impl FnOnce(&[u8]) -> bool,
    ) -> Result<bool> {
        let alone = self.clone().without_links();
        let Ok(Some(content)) = alone.read(path, most) else {
            return Ok(false);
        };
        if !is_ours(&content) {
            return Ok(false);
        }
        let cannot = |cause| self.cannot_remove(path, cause);
        let Some((at, name)) = alone.existing(path).map_err(cannot)? else {
            return Ok(false);
        };
        at.remove_file(&name).map_err(cannot)?;
        let root = Root::open(&self.path).map_err(cannot)?;
        let above = path.ancestors().skip(1);
        for directory in above.take_while(|path| !path.as_os_str().is_empty()) {
            if root.remove_directory(directory).is_err() {
                break;
            }
        }
        Ok(true)
    }

    /// Removes a regular file below the directory; a link to one is followed if it stays inside.
    ///
    /// # Errors
    ///
    /// If it is there and cannot be removed.
    pub fn delete(&self, path: &Path) -> Result<()> {
        let removed = self.existing(path).and_then(|found| match found {
            Some((at, name)) => at.remove_file(&name),
            None => Ok(()),
        });
        removed.map_err(|cause| self.cannot_remove(path, cause))
    }

    fn cannot_remove(&self, path: &Path, cause: io::Error) -> Error {
        let message = format!(
            "cannot remove `{}`: {cause}",
            self.path.join(path).display()
        );
        Error::new(Kind::Output, message).caused_by(cause)
    }

    /// Opens the directory, which is made if it is not there.
    fn root(&self, made: &Made) -> Result<Root> {
        let path = &self.path;
        let shown = match path.as_os_str().is_empty() {
            true => Path::new("."),
            false => path,
        };
        let cannot = |cause| cannot_write(shown, cause);
        let whole = match path.as_os_str().is_empty() {
            true => std::path::absolute("."),
            false => std::path::absolute(path),
        };
        let whole = whole.map_err(cannot)?;
        let real = whole.ancestors().find_map(|path| path.canonicalize().ok());
        if is_of_git(&whole) || real.is_some_and(|path| is_of_git(&path)) {
            return Err(of_git(path));
        }
        match Root::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            root => return root.map_err(cannot),
        }
        made.make(&whole).map_err(cannot)?;
        Root::open(path).map_err(cannot)
    }

    /// Where a file goes; the directories that it needs are made.
    fn spot(&self, file: &New, made: &MadeInside) -> Result<Spot> {
        let root = &made.root;
        let shown = self.path.join(&file.path);
        let stopped = |stop: Stop| stop.told(&shown, self);
        let mut walk = Walk::new(root, self.follows).map_err(stopped)?;
        let name = walk
            .to(&file.path, Some((made, file.private)))
            .map_err(stopped)?;
        let inside = walk.inside.join(&name);
        if is_of_git(&inside) {
            return Err(of_git(&shown));
        }
        let entry = walk
            .at
            .entry(&name)
            .map_err(|cause| cannot_write(&shown, cause))?;
        let rule = match (entry, file.replaces, file.private) {
            (None, _, false) => Rule::New,
            (None, _, true) => Rule::NewPrivate,
            (Some(_), false, _) => {
                return Err(refused(&shown, "it is there already").help("nothing was written"));
            }
            (Some(Entry::File(_)), true, true) => Rule::Private,
            (Some(entry), true, _) => rule(&shown, entry)?,
        };
        Ok(Spot {
            shown,
            directory: Where::Inside(Arc::clone(root), walk.inside),
            name,
            rule,
        })
    }

    /// The directory of a file that may be there, and its name in that.
    fn existing(&self, path: &Path) -> io::Result<Option<(At, OsString)>> {
        let root = match Root::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            root => root?,
        };
        let walked = Walk::new(&root, self.follows)
            .and_then(|mut walk| walk.to(path, None).map(|name| (walk.at, name)));
        match walked {
            Ok(found) => Ok(Some(found)),
            Err(Stop::Cannot(error)) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(Stop::Cannot(error)) => Err(error),
            Err(stop) => Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                stop.why(self),
            )),
        }
    }
}

/// Files that are written into a [`Directory`] as they come, under other names, and get their own
/// together. Without that, nothing of them is left.
pub struct Batch<'d> {
    directory: &'d Directory,
    // What is dropped first stands first: files, then the directories that were made for them.
    drafts: Drafts,
    made_inside: MadeInside,
    made: Made,
}

impl Batch<'_> {
    /// Writes a file beside its place; directories are made for it.
    ///
    /// # Errors
    ///
    /// As for [`Directory::write`].
    pub fn put(&self, file: &New) -> Result<()> {
        let spot = self.directory.spot(file, &self.made_inside)?;
        self.drafts.put(spot, &file.content)
    }

    /// Gives all files their names, or none.
    ///
    /// # Errors
    ///
    /// If one cannot have it.
    pub fn publish(self) -> Result<()> {
        self.drafts.publish()?;
        self.made_inside.keep();
        self.made.keep();
        Ok(())
    }
}

fn of_git(path: &Path) -> Error {
    let message = format!("`{}` would lie among git's own files", path.display());
    Error::new(Kind::Output, message).help("name another directory; nothing was written")
}

/// Directories that were made on the way to one; they go if it is not written into.
#[derive(Default)]
pub(super) struct Made {
    paths: Mutex<Vec<PathBuf>>,
}

impl Made {
    /// Makes a directory and those above it.
    pub(super) fn make(&self, path: &Path) -> io::Result<()> {
        let missing: Vec<&Path> = path
            .ancestors()
            .take_while(|path| !path.as_os_str().is_empty() && !path.exists())
            .collect();
        for directory in missing.into_iter().rev() {
            match fs::create_dir(directory) {
                Ok(()) => self.paths().push(directory.to_path_buf()),
                // Another process made it meanwhile.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Leaves the directories where they are.
    pub(super) fn keep(&self) {
        self.paths().clear();
    }

    fn paths(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for path in self.paths().iter().rev() {
            // One that holds something by now stays.
            let _ = fs::remove_dir(path);
        }
    }
}

/// Directories that were made below one; they go if nothing is written into them.
struct MadeInside {
    root: Arc<Root>,
    paths: Mutex<Vec<PathBuf>>,
}

impl MadeInside {
    /// Leaves the directories where they are.
    fn keep(&self) {
        self.paths().clear();
    }

    fn paths(&self) -> MutexGuard<'_, Vec<PathBuf>> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for MadeInside {
    fn drop(&mut self) {
        for path in self.paths().iter().rev() {
            let _ = self.root.remove_directory(path);
        }
    }
}

/// A way below a directory, part by part.
struct Walk<'r> {
    root: &'r Root,
    follows: bool,
    /// Where it has come to.
    at: At,
    /// The same as a path without links.
    inside: PathBuf,
    links: usize,
}

/// Why a way is not gone.
enum Stop {
    Cannot(io::Error),
    /// A link or `..` leads out of the directory.
    Out,
    /// There is a link, and none is followed.
    Link,
    /// Something on the way is no directory.
    File,
}

impl Stop {
    fn told(self, shown: &Path, directory: &Directory) -> Error {
        match self {
            Self::Cannot(cause) => cannot_write(shown, cause),
            stop => refused(shown, &stop.why(directory)).help(directory.help),
        }
    }

    fn why(&self, directory: &Directory) -> String {
        match self {
            Self::Cannot(cause) => cause.to_string(),
            Self::Out if directory.path.as_os_str().is_empty() => {
                "it leads out of the current directory".to_owned()
            }
            Self::Out => format!("it leads out of `{}`", directory.path.display()),
            Self::Link => "it leads through a link".to_owned(),
            Self::File => "it leads through a file".to_owned(),
        }
    }
}

impl From<io::Error> for Stop {
    fn from(cause: io::Error) -> Self {
        Self::Cannot(cause)
    }
}

impl<'r> Walk<'r> {
    fn new(root: &'r Root, follows: bool) -> Result<Self, Stop> {
        Ok(Self {
            root,
            follows,
            at: root.at.again()?,
            inside: PathBuf::new(),
            links: 0,
        })
    }

    /// Goes to the directory of a file, which is made if it is not there, with `made`, and may be
    /// for its owner alone; gives the file's name in it.
    fn to(&mut self, path: &Path, made: Option<(&MadeInside, bool)>) -> Result<OsString, Stop> {
        let mut open: VecDeque<OsString> = VecDeque::new();
        self.lead(path, &mut open)?;
        while let Some(part) = open.pop_front() {
            if part == ".." {
                self.up()?;
            } else if let Some(target) = self.followed(&part)? {
                self.lead(&target, &mut open)?;
            } else if open.is_empty() {
                return Ok(part);
            } else {
                self.enter(&part, made)?;
            }
        }
        // It leads to the directory itself.
        Err(Stop::Out)
    }

    /// Puts the parts of a path before those that are still open.
    fn lead(&mut self, path: &Path, open: &mut VecDeque<OsString>) -> Result<(), Stop> {
        let path = match path.is_absolute() {
            true => {
                self.at = self.root.at.again()?;
                self.inside = PathBuf::new();
                path.strip_prefix(&self.root.path).map_err(|_| Stop::Out)?
            }
            false => path,
        };
        for part in path.components().rev() {
            match part {
                Component::CurDir => {}
                Component::ParentDir => open.push_front("..".into()),
                Component::Normal(name) => open.push_front(name.to_owned()),
                Component::RootDir | Component::Prefix(_) => return Err(Stop::Out),
            }
        }
        Ok(())
    }

    /// The target of a part that is a link.
    fn followed(&mut self, part: &OsStr) -> Result<Option<PathBuf>, Stop> {
        if self.at.entry(part)? != Some(Entry::Link) {
            return Ok(None);
        }
        self.links += 1;
        match self.follows {
            true if self.links <= MOST_LINKS => Ok(Some(self.at.link(part)?)),
            true => Err(io::Error::other("its links lead in a circle").into()),
            false => Err(Stop::Link),
        }
    }

    fn up(&mut self) -> Result<(), Stop> {
        if !self.inside.pop() {
            return Err(Stop::Out);
        }
        self.at = self.root.directory(&self.inside)?;
        Ok(())
    }

    fn enter(&mut self, part: &OsStr, made: Option<(&MadeInside, bool)>) -> Result<(), Stop> {
        let inside = self.inside.join(part);
        let next = match (self.at.child(part), made) {
            (Err(error), Some((made, private))) if error.kind() == io::ErrorKind::NotFound => {
                match self.at.make_directory(part, private) {
                    Ok(()) => made.paths().push(inside.clone()),
                    // Another process made it meanwhile.
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    Err(error) => return Err(error.into()),
                }
                self.at.child(part)
            }
            (next, _) => next,
        };
        self.at = next.map_err(|error| match error.kind() {
            io::ErrorKind::NotADirectory => Stop::File,
            _ => Stop::Cannot(error),
        })?;
        self.inside = inside;
        Ok(())
    }
}
