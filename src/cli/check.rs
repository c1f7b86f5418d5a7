//! `kustom check`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use kustom::check::CheckContext;
use kustom::error::Result;
use kustom::finding::Severity;
use kustom::load::{Accesses, Files as _, LookupCache, Recording, Revision, WorkTree};
use kustom::project::{Options, Project, Secrets};
use kustom::report::{Counts, Report};
use kustom::yaml::Node;

use super::build::{canonical, working_directory};
use super::complete::{Environments, completer};
use super::output::Streams;
use super::progress::Progress;
use super::project::{named_by_path, no_environment, roots, said_by_git};
use super::report::Reporting;
use super::run_overrides::RunOverrides;

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
    /// Say what lets secrets and findings stay: each entry that allows one, with its reason.
    #[arg(short, long)]
    verbose: bool,
    #[command(flatten)]
    report: Reporting,
}

/// Which environments are looked at, and how.
#[derive(Debug, clap::Args)]
pub(super) struct Chosen {
    /// The environments; without any, all of them.
    #[arg(value_name = "ENV", add = completer(Environments))]
    environments: Vec<String>,
    /// What is done about missing secrets.
    #[arg(long, value_name = "POLICY", default_value = "placeholder")]
    secrets: Policy,
    #[command(flatten)]
    overrides: RunOverrides,
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
pub(super) enum Least {
    /// What must be mended.
    Error,
    /// What is probably not meant, too.
    Warning,
    /// Everything.
    Note,
}

/// What was found of a project.
pub(super) struct Found {
    disk: Arc<LookupCache>,
    here: PathBuf,
    /// What stands before the names of its environments.
    prefix: String,
    project: Project,
    accesses: Arc<BTreeMap<PathBuf, Accesses>>,
    definitions: Vec<Node>,
    tree: Option<WorkTree>,
    /// Whether git could not be read while the guard is off.
    is_git_unread: bool,
    names: Vec<String>,
    options: Options<'static>,
    /// Shows how far the environments of all projects are.
    done: Box<dyn Fn(usize) + Send + Sync>,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let mut whole: Option<Report> = None;
    let mut is_unjudged = false;
    for found in arguments.chosen.find()? {
        let revision = match &arguments.against {
            Some(name) => Some((name.as_str(), found.revision(name)?)),
            None => None,
        };
        let setup = found.setup();
        let checked = setup.environments();
        is_unjudged |= checked
            .iter()
            .any(|one| one.rendered.is_ok() && one.used_exceptions.is_none());
        let revision = revision.as_ref().map(|(name, revision)| (*name, revision));
        let report = setup.report(checked, revision)?;
        match &mut whole {
            Some(whole) => whole.add(report),
            None => whole = Some(report),
        }
    }
    let mut report = whole.unwrap_or_default();
    report.fails_at = arguments.fail_on.severity();
    if arguments.verbose {
        streams.findings(&report.permits);
    }
    let found_nothing = report.counts() == Counts::default();
    let code = arguments.report.write(report, streams)?;
    if found_nothing && is_unjudged {
        streams
            .say("objects were not checked by schema: set `kubernetesVersions` in `kustom.yaml`\n");
    }
    Ok(code)
}

impl Least {
    pub(super) fn severity(self) -> Severity {
        match self {
            Self::Error => Severity::Error,
            Self::Warning => Severity::Warning,
            Self::Note => Severity::Note,
        }
    }
}

impl Chosen {
    /// Finds the projects and the environments; one that is not there is an error at once.
    pub(super) fn find(&self) -> Result<Vec<Found>> {
        let options = self.overrides.options(match self.secrets {
            Policy::Placeholder => Some(Secrets::Placeholder),
            Policy::Required => Some(Secrets::Required),
            Policy::Omit => Some(Secrets::Omit),
            Policy::Environment => None,
        })?;
        find(
            self.directory.as_deref(),
            &self.environments,
            options,
            self.overrides.files()?,
        )
    }
}

/// Finds projects and their environments: all, or those that are named.
pub(super) fn find(
    directory: Option<&Path>,
    environments: &[String],
    mut options: Options<'static>,
    disk: LookupCache,
) -> Result<Vec<Found>> {
    let disk = Arc::new(disk);
    // Nothing is written into the work tree, not even charts.
    options.plugins.helm.charts = Some(Arc::default());
    let here = working_directory()?;
    let start = match directory {
        Some(directory) => canonical(&here.join(directory), directory)?,
        None => here.clone(),
    };
    let mut chosen = Vec::new();
    let roots = roots(&start)?;
    let mut unknown: Vec<&String> = environments.iter().collect();
    for (root, prefix) in &roots {
        let files = Recording::new(&*disk);
        // Messages must not depend on the working directory.
        Project::find(&files, if prefix.is_empty() { &start } else { root })?;
        let project = Project::find(&files, root)?;
        let mut names = project.names(&*disk);
        if !environments.is_empty() && prefix.is_empty() {
            let named = |label: &String| {
                named_by_path(&project, &here, label).unwrap_or_else(|| label.clone())
            };
            let wanted: Vec<String> = environments.iter().map(named).collect();
            for label in wanted.iter().filter(|label| !names.contains(label)) {
                project.environment(&*disk, label)?;
            }
            names = wanted;
            unknown.clear();
        } else if !environments.is_empty() {
            unknown.retain(|label| {
                let name = label.strip_prefix(prefix.as_str());
                !name.is_some_and(|name| names.iter().any(|known| known == name))
            });
            names = environments
                .iter()
                .filter_map(|label| label.strip_prefix(prefix.as_str()))
                .filter(|name| names.iter().any(|known| known == name))
                .map(str::to_owned)
                .collect();
        }
        if names.is_empty() && roots.len() > 1 {
            continue;
        }
        let definitions = project.definitions(&files)?;
        let accesses = Arc::new(files.accesses());
        chosen.push((root, prefix, project, accesses, names, definitions));
    }
    if let Some(label) = unknown.first() {
        return Err(no_environment(&roots, label));
    }
    let count = chosen
        .iter()
        .map(|(_, _, _, _, names, _)| names.len())
        .sum();
    let progress = Arc::new(Progress::new(count, "environments"));
    let found = chosen
        .into_iter()
        .map(|(root, prefix, project, accesses, names, definitions)| {
            let tree = said_by_git(WorkTree::discover(root), &*disk, &project, &names)?;
            let progress = Arc::clone(&progress);
            Ok(Found {
                done: Box::new(move |_| progress.step()),
                disk: Arc::clone(&disk),
                is_git_unread: tree.is_none(),
                tree: tree.flatten(),
                here: here.clone(),
                prefix: prefix.clone(),
                project,
                accesses,
                definitions,
                names,
                options: options.clone(),
            })
        });
    found.collect()
}

impl Found {
    pub(super) fn setup(&self) -> CheckContext<'_> {
        CheckContext {
            files: &*self.disk,
            project: &self.project,
            accesses: Arc::clone(&self.accesses),
            definitions: self.definitions.clone(),
            tree: self.tree.as_ref(),
            is_git_unread: self.is_git_unread,
            here: &self.here,
            prefix: self.prefix.clone(),
            names: self.names.clone(),
            options: self.options.clone(),
            done: &*self.done,
        }
    }

    pub(super) fn revision(&self, name: &str) -> Result<Revision> {
        let revision = Revision::open(&self.project.root, name)?;
        Ok(revision.allowing(self.disk.allowed()))
    }

    pub(super) fn options(&self) -> &Options<'static> {
        &self.options
    }

    /// The environments that are looked at.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn project(&self) -> &Project {
        &self.project
    }

    /// The disk, as far as it may be read.
    pub(super) fn disk(&self) -> Arc<LookupCache> {
        Arc::clone(&self.disk)
    }

    pub(super) fn here(&self) -> &Path {
        &self.here
    }
}
