//! The project that a command is about.

use std::path::Path;

use kustom::error::Result;
use kustom::load::{Files, named_from, normalized};
use kustom::project::Project;

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

fn from_here(here: &Path, start: &Path, file: &str) -> std::sync::Arc<str> {
    named_from(here, &normalized(&start.join(file))).into()
}
