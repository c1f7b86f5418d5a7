//! The project that a command is about.

use std::path::Path;

use kustom::error::Result;
use kustom::load::{Files, named_from, normalized};
use kustom::project::{GuardPolicy, Project};

use super::build::canonical;

/// The project that the current directory belongs to, or another directory that a flag names.
pub(super) fn find(files: &dyn Files, here: &Path, directory: Option<&Path>) -> Result<Project> {
    let start = match directory {
        Some(directory) => canonical(&here.join(directory), directory)?,
        None => here.to_path_buf(),
    };
    let project = Project::find(files, &start)
        .map_err(|error| error.rename_files(|file| from_here(here, &start, file)))?;
    Ok(project.seen_from(here))
}

/// What git said; nothing where it cannot be asked and all of these environments have turned the
/// guard off, so that nobody wants to know.
pub(super) fn said_by_git<T>(
    said: Result<T>,
    files: &dyn Files,
    project: &Project,
    names: &[String],
) -> Result<Option<T>> {
    said.map(Some).or_else(|error| {
        let is_off = |name: &String| {
            let environment = project.environment(files, name);
            environment.is_ok_and(|environment| environment.guard() == GuardPolicy::Off)
        };
        if !names.is_empty() && names.iter().all(is_off) {
            return Ok(None);
        }
        Err(error.note(
            "`guard: off` in an environment's `environment.yaml` does without",
            None,
        ))
    })
}

fn from_here(here: &Path, start: &Path, file: &str) -> std::sync::Arc<str> {
    named_from(here, &normalized(&start.join(file))).into()
}
