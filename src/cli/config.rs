//! `kustom config`.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kustom::error::{Error, Kind, Result};
use kustom::load::Disk;
use kustom::project::{Config, Project, configs};
use similar::TextDiff;

use super::build::{canonical, working_directory};
use super::output::{Streams, write_file};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The environment.
    #[arg(value_name = "ENV")]
    environment: String,
    /// Only this config, by its path below `configs/`.
    #[arg(value_name = "CONFIG")]
    config: Option<PathBuf>,
    /// Write the configs to the environment's `configs/`.
    #[arg(long, conflicts_with_all = ["check", "diff", "explain"])]
    write: bool,
    /// Say which configs in `configs/` are not what they would be; exit with 1 if there is one.
    #[arg(long, conflicts_with_all = ["diff", "explain"])]
    check: bool,
    /// Show what the scripts change in the base's configs.
    #[arg(long, conflicts_with = "explain")]
    diff: bool,
    /// Show what each statement of the scripts did.
    #[arg(long)]
    explain: bool,
    /// Look for the project from here, not from the current directory.
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> ExitCode {
    match show(arguments, streams) {
        Ok(code) => code,
        Err(error) => {
            streams.error(&error);
            ExitCode::from(2)
        }
    }
}

fn show(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let here = working_directory()?;
    let start = match &arguments.directory {
        Some(directory) => canonical(&here.join(directory), directory)?,
        None => here.clone(),
    };
    let project = Project::find(&Disk, &start)?;
    let environment = project.environment(&Disk, &arguments.environment)?;
    let (mut list, findings) = configs(&Disk, &here, &project, &environment)?;
    if let Some(name) = &arguments.config {
        list.retain(|config| config.name == *name);
        if list.is_empty() {
            let message = format!("there is no config `{}`", name.display());
            return Err(Error::new(Kind::Project, message)
                .help("configs are named by their path below the base's `configs/current/`"));
        }
    }
    streams.findings(&findings);
    let text = if arguments.write {
        written(&list, &here)?
    } else if arguments.check {
        stale(&list, &here)
    } else if arguments.diff {
        list.iter()
            .map(|config| difference(config, &here))
            .collect()
    } else if arguments.explain {
        list.iter().map(explained).collect()
    } else {
        printed(&list, &here)
    };
    streams.data(&text)?;
    let is_stale = arguments.check && !text.is_empty();
    Ok(if is_stale {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

/// The configs, each under its name if there are several.
fn printed(list: &[Config], here: &Path) -> String {
    let mut text = String::new();
    for config in list {
        if list.len() > 1 {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "==> {} <==", shown(config, here));
        }
        text.push_str(&String::from_utf8_lossy(&config.content));
    }
    text
}

fn written(list: &[Config], here: &Path) -> Result<String> {
    let mut text = String::new();
    for config in list.iter().filter(|config| is_stale(config)) {
        if let Some(parent) = config.path.parent() {
            fs::create_dir_all(parent).map_err(|cause| {
                let message = format!("cannot make `{}`: {cause}", parent.display());
                Error::new(Kind::Output, message).caused_by(cause)
            })?;
        }
        write_file(&config.path, &config.content)?;
        let _ = writeln!(text, "{}", shown(config, here));
    }
    Ok(text)
}

fn stale(list: &[Config], here: &Path) -> String {
    let stale = list.iter().filter(|config| is_stale(config));
    stale
        .map(|config| format!("{}\n", shown(config, here)))
        .collect()
}

fn is_stale(config: &Config) -> bool {
    fs::read(&config.path).ok().as_deref() != Some(&config.content)
}

fn difference(config: &Config, here: &Path) -> String {
    let (base, content) = (
        String::from_utf8_lossy(&config.base),
        String::from_utf8_lossy(&config.content),
    );
    let name = shown(config, here);
    TextDiff::from_lines(&*base, &*content)
        .unified_diff()
        .header(&format!("base/{}", config.name.display()), &name)
        .to_string()
}

fn explained(config: &Config) -> String {
    let name = config.name.display();
    let Some(statements) = &config.statements else {
        return format!("{name}: as in the base\n");
    };
    let mut text = format!("{name}:\n");
    for effect in statements {
        let _ = writeln!(
            text,
            "  {}: {} ({})",
            effect.statement, effect.summary, effect.place
        );
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
