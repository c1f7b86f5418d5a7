//! A file system that refuses to read outside of given directories.
//!
//! A kustomization is held within its directory by the load restrictor. What a project reads besides,
//! configs and scripts, values and templates, boilerplate and settings, is held within the project,
//! be it named by its path or led to by a link. Only the caller can allow more; no file of the
//! repository can.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use super::{FileKind, Files, Listing, MadeBy, ParsedFiles, display_from, normalized};
use kustom_yaml::error::{Error, Kind};

/// How deep directories may lie in each other.
const DEEPEST: usize = 100;

/// Files below the root of a project, and below what the caller allows.
pub struct Within<'f> {
    lower: &'f dyn Files,
    root: PathBuf,
}

/// That a path leads out of a project.
#[derive(Debug)]
struct Outside {
    /// The path that was asked for.
    path: PathBuf,
    /// Where it leads, from the root.
    named: String,
    /// Whether its own path stays in the project.
    is_link: bool,
}

impl<'f> Within<'f> {
    /// Files of which those are read that lie below the root of a project.
    pub fn new(lower: &'f dyn Files, root: &Path) -> Self {
        Self {
            lower,
            root: root.to_path_buf(),
        }
    }

    /// A path that was found, unless it lies outside.
    fn kept(&self, path: &Path, found: PathBuf) -> io::Result<PathBuf> {
        let is_inside = |path: &Path| {
            path.starts_with(&self.root)
                || self
                    .lower
                    .allowed()
                    .iter()
                    .any(|root| path.starts_with(root))
        };
        // The root may be named through links.
        let is_kept = is_inside(&found)
            || (self.lower.resolve(&self.root)).is_ok_and(|(root, _)| found.starts_with(root));
        match is_kept {
            true => Ok(found),
            false => {
                let named = display_from(&self.root, &found);
                let path = normalized(path);
                let outside = Outside {
                    is_link: path.starts_with(&self.root),
                    path,
                    named,
                };
                Err(io::Error::new(io::ErrorKind::PermissionDenied, outside))
            }
        }
    }

    fn walk_into(
        &self,
        directory: &Path,
        inside: &Path,
        above: &mut Vec<PathBuf>,
        (files, listing): (&mut Vec<PathBuf>, &mut Listing),
    ) -> io::Result<()> {
        listing.directory(inside.as_os_str().len())?;
        for name in self.lower.list(directory)? {
            let inside = inside.join(&name);
            match self.resolve(&directory.join(&name))? {
                (_, FileKind::File) => {
                    listing.file(inside.as_os_str().len())?;
                    files.push(inside);
                }
                (found, FileKind::Directory) => {
                    if above.contains(&found) || above.len() >= DEEPEST {
                        let message = format!("a link leads in a circle: `{}`", inside.display());
                        return Err(io::Error::other(message));
                    }
                    above.push(found);
                    let found = (&mut *files, &mut *listing);
                    self.walk_into(&directory.join(&name), &inside, above, found)?;
                    above.pop();
                }
            }
        }
        Ok(())
    }
}

impl Files for Within<'_> {
    fn parsed(&self) -> Option<&ParsedFiles> {
        self.lower.parsed()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let (found, _) = self.resolve(path)?;
        self.lower.read(&found)
    }

    fn content(&self, path: &Path) -> io::Result<Bytes> {
        let (found, _) = self.resolve(path)?;
        self.lower.content(&found)
    }

    fn read_shared(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        let (found, _) = self.resolve(path)?;
        self.lower.read_shared(&found)
    }

    fn resolve(&self, path: &Path) -> io::Result<(PathBuf, FileKind)> {
        let (found, kind) = self.lower.resolve(path)?;
        Ok((self.kept(path, found)?, kind))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<String>> {
        self.resolve(directory)?;
        self.lower.list(directory)
    }

    fn walk(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        // As everywhere, there is nothing below what is not there.
        match self.resolve(directory) {
            Ok((found, FileKind::Directory)) => {
                let directory = normalized(directory);
                let into = (&mut files, &mut Listing::new());
                self.walk_into(&directory, Path::new(""), &mut vec![found], into)?;
            }
            Err(error) if is_outside(&error) => return Err(error),
            _ => {}
        }
        Ok(files)
    }

    fn editable_path(&self, path: &Path) -> PathBuf {
        self.lower.editable_path(path)
    }

    fn provenance(&self, path: &Path) -> MadeBy {
        self.lower.provenance(path)
    }

    fn miss(&self, path: &Path) {
        self.lower.miss(path);
    }

    fn allowed(&self) -> &[PathBuf] {
        self.lower.allowed()
    }

    fn hand_over(&self, path: &Path) -> io::Result<PathBuf> {
        self.lower.hand_over(path)
    }
}

/// Whether something was refused because it lies outside of a project.
pub fn is_outside(error: &io::Error) -> bool {
    outside(error).is_some()
}

fn outside(error: &io::Error) -> Option<&Outside> {
    error.get_ref()?.downcast_ref()
}

/// That a file of a project cannot be read, named as it is shown: why, and what helps.
#[cold]
pub fn unreadable(shown: &str, cause: io::Error) -> Error {
    let Some(outside) = outside(&cause) else {
        return super::cannot(&format!("read `{shown}`"), cause);
    };
    let message = match outside.is_link {
        true => format!("`{shown}` leads out of the project, to `{}`", outside.named),
        false => format!("`{shown}` is outside of the project"),
    };
    let help = "move it into the project, or name what lies outside with `--allow-read`";
    Error::new(Kind::Load, message).caused_by(cause).help(help)
}

/// That what lies below a directory of a project cannot be listed; the directory is named as it is
/// shown.
#[cold]
pub fn unlistable(directory: &Path, shown: &str, cause: io::Error) -> Error {
    let Some(outside) = outside(&cause) else {
        return super::cannot(&format!("list `{shown}`"), cause);
    };
    let shown = match outside.path.strip_prefix(directory) {
        Ok(inside) if !inside.as_os_str().is_empty() => {
            Path::new(shown).join(inside).display().to_string()
        }
        _ => shown.to_owned(),
    };
    unreadable(&shown, cause)
}

impl fmt::Display for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_link {
            true => write!(f, "it leads out of the project, to `{}`", self.named),
            false => f.write_str("it is outside of the project"),
        }
    }
}

impl std::error::Error for Outside {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Memory;

    #[test]
    fn what_lies_outside_is_neither_read_nor_listed() {
        let mut memory = Memory::default();
        for path in ["/p/a", "/p/d/b", "/p/d/e/c", "/pp/x", "/o/x"] {
            memory.insert(path, "x");
        }
        let files = Within::new(&memory, Path::new("/p"));
        assert!(files.read(Path::new("/p/a")).is_ok());
        assert_eq!(
            files.walk(Path::new("/p")).unwrap(),
            ["a", "d/b", "d/e/c"].map(PathBuf::from)
        );
        for path in ["/pp/x", "/o/x", "/p/../o/x"] {
            let error = files.read(Path::new(path)).unwrap_err();
            assert!(is_outside(&error), "{path}");
            assert!(files.resolve(Path::new(path)).is_err());
        }
        assert!(files.list(Path::new("/o")).is_err());
        assert!(files.walk(Path::new("/o")).is_err());
        let error = unreadable("../o/x", files.read(Path::new("/o/x")).unwrap_err());
        assert_eq!(error.message(), "`../o/x` is outside of the project");
        let error = unreadable("a", files.read(Path::new("/p/none")).unwrap_err());
        assert!(error.message().starts_with("cannot read `a`"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_leads_as_far_as_the_caller_allows() {
        use std::os::unix::fs::symlink;

        use crate::load::LookupCache;

        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        let (project, outside) = (root.join("p"), root.join("o"));
        for directory in [&project, &outside] {
            std::fs::create_dir(directory).unwrap();
        }
        std::fs::write(outside.join("x"), "x").unwrap();
        symlink("../o", project.join("d")).unwrap();
        symlink("../o/x", project.join("f")).unwrap();
        let closed = LookupCache::default();
        let files = Within::new(&closed, &project);
        assert!(files.walk(&project).is_err() && files.read(&project.join("f")).is_err());
        let open = LookupCache::default().allowing(vec![outside]);
        let files = Within::new(&open, &project);
        assert_eq!(
            files.walk(&project).unwrap(),
            ["d/x", "f"].map(PathBuf::from)
        );
        assert_eq!(files.read(&project.join("f")).unwrap(), b"x");
        symlink(".", project.join("r")).unwrap();
        assert!(files.walk(&project).is_err());
    }
}
