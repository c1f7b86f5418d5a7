//! Applies git's conversions between a repository and the work tree to a content.
//!
//! Line ends, encodings, keywords, and the filters of the user's git configuration, as attributes
//! and configuration ask for them; a filter is a program, and runs as it does for git itself.
//! Source: <https://git-scm.com/docs/gitattributes>.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use gix::ObjectId;
use gix::bstr::BStr;
use gix::filter::plumbing::Pipeline;
use gix::filter::plumbing::driver::apply::Delay;
use gix::filter::plumbing::pipeline::convert::to_worktree;
use gix::index::entry::{Flags, Mode, Stat};
use gix::objs::tree::EntryKind;
use gix::worktree::Stack;
use gix::worktree::stack::state::attributes::Source;

use super::open;
use super::repository::TreeWalk;
use super::work_tree::is_unchanged;

/// The attributes that convert anything.
const CONVERTING: [&str; 6] = [
    "crlf",
    "eol",
    "filter",
    "ident",
    "text",
    "working-tree-encoding",
];

/// The conversions of a commit and of the work tree that it would be checked out to.
pub(super) struct Conversion {
    /// By the attributes of the commit.
    to_disk: (Pipeline, Stack),
    /// By the attributes of the work tree.
    to_git: (Pipeline, Stack),
    index: gix::worktree::Index,
}

impl Conversion {
    /// The conversions of a commit's tree; none if nothing is ever converted.
    pub(super) fn new(repository: &gix::Repository, tree: ObjectId) -> io::Result<Option<Self>> {
        let committed = attributes_of(repository, tree)?;
        let index = repository.index_or_empty().map_err(io::Error::other)?;
        if !is_configured(repository) && !has_attributes(&committed) && !has_attributes(&index) {
            let on_disk = repository.workdir().map(|root| root.join(ATTRIBUTES));
            if !on_disk.is_some_and(|path| path.exists()) {
                return Ok(None);
            }
        }
        let parts = |index: &gix::index::State, source| -> Result<_, gix::Error> {
            let attributes = repository.attributes_only(index, source)?.detach();
            Ok(gix::filter::Pipeline::new(repository, attributes)?.into_parts())
        };
        Ok(Some(Self {
            to_disk: parts(&committed, Source::IdMapping).map_err(io::Error::other)?,
            to_git: parts(&index, Source::WorktreeThenIdMapping).map_err(io::Error::other)?,
            index,
        }))
    }

    /// What a checkout has of a file: what is on the disk, if git takes that for unchanged, and the
    /// attributes of both are the same.
    ///
    /// `name` is the path from the root of the work tree, `path` where the file would be.
    pub(super) fn checked_out(
        &mut self,
        repository: &gix::Repository,
        name: &Path,
        path: &Path,
        (id, blob): (ObjectId, Vec<u8>),
    ) -> io::Result<Vec<u8>> {
        let name = gix::path::to_unix_separators_on_windows(
            gix::path::into_bstr(name).map_err(io::Error::other)?,
        );
        let is_file = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
        if is_file
            && self.has_same_attributes(repository, name.as_ref())?
            && let Ok(on_disk) = open::read(path, open::largest_file())
        {
            let entry = self.index.entry_by_path(name.as_ref());
            let written = self.index.timestamp().unix_seconds();
            let is_known = entry
                .is_some_and(|entry| entry.id == id && is_unchanged(path, &entry.stat, written));
            let is_same = is_known
                || self
                    .cleaned(repository, name.as_ref(), &on_disk)
                    .is_ok_and(|cleaned| cleaned == blob);
            if is_same {
                return Ok(on_disk);
            }
        }
        self.smudged(repository, name.as_ref(), &blob)
    }

    /// Whether the commit and the work tree convert a file alike.
    fn has_same_attributes(
        &mut self,
        repository: &gix::Repository,
        name: &BStr,
    ) -> io::Result<bool> {
        let mut sides = Vec::new();
        for (_, attributes) in [&mut self.to_disk, &mut self.to_git] {
            let mut found = attributes.selected_attribute_matches(CONVERTING);
            let entry = attributes.at_entry(name, None, &repository.objects)?;
            entry.matching_attributes(&mut found);
            let states = found.iter_selected();
            sides.push(
                states
                    .map(|one| one.assignment.to_owned())
                    .collect::<Vec<_>>(),
            );
        }
        Ok(sides[0] == sides[1])
    }

    /// A content of the repository as it is written to the disk.
    fn smudged(
        &mut self,
        repository: &gix::Repository,
        name: &BStr,
        blob: &[u8],
    ) -> io::Result<Vec<u8>> {
        let (pipeline, attributes) = &mut self.to_disk;
        let entry = attributes.at_entry(name, None, &repository.objects)?;
        let options = to_worktree::Options {
            can_delay: Delay::Forbid,
            ..to_worktree::Options::default()
        };
        let mut converted = pipeline
            .convert_to_worktree(
                blob,
                name,
                &mut |_, found| {
                    entry.matching_attributes(found);
                },
                options,
            )
            .map_err(|_| failed(name))?;
        let mut bytes = Vec::new();
        converted
            .read_to_end(&mut bytes)
            .map_err(|_| failed(name))?;
        Ok(bytes)
    }

    /// A content of the disk as git would keep it.
    fn cleaned(
        &mut self,
        repository: &gix::Repository,
        name: &BStr,
        content: &[u8],
    ) -> io::Result<Vec<u8>> {
        let (pipeline, attributes) = &mut self.to_git;
        let entry = attributes.at_entry(name, None, &repository.objects)?;
        let index = &self.index;
        let mut kept = |buffer: &mut Vec<u8>| {
            use gix::objs::Find as _;

            let Some(entry) = index.entry_by_path(name) else {
                return Ok(None);
            };
            let object = repository.objects.try_find(&entry.id, buffer)?;
            Ok(object.map(|_| ()))
        };
        let path = gix::path::from_bstr(name).map_err(io::Error::other)?;
        let mut converted = pipeline
            .convert_to_git(
                content,
                &path,
                &mut |_, found| {
                    entry.matching_attributes(found);
                },
                &mut kept,
            )
            .map_err(|_| failed(name))?;
        let mut bytes = Vec::new();
        converted
            .read_to_end(&mut bytes)
            .map_err(|_| failed(name))?;
        Ok(bytes)
    }
}

const ATTRIBUTES: &str = ".gitattributes";

/// Whether the user's configuration, or attributes that are in no commit, convert anything.
fn is_configured(repository: &gix::Repository) -> bool {
    let config = repository.config_snapshot();
    let is_set = |key: &str| {
        config
            .string(key)
            .is_some_and(|value| value.as_slice() != b"false")
    };
    let global = repository.attribute_global_paths().unwrap_or_default();
    let own = repository.common_dir().join("info/attributes");
    is_set("core.autocrlf") || global.into_iter().chain([own]).any(|path| path.exists())
}

/// An index of the attributes of a tree, and of nothing else.
fn attributes_of(repository: &gix::Repository, tree: ObjectId) -> io::Result<gix::index::State> {
    let mut index = gix::index::State::new(repository.object_hash());
    let mut walk = TreeWalk::default();
    let walked = walk.each(repository, tree, b"", &mut |path, kind, id| {
        let path = BStr::new(path);
        let is_file = matches!(kind, EntryKind::Blob | EntryKind::BlobExecutable);
        if is_file && (path == ATTRIBUTES || path.ends_with(b"/.gitattributes")) {
            let (stat, flags) = (Stat::default(), Flags::empty());
            index.dangerously_push_entry(stat, id, flags, Mode::FILE, path);
        }
    });
    walked.map_err(io::Error::other)?;
    index.sort_entries();
    Ok(index)
}

fn has_attributes(index: &gix::index::State) -> bool {
    let mut paths = index.entries().iter().map(|entry| entry.path(index));
    paths.any(|path| path == ATTRIBUTES || path.ends_with(b"/.gitattributes"))
}

/// What a filter says of itself holds the paths of this machine.
fn failed(name: &BStr) -> io::Error {
    io::Error::other(format!("git's filter for `{name}` fails"))
}
