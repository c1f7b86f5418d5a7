//! `kustom compare-releases`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use kustom::build;
use kustom::check::{Output, Target, Verdict, compare_releases, display_from};
use kustom::error::{Error, Kind, Result};
use kustom::kustomization::FILE_NAMES;
use kustom::load::{Disk, Files, LookupCache, WorkTree};
use kustom::project::{self, GuardPolicy, Project, render};
use kustom::release::Release;
use kustom::report::Report;

use super::build::{canonical, release, working_directory};
use super::output::Streams;
use super::project::{find, find_environment, no_environment, roots};
use super::report::{Reporting, base_of};
use super::run_overrides::{Policy, RunOverrides};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Environments, or directories with a kustomization; without any, all environments or, where
    /// there is no project, the current directory.
    #[arg(value_name = "ENV|DIR")]
    targets: Vec<String>,
    /// The release that is left; without it the one that is in use (`kustomizeRelease`), or the
    /// oldest if none is named.
    #[arg(long, value_name = "RELEASE", value_parser = release)]
    from: Option<Release>,
    /// The release that is wanted; without it the newest.
    #[arg(long, value_name = "RELEASE", value_parser = release)]
    to: Option<Release>,
    /// Compare all releases, from the oldest to the newest, whichever is in use.
    #[arg(long, conflicts_with_all = ["from", "to"])]
    all: bool,
    /// What is done about missing secrets.
    #[arg(long, value_name = "POLICY", default_value = "placeholder")]
    secrets: Policy,
    #[command(flatten)]
    overrides: RunOverrides,
    /// Look for the project, and for directories, from here, not from the current directory.
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: Option<PathBuf>,
    #[command(flatten)]
    report: Reporting,
}

/// What is built.
enum What {
    Environment(Box<Project>, String),
    Directory(PathBuf),
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let here = working_directory()?;
    let start = match &arguments.directory {
        Some(directory) => canonical(&here.join(directory), directory)?,
        None => here.clone(),
    };
    let mut options = arguments
        .overrides
        .options(Some(arguments.secrets.secrets()))?;
    // Nothing is written into the work tree, and a chart is pulled once.
    options.plugins.helm.charts = Some(Arc::default());
    options.lint = false;
    let files = LookupCache::default();
    let chosen = arguments.chosen(&start)?;
    let targets: Vec<Target<'_>> = chosen
        .iter()
        .map(|(label, what)| target(arguments, (&files, &here), (label, what), &options))
        .collect();
    if let Some(target) = targets.first()
        && targets.iter().all(|it| it.releases.0 == it.releases.1)
    {
        streams.say(&format!(
            "{} is in use and wanted; `--from`, `--to` and `--all` compare it with others\n",
            target.releases.0
        ));
    }
    let range = common(&targets);
    let compared = compare_releases(&targets);
    let count = |verdict| compared.iter().filter(|(_, it)| *it == verdict).count();
    let (same, differ, unbuilt) = (
        count(Verdict::Same),
        count(Verdict::Differs),
        count(Verdict::Unbuilt),
    );
    let report = Report {
        suites: compared.into_iter().map(|(suite, _)| suite).collect(),
        base: base_of(WorkTree::discover(&start).ok().flatten().as_ref(), &here),
        ..Report::default()
    };
    let code = arguments.report.write(report, streams)?;
    let mut told = format!("{range}: {same} the same, {differ} not");
    if unbuilt > 0 {
        told.push_str(&format!(", {unbuilt} cannot be built"));
    }
    streams.say(&(told + "\n"));
    Ok(match unbuilt {
        0 => code,
        _ => ExitCode::from(2),
    })
}

/// The releases, if all targets have the same.
fn common(targets: &[Target<'_>]) -> String {
    let mut pairs = targets.iter().map(|it| it.releases);
    match pairs.next() {
        Some((from, to)) if pairs.all(|pair| pair == (from, to)) => format!("{from} to {to}"),
        _ => "releases".to_owned(),
    }
}

impl Arguments {
    /// What is compared, with its name.
    fn chosen(&self, start: &Path) -> Result<Vec<(String, What)>> {
        if self.targets.is_empty() {
            return everything(start);
        }
        let found = self.targets.iter().map(|label| {
            let what = self.named(start, label)?;
            Ok((label.clone(), what))
        });
        found.collect()
    }

    /// An environment of a name, or the directory: one that is an environment is rendered.
    fn named(&self, start: &Path, label: &str) -> Result<What> {
        let unknown = match find_environment(&Disk, start, None, label) {
            Ok((project, name)) if project.names(&Disk).contains(&name) => {
                return Ok(What::Environment(Box::new(project), name));
            }
            Ok((project, _)) => no_environment(&[(project.root, String::new())], label),
            Err(error) => error,
        };
        let Ok(directory) = start.join(label).canonicalize() else {
            return Err(unknown);
        };
        let project = match Project::find_if_any(&Disk, &directory) {
            Ok(None) => None,
            _ => Some(find(&Disk, start, Some(&directory))?),
        };
        if let Some(project) = project
            && directory.parent() == Some(&project.environments)
            && let Some(name) = directory.file_name().and_then(|name| name.to_str())
            && project.names(&Disk).iter().any(|known| known == name)
        {
            return Ok(What::Environment(Box::new(project), name.to_owned()));
        }
        match has_kustomization(&directory) {
            true => Ok(What::Directory(directory)),
            false => Err(unknown.note(
                format!("`{label}` is no directory with a kustomization either"),
                None,
            )),
        }
    }

    /// The two releases that are compared.
    fn releases(&self, in_use: Option<Release>) -> (Release, Release) {
        let oldest = Release::KNOWN[0];
        if self.all {
            return (oldest, Release::NEWEST);
        }
        let from = self.from.or(in_use).unwrap_or(oldest);
        (from, self.to.unwrap_or_default())
    }
}

/// All environments of the project that a directory belongs to, or of those below it; where there
/// is none, the kustomization of the directory.
fn everything(start: &Path) -> Result<Vec<(String, What)>> {
    let found = match roots(start) {
        Err(_) if has_kustomization(start) => {
            return Ok(vec![(".".to_owned(), What::Directory(start.to_path_buf()))]);
        }
        found => found?,
    };
    let mut chosen = Vec::new();
    for (root, prefix) in found {
        let project = Project::find(&Disk, &root)?;
        for name in project.names(&Disk) {
            let label = format!("{prefix}{name}");
            chosen.push((label, What::Environment(Box::new(project.clone()), name)));
        }
    }
    match chosen.is_empty() {
        true if has_kustomization(start) => {
            Ok(vec![(".".to_owned(), What::Directory(start.to_path_buf()))])
        }
        true => Err(Error::new(Kind::Project, "there is nothing to compare")
            .help("name an environment, or a directory with a kustomization")),
        false => Ok(chosen),
    }
}

/// The file of the kustomization in a directory.
fn kustomization(directory: &Path) -> Option<PathBuf> {
    let mut paths = FILE_NAMES.into_iter().map(|name| directory.join(name));
    paths.find(|path| Disk.resolve(path).is_ok())
}

fn has_kustomization(directory: &Path) -> bool {
    kustomization(directory).is_some()
}

fn target<'t>(
    arguments: &Arguments,
    (files, here): (&'t LookupCache, &'t Path),
    (label, what): (&str, &'t What),
    options: &'t project::Options<'static>,
) -> Target<'t> {
    let (project, directory) = match what {
        What::Environment(project, name) => (Some(project), project.environments.join(name)),
        What::Directory(directory) => (None, directory.clone()),
    };
    let in_use = options
        .release
        .or_else(|| project.and_then(|project| project.kustomize_release));
    Target {
        name: label.to_owned(),
        file: display_from(here, &kustomization(&directory).unwrap_or(directory)),
        releases: arguments.releases(in_use),
        build: Box::new(move |release| match what {
            What::Environment(project, name) => {
                rendered((files, here), project, name, release, options)
            }
            What::Directory(directory) => built((files, here), directory, release, options),
        }),
    }
}

fn rendered(
    (files, here): (&LookupCache, &Path),
    project: &Project,
    name: &str,
    release: Release,
    options: &project::Options<'static>,
) -> Result<Output> {
    let project = project.clone().seen_from(here);
    let mut environment = project.environment(files, name)?;
    // What is compared need not be fit to be deployed.
    environment.settings.strict = Some(false);
    environment.settings.guard = Some(GuardPolicy::Off);
    let options = project::Options {
        release: Some(release),
        ..options.clone()
    };
    let mut rendered = render(files, here, &project, &environment, &options)?;
    Ok(Output {
        resources: std::mem::take(&mut rendered.resources),
        text: std::mem::take(&mut rendered.text),
        place: Box::new(move |span| rendered.sources.place(span)),
    })
}

fn built(
    (files, here): (&LookupCache, &Path),
    directory: &Path,
    release: Release,
    options: &project::Options<'static>,
) -> Result<Output> {
    let options = build::Options {
        release,
        restriction: options.restriction,
        plugins: options.plugins.clone(),
        ..build::Options::default()
    };
    let target = PathBuf::from(display_from(here, directory));
    let built = build::build(files, here, &target, &options)?;
    let text = built.to_yaml()?;
    let sources = built.sources;
    Ok(Output {
        resources: built.resources,
        text,
        place: Box::new(move |span| sources.place(span)),
    })
}
