//! `kustom render`.

use std::path::PathBuf;
use std::process::ExitCode;

use kustom::error::Result;
use kustom::load::{Disk, tracked_files};
use kustom::project::{Project, render};
use kustom::yaml::write_stream;

use super::build::working_directory;
use super::output::{Streams, write_file};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The environment.
    #[arg(value_name = "ENV")]
    environment: String,
    /// Write to this file.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Look for the project from here, not from the current directory.
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> ExitCode {
    match print(arguments, streams) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            streams.error(&error);
            ExitCode::from(2)
        }
    }
}

fn print(arguments: &Arguments, streams: &Streams) -> Result<()> {
    let here = working_directory()?;
    let start = match &arguments.directory {
        Some(directory) => super::build::canonical(&here.join(directory), directory)?,
        None => here.clone(),
    };
    let project = Project::find(&Disk, &start)?;
    let environment = project.environment(&Disk, &arguments.environment)?;
    let tracked = tracked_files(&environment.directory)?;
    let rendered = render(&Disk, &here, &project, &environment, &tracked)?;
    let mut text = String::new();
    write_stream(
        rendered.resources.iter().map(|resource| &resource.node),
        &mut text,
    )?;
    streams.findings(&rendered.findings);
    match &arguments.output {
        None => streams.data(&text),
        Some(path) => write_file(path, text.as_bytes()),
    }
}
