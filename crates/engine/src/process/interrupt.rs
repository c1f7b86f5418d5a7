//! Ends running programs and removes temporary files when we are interrupted.
//!
//! Each program leads a process group of its own, so that it can be ended with its children. The
//! terminal's interrupt does not reach such a group, so it is passed on here.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use tempfile::{NamedTempFile, TempDir};

/// The processes to end and the files to remove.
#[derive(Debug, Default)]
struct Held {
    /// The programs that run, which lead groups.
    programs: BTreeSet<u32>,
    /// Files and directories, and how often each is held.
    paths: BTreeMap<PathBuf, usize>,
}

static HELD: Mutex<Held> = Mutex::new(Held {
    programs: BTreeSet::new(),
    paths: BTreeMap::new(),
});

/// Whether an interrupt is ours to answer.
static IS_OURS: AtomicBool = AtomicBool::new(false);

/// From now on an interrupt (`SIGINT`, `SIGTERM`) ends the programs that run for us and
/// removes what is temporary, before it ends the process as it always does.
///
/// For the owner of a process. Nothing is set up before there is something to end.
pub fn end_with_us() {
    IS_OURS.store(true, Ordering::Relaxed);
}

fn held() -> MutexGuard<'static, Held> {
    static WATCHES: Once = Once::new();
    if IS_OURS.load(Ordering::Relaxed) {
        WATCHES.call_once(watch);
    }
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A program that runs.
#[derive(Debug)]
pub(super) struct Running(u32);

impl Running {
    /// Starts a program; an interrupt finds it from its first moment on.
    pub(super) fn start(command: &mut Command) -> io::Result<(Child, Self)> {
        let mut held = held();
        let child = command.spawn()?;
        held.programs.insert(child.id());
        let id = child.id();
        Ok((child, Self(id)))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        held().programs.remove(&self.0);
    }
}

/// A path that goes with an interrupt.
#[derive(Debug)]
struct Noted(PathBuf);

impl Noted {
    fn new(held: &mut Held, path: &Path) -> Self {
        *held.paths.entry(path.to_path_buf()).or_default() += 1;
        Self(path.to_path_buf())
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        held().paths.remove(&self.0);
    }
}

/// A directory for its owner alone that is gone when its value is, or when we are interrupted.
#[derive(Debug)]
pub struct TemporaryDirectory {
    directory: TempDir,
    _noted: Noted,
}

impl TemporaryDirectory {
    /// A new directory where the system keeps what is temporary, its name after a prefix.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn new(prefix: &str) -> io::Result<Self> {
        let mut held = held();
        let mut builder = tempfile::Builder::new();
        // What is laid out for a program may hold secrets.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;

            builder.permissions(std::fs::Permissions::from_mode(0o700));
        }
        let directory = builder.prefix(prefix).tempdir()?;
        let noted = Noted::new(&mut held, directory.path());
        Ok(Self {
            directory,
            _noted: noted,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// A file that is gone when its value is, or when we are interrupted.
#[derive(Debug)]
pub struct TemporaryFile {
    file: NamedTempFile,
    _noted: Noted,
}

impl TemporaryFile {
    /// A new file where the system keeps what is temporary, its name after a prefix.
    ///
    /// # Errors
    ///
    /// If it cannot be made.
    pub fn new(prefix: &str) -> io::Result<Self> {
        let mut held = held();
        let file = tempfile::Builder::new().prefix(prefix).tempfile()?;
        let noted = Noted::new(&mut held, file.path());
        Ok(Self {
            file,
            _noted: noted,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Writes bytes to it.
    ///
    /// # Errors
    ///
    /// If they cannot be written.
    pub fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        io::Write::write_all(&mut self.file, bytes)
    }
}

/// Ends all that is held; while the lock is held, nothing more starts.
#[cfg(unix)]
fn end(held: &Held) {
    use std::time::{Duration, Instant};
    use std::{fs, thread};

    use rustix::process::Signal;

    for program in &held.programs {
        signal_group(*program, Signal::TERM);
    }
    // Time to say goodbye, as a container has to.
    let start = Instant::now();
    while start.elapsed() < super::GRACE && held.programs.iter().any(|program| is_there(*program)) {
        thread::sleep(Duration::from_millis(5));
    }
    for program in &held.programs {
        signal_group(*program, Signal::KILL);
    }
    for path in held.paths.keys() {
        // What cannot be removed stays: the process ends now.
        let _ = match path.is_dir() {
            true => fs::remove_dir_all(path),
            false => fs::remove_file(path),
        };
    }
}

/// Whether a program or one of its children runs still.
#[cfg(unix)]
fn is_there(program: u32) -> bool {
    use rustix::process::{Pid, test_kill_process_group};

    let pid = i32::try_from(program).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| test_kill_process_group(pid).is_ok())
}

/// Sends a signal to a program and its children.
#[cfg(unix)]
pub(super) fn signal_group(program: u32, signal: rustix::process::Signal) {
    use rustix::process::{Pid, kill_process_group};

    if let Some(pid) = i32::try_from(program).ok().and_then(Pid::from_raw) {
        // One that has ended needs no signal.
        let _ = kill_process_group(pid, signal);
    }
}

#[cfg(unix)]
fn watch() {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    // Where signals cannot be watched, they do what they always do.
    let Ok(mut signals) = Signals::new([SIGINT, SIGTERM]) else {
        return;
    };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            let held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
            end(&held);
            let _ = emulate_default_handler(signal);
        }
    });
}

#[cfg(not(unix))]
fn watch() {}
