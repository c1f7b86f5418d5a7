//! `kustom init`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kustom::error::{Error, Kind, Result};
use kustom::write::{Directory, New};

use super::output::{Streams, line};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The directory of the project; it is made if it is not there.
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
}

/// The files of a new project.
const FILES: &[(&str, &str)] = &[
    ("kustom.yaml", include_str!("skeleton/kustom.yaml")),
    (
        "kustom/base/kustomization.yaml",
        include_str!("skeleton/base-kustomization.yaml"),
    ),
    (
        "kustom/base/manifests/deployment.yaml",
        include_str!("skeleton/deployment.yaml"),
    ),
    (
        "kustom/base/manifests/service.yaml",
        include_str!("skeleton/service.yaml"),
    ),
    (
        "kustom/base/configs/current/web/config.yaml",
        include_str!("skeleton/config.yaml"),
    ),
    (
        "environments/testing/kustomization.yaml",
        include_str!("skeleton/testing-kustomization.yaml"),
    ),
    (
        "environments/testing/environment.yaml",
        include_str!("skeleton/testing-environment.yaml"),
    ),
    (
        "environments/testing/yq_scripts/web/config.yaml",
        include_str!("skeleton/testing-script.yaml"),
    ),
    ("environments/testing/.gitignore", GITIGNORE),
    (
        "environments/staging/kustomization.yaml",
        include_str!("skeleton/staging-kustomization.yaml"),
    ),
    ("environments/staging/environment.yaml", ENVIRONMENT),
    (
        "environments/staging/yq_scripts/web/config.yaml",
        include_str!("skeleton/staging-script.yaml"),
    ),
    ("environments/staging/.gitignore", GITIGNORE),
    (
        "environments/production/kustomization.yaml",
        include_str!("skeleton/production-kustomization.yaml"),
    ),
    ("environments/production/environment.yaml", ENVIRONMENT),
    ("environments/production/.gitignore", GITIGNORE),
    (
        "secrets-boilerplate/README.md",
        include_str!("skeleton/boilerplate.md"),
    ),
];

const GITIGNORE: &str = include_str!("skeleton/gitignore");
const ENVIRONMENT: &str = include_str!("skeleton/environment.yaml");

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    init(&arguments.directory, streams).map(|()| ExitCode::SUCCESS)
}

/// Writes a new project; where there is one of its files already, nothing is written.
fn init(directory: &Path, streams: &Streams) -> Result<()> {
    let there = |(name, _): &&(&str, &str)| fs::symlink_metadata(directory.join(name)).is_ok();
    let mut known = FILES.iter().filter(there);
    if let Some((first, _)) = known.next() {
        let first = shown(directory, first);
        let message = match known.count() {
            0 => format!("`{}` is there already", first.display()),
            count => format!("`{}` and {count} more are there already", first.display()),
        };
        return Err(
            Error::new(Kind::Output, message).help("nothing was written; name a new directory")
        );
    }
    let files: Vec<New> = FILES
        .iter()
        .map(|(name, content)| New::alone(name, *content))
        .collect();
    Directory::new(directory).write(&files)?;
    let names = FILES.iter().map(|(name, _)| shown(directory, name));
    let text: String = names.map(|path| line(&path.to_string_lossy())).collect();
    streams.data(&text)
}

/// A file of the project; where that is the current directory, its name alone.
fn shown(directory: &Path, name: &str) -> PathBuf {
    let path = directory.join(name);
    path.strip_prefix(".")
        .map(Path::to_path_buf)
        .unwrap_or(path)
}
