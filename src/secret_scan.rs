//! Scans many texts for secrets: files, what git tracks, what is staged, and all that was ever
//! committed.
//!
//! Texts are scanned on all cores; the results come in the order of the texts, for any number of
//! threads.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::iter::{IntoParallelRefIterator as _, ParallelIterator as _};
use rayon::slice::ParallelSlice as _;
use rustc_hash::FxHashMap;

use crate::error::{Error, Kind, Result};
use crate::finding::Finding;
use crate::guard::{Allowed, Base, Baseline, FoundSecret, Guard, Identity, Marks, Scan, gather};
use crate::load::{
    Blobs, Disk, Files, HistoryReader, NEIGHBOURS, Staged, Tracked, WorkTree, is_outside,
    unreadable,
};
use crate::threads;

/// What many texts showed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scans {
    /// The secrets, in the order of the texts.
    pub leaks: Vec<FoundSecret>,
    /// Those that are allowed.
    pub allowed: Vec<Allowed>,
    /// How many texts there were.
    pub texts: usize,
}

impl Scans {
    /// Adds what other texts showed.
    pub fn add(&mut self, other: Self) {
        self.leaks.extend(other.leaks);
        self.allowed.extend(other.allowed);
        self.texts += other.texts;
    }
}

/// How a path is named in what is found.
type Shown<'s> = &'s (dyn Fn(&Path) -> String + Sync);

/// Hears how many of how many texts are scanned.
pub type Done<'s> = &'s (dyn Fn(usize, usize) + Sync);

/// Counts texts on all threads.
struct Count<'s> {
    done: AtomicUsize,
    total: usize,
    heard: Done<'s>,
}

impl<'s> Count<'s> {
    fn new(total: usize, heard: Done<'s>) -> Self {
        let done = AtomicUsize::new(0);
        Self { done, total, heard }
    }

    fn more(&self, count: usize) {
        let done = self.done.fetch_add(count, Ordering::Relaxed) + count;
        (self.heard)(done, self.total);
    }
}

/// Below this many texts, threads cost more than they bring.
const FEW: usize = 16;

/// How many bytes most texts have at least.
const USUAL: usize = 512;

/// Scans files of the disk.
///
/// # Errors
///
/// If one cannot be read.
pub fn scan_files(
    guard: &Guard,
    files: &[PathBuf],
    shown: Shown<'_>,
    done: Done<'_>,
) -> Result<Scans> {
    guard.expect(files.len() * USUAL);
    each(
        files,
        done,
        || (),
        |(), path| {
            let content = Disk.read(path).map_err(|cause| {
                let message = format!("cannot read `{}`: {cause}", shown(path));
                Error::new(Kind::Load, message).caused_by(cause)
            })?;
            Ok(guard.scan(&shown(path), &content))
        },
    )
}

/// Scans what git tracks below a directory: as it is on disk and, where that differs, as it
/// is in the index.
///
/// # Errors
///
/// If the index or an object cannot be read.
pub fn scan_tracked(
    guard: &Guard,
    tree: &WorkTree,
    below: &Path,
    shown: Shown<'_>,
    done: Done<'_>,
) -> Result<Scans> {
    let files = tree.tracked(below)?;
    guard.expect(files.len() * USUAL);
    each(
        &files,
        done,
        || tree.blobs(),
        |blobs, file| {
            let kept = if tree.is_bare() {
                "the last commit"
            } else {
                "git's index"
            };
            tracked_file(guard, blobs, file, &shown(&file.path), kept)
        },
    )
}

/// Scans what the next commit would change: the whole of each file, for what it adds.
///
/// # Errors
///
/// If the index or an object cannot be read.
pub fn scan_staged(
    guard: &Guard,
    tree: &WorkTree,
    shown: Shown<'_>,
    done: Done<'_>,
) -> Result<Scans> {
    let files = tree.staged()?;
    each(
        &files,
        done,
        || tree.blobs(),
        |blobs, file| staged_file(guard, blobs, file, &shown(&file.path)),
    )
}

/// Scans everything that was ever committed; each content once, where it first appears.
///
/// # Errors
///
/// If the history or an object cannot be read.
pub fn scan_history(
    guard: &Guard,
    tree: &WorkTree,
    shown: Shown<'_>,
    done: Done<'_>,
) -> Result<Scans> {
    let history = tree.history()?;
    let order = history.order();
    guard.expect(order.len() * USUAL);
    let count = Count::new(order.len(), done);
    let neighbours = |reader: &mut HistoryReader<'_, Marks>, indices: &[usize]| {
        let mut scans = Vec::new();
        // Many are versions of a few files.
        let mut names: FxHashMap<&str, String> = FxHashMap::default();
        for &index in indices {
            let one = &history.contents()[index];
            let name = || shown(&tree.root().join(&one.path));
            let name = &*names.entry(&one.path).or_insert_with(name);
            let scan = reader.read(index, |content, base| {
                let base = base.map(|(marks, copied)| Base { marks, copied });
                guard.scan_version(name, content, base)
            });
            if scan.as_ref().is_ok_and(Scan::is_empty) {
                continue;
            }
            let scan = scan.map(|mut scan| {
                mark(&mut scan, &format!("commit {}", one.commit));
                scan
            });
            scans.push((index, scan));
        }
        count.more(indices.len());
        scans
    };
    threads::get_ready();
    let mut scans: Vec<(usize, Result<Scan>)> = order
        .par_chunks(NEIGHBOURS)
        .map_init(|| history.reader(), neighbours)
        .flatten_iter()
        .collect();
    scans.sort_unstable_by_key(|(index, _)| *index);
    let mut scans = gathered(scans.into_iter().map(|(_, scan)| scan))?;
    scans.texts = order.len();
    Ok(scans)
}

/// `kept` is where git keeps what is not on disk.
fn tracked_file(
    guard: &Guard,
    blobs: &Blobs,
    file: &Tracked,
    shown: &str,
    kept: &str,
) -> Result<Scan> {
    let on_disk = file.on_disk();
    let mut scan = match &on_disk {
        Ok(content) => guard.scan(shown, content),
        Err(_) => Scan::default(),
    };
    if file.is_unchanged && on_disk.is_ok() {
        return Ok(scan);
    }
    let content = blobs.read(file.blob)?;
    if on_disk.is_ok_and(|on_disk| on_disk == content) {
        return Ok(scan);
    }
    let mut staged = guard.scan(shown, &content);
    mark(&mut staged, kept);
    let seen = identities(&scan);
    staged.leaks.retain(|leak| !seen.contains(&leak.identity()));
    staged
        .allowed
        .retain(|one| !seen.contains(&one.leak.identity()));
    scan.leaks.extend(staged.leaks);
    scan.allowed.extend(staged.allowed);
    Ok(scan)
}

fn staged_file(guard: &Guard, blobs: &Blobs, file: &Staged, shown: &str) -> Result<Scan> {
    let content = blobs.read(file.new)?;
    let mut scan = guard.scan(shown, &content);
    if let Some(old) = file.old.filter(|_| !scan.is_empty()) {
        let before = blobs.read(old)?;
        let known = identities(&guard.scan(shown, &before));
        let added = Added::between(&before, &content);
        // A change elsewhere can make a secret of what was none, such as `kind: Secret`.
        let is_new =
            |leak: &FoundSecret| !known.contains(&leak.identity()) || added.touches(&content, leak);
        scan.leaks.retain(is_new);
        scan.allowed.retain(|one| is_new(&one.leak));
    }
    Ok(scan)
}

/// What was found, each secret once with all its places; `shown` names a file for the user that the
/// guard knows by its path from the root of the project.
pub fn findings_of(
    leaks: impl IntoIterator<Item = FoundSecret>,
    shown: impl Fn(&str) -> String,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = gather(leaks).iter().map(Finding::from).collect();
    for finding in &mut findings {
        for place in finding.place.iter_mut().chain(&mut finding.others) {
            place.file = place.file.take().map(|file| shown(&file).into());
        }
    }
    findings
}

/// Reads a baseline; `shown` is the name of its file.
///
/// # Errors
///
/// If it cannot be read, is no baseline, or has no key.
pub fn read_baseline(files: &dyn Files, path: &Path, shown: &str) -> Result<Baseline> {
    let cannot = |why: String| {
        let message = format!("cannot read the baseline `{shown}`: {why}");
        Error::new(Kind::Load, message)
            .help("`kustom secrets check --write-baseline FILE` writes one")
    };
    let bytes = files.read(path).map_err(|cause| match is_outside(&cause) {
        true => unreadable(shown, cause),
        false => cannot(cause.to_string()).caused_by(cause),
    })?;
    let text = String::from_utf8(bytes).map_err(|_| cannot("it is not UTF-8".to_owned()))?;
    Baseline::parse(&text, shown)
}

/// Scans every item; `start` makes what a thread needs.
fn each<T: Sync, S: Send>(
    items: &[T],
    done: Done<'_>,
    start: impl Fn() -> S + Sync + Send,
    scan: impl Fn(&mut S, &T) -> Result<Scan> + Sync + Send,
) -> Result<Scans> {
    let count = Count::new(items.len(), done);
    let scan = |state: &mut S, item: &T| {
        let scan = scan(state, item);
        count.more(1);
        scan
    };
    let scans: Vec<Scan> = if items.len() < FEW {
        let mut state = start();
        let scans = items.iter().map(|item| scan(&mut state, item));
        scans.collect::<Result<_>>()?
    } else {
        threads::get_ready();
        let scans = items.par_iter().map_init(&start, &scan);
        scans.collect::<Result<_>>()?
    };
    gathered(scans.into_iter().map(Ok))
}

/// What many scans showed, in their order; the first that failed is the answer.
fn gathered(scans: impl Iterator<Item = Result<Scan>>) -> Result<Scans> {
    let mut all = Scans::default();
    for scan in scans {
        let scan = scan?;
        all.texts += 1;
        all.leaks.extend(scan.leaks);
        all.allowed.extend(scan.allowed);
    }
    Ok(all)
}

/// Says which version of its file a scan was of.
fn mark(scan: &mut Scan, version: &str) {
    let version: Arc<str> = version.into();
    let allowed = scan.allowed.iter_mut().map(|one| &mut one.leak);
    for leak in scan.leaks.iter_mut().chain(allowed) {
        leak.version = Some(Arc::clone(&version));
    }
}

fn identities(scan: &Scan) -> HashSet<Identity> {
    let allowed = scan.allowed.iter().map(|one| &one.leak);
    let leaks = scan.leaks.iter().chain(allowed);
    leaks.map(FoundSecret::identity).collect()
}

/// The lines that a text has more of than another.
struct Added<'t>(HashSet<&'t [u8]>);

impl<'t> Added<'t> {
    fn between(before: &'t [u8], after: &'t [u8]) -> Self {
        let mut counts: HashMap<&[u8], i64> = HashMap::new();
        for line in after.split(|&byte| byte == b'\n') {
            *counts.entry(line).or_default() += 1;
        }
        for line in before.split(|&byte| byte == b'\n') {
            *counts.entry(line).or_default() -= 1;
        }
        let more = counts.into_iter().filter(|&(_, count)| count > 0);
        Self(more.map(|(line, _)| line).collect())
    }

    /// Whether a line that a leak is on was added.
    fn touches(&self, text: &[u8], leak: &FoundSecret) -> bool {
        let range = leak.span.range();
        let end = range.end.min(text.len());
        let start = range.start.min(end);
        let first = text[..start].iter().rposition(|&byte| byte == b'\n');
        let first = first.map_or(0, |at| at + 1);
        let last = text[end..].iter().position(|&byte| byte == b'\n');
        let last = last.map_or(text.len(), |at| end + at);
        let mut lines = text[first..last].split(|&byte| byte == b'\n');
        lines.any(|line| self.0.contains(line))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn leaks(text: &str) -> Vec<FoundSecret> {
        Guard::new().scan("a.yaml", text.as_bytes()).leaks
    }

    #[test]
    fn a_leak_touches_the_lines_it_is_on() {
        let before = "kind: Secret\nstringData:\n  a: uyS1F1a10F1qmQj8q17zZuMHnG5\n";
        let after = format!("# c\n{before}  b: roolxuxhjmWboeYXz38LcC\n");
        let added = Added::between(before.as_bytes(), after.as_bytes());
        let touched: Vec<bool> = leaks(&after)
            .iter()
            .map(|leak| added.touches(after.as_bytes(), leak))
            .collect();
        assert_eq!(touched, [false, true]);
    }

    #[test]
    fn what_is_found_comes_in_the_order_of_the_texts() {
        let directory = tempfile::tempdir().unwrap();
        let files: Vec<PathBuf> = (0..100)
            .map(|number| {
                let path = directory.path().join(format!("{number:03}.env"));
                fs::write(
                    &path,
                    format!("{}=uyS1F1a10F1qmQj8q{number:03}zZuMHn\n", "X_TOKEN"),
                )
                .unwrap();
                path
            })
            .collect();
        let shown = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        let scans = scan_files(&Guard::new(), &files, &shown, &|_, _| {}).unwrap();
        let found: Vec<&str> = scans.leaks.iter().map(|leak| &*leak.path).collect();
        assert_eq!(found.len(), 100);
        assert!(found.is_sorted());
        let missing = [directory.path().join("none")];
        assert!(scan_files(&Guard::new(), &missing, &shown, &|_, _| {}).is_err());
    }
}
