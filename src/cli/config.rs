//! `kustom config`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kustom::diff::Lines;
use kustom::error::{Error, Kind, Result};
use kustom::load::largest_file;
use kustom::project::{Config, Project, be_strict, configs};
use kustom::report::{printable, unified as colored};
use kustom::write::{Directory, New};

use super::build::working_directory;
use super::output::{Streams, line, lines};
use super::project::find_environment;
use super::run_overrides::ValueFlags;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The environment.
    #[arg(value_name = "ENV")]
    environment: String,
    /// Only this config, by its path below `configs/`.
    #[arg(value_name = "CONFIG")]
    config: Option<PathBuf>,
    /// Write the configs to the environment's `configs/`: all of them, or none.
    #[arg(long, conflicts_with_all = ["check", "diff", "explain"])]
    write: bool,
    /// Say which configs in `configs/` are not what they would be; exit with 1 if there is one.
    #[arg(long, conflicts_with = "explain")]
    check: bool,
    /// Show what the scripts change in the base's configs; with `--check`, what is to be changed
    /// in those of `configs/`.
    #[arg(long, conflicts_with = "explain")]
    diff: bool,
    /// Show what each statement of the scripts did.
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    values: ValueFlags,
    /// Look for the project from here, not from the current directory.
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let here = working_directory()?;
    let files = arguments.values.files()?;
    let directory = arguments.directory.as_deref();
    let (project, name) = find_environment(&files, &here, directory, &arguments.environment)?;
    let environment = project.environment(&files, &name)?;
    let decrypted = arguments.values.decrypted(&files);
    if arguments.write && arguments.values.sops().is_some() {
        let message = "`--write` would leave on the disk what `--decrypt` decrypts in memory";
        return Err(Error::new(Kind::Secret, message).help("leave one of them out"));
    }
    let (mut list, findings) = configs(
        &decrypted,
        &here,
        &project,
        &environment,
        &arguments.values.read()?,
    )
    .map_err(|error| decrypted.explained(error))?;
    if let Some(name) = &arguments.config {
        list.retain(|config| config.name == *name);
        if list.is_empty() {
            let message = format!("there is no config `{}`", name.display());
            return Err(Error::new(Kind::Project, message)
                .help("configs are named by their path below the base's `configs/current/`"));
        }
    }
    if arguments.check {
        let strict = be_strict(&files, &project, &environment, &findings);
        match &strict {
            Ok(()) => streams.findings(&findings),
            Err(error) => streams.error(error),
        }
        return check(
            arguments,
            streams,
            (&list, &project),
            &here,
            strict.is_err(),
        );
    }
    streams.findings(&findings);
    let bytes = if arguments.write {
        written(&list, &project, &here)?.into_bytes()
    } else if arguments.diff {
        let text: String = list
            .iter()
            .map(|config| difference(config, &here))
            .collect();
        colored(&text, streams.color_of_data()).into_bytes()
    } else if arguments.explain {
        list.iter().map(explained).collect::<String>().into_bytes()
    } else {
        printed(&list, &here)
    };
    streams.bytes(&bytes)?;
    Ok(ExitCode::SUCCESS)
}

/// Holds the configs on disk to what they would be.
fn check(
    arguments: &Arguments,
    streams: &Streams,
    (list, project): (&[Config], &Project),
    here: &Path,
    is_refused: bool,
) -> Result<ExitCode> {
    let stale = stale(list, project);
    let text: String = match arguments.diff {
        true => {
            let text = stale.iter().map(|config| correction(config, project, here));
            colored(&text.collect::<String>(), streams.color_of_data())
        }
        false => stale
            .iter()
            .map(|config| line(&shown(config, here)))
            .collect(),
    };
    streams.data(&text)?;
    let name = &arguments.environment;
    let message = match stale.len() {
        0 if is_refused => return Ok(ExitCode::FAILURE),
        0 => return Ok(ExitCode::SUCCESS),
        1 => "a config is out of date".to_owned(),
        count => format!("{count} configs are out of date"),
    };
    streams.error(
        &Error::new(Kind::Project, message)
            .help(format!("write it with `kustom config {name} --write`")),
    );
    Ok(ExitCode::FAILURE)
}

/// The configs, each under its name if there are several.
fn printed(list: &[Config], here: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for config in list {
        if list.len() > 1 {
            bytes.extend(line(&format!("==> {} <==", shown(config, here))).into_bytes());
        }
        bytes.extend(&*config.content);
        if list.len() > 1 && !config.content.ends_with(b"\n") {
            bytes.push(b'\n');
        }
    }
    bytes
}

/// Puts down the configs that are not there yet, and names them.
fn written(list: &[Config], project: &Project, here: &Path) -> Result<String> {
    let stale = stale(list, project);
    let files: Vec<New> = stale
        .iter()
        .map(|config| New::over(inside(config, project), config.content.to_vec()))
        .collect();
    owned(project).write(&files)?;
    let names = stale.iter().map(|config| line(&shown(config, here)));
    Ok(names.collect())
}

/// The configs that are not on the disk as they would be.
fn stale<'c>(list: &'c [Config], project: &Project) -> Vec<&'c Config> {
    let owned = owned(project);
    let is_stale = |config: &&Config| !owned.holds(&inside(config, project), &config.content);
    list.iter().filter(is_stale).collect()
}

/// The directory that configs are written into, and never out of.
fn owned(project: &Project) -> Directory {
    Directory::new(project.shown(&project.root))
}

/// Where a config belongs in that.
fn inside(config: &Config, project: &Project) -> PathBuf {
    let path = &config.path;
    path.strip_prefix(&project.root).unwrap_or(path).to_owned()
}

/// What the script changes in a config of the base.
fn difference(config: &Config, here: &Path) -> String {
    let old = format!("base/{}", config.name.display());
    unified(&config.base, &config.content, &old, &shown(config, here))
}

/// What is to be changed in a config on disk.
fn correction(config: &Config, project: &Project, here: &Path) -> String {
    let name = shown(config, here);
    match owned(project).read(&inside(config, project), largest_file()) {
        Ok(Some(old)) => unified(&old, &config.content, &name, &name),
        _ => unified(b"", &config.content, "/dev/null", &name),
    }
}

fn unified(old: &[u8], new: &[u8], old_name: &str, new_name: &str) -> String {
    let (old, new) = (String::from_utf8_lossy(old), String::from_utf8_lossy(new));
    let difference = Lines::of(&old, &new).unified(&printable(old_name), &printable(new_name));
    lines(&difference)
}

fn explained(config: &Config) -> String {
    let name = config.name.display();
    let Some(statements) = &config.statements else {
        return line(&format!("{name}: as in the base"));
    };
    let mut text = line(&format!("{name}:"));
    for effect in statements {
        let (statement, summary) = (&effect.statement, &effect.summary);
        text.push_str(&line(&format!(
            "  {statement}: {summary} ({})",
            effect.place
        )));
    }
    text
}

fn shown(config: &Config, here: &Path) -> String {
    config
        .path
        .strip_prefix(here)
        .unwrap_or(&config.path)
        .display()
        .to_string()
}
