//! Builds configs: the base's files, changed by the scripts of the environment.
//!
//! Every file below the base's `configs/current/` is taken. `app/config.yaml` gets the script
//! `app/config.yaml`, `app/config.yaml.yq` or `app/config.yq` below the environment's
//! `yq_scripts/`, if there is one; the others are taken as they are. Scripts of an environment that
//! is extended run before those of the one that extends it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::extended_files::ExtendedFiles;
use super::provenance::{Base, Remembered, Run, Scripted, written};
use super::script_files::ProjectFiles;
use super::settings::{place_of_entry, says};
use super::templates::{Templated, values};
use super::{ConfigSource, Environment, Project, is_dir, is_of_git};
use crate::error::{Error, Kind, Result, nearest};
use crate::finding::Finding;
use crate::load::{FileKind, Files, Provenance, is_outside, normalized, unlistable, unreadable};
use crate::place::Place;
use crate::template::Values;
use crate::yaml::Node;
use crate::yq::{Applied, Source, StatementReport, apply};

/// A config of an environment.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its path below the environment's `configs/`.
    pub name: PathBuf,
    /// Where it belongs.
    pub path: PathBuf,
    /// The file of the base that it is made of.
    pub source: PathBuf,
    /// The scripts that change it, in the order in which they run.
    pub scripts: Vec<PathBuf>,
    /// What the base says.
    pub base: Arc<[u8]>,
    /// What the environment says.
    pub content: Arc<[u8]>,
    /// What each statement of its script did, if it has one.
    pub statements: Option<Vec<StatementReport>>,
    /// Where its text was written.
    pub provenance: Arc<dyn Provenance>,
}

/// Where configs come from, where they go to, and what changes them.
struct Set {
    /// The files: where they are, and their names.
    names: Vec<PathBuf>,
    from: PathBuf,
    to: PathBuf,
    /// The directories of scripts, in the order in which they run, and whose they are.
    scripts: Vec<PathBuf>,
}

/// The configs of an environment, and what was noticed on the way; `said` are values for templates
/// on top of all others.
///
/// # Errors
///
/// A script or a template that does not run, or a file that cannot be read.
pub fn configs(
    files: &dyn Files,
    working_directory: &Path,
    project: &Project,
    environment: &Environment,
    given: &Values,
) -> Result<(Vec<Config>, Vec<Finding>)> {
    if environment.flux.is_some() || environment.argocd.is_some() {
        return Ok((Vec::new(), Vec::new()));
    }
    let derived = ExtendedFiles::new(files, environment);
    let values = values(files, project, environment, given)?;
    let view = Templated::new(&derived, project, environment, &values);
    configs_in(&view, working_directory, project, environment)
        .map_err(|error| view.explained(error))
}

/// The configs of an environment, of files as it sees them.
pub(super) fn configs_in(
    files: &dyn Files,
    working_directory: &Path,
    project: &Project,
    environment: &Environment,
) -> Result<(Vec<Config>, Vec<Finding>)> {
    let files = &project.within(files);
    let shown = |path: &Path| shown(working_directory, path);
    let sources = match &environment.settings.configs {
        Some(sources) => sources.clone(),
        None => vec![ConfigSource::default()],
    };
    let (mut configs, mut findings, mut orphaned) = (Vec::new(), Vec::new(), Vec::new());
    let mut used = BTreeSet::new();
    let mut directories = BTreeSet::new();
    let mut known = BTreeSet::new();
    for one in sources {
        let set = set(files, project, environment, &one)?;
        known.extend(set.names.iter().map(|name| name.display().to_string()));
        for name in &set.names {
            let (config, found) = config(files, project, &set, name, &mut used, &shown)?;
            findings.extend(found);
            configs.push(config);
        }
        directories.extend(set.scripts);
    }
    for scripts in directories {
        orphaned.extend(orphans(files, &scripts, (&used, &known), &shown)?);
    }
    orphaned.append(&mut findings);
    Ok((configs, orphaned))
}

/// A source of configs with its defaults filled in.
fn set(
    files: &dyn Files,
    project: &Project,
    environment: &Environment,
    source: &ConfigSource,
) -> Result<Set> {
    let place = |field: &str| {
        let fits = |entry: &Node| {
            says(entry, "from", source.from.as_deref())
                && says(entry, "to", source.to.as_deref())
                && says(entry, "scripts", source.scripts.as_deref())
        };
        project.place(place_of_entry(files, environment, "configs", field, &fits))
    };
    let of_base = project.base.as_ref().map(|base| base.join("configs"));
    let from = match (&source.from, &project.configs, of_base) {
        (Some(from), _, _) => {
            let path = normalized(&environment.directory.join(from));
            Some(named_source(files, project, &path, from).map_err(|error| {
                error.at(place("from")).help(
                    "`from` is a directory or a file, relative to the environment's directory",
                )
            })?)
        }
        (None, Some(configs), _) => {
            let named = project.shown(configs);
            Some(named_source(files, project, configs, &named)?)
        }
        (None, None, Some(configs)) => current(files, project, &configs)?,
        (None, None, None) => None,
    };
    let (from, names) = match from.as_deref().map(|from| (from, files.resolve(from))) {
        None => (PathBuf::new(), Vec::new()),
        Some((from, Ok((_, FileKind::File)))) => {
            let name = from.file_name().map(PathBuf::from);
            let directory = from.parent().unwrap_or(from).to_path_buf();
            (directory, name.into_iter().collect())
        }
        Some((from, _)) => (
            from.to_path_buf(),
            walk(files, from, &|path| project.shown(path))?,
        ),
    };
    let scripts = source.scripts.as_deref().unwrap_or("yq_scripts");
    let mut chain: Vec<PathBuf> = environment
        .chain()
        .map(|one| normalized(&one.directory.join(scripts)))
        .collect();
    if source.scripts.is_some() && !chain.iter().any(|directory| is_dir(files, directory)) {
        let message = format!("there is no directory `{scripts}` for `scripts`");
        return Err(Error::new(Kind::Project, message)
            .at(place("scripts"))
            .help("it holds a script for each file, relative to the environment's directory"));
    }
    // What is extended has had its say before.
    chain.reverse();
    let to = source.to.as_deref().unwrap_or("configs");
    let target = normalized(&environment.directory.join(to));
    if !target.starts_with(&project.root) || is_of_git(&target) {
        let message = match is_of_git(&target) {
            true => format!("`{to}` leads into git's own files"),
            false => format!("`{to}` leads out of the project"),
        };
        return Err(Error::new(Kind::Project, message)
            .at(place("to"))
            .help("configs appear in a directory of the environment"));
    }
    Ok(Set {
        names,
        from,
        to: target,
        scripts: chain,
    })
}

/// A configured source: a file, a directory, or the `current` one in it.
fn named_source(files: &dyn Files, project: &Project, path: &Path, named: &str) -> Result<PathBuf> {
    if files.resolve(&path.join("current")).is_ok()
        && let Some(current) = current(files, project, path)?
    {
        return Ok(current);
    }
    match files.resolve(path) {
        Ok((path, _)) => Ok(path),
        Err(cause) if is_outside(&cause) => Err(unreadable(&project.shown(path), cause)),
        Err(cause) => {
            let message = format!("there is no directory of configs `{named}`");
            let error = Error::new(Kind::Project, message).caused_by(cause);
            let names = path.parent().and_then(|above| files.list(above).ok());
            let names = names.unwrap_or_default();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            Err(match nearest(&name, names.iter().map(String::as_str)) {
                Some(near) => {
                    let near = Path::new(named).with_file_name(near);
                    error.help(format!("did you mean `{}`?", near.display()))
                }
                None => error.help(format!("write it, as `{}`", project.shown(path))),
            })
        }
    }
}

/// A config, as the scripts make it one after the other.
fn config(
    files: &dyn Files,
    project: &Project,
    set: &Set,
    name: &Path,
    used: &mut BTreeSet<PathBuf>,
    shown: &dyn Fn(&Path) -> String,
) -> Result<(Config, Vec<Finding>)> {
    let from = set.from.join(name);
    let base: Arc<[u8]> = read(files, &from, shown)?.into();
    let mut findings = Vec::new();
    let of_base = Base {
        name: shown(&files.editable_path(&from)).into(),
        content: base.clone(),
        provenance: files.provenance(&from),
    };
    let mut config = Config {
        name: name.to_path_buf(),
        path: set.to.join(name),
        source: files.editable_path(&from),
        scripts: Vec::new(),
        content: base.clone(),
        provenance: Arc::new(Scripted::new(of_base, None, base.clone())),
        base,
        statements: None,
    };
    for scripts in &set.scripts {
        let Some(script) = script_of(files, scripts, name, &set.names, shown)? else {
            continue;
        };
        let script = scripts.join(script);
        let (applied, run) = changed(files, project, &script, &config, shown, &from)?;
        used.insert(script.clone());
        if applied.statements.is_empty() && says_nothing(&read(files, &script, shown)?) {
            let name = shown(&files.editable_path(&script));
            findings.push(
                Finding::warning("empty-script", "the script changes nothing: it is empty")
                    .at(Place::file(name))
                    .help("write what it changes, or remove it"),
            );
        }
        config.scripts.push(files.editable_path(&script));
        findings.extend(applied.findings);
        let before = Base {
            name: shown(&files.editable_path(&from)).into(),
            content: std::mem::replace(&mut config.content, applied.content.into()),
            provenance: Some(config.provenance),
        };
        let content = config.content.clone();
        config.provenance = Arc::new(Scripted::new(before, Some(run), content));
        let statements = config.statements.get_or_insert_default();
        statements.extend(applied.statements);
    }
    Ok((config, findings))
}

/// Whether a text has neither statements nor values, but comments at most.
fn says_nothing(text: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    lines.all(|line| line.is_empty() || line.starts_with(b"#") || line == b"---")
}

/// Whether a script lies in a directory, and does not only appear there because of `extends`.
fn is_script_in(files: &dyn Files, directory: &Path, path: &Path) -> bool {
    match files.resolve(path) {
        Ok((found, FileKind::File)) => {
            !found.starts_with(directory) || files.editable_path(&found).starts_with(directory)
        }
        _ => false,
    }
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
    names.retain(|name| is_script_in(files, scripts, &scripts.join(name)));
    if let [first, second, ..] = &names[..] {
        let name = |script: &Path| shown(&scripts.join(script));
        let message = format!("`{}` has two scripts", config.display());
        return Err(Error::new(Kind::Project, message)
            .at(Place::file(name(first)))
            .note("the other one is here", Some(Place::file(name(second))))
            .help("remove one of the two"));
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
) -> Result<(Applied, Run)> {
    let bytes = read(files, script, shown)?;
    let name = shown(&files.editable_path(script));
    let loader = ProjectFiles::new(files, &project.root, script.parent().unwrap_or(script));
    let loader = Remembered::new(&loader);
    let source = Source {
        name: &name,
        bytes: &bytes,
    };
    let name_of_config = shown(&files.editable_path(from));
    let input = Source {
        name: &name_of_config,
        bytes: &config.content,
    };
    let applied = apply(source, input, &loader).map_err(|error| {
        let made = &*config.provenance;
        error.locate(|place| written(Some(made), &name_of_config, place))
    })?;
    let run = Run {
        name,
        bytes,
        loaded: loader.into_loaded(),
        within: None,
    };
    Ok((applied, run))
}

/// A path as people would name it from where they are.
pub(super) fn shown(working_directory: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(working_directory).unwrap_or(path);
    inside.display().to_string()
}

/// The directory that holds the configs: `current`, or the newest.
///
/// Where git cannot make links, `current` is a file that holds the name of the directory.
fn current(files: &dyn Files, project: &Project, configs: &Path) -> Result<Option<PathBuf>> {
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
            let shown = project.shown(&current);
            let message = format!("`{shown}` names no directory beside it");
            return Err(Error::new(Kind::Project, message)
                .help("make it a link to the directory of the configs in use"));
        }
        Err(cause) if is_outside(&cause) => {
            return Err(unreadable(&project.shown(&current), cause));
        }
        Err(_) => {}
    }
    let names = files.list(configs).unwrap_or_default();
    let mut directories = names.into_iter().map(|name| configs.join(name));
    Ok(directories.rfind(|directory| is_dir(files, directory)))
}

/// Scripts that belong to no config, of all that are used and all configs that are known.
fn orphans(
    files: &dyn Files,
    scripts: &Path,
    (used, known): (&BTreeSet<PathBuf>, &BTreeSet<String>),
    shown: &dyn Fn(&Path) -> String,
) -> Result<Vec<Finding>> {
    let is_script = |path: &PathBuf| {
        matches!(
            path.extension().and_then(|ext| ext.to_str()),
            Some("yaml" | "yml" | "yq")
        )
    };
    let orphans = walk(files, scripts, shown)?
        .into_iter()
        .filter(|path| !used.contains(&scripts.join(path)));
    Ok(orphans
        .filter(is_script)
        .filter(|path| is_script_in(files, scripts, &scripts.join(path)))
        .map(|path| {
            let name = shown(&scripts.join(&path));
            let message = format!("there is no config `{}` for this script", path.display());
            let stem = |name: &Path| name.with_extension("").to_string_lossy().into_owned();
            let configs: Vec<&str> = known.iter().map(String::as_str).collect();
            let stems: Vec<String> = configs.iter().map(|name| stem(Path::new(name))).collect();
            let own = path.extension().unwrap_or_default();
            let near = nearest(&stem(&path), stems.iter().map(String::as_str));
            // A script has the ending of its config, or `.yq`.
            let near = near.and_then(|near| {
                let at = stems.iter().position(|stem| stem == near)?;
                let config = Path::new(configs.get(at)?);
                let is_alone = stems.iter().filter(|stem| *stem == near).count() == 1;
                Some(match own == "yq" {
                    true if is_alone => config.with_extension("yq"),
                    true => with_yq(config),
                    false => config.to_path_buf(),
                })
            });
            Finding::warning("orphan-script", message)
                .at(Place::file(name.as_str()))
                .help(match near {
                    Some(near) => format!(
                        "did you mean `{}`? rename the script to `{}`",
                        near.display(),
                        shown(&scripts.join(&near))
                    ),
                    None => "rename it to a file below the base's `configs/current/`, with or \
                             without `.yq`, or remove it"
                        .to_owned(),
                })
        })
        .collect())
}

fn walk(
    files: &dyn Files,
    directory: &Path,
    shown: &dyn Fn(&Path) -> String,
) -> Result<Vec<PathBuf>> {
    files
        .walk(directory)
        .map_err(|cause| unlistable(directory, &shown(directory), cause))
}

fn read(files: &dyn Files, path: &Path, shown: &dyn Fn(&Path) -> String) -> Result<Vec<u8>> {
    files
        .read(path)
        .map_err(|cause| unreadable(&shown(path), cause))
}
