//! Applies the `scripts:` of an environment to files as they are read: manifests, patches, the
//! kustomization itself.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::provenance::{Base, Remembered, Run, Scripted, Within, written};
use super::script_files::ProjectFiles;
use super::settings::{entry, place_of_entry, says};
use super::{Environment, Project, ScriptUse};
use crate::error::{Error, Kind, Result, nearest};
use crate::finding::Finding;
use crate::load::{FileKind, Files, Memory, Overlay, is_outside, normalized, unreadable};
use crate::place::Place;
use crate::yaml::{Inset, Node, Text};
use crate::yq::{Source, apply};
use kustom_yaml::{Wildcards, matches_pattern};

/// The files that the scripts of an environment change, as they are then.
pub(super) fn changed(
    view: &dyn Files,
    project: &Project,
    environment: &Environment,
) -> Result<(Memory, Vec<Finding>)> {
    let mut files = Overlay {
        upper: Memory::default(),
        lower: &project.within(view),
    };
    let mut findings = Vec::new();
    for script in &environment.settings.scripts {
        for path in targets(&files, project, environment, script)? {
            // A file that two scripts change is changed by the second as the first has left it.
            let (made, found) = run(&files, project, environment, script, &path)?;
            findings.extend(found);
            files
                .upper
                .insert_made(path, made.content.clone(), Arc::new(made));
        }
    }
    Ok((files.upper, findings))
}

/// The script files that environments use by name, so that they are no orphans.
pub(super) fn named_scripts(environment: &Environment) -> Vec<PathBuf> {
    let scripts = environment.settings.scripts.iter();
    let named = scripts.filter_map(|one| one.script.as_ref());
    named
        .map(|path| normalized(&environment.directory.join(path)))
        .collect()
}

/// The files that a script is for.
fn targets(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
    script: &ScriptUse,
) -> Result<Vec<PathBuf>> {
    let wrong = |message: String| {
        Error::new(Kind::Project, message).at(place(files, project, environment, script, "file"))
    };
    let wanted = normalized(&environment.directory.join(&script.file));
    if !wanted.starts_with(&project.root) {
        return Err(wrong(format!("`{}` leads out of the project", script.file)));
    }
    let directory = wanted.parent().unwrap_or(&project.root);
    let pattern = wanted.file_name().unwrap_or_default().to_string_lossy();
    let names = || files.list(directory).unwrap_or_default();
    let fitting: Vec<String> = match pattern.contains('*') {
        true => {
            let fits = |name: &String| matches_pattern(&pattern, name, Wildcards::Star);
            names().into_iter().filter(fits).collect()
        }
        false => vec![pattern.clone().into_owned()],
    };
    let mut found = Vec::new();
    for name in &fitting {
        match files.resolve(&directory.join(name)) {
            Ok((path, FileKind::File)) => found.push(path),
            Err(cause) if is_outside(&cause) => {
                let shown = project.shown(&directory.join(name));
                return Err(unreadable(&shown, cause).at(place(
                    files,
                    project,
                    environment,
                    script,
                    "file",
                )));
            }
            _ => {}
        }
    }
    if !found.is_empty() {
        return Ok(found);
    }
    let error = wrong(format!("there is no `{}` for this script", script.file));
    Err(
        match nearest(&pattern, names().iter().map(String::as_str)) {
            Some(near) => {
                let near = Path::new(&script.file).with_file_name(near);
                error.help(format!("did you mean `{}`?", near.display()))
            }
            None => error.help("a file is named relative to the environment's directory"),
        },
    )
}

fn run(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
    script: &ScriptUse,
    path: &Path,
) -> Result<(Scripted, Vec<Finding>)> {
    let (mut run, directory) = read_script(files, project, environment, script)?;
    let content = files
        .read(path)
        .map_err(|cause| cannot_read(project, path, cause))?;
    let shown = project.shown(&files.editable_path(path));
    let loader = ProjectFiles::new(files, &project.root, &directory);
    let loader = Remembered::new(&loader);
    let source = Source {
        name: &run.name,
        bytes: &run.bytes,
    };
    let input = Source {
        name: &shown,
        bytes: &content,
    };
    let applied = apply(source, input, &loader).map_err(|error| {
        let made = files.provenance(path);
        error.locate(|place| {
            *place = run.place_in_file(std::mem::take(place));
            written(made.as_deref(), input.name, place);
        })
    })?;
    let mut findings = applied.findings;
    for place in findings.iter_mut().flat_map(Finding::places_mut) {
        *place = run.place_in_file(std::mem::take(place));
    }
    run.loaded = loader.into_loaded();
    let base = Base {
        name: shown.into(),
        content: content.into(),
        provenance: files.provenance(path),
    };
    Ok((
        Scripted::new(base, Some(run), applied.content.into()),
        findings,
    ))
}

/// A script, and the directory that it reads other files from.
fn read_script(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
    script: &ScriptUse,
) -> Result<(Run, PathBuf)> {
    let run = |name: String, bytes: Vec<u8>| Run {
        name,
        bytes,
        loaded: BTreeMap::new(),
        within: None,
    };
    match (&script.script, &script.expression) {
        (Some(file), _) => {
            let place = || place(files, project, environment, script, "script");
            let file = normalized(&environment.directory.join(file));
            let bytes = files
                .read(&file)
                .map_err(|cause| no_script(files, project, &file, cause).at(place()))?;
            let name = project.shown(&files.editable_path(&file));
            let directory = file.parent().unwrap_or(&project.root).to_path_buf();
            Ok((run(name, bytes), directory))
        }
        (None, text) => {
            // The end of the name says that it is an expression.
            let name = format!("{}.yq", project.shown(&environment.file()));
            let bytes = text.clone().unwrap_or_default().into_bytes();
            let within = within(files, project, environment, script);
            let run = Run {
                within,
                ..run(name, bytes)
            };
            Ok((run, environment.directory.clone()))
        }
    }
}

/// Where the lines of an expression stand, which is written into the settings.
fn within(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
    script: &ScriptUse,
) -> Option<Within> {
    let (path, entry) = entry(files, environment, "scripts", &is_entry(script))?;
    let text = Text::of(entry.get("expression")?);
    let file = files.read(&path).unwrap_or_default();
    Some(Within {
        file: project.shown(&path).into(),
        inset: Inset::new(&String::from_utf8_lossy(&file), &text),
    })
}

/// A file of a script that is not there, or that cannot be read.
fn no_script(files: &dyn Files, project: &Project, path: &Path, cause: io::Error) -> Error {
    if cause.kind() != io::ErrorKind::NotFound {
        return cannot_read(project, path, cause);
    }
    let message = format!("there is no script `{}`", project.shown(path));
    let error = Error::new(Kind::Load, message).caused_by(cause);
    let directory = path.parent().unwrap_or(&project.root);
    let names = files.list(directory).unwrap_or_default();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match nearest(&name, names.iter().map(String::as_str)) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error.help("a script is named relative to the environment's directory"),
    }
}

fn cannot_read(project: &Project, path: &Path, cause: io::Error) -> Error {
    unreadable(&project.shown(path), cause)
}

/// Where a script is used, or a field of its entry.
fn place(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
    script: &ScriptUse,
    field: &str,
) -> Place {
    let fits = is_entry(script);
    project.place(place_of_entry(files, environment, "scripts", field, &fits))
}

/// Whether an entry of `scripts` is this one.
fn is_entry(script: &ScriptUse) -> impl Fn(&Node) -> bool {
    |entry| {
        says(entry, "file", Some(&script.file))
            && says(entry, "script", script.script.as_deref())
            && says(entry, "expression", script.expression.as_deref())
    }
}
