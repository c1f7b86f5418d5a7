//! Checks git's index: files that are tracked, or would be, and must not be.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::display_from;
use crate::error::Result;
use crate::finding::Finding;
use crate::guard::{generator_files, is_placeholder, is_protected};
use crate::kustomization::FILE_NAMES;
use crate::load::{Disk, Files, WorkTree, normalized};
use crate::place::Place;
use crate::project::{Environment, Project, explains, secret_files};
use crate::template::Values;

/// The files of `secretGenerator`s that git tracks, below a directory.
///
/// Each is reported where it is named and where it is. One that holds only a placeholder is a
/// warning: once filled in, it would be committed. One that is encrypted or public is left alone.
///
/// # Errors
///
/// If the index or an object cannot be read.
pub fn tracked_generator_files(tree: &WorkTree, below: &Path, here: &Path) -> Result<Vec<Finding>> {
    let tracked = tree.tracked(tree.root())?;
    let paths: HashSet<&Path> = tracked.iter().map(|file| file.path.as_path()).collect();
    let blobs = tree.blobs();
    let mut findings = Vec::new();
    for file in tracked.iter().filter(|file| file.path.starts_with(below)) {
        let name = file.path.file_name().unwrap_or_default();
        if !FILE_NAMES.iter().any(|known| name == *known) {
            continue;
        }
        let Ok(text) = String::from_utf8(blobs.read(file.blob)?) else {
            continue;
        };
        let directory = file.path.parent().unwrap_or(tree.root());
        for reference in generator_files(&text) {
            let path = normalized(&directory.join(&reference.file));
            if !paths.contains(path.as_path()) {
                continue;
            }
            let content = Disk.read(&path).unwrap_or_default();
            let content = String::from_utf8_lossy(&content);
            if is_protected(&content) {
                continue;
            }
            let (named, generator) = (display_from(here, &path), &reference.generator);
            let message =
                format!("git tracks `{named}`, which the secret `{generator}` is made of");
            let finding = if is_placeholder(&content) {
                Finding::warning("tracked-generator-file", message)
                    .help("it holds only a placeholder; whoever fills it in commits a secret")
            } else {
                Finding::error("tracked-generator-file", message).help(take_out(&named))
            };
            let mut finding = finding.at(Place::in_file(
                display_from(here, &file.path),
                reference.span,
            ));
            finding.others.push(Place::file(named));
            findings.push(finding);
        }
    }
    Ok(findings)
}

/// The secrets of environments that git tracks: those below `secrets/`, and those that bases and
/// components name beside themselves.
///
/// # Errors
///
/// If the index, an object or the boilerplate cannot be read.
pub fn tracked_secrets(
    files: &dyn Files,
    tree: &WorkTree,
    project: &Project,
    environments: &[Environment],
    here: &Path,
) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut directories = HashSet::new();
    let mut named = HashSet::new();
    for environment in environments {
        directories.insert(environment.directory.join("secrets"));
        let secrets = secret_files(files, project, environment, &Values::default())?;
        named.extend(secrets.into_iter().map(|file| file.path));
    }
    let blobs = tree.blobs();
    for file in tree.tracked(tree.root())? {
        let mut above = file.path.ancestors();
        let is_secret = named.contains(&file.path) || above.any(|path| directories.contains(path));
        if !is_secret || explains(&file.path) {
            continue;
        }
        let content = blobs.read(file.blob)?;
        if is_protected(&String::from_utf8_lossy(&content)) {
            continue;
        }
        let named = display_from(here, &file.path);
        let message = format!("git tracks the secret `{named}`");
        findings.push(
            Finding::error("tracked-secret", message)
                .at(Place::file(named.as_str()))
                .help(take_out(&named)),
        );
    }
    Ok(findings)
}

/// The environments with files that are filled in or rendered, and that no `.gitignore` covers; what they share is
/// said once.
///
/// They are those of the boilerplate, those that the kustomization names, and the configs.
///
/// # Errors
///
/// If the index, a `.gitignore` or the boilerplate cannot be read.
pub fn unignored(
    files: &dyn Files,
    tree: &WorkTree,
    project: &Project,
    environments: &[Environment],
    here: &Path,
) -> Result<Vec<Finding>> {
    // What is encrypted is there to be committed.
    let is_open = |path: &PathBuf| {
        let content = project.read_own(files, path).unwrap_or_default();
        !is_protected(&String::from_utf8_lossy(&content))
    };
    let mut filled = Vec::with_capacity(environments.len());
    for environment in environments {
        let mut own = filled_files(files, project, environment)?;
        own.retain(is_open);
        filled.push(own);
    }
    // Each question reads the whole index, so there is one for all.
    let mut ignored = tree.ignored(&filled.concat())?.into_iter();
    let mut findings = Vec::new();
    let mut told = HashSet::new();
    for (environment, files) in environments.iter().zip(&filled) {
        let mut open = files.clone();
        open.retain(|_| !ignored.next().unwrap_or(false));
        for finding in uncovered(files, &open, environment, here) {
            if told.insert(finding.message.clone()) {
                findings.push(finding);
            }
        }
    }
    Ok(findings)
}

/// The directories of an environment's files with some that are open: that no `.gitignore` covers.
fn uncovered(
    files: &[PathBuf],
    open: &[PathBuf],
    environment: &Environment,
    here: &Path,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (directory, what) in filled_directories(files, environment) {
        let mut open = open.iter().filter(|file| file.starts_with(&directory));
        let Some(first) = open.next() else {
            continue;
        };
        let more = match open.count() {
            0 => String::new(),
            count => format!(" and {count} more"),
        };
        let parent = directory.parent().unwrap_or(&directory);
        let part = directory.file_name().unwrap_or_default().to_string_lossy();
        let ignore = display_from(here, &parent.join(".gitignore"));
        // What several environments share is said once, by its own directory.
        let whose = match directory.starts_with(&environment.directory) {
            true => environment.name.clone(),
            false => display_from(here, parent),
        };
        let message = format!(
            "no `.gitignore` covers the {what} of `{whose}`: `{}`{more}",
            display_from(here, first)
        );
        findings.push(
            Finding::warning("unignored-secrets", message)
                .at(Place::file(ignore.as_str()))
                .help(format!("add the line `/{part}/` to `{ignore}`")),
        );
    }
    findings
}

/// The files that are filled in or rendered for an environment, whether they are there or not.
fn filled_files(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
) -> Result<Vec<PathBuf>> {
    let secrets = secret_files(files, project, environment, &Values::default())?;
    let mut filled: Vec<PathBuf> = secrets.into_iter().map(|file| file.path).collect();
    let scripts = environment.directory.join("yq_scripts");
    let scripts = project.within(files).walk(&scripts).unwrap_or_default();
    let configs = environment.directory.join("configs");
    filled.extend(scripts.iter().map(|file| configs.join(file)));
    Ok(filled)
}

/// The directories of filled and rendered files, and what they hold.
fn filled_directories(
    files: &[PathBuf],
    environment: &Environment,
) -> Vec<(PathBuf, &'static str)> {
    let mut directories = vec![
        (environment.directory.join("secrets"), "secrets"),
        (environment.directory.join("configs"), "rendered configs"),
    ];
    for file in files {
        let is_known = |(known, _): &(PathBuf, &str)| file.starts_with(known);
        if !directories.iter().any(is_known) {
            let mut above = file.ancestors().skip(1);
            let secrets = above.find(|path| path.file_name().is_some_and(|it| it == "secrets"));
            let directory = secrets.or_else(|| file.parent()).unwrap_or(file);
            directories.push((directory.to_path_buf(), "secrets"));
        }
    }
    directories
}

fn take_out(named: &str) -> String {
    format!(
        "remove it with `git rm --cached {named}`, add it to .gitignore, and replace the secret: \
         whoever can read the repository knows it"
    )
}
