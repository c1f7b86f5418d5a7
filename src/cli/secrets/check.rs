//! `kustom secrets check`.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use kustom::error::{Error, Kind, Result};
use kustom::finding::{Finding, Severity};
use kustom::guard::{Guard, gather};
use kustom::load::{Disk, Files, tracked_files};

use crate::cli::build::{canonical, working_directory};
use crate::cli::output::Streams;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Files and directories; without any, everything that git tracks from here on.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
}

/// Scans files for secrets; what is found is said with its place and never shown.
pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let here = working_directory()?;
    let mut files = Vec::new();
    if arguments.paths.is_empty() {
        files = tracked_files(&here)?;
    }
    for path in &arguments.paths {
        let path = canonical(&here.join(path), path)?;
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
