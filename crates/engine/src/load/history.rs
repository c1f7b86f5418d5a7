//! Visits every content that was ever committed, each once.

use std::ops::Range;

use gix::ObjectId;
use gix::objs::TreeRefIter;
use gix::objs::tree::EntryKind;
use gix::odb::pack::Find as _;
use gix::revision::walk::Sorting;
use gix::traverse::commit::simple::CommitTimeOrder;
use kustom_yaml::error::Result;
use rustc_hash::{FxHashMap, FxHashSet};

use super::listing::Listing;
use super::repository;
use super::work_tree::{Blob, WorkTree};

/// A content with the commit and the path where it first appears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appearance {
    /// The content.
    pub blob: Blob,
    /// The commit, shortened.
    pub commit: String,
    /// The path from the root of the repository.
    pub path: String,
}

/// How many contents are read one after the other: those that are stored side by side are mostly
/// differences between each other.
pub const NEIGHBOURS: usize = 128;

impl WorkTree {
    /// Every content that a branch, a tag or another reference leads to, oldest first.
    ///
    /// A directory that did not change between commits is looked at once, so this is linear in what
    /// was ever changed.
    ///
    /// # Errors
    ///
    /// If a reference, a commit or a directory cannot be read.
    pub fn history(&self) -> Result<Vec<Appearance>> {
        let mut repository = self.repository();
        repository::has_readable_references(&repository)?;
        repository::keep_bases(&mut repository);
        let commits = self
            .commits(&repository)
            .map_err(|cause| self.cannot("the history", cause))?;
        let mut walk = Walk {
            repository: &repository,
            trees: FxHashSet::default(),
            latest: FxHashMap::default(),
            blobs: FxHashSet::default(),
            found: Vec::new(),
            listing: Listing::new(),
        };
        for commit in commits.into_iter().rev() {
            walk.commit(commit)
                .map_err(|cause| self.cannot("the history", cause))?;
        }
        Ok(walk.found)
    }

    /// The order in which contents are stored, as indices: what is stored as a difference to
    /// another is best read right after it. Contents that are stored by themselves come last.
    pub fn storage_order(&self, contents: &[Appearance]) -> Vec<usize> {
        let mut objects = self.repository().objects.clone();
        objects.prevent_pack_unload();
        // An object that another replaces has a place of its own.
        objects.ignore_replacements = true;
        let mut buffer = Vec::new();
        let mut places: Vec<(u32, u64, usize)> = Vec::with_capacity(contents.len());
        for (index, one) in contents.iter().enumerate() {
            let found = objects.location_by_oid(&one.blob.0, &mut buffer);
            let place = found.ok().flatten();
            let place = place.map_or((u32::MAX, 0), |it| (it.pack_id, it.pack_offset));
            places.push((place.0, place.1, index));
        }
        places.sort_unstable();
        places.into_iter().map(|(_, _, index)| index).collect()
    }

    /// All commits, newest first.
    fn commits(
        &self,
        repository: &gix::Repository,
    ) -> std::result::Result<Vec<ObjectId>, Box<dyn std::error::Error + Send + Sync>> {
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
            header.is_ok_and(|header| header.kind() == gix::objs::Kind::Commit)
        });
        let newest_first = Sorting::ByCommitTime(CommitTimeOrder::NewestFirst);
        let mut commits = Vec::new();
        for commit in repository.rev_walk(tips).sorting(newest_first).all()? {
            commits.push(commit?.id);
        }
        Ok(commits)
    }
}

struct Walk<'r> {
    repository: &'r gix::Repository,
    trees: FxHashSet<ObjectId>,
    /// What was last looked at of each directory.
    latest: FxHashMap<String, Seen>,
    blobs: FxHashSet<ObjectId>,
    found: Vec<Appearance>,
    /// A directory is looked at once, but nested ones have long paths.
    listing: Listing,
}

impl Walk<'_> {
    fn commit(&mut self, id: ObjectId) -> std::result::Result<(), gix::Error> {
        let tree = self.repository.find_commit(id)?.tree_id()?.detach();
        let commit = id.to_hex_with_len(10).to_string();
        // Directories that wait to be looked at, with their paths.
        let mut open = vec![(tree, String::new())];
        while let Some((tree, above)) = open.pop() {
            if !self.trees.insert(tree) {
                continue;
            }
            let mut object = self.repository.find_tree(tree)?;
            let hash = object.id.kind();
            let seen = Seen::new(object.take_data(), hash.len_in_bytes());
            let old = self.latest.get(&above);
            let new = old.map_or(0..seen.data.len(), |old| seen.differing(old));
            let first = open.len();
            let entries = seen.data.get(new).unwrap_or_default();
            for entry in TreeRefIter::from_bytes(entries, hash) {
                let entry = entry.map_err(gix::Error::from_error)?;
                let path = format!("{above}{}", entry.filename);
                self.listing
                    .file(path.len())
                    .map_err(gix::Error::from_error)?;
                let id = entry.oid.to_owned();
                match entry.mode.kind() {
                    EntryKind::Tree => open.push((id, path + "/")),
                    EntryKind::Blob | EntryKind::BlobExecutable => {
                        if self.blobs.insert(id) {
                            self.found.push(Appearance {
                                blob: Blob(id),
                                commit: commit.clone(),
                                path,
                            });
                        }
                    }
                    EntryKind::Link | EntryKind::Commit => {}
                }
            }
            self.latest.insert(above, seen);
            open[first..].reverse();
        }
        Ok(())
    }
}

/// A directory as it was, and where its entries start.
struct Seen {
    data: Vec<u8>,
    starts: Vec<usize>,
}

/// How many bytes are compared at once.
const BLOCK: usize = 64;

impl Seen {
    /// Finds the entries, each of which is `mode name`, a zero byte, and a hash of so many bytes.
    fn new(data: Vec<u8>, hash: usize) -> Self {
        let mut starts = Vec::new();
        let mut at = 0;
        while let Some(rest) = data.get(at..).filter(|rest| !rest.is_empty()) {
            starts.push(at);
            match rest.iter().position(|&byte| byte == 0) {
                Some(length) => at += length + 1 + hash,
                None => break,
            }
        }
        Self { data, starts }
    }

    /// The bytes of all entries between the first and the last that another has not.
    fn differing(&self, old: &Self) -> Range<usize> {
        let blocks = self.data.chunks(BLOCK).zip(old.data.chunks(BLOCK));
        let blocks = BLOCK * blocks.take_while(|(new, old)| new == old).count();
        let rest = self.data.iter().zip(&old.data).skip(blocks);
        let same = blocks + rest.take_while(|(new, old)| new == old).count();
        if same >= self.data.len() {
            return self.data.len()..self.data.len();
        }
        // An entry that ends within what is the same is the same.
        let next = self.starts.partition_point(|&start| start <= same);
        let start = match next.checked_sub(1) {
            Some(last) => self.starts[last],
            None => 0,
        };
        let mut end = self.data.len();
        let mut old_end = old.data.len();
        let backwards = self.starts.iter().rev().zip(old.starts.iter().rev());
        for (&new_start, &old_start) in backwards {
            let is_same = new_start >= start
                && old_start >= start
                && self.data.get(new_start..end) == old.data.get(old_start..old_end);
            if !is_same {
                break;
            }
            (end, old_end) = (new_start, old_start);
        }
        start..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(entries: &[(&str, u8)]) -> Seen {
        let mut data = Vec::new();
        for (name, id) in entries {
            data.extend_from_slice(format!("100644 {name}\0").as_bytes());
            data.extend_from_slice(&[*id; 20]);
        }
        Seen::new(data, 20)
    }

    fn names(seen: &Seen, range: Range<usize>) -> Vec<String> {
        let entries = TreeRefIter::from_bytes(&seen.data[range], gix::hash::Kind::Sha1);
        entries
            .map(|entry| entry.unwrap().filename.to_string())
            .collect()
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
            (
                vec![("a", 7), ("b", 2), ("c", 3), ("d", 8)],
                vec!["a", "b", "c", "d"],
            ),
            (
                vec![("a", 1), ("b", 2), ("c", 3), ("d", 0), ("e", 5)],
                vec!["e"],
            ),
            (vec![], vec![]),
        ] {
            let new = tree(&new);
            assert_eq!(names(&new, new.differing(&old)), wanted);
        }
        let new = tree(&[("a", 1)]);
        assert_eq!(names(&new, new.differing(&tree(&[]))), ["a"]);
    }
}
