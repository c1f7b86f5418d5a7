//! `kustom check`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use kustom::check::Setup;
use kustom::error::Result;
use kustom::finding::Severity;
use kustom::load::{Asked, Disk, Recording, Revision, WorkTree};
use kustom::project::{Options, Project, Secrets};

use super::build::{canonical, working_directory};
use super::output::Streams;
use super::project::said_by_git;
use super::report::Reporting;
use super::said::Said;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    chosen: Chosen,
    /// Leave out the environments that no change since this revision can affect; `main...` is where
    /// `main` and the present commit parted.
    #[arg(long, value_name = "REV")]
    against: Option<String>,
    /// The least severity that fails the check.
    #[arg(long, value_name = "SEVERITY", default_value = "warning")]
    fail_on: Least,
    #[command(flatten)]
    report: Reporting,
}

/// Which environments are looked at, and how.
#[derive(Debug, clap::Args)]
pub(super) struct Chosen {
    /// The environments; without any, all of them.
    #[arg(value_name = "ENV")]
    environments: Vec<String>,
    /// What is done about missing secrets.
    #[arg(long, value_name = "POLICY", default_value = "placeholder")]
    secrets: Policy,
    #[command(flatten)]
    said: Said,
    /// Look for the project from here, not from the current directory.
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

/// What is done about missing secrets.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Policy {
    /// The boilerplate stands in for them.
    Placeholder,
    /// They must be there.
    Required,
    /// What is made of missing ones is left out.
    Omit,
    /// As each environment says.
    Environment,
}

/// The least severity that fails.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Least {
    /// What must be mended.
    Error,
    /// What is probably not meant, too.
    Warning,
    /// Everything.
    Note,
}

/// What was found of a project.
pub(super) struct Found {
    here: PathBuf,
    project: Project,
    asked: BTreeMap<PathBuf, Asked>,
    tree: Option<WorkTree>,
    /// Whether git could not be asked, and nobody wanted to know.
    is_git_unread: bool,
    names: Vec<String>,
    options: Options<'static>,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let found = arguments.chosen.find()?;
    let revision = match &arguments.against {
        Some(name) => Some((name.as_str(), found.revision(name)?)),
        None => None,
    };
    let setup = found.setup();
    let checked = setup.environments();
    let revision = revision.as_ref().map(|(name, revision)| (*name, revision));
    let mut report = setup.report(checked, revision)?;
    report.fails_at = match arguments.fail_on {
        Least::Error => Severity::Error,
        Least::Warning => Severity::Warning,
        Least::Note => Severity::Note,
    };
    arguments.report.write(&report, streams)
}

impl Chosen {
    /// Finds the project and the environments; one that is not there is an error at once.
    pub(super) fn find(&self) -> Result<Found> {
        let here = working_directory()?;
        let start = match &self.directory {
            Some(directory) => canonical(&here.join(directory), directory)?,
            None => here.clone(),
        };
        let files = Recording::new(&Disk);
        let root = Project::find(&files, &start)?.root;
        let project = Project::find(&files, &root)?;
        let known = project.names(&Disk);
        let names = if self.environments.is_empty() {
            known
        } else {
            for name in self
                .environments
                .iter()
                .filter(|name| !known.contains(name))
            {
                project.environment(&Disk, name)?;
            }
            self.environments.clone()
        };
        let mut options = self.said.options(match self.secrets {
            Policy::Placeholder => Some(Secrets::Placeholder),
            Policy::Required => Some(Secrets::Required),
            Policy::Omit => Some(Secrets::Omit),
            Policy::Environment => None,
        })?;
        // Nothing is written into the work tree, not even charts.
        options.plugins.helm.charts = Some(Arc::default());
        let tree = said_by_git(WorkTree::discover(&project.root), &files, &project, &names)?;
        Ok(Found {
            is_git_unread: tree.is_none(),
            tree: tree.flatten(),
            here,
            project,
            asked: files.asked(),
            names,
            options,
        })
    }
}

impl Found {
    pub(super) fn setup(&self) -> Setup<'_> {
        Setup {
            files: &Disk,
            project: &self.project,
            asked: self.asked.clone(),
            tree: self.tree.as_ref(),
            is_git_unread: self.is_git_unread,
            here: &self.here,
            names: self.names.clone(),
            options: self.options.clone(),
            changed: OnceLock::new(),
        }
    }

    pub(super) fn revision(&self, name: &str) -> Result<Revision> {
        Revision::open(&self.project.root, name)
    }

    pub(super) fn here(&self) -> &Path {
        &self.here
    }
}
