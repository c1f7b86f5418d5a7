//! Visits every content that was ever committed, each once.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::objs::tree::EntryKind;
use gix::objs::{CommitRefIter, Kind, TreeRefIter};
use kustom_guard::Copied;
use kustom_yaml::error::Result;
use rustc_hash::{FxHashMap, FxHashSet};

use super::listing::Listing;
use super::packs::{self, PackReader, Packs};
use super::repository;
use super::versions::{Lineage, VersionReader};
use super::work_tree::{Blob, WorkTree, lost};

/// A content with the commit and the path where it first appears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appearance {
    /// The content.
    pub blob: Blob,
    /// The commit, shortened.
    pub commit: Arc<str>,
    /// The path from the root of the repository.
    pub path: String,
}

/// Every content that a branch, a tag or another reference leads to.
pub struct History {
    repository: gix::ThreadSafeRepository,
    packs: Packs,
    contents: Vec<Appearance>,
    lineage: Lineage,
}

/// Reads contents of a history, best in the [order](History::order) in which they are made of each
/// other, and keeps a note of each.
pub struct HistoryReader<'h, T> {
    history: &'h History,
    /// Reads what no pack has.
    repository: gix::Repository,
    versions: VersionReader<'h, T>,
}

/// How many contents are read one after the other: most are differences to their neighbours.
pub const NEIGHBOURS: usize = 128;

impl WorkTree {
    /// Every content that was ever committed, oldest first.
    ///
    /// A directory that did not change between commits is looked at once, so this is linear in what
    /// was ever changed.
    ///
    /// # Errors
    ///
    /// If a reference, a commit or a directory cannot be read.
    pub fn history(&self) -> Result<History> {
        let repository = self.repository();
        repository::has_readable_references(&repository)?;
        let packs = Packs::of(&repository);
        let contents = contents(&packs, &repository);
        let contents = contents.map_err(|cause| self.cannot("the history", cause))?;
        let lineage = Lineage::of(&packs, contents.iter().map(|one| one.blob.0));
        Ok(History {
            contents,
            lineage,
            packs,
            repository: repository.into_sync(),
        })
    }
}

impl History {
    /// The contents, oldest first.
    pub fn contents(&self) -> &[Appearance] {
        &self.contents
    }

    /// The order in which contents are best read, as indices: what is stored as a difference to
    /// another comes behind it. Contents that are stored by themselves come last.
    pub fn order(&self) -> Vec<usize> {
        self.lineage.order()
    }

    /// A reader of the contents; each thread needs one of its own.
    pub fn reader<T>(&self) -> HistoryReader<'_, T> {
        HistoryReader {
            history: self,
            repository: self.repository.to_thread_local(),
            versions: VersionReader::new(&self.packs, &self.lineage),
        }
    }
}

impl<T> HistoryReader<'_, T> {
    /// Shows a content, by its index, and keeps what is noted of it. Where it is stored as a
    /// difference to another that a note is kept of, shows that note, and what both have in common.
    ///
    /// Of a large content that is no text, it may show the start alone.
    ///
    /// # Errors
    ///
    /// If the content is not there, as in a partial clone.
    pub fn read<R>(
        &mut self,
        index: usize,
        mut look: impl FnMut(&[u8], Option<(&T, &[Copied])>) -> (R, Option<T>),
    ) -> Result<R> {
        if let Some(result) = self.versions.read(index, &mut look) {
            return Ok(result);
        }
        let blob = self.history.contents[index].blob;
        let data = packs::found(&self.repository, blob.0, Kind::Blob);
        Ok(look(&data.map_err(|cause| lost(blob, cause))?, None).0)
    }
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Where every content first appears, oldest first.
fn contents(
    packs: &Packs,
    repository: &gix::Repository,
) -> std::result::Result<Vec<Appearance>, Cause> {
    let mut walk = Walk {
        objects: PackReader::new(packs, repository.clone()),
        hash: repository.object_hash(),
        trees: FxHashSet::default(),
        latest: FxHashMap::default(),
        blobs: FxHashSet::default(),
        found: Vec::new(),
        listing: Listing::new(),
    };
    let commits = walk.commits(repository)?;
    for commit in commits.into_iter().rev() {
        walk.visit(&commit)?;
    }
    Ok(walk.found)
}

/// The commits that references lead to.
fn tips(repository: &gix::Repository) -> std::result::Result<Vec<ObjectId>, Cause> {
    let mut tips = Vec::new();
    let references = repository.references()?;
    for reference in references.all()? {
        let mut reference = reference?;
        // One that names another may lead nowhere, as after a branch was deleted elsewhere.
        let is_indirect = reference.target().try_id().is_none();
        match reference.peel_to_id() {
            Ok(id) => tips.push(id.detach()),
            Err(_) if is_indirect => {}
            Err(cause) => return Err(cause.into()),
        }
    }
    let head = repository.head()?;
    tips.extend(head.id().map(gix::Id::detach));
    tips.retain(|id| {
        let header = repository.find_header(*id);
        header.is_ok_and(|header| header.kind() == Kind::Commit)
    });
    Ok(tips)
}

/// A commit that was read.
struct Commit {
    id: ObjectId,
    time: i64,
    tree: ObjectId,
    parents: Vec<ObjectId>,
}

impl Commit {
    /// Reads the first lines of a commit, down to its committer.
    fn parse(
        id: ObjectId,
        data: &[u8],
        hash: gix::hash::Kind,
    ) -> std::result::Result<Self, gix::Error> {
        if let Some(commit) = Self::parse_plain(id, data, hash) {
            return Ok(commit);
        }
        let mut commit = CommitRefIter::from_bytes(data, hash);
        Ok(Self {
            id,
            tree: commit.tree_id()?,
            parents: commit.parent_ids().collect(),
            time: commit.committer()?.seconds(),
        })
    }

    /// The same in a fraction of the time, of a commit as git writes it; no other.
    fn parse_plain(id: ObjectId, data: &[u8], hash: gix::hash::Kind) -> Option<Self> {
        let object = |digits: &[u8]| {
            let id = ObjectId::from_hex(digits).ok();
            id.filter(|id| id.kind() == hash)
        };
        let mut rest = data;
        let mut line = || {
            let line = rest.split_off(..=rest.find_byte(b'\n')?)?;
            line.strip_suffix(b"\n")
        };
        let tree = object(line()?.strip_prefix(b"tree ")?)?;
        let mut parents = Vec::with_capacity(1);
        let author = loop {
            let line = line()?;
            match line.strip_prefix(b"parent ") {
                Some(parent) => parents.push(object(parent)?),
                None => break line,
            }
        };
        let time = |line: &[u8], name: &[u8]| {
            // `Name <mail> seconds zone`, in which no other bracket stands.
            let line = line.strip_prefix(name)?;
            let (opening, closing) = (line.find_byte(b'<')?, line.find_byte(b'>')?);
            let name = line.get(..opening)?.strip_suffix(b" ")?;
            let time = line.get(closing + 1..)?.strip_prefix(b" ")?;
            let (seconds, zone) = time.split_at_checked(time.find_byte(b' ')?)?;
            let are_digits = |text: &[u8]| text.iter().all(u8::is_ascii_digit);
            let is_plain = are_digits(seconds)
                && (1..=15).contains(&seconds.len())
                && matches!(zone, [b' ', b'+' | b'-', digits @ ..] if digits.len() == 4 && are_digits(digits))
                && !name.trim_ascii().is_empty();
            std::str::from_utf8(seconds)
                .ok()?
                .parse()
                .ok()
                .filter(|_| is_plain)
        };
        let _: i64 = time(author, b"author ")?;
        let time = time(line()?, b"committer ")?;
        Some(Self {
            id,
            time,
            tree,
            parents,
        })
    }
}

/// By their time.
impl Ord for Commit {
    fn cmp(&self, other: &Self) -> Ordering {
        self.time.cmp(&other.time)
    }
}

impl PartialOrd for Commit {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Commit {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Commit {}

struct Walk<'r> {
    objects: PackReader<'r>,
    hash: gix::hash::Kind,
    trees: FxHashSet<ObjectId>,
    /// What was last looked at of each directory.
    latest: FxHashMap<String, Seen>,
    blobs: FxHashSet<ObjectId>,
    found: Vec<Appearance>,
    /// A directory is looked at once, but nested ones have long paths.
    listing: Listing,
}

impl Walk<'_> {
    /// All commits, newest first.
    fn commits(&mut self, repository: &gix::Repository) -> std::result::Result<Vec<Commit>, Cause> {
        // What is behind these was cut off.
        let ends = repository.shallow_commits()?;
        let is_end = |id: &ObjectId| ends.as_ref().is_some_and(|ends| ends.contains(id));
        let mut seen = FxHashSet::default();
        let mut open = BinaryHeap::new();
        let mut add = |open: &mut BinaryHeap<Commit>, id| {
            if seen.insert(id) {
                open.push(self.commit(id)?);
            }
            Ok::<(), gix::Error>(())
        };
        for tip in tips(repository)? {
            add(&mut open, tip)?;
        }
        let mut commits = Vec::new();
        while let Some(commit) = open.pop() {
            if !is_end(&commit.id) {
                for parent in &commit.parents {
                    add(&mut open, *parent)?;
                }
            }
            commits.push(commit);
        }
        Ok(commits)
    }

    fn commit(&mut self, id: ObjectId) -> std::result::Result<Commit, gix::Error> {
        let head = self.objects.commit_head(id);
        if let Some(commit) = head.and_then(|head| Commit::parse(id, head, self.hash).ok()) {
            return Ok(commit);
        }
        let data = self.objects.data(id, Kind::Commit)?;
        Commit::parse(id, &data, self.hash)
    }

    /// Looks at what a commit has that no earlier one had.
    fn visit(&mut self, commit: &Commit) -> std::result::Result<(), gix::Error> {
        let id: Arc<str> = commit.id.to_hex_with_len(10).to_string().into();
        // Directories that wait to be looked at, with their paths.
        let mut open = vec![(commit.tree, String::new())];
        while let Some((tree, above)) = open.pop() {
            if !self.trees.insert(tree) {
                continue;
            }
            let data = self.objects.data(tree, Kind::Tree)?;
            let old = self.latest.get(&above);
            let (seen, new) = Seen::new(data, self.hash.len_in_bytes(), old);
            let first = open.len();
            for entry in seen.new_entries(new, old) {
                let mut entry = TreeRefIter::from_bytes(entry, self.hash);
                let Some(entry) = entry.next().transpose().map_err(gix::Error::from_error)? else {
                    continue;
                };
                self.listing
                    .file(above.len() + entry.filename.len())
                    .map_err(gix::Error::from_error)?;
                let below = entry.oid.to_owned();
                let path = |end| {
                    let name = entry.filename.to_str_lossy();
                    let mut path = String::with_capacity(above.len() + name.len() + 1);
                    path.extend([&above, &*name, end]);
                    path
                };
                match entry.mode.kind() {
                    EntryKind::Tree if !self.trees.contains(&below) => {
                        open.push((below, path("/")));
                    }
                    EntryKind::Blob | EntryKind::BlobExecutable if self.blobs.insert(below) => {
                        self.found.push(Appearance {
                            blob: Blob(below),
                            commit: Arc::clone(&id),
                            path: path(""),
                        });
                    }
                    _ => {}
                }
            }
            self.latest.insert(above, seen);
            open[first..].reverse();
        }
        Ok(())
    }
}

/// A directory as it was, and where its entries start.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    data: Rc<Vec<u8>>,
    starts: Vec<usize>,
    /// How long a hash is.
    hash: usize,
}

/// How many bytes are compared at once.
const BLOCK: usize = 64;

impl Seen {
    /// Finds the entries, each of which is `mode name`, a zero byte, and a hash of so many bytes; and,
    /// by their numbers, the entries between the first and the last that another has not.
    ///
    /// Where both are the same, so are their entries.
    fn new(data: Rc<Vec<u8>>, hash: usize, old: Option<&Self>) -> (Self, Range<usize>) {
        let (old_data, old_starts) = old.map_or((&[][..], &[][..]), |old| (&old.data, &old.starts));
        let before = common_prefix(&data, old_data);
        let behind = common_suffix(&data, old_data);
        // What begins where both are the same, or right behind.
        let same = old_starts.partition_point(|&start| start <= before && start < data.len());
        // The mode, a name and the hash take more than so many bytes.
        let mut starts = Vec::with_capacity(old_starts.len().max(data.len() / (hash + 12)) + 2);
        starts.extend_from_slice(old_starts.get(..same).unwrap_or_default());
        // The last of these may end elsewhere.
        let mut at = starts.pop().unwrap_or_default();
        let first = starts.len();
        while at < data.len() {
            let left = data.len() - at;
            if left <= behind
                && let Ok(next) = old_starts.binary_search(&(old_data.len() - left))
            {
                let last = starts.len();
                let rest = old_starts.get(next..).unwrap_or_default();
                starts.extend(rest.iter().map(|start| start + data.len() - old_data.len()));
                return (Self { data, starts, hash }, first..last);
            }
            starts.push(at);
            match data.get(at..).and_then(|rest| rest.find_byte(0)) {
                Some(length) => at += length + 1 + hash,
                None => break,
            }
        }
        let last = starts.len();
        (Self { data, starts, hash }, first..last)
    }

    /// An entry, by its number.
    fn entry(&self, number: usize) -> Option<&[u8]> {
        let start = *self.starts.get(number)?;
        let end = self.starts.get(number + 1).copied();
        self.data.get(start..end.unwrap_or(self.data.len()))
    }

    /// An entry without its hash.
    fn name<'e>(&self, entry: &'e [u8]) -> &'e [u8] {
        let length = entry.len().saturating_sub(self.hash);
        entry.get(..length).unwrap_or_default()
    }

    /// The entries of some numbers, without those that another has near the same place.
    fn new_entries<'s>(
        &'s self,
        numbers: Range<usize>,
        old: Option<&'s Self>,
    ) -> impl Iterator<Item = &'s [u8]> {
        let mut next = numbers.start;
        let is_new = move |entry: &&[u8]| {
            let Some(old) = old else { return true };
            let known = |number| old.entry(number).unwrap_or_default();
            // One of the other may be missing here.
            let skipped = (0..2).find(|skipped| known(next + skipped) == *entry);
            if let Some(skipped) = skipped {
                next += skipped + 1;
                return false;
            }
            // The other has the same with another hash, or none.
            next += usize::from(self.name(known(next)) == self.name(entry));
            true
        };
        let entries = numbers.filter_map(|number| self.entry(number));
        entries.filter(is_new)
    }
}

/// How many bytes at their starts two texts have in common.
fn common_prefix(one: &[u8], other: &[u8]) -> usize {
    let blocks = one.chunks(BLOCK).zip(other.chunks(BLOCK));
    let blocks = blocks.take_while(|(one, other)| one == other).count();
    // The last one may be shorter.
    let same = (BLOCK * blocks).min(one.len());
    let (one, other) = (one.iter().skip(same), other.iter().skip(same));
    let rest = one.zip(other);
    same + rest.take_while(|(one, other)| one == other).count()
}

/// How many bytes at their ends two texts have in common.
fn common_suffix(one: &[u8], other: &[u8]) -> usize {
    let blocks = one.rchunks(BLOCK).zip(other.rchunks(BLOCK));
    let blocks = blocks.take_while(|(one, other)| one == other).count();
    let same = (BLOCK * blocks).min(one.len());
    let (one, other) = (one.iter().rev().skip(same), other.iter().rev().skip(same));
    let rest = one.zip(other);
    same + rest.take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(entries: &[(&str, u8)]) -> Vec<u8> {
        let mut data = Vec::new();
        for (name, id) in entries {
            data.extend_from_slice(format!("100644 {name}\0").as_bytes());
            data.extend_from_slice(&[*id; 20]);
        }
        data
    }

    fn seen(data: &[u8], old: Option<&Seen>) -> (Seen, Range<usize>) {
        Seen::new(Rc::new(data.to_vec()), 20, old)
    }

    /// The names of the entries that are looked at.
    fn names(new: &[u8], old: &[u8]) -> Vec<String> {
        let old = seen(old, None).0;
        let (new, numbers) = seen(new, Some(&old));
        let entries = new.new_entries(numbers, Some(&old));
        let parsed = entries.map(|entry| TreeRefIter::from_bytes(entry, gix::hash::Kind::Sha1));
        parsed
            .map(|mut entry| entry.next().unwrap().unwrap().filename.to_string())
            .collect()
    }

    #[test]
    fn a_commit_is_read_as_gix_reads_it() {
        let (id, other) = ("0123456789abcdef0123456789abcdef01234567", "f".repeat(40));
        let person = "A B <a@b> 1700000000 +0100";
        let plain = format!(
            "tree {id}\nparent {other}\nparent {id}\nauthor {person}\ncommitter {person}\n"
        );
        let pieces = [
            "",
            " ",
            "\n",
            "<",
            ">",
            "-",
            "x",
            "0",
            "99999999999999999999",
            "+01",
            "é",
            "parent ",
            "tree ",
        ];
        let hash = gix::hash::Kind::Sha1;
        let commit_id = ObjectId::null(hash);
        let told = |commit: Commit| (commit.tree, commit.parents, commit.time);
        let mut texts = vec![
            plain.clone(),
            plain.replace("parent ", "gpgsig "),
            plain.replace(id, "ab"),
        ];
        for at in 0..=plain.len() {
            texts.push(plain[..at].to_owned());
            for piece in pieces {
                texts.push([&plain[..at], piece, &plain[at..]].concat());
                texts.push([&plain[..at], piece, plain.get(at + 1..).unwrap_or_default()].concat());
            }
        }
        let mut count = 0;
        for text in &texts {
            let Some(commit) = Commit::parse_plain(commit_id, text.as_bytes(), hash) else {
                continue;
            };
            let mut wanted = CommitRefIter::from_bytes(text.as_bytes(), hash);
            let wanted = Commit {
                id: commit_id,
                tree: wanted.tree_id().unwrap(),
                parents: wanted.parent_ids().collect(),
                time: wanted.committer().unwrap().seconds(),
            };
            assert_eq!(told(commit), told(wanted), "{text:?}");
            count += 1;
        }
        assert!(count > 100, "{count} of {}", texts.len());
        let commit = Commit::parse_plain(commit_id, plain.as_bytes(), hash).unwrap();
        assert_eq!((commit.parents.len(), commit.time), (2, 1_700_000_000));
    }

    #[test]
    fn only_entries_that_differ_are_looked_at() {
        let old = tree(&[("a", 1), ("b", 2), ("c", 3), ("d", 0)]);
        for (new, wanted) in [
            (vec![("a", 1), ("b", 9), ("c", 3), ("d", 0)], vec!["b"]),
            (
                vec![("a", 1), ("ab", 1), ("b", 2), ("c", 3), ("d", 0)],
                vec!["ab"],
            ),
            (vec![("a", 1), ("c", 3), ("d", 0)], vec![]),
            (vec![("a", 1), ("b", 2), ("c", 3), ("d", 0)], vec![]),
            (vec![("a", 7), ("b", 2), ("c", 3), ("d", 8)], vec!["a", "d"]),
            (
                vec![("a", 7), ("b", 7), ("c", 3), ("d", 8)],
                vec!["a", "b", "d"],
            ),
            (vec![("a", 7), ("c", 3), ("d", 8)], vec!["a", "d"]),
            (
                vec![("a", 1), ("b", 2), ("c", 3), ("d", 0), ("e", 5)],
                vec!["e"],
            ),
            (vec![], vec![]),
        ] {
            assert_eq!(names(&tree(&new), &old), wanted);
        }
        assert_eq!(names(&tree(&[("a", 1)]), &[]), ["a"]);
    }

    #[test]
    fn entries_begin_where_they_do_without_another_tree() {
        let mut state = 7_u32;
        let mut below = |limit: usize| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as usize % limit
        };
        let hash = gix::hash::Kind::Sha1;
        let entries = |data: &[u8]| {
            let entries = TreeRefIter::from_bytes(data, hash).map_while(Result::ok);
            let entries = entries.map(|entry| (entry.filename.to_string(), entry.oid.to_owned()));
            entries.collect::<Vec<_>>()
        };
        let (mut visited, mut all) = (0, 0);
        for _ in 0..20_000 {
            // A few of some names, of which a few are alike; hashes may look like entries.
            let names = ["a", "aa", "b", "c", "d", "1 x", "e", "f"];
            let mut draw = |old: &[(&'static str, u8)]| -> Vec<(&'static str, u8)> {
                let mut entries = Vec::new();
                for name in names {
                    let known = old.iter().find(|known| known.0 == name);
                    let other = (name, [0, 1, b' ', b'1'][below(4)]);
                    let entry = known.filter(|_| below(5) > 0).copied();
                    entries.extend(Some(entry.unwrap_or(other)).filter(|_| below(5) > 0));
                }
                entries
            };
            let old = draw(&[]);
            let new = draw(&old);
            let (old, mut new) = (tree(&old), tree(&new));
            if below(8) == 0 {
                new.truncate(below(new.len() + 1));
            }
            let before = seen(&old, None).0;
            let (after, numbers) = seen(&new, Some(&before));
            assert_eq!(after, seen(&new, None).0);
            // What is not looked at is in the other.
            let is_looked_at: Vec<&[u8]> = after.new_entries(numbers, Some(&before)).collect();
            let looked_at: Vec<_> = is_looked_at.iter().flat_map(|it| entries(it)).collect();
            let old = entries(&old);
            for entry in entries(&new) {
                assert!(
                    old.contains(&entry) || looked_at.contains(&entry),
                    "{entry:?}"
                );
                all += 1;
            }
            visited += looked_at.len();
        }
        assert!(visited < all / 2, "{visited} of {all}");
    }
}
