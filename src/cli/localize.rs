//! `kustomize localize`: a kustomization and all that it reads, in a new directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kustom::build::{self, Options};
use kustom::error::{Error, Kind, Result};
use kustom::load::{
    FileKind, Files, LookupCache, Memory, Overlay, Repository, Restriction, SourceStore,
};
use kustom::localize::{Localized, localize};
use kustom::write;

use super::build::working_directory;
use super::output::Streams;
use super::reading::Bound;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The directory of the kustomization, or its URL.
    #[arg(value_name = "TARGET", default_value = ".", hide_default_value = true)]
    target: String,
    /// The new directory; `localized-` and the name of the target, if none is given.
    #[arg(value_name = "DESTINATION")]
    destination: Option<PathBuf>,
    /// The directory below which everything must be that is read on this machine; the target, if
    /// none is given.
    #[arg(
        long,
        value_name = "DIR",
        default_value = "",
        hide_default_value = true
    )]
    scope: String,
    /// Do not build what comes out, and compare.
    #[arg(long)]
    no_verify: bool,
    #[command(flatten)]
    bound: Bound,
}

/// Writes the new directory, or nothing.
pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let here = working_directory()?;
    let files = arguments.bound.files();
    let library = SourceStore::new(&files, &here, Restriction::None);
    let work = || {
        if Repository::parse(&arguments.target).is_some_and(|it| it.reference.is_empty()) {
            let message = "the target is in a repository and has no `ref`";
            return Err(Error::new(Kind::Load, message)
                .help("add `?ref=` with a tag or a commit, so that it is known what is kept"));
        }
        let target = library.open(Path::new(&arguments.target))?;
        let scope = arguments.scope(&files, &here, &target)?;
        let name = match arguments.destination.as_deref() {
            Some(name) if !name.as_os_str().is_empty() => name.to_path_buf(),
            _ => new_name(&arguments.target, &target),
        };
        let destination = free(&here, &name)?;
        Ok((localize(&target, &scope)?, destination, name))
    };
    let (mut localized, destination, name) =
        work().map_err(|error: Error| error.name_files(|span| library.name(span)))?;
    for place in localized
        .findings
        .iter_mut()
        .flat_map(kustom::finding::Finding::places_mut)
    {
        if place.file.is_none() {
            place.file = library.name(place.span);
        }
    }
    streams.findings(&localized.findings);
    if !arguments.no_verify {
        verify(&arguments.target, &here, &localized, &destination)?;
    }
    write::tree(&destination, &localized.files)?;
    let proof = match arguments.no_verify {
        true => "",
        false => ", and builds to the same",
    };
    let shown = &arguments.target;
    streams.say(&format!(
        "`{shown}` is localized in `{}`{proof}\n",
        name.display()
    ));
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    fn scope(
        &self,
        files: &LookupCache,
        here: &Path,
        target: &kustom::load::Loader<'_>,
    ) -> Result<PathBuf> {
        let wrong = |why: &str| {
            let message = format!("`{}` cannot be the scope: {why}", self.scope);
            Error::new(Kind::Load, message)
        };
        match (self.scope.as_str(), target.repository_root()) {
            ("", Some(root)) => Ok(root.to_path_buf()),
            ("", None) => Ok(target.root().to_path_buf()),
            (_, Some(_)) => Err(wrong("the target is in a repository")
                .help("leave out `--scope`: its repository is the scope")),
            (scope, None) => match files.resolve(&here.join(scope)) {
                Ok((scope, FileKind::Directory)) if target.root().starts_with(&scope) => Ok(scope),
                Ok((_, FileKind::Directory)) => {
                    let why = format!("`{}` is not in it", self.target);
                    Err(wrong(&why).help("name a directory that holds the target"))
                }
                Ok(_) => Err(wrong("it is a file")),
                Err(cause) => Err(wrong("it is not there").caused_by(cause)),
            },
        }
    }
}

/// The default name of the new directory.
fn new_name(named: &str, target: &kustom::load::Loader<'_>) -> PathBuf {
    let last = |path: &Path| {
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    let parts = match (Repository::parse(named), target.repository_root()) {
        (Some(repository), Some(root)) => {
            let name = match target.root() == root {
                true => last(Path::new(
                    repository
                        .address
                        .rsplit(['/', ':'])
                        .next()
                        .unwrap_or_default(),
                )),
                false => last(target.root()),
            };
            vec![name, repository.reference.replace('/', "-")]
        }
        _ => vec![last(target.root())],
    };
    let given = parts.into_iter().filter(|part| !part.is_empty());
    let words: Vec<String> = std::iter::once("localized".to_owned())
        .chain(given)
        .collect();
    words.join("-").into()
}

/// The path of a directory that is not there yet, in one that is.
fn free(here: &Path, name: &Path) -> Result<PathBuf> {
    let path = here.join(name);
    let shown = name.display();
    if fs::symlink_metadata(&path).is_ok() {
        let message = format!("`{shown}` is there already");
        return Err(Error::new(Kind::Output, message).help("name a directory that is not"));
    }
    let cannot = |why: &str| {
        let message = format!("cannot make the directory `{shown}`: {why}");
        Error::new(Kind::Output, message)
    };
    let (Some(parent), Some(last)) = (path.parent(), path.file_name()) else {
        return Err(cannot("it has no name"));
    };
    match parent.canonicalize() {
        Ok(parent) if parent.is_dir() => Ok(parent.join(last)),
        Ok(_) => Err(cannot("what it would be in is a file")),
        Err(cause) => Err(cannot("the directory that it would be in is not there")
            .caused_by(cause)
            .help("make that first")),
    }
}

/// Builds the target and what came out, before anything is written.
fn verify(target: &str, here: &Path, localized: &Localized, destination: &Path) -> Result<()> {
    const HELP: &str = "nothing was written, which `--no-verify` does without a build";
    let options = Options::default();
    let built = |files: &dyn Files, directory: &Path| {
        build::build(files, here, directory, &options)?.to_yaml()
    };
    let disk = LookupCache::default();
    let before = built(&disk, Path::new(target)).map_err(|error| {
        error.note(format!("while `{target}` was built as it is; {HELP}"), None)
    })?;
    let mut upper = Memory::default();
    for (path, content) in &localized.files {
        upper.insert(destination.join(path), content.clone());
    }
    let files = Overlay {
        upper,
        lower: &disk,
    };
    let after = built(&files, &destination.join(&localized.target))
        .map_err(|error| error.note(format!("while the localized tree was built; {HELP}"), None))?;
    if before == after {
        return Ok(());
    }
    let message = format!("`{target}` and what it is localized to do not build to the same");
    Err(Error::new(Kind::Output, message).help(HELP))
}
