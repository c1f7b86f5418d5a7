//! Configs: the base's, changed by the environment's scripts.
//!
//! Every file below the base's `configs/current/` is taken. One whose twin stands below the
//! environment's `yq_scripts/` gets that script; the others are taken as they are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Environment, Project, is_dir};
use crate::error::{Error, Kind, Result};
use crate::finding::Finding;
use crate::load::{FileKind, Files};
use crate::place::Place;
use crate::yq::v3::{Documents, Report, Script, run};

/// A config of an environment.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its path below the environment's `configs/`.
    pub name: PathBuf,
    /// Where it belongs.
    pub path: PathBuf,
    /// What the base says.
    pub base: Vec<u8>,
    /// What the environment says.
    pub content: Vec<u8>,
    /// What each statement of its script did, if it has one.
    pub reports: Option<Vec<Report>>,
}

/// The configs of an environment, and what was noticed on the way.
///
/// # Errors
///
/// A script that does not run, or a file that cannot be read.
pub fn configs(
    files: &dyn Files,
    working_directory: &Path,
    project: &Project,
    environment: &Environment,
) -> Result<(Vec<Config>, Vec<Finding>)> {
    let shown = |path: &Path| shown(working_directory, path);
    let scripts = environment.directory.join("yq_scripts");
    let source = match &project.base {
        Some(base) => source(files, &base.join("configs"))?,
        None => None,
    };
    let names = match &source {
        Some(source) => walk(files, source)?,
        None => Vec::new(),
    };
    let mut findings = orphans(files, &scripts, &names, &shown)?;
    let mut configs = Vec::with_capacity(names.len());
    for name in names {
        let from = source.as_deref().unwrap_or(Path::new("")).join(&name);
        let base = read(files, &from, &shown)?;
        let script = scripts.join(&name);
        let (content, reports) = match files.resolve(&script) {
            Ok((_, FileKind::File)) => {
                let bytes = read(files, &script, &shown)?;
                let (content, reports) = apply(&bytes, &shown(&script), &base, &shown(&from))?;
                findings.extend(reports.iter().flat_map(Report::findings));
                (content, Some(reports))
            }
            _ => (base.clone(), None),
        };
        let path = environment.directory.join("configs").join(&name);
        configs.push(Config {
            name,
            path,
            base,
            content,
            reports,
        });
    }
    Ok((configs, findings))
}

/// A path as people would name it from where they are.
pub(super) fn shown(working_directory: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(working_directory).unwrap_or(path);
    inside.display().to_string()
}

/// The directory that holds the configs: `current`, or the newest.
///
/// Where git cannot make links, `current` is a file that holds the name of the directory.
fn source(files: &dyn Files, configs: &Path) -> Result<Option<PathBuf>> {
    let current = configs.join("current");
    match files.resolve(&current) {
        Ok((directory, FileKind::Directory)) => return Ok(Some(directory)),
        Ok((link, FileKind::File)) => {
            let target = files.read(&link).unwrap_or_default();
            let target = String::from_utf8_lossy(&target).trim().to_owned();
            let directory = configs.join(&target);
            if !target.is_empty() && is_dir(files, &directory) {
                return Ok(Some(directory));
            }
            let message = format!("`{}` names no directory beside it", current.display());
            return Err(Error::new(Kind::Project, message)
                .help("make it a link to the directory of the configs in use"));
        }
        Err(_) => {}
    }
    let names = files.list(configs).unwrap_or_default();
    let mut directories = names.into_iter().map(|name| configs.join(name));
    Ok(directories.rfind(|directory| is_dir(files, directory)))
}

fn apply(
    script: &[u8],
    script_name: &str,
    config: &[u8],
    config_name: &str,
) -> Result<(Vec<u8>, Vec<Report>)> {
    let of_config = |error: Error| error.note(format!("while `{config_name}` was made"), None);
    let script = Script::parse(text(script, script_name)?, script_name).map_err(of_config)?;
    let config = text(config, config_name)?;
    let outcome = run(&script, config, Documents::default()).map_err(of_config)?;
    Ok((outcome.text.into_bytes(), outcome.reports))
}

fn text<'b>(bytes: &'b [u8], name: &str) -> Result<&'b str> {
    std::str::from_utf8(bytes).map_err(|cause| {
        let error = Error::new(Kind::Script, format!("`{name}` is not UTF-8"));
        error.at(Place::file(name)).caused_by(cause)
    })
}

/// Scripts that belong to no config.
fn orphans(
    files: &dyn Files,
    scripts: &Path,
    configs: &[PathBuf],
    shown: &dyn Fn(&Path) -> String,
) -> Result<Vec<Finding>> {
    let known: BTreeSet<&PathBuf> = configs.iter().collect();
    let is_script = |path: &PathBuf| {
        matches!(
            path.extension().and_then(|ext| ext.to_str()),
            Some("yaml" | "yml")
        )
    };
    let orphans = walk(files, scripts)?
        .into_iter()
        .filter(|path| !known.contains(path));
    Ok(orphans
        .filter(is_script)
        .map(|path| {
            let name = shown(&scripts.join(&path));
            Finding::warning(
                "orphan-script",
                format!("`{name}` is a script for no config"),
            )
            .at(Place::file(name))
            .help("scripts have the names of the files below the base's `configs/current/`")
        })
        .collect())
}

fn walk(files: &dyn Files, directory: &Path) -> Result<Vec<PathBuf>> {
    files.walk(directory).map_err(|cause| {
        Error::new(Kind::Load, format!("cannot list `{}`", directory.display())).caused_by(cause)
    })
}

fn read(files: &dyn Files, path: &Path, shown: &dyn Fn(&Path) -> String) -> Result<Vec<u8>> {
    files.read(path).map_err(|cause| {
        Error::new(
            Kind::Load,
            format!("cannot read `{}`: {cause}", shown(path)),
        )
        .caused_by(cause)
    })
}
