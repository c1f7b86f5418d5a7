//! Turns a deployment that a script renders with yq and kustomize into a project.
//!
//! [`migrate`] follows a shell script or a Makefile without running it: what it would copy, change
//! and build is done in memory. Of that it drafts `kustom.yaml` and `environment.yaml`, and compares
//! what the script prints with what kustom renders of the drafts. A line that is not understood is a
//! finding with its place. A directory of environments without a script is taken as it is.

mod builds;
mod drafts;
mod files;
mod makefile;
mod proof;
mod run;
mod script;
mod settings;
mod shell;
mod targets;
mod trace;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};
use crate::finding::{Finding, Severity};
use crate::load::{FileKind, Files, Memory, Overlay, Within, display_from};
use crate::project::{Project, named_secrets};

use builds::{flags, output, rendered, variables, withhold, withhold_files};
use drafts::{EnvironmentDraft, ProjectDraft};
use files::ModelFiles;
use run::{LEFT_OVER, Run, STAYS, Search};
use script::{Call, Script};
use settings::{Settings, Where};
use trace::{Build, Flags};

pub use proof::{Basis, Proof};
pub use targets::ENVIRONMENT_DIRECTORIES;

/// What is to be migrated.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// The directory from which paths are shown.
    pub here: &'r Path,
    /// The directory that the script is run in; absolute and without links.
    pub directory: &'r Path,
    /// A script, a Makefile or a directory; absolute and without links.
    pub target: &'r Path,
    /// Environments, and what the script is called with for each, such as `ENV=production`; without
    /// it the name of the environment, where the script asks for one.
    pub environments: &'r [(String, Option<String>)],
    /// What the script prints: of an environment, or of the only one.
    pub expected: &'r [(Option<String>, String)],
}

/// What became of a deployment.
#[derive(Debug)]
pub struct Migration {
    /// The directory of the project.
    pub root: PathBuf,
    /// The files that it needs.
    pub drafts: Vec<Draft>,
    /// Its environments, by name.
    pub environments: Vec<Migrated>,
    /// What nobody takes over, and what stays with the user.
    pub findings: Vec<Finding>,
}

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Where; absolute.
    pub path: PathBuf,
    /// What.
    pub content: Vec<u8>,
    /// What is there now.
    pub before: Option<Vec<u8>>,
}

/// An environment of the new project.
#[derive(Debug)]
pub struct Migrated {
    /// Its name.
    pub name: String,
    /// Its directory.
    pub directory: PathBuf,
    /// How the script is called for it, if there is one.
    pub called: Option<String>,
    /// Whether it is the same as before.
    pub proof: Proof,
}

/// An environment that was found, and the run that builds it.
struct Found {
    directory: PathBuf,
    /// Where the run builds a copy of it.
    copy: Option<PathBuf>,
    build: Build,
    run: usize,
    called: Option<String>,
    /// The name that the caller gave it.
    label: Option<String>,
}

/// Finds out what a project needs to render what a script renders, and whether it does.
///
/// Nothing is written, and no program of the script is run; charts are inflated by helm if the
/// script has them inflated.
///
/// # Errors
///
/// A target that is no script and has no environments; a script that cannot be read; environments
/// that cannot be told apart or that a project cannot have.
pub fn migrate(files: &dyn Files, request: &Request<'_>) -> Result<Migration> {
    let limit = limit(files, request.directory);
    let within = Within::new(files, &limit);
    let files: &dyn Files = &within;
    let target = target(files, request)?;
    let calls = target.calls(files, request)?;
    let mut runs = Vec::new();
    let mut found = Vec::new();
    let mut findings = Vec::new();
    for (label, call) in &calls {
        let run = target.run(files, request, call)?;
        let index = runs.len();
        let called = target.script.as_ref().map(|script| script.called(call));
        let built = environments_of(
            &run,
            &target,
            request,
            index,
            called.as_deref(),
            label.as_ref(),
        );
        if built.is_empty() && label.is_some() {
            return Err(no_build(&run, called.as_deref()));
        }
        found.extend(built);
        for finding in &run.trace.remarks {
            remember(&mut findings, finding.clone());
        }
        runs.push(run);
    }
    if found.is_empty() {
        let called = target
            .script
            .as_ref()
            .map(|script| script.called(&Call::default()));
        return Err(match runs.first() {
            Some(run) => no_build(run, called.as_deref()),
            None => Error::new(Kind::Script, "there is no environment here"),
        });
    }
    let parent = settle(&mut found, request, &mut findings)?;
    let mut migration = drafted(
        files,
        request,
        &limit,
        &parent,
        &found,
        &runs,
        &mut findings,
    )?;
    findings.sort_by_key(|finding| {
        let place = finding.place.as_ref();
        place.map(|place| (place.file.clone(), place.span.line))
    });
    migration.findings = findings;
    Ok(migration)
}

/// What is followed, or the directory whose parts are taken as they are.
struct Target {
    script: Option<Script>,
    environments: Vec<PathBuf>,
}

impl Target {
    /// What the script is called with, one after the other.
    fn calls(
        &self,
        files: &dyn Files,
        request: &Request<'_>,
    ) -> Result<Vec<(Option<String>, Call)>> {
        let Some(script) = &self.script else {
            return Ok(vec![(None, Call::default())]);
        };
        if !request.environments.is_empty() {
            let mut calls = Vec::new();
            for (name, words) in request.environments {
                let call = match words {
                    Some(words) => Call::of(words),
                    None => targets::call_for(files, script, name)?,
                };
                calls.push((Some(name.clone()), call));
            }
            return Ok(calls);
        }
        let found = targets::calls(files, script)?;
        Ok(match found.is_empty() {
            true => vec![(None, Call::default())],
            false => found.into_iter().map(|call| (None, call)).collect(),
        })
    }

    fn run<'m>(&self, files: &'m dyn Files, request: &Request<'_>, call: &Call) -> Result<Run<'m>> {
        match &self.script {
            Some(script) => script.run(files, Search::No, call),
            None => Ok(Run::new(files, request.here, request.directory, Search::No)),
        }
    }
}

/// The directory that nothing is read outside of: the work tree, or the directory itself.
fn limit(files: &dyn Files, directory: &Path) -> PathBuf {
    let is_root = |path: &&Path| files.resolve(&path.join(".git")).is_ok();
    let root = directory.ancestors().find(is_root);
    root.unwrap_or(directory).to_path_buf()
}

fn target(files: &dyn Files, request: &Request<'_>) -> Result<Target> {
    let script = |path: &Path| Script {
        path: path.to_path_buf(),
        directory: request.directory.to_path_buf(),
        here: request.here.to_path_buf(),
    };
    if let Ok((path, FileKind::File)) = files.resolve(request.target) {
        return Ok(Target {
            script: Some(script(&path)),
            environments: Vec::new(),
        });
    }
    if let Some(path) = targets::script_in(files, request.here, request.target)? {
        return Ok(Target {
            script: Some(script(&path)),
            environments: Vec::new(),
        });
    }
    let directory = targets::environments(files, request.here, request.target)?;
    Ok(Target {
        script: None,
        environments: targets::environments_in(files, &directory),
    })
}

/// The environments that a run builds or, where it builds none, writes into.
fn environments_of(
    run: &Run<'_>,
    target: &Target,
    request: &Request<'_>,
    index: usize,
    called: Option<&str>,
    label: Option<&String>,
) -> Vec<Found> {
    let plain = |directory: &Path| Build {
        directory: directory.to_path_buf(),
        flags: Flags::default(),
        at: crate::place::Place::file(display_from(request.here, directory)),
        stages: Vec::new(),
        to: None,
    };
    let one = |directory: PathBuf, copy: Option<PathBuf>, build: Build| Found {
        directory,
        copy,
        build,
        run: index,
        called: called.map(str::to_owned),
        label: label.cloned(),
    };
    if target.script.is_none() {
        let all = target.environments.iter();
        return all
            .map(|path| one(path.clone(), None, plain(path)))
            .collect();
    }
    let mut found: Vec<Found> = Vec::new();
    for build in &run.trace.builds {
        let (directory, copy) = original(&run.files, &build.directory);
        match found.iter_mut().find(|known| known.directory == directory) {
            Some(known) => {
                if known.build.to.is_none() {
                    known.build.to.clone_from(&build.to);
                }
            }
            None => found.push(one(directory, copy, build.clone())),
        }
    }
    if found.is_empty() {
        let mut directories: BTreeSet<PathBuf> = BTreeSet::new();
        for (path, _) in run.files.made() {
            let above = path.ancestors().skip(1);
            let mut above = above.take_while(|above| above.starts_with(request.directory));
            directories.extend(
                above
                    .find(|above| targets::is_kustomization(&run.files, above))
                    .map(Path::to_path_buf),
            );
        }
        let all = directories.into_iter();
        found.extend(all.map(|path| one(path.clone(), None, plain(&path))));
    }
    found
}

/// The directory on the disk that a built one is, or is a copy of.
fn original(files: &ModelFiles<'_>, built: &Path) -> (PathBuf, Option<PathBuf>) {
    let names = crate::kustomization::FILE_NAMES;
    let made = names
        .iter()
        .find_map(|name| files.made_at(&built.join(name)));
    match made
        .and_then(|made| made.from.as_deref())
        .and_then(Path::parent)
    {
        Some(from) if from != built => (from.to_path_buf(), Some(built.to_path_buf())),
        _ => (built.to_path_buf(), None),
    }
}

/// A script of which nothing is built.
fn no_build(run: &Run<'_>, called: Option<&str>) -> Error {
    let called = called.unwrap_or("the script");
    let message = format!("`{called}` builds no kustomization that can be seen");
    let mut error = Error::new(Kind::Script, message).help(
        "say what it is called with for each environment: `--env production='ARGUMENTS VARIABLE=…'`, \
         and with `-C` in which directory; or name the directory of the environments",
    );
    for finding in run
        .trace
        .remarks
        .iter()
        .filter(|one| one.severity > Severity::Note)
        .take(5)
    {
        error = error.note(finding.message.clone(), finding.place.clone());
    }
    match &run.trace.ended {
        Some(place) => error.note("it ends here with a failure", Some(place.clone())),
        None => error,
    }
}

/// The directory of all environments; builds that lie elsewhere are told and left out.
fn settle(
    found: &mut Vec<Found>,
    request: &Request<'_>,
    findings: &mut Vec<Finding>,
) -> Result<PathBuf> {
    let mut parents: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for one in found.iter() {
        if let Some(parent) = one.directory.parent() {
            *parents.entry(parent.to_path_buf()).or_default() += 1;
        }
    }
    let most = parents
        .iter()
        .max_by_key(|(path, count)| (**count, std::cmp::Reverse((*path).clone())));
    let Some(parent) = most.map(|(path, _)| path.clone()) else {
        return Err(Error::new(Kind::Script, "there is no environment here"));
    };
    found.retain(|one| {
        let is_inside = one.directory.parent() == Some(&*parent);
        if !is_inside {
            let message = format!(
                "`{}` is built, too, and does not lie in `{}`",
                display_from(request.here, &one.directory),
                display_from(request.here, &parent)
            );
            let finding = Finding::warning(LEFT_OVER, message)
                .at(one.build.at.clone())
                .help("a project has one directory of environments; build this one with `kustom build`, or move it there");
            remember(findings, finding);
        }
        is_inside
    });
    // Two calls may build the same: the one that is named like it counts.
    found.sort_by(|one, other| one.directory.cmp(&other.directory));
    found.dedup_by(|one, other| one.directory == other.directory);
    Ok(parent)
}

fn remember(findings: &mut Vec<Finding>, finding: Finding) {
    let line = |one: &Finding| {
        one.place
            .as_ref()
            .map(|place| (place.file.clone(), place.span.line))
    };
    let is_same =
        |known: &Finding| known.message == finding.message && line(known) == line(&finding);
    if !findings.iter().any(is_same) {
        findings.push(finding);
    }
}

/// The drafts, and the proof of each environment.
fn drafted(
    files: &dyn Files,
    request: &Request<'_>,
    limit: &Path,
    parent: &Path,
    found: &[Found],
    runs: &[Run<'_>],
    findings: &mut Vec<Finding>,
) -> Result<Migration> {
    let directories: Vec<PathBuf> = found.iter().map(|one| one.directory.clone()).collect();
    let is_dir = |path: &PathBuf| matches!(files.resolve(path), Ok((_, FileKind::Directory)));
    let beside = parent.parent().unwrap_or(parent);
    let usual = [
        beside.join("base"),
        request.directory.join("base"),
        request.directory.join("kustom/base"),
    ];
    let usual = usual.into_iter().find(is_dir);
    let shared = match usual {
        Some(_) => None,
        None => targets::shared_base(files, &directories).filter(|base| base.starts_with(limit)),
    };
    let base = usual.or_else(|| shared.clone());
    let configs = base.as_ref().and_then(|base| current_configs(files, base));
    let mut all = Vec::new();
    for one in found {
        let place = Where {
            environment: &one.directory,
            copy: one.copy.as_deref(),
            environments: parent,
            limit,
            configs: configs.as_deref(),
            here: request.here,
        };
        let mut settings = Settings::of(&runs[one.run].files, &place);
        for finding in std::mem::take(&mut settings.findings) {
            remember(findings, finding);
        }
        all.push(settings);
    }
    let root = root(request, limit, parent, &all, shared.as_deref());
    let from_root = |path: &Path| display_from(&root, path);
    let flags = flags(found, findings);
    let boilerplate = all.iter().find_map(|settings| settings.boilerplate.clone());
    let is_usual = boilerplate.as_ref().is_some_and(|path| {
        let name = "secrets-boilerplate";
        [
            beside.join(name),
            root.join(name),
            root.join("kustom").join(name),
        ]
        .contains(path)
    });
    let rendered = rendered(found, &root);
    let project = ProjectDraft {
        base: shared.as_deref().map(from_root),
        configs: None,
        environments: from_root(parent),
        boilerplate: boilerplate.filter(|_| !is_usual).as_deref().map(from_root),
        rendered: rendered.as_deref().map(from_root),
        flags,
    };
    let mut drafts: BTreeMap<PathBuf, Vec<u8>> = BTreeMap::new();
    drafts.insert(root.join("kustom.yaml"), project.text().into_bytes());
    let mut befores = Vec::new();
    let mut stand_ins = Vec::new();
    for (one, mut settings) in found.iter().zip(all) {
        withhold_files(&mut settings, one, findings);
        let run = &runs[one.run].files;
        let mut secrets = unfilled(files, run, &root, one, &project.text());
        secrets.extend(settings.secrets.iter().cloned());
        secrets.retain(|path| files.resolve(path).is_err());
        secrets.sort();
        secrets.dedup();
        let before = proof::before(
            &runs[one.run].files,
            request.here,
            &one.build,
            &copied(one, &secrets),
        );
        let mut draft = EnvironmentDraft {
            placeholder: settings.boilerplate_at.as_ref().map(ToString::to_string),
            output: output(one, rendered.as_deref()),
            ..EnvironmentDraft::default()
        };
        if let Ok(before) = &before {
            variables(&mut draft, one, &before.text, findings);
        }
        let is_read = |path: &PathBuf| {
            let read = before.as_ref().map(|before| &before.read[..]);
            read.unwrap_or_default().contains(path) || path.starts_with(&one.directory)
        };
        for (path, content) in settings.files.iter().filter(|(path, _)| is_read(path)) {
            let shown = display_from(&one.directory, path);
            let at = settings.written.iter().find(|(written, _)| written == path);
            if let Some((_, at)) = at {
                let message = format!("the script writes `{shown}`, which becomes a file to keep");
                let finding = Finding::new(STAYS, Severity::Note, message)
                    .at(at.clone())
                    .help("what it said in the script is there to be edited");
                remember(findings, finding);
            }
            drafts.insert(path.clone(), content.clone());
        }
        draft.settings = settings;
        withhold(&mut draft, one, findings);
        let text = draft.text();
        if !text.is_empty() {
            drafts.insert(one.directory.join("environment.yaml"), text.into_bytes());
        }
        befores.push(before);
        stand_ins.push(secrets);
    }
    let mut overlay = Memory::default();
    for (path, content) in &drafts {
        overlay.insert(path, content.clone());
    }
    let mut environments = Vec::new();
    for ((one, before), secrets) in found.iter().zip(befores).zip(stand_ins) {
        let name = name_of(&one.directory);
        let mut overlay = overlay.clone();
        for path in &secrets {
            overlay.insert(path, proof::STAND_IN);
        }
        let expected = expected(request, one, &name, found.len())?;
        let (before, with) = match expected {
            Some(text) => (Ok(text.to_owned()), Basis::Given),
            None => {
                let unproven = |why: &str, error: Error| Proof::Unproven {
                    reason: format!("{why}{}", error.message()),
                    place: error.place().cloned(),
                };
                let text = before
                    .map_err(|error| unproven("the tree as it is does not build: ", error))
                    .and_then(|before| {
                        let text = proof::through_stages(before.text, &one.build);
                        text.map_err(|error| unproven("", error))
                    });
                (text, Basis::Model)
            }
        };
        let after = proof::after(files, request.here, &root, &name, &overlay, &one.build);
        environments.push(Migrated {
            proof: proof::compared(before, after, with, secrets.len()),
            name,
            directory: one.directory.clone(),
            called: one.called.clone(),
        });
    }
    let drafts = drafts.into_iter().map(|(path, content)| Draft {
        before: files.read(&path).ok(),
        path,
        content,
    });
    Ok(Migration {
        root,
        drafts: drafts.collect(),
        environments,
        findings: Vec::new(),
    })
}

/// The secrets that an environment names and that neither the disk nor the script has.
fn unfilled(
    files: &dyn Files,
    run: &ModelFiles<'_>,
    root: &Path,
    one: &Found,
    project: &str,
) -> Vec<PathBuf> {
    let mut upper = Memory::default();
    upper.insert(root.join("kustom.yaml"), project);
    let overlay = Overlay {
        upper,
        lower: files,
    };
    let named = || -> Result<Vec<PathBuf>> {
        let project = Project::find(&overlay, root)?;
        let environment = project.environment(&overlay, &name_of(&one.directory))?;
        named_secrets(&overlay, &project, &environment)
    };
    let mut named = named().unwrap_or_default();
    named.retain(|path| {
        copied(one, std::slice::from_ref(path))
            .iter()
            .all(|path| run.resolve(path).is_err())
    });
    named
}

/// Secrets where the run builds a copy of the environment: they are in the copy.
fn copied(one: &Found, secrets: &[PathBuf]) -> Vec<PathBuf> {
    let moved = |path: &PathBuf| match (&one.copy, path.strip_prefix(&one.directory)) {
        (Some(copy), Ok(inside)) => copy.join(inside),
        _ => path.clone(),
    };
    secrets.iter().map(moved).collect()
}

fn name_of(directory: &Path) -> String {
    let name = directory.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The configs that are taken by convention, without links in the path.
fn current_configs(files: &dyn Files, base: &Path) -> Option<PathBuf> {
    let configs = base.join("configs");
    if let Ok((path, FileKind::Directory)) = files.resolve(&configs.join("current")) {
        return Some(path);
    }
    let names = files.list(&configs).ok()?;
    let paths = names.into_iter().map(|name| configs.join(name));
    paths
        .rev()
        .find(|path| matches!(files.resolve(path), Ok((_, FileKind::Directory))))
}

/// The directory of the project: the one that the script is run in or, where it reads more, one
/// above it.
fn root(
    request: &Request<'_>,
    limit: &Path,
    parent: &Path,
    all: &[Settings],
    base: Option<&Path>,
) -> PathBuf {
    let reads = all.iter().flat_map(|settings| {
        settings
            .reads
            .iter()
            .chain(&settings.boilerplate)
            .map(PathBuf::as_path)
    });
    let mut paths: Vec<&Path> = reads.collect();
    paths.push(parent.parent().unwrap_or(parent));
    paths.extend(base);
    let is_root = |root: &&Path| paths.iter().all(|path| path.starts_with(root));
    let mut above = request
        .directory
        .ancestors()
        .take_while(|path| path.starts_with(limit));
    above.find(is_root).unwrap_or(limit).to_path_buf()
}

/// The stream that the caller has of an environment.
fn expected<'r>(
    request: &Request<'r>,
    one: &Found,
    name: &str,
    count: usize,
) -> Result<Option<&'r str>> {
    for (label, text) in request.expected {
        match label {
            Some(label) if label == name || Some(label) == one.label.as_ref() => {
                return Ok(Some(text));
            }
            Some(_) => {}
            None if count == 1 => return Ok(Some(text)),
            None => {
                let message = format!("`--expect` names no environment, and there are {count}");
                return Err(Error::new(Kind::Project, message)
                    .help(format!("write `--expect {name}=FILE`")));
            }
        }
    }
    Ok(None)
}
