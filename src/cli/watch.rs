//! `kustom watch`.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use kustom::diff::{Detail, Input, Masking, Options as DiffOptions, Sides, diff};
use kustom::error::{Error, Kind, Result};
use kustom::fields::Fields;
use kustom::guard::Guard;
use kustom::load::{Accesses, FileKind, Files as _, Recording, tracked_files};
use kustom::process::Command;
use kustom::project::{Options, Rendered, render};
use kustom::report::{self, DiffFormat, Layout};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::build::working_directory;
use super::output::Streams;
use super::project::{find_environment, said_by_git};
use super::run_overrides::{Policy, RunOverrides};

/// How long it must be quiet before it is rendered again: an editor does more than one thing to save.
const QUIET: Duration = Duration::from_millis(60);

/// How long that is waited for where it never is.
const LONGEST: Duration = Duration::from_millis(600);

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The environment.
    #[arg(value_name = "ENV")]
    environment: String,
    /// What is run at the start and after each change, with the manifests on its stdin.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
    /// What is done about secrets that nobody has filled in; placeholders, if nothing is said.
    #[arg(long, value_name = "POLICY")]
    secrets: Option<Policy>,
    #[command(flatten)]
    overrides: RunOverrides,
    /// Look for the project from here, not from the current directory.
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let here = working_directory()?;
    {
        // What is not there is not waited for.
        let files = arguments.overrides.files()?;
        let directory = arguments.directory.as_deref();
        let (project, name) = find_environment(&files, &here, directory, &arguments.environment)?;
        if !project.names(&files).contains(&name) {
            project.environment(&files, &name)?;
        }
    }
    let mut watch = Watch::new()?;
    let mut last: Option<Rendered> = None;
    let mut told = String::new();
    loop {
        let (rendered, accesses) = watch.settled(arguments, &here)?;
        match rendered {
            Ok(rendered) => {
                told.clear();
                let is_first = last.is_none();
                if last.as_ref().is_none_or(|last| last.text != rendered.text) {
                    match &last {
                        Some(last) => {
                            streams.data(&difference(arguments, last, &rendered, streams))?
                        }
                        None => {
                            let files = accesses.values().filter(|one| one.read).count();
                            streams.say(&format!(
                                "`{}` renders {} objects of {files} files; watching\n",
                                arguments.environment,
                                rendered.resources.len()
                            ));
                        }
                    }
                    if is_first {
                        streams.findings(&rendered.findings);
                    }
                    run_command(arguments, &rendered, streams);
                    last = Some(rendered);
                }
            }
            // What is broken is told once, however often it is saved.
            Err(error) => {
                let text = format!("{error:#}");
                if text != told {
                    streams.error(&error);
                    told = text;
                }
            }
        }
        watch.wait(&accesses)?;
    }
}

/// What was asked of the files.
type Asked = BTreeMap<PathBuf, Accesses>;

/// Renders the environment, and records what that asks for: also of one that does not render.
fn rendered(arguments: &Arguments, here: &Path) -> Result<(Result<Rendered>, Asked)> {
    let disk = arguments.overrides.files()?;
    let files = Recording::new(&disk);
    let policy = arguments.secrets.unwrap_or(Policy::Placeholder);
    let options = arguments.overrides.options(Some(policy.secrets()))?;
    let rendered = || -> Result<Rendered> {
        let directory = arguments.directory.as_deref();
        let (project, name) = find_environment(&files, here, directory, &arguments.environment)?;
        let mut environment = project.environment(&files, &name)?;
        environment.settings.strict = Some(false);
        let tracked = tracked_files(&project.environments.join(&name));
        let tracked = said_by_git(tracked, &files, &project, &[name])?.unwrap_or_default();
        let options = Options {
            tracked: &tracked,
            ..options
        };
        render(&files, here, &project, &environment, &options)
    };
    let rendered = rendered();
    Ok((rendered, files.accesses()))
}

/// What differs from what was rendered before.
fn difference(arguments: &Arguments, then: &Rendered, now: &Rendered, streams: &Streams) -> String {
    let options = DiffOptions {
        sides: Sides::Times,
        fields: &Fields::builtin(),
        secrets: &Guard::new(),
        masking: Masking::default(),
        expected: &[],
        ignored: &[],
        detail: Detail::default(),
    };
    let from = Input {
        name: "before",
        resources: &then.resources,
        place: &|span| then.sources.place(span),
    };
    let to = Input {
        name: &arguments.environment,
        resources: &now.resources,
        place: &|span| now.sources.place(span),
    };
    let layout = Layout {
        color: streams.color_of_data(),
        width: super::output::width(),
        ..Layout::default()
    };
    report::diff(&diff(from, to, &options), DiffFormat::Terminal, layout)
}

/// Runs the command; one that fails is told, and does not end the watch.
fn run_command(arguments: &Arguments, rendered: &Rendered, streams: &Streams) {
    let Some((program, rest)) = arguments.command.split_first() else {
        return;
    };
    let command = Command {
        input: rendered.text.clone().into_bytes(),
        ..Command::new(program, rest)
    };
    match command.run_attached() {
        Ok(status) if status.success() => {}
        Ok(status) => streams.say(&format!("`{}` ended with {status}\n", command.line())),
        Err(failure) => streams.error(&failure.into_error(program)),
    }
}

/// The directories that are watched.
struct Watch {
    watcher: RecommendedWatcher,
    events: Receiver<notify::Result<Event>>,
    watched: BTreeSet<PathBuf>,
    /// Whether a directory that was watched may be another one by now.
    is_stale: bool,
}

impl Watch {
    fn new() -> Result<Self> {
        let (sender, events) = channel();
        let watcher = notify::recommended_watcher(sender).map_err(cannot_watch)?;
        Ok(Self {
            watcher,
            events,
            watched: BTreeSet::new(),
            is_stale: false,
        })
    }

    /// Renders until all is watched that was asked for: nothing changes unseen between the two.
    fn settled(&mut self, arguments: &Arguments, here: &Path) -> Result<(Result<Rendered>, Asked)> {
        loop {
            let (rendered, accesses) = rendered(arguments, here)?;
            let wanted = directories(&accesses);
            if !self.is_stale && wanted.is_subset(&self.watched) {
                return Ok((rendered, accesses));
            }
            if self.is_stale {
                *self = Self::new()?;
            }
            for directory in wanted {
                if self.watched.contains(&directory) {
                    continue;
                }
                match self.watcher.watch(&directory, RecursiveMode::NonRecursive) {
                    Ok(()) => drop(self.watched.insert(directory)),
                    // One that is gone again has a parent that says so.
                    Err(error) if matches!(error.kind, notify::ErrorKind::PathNotFound) => {}
                    Err(error) => return Err(cannot_watch(error)),
                }
            }
        }
    }

    /// Waits until something changes that was asked for, and then until it is quiet.
    fn wait(&mut self, accesses: &Asked) -> Result<()> {
        let mut first: Option<Instant> = None;
        loop {
            let event = match first {
                None => self
                    .events
                    .recv()
                    .map_err(|_| RecvTimeoutError::Disconnected),
                Some(first) => {
                    if first.elapsed() > LONGEST {
                        return Ok(());
                    }
                    self.events.recv_timeout(QUIET)
                }
            };
            match event {
                Ok(Ok(event)) => {
                    if self.concerns(&event, accesses) {
                        first.get_or_insert_with(Instant::now);
                    }
                }
                Ok(Err(error)) => return Err(cannot_watch(error)),
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::new(Kind::Load, "nothing is watched any more"));
                }
            }
        }
    }

    /// Whether an event is about something that was asked for.
    fn concerns(&mut self, event: &Event, accesses: &Asked) -> bool {
        if matches!(event.kind, EventKind::Access(_)) {
            return false;
        }
        // The system lost events: anything may have happened.
        if event.need_rescan() || event.paths.is_empty() {
            return true;
        }
        let mut concerns = false;
        for path in &event.paths {
            if self
                .watched
                .iter()
                .any(|directory| directory.starts_with(path))
                && !matches!(
                    event.kind,
                    EventKind::Modify(notify::event::ModifyKind::Data(_))
                )
            {
                self.is_stale = true;
            }
            concerns |= is_asked(path, accesses);
        }
        concerns
    }
}

/// Whether a build asked for a path: read it, looked for it or something below it, or listed what it
/// is in.
fn is_asked(path: &Path, accesses: &Asked) -> bool {
    let is_below = |one: &Path| {
        accesses
            .range(one.to_path_buf()..)
            .next()
            .is_some_and(|it| it.0.starts_with(one))
    };
    if is_below(path) {
        return true;
    }
    let parent = path.parent().and_then(|parent| accesses.get(parent));
    if parent.is_some_and(|parent| parent.listed) {
        return true;
    }
    path.ancestors().any(|above| {
        let above = accesses.get(above);
        above.is_some_and(|above| above.walked || above.handed_over)
    })
}

/// The directories in which what was asked for is, or would be.
fn directories(accesses: &Asked) -> BTreeSet<PathBuf> {
    let mut wanted = BTreeSet::new();
    let disk = kustom::load::Disk;
    for (path, asked) in accesses {
        if asked.walked || asked.handed_over {
            wanted.extend(below(path));
        }
        if asked.listed && path.is_dir() {
            wanted.insert(path.clone());
        }
        if let Some(directory) = path.ancestors().skip(1).find(|above| above.is_dir()) {
            wanted.insert(directory.to_path_buf());
        }
        // What a link leads to changes where it is.
        if let Ok((real, kind)) = disk.resolve(path) {
            let directory = match kind {
                FileKind::Directory => Some(real.as_path()),
                FileKind::File => real.parent(),
            };
            wanted.extend(directory.map(Path::to_path_buf));
        }
    }
    wanted
}

/// A directory and all below it.
fn below(path: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(path)
        .into_iter()
        .filter_map(std::result::Result::ok);
    let directories = entries.filter(|entry| entry.file_type().is_dir());
    directories.map(walkdir::DirEntry::into_path).collect()
}

fn cannot_watch(error: notify::Error) -> Error {
    let path = error
        .paths
        .first()
        .map_or_else(String::new, |path| format!(" `{}`", path.display()));
    let help = match &error.kind {
        notify::ErrorKind::MaxFilesWatch => {
            "the system watches no more directories: raise `fs.inotify.max_user_watches`"
        }
        _ => "render by hand with `kustom render`",
    };
    Error::new(Kind::Load, format!("cannot watch{path}"))
        .caused_by(error)
        .help(help)
}
