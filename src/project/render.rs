//! An environment, from its scripts to its manifests.

use std::path::{Path, PathBuf};

use super::configs::{self, configs};
use super::{Environment, Project, Secrets, secrets};
use crate::build::{self, Options};
use crate::error::{Error, Kind, Result};
use crate::finding::Finding;
use crate::generate;
use crate::kustomization::{FILE_NAMES, Kustomization};
use crate::load::{Files, Memory, Overlay, normalized};
use crate::place::SourceId;
use crate::resource::Resource;
use crate::yaml::{Text, config};

/// What a render makes.
pub struct Rendered {
    /// The objects, in order.
    pub resources: Vec<Resource>,
    /// What was noticed on the way.
    pub findings: Vec<Finding>,
    /// The files that were made in memory.
    pub files: Memory,
}

/// Renders an environment: its configs and secrets are laid over the disk, then it is built.
///
/// `tracked` are the files that git tracks; nothing is written anywhere.
///
/// # Errors
///
/// A script that does not run, a secret that is missing or tracked by git, and whatever is wrong
/// with the kustomization.
pub fn render(
    files: &dyn Files,
    working_directory: &Path,
    project: &Project,
    environment: &Environment,
    tracked: &[PathBuf],
) -> Result<Rendered> {
    let shown = |path: &Path| configs::shown(working_directory, path);
    secrets::refuse_tracked(environment, tracked, &shown)?;
    let (list, mut findings) = configs(files, working_directory, project, environment)?;
    let mut upper = Memory::default();
    for config in list {
        upper.insert(config.path, config.content);
    }
    let placeholders = secrets::placeholders(files, project, environment)?;
    for (path, content) in placeholders.iter() {
        upper.insert(path, content);
    }
    let overlay = Overlay {
        upper,
        lower: files,
    };
    require_secrets(&overlay, environment, &shown)?;
    let options = Options::default();
    let built = build::build(
        &overlay,
        working_directory,
        &environment.directory,
        &options,
    )?;
    findings.extend(built.findings);
    if environment.settings.strict && !findings.is_empty() {
        return Err(strict(environment, &findings));
    }
    Ok(Rendered {
        resources: built.resources,
        findings,
        files: overlay.upper,
    })
}

/// Every secret that the kustomization names must be there; all that are not are named at once.
fn require_secrets(
    files: &dyn Files,
    environment: &Environment,
    shown: &dyn Fn(&Path) -> String,
) -> Result<()> {
    let paths = FILE_NAMES
        .iter()
        .map(|name| environment.directory.join(name));
    let Some(bytes) = paths.into_iter().find_map(|path| files.read(&path).ok()) else {
        return Ok(());
    };
    // A kustomization that cannot be read is the build's to explain.
    let Ok(node) = config(&bytes, SourceId::NONE) else {
        return Ok(());
    };
    let Ok((kustomization, _)) = Kustomization::parse(&node) else {
        return Ok(());
    };
    let secrets = environment.directory.join("secrets");
    let is_missing = |path: &PathBuf| path.starts_with(&secrets) && files.resolve(path).is_err();
    let named = kustomization
        .secrets
        .iter()
        .chain(&kustomization.config_maps);
    let mut missing: Vec<PathBuf> = named
        .flat_map(named_files)
        .map(|path| normalized(&environment.directory.join(path)))
        .filter(is_missing)
        .collect();
    missing.sort();
    missing.dedup();
    if missing.is_empty() {
        return Ok(());
    }
    let list: Vec<String> = missing
        .iter()
        .map(|path| format!("`{}`", shown(path)))
        .collect();
    let what = if missing.len() == 1 {
        "a secret is missing"
    } else {
        "secrets are missing"
    };
    let message = format!("{what}: {}", list.join(", "));
    let name = &environment.name;
    Err(
        Error::new(Kind::Secret, message).help(match environment.settings.secrets {
            Secrets::Required => format!(
                "`kustom secrets init {name}` lays out what is to be filled in; for a test without \
             secrets, say `secrets: placeholder` in its environment.yaml"
            ),
            Secrets::Placeholder => "the boilerplate has no placeholder for it; add one".to_owned(),
        }),
    )
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

fn strict(environment: &Environment, findings: &[Finding]) -> Error {
    let name = &environment.name;
    let count = findings.len();
    let message = match count {
        1 => format!("there is a warning, and `{name}` is strict"),
        _ => format!("there are {count} warnings, and `{name}` is strict"),
    };
    let mut error = Error::new(Kind::Project, message)
        .help("mend them, or take `strict` out of its environment.yaml");
    for finding in findings {
        error = error.note(finding.message.clone(), finding.place.clone());
    }
    error
}
