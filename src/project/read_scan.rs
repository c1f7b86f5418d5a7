//! Scans the files that a render reads for secrets, in a thread of its own.
//!
//! While an environment is rendered, another thread looks for secrets in every file that is read
//! and that git tracks.

use std::path::Path;
use std::sync::mpsc::Receiver;
use std::thread;

use super::{GuardPolicy, PROJECT_FILE, Project, Step, place_at};
use crate::error::{Error, Kind, Result};
use crate::finding::{Finding, Severity};
use crate::guard::{Baseline, FoundSecret, Guard, Settings};
use crate::load::{Cached, FileRead, Files, TrackedFiles};
use crate::place::Place;
use crate::secret_scan::{findings_of, read_baseline};
use crate::threads;

/// What a thread that reads a file has as a stack; as much as a main thread has.
pub(super) const STACK: usize = 8 << 20;

/// Does work with files, and finds the secrets in those that it reads and that git tracks.
///
/// # Errors
///
/// A baseline that cannot be read.
pub(super) fn watched<T>(
    cached: Cached<'_>,
    project: &Project,
    tracked: &TrackedFiles,
    work: impl FnOnce(&Cached<'_>) -> T,
) -> Result<(T, Vec<Finding>)> {
    if tracked.is_empty() {
        return Ok((work(&cached), Vec::new()));
    }
    let guard = guard(&cached, project)?;
    let reads = cached.subscribe();
    thread::scope(|scope| {
        let search = || {
            threads::grow_heap();
            search(&guard, project, tracked, reads)
        };
        let builder = thread::Builder::new().stack_size(STACK);
        let searching = builder.spawn_scoped(scope, search).map_err(|cause| {
            Error::new(Kind::Project, "no thread can be started").caused_by(cause)
        })?;
        let done = work(&cached);
        cached.unsubscribe();
        let findings = searching
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        Ok((done, findings))
    })
}

/// What a policy makes of what was found.
///
/// # Errors
///
/// If there is a secret and the policy says so; with its place, and without its value.
pub(super) fn judged(findings: Vec<Finding>, policy: GuardPolicy) -> Result<Vec<Finding>> {
    let refused = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error);
    let message = match (policy, refused.clone().count()) {
        (GuardPolicy::Off, _) => return Ok(Vec::new()),
        (GuardPolicy::Warn, _) | (_, 0) => return Ok(findings),
        (_, 1) => "git tracks a file with a secret in it".to_owned(),
        (_, count) => format!("git tracks files with {count} secrets in them"),
    };
    let mut error = Error::new(Kind::Secret, message);
    for finding in refused {
        error = error.note(finding.message.clone(), finding.place.clone());
        for other in &finding.others {
            error = error.note("it stands here, too", Some(other.clone()));
        }
    }
    Err(error.help(
        "remove it and replace it: whoever can read the repository knows it; if it is no secret, \
         say `# kustom:allow` and why behind it",
    ))
}

fn search(
    guard: &Guard,
    project: &Project,
    tracked: &TrackedFiles,
    reads: Receiver<FileRead>,
) -> Vec<Finding> {
    let mut leaks: Vec<FoundSecret> = Vec::new();
    for (path, content) in reads {
        // What is read through a link to a directory is tracked where it lies.
        let path = match tracked.contains(&path) {
            true => path,
            false => path.canonicalize().unwrap_or(path),
        };
        if tracked.contains(&path) {
            leaks.extend(guard.scan(&project.named(&path), &content).leaks);
        }
    }
    // Files are read in any order.
    leaks.sort_by(|a, b| (&a.path, a.span.start).cmp(&(&b.path, b.span.start)));
    findings_of(leaks, |file| project.shown(&project.root.join(file)))
}

/// The guard, with what the project allows.
fn guard(files: &dyn Files, project: &Project) -> Result<Guard> {
    let settings = &project.guard;
    let baseline = own_baseline(files, &project.root, settings, |path| project.shown(path))?;
    Ok(settings.guard(baseline.as_ref()))
}

/// The baseline that the `kustom.yaml` of a project names; `shown` is how files are named to the user.
///
/// # Errors
///
/// If it cannot be read; the error is at the field that names it.
pub(crate) fn own_baseline(
    files: &dyn Files,
    root: &Path,
    settings: &Settings,
    shown: impl Fn(&Path) -> String,
) -> Result<Option<Baseline>> {
    let Some(name) = &settings.baseline else {
        return Ok(None);
    };
    let path = root.join(name);
    let read = read_baseline(files, &path, &shown(&path));
    read.map(Some).map_err(|error| {
        let file = root.join(PROJECT_FILE);
        let way = [Step::Field("guard"), Step::Field("baseline")];
        let span = place_at(files, &file, &way).span;
        error.at(Place::in_file(shown(&file), span))
    })
}
