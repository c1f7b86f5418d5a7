//! Secrets: laid out from the boilerplate, filled by people, and never tracked by git.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::boilerplate::{Boilerplate, boilerplate, instruction, is_filled};
use super::derived::Derived;
use super::templates::{Templated, rendered};
use super::{Environment, Project, Secrets};
use crate::error::{Error, Kind, Result};
use crate::finding::Finding;
use crate::generate;
use crate::guard::{Guard, encryption, is_protected};
use crate::kustomization::{FILE_NAMES, Kustomization};
use crate::load::{Files, Memory, normalized};
use crate::place::{Place, SourceId};
use crate::template::Values;
use crate::yaml::{Text, config};

/// A file of the boilerplate, and where its filled twin belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaidOut {
    /// Where it belongs.
    pub path: PathBuf,
    /// The placeholder.
    pub content: Vec<u8>,
}

/// A value that a template of the boilerplate asks for and nobody has given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The keys that lead to it, with dots between them.
    pub key: String,
    /// The file that it is for.
    pub path: PathBuf,
}

/// How far a file of an environment's secrets is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It is not there.
    Missing,
    /// It is there, but still a placeholder.
    Placeholder,
    /// Somebody has filled it in, and it is encrypted: it must be decrypted to be of use.
    Encrypted,
    /// Somebody has filled it in.
    Filled,
}

/// What is known of a file of an environment's secrets; never what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretFile {
    /// Where it is, or belongs.
    pub path: PathBuf,
    /// How far it is.
    pub state: State,
    /// Whether the kustomization names it.
    pub is_used: bool,
    /// Its twin in the boilerplate, if it has one.
    pub boilerplate: Option<PathBuf>,
    /// The first instruction in the boilerplate.
    pub instruction: Option<String>,
}

impl State {
    /// Its name: `missing`, `placeholder`, `encrypted` or `filled`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Placeholder => "placeholder",
            Self::Encrypted => "encrypted",
            Self::Filled => "filled",
        }
    }
}

/// The files of the boilerplate that an environment has not yet, ready to be filled in; templates
/// are filled from the values.
///
/// Nothing is written: what to do with them is up to the caller.
///
/// # Errors
///
/// If there is no boilerplate, it cannot be read, or a template asks for a value that is missing.
pub fn lay_out(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
    values: &Values,
) -> Result<Vec<LaidOut>> {
    let mut laid_out = Vec::new();
    for file in missing(files, project, environment)? {
        let content = match file.is_template {
            true => rendered(&project.shown(&file.path), &file.bytes, values)?.into_bytes(),
            false => file.bytes,
        };
        let path = environment.directory.join("secrets").join(file.name);
        laid_out.push(LaidOut { path, content });
    }
    Ok(laid_out)
}

/// What the templates ask for that [`lay_out`] would fill in.
///
/// # Errors
///
/// If there is no boilerplate, or it cannot be read.
pub fn questions(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
    values: &Values,
) -> Result<Vec<Question>> {
    let mut questions: Vec<Question> = Vec::new();
    for file in missing(files, project, environment)? {
        for key in file.unanswered(project, values)? {
            if !questions.iter().any(|question| question.key == key) {
                let path = environment.directory.join("secrets").join(&file.name);
                questions.push(Question { key, path });
            }
        }
    }
    Ok(questions)
}

/// What is known of the files of an environment's secrets: those of the boilerplate, those that
/// the kustomization names, and those that are there; sorted by path.
///
/// # Errors
///
/// If the boilerplate or the secrets cannot be read.
pub fn secret_files(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
    values: &Values,
) -> Result<Vec<SecretFile>> {
    let derived = Derived::new(files, environment);
    let view = Templated::new(&derived, project, environment, values);
    let mut all = secret_files_in(files, project, environment, &view)?;
    instruct(files, &mut all);
    Ok(all)
}

/// Adds the instructions of the boilerplate.
fn instruct(files: &dyn Files, secrets: &mut [SecretFile]) {
    let guard = Guard::new();
    for file in secrets {
        let bytes = file.boilerplate.as_ref().map(|path| files.read(path));
        let bytes = bytes.and_then(|read| read.ok()).unwrap_or_default();
        file.instruction = instruction(&bytes, &guard);
    }
}

fn secret_files_in(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
    view: &dyn Files,
) -> Result<Vec<SecretFile>> {
    let secrets = environment.directory.join("secrets");
    let boilerplate = boilerplate(files, project)?;
    let used = named(view, environment);
    let there = files.walk(&secrets).map_err(|cause| {
        let message = format!("cannot list `{}`", project.shown(&secrets));
        Error::new(Kind::Load, message).caused_by(cause)
    })?;
    let there = there.iter().filter(|name| !explains(name));
    let mut paths: BTreeSet<PathBuf> = there.map(|name| secrets.join(name)).collect();
    paths.extend(boilerplate.iter().map(|file| secrets.join(&file.name)));
    paths.extend(used.iter().cloned());
    Ok(paths
        .into_iter()
        .map(|path| {
            let twin = boilerplate
                .iter()
                .find(|file| secrets.join(&file.name) == path);
            SecretFile {
                state: match files.read(&path) {
                    Err(_) => State::Missing,
                    Ok(content) if encryption(&content).is_some() => State::Encrypted,
                    Ok(content) if is_filled(&content, twin, project) => State::Filled,
                    Ok(_) => State::Placeholder,
                },
                is_used: used.contains(&path),
                boilerplate: twin.map(|file| file.path.clone()),
                instruction: None,
                path,
            }
        })
        .collect())
}

/// What stands in for missing secrets, and what is said and left out because of them.
#[derive(Default)]
pub(super) struct Standing {
    /// The files of the boilerplate that stand in.
    pub(super) placeholders: Memory,
    /// The files that are not filled in: what is made of them is left out.
    pub(super) omitted: BTreeSet<PathBuf>,
    /// A warning for each file that is there, but still a placeholder.
    pub(super) findings: Vec<Finding>,
}

/// Does what the policy says about secrets that the kustomization names and nobody has filled in.
pub(super) fn stand_in(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
    view: &dyn Files,
    (policy, values): (Secrets, &Values),
) -> Result<Standing> {
    let mut standing = Standing::default();
    if policy == Secrets::Placeholder && project.boilerplate.is_some() {
        for file in missing(files, project, environment)? {
            let path = environment.directory.join("secrets").join(&file.name);
            standing
                .placeholders
                .insert(path, file.placeholder(project, values)?);
        }
    }
    let mut wanted = secret_files_in(files, project, environment, view)?;
    wanted.retain(|file| file.is_used);
    match policy {
        Secrets::Required => {
            let mut unfilled: Vec<SecretFile> = wanted
                .extract_if(.., |file| file.state == State::Placeholder)
                .collect();
            instruct(files, &mut unfilled);
            standing.findings = unfilled
                .iter()
                .map(|file| still_a_placeholder(project, file))
                .collect();
            wanted.retain(|file| file.state == State::Missing);
        }
        Secrets::Placeholder => wanted.retain(|file| {
            file.state == State::Missing && standing.placeholders.content(&file.path).is_none()
        }),
        Secrets::Omit => {
            wanted.retain(|file| file.state < State::Encrypted);
            standing.omitted = wanted.drain(..).map(|file| file.path).collect();
        }
    }
    if wanted.is_empty() {
        Ok(standing)
    } else {
        instruct(files, &mut wanted);
        Err(unfilled(project, environment, policy, &wanted))
    }
}

/// Whether a generator is made of a file that is left out.
pub(super) fn is_omitted(
    args: &generate::Args,
    environment: &Environment,
    omitted: &BTreeSet<PathBuf>,
) -> bool {
    let mut paths = named_files(args).into_iter();
    paths.any(|path| omitted.contains(&normalized(&environment.directory.join(path))))
}

/// Stops if git tracks a file of the environment's secrets.
///
/// # Errors
///
/// Names every such file, and none of their contents.
pub(super) fn refuse_tracked(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
    tracked: &[PathBuf],
) -> Result<()> {
    let secrets = environment.directory.join("secrets");
    // What is encrypted is there to be committed.
    let is_protected = |path: &Path| {
        let content = files.read(path).unwrap_or_default();
        is_protected(&String::from_utf8_lossy(&content))
    };
    let found: Vec<String> = tracked
        .iter()
        .filter(|path| path.starts_with(&secrets) && !explains(path) && !is_protected(path))
        .map(|path| project.shown(path))
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

/// Whether a file is about the secrets beside it, not one of them.
fn explains(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let lower = name.to_ascii_lowercase();
    lower.starts_with("readme") || matches!(&*lower, ".gitignore" | ".gitkeep" | ".gitattributes")
}

/// A file that was laid out may be meant as it is, but is rarely fit to be deployed.
fn still_a_placeholder(project: &Project, file: &SecretFile) -> Finding {
    let message = format!("`{}` is still a placeholder", project.shown(&file.path));
    let finding =
        Finding::warning("unfilled-secret", message).at(Place::file(project.shown(&file.path)));
    match &file.instruction {
        Some(instruction) => finding.help(format!(
            "its boilerplate says: {instruction}; fill it in, and take the instructions out"
        )),
        None => finding.help("fill it in, and take the placeholder out"),
    }
}

/// What is to be filled in, and how.
fn unfilled(
    project: &Project,
    environment: &Environment,
    policy: Secrets,
    wanted: &[SecretFile],
) -> Error {
    let name = &environment.name;
    let message = match wanted.len() {
        1 => format!("a secret of `{name}` is not filled in"),
        count => format!("{count} secrets of `{name}` are not filled in"),
    };
    let mut error = Error::new(Kind::Secret, message);
    for file in wanted {
        let mut note = format!("`{}` is missing", project.shown(&file.path));
        if let Some(instruction) = &file.instruction {
            note = format!("{note}: {instruction}");
        }
        let twin = file.boilerplate.as_ref();
        error = error.note(note, twin.map(|path| Place::file(project.shown(path))));
    }
    if policy == Secrets::Placeholder {
        return error.help("the boilerplate has nothing that could stand in for it; add a file");
    }
    error.help(format!(
        "`kustom secrets init {name}` lays out what is to be filled in; for a test without \
         secrets, say `--secrets placeholder` or `--secrets omit`"
    ))
}

/// The files of the boilerplate that an environment has not yet.
fn missing(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
) -> Result<Vec<Boilerplate>> {
    if project.boilerplate.is_none() {
        return Err(
            Error::new(Kind::Secret, "the project has no boilerplate for secrets")
                .help("make a directory `secrets-boilerplate`, with one file for each key"),
        );
    }
    let mut all = boilerplate(files, project)?;
    let secrets = environment.directory.join("secrets");
    all.retain(|file| files.resolve(&secrets.join(&file.name)).is_err());
    Ok(all)
}

/// The files below `secrets/` that the environment's kustomization names.
fn named(view: &dyn Files, environment: &Environment) -> BTreeSet<PathBuf> {
    let secrets = environment.directory.join("secrets");
    // A kustomization that cannot be read is the build's to explain.
    let kustomization = FILE_NAMES
        .iter()
        .find_map(|name| view.read(&environment.directory.join(name)).ok())
        .and_then(|bytes| config(&bytes, SourceId::NONE).ok())
        .and_then(|node| Kustomization::parse(&node).ok());
    let Some((kustomization, _)) = kustomization else {
        return BTreeSet::new();
    };
    let all = kustomization
        .secrets
        .iter()
        .chain(&kustomization.config_maps);
    all.flat_map(named_files)
        .map(|path| normalized(&environment.directory.join(path)))
        .filter(|path| path.starts_with(&secrets))
        .collect()
}

fn named_files(args: &generate::Args) -> Vec<String> {
    let envs = args.envs.iter().map(|path| path.to_string());
    let path_of = |source: &Text| {
        generate::file_source(source)
            .ok()
            .map(|(_, path)| path.to_owned())
    };
    envs.chain(args.files.iter().filter_map(path_of)).collect()
}
