//! Fetches remote targets: clones of repositories, and files over HTTP; charts are in `charts`.
//!
//! Where a lock is, everything is held to it, and comes from what is vendored beside it, or from the
//! user's cache, before anything is fetched. Each remote is read once, however often it is named.
//! Nothing here happens unless a kustomization names something remote.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use kustom_yaml::error::{Error, Kind, Result};

use super::charts::Charts;
use super::content::{self, Contents, laid_out, named, of_clone, outermost};
use super::lock::{
    LOCK_FILE, Lock, Locked, Remote, differs, digest_of, digest_of_files, refuse_offline,
};
use super::url::{Repository, shown, shown_url};
use super::{Files, Within, cache, git, http, is_outside, unreadable};
use crate::write::Scratch;

/// The remotes fetched for a build, or for several that share them.
///
/// What was fetched is gone with it.
#[derive(Default)]
pub struct Remotes {
    pub(super) purpose: Purpose,
    clones: Mutex<HashMap<Revision, Arc<Slot>>>,
    files: Mutex<BTreeMap<String, Served>>,
    pub(super) charts: Charts,
}

/// The purpose for which remotes are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To build on them, as the lock says where one is.
    #[default]
    Build,
    /// To lock what they hold now, whatever the lock says.
    Lock,
    /// To vendor what is locked, whatever is vendored.
    Vendor,
}

/// A file over HTTP, and where it is vendored if it is.
#[derive(Clone)]
pub(super) struct Served {
    pub(super) bytes: Arc<[u8]>,
    pub(super) path: Option<PathBuf>,
}

/// One revision of one repository.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Revision {
    address: String,
    reference: String,
    submodules: bool,
}

/// The place of a clone; who fetches it holds the lock.
type Slot = Mutex<Option<Arc<Checkout>>>;

/// The lock of a project, and where it is.
pub(super) struct FoundLock {
    pub(super) lock: Lock,
    /// The directory that it is in.
    pub(super) directory: PathBuf,
}

/// A lock, and the vendored copies beside it.
#[derive(Clone, Copy)]
pub(super) struct Beside<'b> {
    pub(super) lock: Option<&'b FoundLock>,
    pub(super) files: &'b dyn Files,
}

/// The files of a revision.
pub(super) struct Checkout {
    /// Where they are, without links.
    pub(super) root: PathBuf,
    /// Whether they are files of the project, and not of the disk.
    pub(super) is_vendored: bool,
    remote: Remote,
    /// The address that git was given.
    repository: Repository,
    commit: Option<String>,
    /// The digest that they must have.
    locked: Option<Locked>,
    /// The directories that kustomizations were read from.
    used: Mutex<BTreeSet<String>>,
    /// Takes a clone away in the end.
    _directory: Option<Scratch>,
}

impl fmt::Debug for Remotes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remotes")
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

impl Remotes {
    /// Remotes that are read to lock what they hold now.
    pub fn to_lock() -> Self {
        Self {
            purpose: Purpose::Lock,
            ..Self::default()
        }
    }

    /// Remotes that are read to vendor what is locked.
    pub fn to_vendor() -> Self {
        Self {
            purpose: Purpose::Vendor,
            ..Self::default()
        }
    }

    /// Whether they are read to build on them, and not to lock or vendor them.
    pub fn are_built_on(&self) -> bool {
        self.purpose == Purpose::Build
    }

    /// Whether a lock is heard.
    pub(super) fn heeds_locks(&self) -> bool {
        self.purpose != Purpose::Lock
    }

    /// The content of all remotes read so far.
    ///
    /// # Errors
    ///
    /// If a file of one cannot be read.
    pub fn locked(&self) -> Result<Lock> {
        let mut lock = Lock::default();
        for checkout in self.checkouts() {
            let directories = checkout.directories();
            let contents = of_clone(&checkout.root, &directories)?;
            let locked = Locked {
                commit: checkout.commit.clone(),
                digest: digest_of_files(&contents),
                directories,
                ..Locked::default()
            };
            lock.insert(checkout.remote.clone(), locked);
        }
        for (url, served) in &*self.files.lock().unwrap_or_else(PoisonError::into_inner) {
            let locked = Locked {
                digest: digest_of(&served.bytes),
                ..Locked::default()
            };
            lock.insert(Remote::file(url), locked);
        }
        for (remote, locked) in self.charts.locked()? {
            lock.insert(remote, locked);
        }
        Ok(lock)
    }

    /// The repositories that were read so far, with their credentials.
    pub fn repositories(&self) -> Vec<Repository> {
        let checkouts = self.checkouts();
        checkouts.iter().map(|it| it.repository.clone()).collect()
    }

    /// The content of all remotes read so far, as files below the directory of the lock.
    ///
    /// # Errors
    ///
    /// If a file of one cannot be read.
    pub fn contents(&self) -> Result<Contents> {
        let mut all = Contents::new();
        for checkout in self.checkouts() {
            let below = checkout.remote.vendor_path();
            for (name, bytes) in checkout.contents()? {
                all.insert(format!("{below}/{name}"), bytes);
            }
        }
        for (url, served) in &*self.files.lock().unwrap_or_else(PoisonError::into_inner) {
            all.insert(Remote::file(url).vendor_path(), served.bytes.to_vec());
        }
        for (remote, contents) in self.charts.contents()? {
            let below = remote.vendor_path();
            let files = contents.into_iter();
            all.extend(files.map(|(name, bytes)| (format!("{below}/{name}"), bytes)));
        }
        Ok(all)
    }

    fn checkouts(&self) -> Vec<Arc<Checkout>> {
        let clones = self.clones.lock().unwrap_or_else(PoisonError::into_inner);
        let slots = clones
            .values()
            .filter_map(|slot| slot.lock().unwrap_or_else(PoisonError::into_inner).clone());
        slots.collect()
    }

    /// The files of a repository.
    pub(super) fn checkout(
        &self,
        repository: &Repository,
        beside: Beside<'_>,
    ) -> Result<Arc<Checkout>> {
        let slot = self.slot(repository);
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(checkout) = &*slot {
            return Ok(checkout.clone());
        }
        let checkout = Arc::new(self.obtain(repository, beside)?);
        *slot = Some(checkout.clone());
        Ok(checkout)
    }

    fn obtain(&self, repository: &Repository, beside: Beside<'_>) -> Result<Checkout> {
        let remote = Remote::from(repository);
        let new = |root: PathBuf, directory: Option<Scratch>| Checkout {
            root,
            is_vendored: false,
            remote: remote.clone(),
            repository: repository.clone(),
            commit: None,
            locked: None,
            used: Mutex::default(),
            _directory: directory,
        };
        let Some(found) = beside.lock else {
            refuse_offline(&remote, false)?;
            if self.purpose != Purpose::Lock {
                let clone = git::fetch(repository)?;
                return Ok(new(clone.root, Some(clone.directory)));
            }
            let (clone, commit) = git::fetch_to_lock(repository)?;
            return Ok(Checkout {
                commit: Some(commit),
                ..new(clone.root, Some(clone.directory))
            });
        };
        let locked = found.entry(&remote)?;
        let checkout = |checkout: Checkout| Checkout {
            commit: locked.commit.clone(),
            locked: Some(locked.clone()),
            ..checkout
        };
        if let Some(root) = self.vendored(&remote, beside)? {
            let contents = laid_out(
                beside.files,
                &root,
                &remote.vendor_path(),
                &locked.directories,
            )?;
            found.check_vendored(&remote, locked, &digest_of_files(&contents))?;
            return Ok(Checkout {
                is_vendored: true,
                ..checkout(new(root, None))
            });
        }
        if let Some(root) = cache::directory(locked) {
            return Ok(checkout(new(root, None)));
        }
        refuse_offline(&remote, true)?;
        let wanted = locked.commit.as_deref().unwrap_or_default();
        let (clone, commit) = git::fetch_commit(repository, wanted)?;
        let contents = of_clone(&clone.root, &locked.directories)?;
        let digest = digest_of_files(&contents);
        if digest != locked.digest {
            let error = differs(&remote, locked, &digest);
            return Err(match commit == wanted {
                true => error,
                false => error.note(
                    format!("the commit `{wanted}` is not served any more, but `{commit}`"),
                    None,
                ),
            });
        }
        cache::keep_directory(locked, &contents);
        Ok(checkout(new(clone.root, Some(clone.directory))))
    }

    /// Where a remote is vendored, if it is and that counts.
    ///
    /// # Errors
    ///
    /// If a link leads out of the directory of the lock.
    pub(super) fn vendored(&self, remote: &Remote, beside: Beside<'_>) -> Result<Option<PathBuf>> {
        let Some(found) = beside.lock.filter(|_| self.purpose != Purpose::Vendor) else {
            return Ok(None);
        };
        let path = remote.vendor_path();
        let files = Within::new(beside.files, &found.directory);
        match files.resolve(&found.directory.join(&path)) {
            Ok((root, _)) => Ok(Some(root)),
            Err(cause) if is_outside(&cause) => Err(unreadable(&path, cause)),
            Err(_) => Ok(None),
        }
    }

    /// Whether a repository is there already, and has the directory that is asked for.
    pub(super) fn has(&self, repository: &Repository) -> bool {
        let slot = self.slot(repository);
        let slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        slot.as_ref().is_some_and(|checkout| {
            super::normalized(&checkout.root.join(&repository.directory)).is_dir()
        })
    }

    /// The bytes at a URL.
    pub(super) fn file(&self, url: &str, beside: Beside<'_>) -> Result<Served> {
        let known = self
            .files
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(url)
            .cloned();
        if let Some(served) = known {
            return Ok(served);
        }
        let served = self.serve(url, beside)?;
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(url.to_owned(), served.clone());
        Ok(served)
    }

    fn serve(&self, url: &str, beside: Beside<'_>) -> Result<Served> {
        let remote = Remote::file(url);
        let served = |bytes: Vec<u8>, path: Option<PathBuf>| Served {
            bytes: bytes.into(),
            path,
        };
        let Some(found) = beside.lock else {
            refuse_offline(&remote, false)?;
            return Ok(served(fetch_file(url)?, None));
        };
        let locked = found.entry(&remote)?;
        if let Some(path) = self.vendored(&remote, beside)? {
            let bytes = beside.files.read(&path).map_err(|cause| {
                let message = format!("cannot read `{}`: {cause}", remote.vendor_path());
                Error::new(Kind::Load, message).caused_by(cause)
            })?;
            found.check_vendored(&remote, locked, &digest_of(&bytes))?;
            return Ok(served(bytes, Some(path)));
        }
        if let Some(bytes) = cache::file(&locked.digest) {
            return Ok(served(bytes, None));
        }
        refuse_offline(&remote, true)?;
        let bytes = fetch_file(url)?;
        let digest = digest_of(&bytes);
        if digest != locked.digest {
            return Err(differs(&remote, locked, &digest));
        }
        cache::keep_file(&digest, &bytes);
        Ok(served(bytes, None))
    }

    /// The bytes at a URL, if the server has any there.
    pub(super) fn file_if_any(&self, url: &str) -> Result<Option<Vec<u8>>> {
        refuse_offline(&Remote::file(url), false)?;
        Ok(http::find(url)?.map(|answer| answer.bytes))
    }

    fn slot(&self, repository: &Repository) -> Arc<Slot> {
        let revision = Revision {
            address: repository.address.clone(),
            reference: repository.reference.clone(),
            submodules: repository.submodules,
        };
        let mut clones = self.clones.lock().unwrap_or_else(PoisonError::into_inner);
        clones.entry(revision).or_default().clone()
    }
}

impl FoundLock {
    /// The recorded content that a remote must have.
    pub(super) fn entry(&self, remote: &Remote) -> Result<&Locked> {
        self.lock.get(remote).ok_or_else(|| {
            let message = format!("{remote} is not in `{LOCK_FILE}`");
            Error::new(Kind::Load, message)
                .help("where a lock is, nothing else is fetched: run `kustom lock`, and review what it adds")
        })
    }

    /// Whether a URL is that of a repository, and not of a file.
    pub(super) fn is_repository(&self, repository: &Repository) -> bool {
        self.lock.get(&Remote::from(repository)).is_some()
            && self.lock.get(&Remote::file(&repository.url)).is_none()
    }

    pub(super) fn check_vendored(
        &self,
        remote: &Remote,
        locked: &Locked,
        digest: &str,
    ) -> Result<()> {
        if digest == locked.digest {
            return Ok(());
        }
        let path = remote.vendor_path();
        let message = format!(
            "`{path}` is not what `{LOCK_FILE}` says of {remote}: its digest is `{digest}`, not `{}`",
            locked.digest
        );
        Err(Error::new(Kind::Load, message).help(
            "vendored files are not to be edited: lay them out anew with `kustom vendor`, and \
             change them by patches",
        ))
    }
}

fn fetch_file(url: &str) -> Result<Vec<u8>> {
    let answer = http::fetch(url)?;
    if answer.is_page {
        let message = format!("`{}` is a web page, not a file", shown_url(url));
        return Err(Error::new(Kind::Load, message)
            .help("name the address of the raw file, or of the repository"));
    }
    Ok(answer.bytes)
}

impl Checkout {
    /// Takes notice of a directory that is used, which is not without links.
    ///
    /// # Errors
    ///
    /// If it is not one of those that the lock holds it to.
    pub(super) fn enter(&self, directory: &Path) -> Result<()> {
        let inside = named(directory.strip_prefix(&self.root).unwrap_or(directory));
        if let Some(locked) = &self.locked
            && !locked.covers(&inside)
        {
            let message = format!(
                "the directory `{inside}` of {} is not in `{LOCK_FILE}`",
                self.remote
            );
            return Err(
                Error::new(Kind::Load, message).help("run `kustom lock`, and review what it adds")
            );
        }
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.insert(inside);
        Ok(())
    }

    /// The directories that are used, without those that are below another.
    fn directories(&self) -> BTreeSet<String> {
        outermost(&self.used.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The files that the lock is about.
    fn contents(&self) -> Result<Contents> {
        let directories = match &self.locked {
            Some(locked) => locked.directories.clone(),
            None => self.directories(),
        };
        content::of_clone(&self.root, &directories)
    }

    /// A path in the clone, as it is shown to people: one that is vendored is shown as it is.
    pub(super) fn shown(&self, path: &Path) -> Option<PathBuf> {
        match self.is_vendored {
            true => None,
            false => Some(shown(
                &self.repository.address,
                path.strip_prefix(&self.root).ok()?,
            )),
        }
    }
}
