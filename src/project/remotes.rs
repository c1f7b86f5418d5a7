//! What a project names that is elsewhere: bases in repositories, files over HTTP.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::extended_files::ExtendedFiles;
use super::templates::{Templated, values};
use super::{PROJECT_FILE, Project};
use crate::error::{Error, Kind, Result};
use crate::finding::Finding;
use crate::kustomization::FILE_NAMES;
use crate::load::{Files, LOCK_FILE, Remotes, Restriction, SourceStore, WorkTree, files_below};
use crate::remotes::visit;
use crate::template::Values;
use crate::validation::definitions_of;

/// The directory of what is vendored, beside the lock.
pub const VENDOR: &str = "vendor";

/// Reads every remote that the kustomizations of a tree name: those of the environments of its
/// project as they are rendered, and all others below its root. `root` is where the lock is.
///
/// Kustomizations in projects below it, and what is vendored, are left out.
///
/// # Errors
///
/// If a remote cannot be read, or an environment's kustomization.
pub fn visit_remotes(
    files: &dyn Files,
    working_directory: &Path,
    (root, project): (&Path, Option<&Project>),
    given: &Values,
    remotes: &Arc<Remotes>,
) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    if let Some(project) = project {
        for name in project.names(files) {
            visit_environment(files, working_directory, project, &name, given, remotes)?;
        }
        let library = SourceStore::new(files, working_directory, Restriction::None);
        let library = library.sharing(Arc::clone(remotes));
        definitions_of(&library, &project.root, &project.crds)?;
    }
    let mut seen = BTreeSet::new();
    for directory in kustomizations_below(root)? {
        let library = SourceStore::new(files, working_directory, Restriction::None);
        let library = library.sharing(Arc::clone(remotes));
        let visited = library
            .open(&directory)
            .and_then(|loader| visit(&loader, &mut seen))
            .map_err(|error| error.locate(|place| library.locate(place)));
        match visited {
            // One that does not build is for the build to judge, unless there is nothing else.
            Err(error) if error.kind() != Kind::Load => findings.push(unread(&error)),
            visited => visited?,
        }
    }
    Ok(findings)
}

fn visit_environment(
    files: &dyn Files,
    working_directory: &Path,
    project: &Project,
    name: &str,
    given: &Values,
    remotes: &Arc<Remotes>,
) -> Result<()> {
    let environment = project.environment(files, name)?;
    let values = values(files, project, &environment, given)?;
    let derived = ExtendedFiles::new(files, &environment);
    let templated = Templated::new(&derived, project, &environment, &values);
    let library = SourceStore::new(&templated, working_directory, Restriction::None);
    let library = library.sharing(Arc::clone(remotes));
    library
        .open(&environment.directory)
        .and_then(|loader| visit(&loader, &mut BTreeSet::new()))
        .map_err(|error| error.locate(|place| library.locate(place)))
        .map_err(|error| templated.explained(error))
}

/// The directories with a kustomization that belong to the tree of a lock.
fn kustomizations_below(root: &Path) -> Result<BTreeSet<PathBuf>> {
    let tree = WorkTree::discover(root)?;
    let files = files_below(root, tree.as_ref())?;
    let is = |path: &Path, names: &[&str]| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| names.contains(&name))
    };
    let others: Vec<&Path> = files
        .iter()
        .filter(|path| is(path, &[PROJECT_FILE, LOCK_FILE]))
        .filter_map(|path| path.parent())
        .filter(|directory| *directory != root)
        .collect();
    let vendor = root.join(VENDOR);
    let is_own = |directory: &&Path| {
        !directory.starts_with(&vendor) && !others.iter().any(|other| directory.starts_with(other))
    };
    let found = files.iter().filter(|path| is(path, &FILE_NAMES));
    let directories = found.filter_map(|path| path.parent());
    Ok(directories.filter(is_own).map(Path::to_path_buf).collect())
}

fn unread(error: &Error) -> Finding {
    let message = format!(
        "what is elsewhere in a kustomization is left out: {}",
        error.message()
    );
    let finding = Finding::warning("unread-kustomization", message)
        .help("mend it, and run the command again");
    match error.place() {
        Some(place) => finding.at(place.clone()),
        None => finding,
    }
}
