//! Lists the files below a directory that git tracks, or that exist where there is no repository.

use std::path::{Path, PathBuf};

use gix::index::entry::Mode;
use gix::worktree::stack::state::ignore::Source;
use kustom_yaml::error::{Error, Kind, Result};
use walkdir::{DirEntry, WalkDir};

use super::WorkTree;

/// A file, or the files below a directory: without git's own, without what git ignores, and without
/// following links.
///
/// A file that is named explicitly is listed even if git ignores it.
///
/// # Errors
///
/// If a directory cannot be listed, or a `.gitignore` cannot be read.
pub fn files_below(path: &Path, tree: Option<&WorkTree>) -> Result<Vec<PathBuf>> {
    let mut is_ignored = ignored_by(path, tree)?;
    let mut files = Vec::new();
    let is_wanted = |entry: &DirEntry| {
        entry.depth() == 0 || (entry.file_name() != ".git" && !is_ignored(entry))
    };
    let walk = WalkDir::new(path).sort_by_file_name();
    for entry in walk.into_iter().filter_entry(is_wanted) {
        let entry = entry.map_err(|cause| {
            let message = format!("cannot list `{}`: {cause}", path.display());
            Error::new(Kind::Load, message).caused_by(cause)
        })?;
        if entry.file_type().is_file() {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

type Ignored<'t> = Box<dyn FnMut(&DirEntry) -> bool + 't>;

fn ignored_by<'t>(path: &Path, tree: Option<&'t WorkTree>) -> Result<Ignored<'t>> {
    let Some(tree) = tree.filter(|tree| path.starts_with(tree.root())) else {
        return Ok(Box::new(|_| false));
    };
    let repository = tree.repository();
    let cannot = |cause| tree.cannot("`.gitignore`", cause);
    let index = repository.index_or_empty().map_err(cannot)?;
    let mut stack = repository
        .excludes(&index, None, Source::WorktreeThenIdMappingIfNotSkipped)
        .map_err(cannot)?
        .detach();
    let objects = repository.objects.clone();
    let root = tree.root();
    let mut is_ignored = move |path: &Path, mode: Mode| {
        let inside = path.strip_prefix(root).unwrap_or(path);
        let asked = stack.at_path(inside, Some(mode), &objects);
        asked.is_ok_and(|asked| asked.is_excluded())
    };
    if path != root && path.is_dir() && is_ignored(path, Mode::DIR) {
        return Ok(Box::new(|_| false));
    }
    Ok(Box::new(move |entry| {
        let is_directory = entry.file_type().is_dir();
        let mode = if is_directory { Mode::DIR } else { Mode::FILE };
        is_ignored(entry.path(), mode)
    }))
}
