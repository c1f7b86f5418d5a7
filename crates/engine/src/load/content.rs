//! What a remote holds: its files, as whoever builds on it reads them.
//!
//! A link counts as what it leads to; one that leads nowhere, or out of the remote, is no content,
//! since nothing reads through it. Neither are git's own files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use kustom_yaml::cut::Cut as _;
use kustom_yaml::error::{Error, Kind, Result};
use kustom_yaml::limits::{self, Budget, DIRECTORY, VALUE};

use super::{Disk, FileKind, Files, Within, normalized, unreadable};
use crate::write::is_of_git;

/// Files by their paths below a remote, with `/` between the parts.
pub type Contents = BTreeMap<String, Vec<u8>>;

/// Whether a directory of a remote is another one, or below it; the root is empty.
pub(super) fn is_below(directory: &str, above: &str) -> bool {
    match directory.strip_prefix(above) {
        Some(rest) => above.is_empty() || rest.is_empty() || rest.starts_with('/'),
        None => false,
    }
}

/// The directories of a remote that is used as a whole.
pub(super) fn whole() -> BTreeSet<String> {
    BTreeSet::from([String::new()])
}

/// The directories without those that are below another.
pub(super) fn outermost(directories: &BTreeSet<String>) -> BTreeSet<String> {
    let is_outer = |one: &&String| {
        let mut above = one.match_indices('/').map(|(end, _)| one.cut(..end));
        let is_in_root = !one.is_empty() && directories.contains("");
        !is_in_root && !above.any(|above| directories.contains(above))
    };
    directories.iter().filter(is_outer).cloned().collect()
}

/// The files below directories of a clone, which is on the disk.
///
/// # Errors
///
/// If a file cannot be read, or there is more than a build may read.
pub(super) fn of_clone(root: &Path, directories: &BTreeSet<String>) -> Result<Contents> {
    let mut gathering = Gathering {
        root,
        budget: Budget::of(limits::current().size),
        contents: Contents::new(),
    };
    for directory in directories {
        gathering.below(&root.join(directory), directory, &mut Vec::new())?;
    }
    Ok(gathering.contents)
}

/// The files below directories of a remote whose files are laid out as they are: vendored ones, or
/// those of the cache; `shown` is how people know the root.
///
/// # Errors
///
/// If one cannot be read.
pub(super) fn laid_out(
    files: &dyn Files,
    root: &Path,
    shown: &str,
    directories: &BTreeSet<String>,
) -> Result<Contents> {
    let budget = Budget::of(limits::current().size);
    let mut contents = Contents::new();
    // What was laid out has no links; what somebody else put there must not lead out.
    let files = &Within::new(files, root);
    for directory in directories {
        let whole = root.join(directory);
        let cannot = |cause| unreadable(&format!("{shown}/{directory}"), cause);
        for file in files.walk(&whole).map_err(cannot)? {
            let bytes = files.read(&whole.join(&file)).map_err(cannot)?;
            budget.charge("a remote", VALUE + bytes.len() as u64)?;
            contents.insert(named(&Path::new(directory).join(file)), bytes);
        }
    }
    Ok(contents)
}

struct Gathering<'r> {
    root: &'r Path,
    budget: Budget,
    contents: Contents,
}

impl Gathering<'_> {
    /// Adds the files below a directory, whose name in the remote is `name`; `above` are the
    /// directories that lead here, without links.
    fn below(&mut self, path: &Path, name: &str, above: &mut Vec<PathBuf>) -> Result<()> {
        let Some((real, FileKind::Directory)) = self.resolve(path) else {
            return Ok(());
        };
        if above.contains(&real) {
            return Ok(());
        }
        self.budget.charge("a remote", DIRECTORY)?;
        above.push(real.clone());
        let entries = Disk.list(&real).map_err(|cause| cannot(path, cause))?;
        for entry in entries {
            let path = real.join(&entry);
            let name = match name {
                "" => entry,
                name => format!("{name}/{entry}"),
            };
            match self.resolve(&path) {
                Some((_, FileKind::Directory)) => self.below(&path, &name, above)?,
                Some((real, FileKind::File)) => self.file(&real, name)?,
                None => {}
            }
        }
        above.pop();
        Ok(())
    }

    fn file(&mut self, path: &Path, name: String) -> Result<()> {
        let size = fs::metadata(path).map_or(0, |found| found.len());
        self.budget.charge("a remote", VALUE + size)?;
        let bytes = Disk.read(path).map_err(|cause| cannot(path, cause))?;
        self.contents.insert(name, bytes);
        Ok(())
    }

    /// The target of a path, if it is content of the remote.
    fn resolve(&self, path: &Path) -> Option<(PathBuf, FileKind)> {
        let (real, kind) = Disk.resolve(path).ok()?;
        let inside = real.strip_prefix(self.root).ok()?;
        (!is_of_git(inside)).then_some((real, kind))
    }
}

/// The name of a directory in a remote, from its path in it: without `.` and `..`, with `/`.
pub(super) fn named(path: &Path) -> String {
    let path = normalized(path);
    let parts = path.iter().map(|part| part.to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}

fn cannot(path: &Path, cause: io::Error) -> Error {
    let message = format!("cannot read `{}`: {cause}", path.display());
    Error::new(Kind::Load, message).caused_by(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_below_others_are_part_of_them() {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(
            outermost(&set(&["a", "a/b", "ab", "c/d"])),
            set(&["a", "ab", "c/d"])
        );
        assert_eq!(outermost(&set(&["", "a"])), set(&[""]));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_what_they_lead_to_and_those_that_lead_out_are_nothing() {
        use std::os::unix::fs::symlink;

        let directory = tempfile::tempdir().unwrap();
        let outer = directory.path().canonicalize().unwrap();
        let root = outer.join("r");
        fs::create_dir_all(root.join("a/.git")).unwrap();
        fs::create_dir(root.join("b")).unwrap();
        fs::write(outer.join("secret"), "s").unwrap();
        fs::write(root.join("a/.git/config"), "c").unwrap();
        fs::write(root.join("a/x"), "1").unwrap();
        fs::write(root.join("b/y"), "2").unwrap();
        for (target, link) in [
            ("../b", "a/d"),
            ("x", "a/f"),
            ("../../secret", "a/out"),
            ("none", "a/none"),
            ("..", "a/up"),
        ] {
            symlink(target, root.join(link)).unwrap();
        }
        let contents = of_clone(&root, &["a".to_owned()].into()).unwrap();
        let names: Vec<&str> = contents.keys().map(String::as_str).collect();
        assert_eq!(names, ["a/d/y", "a/f", "a/up/b/y", "a/x"]);
        // Laid out without links, it is the same.
        let copy = outer.join("copy");
        for (name, bytes) in &contents {
            let path = copy.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        assert_eq!(
            laid_out(&Disk, &copy, "copy", &["a".to_owned()].into()).unwrap(),
            contents
        );
    }
}
