//! `kustom secrets`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kustom::error::{Error, Kind, Result};
use kustom::finding::{Finding, Severity};
use kustom::guard::{Guard, gather};
use kustom::load::{Disk, Files, tracked_files};
use kustom::project::{LaidOut, Project, lay_out};

use super::build::working_directory;
use super::output::Streams;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Lay out the files that an environment's secrets are filled into; none is ever overwritten.
    Init {
        /// The environment.
        #[arg(value_name = "ENV")]
        environment: String,
        /// Look for the project from here, not from the current directory.
        #[arg(short = 'C', long, value_name = "DIR")]
        directory: Option<PathBuf>,
    },
    /// Look for secrets in what git tracks, or in the files that are named; exit with 1 if there
    /// is one.
    Check {
        /// Files and directories; without any, everything that git tracks from here on.
        #[arg(value_name = "PATH")]
        paths: Vec<PathBuf>,
    },
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> ExitCode {
    let done = match &arguments.command {
        Command::Init {
            environment,
            directory,
        } => init(environment, directory.as_deref(), streams).map(|()| ExitCode::SUCCESS),
        Command::Check { paths } => check(paths, streams),
    };
    done.unwrap_or_else(|error| {
        streams.error(&error);
        ExitCode::from(2)
    })
}

/// Scans files for secrets; what is found is said with its place and never shown.
fn check(paths: &[PathBuf], streams: &Streams) -> Result<ExitCode> {
    let here = working_directory()?;
    let mut files = Vec::new();
    if paths.is_empty() {
        files = tracked_files(&here)?;
    }
    for path in paths {
        let path = super::build::canonical(&here.join(path), path)?;
        let below = Disk.walk(&path).map_err(|cause| {
            Error::new(Kind::Load, format!("cannot list `{}`", path.display())).caused_by(cause)
        })?;
        if below.is_empty() {
            files.push(path);
        } else {
            files.extend(below.into_iter().map(|file| path.join(file)));
        }
    }
    let guard = Guard::new();
    let mut leaks = Vec::new();
    for file in &files {
        // A file that git tracks may be gone from the disk; there is nothing to find in it then.
        let Ok(content) = fs::read(file) else {
            continue;
        };
        let shown = file
            .strip_prefix(&here)
            .unwrap_or(file)
            .display()
            .to_string();
        leaks.extend(guard.scan(&shown, &content).leaks);
    }
    let findings: Vec<Finding> = gather(leaks).iter().map(Finding::from).collect();
    streams.findings(&findings);
    let is_leak = |finding: &Finding| finding.severity == Severity::Error;
    Ok(if findings.iter().any(is_leak) {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

fn init(environment: &str, directory: Option<&Path>, streams: &Streams) -> Result<()> {
    let here = working_directory()?;
    let start = match directory {
        Some(directory) => super::build::canonical(&here.join(directory), directory)?,
        None => here.clone(),
    };
    let project = Project::find(&Disk, &start)?;
    let environment = project.environment(&Disk, environment)?;
    let files = lay_out(&Disk, &project, &environment)?;
    let mut text = String::new();
    for file in &files {
        write_new(file)?;
        let shown = file.path.strip_prefix(&here).unwrap_or(&file.path);
        text.push_str(&format!("{}\n", shown.display()));
    }
    streams.data(&text)
}

/// Writes a file that only its owner can read, and that is not there yet.
fn write_new(file: &LaidOut) -> Result<()> {
    let cannot = |cause: std::io::Error| {
        let message = format!("cannot write `{}`: {cause}", file.path.display());
        Error::new(Kind::Output, message).caused_by(cause)
    };
    if let Some(parent) = file.path.parent() {
        fs::create_dir_all(parent).map_err(cannot)?;
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut opened = options.open(&file.path).map_err(cannot)?;
    opened.write_all(&file.content).map_err(cannot)
}
