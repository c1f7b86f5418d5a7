//! Loads files for an expression: those of its project only.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result, nearest};
use crate::load::{FileKind, Files, Within, is_outside, normalized};
use crate::yq::v4;

/// Files for `load`: those of a project, named from a directory in it.
pub struct ProjectFiles<'f> {
    files: &'f dyn Files,
    root: PathBuf,
    directory: PathBuf,
}

impl<'f> ProjectFiles<'f> {
    /// The files below `root`, named from `directory`; both are absolute.
    pub fn new(files: &'f dyn Files, root: &Path, directory: &Path) -> Self {
        Self {
            files,
            root: normalized(root),
            directory: normalized(directory),
        }
    }

    #[cold]
    fn cannot_read(&self, path: &str, cause: io::Error) -> Error {
        if is_outside(&cause) {
            return outside(path);
        }
        if cause.kind() != io::ErrorKind::NotFound {
            let message = format!("cannot read `{path}`: {cause}");
            return Error::new(Kind::Load, message).caused_by(cause);
        }
        let error = Error::new(Kind::Load, format!("there is no file `{path}`")).caused_by(cause);
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        let beside = self.files.list(&self.directory.join(above));
        let beside = beside.unwrap_or_default();
        match nearest(name, beside.iter().map(String::as_str)) {
            Some(near) if above.is_empty() => error.help(format!("did you mean `{near}`?")),
            Some(near) => error.help(format!("did you mean `{above}/{near}`?")),
            None => {
                let from = self.directory.strip_prefix(&self.root);
                let from = from.unwrap_or(&self.directory).display().to_string();
                let from = if from.is_empty() { "." } else { &from };
                error.help(format!(
                    "a file is named from `{from}`, the directory of the script"
                ))
            }
        }
    }
}

impl v4::Loader for ProjectFiles<'_> {
    fn load(&self, path: &str) -> Result<String> {
        let cannot = |cause: io::Error| self.cannot_read(path, cause);
        let wanted = normalized(&self.directory.join(path));
        let mut roots = self.files.allowed().iter().chain([&self.root]);
        // What lies outside is not even looked for.
        if !roots.any(|root| wanted.starts_with(root)) {
            return Err(outside(path));
        }
        // A link may lead out.
        let files = Within::new(self.files, &self.root);
        let (_, kind) = files.resolve(&wanted).map_err(cannot)?;
        if kind == FileKind::Directory {
            let message = format!("`{path}` is a directory, not a file");
            return Err(Error::new(Kind::Load, message));
        }
        let bytes = files.read(&wanted).map_err(cannot)?;
        String::from_utf8(bytes).map_err(|cause| {
            Error::new(Kind::Load, format!("`{path}` is not UTF-8")).caused_by(cause)
        })
    }
}

#[cold]
fn outside(path: &str) -> Error {
    Error::new(Kind::Load, format!("`{path}` leads out of the project"))
        .help("an expression reads files of its project, and what `--allow-read` names besides")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Disk;
    use crate::yq::v4::Loader as _;

    #[test]
    fn files_are_read_within_the_project_only() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("project/scripts")).unwrap();
        std::fs::write(root.join("outside.yaml"), "x").unwrap();
        std::fs::write(root.join("project/inside.yaml"), "y").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("../outside.yaml", root.join("project/link.yaml")).unwrap();
        let project = root.join("project");
        let loader = ProjectFiles::new(&Disk, &project, &project.join("scripts"));
        assert_eq!(loader.load("../inside.yaml").unwrap(), "y");
        for path in ["../../outside.yaml", "../link.yaml", "/etc/hostname", ".."] {
            assert!(loader.load(path).is_err(), "{path}");
        }
        let error = loader.load("../insid.yaml").unwrap_err();
        assert_eq!(error.help_line(), Some("did you mean `../inside.yaml`?"));
    }
}
