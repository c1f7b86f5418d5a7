//! Charts of helm repositories: each fetched once for a command, and held to the lock where one is.
//!
//! helm fetches them; nothing here knows how.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::place::SourceId;
use kustom_yaml::{Node, read_config};

use super::content::{Contents, of_clone, whole};
use super::lock::{Locked, Remote, differs, digest_of_files, refuse_offline};
use super::{Disk, FileKind, Files as _, cache, cannot};
use crate::write::Scratch;

/// Fetches a version of a chart into a directory, below which it is then.
pub(super) type Pull<'p> = &'p dyn Fn(&Path, &str) -> Result<()>;

/// The charts that a command has met.
#[derive(Default)]
pub(super) struct Charts {
    /// Those that were fetched, by the digest that they must have; without a lock it is empty.
    fetched: Mutex<BTreeMap<(Remote, String), Arc<Slot>>>,
    /// Those that were at hand, and what they held.
    at_hand: Mutex<BTreeMap<Remote, Locked>>,
}

/// The place of a chart; who fetches it holds the lock.
type Slot = Mutex<Option<Fetched>>;

#[derive(Clone)]
struct Fetched {
    /// The directory with its `Chart.yaml`.
    path: PathBuf,
    locked: Locked,
    /// Takes it away in the end.
    _directory: Option<Arc<Scratch>>,
}

impl Charts {
    /// What the charts hold.
    ///
    /// # Errors
    ///
    /// If one that is at hand is something else than the same one where it is not.
    pub(super) fn locked(&self) -> Result<BTreeMap<Remote, Locked>> {
        let mut all = self.lock_at_hand().clone();
        for (remote, fetched) in self.all_fetched() {
            match all.get(&remote) {
                Some(other) => is_same(&remote, other, &fetched.locked)?,
                None => drop(all.insert(remote, fetched.locked)),
            }
        }
        Ok(all)
    }

    /// The files of the charts that were fetched.
    ///
    /// # Errors
    ///
    /// If one cannot be read.
    pub(super) fn contents(&self) -> Result<Vec<(Remote, Contents)>> {
        let fetched = self.all_fetched().into_iter();
        fetched
            .map(|(remote, fetched)| Ok((remote, of_clone(&fetched.path, &whole())?)))
            .collect()
    }

    fn all_fetched(&self) -> Vec<(Remote, Fetched)> {
        let slots = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        let fetched = slots.iter().filter_map(|((remote, _), slot)| {
            let slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            Some((remote.clone(), slot.clone()?))
        });
        fetched.collect()
    }

    /// Takes notice of a chart that is at hand.
    ///
    /// # Errors
    ///
    /// If the same one was something else where it was met before.
    pub(super) fn take_at_hand(&self, remote: &Remote, held: Locked) -> Result<()> {
        match self.lock_at_hand().entry(remote.clone()) {
            Entry::Occupied(other) => is_same(remote, other.get(), &held),
            Entry::Vacant(place) => {
                place.insert(held);
                Ok(())
            }
        }
    }

    fn lock_at_hand(&self) -> MutexGuard<'_, BTreeMap<Remote, Locked>> {
        self.at_hand.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn slot(&self, remote: &Remote, digest: &str) -> Arc<Slot> {
        let mut slots = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (remote.clone(), digest.to_owned());
        Arc::clone(slots.entry(key).or_default())
    }
}

impl Charts {
    /// The directory of a chart, which is fetched or taken from the cache once for the command.
    ///
    /// # Errors
    ///
    /// If it cannot be had, or is not what was locked.
    pub(super) fn directory(
        &self,
        chart: &Remote,
        wanted: Option<&Locked>,
        version: &str,
        pull: Pull<'_>,
    ) -> Result<PathBuf> {
        let digest = wanted.map_or("", |wanted| &wanted.digest);
        let slot = self.slot(chart, digest);
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fetched) = &*slot {
            return Ok(fetched.path.clone());
        }
        if let Some(wanted) = wanted {
            if let Some(path) = cache::chart(digest) {
                *slot = Some(Fetched {
                    path: path.clone(),
                    locked: wanted.clone(),
                    _directory: None,
                });
                return Ok(path);
            }
            refuse_offline(chart, true)?;
        }
        let directory = Scratch::new("kustom-chart-")
            .map_err(|cause| cannot("make a directory for a chart", cause))?;
        pull(directory.path(), version)?;
        let path = only_directory(chart, directory.path())?;
        let contents = of_clone(&path, &whole())?;
        let locked = content_of(&contents);
        if let Some(wanted) = wanted {
            if locked.digest != digest {
                return Err(as_refusal(differs(chart, wanted, &locked.digest)));
            }
            cache::keep_chart(digest, contents);
        }
        *slot = Some(Fetched {
            path: path.clone(),
            locked,
            _directory: Some(Arc::new(directory)),
        });
        Ok(path)
    }
}

/// What a chart holds, with the version that it says it is.
pub(super) fn content_of(contents: &Contents) -> Locked {
    let text = contents.get("Chart.yaml");
    let node = text.and_then(|text| read_config(text, SourceId::NONE).ok());
    let version = node.as_ref().and_then(|node| node.get("version"));
    Locked {
        resolved: version.and_then(Node::text).map(str::to_owned),
        digest: digest_of_files(contents),
        ..Locked::default()
    }
}

/// The directory of the chart that was fetched: it is called as the chart says, whatever its
/// repository calls it.
fn only_directory(chart: &Remote, below: &Path) -> Result<PathBuf> {
    let names = Disk.list(below).unwrap_or_default();
    let paths = names.iter().map(|name| below.join(name));
    let mut found = paths.filter_map(|path| match Disk.resolve(&path) {
        Ok((path, FileKind::Directory)) => Some(path),
        _ => None,
    });
    match (found.next(), found.next()) {
        (Some(path), None) => Ok(path),
        _ => {
            let message = format!("helm laid out no chart for {chart}");
            Err(Error::new(Kind::Load, message).help("try `helm pull --untar` by hand"))
        }
    }
}

/// Stops where a chart is two things at once.
fn is_same(chart: &Remote, one: &Locked, other: &Locked) -> Result<()> {
    if one.digest == other.digest {
        return Ok(());
    }
    let message = format!(
        "{chart} is there twice, and not the same: the digests are `{}` and `{}`",
        one.digest, other.digest
    );
    Err(Error::new(Kind::Plugin, message)
        .help("remove the copy that is not meant, or give it a `version` of its own"))
}

/// An error that is no lack: what is there must not be used.
pub(super) fn as_refusal(error: Error) -> Error {
    let refusal = Error::new(Kind::Plugin, error.message());
    match error.help_line() {
        Some(help) => refusal.help(help.to_owned()),
        None => refusal,
    }
}
