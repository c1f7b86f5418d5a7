//! Maps output files to the environments that are rendered into them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kustom::error::{Error, Kind, Result};
use kustom::load::Files;
use kustom::project::Project;

/// The files, and who they belong to.
///
/// Two names that differ only in case are one file on many disks.
#[derive(Default)]
pub(super) struct Owners(BTreeMap<String, (PathBuf, String)>);

impl Owners {
    /// Notes whose a file is.
    ///
    /// # Errors
    ///
    /// If another environment has it already.
    pub(super) fn take(
        &mut self,
        files: &dyn Files,
        project: &Project,
        path: &Path,
        name: &str,
    ) -> Result<()> {
        let key = path.to_string_lossy().to_lowercase();
        let owner = (path.to_path_buf(), name.to_owned());
        match self.0.insert(key, owner) {
            Some((other, owner)) if owner != name => {
                Err(twice(files, project, (&other, &owner), (path, name)))
            }
            _ => Ok(()),
        }
    }
}

fn twice(
    files: &dyn Files,
    project: &Project,
    (one, owner): (&Path, &str),
    (other, name): (&Path, &str),
) -> Error {
    let message = match one == other {
        true => format!("`{owner}` and `{name}` would both be `{}`", one.display()),
        false => format!(
            "`{owner}` would be `{}`, and `{name}` `{}`, which is one file where case does not count",
            one.display(),
            other.display()
        ),
    };
    let error = Error::new(Kind::Project, message).help("give one of them another `output`");
    let place = [name, owner].into_iter().find_map(|name| {
        let environment = project.environment(files, name).ok()?;
        environment.output_place(files, project)
    });
    match place {
        Some(place) => error.at(place),
        None => error,
    }
}
