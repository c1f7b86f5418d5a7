//! Secret files: created from the boilerplate, filled in by people, never tracked by git.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::boilerplate::{Boilerplate, boilerplate, instruction, is_filled};
use super::ciphertext::holds_ciphertext;
use super::extended_files::ExtendedFiles;
use super::named_secrets::{Named, committed, named};
use super::secret_references::SecretReference;
use super::templates::{Templated, rendered};
use super::{Environment, Project, Secrets};
use crate::error::{Error, Kind, Result, nearest};
use crate::finding::Finding;
use crate::guard::{Guard, encryption, is_protected};
use crate::load::{Files, Memory, TrackedFiles, unlistable};
use crate::place::Place;
use crate::template::Values;

/// A file of the boilerplate, and where its filled twin belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretStub {
    /// Where it belongs.
    pub path: PathBuf,
    /// The placeholder, or what a template made of the values.
    pub content: Vec<u8>,
    /// Whether something is there that it takes the place of.
    pub replaces: bool,
}

/// What is laid out of the boilerplate, and what is left as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    /// The files to write.
    pub files: Vec<SecretStub>,
    /// Those that are there already.
    pub left: Vec<SecretFile>,
}

/// Which files are laid out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'w> {
    /// Only these; all if there are none.
    pub only: &'w [PathBuf],
    /// Whether files that are there are written anew: what templates make, what still is a
    /// placeholder, and what is named in `only`. What somebody filled in by hand stays.
    pub anew: bool,
}

/// A value that a template of the boilerplate uses and that has no value yet.
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
    /// It is filled in and encrypted: it must be decrypted to be of use.
    Encrypted,
    /// It is encrypted, and there is a key for it.
    Decrypted,
    /// It stands for Secrets that a controller makes in the cluster.
    Reference,
    /// It is filled in.
    Filled,
}

/// What is known of a file of an environment's secrets; never what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretFile {
    /// Where it is, or belongs.
    pub path: PathBuf,
    /// How far it is.
    pub state: State,
    /// Whether a kustomization of the environment names it.
    pub is_used: bool,
    /// Where it is named, if it is.
    pub named: Option<Place>,
    /// Its twin in the boilerplate, if it has one.
    pub boilerplate: Option<PathBuf>,
    /// The first instruction in the boilerplate.
    pub instruction: Option<String>,
    /// Whether it is there to be committed: a manifest, or a file of ksops.
    pub is_committed: bool,
    /// The Secrets that it stands for.
    pub references: Vec<SecretReference>,
}

impl State {
    /// Its name: `missing`, `placeholder`, `encrypted`, `decrypted`, `reference` or `filled`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Placeholder => "placeholder",
            Self::Encrypted => "encrypted",
            Self::Decrypted => "decrypted",
            Self::Reference => "reference",
            Self::Filled => "filled",
        }
    }
}

/// The files of the boilerplate that an environment has not yet, ready to be filled in; templates
/// are filled from the values.
///
/// Each belongs where it is named: below the `secrets/` of the environment, or of a base or a
/// component. Nothing is written: what to do with them is up to the caller.
///
/// # Errors
///
/// If there is no boilerplate, it cannot be read, it has none of the wanted files, or a template
/// asks for a value that is missing.
pub fn lay_out(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
    values: &Values,
    wanted: Wanted<'_>,
) -> Result<Layout> {
    let boilerplate = required(files, project)?;
    let mut layout = Layout::default();
    for slot in slots(files, project, environment, values, &boilerplate, wanted)? {
        let Some(twin) = slot.twin else { continue };
        let state = slot.state(files, project);
        if !slot.is_laid_out(state, wanted) {
            layout.left.push(slot.file(state));
            continue;
        }
        let content = match twin.is_template {
            true => {
                let text = rendered(&project.shown(&twin.path), &twin.bytes, values)?;
                if holds_ciphertext(&text) {
                    return Err(would_hold_ciphertext(project, &slot.path, &twin.path));
                }
                text.into_bytes()
            }
            false => twin.bytes.clone(),
        };
        layout.files.push(SecretStub {
            path: slot.path,
            content,
            replaces: state != State::Missing,
        });
    }
    Ok(layout)
}

fn would_hold_ciphertext(project: &Project, path: &Path, twin: &Path) -> Error {
    let message = format!("`{}` would hold ciphertext of sops", project.shown(path));
    Error::new(Kind::Secret, message)
        .at(Place::file(project.shown(twin)))
        .help(
            "the values of its template are encrypted; with `--decrypt` they are read in the clear",
        )
}

/// What the templates ask for that [`lay_out`] would fill in.
///
/// # Errors
///
/// As [`lay_out`], but for the values that are missing.
pub fn questions(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
    values: &Values,
    wanted: Wanted<'_>,
) -> Result<Vec<Question>> {
    let boilerplate = required(files, project)?;
    let mut questions: Vec<Question> = Vec::new();
    for slot in slots(files, project, environment, values, &boilerplate, wanted)? {
        let Some(twin) = slot.twin else { continue };
        if !slot.is_laid_out(slot.state(files, project), wanted) {
            continue;
        }
        for key in twin.unanswered(project, values)? {
            if !questions.iter().any(|question| question.key == key) {
                let path = slot.path.clone();
                questions.push(Question { key, path });
            }
        }
    }
    Ok(questions)
}

/// The files of secrets that an environment names, in its own kustomization and in all that it
/// builds on, whether they are there or not.
///
/// # Errors
///
/// If the boilerplate cannot be read.
pub fn named_secrets(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
) -> Result<Vec<PathBuf>> {
    let derived = ExtendedFiles::new(files, environment);
    let values = Values::default();
    let view = Templated::new(&derived, project, environment, &values);
    let boilerplate = boilerplate(files, project)?;
    let named = all_named(&view, project, environment, &boilerplate);
    Ok(named.into_iter().map(|one| one.path).collect())
}

/// What is known of the files of an environment's secrets: those of the boilerplate, those that its
/// kustomizations name, and those that are there; sorted by path.
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
    let derived = ExtendedFiles::new(files, environment);
    let view = Templated::new(&derived, project, environment, values);
    let mut all = secret_files_in(files, project, environment, &view)?;
    instruct(files, project, &mut all);
    Ok(all)
}

/// What an environment's kustomizations name that is there to be committed: manifests and files of
/// ksops that sops has encrypted, and objects that stand for Secrets, such as a `SealedSecret` or an
/// `ExternalSecret`; sorted by path.
pub fn committed_secrets(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
    values: &Values,
) -> Vec<SecretFile> {
    let derived = ExtendedFiles::new(files, environment);
    let view = Templated::new(&derived, project, environment, values);
    let committed = committed(&view, project, environment).into_iter();
    let mut all: Vec<SecretFile> = committed
        .map(|one| {
            let content = project.read_own(files, &one.path).unwrap_or_default();
            let state = match (one.references.is_empty(), encryption(&content)) {
                (false, _) => State::Reference,
                (true, Some(_)) => State::Encrypted,
                (true, None) => State::Filled,
            };
            SecretFile {
                path: one.path,
                state,
                is_used: true,
                named: Some(one.place),
                boilerplate: None,
                instruction: None,
                is_committed: true,
                references: one.references,
            }
        })
        .collect();
    all.sort_by(|one, other| one.path.cmp(&other.path));
    all
}

/// Adds the instructions of the boilerplate.
fn instruct(files: &dyn Files, project: &Project, secrets: &mut [SecretFile]) {
    let guard = Guard::new();
    for file in secrets {
        let boilerplate = file.boilerplate.as_ref();
        let bytes = boilerplate.map(|path| project.read_own(files, path));
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
    let boilerplate = boilerplate(files, project)?;
    let named = all_named(view, project, environment, &boilerplate);
    let mut slots = slots_of(&boilerplate, named, environment);
    let secrets = environment.directory.join("secrets");
    let there = project.within(files).walk(&secrets);
    let there = there.map_err(|cause| unlistable(&secrets, &project.shown(&secrets), cause))?;
    for name in there.iter().filter(|name| !explains(name)) {
        let path = secrets.join(name);
        slots.entry(path.clone()).or_insert(Slot {
            path,
            twin: None,
            named: None,
        });
    }
    let slots = slots.into_values();
    Ok(slots
        .map(|slot| slot.file(slot.state(files, project)))
        .collect())
}

/// Where a file of secrets belongs.
struct Slot<'b> {
    path: PathBuf,
    twin: Option<&'b Boilerplate>,
    /// Where it is named, if it is.
    named: Option<Place>,
}

impl Slot<'_> {
    fn state(&self, files: &dyn Files, project: &Project) -> State {
        match project.read_own(files, &self.path) {
            Err(_) => State::Missing,
            Ok(content) if encryption(&content).is_some() => State::Encrypted,
            Ok(content) if is_filled(&content, self.twin, project) => State::Filled,
            Ok(_) => State::Placeholder,
        }
    }

    fn file(&self, state: State) -> SecretFile {
        SecretFile {
            path: self.path.clone(),
            state,
            is_used: self.named.is_some(),
            named: self.named.clone(),
            boilerplate: self.twin.map(|twin| twin.path.clone()),
            instruction: None,
            is_committed: false,
            references: Vec::new(),
        }
    }

    fn is_laid_out(&self, state: State, wanted: Wanted<'_>) -> bool {
        let is_template = self.twin.is_some_and(|twin| twin.is_template);
        let is_lost = is_template || state <= State::Placeholder;
        state == State::Missing || wanted.anew && (is_lost || wanted.only.contains(&self.path))
    }
}

/// Where files of the boilerplate belong, and files that are named: each where it is named, or
/// below the environment's `secrets/`.
fn slots_of<'b>(
    boilerplate: &'b [Boilerplate],
    named: Vec<Named>,
    environment: &Environment,
) -> BTreeMap<PathBuf, Slot<'b>> {
    let secrets = environment.directory.join("secrets");
    let unnamed = boilerplate
        .iter()
        .filter(|file| !explains(&file.name) && !named.iter().any(|one| one.name == file.name));
    let mut slots = BTreeMap::new();
    for twin in unnamed {
        let path = secrets.join(&twin.name);
        let slot = Slot {
            path: path.clone(),
            twin: Some(twin),
            named: None,
        };
        slots.insert(path, slot);
    }
    for one in named {
        let slot = Slot {
            path: one.path.clone(),
            twin: boilerplate.iter().find(|file| file.name == one.name),
            named: Some(one.place),
        };
        slots.insert(one.path, slot);
    }
    slots
}

/// The slots that are wanted, in order.
fn slots<'b>(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
    values: &Values,
    boilerplate: &'b [Boilerplate],
    wanted: Wanted<'_>,
) -> Result<Vec<Slot<'b>>> {
    let derived = ExtendedFiles::new(files, environment);
    let view = Templated::new(&derived, project, environment, values);
    let named = all_named(&view, project, environment, boilerplate);
    let mut slots = slots_of(boilerplate, named, environment);
    // Files outside of the project belong to another one.
    slots.retain(|path, slot| slot.twin.is_some() && path.starts_with(&project.root));
    for path in wanted.only {
        if !slots.contains_key(path) {
            let shown = |path: &Path| project.shown(path);
            let message = format!("the boilerplate has nothing for `{}`", shown(path));
            let error = Error::new(Kind::Secret, message);
            let known: Vec<String> = slots.keys().map(|path| shown(path)).collect();
            return Err(
                match nearest(&shown(path), known.iter().map(String::as_str)) {
                    Some(near) => error.help(format!("did you mean `{near}`?")),
                    None => error.help(format!("it has something for `{}`", known.join("`, `"))),
                },
            );
        }
    }
    if !wanted.only.is_empty() {
        slots.retain(|path, _| wanted.only.contains(path));
    }
    Ok(slots.into_values().collect())
}

fn all_named(
    view: &dyn Files,
    project: &Project,
    environment: &Environment,
    boilerplate: &[Boilerplate],
) -> Vec<Named> {
    let stands_for = |name: &Path| boilerplate.iter().any(|file| file.name == name);
    named(view, project, environment, &stands_for)
}

/// The boilerplate of a project that must have one.
fn required(files: &dyn Files, project: &Project) -> Result<Vec<Boilerplate>> {
    if project.boilerplate.is_none() {
        return Err(
            Error::new(Kind::Secret, "the project has no boilerplate for secrets")
                .help("make a directory `secrets-boilerplate`, with one file for each key"),
        );
    }
    boilerplate(files, project)
}

/// The placeholders for missing secrets, the findings about them, and the files left out.
#[derive(Default)]
pub(super) struct MissingSecrets {
    /// The files of the boilerplate that stand in.
    pub(super) placeholders: Memory,
    /// The files that are not filled in: what is made of them is left out.
    pub(super) omitted: BTreeSet<PathBuf>,
    /// A warning for each file that is there, but still a placeholder.
    pub(super) findings: Vec<Finding>,
}

/// Does what the policy says about secrets that the kustomization names and that are not filled in.
pub(super) fn stand_in(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
    view: &dyn Files,
    (policy, values, tracked): (Secrets, &Values, &TrackedFiles),
) -> Result<MissingSecrets> {
    let mut missing = MissingSecrets::default();
    if policy == Secrets::Placeholder && project.boilerplate.is_some() {
        let boilerplate = boilerplate(files, project)?;
        let named = all_named(view, project, environment, &boilerplate);
        for (path, slot) in slots_of(&boilerplate, named, environment) {
            if let Some(twin) = slot.twin
                && files.resolve(&path).is_err()
            {
                let content = twin.placeholder(project, values)?;
                missing.placeholders.insert(path, content);
            }
        }
    }
    let mut wanted = secret_files_in(files, project, environment, view)?;
    wanted.retain(|file| file.is_used);
    let named: Vec<PathBuf> = wanted.iter().map(|file| file.path.clone()).collect();
    refuse_tracked(files, project, environment, &named, tracked)?;
    match policy {
        Secrets::Required => {
            let mut unfilled: Vec<SecretFile> = wanted
                .extract_if(.., |file| file.state == State::Placeholder)
                .collect();
            instruct(files, project, &mut unfilled);
            missing.findings = unfilled
                .iter()
                .map(|file| still_a_placeholder(project, file))
                .collect();
            wanted.retain(|file| file.state == State::Missing);
        }
        Secrets::Placeholder => wanted.retain(|file| {
            file.state == State::Missing && missing.placeholders.content(&file.path).is_none()
        }),
        Secrets::Omit => {
            wanted.retain(|file| file.state < State::Encrypted);
            missing.omitted = wanted.drain(..).map(|file| file.path).collect();
        }
    }
    if wanted.is_empty() {
        Ok(missing)
    } else {
        instruct(files, project, &mut wanted);
        Err(unfilled(project, environment, policy, &wanted))
    }
}

/// Stops if git tracks a file of the environment's secrets, or one of `named`.
///
/// # Errors
///
/// Names every such file, and none of their contents.
pub(super) fn refuse_tracked(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
    named: &[PathBuf],
    tracked: &TrackedFiles,
) -> Result<()> {
    let secrets = environment.directory.join("secrets");
    // What is encrypted is there to be committed.
    let is_protected = |path: &Path| {
        let content = project.read_own(files, path).unwrap_or_default();
        is_protected(&String::from_utf8_lossy(&content))
    };
    let laid_out = tracked.below(&secrets);
    let named = named.iter().filter(|path| tracked.contains(path));
    let paths: BTreeSet<&PathBuf> = laid_out.iter().chain(named).collect();
    let found: Vec<String> = paths
        .into_iter()
        .filter(|path| !explains(path) && !is_protected(path))
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
        "remove it with `git rm --cached {}`, add it to .gitignore, and replace the secret: \
         whoever can read the repository knows it",
        found[0]
    )))
}

/// Whether a file is about the secrets beside it, not one of them.
pub(crate) fn explains(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let lower = name.to_ascii_lowercase();
    lower.starts_with("readme")
        || lower.ends_with(".md")
        || matches!(
            &*lower,
            ".gitignore" | ".gitkeep" | ".gitattributes" | ".ds_store"
        )
}

/// A file that was laid out may be meant as it is, but is rarely fit to be deployed.
fn still_a_placeholder(project: &Project, file: &SecretFile) -> Finding {
    let message = format!("`{}` is still a placeholder", project.shown(&file.path));
    let finding =
        Finding::warning("unfilled-secret", message).at(Place::file(project.shown(&file.path)));
    match &file.instruction {
        Some(instruction) => finding.help(format!(
            "fill it in, and remove the instructions of its boilerplate: {instruction}"
        )),
        None => finding.help("fill it in, and remove the placeholder"),
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
    let place = |file: &SecretFile| {
        let twin = file.boilerplate.as_ref();
        let twin = twin.map(|path| Place::file(project.shown(path)));
        twin.or_else(|| file.named.clone())
    };
    let mut error = match wanted {
        [file] => {
            let message = format!("the secret file `{}` is missing", project.shown(&file.path));
            let mut error = Error::new(Kind::Secret, message);
            if let Some(place) = place(file) {
                error = error.at(place);
            }
            match &file.instruction {
                Some(instruction) => error.note(instruction.clone(), None),
                None => error,
            }
        }
        several => {
            let message = format!("{} secret files of `{name}` are missing", several.len());
            Error::new(Kind::Secret, message)
        }
    };
    for file in wanted.iter().filter(|_| wanted.len() > 1) {
        let mut note = format!("`{}` is missing", project.shown(&file.path));
        if let Some(instruction) = &file.instruction {
            note = format!("{note}: {instruction}");
        }
        error = error.note(note, place(file));
    }
    if policy == Secrets::Placeholder {
        return error.help(
            "write a file of the boilerplate that stands in for it, or render with `--secrets omit`",
        );
    }
    if wanted.iter().all(|file| file.boilerplate.is_none()) {
        return error.help(format!(
            "write {}, or render without secrets: `kustom render {name} --secrets omit`",
            if wanted.len() == 1 {
                "this file"
            } else {
                "these files"
            }
        ));
    }
    error.help(format!(
        "run `kustom secrets init {name}` and fill in what it writes, or render without secrets: \
         `--secrets placeholder` or `--secrets omit`"
    ))
}
