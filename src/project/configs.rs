//! Configs: the base's, changed by the environment's scripts.
//!
//! Every file below the base's `configs/current/` is taken. `app/config.yaml` gets the script
//! `app/config.yaml`, `app/config.yaml.yq` or `app/config.yq` below the environment's
//! `yq_scripts/`, if there is one; the others are taken as they are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Environment, Project, is_dir};
use crate::error::{Error, Kind, Result};
use crate::finding::Finding;
use crate::load::{FileKind, Files};
use crate::place::Place;
use crate::yq::{Applied, Effect, ProjectFiles, Source, apply};

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
    pub statements: Option<Vec<Effect>>,
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
    let mut used = BTreeSet::new();
    let mut findings = Vec::new();
    let mut configs = Vec::with_capacity(names.len());
    for name in &names {
        let from = source.as_deref().unwrap_or(Path::new("")).join(name);
        let base = read(files, &from, &shown)?;
        let mut config = Config {
            name: name.clone(),
            path: environment.directory.join("configs").join(name),
            content: base.clone(),
            base,
            statements: None,
        };
        if let Some(script) = script_of(files, &scripts, name, &names, &shown)? {
            let applied = changed(
                files,
                project,
                &scripts.join(&script),
                &config,
                &shown,
                &from,
            )?;
            used.insert(script);
            findings.extend(applied.findings);
            config.content = applied.content;
            config.statements = Some(applied.statements);
        }
        configs.push(config);
    }
    let mut all = orphans(files, &scripts, &used, &shown)?;
    all.append(&mut findings);
    Ok((configs, all))
}

/// The script of a config, by its path below the scripts.
fn script_of(
    files: &dyn Files,
    scripts: &Path,
    config: &Path,
    configs: &[PathBuf],
    shown: &dyn Fn(&Path) -> String,
) -> Result<Option<PathBuf>> {
    let stem = config.with_extension("yq");
    let shares_stem = |other: &&PathBuf| other.with_extension("yq") == stem;
    let mut names = vec![config.to_path_buf(), with_yq(config)];
    // Of two configs with one stem, none can be meant by it.
    if configs.iter().filter(shares_stem).count() == 1 {
        names.push(stem);
    }
    names.dedup();
    let is_file =
        |name: &PathBuf| matches!(files.resolve(&scripts.join(name)), Ok((_, FileKind::File)));
    names.retain(is_file);
    if let [first, second, ..] = &names[..] {
        let name = |script: &Path| shown(&scripts.join(script));
        let message = format!(
            "`{}` has two scripts, `{}` and `{}`",
            config.display(),
            name(first),
            name(second)
        );
        return Err(Error::new(Kind::Project, message).help("keep one of them"));
    }
    Ok(names.pop())
}

/// `config.yaml.yq`
fn with_yq(config: &Path) -> PathBuf {
    let mut name = config.as_os_str().to_owned();
    name.push(".yq");
    PathBuf::from(name)
}

/// What a script makes of a config; it reads files of the project, named from where it stands.
fn changed(
    files: &dyn Files,
    project: &Project,
    script: &Path,
    config: &Config,
    shown: &dyn Fn(&Path) -> String,
    from: &Path,
) -> Result<Applied> {
    let bytes = read(files, script, shown)?;
    let loader = ProjectFiles::new(files, &project.root, script.parent().unwrap_or(script));
    let source = Source {
        name: &shown(script),
        bytes: &bytes,
    };
    let config = Source {
        name: &shown(from),
        bytes: &config.content,
    };
    apply(source, config, &loader)
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

/// Scripts that belong to no config.
fn orphans(
    files: &dyn Files,
    scripts: &Path,
    used: &BTreeSet<PathBuf>,
    shown: &dyn Fn(&Path) -> String,
) -> Result<Vec<Finding>> {
    let is_script = |path: &PathBuf| {
        matches!(
            path.extension().and_then(|ext| ext.to_str()),
            Some("yaml" | "yml" | "yq")
        )
    };
    let orphans = walk(files, scripts)?
        .into_iter()
        .filter(|path| !used.contains(path));
    Ok(orphans
        .filter(is_script)
        .map(|path| {
            let name = shown(&scripts.join(&path));
            Finding::warning(
                "orphan-script",
                format!("`{name}` is a script for no config"),
            )
            .at(Place::file(name))
            .help(
                "a script has the name of a file below the base's `configs/current/`, with or \
                 without `.yq`",
            )
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
