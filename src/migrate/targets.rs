//! Finds what is to be migrated: scripts in a directory, directories of environments, what a script
//! is called with.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::run::{Run, Search};
use super::script::{Call, Script, is_makefile};
use super::value::{Unknown, marks};
use crate::error::{Error, Kind, Result};
use crate::kustomization::FILE_NAMES;
use crate::load::{FileKind, Files, display_from};
use crate::yaml::{Options, read};

/// Where scripts of a deployment are kept.
const PLACES: [&str; 9] = [
    "", "hack", "scripts", "script", "bin", "ci", "build", "deploy", "tools",
];
/// What directories of environments are called.
pub const ENVIRONMENT_DIRECTORIES: [&str; 6] = [
    "environments",
    "overlays",
    "envs",
    "env",
    "clusters",
    "stages",
];
/// How deep they are looked for.
const DEEPEST: usize = 3;
/// How many directories are looked into.
const MOST: usize = 2000;

/// The script of a directory, if it has one.
///
/// # Errors
///
/// If there are several, of which none calls the others.
pub(super) fn script_in(
    files: &dyn Files,
    here: &Path,
    directory: &Path,
) -> Result<Option<PathBuf>> {
    let mut found: Vec<(PathBuf, String)> = Vec::new();
    for place in PLACES {
        let place = directory.join(place);
        for name in files.list(&place).unwrap_or_default() {
            let path = place.join(&name);
            let is_script = name.ends_with(".sh") || name.ends_with(".bash") || is_makefile(&path);
            if !is_script || !matches!(files.resolve(&path), Ok((_, FileKind::File))) {
                continue;
            }
            let text = String::from_utf8_lossy(&files.read(&path).unwrap_or_default()).into_owned();
            let code: Vec<&str> = text
                .lines()
                .filter(|line| !line.trim_start().starts_with('#'))
                .collect();
            let code = code.join("\n");
            let builds = [
                "kustomize build",
                "kubectl kustomize",
                "KUSTOMIZE",
                " -k ",
                "yq ",
            ]
            .iter()
            .any(|word| code.contains(word));
            if builds {
                found.push((path, code));
            }
        }
    }
    // A script that another one calls is followed with it.
    let is_called = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        found
            .iter()
            .any(|(other, text)| other != path && text.contains(&*name))
    };
    let first: Vec<&PathBuf> = found
        .iter()
        .map(|(path, _)| path)
        .filter(|path| !is_called(path))
        .collect();
    match &first[..] {
        [] => Ok(None),
        [only] => Ok(Some((*only).clone())),
        several => Err(
            one_too_many("scripts that may build", several.iter().copied(), here)
                .help("name the one that renders, or the directory of the environments"),
        ),
    }
}

/// Whether a directory holds a kustomization, and no component.
pub(super) fn is_kustomization(files: &dyn Files, directory: &Path) -> bool {
    FILE_NAMES.iter().any(|name| {
        let Ok(bytes) = files.read(&directory.join(name)) else {
            return false;
        };
        let text = String::from_utf8_lossy(&bytes);
        let documents = read(&text, &Options::default()).unwrap_or_default();
        let kind = documents
            .first()
            .and_then(|root| root.get("kind"))
            .and_then(|it| it.text());
        kind != Some("Component")
    })
}

/// The directories in one that are environments.
pub(super) fn environments_in(files: &dyn Files, directory: &Path) -> Vec<PathBuf> {
    let names = files.list(directory).unwrap_or_default();
    let all = names
        .into_iter()
        .filter(|name| name != "base" && name != "components");
    all.map(|name| directory.join(name))
        .filter(|path| is_kustomization(files, path))
        .collect()
}

/// The directory of environments in or below one.
///
/// # Errors
///
/// If there is none, or no single best one.
pub(super) fn environments(files: &dyn Files, here: &Path, directory: &Path) -> Result<PathBuf> {
    let is_named = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        ENVIRONMENT_DIRECTORIES.contains(&&*name)
    };
    if is_named(directory) && !environments_in(files, directory).is_empty() {
        return Ok(directory.to_path_buf());
    }
    let mut found = Vec::new();
    let mut waiting = vec![(directory.to_path_buf(), 0)];
    let mut looked = 0;
    while let Some((path, depth)) = waiting.pop() {
        looked += 1;
        if looked > MOST {
            break;
        }
        if is_named(&path) && !environments_in(files, &path).is_empty() {
            found.push(path.clone());
            continue;
        }
        if depth < DEEPEST {
            let names = files.list(&path).unwrap_or_default();
            let shows = |name: &String| {
                !name.starts_with('.') && name != "node_modules" && name != "vendor"
            };
            for name in names.into_iter().filter(shows) {
                let inside = path.join(name);
                if matches!(files.resolve(&inside), Ok((_, FileKind::Directory))) {
                    waiting.push((inside, depth + 1));
                }
            }
        }
    }
    found.sort();
    match &found[..] {
        [only] => Ok(only.clone()),
        [] if !environments_in(files, directory).is_empty() => Ok(directory.to_path_buf()),
        [] => {
            let shown = display_from(here, directory);
            let message =
                format!("`{shown}` has no script that builds, and no directory of environments");
            Err(Error::new(Kind::Script, message).help(format!(
                "name a script, or a directory such as `{}` with a kustomization in each directory \
                 in it",
                ENVIRONMENT_DIRECTORIES[1]
            )))
        }
        several => Err(
            one_too_many("directories of environments", several.iter(), here)
                .help("name one of them; each becomes a project of its own"),
        ),
    }
}

/// Several of what there may be one of.
fn one_too_many<'p>(
    what: &str,
    paths: impl ExactSizeIterator<Item = &'p PathBuf>,
    here: &Path,
) -> Error {
    let count = paths.len();
    let names: Vec<String> = paths.map(|path| display_from(here, path)).collect();
    let message = format!("there are {count} {what}: `{}`", names.join("`, `"));
    Error::new(Kind::Script, message)
}

/// What a script is to be called with, if it needs to be told.
pub(super) fn calls(files: &dyn Files, script: &Script) -> Result<Vec<Call>> {
    let plain = script.run(files, Search::Yes, &Call::default())?;
    let found = explored(files, script, Search::Yes, &Call::default(), 0)?;
    if !found.is_empty() {
        return Ok(found);
    }
    if plain.trace.builds.is_empty() {
        return explored(files, script, Search::Defaults, &Call::default(), 0);
    }
    // A default is one of many values if there are many that fit.
    let open = script.run(files, Search::Defaults, &Call::default())?;
    let found = candidates(files, &open, &Call::default());
    let built: BTreeSet<&Path> = plain
        .trace
        .builds
        .iter()
        .map(|one| one.directory.as_path())
        .collect();
    let mut covered = BTreeSet::new();
    for call in &found {
        let run = script.run(files, Search::No, call)?;
        covered.extend(run.trace.builds.iter().map(|one| one.directory.clone()));
    }
    let covers = built.iter().all(|directory| covered.contains(*directory));
    Ok(
        match !covered.is_empty() && covers && covered.len() > built.len() {
            true => found,
            false => Vec::new(),
        },
    )
}

/// What a script is called with for an environment: its name, for the parameter that is asked for.
pub(super) fn call_for(files: &dyn Files, script: &Script, name: &str) -> Result<Call> {
    for search in [Search::Yes, Search::Defaults] {
        let run = script.run(files, search, &Call::default())?;
        if let Some(call) = candidates(files, &run, &Call::default()).first() {
            let variable = call.variables.keys().next();
            let parameter = variable.map_or("1", String::as_str);
            return Ok(Call::default().with(parameter, name).unwrap_or_default());
        }
    }
    Ok(match script.is_makefile() {
        true => Call::default(),
        false => Call::default().with("1", name).unwrap_or_default(),
    })
}

/// Calls that were found with what is known of one: by paths that have an unknown part, or by words
/// that an argument is compared with, one argument after the other.
fn explored(
    files: &dyn Files,
    script: &Script,
    search: Search,
    call: &Call,
    depth: usize,
) -> Result<Vec<Call>> {
    const DEEPEST: usize = 3;
    const MOST: usize = 30;
    let run = script.run(files, search, call)?;
    let found = candidates(files, &run, call);
    if !found.is_empty() {
        return Ok(found);
    }
    if depth > 0 && !run.trace.builds.is_empty() {
        return Ok(vec![call.clone()]);
    }
    let mut all = Vec::new();
    for (number, words) in &run.trace.choices {
        let Some(Unknown::Parameter(name)) = run.unknown.get(*number) else {
            continue;
        };
        let words = words
            .iter()
            .filter(|word| !word.starts_with('-'))
            .take(MOST);
        for next in words.filter_map(|word| call.with(name, word)) {
            if depth < DEEPEST {
                all.extend(explored(files, script, search, &next, depth + 1)?);
            }
        }
        if !all.is_empty() {
            break;
        }
    }
    Ok(all)
}

/// Calls with the values that one parameter may have, for which a path leads to a kustomization.
fn candidates(files: &dyn Files, run: &Run<'_>, call: &Call) -> Vec<Call> {
    for path in &run.trace.paths {
        let numbers: BTreeSet<usize> = marks(path).into_iter().collect();
        let [number] = numbers.into_iter().collect::<Vec<_>>()[..] else {
            continue;
        };
        let Some(Unknown::Parameter(name)) = run.unknown.get(number) else {
            continue;
        };
        let mut values: BTreeSet<String> = fitting(files, path, number).into_iter().collect();
        if values.is_empty() {
            continue;
        }
        if let Some(chosen) = run.trace.choices.get(&number) {
            let of_words = chosen.iter().filter(|word| values.contains(*word)).count();
            // What it is compared with need not be the name of a directory.
            if of_words == 0 {
                values.extend(chosen.iter().cloned());
            }
        }
        let calls: Option<Vec<Call>> = values.iter().map(|value| call.with(name, value)).collect();
        if let Some(calls) = calls {
            return calls;
        }
    }
    Vec::new()
}

/// The values of a parameter for which a path leads to a kustomization, or into the directory of one.
fn fitting(files: &dyn Files, path: &str, number: usize) -> Vec<String> {
    let mark = super::value::mark(number);
    let parts: Vec<&str> = path.split('/').collect();
    let Some(index) = parts.iter().position(|part| part.contains(&mark)) else {
        return Vec::new();
    };
    let directory = parts[..index].join("/");
    let directory = PathBuf::from(if directory.is_empty() {
        "/"
    } else {
        &directory
    });
    let Some((before, behind)) = parts[index].split_once(&mark) else {
        return Vec::new();
    };
    let rest = parts[index + 1..].join("/");
    let names = files.list(&directory).unwrap_or_default();
    let fits = |name: &String| -> Option<String> {
        let value = name.strip_prefix(before)?.strip_suffix(behind)?.to_owned();
        let at = directory.join(name);
        let whole = at.join(rest.replace(&mark, &value));
        let is_there = is_kustomization(files, &at) || is_kustomization(files, &whole);
        (is_there && !value.is_empty()).then_some(value)
    };
    names.iter().filter_map(fits).collect()
}

/// The directory that the kustomizations of all environments build on, if it is one.
pub(super) fn shared_base(files: &dyn Files, environments: &[PathBuf]) -> Option<PathBuf> {
    let mut counted: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for directory in environments {
        let bytes = FILE_NAMES
            .iter()
            .find_map(|name| files.read(&directory.join(name)).ok())?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let documents = read(&text, &Options::default()).ok()?;
        let root = documents.first()?;
        let lists = ["resources", "bases"]
            .iter()
            .filter_map(|field| root.get(field));
        for item in lists.flat_map(|list| list.items()) {
            let Some(name) = item.text() else { continue };
            if let Ok((path, FileKind::Directory)) = files.resolve(&directory.join(name)) {
                *counted.entry(path).or_default() += 1;
            }
        }
    }
    let mut all = counted
        .into_iter()
        .filter(|(_, count)| *count == environments.len());
    match (all.next(), all.next()) {
        (Some((path, _)), None) => Some(path),
        _ => None,
    }
}
