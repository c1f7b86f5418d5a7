//! What a project names that is elsewhere: bases in repositories, files over HTTP, charts.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::extended_files::ExtendedFiles;
use super::templates::{Templated, values};
use super::{Environment, Options, PROJECT_FILE, Project, render};
use crate::error::{Error, Kind, Result};
use crate::finding::Finding;
use crate::flux::NOT_RENDERED;
use crate::kustomization::FILE_NAMES;
use crate::load::{Files, LOCK_FILE, Remotes, Restriction, SourceStore, WorkTree, files_below};
use crate::plugin;
use crate::remotes::Visit;
use crate::template::Values;
use crate::validation::definitions_of;

/// The directory of what is vendored, beside the lock.
pub const VENDOR: &str = "vendor";

/// Reads every remote that the kustomizations of a tree name: those of the environments of its
/// project as they are rendered, and all others below its root. `root` is where the lock is.
///
/// `done` hears how many of how many environments and directories are read.
///
/// Kustomizations in projects below it, and what is vendored, are left out. With `plugins` the charts
/// are read, too, by the helm that they allow; for those of Flux and Argo CD, the environments that
/// their objects are have to be built.
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
    plugins: Option<&plugin::Options>,
    done: &dyn Fn(usize, usize),
) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let directories = kustomizations_below(root)?;
    let names = project.map_or_else(Vec::new, |project| project.names(files));
    let total = names.len() + directories.len();
    let plugins = plugins.map(|plugins| {
        let mut plugins = plugins.clone();
        plugins.helm.charts = Some(Arc::clone(remotes));
        match project {
            Some(project) => project.helm.allowed(plugins),
            None => plugins,
        }
    });
    let plugins = plugins.as_ref();
    let new_visit = || plugins.map_or_else(Visit::default, Visit::with_charts);
    if let Some(project) = project {
        let mut of_objects = new_visit();
        for (number, name) in names.iter().enumerate() {
            done(number, total);
            let environment = project.environment(files, name)?;
            if let Some(plugins) = plugins
                && environment.is_object()
            {
                let found = charts_of(files, working_directory, project, &environment, plugins)?;
                findings.extend(found);
            }
            let mut of_own = new_visit();
            // What objects build is visited once, however many build it.
            let visit = match environment.is_object() {
                true => &mut of_objects,
                false => &mut of_own,
            };
            let whose = (project, &environment);
            visit_environment(files, working_directory, whose, given, remotes, visit)?;
            findings.extend(of_own.into_findings());
        }
        findings.extend(of_objects.into_findings());
        let library = SourceStore::new(files, working_directory, Restriction::None);
        let library = library.sharing(Arc::clone(remotes));
        definitions_of(&library, &project.root, &project.crds)?;
    }
    let mut visit = new_visit();
    for (number, directory) in directories.iter().enumerate() {
        done(names.len() + number, total);
        let library = SourceStore::new(files, working_directory, Restriction::None);
        let library = library.sharing(Arc::clone(remotes));
        let visited = library
            .open(directory)
            .and_then(|loader| visit.kustomization(&loader))
            .map_err(|error| error.locate(|place| library.locate(place)));
        match visited {
            // One that does not build is for the build to judge, unless there is nothing else.
            Err(error) if error.kind() != Kind::Load => findings.push(unread(&error)),
            visited => visited?,
        }
    }
    findings.extend(visit.into_findings());
    let mut said = BTreeSet::new();
    findings.retain(|finding| {
        let place = finding.place.as_ref();
        let place = place.map(|place| (place.file.clone(), place.span.line, place.span.column));
        said.insert((place, finding.message.clone()))
    });
    Ok(findings)
}

fn visit_environment(
    files: &dyn Files,
    working_directory: &Path,
    (project, environment): (&Project, &Environment),
    given: &Values,
    remotes: &Arc<Remotes>,
    visit: &mut Visit<'_>,
) -> Result<()> {
    // A directory that Flux or Argo CD builds may be one of plain manifests.
    let is_built = FILE_NAMES
        .iter()
        .any(|name| files.resolve(&environment.directory.join(name)).is_ok());
    if environment.is_object() && !is_built {
        return Ok(());
    }
    let values = values(files, project, environment, given)?;
    let derived = ExtendedFiles::new(files, environment);
    let templated = Templated::new(&derived, project, environment, &values);
    let library = SourceStore::new(&templated, working_directory, Restriction::None);
    let library = library.sharing(Arc::clone(remotes));
    library
        .open(&environment.directory)
        .and_then(|loader| visit.kustomization(&loader))
        .map_err(|error| error.locate(|place| library.locate(place)))
        .map_err(|error| templated.explained(error))
}

/// Fetches the charts of an environment that is an object; what makes a chart unknown is found.
fn charts_of(
    files: &dyn Files,
    working_directory: &Path,
    project: &Project,
    environment: &Environment,
    plugins: &plugin::Options,
) -> Result<Vec<Finding>> {
    let options = Options {
        plugins: plugins.clone(),
        ..Options::default()
    };
    match render(files, working_directory, project, environment, &options) {
        Ok(rendered) => {
            let mut findings = rendered.findings;
            findings.retain(|finding| finding.rule == NOT_RENDERED);
            Ok(findings)
        }
        Err(error) if error.kind() == Kind::Load => Err(error),
        Err(error) => Ok(vec![unread(&error)]),
    }
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
    let finding =
        Finding::warning("unread-kustomization", message).help("fix it, and run the command again");
    match error.place() {
        Some(place) => finding.at(place.clone()),
        None => finding,
    }
}
