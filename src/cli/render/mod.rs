//! `kustom render`.

mod owners;
mod tree;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use kustom::error::{Error, Kind, Result};
use kustom::finding::{Finding, Severity};
use kustom::load::{LookupCache, TrackedFiles, tracked_files};
use kustom::project::{
    Environment, FluxFile, Options, Project, Rendered, Shard, flux_file, render, render_many,
};
use kustom::report::{Check, Report, Suite, finding_of};
use kustom::write::{self, Batch};
use kustom::yaml::write_stream;

use super::build::working_directory;
use super::complete::{Environments, completer};
use super::files::split;
use super::output::Streams;
use super::progress::Progress;
use super::project::{find, find_environment, said_by_git};
use super::run_overrides::{Policy, RunOverrides};
use super::selection::{Selection, SelectionFlags};
use owners::Owners;
use tree::{Taken, Tree};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The environment; of several, one stream of all, or a file of each.
    #[arg(
        value_name = "ENV",
        add = completer(Environments),
        required_unless_present_any = ["all", "flux"],
        conflicts_with = "all"
    )]
    environments: Vec<String>,
    /// A file with a Flux `Kustomization`, in place of an environment: print what Flux builds of it.
    #[arg(long, value_name = "FILE", conflicts_with = "all")]
    flux: Option<PathBuf>,
    /// A file with ConfigMaps and Secrets of the cluster, for `substituteFrom`; may be repeated.
    #[arg(long, value_name = "FILE", requires = "flux")]
    substitute_from: Vec<PathBuf>,
    /// Let a variable without a value be empty, as before kustomize-controller 1.9.
    #[arg(long, requires = "flux")]
    lenient: bool,
    /// Set what kustomize-controller sets as it applies: `commonMetadata`.
    #[arg(long, requires = "flux")]
    applied: bool,
    /// Render all environments, each to a file of its own.
    #[arg(long, requires = "output")]
    all: bool,
    /// Write to this file or, if it is a directory or there are several files, into it.
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
    /// Write one file for each object, named as kustomize names them.
    #[arg(long, requires = "output")]
    split: bool,
    /// Write nothing; say which files are not what they would be, and exit with 1 if there is one.
    #[arg(long, requires = "output")]
    check: bool,
    /// Remove files that an earlier run wrote and this one would not.
    #[arg(long, requires = "all", conflicts_with = "shard")]
    prune: bool,
    /// Only a part of the environments: the first of four is `1/4`.
    #[arg(long, value_name = "I/N", requires = "all")]
    shard: Option<String>,
    #[command(flatten)]
    selection: SelectionFlags,
    /// Say what was changed for this run, too.
    #[arg(short, long)]
    verbose: bool,
    /// What is done about secrets that are not filled in.
    #[arg(long, value_name = "POLICY")]
    secrets: Option<Policy>,
    #[command(flatten)]
    overrides: RunOverrides,
    /// Look for the project from here, not from the current directory.
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

/// The text of files, by their paths below a directory.
type Texts = BTreeMap<PathBuf, String>;

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    match (arguments.environments.as_slice(), &arguments.flux) {
        ([], Some(file)) => flux(arguments, file, None, streams),
        ([name], Some(file)) => flux(arguments, file, Some(name), streams),
        (_, Some(_)) => Err(
            Error::new(Kind::Project, "`--flux` takes one name, not several")
                .help("it is that of the Flux Kustomization in the file"),
        ),
        ([], None) => all(arguments, streams),
        ([name], None) => one(arguments, name, streams),
        (names, None) => several(arguments, names, streams),
    }
}

/// Renders environments that are named, all of one project.
fn several(arguments: &Arguments, labels: &[String], streams: &Streams) -> Result<ExitCode> {
    let here = working_directory()?;
    let files = arguments.overrides.files()?;
    let directory = arguments.directory.as_deref();
    let mut found: Option<Project> = None;
    let mut names: Vec<String> = Vec::new();
    for label in labels {
        let (project, name) = find_environment(&files, &here, directory, label)?;
        // One that there is not is said before any is rendered.
        project.environment(&files, &name)?;
        if names.contains(&name) {
            return Err(
                Error::new(Kind::Project, format!("`{label}` is named twice"))
                    .help("name each environment once"),
            );
        }
        if found
            .as_ref()
            .is_some_and(|found| found.root != project.root)
        {
            let message = format!("`{label}` is in another project than `{}`", labels[0]);
            return Err(Error::new(Kind::Project, message)
                .help("render the environments of one project at a time"));
        }
        names.push(name);
        found = Some(project);
    }
    match found {
        Some(project) => many(arguments, (&here, &files), &project, names, streams),
        None => Ok(ExitCode::SUCCESS),
    }
}

/// Renders what a file with a Flux object says.
fn flux(
    arguments: &Arguments,
    file: &Path,
    name: Option<&str>,
    streams: &Streams,
) -> Result<ExitCode> {
    let here = working_directory()?;
    let files = arguments.overrides.files()?;
    let values = &arguments.substitute_from;
    let how = FluxFile {
        values,
        strict: !arguments.lenient,
        applied: arguments.applied,
    };
    let (project, environment) = flux_file(&files, &here, file, name, how)?;
    let tracked = tracked(&files, &project, &[])?;
    rendered(
        arguments,
        &files,
        &here,
        (&project, &environment),
        &tracked,
        streams,
    )
}

fn one(arguments: &Arguments, name: &str, streams: &Streams) -> Result<ExitCode> {
    let here = working_directory()?;
    let files = arguments.overrides.files()?;
    let directory = arguments.directory.as_deref();
    let (project, name) = find_environment(&files, &here, directory, name)?;
    let environment = project.environment(&files, &name)?;
    let tracked = tracked(&files, &project, std::slice::from_ref(&environment.name))?;
    rendered(
        arguments,
        &files,
        &here,
        (&project, &environment),
        &tracked,
        streams,
    )
}

/// Renders an environment to stdout or files.
fn rendered(
    arguments: &Arguments,
    files: &LookupCache,
    here: &Path,
    (project, environment): (&Project, &Environment),
    tracked: &TrackedFiles,
    streams: &Streams,
) -> Result<ExitCode> {
    let options = arguments.options(tracked)?;
    let mut rendered = render(files, here, project, environment, &options)?;
    arguments.say(&rendered.findings, streams);
    let selection = arguments.selection.begin();
    select(&selection, &mut rendered)?;
    selection.finish()?;
    let Some(output) = &arguments.output else {
        return streams.data(&rendered.text).map(|()| ExitCode::SUCCESS);
    };
    let is_directory = output.is_dir() || output.to_string_lossy().ends_with('/');
    if arguments.split || is_directory {
        let texts = match arguments.split {
            true => each(&rendered, Path::new(""))?,
            false => Texts::from([(PathBuf::from(environment.output()), rendered.text)]),
        };
        return arguments.put(&Tree::new(output), texts, streams);
    }
    let text = rendered.text;
    if !arguments.check {
        tree::refuse_git(output)?;
        return write::file(output, text.as_bytes()).map(|()| ExitCode::SUCCESS);
    }
    let directory = output.parent().unwrap_or(Path::new(""));
    let name = output.file_name().unwrap_or_default();
    let texts = Texts::from([(PathBuf::from(name), text)]);
    arguments.put(&Tree::new(directory), texts, streams)
}

fn all(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let here = working_directory()?;
    let files = arguments.overrides.files()?;
    let project = find(&files, &here, arguments.directory.as_deref())?;
    let mut names = project.names(&files);
    if names.is_empty() {
        let message = format!(
            "`{}` holds no environment",
            project.shown(&project.environments)
        );
        return Err(Error::new(Kind::Project, message)
            .help("an environment is a directory with a kustomization or an `environment.yaml`"));
    }
    if let Some(shard) = arguments.shard()? {
        names = shard.of(names);
    }
    many(arguments, (&here, &files), &project, names, streams)
}

/// Leaves of what was rendered what is meant.
fn select(selection: &Selection<'_>, rendered: &mut Rendered) -> Result<()> {
    if selection.is_everything() {
        return Ok(());
    }
    selection.keep(&mut rendered.resources);
    rendered.text.clear();
    let nodes = rendered.resources.iter().map(|resource| &resource.node);
    write_stream(nodes, &mut rendered.text)
}

/// Renders environments, all at once.
fn many(
    arguments: &Arguments,
    (here, files): (&Path, &LookupCache),
    project: &Project,
    names: Vec<String>,
    streams: &Streams,
) -> Result<ExitCode> {
    let tracked = tracked(files, project, &names)?;
    let options = arguments.options(&tracked)?;
    let selection = arguments.selection.begin();
    let mut tree = arguments.output.as_deref().map(Tree::new);
    if let Some(tree) = &mut tree {
        tree.shard = arguments.shard()?;
        tree.keeps_record = arguments.all;
    }
    let batch = match &tree {
        Some(tree) if !arguments.check => Some(tree.begin()?),
        _ => None,
    };
    let take = |environment: &Environment, mut rendered: Rendered| {
        select(&selection, &mut rendered)?;
        let texts = arguments.texts(environment, &mut rendered)?;
        // What cannot be written is the error of the whole run, not of an environment.
        let made = match &tree {
            Some(tree) => tree.take(texts, batch.as_ref()).map(Made::Files),
            None => Ok(Made::Stream(texts.into_values().collect())),
        };
        Ok((made, rendered.findings))
    };
    let progress = Progress::new(names.len(), "environments");
    let done = |_| progress.step();
    let many = render_many(files, here, project, &names, &options, &take, &done)?;
    drop(progress);
    let mut taken = Taken::default();
    let (mut found, mut failed) = (Vec::new(), Vec::new());
    let mut owners = Owners::default();
    let mut strict: Vec<String> = Vec::new();
    // In the order in which they are named.
    let mut streams_of: Vec<String> = Vec::new();
    for (name, result) in many.each {
        match result {
            Ok((made, findings)) => {
                match made? {
                    // Without an object there is no document.
                    Made::Stream(text) => streams_of.extend((!text.is_empty()).then_some(text)),
                    Made::Files(files_of_it) => {
                        for path in files_of_it.paths() {
                            owners.take(files, project, path, &name)?;
                        }
                        taken.extend(files_of_it);
                    }
                }
                failed.push((name.clone(), Vec::new()));
                found.push((name, findings));
            }
            Err(error) => {
                let refused = error.findings().to_vec();
                if refused.is_empty() {
                    failed.push((name.clone(), vec![finding_of("render", &error)]));
                } else {
                    strict.push(format!("`{name}`"));
                    failed.push((name.clone(), refused));
                }
                found.push((name, Vec::new()));
            }
        }
    }
    let count = failed
        .iter()
        .filter(|(_, errors)| !errors.is_empty())
        .count();
    streams.errors(&by_environment(failed));
    arguments.say(&many.findings, streams);
    for (_, findings) in &mut found {
        findings.retain(|finding| arguments.is_wanted(finding));
    }
    streams.report(&by_environment(found));
    if count > 0 {
        let message = format!("{count} of {} environments cannot be rendered", names.len());
        let error = Error::new(Kind::Project, message).help("nothing was written");
        return Err(match strict.as_slice() {
            [] => error,
            [one] => error.note(format!("{one} is strict, so warnings are errors"), None),
            several => {
                let names = several.join(", ");
                error.note(format!("{names} are strict, so warnings are errors"), None)
            }
        });
    }
    selection.finish()?;
    match &tree {
        Some(tree) => arguments.finish(tree, &taken, batch, streams),
        None => streams
            .data(&streams_of.join("---\n"))
            .map(|()| ExitCode::SUCCESS),
    }
}

/// What is left of an environment that was rendered among others.
enum Made {
    Stream(String),
    Files(Taken),
}

impl Arguments {
    fn options<'t>(&self, tracked: &'t TrackedFiles) -> Result<Options<'t>> {
        let options = self.overrides.options(self.secrets.map(Policy::secrets))?;
        Ok(Options { tracked, ..options })
    }

    /// The part of the environments that is rendered, if not all are.
    fn shard(&self) -> Result<Option<Shard>> {
        self.shard.as_deref().map(str::parse).transpose()
    }

    /// The files of a rendered environment, whose text is gone then.
    fn texts(&self, environment: &Environment, rendered: &mut Rendered) -> Result<Texts> {
        match self.split {
            true => each(rendered, Path::new(&environment.name)),
            false => {
                let text = std::mem::take(&mut rendered.text);
                Ok(Texts::from([(PathBuf::from(environment.output()), text)]))
            }
        }
    }

    /// Writes files, or checks them.
    fn put(&self, tree: &Tree<'_>, texts: Texts, streams: &Streams) -> Result<ExitCode> {
        for path in texts.keys() {
            tree.refuse_git(path)?;
        }
        let batch = match self.check {
            true => None,
            false => Some(tree.begin()?),
        };
        let taken = tree.take(texts, batch.as_ref())?;
        self.finish(tree, &taken, batch, streams)
    }

    /// Gives written files their names, or says which are not what they would be.
    fn finish(
        &self,
        tree: &Tree<'_>,
        taken: &Taken,
        batch: Option<Batch<'_>>,
        streams: &Streams,
    ) -> Result<ExitCode> {
        let Some(batch) = batch else {
            let list = tree.stale(taken, self.prune)?;
            streams.data(&list)?;
            return Ok(ExitCode::from(u8::from(!list.is_empty())));
        };
        let findings = tree.finish(taken, batch, self.prune)?;
        streams.findings(&findings);
        Ok(ExitCode::SUCCESS)
    }

    /// Says findings, each once.
    fn say(&self, findings: &[Finding], streams: &Streams) {
        let mut distinct: Vec<Finding> = Vec::new();
        for finding in findings.iter().filter(|one| self.is_wanted(one)) {
            if !distinct.contains(finding) {
                distinct.push(finding.clone());
            }
        }
        streams.findings(&distinct);
    }

    fn is_wanted(&self, finding: &Finding) -> bool {
        self.verbose || finding.severity > Severity::Note
    }
}

/// What was found of environments: the same in several of them once, with all their names.
fn by_environment(found: Vec<(String, Vec<Finding>)>) -> Report {
    let suites = found.into_iter().map(|(name, findings)| Suite {
        file: name.clone(),
        name,
        checks: vec![Check::ran("render", findings)],
    });
    Report {
        suites: suites.collect(),
        ..Report::of("render", Vec::new())
    }
}

/// What git tracks of the project.
fn tracked(files: &LookupCache, project: &Project, names: &[String]) -> Result<TrackedFiles> {
    let listed = said_by_git(tracked_files(&project.root), files, project, names)?;
    Ok(listed.unwrap_or_default())
}

/// Every object by itself.
fn each(rendered: &Rendered, directory: &Path) -> Result<Texts> {
    let files = split(&rendered.resources)?.into_iter();
    Ok(files
        .map(|(name, text)| (directory.join(name), text))
        .collect())
}
