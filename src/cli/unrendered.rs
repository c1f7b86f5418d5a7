//! Explains errors of `build` about files that only `render` would make.

use std::path::Path;

use kustom::error::{Error, Kind};
use kustom::load::{Files, normalized};
use kustom::project::{Options, Project, Secrets, render};

/// Tells of `render`, if what cannot be built is an environment that can be rendered.
///
/// A build sees the disk alone; configs, templates and secrets are made in memory.
pub(super) fn explained(error: Error, files: &dyn Files, here: &Path, target: &Path) -> Error {
    if error.kind() != Kind::Load {
        return error;
    }
    match rendered_name(files, &normalized(&here.join(target))) {
        Some(name) => error.advise(format!(
            "run `kustom render {name}`, which makes it in memory; `kustom build` reads only what \
             is on disk"
        )),
        None => error,
    }
}

/// The name of the environment of a directory, if it renders.
fn rendered_name(files: &dyn Files, directory: &Path) -> Option<String> {
    let project = Project::find_if_any(files, directory).ok()??;
    if directory.parent() != Some(&project.environments) {
        return None;
    }
    let name = directory.file_name()?.to_str()?;
    let environment = project.environment(files, name).ok()?;
    let options = Options {
        secrets: Some(Secrets::Omit),
        ..Options::default()
    };
    let rendered = render(files, directory, &project, &environment, &options);
    rendered.is_ok().then(|| name.to_owned())
}
