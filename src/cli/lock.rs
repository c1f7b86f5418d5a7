//! `kustom lock`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use kustom::error::{Error, Kind, Result};
use kustom::load::{
    Files as _, LOCK_FILE, Lock, Locked, LookupCache, Remote, RemoteKind, Remotes, display_from,
};
use kustom::place::SourceId;
use kustom::plugin;
use kustom::project::{Project, visit_remotes};
use kustom::write::{Directory, New};

use super::build::{canonical, working_directory};
use super::output::{Streams, line};
use super::progress::Progress;
use super::run_overrides::ValueFlags;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Write nothing; say which remotes do not hold any more what is locked, which are not locked,
    /// and which are locked for nothing, and exit with 1 if there is one.
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    pub(super) tree: Tree,
}

/// Whose remotes a command is about.
#[derive(Debug, clap::Args)]
pub(super) struct Tree {
    #[command(flatten)]
    values: ValueFlags,
    /// Let helm fetch charts.
    #[arg(long)]
    enable_helm: bool,
    /// The helm to run.
    #[arg(long, value_name = "PROGRAM", default_value = "helm")]
    helm_command: OsString,
    /// Look for the project from here, not from the current directory; where no project is, this is
    /// where the lock is.
    #[arg(short = 'C', long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

/// A tree of kustomizations with one lock.
pub(super) struct Found {
    pub(super) here: PathBuf,
    pub(super) root: PathBuf,
    files: LookupCache,
}

pub(super) fn run(arguments: &Arguments, streams: &Streams) -> Result<ExitCode> {
    let found = arguments.tree.find()?;
    let remotes = Arc::new(Remotes::to_lock());
    arguments.tree.visit(&found, &remotes, streams)?;
    let mut lock = remotes.locked()?;
    let shown = found.shown(LOCK_FILE);
    let old = found.files.read(&found.root.join(LOCK_FILE)).ok();
    if let Some(old) = old.as_ref().filter(|_| !arguments.check) {
        Lock::refuse_later(old, SourceId::NONE).map_err(|error| found.in_lock(error))?;
    }
    if !arguments.tree.allows_charts(&found)?
        && let Some(Ok(old)) = old.as_ref().map(|text| Lock::parse(text, SourceId::NONE))
    {
        keep_charts(&mut lock, &old);
    }
    let text = lock.to_string();
    if arguments.check {
        let old = match &old {
            Some(bytes) => found.parsed(bytes)?,
            None => Lock::default(),
        };
        let list: String = differences(&old, &lock).iter().map(|it| line(it)).collect();
        streams.data(&list)?;
        return Ok(ExitCode::from(u8::from(!list.is_empty())));
    }
    if old.as_deref() != Some(text.as_bytes()) {
        let files = [New::over(LOCK_FILE, text)];
        Directory::new(found.shown("")).write(&files)?;
    }
    let count = lock.iter().count();
    let noun = if count == 1 { "remote" } else { "remotes" };
    streams.say(&format!("`{shown}` locks {count} {noun}\n"));
    Ok(ExitCode::SUCCESS)
}

/// Keeps what is locked of charts where helm may not look for others.
fn keep_charts(lock: &mut Lock, old: &Lock) {
    for (remote, locked) in old.iter() {
        let is_chart = matches!(remote.kind, RemoteKind::Chart { .. });
        if is_chart && lock.get(remote).is_none() {
            lock.insert(remote.clone(), locked.clone());
        }
    }
}

impl Tree {
    fn allows_charts(&self, found: &Found) -> Result<bool> {
        let project = Project::find_if_any(&found.files, &found.root)?;
        Ok(self.enable_helm || project.is_some_and(|it| it.helm.enabled))
    }

    /// The root of the project, or the directory that is named.
    pub(super) fn find(&self) -> Result<Found> {
        let here = working_directory()?;
        let files = self.values.files()?;
        let start = match &self.directory {
            Some(directory) => canonical(&here.join(directory), directory)?,
            None => here.clone(),
        };
        let project = Project::find_if_any(&files, &start)?;
        Ok(Found {
            root: project.map_or(start, |project| project.root),
            here,
            files,
        })
    }

    /// Reads all remotes of the tree.
    pub(super) fn visit(
        &self,
        found: &Found,
        remotes: &Arc<Remotes>,
        streams: &Streams,
    ) -> Result<()> {
        let project = Project::find_if_any(&found.files, &found.root)?;
        let project = project.map(|project| project.seen_from(&found.here));
        let whose = (found.root.as_path(), project.as_ref());
        let values = self.values.read()?;
        let mut plugins = plugin::Options::default();
        plugins.helm.enabled = self.enable_helm;
        plugins.helm.command = self.helm_command.clone();
        let (files, here) = (&found.files, &found.here);
        let progress = Progress::new(0, "kustomizations");
        let done = |done, total| progress.at(done, total);
        let plugins = Some(&plugins);
        let findings = visit_remotes(files, here, whose, &values, remotes, plugins, &done)?;
        drop(progress);
        streams.findings(&findings);
        Ok(())
    }
}

impl Found {
    /// A path below the root, as it is shown to people.
    pub(super) fn shown(&self, name: &str) -> String {
        display_from(&self.here, &self.root.join(name))
    }

    /// A lock, read.
    fn parsed(&self, text: &[u8]) -> Result<Lock> {
        Lock::parse(text, SourceId::NONE).map_err(|error| self.in_lock(error))
    }

    /// An error of the lock, with the name of its file.
    fn in_lock(&self, error: Error) -> Error {
        let name: Arc<str> = self.shown(LOCK_FILE).into();
        error.name_files(|_| Some(Arc::clone(&name)))
    }

    /// Stops where nothing is locked, or where the lock is none.
    pub(super) fn need_lock(&self) -> Result<()> {
        match self.files.read(&self.root.join(LOCK_FILE)) {
            Ok(text) => self.parsed(&text).map(drop),
            Err(_) => {
                let message = format!("there is no `{}`", self.shown(LOCK_FILE));
                Err(Error::new(Kind::Load, message)
                    .help("write it with `kustom lock`: what is vendored is held to it"))
            }
        }
    }
}

/// What a new lock says otherwise, one line a remote.
fn differences(old: &Lock, new: &Lock) -> Vec<String> {
    let mut lines = Vec::new();
    for (remote, now) in new.iter() {
        match old.get(remote) {
            None => lines.push(format!("not locked: {remote}")),
            Some(then) if then != now => lines.push(changed(remote, then, now)),
            Some(_) => {}
        }
    }
    let gone = old.iter().filter(|(remote, _)| new.get(remote).is_none());
    lines.extend(gone.map(|(remote, _)| format!("not needed: {remote}")));
    lines
}

fn changed(remote: &Remote, then: &Locked, now: &Locked) -> String {
    let from_to = |what: &str, then: &str, now: &str| match then == now {
        true => String::new(),
        false => format!(", {what} `{then}` is now `{now}`"),
    };
    let commit = |locked: &Locked| locked.commit.clone().unwrap_or_default();
    let resolved = |locked: &Locked| locked.resolved.clone().unwrap_or_default();
    let directories = |locked: &Locked| {
        let names = locked.directories.iter();
        let names = names.map(|name| if name.is_empty() { "." } else { name });
        names.collect::<Vec<_>>().join(" ")
    };
    format!(
        "changed: {remote}{}{}{}{}",
        from_to("the commit", &commit(then), &commit(now)),
        from_to("the version", &resolved(then), &resolved(now)),
        from_to("what is used,", &directories(then), &directories(now)),
        from_to("the digest", &then.digest, &now.digest),
    )
}

/// Whether a path is one below a directory that nothing leads out of.
pub(super) fn is_inside(path: &Path) -> bool {
    let mut parts = path.components();
    parts.all(|part| matches!(part, std::path::Component::Normal(_)))
}
