//! Visits every content that was ever committed, each once.

use gix::ObjectId;
use gix::objs::tree::EntryKind;
use gix::revision::walk::Sorting;
use gix::traverse::commit::simple::CommitTimeOrder;
use kustom_yaml::error::Result;
use rustc_hash::FxHashSet;

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

/// How much of the trees is kept while they are walked: those of neighbouring commits are stored
/// as differences.
const CACHE: usize = 32 << 20;

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
        repository.object_cache_size(CACHE);
        let commits = self
            .commits(&repository)
            .map_err(|cause| self.cannot("the history", cause))?;
        let mut walk = Walk {
            repository: &repository,
            trees: FxHashSet::default(),
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
            let object = self.repository.find_tree(tree)?;
            let first = open.len();
            for entry in object.iter() {
                let entry = entry.map_err(gix::Error::from_error)?;
                let path = format!("{above}{}", entry.filename());
                self.listing
                    .file(path.len())
                    .map_err(gix::Error::from_error)?;
                let id = entry.object_id();
                match entry.mode().kind() {
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
            open[first..].reverse();
        }
        Ok(())
    }
}
