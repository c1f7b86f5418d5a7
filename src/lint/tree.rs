//! The kustomizations of a directory tree, and what they name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::kustomization::FILE_NAMES;
use crate::load::{FileKind, Files, Listing, normalized};

/// How deep directories may be nested.
const DEEPEST: usize = 64;

/// Larger files are not searched for names.
pub(super) const LARGEST: usize = 1 << 20;

/// The files below a directory, without hidden ones and links, and what kustomizations name.
pub struct Tree<'f> {
    pub(super) files: &'f dyn Files,
    /// The first directory, without links.
    pub(super) root: PathBuf,
    /// Every file.
    pub(super) paths: BTreeSet<PathBuf>,
    /// The kustomization of each directory that has one, or the template of one.
    pub(super) kustomizations: BTreeMap<PathBuf, PathBuf>,
    /// The files that a kustomization speaks of, in a comment too.
    pub(super) named: BTreeSet<PathBuf>,
    /// The directories whose kustomizations name a directory.
    users: BTreeMap<PathBuf, BTreeSet<PathBuf>>,
}

impl<'f> Tree<'f> {
    /// Reads the names of all files below directories, and the kustomizations; what cannot be listed or
    /// read is passed over.
    pub fn read(files: &'f dyn Files, roots: &[PathBuf]) -> Self {
        let real = |root: &PathBuf| {
            let found = files.resolve(root);
            found.map_or_else(|_| root.clone(), |found| found.0)
        };
        let roots: Vec<PathBuf> = roots.iter().map(real).collect();
        let mut tree = Self {
            files,
            root: roots.first().cloned().unwrap_or_default(),
            paths: BTreeSet::new(),
            kustomizations: BTreeMap::new(),
            named: BTreeSet::new(),
            users: BTreeMap::new(),
        };
        let is_inside = |one: &PathBuf| {
            let mut others = roots.iter().filter(|other| *other != one);
            others.any(|other| one.starts_with(other))
        };
        let mut listing = Listing::new();
        let outer: BTreeSet<&PathBuf> = roots.iter().filter(|one| !is_inside(one)).collect();
        for root in outer {
            tree.walk(root, &mut listing, 0);
        }
        let kustomizations: Vec<(PathBuf, PathBuf)> =
            tree.kustomizations.clone().into_iter().collect();
        for (directory, file) in kustomizations {
            let text = tree.text(&file).unwrap_or_default();
            for word in words(&text) {
                let path = normalized(&directory.join(word));
                if tree.paths.contains(&path) {
                    tree.named.insert(path);
                } else if path != directory && tree.kustomizations.contains_key(&path) {
                    let users = tree.users.entry(path).or_default();
                    users.insert(directory.clone());
                }
            }
        }
        tree
    }

    fn walk(&mut self, directory: &Path, listing: &mut Listing, depth: usize) {
        if depth > DEEPEST || listing.directory(directory.as_os_str().len()).is_err() {
            return;
        }
        let names = self.files.list(directory).unwrap_or_default();
        for name in names.into_iter().filter(|name| !name.starts_with('.')) {
            let path = directory.join(&name);
            if listing.file(path.as_os_str().len()).is_err() {
                return;
            }
            match self.files.resolve(&path) {
                Ok((real, FileKind::Directory)) if real == path && name != "node_modules" => {
                    self.walk(&path, listing, depth + 1);
                }
                Ok((real, FileKind::File)) if real == path => {
                    let plain = name.strip_suffix(".j2").unwrap_or(&name);
                    if FILE_NAMES.contains(&plain) {
                        let known = self.kustomizations.entry(directory.to_path_buf());
                        known.or_insert_with(|| path.clone());
                    }
                    self.paths.insert(path);
                }
                _ => {}
            }
        }
    }

    /// The text of a file, unless it is large or none.
    pub(super) fn text(&self, path: &Path) -> Option<String> {
        let content = self.files.read(path).ok()?;
        if content.len() > LARGEST || content.contains(&0) {
            return None;
        }
        String::from_utf8(content).ok()
    }

    /// The kustomizations that speak of a file, in order.
    pub(super) fn naming(&self, file: &Path) -> Vec<&Path> {
        let named = self.kustomizations.iter().filter(|(directory, path)| {
            let text = self.text(path).unwrap_or_default();
            words(&text).any(|word| normalized(&directory.join(word)) == file)
        });
        named.map(|(_, path)| path.as_path()).collect()
    }

    /// The nearest directory above a file that has a kustomization.
    pub(super) fn owner(&self, file: &Path) -> Option<&Path> {
        let mut above = file.ancestors().skip(1);
        let found = above.find_map(|directory| self.kustomizations.get_key_value(directory))?;
        Some(found.0)
    }

    /// The directories whose kustomizations build on one, directly or through others.
    pub(super) fn all_users(&self, directory: &Path) -> BTreeSet<&Path> {
        let mut found = BTreeSet::new();
        let mut open = vec![directory];
        while let Some(next) = open.pop() {
            for user in self.users.get(next).into_iter().flatten() {
                if found.insert(user.as_path()) {
                    open.push(user);
                }
            }
        }
        found
    }
}

/// The words of a text that may be paths.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_alphanumeric() || "_-./+@~*%".contains(c);
    let found = text.split(move |c: char| !is_part(c));
    let found = found.map(|word| word.trim_end_matches('.'));
    let found = found.map(|word| word.strip_prefix('@').unwrap_or(word));
    found.filter(|word| !word.is_empty())
}
