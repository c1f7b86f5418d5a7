//! An environment, explained.

use std::path::Path;

use super::{Environment, Options, Project, kinds, render_observed};
use crate::build::Observer;
use crate::error::Result;
use crate::explain::{Explained, Recorder, Texts};
use crate::load::{Cached, Files, display_from};
use crate::resource::Resource;

/// Renders an environment, and explains what each of its values comes from.
///
/// # Errors
///
/// As [`render`](super::render()).
pub fn explain_environment(
    files: &dyn Files,
    working_directory: &Path,
    project: &Project,
    environment: &Environment,
    options: &Options<'_>,
) -> Result<Explained> {
    explain_objects(files, working_directory, project, environment, options).map(|both| both.0)
}

/// The same, with the objects that were rendered.
///
/// # Errors
///
/// As [`render`](super::render()).
pub fn explain_objects(
    files: &dyn Files,
    working_directory: &Path,
    project: &Project,
    environment: &Environment,
    options: &Options<'_>,
) -> Result<(Explained, Vec<Resource>)> {
    let cached = Cached::new(files);
    let options = Options {
        // Places in patches of a kustomization are those of the kustomization.
        lint: true,
        ..options.clone()
    };
    let mut recorder = Recorder::default();
    let observer = Some(&mut recorder as &mut dyn Observer);
    let rendered = render_observed(
        &cached,
        working_directory,
        project,
        environment,
        &options,
        observer,
    )?;
    let mut texts = Texts::default();
    let made = rendered.files.iter();
    for (path, content) in made {
        texts.add(path, [], content.into());
    }
    for (path, content) in cached.contents() {
        let inside = path.strip_prefix(working_directory).unwrap_or(&path);
        let names = [
            inside.to_string_lossy(),
            display_from(working_directory, &path).into(),
            project.shown(&path).into(),
        ];
        let names = names.iter().map(|name| &**name);
        texts.add(&path, names, content);
    }
    let explained = Explained::new(recorder, &rendered.resources, rendered.sources, texts)?;
    let kinds = kinds::known(&cached, project, environment)?;
    let explained = explained.with_findings(rendered.findings).knowing(kinds);
    Ok((explained, rendered.resources))
}
