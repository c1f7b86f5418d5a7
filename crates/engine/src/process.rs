//! Runs external programs with a time limit and a bound on their output.
//!
//! This is the only module that starts a process. It knows no program: the modules for git, helm
//! and plugins compose the command lines and read the answers. A program that is late, or runs when
//! we are interrupted, is ended with all of its children.

mod interrupt;

use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead as _, Read, Write as _};
use std::path::PathBuf;
use std::process::{self, Child, ChildStdin, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use kustom_yaml::error::{Error, Kind};
use kustom_yaml::limits;

use interrupt::Running;
pub use interrupt::{TemporaryDirectory, TemporaryFile, end_with_us};

/// How long a program has to end by itself when it is asked to.
const GRACE: Duration = Duration::from_secs(2);

/// A program that is about to run.
#[derive(Clone, Debug, Default)]
pub struct Command {
    /// The program: a name to look for on the `PATH`, or a path.
    pub program: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Where it runs; where we run, if that is not said.
    pub directory: Option<PathBuf>,
    /// Variables added to our own environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Variables of our environment that it does not see.
    pub without: &'static [&'static str],
    /// Its stdin.
    pub input: Vec<u8>,
    /// How long it may run; as long as the [limits](limits::Limits) of the process allow, if that is
    /// not said. It works in the background: it has no terminal to ask at.
    pub limit: Option<Duration>,
    /// Makes the filter through which its stderr reaches our own while it runs; without one its
    /// stderr is collected in [`Output::words`].
    pub talks: Option<Listener>,
}

/// Makes a filter for the lines that a program writes to stderr, from the input that it is given.
pub type Listener = fn(&[u8]) -> Box<dyn Fn(&str) -> String + Send>;

/// The outcome of a program.
#[derive(Clone, Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// Its stdout.
    pub data: Vec<u8>,
    /// Its stderr.
    pub words: Vec<u8>,
}

/// Why a program did not run to its end.
#[derive(Debug)]
pub enum Failure {
    /// There is no such program.
    Missing,
    /// It took longer than this, and was ended.
    Late(Duration),
    /// It printed more than so many bytes, and was ended.
    Large(u64),
    /// Anything else.
    Other(io::Error),
}

impl Command {
    /// A program with arguments.
    ///
    /// # Example
    ///
    /// ```
    /// use kustom_engine::process::Command;
    ///
    /// let output = Command::new("printf", ["%s", "hello"]).run().unwrap();
    /// assert_eq!(output.data, b"hello");
    /// ```
    pub fn new<A: Into<OsString>>(
        program: impl Into<OsString>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        Self {
            program: program.into(),
            arguments: arguments.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// The program and its arguments on one line, for people.
    pub fn line(&self) -> String {
        let words = std::iter::once(&self.program).chain(&self.arguments);
        words
            .map(|word| word.to_string_lossy())
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Runs it to its end.
    ///
    /// # Errors
    ///
    /// If it could not be started, or was ended for taking too long or printing too much. One that ran and failed is no
    /// error here: its [`Output::status`] says so.
    pub fn run(&self) -> Result<Output, Failure> {
        let mut command = process::Command::new(&self.program);
        let pipe_if = |wanted: bool, otherwise: fn() -> Stdio| {
            if wanted { Stdio::piped() } else { otherwise() }
        };
        command
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(key, value)| (key, value)))
            .stdin(pipe_if(!self.input.is_empty(), Stdio::null))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        for name in self.without {
            command.env_remove(name);
        }
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        lead_a_group(&mut command);
        let (mut child, _running) =
            Running::start(&mut command).map_err(|cause| match cause.kind() {
                io::ErrorKind::NotFound => Failure::Missing,
                _ => Failure::Other(cause),
            })?;
        if let Some(pipe) = child.stdin.take() {
            feed(pipe, self.input.clone());
        }
        let heard = self.talks.and_then(|listener| {
            let pipe = child.stderr.take()?;
            Some(repeat(pipe, listener(&self.input)))
        });
        let limits = limits::current();
        let output = wait(child, self.limit.unwrap_or(limits.time), limits.size);
        if let Some(heard) = heard {
            // What it has started in the background may hold the pipe for long.
            let _ = heard.recv_timeout(LAST_WORDS);
        }
        output
    }

    /// Runs it to its end, however long that takes: what it prints is printed where we print, as it
    /// comes. An interrupt ends it with all of its children.
    ///
    /// # Errors
    ///
    /// If it could not be started. One that ran and failed is no error here.
    pub fn run_attached(&self) -> Result<ExitStatus, Failure> {
        let mut command = process::Command::new(&self.program);
        command
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::piped());
        lead_a_group(&mut command);
        let (mut child, _running) =
            Running::start(&mut command).map_err(|cause| match cause.kind() {
                io::ErrorKind::NotFound => Failure::Missing,
                _ => Failure::Other(cause),
            })?;
        if let Some(pipe) = child.stdin.take() {
            feed(pipe, self.input.clone());
        }
        child.wait().map_err(Failure::Other)
    }
}

/// How long it is waited for the last words of a program that has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Repeats what a program says, line by line and as soon as it is said; tells when it is done.
fn repeat(
    pipe: impl Read + Send + 'static,
    door: Box<dyn Fn(&str) -> String + Send>,
) -> mpsc::Receiver<()> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut pipe = io::BufReader::new(pipe);
        let mut line = Vec::new();
        while pipe.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let text = door(&String::from_utf8_lossy(&line));
            // There is nowhere left to report a failure of this.
            let _ = io::stderr().lock().write_all(text.as_bytes());
            line.clear();
        }
        let _ = sender.send(());
    });
    receiver
}

impl Output {
    /// The last thing that it said on stderr, for an error of ours.
    pub fn last_words(&self) -> Option<String> {
        let words = String::from_utf8_lossy(&self.words);
        let line = words
            .lines()
            .rev()
            .map(str::trim)
            .find(|line| !line.is_empty())?;
        Some(line.to_owned())
    }

    /// How it ended, for people: `it ended with exit status 1`.
    pub fn ending(&self) -> String {
        match self.status.code() {
            Some(code) => format!("it ended with exit status {code}"),
            None => "it was ended by a signal".to_owned(),
        }
    }
}

impl Failure {
    /// An error about a program that did not run to its end.
    pub fn into_error(self, program: &OsStr) -> Error {
        let program = program.to_string_lossy();
        match self {
            Self::Missing => Error::new(
                Kind::Plugin,
                format!("cannot run `{program}`: there is no such program"),
            )
            .help(format!("install `{program}`, or put it on the PATH")),
            Self::Late(limit) => {
                let message = format!("`{program}` did not end within {} s", limit.as_secs_f64());
                Error::new(Kind::Plugin, message).help(
                    "if it needs longer, say so: `--timeout 30m`, or `KUSTOM_TIMEOUT=30m` in the \
                     environment",
                )
            }
            Self::Large(limit) => {
                let message = format!("`{program}` prints more than {limit} bytes");
                Error::new(Kind::Plugin, message).help(
                    "if that much is meant, raise the limit: `--max-size 2G`, or \
                     `KUSTOM_MAX_SIZE=2G` in the environment",
                )
            }
            Self::Other(cause) => {
                Error::new(Kind::Plugin, format!("cannot run `{program}`: {cause}"))
                    .caused_by(cause)
            }
        }
    }
}

/// Writes what a program reads; it need not read all of it.
fn feed(mut pipe: ChildStdin, input: Vec<u8>) {
    thread::spawn(move || {
        // One that stops reading has what it wants.
        let _ = pipe.write_all(&input);
    });
}

/// Waits for a child and what it prints, and ends it with all of its own children when it is late.
fn wait(mut child: Child, limit: Duration, most: u64) -> Result<Output, Failure> {
    let start = Instant::now();
    let left = || limit.saturating_sub(start.elapsed());
    let data = drain(child.stdout.take(), most);
    let words = drain(child.stderr.take(), most);
    let received = data
        .recv_timeout(left())
        .and_then(|data| Ok((data, words.recv_timeout(left())?)));
    let is_large = |bytes: &[u8]| bytes.len() as u64 > most;
    if let Ok((data, words)) = &received
        && (is_large(data) || is_large(words))
    {
        end_group(&mut child);
        return Err(Failure::Large(most));
    }
    // A child that has closed its output is about to end, but it may take its time.
    let status = loop {
        match child.try_wait().map_err(Failure::Other)? {
            Some(status) => break Some(status),
            None if received.is_err() || left().is_zero() => break None,
            None => thread::sleep(Duration::from_millis(1)),
        }
    };
    match (received, status) {
        (Ok((data, words)), Some(status)) => Ok(Output {
            status,
            data,
            words,
        }),
        _ => {
            end_group(&mut child);
            Err(Failure::Late(limit))
        }
    }
}

/// Reads a pipe in the background: to its end, or as far as a byte more than is allowed.
fn drain(pipe: Option<impl Read + Send + 'static>, most: u64) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What was read before a failure is all there is.
            let _ = pipe.take(most.saturating_add(1)).read_to_end(&mut bytes);
        }
        // The receiver is gone if the program was late.
        let _ = sender.send(bytes);
    });
    receiver
}

#[cfg(unix)]
fn lead_a_group(command: &mut process::Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

/// Ends a program with all of its children, politely at first; git leaves the work to children of its
/// own, which would outlive it.
#[cfg(unix)]
fn end_group(child: &mut Child) {
    use rustix::process::Signal;

    interrupt::signal_group(child.id(), Signal::TERM);
    let start = Instant::now();
    while start.elapsed() < GRACE && matches!(child.try_wait(), Ok(None)) {
        thread::sleep(Duration::from_millis(5));
    }
    interrupt::signal_group(child.id(), Signal::KILL);
    // It is dead: there is nothing to wait for but its name.
    let _ = child.wait();
}

#[cfg(not(unix))]
fn lead_a_group(_command: &mut process::Command) {}

#[cfg(not(unix))]
fn end_group(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        Command::new("sh", ["-c", script])
    }

    #[test]
    fn what_goes_in_and_out_of_a_program_may_be_large() {
        let input = vec![b'x'; 1 << 20];
        let command = Command {
            input: input.clone(),
            ..shell("tee /dev/stderr")
        };
        let output = command.run().unwrap();
        assert!(output.data == input && output.words == input);
    }

    #[test]
    fn a_program_need_not_read_what_it_is_given() {
        let command = Command {
            input: vec![b'x'; 1 << 20],
            ..shell("echo done")
        };
        assert_eq!(command.run().unwrap().data, b"done\n");
    }

    #[test]
    fn one_that_is_late_is_ended_with_its_children() {
        let start = Instant::now();
        let limit = Some(Duration::from_millis(200));
        let command = Command {
            limit,
            ..shell("sleep 60 & sleep 60")
        };
        assert!(matches!(command.run(), Err(Failure::Late(_))));
        assert!(start.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn one_that_does_not_listen_is_ended_too() {
        let start = Instant::now();
        let command = Command {
            limit: Some(Duration::from_millis(100)),
            ..shell("trap '' TERM; while true; do sleep 1; done")
        };
        assert!(matches!(command.run(), Err(Failure::Late(_))));
        assert!(start.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn one_that_prints_without_end_is_ended() {
        for (script, most) in [("yes", 4096), ("yes >&2", 4096)] {
            let mut command = process::Command::new("sh");
            command.args(["-c", script]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            lead_a_group(&mut command);
            let (child, _running) = Running::start(&mut command).unwrap();
            let failure = wait(child, Duration::from_secs(60), most).unwrap_err();
            assert!(matches!(failure, Failure::Large(4096)), "{failure:?}");
        }
    }

    #[test]
    fn one_that_fails_in_time_says_why() {
        let limit = Some(Duration::from_secs(20));
        let output = Command {
            limit,
            ..shell("echo out; echo why >&2; exit 3")
        }
        .run()
        .unwrap();
        assert_eq!(output.data, b"out\n");
        assert_eq!(output.last_words().as_deref(), Some("why"));
        assert_eq!(output.ending(), "it ended with exit status 3");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let failure = Command::new("no-such-program", [""; 0]).run().unwrap_err();
        let error = failure.into_error(OsStr::new("no-such-program"));
        assert!(error.message().contains("`no-such-program`"), "{error}");
    }
}
