//! `kustom secrets init`.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use kustom::error::{Error, Kind, Result};
use kustom::load::Disk;
use kustom::project::{LaidOut, Project, lay_out};

use crate::cli::build::{canonical, working_directory};
use crate::cli::output::Streams;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The environment.
    #[arg(value_name = "ENV")]
    environment: String,
    /// Look for the project from here, not from the current directory.
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let here = working_directory()?;
    let start = match &arguments.directory {
        Some(directory) => canonical(&here.join(directory), directory)?,
        None => here.clone(),
    };
    let project = Project::find(&Disk, &start)?;
    let environment = project.environment(&Disk, &arguments.environment)?;
    let files = lay_out(&Disk, &project, &environment)?;
    let mut text = String::new();
    for file in &files {
        write_new(file)?;
        let shown = file.path.strip_prefix(&here).unwrap_or(&file.path);
        text.push_str(&format!("{}\n", shown.display()));
    }
    streams.data(&text)?;
    Ok(ExitCode::SUCCESS)
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
