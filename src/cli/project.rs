//! Finds the project that a command works on.

use std::path::{Path, PathBuf};

use kustom::error::{Error, Kind, Result, nearest};
use kustom::load::{Disk, Files, WorkTree, display_from, files_below, normalized};
use kustom::project::{GuardPolicy, Project};

use super::build::{canonical, working_directory};

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
    answer: Result<T>,
    files: &dyn Files,
    project: &Project,
    names: &[String],
) -> Result<Option<T>> {
    answer.map(Some).or_else(|error| {
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

/// The roots of the projects that a directory stands for, and what stands before the names of
/// their environments: that of the project that it belongs to, with nothing before them or, where
/// it belongs to none, those of all below it.
pub(super) fn roots(start: &Path) -> Result<Vec<(PathBuf, String)>> {
    if let Some(project) = Project::find_if_any(&Disk, start)? {
        return Ok(vec![(project.root, String::new())]);
    }
    let tree = WorkTree::discover(start)?;
    let below = Project::below(&Disk, &files_below(start, tree.as_ref())?)?;
    let named = |project: Project| {
        let prefix = format!("{}/", display_from(start, &project.root));
        (project.root, prefix)
    };
    match below.is_empty() {
        true => Project::find(&Disk, start).map(|project| vec![(project.root, String::new())]),
        false => Ok(below.into_iter().map(named).collect()),
    }
}

/// That no project has an environment of a name.
pub(super) fn no_environment(roots: &[(PathBuf, String)], label: &str) -> Error {
    let mut known = Vec::new();
    for (root, prefix) in roots {
        let project = Project::find(&Disk, root);
        let names = project.map(|it| it.names(&Disk)).unwrap_or_default();
        known.extend(names.iter().map(|name| format!("{prefix}{name}")));
    }
    let error = Error::new(Kind::Project, format!("there is no environment `{label}`"));
    // A path may lead elsewhere and still end in the name that is meant.
    let last = label.trim_end_matches('/').rsplit('/').next();
    let near = known.iter().find(|name| Some(name.as_str()) == last);
    let near = near.map(String::as_str);
    match near.or_else(|| nearest(label, known.iter().map(String::as_str))) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None if known.is_empty() => error.help("`kustom init` writes three to begin with"),
        None => error.help(format!("there are `{}`", known.join("`, `"))),
    }
}

/// The project of an environment, and its name there: where no project is, `services/shop/testing`
/// is the environment `testing` of the project in `services/shop`.
pub(super) fn find_environment(
    files: &dyn Files,
    here: &Path,
    directory: Option<&Path>,
    label: &str,
) -> Result<(Project, String)> {
    let start = match directory {
        Some(directory) => canonical(&here.join(directory), directory)?,
        None => here.to_path_buf(),
    };
    if let Ok(Some(project)) = Project::find_if_any(files, &start)
        && let Some(name) = named_by_path(&project, here, label)
    {
        return Ok((project.seen_from(here), name));
    }
    if let Some((prefix, name)) = label.rsplit_once('/')
        && Project::find_if_any(files, &start)?.is_none()
    {
        let known = roots(&start)?;
        let wanted = format!("{prefix}/");
        let found = known.iter().find(|(_, prefix)| *prefix == wanted);
        return match (found, &known[..]) {
            (Some((root, _)), _) => Ok((find(files, here, Some(root))?, name.to_owned())),
            // That of the repository, whose names may have slashes.
            (None, [(_, prefix)]) if prefix.is_empty() => {
                Ok((find(files, here, directory)?, label.to_owned()))
            }
            (None, _) => Err(no_environment(&known, label)),
        };
    }
    Ok((find(files, here, directory)?, label.to_owned()))
}

/// The name of an environment that is named by its directory, as the shell completes it.
pub(super) fn named_by_path(project: &Project, here: &Path, label: &str) -> Option<String> {
    if !label.contains('/') {
        return None;
    }
    let path = normalized(&here.join(label));
    let is_beside = path.parent() == Some(project.environments.as_path());
    let name = path.file_name()?.to_str()?;
    is_beside.then(|| name.to_owned())
}

/// The command that renders what a word may mean that is no command: an environment, by its name or
/// its directory, or a directory with a kustomization.
pub(super) fn meant_by(word: &str) -> Option<String> {
    let here = working_directory().ok()?;
    let project = Project::find_if_any(&Disk, &here).ok().flatten();
    let name = project.and_then(|project| {
        let names = project.names(&Disk);
        let word = named_by_path(&project, &here, word).unwrap_or_else(|| word.to_owned());
        nearest(&word, names.iter().map(String::as_str)).map(str::to_owned)
    });
    match name {
        Some(name) => Some(format!("kustom render {name}")),
        None => here
            .join(word)
            .is_dir()
            .then(|| format!("kustom build {word}")),
    }
}

fn from_here(here: &Path, start: &Path, file: &str) -> std::sync::Arc<str> {
    display_from(here, &normalized(&start.join(file))).into()
}
