//! Writes rendered files to a directory, checks them, and removes those that no environment makes
//! any more.
//!
//! A record in the directory says which files were written, and what was in them. Only a file that
//! the record names, and that nobody has changed since, is ever removed.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use kustom::error::{Error, Kind, Result};
use kustom::finding::Finding;
use kustom::load::{largest_file, normalized};
use kustom::place::Place;
use kustom::project::{RECORD, Shard};
use kustom::write::{Batch, Directory, New, is_of_git};
use sha2::{Digest, Sha256};

use super::Texts;
use crate::cli::output::line;

/// How many stale files are listed.
const LISTED: usize = 20;

/// A directory that files are rendered into.
pub(super) struct Tree<'d> {
    directory: &'d Path,
    owned: Directory,
    /// The part of all files that these are, if they are not all.
    pub(super) shard: Option<Shard>,
    /// Whether it is written down which files these are.
    pub(super) keeps_record: bool,
}

/// What was written: the hashes of files, by their paths.
type Record = BTreeMap<PathBuf, String>;

/// What became of rendered files: what is left of each when its text is gone.
#[derive(Default)]
pub(super) struct Taken(BTreeMap<PathBuf, Fate>);

/// What became of one file.
struct Fate {
    /// Empty where no record is kept.
    hash: String,
    /// What is there now, if it is something else.
    stale: Option<Stale>,
}

/// What is wrong with the file that is there.
#[derive(Clone, Copy)]
enum Stale {
    Missing,
    Differs,
}

impl Taken {
    /// Takes what became of others.
    pub(super) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.0.keys()
    }
}

impl<'d> Tree<'d> {
    pub(super) fn new(directory: &'d Path) -> Self {
        Self {
            directory,
            owned: Directory::new(directory),
            shard: None,
            keeps_record: false,
        }
    }

    /// Stops if a file would lie among git's own.
    pub(super) fn refuse_git(&self, path: &Path) -> Result<()> {
        refuse_git(&self.directory.join(path))
    }

    /// Begins to write; the files are there when [`Tree::finish`] is done.
    pub(super) fn begin(&self) -> Result<Batch<'_>> {
        self.owned.begin()
    }

    /// Compares files with what is there and writes those that are to be written, all threads into
    /// one batch.
    pub(super) fn take(&self, texts: Texts, batch: Option<&Batch<'_>>) -> Result<Taken> {
        let mut taken = Taken::default();
        for (path, text) in texts {
            self.refuse_git(&path)?;
            let shown = self.directory.join(&path);
            // What is there already keeps its time.
            let stale = match self.owned.holds(&path, text.as_bytes()) {
                true => None,
                false if batch.is_some() || shown.exists() => Some(Stale::Differs),
                false => Some(Stale::Missing),
            };
            let hash = match self.keeps_record {
                true => hash_of(text.as_bytes()),
                false => String::new(),
            };
            if let (Some(batch), Some(_)) = (batch, stale) {
                batch.put(&New::over(&path, text))?;
            }
            taken.0.insert(path, Fate { hash, stale });
        }
        Ok(taken)
    }

    /// The files that are not what they would be; those that would be gone, too, if `prune`.
    pub(super) fn stale(&self, taken: &Taken, prune: bool) -> Result<String> {
        let mut lines = Vec::new();
        for (path, fate) in &taken.0 {
            let shown = self.directory.join(path);
            match fate.stale {
                Some(Stale::Missing) => {
                    lines.push(line(&format!("missing: {}", shown.display())));
                }
                Some(Stale::Differs) => {
                    lines.push(line(&format!("differs: {}", shown.display())));
                }
                None => {}
            }
        }
        if prune {
            let left = self.left(taken, &self.records()?);
            lines.extend(left.keys().map(|path| {
                line(&format!(
                    "left over: {}",
                    self.directory.join(path).display()
                ))
            }));
        }
        let more = lines.len().saturating_sub(LISTED);
        lines.truncate(LISTED);
        if more > 0 {
            lines.push(format!("and {more} more\n"));
        }
        Ok(lines.concat())
    }

    /// Gives the files of a batch their names, all or none of them; then removes those that are
    /// left, if `prune`.
    pub(super) fn finish(
        &self,
        taken: &Taken,
        batch: Batch<'_>,
        prune: bool,
    ) -> Result<Vec<Finding>> {
        let before = match self.keeps_record {
            true => self.records()?,
            false => Record::new(),
        };
        let files = taken.0.iter();
        let mut record: Record = files
            .map(|(path, fate)| (path.clone(), fate.hash.clone()))
            .collect();
        let (mut findings, mut removed) = (Vec::new(), Record::new());
        for (path, hash) in self.left(taken, &before) {
            let is_ours = self.is_ours(&path, &hash);
            if prune && is_ours {
                removed.insert(path, hash);
                continue;
            }
            if prune {
                findings.push(changed_since(&self.directory.join(&path)));
            }
            // A later `--prune` may remove it.
            if self.shard.is_none() {
                record.insert(path, hash);
            }
        }
        if self.keeps_record {
            let (path, text) = (PathBuf::from(self.record_name()), written(&record));
            if !self.owned.holds(&path, text.as_bytes()) {
                batch.put(&New::over(path, text))?;
            }
        }
        batch.publish()?;
        for (path, hash) in &removed {
            self.remove(path, hash)?;
        }
        if self.keeps_record && self.shard.is_none() {
            // One record takes the place of those of shards.
            for name in self
                .record_names()
                .into_iter()
                .filter(|name| name != RECORD)
            {
                let _ = self.owned.delete(Path::new(&name));
            }
        }
        Ok(findings)
    }

    /// The recorded files that are there and that would not be written.
    fn left(&self, taken: &Taken, before: &Record) -> Record {
        let is_left =
            |path: &PathBuf| !taken.0.contains_key(path) && self.directory.join(path).is_file();
        let left = before.iter().filter(|(path, _)| is_left(path));
        left.map(|(path, hash)| (path.clone(), hash.clone()))
            .collect()
    }

    /// What all records of the directory say.
    fn records(&self) -> Result<Record> {
        let mut all = Record::new();
        let alone = self.owned.clone().without_links();
        for name in self.record_names() {
            let found = alone.read(Path::new(&name), largest_file());
            let text = found.map_err(|cause| {
                let path = self.directory.join(&name);
                let message = format!("cannot read `{}`: {cause}", path.display());
                Error::new(Kind::Load, message).caused_by(cause)
            })?;
            let text = String::from_utf8_lossy(text.as_deref().unwrap_or_default()).into_owned();
            all.extend(text.lines().filter_map(recorded));
        }
        Ok(all)
    }

    fn record_names(&self) -> Vec<String> {
        let names = self.owned.names().into_iter();
        let is_record = |name: &String| {
            let rest = name.strip_prefix(RECORD);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("-shard-"))
        };
        let mut names: Vec<String> = names.filter(is_record).collect();
        names.sort();
        names
    }

    fn record_name(&self) -> String {
        match self.shard {
            Some(Shard { index, count }) => format!("{RECORD}-shard-{index}-of-{count}"),
            None => RECORD.to_owned(),
        }
    }

    /// Whether a file is as it was written, and no part of its path is a link.
    fn is_ours(&self, path: &Path, hash: &str) -> bool {
        let alone = self.owned.clone().without_links();
        let found = alone.read(path, largest_file());
        found.is_ok_and(|content| content.is_some_and(|content| hash_of(&content) == hash))
    }

    /// Removes a file that is still as it was written, and the directories that are empty then.
    fn remove(&self, path: &Path, hash: &str) -> Result<()> {
        let is_ours = |content: &[u8]| hash_of(content) == hash;
        self.owned.remove(path, largest_file(), is_ours).map(drop)
    }
}

/// Stops if a file would lie among git's own, be it by a link.
pub(super) fn refuse_git(path: &Path) -> Result<()> {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let real = whole.ancestors().find_map(|path| path.canonicalize().ok());
    if !is_of_git(&normalized(&whole)) && !real.is_some_and(|path| is_of_git(&path)) {
        return Ok(());
    }
    let message = format!("`{}` would lie among git's own files", path.display());
    Err(Error::new(Kind::Output, message).help("name another directory; nothing was written"))
}

/// A line of a record: a hash and a path that stays below the directory.
fn recorded(line: &str) -> Option<(PathBuf, String)> {
    let (hash, path) = line.split_once("  ")?;
    let path = PathBuf::from(path);
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_inside = path.components().next().is_some() && path.components().all(is_plain);
    (is_hash && is_inside && !is_of_git(&path)).then(|| (path, hash.to_owned()))
}

fn written(record: &Record) -> String {
    let mut text = String::from(
        "# Written by `kustom render --all`; `--prune` removes what stands here and is unchanged.\n",
    );
    for (path, hash) in record {
        text.push_str(&format!("{hash}  {}\n", path.display()));
    }
    text
}

fn hash_of(content: &[u8]) -> String {
    let hash = Sha256::digest(content);
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn changed_since(path: &Path) -> Finding {
    let shown = path.display().to_string();
    let message = format!("`{shown}` is rendered no more, but was changed since it was");
    Finding::warning("changed-output", message)
        .at(Place::file(shown))
        .help("remove it if nobody needs it")
}
