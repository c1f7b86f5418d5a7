//! `kustom secrets check`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kustom::check::{ProjectGuard, tracked_generator_files, tracked_secrets, unignored};
use kustom::error::{Error, Kind, Result};
use kustom::finding::{Finding, Severity};
use kustom::guard::Baseline;
use kustom::load::{LookupCache, WorkTree, files_below};
use kustom::project::Project;
use kustom::report::Report;
use kustom::secret_scan::{Scans, scan_files, scan_history, scan_staged, scan_tracked};
use kustom::write;

use crate::cli::build::{canonical, working_directory};
use crate::cli::output::Streams;
use crate::cli::progress::Progress;
use crate::cli::reading::Reading;
use crate::cli::report::{Reporting, base_of};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Files and directories to search; what git ignores in a directory is left out.
    #[arg(value_name = "PATH", conflicts_with_all = ["staged", "tracked", "history"])]
    paths: Vec<PathBuf>,
    /// Search what git tracks from here on; so does no PATH at all.
    #[arg(long, conflicts_with_all = ["staged", "history"])]
    tracked: bool,
    /// Search what the next commit would add.
    #[arg(long, conflicts_with = "history")]
    staged: bool,
    /// Search everything that was ever committed.
    #[arg(long)]
    history: bool,
    /// Secrets that may stay, by their fingerprints, in place of those of `kustom.yaml`.
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Write what is found to a baseline, and allow it from then on.
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    write_baseline: Option<PathBuf>,
    /// Fail for warnings, too: passwords that anybody would guess, and what stands in samples.
    #[arg(long)]
    strict: bool,
    /// Say what lets secrets stay: each entry and each comment that allows one, with its reason.
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    report: Reporting,
    #[command(flatten)]
    reading: Reading,
    /// Look from here, not from the current directory.
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

/// Searches for secrets; what is found is said with its place and never shown.
pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let here = working_directory()?;
    let start = match &arguments.directory {
        Some(directory) => canonical(&here.join(directory), directory)?,
        None => here.clone(),
    };
    let tree = WorkTree::discover(&start)?;
    let files = &arguments.reading.files()?;
    let mut watch = ProjectGuard::of(
        files,
        &here,
        &start,
        tree.as_ref(),
        arguments.baseline.as_deref(),
    )?;
    if let Some(path) = &arguments.write_baseline {
        let baseline = match watch.read_baseline(files, &here.join(path)) {
            Some(baseline) => baseline?,
            None => Baseline::new(&random()?),
        };
        watch.start_over(baseline);
    }
    let scans = scans(arguments, &watch, tree.as_ref(), &start)?;
    if let (Some(path), Some(baseline)) = (&arguments.write_baseline, &mut watch.baseline) {
        baseline.cover(&scans.leaks);
        write::file(&here.join(path), baseline.to_text().as_bytes())?;
        let count = baseline.allow.len();
        streams.say(&format!("{count} allowed in `{}`\n", path.display()));
        return Ok(ExitCode::SUCCESS);
    }
    let mut findings = watch.findings(&scans);
    if arguments.history
        && let Some(tree) = &tree
        && tree.is_shallow()?
    {
        findings.push(cut_off());
    }
    if arguments.searches_index() {
        if let Some(tree) = &tree {
            findings.extend(facts(files, tree, &start, &here)?);
        }
        if start == watch.root || tree.as_ref().is_some_and(|tree| tree.root() == start) {
            findings.extend(watch.idle(files, &scans, tree.as_ref())?);
        }
    }
    if arguments.verbose {
        streams.findings(&watch.permits(files, &scans));
    }
    let mut report = Report::of("secrets", findings);
    report.allowed = scans.allowed.len();
    report.base = base_of(tree.as_ref(), &here);
    if arguments.strict {
        report.fails_at = Severity::Warning;
    }
    arguments.report.write(report, streams)
}

impl Arguments {
    /// Whether everything that git tracks is searched.
    fn searches_index(&self) -> bool {
        self.paths.is_empty() && !self.staged && !self.history
    }
}

fn scans(
    arguments: &Arguments,
    watch: &ProjectGuard,
    tree: Option<&WorkTree>,
    start: &Path,
) -> Result<Scans> {
    let shown = watch.shown();
    let unit = match arguments.history {
        true => "versions of files",
        false => "files",
    };
    let progress = Progress::new(0, unit);
    let done = &|done, total| progress.at(done, total);
    if !arguments.paths.is_empty() {
        let mut files = Vec::new();
        for path in &arguments.paths {
            let found = canonical_file(&start.join(path), path)?;
            if !found.is_file() && !found.is_dir() {
                let message = format!("`{}` is no regular file", path.display());
                return Err(Error::new(Kind::Load, message)
                    .help("write what it gives to a file, and name that"));
            }
            files.extend(files_below(&found, tree)?);
        }
        return scan_files(&watch.guard, &files, &shown, done);
    }
    let Some(tree) = tree else {
        let message = format!("`{}` is in no git repository", start.display());
        return Err(Error::new(Kind::Load, message).help("name files or directories to search"));
    };
    if arguments.staged {
        scan_staged(&watch.guard, tree, &shown, done)
    } else if arguments.history {
        scan_history(&watch.guard, tree, &shown, done)
    } else {
        scan_tracked(&watch.guard, tree, start, &shown, done)
    }
}

/// A history that is not all there cannot be called clean.
fn cut_off() -> Finding {
    let message = "this clone is shallow, and what lies behind its end was not searched";
    Finding::warning("shallow-history", message).help("`git fetch --unshallow` fetches the rest")
}

/// What git tracks, or would track, that it must not.
fn facts(files: &LookupCache, tree: &WorkTree, start: &Path, here: &Path) -> Result<Vec<Finding>> {
    let mut findings = tracked_generator_files(tree, start, here)?;
    // Outside of a project there are no environments to look after.
    let Ok(Some(project)) = Project::find_if_any(files, start) else {
        return Ok(findings);
    };
    let mut environments = Vec::new();
    for name in project.names(files) {
        environments.push(project.environment(files, &name)?);
    }
    findings.extend(tracked_secrets(files, tree, &project, &environments, here)?);
    findings.extend(unignored(files, tree, &project, &environments, here)?);
    Ok(findings)
}

fn canonical_file(path: &Path, named: &Path) -> Result<PathBuf> {
    path.canonicalize().map_err(|cause| {
        Error::new(Kind::Load, format!("there is no `{}`", named.display())).caused_by(cause)
    })
}

/// Random bytes.
fn random() -> Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|cause| {
        let message = format!("the system gives no random bytes: {cause}");
        Error::new(Kind::Secret, message)
    })?;
    Ok(bytes)
}
