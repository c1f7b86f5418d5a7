//! Copies files to a temporary directory, for programs that read only the disk.

use std::io;
use std::path::{Path, PathBuf};

use kustom_yaml::limits::{Budget, VALUE};

use super::{Disk, FileKind, Files};
use crate::write::Scratch;

/// A file or a directory of some files: its own path if the disk has the same there, or that of a
/// copy below a directory of some name that is gone afterwards.
pub(super) fn on_disk(
    files: &dyn Files,
    path: &Path,
    scratch: &Scratch,
    below: &str,
) -> io::Result<PathBuf> {
    let (_, kind) = files.resolve(path)?;
    let inside = match kind {
        FileKind::File => vec![PathBuf::new()],
        FileKind::Directory => files.walk(path)?,
    };
    let at = |root: &Path, file: &Path| match kind {
        FileKind::File => root.to_path_buf(),
        FileKind::Directory => root.join(file),
    };
    let mut contents = Vec::with_capacity(inside.len());
    let budget = Budget::default();
    for file in &inside {
        let content = files.read(&at(path, file))?;
        let charged = budget.charge("these files", VALUE + content.len() as u64);
        charged.map_err(io::Error::other)?;
        contents.push(content);
    }
    let is_same = |(file, content): (&PathBuf, &Vec<u8>)| {
        Disk.read(&at(path, file))
            .is_ok_and(|there| there == *content)
    };
    let is_all = kind == FileKind::File || Disk.walk(path).is_ok_and(|there| there == inside);
    if is_all && inside.iter().zip(&contents).all(is_same) {
        return Ok(path.to_path_buf());
    }
    let copy = Path::new(below).join(path.file_name().unwrap_or("copy".as_ref()));
    if kind == FileKind::Directory {
        scratch.directory(&copy)?;
    }
    for (file, content) in inside.iter().zip(contents) {
        scratch.write(&at(&copy, file), &content)?;
    }
    Ok(scratch.path().join(copy))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::load::{Memory, Overlay};

    #[test]
    fn what_the_disk_has_is_not_copied_and_what_it_has_otherwise_is() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("chart/templates")).unwrap();
        fs::write(root.join("chart/templates/a"), "a").unwrap();
        let scratch = Scratch::new("kustom-test-").unwrap();
        let below = |name: &str| scratch.path().join("below").join(name);
        let copied = |files: &dyn Files, path: &Path| on_disk(files, path, &scratch, "below");
        let mut files = Overlay {
            upper: Memory::default(),
            lower: &Disk,
        };
        let chart = root.join("chart");
        assert_eq!(copied(&files, &chart).unwrap(), chart);
        files.upper.insert(chart.join("values.yaml"), "v");
        let copy = copied(&files, &chart).unwrap();
        assert_eq!(copy, below("chart"));
        assert_eq!(fs::read(copy.join("values.yaml")).unwrap(), b"v");
        assert_eq!(fs::read(copy.join("templates/a")).unwrap(), b"a");
        let file = chart.join("values.yaml");
        assert_eq!(copied(&files, &file).unwrap(), below("values.yaml"));
        assert!(copied(&files, &root.join("none")).is_err());
    }
}
