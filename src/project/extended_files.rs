//! A file system that shows an environment's directory with the files of the environment that it
//! extends.
//!
//! The files of the other one appear in it, and its own are laid over them: a file hides one of the
//! same path, a kustomization one of any name, and a template what it makes. What the other one has
//! filled in as secrets, and its `environment.yaml`, stay with it.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::environment::{Environment, FILE};
use crate::kustomization::FILE_NAMES;
use crate::load::{FileKind, Files, MadeBy, ParsedFiles, normalized};
use crate::template::SUFFIX;

/// Files, among them the directory of an environment that extends others.
pub(super) struct ExtendedFiles<'f> {
    lower: &'f dyn Files,
    /// The directory, then those that it extends, nearest first.
    chain: Vec<PathBuf>,
}

impl<'f> ExtendedFiles<'f> {
    /// The files as an environment sees them.
    pub(super) fn new(lower: &'f dyn Files, environment: &Environment) -> Self {
        let chain = environment.chain();
        Self {
            lower,
            chain: chain.map(|one| one.directory.clone()).collect(),
        }
    }

    /// The path below the directory, if a path leads there and there is something to add.
    fn inside<'p>(&self, path: &'p Path) -> Option<&'p Path> {
        let own = self.chain.first().filter(|_| self.chain.len() > 1)?;
        path.strip_prefix(own).ok()
    }

    /// Where a path below the directory leads: the directory's position in the chain, and what is
    /// there.
    fn find(&self, inside: &Path) -> io::Result<(usize, PathBuf, FileKind)> {
        let own = self.lower.resolve(&self.chain[0].join(inside));
        let own = match own {
            Ok((path, kind)) => return Ok((0, path, kind)),
            Err(cause) => cause,
        };
        for (index, directory) in self.chain.iter().enumerate().skip(1) {
            if let Ok((path, kind)) = self.lower.resolve(&directory.join(inside)) {
                if kind == FileKind::File && self.is_hidden(index, inside) {
                    break;
                }
                if stays(inside) {
                    break;
                }
                return Ok((index, path, kind));
            }
        }
        Err(own)
    }

    /// Whether a nearer directory has something in the place of a file.
    fn is_hidden(&self, index: usize, inside: &Path) -> bool {
        let others = other_names(inside);
        self.chain[..index].iter().any(|directory| {
            let mut others = others.iter().map(|name| directory.join(name));
            others.any(|other| self.lower.resolve(&other).is_ok())
        })
    }

    /// A path that was found in another directory of the chain, as one of this directory.
    fn here(&self, index: usize, path: PathBuf) -> PathBuf {
        match path.strip_prefix(&self.chain[index]) {
            Ok(rest) if index > 0 => self.chain[0].join(rest),
            _ => path,
        }
    }

    /// What is written for a path below the directory.
    fn written(&self, path: &Path) -> Option<PathBuf> {
        let path = normalized(path);
        let inside = self.inside(&path)?;
        self.find(inside).ok().map(|(_, path, _)| path)
    }
}

impl Files for ExtendedFiles<'_> {
    fn parsed(&self) -> Option<&ParsedFiles> {
        self.lower.parsed()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.written(path) {
            Some(written) => self.lower.read(&written),
            None => self.lower.read(path),
        }
    }

    fn read_shared(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        match self.written(path) {
            Some(written) => self.lower.read_shared(&written),
            None => self.lower.read_shared(path),
        }
    }

    fn resolve(&self, path: &Path) -> io::Result<(PathBuf, FileKind)> {
        let plain = normalized(path);
        match self.inside(&plain) {
            Some(inside) => {
                let (index, path, kind) = self.find(inside)?;
                Ok((self.here(index, path), kind))
            }
            None => self.lower.resolve(path),
        }
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        let plain = normalized(directory);
        let Some(inside) = self.inside(&plain) else {
            return self.lower.list(directory);
        };
        let mut names = BTreeSet::new();
        let mut error = None;
        for directory in &self.chain {
            match self.lower.list(&directory.join(inside)) {
                Ok(found) => names.extend(found),
                Err(cause) => drop(error.get_or_insert(cause)),
            }
        }
        names.retain(|name| self.find(&inside.join(name)).is_ok());
        match error {
            Some(cause) if names.is_empty() => Err(cause),
            _ => Ok(names.into_iter().collect()),
        }
    }

    fn walk(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        let plain = normalized(directory);
        let Some(inside) = self.inside(&plain) else {
            return self.lower.walk(directory);
        };
        let mut found = BTreeSet::new();
        for directory in &self.chain {
            found.extend(self.lower.walk(&directory.join(inside))?);
        }
        found.retain(|path| self.find(&inside.join(path)).is_ok());
        Ok(found.into_iter().collect())
    }

    fn provenance(&self, path: &Path) -> MadeBy {
        match self.written(path) {
            Some(written) => self.lower.provenance(&written),
            None => self.lower.provenance(path),
        }
    }

    fn editable_path(&self, path: &Path) -> PathBuf {
        match self.written(path) {
            Some(written) => self.lower.editable_path(&written),
            None => self.lower.editable_path(path),
        }
    }

    fn miss(&self, path: &Path) {
        self.lower.miss(path);
    }

    fn allowed(&self) -> &[PathBuf] {
        self.lower.allowed()
    }

    fn hand_over(&self, path: &Path) -> io::Result<PathBuf> {
        match self.written(path) {
            Some(written) => self.lower.hand_over(&written),
            None => self.lower.hand_over(path),
        }
    }
}

/// Whether a path belongs to the environment alone, and is not extended.
fn stays(inside: &Path) -> bool {
    inside == Path::new(FILE) || inside.starts_with("secrets")
}

/// The other names under which the same thing may be written.
fn other_names(inside: &Path) -> Vec<PathBuf> {
    let name = inside.file_name().unwrap_or_default().to_string_lossy();
    let plain = name.strip_suffix(SUFFIX).unwrap_or(&name);
    let names: Vec<&str> = if FILE_NAMES.contains(&plain) {
        FILE_NAMES.to_vec()
    } else {
        vec![plain]
    };
    let all = names
        .iter()
        .flat_map(|name| [(*name).to_owned(), format!("{name}{SUFFIX}")]);
    all.filter(|other| **other != *name)
        .map(|other| inside.with_file_name(other))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Memory;

    #[test]
    fn own_files_are_laid_over_those_of_the_parents() {
        let mut memory = Memory::default();
        for (path, text) in [
            ("/e/c/environment.yaml", "extends: b"),
            ("/e/c/patches/x.yaml", "c"),
            ("/e/c/kustomization.yml", "c"),
            ("/e/c/t.yaml.j2", "c"),
            ("/e/b/patches/x.yaml", "b"),
            ("/e/b/patches/y.yaml", "b"),
            ("/e/b/t.yaml", "b"),
            ("/e/b/secrets/token", "b"),
            ("/e/a/kustomization.yaml", "a"),
            ("/e/a/patches/y.yaml", "a"),
            ("/e/a/patches/z/z.yaml", "a"),
        ] {
            memory.insert(path, text);
        }
        let chain = ["/e/c", "/e/b", "/e/a"].map(PathBuf::from).to_vec();
        let files = ExtendedFiles {
            lower: &memory,
            chain,
        };
        let text = |path: &str| {
            files
                .read(Path::new(path))
                .map(|b| String::from_utf8(b).unwrap())
        };
        assert_eq!(text("/e/c/patches/x.yaml").unwrap(), "c");
        assert_eq!(text("/e/c/patches/y.yaml").unwrap(), "b");
        assert_eq!(text("/e/c/patches/z/z.yaml").unwrap(), "a");
        assert_eq!(text("/e/b/patches/x.yaml").unwrap(), "b");
        for hidden in ["kustomization.yaml", "secrets/token", "t.yaml", "none"] {
            assert!(
                files.resolve(&Path::new("/e/c").join(hidden)).is_err(),
                "{hidden}"
            );
        }
        let (path, kind) = files
            .resolve(Path::new("/e/c/./patches/z/../z/z.yaml"))
            .unwrap();
        assert_eq!(
            (path.as_path(), kind),
            (Path::new("/e/c/patches/z/z.yaml"), FileKind::File)
        );
        assert_eq!(
            files.editable_path(&path),
            Path::new("/e/a/patches/z/z.yaml")
        );
        assert_eq!(
            files.list(Path::new("/e/c/patches")).unwrap(),
            ["x.yaml", "y.yaml", "z"]
        );
        let walked = files.walk(Path::new("/e/c")).unwrap();
        let walked: Vec<_> = walked.iter().map(|path| path.to_str().unwrap()).collect();
        assert_eq!(
            walked,
            [
                "environment.yaml",
                "kustomization.yml",
                "patches/x.yaml",
                "patches/y.yaml",
                "patches/z/z.yaml",
                "t.yaml.j2"
            ]
        );
    }
}
