//! `edit fix`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kustom::build::{self, build};
use kustom::edit::{Fixed, Proof, fix, replacements};
use kustom::error::{Error, Kind, Result};
use kustom::kustomization::FILE_NAMES;
use kustom::load::{Files, Memory, Overlay, Restriction, files_below};
use kustom::yaml::Node;

use super::super::output::Streams;
use super::place::{Kustomizations, Places, Target};

#[derive(Debug, clap::Args)]
pub(in super::super) struct Arguments {
    /// Write `vars` as `replacements`, too.
    #[arg(long)]
    vars: bool,
    /// Fix every kustomization in the directory and below, as far as nothing that builds on one is
    /// built otherwise then.
    #[arg(long)]
    all: bool,
    // Words are not looked at, as in kustomize.
    #[arg(hide = true)]
    words: Vec<String>,
}

/// Fixes kustomizations, and says what was done; exits with 1 if something had to be left.
pub(super) fn run(arguments: &Arguments, places: &Places, streams: &Streams) -> Result<ExitCode> {
    let files = places.files();
    let mut kustomizations = Kustomizations::of(places, &files)?;
    if arguments.all {
        kustomizations.descend(&below)?;
    }
    let here = kustomizations.here().to_path_buf();
    let mut builds = Builds::new(&files, &here, kustomizations.directories());
    let (mut targets, mut said, mut has_left) = (Vec::new(), String::new(), false);
    for directory in kustomizations.directories() {
        let (target, fixed) = kustomizations.with(directory, |loader, found| {
            let found = found.found()?;
            let mut proof = Candidate {
                builds: &builds,
                path: found.path.clone(),
                directory: directory.into(),
            };
            let fixed = fix(
                &found.text,
                found.source,
                arguments.vars,
                loader,
                &mut proof,
            )?;
            Ok((Target::of(found, Some(fixed.text.clone())), fixed))
        })?;
        builds.changed.insert(&target.path, fixed.text.as_bytes());
        said.push_str(&summary(&target, &fixed));
        for (conversion, error) in &fixed.left {
            has_left = true;
            streams.error(&left(&target, conversion.summary(), error));
        }
        targets.push(target);
    }
    streams.say(&said);
    places.put_down(&targets, streams)?;
    Ok(if has_left {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn summary(target: &Target, fixed: &Fixed) -> String {
    let done = fixed
        .done
        .iter()
        .map(|done| format!("  {}\n", done.summary()));
    match fixed.done.is_empty() {
        true => String::new(),
        false => format!("{}:\n{}", target.shown, done.collect::<String>()),
    }
}

fn left(target: &Target, what: &str, error: &Error) -> Error {
    let message = format!(
        "{what} in `{}` is not done: {}",
        target.shown,
        error.message()
    );
    let whole = Error::new(Kind::Kustomization, message);
    match error.help_line() {
        Some(help) => whole.help(help),
        None => whole,
    }
}

/// The directories below one that hold kustomizations.
fn below(directory: &Path) -> Result<Vec<PathBuf>> {
    let files = files_below(directory, None)?;
    let is_kustomization = |path: &&PathBuf| {
        let name = path.file_name().unwrap_or_default();
        FILE_NAMES.iter().any(|known| name == *known)
    };
    let found: BTreeSet<PathBuf> = files
        .iter()
        .filter(is_kustomization)
        .filter_map(|path| Some(path.parent()?.to_path_buf()))
        .collect();
    Ok(found.into_iter().collect())
}

/// What the kustomizations come to as they are, and which files each reads.
struct Builds<'f> {
    files: &'f dyn Files,
    here: &'f Path,
    before: BTreeMap<String, Result<(String, BTreeSet<PathBuf>), String>>,
    /// Files that are fixed already.
    changed: Memory,
}

fn options() -> build::Options {
    build::Options {
        restriction: Restriction::None,
        ..build::Options::default()
    }
}

impl<'f> Builds<'f> {
    fn new(files: &'f dyn Files, here: &'f Path, directories: &[String]) -> Self {
        let before = directories.iter().map(|directory| {
            let built = build(files, here, Path::new(directory), &options());
            let made = built.and_then(|built| {
                let paths = built.sources.paths().into_iter().collect();
                Ok((built.to_yaml()?, paths))
            });
            (directory.clone(), made.map_err(|error| error.to_string()))
        });
        Self {
            files,
            here,
            before: before.collect(),
            changed: Memory::default(),
        }
    }

    /// The files, with those that are fixed and one more.
    fn with(&self, path: &Path, text: &str) -> Overlay<'f> {
        let mut upper = self.changed.clone();
        upper.insert(path, text.as_bytes());
        Overlay {
            upper,
            lower: self.files,
        }
    }
}

/// A kustomization that is being fixed.
struct Candidate<'b> {
    builds: &'b Builds<'b>,
    path: PathBuf,
    directory: PathBuf,
}

impl Proof for Candidate<'_> {
    fn holds(&mut self, text: &str) -> Result<bool> {
        let files = self.builds.with(&self.path, text);
        let mut is_proven = false;
        for (directory, before) in &self.builds.before {
            let Ok((before, read)) = before else {
                continue;
            };
            if !read.contains(&self.path) {
                continue;
            }
            let after = build(&files, self.builds.here, Path::new(directory), &options());
            if after.and_then(|built| built.to_yaml()).ok().as_ref() != Some(before) {
                return Ok(false);
            }
            is_proven = true;
        }
        if is_proven {
            return Ok(true);
        }
        let own = self.builds.before.get(&*self.directory.to_string_lossy());
        let why = match own {
            Some(Err(error)) => format!("it does not build: {error}"),
            _ => "nothing is built of it".to_owned(),
        };
        Err(Error::new(Kind::Kustomization, why)
            .help("fix that first, so that the builds before and after can be compared"))
    }

    fn replacements(&mut self, text: &str) -> Result<Node> {
        let files = self.builds.with(&self.path, text);
        replacements(&files, self.builds.here, &self.directory, &options())
    }
}
