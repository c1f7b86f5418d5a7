//! The tree as a script would leave it: what it makes and takes away, laid over the files.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::load::{FileKind, Files, normalized};
use crate::place::Place;

/// The tree of a run.
#[derive(Clone)]
pub(super) struct ModelFiles<'f> {
    pub(super) lower: &'f dyn Files,
    made: BTreeMap<PathBuf, Made>,
    gone: BTreeSet<PathBuf>,
    directories: BTreeSet<PathBuf>,
    /// How much was written, over and over included.
    size: usize,
}

/// How much may be written: what a deployment is made of is far smaller.
const LARGEST: usize = 256 << 20;
/// How many files may be written.
const MOST: usize = 20_000;

/// A file that a script makes or changes.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) content: Content,
    /// The file that it was before the script began, or that it is a copy of.
    pub(super) from: Option<PathBuf>,
    /// What was done to it since.
    pub(super) changes: Vec<Change>,
    /// The command that made it.
    pub(super) at: Place,
}

/// What is known of a content.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Known(Arc<[u8]>),
    /// The output of a build, by its number.
    Build(usize),
    /// What only a run can tell.
    Unknown,
}

/// A change of a file that an environment can make by itself.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Change {
    /// An expression of yq 4.
    Expression(String),
    /// The file of a script, of either language.
    Script(PathBuf),
    /// Statements of yq 3, as the text of a script.
    Statements(String),
    /// A field of a kustomization.
    Setting(Setting),
    /// Anything else.
    Other,
}

/// What `kustomize edit set` sets, as it is said there.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Setting {
    Image(String),
    Namespace(String),
    NamePrefix(String),
    NameSuffix(String),
    Replicas(String),
}

impl Setting {
    pub(super) fn text(&self) -> &str {
        let (Self::Image(text)
        | Self::Namespace(text)
        | Self::NamePrefix(text)
        | Self::NameSuffix(text)
        | Self::Replicas(text)) = self;
        text
    }
}

impl<'f> ModelFiles<'f> {
    pub(super) fn new(lower: &'f dyn Files) -> Self {
        Self {
            lower,
            made: BTreeMap::new(),
            gone: BTreeSet::new(),
            directories: BTreeSet::new(),
            size: 0,
        }
    }

    /// The path without links, as far as it is there; a link to a file keeps its name.
    pub(super) fn canonical(&self, path: &Path) -> PathBuf {
        let path = normalized(path);
        if let (Ok((_, FileKind::File)), Some(parent), Some(name)) =
            (self.lower.resolve(&path), path.parent(), path.file_name())
            && let Ok((parent, _)) = self.lower.resolve(parent)
        {
            return parent.join(name);
        }
        for ancestor in path.ancestors() {
            if let Ok((found, _)) = self.lower.resolve(ancestor)
                && let Ok(rest) = path.strip_prefix(ancestor)
            {
                return match rest.as_os_str().is_empty() {
                    true => found,
                    false => found.join(rest),
                };
            }
        }
        path
    }

    pub(super) fn made(&self) -> impl Iterator<Item = (&Path, &Made)> {
        self.made.iter().map(|(path, made)| (path.as_path(), made))
    }

    pub(super) fn made_at(&self, path: &Path) -> Option<&Made> {
        self.made.get(&self.canonical(path))
    }

    /// Whether one more content of a length may be kept.
    pub(super) fn has_room(&self, length: usize) -> bool {
        self.size.saturating_add(length) <= LARGEST && self.made.len() < MOST
    }

    pub(super) fn insert(&mut self, path: &Path, made: Made) {
        let path = self.canonical(path);
        if let Content::Known(bytes) = &made.content {
            self.size = self.size.saturating_add(bytes.len());
        }
        self.gone.remove(&path);
        self.made.insert(path, made);
    }

    pub(super) fn make_directory(&mut self, path: &Path) {
        let path = self.canonical(path);
        self.directories.insert(path);
    }

    /// Takes away a file, or a directory with all in it.
    pub(super) fn remove(&mut self, path: &Path) {
        let path = self.canonical(path);
        self.made.retain(|file, _| !file.starts_with(&path));
        self.directories.retain(|one| !one.starts_with(&path));
        self.gone.insert(path);
    }

    fn is_gone(&self, path: &Path) -> bool {
        path.ancestors().any(|one| self.gone.contains(one))
    }

    fn is_made_directory(&self, path: &Path) -> bool {
        let below = |all: &Path| all.starts_with(path) && all != path;
        self.directories.iter().any(|one| one.starts_with(path))
            || self.made.keys().any(|file| below(file))
    }
}

fn not_found() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Files for ModelFiles<'_> {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let path = self.canonical(path);
        match self.made.get(&path) {
            Some(Made {
                content: Content::Known(bytes),
                ..
            }) => Ok(bytes.to_vec()),
            Some(_) => Err(io::Error::other("its content is not known")),
            None if self.is_gone(&path) => Err(not_found()),
            None => self.lower.read(&path),
        }
    }

    fn resolve(&self, path: &Path) -> io::Result<(PathBuf, FileKind)> {
        let path = self.canonical(path);
        if self.made.contains_key(&path) {
            return Ok((path, FileKind::File));
        }
        if self.is_made_directory(&path) {
            return Ok((path, FileKind::Directory));
        }
        match self.is_gone(&path) {
            true => Err(not_found()),
            false => self.lower.resolve(&path),
        }
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let directory = self.canonical(directory);
        let mut names = BTreeSet::new();
        let all = self.made.keys().chain(&self.directories);
        for path in all {
            if let Ok(rest) = path.strip_prefix(&directory)
                && let Some(first) = rest.components().next()
            {
                names.insert(first.as_os_str().to_string_lossy().into_owned());
            }
        }
        if !self.is_gone(&directory) {
            let there = self.lower.list(&directory);
            if names.is_empty() && !self.is_made_directory(&directory) {
                let mut there = there?;
                there.retain(|name| !self.gone.contains(&directory.join(name)));
                return Ok(there);
            }
            let there = there.unwrap_or_default().into_iter();
            names.extend(there.filter(|name| !self.gone.contains(&directory.join(name))));
        }
        Ok(names.into_iter().collect())
    }

    fn walk(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        let directory = self.canonical(directory);
        let mut found: BTreeSet<PathBuf> = BTreeSet::new();
        if !self.is_gone(&directory) && self.lower.resolve(&directory).is_ok() {
            let there = self.lower.walk(&directory)?.into_iter();
            found.extend(there.filter(|path| !self.is_gone(&directory.join(path))));
        }
        let made = self.made.keys();
        found.extend(
            made.filter_map(|path| path.strip_prefix(&directory).ok())
                .filter(|path| !path.as_os_str().is_empty())
                .map(Path::to_path_buf),
        );
        Ok(found.into_iter().collect())
    }

    fn allowed(&self) -> &[PathBuf] {
        self.lower.allowed()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Content, Made, ModelFiles};
    use crate::load::{FileKind, Files as _, Memory};
    use crate::place::Place;

    fn made(text: &str) -> Made {
        Made {
            content: Content::Known(text.as_bytes().into()),
            from: None,
            changes: Vec::new(),
            at: Place::default(),
        }
    }

    #[test]
    fn what_is_made_hides_and_what_is_removed_is_gone() {
        let mut disk = Memory::default();
        disk.insert("/a/b/c", "1");
        disk.insert("/a/d", "2");
        let mut files = ModelFiles::new(&disk);
        files.insert(Path::new("/a/b/e"), made("3"));
        assert_eq!(files.list(Path::new("/a/b")).unwrap(), ["c", "e"]);
        files.remove(Path::new("/a/b"));
        assert!(files.resolve(Path::new("/a/b/c")).is_err());
        assert_eq!(files.list(Path::new("/a")).unwrap(), ["d"]);
        files.make_directory(Path::new("/a/b"));
        let found = files.resolve(Path::new("/a/b")).unwrap();
        assert_eq!(found.1, FileKind::Directory);
        assert!(files.list(Path::new("/a/b")).unwrap().is_empty());
        files.insert(Path::new("/a/b/c"), made("4"));
        assert_eq!(files.read(Path::new("/a/b/c")).unwrap(), b"4");
        assert_eq!(files.walk(Path::new("/a")).unwrap().len(), 2);
    }
}
