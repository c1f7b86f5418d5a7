//! Reads everything that a build needs: files, bases and remote targets, within the load
//! restrictions.
//!
//! A [`Loader`] stands at the directory of one kustomization. It reads the files that the
//! kustomization names, keeps it within its bounds, and opens the directories of its bases, be they
//! on this machine or in a repository elsewhere.

mod below;
mod cache;
mod cached;
mod chart_lookup;
mod charts;
mod content;
mod conversion;
mod copy;
mod delta;
mod files;
mod git;
mod history;
mod http;
#[cfg(target_os = "linux")]
mod large_pages;
mod listing;
mod lock;
mod locked;
mod missing;
mod open;
mod packs;
mod parsed;
mod part;
mod provenance;
mod reading;
mod recording;
mod registry;
mod remote;
mod repository;
mod revision;
mod sources;
mod store;
mod traced;
mod tracked;
mod url;
mod versions;
mod within;
mod work_tree;

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::limits::Budget;
use kustom_yaml::place::{Place, SourceId, Span};
use kustom_yaml::{Manifests, Text};

use crate::release::{Change, Release};
use crate::write::Scratch;

use missing::circle;
use part::Elsewhere;
use remote::{Checkout, FoundLock};
use sources::{InlineText, Source};

pub use below::files_below;
pub use cached::{Cached, FileRead};
pub use content::Contents;
pub use files::{Disk, FileKind, Files, LookupCache, Memory, Overlay, display_from, normalized};
pub use git::served_references;
pub use history::{Appearance, History, HistoryReader, NEIGHBOURS};
pub use listing::Listing;
pub use lock::{LOCK_FILE, Lock, Locked, Remote, RemoteKind, digest_of, digest_of_files};
pub use open::{bounded, largest_file};
pub use parsed::ParsedFiles;
pub(crate) use part::{Part, PartStart};
pub use provenance::{BaseText, MadeBy, Provenance};
pub use recording::{Accesses, Recording};
pub use registry::Registry;
pub use remote::Remotes;
pub use revision::Revision;
pub use sources::Sources;
pub(crate) use traced::Traced;
pub use tracked::TrackedFiles;
pub use url::{Repository, is_http, shown_name};
pub use within::{Within, is_outside, unlistable, unreadable};
pub use work_tree::{Blob, Blobs, Staged, Tracked, WorkTree, tracked_files};

/// The files of a build, with a table of those that were read.
pub struct SourceStore<'f> {
    files: &'f dyn Files,
    /// The same files, if parts of the build are traced.
    traced: Option<&'f Traced<'f>>,
    elsewhere: Elsewhere,
    /// The directory to which shown names are relative.
    working_directory: PathBuf,
    restriction: Restriction,
    release: Release,
    sources: Mutex<Sources>,
    remotes: Arc<Remotes>,
    /// Where the lock of the project is looked for, and upwards: the first directory that is opened.
    start: OnceLock<PathBuf>,
    lock: OnceLock<Result<Option<FoundLock>>>,
    budget: Budget,
}

/// Which files a kustomization may name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restriction {
    /// Only those in its directory and below.
    #[default]
    RootOnly,
    /// Any.
    None,
}

/// The directory of one kustomization.
#[derive(Clone)]
pub struct Loader<'l> {
    library: &'l SourceStore<'l>,
    root: PathBuf,
    /// The directories that led here, since the clone was entered if this is one.
    ancestors: Vec<Arc<Path>>,
    /// The clone that the directory is in, if it is in one.
    checkout: Option<Arc<Checkout>>,
    /// The URLs that led here.
    urls: Vec<Arc<str>>,
    /// How many kustomizations led here.
    depth: usize,
}

/// The content of a file.
#[derive(Clone, Debug)]
pub struct Content {
    /// The bytes.
    pub bytes: Bytes,
    /// The number under which the library knows the file.
    pub source: SourceId,
}

impl<'f> SourceStore<'f> {
    /// The manifests of a file, and how large they are where that may be more than the file is;
    /// read once for all builds that share their files.
    pub(crate) fn manifests(&self, content: Content) -> Result<(Manifests, u64)> {
        match self.files.parsed() {
            Some(parsed) => parsed.read(content),
            None => parsed::parse(content),
        }
    }

    /// A library of files whose names are shown relative to a directory.
    pub fn new(
        files: &'f dyn Files,
        working_directory: impl Into<PathBuf>,
        restriction: Restriction,
    ) -> Self {
        Self {
            files,
            traced: None,
            elsewhere: Elsewhere::default(),
            working_directory: working_directory.into(),
            restriction,
            release: Release::default(),
            sources: Mutex::default(),
            remotes: Arc::default(),
            start: OnceLock::new(),
            lock: OnceLock::new(),
            budget: Budget::default(),
        }
    }

    /// The budget of the build; every file that is read is charged.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// The same, with the rules of a release of kustomize.
    #[must_use]
    pub fn as_of(self, release: Release) -> Self {
        Self { release, ..self }
    }

    /// The same, with what was fetched for others.
    #[must_use]
    pub fn sharing(self, remotes: Arc<Remotes>) -> Self {
        Self { remotes, ..self }
    }

    /// The name of the file that a span is in, as it is shown to people.
    pub fn name(&self, span: Span) -> Option<Arc<str>> {
        self.sources().name(span)
    }

    /// Whether the text that a span is in was made of others, such as of a template.
    pub fn is_made(&self, span: Span) -> bool {
        self.sources().provenance(span).is_some()
    }

    /// Gives a place its file, or where the text that it is in was written.
    pub fn locate(&self, place: &mut Place) {
        self.sources().locate(place);
    }

    /// The text of the file that a span is in, if it is on this machine and stays there.
    pub fn text(&self, span: Span) -> Option<String> {
        let path = self.sources().path(span)?.to_path_buf();
        String::from_utf8(self.files.read(&path).ok()?).ok()
    }

    /// The bytes at a URL, if the server has any there.
    ///
    /// # Errors
    ///
    /// If the server cannot be asked, or refuses.
    pub fn served(&self, url: &str) -> Result<Option<Vec<u8>>> {
        self.remotes().file_if_any(url)
    }

    /// The files that were read.
    pub fn into_sources(self) -> Sources {
        self.sources
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The paths of all files of this machine that were read, in order, each once.
    pub fn read_files(&self) -> Vec<PathBuf> {
        self.sources().paths()
    }

    /// What is in the files that were read, by the names that people are shown; without those that
    /// are on no disk.
    pub fn contents(&self) -> Vec<(Arc<str>, Vec<u8>)> {
        let files = self.sources().files();
        let read = files.into_iter().filter_map(|(path, shown)| {
            let content = self.files.read(&path).ok()?;
            Some((shown, content))
        });
        read.collect()
    }

    fn sources(&self) -> MutexGuard<'_, Sources> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the directory of the kustomization that a build starts with: a path, or a URL.
    ///
    /// # Errors
    ///
    /// If there is no such directory, or its repository cannot be fetched.
    pub fn open(&self, directory: &Path) -> Result<Loader<'_>> {
        let url = directory.to_str().and_then(Repository::parse);
        if let Some(repository) = url {
            return self.clone_of(&repository, Vec::new(), 0);
        }
        let path = normalized(&self.working_directory.join(directory));
        let shown = directory.display();
        match self.files.resolve(&path) {
            Ok((root, FileKind::Directory)) => Ok(Loader {
                library: self,
                root: self.started_at(root),
                ancestors: Vec::new(),
                checkout: None,
                urls: Vec::new(),
                depth: 0,
            }),
            Ok((_, FileKind::File)) => Err(Error::new(
                Kind::Load,
                format!("`{shown}` is a file, not a directory"),
            )
            .help("name the directory that holds the kustomization")),
            Err(cause) => Err(missing::directory(self.files, &path, directory, cause)),
        }
    }

    /// Opens a directory of a repository.
    fn clone_of(
        &self,
        repository: &Repository,
        mut urls: Vec<Arc<str>>,
        depth: usize,
    ) -> Result<Loader<'_>> {
        let checkout = self.remotes().checkout(repository, self.beside()?)?;
        let shown = url::shown_url(&repository.url);
        let wrong = |what: &str| Error::new(Kind::Load, format!("`{shown}` {what}"));
        let path = normalized(&checkout.root.join(&repository.directory));
        checkout.enter(&path)?;
        let files = match checkout.is_vendored {
            true => self.files,
            false => &Disk,
        };
        let root = match files.resolve(&path) {
            // A link can lead out of the clone, which shows only now.
            Ok((root, _)) if !root.starts_with(&checkout.root) => {
                return Err(wrong("leads out of its repository"));
            }
            Ok((root, FileKind::Directory)) => root,
            Ok((_, FileKind::File)) => return Err(wrong("is a file, not a directory")),
            Err(cause) => {
                let error = wrong("is not in its repository").caused_by(cause);
                return Err(error.help("correct the path, or the `ref`"));
            }
        };
        urls.push(repository.url.as_str().into());
        Ok(Loader {
            library: self,
            root,
            ancestors: Vec::new(),
            checkout: Some(checkout),
            urls,
            depth,
        })
    }

    /// A path of this machine, as it is shown to people.
    fn shown<'p>(&self, path: &'p Path) -> &'p Path {
        // By its letters, where these are enough: parts take several times as long to compare.
        if let Some((letters, here)) = path.to_str().zip(self.working_directory.to_str()) {
            if let Some(inside) = letters.strip_prefix(here) {
                let inside = inside.strip_prefix('/');
                let is_plain = |it: &&str| !it.is_empty() && !it.starts_with(['/', '.']);
                if let Some(inside) = inside.filter(is_plain) {
                    return Path::new(inside);
                }
            } else if differs_within_a_part(letters, here) {
                return path;
            }
        }
        path.strip_prefix(&self.working_directory).unwrap_or(path)
    }

    /// The number of a file that was read elsewhere, for the spans of what it says.
    pub fn source(&self, path: &Path) -> SourceId {
        let shown = self.shown(path).display().to_string();
        self.register(Some(path.to_path_buf()), shown.into())
    }

    /// The number of a text that is on no disk, by the name that people know it by.
    pub(crate) fn named(&self, shown: &str) -> SourceId {
        self.register(None, shown.into())
    }

    fn register(&self, path: Option<PathBuf>, shown: Arc<str>) -> SourceId {
        let provenance = match &path {
            Some(path) if !self.files.is_disk() => self.files.provenance(path),
            _ => None,
        };
        self.sources().add(Source {
            path,
            shown,
            provenance,
            inline: None,
        })
    }

    /// The number of a text that is a scalar of a file, such as a patch in a kustomization, without
    /// its first bytes: what is read of it has its places in the file. `content` is the file, if it
    /// is at hand.
    pub(crate) fn inline(
        &self,
        content: Option<&Arc<Content>>,
        text: &Text,
        skipped: usize,
    ) -> SourceId {
        let outer = text.span.source;
        if outer == SourceId::NONE {
            return outer;
        }
        let read = || {
            let bytes = self.text(text.span)?.into();
            let source = outer;
            Some(Content { bytes, source })
        };
        let file = match content.filter(|content| content.source == outer) {
            Some(content) => Some(content.clone()),
            // A patch in a transformer that is itself inline has its places in that one.
            None => {
                let inline = self.sources().inline_content(outer);
                inline.or_else(read).map(Arc::new)
            }
        };
        let inline = InlineText::new(file, text.clone(), skipped);
        self.sources().add_inline(inline)
    }
}

impl<'l> Loader<'l> {
    /// The budget of the build.
    pub fn budget(&self) -> &'l Budget {
        &self.library.budget
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// How many kustomizations led here.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The directory, as it is shown to people.
    pub fn shown_root(&self) -> String {
        let shown = self.shown(&self.root);
        if shown.as_os_str().is_empty() {
            ".".into()
        } else {
            shown.display().to_string()
        }
    }

    /// The library.
    pub fn library(&self) -> &'l SourceStore<'l> {
        self.library
    }

    /// The path that a name stands for.
    ///
    /// As in kustomize, `..` takes away the part before it, whether that is a link, a file or nothing:
    /// `link/../x` is `x`. Only an absolute name is left to the system where any may be read.
    fn path(&self, name: &str) -> PathBuf {
        let mut path = PathBuf::with_capacity(self.root.as_os_str().len() + 1 + name.len());
        path.push(&self.root);
        path.push(name);
        match self.is_bound() || !Path::new(name).is_absolute() {
            true => normalized(&path),
            false => path,
        }
    }

    /// Whether files are read from the directory and below only: a clone never reaches for ours.
    fn is_bound(&self) -> bool {
        self.checkout.is_some() || self.library.restriction == Restriction::RootOnly
    }

    /// The kind of a name's target on this machine, if it has one.
    pub fn kind(&self, name: &str) -> Option<FileKind> {
        self.files()
            .resolve(&self.path(name))
            .ok()
            .map(|(_, kind)| kind)
    }

    /// Whether something that may be a file or a base is a base: a directory, or a repository.
    ///
    /// What is served over HTTP can be either. It is a base here only if that is certain without
    /// asking; see [`Loader::may_be_base`].
    pub fn is_base(&self, name: &str) -> bool {
        if is_http(name) {
            let repository = Repository::parse(name);
            return repository.is_some_and(|it| {
                it.is_certain()
                    || self.library.remotes().has(&it)
                    || self.library.locks_repository(&it)
            });
        }
        match self.kind(name) {
            Some(FileKind::File) => false,
            Some(FileKind::Directory) => true,
            None => Repository::parse(name).is_some(),
        }
    }

    /// Whether something that could not be read as a file may still be a base.
    pub fn may_be_base(&self, name: &str) -> bool {
        is_http(name) && Repository::parse(name).is_some() && !self.library.is_settled()
    }

    /// Opens a directory that a kustomization names: a path, or the URL of a repository.
    ///
    /// # Errors
    ///
    /// If there is none, or it leads back to one of those that led here.
    pub fn open(&self, name: &Text) -> Result<Self> {
        if name.is_empty() {
            return Err(Error::new(Kind::Load, "an empty name of a directory").at(name.span));
        }
        if let Some(repository) = Repository::parse(name) {
            return self
                .open_repository(&repository)
                .map_err(|error| error.at(name.span));
        }
        if Path::new(&**name).is_absolute() {
            return Err(Error::new(Kind::Load, format!("`{name}` is absolute"))
                .at(name.span)
                .help("name the directory relative to the kustomization"));
        }
        if self.library.release.has(Change::AmbiguousDirectories) && is_ambiguous(name) {
            let message = format!("`{name}` has `..` inside a part of its path");
            return Err(Error::new(Kind::Load, message)
                .at(name.span)
                .help("is an entry of the list indented too far, so that two became one?"));
        }
        let path = self.path(name);
        self.enter(&path).map_err(|error| error.at(name.span))?;
        let root = match self.files().resolve(&path) {
            Ok((root, FileKind::Directory)) => root,
            Ok(_) => {
                let message = format!("`{name}` is a file, not a directory");
                return Err(Error::new(Kind::Load, message).at(name.span));
            }
            Err(cause) => return Err(self.missing(name, &path, cause)),
        };
        if self
            .checkout
            .as_ref()
            .is_some_and(|checkout| !root.starts_with(&checkout.root))
        {
            let message = format!("`{name}` leads out of its repository");
            return Err(Error::new(Kind::Load, message)
                .at(name.span)
                .help("what is fetched may only build on what was fetched with it"));
        }
        let mut ancestors = self.ancestors.clone();
        ancestors.push(self.root.as_path().into());
        if let Some(visited) = ancestors
            .iter()
            .rev()
            .find(|visited| visited.starts_with(&root))
        {
            let visited = self.shown(visited).display().to_string();
            let here = self.shown_root();
            return Err(circle(name, &visited, Some(&here)).at(name.span));
        }
        Ok(Self {
            root,
            ancestors,
            depth: self.depth + 1,
            ..self.clone()
        })
    }

    /// A path for a program that reads by itself, whatever it likes.
    ///
    /// # Errors
    ///
    /// If the files cannot be put on the disk.
    pub fn hand_over(&self, path: &Path) -> Result<PathBuf> {
        let shown = self.shown(path).display().to_string();
        let cannot = |cause| cannot(&format!("lay out `{shown}`"), cause);
        self.enter(path)?;
        self.files().hand_over(path).map_err(cannot)
    }

    /// A program that a kustomization names by its path, where it can be run.
    ///
    /// # Errors
    ///
    /// If it is a part of a remote that the lock does not hold it to.
    pub fn program(&self, name: impl AsRef<Path>) -> Result<PathBuf> {
        let path = self.root.join(name);
        self.enter(path.parent().unwrap_or(&path))?;
        if self.files().is_disk() {
            return Ok(path);
        }
        let files = self.files();
        let Ok((found, _)) = files.resolve(&path) else {
            files.miss(&path);
            return Ok(path);
        };
        let _ = files.read(&found);
        Ok(files.hand_over(&found).unwrap_or(path))
    }

    /// Takes notice of a directory that is used, if it is in a clone.
    ///
    /// # Errors
    ///
    /// If it is a part of a remote that the lock does not hold it to.
    pub(crate) fn enter(&self, directory: &Path) -> Result<()> {
        let directory = normalized(directory);
        let checkout = self.checkout.as_ref();
        match checkout.filter(|it| directory.starts_with(&it.root)) {
            Some(checkout) => checkout.enter(&directory),
            None => Ok(()),
        }
    }

    /// Takes notice of what a program is told of: a file, or the files of a directory below this
    /// one.
    pub fn notice(&self, name: &str) {
        let files = self.files();
        if files.is_disk() || Path::new(name).is_absolute() {
            return;
        }
        let path = self.root.join(name);
        match files.resolve(&path) {
            Ok((path, FileKind::File)) => drop(files.read(&path)),
            Ok((path, FileKind::Directory))
                if path.starts_with(&self.root) && path != self.root =>
            {
                for file in files.walk(&path).unwrap_or_default() {
                    let _ = files.read(&path.join(file));
                }
            }
            _ => {}
        }
    }

    /// A file or a directory as it is on the disk or, if it is otherwise there, a copy below a
    /// directory of some name that is gone afterwards.
    ///
    /// A program gets nothing but this.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or the copy cannot be written.
    pub fn on_disk(&self, path: &Path, scratch: &Scratch, below: &str) -> Result<PathBuf> {
        self.enter(path)?;
        let files = self.files();
        if files.is_disk() {
            return Ok(path.to_path_buf());
        }
        let shown = self.shown(path).display().to_string();
        copy::on_disk(files, path, scratch, below)
            .map_err(|cause| cannot(&format!("copy `{shown}`"), cause))
    }

    /// Takes notice of something that is needed and not there.
    pub fn miss(&self, path: &Path) {
        self.files().miss(path);
    }

    /// The root of the clone that the directory is in, if it is in one.
    pub fn repository_root(&self) -> Option<&Path> {
        self.checkout.as_ref().map(|checkout| &*checkout.root)
    }

    /// Where a file or a directory is that a kustomization names, without links.
    ///
    /// # Errors
    ///
    /// If nothing is there.
    pub fn located(&self, name: &str) -> Result<PathBuf> {
        let path = self.path(name);
        match self.files().resolve(&path) {
            Ok((place, _)) => Ok(place),
            Err(cause) => Err(self.missing(&Text::from(name), &path, cause)),
        }
    }

    /// The files below a directory, relative to it and sorted.
    ///
    /// # Errors
    ///
    /// If a directory cannot be listed, or a link leads in a circle.
    pub fn files_below(&self, directory: &Path) -> Result<Vec<PathBuf>> {
        let shown = self.shown(directory).display().to_string();
        let cannot = |cause| cannot(&format!("list `{shown}`"), cause);
        self.files().walk(directory).map_err(cannot)
    }

    /// Whether a path leads to a directory.
    pub fn is_directory(&self, path: &Path) -> bool {
        matches!(self.files().resolve(path), Ok((_, FileKind::Directory)))
    }

    fn open_repository(&self, repository: &Repository) -> Result<Self> {
        let visited = self
            .urls
            .iter()
            .rev()
            .find(|visited| visited.starts_with(&repository.url));
        if let Some(visited) = visited {
            return Err(circle(
                &url::shown_url(&repository.url),
                &url::shown_url(visited),
                None,
            ));
        }
        self.library
            .clone_of(repository, self.urls.clone(), self.depth + 1)
    }

    /// The names in the directory, sorted; none if it cannot be listed.
    pub fn names(&self) -> Vec<String> {
        self.files().list(&self.root).unwrap_or_default()
    }

    /// Whether the directory is in a clone, and not among the build's files.
    fn is_fetched(&self) -> bool {
        self.checkout.as_ref().is_some_and(|it| !it.is_vendored)
    }

    /// What is read here: the build's files or, in a clone, the disk.
    fn files(&self) -> &'l dyn Files {
        if self.is_fetched() {
            &Disk
        } else {
            self.library.files
        }
    }

    fn shown<'p>(&self, path: &'p Path) -> Cow<'p, Path> {
        match self
            .checkout
            .as_ref()
            .and_then(|checkout| checkout.shown(path))
        {
            Some(shown) => Cow::Owned(shown),
            None => Cow::Borrowed(self.library.shown(path)),
        }
    }
}

/// Whether two paths have other letters first where both are within a part: around a slash the same
/// parts may be written otherwise.
fn differs_within_a_part(one: &str, other: &str) -> bool {
    let mut pairs = one.bytes().zip(other.bytes());
    let first = pairs.find(|(one, other)| one != other);
    first.is_some_and(|(one, other)| !b"/.".contains(&one) && !b"/.".contains(&other))
}

/// Whether a part of a path has `..` beside other letters.
fn is_ambiguous(path: &str) -> bool {
    path.split('/')
        .any(|part| part != ".." && part.contains(".."))
}

fn cannot(what: &str, cause: io::Error) -> Error {
    let why = match cause.kind() {
        io::ErrorKind::NotFound => "it is not there".to_owned(),
        io::ErrorKind::PermissionDenied => "permission is denied".to_owned(),
        // What the system says begins with a capital.
        _ if cause.raw_os_error().is_some() => cause.to_string().to_lowercase(),
        _ => cause.to_string(),
    };
    Error::new(Kind::Load, format!("cannot {what}: {why}")).caused_by(cause)
}
