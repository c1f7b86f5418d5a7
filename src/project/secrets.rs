//! Secrets: laid out from the boilerplate, filled by people, and never tracked by git.
//!
//! The comments in a file of the boilerplate are instructions: a file that still holds one of them
//! is not filled in, and neither is one that still holds a line that only marks a place.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::derived::Derived;
use super::templates::{Templated, rendered, text};
use super::{Environment, Project, Secrets};
use crate::error::{Error, Kind, Result};
use crate::generate;
use crate::guard::{Guard, is_placeholder};
use crate::kustomization::{FILE_NAMES, Kustomization};
use crate::load::{Files, Memory, normalized};
use crate::place::{Place, SourceId};
use crate::template::{self, SUFFIX, Values};
use crate::yaml::{Text, config};

/// What stands for a value that nobody has given.
const MARK: &str = "CHANGE_ME";

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

/// A file of the boilerplate.
struct Boilerplate {
    /// Its path below the boilerplate, without the end of a template.
    name: PathBuf,
    /// Where it stands.
    path: PathBuf,
    bytes: Vec<u8>,
    is_template: bool,
}

impl State {
    /// Its name: `missing`, `placeholder` or `filled`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Placeholder => "placeholder",
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
    secret_files_in(files, project, environment, &view)
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
    let mut paths: BTreeSet<PathBuf> = there.iter().map(|name| secrets.join(name)).collect();
    paths.extend(boilerplate.iter().map(|file| secrets.join(&file.name)));
    paths.extend(used.iter().cloned());
    let guard = Guard::new();
    Ok(paths
        .into_iter()
        .map(|path| {
            let twin = boilerplate
                .iter()
                .find(|file| secrets.join(&file.name) == path);
            SecretFile {
                state: match files.read(&path) {
                    Err(_) => State::Missing,
                    Ok(content) if is_filled(&content, twin, project) => State::Filled,
                    Ok(_) => State::Placeholder,
                },
                is_used: used.contains(&path),
                boilerplate: twin.map(|file| file.path.clone()),
                instruction: twin.and_then(|file| file.instruction(&guard)),
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
        Secrets::Required => wanted.retain(|file| file.state != State::Filled),
        Secrets::Placeholder => wanted.retain(|file| {
            file.state == State::Missing && standing.placeholders.content(&file.path).is_none()
        }),
        Secrets::Omit => {
            wanted.retain(|file| file.state != State::Filled);
            standing.omitted = wanted.drain(..).map(|file| file.path).collect();
        }
    }
    if wanted.is_empty() {
        Ok(standing)
    } else {
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
        let what = match file.state {
            State::Missing => "is missing",
            _ => "is still a placeholder",
        };
        let mut note = format!("`{}` {what}", project.shown(&file.path));
        if let Some(instruction) = &file.instruction {
            note = format!("{note}: {instruction}");
        }
        let twin = file.boilerplate.as_ref();
        error = error.note(note, twin.map(|path| Place::file(project.shown(path))));
    }
    if policy == Secrets::Placeholder {
        return error.help("the boilerplate has nothing that could stand in for it; add a file");
    }
    let first = match wanted.iter().any(|file| file.state == State::Missing) {
        true => format!("`kustom secrets init {name}` lays out what is to be filled in"),
        false => "fill them in, and take the instructions out".to_owned(),
    };
    error.help(format!(
        "{first}; for a test without secrets, say `--secrets placeholder` or `--secrets omit`"
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

/// The files in the folders of the boilerplate; what lies beside the folders explains them.
fn boilerplate(files: &dyn Files, project: &Project) -> Result<Vec<Boilerplate>> {
    let Some(directory) = &project.boilerplate else {
        return Ok(Vec::new());
    };
    let names = files.walk(directory).map_err(|cause| {
        let message = format!("cannot list `{}`", project.shown(directory));
        Error::new(Kind::Load, message).caused_by(cause)
    })?;
    let in_folders = names
        .into_iter()
        .filter(|name| name.components().count() > 1);
    in_folders
        .map(|name| {
            let path = directory.join(&name);
            let bytes = files.read(&path).map_err(|cause| {
                let message = format!("cannot read the boilerplate `{}`", project.shown(&path));
                Error::new(Kind::Load, message).caused_by(cause)
            })?;
            let text = name.to_string_lossy();
            let plain = text.strip_suffix(SUFFIX).map(PathBuf::from);
            Ok(Boilerplate {
                is_template: plain.is_some(),
                name: plain.unwrap_or_else(|| name.clone()),
                path,
                bytes,
            })
        })
        .collect()
}

impl Boilerplate {
    /// What a template asks for and nobody has given.
    fn unanswered(&self, project: &Project, values: &Values) -> Result<Vec<String>> {
        if !self.is_template {
            return Ok(Vec::new());
        }
        let name = project.shown(&self.path);
        let mut keys = template::wanted(&name, text(&name, &self.bytes)?)?;
        keys.retain(|key| !values.has(key));
        Ok(keys)
    }

    /// What stands in for the file; a template has marks where it asks for what nobody has given.
    fn placeholder(&self, project: &Project, values: &Values) -> Result<Vec<u8>> {
        if !self.is_template {
            return Ok(self.bytes.clone());
        }
        let mut values = values.clone();
        for key in self.unanswered(project, &values)? {
            values.set(&key, MARK.into())?;
        }
        let text = rendered(&project.shown(&self.path), &self.bytes, &values)?;
        Ok(text.into_bytes())
    }

    /// The first line of its comments, unless there is something in it that must not be shown.
    fn instruction(&self, guard: &Guard) -> Option<String> {
        let text = std::str::from_utf8(&self.bytes).ok()?;
        let line = text.lines().find_map(comment)?;
        let is_clean = guard.scan("instruction", line.as_bytes()).leaks.is_empty();
        is_clean.then(|| line.trim_end_matches('.').to_owned())
    }
}

/// Whether somebody has filled a file in.
fn is_filled(content: &[u8], twin: Option<&Boilerplate>, project: &Project) -> bool {
    let Ok(content) = std::str::from_utf8(content) else {
        return true;
    };
    let twin = twin.and_then(|twin| {
        let placeholder = twin.placeholder(project, &Values::default());
        String::from_utf8(placeholder.unwrap_or_else(|_| twin.bytes.clone())).ok()
    });
    let Some(twin) = twin else {
        return !content.trim().is_empty() && !is_marked(content);
    };
    if content.trim() == twin.trim() {
        return false;
    }
    let lines: BTreeSet<&str> = content.lines().map(str::trim).collect();
    let is_left = |line: &&str| comment(line).is_some() || is_marked(line);
    !twin
        .lines()
        .map(str::trim)
        .filter(is_left)
        .any(|line| lines.contains(line))
}

/// The words of a line that is a comment, and more than a mark.
fn comment(line: &str) -> Option<&str> {
    let words = line
        .trim()
        .strip_prefix('#')?
        .trim_start_matches('#')
        .trim();
    words.chars().any(char::is_alphanumeric).then_some(words)
}

/// Whether a line only marks the place of a value, in a way that nobody would write as a value.
fn is_marked(line: &str) -> bool {
    let line = line.trim().trim_end_matches(',');
    let lower = line.to_lowercase();
    let words = [
        "change_me",
        "changeme",
        "change-me",
        "replace_me",
        "replaceme",
        "fill_me",
        "xxxx",
    ];
    words.iter().any(|word| lower.contains(word))
        || (line.contains('<') && line.contains('>') && is_placeholder(line))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(boilerplate: &str, content: &str) -> bool {
        let mut files = Memory::default();
        files.insert("/p/kustom.yaml", "");
        files.insert("/p/environments/a/kustomization.yaml", "");
        let project = Project::find(&files, Path::new("/p")).unwrap();
        let twin = Boilerplate {
            name: "x".into(),
            path: "/p/x".into(),
            bytes: boilerplate.into(),
            is_template: false,
        };
        is_filled(content.as_bytes(), Some(&twin), &project)
    }

    #[test]
    fn a_file_is_filled_when_no_instruction_and_no_mark_is_left() {
        assert!(filled("# 32 bytes\nCHANGE_ME\n", "a"));
        assert!(!filled("# 32 bytes\nCHANGE_ME\n", "# 32 bytes\nCHANGE_ME"));
        assert!(!filled("# 32 bytes\nCHANGE_ME\n", "# 32 bytes\nhunter2\n"));
        assert!(filled(
            "# 32 bytes\nCHANGE_ME\n",
            "# a comment of mine\nhunter2\n"
        ));
        let json = "{\n  \"user\": \"CHANGE_ME\",\n  \"safe\": true\n}\n";
        assert!(!filled(
            json,
            "{\n  \"user\": \"CHANGE_ME\",\n  \"safe\": false\n}\n"
        ));
        assert!(filled(
            json,
            "{\n  \"user\": \"me\",\n  \"safe\": true\n}\n"
        ));
        assert!(!filled(
            "token: <the token>\n",
            "other: 1\ntoken: <the token>\n"
        ));
        assert!(filled("token\n", "tokens\n"));
    }
}
