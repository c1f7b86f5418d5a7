//! The [`Files`] trait and its implementations for the disk, for memory, and for one laid over
//! another.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Component, MAIN_SEPARATOR, Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use rustc_hash::FxHashMap;

use super::listing::Listing;
use super::open::{self, largest_file};
use super::parsed::ParsedFiles;
use super::provenance::{MadeBy, Provenance};

/// A tree of files that can be read.
///
/// Paths are absolute. Nothing is ever written through it.
pub trait Files: Sync {
    /// The content of a file.
    ///
    /// # Errors
    ///
    /// If there is none, or it cannot be read.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// The same, as it is best kept by those that keep it long.
    ///
    /// # Errors
    ///
    /// As [`Files::read`].
    fn content(&self, path: &Path) -> io::Result<Bytes> {
        self.read(path).map(Bytes::from)
    }

    /// The same, of which copies cost nothing where it is kept.
    ///
    /// # Errors
    ///
    /// As [`Files::read`].
    fn read_shared(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        self.read(path).map(Arc::from)
    }

    /// The path without links, `.` and `..`, and what is there.
    ///
    /// # Errors
    ///
    /// If nothing is there.
    fn resolve(&self, path: &Path) -> io::Result<(PathBuf, FileKind)>;

    /// A file with its path without links, where it takes no more than to open it to have both.
    ///
    /// Nothing says nothing: [`Files::resolve`] and [`Files::content`] know more. `path` is
    /// [`normalized`]; whether the file may be read is asked, with its path without links, before it
    /// is opened.
    fn read_unlinked(
        &self,
        _path: &Path,
        _may_read: &dyn Fn(&Path) -> bool,
    ) -> Option<(PathBuf, Bytes)> {
        None
    }

    /// The names in a directory, sorted.
    ///
    /// # Errors
    ///
    /// If it is no directory.
    fn list(&self, directory: &Path) -> io::Result<Vec<String>>;

    /// The files below a directory, relative to it and sorted; none if there is no directory.
    ///
    /// # Errors
    ///
    /// If a directory cannot be listed, or a link leads in a circle.
    fn walk(&self, directory: &Path) -> io::Result<Vec<PathBuf>>;

    /// Where a file that [`Files::resolve`] found is written: what people are told.
    fn editable_path(&self, path: &Path) -> PathBuf {
        path.to_path_buf()
    }

    /// Where the content of a file that [`Files::resolve`] found was written, if it was made.
    fn provenance(&self, _path: &Path) -> MadeBy {
        None
    }

    /// Hears that something is needed that is not there.
    fn miss(&self, _path: &Path) {}

    /// The directories outside of a project that its parts may be read from, because the caller says
    /// so; see [`Within`](super::Within).
    fn allowed(&self) -> &[PathBuf] {
        &[]
    }

    /// Whether these are the files of the disk, without a record of the accesses.
    fn is_disk(&self) -> bool {
        false
    }

    /// The files beneath, if the accesses to these are recorded: for what is found once for all, and
    /// says by itself what it depends on.
    fn unrecorded(&self) -> Option<&dyn Files> {
        None
    }

    /// The manifests that were read, if builds share them.
    fn parsed(&self) -> Option<&ParsedFiles> {
        None
    }

    /// Where a program finds a file or a directory, if it reads by itself: whatever it likes, from
    /// there.
    ///
    /// # Errors
    ///
    /// If the files are not on the disk and cannot be put there.
    fn hand_over(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(path.to_path_buf())
    }
}

/// The kind of a path's target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Something that can be read.
    File,
    /// Something that can be listed.
    Directory,
}

/// The disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Disk {
    /// Whether a file may be run.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn is_executable(path: &Path) -> io::Result<bool> {
        let metadata = fs::metadata(path)?;
        #[cfg(unix)]
        let may_run = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o111 != 0;
        #[cfg(not(unix))]
        let may_run = true;
        Ok(metadata.is_file() && may_run)
    }
}

impl Files for Disk {
    fn is_disk(&self) -> bool {
        true
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        open::read(path, largest_file())
    }

    fn content(&self, path: &Path) -> io::Result<Bytes> {
        open::content(path, largest_file())
    }

    fn resolve(&self, path: &Path) -> io::Result<(PathBuf, FileKind)> {
        let path = match fs::canonicalize(path) {
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                fs::canonicalize(through_flat_links(path).ok_or(error)?)?
            }
            path => path?,
        };
        let kind = if fs::metadata(&path)?.is_dir() {
            FileKind::Directory
        } else {
            FileKind::File
        };
        Ok((path, kind))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let mut names = fs::read_dir(directory)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }

    fn walk(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        if !directory.is_dir() {
            return Ok(Vec::new());
        }
        let mut files = Vec::new();
        let mut listing = Listing::new();
        for entry in walkdir::WalkDir::new(directory)
            .follow_links(true)
            .sort_by_file_name()
        {
            let entry = entry?;
            let path = entry.path();
            let length = path.as_os_str().len();
            if entry.file_type().is_dir() {
                listing.directory(length)?;
            } else {
                listing.file(length)?;
                files.push(path.strip_prefix(directory).unwrap_or(path).to_path_buf());
            }
        }
        Ok(files)
    }
}

/// The disk during one command, in which the way to a file is looked up once.
///
/// Only what was found is remembered: a file that a program puts down on the way is seen.
#[derive(Debug)]
pub struct LookupCache {
    /// The most bytes that are read of a file.
    largest: u64,
    allowed: Vec<PathBuf>,
    known: RwLock<FxHashMap<Spelling, Found>>,
    /// The directories that flat links lead to.
    linked: RwLock<FxHashMap<Spelling, PathBuf>>,
}

/// What is at a path.
#[derive(Clone, Debug)]
struct Found {
    /// Its path without links, unless that is how it was looked up.
    path: Option<PathBuf>,
    kind: FileKind,
}

/// A path letter for letter, which is quicker to compare than its components.
pub(super) type Spelling = OsString;

impl Default for LookupCache {
    fn default() -> Self {
        Self {
            largest: largest_file(),
            allowed: Vec::new(),
            known: RwLock::default(),
            linked: RwLock::default(),
        }
    }
}

/// How long a path may be whose directories are looked up one by one, in bytes.
const LONGEST_WAY: usize = 1024;

impl LookupCache {
    /// The same, with files that are larger than so many bytes refused.
    #[must_use]
    pub fn bounded(self, largest: u64) -> Self {
        Self { largest, ..self }
    }

    /// The most bytes that are read of a file.
    pub fn largest(&self) -> u64 {
        self.largest
    }

    /// The same, with directories or files, without links in their paths, that parts of a project
    /// may be read from though they lie outside of it.
    #[must_use]
    pub fn allowing(self, allowed: Vec<PathBuf>) -> Self {
        Self { allowed, ..self }
    }

    /// What is at a path, and its path without links.
    fn find<'p>(&self, path: &'p Path) -> io::Result<(Cow<'p, Path>, FileKind)> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(path.as_os_str()) {
            let place = found.path.clone();
            return Ok((place.map_or(Cow::Borrowed(path), Cow::Owned), found.kind));
        }
        drop(known);
        let (place, kind) = match self.beside(path)? {
            Some(found) => found,
            None => {
                let (place, kind) = Disk.resolve(path)?;
                (Cow::Owned(place), kind)
            }
        };
        let found = Found {
            path: match &place {
                Cow::Borrowed(_) => None,
                Cow::Owned(place) => Some(place.clone()),
            },
            kind,
        };
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(path.into(), found);
        Ok((place, kind))
    }

    /// The path in its directory, unless it takes the long way: it is a link, or no plain name.
    fn beside<'p>(&self, path: &'p Path) -> io::Result<Option<(Cow<'p, Path>, FileKind)>> {
        // Each directory of the way is a call, and the stack is short.
        if path.as_os_str().len() > LONGEST_WAY {
            return Ok(None);
        }
        let Some(path) = self.place(path)? else {
            return Ok(None);
        };
        let found = fs::symlink_metadata(&path)?.file_type();
        Ok(match (found.is_symlink(), found.is_dir()) {
            (true, _) => None,
            (_, true) => Some((path, FileKind::Directory)),
            _ => Some((path, FileKind::File)),
        })
    }

    /// A path without links in what leads to it, unless it takes the long way.
    fn place<'p>(&self, path: &'p Path) -> io::Result<Option<Cow<'p, Path>>> {
        let Some((directory, name, is_plain)) = parts(path) else {
            return Ok(None);
        };
        Ok(match self.directory(directory)? {
            Some(Cow::Borrowed(_)) if is_plain => Some(Cow::Borrowed(path)),
            Some(directory) => Some(Cow::Owned(directory.join(name))),
            None => None,
        })
    }

    /// The directory that a path leads to, be it through a flat link.
    fn directory<'p>(&self, path: &'p Path) -> io::Result<Option<Cow<'p, Path>>> {
        let file = match path.as_os_str().as_encoded_bytes() {
            b"/" if MAIN_SEPARATOR == '/' => return Ok(Some(Cow::Borrowed(path))),
            _ => match self.find(path)? {
                (directory, FileKind::Directory) => return Ok(Some(directory)),
                (file, FileKind::File) => file,
            },
        };
        let linked = self.linked.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = linked.get(file.as_os_str()) {
            return Ok(Some(Cow::Owned(found.clone())));
        }
        drop(linked);
        let Some(target) = flat_link(&file) else {
            return Ok(None);
        };
        let (target, _) = self.resolve(&target)?;
        let mut linked = self.linked.write().unwrap_or_else(PoisonError::into_inner);
        linked.insert(file.into_owned().into(), target.clone());
        Ok(Some(Cow::Owned(target)))
    }
}

/// The directory and the last part of a path, and whether they are the path as it is written;
/// nothing if its last part is no name.
fn parts(path: &Path) -> Option<(&Path, &OsStr, bool)> {
    match path.to_str().filter(|_| MAIN_SEPARATOR == '/') {
        Some(text) => {
            let (directory, name) = text.rsplit_once('/')?;
            let directory = match directory {
                "" => "/",
                directory => directory,
            };
            let is_name = !matches!(name, "" | "." | "..");
            is_name.then(|| (Path::new(directory), OsStr::new(name), true))
        }
        None => {
            let is_name = !path.as_os_str().as_encoded_bytes().ends_with(b"/");
            let parts = path.parent().zip(path.file_name());
            parts
                .filter(|_| is_name)
                .map(|(directory, name)| (directory, name, false))
        }
    }
}

impl Files for LookupCache {
    fn is_disk(&self) -> bool {
        true
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        open::read(path, self.largest)
    }

    fn content(&self, path: &Path) -> io::Result<Bytes> {
        open::content(path, self.largest)
    }

    fn allowed(&self) -> &[PathBuf] {
        &self.allowed
    }

    fn resolve(&self, path: &Path) -> io::Result<(PathBuf, FileKind)> {
        let (path, kind) = self.find(path)?;
        Ok((path.into_owned(), kind))
    }

    fn read_unlinked(
        &self,
        path: &Path,
        may_read: &dyn Fn(&Path) -> bool,
    ) -> Option<(PathBuf, Bytes)> {
        if path.as_os_str().len() > LONGEST_WAY {
            return None;
        }
        let path = self.place(path).ok()?.filter(|path| may_read(path))?;
        let bytes = open::unlinked(&path, self.largest)?;
        Some((path.into_owned(), bytes))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        Disk.list(directory)
    }

    fn walk(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        Disk.walk(directory)
    }
}

/// Files in memory.
///
/// # Example
///
/// ```
/// use std::path::Path;
/// use kustom_engine::load::{Files, Memory};
///
/// let mut files = Memory::default();
/// files.insert("/app/kustomization.yaml", "resources: [a.yaml]\n");
/// assert!(files.read(Path::new("/app/kustomization.yaml")).is_ok());
/// assert_eq!(files.list(Path::new("/app")).unwrap(), ["kustomization.yaml"]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Memory {
    contents: BTreeMap<PathBuf, Arc<[u8]>>,
    /// The files, and the directories that they are in.
    kinds: FxHashMap<Spelling, FileKind>,
    /// Of the files that were made of others: where they were written.
    made: BTreeMap<PathBuf, Arc<dyn Provenance>>,
}

impl Memory {
    /// Adds a file, or takes the place of one.
    pub fn insert(&mut self, path: impl AsRef<Path>, content: impl Into<Vec<u8>>) {
        self.insert_shared(path.as_ref(), content.into().into());
    }

    fn insert_shared(&mut self, path: &Path, content: Arc<[u8]>) {
        let path = normalized(path);
        for directory in path.ancestors().skip(1) {
            let kind = self.kinds.entry(directory.into());
            kind.or_insert(FileKind::Directory);
        }
        self.kinds.insert(path.clone().into(), FileKind::File);
        self.made.remove(&path);
        self.contents.insert(path, content);
    }

    /// Adds a file that was made of others.
    pub fn insert_made(
        &mut self,
        path: impl AsRef<Path>,
        content: Arc<[u8]>,
        provenance: Arc<dyn Provenance>,
    ) {
        let path = normalized(path.as_ref());
        self.insert_shared(&path, content);
        self.made.insert(path, provenance);
    }

    /// Adds the files of another, or takes the place of those that are here too.
    pub fn extend(&mut self, other: Self) {
        for (path, content) in other.contents {
            self.insert_shared(&path, content);
        }
        self.made.extend(other.made);
    }

    /// Takes a file away; the directories that it was in stay.
    pub fn remove(&mut self, path: impl AsRef<Path>) {
        let path = normalized(path.as_ref());
        self.kinds.remove(path.as_os_str());
        self.made.remove(&path);
        self.contents.remove(&path);
    }

    /// The files, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&Path, &[u8])> {
        self.contents
            .iter()
            .map(|(path, content)| (path.as_path(), &**content))
    }

    /// The content of a file, if it is there.
    pub fn content(&self, path: &Path) -> Option<&[u8]> {
        self.contents.get(path).map(|content| &**content)
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.contents.is_empty()
    }
}

impl Files for Memory {
    fn provenance(&self, path: &Path) -> MadeBy {
        self.made.get(&normalized(path)).cloned()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.read_shared(path).map(|content| content.to_vec())
    }

    fn read_shared(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        let content = self.contents.get(&normalized(path));
        content.map(Arc::clone).ok_or_else(not_found)
    }

    fn resolve(&self, path: &Path) -> io::Result<(PathBuf, FileKind)> {
        let path = normalized(path);
        match self.kinds.get(path.as_os_str()) {
            Some(kind) => Ok((path, *kind)),
            None => Err(not_found()),
        }
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let directory = normalized(directory);
        let inside = self
            .contents
            .keys()
            .filter_map(|file| file.strip_prefix(&directory).ok());
        let names: BTreeSet<String> = inside
            .filter_map(|rest| rest.components().next())
            .map(|name| name.as_os_str().to_string_lossy().into_owned())
            .collect();
        if names.is_empty() {
            Err(not_found())
        } else {
            Ok(names.into_iter().collect())
        }
    }

    fn walk(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        let directory = normalized(directory);
        let inside = self
            .contents
            .keys()
            .filter_map(|file| file.strip_prefix(&directory).ok());
        Ok(inside.map(Path::to_path_buf).collect())
    }
}

/// Files in memory laid over others, which they hide.
pub struct Overlay<'f> {
    /// The upper view, which is looked into first.
    pub upper: Memory,
    /// The lower view, for paths that the upper one lacks.
    pub lower: &'f dyn Files,
}

impl Files for Overlay<'_> {
    fn parsed(&self) -> Option<&ParsedFiles> {
        self.lower.parsed()
    }

    fn provenance(&self, path: &Path) -> MadeBy {
        match self.upper.content(path).is_some() {
            true => self.upper.provenance(path),
            false => self.lower.provenance(path),
        }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.upper.read(path).or_else(|_| self.lower.read(path))
    }

    fn read_shared(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        let upper = self.upper.read_shared(path);
        upper.or_else(|_| self.lower.read_shared(path))
    }

    fn resolve(&self, path: &Path) -> io::Result<(PathBuf, FileKind)> {
        match self.upper.resolve(path) {
            Ok((path, FileKind::File)) => Ok((path, FileKind::File)),
            Ok(directory) => self.lower.resolve(path).or(Ok(directory)),
            Err(_) => self.lower.resolve(path),
        }
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        match (self.upper.list(directory), self.lower.list(directory)) {
            (Ok(upper), Ok(lower)) => {
                let names: BTreeSet<String> = upper.into_iter().chain(lower).collect();
                Ok(names.into_iter().collect())
            }
            (Ok(names), Err(_)) | (Err(_), Ok(names)) => Ok(names),
            (Err(_), Err(error)) => Err(error),
        }
    }

    fn walk(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        let mut files: BTreeSet<PathBuf> = self.upper.walk(directory)?.into_iter().collect();
        files.extend(self.lower.walk(directory)?);
        Ok(files.into_iter().collect())
    }

    fn editable_path(&self, path: &Path) -> PathBuf {
        match self.upper.content(path).is_some() {
            true => path.to_path_buf(),
            false => self.lower.editable_path(path),
        }
    }

    fn miss(&self, path: &Path) {
        self.lower.miss(path);
    }

    fn allowed(&self) -> &[PathBuf] {
        self.lower.allowed()
    }

    fn hand_over(&self, path: &Path) -> io::Result<PathBuf> {
        self.lower.hand_over(path)
    }
}

/// The path with every flat link on the way replaced by what it leads to.
///
/// Where git cannot make links (`core.symlinks=false`), it writes a file that holds the target; a
/// path that goes through such a file means what it means where links are links.
fn through_flat_links(path: &Path) -> Option<PathBuf> {
    let mut resolved = PathBuf::new();
    let mut components = path.components().peekable();
    while let Some(component) = components.next() {
        resolved.push(component);
        if components.peek().is_some() && !fs::metadata(&resolved).ok()?.is_dir() {
            resolved = flat_link(&resolved)?;
        }
    }
    Some(resolved)
}

/// The directory that a flat link leads to.
fn flat_link(file: &Path) -> Option<PathBuf> {
    const LONGEST: u64 = 4096;
    let text = String::from_utf8(open::read(file, LONGEST).ok()?).ok()?;
    let text = text.trim_end();
    // An empty file would lead to the directory that it is in.
    if text.is_empty() {
        return None;
    }
    let target = file.parent()?.join(text);
    target.is_dir().then_some(target)
}

/// A path without `.` and `..`, by its text alone.
pub fn normalized(path: &Path) -> PathBuf {
    // Nearly every path is what it should be: no part of it starts with a dot or is empty.
    let bytes = path.as_os_str().as_encoded_bytes();
    let is_odd = |pair: &[u8]| matches!(pair, b"/." | b"//");
    if MAIN_SEPARATOR == '/'
        && bytes.starts_with(b"/")
        && !bytes.ends_with(b"/")
        && !bytes.windows(2).any(is_odd)
    {
        return path.to_path_buf();
    }
    match path.to_str() {
        Some(text) if MAIN_SEPARATOR == '/' && text.starts_with('/') => without_dots(text).into(),
        _ => by_components(path),
    }
}

/// The same of an absolute path, by its letters.
fn without_dots(path: &str) -> String {
    let mut result = String::with_capacity(path.len());
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => result.truncate(result.rfind('/').unwrap_or_default()),
            part => {
                result.push('/');
                result.push_str(part);
            }
        }
    }
    if result.is_empty() {
        result.push('/');
    }
    result
}

/// The same of any path.
fn by_components(path: &Path) -> PathBuf {
    let mut result = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                result.pop();
            }
            other => result.push(other),
        }
    }
    result
}

/// A path as it is named from a directory, with `..` where it leads out of it.
///
/// # Example
///
/// ```
/// use std::path::Path;
/// use kustom_engine::load::display_from;
///
/// assert_eq!(display_from(Path::new("/a/b"), Path::new("/a/b/c")), "c");
/// assert_eq!(display_from(Path::new("/a/b"), Path::new("/a/c")), "../c");
/// ```
pub fn display_from(directory: &Path, path: &Path) -> String {
    let (from, to): (Vec<Component<'_>>, Vec<Component<'_>>) = (
        directory.components().collect(),
        path.components().collect(),
    );
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let mut named = PathBuf::new();
    for _ in &from[common..] {
        named.push("..");
    }
    named.extend(&to[common..]);
    let named = named.to_string_lossy().replace('\\', "/");
    if named.is_empty() {
        ".".to_owned()
    } else {
        named
    }
}

pub(super) fn not_found() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "no such file or directory")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_memory_hides_what_is_below() {
        let mut lower = Memory::default();
        lower.insert("/a/x", "below");
        lower.insert("/a/y", "below");
        let mut upper = Memory::default();
        upper.insert("/a/b/../x", "above");
        upper.insert("/a/z/deep", "above");
        let files = Overlay {
            upper,
            lower: &lower,
        };
        assert_eq!(files.read(Path::new("/a/./x")).unwrap(), b"above");
        assert_eq!(files.read(Path::new("/a/y")).unwrap(), b"below");
        assert_eq!(files.list(Path::new("/a")).unwrap(), ["x", "y", "z"]);
        assert_eq!(
            files.resolve(Path::new("/a/z")).unwrap().1,
            FileKind::Directory
        );
        assert!(files.read(Path::new("/a/z")).is_err());
        assert!(files.resolve(Path::new("/b")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn letters_and_components_make_the_same_of_a_path() {
        let parts = ["", ".", "..", "a", ".b", "..c", "d.", "e"];
        let mut paths = vec![String::new()];
        for _ in 0..4 {
            let longer = |path: &String| parts.map(|part| format!("{path}/{part}"));
            let last = paths.iter().flat_map(longer).collect();
            paths = last;
            for path in &paths {
                let path = Path::new(path);
                assert_eq!(
                    normalized(path).as_os_str(),
                    by_components(path).as_os_str()
                );
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_read_at_once_where_no_link_is_its_last_part() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/file"), "12345").unwrap();
        std::os::unix::fs::symlink("b/file", root.join("a/link")).unwrap();
        std::os::unix::fs::symlink("b", root.join("a/linked")).unwrap();
        let files = LookupCache::default();
        let read = |path: &str| files.read_unlinked(&root.join(path), &|_| true);
        let found = Some((root.join("a/b/file"), Bytes::from("12345")));
        assert_eq!(read("a/b/file"), found);
        // Links before the last part are followed, now and when they are known.
        assert_eq!(read("a/linked/file"), found);
        assert_eq!(read("a/linked/file"), found);
        for other in [
            "a/link",
            "a/b",
            "a/b/none",
            "a/b/.",
            "a/b/..",
            "a/b/file/",
            "a/b/file/x",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
        // Who may not read it is asked where it really is.
        let inside = |path: &Path| path.starts_with(root.join("a/linked"));
        let path = root.join("a/linked/file");
        assert_eq!(files.read_unlinked(&path, &inside), None);
        let small = LookupCache::default().bounded(4);
        assert_eq!(small.read_unlinked(&path, &|_| true), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_snapshot_finds_what_the_disk_finds() {
        use std::os::unix::fs::symlink;
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/file"), "").unwrap();
        symlink("../a/b/file", root.join("a/link")).unwrap();
        symlink("b", root.join("a/linked")).unwrap();
        symlink("nowhere", root.join("a/dangling")).unwrap();
        fs::write(root.join("a/flat"), "b\n").unwrap();
        fs::write(root.join("a/flat-too"), "../a/../a/b").unwrap();
        let snapshot = LookupCache::default();
        let paths = [
            "a",
            "a/",
            "a/b/file",
            "a/b/file/",
            "a/b/file/x",
            "a/b/../b/file",
            "a/link",
            "a/linked",
            "a/linked/file",
            "a/linked/../b",
            "a/dangling",
            "a/flat",
            "a/flat/file",
            "a/flat/missing",
            "a/flat-too/file",
            "a/flat-too/../flat/file",
            "a/b/..",
            "a/./b",
            "missing/file",
            "",
        ];
        // Twice: what is remembered is what was found.
        for name in paths.into_iter().chain(paths) {
            let path = root.join(name);
            let found = snapshot.resolve(&path).map_err(|error| error.kind());
            assert_eq!(
                found,
                Disk.resolve(&path).map_err(|error| error.kind()),
                "{name}"
            );
        }
        fs::write(root.join("a/later"), "").unwrap();
        assert!(snapshot.resolve(&root.join("a/later")).is_ok());
    }
}
