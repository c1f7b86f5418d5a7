//! Writes files under temporary names and renames them over the ones that they replace.
//!
//! A process that is killed leaves its drafts behind. Their names say whose they are, and the next
//! write beside them removes those of processes that are gone.

use std::collections::BTreeSet;
use std::collections::hash_map::RandomState;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::hash::BuildHasher as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

use super::at::{self, At, Entry};
use super::root::Root;
use super::{MOST_LINKS, cannot_write, refused};
use kustom_yaml::error::Result;
use kustom_yaml::threads;

/// How often a name is drawn that something has already.
const DRAWS: usize = 16;

/// Where a file goes.
pub(super) struct Spot {
    /// The path as the user knows it.
    pub(super) shown: PathBuf,
    pub(super) directory: Where,
    pub(super) name: OsString,
    pub(super) rule: Rule,
}

/// The directory of a file.
pub(super) enum Where {
    /// Wherever its path leads.
    Path(PathBuf),
    /// Below a directory that is not left; no part of the path is a link.
    Inside(Arc<Root>, PathBuf),
}

/// The fate of a file that has the name already, and who may read the new one.
#[derive(Clone, Copy)]
pub(super) enum Rule {
    /// It is replaced, and the file is like it.
    Like(at::Owned),
    /// There must be nothing.
    New,
    /// There must be nothing, and only the owner may read the file.
    NewPrivate,
    /// It is replaced, and only the owner may read the file.
    Private,
}

impl Spot {
    /// The file that a path leads to, through links, be they dangling.
    pub(super) fn led(path: &Path) -> Result<Self> {
        let mut real = path.to_path_buf();
        for _ in 0..MOST_LINKS {
            let spot = Self::at(path, &real)?;
            match spot {
                Found::Spot(spot) => return Ok(spot),
                Found::Link(target) => real = target,
            }
        }
        Err(refused(path, "its links lead in a circle"))
    }

    /// The file or link that has a name.
    pub(super) fn named(path: &Path) -> Result<Self> {
        match Self::at(path, path)? {
            Found::Spot(spot) => Ok(spot),
            Found::Link(_) => {
                let (directory, name) = parts(path)?;
                let cannot = |cause| cannot_write(path, cause);
                let at = At::open(&directory).map_err(cannot)?;
                Ok(Self {
                    rule: Rule::Like(at.owner(&name).map_err(cannot)?),
                    shown: path.to_path_buf(),
                    directory: Where::Path(directory),
                    name,
                })
            }
        }
    }

    fn at(shown: &Path, path: &Path) -> Result<Found> {
        let (directory, name) = parts(path).map_err(|_| refused(shown, "it has no name"))?;
        let cannot = |cause| cannot_write(shown, cause);
        let at = At::open(&directory).map_err(cannot)?;
        let rule = match at.entry(&name).map_err(cannot)? {
            None => Rule::New,
            Some(Entry::Link) => {
                let target = at.link(&name).map_err(cannot)?;
                return Ok(Found::Link(directory.join(target)));
            }
            Some(entry) => rule(shown, entry)?,
        };
        Ok(Found::Spot(Spot {
            shown: shown.to_path_buf(),
            directory: Where::Path(directory),
            name,
            rule,
        }))
    }

    fn open(&self) -> io::Result<At> {
        match &self.directory {
            Where::Path(path) => At::open(path),
            Where::Inside(root, path) => root.directory(path),
        }
    }
}

enum Found {
    Spot(Spot),
    Link(PathBuf),
}

/// The fate of the file that is there, unless it must stay.
pub(super) fn rule(shown: &Path, entry: Entry) -> Result<Rule> {
    match entry {
        Entry::File(owned) if owned.is_read_only() => {
            Err(refused(shown, "it is read-only")
                .help(format!("try `chmod u+w {}`", shown.display())))
        }
        Entry::File(owned) => Ok(Rule::Like(owned)),
        Entry::Directory => Err(refused(shown, "there is a directory")),
        Entry::Link | Entry::Other => Err(refused(shown, "what is there is no regular file")),
    }
}

/// The directory of a path, and the name in it.
fn parts(path: &Path) -> Result<(PathBuf, OsString)> {
    let name = path
        .file_name()
        .filter(|_| !path.as_os_str().as_encoded_bytes().ends_with(b"/"));
    let (Some(directory), Some(name)) = (path.parent(), name) else {
        return Err(refused(path, "it is no name of a file"));
    };
    Ok((directory.to_path_buf(), name.to_owned()))
}

/// Writes files beside those that they replace, then renames all of them.
pub(super) fn publish(spots: Vec<Spot>, contents: &[&[u8]]) -> Result<()> {
    let drafts = Drafts::default();
    let mut all = spots.into_iter().zip(contents);
    let write = |(spot, content): (Spot, &&[u8])| drafts.put(spot, content);
    match contents.len() {
        0 | 1 => all.try_for_each(write)?,
        _ => {
            // Files that are synced side by side wait for the disk together.
            threads::get_ready();
            let all: Vec<_> = all.collect();
            all.into_par_iter().try_for_each(write)?;
        }
    }
    drafts.publish()
}

/// Files that stand beside those that they will replace, until all of them are there.
#[derive(Default)]
pub(super) struct Drafts {
    written: Mutex<Vec<Draft>>,
    /// The directories that hold no stale draft.
    tidied: Mutex<BTreeSet<PathBuf>>,
}

impl Drafts {
    /// Writes one more.
    pub(super) fn put(&self, spot: Spot, content: &[u8]) -> Result<()> {
        self.tidy(&spot);
        let draft = Draft::write(spot, content)?;
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.push(draft);
        Ok(())
    }

    /// Gives all of them their names or, if one cannot have it, takes back those that are new.
    pub(super) fn publish(self) -> Result<()> {
        let written = self.written.into_inner();
        let mut drafts = written.unwrap_or_else(PoisonError::into_inner);
        // Whichever thread was the quicker one.
        drafts.sort_by(|one, other| one.shown().cmp(&other.shown()));
        let mut made = Vec::new();
        for draft in drafts {
            let spot = match draft.publish() {
                Ok(spot) => spot,
                Err(error) => {
                    take_back(&made);
                    return Err(error);
                }
            };
            made.extend(spot);
        }
        Ok(())
    }

    /// Removes the drafts of processes that are gone from the directory that is written to.
    fn tidy(&self, spot: &Spot) {
        let path = match &spot.directory {
            Where::Path(path) => path.clone(),
            Where::Inside(root, path) => root.path.join(path),
        };
        let mut tidied = self.tidied.lock().unwrap_or_else(PoisonError::into_inner);
        if !tidied.insert(path) {
            return;
        }
        // What cannot be listed or removed stays: it is in nobody's way.
        let Ok(at) = spot.open() else { return };
        for name in at.names().unwrap_or_default() {
            let is_stale = writer(&name).is_some_and(at::is_gone);
            if is_stale && matches!(at.entry(&name), Ok(Some(Entry::File(_)))) {
                let _ = at.remove_file(&name);
            }
        }
    }
}

/// Removes files that were not there before.
fn take_back(made: &[Spot]) {
    for spot in made {
        // It is the first error that is told.
        let _ = spot.open().and_then(|at| at.remove_file(&spot.name));
    }
}

/// A file beside the one that it will replace; it goes if it does not.
struct Draft {
    spot: Option<Spot>,
    name: OsString,
}

impl Draft {
    fn write(spot: Spot, content: &[u8]) -> Result<Self> {
        let cannot = |cause| cannot_write(&spot.shown, cause);
        let at = spot.open().map_err(cannot)?;
        let (name, mut file) = create(&at, !matches!(spot.rule, Rule::New)).map_err(cannot)?;
        let shown = spot.shown.clone();
        let rule = spot.rule;
        let draft = Self {
            spot: Some(spot),
            name,
        };
        if let Rule::Like(other) = rule {
            at::make_like(&file, other);
        }
        let written = file.write_all(content).and_then(|()| at::sync(&file));
        written.map_err(|cause| cannot_write(&shown, cause))?;
        Ok(draft)
    }

    /// The path that it will have, as the user knows it.
    fn shown(&self) -> Option<&Path> {
        self.spot.as_ref().map(|spot| &*spot.shown)
    }

    /// Gives the file its name, and its spot back if nothing had that before.
    fn publish(mut self) -> Result<Option<Spot>> {
        let Some(spot) = self.spot.take() else {
            return Ok(None);
        };
        let renamed = spot.open().and_then(|at| match spot.rule {
            Rule::New | Rule::NewPrivate => at.rename_new(&self.name, &spot.name),
            Rule::Like(_) | Rule::Private => at.rename(&self.name, &spot.name),
        });
        match renamed {
            Ok(()) => Ok(matches!(spot.rule, Rule::New | Rule::NewPrivate).then_some(spot)),
            Err(cause) => {
                let error = cannot_write(&spot.shown, cause);
                self.spot = Some(spot);
                Err(error)
            }
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if let Some(spot) = &self.spot {
            // There may be none any more, and nowhere to say so.
            let _ = spot.open().and_then(|at| at.remove_file(&self.name));
        }
    }
}

/// A new file under an unpredictable name.
fn create(at: &At, private: bool) -> io::Result<(OsString, fs::File)> {
    let mut taken = io::Error::from(io::ErrorKind::AlreadyExists);
    for draw in 0..DRAWS {
        let name = fresh_name(draw);
        match at.create(&name, private) {
            Ok(file) => return Ok((name, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = error,
            Err(error) => return Err(error),
        }
    }
    Err(taken)
}

/// The keys of the hash come from the system's source of chance.
fn fresh_name(draw: usize) -> OsString {
    let bits = RandomState::new().hash_one(draw);
    let (process, machine) = (std::process::id(), at::machine());
    format!(".kustom-{process}-{machine:016x}-{bits:016x}.tmp").into()
}

/// The process that a draft belongs to, by its name, if it was one of this machine.
fn writer(name: &OsStr) -> Option<u32> {
    let name = name.to_str()?;
    let name = name.strip_prefix(".kustom-")?.strip_suffix(".tmp")?;
    let mut parts = name.split('-');
    let (process, machine, bits) = (parts.next()?, parts.next()?, parts.next()?);
    let is_whole = parts.next().is_none() && bits.len() == 16;
    let machine = u64::from_str_radix(machine, 16).ok()?;
    (is_whole && machine == at::machine())
        .then(|| process.parse().ok())
        .flatten()
}

/// Whether a name is that of a draft.
#[cfg(all(test, unix))]
pub(super) fn is_draft(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with(".kustom-") && name.ends_with(".tmp")
}
