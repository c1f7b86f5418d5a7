//! Secrets: laid out from the boilerplate, filled by people, and never tracked by git.

use std::path::{Path, PathBuf};

use super::{Environment, Project, Secrets};
use crate::error::{Error, Kind, Result};
use crate::load::{Files, Memory};

/// A file of the boilerplate, and where its filled twin belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaidOut {
    /// Where it belongs.
    pub path: PathBuf,
    /// The placeholder.
    pub content: Vec<u8>,
}

/// The files of the boilerplate that an environment has not yet, ready to be filled in.
///
/// Nothing is written: what to do with them is up to the caller.
///
/// # Errors
///
/// If there is no boilerplate, or it cannot be read.
pub fn lay_out(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
) -> Result<Vec<LaidOut>> {
    let Some(boilerplate) = &project.boilerplate else {
        return Err(
            Error::new(Kind::Secret, "the project has no boilerplate for secrets")
                .help("make a directory `secrets-boilerplate`, with one file for each key"),
        );
    };
    let mut laid_out = Vec::new();
    for file in boilerplate_files(files, boilerplate)? {
        let path = environment.directory.join("secrets").join(&file);
        if files.resolve(&path).is_err() {
            let content = files.read(&boilerplate.join(&file)).map_err(|cause| {
                let message = format!("cannot read the boilerplate `{}`", file.display());
                Error::new(Kind::Load, message).caused_by(cause)
            })?;
            laid_out.push(LaidOut { path, content });
        }
    }
    Ok(laid_out)
}

/// The placeholders of an environment that says they will do.
pub(super) fn placeholders(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
) -> Result<Memory> {
    let mut memory = Memory::default();
    if environment.settings.secrets == Secrets::Placeholder && project.boilerplate.is_some() {
        for file in lay_out(files, project, environment)? {
            memory.insert(file.path, file.content);
        }
    }
    Ok(memory)
}

/// The files in the folders of the boilerplate; what lies beside the folders explains them.
fn boilerplate_files(files: &dyn Files, boilerplate: &Path) -> Result<Vec<PathBuf>> {
    let all = files.walk(boilerplate).map_err(|cause| {
        let message = format!("cannot list `{}`", boilerplate.display());
        Error::new(Kind::Load, message).caused_by(cause)
    })?;
    Ok(all
        .into_iter()
        .filter(|file| file.components().count() > 1)
        .collect())
}

/// Stops if git tracks a file of the environment's secrets.
///
/// # Errors
///
/// Names every such file, and none of their contents.
pub(super) fn refuse_tracked(
    environment: &Environment,
    tracked: &[PathBuf],
    shown: &dyn Fn(&Path) -> String,
) -> Result<()> {
    let secrets = environment.directory.join("secrets");
    let found: Vec<String> = tracked
        .iter()
        .filter(|path| path.starts_with(&secrets))
        .map(|path| shown(path))
        .collect();
    if found.is_empty() {
        return Ok(());
    }
    let message = match found.as_slice() {
        [only] => format!("git tracks the secret `{only}`"),
        several => format!(
            "git tracks {} secrets: `{}`",
            several.len(),
            several.join("`, `")
        ),
    };
    Err(Error::new(Kind::Secret, message).help(format!(
        "take it out with `git rm --cached {}`, add it to .gitignore, and replace the secret: \
         whoever can read the repository knows it",
        found[0]
    )))
}
